//! What holds of every compile that found nothing wrong.

use std::collections::BTreeMap;

use rackform::diagnostics::{Diagnostics, short};
use rackform::lock::{self, Lock, Mode};
use rackform::output::OutputFile;
use rackform::plan::{self, Output};
use rackform::report::{self, Detail};
use rackform::source::Files;
use rackform::threads::Threads;
use rackform::verify::Reviewed;
use rackform::{Compiled, Input, compile_on};

/// The output of a compile by path.
pub(crate) type Texts = BTreeMap<String, String>;

/// The files of a compile.
pub(crate) fn texts(compiled: &Compiled) -> Texts {
    compiled.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect()
}

/// Compile, and hold what comes of it against what is true of every compile.
pub(crate) fn compile(input: &Input<'_>, out: &mut Diagnostics) -> Option<Compiled> {
    let compiled = compile_on(Threads::of(1), input, out);
    assert_eq!(compiled.is_err(), out.has_errors(), "a compile fails when an error was reported");
    let compiled = compiled.ok()?;
    same(&again(input), &compiled, "the same input");
    let text = compiled.lock.to_text();
    let lock = reread(&text);
    assert_eq!(lock, compiled.lock, "a lock is read as it was written\n{text}");
    same(&again(&Input { lock: &lock, ..*input }), &compiled, "a second compile with the new lock");
    numbers(&compiled.lock, input.lock);
    for file in &compiled.files {
        is_read_back(file);
    }
    assert!(!changes(&texts(&compiled), &compiled), "a plan against itself changes something");
    Some(compiled)
}

fn again(input: &Input<'_>) -> Compiled {
    let mut out = Diagnostics::new(false);
    let compiled = compile_on(Threads::of(1), input, &mut out);
    let said = || out.sorted().iter().map(|diagnostic| short(diagnostic, input.files)).collect::<Vec<_>>().join("\n");
    compiled.unwrap_or_else(|_| panic!("what was compiled once is refused:\n{}\n{}", said(), input.lock.to_text()))
}

fn same(new: &Compiled, old: &Compiled, what: &str) {
    assert_eq!(new.lock.to_text(), old.lock.to_text(), "{what} makes another lock");
    assert!(new.files.len() == old.files.len(), "{what} makes other files");
    for (new, old) in new.files.iter().zip(&old.files) {
        assert!(new.path == old.path && new.text == old.text, "{what} makes another {}:\n{}\ninstead of\n{}", old.path, new.text, old.text);
    }
}

/// Read what a compile wrote.
pub(crate) fn reread(text: &str) -> Lock {
    let mut files = Files::default();
    let mut out = Diagnostics::new(false);
    let file = files.add("rackform.lock", text);
    let lock = lock::read(&files, file, Mode::Trust, &mut out);
    let said: Vec<String> = out.sorted().iter().map(|diagnostic| short(diagnostic, &files)).collect();
    assert!(said.is_empty(), "{said:#?}\n{text}");
    lock.expect("nothing was said against it")
}

/// A number belongs to one rule, and a rule that lives keeps it.
fn numbers(lock: &Lock, old: &Lock) {
    let mut taken = BTreeMap::new();
    for (key, rule) in &lock.rules {
        let before = taken.insert((&key.rack, key.router, rule.priority), key);
        assert!(before.is_none(), "{key} and {before:?} have one number");
        let kept = old.rules.get(key).is_none_or(|old| old.priority == rule.priority);
        assert!(kept, "{key} lost its number");
    }
}

/// A file is what its name says, and holds no control characters.
fn is_read_back(file: &OutputFile) {
    assert!(!file.text.replace('\n', "").contains(char::is_control), "{}:\n{:?}", file.path, file.text);
    match file.path.rsplit_once('.') {
        Some((_, "yaml")) => {
            let template: Result<serde_yaml::Value, _> = serde_yaml::from_str(&file.text);
            let template = template.unwrap_or_else(|why| panic!("{}: {why}\n{}", file.path, file.text));
            assert!(template["Resources"].is_mapping(), "{}", file.text);
        }
        Some((_, "json")) => drop(serde_json::from_str::<serde_json::Value>(&file.text).expect("what is called JSON is JSON")),
        _ => assert!(file.text.starts_with("#!"), "{}", file.path),
    }
}

/// Plan the change from an output, write it in every form, and say whether anything changes.
pub(crate) fn changes(before: &Texts, compiled: &Compiled) -> bool {
    let after = texts(compiled);
    let read = |texts| -> Output<'_> {
        let texts: &Texts = texts;
        Output::new(texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))).expect("a compile writes what it reads")
    };
    let plan = plan::plan("before", &read(before), &read(&after), &compiled.forecast, Threads::of(1)).expect("both were compiled");
    written(&plan);
    plan.is_change
}

/// Write a plan in every form.
pub(crate) fn written(plan: &plan::Plan) {
    for detail in [Detail::Usual, Detail::All] {
        let text = without_styles(&report::text(plan, detail)).replace('\n', "");
        assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
    }
    let markdown = report::markdown(plan);
    assert!(markdown.encode_utf16().count() <= 65_536, "too long for a comment");
    assert!(report::html(plan).trim_end().ends_with("</html>"));
    Reviewed::read(&report::json(plan)).expect("what was written is read");
}

/// A text without what sets the colours of a terminal.
fn without_styles(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| match part.split_once('m') {
        Some((style, rest)) if style.chars().all(|c| c.is_ascii_digit() || c == ';') => out + rest,
        _ => out + "\u{1b}" + part,
    })
}
