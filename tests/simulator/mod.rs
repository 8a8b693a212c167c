//! What AWS does with the files of a build folder: an account that CloudFormation deploys into, and
//! load balancers that are watched at every moment on the way.
//!
//! This is the judge of the compiler's own proof that every moment is deployable, so it shares
//! nothing with it: it reads `stacks.json`, templates and parameters as the AWS CLI would, and tries
//! moments out instead of reasoning about them. Within a stack's update, creations and updates come
//! in any order that references and `DependsOn` allow; what is gone or replaced is deleted after all
//! of them. It goes on after what AWS would refuse, as if that had worked.
#![allow(dead_code)] // each test binary uses its part

mod kinds;
mod moments;
pub(crate) mod requests;
mod template;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde_json::Value;

use kinds::{forwards, hosts, is_routing, replaces};
use moments::{Change, Effort, Look};
use template::{Scope, Template, text};
use world::{Surroundings, World};

/// The most that one load balancer may hold.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Rules over all listeners, default actions not counted.
    pub(crate) rules: usize,
    /// Target groups that its rules forward to.
    pub(crate) target_groups: usize,
    /// Certificates beside default ones.
    pub(crate) certificates: usize,
}

/// AWS's quotas.
impl Default for Limits {
    fn default() -> Self {
        Self { rules: 100, target_groups: 100, certificates: 25 }
    }
}

/// A resource that exists.
#[derive(Debug, Clone)]
struct Thing {
    stack: String,
    id: String,
    kind: String,
    properties: Rc<Value>,
}

#[derive(Debug, Clone, Default)]
struct Stack {
    /// The name in the account of each logical ID, and the logical IDs that it refers to.
    resources: BTreeMap<String, (String, BTreeSet<String>)>,
    exports: BTreeMap<String, String>,
    imports: BTreeSet<String>,
    parameters: BTreeMap<String, String>,
}

/// An account with stacks in it. Clones are accounts of their own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account {
    /// Names on certificates that stacks refer to by ARN. A certificate whose names nobody knows
    /// covers nothing, and its loss is not seen.
    pub(crate) certificate_names: BTreeMap<String, BTreeSet<String>>,
    stacks: BTreeMap<String, Stack>,
    /// All resources by their names in the account, which stand for ARNs.
    things: BTreeMap<String, Thing>,
    births: BTreeMap<String, usize>,
    /// The template of each stack, as it was deployed last.
    texts: BTreeMap<String, String>,
    /// Templates by path, as they were read last.
    read: BTreeMap<String, (String, Rc<Value>)>,
}

/// Which host is answered by which stack and which of its target groups.
pub(crate) type Answers = BTreeMap<String, (String, String)>;

/// The change in phases that a template says it is a step of, and its phase.
fn step(text: &str) -> Option<(&str, u32)> {
    let line = text.lines().find_map(|line| line.strip_prefix("  Rackform: {Change: \""))?;
    let (change, phase) = line.split_once("\", Phase: ")?;
    Some((change, phase.strip_suffix('}')?.parse().unwrap()))
}

/// A change of one resource.
struct Edit {
    label: String,
    name: String,
    old: Option<Thing>,
    new: Option<Thing>,
    after: BTreeSet<usize>,
}

/// One update of one stack: what it starts from, what it makes and changes, and what it deletes last.
struct Update {
    stack: String,
    start: BTreeMap<String, Thing>,
    puts: Vec<Edit>,
    deletes: Vec<Edit>,
    problems: Vec<String>,
}

impl Account {
    /// Run the deployment of a build folder, given as paths and texts. Returns what goes wrong at
    /// any moment, as sentences.
    pub(crate) fn deploy(&mut self, files: &BTreeMap<String, String>, limits: &Limits) -> Vec<String> {
        let start = self.things.clone();
        let updates = self.updates(files);
        self.watch(&start, updates, limits)
    }

    /// The same without a look at the moments in between.
    pub(crate) fn settle(&mut self, files: &BTreeMap<String, String>) {
        self.updates(files);
    }

    fn updates(&mut self, files: &BTreeMap<String, String>) -> Vec<Update> {
        let index: Value = serde_json::from_str(&files["stacks.json"]).unwrap();
        let mut updates = Vec::new();
        for entry in index["stacks"].as_array().unwrap() {
            let given: Vec<String> = serde_json::from_str(&files[entry["parameters"].as_str().unwrap()]).unwrap();
            let given = given.iter().map(|line| line.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect();
            let (name, path) = (entry["stack"].as_str().unwrap(), entry["template"].as_str().unwrap());
            let template = self.template(path, &files[path]);
            // The script leaves out what a stack has behind it.
            if let (Some((now, stands)), Some((change, phase))) = (self.texts.get(name).and_then(|text| step(text)), step(&files[path]))
                && now == change
                && stands > phase
            {
                continue;
            }
            self.texts.insert(name.to_owned(), files[path].clone());
            updates.push(self.update(name, &template, &given));
        }
        updates
    }

    /// Delete a stack; what goes wrong.
    pub(crate) fn delete_stack(&mut self, name: &str) -> Vec<String> {
        let start = self.things.clone();
        if !self.stacks.contains_key(name) {
            return Vec::new();
        }
        let update = self.update(name, &Value::Null, &BTreeMap::new());
        self.stacks.remove(name);
        self.texts.remove(name);
        self.watch(&start, vec![update], &Limits::default())
    }

    /// How often a stack has made a resource, anew counted too.
    pub(crate) fn made(&self, stack: &str, id: &str) -> usize {
        self.births.get(&format!("{stack}/{id}")).copied().unwrap_or_default()
    }

    /// Stacks that are deployed.
    pub(crate) fn stacks(&self) -> impl Iterator<Item = &str> {
        self.stacks.keys().map(String::as_str)
    }

    /// Who answers at rest: by load balancer (`[stack/LogicalId]`) and port, for every host as it is
    /// spelled in a rule, the stack and the logical ID of the target group.
    pub(crate) fn answers(&self) -> BTreeMap<(String, String), Answers> {
        let mut surroundings = Surroundings::default();
        surroundings.note(&self.things);
        let mut rules: Vec<&Thing> = self.things.values().filter(|thing| thing.kind.ends_with("::ListenerRule")).collect();
        rules.sort_by_key(|rule| text(&rule.properties["Priority"]).parse::<u32>().unwrap());
        let mut answers: BTreeMap<(String, String), Answers> = BTreeMap::new();
        for rule in rules {
            let Some(group) = forwards(&rule.properties["Actions"]).into_iter().next() else { continue };
            let answer = self.things.get(&group).map_or_else(|| (String::new(), group), |group| (group.stack.clone(), group.id.clone()));
            let listener = answers.entry(surroundings.place(rule)).or_default();
            for host in hosts(&rule.properties) {
                listener.entry(host).or_insert_with(|| answer.clone());
            }
        }
        answers
    }

    fn template(&mut self, path: &str, text: &str) -> Rc<Value> {
        match self.read.get(path) {
            Some((last, template)) if last == text => Rc::clone(template),
            _ => {
                let template = Rc::new(serde_yaml::from_str(text).unwrap());
                self.read.insert(path.to_owned(), (text.to_owned(), Rc::clone(&template)));
                template
            }
        }
    }

    /// A name that no resource had before.
    fn born(&mut self, stack: &str, id: &str) -> String {
        let births = self.births.entry(format!("{stack}/{id}")).or_default();
        *births += 1;
        if *births == 1 { format!("[{stack}/{id}]") } else { format!("[{stack}/{id} no. {births}]") }
    }

    /// Bring a stack to its new template, and say what had to be done for it.
    fn update(&mut self, stack: &str, template: &Value, given: &BTreeMap<String, String>) -> Update {
        let start = self.things.clone();
        let before = self.stacks.get(stack).cloned().unwrap_or_default();
        let mut problems = Vec::new();
        let exports: BTreeMap<String, String> = self.stacks.values().flat_map(|stack| stack.exports.clone()).collect();
        let template = Template::new(stack, template, given, &before.parameters);
        let mut scope = Scope { names: BTreeMap::new(), exports: &exports, imports: BTreeSet::new() };
        let mut resources = BTreeMap::new();
        let mut puts: Vec<Edit> = Vec::new();
        let mut gone: Vec<&String> = before.resources.keys().collect();
        // For each logical ID, the changes that its own change would wait for, and its own.
        let mut behind: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let order = template.order();
        gone.retain(|id| !order.iter().any(|(kept, _)| kept == *id));
        let mut replaced: Vec<&String> = Vec::new();
        for (id, needs) in &order {
            let (kind, properties) = template.resource(id, &mut scope);
            let thing = Thing { stack: stack.to_owned(), id: id.clone(), kind, properties: Rc::new(properties) };
            let mut after: BTreeSet<usize> = needs.iter().flat_map(|need| behind[need].iter().copied()).collect();
            let old = before.resources.get_key_value(id).map(|(id, (name, _))| (id, name, &start[name]));
            let (name, what, old) = match old {
                None => (self.born(stack, id), "made", None),
                Some((id, _, old)) if old.kind != thing.kind || replaces(&thing.kind, &old.properties, &thing.properties) => {
                    if old.kind != thing.kind {
                        problems.push(format!("{id} can't become another type, {} after {}", thing.kind, old.kind));
                    }
                    replaced.push(id);
                    (self.born(stack, id), "made anew", None)
                }
                Some((_, name, old)) => (name.clone(), if old.properties == thing.properties { "" } else { "updated" }, Some(old.clone())),
            };
            if let Some(old) =
                old.as_ref().filter(|old| old.kind.ends_with("::Listener") && old.properties["Port"] != thing.properties["Port"])
            {
                problems.push(format!("{name} leaves its port {}, and its rules go along", old.properties["Port"]));
            }
            if !what.is_empty() {
                let label = format!("{name} is {what}");
                puts.push(Edit { label, name: name.clone(), old, new: Some(thing.clone()), after: after.clone() });
                after.insert(puts.len() - 1);
            }
            behind.insert(id.clone(), after);
            scope.names.insert(id.clone(), name.clone());
            resources.insert(id.clone(), (name.clone(), needs.clone()));
            self.things.insert(name, thing);
        }
        let now_exported = template.exports(&mut scope);
        let imports = scope.imports;
        let missing = imports.iter().filter(|name| !exports.contains_key(*name));
        problems.extend(missing.map(|name| format!("it imports {name}, which nobody exports")));
        self.check_exports(stack, &before.exports, &now_exported, &mut problems);
        gone.extend(replaced);
        let deletes = deletes(&before, &start, &gone);
        for delete in &deletes {
            self.things.remove(&delete.name);
        }
        let parameters = template.parameters().clone();
        self.stacks.insert(stack.to_owned(), Stack { resources, exports: now_exported, imports, parameters });
        Update { stack: stack.to_owned(), start, puts, deletes, problems }
    }

    fn check_exports(&self, stack: &str, old: &BTreeMap<String, String>, new: &BTreeMap<String, String>, problems: &mut Vec<String>) {
        let others = || self.stacks.iter().filter(|(name, _)| *name != stack);
        for (name, value) in old {
            let what = match new.get(name) {
                None => "removed",
                Some(now) if now != value => "changed",
                Some(_) => continue,
            };
            let users: Vec<&str> = others().filter(|(_, other)| other.imports.contains(name)).map(|(user, _)| user.as_str()).collect();
            if !users.is_empty() {
                problems.push(format!("the export {name} is {what} while imported by {}", users.join(" and ")));
            }
        }
        for (other, _) in
            new.keys().flat_map(|name| others().filter(move |(_, other)| other.exports.contains_key(name)).map(move |o| (o.0, name)))
        {
            problems.push(format!("{other} exports the same name"));
        }
    }

    /// Look at every moment of updates that follow one another.
    fn watch(&self, start: &BTreeMap<String, Thing>, updates: Vec<Update>, limits: &Limits) -> Vec<String> {
        let mut surroundings = Surroundings::new(self.certificate_names.clone());
        surroundings.note(start);
        for update in &updates {
            let made = update.puts.iter().filter_map(|edit| Some((edit.name.clone(), edit.new.clone()?)));
            surroundings.note(&made.collect());
        }
        surroundings.keep(start, &self.things);
        let mut found = Vec::new();
        for update in updates {
            let Update { stack, start, puts, deletes, problems } = update;
            found.extend(problems.into_iter().map(|problem| format!("{stack}: {problem}")));
            if puts.is_empty() && deletes.is_empty() {
                continue;
            }
            let mut world = World::new(&surroundings, limits);
            for (name, thing) in &start {
                let facts = world.facts(name, thing);
                world.add(&facts);
            }
            let passes: Vec<(Vec<Change>, Effort)> = [&puts, &deletes]
                .into_iter()
                .flat_map(|edits| {
                    [(changes(&mut world, edits, true), Effort::Everything), (changes(&mut world, edits, false), Effort::Pairs)]
                })
                .collect();
            let mut look = Look::new(&mut world);
            for (changes, effort) in &passes {
                look.pass(changes, *effort);
            }
            found.extend(look.found.into_iter().map(|what| format!("{stack}: {what}")));
        }
        found
    }
}

/// The deletion of what is gone or replaced: what refers to another thing goes before it.
fn deletes(before: &Stack, start: &BTreeMap<String, Thing>, gone: &[&String]) -> Vec<Edit> {
    let mut edits: Vec<Edit> = Vec::new();
    let mut left: BTreeSet<&String> = gone.iter().copied().collect();
    let mut places: BTreeMap<&String, usize> = BTreeMap::new();
    while !left.is_empty() {
        let is_free = |id: &&String| !left.iter().any(|other| before.resources[*other].1.contains(*id));
        let id = left.iter().copied().find(is_free).expect("references go in no circle");
        left.remove(id);
        let users = places.iter().filter(|(user, _)| before.resources[**user].1.contains(id));
        let after = users.flat_map(|(_, at)| edits[*at].after.iter().copied().chain([*at])).collect();
        let name = &before.resources[id].0;
        let edit = Edit { label: format!("{name} is deleted"), name: name.clone(), old: start.get(name).cloned(), new: None, after };
        places.insert(id, edits.len());
        edits.push(edit);
    }
    edits
}

/// Edits of routing, or of all else, as changes of counts. The two do not meet in any count, so
/// each can be looked at by itself.
fn changes(world: &mut World<'_>, edits: &[Edit], routing: bool) -> Vec<Change> {
    let is_wanted = |edit: &Edit| edit.new.as_ref().or(edit.old.as_ref()).is_some_and(|thing| is_routing(&thing.kind) == routing);
    let kept: Vec<usize> = (0..edits.len()).filter(|at| is_wanted(&edits[*at])).collect();
    let mut all = Vec::new();
    for at in &kept {
        let edit = &edits[*at];
        let mut facts = |thing: &Option<Thing>| thing.as_ref().map(|thing| world.facts(&edit.name, thing)).unwrap_or_default();
        let (old, new) = (facts(&edit.old), facts(&edit.new));
        let after = edit.after.iter().filter_map(|before| kept.iter().position(|other| other == before)).collect();
        all.push(Change { label: edit.label.clone(), old, new, after });
    }
    all
}
