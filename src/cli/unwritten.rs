//! What is said where files were not written.

use rackform::diagnostics::Diagnostic;
use rackform::diagnostics::codes::{NOT_WRITTEN, OVERTAKEN};
use rackform::write::Fault;

/// Say that something was not written, and how far it came; `again` is the command that finishes it.
pub(super) fn unwritten(what: &str, again: &str, fault: &Fault) -> Diagnostic {
    let code = if fault.is_overtaken { &OVERTAKEN } else { &NOT_WRITTEN };
    let state = if fault.is_begun {
        format!("some files are new and the others as they were, each of them whole; `rackform {again}` finishes them")
    } else {
        "nothing was changed".to_owned()
    };
    Diagnostic::nowhere(code, format!("{what} can't be written: {fault}")).note(state).help(fault.help)
}
