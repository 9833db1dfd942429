//! Calendar days.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, from year 1 to 9999; earlier days are less than later ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text is no day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoDate;

/// A Unix time in seconds as RFC 3339 writes it in UTC, as `2026-11-21T17:00:00Z`.
pub fn rfc3339(seconds: i64) -> String {
    let (day, second) = (Date::from_unix_seconds(seconds), seconds.rem_euclid(86_400));
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("{day}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

impl fmt::Display for NoDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a day of the calendar: write it as `2027-03-31`")
    }
}

impl std::error::Error for NoDate {}

impl Date {
    /// A day, or `None` when the calendar has none such.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let fits = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_of(year, month)).contains(&day);
        fits.then_some(Date { year, month, day })
    }

    /// The day in UTC of a Unix time in seconds; times outside of the calendar give its first or last day.
    pub fn from_unix_seconds(seconds: i64) -> Date {
        // Days are counted in eras of 400 years that begin on 1 March, so that leap days come last
        // (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days).
        let days = seconds.div_euclid(86_400).clamp(-719_162, 2_932_896) + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        Date { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// The number of days since 1 January 1970; the reverse of [`from_unix_seconds`](Date::from_unix_seconds).
    pub fn unix_days(self) -> i64 {
        // `days_from_civil` of the same source.
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468
    }
}

fn days_of(year: u16, month: u8) -> u8 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = NoDate;

    /// Reads `YYYY-MM-DD` and nothing else.
    fn from_str(text: &str) -> Result<Date, NoDate> {
        let shape = |(index, byte): (usize, u8)| match index {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 10 || !text.bytes().enumerate().all(shape) {
            return Err(NoDate);
        }
        let mut parts = text.split('-');
        let mut number = || parts.next().and_then(|part| part.parse::<u16>().ok());
        let (year, month, day) = (number(), number(), number());
        match (year, month, day) {
            (Some(year), Some(month), Some(day)) => Date::new(year, month as u8, day as u8).ok_or(NoDate),
            _ => Err(NoDate),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::Date;

    #[test]
    fn days_are_read_and_written() {
        for text in ["2027-03-31", "2028-02-29", "2000-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(text.parse::<Date>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "2027-3-31",
            "2027-02-29",
            "1900-02-29",
            "2027-00-10",
            "2027-13-01",
            "2027-01-00",
            "2027-04-31",
            "0000-01-01",
            "2027/03/31",
            "2027-03-31T00:00:00Z",
            "soon",
            "２０２７-03",
            "+027-03-31",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_counted_as_they_are_made() {
        for days in [-719_162, -1, 0, 1, 11_016, 11_017, 20_778, 2_932_896] {
            assert_eq!(Date::from_unix_seconds(days * 86_400).unix_days(), days);
        }
    }

    #[test]
    fn unix_times_are_days() {
        // `date -u -d @N +%F`
        for (seconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_795_219_199, "2026-11-20"),
            (1_795_219_200, "2026-11-21"),
            (i64::MIN, "0001-01-01"),
            (i64::MAX, "9999-12-31"),
        ] {
            assert_eq!(Date::from_unix_seconds(seconds).to_string(), day);
        }
    }

    #[test]
    fn days_are_ordered() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2026-12-31") < day("2027-01-01") && day("2027-01-31") < day("2027-02-01"));
    }

    #[test]
    fn seconds_become_a_date_and_a_time() {
        assert_eq!(super::rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(super::rfc3339(951_868_799), "2000-02-29T23:59:59Z");
        assert_eq!(super::rfc3339(-1), "1969-12-31T23:59:59Z");
    }
}
