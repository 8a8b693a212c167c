//! Messages for machines, as the program prints them.
#![allow(clippy::unwrap_used)] // a test fails by panicking

mod common;

use common::Folder;

/// A file with an error, warnings and a note, in a folder whose name needs care.
fn flawed(name: &str) -> Folder {
    let folder = Folder::new(name);
    let text = "resources: {db: {type: postgres}}\nservices:\n  web:\n    port: 99999\n    domian: ${NOBODY},100%\n";
    folder.write("shop, new/convox.yml", text);
    folder
}

#[test]
fn github_gets_a_command_for_each_message() {
    let folder = flawed("github");
    let (code, out, said) = folder.run(&["check", "./shop, new", "--message-format", "github"]);
    assert_eq!((code, said.as_str()), (1, ""));
    insta::assert_snapshot!(out, @r"
    ::error file=shop%2C new/convox.yml,line=1,col=1,endLine=1,endColumn=1,title=RF0309::`shop, new` is no name for an app%0Anote: a letter from a to z first, then a to z, 0 to 9 and `-`, at most 40 characters%0Ahelp: name the app in rackform.yml, or rename its folder
    ::notice file=shop%2C new/convox.yml,line=1,col=13,endLine=1,endColumn=15,title=RF0220::resources and timers are checked, and not provisioned%0Anote: this is about db
    ::error file=shop%2C new/convox.yml,line=4,col=11,endLine=4,endColumn=16,title=RF0201::port 99999 of `web` does not exist%0Aports go from 1 to 65535%0Ahelp: write the port that the service listens on
    ::warning file=shop%2C new/convox.yml,line=5,col=5,endLine=5,endColumn=11,title=RF0102::unknown key `domian` in `services.web`%0Aignored by Convox%0Ahelp: did you mean `domain`?
    ::warning file=shop%2C new/convox.yml,line=5,col=13,endLine=5,endColumn=22,title=RF0012::the variable `NOBODY` has no value%0Ataken as empty, as in Convox%0Anote: a default in `environment` of the manifest is for its containers and does not count here, as in Convox%0Ahelp: set it in `environment` of the app in rackform.yml, with --env-file, or with --env NOBODY=VALUE
    ::notice title=RF0318::the stack `main` needs the ARN of a certificate when it is first deployed%0Ahelp: write `certificate` for the rack in rackform.yml, or deploy with `deploy.sh --parameter main:Certificate=ARN`
    ");
    let (code, out, _) = folder.run(&["check", "./shop, new", "--message-format", "github", "--quiet"]);
    assert!(code == 1 && out.lines().all(|line| line.starts_with("::error ")), "{out}");
    let (code, out, _) = folder.run(&["check", "nowhere", "--message-format", "github"]);
    assert!(code == 1 && out.starts_with("::error title=RF0"), "{out}");
}

#[test]
fn every_command_that_reports_speaks_to_github() {
    let folder = flawed("github-commands");
    folder.write("rules.json", "{}");
    for command in
        [&["compile", "shop, new"][..], &["move", "shop", "other", "--path", "shop, new"], &["adopt", "rules.json", "--path", "shop, new"]]
    {
        let (code, out, _) = folder.run(&[command, &["--message-format", "github"]].concat());
        assert!(code == 1 && out.contains("::error file=shop%2C new/convox.yml,line=4,"), "{command:?}: {out}");
    }
}
