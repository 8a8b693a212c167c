//! Ports of network balancers. A listener has one, and CloudFormation makes another listener before
//! it deletes the one that has the port: so a port stays with its listener, whichever service of the
//! app it leads to, and goes to another app only once that has let go of it.

use std::fmt;

use crate::routes::Router;

/// What identifies a port of an app on a network balancer. Written `rack/router/app/port`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortKey {
    /// Name of the rack.
    pub rack: String,
    /// Name of the app.
    pub app: String,
    /// The side that the balancer is on, by the router there.
    pub router: Router,
    /// The port, from 1.
    pub port: u16,
}

impl fmt::Display for PortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}/{}", self.rack, self.router.word(), self.app, self.port)
    }
}

/// A port of an app as the lock remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedPort {
    /// The service that had it first, which its listener is named after.
    pub service: String,
    /// The generation that made it.
    pub since: u32,
    /// The generation that took it away.
    pub left: Option<u32>,
}
