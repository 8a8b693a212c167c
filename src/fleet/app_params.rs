//! App parameters under Convox's names: those that touch balancing, and the names of the others.

use super::values::{flag, same};
use crate::diagnostics::codes::{DROPPED_PARAMETER, PARAMETER_LATER, PARAMETER_VALUE, PARAMETERS_DISAGREE, UNKNOWN_PARAMETER};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::manifest::{Manifest, logical_id};
use crate::source::{Place, Spanned};

/// How a target group shares requests out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The parameters of an app, with Convox's defaults.
#[derive(Debug, Clone)]
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
    /// Whether tasks have addresses of their own, so that target groups hold IP addresses: on
    /// unless `FargateServices: No`.
    pub ip_targets: bool,
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
            ip_targets: true,
        }
    }
}

/// Parameters that have an effect on routers.
const BALANCING: [&str; 7] = [
    "FargateServices",
    "InternalDomains",
    "LoadBalancerAlgorithm",
    "LoadBalancerGrpcSuccessCodes",
    "LoadBalancerSuccessCodes",
    "RedirectHttps",
    "SlowStartDuration",
];

/// Parameters of Convox that are about the containers behind them.
const LATER: [&str; 15] = [
    "CircuitBreaker",
    "EnableContainerReadonlyRootFilesystem",
    "IamPolicy",
    "IgnoreManualScaleCount",
    "Isolate",
    "LogBucket",
    "LogDriver",
    "LogRetention",
    "PlaceLambdaInVpc",
    "Private",
    "RackUrl",
    "ResourcePassword",
    "SyslogDestination",
    "SyslogFormat",
    "TaskTags",
];

impl AppParams {
    /// Read what rackform.yml says of the app, then the manifest's `params`, which win as in Convox.
    pub fn read(outside: &[(Spanned<String>, Spanned<String>)], manifest: &Manifest, out: &mut Diagnostics) -> Self {
        let mut params = Self::default();
        let mut slow_start_place = None;
        let formations: Vec<String> = manifest.services.iter().map(|s| format!("{}Formation", logical_id(&s.name.value))).collect();
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
            if BALANCING.contains(&name.value.as_str()) {
                if let Err(takes) = params.set(&name.value, value) {
                    out.report(
                        Diagnostic::new(&PARAMETER_VALUE, value.place, format!("`{}` can't be \"{}\"", name.value, value.value))
                            .label(format!("takes {takes}"))
                            .help(format!("write {takes}, or remove the parameter")),
                    );
                }
            } else if LATER.contains(&name.value.as_str()) || formations.contains(&name.value) {
                out.report(
                    Diagnostic::new(&PARAMETER_LATER, name.place, format!("`{}` has no effect yet", name.value))
                        .note("it is about the containers behind the routers, which this version does not emit"),
                );
            } else {
                let known = BALANCING.iter().chain(&LATER).copied().chain(formations.iter().map(String::as_str));
                let code = if inside { &DROPPED_PARAMETER } else { &UNKNOWN_PARAMETER };
                let help = nearest(&name.value, known).map_or("remove it".to_owned(), |near| format!("did you mean `{near}`?"));
                out.report(Diagnostic::new(code, name.place, format!("apps have no parameter `{}`", name.value)).help(help));
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
            "FargateServices" => self.ip_targets = text == "Spot" || flag(text).map_err(|_| "Yes, No or Spot")?,
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
