//! One template with the values of its parameters: conditions, resources and exports.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// A template, read and with its conditions decided.
pub(super) struct Template {
    parameters: BTreeMap<String, String>,
    conditions: BTreeMap<String, bool>,
    resources: BTreeMap<String, Value>,
    outputs: Vec<Value>,
}

/// What references lead to while a template is resolved.
pub(super) struct Scope<'a> {
    /// Names in the account of the resources that are resolved so far, by logical ID.
    pub(super) names: BTreeMap<String, String>,
    /// What all stacks export now.
    pub(super) exports: &'a BTreeMap<String, String>,
    /// Every export that was asked for.
    pub(super) imports: BTreeSet<String>,
}

impl Template {
    /// Read a template. Parameters come from the file, then from what the stack has, then from defaults.
    pub(super) fn new(stack: &str, template: &Value, given: &BTreeMap<String, String>, previous: &BTreeMap<String, String>) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, parameter) in template["Parameters"].as_object().into_iter().flatten() {
            let default = || parameter.get("Default").map(text);
            let value = given.get(name).or_else(|| previous.get(name)).cloned().or_else(default);
            // Whoever deploys gives what nothing else does.
            parameters.insert(name.clone(), value.unwrap_or_else(|| format!("given:{stack}:{name}")));
        }
        let mut read = Self { parameters, conditions: BTreeMap::new(), resources: BTreeMap::new(), outputs: Vec::new() };
        let conditions = template["Conditions"].as_object().cloned().unwrap_or_default();
        for name in conditions.keys() {
            let holds = read.decide(&conditions, &conditions[name]);
            read.conditions.insert(name.clone(), holds);
        }
        let exists = |part: &Value| part.get("Condition").is_none_or(|condition| read.conditions[condition.as_str().unwrap()]);
        let resources = template["Resources"].as_object().into_iter().flatten();
        read.resources = resources.filter(|(_, r)| exists(r)).map(|(id, r)| (id.clone(), r.clone())).collect();
        read.outputs = template["Outputs"].as_object().into_iter().flatten().map(|(_, o)| o).filter(|o| exists(o)).cloned().collect();
        read
    }

    /// The values of all parameters.
    pub(super) fn parameters(&self) -> &BTreeMap<String, String> {
        &self.parameters
    }

    fn decide(&self, conditions: &Map<String, Value>, condition: &Value) -> bool {
        let (name, argument) = function(condition).unwrap_or_else(|| panic!("no condition: {condition}"));
        let all = || argument.as_array().unwrap().iter().map(|part| self.decide(conditions, part));
        match name {
            "Condition" => self.decide(conditions, &conditions[argument.as_str().unwrap()]),
            "Fn::Not" => !all().next().unwrap(),
            "Fn::And" => all().all(|holds| holds),
            "Fn::Or" => all().any(|holds| holds),
            "Fn::Equals" => {
                let side = |at: usize| match function(&argument[at]) {
                    Some(("Ref", parameter)) => self.parameters[parameter.as_str().unwrap()].clone(),
                    Some(_) => panic!("the simulator does not know {}", argument[at]),
                    None => text(&argument[at]),
                };
                side(0) == side(1)
            }
            _ => panic!("the simulator does not know the condition {name}"),
        }
    }

    /// Logical IDs with what each refers to, in an order in which they can be made.
    pub(super) fn order(&self) -> Vec<(String, BTreeSet<String>)> {
        let mut left: BTreeMap<&String, BTreeSet<String>> = self.resources.iter().map(|(id, r)| (id, self.needs(r))).collect();
        let mut order = Vec::new();
        let mut made = BTreeSet::new();
        while !left.is_empty() {
            let (id, needs) = left.iter().find(|(_, needs)| needs.is_subset(&made)).expect("references go in no circle");
            order.push(((*id).clone(), needs.clone()));
            made.insert((*id).clone());
            left.retain(|id, _| !made.contains(*id));
        }
        order
    }

    fn needs(&self, resource: &Value) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        match &resource["DependsOn"] {
            Value::Array(ids) => found.extend(ids.iter().map(text)),
            Value::String(id) => drop(found.insert(id.clone())),
            _ => {}
        }
        self.references(&resource["Properties"], &mut found);
        found.retain(|id| self.resources.contains_key(id));
        found
    }

    fn references(&self, value: &Value, found: &mut BTreeSet<String>) {
        match function(value) {
            Some(("Ref", id)) => drop(found.insert(text(id))),
            Some(("Fn::GetAtt", id)) => drop(found.insert(attribute(id).0)),
            Some(("Fn::If", parts)) => self.references(self.branch(parts), found),
            Some(("Fn::Sub", argument)) => {
                let (line, _) = substitution(argument);
                for name in placeholders(line) {
                    found.insert(name.split('.').next().unwrap().to_owned());
                }
                self.inside(argument, found);
            }
            _ => self.inside(value, found),
        }
    }

    fn inside(&self, value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Array(parts) => parts.iter().for_each(|part| self.references(part, found)),
            Value::Object(parts) => parts.values().for_each(|part| self.references(part, found)),
            _ => {}
        }
    }

    fn branch<'a>(&self, parts: &'a Value) -> &'a Value {
        if self.conditions[parts[0].as_str().unwrap()] { &parts[1] } else { &parts[2] }
    }

    /// Type and properties of a resource, with everything that it refers to in place.
    pub(super) fn resource(&self, id: &str, scope: &mut Scope<'_>) -> (String, Value) {
        let resource = &self.resources[id];
        let kind = text(&resource["Type"]);
        // A policy would leave what others hold behind; nothing in this account is modelled that way.
        let is_kept = ["DeletionPolicy", "UpdateReplacePolicy"].iter().any(|policy| resource.get(policy).is_some());
        assert!(!is_kept || !kind.contains("ElasticLoadBalancingV2"), "the simulator does not know policies of {id}");
        (kind, self.resolve(&resource["Properties"], scope).unwrap_or(Value::Null))
    }

    /// Names and values of exports.
    pub(super) fn exports(&self, scope: &mut Scope<'_>) -> BTreeMap<String, String> {
        let mut exports = BTreeMap::new();
        for output in self.outputs.iter().filter(|output| output.get("Export").is_some()) {
            let name = text(&self.resolve(&output["Export"]["Name"], scope).unwrap());
            exports.insert(name, text(&self.resolve(&output["Value"], scope).unwrap()));
        }
        exports
    }

    /// A value without functions; nothing for `AWS::NoValue`.
    fn resolve(&self, value: &Value, scope: &mut Scope<'_>) -> Option<Value> {
        let Some((name, argument)) = function(value) else {
            return Some(match value {
                Value::Array(parts) => Value::Array(parts.iter().filter_map(|part| self.resolve(part, scope)).collect()),
                Value::Object(parts) => {
                    let resolved = parts.iter().filter_map(|(key, part)| Some((key.clone(), self.resolve(part, scope)?)));
                    Value::Object(resolved.collect())
                }
                plain => plain.clone(),
            });
        };
        Some(match name {
            "Ref" if argument == "AWS::NoValue" => return None,
            "Ref" => Value::String(self.reference(&text(argument), scope)),
            "Fn::GetAtt" => {
                let (id, name) = attribute(argument);
                Value::String(self.reference(&format!("{id}.{name}"), scope))
            }
            "Fn::If" => return self.resolve(self.branch(argument), scope),
            "Fn::ImportValue" => {
                let name = text(&self.resolve(argument, scope)?);
                let value = scope.exports.get(&name).cloned().unwrap_or_else(|| format!("missing:{name}"));
                scope.imports.insert(name);
                Value::String(value)
            }
            "Fn::Join" => {
                let parts = self.resolve(&argument[1], scope)?;
                let parts: Vec<String> = parts.as_array().unwrap().iter().map(text).collect();
                Value::String(parts.join(argument[0].as_str().unwrap()))
            }
            "Fn::Select" => {
                let parts = self.resolve(&argument[1], scope)?;
                parts[text(&argument[0]).parse::<usize>().unwrap()].clone()
            }
            "Fn::Base64" => self.resolve(argument, scope)?,
            "Fn::GetAZs" => Value::Array((0..6).map(|zone| Value::String(format!("zone {zone}"))).collect()),
            "Fn::Sub" => {
                let (line, names) = substitution(argument);
                let mut line = line.to_owned();
                for name in placeholders(&line.clone()) {
                    let part = match names.and_then(|names| names.get(&name)) {
                        Some(own) => text(&self.resolve(own, scope)?),
                        None => self.reference(&name, scope),
                    };
                    line = line.replace(&format!("${{{name}}}"), &part);
                }
                Value::String(line.replace("${!", "${"))
            }
            _ => panic!("the simulator does not know {name}"),
        })
    }

    /// `Name` or `Name.Attribute`.
    fn reference(&self, name: &str, scope: &Scope<'_>) -> String {
        if let Some(value) = self.parameters.get(name) {
            return value.clone();
        }
        if name.starts_with("AWS::") {
            return name.to_owned();
        }
        let (id, attribute) = name.split_once('.').unwrap_or((name, ""));
        let resource = scope.names.get(id).unwrap_or_else(|| panic!("{name} leads nowhere"));
        match attribute {
            // These are what `Ref` gives, too.
            "" | "LoadBalancerArn" | "ListenerArn" | "TargetGroupArn" | "RuleArn" => resource.clone(),
            _ => format!("{resource}.{attribute}"),
        }
    }
}

/// The function that a value is a call of, and its argument.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    let is_call = name == "Ref" || name.starts_with("Fn::") || (name == "Condition" && argument.is_string());
    is_call.then_some((name.as_str(), argument))
}

fn attribute(argument: &Value) -> (String, String) {
    match argument {
        Value::String(both) => {
            let (id, name) = both.split_once('.').unwrap();
            (id.to_owned(), name.to_owned())
        }
        parts => (text(&parts[0]), text(&parts[1])),
    }
}

fn substitution(argument: &Value) -> (&str, Option<&Value>) {
    match argument {
        Value::String(line) => (line, None),
        parts => (parts[0].as_str().unwrap(), Some(&parts[1])),
    }
}

/// What stands in `${…}`, but for `${!…}`.
fn placeholders(line: &str) -> BTreeSet<String> {
    let parts = line.split("${").skip(1).filter_map(|part| part.split_once('}'));
    parts.map(|(name, _)| name.to_owned()).filter(|name| !name.starts_with('!')).collect()
}

/// A scalar as CloudFormation compares it: numbers and texts are alike.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
