//! Reading parameters in tests: what came of them, and each message as code, message and help.

use indexmap::IndexMap;

use super::{Network, RackParams};
use crate::diagnostics::Diagnostics;
use crate::source::{Files, Place, Span, Spanned};

fn read_any(rack: &str, network: &Network, written: &[(&str, &str)]) -> (RackParams, Vec<String>) {
    let file = Files::default().add("rackform.yml", "racks:");
    let place = |at: usize| Place { file, span: Span { start: at, end: at + 1 } };
    let written: IndexMap<String, Spanned<String>> =
        written.iter().enumerate().map(|(at, (name, value))| ((*name).to_owned(), Spanned::new((*value).to_owned(), place(at)))).collect();
    let mut out = Diagnostics::new(false);
    let params = RackParams::read(&written, rack, network, &mut out);
    let lines = out.sorted().iter().map(|d| format!("{} {}: {}", d.code.id, d.message, d.help.as_deref().unwrap_or_default())).collect();
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
