//! `/metrics` of the API server: what it tells of its configuration, apart from numbers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

/// Most names of a kind that are kept.
const MOST: usize = 1024;

const PLUGIN: &str = "apiserver_admission_controller_admission_duration_seconds_count";
const GATE: &str = "kubernetes_feature_enabled";
const AUDITED: &str = "apiserver_audit_event_total";
const EXPIRY: &str = "apiserver_client_certificate_expiration_seconds_count";

/// Counters of configuration files that are loaded, by the name under which their hash is kept.
const HASHES: [(&str, &str); 3] = [
    ("authentication", "apiserver_authentication_config_controller_last_config_info"),
    ("authorization", "apiserver_authorization_config_controller_last_config_info"),
    ("encryption", "apiserver_encryption_config_controller_last_config_info"),
];

/// What the metrics tell. Plugins appear once they were called.
pub(super) fn reading(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let mut plugins = BTreeSet::new();
    let mut gates = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    let mut audited = None;
    let mut certificates = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let end = line.find(['{', ' ']).unwrap_or(line.len());
        let (name, rest) = line.split_at(end);
        let value = rest.rsplit(' ').next().unwrap_or_default();
        match name {
            PLUGIN if plugins.len() < MOST => plugins.extend(label(rest, "name").map(str::to_owned)),
            GATE if gates.len() < MOST => {
                gates.extend(label(rest, "name").map(|name| (name.to_owned(), value == "1")));
            }
            AUDITED => audited = value.parse::<f64>().ok(),
            EXPIRY => certificates = value.parse::<f64>().ok(),
            name => {
                if let Some((of, _)) = HASHES.iter().find(|(_, metric)| *metric == name) {
                    hashes.extend(label(rest, "hash").map(|hash| (*of, hash.to_owned())));
                }
            }
        }
    }
    if plugins.is_empty() && gates.is_empty() {
        return json!({"from": "/metrics", "error": "the answer holds no metrics of an API server"});
    }
    let mut reading = json!({
        "from": "/metrics",
        "admissionPlugins": plugins,
        "featureGates": gates,
        "configurationHashes": hashes,
    });
    // Numbers that change with every request would make two scans of one cluster differ: only whether there are any.
    if let Some(audited) = audited {
        reading["auditEvents"] = json!(audited > 0.0);
    }
    if let Some(certificates) = certificates {
        reading["clientCertificates"] = json!(certificates > 0.0);
    }
    reading
}

/// The value of a label; names of what is looked for need no escapes.
fn label<'l>(labels: &'l str, name: &str) -> Option<&'l str> {
    let mut rest = labels;
    loop {
        let at = rest.find(name)?;
        let before = rest[..at].chars().next_back();
        let behind = &rest[at + name.len()..];
        if matches!(before, Some('{' | ','))
            && let Some(value) = behind.strip_prefix("=\"")
        {
            let value = &value[..value.find('"')?];
            return (value.len() <= 128 && !value.contains('\\')).then_some(value);
        }
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plugins_gates_and_hashes_are_read() {
        let text = "# HELP x\n\
            apiserver_admission_controller_admission_duration_seconds_count{name=\"NodeRestriction\",operation=\"UPDATE\",rejected=\"false\",type=\"admit\"} 3\n\
            apiserver_admission_controller_admission_duration_seconds_sum{name=\"Other\"} 3\n\
            kubernetes_feature_enabled{name=\"APIServingWithRoutine\",stage=\"ALPHA\"} 0\n\
            kubernetes_feature_enabled{name=\"ComponentFlagz\",stage=\"BETA\"} 1\n\
            apiserver_audit_event_total 1465\n\
            apiserver_authorization_config_controller_last_config_info{apiserver_id_hash=\"sha256:73\",hash=\"sha256:36e3\"} 1\n";
        let read = reading(text.as_bytes());
        assert_eq!(
            read,
            json!({"from": "/metrics", "admissionPlugins": ["NodeRestriction"],
                "featureGates": {"APIServingWithRoutine": false, "ComponentFlagz": true},
                "configurationHashes": {"authorization": "sha256:36e3"}, "auditEvents": true})
        );
        assert!(reading(b"<html>")["error"].is_string());
    }
}
