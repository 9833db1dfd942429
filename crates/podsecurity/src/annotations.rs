//! The annotations that name AppArmor and seccomp profiles.

use std::collections::BTreeMap;

use seaworthy_document::Value;

use crate::fields::{below, text};

pub(crate) const APP_ARMOR_PREFIX: &str = "container.apparmor.security.beta.kubernetes.io/";
pub(crate) const SECCOMP_POD: &str = "seccomp.security.alpha.kubernetes.io/pod";
pub(crate) const SECCOMP_PREFIX: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// The profile annotations of a pod by key, the last of equal keys. Left empty when all values are allowed, so
/// that a pod that passes costs no memory.
#[derive(Default)]
pub(crate) struct ProfileAnnotations<'a> {
    by_key: BTreeMap<&'a str, Value<'a>>,
    /// What stands in place of the map of annotations.
    pub(crate) malformed: Option<Value<'a>>,
}

impl<'a> ProfileAnnotations<'a> {
    pub(crate) fn read(metadata: Option<Value<'a>>) -> ProfileAnnotations<'a> {
        let Some(annotations) = metadata.and_then(|metadata| below(metadata, "annotations")) else {
            return ProfileAnnotations::default();
        };
        if !annotations.is_mapping() {
            return ProfileAnnotations { malformed: Some(annotations), ..ProfileAnnotations::default() };
        }
        let suspicious = annotations.entries().any(|(key, value)| match key.text() {
            key if key.starts_with(APP_ARMOR_PREFIX) => !is_app_armor_allowed(value),
            key if key == SECCOMP_POD || key.starts_with(SECCOMP_PREFIX) => !is_seccomp_allowed(value),
            _ => false,
        });
        let mut by_key = BTreeMap::new();
        if suspicious {
            for (key, value) in annotations.entries() {
                let key = key.text();
                if key.starts_with(APP_ARMOR_PREFIX) || key == SECCOMP_POD || key.starts_with(SECCOMP_PREFIX)
                {
                    by_key.insert(key, value);
                }
            }
        }
        ProfileAnnotations { by_key, malformed: None }
    }

    /// The AppArmor annotations that are not allowed, for whatever container.
    pub(crate) fn bad_app_armor(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> {
        self.by_key
            .iter()
            .map(|(&key, &value)| (key, value))
            .filter(|(key, value)| key.starts_with(APP_ARMOR_PREFIX) && !is_app_armor_allowed(*value))
    }

    /// The AppArmor annotation of a container, where it is `unconfined`.
    pub(crate) fn unconfined(&self, container: &str) -> Option<Value<'a>> {
        let (_, value) = self.named(APP_ARMOR_PREFIX, container)?;
        (value.as_str() == Some("unconfined")).then_some(value)
    }

    /// The seccomp annotation of the pod, where it is not allowed.
    pub(crate) fn bad_seccomp_of_pod(&self) -> Option<(&'a str, Value<'a>)> {
        self.named(SECCOMP_POD, "").filter(|(_, value)| !is_seccomp_allowed(*value))
    }

    /// The seccomp annotation of a container, where it is not allowed.
    pub(crate) fn bad_seccomp_of(&self, container: &str) -> Option<(&'a str, Value<'a>)> {
        self.named(SECCOMP_PREFIX, container).filter(|(_, value)| !is_seccomp_allowed(*value))
    }

    fn named(&self, prefix: &str, name: &str) -> Option<(&'a str, Value<'a>)> {
        if self.by_key.is_empty() {
            return None;
        }
        self.by_key.get_key_value(format!("{prefix}{name}").as_str()).map(|(&key, &value)| (key, value))
    }
}

fn is_app_armor_allowed(value: Value<'_>) -> bool {
    is_string(value)
        && (matches!(text(value), "" | "runtime/default") || text(value).starts_with("localhost/"))
}

fn is_seccomp_allowed(value: Value<'_>) -> bool {
    is_string(value)
        && (matches!(text(value), "runtime/default" | "docker/default")
            || text(value).starts_with("localhost/"))
}

/// A null in a map of strings decodes to the empty string.
fn is_string(value: Value<'_>) -> bool {
    value.is_null() || value.as_str().is_some()
}
