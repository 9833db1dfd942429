//! Whether a live value is what a file declares: only what is declared counts, and what the API server writes in another way
//! is the same.

use seaworthy_document::{Kind, Value};

use crate::owner::defaults::{is_default, is_empty};

/// The keys by which items of lists are known, as the API merges them; the first that an item has counts.
const IDENTITIES: &[&str] =
    &["name", "mountPath", "devicePath", "containerPort", "port", "ip", "topologyKey"];

/// Fields that programs of the cluster fill in or change by design.
const MANAGED: &[&str] = &["replicas", "caBundle", "nodePort", "clusterIP", "clusterIPs", "volumeName"];

/// The item of a list that is the same thing as an item of another one, which has the number `at` there.
pub(super) fn counterpart<'a>(list: Value<'a>, item: &Value<'_>, at: u32) -> Option<Value<'a>> {
    let identity = IDENTITIES.iter().find_map(|key| Some((*key, item.get(key)?)));
    let Some((key, name)) = identity else { return list.items().nth(at as usize) };
    let same = |other: &Value<'a>, key: &str| {
        let (a, b) = (other.get(key), item.get(key));
        a.map(|a| a.text()) == b.map(|b| b.text()) || a.is_none() || b.is_none()
    };
    list.items().find(|other| {
        other.get(key).is_some_and(|other| other.text() == name.text())
            && same(other, "kind")
            && same(other, "protocol")
            && same(other, "namespace")
    })
}

/// Whether the live value says what is declared.
pub(super) fn agrees(declared: Value<'_>, live: Value<'_>) -> bool {
    if declared.is_mapping() && live.is_mapping() {
        return declared.entries().all(|(key, declared)| {
            let key = key.text();
            match live.get(key) {
                _ if MANAGED.contains(&key) => true,
                Some(live) => agrees(declared, live),
                None => is_empty(&declared) || is_default(key, &declared),
            }
        });
    }
    if declared.is_sequence() && live.is_sequence() {
        return declared.items().count() == live.items().count()
            && (0..).zip(declared.items()).all(|(at, declared)| {
                counterpart(live, &declared, at).is_some_and(|live| agrees(declared, live))
            });
    }
    if is_empty(&declared) && is_empty(&live) {
        return true;
    }
    let is_scalar = |value: &Value<'_>| !matches!(value.kind(), Kind::Mapping | Kind::Sequence);
    is_scalar(&declared) && is_scalar(&live) && same_scalar(&declared, &live)
}

fn same_scalar(declared: &Value<'_>, live: &Value<'_>) -> bool {
    if declared.text() == live.text() {
        return true;
    }
    // `0644` and `420`, `1.0` and `1`; quantities as the server writes them.
    let number = |value: &Value<'_>| value.as_i64().map(|number| number as f64).or_else(|| value.as_f64());
    let quantity = |value: &Value<'_>| number(value).or_else(|| quantity(value.text()));
    quantity(declared).zip(quantity(live)).is_some_and(|(declared, live)| declared == live)
}

/// The value of a quantity of the API (`pkg/api/resource/suffix.go`).
fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: &[(&str, f64)] = &[
        ("Ki", 1024.0),
        ("Mi", 1048576.0),
        ("Gi", 1073741824.0),
        ("Ti", 1099511627776.0),
        ("Pi", 1125899906842624.0),
        ("Ei", 1152921504606846976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let (digits, factor) = SUFFIXES
        .iter()
        .find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, *factor)))
        .unwrap_or((text, 1.0));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    // Divided rather than multiplied where that is exact: `1500m` is `1.5`.
    let number: f64 = digits.parse().ok().filter(|_| is_number)?;
    Some(if factor < 1.0 { number / (1.0 / factor).round() } else { number * factor })
}

/// Whether the server or a program of the cluster puts a value where a file says nothing.
pub(super) fn is_filled_in(key: &str, value: &Value<'_>) -> bool {
    let known: &[&str] = match key {
        "imagePullPolicy" => &["Always", "IfNotPresent"],
        "sessionAffinity" => &["None"],
        "type" => &["ClusterIP", "RollingUpdate"],
        "failurePolicy" => &["Fail"],
        "matchPolicy" => &["Equivalent"],
        "timeoutSeconds" => &["10"],
        "reinvocationPolicy" => &["Never"],
        "scope" => &["*"],
        "internalTrafficPolicy" | "externalTrafficPolicy" => &["Cluster"],
        "ipFamilyPolicy" => &["SingleStack"],
        "volumeMode" => &["Filesystem"],
        "persistentVolumeReclaimPolicy" => &["Delete", "Retain"],
        _ => &[],
    };
    is_empty(value)
        || is_default(key, value)
        || known.contains(&value.text())
        || MANAGED.contains(&key)
        || matches!(key, "policyTypes" | "ipFamilies" | "finalizers" | "requests" | "status" | "metadata")
}
