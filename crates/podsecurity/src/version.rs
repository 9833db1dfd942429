//! Versions of the policies, which follow the minor versions of Kubernetes.

use std::fmt;
use std::str::FromStr;

/// A version of the policies: `latest` or `v1.N`. Ordered by age, with `latest` above every number.
///
/// A number above the newest known one is kept as written but evaluated as the newest known one, as upstream does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The newest version, whatever it is.
    pub const LATEST: Version = Version(u64::MAX);

    /// The minor version of Kubernetes whose rules are the newest known here.
    pub const NEWEST: u32 = 37;

    /// The versions at which the rules changed, oldest first: two versions judge alike unless one of these lies
    /// between them or is the newer one.
    pub const CHANGES: [Version; 13] = {
        let minors = [0, 8, 19, 22, 23, 25, 27, 29, 31, 32, 34, 35, 37];
        let mut versions = [Version(0); 13];
        let mut index = 0;
        while index < minors.len() {
            versions[index] = Version(minors[index]);
            index += 1;
        }
        versions
    };

    /// `v1.N`.
    pub const fn new(minor: u32) -> Version {
        Version(minor as u64)
    }

    /// The minor version whose rules apply: at most [`NEWEST`](Version::NEWEST).
    pub const fn minor(self) -> u32 {
        if self.0 > Version::NEWEST as u64 { Version::NEWEST } else { self.0 as u32 }
    }

    /// Whether it is written `latest`.
    pub const fn is_latest(self) -> bool {
        self.0 == u64::MAX
    }

    /// Whether it is a number above the newest known one, so that newer rules may exist that are not applied.
    pub const fn is_future(self) -> bool {
        !self.is_latest() && self.0 > Version::NEWEST as u64
    }

    /// Every version known here, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Version> {
        (0..=Version::NEWEST).map(Version::new)
    }

    /// Reads the value of a namespace label or of the configuration file, where `1.N` without `v` is an error.
    pub fn from_label(text: &str) -> Result<Version, ParseVersionError> {
        if text == "latest" {
            return Ok(Version::LATEST);
        }
        let digits = text.strip_prefix("v1.").ok_or(ParseVersionError)?;
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        if digits.is_empty() || leading_zero || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseVersionError);
        }
        // Upstream reads the number into a signed 64-bit integer and refuses what does not fit.
        match digits.parse::<i64>() {
            Ok(minor) => Ok(Version(minor.unsigned_abs())),
            Err(_) => Err(ParseVersionError),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_latest() { f.write_str("latest") } else { write!(f, "v1.{}", self.0) }
    }
}

/// A text that is no version. Its text is that of upstream `ParseVersion` (pod-security-admission `api/helpers.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseVersionError;

impl fmt::Display for ParseVersionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be \"latest\" or \"v1.x\"")
    }
}

impl std::error::Error for ParseVersionError {}

impl FromStr for Version {
    type Err = ParseVersionError;

    /// As [`from_label`](Version::from_label), and also `1.N`, which people type.
    fn from_str(text: &str) -> Result<Version, ParseVersionError> {
        match text.strip_prefix("1.") {
            Some(_) => Version::from_label(&format!("v{text}")),
            None => Version::from_label(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_upstream_reads() {
        for good in ["latest", "v1.0", "v1.9", "v1.37", "v1.99", "v1.9223372036854775807"] {
            assert_eq!(Version::from_label(good).map(|version| version.to_string()).as_deref(), Ok(good));
        }
        for bad in
            ["", "v1", "v1.", "v1.01", "v2.1", "1.9", "v1.9.1", "v1.+9", "Latest", "v1.9223372036854775808"]
        {
            assert_eq!(Version::from_label(bad), Err(ParseVersionError), "{bad:?}");
        }
        assert_eq!("1.9".parse(), Ok(Version::new(9)));
        assert_eq!("v1.9".parse(), Ok(Version::new(9)));
        assert!("1.09".parse::<Version>().is_err());
    }

    #[test]
    fn newer_versions_are_kept_but_evaluated_as_the_newest_known() {
        let future = Version::new(99);
        assert_eq!((future.minor(), future.is_future()), (Version::NEWEST, true));
        assert_eq!((Version::LATEST.minor(), Version::LATEST.is_future()), (Version::NEWEST, false));
        assert!(future < Version::LATEST && Version::new(1) < future);
    }
}
