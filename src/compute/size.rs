//! CPU and memory of a task.

use super::Launch;
use crate::diagnostics::codes::{SIZE_RANGE, SIZE_ROUNDED, SIZE_TOO_LARGE};
use crate::diagnostics::{Diagnostic, Diagnostics};
use crate::fleet::{App, Formation};
use crate::manifest::Service;

/// What a task has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// CPU units, 1024 to a core.
    pub cpu: i64,
    /// Memory in MiB.
    pub memory: i64,
}

/// Memory that goes with 256 CPU units on Fargate, in MiB. API `RegisterTaskDefinition`, `cpu`.
const SMALLEST: [i64; 3] = [512, 1024, 2048];
/// The other sizes of Fargate: CPU units, and least, most and step of memory in MiB. API `RegisterTaskDefinition`, `cpu`.
const LARGER: [(i64, i64, i64, i64); 6] = [
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16_384, 1024),
    (4096, 8192, 30_720, 1024),
    (8192, 16_384, 61_440, 4096),
    (16_384, 32_768, 122_880, 8192),
];
/// Least memory of a container in MiB. API `RegisterTaskDefinition`, `memory`.
const LEAST_MEMORY: i64 = 6;

/// The size that a task gets.
pub(super) fn size(app: &App, service: &Service, launch: Launch, out: &mut Diagnostics) -> Size {
    let formation = app.params.formations.get(&service.name.value);
    let asked = Size {
        cpu: formation.map_or(service.scale.cpu, |formation| i64::from(formation.value.cpu)),
        memory: formation.map_or(service.scale.memory, |formation| i64::from(formation.value.memory)),
    };
    let place = formation.map_or(service.scale.place, |formation| formation.place);
    let name = &service.name.value;
    let what = || format!("`{name}` asks for {} CPU units and {} MiB", asked.cpu, asked.memory);
    if asked.cpu < 1 || asked.memory < LEAST_MEMORY {
        out.report(
            Diagnostic::new(&SIZE_RANGE, place, what())
                .label("too little to run anything")
                .help(format!("write at least 1 for CPU and {LEAST_MEMORY} for memory; a service that says nothing has 256 and 512")),
        );
        return asked;
    }
    if launch == Launch::Instances {
        return asked;
    }
    match on_fargate(asked) {
        None => {
            out.report(
                Diagnostic::new(&SIZE_TOO_LARGE, place, what())
                    .label("Fargate has at most 16384 and 122880")
                    .help("ask for less, or run the app on instances with `FargateServices: No`"),
            );
            asked
        }
        Some(size) => {
            if size != asked {
                out.report(
                    Diagnostic::new(&SIZE_ROUNDED, place, format!("{}; Fargate gives it {} and {}", what(), size.cpu, size.memory))
                        .help(format!("write {} to say what is paid for", written(size, formation.map(|formation| &formation.value)))),
                );
            }
            size
        }
    }
}

/// A size as the author of the service would write it.
fn written(size: Size, formation: Option<&Formation>) -> String {
    match formation {
        Some(formation) => format!("\"{},{},{}\" in the formation", formation.count, size.cpu, size.memory),
        None => format!("`cpu: {}` and `memory: {}` under `scale`", size.cpu, size.memory),
    }
}

/// The smallest size of Fargate that holds another one.
fn on_fargate(asked: Size) -> Option<Size> {
    let smallest = SMALLEST.into_iter().find(|memory| asked.cpu <= 256 && asked.memory <= *memory);
    let larger = LARGER.into_iter().filter(|(cpu, _, most, _)| asked.cpu <= *cpu && asked.memory <= *most);
    let stepped = |(cpu, least, _, step): (i64, i64, i64, i64)| {
        let over = (asked.memory - least).max(0);
        Size { cpu, memory: least + (over + step - 1) / step * step }
    };
    smallest.map(|memory| Size { cpu: 256, memory }).or_else(|| larger.map(stepped).next())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sizes() -> Vec<Size> {
        let small = SMALLEST.map(|memory| Size { cpu: 256, memory }).into_iter();
        let larger = LARGER.into_iter().flat_map(|(cpu, least, most, step)| {
            (least..=most).step_by(usize::try_from(step).unwrap()).map(move |memory| Size { cpu, memory })
        });
        small.chain(larger).collect()
    }

    #[test]
    fn sizes_of_fargate_stay_and_others_are_rounded_up() {
        for (asked, expected) in [
            ((256, 512), Some((256, 512))),
            ((128, 256), Some((256, 512))),
            ((256, 1536), Some((256, 2048))),
            ((256, 3000), Some((512, 3072))),
            ((300, 512), Some((512, 1024))),
            ((1024, 1024), Some((1024, 2048))),
            ((1, 40_000), Some((8192, 40_960))),
            ((16_384, 122_880), Some((16_384, 122_880))),
            ((16_385, 512), None),
            ((256, 122_881), None),
        ] {
            let found = on_fargate(Size { cpu: asked.0, memory: asked.1 });
            assert_eq!(found, expected.map(|(cpu, memory)| Size { cpu, memory }), "{asked:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_smaller_would_do(cpu in 1..17_000_i64, memory in 6..125_000_i64) {
            let holds = |size: &Size| size.cpu >= cpu && size.memory >= memory;
            let least = sizes().into_iter().filter(holds).min_by_key(|size| (size.cpu, size.memory));
            prop_assert_eq!(on_fargate(Size { cpu, memory }), least);
        }
    }
}
