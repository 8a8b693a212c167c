//! Seeds changed as libFuzzer changes them, by a drawn sequence that is the same in every run.

use serde_json::Value;

use crate::targets::{Language, Target};

/// `SplitMix64`, by Sebastiano Vigna.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `most`, which is at least one.
    pub(crate) fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(most).unwrap()).unwrap()
    }
}

/// The words that a target's language gives a meaning: those of its dictionary, and the keys and words of schemas.
pub(crate) fn words(target: &Target) -> Vec<Vec<u8>> {
    let (dictionary, schemas): (&str, &[&str]) = match target.language {
        Some(Language::Yaml) => (include_str!("dictionaries/yaml.dict"), &[rackform::schema::CONVOX, rackform::schema::FLEET]),
        Some(Language::Json) => (include_str!("dictionaries/json.dict"), &[]),
        Some(Language::Address) => (include_str!("dictionaries/address.dict"), &[]),
        None => return Vec::new(),
    };
    let lines = dictionary.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words: Vec<Vec<u8>> = lines.map(unescaped).collect();
    for schema in schemas {
        collect(&serde_json::from_str(schema).unwrap(), &mut words);
    }
    words.retain(|word| !word.is_empty());
    words.sort();
    words.dedup();
    words
}

/// A line of a dictionary as libFuzzer reads it: between quotes, with `\\`, `\"` and `\xAB`.
fn unescaped(line: &str) -> Vec<u8> {
    let inner =
        line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_else(|| panic!("no entry of a dictionary: {line}"));
    let mut word = Vec::new();
    let mut rest = inner.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        match (first, behind) {
            (b'\\', [b'x', digits @ ..]) => {
                word.push(u8::from_str_radix(std::str::from_utf8(&digits[..2]).unwrap(), 16).unwrap());
                rest = &digits[2..];
            }
            (b'\\', [escaped, behind @ ..]) => {
                word.push(*escaped);
                rest = behind;
            }
            _ => word.push(*first),
        }
    }
    word
}

/// A dictionary of words as libFuzzer reads it.
pub(crate) fn dictionary(words: &[Vec<u8>]) -> String {
    let escaped = |word: &Vec<u8>| word.iter().flat_map(|byte| ["\\x".to_owned(), format!("{byte:02X}")]).collect::<String>();
    words.iter().flat_map(|word| ["\"".to_owned(), escaped(word), "\"\n".to_owned()]).collect()
}

/// The keys and the words that a schema names.
fn collect(schema: &Value, words: &mut Vec<Vec<u8>>) {
    let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| format!("{key}: "));
    words.extend(keys.map(String::into_bytes));
    let named = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    words.extend(named.map(|word| word.as_bytes().to_vec()));
    match schema {
        Value::Object(map) => map.values().for_each(|below| collect(below, words)),
        Value::Array(items) => items.iter().for_each(|below| collect(below, words)),
        _ => {}
    }
}

/// Numbers at the ends of what a field, a count or a type of the program holds.
const ENDS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "100000",
    "65536",
    "2147483648",
    "4294967296",
    "99999999",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
];

/// A text with one of its numbers at an end, for each of them.
pub(crate) fn with_ends(seed: &[u8]) -> Vec<Vec<u8>> {
    let is_word = |at: usize| seed.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    let is_start = |at: &usize| seed[*at].is_ascii_digit() && (*at == 0 || !is_word(at - 1));
    let numbers = (0..seed.len()).filter(is_start).map(|start| {
        let length = seed[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        start..start + length
    });
    let numbers = numbers.filter(|number| !is_word(number.end));
    numbers.flat_map(|number| ENDS.map(|end| [&seed[..number.start], end.as_bytes(), &seed[number.end..]].concat())).collect()
}

/// One of the seeds with a few changes, no longer than `most`.
pub(crate) fn mutated(seeds: &[Vec<u8>], words: &[Vec<u8>], most: usize, random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(4) {
        change(&mut bytes, seeds, words, random);
    }
    bytes.truncate(most);
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[Vec<u8>], random: &mut Random) {
    let start = random.below(bytes.len() + 1);
    let end = start + random.below((bytes.len() - start).min(24) + 1);
    match random.below(8) {
        0 => drop(bytes.drain(start..end)),
        1 => {
            let piece = bytes[start..end].to_vec();
            bytes.splice(start..start, piece);
        }
        2 if start < bytes.len() => bytes[start] ^= 1 << random.below(7), // seven, so that text stays text
        3 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len() + 1);
            let to = from + random.below((other.len() - from).min(64) + 1);
            bytes.splice(start..end, other[from..to].iter().copied());
        }
        4 => lines(bytes, random),
        _ if words.is_empty() => bytes.insert(start, u8::try_from(random.below(256)).unwrap()),
        kind => {
            let word = &words[random.below(words.len())];
            let end = if kind == 5 { start } else { end };
            bytes.splice(start..end, word.iter().copied());
        }
    }
}

/// Two lines in each other's place, or one of them away, twice, or further in.
fn lines(bytes: &mut Vec<u8>, random: &mut Random) {
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    if lines.is_empty() {
        return;
    }
    let (one, other) = (random.below(lines.len()), random.below(lines.len()));
    match random.below(4) {
        0 => lines.swap(one, other),
        1 => drop(lines.remove(one)),
        2 => lines.insert(other, lines[one].clone()),
        _ => drop(lines[one].splice(0..0, *b"  ")),
    }
    *bytes = lines.concat();
}
