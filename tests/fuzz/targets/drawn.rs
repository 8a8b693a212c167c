//! Fleets that are drawn from bytes, changed step by step, and compiled after each step with the lock of the one
//! before: what is always true of a compile, and what is true of two in a row.

use std::fmt::Write as _;

use rackform::lock::Lock;

use super::project::{FLEET, LOCK, Project};
use super::whole::{self, Texts};

/// Steps of a history.
const STEPS: usize = 4;

/// Bytes as choices: each one decides something, and when they are used up, nothing more is chosen.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, most: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % most
    }

    fn of<T: Copy>(&mut self, several: &[T]) -> T {
        several[self.below(several.len())]
    }

    fn are_left(&self) -> bool {
        self.0.len() > 0
    }
}

const APPS: [&str; 5] = ["shop", "blog", "foo", "foo-bar", "api"];
const SERVICES: [&str; 4] = ["web", "bar-web", "admin", "job"];
const RACKS: [&str; 3] = ["main", "side", "theirs"];

/// Hosts that several services may claim, and patterns some of which swallow or cross others.
const HOSTS: [&str; 10] = [
    "www.example.org",
    "example.com",
    "x.shop.example.org",
    "${HOST}",
    "*.example.org",
    "*.shop.example.org",
    "w?.example.org",
    "*.example.com",
    "?.example.net",
    "*.example.net",
];
/// What may stand in front of a service's own domain, which nobody else claims.
const OWN: [&str; 8] = ["", "www.", "a.", "b.", "c.d.", "*.", "?.", "w*."];

/// What a service may say of one thing each; the first way is to say nothing.
const SAID: [&[&str]; 12] = [
    &["", "port: 3000", "port: https:443", "port: grpc:5000", "port: {port: 80, scheme: http}", "port: 65535"],
    &["", "internal: true"],
    &["", "health: /check", "health: {path: /h, interval: 10, timeout: 5, grace: 60}", "health: {interval: 300, timeout: 60}"],
    &[
        "",
        "scale: 3",
        "scale: 0",
        "scale: {count: 1-4, cpu: 256, memory: 512, targets: {cpu: 60}}",
        "scale: {count: 2-9, targets: {requests: 100}}",
        "scale: {count: 0-2, cpu: 4096, memory: 8192, cooldown: 30}",
    ],
    &["", "sticky: false", "sticky: true"],
    &["", "drain: 10", "drain: 3600"],
    &["", "deployment: {minimum: 100, maximum: 200}", "deployment: {minimum: 0, maximum: 100}"],
    &[
        "",
        "environment: [A=1, \"B=${A}\"]",
        "environment: [SECRET, \"EVIL=\\\"}, {!Sub \\u2028 '${AWS::StackName}'\"]",
        "environment: [\"A=# no: comment\", \"C=*x\"]",
    ],
    &["", "command: bin/web", "command: [\"sh\", \"-c\", \"echo '${B}'\"]"],
    &[
        "",
        "singleton: true",
        "agent: true",
        "nlb: [{port: 5000, protocol: tcp}]",
        "nlb: [{port: 53, protocol: tcp, scheme: internal, containerPort: 5353}]",
    ],
    &["", "volumes: [/data]", "volumes: [data:/data, /tmp:/tmp]"],
    &["", "internalAndExternal: true"],
];

/// What a rack may say of one thing each; the first way lets most apps live there.
const RACK_SAYS: [&[&str]; 6] = [
    &[
        "host: \"{rack}.example.org\", hosted_zone: {id: Z1, name: example.org}, certificate: create",
        "host: \"{rack}.example.org\", certificate: arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
        "",
    ],
    &[
        "params: {Internal: Yes, NLB: Yes, NLBInternal: Yes}",
        "params: {Internal: Yes}",
        "",
        "params: {Internal: Yes, InternalOnly: Yes}",
        "params: {Private: Yes, Internal: Yes, NLB: Yes}",
        "params: {DisableALBPort80: Yes, Internal: Yes}",
        "params: {Internal: Yes, VPCCIDR: 172.16.0.0/16}, network: {vpc: vpc-0123456789abcdef0, subnets: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]}",
        "params: {Internal: Yes}, external: true",
    ],
    &["", "count: 1-3", "count: 2-4"],
    &[
        "",
        "certificates: [{arn: arn:aws:acm:us-east-1:123456789012:certificate/22222222-2222-3333-4444-555555555555, names: [\"*.example.org\", example.com]}]",
    ],
    &["", "quotas: {rules: 9}, headroom: 0", "quotas: {rules: 24, certificates: 3}", "headroom: 50"],
    &["", "compute: none", "compute: fargate", "compute: instances", "compute: instances, api: {image: registry.example.org/api:1}"],
];

/// What an app may say of one thing each.
const APP_SAYS: [&[&str]; 3] = [
    &["", "rack: main", "", "rack: side", "", "rack: main-2"],
    &[
        "",
        "params: {InternalDomains: No}",
        "params: {RedirectHttps: No}",
        "params: {RedirectHttps: No, InternalDomains: No, SlowStartDuration: 60}",
    ],
    &["", "environment: {HOST: a.example.net}", "environment: {HOST: \"\"}"],
];

/// Which way each thing is said, and the number of its ways.
#[derive(Clone)]
struct Says<const N: usize>([usize; N]);

impl<const N: usize> Says<N> {
    fn drawn(ways: &[&[&str]; N], choices: &mut Choices<'_>) -> Self {
        let mut says = Self([0; N]);
        for _ in 0..choices.below(N) {
            says.change(ways, choices);
        }
        says
    }

    fn change(&mut self, ways: &[&[&str]; N], choices: &mut Choices<'_>) {
        let at = choices.below(N);
        self.0[at] = choices.below(ways[at].len());
    }

    fn text(&self, ways: &[&[&str]; N]) -> Vec<String> {
        self.0.iter().zip(ways).map(|(way, ways)| ways[*way].to_owned()).filter(|said| !said.is_empty()).collect()
    }
}

#[derive(Clone)]
struct Service {
    name: &'static str,
    says: Says<12>,
    hosts: Vec<String>,
}

#[derive(Clone)]
struct App {
    name: &'static str,
    says: Says<3>,
    services: Vec<Service>,
}

/// A fleet that is changed.
#[derive(Clone)]
struct Drawn {
    racks: Vec<(&'static str, Says<6>)>,
    apps: Vec<App>,
}

impl Service {
    fn drawn(app: &str, choices: &mut Choices<'_>) -> Self {
        let mut service = Self { name: choices.of(&SERVICES), says: Says::drawn(&SAID, choices), hosts: Vec::new() };
        service.says.0[0] = choices.below(SAID[0].len());
        for _ in 0..choices.below(8) {
            service.add_host(app, choices);
        }
        service
    }

    fn add_host(&mut self, app: &str, choices: &mut Choices<'_>) {
        let host = match choices.below(12) {
            0 => choices.of(&HOSTS).to_owned(),
            _ => format!("{}{app}-{}.example.org", choices.of(&OWN), self.name),
        };
        self.hosts.push(host);
    }

    fn change(&mut self, app: &str, choices: &mut Choices<'_>) {
        match choices.below(4) {
            0 => self.says.change(&SAID, choices),
            1 => self.add_host(app, choices),
            2 if !self.hosts.is_empty() => drop(self.hosts.remove(choices.below(self.hosts.len()))),
            _ => self.hosts.reverse(),
        }
    }
}

impl App {
    fn add_service(&mut self, choices: &mut Choices<'_>) {
        let service = Service::drawn(self.name, choices);
        if self.services.iter().all(|known| known.name != service.name) {
            self.services.push(service);
        }
    }
}

impl Drawn {
    fn new(choices: &mut Choices<'_>) -> Self {
        let racks =
            choices.of(&[&RACKS[..1], &RACKS[..2], &RACKS, &[]]).iter().map(|rack| (*rack, Says::drawn(&RACK_SAYS, choices))).collect();
        let mut drawn = Self { racks, apps: Vec::new() };
        for _ in 0..=choices.below(3) {
            drawn.add_app(choices);
        }
        drawn
    }

    fn add_app(&mut self, choices: &mut Choices<'_>) {
        let mut app = App { name: choices.of(&APPS), says: Says::drawn(&APP_SAYS, choices), services: Vec::new() };
        for _ in 0..=choices.below(3) {
            app.add_service(choices);
        }
        if self.apps.iter().all(|known| known.name != app.name) {
            self.apps.push(app);
        }
    }

    fn change(&mut self, choices: &mut Choices<'_>) {
        match choices.below(8) {
            0 => self.add_app(choices),
            1 if self.apps.len() > 1 => drop(self.apps.remove(choices.below(self.apps.len()))),
            2 if !self.racks.is_empty() => {
                let at = choices.below(self.racks.len());
                self.racks[at].1.change(&RACK_SAYS, choices);
            }
            kind => {
                let at = choices.below(self.apps.len());
                let app = &mut self.apps[at];
                let at = choices.below(app.services.len());
                match kind {
                    3 => app.says.change(&APP_SAYS, choices),
                    4 => app.add_service(choices),
                    5 if app.services.len() > 1 => drop(app.services.remove(at)),
                    _ => app.services[at].change(app.name, choices),
                }
            }
        }
    }

    fn project(&self) -> Project {
        let mut project = Project::default();
        let mut fleet = String::new();
        for (at, (rack, says)) in self.racks.iter().enumerate() {
            let _ = writeln!(fleet, "{}  {rack}: {{{}}}", if at == 0 { "racks:\n" } else { "" }, says.text(&RACK_SAYS).join(", "));
        }
        fleet += "apps:\n";
        for app in &self.apps {
            let _ = writeln!(fleet, "  {}: {{{}}}", app.name, app.says.text(&APP_SAYS).join(", "));
            let mut manifest = "services:\n".to_owned();
            for service in &app.services {
                let hosts: Vec<String> = service.hosts.iter().map(|host| format!("\"{host}\"")).collect();
                let mut says = vec!["image: example/app:1".to_owned()];
                says.extend(service.says.text(&SAID));
                says.extend(Some(format!("domain: [{}]", hosts.join(", "))).filter(|_| !hosts.is_empty()));
                let _ = writeln!(manifest, "  {}:\n    {}", service.name, says.join("\n    "));
            }
            project.0.insert(format!("{}/convox.yml", app.name), manifest);
        }
        project.0.insert(FLEET.to_owned(), fleet);
        project
    }
}

/// A history of a fleet.
pub(crate) fn drawn(bytes: &[u8]) {
    history(bytes);
}

/// The same, and how many of its steps compiled. What has an error is taken back: neither the fleet nor the lock changes.
pub(crate) fn history(bytes: &[u8]) -> usize {
    let mut choices = Choices(bytes.iter());
    let mut fleet = Drawn::new(&mut choices);
    let (mut sound, mut lock, mut before) = (fleet.clone(), Lock::default(), Texts::new());
    let mut deployed = 0;
    for _ in 0..STEPS {
        let mut project = fleet.project();
        project.0.insert(LOCK.to_owned(), lock.to_text());
        if let Some(compiled) = project.compiled() {
            whole::changes(&before, &compiled);
            before = whole::texts(&compiled);
            lock = compiled.lock;
            sound = fleet;
            deployed += 1;
        }
        if !choices.are_left() {
            break;
        }
        fleet = sound.clone();
        for _ in 0..=choices.below(3) {
            fleet.change(&mut choices);
        }
    }
    deployed
}
