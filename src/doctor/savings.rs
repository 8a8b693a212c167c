//! What packing hosts into rules saves: the same apps on racks with AWS's default quotas, filled to
//! the brim, as Convox deploys them and as rackform does.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::rules::Need;
use crate::demand::{self, Ledger, Load, ROUTERS};
use crate::diagnostics::Diagnostics;
use crate::fleet::{App, Draft, Quotas, Rack, RackKind, SharedCertificate};
use crate::host::Host;
use crate::lock::Lock;
use crate::placement::{self, Change};
use crate::threads::Threads;

/// What apps need in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// Rules, target groups and certificates of all routers, in the order of [`demand::WORDS`].
    pub kinds: [usize; 3],
    /// Racks.
    pub racks: usize,
    /// Apps that ask for more than an empty rack holds, and are not on these racks.
    pub too_large: usize,
}

/// The same apps in both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Savings {
    /// A rule for each host. Apps are put one after the other onto the first rack that has room,
    /// those that ask for most first.
    pub convox: Total,
    /// Up to five hosts in a rule, and the placement that a compile would find.
    pub rackform: Total,
}

/// Compare; `needs` are those of the apps on Convox.
pub(super) fn compare(apps: Vec<App>, needs: &[[Need; 2]], plain: &Rack, certificates: &[SharedCertificate]) -> Savings {
    let rack = Rack { quotas: Quotas::default(), headroom: 0, certificates: certificates.to_vec(), ..plain.clone() };
    Savings { convox: convox(needs, demand::quota(&rack)), rackform: rackform(apps, &rack) }
}

/// First fit, by decreasing size.
fn convox(needs: &[[Need; 2]], quota: Load) -> Total {
    let most = quota.kinds();
    let fits = |rack: &[Need; 2], needs: &[Need; 2]| {
        rack.iter().zip(needs).all(|(held, need)| held.kinds_with(need).iter().zip(most).all(|(held, most)| *held <= most))
    };
    // The largest share of a quota that the app asks for, over a common denominator.
    let size = |needs: &[Need; 2]| {
        let share = |kind: usize, held: usize| held * most.iter().product::<usize>().checked_div(most[kind]).unwrap_or_default();
        needs.iter().flat_map(|need| need.kinds().into_iter().enumerate()).map(|(kind, held)| share(kind, held)).max()
    };
    let mut order: Vec<&[Need; 2]> = needs.iter().filter(|needs| needs.iter().any(|need| *need != Need::default())).collect();
    order.sort_by_cached_key(|needs| std::cmp::Reverse(size(needs)));
    let mut total = Total::default();
    let mut racks: Vec<[Need; 2]> = Vec::new();
    for needs in order {
        if !fits(&[Need::default(), Need::default()], needs) {
            total.too_large += 1;
            for need in needs {
                add(&mut total.kinds, need.kinds());
            }
            continue;
        }
        match racks.iter_mut().find(|rack| fits(rack, needs)) {
            Some(rack) => rack.iter_mut().zip(needs).for_each(|(held, need)| held.add(need)),
            None => racks.push(needs.clone()),
        }
    }
    racks.iter().flatten().for_each(|need| add(&mut total.kinds, need.kinds()));
    Total { racks: racks.len(), ..total }
}

fn add(sum: &mut [usize; 3], more: [usize; 3]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// The placement of a compile, onto as many racks as it takes.
fn rackform(apps: Vec<App>, rack: &Rack) -> Total {
    // One more than can be needed: an app that may live on one rack alone would be settled there, too large or not.
    let count = apps.len() + 1;
    let racks: Vec<Rack> = (0..count).map(|at| Rack { name: format!("{}-{at}", rack.name), ..rack.clone() }).collect();
    let whole = |app: App| {
        let mut app = App { allowed: 0..count, is_pinned: false, ..app };
        known_hosts(&mut app);
        Arc::new(app)
    };
    let kinds = vec![RackKind { name: rack.name.clone(), racks: 0..count, least: 0, place: None }];
    let mut draft = Draft { racks, kinds, apps: apps.into_iter().map(whole).collect(), is_found: true };
    draft.apps.retain(|app| app.manifest.services.iter().any(|service| service.port.is_some()));
    let nothing = Lock::default();
    let placement = placement::place(&draft, &nothing, &Change::None, Threads::of(1), &mut Diagnostics::default());
    let mut total = Total::default();
    let mut ledger = Ledger::new(&nothing);
    let mut homeless: BTreeSet<usize> = (0..draft.apps.len()).collect();
    for (app, at) in &placement.homes {
        let home = &draft.racks[*at];
        homeless.remove(app);
        ledger.add(&home.name, &demand::of(&draft.apps[*app], home, &nothing));
    }
    for at in &placement.open {
        for router in ROUTERS {
            add(&mut total.kinds, ledger.load(&draft.racks[*at].name, router).kinds());
        }
    }
    for app in &homeless {
        demand::of(&draft.apps[*app], rack, &nothing).routers.iter().for_each(|load| add(&mut total.kinds, load.kinds()));
    }
    Total { racks: placement.open.len(), too_large: homeless.len(), ..total }
}

/// Give a domain that nobody knows, or that AWS refuses, a name of its own, so that both ways count it.
fn known_hosts(app: &mut App) {
    let mut count = 0;
    for domain in app.manifest.services.iter_mut().flat_map(|service| &mut service.domains) {
        if !domain.unset.is_empty() || Host::parse(&domain.name.value).is_err() {
            count += 1;
            domain.name.value = format!("unknown-{count}.example");
            domain.unset.clear();
        }
    }
}
