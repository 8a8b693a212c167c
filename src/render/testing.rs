//! What the property tests of this stage share: hostile text, and a second reader.

use granit_parser::{Event, Parser};
use proptest::prelude::*;

/// Any text, rich in what means something to YAML, to the templates and to CloudFormation.
pub(crate) fn hostile_text() -> impl Strategy<Value = String> {
    let spice = prop::sample::select(vec![
        "{{ x }}",
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        ": ",
        " #",
        "- ",
        "&a",
        "*a",
        "!Ref X",
        "!!str",
        "|",
        ">",
        "%YAML 1.1",
        "---",
        "...",
        "${AWS::Region}",
        "\n",
        "\r\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "\u{2028}",
        "\u{2029}",
        "\u{feff}",
        "\u{fffe}",
        "\u{1fffe}",
        "\u{fdd0}",
        "\"",
        "'",
        "\\",
        "\\u0041",
        "Yes",
        "no",
        "0x1F",
        "007",
        "1_000",
        "12:30",
        "~",
        "null",
        "<<",
        "=",
        "?",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\n  Evil: yes",
    ]);
    let piece = prop_oneof![4 => spice.prop_map(str::to_owned), 2 => any::<String>(), 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Every scalar of a document in order, as another reader than `serde_yaml` reads it.
pub(crate) fn granit_scalars(text: &str) -> Vec<String> {
    let mut scalars = Vec::new();
    for item in Parser::new_from_str(text) {
        let (event, _) = item.expect("well-formed YAML");
        match event {
            Event::Scalar(value, ..) => scalars.push(value.to_string()),
            Event::Alias(..) => panic!("an alias in rendered text"),
            _ => {}
        }
    }
    scalars
}

/// Every template among the snapshots.
pub(super) fn snapshots() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
    let templates = files.filter(|path| path.to_string_lossy().ends_with(".snap.yaml"));
    templates.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}
