//! The grammars of scalars, as the decoders of the Go types accept them.

use seaworthy_document::{Kind, Value};

/// The finite number that kubectl sends for a number with a fraction or exponent.
pub(crate) fn float(value: Value<'_>) -> Option<f64> {
    let text = value.text();
    // YAML 1.1 allows digits to be grouped by underscores.
    let number: f64 = if text.contains('_') { text.replace('_', "").parse() } else { text.parse() }.ok()?;
    number.is_finite().then_some(number)
}

/// What an integer field makes of a value.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Integer {
    Value(i64),
    /// A whole number beyond 64 bits.
    TooLarge,
    /// Not a whole number.
    None,
}

/// The integer that kubectl sends: it writes `1.0` and `1e3` as `1` and `1000`.
pub(crate) fn integer(value: Value<'_>) -> Integer {
    match value.kind() {
        Kind::Int => value.as_i64().map_or(Integer::TooLarge, Integer::Value),
        Kind::Float => match float(value) {
            Some(number) if number.fract() != 0.0 => Integer::None,
            // 2^63: kubectl writes -2^63 rounded to one that is smaller.
            Some(number) if number.abs() < 9_223_372_036_854_775_808.0 => Integer::Value(number as i64),
            Some(_) => Integer::TooLarge,
            None => Integer::None,
        },
        _ => Integer::None,
    }
}

/// Whether `resource.ParseQuantity` accepts the text, with the spaces around it that `Quantity` allows in JSON.
/// It is more tolerant than its documentation: a suffix may stand alone, and a dot may be all of a number.
pub(crate) fn is_quantity(text: &str) -> bool {
    // Quantity looks at JSON before unescaping: a tab is a backslash there.
    let text =
        text.trim_matches(|c: char| c.is_whitespace() && c >= ' ' && !matches!(c, '\u{2028}' | '\u{2029}'));
    if text.is_empty() {
        return false;
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(unsigned);
    let (fraction, suffix) = match unsigned[whole..].strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", &unsigned[whole..]),
    };
    let has_digits = whole + fraction.len() > 0;
    let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
    let signed = suffix[letters..].strip_prefix(['+', '-']).unwrap_or(&suffix[letters..]);
    if digits(signed) != signed.len() {
        return false;
    }
    match suffix {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" => true,
        // Here upstream leaves its fast path, and the slow one wants a digit.
        "Pi" | "Ei" => has_digits,
        _ => match suffix.strip_prefix(['e', 'E']).map(str::parse::<i64>) {
            Some(Ok(exponent)) => has_digits || exponent as i32 >= -9,
            _ => false,
        },
    }
}

/// Whether Go's `time.Parse` accepts the text in the layout of RFC 3339; `micro` asks for exactly six digits
/// of a fraction, as `MicroTime` does.
pub(crate) fn is_time(text: &str, micro: bool) -> bool {
    parse_time(text.as_bytes(), micro).is_some()
}

fn parse_time(text: &[u8], micro: bool) -> Option<()> {
    let mut rest = text;
    let year = two_digits(&mut rest)? * 100 + two_digits(&mut rest)?;
    literal(&mut rest, b'-')?;
    let month = two_digits(&mut rest).filter(|month| (1..=12).contains(month))?;
    literal(&mut rest, b'-')?;
    let day = two_digits(&mut rest)?;
    literal(&mut rest, b'T')?;
    // The layout's hour is the one number of which Go takes a single digit.
    match rest {
        [b'0'..=b'9', b'0'..=b'9', ..] => two_digits(&mut rest).filter(|&hour| hour < 24).map(drop)?,
        [b'0'..=b'9', after @ ..] => rest = after,
        _ => return None,
    }
    literal(&mut rest, b':')?;
    two_digits(&mut rest).filter(|&minute| minute < 60)?;
    literal(&mut rest, b':')?;
    two_digits(&mut rest).filter(|&second| second < 60)?;
    if micro {
        let ([b'.' | b',', fraction @ ..], after) = rest.split_at_checked(7)? else { return None };
        // Go reads the six characters as a number, which may bear a sign.
        std::str::from_utf8(fraction).ok()?.parse::<i32>().ok().filter(|&fraction| fraction >= 0)?;
        rest = after;
    } else if let [b'.' | b',', b'0'..=b'9', ..] = rest {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest = &rest[1 + digits..];
    }
    match rest {
        [b'Z'] => {}
        [b'+' | b'-', offset @ ..] => {
            let mut rest = offset;
            two_digits(&mut rest).filter(|&hours| hours <= 24)?;
            literal(&mut rest, b':')?;
            two_digits(&mut rest).filter(|&minutes| minutes <= 60)?;
            if !rest.is_empty() {
                return None;
            }
        }
        _ => return None,
    }
    (1..=days(month, year)).contains(&day).then_some(())
}

fn two_digits(rest: &mut &[u8]) -> Option<u32> {
    let [tens @ b'0'..=b'9', ones @ b'0'..=b'9', after @ ..] = *rest else { return None };
    *rest = after;
    Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
}

fn literal(rest: &mut &[u8], byte: u8) -> Option<()> {
    *rest = rest.strip_prefix(&[byte])?;
    Some(())
}

fn days(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Whether Go's `base64.StdEncoding` accepts the text: padding is due, line breaks are skipped anywhere.
pub(crate) fn is_base64(text: &str) -> bool {
    let mut digits = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => digits += 1,
            b'=' => padding += 1,
            b'\r' | b'\n' => {}
            _ => return false,
        }
    }
    matches!((digits % 4, padding), (0, 0) | (2, 2) | (3, 1))
}
