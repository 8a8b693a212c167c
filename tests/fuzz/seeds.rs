//! Where fuzzing begins: what tests and examples hold already, and what was found before.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::mutations::Random;
use crate::targets::{COMPILED, PLAN, Project, REVIEWED, TARGETS};

/// Folders of projects, from the root of the repository; files of projects lie anywhere below.
const PROJECTS: [&str; 6] = ["examples", "tests/broken", "tests/cases", "tests/doctor", "tests/fix", "tests/plan"];
/// Inputs that a target did not withstand once, in a folder of its name.
const REGRESSIONS: &str = "tests/fuzz/regressions";
/// Fleets that are drawn.
const DRAWN: usize = 64;

/// A file of the repository.
fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every file below a folder with its path, sorted; none where there is no such folder.
fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            let bytes = fs::read(&path).unwrap();
            files.push((path, bytes));
        }
    }
    files
}

/// What a target did not withstand once.
pub(crate) fn regressions(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    files_below(&here(REGRESSIONS).join(target))
}

/// The inputs that a target begins with, none longer than it takes; each once.
pub(crate) fn seeds(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = match target {
        "manifest" => [named("convox.yml"), cases()].concat(),
        "fleet" => named("rackform.yml"),
        "lock" => named("rackform.lock"),
        "project" => projects(),
        "drawn" => drawn(),
        "adopt" => listings(),
        "change_set" => change_sets(),
        "output" => COMPILED.0.iter().map(|(path, text)| archive(&[(path, text)])).collect(),
        "address" => addresses(),
        _ => panic!("no seeds for {target}"),
    };
    seeds.extend(regressions(target).into_iter().map(|(_, bytes)| bytes));
    let most = TARGETS.iter().find(|known| known.name == target).unwrap().most;
    seeds.retain(|seed| seed.len() <= most);
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Files of this name in all projects.
fn named(name: &str) -> Vec<Vec<u8>> {
    let files = PROJECTS.iter().flat_map(|folder| files_below(&here(folder)));
    files.filter(|(path, _)| path.ends_with(name)).map(|(_, bytes)| bytes).collect()
}

/// The spellings of `tests/schema/cases.yaml`.
fn cases() -> Vec<Vec<u8>> {
    let cases: Vec<serde_yaml::Value> = serde_yaml::from_str(include_str!("../schema/cases.yaml")).unwrap();
    cases.iter().map(|case| case["yaml"].as_str().unwrap().as_bytes().to_vec()).collect()
}

fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    Project(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()).archive().into_bytes()
}

/// Every folder that has a rackform.yml or a lock, or is the only one of its case with a manifest, as an archive.
fn projects() -> Vec<Vec<u8>> {
    let mut archives = Vec::new();
    for folder in PROJECTS.iter().flat_map(|folder| fs::read_dir(here(folder)).unwrap()).map(|entry| entry.unwrap().path()) {
        for folder in [folder.clone(), folder.join("before"), folder.join("after")] {
            let files = files_below(&folder).into_iter().filter_map(|(path, bytes)| {
                let inner = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                let is_other =
                    inner.contains("expected") || inner.ends_with("args") || inner.contains("before/") || inner.contains("after/");
                Some((inner, String::from_utf8(bytes).ok()?)).filter(|_| !is_other)
            });
            let project = Project(files.collect());
            if !project.0.is_empty() {
                archives.push(project.archive().into_bytes());
            }
        }
    }
    archives
}

fn drawn() -> Vec<Vec<u8>> {
    let mut random = Random(1);
    (0..DRAWN).map(|at| (0..8 + 4 * at).map(|_| u8::try_from(random.below(256)).unwrap()).collect()).collect()
}

/// A rule as `describe-rules` prints it.
fn rule(number: &str, conditions: &Value, actions: &Value) -> Value {
    let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/main-router/50dc6c495c0c9188/0467ef3c8400ae65";
    json!({"RuleArn": format!("{arn}/{number}"), "Priority": number, "Conditions": conditions, "Actions": actions, "IsDefault": number == "default"})
}

/// What the AWS CLI prints of listeners: of ours, of others, of both, and what is on their certificates.
fn listings() -> Vec<Vec<u8>> {
    let host = |hosts: &[&str]| json!([{"Field": "host-header", "Values": hosts, "HostHeaderConfig": {"Values": hosts}}]);
    let forward = json!([{"Type": "forward", "TargetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/b"}]);
    let default = rule("default", &json!([]), &json!([{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]));
    let rules = |rules: &[Value]| json!({ "Rules": Value::from([rules, std::slice::from_ref(&default)].concat()) }).to_string();
    let path = json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}, {"Field": "host-header", "Values": ["a.example.org"]}]);
    let weighted =
        json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "a", "Weight": 1}, {"TargetGroupArn": "b"}]}}]);
    let arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555";
    let certificates =
        json!({"Certificates": [{"CertificateArn": arn, "IsDefault": true}, {"CertificateArn": arn, "IsDefault": false}]}).to_string();
    let names = json!({"CertificateSummaryList": [{"CertificateArn": arn, "DomainName": "www.example.org", "SubjectAlternativeNameSummaries": ["example.com"]}]})
        .to_string();
    let ours =
        rules(&[rule("100", &host(&["www.example.org", "example.com"]), &forward), rule("40000", &host(&["*.example.org"]), &forward)]);
    let others = rules(&[rule("1", &path, &forward), rule("7", &host(&["*", "old.example.org"]), &weighted)]);
    let both = rules(&[
        rule("3", &host(&["blog.example.org", "w?.example.net"]), &forward),
        rule("4", &host(&["shop-web.r.example.org"]), &forward),
    ]);
    vec![
        archive(&[("rules.json", &rules(&[]))]),
        archive(&[("rules.json", &ours), ("certificates.json", &certificates), ("names.json", &names)]),
        archive(&[("rules.json", &others)]),
        archive(&[("rules.json", &both), ("certificates.json", &certificates)]),
        archive(&[("rules.json", "Rules:\n- RuleArn: a/b/c\n  Priority: '5'\n  Conditions: []\n  Actions: []\n  IsDefault: false\n")]),
    ]
}

/// The change sets that do what the plan says of each stack, all of them in one file, and a small plan.
fn change_sets() -> Vec<Vec<u8>> {
    let plan: Value = serde_json::from_str(&REVIEWED).unwrap();
    let sets: Vec<Value> = plan["stacks"].as_array().unwrap().iter().map(change_set).collect();
    let mut seeds: Vec<Vec<u8>> = sets.iter().map(|set| archive(&[("set.json", &format!("{set:#}"))])).collect();
    seeds.push(archive(&[("sets.json", &Value::from(sets.clone()).to_string())]));
    let resource = json!({"id": "A", "type": "AWS::SNS::Topic", "change": "replace", "replacement": "maybe", "properties": [{"name": "P"}], "is_unsure": false});
    let stack =
        json!({"stack": "main", "phase": 1, "change": "update", "parameters": [{"name": "P", "after": "1"}], "resources": [resource]});
    let small = json!({"version": plan["version"], "stacks": [stack]}).to_string();
    seeds.push(archive(&[(PLAN, &small), ("set.json", &change_set(&stack_of(&small)).to_string())]));
    seeds
}

fn stack_of(plan: &str) -> Value {
    serde_json::from_str::<Value>(plan).unwrap()["stacks"][0].clone()
}

/// What CloudFormation says when it does what a plan says of a stack.
fn change_set(stack: &Value) -> Value {
    let change = |resource: &Value| {
        let action = match resource["change"].as_str().unwrap() {
            "add" => "Add",
            "remove" => "Remove",
            _ => "Modify",
        };
        let replacement = match resource["replacement"].as_str().unwrap() {
            "never" => "False",
            "maybe" => "Conditional",
            _ => "True",
        };
        let details = resource["properties"].as_array().unwrap().iter().map(|property| {
            json!({"Target": {"Attribute": "Properties", "Name": property["name"], "RequiresRecreation": "Never"}, "Evaluation": "Static"})
        });
        let details: Vec<Value> = details.collect();
        json!({"Type": "Resource", "ResourceChange": {"Action": action, "LogicalResourceId": resource["id"],
            "ResourceType": resource["type"], "Replacement": replacement, "Details": details}})
    };
    let changes: Vec<Value> = stack["resources"].as_array().unwrap().iter().map(change).collect();
    let parameters = stack["parameters"].as_array().unwrap().iter();
    let parameters: Vec<Value> = parameters.map(|p| json!({"ParameterKey": p["name"], "ParameterValue": p["after"]})).collect();
    json!({"StackName": stack["stack"], "Status": "CREATE_COMPLETE", "Parameters": parameters, "Changes": changes})
}

fn addresses() -> Vec<Vec<u8>> {
    let seeds = [
        "https://www.example.org/path?query#fragment\nwww.example.org\n*.example.org\n",
        "http://user:secret@example.com:8080\n*.example.com\na*.example.com\n*b.example.com\n",
        "EXAMPLE.com.\n?.example.org\n??.example.org\n*-?.example.org\n",
        "[2001:db8::1]:443/\n*a*b*.c*d.org\n*b*a*.d*c.org\n",
        "http://192.0.2.7:80\nx.org\n",
        "x.eu.example.org:443\n*.*.example.org\n*.eu.*.org\nw?.eu.example.org\n",
    ];
    seeds.map(|seed| seed.as_bytes().to_vec()).to_vec()
}
