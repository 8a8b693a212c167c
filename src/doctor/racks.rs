//! Which apps share a rack on Convox.

use crate::fleet::{AppSource, Rack};
use crate::lock::Lock;

/// A rack, and the apps on it.
pub(super) struct SharedRack {
    /// The rack.
    pub(super) rack: Rack,
    /// Its apps, by their places among those that are looked at, sorted.
    pub(super) apps: Vec<usize>,
}

/// What says where apps live.
pub(super) struct Homes<'a> {
    /// The racks of rackform.yml; none where it describes none.
    pub(super) described: &'a [Rack],
    /// A rack of which nothing is known.
    pub(super) plain: &'a Rack,
    /// The lock, where there is a rackform.yml.
    pub(super) lock: Option<&'a Lock>,
    /// The one rack that somebody asks about.
    pub(super) asked: Option<&'a str>,
}

impl Homes<'_> {
    /// The rack of an app: the one that is asked about, or else that of the lock, or else the one it
    /// is pinned to, or else the first.
    fn of(&self, app: &AppSource) -> String {
        let locked = || self.lock.and_then(|lock| lock.apps.get(&app.name)).map(|app| app.rack.clone());
        let pinned = || app.rack.as_ref().map(|rack| rack.value.clone());
        let first = || self.described.first().unwrap_or(self.plain).name.clone();
        self.asked.map(str::to_owned).or_else(locked).or_else(pinned).unwrap_or_else(first)
    }

    /// A rack by its name.
    fn rack(&self, name: &str) -> Rack {
        let known = self.described.iter().find(|rack| rack.name == name);
        known.cloned().unwrap_or_else(|| Rack { name: name.to_owned(), ..self.plain.clone() })
    }

    /// The racks that apps share, in the order of rackform.yml, and then by name.
    pub(super) fn share(&self, apps: &[&AppSource]) -> Vec<SharedRack> {
        let mut shared: Vec<SharedRack> = Vec::new();
        for (at, app) in apps.iter().enumerate() {
            let name = self.of(app);
            match shared.iter_mut().find(|shared| shared.rack.name == name) {
                Some(shared) => shared.apps.push(at),
                None => shared.push(SharedRack { rack: self.rack(&name), apps: vec![at] }),
            }
        }
        let order = |name: &str| self.described.iter().position(|rack| rack.name == name).unwrap_or(usize::MAX);
        shared.sort_by_cached_key(|shared| (order(&shared.rack.name), shared.rack.name.clone()));
        shared
    }
}
