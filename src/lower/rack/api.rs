//! The rack API: a container behind the balancer, on instances.

use serde_json::{Value, json};

use super::{RackUse, Resources, add};
use crate::fleet::Rack;

/// Days that a log group can keep what it holds (Amazon `CloudWatch` Logs API, `PutRetentionPolicy`).
const RETENTIONS: [u32; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The API; null without.
pub(super) fn api(rack: &Rack, used: &RackUse, resources: &mut Resources) -> Value {
    if rack.api.is_none() || !used.instances {
        return Value::Null;
    }
    add(resources, "ApiWebTasks", "AWS::ECS::TaskDefinition");
    add(resources, "ApiLogs", "AWS::Logs::LogGroup");
    let params = &rack.params;
    // The port of an instance takes one process. Where no instance is free, the old process stops before the new one starts.
    let has_room = params.api_count() < params.instance_count();
    // A service can't leave its classic balancer, and a private API has another one (ECS API, `UpdateService.loadBalancers`).
    let service = if params.private_api { "ApiWebServicePrivate" } else { "ApiWebService" };
    json!({
        "service": add(resources, service, "AWS::ECS::Service"),
        "family": format!("{}-web", rack.name),
        "port": rack.api_port(),
        "cpu": params.api.cpu,
        "memory": params.api.memory,
        "count": params.api_count(),
        "least": if has_room { 50 } else { 0 },
        "days": params.log_retention.map(retention),
    })
}

/// The least number of days that a log group can keep what it holds and that is not below this one.
fn retention(days: u32) -> u32 {
    RETENTIONS.into_iter().find(|known| *known >= days).unwrap_or(RETENTIONS[RETENTIONS.len() - 1])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn logs_are_kept_at_least_as_long_as_was_asked(days in 1..=3653u32) {
            let kept = retention(days);
            prop_assert!(kept >= days && RETENTIONS.contains(&kept));
            prop_assert!(RETENTIONS.iter().all(|known| *known < days || *known >= kept));
        }
    }
}
