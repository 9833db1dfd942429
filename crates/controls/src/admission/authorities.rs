//! Whom the API server trusts when it calls a backend: the authority that a client configuration carries.

use seaworthy_document::{Value, decode_base64};
use seaworthy_evidence::Object;

use crate::secrets::credentials::is_placeholder;

/// What is known of the authority that vouches for a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Authority<'a> {
    /// It is stated.
    Stated,
    /// Something that the object names puts it in.
    Injected,
    /// It is missing, or only stands for one that is filled in later.
    Missing,
    /// What stands there is no certificate.
    Broken(Value<'a>),
}

/// Annotations by which a controller is asked to put the authority in. The first three are read by cert-manager's
/// injector, the last by OpenShift's service authority.
const INJECTORS: &[&str] = &[
    "cert-manager.io/inject-ca-from",
    "cert-manager.io/inject-ca-from-secret",
    "cert-manager.io/inject-apiserver-ca",
    "service.beta.openshift.io/inject-cabundle",
];

/// The authority in the `caBundle` of `client`, a part of `object`.
pub(crate) fn authority<'a>(object: &Object<'a>, client: &Value<'a>) -> Authority<'a> {
    if INJECTORS.iter().any(|annotation| object.annotation(annotation).is_some()) {
        return Authority::Injected;
    }
    let Some(bundle) = client.get("caBundle") else { return Authority::Missing };
    let text = bundle.text();
    if is_placeholder(text) {
        return Authority::Missing;
    }
    match decode_base64(text) {
        // Generators of manifests write an empty line or an empty text where a controller writes later.
        Some(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => Authority::Missing,
        Some(bytes) if contains(&bytes, b"-----BEGIN CERTIFICATE-----") => Authority::Stated,
        _ => Authority::Broken(bundle),
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
