//! What stands on a listener already, taken into the lock: rules of ours keep their numbers, and
//! what others put there is counted and walked around. A pure function of the fleet, the old lock
//! and what the AWS CLI printed.

mod listing;
mod owners;

use std::collections::{BTreeMap, BTreeSet};

use listing::{Certificates, Standing};
use owners::{Owned, Owners, is};

use crate::allocate;
use crate::diagnostics::codes::{ADOPTION, LISTENER_AND_LOCK};
use crate::diagnostics::{Diagnostic, Diagnostics, nearest};
use crate::fleet::{Draft, Rack};
use crate::host::Host;
use crate::lock::{Lock, LockedApp, LockedRule, NUMBERS, RuleKey, StrangerKey};
use crate::routes::Router;
use crate::source::{FileId, Files, Place};

/// The port that carries rules; on the other one they stand beside those, under the same numbers.
const HTTPS: u16 = 443;
/// Ordinals that a number is held against, to find the rule that our own hash gave it to: enough for
/// the hundred hosts of a large service, and so few that a number of others hits one by chance in one
/// of a thousand cases, where it does no harm.
const MOST_ORDINALS: u32 = 20;

/// Which listener, and what was saved of it.
#[derive(Debug)]
pub struct Request {
    /// The rack; it may be left out where only one is open.
    pub rack: Option<String>,
    /// The router.
    pub router: Router,
    /// The port of the listener, 80 or 443.
    pub port: u16,
    /// What `describe-rules` printed.
    pub rules: FileId,
    /// What `describe-listener-certificates` printed, and `acm list-certificates`.
    pub certificates: Vec<FileId>,
}

/// What was found.
#[derive(Debug)]
pub struct Adopted {
    /// The new lock.
    pub lock: Lock,
    /// The rack.
    pub rack: String,
    /// Rules of ours that the lock did not know.
    pub new: usize,
    /// Rules of ours that it knew.
    pub known: usize,
    /// Rules of others.
    pub strangers: usize,
    /// Certificates of others, when certificates were listed.
    pub certificates: Option<usize>,
}

/// Take a listener into the lock. What can't be is reported, and then the lock is not to be used.
pub fn adopt(files: &Files, draft: &Draft, request: &Request, old: &Lock, out: &mut Diagnostics) -> Option<Adopted> {
    let rack = rack(draft, request, old, out);
    let rules = listing::rules(files, request.rules, out);
    let mut certificates = Certificates::default();
    for file in &request.certificates {
        listing::certificates(files, *file, &mut certificates, out);
    }
    let (rack, rules) = (rack?, rules?);
    let mut listener = Listener {
        draft,
        rack: &draft.racks[rack],
        router: request.router,
        port: request.port,
        owners: Owners::new(draft, rack, request.router, old),
        old,
        lock: old.clone(),
        places: BTreeMap::new(),
    };
    let (new, known) = listener.rules(&rules, out);
    let taken = (!request.certificates.is_empty()).then(|| listener.certificates(&certificates));
    listener.shadows(out);
    let strangers = listener.places.len();
    Some(Adopted { rack: listener.rack.name.clone(), lock: listener.lock, new, known, strangers, certificates: taken })
}

/// The rack that a request is about, by its place in the draft.
fn rack(draft: &Draft, request: &Request, old: &Lock, out: &mut Diagnostics) -> Option<usize> {
    let Some(name) = &request.rack else {
        let is_open = |name: &str| old.apps.values().any(|app| app.stands_on(name));
        let least = draft.kinds.iter().flat_map(|kind| kind.racks.clone().take(kind.least));
        let lived_on = (0..draft.racks.len()).filter(|at| is_open(&draft.racks[*at].name));
        let open: BTreeSet<usize> = least.chain(lived_on).collect();
        if let [only] = open.iter().copied().collect::<Vec<_>>().as_slice() {
            return has_listener(&draft.racks[*only], request, out).then_some(*only);
        }
        let names: Vec<&str> = open.iter().map(|at| draft.racks[*at].name.as_str()).collect();
        out.report(
            Diagnostic::nowhere(&ADOPTION, "there are several racks, and this listener stands on one of them")
                .help(format!("say which with `--rack NAME`: {}", names.join(", "))),
        );
        return None;
    };
    let Some(at) = draft.racks.iter().position(|rack| rack.name == *name) else {
        let names = draft.racks.iter().map(|rack| rack.name.as_str());
        let help = nearest(name, names)
            .map_or("declare it under `racks`, or raise the `count`".to_owned(), |near| format!("did you mean `{near}`?"));
        out.report(Diagnostic::nowhere(&ADOPTION, format!("there is no rack `{name}`")).help(help));
        return None;
    };
    has_listener(&draft.racks[at], request, out).then_some(at)
}

/// Whether the rack has such a listener.
fn has_listener(rack: &Rack, request: &Request, out: &mut Diagnostics) -> bool {
    let (has_router, parameter) = match request.router {
        Router::Public => (rack.has_router(), "`InternalOnly: No`"),
        Router::Internal => (rack.has_router_internal(), "`Internal: Yes`"),
    };
    let refused = if !has_router {
        let help = format!("set {parameter} for the rack, or name the other router: `--internal` stands for the internal one");
        Some((format!("`{}` has no {} router", rack.name, request.router.word()), help))
    } else if request.port != HTTPS && !request.certificates.is_empty() {
        Some(("a listener on port 80 has no certificates".to_owned(), "give `--certificates` with the listener on port 443".to_owned()))
    } else {
        None
    };
    let Some((message, help)) = refused else { return true };
    out.report(Diagnostic::nowhere(&ADOPTION, message).help(help));
    false
}

/// One listener, and the lock that it is taken into.
struct Listener<'a> {
    draft: &'a Draft,
    rack: &'a Rack,
    router: Router,
    port: u16,
    owners: Owners,
    old: &'a Lock,
    lock: Lock,
    /// Where the rules of others are written.
    places: BTreeMap<StrangerKey, Place>,
}

/// What the lock knows of a number.
enum Known {
    /// It is the number of this very rule.
    Same,
    /// It is the number of another rule.
    Other(RuleKey),
    /// Nothing.
    Nothing,
}

impl Listener<'_> {
    /// Take every rule: how many are ours and new, and how many the lock knew.
    fn rules(&mut self, standing: &[Standing], out: &mut Diagnostics) -> (usize, usize) {
        let (rack, router, port) = (self.rack.name.clone(), self.router, self.port);
        self.lock.strangers.retain(|(on, of, at, _), _| (on, *of, *at) != (&rack, router, port));
        let mut new: Vec<(Owned, &Standing)> = Vec::new();
        let mut taken: BTreeSet<Host> = BTreeSet::new();
        let mut known = 0;
        for rule in standing {
            let owned = self.owners.of(&rule.hosts).filter(|_| rule.forwards);
            match self.known(rule, owned.is_some()) {
                Known::Same => known += 1,
                Known::Other(key) => self.number_clash(rule, &key, out),
                Known::Nothing => match owned {
                    Some(owned) if port == HTTPS => {
                        if let Some((key, locked)) = self.holder(&owned.hosts) {
                            self.host_clash(rule, key, locked, out);
                        } else if owned.hosts.iter().any(|host| taken.contains(host)) {
                            // A second rule for a host is never asked.
                            self.stranger(rule);
                        } else {
                            taken.extend(owned.hosts.iter().cloned());
                            new.push((owned, rule));
                        }
                    }
                    Some(owned) if self.is_on_80(&self.draft.apps[owned.app].name) => self.only_on_80(rule, &owned, out),
                    _ => self.stranger(rule),
                },
            }
        }
        let count = new.len();
        self.take(new);
        (count, known)
    }

    /// Whether rules of an app stand on port 80 too.
    fn is_on_80(&self, name: &str) -> bool {
        self.draft.apps.iter().any(|app| app.name == name && !app.params.redirect_https)
            || self.old.apps.get(name).is_some_and(|locked| locked.http.is_some())
    }

    /// What the lock knows of a rule's number. A rule that is not deployed yet as the lock has it, or
    /// that is on its way out, is the same by any of its hosts.
    fn known(&mut self, rule: &Standing, is_owned: bool) -> Known {
        let shares = |hosts: &mut dyn Iterator<Item = &Host>| {
            let ours: Vec<&Host> = hosts.collect();
            rule.hosts.iter().any(|standing| ours.iter().any(|host| is(host, standing)))
        };
        let number = self.old.rules_on(&self.rack.name, self.router).find(|(_, locked)| locked.priority == rule.number);
        if let Some((key, locked)) = number.filter(|(key, _)| self.port == HTTPS || self.is_on_80(&key.app)) {
            if !shares(&mut locked.hosts.iter().chain(locked.left.keys())) {
                return Known::Other(key.clone());
            }
            if let Some(app) = self.lock.apps.get_mut(&key.app).filter(|_| self.port != HTTPS) {
                app.http.get_or_insert(1); // it stands there already
            }
            return Known::Same;
        }
        let retired = self.old.retired.get(&(self.rack.name.clone(), self.router, rule.number));
        let is_leaving = retired.is_some_and(|gone| shares(&mut gone.hosts.iter()) && (self.port == HTTPS || gone.http));
        if is_leaving && !is_owned { Known::Same } else { Known::Nothing }
    }

    /// The rule of the lock that holds one of these hosts on this router.
    fn holder(&self, hosts: &[Host]) -> Option<(&RuleKey, &LockedRule)> {
        self.old.rules_on(&self.rack.name, self.router).find(|(_, locked)| hosts.iter().any(|host| locked.hosts.contains(host)))
    }

    fn stranger(&mut self, rule: &Standing) {
        let key = (self.rack.name.clone(), self.router, self.port, rule.number);
        self.places.insert(key.clone(), rule.place);
        self.lock.strangers.insert(key, rule.hosts.clone());
    }

    fn number_clash(&self, rule: &Standing, key: &RuleKey, out: &mut Diagnostics) {
        let message = format!("the number {} is that of {key} in the lock, and another rule stands on the listener", rule.number);
        self.clash(
            rule,
            key,
            message,
            "remove the line of the lock if it was never deployed; the next compile gives the rule another number",
            out,
        );
    }

    fn host_clash(&self, rule: &Standing, key: &RuleKey, locked: &LockedRule, out: &mut Diagnostics) {
        let message = format!("hosts of {key} stand here under the number {}, and the lock has {}", rule.number, locked.priority);
        self.clash(
            rule,
            key,
            message,
            "remove the line of the lock if it was never deployed, and adopt again; it then takes the number of the listener",
            out,
        );
    }

    fn clash(&self, rule: &Standing, key: &RuleKey, message: String, help: &str, out: &mut Diagnostics) {
        let mut diagnostic = Diagnostic::new(&LISTENER_AND_LOCK, rule.place, message);
        if let Some(line) = self.old.line(&key.to_string()) {
            diagnostic = diagnostic.also(line, "what the lock says");
        }
        out.report(diagnostic.help(help));
    }

    fn only_on_80(&self, rule: &Standing, owned: &Owned, out: &mut Diagnostics) {
        let app = &self.draft.apps[owned.app];
        let service = &app.manifest.services[owned.service].name.value;
        out.report(
            Diagnostic::new(
                &LISTENER_AND_LOCK,
                rule.place,
                format!(
                    "a rule of `{}/{service}` has the number {} on port 80, and the lock has none of that number",
                    app.name, rule.number
                ),
            )
            .note("a rule has one number on both ports")
            .help("adopt the listener on port 443 first; where the numbers differ there too, give the rules on port 80 those of port 443"),
        );
    }

    /// Give rules of ours their lines, and apps without a rack this one.
    fn take(&mut self, mut new: Vec<(Owned, &Standing)>) {
        new.sort_by_key(|(owned, _)| owned.first);
        let mut keys: BTreeMap<u32, RuleKey> = BTreeMap::new();
        // A number that we gave out ourselves tells which rule it was, so that a lock that was lost
        // comes back as it was; and one that returns is what it was.
        for (owned, rule) in &new {
            let gone = self.old.retired.get(&(self.rack.name.clone(), self.router, rule.number)).map(|gone| gone.key.ordinal);
            let by_hash = |ordinal: &u32| allocate::first_choice(&self.key(owned, *ordinal), &owned.hosts) == rule.number;
            let ordinal = gone.into_iter().chain((1..=MOST_ORDINALS).filter(by_hash)).find(|ordinal| {
                let key = self.key(owned, *ordinal);
                !self.old.rules.contains_key(&key) && !keys.values().any(|taken| *taken == key)
            });
            if let Some(ordinal) = ordinal {
                keys.insert(rule.number, self.key(owned, ordinal));
            }
        }
        for (owned, rule) in new {
            let key = keys.get(&rule.number).cloned().unwrap_or_else(|| {
                let is_free = |key: &RuleKey| !self.lock.rules.contains_key(key) && !keys.values().any(|taken| taken == key);
                let every = (1..=*NUMBERS.end() + 1).map(|ordinal| self.key(&owned, ordinal));
                every.into_iter().find(is_free).expect("there are more ordinals than numbers")
            });
            let app = LockedApp { rack: self.rack.name.clone(), ..LockedApp::default() };
            self.lock.apps.entry(key.app.clone()).or_insert(app);
            self.lock.retired.remove(&(key.rack.clone(), key.router, rule.number));
            // It stood before everything that is compiled from now on.
            self.lock.rules.insert(
                key,
                LockedRule { priority: rule.number, hosts: owned.hosts, since: 1, left: BTreeMap::new(), joined: BTreeMap::new() },
            );
        }
    }

    fn key(&self, owned: &Owned, ordinal: u32) -> RuleKey {
        let app = &self.draft.apps[owned.app];
        RuleKey {
            rack: self.rack.name.clone(),
            router: self.router,
            app: app.name.clone(),
            service: app.manifest.services[owned.service].name.value.clone(),
            class: owned.class,
            ordinal,
        }
    }

    /// Take the certificates of others; how many there are. One that is listed in rackform.yml is not
    /// theirs, nor one with exactly the names of a certificate of an app.
    fn certificates(&mut self, found: &Certificates) -> usize {
        let (rack, router) = (self.rack.name.clone(), self.router);
        let own: BTreeSet<BTreeSet<&String>> =
            self.old.certificates.iter().filter(|(key, _)| key.rack == rack).map(|(_, own)| own.names.iter().collect()).collect();
        let is_listed = |arn: &String| self.rack.certificates.iter().any(|listed| listed.arn == *arn);
        let is_own = |arn: &String| found.names.get(arn).is_some_and(|names| own.contains(&names.iter().collect::<BTreeSet<_>>()));
        let others: Vec<&String> = found.attached.iter().filter(|arn| !is_listed(arn) && !is_own(arn)).collect();
        self.lock.stranger_certificates.retain(|(on, of, _)| (on, *of) != (&rack, router));
        self.lock.stranger_certificates.extend(others.iter().map(|arn| (rack.clone(), router, (*arn).clone())));
        others.len()
    }

    /// Say which hosts of ours others take before us.
    fn shadows(&self, out: &mut Diagnostics) {
        let ours = self.lock.rules_on(&self.rack.name, self.router);
        let ours = ours.map(|(key, locked)| (key, locked.priority, locked.hosts.as_slice(), self.is_on_80(&key.app)));
        allocate::shadows(ours, &self.lock, |_, host| self.owners.place(host), |key| self.places.get(key).copied(), out);
    }
}
