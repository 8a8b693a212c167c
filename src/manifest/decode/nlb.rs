//! Ports on the rack's network balancer. Convox checks these in its parser, so the decoder does.

use std::net::Ipv4Addr;

use super::reader::Reader;
use crate::manifest::types::NlbPort;
use crate::source::{Kind, NodeId, Resolved};

pub(super) fn ports(r: &mut Reader<'_>, node: NodeId) -> Vec<NlbPort> {
    let Kind::List(items) = r.tree.kind(node) else {
        if !r.tree.is_null(node) {
            r.refuse(node);
        }
        return Vec::new();
    };
    let ports: Vec<(NodeId, NlbPort)> = items.iter().filter_map(|item| Some((*item, port(r, *item)?))).collect();
    for (at, (item, port)) in ports.iter().enumerate() {
        let before = || ports[..at].iter().map(|(_, other)| other);
        if before().any(|other| other.port == port.port || other.container_port == port.container_port) {
            r.refuse_for(*item, "another port of this service has the same number, or leads to the same port of the container");
            if has_equal_items(r, node) {
                r.refuse(node); // the schema sees two equal items and says so of the list
            }
        }
    }
    ports.into_iter().map(|(_, port)| port).collect()
}

/// Whether two items of a list are the same mapping of texts.
fn has_equal_items(r: &Reader<'_>, list: NodeId) -> bool {
    let fields = |item: &NodeId| -> Vec<(&str, &str)> {
        r.tree.entries(*item).iter().map(|entry| (r.tree.text(entry.key), r.tree.text(entry.value))).collect()
    };
    let mut items: Vec<Vec<(&str, &str)>> = r.tree.items(list).iter().map(fields).collect();
    for fields in &mut items {
        fields.sort_unstable();
    }
    items.sort();
    items.windows(2).any(|pair| pair[0] == pair[1])
}

fn port(r: &mut Reader<'_>, item: NodeId) -> Option<NlbPort> {
    if !matches!(r.tree.kind(item), Kind::Map(_)) {
        r.refuse(item);
        return None;
    }
    let mut port = NlbPort {
        place: r.place(r.tree.get(item, "port").map_or(item, |entry| entry.value)),
        port: 0,
        container_port: 0,
        protocol: "tcp".into(),
        scheme: "public".into(),
        certificate: None,
        cross_zone: None,
        allow_cidr: Vec::new(),
        preserve_client_ip: None,
    };
    for entry in r.tree.entries(item) {
        match r.tree.text(entry.key) {
            "port" => port.port = number(r, entry.value, false),
            "containerPort" => port.container_port = number(r, entry.value, true),
            "protocol" => port.protocol = word(r, entry.value, ["tcp", "tls"]),
            "scheme" => port.scheme = word(r, entry.value, ["public", "internal"]),
            "certificate" => port.certificate = r.text(entry.value).filter(|c| !c.value.is_empty()),
            "cross_zone" => port.cross_zone = flag(r, entry.value),
            "allow_cidr" => {
                port.allow_cidr = r.texts(entry.value);
                networks(r, entry.value);
            }
            "preserve_client_ip" => port.preserve_client_ip = flag(r, entry.value),
            _ => r.unknown(entry.key),
        }
    }
    if r.tree.get(item, "port").is_none() {
        r.refuse(item);
    }
    let certificate = r.tree.get(item, "certificate").map(|entry| entry.value);
    match (&port.certificate, port.protocol.as_str()) {
        (Some(arn), "tls") if !is_certificate(&arn.value) => r.refuse(certificate.unwrap_or(item)),
        (Some(_), "tcp") | (None, "tls") => r.refuse(certificate.unwrap_or(item)),
        _ => {}
    }
    if port.container_port == 0 {
        port.container_port = port.port;
    }
    Some(port)
}

fn word(r: &mut Reader<'_>, node: NodeId, known: [&str; 2]) -> String {
    let text = r.text(node).map(|t| t.value.trim().to_lowercase()).unwrap_or_default();
    if text.is_empty() {
        return known[0].to_owned();
    }
    if !known.contains(&text.as_str()) {
        r.refuse(node);
    }
    text
}

fn flag(r: &mut Reader<'_>, node: NodeId) -> Option<bool> {
    if r.tree.is_null(node) { None } else { r.flag(node).map(|f| f.value) }
}

/// A port number; with `unset_is_fine` a null or a zero means "not written".
fn number(r: &mut Reader<'_>, node: NodeId, unset_is_fine: bool) -> i64 {
    let Some(number) = r.int(node) else { return 0 };
    let fraction_below_one = matches!(r.tree.scalar(node), Some(Resolved::Float(float)) if float < 0.0 && float > -1.0);
    let fits = (1..=65535).contains(&number.value) || unset_is_fine && number.value == 0;
    if fraction_below_one || !fits {
        r.refuse(node);
    }
    number.value
}

/// A full ARN of an ACM or an IAM server certificate.
fn is_certificate(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let [_, partition, service, region, account, resource] = parts.as_slice() else { return false };
    let account_fits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let kind_fits = match *service {
        "acm" => !region.is_empty() && resource.strip_prefix("certificate/").is_some_and(|id| !id.is_empty()),
        "iam" => region.is_empty() && resource.strip_prefix("server-certificate/").is_some_and(|id| !id.is_empty()),
        _ => false,
    };
    parts[0] == "arn" && partition.starts_with("aws") && account_fits && kind_fits
}

/// Only IPv4 networks without host bits, none twice.
fn networks(r: &mut Reader<'_>, node: NodeId) {
    let mut seen = Vec::new();
    for item in r.tree.items(node) {
        let text = r.tree.text(*item);
        if !is_network(text) {
            r.refuse_for(*item, "this is no IPv4 network without host bits, such as 192.0.2.0/24");
        } else if seen.contains(&text) {
            r.refuse(node);
        }
        seen.push(text);
    }
}

fn is_network(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let (Ok(address), Ok(bits)) = (address.parse::<Ipv4Addr>(), bits.parse::<u32>()) else { return false };
    bits <= 32 && u64::from(u32::from(address)) & ((1u64 << (32 - bits)) - 1) == 0
}
