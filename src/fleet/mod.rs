//! The fleet: racks, apps, and the parameters of both, as their author meant them, checked.

mod app_params;
mod assemble;
mod cidr;
mod compute;
mod file;
mod formation;
mod promises;
mod quotas;
mod rack;
mod rack_checks;
mod rack_param_table;
mod rack_params;
mod racks;
#[cfg(test)]
mod testing;
mod values;

pub use app_params::{Algorithm, AppParams, Fargate};
pub use assemble::{App, AppImage, AppSource, Draft, Fleet, PlacedApp, RackKind, assemble};
pub use cidr::Cidr;
pub use compute::{Api, ApiParams, Compute, InstanceParams, MOST_INSTANCES};
pub use file::{AppSpec, Apps, FleetFile, RackSpec, WrittenParam, read};
pub use formation::Formation;
pub use promises::{Expectation, Promises, Reservation};
pub use quotas::{Quotas, QuotasSpec};
pub use rack::{Certificate, Network, Rack, SharedCertificate};
pub use rack_param_table::{RACK_PARAMETERS, RackParameter, Standing};
pub use rack_params::{MitigationMode, NetworkBalancer, RackParams};
pub use values::is_policy_arn;
