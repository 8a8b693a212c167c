//! Where access logs go: under which prefix, and the rack's own bucket.

use serde_json::{Value, json};

use super::{Resources, add};
use crate::fleet::Rack;
use crate::lower::intrinsic::{plain, reference, substitute};

/// The last part of the prefix of the public router's logs; Convox's.
pub(super) const ROUTER: &str = "alb";
/// The same for the internal router.
pub(super) const ROUTER_INTERNAL: &str = "alb-internal";

/// The prefix under which one load balancer writes.
pub(super) fn prefix(rack: &Rack, last: &str) -> String {
    format!("convox/logs/{}/{last}", rack.name)
}

/// The bucket that load balancers write to.
pub(super) fn bucket(rack: &Rack) -> Value {
    rack.params.log_bucket.as_ref().map_or_else(|| reference("Logs"), |name| json!(name))
}

/// The rack's own bucket; null with `LogBucket`.
pub(super) fn logs(rack: &Rack, resources: &mut Resources) -> Value {
    if rack.params.log_bucket.is_some() {
        return Value::Null;
    }
    add(resources, "Logs", "AWS::S3::Bucket");
    add(resources, "LogsPolicy", "AWS::S3::BucketPolicy");
    let writers = [(ROUTER, rack.has_router()), (ROUTER_INTERNAL, rack.has_router_internal())];
    // The number of the account in the path is what keeps load balancers of other accounts out.
    let objects: Vec<Value> = writers
        .iter()
        .filter(|(_, is_there)| *is_there)
        .map(|(last, _)| substitute(&format!("${{Logs.Arn}}/{}/AWSLogs/${{AWS::AccountId}}/*", plain(&prefix(rack, last)))))
        .collect();
    json!({"days": rack.params.log_retention, "objects": objects})
}
