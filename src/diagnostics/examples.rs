//! For each code an example that provokes it, what is said of it, and the mended version: the files
//! of `examples/`, one a code.
//!
//! They are Markdown with fences whose first line says what stands in them. In front of the `text`
//! fence, which is the message, stands what provokes it; behind it, what is different in the mend:
//!
//! * ` ```yaml convox.yml ` is a whole file; a third word `latin-1` says how its bytes are written;
//! * ` ```diff convox.yml ` is what changes at one place of a file: lines with `-`, `+` or a blank in
//!   front;
//! * ` ```console `, the last of them, has the commands that are run in that folder, `rackform check`
//!   where there is none;
//! * text outside of fences tells the reader what to look at.
//!
//! `tests/diagnostic_pages` runs all of it, and writes the messages with `UPDATE_DOCS=1`.

use super::Code;

/// What is run where an example does not say.
pub const CHECK: &str = "$ rackform check\n";

/// An example of a code, and its mend.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// What provokes the message: files, and what is run.
    pub broken: Vec<Part>,
    /// The message as the program draws it, without colours.
    pub said: String,
    /// What is different where it is mended.
    pub mend: Vec<Part>,
}

/// A part of an example, as it stands in its text; each text ends with a line break.
#[derive(Debug, PartialEq, Eq)]
pub enum Part {
    /// A paragraph for the reader, whose line breaks mean nothing.
    Prose(String),
    /// What is run, one command a line behind `$ `.
    Commands(String),
    /// A whole file.
    File {
        /// Its path in the folder of the example.
        path: String,
        /// What it is written in, for those who colour it.
        language: String,
        /// Whether it is written as Latin-1 and not as UTF-8.
        is_latin_1: bool,
        /// What stands in it.
        text: String,
    },
    /// What changes at one place of a file, line by line.
    Change {
        /// Its path.
        path: String,
        /// Lines with `-`, `+` or a blank in front.
        lines: String,
    },
}

impl Example {
    /// Read the text of an example; what is wrong with it, if it is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (mut broken, mut said, mut mend) = (Vec::new(), None, Vec::new());
        for fence in fences(text)? {
            match fence {
                Fence::Said(_) if said.is_some() => return Err("a second message".to_owned()),
                Fence::Said(text) => said = Some(text),
                Fence::Part(part) => if said.is_none() { &mut broken } else { &mut mend }.push(part),
            }
        }
        Ok(Self { broken, said: said.ok_or("no ```text with the message")?, mend })
    }

    /// What is run to provoke the message.
    pub fn commands(&self) -> &str {
        commands(&self.broken).unwrap_or(CHECK)
    }

    /// What is run on the mended version: the same unless it says something else.
    pub fn mended_commands(&self) -> &str {
        commands(&self.mend).unwrap_or_else(|| self.commands())
    }
}

fn commands(parts: &[Part]) -> Option<&str> {
    parts.iter().find_map(|part| if let Part::Commands(commands) = part { Some(commands.as_str()) } else { None })
}

enum Fence {
    Said(String),
    Part(Part),
}

/// The fences of a text and the paragraphs between them.
fn fences(text: &str) -> Result<Vec<Fence>, String> {
    let mut found = Vec::new();
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("```").map(str::trim_end) {
            let inside: String = std::iter::from_fn(|| lines.next_if(|line| line.trim_end() != "```")).collect();
            if lines.next().is_none() {
                return Err(format!("```{words} is left open"));
            }
            found.push(fence(words, inside)?);
        } else if !line.trim().is_empty() {
            let more = std::iter::from_fn(|| lines.next_if(|line| !line.trim().is_empty() && !line.starts_with("```")));
            found.push(Fence::Part(Part::Prose([line].into_iter().chain(more).collect())));
        }
    }
    Ok(found)
}

fn fence(words: &str, text: String) -> Result<Fence, String> {
    let words: Vec<&str> = words.split(' ').collect();
    Ok(match words[..] {
        ["text"] => Fence::Said(text),
        ["console"] => Fence::Part(Part::Commands(text)),
        ["diff", path] => Fence::Part(Part::Change { path: path.to_owned(), lines: text }),
        [language, path] => Fence::Part(Part::File { path: path.to_owned(), language: language.to_owned(), is_latin_1: false, text }),
        [language, path, "latin-1"] => {
            Fence::Part(Part::File { path: path.to_owned(), language: language.to_owned(), is_latin_1: true, text })
        }
        _ => return Err(format!("```{} is nothing that an example has", words.join(" "))),
    })
}

macro_rules! examples {
    ($($id:ident)*) => {
        /// The text of each example by its code, in order.
        pub static EXAMPLES: &[(&str, &str)] =
            &[$((stringify!($id), include_str!(concat!("examples/", stringify!($id), ".md")))),*];
    };
}

examples! {
    RF0001 RF0003 RF0004 RF0005 RF0006 RF0007 RF0008 RF0010 RF0011 RF0012
    RF0013 RF0014 RF0015 RF0017
    RF0101 RF0102 RF0103 RF0104 RF0105 RF0106
    RF0201 RF0202 RF0203 RF0204 RF0205 RF0206 RF0207 RF0208 RF0209 RF0210
    RF0211 RF0212 RF0213 RF0214 RF0215 RF0216 RF0217 RF0218 RF0219 RF0220
    RF0221 RF0222 RF0223 RF0224 RF0226
    RF0301 RF0302 RF0303 RF0304 RF0305 RF0306 RF0307 RF0308 RF0309 RF0310
    RF0311 RF0312 RF0314 RF0315 RF0316 RF0317 RF0318 RF0319 RF0320 RF0321
    RF0322 RF0323
    RF0401 RF0402 RF0403 RF0404 RF0405 RF0406 RF0407 RF0408 RF0409 RF0410
    RF0411 RF0412 RF0413 RF0414 RF0415 RF0416 RF0417 RF0418
    RF0501 RF0502 RF0503 RF0504 RF0505 RF0506 RF0507 RF0508 RF0509 RF0510
    RF0511 RF0512 RF0513 RF0514 RF0515 RF0516 RF0517 RF0518 RF0519 RF0520
    RF0521 RF0522 RF0523
    RF0603 RF0604 RF0605 RF0606
    RF0701 RF0702 RF0703 RF0704 RF0705 RF0706 RF0707 RF0708 RF0709 RF0710
    RF0711 RF0712 RF0713 RF0714 RF0715 RF0716 RF0717 RF0718 RF0719 RF0721
    RF0722 RF0723 RF0724 RF0725
    RF0801 RF0802 RF0803 RF0804 RF0805 RF0806 RF0807 RF0808 RF0809 RF0810
    RF0811 RF0812 RF0813 RF0814 RF0815 RF0816 RF0817 RF0818 RF0819 RF0820
    RF0901 RF0902 RF0903 RF0904
}

/// The example of a code, if it has one.
pub fn example(code: &Code) -> Option<Example> {
    let (_, text) = EXAMPLES.iter().find(|(id, _)| *id == code.id)?;
    Some(Example::parse(text).expect("a test reads every example"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::codes;

    #[test]
    fn every_example_can_be_read_and_has_a_code() {
        for (id, text) in EXAMPLES {
            assert!(codes::find(id).is_some(), "{id} is no code");
            if let Err(why) = Example::parse(text) {
                panic!("{id}: {why}");
            }
        }
        assert!(EXAMPLES.windows(2).all(|pair| pair[0].0 < pair[1].0), "the list is in order");
    }

    #[test]
    fn what_stands_where_is_told_by_the_fences() {
        let text = "A tag.\nIt is new.\n\n```yaml convox.yml latin-1\na: 1\n\nb: 2\n```\n```console\n$ rackform compile\n```\n```text\nno\n```\n\
                    ```diff convox.yml\n-a: 1\n```\n";
        let example = Example::parse(text).expect("an example");
        let file = Part::File { path: "convox.yml".into(), language: "yaml".into(), is_latin_1: true, text: "a: 1\n\nb: 2\n".into() };
        assert_eq!(example.broken, [Part::Prose("A tag.\nIt is new.\n".into()), file, Part::Commands("$ rackform compile\n".into())]);
        assert_eq!(example.said, "no\n");
        assert_eq!(example.mend, [Part::Change { path: "convox.yml".into(), lines: "-a: 1\n".into() }]);
        assert_eq!((example.commands(), example.mended_commands()), ("$ rackform compile\n", "$ rackform compile\n"));
    }

    #[test]
    fn what_is_no_example_is_refused() {
        for (text, why) in [
            ("", "no ```text with the message"),
            ("```text\n```\n```text\n```\n", "a second message"),
            ("```yaml convox.yml\na: 1\n", "```yaml convox.yml is left open"),
            ("```yaml\na: 1\n```\n", "```yaml is nothing that an example has"),
            ("```yaml convox.yml utf-16\n```\n", "```yaml convox.yml utf-16 is nothing that an example has"),
        ] {
            assert_eq!(Example::parse(text), Err(why.to_owned()));
        }
    }
}
