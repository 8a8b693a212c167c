//! What a fleet is made of, as its author meant it.

mod cidr;
mod rack;
mod rack_checks;
mod rack_param_table;
mod rack_params;
mod rack_values;
#[cfg(test)]
mod testing;

pub use cidr::Cidr;
pub use rack::{Certificate, Network, Rack, SharedCertificate};
pub use rack_param_table::{RACK_PARAMETERS, RackParameter, Standing};
pub use rack_params::{MitigationMode, RackParams};
