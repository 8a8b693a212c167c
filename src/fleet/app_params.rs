//! App parameters under Convox's names.

use std::collections::BTreeMap;

use super::formation::{self, Formation};
use super::values::{flag, meant, policy_arn, same};
use crate::diagnostics::codes::{DROPPED_PARAMETER, PARAMETER_ELSEWHERE, PARAMETER_VALUE, PARAMETERS_DISAGREE, UNKNOWN_PARAMETER};
use crate::diagnostics::{Diagnostic, Diagnostics, Mend, certain, nearest};
use crate::manifest::{Manifest, logical_id};
use crate::source::{Place, Spanned};

/// How a target group shares requests out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// One after another.
    RoundRobin,
    /// To the target with the fewest open requests.
    LeastOutstandingRequests,
}

impl Algorithm {
    /// The value of the attribute `load_balancing.algorithm.type`.
    pub fn attribute(self) -> &'static str {
        match self {
            Algorithm::RoundRobin => "round_robin",
            Algorithm::LeastOutstandingRequests => "least_outstanding_requests",
        }
    }
}

/// Whether services run on Fargate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fargate {
    /// On Fargate.
    Yes,
    /// On spare capacity of Fargate, which AWS takes back with two minutes' notice.
    Spot,
    /// On instances of the rack.
    No,
}

/// The parameters of an app, with Convox's defaults.
#[derive(Debug, Clone, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is one Yes/No parameter of Convox")]
pub struct AppParams {
    /// `InternalDomains`: whether `<service>.<app>.<rack>.convox` is routed, and the default host
    /// of services that have a custom domain.
    pub internal_domains: bool,
    /// `RedirectHttps`: whether port 80 redirects; where it is said, if it is.
    pub redirect_https: bool,
    /// Where `RedirectHttps` is said.
    pub redirect_https_place: Option<Place>,
    /// `LoadBalancerAlgorithm`.
    pub algorithm: Algorithm,
    /// `SlowStartDuration`, seconds; 0 is off.
    pub slow_start: u32,
    /// `LoadBalancerSuccessCodes`: HTTP statuses of a healthy target.
    pub success_codes: String,
    /// `LoadBalancerGrpcSuccessCodes`: gRPC codes of a healthy target.
    pub grpc_success_codes: String,
    /// `FargateServices`; Yes unless said, unlike Convox.
    pub fargate: Fargate,
    /// `Isolate`: on a private rack, tasks on instances have addresses of their own.
    pub isolate: bool,
    /// `Private`: tasks with addresses of their own stand in the private subnets; as the rack is, unless said.
    pub private: Option<Spanned<bool>>,
    /// `CircuitBreaker`: a deployment that does not come up is rolled back; Yes unless said, unlike Convox.
    pub circuit_breaker: bool,
    /// `IgnoreManualScaleCount`: the count of a formation does not count, only the manifest's range.
    pub ignore_manual_scale_count: bool,
    /// `LogDriver`: whether containers write to a log group.
    pub logs: bool,
    /// `LogRetention`: days that the log group keeps events; none means for ever.
    pub log_retention: Option<u32>,
    /// `IamPolicy`: ARN of a policy that every container has.
    pub iam_policy: Option<String>,
    /// `EnableContainerReadonlyRootFilesystem`: containers write to their volumes alone.
    pub readonly_root: bool,
    /// `TaskTags`: ECS puts its own tags and those of the service on each task.
    pub task_tags: bool,
    /// `<Service>Formation`, by the service's name.
    pub formations: BTreeMap<String, Spanned<Formation>>,
}

impl Default for AppParams {
    fn default() -> Self {
        Self {
            internal_domains: true,
            redirect_https: true,
            redirect_https_place: None,
            algorithm: Algorithm::RoundRobin,
            slow_start: 0,
            success_codes: "200-399,401".into(),
            grpc_success_codes: "12".into(),
            fargate: Fargate::Yes,
            isolate: false,
            private: None,
            circuit_breaker: true,
            ignore_manual_scale_count: false,
            logs: true,
            log_retention: Some(7),
            iam_policy: None,
            readonly_root: false,
            task_tags: false,
            formations: BTreeMap::new(),
        }
    }
}

/// Parameters that have an effect, beside the formations.
const SUPPORTED: [&str; 16] = [
    "CircuitBreaker",
    "EnableContainerReadonlyRootFilesystem",
    "FargateServices",
    "IamPolicy",
    "IgnoreManualScaleCount",
    "InternalDomains",
    "Isolate",
    "LoadBalancerAlgorithm",
    "LoadBalancerGrpcSuccessCodes",
    "LoadBalancerSuccessCodes",
    "LogDriver",
    "LogRetention",
    "Private",
    "RedirectHttps",
    "SlowStartDuration",
    "TaskTags",
];

/// Parameters about parts of Convox that are not rackform's: builds, timers, resources, its API.
const ELSEWHERE: [&str; 6] = ["LogBucket", "PlaceLambdaInVpc", "RackUrl", "ResourcePassword", "SyslogDestination", "SyslogFormat"];

/// Days that a log group can keep events. API `PutRetentionPolicy`.
const RETENTIONS: [u32; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl AppParams {
    /// Read what rackform.yml says of the app, then the manifest's `params`, which win as in Convox.
    pub fn read(outside: &[(Spanned<String>, Spanned<String>)], manifest: &Manifest, out: &mut Diagnostics) -> Self {
        let mut params = Self::default();
        let mut slow_start_place = None;
        let service_of = |name: &str| {
            let id = name.strip_suffix("Formation")?;
            manifest.services.iter().map(|service| &service.name.value).find(|service| logical_id(service) == id)
        };
        let all = outside.iter().map(|p| (p, false)).chain(manifest.params.iter().map(|p| (p, true)));
        for ((name, value), inside) in all {
            if inside && let Some((_, other)) = outside.iter().find(|(n, v)| n.value == name.value && !same(&v.value, &value.value)) {
                out.report(
                    Diagnostic::new(&PARAMETERS_DISAGREE, other.place, format!("`{}` is also set in the manifest, which wins", name.value))
                        .also(value.place, "this one counts")
                        .help("keep one of them"),
                );
            }
            if name.value == "SlowStartDuration" {
                slow_start_place = Some(value.place);
            }
            if let Some(service) = service_of(&name.value) {
                match formation::read(&value.value) {
                    Ok(formation) => {
                        params.formations.insert(service.clone(), Spanned::new(formation, value.place));
                    }
                    Err(takes) => {
                        out.report(refused(&name.value, value, &takes));
                    }
                }
            } else if SUPPORTED.contains(&name.value.as_str()) {
                if let Err(takes) = params.set(&name.value, value) {
                    out.report(refused(&name.value, value, &takes));
                }
            } else if ELSEWHERE.contains(&name.value.as_str()) {
                out.report(
                    Diagnostic::new(&PARAMETER_ELSEWHERE, name.place, format!("`{}` has no effect here", name.value))
                        .note("it is about a part of Convox that rackform does not have"),
                );
            } else {
                let formations: Vec<String> = manifest.services.iter().map(|s| format!("{}Formation", logical_id(&s.name.value))).collect();
                let known = SUPPORTED.iter().chain(&ELSEWHERE).copied().chain(formations.iter().map(String::as_str));
                let written = if inside { &manifest.params[..] } else { outside };
                let mend = certain(&name.value, known.clone())
                    .filter(|meant| meant_once(meant, name, written))
                    .map(|meant| Mend::text(name.place, meant));
                let code = if inside { &DROPPED_PARAMETER } else { &UNKNOWN_PARAMETER };
                let help = nearest(&name.value, known).map_or("remove it".to_owned(), |near| format!("did you mean `{near}`?"));
                out.report(Diagnostic::new(code, name.place, format!("apps have no parameter `{}`", name.value)).help(help).mend(mend));
            }
        }
        if params.slow_start > 0 && params.algorithm == Algorithm::LeastOutstandingRequests {
            let place = slow_start_place.unwrap_or(manifest.place);
            out.report(
                Diagnostic::new(&PARAMETER_VALUE, place, "slow start does not go with `least_outstanding_requests`")
                    .label("AWS refuses the two together")
                    .help("remove `SlowStartDuration`, or use `LoadBalancerAlgorithm: round_robin`"),
            );
        }
        params
    }

    /// Set one parameter; an error says what it takes.
    fn set(&mut self, name: &str, value: &Spanned<String>) -> Result<(), String> {
        let text = value.value.as_str();
        match name {
            "InternalDomains" => self.internal_domains = flag(text)?,
            "RedirectHttps" => {
                self.redirect_https = flag(text)?;
                self.redirect_https_place = Some(value.place);
            }
            "FargateServices" if text == "Spot" => self.fargate = Fargate::Spot,
            "FargateServices" => {
                let is_on = flag(text).map_err(|_| "Yes, No or Spot")?;
                self.fargate = if is_on { Fargate::Yes } else { Fargate::No };
            }
            "CircuitBreaker" => self.circuit_breaker = flag(text)?,
            "EnableContainerReadonlyRootFilesystem" => self.readonly_root = flag(text)?,
            "IamPolicy" => self.iam_policy = policy_arn(text)?,
            "IgnoreManualScaleCount" => self.ignore_manual_scale_count = flag(text)?,
            "Isolate" => self.isolate = flag(text)?,
            "LogDriver" if text.is_empty() || text == "CloudWatch" => self.logs = !text.is_empty(),
            "LogDriver" => return Err("CloudWatch, or nothing for no logs".into()),
            "LogRetention" if text.is_empty() => self.log_retention = None,
            "LogRetention" => match text.parse() {
                Ok(days) if RETENTIONS.contains(&days) => self.log_retention = Some(days),
                _ => return Err("days that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, …".into()),
            },
            "Private" => self.private = Some(Spanned::new(flag(text)?, value.place)),
            "TaskTags" => self.task_tags = flag(text)?,
            "LoadBalancerAlgorithm" => {
                self.algorithm = match text {
                    "round_robin" => Algorithm::RoundRobin,
                    "least_outstanding_requests" => Algorithm::LeastOutstandingRequests,
                    _ => return Err("round_robin or least_outstanding_requests".into()),
                };
            }
            "SlowStartDuration" => match text.parse() {
                Ok(seconds) if seconds == 0 || (30..=900).contains(&seconds) => self.slow_start = seconds,
                _ => return Err("0 or 30 to 900".into()),
            },
            "LoadBalancerSuccessCodes" if codes(text, 200..=499) => text.clone_into(&mut self.success_codes),
            "LoadBalancerGrpcSuccessCodes" if codes(text, 0..=99) => text.clone_into(&mut self.grpc_success_codes),
            "LoadBalancerSuccessCodes" => return Err("statuses from 200 to 499, such as 200-399,401".into()),
            _ => return Err("codes from 0 to 99, such as 0,12".into()),
        }
        Ok(())
    }
}

/// Say that a parameter does not take a value.
fn refused(name: &str, value: &Spanned<String>, takes: &str) -> Diagnostic {
    Diagnostic::new(&PARAMETER_VALUE, value.place, format!("`{name}` can't be \"{}\"", value.value))
        .label(format!("takes {takes}"))
        .help(format!("write {takes}, or remove the parameter"))
        .mend(meant(&value.value, takes).map(|meant| Mend::plain(value.place, &meant)))
}

/// Whether a parameter is not written, nor anything else that comes near it.
fn meant_once(meant: &str, name: &Spanned<String>, written: &[(Spanned<String>, Spanned<String>)]) -> bool {
    !written.iter().any(|(other, _)| other.place != name.place && certain(&other.value, [meant]).is_some())
}

/// Numbers and ranges of numbers, separated by commas.
fn codes(text: &str, allowed: std::ops::RangeInclusive<u32>) -> bool {
    let number = |part: &str| part.parse::<u32>().ok().filter(|code| allowed.contains(code));
    text.split(',').all(|part| match part.split_once('-') {
        Some((from, to)) => matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to),
        None => number(part).is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_numbers_and_ranges_within_bounds() {
        for text in ["200", "200-399,401", "200,202,204"] {
            assert!(codes(text, 200..=499), "{text}");
        }
        for text in ["", "600", "200-", "399-200", "abc", "200,,201"] {
            assert!(!codes(text, 200..=499), "{text}");
        }
    }
}
