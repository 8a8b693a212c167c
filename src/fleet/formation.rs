//! `<Service>Formation`: Convox's parameter for the count and size of one service.

use super::Fargate;

/// Count and size of a service, over those of its manifest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Formation {
    /// Processes.
    pub count: u32,
    /// CPU units, 1024 to a core.
    pub cpu: u32,
    /// Memory in MiB.
    pub memory: u32,
    /// How it is launched, where that differs from the app's other services.
    pub launch: Option<Fargate>,
}

/// Read `count,cpu,memory`, with `FARGATE` or `FARGATE_SPOT` behind it; an error says what the parameter takes.
pub(super) fn read(text: &str) -> Result<Formation, String> {
    let takes = || "count, CPU units and MiB, such as 2,256,512, and FARGATE or FARGATE_SPOT behind them".to_owned();
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    let number = |at: usize| parts.get(at).and_then(|part| part.parse().ok()).ok_or_else(takes);
    let launch = match parts.get(3) {
        None => None,
        Some(&"FARGATE") => Some(Fargate::Yes),
        Some(&"FARGATE_SPOT") => Some(Fargate::Spot),
        Some(_) => return Err(takes()),
    };
    if parts.len() > 4 {
        return Err(takes());
    }
    Ok(Formation { count: number(0)?, cpu: number(1)?, memory: number(2)?, launch })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formation_has_three_numbers_and_perhaps_a_launch_type() {
        assert_eq!(read("2, 256,512"), Ok(Formation { count: 2, cpu: 256, memory: 512, launch: None }));
        assert_eq!(read("0,256,512,FARGATE_SPOT").unwrap().launch, Some(Fargate::Spot));
        for text in ["", "2", "2,256", "2,256,x", "-1,256,512", "2,256,512,EC2", "2,256,512,FARGATE,1"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
