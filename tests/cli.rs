//! The program as people run it: folders, exit codes, what is written and what is left alone.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use std::fs;
use std::process::Command;

use common::{Folder, program};

/// Two apps in folders of their own.
fn fleet(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("blog/convox.yml", "services: {web: {port: 3000}}\n");
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: shop.example.org}}\n");
    assert_eq!(folder.run(&["compile"]).0, 0);
    folder
}

#[test]
fn an_app_of_a_fleet_is_compiled_with_its_fleet() {
    let folder = fleet("subfolder");
    let lock = folder.read("rackform.lock");
    for arguments in [&["compile", "shop"][..], &["compile", "shop/convox.yml"]] {
        assert_eq!(folder.run(arguments).0, 0);
        assert!(folder.has("build/main/apps/blog.yaml"), "the other app is still there");
        assert!(!folder.has("shop/rackform.lock"), "there is one lock");
        assert_eq!(folder.read("rackform.lock"), lock);
    }
    let (code, _, said) = program(&folder.0.join("shop"), &["check", "--locked"]);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn verbose_says_how_full_each_router_is() {
    let folder = fleet("verbose");
    let line = "main/public: 2 of 100 rules, 2 of 100 target groups, 1 of 25 certificates (binds); room for 42 typical apps, and for 6 in the headroom\n\
                a typical app asks for 1.0 rules, 1.0 target groups, 0.5 certificates on the public router\n";
    let (code, _, said) = folder.run(&["check", "--verbose", "--strict"]);
    assert!(code == 0 && said.contains(line), "{said}");
    assert!(!folder.run(&["check"]).2.contains("main/public"));
}

#[test]
fn an_app_that_is_gone_takes_its_files_along_and_is_named() {
    let folder = fleet("gone");
    fs::remove_dir_all(folder.0.join("blog")).unwrap();
    folder.write("build/notes.txt", "mine");
    let (code, _, said) = folder.run(&["compile"]);
    assert_eq!(code, 0);
    assert!(said.contains("RF0510") && said.contains("delete-stack --stack-name main-blog"), "{said}");
    assert!(!folder.has("build/main/apps/blog.yaml") && folder.has("build/notes.txt"));
    assert!(folder.read("rackform.lock").contains("/blog/web/exact1"), "its numbers are retired");
}

#[test]
fn locked_says_what_would_change_and_writes_nothing() {
    let folder = fleet("locked");
    assert_eq!(folder.run(&["compile", "--locked"]).0, 0);
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: [shop.example.org, www.example.org]}}\n");
    let (lock, template) = (folder.read("rackform.lock"), folder.read("build/main/apps/shop.yaml"));
    let (code, _, said) = folder.run(&["compile", "--locked"]);
    assert_eq!(code, 3);
    assert!(said.contains("RF0505") && said.contains("+  main/public/shop/web/exact1"), "{said}");
    assert_eq!((folder.read("rackform.lock"), folder.read("build/main/apps/shop.yaml")), (lock.clone(), template));
    folder.write("shop/convox.yml", "services: {web: {port: 3000, domain: shop.example.org}}\n");
    folder.write("rackform.lock", &lock.replace('\n', "\r\n"));
    assert_eq!(folder.run(&["check", "--locked"]).0, 0, "line ends say nothing");
}

#[test]
fn a_lock_that_went_missing_is_noticed() {
    let folder = fleet("missing");
    fs::remove_file(folder.0.join("rackform.lock")).unwrap();
    assert_eq!(folder.run(&["compile", "--strict"]).0, 1);
    assert!(!folder.has("rackform.lock"));
    let (code, _, said) = folder.run(&["compile"]);
    assert!(code == 0 && said.contains("RF0511"), "{said}");
}

#[test]
fn a_file_of_somebody_else_stays() {
    let folder = fleet("foreign");
    folder.write("out/deploy.sh", "#!/bin/sh\necho mine\n");
    let lock = folder.read("rackform.lock");
    folder.write("shop/convox.yml", "services: {web: {port: 3001, domain: new.example.org}}\n");
    let (code, _, said) = folder.run(&["compile", "--out", "out"]);
    assert!(code == 1 && said.contains("RF0603") && said.contains("deploy.sh"), "{said}");
    assert_eq!(folder.read("out/deploy.sh"), "#!/bin/sh\necho mine\n");
    assert_eq!(folder.read("rackform.lock"), lock, "nothing is written");
    assert!(!folder.has("out/main"), "nothing is begun");
}

#[test]
fn formats_and_exit_codes() {
    let folder = Folder::new("formats");
    folder.write("app/convox.yml", "services:\n  web:\n    port: 99999\n    domian: a.org\n");
    let (code, out, said) = folder.run(&["check", "app", "--message-format", "json"]);
    assert_eq!((code, said.as_str()), (1, ""));
    let messages: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let port = messages.iter().find(|m| m["code"] == "RF0201").unwrap();
    assert_eq!((port["place"]["line"].as_u64(), port["place"]["column"].as_u64()), (Some(3), Some(11)));
    assert_eq!(port["place"]["file"], "app/convox.yml");

    let (_, _, said) = folder.run(&["check", "app", "--message-format", "short", "-q"]);
    assert_eq!(said, "app/convox.yml:3:11: error[RF0201]: port 99999 of `web` does not exist\n1 error\n");
    assert_eq!(folder.run(&["check", "nowhere"]).0, 1);
    assert_eq!(folder.run(&["compile", "--bogus"]).0, 2);
    assert_eq!(folder.run(&["explain", "RF9999"]).0, 2);
    let (code, out, _) = folder.run(&["explain", "rf0201"]);
    assert!(code == 0 && out.starts_with("RF0201: "));
    for of in ["convox", "fleet", "diagnostic"] {
        let (code, out, _) = folder.run(&["schema", of]);
        assert!(code == 0 && serde_json::from_str::<serde_json::Value>(&out).unwrap()["$id"].is_string());
    }
}

#[test]
fn the_environment_of_the_process_takes_no_part() {
    let folder = Folder::new("environment");
    folder.write("app/convox.yml", "services: {web: {port: 3000, domain: \"${HOST}\"}}\n");
    let done =
        Command::new(env!("CARGO_BIN_EXE_rackform")).args(["check", "app"]).current_dir(&folder.0).env("HOST", "a.example.org").output();
    assert_eq!(done.unwrap().status.code(), Some(1));
    folder.write("prod.env", "# hosts\nHOST=file.example.org\n");
    assert_eq!(folder.run(&["compile", "app", "--env-file", "prod.env"]).0, 0);
    assert!(folder.read("app/rackform.lock").contains("file.example.org"));
    assert_eq!(folder.run(&["compile", "app", "--env-file", "prod.env", "--env", "HOST=line.example.org"]).0, 0);
    assert!(folder.read("app/rackform.lock").contains("line.example.org"), "--env comes after --env-file");
}

#[test]
fn bytes_in_json_count_the_byte_order_mark_of_the_file() {
    let folder = Folder::new("byte-order-mark");
    let text = "\u{feff}services:\n  web:\n    prot: 80\n";
    folder.write("app/convox.yml", text);
    let (code, out, _) = folder.run(&["check", "app", "--message-format", "json"]);
    assert_eq!(code, 0);
    let unknown: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|said: &serde_json::Value| said["code"] == "RF0102").collect();
    let place = &unknown[0]["place"];
    assert_eq!((place["line"].as_u64(), place["column"].as_u64()), (Some(3), Some(5)), "{out}");
    let written =
        usize::try_from(place["start_byte"].as_u64().unwrap()).unwrap()..usize::try_from(place["end_byte"].as_u64().unwrap()).unwrap();
    assert_eq!(&text[written], "prot");
}

#[test]
fn init_writes_a_fleet_that_passes_and_stays() {
    let folder = Folder::new("init");
    folder.copy("examples/hello", "Hello World");
    folder.write("services/shop/convox.yml", "services: {web: {port: 3000, domain: shop.example.org}}\n");
    let (code, out, said) = folder.run(&["init"]);
    assert_eq!((code, out.as_str(), said.as_str()), (0, "", "rackform.yml is written with 2 apps: hello-world, shop\n"));
    let text = folder.read("rackform.yml");
    assert!(text.contains("  hello-world:\n    manifest: \"Hello World/convox.yml\"\n    # rack: "), "{text}");
    let (code, _, said) = folder.run(&["check"]);
    assert!(code == 0 && said.contains("1 rack and 2 apps with 2 rules") && !said.contains("error"), "{said}");
    let (code, _, said) = folder.run(&["init", "."]);
    assert_eq!((code, said.as_str()), (1, "rackform.yml exists already and stays as it is\n"));
    assert_eq!(folder.read("rackform.yml"), text);
    // A folder with one manifest of its own, and one with none.
    assert_eq!(folder.run(&["init", "services/shop"]).0, 0);
    assert!(folder.read("services/shop/rackform.yml").contains("  shop:\n    manifest: convox.yml\n"));
    assert_eq!(folder.run(&["check", "services/shop"]).0, 0);
    fs::create_dir(folder.0.join("empty")).unwrap();
    let (code, _, said) = folder.run(&["init", "empty"]);
    assert!(code == 0 && said.contains("there is no convox.yml yet"), "{said}");
    assert_eq!(folder.run(&["init", "nowhere"]).0, 1);
}
