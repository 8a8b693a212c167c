//! The address that is asked for: what a person types or copies from a browser, to a host and a port.

use std::fmt;
use std::net::Ipv6Addr;

use crate::allocate::{HTTP, HTTPS};
use crate::host::MAX_LABEL;

/// Characters of a host name without a dot at its end. RFC 1035, 2.3.4: 255 octets with the lengths of
/// the labels and of the root.
const MAX_NAME: usize = 253;

/// An address, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The scheme; https where none is written.
    scheme: Scheme,
    /// The host in lower case: a name, an IPv4 address, or an IPv6 address in brackets. A dot at its end
    /// stays, for a router sees it.
    host: String,
    /// The port that is asked.
    port: u16,
    /// Whether the port speaks another protocol than the scheme says.
    is_contradiction: bool,
    /// Path and query; never empty.
    path: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn word(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }

    fn port(self) -> u16 {
        match self {
            Scheme::Http => HTTP,
            Scheme::Https => HTTPS,
        }
    }
}

impl Address {
    /// Read an address; `port` is asked whatever the address says. The error says what is wrong with it.
    pub fn parse(text: &str, port: Option<u16>) -> Result<Self, String> {
        if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err("an address has no blanks and no control characters".into());
        }
        let (written, rest) = match text.split_once("://") {
            Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => (Some(scheme_of(scheme)?), rest),
            _ => (None, text),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        // What stands before the last `@` says who asks; no router looks at it here.
        let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
        let (host, port_text) = split_port(authority)?;
        let host = if host.starts_with('[') { host.to_ascii_lowercase() } else { name(host)? };
        let written_port = port_text.filter(|text| !text.is_empty()).map(port_of).transpose()?;
        let scheme = written.unwrap_or(match port.or(written_port) {
            Some(HTTP) => Scheme::Http,
            _ => Scheme::Https,
        });
        let path = after.split('#').next().unwrap_or_default();
        let asked = port.or(written_port).unwrap_or(scheme.port());
        Ok(Self {
            // Who names a port asks that one, whatever was copied with it.
            scheme: if port == Some(HTTP) {
                Scheme::Http
            } else if port == Some(HTTPS) {
                Scheme::Https
            } else {
                scheme
            },
            host,
            port: asked,
            is_contradiction: port.is_none() && [HTTP, HTTPS].contains(&asked) && asked != scheme.port(),
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
        })
    }

    /// The host in lower case, as a router gets it.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port that is asked, 1 to 65535.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the port speaks another protocol than the scheme says, so that nobody understands the request.
    pub fn is_contradiction(&self) -> bool {
        self.is_contradiction
    }

    /// The host without the dot that ends it, where one does.
    pub fn without_dot(&self) -> Option<&str> {
        self.host.strip_suffix('.')
    }

    /// Whether the host is the address of a machine and no name.
    pub fn is_number(&self) -> bool {
        self.host.starts_with('[') || self.host.parse::<std::net::Ipv4Addr>().is_ok()
    }

    /// Where the redirect of port 80 leads.
    #[must_use]
    pub fn redirected(&self) -> Self {
        Self { scheme: Scheme::Https, port: HTTPS, is_contradiction: false, ..self.clone() }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.word(), self.host)?;
        if self.port != self.scheme.port() {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)
    }
}

fn scheme_of(text: &str) -> Result<Scheme, String> {
    [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| scheme.word().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("routers speak http and https, not `{}`", text.escape_debug()))
}

/// Host and port, of which the first may be an address in brackets.
fn split_port(authority: &str) -> Result<(&str, Option<&str>), String> {
    let Some(inner) = authority.strip_prefix('[') else {
        return Ok(authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))));
    };
    let (address, rest) = inner.split_once(']').ok_or("a bracket is not closed")?;
    if address.parse::<Ipv6Addr>().is_err() {
        return Err(format!("`[{}]` is no IPv6 address", address.escape_debug()));
    }
    let port = if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or("only a port may follow a bracket")?) };
    Ok((&authority[..address.len() + 2], port))
}

fn port_of(text: &str) -> Result<u16, String> {
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    let port = if is_number { text.parse().ok().filter(|port| *port > 0) } else { None };
    port.ok_or_else(|| format!("`{}` is no port; they go from 1 to 65535", text.escape_debug()))
}

/// A host name in lower case, checked as DNS does. `_` is let through, for names with it exist.
fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("there is no host in it".into());
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match text.chars().find(|c| !allowed(*c)) {
        Some('*') => return Err("a pattern is no host; ask for one that it matches, or for all with --all".into()),
        Some(c) if !c.is_ascii() => return Err("a host is written as DNS has it, in ASCII: `xn--…` for other letters".into()),
        Some(c) => return Err(format!("a host has letters, digits, `-` and `.`, and no `{}`", c.escape_debug())),
        None => {}
    }
    let without_dot = text.strip_suffix('.').unwrap_or(text);
    if without_dot.len() > MAX_NAME {
        return Err(format!("a host has at most {MAX_NAME} characters"));
    }
    match without_dot.split('.').map(str::len).find(|length| *length == 0 || *length > MAX_LABEL) {
        Some(0) => Err("a host has no two dots in a row, and none in front".into()),
        Some(_) => Err(format!("a host has at most {MAX_LABEL} characters between two dots")),
        None => Ok(text.to_ascii_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host, port, and the address as it is shown.
    fn read(text: &str) -> (String, u16, String) {
        let address = Address::parse(text, None).unwrap_or_else(|why| panic!("{text}: {why}"));
        (address.host().to_owned(), address.port(), address.to_string())
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, host, port, shown) in [
            ("www.example.org", "www.example.org", 443, "https://www.example.org/"),
            ("https://www.example.org", "www.example.org", 443, "https://www.example.org/"),
            ("HTTP://WWW.Example.org/A?b=c#d", "www.example.org", 80, "http://www.example.org/A?b=c"),
            ("http://u:p@ss@a.org:80/x@y", "a.org", 80, "http://a.org/x@y"),
            ("a.org:8443?q", "a.org", 8443, "https://a.org:8443/?q"),
            ("a.org:80", "a.org", 80, "http://a.org/"),
            ("a.org:", "a.org", 443, "https://a.org/"),
            ("a.org.", "a.org.", 443, "https://a.org./"),
            ("a.org/go?to=http://b.org", "a.org", 443, "https://a.org/go?to=http://b.org"),
            ("https://[2001:DB8::1]:443/", "[2001:db8::1]", 443, "https://[2001:db8::1]/"),
            ("10.0.0.1", "10.0.0.1", 443, "https://10.0.0.1/"),
            ("a_b.localhost", "a_b.localhost", 443, "https://a_b.localhost/"),
        ] {
            assert_eq!(read(text), (host.to_owned(), port, shown.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, why) in [
            ("", "no host"),
            ("https:///path", "no host"),
            ("//a.org/", "no host"),
            ("https://", "no host"),
            ("ftp://a.org/", "`ftp`"),
            ("mailto:you@a.org:x", "`x` is no port"),
            ("a.org:0", "`0` is no port"),
            ("a.org:+80", "`+80` is no port"),
            ("a.org:65536", "no port"),
            ("a b.org", "no blanks"),
            ("a.org/\u{1b}[31m", "no control"),
            ("*.a.org", "--all"),
            ("b\u{fc}cher.org", "xn--"),
            ("\u{212a}.org", "xn--"),
            ("a%2eorg", "no `%`"),
            ("a\\b.org", "no `\\\\`"),
            ("a..org", "two dots"),
            (".a.org", "two dots"),
            ("a.org..", "two dots"),
            (".", "two dots"),
            ("::1", "no host"),
            ("[::1", "not closed"),
            ("[::1%25eth0]", "no IPv6"),
            ("[::1]x", "may follow"),
            ("[a.org]", "no IPv6"),
        ] {
            let said = Address::parse(text, None).expect_err(text);
            assert!(said.contains(why), "{text}: {said}");
        }
        let label = "a".repeat(64);
        assert!(Address::parse(&format!("{label}.org"), None).is_err());
        let long = format!("{}org", "aaaa.".repeat(51));
        assert_eq!(long.len(), 258);
        assert!(Address::parse(&long, None).is_err_and(|why| why.contains("253")));
    }

    #[test]
    fn a_port_of_the_other_protocol_is_a_contradiction_unless_it_is_asked_for() {
        for (text, port, is_contradiction) in [
            ("https://a.org:80", None, true),
            ("http://a.org:443/", None, true),
            ("http://a.org:80", None, false),
            ("https://a.org:8080", None, false),
            ("https://a.org/", Some(80), false),
            ("https://a.org:80", Some(443), false),
            ("a.org:80", None, false),
        ] {
            assert_eq!(Address::parse(text, port).unwrap().is_contradiction(), is_contradiction, "{text}");
        }
        let asked = Address::parse("https://a.org:8443/x", Some(80)).unwrap();
        assert_eq!((asked.port(), asked.to_string().as_str()), (80, "http://a.org/x"));
        assert_eq!(asked.redirected().to_string(), "https://a.org/x");
    }
}
