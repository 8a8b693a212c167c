//! Change sets held against plans.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::path::Path;

use common::{Folder, copy};
use serde_json::{Value, json};

/// A project with a change, the plan of which lies in `plan.json`.
fn planned(case: &str) -> (Folder, Value) {
    let folder = Folder::new(&format!("verify-{case}"));
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan").join(case);
    copy(&from.join("before"), &folder.0);
    assert_eq!(folder.run(&["compile", "-q"]).0, 0);
    copy(&folder.0.join("build"), &folder.0.join("deployed"));
    copy(&from.join("after"), &folder.0);
    let (code, text, said) = folder.run(&["plan", "-q", "--against", "deployed", "--format", "json"]);
    assert_eq!(code, 0, "{said}");
    folder.write("plan.json", &text);
    (folder, serde_json::from_str(&text).unwrap())
}

/// The change set that CloudFormation makes when it does what the plan says of a stack.
fn change_set(stack: &Value) -> Value {
    let changes: Vec<Value> = stack["resources"].as_array().unwrap().iter().map(change).collect();
    let parameters: Vec<Value> =
        stack["parameters"].as_array().unwrap().iter().map(|p| json!({"ParameterKey": p["name"], "ParameterValue": p["after"]})).collect();
    json!({"StackName": stack["stack"], "ChangeSetName": "release", "Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE",
           "Parameters": parameters, "Changes": changes})
}

fn change(resource: &Value) -> Value {
    let action = match resource["change"].as_str().unwrap() {
        "add" => "Add",
        "remove" => "Remove",
        _ => "Modify",
    };
    let mut change = json!({"Action": action, "LogicalResourceId": resource["id"], "ResourceType": resource["type"], "Details": []});
    if action == "Modify" {
        let word = |recreates: &Value, words: [&'static str; 3]| match recreates.as_str().unwrap() {
            "never" => words[0],
            "maybe" => words[1],
            _ => words[2],
        };
        change["Replacement"] = json!(word(&resource["replacement"], ["False", "Conditional", "True"]));
        let details = resource["properties"].as_array().unwrap().iter().map(|property| {
            json!({"Target": {"Attribute": "Properties", "Name": property["name"],
                              "RequiresRecreation": word(&property["recreates"], ["Never", "Conditionally", "Always"])},
                   "Evaluation": "Static", "ChangeSource": "DirectModification"})
        });
        change["Details"] = details.collect();
    }
    json!({"Type": "Resource", "ResourceChange": change})
}

/// Exit code and messages of a run on these change sets.
fn verify(folder: &Folder, sets: &[Value]) -> (i32, String) {
    let names: Vec<String> = (0..sets.len()).map(|at| format!("set-{at}.json")).collect();
    for (name, set) in names.iter().zip(sets) {
        folder.write(name, &serde_json::to_string_pretty(set).unwrap());
    }
    let mut arguments = vec!["verify", "--plan", "plan.json", "--message-format", "short"];
    arguments.extend(names.iter().map(String::as_str));
    let (code, _, said) = folder.run(&arguments);
    (code, said)
}

fn sets(plan: &Value) -> Vec<Value> {
    plan["stacks"].as_array().unwrap().iter().filter(|stack| stack["change"] != "leave").map(change_set).collect()
}

/// The change of a resource in one of the sets.
fn of<'a>(sets: &'a mut [Value], id: &str) -> &'a mut Value {
    let all = sets.iter_mut().flat_map(|set| set["Changes"].as_array_mut().unwrap());
    all.map(|change| &mut change["ResourceChange"]).find(|change| change["LogicalResourceId"] == id).unwrap()
}

#[test]
fn what_was_reviewed_passes_and_anything_else_does_not() {
    for case in ["scheme", "new-app", "internal", "certificate-names", "instances", "hosted-zone", "hosts-in-a-circle", "image"] {
        let (folder, plan) = planned(case);
        let right = sets(&plan);
        let (code, said) = verify(&folder, &right);
        assert_eq!(code, 0, "{case}: {said}");
        assert!(said.contains("and nothing more"), "{case}: {said}");

        // Anything that is left out, added or done in another way is a difference, each by itself.
        for (at, set) in right.iter().enumerate() {
            for number in 0..set["Changes"].as_array().unwrap().len() {
                let broken = |change: &dyn Fn(&mut Vec<Value>)| {
                    let mut wrong = right.clone();
                    change(wrong[at]["Changes"].as_array_mut().unwrap());
                    verify(&folder, &wrong)
                };
                let is_certain = case != "image";
                let (code, said) = broken(&|all| _ = all.remove(number));
                assert!(code == 1 && said.contains("RF0903") || !is_certain, "{case} {at} {number}: {said}");
                let (code, said) = broken(&|all| all[number]["ResourceChange"]["LogicalResourceId"] = json!("Stranger"));
                assert!(code == 1 && said.contains("RF0902") && said.contains("`Stranger`"), "{case} {at} {number}: {said}");
                let (code, said) = broken(&|all| all[number]["ResourceChange"]["ResourceType"] = json!("AWS::SNS::Topic"));
                assert!(code == 1 && said.contains("RF0902") || set["Changes"][number]["ResourceChange"]["Action"] == "Remove", "{said}");
                let action = set["Changes"][number]["ResourceChange"]["Action"].as_str().unwrap();
                for other in ["Add", "Modify", "Remove", "Import", "Dynamic"].into_iter().filter(|other| *other != action) {
                    let (code, said) = broken(&|all| all[number]["ResourceChange"]["Action"] = json!(other));
                    assert!(code == 1 && said.contains("RF0902"), "{case} {at} {number} {other}: {said}");
                }
            }
        }
    }
}

#[test]
fn a_replacement_that_nobody_reviewed_is_told() {
    let (folder, plan) = planned("app-params");
    let mut wrong = sets(&plan);
    let change = of(&mut wrong, "WebTargetGroup");
    assert_eq!(change["Replacement"], "False");
    change["Replacement"] = json!("True");
    change["Details"][0]["Target"] = json!({"Attribute": "Properties", "Name": "Port", "RequiresRecreation": "Always"});
    let (code, said) = verify(&folder, &wrong);
    assert_eq!(code, 1);
    assert!(said.contains("`WebTargetGroup` would be replaced in `main-blog`, which nobody reviewed"), "{said}");
    // So is another property that changes in place.
    let mut wrong = sets(&plan);
    of(&mut wrong, "WebTargetGroup")["Details"][0]["Target"]["Name"] = json!("HealthCheckPath");
    let (code, said) = verify(&folder, &wrong);
    assert!(code == 1 && said.contains("RF0902"), "{said}");
}

#[test]
fn what_cloudformation_can_not_rule_out_is_no_difference() {
    let (folder, plan) = planned("environment");
    let mut listed = sets(&plan);
    // A policy of the execution role changes, so everything that asks for its ARN is listed.
    let might = json!({"Target": {"Attribute": "Properties", "Name": "ExecutionRoleArn", "RequiresRecreation": "Always"},
                       "Evaluation": "Dynamic", "ChangeSource": "ResourceAttribute", "CausingEntity": "ExecutionRole.Arn"});
    let idle = json!({"Type": "Resource", "ResourceChange": {"Action": "Modify", "LogicalResourceId": "OtherTaskDefinition",
                      "ResourceType": "AWS::ECS::TaskDefinition", "Replacement": "Conditional", "Details": [might]}});
    let set = listed.iter_mut().find(|set| set["Changes"].to_string().contains("ExecutionRole")).unwrap();
    set["Changes"].as_array_mut().unwrap().push(idle);
    let (code, said) = verify(&folder, &listed);
    assert_eq!(code, 0, "{said}");
    // Unless the role is made anew.
    let role = of(&mut listed, "ExecutionRole");
    role["Replacement"] = json!("True");
    role["Details"] = json!([]);
    let (code, said) = verify(&folder, &listed);
    assert!(code == 1 && said.contains("`OtherTaskDefinition` would be perhaps replaced"), "{said}");
}

#[test]
fn change_sets_must_be_whole_and_ready() {
    let (folder, plan) = planned("scheme");
    let right = sets(&plan);
    let refused = |key: &str, value: Value, needle: &str| {
        let mut wrong = right.clone();
        wrong[0][key] = value;
        let (code, said) = verify(&folder, &wrong);
        assert!(code == 1 && said.contains("RF0901") && said.contains(needle), "{key}: {said}");
    };
    refused("NextToken", json!("more"), "not whole");
    refused("Status", json!("CREATE_IN_PROGRESS"), "not ready");
    refused("Status", json!("FAILED"), "could not make");
    refused("ExecutionStatus", json!("OBSOLETE"), "can't be executed");
    refused("Changes", json!([{"Type": "Nested"}]), "of the type `Nested`");
    refused("Changes", json!([{"Type": "Resource", "ResourceChange": {}}]), "LogicalResourceId");
    for text in ["{}", "[]x", "", "Stacks: 1", "[1]"] {
        folder.write("set-0.json", text);
        let (code, _, said) = folder.run(&["verify", "--plan", "plan.json", "set-0.json"]);
        assert!(code == 1, "{text}: {said}");
    }
    // What changes nothing says that it failed.
    let mut empty = right.clone();
    empty[0]["Status"] = json!("FAILED");
    empty[0]["StatusReason"] =
        json!("The submitted information didn't contain changes. Submit different information to create a change set.");
    empty[0]["ExecutionStatus"] = json!("UNAVAILABLE");
    empty[0]["Changes"] = json!([]);
    let (code, said) = verify(&folder, &empty);
    assert!(code == 1 && said.contains("RF0903") && !said.contains("RF0901"), "{said}");
    // A list of change sets in one file is read too; a stack that the plan leaves alone may change nothing.
    empty[0]["StackName"] = json!("main-blog");
    let both = json!([right[0], empty[0]]);
    let (code, said) = verify(&folder, &[both]);
    assert_eq!(code, 0, "{said}");
    for plan in ["{}", "{\"version\": 2, \"stacks\": []}", "x"] {
        folder.write("plan.json", plan);
        let (code, said) = verify(&folder, &right);
        assert!(code == 1 && said.contains("RF0901"), "{said}");
    }
}

#[test]
fn parameters_get_the_values_of_the_plan() {
    let (folder, plan) = planned("hosted-zone");
    let right = sets(&plan);
    let at = right.iter().position(|set| !set["Parameters"].as_array().unwrap().is_empty()).unwrap();
    for value in [json!({"ParameterValue": "Z0OTHER"}), json!({"UsePreviousValue": true})] {
        let mut wrong = right.clone();
        let name = wrong[at]["Parameters"][0]["ParameterKey"].clone();
        let mut parameter = value;
        parameter["ParameterKey"] = name;
        wrong[at]["Parameters"][0] = parameter;
        let (code, said) = verify(&folder, &wrong);
        assert!(code == 1 && said.contains("RF0902") && said.contains("in the plan"), "{said}");
    }
}

#[test]
fn without_a_plan_one_is_made_and_stacks_without_change_sets_are_named() {
    let (folder, plan) = planned("domain-changes-hands");
    let right = sets(&plan);
    folder.write("one.json", &right[0].to_string());
    let (code, _, said) = folder.run(&["verify", "one.json", "--against", "deployed", "--message-format", "short"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("RF0904") && said.contains("`main-blog`"), "{said}");
    folder.write("one.json", &right[0].to_string().replace("main-shop", "main-docs"));
    let (code, _, said) = folder.run(&["verify", "one.json", "--against", "deployed", "--message-format", "short"]);
    assert!(code == 1 && said.contains("one.json:1:") && said.contains("RF0902"), "{said}");
    let (code, _, said) = folder.run(&["verify", "one.json", "--against", "deployed"]);
    assert!(code == 1 && said.contains("the plan leaves this stack as it is"), "{said}");
}
