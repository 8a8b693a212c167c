//! What the target group of a service is made of. CloudFormation can't change that in one that
//! stands: it makes another one, sends the rules there one by one, and deletes the old one last.

use std::fmt;

/// What a service speaks, as the scheme of its `port` says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP/1.1.
    #[default]
    Http,
    /// HTTP/1.1 over TLS.
    Https,
    /// gRPC.
    Grpc,
    /// gRPC over TLS.
    SecureGrpc,
}

impl Scheme {
    const ALL: [Self; 4] = [Self::Http, Self::Https, Self::Grpc, Self::SecureGrpc];

    /// The word for it, as in a manifest.
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Grpc => "grpc",
            Self::SecureGrpc => "secure-grpc",
        }
    }

    /// The scheme of a manifest's word. Convox takes `HTTPS` in any case and gRPC in lower case, and
    /// everything else for HTTP.
    pub fn of(word: &str) -> Self {
        let is_it = |scheme: &Self| scheme.word() == word || (*scheme == Self::Https && word.eq_ignore_ascii_case("https"));
        Self::ALL.into_iter().find(is_it).unwrap_or_default()
    }
}

/// What a target group is made of. Written `3000`, `https:8443`, or `3000/instance`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TargetGroup {
    /// What its targets speak.
    pub scheme: Scheme,
    /// The port of its targets.
    pub port: u16,
    /// Whether its targets are instances, and not addresses.
    pub of_instances: bool,
}

impl TargetGroup {
    /// The target group of its text.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (rest, of_instances) = text.strip_suffix("/instance").map_or((text, false), |rest| (rest, true));
        let (scheme, port) = rest.split_once(':').map_or((Scheme::Http, rest), |(word, port)| (Scheme::of(word), port));
        let group = Self { scheme, port: port.parse().ok().filter(|port| *port > 0)?, of_instances };
        (group.to_string() == text).then_some(group)
    }
}

impl fmt::Display for TargetGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scheme != Scheme::Http {
            write!(f, "{}:", self.scheme.word())?;
        }
        write!(f, "{}{}", self.port, if self.of_instances { "/instance" } else { "" })
    }
}

/// What identifies the target groups of a service, of which each router that it is on has one.
/// Written `app/service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TargetGroupKey {
    /// Name of the app.
    pub app: String,
    /// Name of the service.
    pub service: String,
}

impl fmt::Display for TargetGroupKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.service)
    }
}

/// The target groups of a service as the lock remembers them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LockedTargetGroup {
    /// What they are made of.
    pub is: TargetGroup,
    /// What those were made of that they took the place of, and the generation that did it.
    pub was: Option<(TargetGroup, u32)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_as_they_are_written() {
        for scheme in Scheme::ALL {
            for of_instances in [false, true] {
                let group = TargetGroup { scheme, port: 8443, of_instances };
                assert_eq!(TargetGroup::parse(&group.to_string()), Some(group));
            }
        }
        for text in ["", "0", "65536", "http:80", "HTTPS:80", "ftp:80", "08", "80/instances", "/instance", "https:"] {
            assert_eq!(TargetGroup::parse(text), None, "{text}");
        }
    }
}
