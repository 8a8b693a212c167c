//! The part of YAML that templates are written in, read at the speed at which it is written: mappings and lists in
//! blocks, one key or item a line, with values in flow style. What is outside of it is left to a whole reader, so this
//! one has to know no more than when it does not know. Nothing is kept of it: whoever listens knows what to keep.

use super::events::Listener;
use super::tokens::{blanks, byte, comment, end_of_line, key, scalar};

/// Mappings and lists in each other, those in blocks and those in flow style each. Templates have a few, and whole
/// readers give up at twice as many.
const MAX_DEPTH: usize = 60;

/// Tell what stands in a document; none where it is, or may be, outside of the dialect, whatever was told until then.
pub(super) fn tell<'t>(text: &'t str, to: &mut impl Listener<'t>) -> Option<()> {
    let mut reader = Reader { text, column: 0, depth: 0, to };
    let at = reader.line(0)?;
    (reader.column > 0).then_some(())?;
    reader.block(at)?;
    (reader.column == 0).then_some(())
}

/// Reads a text. What reads a part of it is given the place where that begins, and gives the place behind it; behind
/// values that is where the next line says something.
struct Reader<'t, 'l, L> {
    text: &'t str,
    /// Where on its line that stands which the line says, counted from one; zero behind the last line.
    column: usize,
    /// Mappings and lists in blocks that have begun.
    depth: usize,
    to: &'l mut L,
}

impl<'t, L: Listener<'t>> Reader<'t, '_, L> {
    /// Go on from where a line begins to what it says, or else the first one below that says something.
    fn line(&mut self, mut at: usize) -> Option<usize> {
        while at < self.text.len() {
            let start = blanks(self.text, at);
            match byte(self.text, start) {
                b'\n' => at = start + 1,
                b'#' => at = comment(self.text, start)?,
                _ => {
                    self.column = start - at + 1;
                    return Some(start);
                }
            }
        }
        self.column = 0;
        Some(at)
    }

    /// A mapping or a list in a block.
    fn block(&mut self, at: usize) -> Option<usize> {
        if self.is_item(at) {
            return self.list(at);
        }
        let (name, behind) = key(self.text, at, true)?;
        self.mapping(self.column, name, behind)
    }

    /// Whether an item of a list stands here.
    fn is_item(&self, at: usize) -> bool {
        byte(self.text, at) == b'-' && byte(self.text, at + 1) == b' '
    }

    /// Whether a mapping or a list in flow style stands here.
    fn is_flow(&self, at: usize) -> bool {
        matches!(byte(self.text, at), b'{' | b'[')
    }

    /// A mapping in a block, from behind its first key.
    fn mapping(&mut self, column: usize, mut name: &'t str, mut at: usize) -> Option<usize> {
        self.begin()?;
        self.to.begin_map();
        loop {
            self.to.key(name);
            at = match byte(self.text, at) {
                b'\n' | b' ' | b'#' => self.far_value(column, at)?,
                _ => self.value(at)?,
            };
            if self.column != column {
                break;
            }
            (name, at) = key(self.text, at, true)?;
        }
        self.end(column)?;
        self.to.end_map()?;
        Some(at)
    }

    /// A list in a block.
    fn list(&mut self, mut at: usize) -> Option<usize> {
        let column = self.column;
        self.begin()?;
        self.to.begin_list();
        while self.column == column {
            self.is_item(at).then_some(())?;
            let start = blanks(self.text, at + 2);
            let first = if self.is_flow(start) { None } else { key(self.text, start, true) };
            at = match first {
                // The item is a mapping, whose first key stands behind the dash.
                Some((name, behind)) => self.mapping(column + start - at, name, behind)?,
                None => self.value(start)?,
            };
        }
        self.end(column)?;
        self.to.end_list();
        Some(at)
    }

    /// A block begins.
    fn begin(&mut self) -> Option<()> {
        self.depth += 1;
        (self.depth <= MAX_DEPTH).then_some(())
    }

    /// A block ends, as it may only where the lines go further out.
    fn end(&mut self, column: usize) -> Option<()> {
        self.depth -= 1;
        (self.column < column).then_some(())
    }

    /// A value that does not follow on its key at once: behind more blanks, or as a block further in below.
    fn far_value(&mut self, column: usize, at: usize) -> Option<usize> {
        let start = blanks(self.text, at);
        let below = match byte(self.text, start) {
            b'\n' => start + 1,
            b'#' => comment(self.text, start)?,
            _ => return self.value(start),
        };
        let start = self.line(below)?;
        if self.column > column { self.block(start) } else { None }
    }

    /// A value on a line, to the end of which it goes.
    fn value(&mut self, at: usize) -> Option<usize> {
        let end = if self.is_flow(at) {
            self.flow(at)?
        } else {
            let (scalar, end) = scalar(self.text, at, false)?;
            self.to.scalar(scalar);
            end
        };
        let next = end_of_line(self.text, end)?;
        self.line(next)
    }

    /// A mapping or a list in flow style, with those that are in it.
    fn flow(&mut self, mut at: usize) -> Option<usize> {
        /// None has begun.
        const NONE: u64 = 0b10;
        // A bit for each that has begun, the innermost lowest: whether it is a mapping.
        let mut open = NONE;
        loop {
            (open >> MAX_DEPTH == 0).then_some(())?;
            if open & 1 == 1 {
                let (name, behind) = key(self.text, at, false)?;
                self.to.key(name);
                at = if byte(self.text, behind) == b' ' { blanks(self.text, behind) } else { behind };
            }
            match byte(self.text, at) {
                b'{' => {
                    self.to.begin_map();
                    open = (open << 1) | 1;
                    at += 1;
                    if byte(self.text, at) != b'}' {
                        continue;
                    }
                }
                b'[' => {
                    self.to.begin_list();
                    open <<= 1;
                    at += 1;
                    if byte(self.text, at) != b']' {
                        continue;
                    }
                }
                _ => {
                    let (scalar, end) = scalar(self.text, at, true)?;
                    self.to.scalar(scalar);
                    at = end;
                }
            }
            while !(byte(self.text, at) == b',' && byte(self.text, at + 1) == b' ') {
                match (byte(self.text, at), open & 1) {
                    (b'}', 1) => self.to.end_map()?,
                    (b']', 0) => self.to.end_list(),
                    _ => return None,
                }
                at += 1;
                open >>= 1;
                if open == NONE {
                    return Some(at);
                }
            }
            at += 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::render::read::{Builder, Node};
    use crate::render::testing::snapshots;

    fn read(text: &str) -> Option<Node<'_>> {
        let mut builder = Builder::default();
        tell(text, &mut builder)?;
        builder.document()
    }

    static ALL: LazyLock<Vec<String>> = LazyLock::new(snapshots);

    /// What is read here reads the same to a whole reader.
    fn check(text: &str) -> Result<(), TestCaseError> {
        if let Some(ours) = read(text) {
            let whole: Result<Node, _> = serde_yaml::from_str(text);
            prop_assert!(whole.as_ref().is_ok_and(|whole| *whole == ours), "{text}\n{ours:?}\n{whole:?}");
        }
        Ok(())
    }

    #[test]
    fn templates_are_read_as_by_a_whole_reader() {
        assert!(ALL.len() > 20);
        for text in ALL.iter() {
            let whole: Node = serde_yaml::from_str(text).unwrap();
            match read(text) {
                Some(ours) => assert!(ours == whole, "{text}"),
                // Only scripts of instances stand in texts of several lines, which are left to others.
                None => assert!(text.contains("\"Fn::Sub\": |\n"), "{text}"),
            }
        }
    }

    #[test]
    fn what_is_outside_is_left_to_others() {
        for text in [
            "",
            "a",
            "- a",
            "a:",
            "a: b: c",
            "a: 'b'",
            "a: |\n  b",
            "a: !Ref b",
            "a: &b c",
            "a: *b",
            "---\na: b",
            "a: 1.5",
            "a: 007",
            "a: yes",
            "no: b",
            "a: \"\\n\"",
            "a: b\n  c: d",
            "a:\nb: c",
            "a: \u{e9}",
            "a:\tb",
            "a: b\na: c",
            "a: {b}",
            "a: [b",
            "a: \"b\" c",
            "a: \"b\nc\"",
            "a: \"b",
            "a: b # \u{2028}",
            "a: b# c",
            "a: b\r\n",
            "- ",
            "-",
            "- a: b\n - c",
            "a: {b: c",
            "a: {b: c]",
            "a: [b, ]",
            "a: [{b: c}, {b: c, b: d}]",
            "? a",
        ] {
            assert!(read(text).is_none() || serde_yaml::from_str::<Node>(text).is_ok_and(|whole| Some(whole) == read(text)), "{text:?}");
        }
        assert!(read("a: yes").is_none() && read("a: b\na: c").is_none() && read("a:\n- b").is_none());
    }

    #[test]
    fn deep_documents_are_left_to_others() {
        let flow = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let block = |depth, inner: &str| {
            let lines: Vec<String> = (0..depth).map(|at| format!("{}a:", " ".repeat(at))).collect();
            format!("{} {inner}", lines.join("\n"))
        };
        let deepest = block(MAX_DEPTH, &flow(MAX_DEPTH - 2));
        assert_eq!(read(&deepest), serde_yaml::from_str(&deepest).ok());
        assert!(read(&deepest).is_some());
        for text in [block(MAX_DEPTH + 1, "b"), format!("a: {}", flow(MAX_DEPTH)), format!("a: {}", flow(100_000))] {
            assert_eq!(read(&text), None);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// Whatever is read here reads the same to a whole reader, also what is broken.
        #[test]
        fn nothing_is_read_in_another_way(
            document in 0..1000_usize,
            from in 0..5000_usize,
            length in 10..300_usize,
            edits in proptest::collection::vec((0..300_usize, proptest::sample::select(vec![
                "", " ", "  ", "\n", ":", ": ", "#", " #", "- ", "-", "\"", "'", "{", "}", "[", "]", ",", ", ", "|", ">", "&a", "*a", "!", "?",
                "0", "1.5", "~", "no", "true", "a", "a: ", "\"a\": ", "%", "@", "`", "---", "...", "<<: ",
            ])), 0..4),
        ) {
            let text = &ALL[document % ALL.len()];
            let lines: Vec<&str> = text.lines().collect();
            let start = from % lines.len();
            let mut part = lines[start..(start + length).min(lines.len())].join("\n");
            for (at, what) in edits {
                let at = at % (part.len() + 1);
                if part.is_char_boundary(at) {
                    part.insert_str(at, what);
                }
            }
            check(&part)?;
        }

        /// So does a whole template with another byte here or there, or with lines in other places.
        #[test]
        fn nothing_is_read_in_another_way_for_a_slip(
            document in 0..1000_usize,
            slips in proptest::collection::vec((0..1_000_000_usize, 0..9_usize, proptest::char::range('\0', '\u{ff}')), 1..3),
        ) {
            let text = &ALL[document % ALL.len()];
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            for (at, kind, c) in slips {
                let (here, other) = (at % lines.len(), at / 7 % lines.len());
                let column = at % (lines[here].len() + 1);
                let is_inside = lines[here].is_char_boundary(column);
                match kind {
                    0 => drop(lines.remove(here)),
                    1 => lines.insert(other, lines[here].clone()),
                    2 => lines.swap(here, other),
                    3 => lines[here].insert(0, ' '),
                    4 => lines[here] = lines[here].strip_prefix(' ').unwrap_or(&lines[here]).to_owned(),
                    5 if is_inside => lines[here].insert(column, c),
                    6 if is_inside => drop(lines[here].split_off(column)),
                    _ if is_inside && column < lines[here].len() => {
                        lines[here].remove(column);
                        lines[here].insert(column, c);
                    }
                    _ => {}
                }
            }
            check(&lines.join("\n"))?;
        }
    }
}
