//! The three policy levels.

use std::fmt;
use std::str::FromStr;

/// A level of the Pod Security Standards, ordered by strictness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Unrestricted: no check applies.
    Privileged,
    /// Prevents known privilege escalations.
    Baseline,
    /// Current practice of hardening.
    Restricted,
}

impl Level {
    /// Every level, the least strict first.
    pub const ALL: [Level; 3] = [Level::Privileged, Level::Baseline, Level::Restricted];

    /// The word that stands in labels and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is no level. Its text is that of upstream `ParseLevel` (pod-security-admission `api/helpers.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError;

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be one of privileged, baseline, restricted")
    }
}

impl std::error::Error for ParseLevelError {}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Level, ParseLevelError> {
        Level::ALL.into_iter().find(|level| level.as_str() == text).ok_or(ParseLevelError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_by_strictness() {
        assert!(Level::Privileged < Level::Baseline && Level::Baseline < Level::Restricted);
    }

    #[test]
    fn only_the_three_words_are_levels() {
        assert_eq!("baseline".parse(), Ok(Level::Baseline));
        for wrong in ["", "Baseline", "restricted ", "default"] {
            assert_eq!(wrong.parse::<Level>(), Err(ParseLevelError), "{wrong:?}");
        }
    }
}
