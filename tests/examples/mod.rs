//! Runs the examples of `src/diagnostics/examples`: as they stand they bring about the message that
//! they show, and mended they do not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use rackform::diagnostics::Severity;
use rackform::diagnostics::codes::{self, CODES, Code, LOCK_CHANGES};
use rackform::diagnostics::examples::{Example, Part};

use crate::common::{Folder, changed, program};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnostics/examples");
/// Columns of what is printed as it stands: about 100, and the ARN of a certificate in its place.
const WIDEST: usize = 101;
/// Lines of all files of an example: who reads it looks for one mistake.
const LONGEST: usize = 40;

/// Codes without an example, and why they have none.
pub(crate) const WITHOUT: &[(&str, &str)] = &[
    ("RF0002", "takes a file of more than 4 MiB"),
    ("RF0016", "takes a manifest of more than 1,000 services"),
    ("RF0601", "takes an app of some hundred services"),
    ("RF0602", "no input is known that provokes it"),
    ("RF0607", "takes somebody else who writes at the same time"),
];

/// What came of an example.
pub(crate) struct Ran {
    /// Its text, with the message that the program prints today.
    pub(crate) text: String,
    /// What is wrong with it.
    pub(crate) wrong: Vec<String>,
}

/// Every example by its code.
pub(crate) static ALL: LazyLock<BTreeMap<String, Ran>> = LazyLock::new(|| {
    let names = fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ids: Vec<String> = names.map(|name| name.strip_suffix(".md").expect("a file CODE.md").to_owned()).collect();
    let (next, ran) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(id) = ids.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let example = run(id);
                    ran.lock().unwrap().insert(id.clone(), example);
                }
            });
        }
    });
    ran.into_inner().unwrap()
});

/// Run an example. With `UPDATE_DOCS` it is given the message that the program prints today.
fn run(id: &str) -> Ran {
    let path = Path::new(FOLDER).join(format!("{id}.md"));
    let text = fs::read_to_string(&path).unwrap();
    let (Some(code), example) = (codes::find(id), Example::parse(&text)) else {
        return Ran { text, wrong: vec![format!("{id} is no code")] };
    };
    let example = match example {
        Ok(example) => example,
        Err(why) => return Ran { text, wrong: vec![why] },
    };
    let mut wrong = shape(&example);
    let said = match broken(code, &example) {
        Ok(said) => said,
        Err(why) => {
            wrong.push(why);
            example.said.clone()
        }
    };
    wrong.extend(mended(code, &example).err());
    if said == example.said {
        return Ran { text, wrong };
    }
    let text = text.replacen(&format!("```text\n{}```", example.said), &format!("```text\n{said}```"), 1);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(path, &text).unwrap();
    } else {
        wrong.push(format!("the program does not say so, but:\n{said}run `UPDATE_DOCS=1 cargo test --test diagnostic_pages`"));
    }
    Ran { text, wrong }
}

/// What is wrong with how an example is written.
fn shape(example: &Example) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut length = 0;
    for part in example.broken.iter().chain(&example.mend) {
        let text = match part {
            Part::Prose(_) => continue,
            Part::File { text, .. } | Part::Change { lines: text, .. } | Part::Commands(text) => text,
        };
        if matches!(part, Part::File { .. }) {
            length += text.lines().count();
        }
        let wide = text.lines().filter(|line| line.chars().count() > WIDEST);
        wrong.extend(wide.map(|line| format!("a line is wider than {WIDEST} columns: {line}")));
    }
    if length > LONGEST {
        wrong.push(format!("its files have {length} lines, and {LONGEST} are many"));
    }
    let is_run = |part: &Part| matches!(part, Part::Commands(_));
    for parts in [&example.broken, &example.mend] {
        if parts.iter().position(is_run).is_some_and(|at| at + 1 != parts.len()) {
            wrong.push("what is run does not stand last".to_owned());
        }
    }
    if !example.mend.iter().any(|part| !matches!(part, Part::Prose(_))) {
        wrong.push("the mend changes nothing".to_owned());
    }
    wrong
}

/// The messages of the code, as they are drawn for the example as it stands.
fn broken(code: &Code, example: &Example) -> Result<String, String> {
    let files = files(&example.broken, BTreeMap::new())?;
    let mut runs = execute(&format!("{}-broken", code.id), &files, example.commands())?;
    let (exit, messages) = runs.pop().ok_or("nothing is run")?;
    if let Some((exit, messages)) = runs.iter().find(|(exit, _)| *exit != 0) {
        return Err(format!("a command before the last one ends with {exit}:\n{}", messages.join("\n\n")));
    }
    let expected = match code.severity {
        Severity::Error if code == &LOCK_CHANGES => 3,
        Severity::Error => 1,
        _ => 0,
    };
    let (ours, others): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| is_of(message, code));
    if ours.is_empty() || exit != expected {
        return Err(format!("it ends with {exit}, and says:\n{}", [ours, others].concat().join("\n\n")));
    }
    let distracts: Vec<String> = others.into_iter().filter(|message| !message.starts_with("note[")).collect();
    if distracts.is_empty() { Ok(ours.join("\n\n") + "\n") } else { Err(format!("it also says:\n{}", distracts.join("\n\n"))) }
}

/// Run what is mended: nothing of it fails, and in the end neither the message is there nor anything
/// worse than a note.
fn mended(code: &Code, example: &Example) -> Result<(), String> {
    let files = files(&example.mend, files(&example.broken, BTreeMap::new())?)?;
    let runs = execute(&format!("{}-mended", code.id), &files, example.mended_commands())?;
    if let Some((exit, messages)) = runs.iter().find(|(exit, _)| *exit != 0) {
        return Err(format!("mended it ends with {exit}, and says:\n{}", messages.join("\n\n")));
    }
    let (_, messages) = runs.last().ok_or("nothing is run on what is mended")?;
    match messages.iter().find(|message| is_of(message, code) || !message.starts_with("note[")) {
        Some(message) => Err(format!("mended it says:\n{message}")),
        None => Ok(()),
    }
}

fn is_of(message: &str, code: &Code) -> bool {
    message.split("]: ").next().is_some_and(|begin| begin.ends_with(&format!("[{}", code.id)))
}

/// The bytes of files by their paths, with those of some parts put in or changed.
fn files(parts: &[Part], mut files: BTreeMap<String, Vec<u8>>) -> Result<BTreeMap<String, Vec<u8>>, String> {
    for part in parts {
        match part {
            Part::File { path, text, is_latin_1, .. } => {
                let latin_1 = || text.chars().map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1")).collect();
                let bytes = if *is_latin_1 { latin_1() } else { text.clone().into_bytes() };
                files.insert(path.clone(), bytes);
            }
            Part::Change { path, lines } => {
                let old = files.remove(path).map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
                let new = changed(old.as_deref(), lines).map_err(|why| format!("{path} in the mend: {why}"))?;
                files.extend(new.map(|text| (path.clone(), text.into_bytes())));
            }
            Part::Prose(_) | Part::Commands(_) => {}
        }
    }
    Ok(files)
}

/// Exit codes and messages of commands in a folder called shop with these files.
fn execute(name: &str, files: &BTreeMap<String, Vec<u8>>, commands: &str) -> Result<Vec<(i32, Vec<String>)>, String> {
    let folder = Folder::new(&format!("example-{name}"));
    let shop = folder.0.join("shop");
    fs::create_dir_all(&shop).unwrap();
    for (path, bytes) in files {
        let path = shop.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let mut runs = Vec::new();
    for command in commands.lines() {
        let words: Vec<&str> = command.split(' ').collect();
        match &words[..] {
            ["$", "rackform", arguments @ ..] => {
                let (exit, _, said) = program(&shop, arguments);
                let messages =
                    said.split("\n\n").filter(|text| ["error[", "warning[", "note["].iter().any(|begin| text.starts_with(begin)));
                runs.push((exit, messages.map(str::to_owned).collect()));
            }
            ["$", "rm", path] => fs::remove_file(shop.join(path)).map_err(|error| format!("{command}: {error}"))?,
            _ => return Err(format!("`{command}` is not run here")),
        }
    }
    Ok(runs)
}

/// Codes that have neither an example nor a reason, and those that have both.
pub(crate) fn missing() -> Vec<String> {
    let reasons: BTreeSet<&str> = WITHOUT.iter().map(|(id, _)| *id).collect();
    let ids = CODES.iter().map(|code| code.id);
    let told = ids.filter(|id| ALL.contains_key(*id) == reasons.contains(id));
    let both = |id: &str| if reasons.contains(id) { "has an example, and a reason why it has none" } else { "has no example" };
    let unknown = reasons.iter().filter(|id| codes::find(id).is_none()).map(|id| format!("{id} has a reason and is no code"));
    told.map(|id| format!("{id} {}", both(id))).chain(unknown).collect()
}
