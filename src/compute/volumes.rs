//! Volumes of a service. Convox keeps them in folders of the instance, those of an app together; a few folders of the
//! system itself are mounted as they are.

use std::collections::BTreeSet;

use super::Launch;
use crate::diagnostics::codes::{VOLUME_ELSEWHERE, VOLUME_LOST, VOLUME_SHAPE};
use crate::diagnostics::{Change, Diagnostic, Diagnostics, Mend};
use crate::fleet::{App, Rack};
use crate::manifest::{Manifest, Service};

/// Folders and sockets of the instance that Convox mounts as they are; `provider/aws/helpers.go`, release 20260421192651.
const OF_INSTANCE: [&str; 10] = [
    "/cgroup/",
    "/dev/log",
    "/etc/passwd",
    "/proc/",
    "/sys/fs/cgroup/",
    "/sys/kernel/debug/",
    "/var/lib/docker/containers/",
    "/var/log/audit/",
    "/var/run/",
    "/var/run/docker.sock",
];

/// A folder that is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    /// The folder of the instance; none for one that the task has for itself.
    pub source: Option<String>,
    /// Where the container sees it.
    pub path: String,
    /// Whether the container may not write to it.
    pub read_only: bool,
}

/// Whether a volume is a folder of the system that a task runs on.
pub(super) fn is_of_instance(manifest: &Manifest, volume: &str) -> bool {
    let (source, ..) = parts(volume);
    efs(manifest, volume).is_none() && OF_INSTANCE.contains(&source)
}

/// Source, path in the container, and whether it is only read; without a source Convox takes the path for it.
fn parts(volume: &str) -> (&str, &str, bool) {
    let (source, path) = volume.split_once(':').unwrap_or((volume, volume));
    match path.rsplit_once(':') {
        Some((path, "ro")) => (source, path, true),
        Some((path, "rw")) => (source, path, false),
        _ => (source, path, false),
    }
}

/// The resource of type efs that a volume lies on.
fn efs<'a>(manifest: &Manifest, volume: &'a str) -> Option<&'a str> {
    let (source, _) = volume.split_once(':')?;
    manifest.resources.iter().any(|resource| resource.name.value == source && resource.kind.value == "efs").then_some(source)
}

/// What is mounted into a service's containers.
pub(super) fn mounts(app: &App, service: &Service, launch: Launch, rack: &Rack, out: &mut Diagnostics) -> Vec<Mount> {
    let mut mounts = Vec::new();
    let mut seen = BTreeSet::new();
    for volume in &service.volumes {
        let (source, path, read_only) = parts(&volume.value);
        if let Some(resource) = efs(&app.manifest, &volume.value) {
            out.report(
                Diagnostic::new(&VOLUME_ELSEWHERE, volume.place, format!("the file system `{resource}` is not provisioned"))
                    .label("not mounted")
                    .help("remove the volume, or keep the service on Convox"),
            );
            continue;
        }
        let wrong = match () {
            () if !path.starts_with('/') || path.contains(char::is_control) => Some("its path in the container is not absolute"),
            () if path.contains(':') => Some("it has more than a source and a path"),
            () if !seen.insert(path) => Some("another volume has the same path"),
            () => None,
        };
        if let Some(wrong) = wrong {
            let first = service.volumes.iter().find(|other| other.value == volume.value && other.place != volume.place);
            let first = first.filter(|first| first.place < volume.place && path.starts_with('/'));
            let mend = first.map(|first| Mend::new(volume.place, Change::Remove, "remove the second one").because(first.place));
            out.report(
                Diagnostic::new(&VOLUME_SHAPE, volume.place, format!("`{}` can't mount `{}`: {wrong}", service.name.value, volume.value))
                    .help("write the path in the container, such as /data, or SOURCE:/data")
                    .mend(mend),
            );
            continue;
        }
        let source = (launch == Launch::Instances).then(|| {
            if OF_INSTANCE.contains(&source) {
                source.to_owned()
            } else {
                format!("/volumes/{}-{}/{}", rack.name, app.name, source.trim_start_matches('/'))
            }
        });
        if source.is_none() {
            out.report(
                Diagnostic::new(&VOLUME_LOST, volume.place, format!("what `{}` keeps in {path} goes with its process", service.name.value))
                    .label("a folder of the task on Fargate")
                    .help("keep data in a database or a bucket, or run the app on instances with `FargateServices: No`"),
            );
        }
        mounts.push(Mount { source, path: path.to_owned(), read_only });
    }
    mounts
}
