//! What AWS allows a router to hold.

use serde::Deserialize;

use crate::source::Spanned;

/// The most that one router may hold of what can be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quotas {
    /// Rules over all listeners, default actions not counted. Service Quotas L-7EED9B64.
    pub rules: usize,
    /// Certificates beside the listeners' default ones. Service Quotas L-9365A611.
    pub certificates: usize,
}

/// AWS's defaults.
impl Default for Quotas {
    fn default() -> Self {
        Self { rules: 100, certificates: 25 }
    }
}

/// Where a rack's quotas come from.
#[derive(Debug)]
pub enum QuotasSpec {
    /// Written in rackform.yml.
    Written(Quotas),
    /// In a file that `aws elbv2 describe-account-limits` printed.
    File(Spanned<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccountLimits {
    limits: Vec<Limit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Limit {
    name: String,
    max: String,
}

impl Quotas {
    /// The most that is counted of anything: two listeners of a router have numbers for so many rules. API `ELBv2`
    /// 2015-12-01, `CreateRule`: a priority is from 1 to 50,000.
    pub const MOST: usize = 100_000;

    /// Read what `aws elbv2 describe-account-limits` printed; an error says what is wrong with it.
    pub fn from_account_limits(text: &str) -> Result<Self, String> {
        let read: AccountLimits = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let limit = |name: &str| {
            let found = read.limits.iter().find(|limit| limit.name == name).ok_or_else(|| format!("it has no limit `{name}`"))?;
            let most: Result<usize, String> = found.max.parse().map_err(|_| format!("`{}` of `{name}` is no number", found.max));
            most.map(|most| most.min(Self::MOST))
        };
        Ok(Self {
            rules: limit("rules-per-application-load-balancer")?,
            certificates: limit("certificates-per-application-load-balancer")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_cli_prints_is_read() {
        let text = r#"{"Limits": [
            {"Name": "application-load-balancers", "Max": "50"},
            {"Name": "rules-per-application-load-balancer", "Max": "150"},
            {"Name": "certificates-per-application-load-balancer", "Max": "25"}]}"#;
        assert_eq!(Quotas::from_account_limits(text), Ok(Quotas { rules: 150, certificates: 25 }));
        let most = Quotas { rules: Quotas::MOST, certificates: 25 };
        assert_eq!(Quotas::from_account_limits(&text.replace("150", &usize::MAX.to_string())), Ok(most));
        assert!(Quotas::from_account_limits("[]").is_err());
        assert!(Quotas::from_account_limits(r#"{"Limits": []}"#).unwrap_err().contains("rules-per-application"));
        assert!(Quotas::from_account_limits(&text.replace("150", "many")).unwrap_err().contains("many"));
    }
}
