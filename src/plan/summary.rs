//! How much changes.

use super::changes::Compared;
use super::{Counts, HostChange, HostCounts, HostFate, Phase, ResourceCounts, ResourceFate, StackChange, StackFate, Summary};

pub(super) fn summary(stacks: &[StackChange], phases: &[Phase], hosts: &[HostChange], compared: &[Compared]) -> Summary {
    let of_stacks =
        |fate| stacks.iter().filter(|stack| stack.change == fate).map(|stack| &stack.stack).collect::<std::collections::BTreeSet<_>>();
    let create = of_stacks(StackFate::Create);
    let update = of_stacks(StackFate::Update).difference(&create).count();
    let of_resources = |fate| stacks.iter().flat_map(|stack| &stack.resources).filter(|resource| resource.change == fate).count();
    let of_hosts = |fates: &[HostFate]| hosts.iter().filter(|host| fates.contains(&host.change)).count();
    Summary {
        stacks: Counts {
            create: create.len(),
            update,
            leave: of_stacks(StackFate::Leave).len(),
            keep: compared.iter().filter(|stack| stack.is_kept()).count(),
        },
        resources: ResourceCounts {
            add: of_resources(ResourceFate::Add),
            modify: of_resources(ResourceFate::Modify),
            replace: of_resources(ResourceFate::Replace),
            remove: of_resources(ResourceFate::Remove),
        },
        hosts: HostCounts {
            begin: of_hosts(&[HostFate::Begins]),
            cease: of_hosts(&[HostFate::Ceases]),
            change_hands: of_hosts(&[HostFate::ChangesHands]),
            change: of_hosts(&[HostFate::ChangesRack, HostFate::Spreads, HostFate::ChangesService, HostFate::ChangesHttp]),
        },
        seconds: phases.iter().map(|phase| phase.seconds).sum(),
    }
}
