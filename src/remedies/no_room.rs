//! Ways out when no rack has room for a new app.

use std::collections::BTreeSet;

use super::{NAMED, SERVICE_QUOTAS, asked, counted, enough, raise, ranked, savings, shared_certificate, too_large};
use crate::demand::{self, Demand, Ledger, Load, ROUTERS, WORDS, quota};
use crate::diagnostics::codes::NO_ROOM;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Draft, Rack, RackKind};
use crate::lock::Lock;
use crate::routes::Router;

/// Racks that have no room for some of the new apps.
pub struct Full<'a> {
    draft: &'a Draft,
    ledger: &'a Ledger,
    /// Racks with apps, by their places in the draft.
    open: BTreeSet<usize>,
    /// Apps on racks, the smallest first.
    placed: Vec<Placed<'a>>,
}

/// An app that could make room.
struct Placed<'a> {
    app: &'a App,
    rack: usize,
    /// Whether it had this rack before and does not move already.
    stays: bool,
    /// What it asks of its rack.
    demand: Demand,
    /// What it would ask of racks of each kind; none where it may not go.
    elsewhere: Vec<Option<Demand>>,
}

/// What an app asks of its routers, all kinds together.
fn size(demand: &Demand) -> usize {
    demand.routers.iter().map(|load| load.kinds().iter().sum::<usize>()).sum()
}

impl<'a> Full<'a> {
    /// Racks as they are filled, with the homes of apps, old and new ones.
    pub fn new(draft: &'a Draft, old: &Lock, ledger: &'a Ledger, homes: &[(usize, usize)]) -> Self {
        let stays = |app: &str| old.apps.get(app).is_some_and(|locked| locked.moving_to.is_none());
        let place = |(app, rack): &(usize, usize)| {
            let (app, demand) = (&*draft.apps[*app], demand::of(&draft.apps[*app], &draft.racks[*rack], old));
            Placed { app, rack: *rack, stays: stays(&app.name), demand, elsewhere: elsewhere(draft, app) }
        };
        let mut placed: Vec<Placed<'a>> = homes.iter().map(place).collect();
        placed.sort_by_key(|placed| (size(&placed.demand), &placed.app.name));
        Self { draft, ledger, open: homes.iter().map(|(_, rack)| *rack).collect(), placed }
    }

    /// Say of an app that no rack has room for it: what it asks of racks of each kind, what each rack
    /// has left, and what to do.
    pub fn report(&self, app: &App, demands: &[Option<Demand>], out: &mut Diagnostics) {
        let Some((kind, demand)) = demands.iter().enumerate().find_map(|(kind, demand)| Some((kind, demand.as_ref()?))) else { return };
        let fresh = &self.draft.racks[self.draft.kinds[kind].racks.start];
        let mut diagnostic = Diagnostic::new(&NO_ROOM, app.rack_place, format!("no rack has room for `{}`", app.name))
            .note(format!("it asks for {}", asked(demand)));
        if let Some(excess) = too_large(demand, fresh) {
            out.report(alone(diagnostic, excess));
            return;
        }
        for at in app.allowed.clone().filter(|at| self.open.contains(at)).take(2 * NAMED) {
            diagnostic = diagnostic.note(self.left(&self.draft.racks[at], demand));
        }
        if self.open.len() > 2 * NAMED {
            diagnostic = diagnostic.note(format!("… and {} racks more", self.open.len() - 2 * NAMED));
        }
        let is_bound = |kind: &usize| self.racks(app).any(|rack| self.binding(rack, demand).contains(kind));
        for kind in (0..WORDS.len()).filter(is_bound).filter(|kind| SERVICE_QUOTAS[*kind].is_none()) {
            diagnostic = diagnostic.note(format!("the quota of {} can't be raised", WORDS[kind]));
        }
        let kind = &self.draft.kinds[kind];
        let mut ways = Vec::new();
        ways.extend(self.shared_certificate(app, demand));
        ways.extend(self.without_names(app, demand, fresh));
        ways.extend(self.headroom(app, demand));
        ways.extend(self.higher_quota(app, demand));
        ways.push(format!("open one more rack: `count: {}-{}` for `{}`", kind.least, kind.racks.len() + 1, kind.name));
        ways.extend(self.single_move(app, demands));
        out.report(diagnostic.help(ranked(&ways)));
    }

    /// The racks that an app may live on.
    fn racks(&self, app: &App) -> impl Iterator<Item = &'a Rack> {
        let draft = self.draft;
        app.allowed.clone().map(|at| &draft.racks[at])
    }

    /// Apps on a rack.
    fn on(&self, rack: &Rack) -> impl Iterator<Item = &Placed<'a>> {
        self.placed.iter().filter(|placed| self.draft.racks[placed.rack].name == rack.name)
    }

    /// A certificate for several apps, where certificates are what lacks.
    fn shared_certificate(&self, app: &App, demand: &Demand) -> Option<String> {
        let rack = self.racks(app).find(|rack| self.binding(rack, demand).contains(&2))?;
        shared_certificate(self.on(rack).map(|placed| placed.app).chain([app]), rack)
    }

    /// `InternalDomains: No` on the app, or else on some of those that are there, if that is enough.
    fn without_names(&self, app: &App, demand: &Demand, fresh: &Rack) -> Option<String> {
        if app.params.internal_domains {
            let smaller = demand::without_internal_domains(app, fresh);
            let frees: usize = (0..2).map(|at| demand.routers[at].rules.saturating_sub(smaller.routers[at].rules)).sum();
            let takes = |rack: &&Rack| frees > 0 && self.ledger.fits(rack, room(rack), &smaller);
            if let Some(rack) = self.racks(app).find(takes) {
                return Some(format!("set `InternalDomains: No` on it, which frees {frees} of its rules; then `{}` takes it", rack.name));
            }
        }
        self.racks(app).filter(|rack| self.binding(rack, demand) == [0]).find_map(|rack| {
            let too_many = |router: &Router| {
                let after = self.ledger.with(&rack.name, *router, demand).rules;
                after.saturating_sub(room(rack).rules)
            };
            let mut over = ROUTERS.into_iter().filter(|router| too_many(router) > 0);
            let (router, None) = (over.next()?, over.next()) else { return None };
            let way = enough(&savings(self.on(rack).map(|placed| (placed.app, &placed.demand)), rack, router), too_many(&router))?;
            Some(format!("{way} of `{}`", rack.name))
        })
    }

    /// The headroom, where it is enough.
    fn headroom(&self, app: &App, demand: &Demand) -> Option<String> {
        let roomy = || self.racks(app).filter(|rack| rack.headroom > 0 && self.ledger.fits(rack, quota(rack), demand));
        // The name of the first of several racks stands for all of them, so it pins to none.
        let kinds = &self.draft.kinds;
        let can_pin = |rack: &&Rack| kinds[rack.kind].racks.len() == 1 || rack.name != kinds[rack.kind].name;
        if let Some(rack) = roomy().find(can_pin) {
            let (name, headroom) = (&rack.name, rack.headroom);
            return Some(format!("pin it with `rack: {name}`, which has room in its headroom of {headroom} %, or lower `headroom`"));
        }
        roomy().next().map(|rack| format!("lower `headroom`: `{}` has room in its {} %", rack.name, rack.headroom))
    }

    /// Higher quotas, of the rack that needs the fewest.
    fn higher_quota(&self, app: &App, demand: &Demand) -> Option<String> {
        let can_be_raised = |kinds: &Vec<usize>| !kinds.is_empty() && kinds.iter().all(|kind| SERVICE_QUOTAS[*kind].is_some());
        let bound = self.racks(app).map(|rack| (self.binding(rack, demand), rack)).filter(|(kinds, _)| can_be_raised(kinds));
        let (kinds, rack) = bound.min_by_key(|(kinds, _)| kinds.len())?;
        let loads = ROUTERS.map(|router| (router, self.ledger.with(&rack.name, router, demand).kinds()));
        raise(rack, &format!("`{}`", self.draft.kinds[rack.kind].name), &kinds, &loads, rack.headroom)
    }

    /// The smallest app whose move to another rack makes enough room; each is tried.
    fn single_move(&self, app: &App, demands: &[Option<Demand>]) -> Option<String> {
        let makes_room = |placed: &&Placed<'_>| {
            let rack = &self.draft.racks[placed.rack];
            let demand = demands[rack.kind].as_ref().filter(|_| app.allowed.contains(&placed.rack));
            demand.is_some_and(|demand| self.ledger.fits_without(rack, room(rack), demand, &placed.demand))
        };
        let (placed, to) =
            self.placed.iter().filter(|placed| placed.stays).filter(makes_room).find_map(|placed| Some((placed, self.target(placed)?)))?;
        let (name, from) = (&placed.app.name, &self.draft.racks[placed.rack].name);
        Some(format!(
            "`rackform move {name} {}`, and add `{}` when the move is finished; `{name}` is the smallest app whose move makes enough room on `{from}`, and asks for {}",
            to.name,
            app.name,
            asked(&placed.demand)
        ))
    }

    /// The rack that an app can move to; an open one if there is one.
    fn target(&self, placed: &Placed<'_>) -> Option<&'a Rack> {
        let takes = |at: &usize| {
            let rack = &self.draft.racks[*at];
            let demand = placed.elsewhere[rack.kind].as_ref().filter(|_| *at != placed.rack);
            demand.is_some_and(|demand| self.ledger.fits(rack, quota(rack), demand))
        };
        placed.app.allowed.clone().filter(takes).min_by_key(|at| (!self.open.contains(at), *at)).map(|at| &self.draft.racks[at])
    }

    /// The kinds of which a rack has too little left for a demand.
    fn binding(&self, rack: &Rack, demand: &Demand) -> Vec<usize> {
        let most = room(rack).kinds();
        let binds = |kind: &usize| {
            ROUTERS.into_iter().any(|router| {
                let before = self.ledger.load(&rack.name, router).kinds()[*kind];
                let after = self.ledger.with(&rack.name, router, demand).kinds()[*kind];
                after > before && after > most[*kind]
            })
        };
        (0..WORDS.len()).filter(binds).collect()
    }

    /// What a rack has left, for the routers that a demand is about.
    fn left(&self, rack: &Rack, demand: &Demand) -> String {
        let (binding, most) = (self.binding(rack, demand), room(rack).kinds());
        let on_router = |router: Router| {
            let load = self.ledger.load(&rack.name, router).kinds();
            let left = |kind: usize| {
                let number = counted(most[kind].saturating_sub(load[kind]), WORDS[kind]);
                if binding.contains(&kind) { format!("{number} (binds)") } else { number }
            };
            format!("{} on the {} router", (0..WORDS.len()).map(left).collect::<Vec<_>>().join(", "), router.word())
        };
        let is_asked = |router: &Router| demand.routers[*router as usize] != Load::default();
        let routers: Vec<String> = ROUTERS.into_iter().filter(is_asked).map(on_router).collect();
        let headroom = if rack.headroom > 0 { format!(" beside the headroom of {} %", rack.headroom) } else { String::new() };
        format!("`{}` has left{headroom}: {}", rack.name, routers.join("; "))
    }
}

/// What new apps may fill of a rack.
fn room(rack: &Rack) -> Load {
    quota(rack).less(rack.headroom)
}

/// What an app that has no rules there yet would ask of racks of each kind.
fn elsewhere(draft: &Draft, app: &App) -> Vec<Option<Demand>> {
    let of = |kind: &RackKind| {
        let is_allowed = app.allowed.start < kind.racks.end && kind.racks.start < app.allowed.end;
        let rack = draft.racks.get(kind.racks.start).filter(|rack| is_allowed && demand::has_routers(app, rack))?;
        Some(demand::of(app, rack, &Lock::default()))
    };
    draft.kinds.iter().map(of).collect()
}

/// An app that even an empty rack does not hold.
fn alone(diagnostic: Diagnostic, (router, kind, number, most): (Router, usize, usize, usize)) -> Diagnostic {
    let help = match SERVICE_QUOTAS[kind] {
        Some(code) => format!("split the app, or let AWS raise the quota {code} and write `quotas` for the rack"),
        None => "split the app; this quota can't be raised".to_owned(),
    };
    let note = format!("{number} {} are more than the {most} that an empty {} router holds", WORDS[kind], router.word());
    diagnostic.note(note).help(help)
}
