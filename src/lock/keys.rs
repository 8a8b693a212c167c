//! Names and keys of a lock from their texts, each in the one way that it is written.

use super::{CertificateKey, Class, PortKey, RuleKey, SharedKey, TargetGroupKey};
use crate::routes::Router;

/// The most compiles, and the most rules of a service, that a lock counts; so the next one has a
/// number too.
pub(super) const MOST: u32 = 1_000_000_000;

/// Whether a text is written as it was read: nothing in it has a meaning in YAML. More is taken of ASCII alone.
pub(super) fn is_plain(text: &str, more: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) || more.as_bytes().contains(&byte);
    !text.is_empty() && text.bytes().all(is_one)
}

/// Names of apps, services and racks.
pub(super) fn is_name(text: &str) -> bool {
    is_plain(text, "") && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Hosts and names of certificates, with what stands for names that only the deployment knows.
pub(super) fn is_host(text: &str) -> bool {
    is_plain(text, "*?{}")
}

/// A router from its word.
pub(super) fn parse_router(word: &str) -> Option<Router> {
    [Router::Public, Router::Internal].into_iter().find(|router| router.word() == word)
}

/// A rule's key: rack/router/app/service/rule.
pub(super) fn parse_key(text: &str) -> Option<RuleKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, router, app, service, rule] = parts.as_slice() else { return None };
    if ![rack, app, service].into_iter().all(|name| is_name(name)) {
        return None;
    }
    let (class, ordinal) = [Class::Exact, Class::Wildcard].into_iter().find_map(|class| Some((class, rule.strip_prefix(class.word())?)))?;
    Some(RuleKey {
        rack: (*rack).into(),
        router: parse_router(router)?,
        app: (*app).into(),
        service: (*service).into(),
        class,
        ordinal: parse_number(ordinal)?,
    })
}

/// A number in a key, from one, in the one way that it is written.
fn parse_number(text: &str) -> Option<u32> {
    let number = text.parse().ok().filter(|number| (1..=MOST).contains(number));
    number.filter(|_| text.starts_with(|first| matches!(first, '1'..='9')))
}

/// A target group's key: app/service.
pub(super) fn parse_service(text: &str) -> Option<TargetGroupKey> {
    let (app, service) = text.split_once('/')?;
    (is_name(app) && is_name(service)).then(|| TargetGroupKey { app: app.to_owned(), service: service.to_owned() })
}

/// A port's key: rack/router/app/port.
pub(super) fn parse_port(text: &str) -> Option<PortKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, router, app, port] = parts.as_slice() else { return None };
    if !is_name(rack) || !is_name(app) {
        return None;
    }
    let port = u16::try_from(parse_number(port)?).ok()?;
    Some(PortKey { rack: (*rack).into(), app: (*app).into(), router: parse_router(router)?, port })
}

/// A key of an app's certificate: rack/app/ordinal.
pub(super) fn parse_certificate(text: &str) -> Option<CertificateKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let [rack, app, ordinal] = parts.as_slice() else { return None };
    if !is_name(rack) || !is_name(app) {
        return None;
    }
    Some(CertificateKey { rack: (*rack).into(), app: (*app).into(), ordinal: parse_number(ordinal)? })
}

/// A key of a listed certificate: rack/router/ARN.
pub(super) fn parse_shared(text: &str) -> Option<SharedKey> {
    let (rack, rest) = text.split_once('/')?;
    let (router, arn) = rest.split_once('/')?;
    let is_arn = is_name(rack) && arn.starts_with("arn:") && is_plain(arn, ":/*+=@");
    parse_router(router).filter(|_| is_arn).map(|router| (rack.to_owned(), router, arn.to_owned()))
}
