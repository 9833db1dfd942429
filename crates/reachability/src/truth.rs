//! Three values of truth: files leave things open, and an open question is not a "no".

use std::fmt;

/// Whether something holds, as far as it is known. Ordered from no to yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// It does not hold, whatever is not known.
    No,
    /// What is known does not decide it.
    Maybe,
    /// It holds, whatever is not known.
    Yes,
}

impl Truth {
    /// From its bounds: whether it holds in every case, and whether in any.
    pub(crate) fn between(surely: bool, possibly: bool) -> Truth {
        match (surely, possibly) {
            (true, _) => Truth::Yes,
            (false, true) => Truth::Maybe,
            (false, false) => Truth::No,
        }
    }

    /// Whether it holds in every case.
    pub fn surely(self) -> bool {
        self == Truth::Yes
    }

    /// Whether it holds in any case.
    pub fn possibly(self) -> bool {
        self != Truth::No
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Truth) -> Truth {
        self.min(other)
    }

    /// At least one holds.
    #[must_use]
    pub fn or(self, other: Truth) -> Truth {
        self.max(other)
    }

    /// The contrary.
    #[must_use]
    pub fn negated(self) -> Truth {
        Truth::between(!self.possibly(), !self.surely())
    }

    /// Whether all of some hold; looks no further once one does not.
    pub fn all(mut truths: impl Iterator<Item = Truth>) -> Truth {
        truths
            .try_fold(Truth::Yes, |all, truth| match all.and(truth) {
                Truth::No => Err(Truth::No),
                all => Ok(all),
            })
            .unwrap_or_else(|no| no)
    }

    /// Whether any of some holds; looks no further once one does.
    pub fn any(mut truths: impl Iterator<Item = Truth>) -> Truth {
        truths
            .try_fold(Truth::No, |any, truth| match any.or(truth) {
                Truth::Yes => Err(Truth::Yes),
                any => Ok(any),
            })
            .unwrap_or_else(|yes| yes)
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Truth {
        if value { Truth::Yes } else { Truth::No }
    }
}

impl fmt::Display for Truth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Truth::No => "no",
            Truth::Maybe => "unknown",
            Truth::Yes => "yes",
        })
    }
}
