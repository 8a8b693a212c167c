//! Reading parameters in tests: what came of them, and each message as code, message and help.

use super::{Compute, Network, RackParams, RackSpec, WrittenParam};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::source::{Files, Place, Span, Spanned};

fn read_any(rack: &str, network: &Network, written: &[(&str, &str)]) -> (RackParams, Vec<String>) {
    let file = Files::default().add("rackform.yml", "racks:");
    let place = |at: usize| Place { file, span: Span { start: at, end: at + 1 } };
    let param = |(at, (name, value)): (usize, &(&str, &str))| {
        ((*name).to_owned(), WrittenParam { name: place(2 * at), value: Spanned::new((*value).to_owned(), place(2 * at + 1)) })
    };
    let spec = RackSpec {
        name: Spanned::new(rack.to_owned(), place(0)),
        count: (1, 1),
        count_place: None,
        headroom: 10,
        external: false,
        host: None,
        internal_host: None,
        certificate: None,
        hosted_zone: None,
        hosted_zone_name: None,
        certificates: Vec::new(),
        network: network.clone(),
        network_place: None,
        compute: Compute::AsNeeded,
        compute_place: None,
        api: None,
        quotas: None,
        params: written.iter().enumerate().map(param).collect(),
    };
    let mut out = Diagnostics::new(false);
    let params = RackParams::read(&spec, &mut out);
    let line = |d: &&Diagnostic| format!("{} {}: {} ({})", d.code.id, d.message, d.help.as_deref().unwrap_or_default(), d.label);
    let lines = out.sorted().iter().map(line).collect();
    (params, lines)
}

pub(super) fn read(written: &[(&str, &str)]) -> (RackParams, Vec<String>) {
    read_any("main", &Network::Create, written)
}

pub(super) fn read_in(network: &Network, written: &[(&str, &str)]) -> (RackParams, Vec<String>) {
    read_any("main", network, written)
}

pub(super) fn read_for(rack: &str, written: &[(&str, &str)]) -> (RackParams, Vec<String>) {
    read_any(rack, &Network::Create, written)
}
