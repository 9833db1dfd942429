//! What a scalar is, by the rules of goyaml v2 (`resolve.go`) and of `sigs.k8s.io/yaml` for keys, and how Go's
//! `encoding/json` prints it.

use std::borrow::Cow;

use crate::tree::Kind;

/// A resolved scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above the range of `i64`.
    Unsigned(u64),
    Float(f64),
    String,
}

impl Resolved {
    pub(crate) fn kind(self) -> Kind {
        match self {
            Resolved::Null => Kind::Null,
            Resolved::Bool(_) => Kind::Bool,
            Resolved::Int(_) | Resolved::Unsigned(_) => Kind::Int,
            Resolved::Float(_) => Kind::Float,
            Resolved::String => Kind::String,
        }
    }
}

/// Whether a plain scalar that starts with this byte may be something else than a string.
#[inline]
pub(crate) fn may_resolve(first: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let starts = b"+-0123456789yYnNtTfFoO~.";
        let mut index = 0;
        while index < starts.len() {
            table[starts[index] as usize] = true;
            index += 1;
        }
        table
    };
    TABLE[first as usize]
}

/// Whether a plain scalar that starts with a letter may be one of the words for booleans and null.
#[inline]
pub(crate) fn may_be_word(text: &[u8]) -> bool {
    match *text {
        [_] => true,
        [first, second, ..] if text.len() <= 5 => {
            matches!(&[first | 0x20, second | 0x20], b"ye" | b"no" | b"nu" | b"tr" | b"fa" | b"on" | b"of")
        }
        _ => false,
    }
}

/// What a plain scalar without a tag is.
pub(crate) fn resolve(text: &str) -> Resolved {
    match text.as_bytes().first() {
        None => Resolved::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => number(text),
        Some(&first) if may_resolve(first) => word(text),
        Some(_) => Resolved::String,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        _ => Resolved::String,
    }
}

fn number(text: &str) -> Resolved {
    match text {
        ".nan" | ".NaN" | ".NAN" => return Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => return Resolved::Float(f64::NEG_INFINITY),
        _ => {}
    }
    if text.starts_with('.') {
        // Go's own parser, which takes underscores between digits.
        let bytes = text.as_bytes();
        let digit_at = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
        let well_placed = text.match_indices('_').all(|(at, _)| digit_at(at - 1) && digit_at(at + 1));
        return match float(&without_underscores(text)) {
            Some(value) if well_placed => Resolved::Float(value),
            _ => Resolved::String,
        };
    }
    let plain = without_underscores(text);
    if let Some(value) = integer(&plain) {
        return value;
    }
    if let Some(value) = float(&plain) {
        return Resolved::Float(value);
    }
    // A sign behind the prefix is a quirk of goyaml.
    let binary = plain.strip_prefix("0b").filter(|digits| digits.starts_with(['+', '-']));
    match binary.and_then(|digits| i64::from_str_radix(digits, 2).ok()) {
        Some(value) => Resolved::Int(value),
        None => Resolved::String,
    }
}

fn without_underscores(text: &str) -> Cow<'_, str> {
    if text.contains('_') { Cow::Owned(text.replace('_', "")) } else { Cow::Borrowed(text) }
}

/// Go's `ParseInt` and `ParseUint` with base 0.
fn integer(text: &str) -> Option<Resolved> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'b' | b'B', _, ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', _, ..] => (8, &digits[2..]),
        [b'0', b'x' | b'X', _, ..] => (16, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    if !digits.bytes().all(|digit| digit.is_ascii_alphanumeric()) {
        return None; // Rust takes a sign here
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(value)) {
        (false, Ok(value)) => Some(Resolved::Int(value)),
        (false, Err(_)) => (!text.starts_with('+')).then_some(Resolved::Unsigned(value)),
        (true, Ok(value)) => Some(Resolved::Int(-value)),
        (true, Err(_)) => (value == i64::MIN.unsigned_abs()).then_some(Resolved::Int(i64::MIN)),
    }
}

/// A decimal number in the notation of YAML and JSON that is not too large for `f64`.
fn float(text: &str) -> Option<f64> {
    let bytes = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut at = whole;
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if whole + fraction == 0 {
            return None;
        }
        at += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return None;
        }
        at += exponent;
    }
    let value: f64 = (at == bytes.len()).then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

/// The value of a scalar of kind `Float`, in YAML or JSON.
pub(crate) fn float_value(text: &str) -> Option<f64> {
    match number(text) {
        Resolved::Float(value) => Some(value),
        // An integer that a tag makes a float, or that JSON cannot hold as an integer.
        _ => float(&without_underscores(text)).or(match integer(&without_underscores(text))? {
            Resolved::Int(value) => Some(value as f64),
            Resolved::Unsigned(value) => Some(value as f64),
            _ => None,
        }),
    }
}

/// What a scalar with one of the tags of YAML 1.1 is; `None` when the tag and the text contradict each other.
pub(crate) fn resolve_tagged(tag: &str, text: &str) -> Option<Resolved> {
    let resolved = resolve(text);
    let fits = match tag {
        "str" => return Some(Resolved::String),
        "null" => resolved == Resolved::Null,
        "bool" => matches!(resolved, Resolved::Bool(_)),
        "int" => matches!(resolved, Resolved::Int(_) | Resolved::Unsigned(_)),
        "float" => match resolved {
            Resolved::Int(value) => return Some(Resolved::Float(value as f64)),
            _ => matches!(resolved, Resolved::Float(_)),
        },
        "timestamp" => return is_timestamp(text).then_some(Resolved::String),
        _ => return Some(Resolved::String),
    };
    // A date looks like nothing else, so only these tags can meet one.
    fits.then_some(resolved)
}

/// The formats that goyaml tries, as Go's `time.Parse` reads them.
fn is_timestamp(text: &str) -> bool {
    fn field(text: &str, most: usize, range: std::ops::RangeInclusive<u32>) -> Option<(u32, &str)> {
        let length = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let value = text[..length].parse().ok()?;
        range.contains(&value).then_some((value, &text[length..]))
    }
    fn date(text: &str) -> Option<&str> {
        let (year, rest) = (text.get(..4)?, text.get(4..)?);
        let year: u32 = year.bytes().all(|byte| byte.is_ascii_digit()).then(|| year.parse().ok())??;
        let (month, rest) = field(rest.strip_prefix('-')?, 2, 1..=12)?;
        let (day, rest) = field(rest.strip_prefix('-')?, 2, 1..=31)?;
        let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        (day <= days).then_some(rest)
    }
    fn time(text: &str) -> Option<&str> {
        let (_, rest) = field(text, 2, 0..=23)?;
        let (_, rest) = field(rest.strip_prefix(':')?, 2, 0..=59)?;
        let (_, rest) = field(rest.strip_prefix(':')?, 2, 0..=59)?;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        Some(match rest.strip_prefix(['.', ',']) {
            Some(fraction) if digits(fraction) > 0 => &fraction[digits(fraction)..],
            _ => rest,
        })
    }
    fn zone(text: &str) -> bool {
        match text.as_bytes() {
            [b'Z'] => true,
            [b'+' | b'-', h1, h2, b':', m1, m2] => {
                let two = |a: &u8, b: &u8| {
                    (a.is_ascii_digit() && b.is_ascii_digit()).then(|| (a - b'0') * 10 + b - b'0')
                };
                two(h1, h2).is_some_and(|hours| hours <= 24)
                    && two(m1, m2).is_some_and(|minutes| minutes < 60)
            }
            _ => false,
        }
    }
    let Some(rest) = date(text) else { return false };
    match rest.as_bytes().first() {
        None => true,
        Some(b'T' | b't') => time(&rest[1..]).is_some_and(zone),
        Some(b' ') => time(rest[1..].trim_start_matches(' ')).is_some_and(str::is_empty),
        _ => false,
    }
}

/// The text that `sigs.k8s.io/yaml` makes of a key; `None` for keys that it refuses (null, above `i64`).
pub(crate) fn key_text(resolved: Resolved) -> Option<String> {
    match resolved {
        Resolved::Bool(value) => Some(value.to_string()),
        Resolved::Int(value) => Some(value.to_string()),
        Resolved::Float(value) => Some(go_float_key(value)),
        Resolved::Null | Resolved::Unsigned(_) | Resolved::String => None,
    }
}

/// Go's `strconv.FormatFloat(value, 'g', -1, 32)`, which rounds to 32 bits.
fn go_float_key(value: f64) -> String {
    let value = value as f32;
    if value.is_nan() {
        return ".nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    match scientific.split_once('e').and_then(|(_, exponent)| exponent.parse::<i32>().ok()) {
        Some(exponent) if !(-4..6).contains(&exponent) => go_exponent(&scientific, 2),
        _ => value.to_string(),
    }
}

/// As Go's `encoding/json` prints a `float64`.
pub(crate) fn go_json_float(value: f64) -> String {
    let size = value.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        return go_exponent(&format!("{value:e}"), 1);
    }
    value.to_string()
}

/// Rust's `1e21` as Go's `1e+21`, with at least so many digits.
fn go_exponent(scientific: &str, digits: usize) -> String {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |exponent| ('-', exponent));
    format!("{mantissa}e{sign}{exponent:0>digits$}")
}
