//! What a plain scalar means: YAML 1.1 as Convox's reader (a fork of Go's yaml.v2) has it.

/// The meaning of a scalar before a field says what it wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Resolved<'a> {
    /// Empty, `~` or `null`.
    Null,
    /// `yes`, `no`, `on`, `off`, `y`, `n`, `true`, `false`.
    Bool(bool),
    /// Decimal, `0x`, `0b`, leading-zero octal, `_` between digits.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// Anything else, and everything in quotes.
    Text(&'a str),
}

/// Resolve a scalar; only plain ones can be anything but text.
pub fn resolve(text: &str, plain: bool) -> Resolved<'_> {
    if !plain {
        return Resolved::Text(text);
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Resolved::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Resolved::Bool(false),
        _ => {}
    }
    let starts_number = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    if !starts_number {
        return Resolved::Text(text);
    }
    let digits = text.replace('_', "");
    if let Some(int) = integer(&digits) {
        return Resolved::Int(int);
    }
    match digits.parse::<f64>() {
        Ok(float) if float.is_finite() && is_float(&digits) => Resolved::Float(float),
        _ => Resolved::Text(text),
    }
}

/// The text of a number once Convox has read it and written it again: `1.50` is `1.5`.
pub fn number_text(number: f64) -> String {
    format!("{number}")
}

fn integer(text: &str) -> Option<i64> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` takes a sign of its own, which would let `--5` through.
    if digits.starts_with(['+', '-']) {
        return None;
    }
    // The least one has no counterpart above zero.
    let value = u64::from_str_radix(digits, radix).ok()?;
    if is_negative { 0_i64.checked_sub_unsigned(value) } else { i64::try_from(value).ok() }
}

/// `[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?` or `[0-9]+\.`: what the reader takes for a float.
fn is_float(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    body.bytes().any(|b| b.is_ascii_digit()) && body.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'-' | b'+'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_yaml_1_1() {
        for (text, meaning) in [
            ("3000", Resolved::Int(3000)),
            ("9223372036854775807", Resolved::Int(i64::MAX)),
            ("9223372036854775808", Resolved::Float(9_223_372_036_854_775_808.0)),
            ("-9223372036854775808", Resolved::Int(i64::MIN)),
            ("-9223372036854775809", Resolved::Float(-9_223_372_036_854_775_808.0)),
            ("3_000", Resolved::Int(3000)),
            ("010", Resolved::Int(8)),
            ("0x1F", Resolved::Int(31)),
            ("0b11", Resolved::Int(3)),
            ("-5", Resolved::Int(-5)),
            ("--5", Resolved::Text("--5")),
            ("08", Resolved::Float(8.0)),
            ("1.50", Resolved::Float(1.5)),
            ("1-5", Resolved::Text("1-5")),
            ("1e3", Resolved::Float(1000.0)),
            ("12:30:45", Resolved::Text("12:30:45")),
            ("on", Resolved::Bool(true)),
            ("nO", Resolved::Text("nO")),
            ("~", Resolved::Null),
            ("", Resolved::Null),
            ("-", Resolved::Text("-")),
            (".", Resolved::Text(".")),
            ("99999999999999999999", Resolved::Float(1e20)),
        ] {
            assert_eq!(resolve(text, true), meaning, "{text}");
        }
        assert_eq!(resolve("yes", false), Resolved::Text("yes"));
        assert_eq!(number_text(9.60), "9.6");
        assert_eq!(number_text(12.0), "12");
    }
}
