//! Moments and ages. Controls have no clock: "now" is the moment at which a live cluster was asked, and without one
//! nothing has an age.

use seaworthy_policy::Date;

use crate::scope::Surroundings;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;

/// When the cluster was asked, in seconds since 1970; `None` for files.
pub(crate) fn now(around: &Surroundings<'_, '_>) -> Option<i64> {
    seconds(around.evidence.collection()?.at())
}

/// The moment of a time of RFC 3339, as API servers write it, or of a day: in seconds since 1970.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let day: Date = text.get(..10)?.parse().ok()?;
    let start = day.unix_days() * DAY;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(start);
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let number = |from: usize| {
        let digits = time.get(from..from + 2)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let (hours, minutes, seconds) = (number(0)?, number(3)?, number(6)?);
    if time.as_bytes().get(2) != Some(&b':') || time.as_bytes().get(5) != Some(&b':') {
        return None;
    }
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let zone = time.get(8..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
            sign * (hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60)
        }
    };
    Some(start + hours * 3600 + minutes * 60 + seconds - offset)
}

/// The day of a moment, as `2026-11-21`.
pub(crate) fn day(seconds: i64) -> Date {
    Date::from_unix_seconds(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_date() {
        // `date -u -d TEXT +%s`
        for (text, expected) in [
            ("1970-01-01", 0),
            ("2026-11-21T17:00:00Z", 1_795_280_400),
            ("2026-11-21T17:00:00.123456Z", 1_795_280_400),
            ("2026-11-21T19:00:00+02:00", 1_795_280_400),
            ("2026-11-21T11:30:00-05:30", 1_795_280_400),
            ("2000-02-29T00:00:01Z", 951_782_401),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "soon",
            "2026-11-21T",
            "2026-11-21T17",
            "2026-11-21T25:00:00Z",
            "2026-11-21T17:00:00",
            "é026-11-21",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
