//! Logical IDs of an app's stack: stable, readable, and never two alike.
//!
//! An ID is the service's part and an ending. No ending is the end of another one, so where two
//! IDs are alike, their endings and therefore their services are; and services whose parts are
//! alike were refused before.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::lock::{Class, RuleKey};
use crate::manifest::logical_id;
use crate::routes::Router;

/// An ID of a service: its part and an ending. Each service has a dozen, so nothing is formatted for them.
fn id(service: &str, ending: &[&str]) -> String {
    let mut id = logical_id(service);
    id.extend(ending.iter().copied());
    id
}

fn of_router(router: Router) -> &'static str {
    match router {
        Router::Public => "",
        Router::Internal => "Internal",
    }
}

/// `WebTargetGroup`, `WebTargetGroupInternal`.
pub(super) fn target_group(service: &str, router: Router) -> String {
    id(service, &["TargetGroup", of_router(router)])
}

/// `WebRule1`, `WebRuleInternalWildcard2`, and on port 80 `WebRule1Http`.
pub(super) fn rule(key: &RuleKey, http: bool) -> String {
    let class = match key.class {
        Class::Exact => "",
        Class::Wildcard => "Wildcard",
    };
    let port = if http { "Http" } else { "" };
    id(&key.service, &["Rule", of_router(key.router), class, &key.ordinal.to_string(), port])
}

/// `WebRecord`, the name in the rack's private zone.
pub(super) fn record(service: &str) -> String {
    id(service, &["Record"])
}

/// `WebTargetGroupNlb1883`, the target group of a port on a network balancer.
pub(super) fn port_target_group(service: &str, port: i64) -> String {
    format!("{}TargetGroupNlb{port}", logical_id(service))
}

/// `WebListenerNlb1883`.
pub(super) fn port_listener(service: &str, port: i64) -> String {
    format!("{}ListenerNlb{port}", logical_id(service))
}

/// `WebIngressNlb1883From5a7d0220`, one range that may connect to a port.
pub(super) fn port_ingress(service: &str, port: i64, range: &str) -> String {
    format!("{}IngressNlb{port}From{}", logical_id(service), fingerprint(range))
}

/// `WebTaskDefinition`.
pub(super) fn task_definition(service: &str) -> String {
    id(service, &["TaskDefinition"])
}

/// `WebTaskRole`, what a service's containers may do.
pub(super) fn task_role(service: &str) -> String {
    id(service, &["TaskRole"])
}

/// `WebSecurity`, the security group of tasks with addresses of their own.
pub(super) fn security(service: &str) -> String {
    id(service, &["Security"])
}

/// `WebService`.
pub(super) fn service(service: &str) -> String {
    id(service, &["Service"])
}

/// `WebScaling`, the range of a service's count.
pub(super) fn scaling(service: &str) -> String {
    id(service, &["Scaling"])
}

/// `WebScalingCpu`, `WebScalingRequestsInternal`: what keeps a metric of a service.
pub(super) fn scaling_policy(service: &str, metric: &str) -> String {
    id(service, &["Scaling", metric])
}

/// `WebImage`, the parameter that holds a service's image.
pub(super) fn image(service: &str) -> String {
    id(service, &["Image"])
}

/// What writes an app's logs, and what its tasks are started by.
pub(super) const LOGS: &str = "Logs";
/// The role that ECS starts an app's tasks with.
pub(super) const EXECUTION_ROLE: &str = "ExecutionRole";

/// `Certificate5a7d0220`: a certificate by its names. With other names it is another certificate
/// under another ID, so that CloudFormation brings the new one before it takes the old one away.
pub(super) fn certificate(names: &[String]) -> String {
    let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    format!("Certificate{}", fingerprint(&sorted.join(" ")))
}

/// `Certificate5a7d0220Listener`, `Certificate5a7d0220ListenerInternal`: a certificate on a router.
pub(super) fn listener_certificate(names: &[String], router: Router) -> String {
    format!("{}Listener{}", certificate(names), of_router(router))
}

/// The first eight hexadecimal digits of the SHA-256 of a text.
pub(super) fn fingerprint(text: &str) -> String {
    Sha256::digest(text).iter().take(4).fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a String takes every write");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ending_is_the_end_of_another() {
        let names = ["example.org".to_owned()];
        let mut endings = vec![certificate(&names), record(""), LOGS.to_owned(), EXECUTION_ROLE.to_owned(), "FirstDeploy".to_owned()];
        endings.extend([task_definition(""), task_role(""), security(""), service(""), scaling(""), image("")]);
        for port in [1, 11, 443] {
            endings.extend([port_target_group("", port), port_listener("", port), port_ingress("", port, "10.0.0.0/8")]);
        }
        for metric in ["Cpu", "Memory", "Requests", "RequestsInternal", "Custom5a7d0220"] {
            endings.push(scaling_policy("", metric));
        }
        for router in [Router::Public, Router::Internal] {
            endings.push(target_group("", router));
            endings.push(listener_certificate(&names, router));
            for class in [Class::Exact, Class::Wildcard] {
                for ordinal in [1, 2, 11, 12, 21] {
                    for http in [false, true] {
                        let key = RuleKey { rack: String::new(), router, app: String::new(), service: String::new(), class, ordinal };
                        endings.push(rule(&key, http));
                    }
                }
            }
        }
        for a in &endings {
            assert_eq!(endings.iter().filter(|b| b.ends_with(a.as_str())).count(), 1, "{a}");
        }
    }
}
