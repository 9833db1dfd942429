//! The policy that the labels of a namespace ask for.

use std::fmt;

use seaworthy_document::Value;

use crate::fields::text;
use crate::level::Level;
use crate::version::Version;

/// A level at a version; written `restricted:v1.30`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LevelVersion {
    /// The level.
    pub level: Level,
    /// The version.
    pub version: Version,
}

impl LevelVersion {
    /// `privileged:latest`, the default of Kubernetes for every mode.
    pub const PRIVILEGED: LevelVersion = LevelVersion { level: Level::Privileged, version: Version::LATEST };

    /// Whether both allow the same pods: equal, or both privileged.
    pub fn is_equivalent(self, other: LevelVersion) -> bool {
        (self.level == Level::Privileged && other.level == Level::Privileged) || self == other
    }
}

impl Default for LevelVersion {
    fn default() -> LevelVersion {
        LevelVersion::PRIVILEGED
    }
}

impl fmt::Display for LevelVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.level, self.version)
    }
}

/// What a namespace enforces, audits and warns of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct NamespacePolicy {
    /// Pods that violate it are refused.
    pub enforce: LevelVersion,
    /// Violations are noted in the audit log.
    pub audit: LevelVersion,
    /// Violations are told to whoever makes the request.
    pub warn: LevelVersion,
}

/// A label whose value is not allowed. Its text is that of the field error of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLabel<'a> {
    /// The label's key.
    pub key: &'static str,
    /// The label in the document.
    pub value: Value<'a>,
    /// What would be allowed.
    pub message: String,
}

impl fmt::Display for InvalidLabel<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = crate::quote::go_quote(text(self.value));
        write!(f, "metadata.labels[{}]: Invalid value: {value}: {}", self.key, self.message)
    }
}

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const ENFORCE_VERSION: &str = "pod-security.kubernetes.io/enforce-version";
const AUDIT: &str = "pod-security.kubernetes.io/audit";
const AUDIT_VERSION: &str = "pod-security.kubernetes.io/audit-version";
const WARN: &str = "pod-security.kubernetes.io/warn";
const WARN_VERSION: &str = "pod-security.kubernetes.io/warn-version";

impl NamespacePolicy {
    /// The policy for a namespace with these metadata, in a cluster without defaults of its own, and every label
    /// that is not valid. A policy is returned in any case: an invalid level enforces `restricted` but audits and
    /// warns of nothing, an invalid version is `latest`.
    pub fn from_labels(metadata: Value<'_>) -> (NamespacePolicy, Vec<InvalidLabel<'_>>) {
        NamespacePolicy::default().with_labels(metadata)
    }

    /// As [`from_labels`](NamespacePolicy::from_labels), with this policy where there are no labels: the
    /// `defaults` of the cluster's `PodSecurityConfiguration`.
    ///
    /// A namespace that enforces a level by label and has no label for warnings warns at least at that level
    /// (`PolicyToEvaluate` in pod-security-admission `api/helpers.go`).
    pub fn with_labels(self, metadata: Value<'_>) -> (NamespacePolicy, Vec<InvalidLabel<'_>>) {
        let mut labels = Labels::read(metadata);
        let mut policy = self;
        let enforce = labels.level(ENFORCE, Level::Restricted);
        let enforce_version = labels.version(ENFORCE_VERSION);
        let audit = labels.level(AUDIT, Level::Privileged);
        let audit_version = labels.version(AUDIT_VERSION);
        let warn = labels.level(WARN, Level::Privileged);
        let warn_version = labels.version(WARN_VERSION);
        set(&mut policy.enforce, enforce.level(), enforce_version);
        set(&mut policy.audit, audit.level(), audit_version);
        set(&mut policy.warn, warn.level(), warn_version);
        if let (Setting::Valid(enforced), Setting::Absent) = (enforce, warn)
            && enforced > policy.warn.level
        {
            policy.warn.level = enforced;
            if warn_version.is_none() {
                policy.warn.version = policy.enforce.version;
            }
        }
        (policy, labels.invalid)
    }
}

fn set(mode: &mut LevelVersion, level: Option<Level>, version: Option<Version>) {
    mode.level = level.unwrap_or(mode.level);
    mode.version = version.unwrap_or(mode.version);
}

/// What a level label says.
#[derive(Clone, Copy)]
enum Setting {
    Absent,
    Valid(Level),
    /// With the level that takes its place.
    Invalid(Level),
}

impl Setting {
    fn level(self) -> Option<Level> {
        match self {
            Setting::Absent => None,
            Setting::Valid(level) | Setting::Invalid(level) => Some(level),
        }
    }
}

struct Labels<'a> {
    labels: Option<Value<'a>>,
    invalid: Vec<InvalidLabel<'a>>,
}

impl<'a> Labels<'a> {
    fn read(metadata: Value<'a>) -> Labels<'a> {
        Labels { labels: metadata.get("labels"), invalid: Vec::new() }
    }

    fn level(&mut self, key: &'static str, instead: Level) -> Setting {
        match self.parse(key, str::parse::<Level>) {
            None => Setting::Absent,
            Some(Ok(level)) => Setting::Valid(level),
            Some(Err(())) => Setting::Invalid(instead),
        }
    }

    fn version(&mut self, key: &'static str) -> Option<Version> {
        self.parse(key, Version::from_label).map(|parsed| parsed.unwrap_or(Version::LATEST))
    }

    /// The label read by `parse`; a failure is noted.
    fn parse<T, E: fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Option<Result<T, ()>> {
        // A null in a map of strings decodes to the empty string, so that the label is there.
        let value = self.labels?.get_raw(key)?;
        let parsed = parse(text(value));
        Some(
            parsed
                .map_err(|error| self.invalid.push(InvalidLabel { key, value, message: error.to_string() })),
        )
    }
}
