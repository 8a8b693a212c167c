//! What rackform.yml promises of hosts, beside what apps ask for.

use crate::source::Spanned;

/// Reserved domains and tests of routes.
#[derive(Debug, Default)]
pub struct Promises {
    /// `domains`: each with the app that it belongs to.
    pub domains: Vec<Reservation>,
    /// `expect`: who answers where.
    pub expect: Vec<Expectation>,
}

/// A domain that belongs to one app, with all names below it.
#[derive(Debug)]
pub struct Reservation {
    /// Name of the app.
    pub app: Spanned<String>,
    /// The domain, in lower case.
    pub domain: Spanned<String>,
}

/// Who should answer at an address.
#[derive(Debug)]
pub struct Expectation {
    /// `http://` or `https://`, a host, and a path that does not matter.
    pub address: Spanned<String>,
    /// `app/service`, `redirect` or `none`.
    pub answer: Spanned<String>,
}
