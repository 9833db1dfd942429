//! What is a credential, or may hold one, among flags and fields: it is replaced before anything is kept.

use serde_json::{Map, Value, json};

use crate::error::shortened;

/// What stands in the place of a credential: what `/flagz` itself writes there.
const CLASSIFIED: &str = "CLASSIFIED";

/// Longest value of a flag that is kept.
const LONGEST: usize = 8192;

/// The value of a flag as it may be kept.
pub(super) fn flag(name: &str, value: &str) -> String {
    let may_be_secret =
        matches!(name, "token" | "password" | "username" | "manifest-url-header" | "bootstrap-token")
            || name.ends_with("-token")
            || name.ends_with("-password")
            || name.ends_with("-client-secret");
    if value.is_empty() || value == "[]" {
        return value.to_owned();
    }
    if may_be_secret || has_credentials(value) || value.len() > LONGEST {
        return CLASSIFIED.to_owned();
    }
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Whether a text holds an address with a name and a password before the host.
fn has_credentials(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let host = rest.split(['/', ',']).next().unwrap_or_default();
        host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
    })
}

/// Replaces what may be a credential in a configuration of the kubelet.
pub(super) fn configuration(fields: &mut Map<String, Value>) {
    if let Some(headers) = fields.get_mut("staticPodURLHeader").filter(|headers| !headers.is_null()) {
        *headers = json!(CLASSIFIED);
    }
    if let Some(Value::String(url)) = fields.get_mut("staticPodURL") {
        // Whoever knows the address may know a token in it.
        let clean = url.split(['?', '#']).next().unwrap_or_default();
        *url = if has_credentials(clean) { CLASSIFIED.to_owned() } else { shortened(clean) };
    }
}
