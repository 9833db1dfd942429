//! How pods use Secrets.

use seaworthy_document::Value;
use seaworthy_podsecurity::{Container, Pod};

/// The driver that mounts secrets from an external store.
const STORE_DRIVER: &str = "secrets-store.csi.k8s.io";

/// Where a container takes environment variables from Secrets, with the name of each Secret.
pub(super) fn by_environment<'a>(
    container: &Container<'a>,
) -> impl Iterator<Item = (Value<'a>, Option<&'a str>)> + use<'a> {
    let items = |field: &str| container.value().get(field).into_iter().flat_map(|list| list.items());
    let single = items("env").filter_map(|variable| variable.at(&["valueFrom", "secretKeyRef"]));
    let whole = items("envFrom").filter_map(|source| source.get("secretRef"));
    single.chain(whole).map(|reference| (reference, reference.get("name").and_then(|name| name.as_str())))
}

/// The names of the Secrets that a pod uses by environment variables or volumes.
pub(super) fn secrets<'a>(pod: &Pod<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let variables =
        pod.containers().flat_map(|container| by_environment(&container)).filter_map(|(_, name)| name);
    let volumes = pod.volumes().flat_map(|volume| {
        let whole = volume.at(&["secret", "secretName"]);
        let sources = volume.at(&["projected", "sources"]).into_iter().flat_map(|sources| sources.items());
        whole.into_iter().chain(sources.filter_map(|source| source.at(&["secret", "name"])))
    });
    variables.chain(volumes.filter_map(|name| name.as_str()))
}

/// Whether a volume brings secrets into the pod as files.
pub(super) fn holds_secret(volume: &Value<'_>) -> bool {
    let projected = || volume.at(&["projected", "sources"])?.items().find_map(|source| source.get("secret"));
    volume.get("secret").is_some() || projected().is_some() || is_store_volume(volume)
}

/// Whether a volume is one of the secrets store driver.
pub(super) fn is_store_volume(volume: &Value<'_>) -> bool {
    volume.at(&["csi", "driver"]).is_some_and(|driver| driver.text() == STORE_DRIVER)
}
