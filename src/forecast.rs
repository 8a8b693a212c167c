//! How full the routers of open racks are, which quota of each binds first, and how many apps more
//! find room. A pure function of what was given out; who asks for it prints it.

use std::collections::BTreeSet;
use std::fmt;

use crate::demand::{Ledger, ROUTERS, WORDS, quota};
use crate::diagnostics::codes::NEARLY_FULL;
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{Fleet, PlacedApp, Rack, RackKind};
use crate::remedies::raise_quota;
use crate::routes::Router;
use crate::source::Place;

/// Routers that one message names.
const NAMED: usize = 5;
/// Per cent of a quota from which a router without room for one more typical app is called full. Where
/// apps are so large that few fit on a rack, less than that is no sign of a next one.
const FULL: usize = 75;

/// What a typical app asks of a router: the mean over all apps of the fleet that have a port.
///
/// Not the median: most apps do without a certificate of their own, so it would say that none are
/// asked for, and these run out first. Listed certificates are left out, since apps share them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typical {
    /// Apps, one that moves on each of its racks.
    apps: usize,
    /// What all of them together ask of routers.
    totals: [[usize; 3]; 2],
}

impl Typical {
    fn of(fleet: &Fleet, ledger: &Ledger) -> Self {
        let has_port = |app: &&PlacedApp| app.manifest.services.iter().any(|service| service.port.is_some());
        let mut typical = Self { apps: fleet.apps.iter().filter(has_port).count(), ..Self::default() };
        for (totals, router) in typical.totals.iter_mut().zip(ROUTERS) {
            for rack in &fleet.racks {
                let own = ledger.own(&rack.name, router).kinds();
                totals.iter_mut().zip(own).for_each(|(total, own)| *total += own);
            }
        }
        typical
    }

    /// How many of them so much of a kind is enough for; none when they do not ask for it.
    fn fit(&self, router: Router, kind: usize, room: usize) -> Option<usize> {
        (room * self.apps).checked_div(self.totals[router as usize][kind])
    }
}

/// `1.9 rules, 1.7 target groups, 0.1 certificates on the public router`, and the same of the internal one.
impl fmt::Display for Typical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = |total: usize| (total * 10 + self.apps / 2).checked_div(self.apps).unwrap_or_default();
        let asked = |router: &Router| {
            let parts: Vec<String> = self.totals[*router as usize]
                .into_iter()
                .zip(WORDS)
                .filter(|(total, _)| *total > 0)
                .map(|(total, word)| format!("{}.{} {word}", tenths(total) / 10, tenths(total) % 10))
                .collect();
            (!parts.is_empty()).then(|| format!("{} on the {} router", parts.join(", "), router.word()))
        };
        let parts: Vec<String> = ROUTERS.iter().filter_map(asked).collect();
        f.write_str(if parts.is_empty() { "nothing" } else { "" })?;
        f.write_str(&parts.join(", and "))
    }
}

/// One router: rules, target groups and certificates are listed as [`WORDS`] has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterForecast {
    /// Name of its rack.
    pub rack: String,
    /// The kind of rack, by its place in the fleet.
    pub kind: usize,
    /// Which router of the rack.
    pub router: Router,
    /// What stands on it.
    pub held: [usize; 3],
    /// What AWS allows.
    pub most: [usize; 3],
    /// What new apps may fill: the quota less the headroom.
    pub room: [usize; 3],
    /// What runs out first when typical apps come; none where they ask nothing of such a router.
    pub binds: Option<usize>,
    /// Typical apps that fit before that, with the headroom left free.
    pub fit: Option<usize>,
    /// Typical apps that fit if they may fill the headroom.
    pub fit_in_headroom: Option<usize>,
    /// Whether it is used up: one more typical app has no room.
    pub is_full: bool,
}

impl RouterForecast {
    /// Whether what stands on it fills some of the headroom.
    pub fn is_in_headroom(&self) -> bool {
        self.held.iter().zip(self.room).any(|(held, room)| *held > room)
    }
}

/// `production/public: 17 of 20 rules (binds), 14 of 100 target groups, 2 of 25 certificates; room for 1 typical app`.
impl fmt::Display for RouterForecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}: ", self.rack, self.router.word())?;
        for (kind, words) in WORDS.into_iter().enumerate() {
            let binds = if self.binds == Some(kind) { " (binds)" } else { "" };
            write!(f, "{}{} of {} {words}{binds}", if kind > 0 { ", " } else { "" }, self.held[kind], self.most[kind])?;
        }
        let Some((fit, more)) = self.fit.zip(self.fit_in_headroom) else { return Ok(()) };
        write!(f, "; room for {fit} typical app{}", if fit == 1 { "" } else { "s" })?;
        if more > fit { write!(f, ", and for {} in the headroom", more - fit) } else { Ok(()) }
    }
}

/// The racks of one key of rackform.yml.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindForecast {
    /// The key.
    pub name: String,
    /// Racks of it that may be open.
    pub racks: usize,
    /// Whether no rack that is open, or that may be opened, has room for one more typical app.
    pub is_full: bool,
    /// Where the key is written.
    place: Option<Place>,
}

/// How full everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forecast {
    /// What an app is taken to ask for.
    pub typical: Typical,
    /// Routers of open racks, in the order of the fleet.
    pub routers: Vec<RouterForecast>,
    /// Keys of racks, in the order of the fleet.
    pub kinds: Vec<KindForecast>,
}

/// Reckon how full everything is and what comes to an end first.
pub fn forecast(fleet: &Fleet, ledger: &Ledger) -> Forecast {
    let typical = Typical::of(fleet, ledger);
    let of_rack = |rack| ROUTERS.into_iter().filter(move |router: &Router| router.is_on(rack)).map(move |router| (rack, router));
    let routers: Vec<RouterForecast> =
        fleet.racks.iter().flat_map(of_rack).map(|(rack, router)| of_router(fleet, rack, router, &typical, ledger)).collect();
    let full: BTreeSet<&str> = routers.iter().filter(|router| router.is_full).map(|router| router.rack.as_str()).collect();
    let kinds = fleet.kinds.iter().enumerate().map(|(at, kind)| of_kind(fleet, at, kind, &full)).collect();
    Forecast { typical, routers, kinds }
}

fn of_router(fleet: &Fleet, rack: &Rack, router: Router, typical: &Typical, ledger: &Ledger) -> RouterForecast {
    let (held, most, room) = (ledger.load(&rack.name, router).kinds(), quota(rack).kinds(), quota(rack).less(rack.headroom).kinds());
    let fit = |most: [usize; 3]| {
        let of = |kind: usize| Some((typical.fit(router, kind, most[kind].saturating_sub(held[kind]))?, kind));
        (0..WORDS.len()).filter_map(of).min().unzip()
    };
    let ((fit, binds), (fit_in_headroom, _)) = (fit(room), fit(most));
    // Whoever may go to one rack alone may fill its headroom.
    let takes = if fleet.kinds[rack.kind].racks.len() == 1 { fit_in_headroom } else { fit };
    let is_full = takes == Some(0) && binds.is_some_and(|kind| held[kind] * 100 >= most[kind] * FULL);
    RouterForecast { rack: rack.name.clone(), kind: rack.kind, router, held, most, room, binds, fit, fit_in_headroom, is_full }
}

fn of_kind(fleet: &Fleet, at: usize, kind: &RackKind, full: &BTreeSet<&str>) -> KindForecast {
    let open: Vec<&str> = fleet.racks.iter().filter(|rack| rack.kind == at).map(|rack| rack.name.as_str()).collect();
    // Without rackform.yml there are as many racks as it takes.
    let may_open = open.len() < kind.racks.len() || kind.place.is_none();
    KindForecast {
        name: kind.name.clone(),
        racks: kind.racks.len(),
        is_full: !may_open && open.iter().all(|rack| full.contains(rack)),
        place: kind.place,
    }
}

impl Forecast {
    /// Say where no room is left, or only the headroom. Racks that are filled up to their headroom while
    /// others may be opened are as they should be.
    pub fn report(&self, out: &mut Diagnostics) {
        for (at, kind) in self.kinds.iter().enumerate() {
            let all = || self.routers.iter().filter(|router| router.kind == at);
            let (message, named): (String, Vec<&RouterForecast>) = if kind.is_full {
                let racks =
                    if kind.racks == 1 { format!("`{}` has no room", kind.name) } else { format!("no rack of `{}` has room", kind.name) };
                (format!("{racks} for one more typical app"), all().filter(|router| router.is_full).collect())
            } else {
                let tight: Vec<&RouterForecast> = all().filter(|router| router.is_in_headroom()).collect();
                match tight.as_slice() {
                    [] => continue,
                    [one] => (format!("the {} router of `{}` has less than its headroom left", one.router.word(), one.rack), tight),
                    several => (format!("{} routers of `{}` have less than their headroom left", several.len(), kind.name), tight),
                }
            };
            let mut diagnostic = Diagnostic::new(&NEARLY_FULL, kind.place, message);
            for router in named.iter().take(NAMED) {
                diagnostic = diagnostic.note(router.to_string());
            }
            if named.len() > NAMED {
                diagnostic = diagnostic.note(format!("… and {} routers more", named.len() - NAMED));
            }
            let diagnostic = diagnostic.note(format!("a typical app of this fleet asks for {}", self.typical));
            out.report(diagnostic.help(help(kind, &named)));
        }
    }
}

/// What makes room before it is needed: the quotas that bind and can be raised, then racks.
fn help(kind: &KindForecast, named: &[&RouterForecast]) -> String {
    let is_bound = |at: &usize| named.iter().any(|router| router.binds == Some(*at) || router.held[*at] > router.room[*at]);
    let mut ways: Vec<String> = (0..WORDS.len()).filter(is_bound).filter_map(raise_quota).collect();
    ways.push(if kind.is_full {
        format!("allow one more rack, a `count` of {} for `{}`", kind.racks + 1, kind.name)
    } else {
        "move an app to another rack with `rackform move`".to_owned()
    });
    format!("before it is needed, {}", ways.join(", or "))
}
