//! Words and numbers that every form of a plan has in common.

pub(super) use crate::words::counted;

use crate::plan::{Answerer, HostFate, Plan, Recreates, ResourceChange, ResourceFate, Seconds, StackFate};

/// `about 2 to 15 minutes`.
pub(super) fn time(seconds: Seconds) -> String {
    let (least, most) = (seconds.least, seconds.most);
    if most < 120 {
        return format!("about {least} to {most} seconds");
    }
    let (from, to) = (least.div_ceil(60).max(1), most.div_ceil(60));
    match (from, to) {
        (from, to) if to >= 180 => format!("about {} to {} hours", (from / 60).max(1), to.div_ceil(60)),
        (from, to) if from == to => format!("about {}", counted(usize::try_from(to).unwrap_or_default(), "minute")),
        (from, to) => format!("about {from} to {to} minutes"),
    }
}

/// Who answers: `shop/web on main`, or nobody.
pub(super) fn answerers(list: &[Answerer], with_rack: bool) -> String {
    if list.is_empty() {
        return "nobody".to_owned();
    }
    let one = |one: &Answerer| {
        let rack = if with_rack { format!(" on {}", one.rack) } else { String::new() };
        let http = if one.http { " (HTTP too)" } else { "" };
        format!("{}/{}{rack}{http}", one.app, one.service)
    };
    list.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Whether a change of a host is about racks, so that these must be named.
pub(super) fn is_about_racks(fate: HostFate) -> bool {
    matches!(fate, HostFate::ChangesRack | HostFate::Spreads)
}

/// The phrase for what becomes of a host.
pub(super) fn fate(fate: HostFate) -> &'static str {
    match fate {
        HostFate::ChangesHands => "changes hands",
        HostFate::Ceases => "is answered no longer",
        HostFate::ChangesRack => "moves to another rack",
        HostFate::Spreads => "is answered on another rack too",
        HostFate::ChangesService => "goes to another service",
        HostFate::ChangesHttp => "changes on port 80",
        HostFate::Begins => "begins to be answered",
    }
}

/// The word for what becomes of a stack.
pub(super) fn stack(fate: StackFate) -> &'static str {
    match fate {
        StackFate::Create => "made",
        StackFate::Update => "updated",
        StackFate::Leave => "left",
    }
}

/// The sign of a change in a list of resources.
pub(super) fn sign(fate: ResourceFate) -> &'static str {
    match fate {
        ResourceFate::Replace => "±",
        ResourceFate::Remove => "-",
        ResourceFate::Modify => "~",
        ResourceFate::Add => "+",
    }
}

/// A type without the name of its vendor: `ElasticLoadBalancingV2::TargetGroup`.
pub(super) fn short(kind: &str) -> &str {
    kind.strip_prefix("AWS::").unwrap_or(kind)
}

/// `3 stacks change: 1 made, 2 updated`, and the like of resources and hosts; only what there is.
pub(super) fn summary(plan: &Plan) -> Vec<String> {
    let parts = |list: &[(usize, &str)]| {
        list.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    };
    let summary = &plan.summary;
    let (stacks, resources, hosts) = (&summary.stacks, &summary.resources, &summary.hosts);
    let changed = stacks.create + stacks.update + stacks.leave;
    let verb = if changed == 1 { "changes" } else { "change" };
    let mut lines = vec![format!(
        "{} {verb}: {}",
        counted(changed, "stack"),
        parts(&[(stacks.create, "made"), (stacks.update, "updated"), (stacks.leave, "left to be deleted"), (stacks.keep, "as before")])
    )];
    let of_resources = parts(&[
        (resources.replace, "replaced"),
        (resources.remove, "removed"),
        (resources.modify, "changed in place"),
        (resources.add, "added"),
    ]);
    if !of_resources.is_empty() {
        lines.push(format!("resources: {of_resources}"));
    }
    let of_hosts = parts(&[
        (hosts.change_hands, if hosts.change_hands == 1 { "changes hands" } else { "change hands" }),
        (hosts.cease, "answered no longer"),
        (hosts.change, "answered in another way"),
        (hosts.begin, "answered for the first time"),
    ]);
    lines.push(format!("hosts: {}", if of_hosts.is_empty() { "answered as before" } else { &of_hosts }));
    if !plan.phases.is_empty() {
        lines.push(format!("deployed in {}, in {}", counted(plan.phases.len(), "phase"), time(summary.seconds)));
    }
    lines
}

/// Whether a resource is made anew, or changes at all, where that is not what its sign says; else nothing.
pub(super) fn how(resource: &ResourceChange) -> &'static str {
    match (resource.change, resource.replacement) {
        (ResourceFate::Replace, Recreates::Always) if !resource.is_unsure => "replaced",
        (ResourceFate::Replace, _) => "perhaps replaced",
        _ if resource.is_unsure => "perhaps changed",
        _ => "",
    }
}
