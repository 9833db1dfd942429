//! Whether a pod is in a mesh, by its own labels and annotations and those of its namespace.

use seaworthy_document::Value;
use seaworthy_evidence::Object;

use crate::flags::is_placeholder;
use crate::scope::PodScope;

/// Label, formerly annotation, by which a pod asks for a side car of Istio or none.
const INJECT: &str = "sidecar.istio.io/inject";

/// Label of pods and namespaces for Istio's ambient mode.
const AMBIENT: &str = "istio.io/dataplane-mode";

/// A mesh, by how its proxies stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mesh {
    /// Istio, with a proxy in each pod.
    IstioSidecar,
    /// Istio, with a proxy on each node.
    IstioAmbient,
    /// Linkerd.
    Linkerd,
}

impl Mesh {
    pub(super) fn is_istio(self) -> bool {
        self != Mesh::Linkerd
    }
}

/// Where a pod stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Membership<'a> {
    /// Nothing among the files says that it is in a mesh.
    Outside,
    In(Mesh),
    /// Its namespace is in a mesh, and this keeps the pod out.
    KeptOut(Value<'a>),
}

/// A label or annotation of a pod.
pub(super) fn mark<'a>(scope: &PodScope<'_, 'a>, part: &str, key: &str) -> Option<Value<'a>> {
    scope.pod().metadata()?.at(&[part, key])
}

/// An annotation of a pod, else of its namespace (as Linkerd reads its own).
pub(super) fn inherited<'a>(scope: &PodScope<'_, 'a>, key: &str) -> Option<Value<'a>> {
    mark(scope, "annotations", key).or_else(|| namespace(scope)?.value.at(&["metadata", "annotations", key]))
}

/// The Namespace object of a pod, when it is among the evidence.
pub(super) fn namespace<'e, 'a>(scope: &PodScope<'e, 'a>) -> Option<&'e Object<'a>> {
    let name = scope.owner().namespace?;
    scope.around.evidence.called("Namespace", None, name).find(|object| object.is("", "Namespace"))
}

/// Where a pod stands. The rules are those of Istio's injector (`pkg/kube/inject`), of its ambient mode, and of
/// Linkerd's injector.
pub(super) fn of_pod<'a>(scope: &PodScope<'_, 'a>) -> Membership<'a> {
    let runs = |name: &str| scope.pod().containers().any(|container| container.name() == name);
    let regular = scope.pod().spec().get("containers").map_or(0, |list| list.items().take(2).count());
    if runs("istio-proxy") {
        // A pod with nothing but the proxy is a gateway: it takes callers from outside.
        let alone = regular == 1
            && scope.pod().spec().get("containers").is_some_and(|list| {
                list.items()
                    .any(|container| container.get("name").is_some_and(|name| name.text() == "istio-proxy"))
            });
        return if alone { Membership::Outside } else { Membership::In(Mesh::IstioSidecar) };
    }
    if runs("linkerd-proxy") {
        return Membership::In(Mesh::Linkerd);
    }
    let namespace = namespace(scope);
    let label = |key: &str| namespace.and_then(|namespace| namespace.label(key));
    let annotated = namespace.and_then(|namespace| namespace.annotation("linkerd.io/inject"));

    let own = mark(scope, "annotations", "linkerd.io/inject");
    // What is filled in later may join or opt out.
    let marks = [
        ("annotations", "linkerd.io/inject"),
        ("labels", INJECT),
        ("annotations", INJECT),
        ("labels", AMBIENT),
    ];
    if marks
        .iter()
        .any(|(part, key)| mark(scope, part, key).is_some_and(|value| is_placeholder(value.text())))
    {
        return Membership::Outside;
    }
    let of_linkerd = joins(own.map(|value| value.text()).or(annotated));
    if of_linkerd || joins(annotated) {
        return decide(scope, Mesh::Linkerd, if of_linkerd { None } else { own });
    }
    let sidecars = label("istio-injection") == Some("enabled")
        || (label("istio-injection").is_none()
            && label("istio.io/rev").is_some_and(|revision| !revision.is_empty()));
    let inject = mark(scope, "labels", INJECT).or_else(|| mark(scope, "annotations", INJECT));
    match inject.map(|value| value.text()) {
        Some("true") if label("istio-injection") != Some("disabled") => {
            return decide(scope, Mesh::IstioSidecar, None);
        }
        Some("false") if sidecars => return decide(scope, Mesh::IstioSidecar, inject),
        _ if sidecars => return decide(scope, Mesh::IstioSidecar, None),
        _ => {}
    }
    let mode = mark(scope, "labels", AMBIENT);
    let ambient = label(AMBIENT) == Some("ambient");
    match mode.map(|value| value.text()) {
        Some("ambient") => decide(scope, Mesh::IstioAmbient, None),
        Some("none") if ambient => decide(scope, Mesh::IstioAmbient, mode),
        _ if ambient => decide(scope, Mesh::IstioAmbient, None),
        _ => Membership::Outside,
    }
}

fn joins(inject: Option<&str>) -> bool {
    matches!(inject, Some("enabled" | "ingress"))
}

/// A pod on the network of its node gets no proxy, whatever it asks for.
fn decide<'a>(scope: &PodScope<'_, 'a>, mesh: Mesh, opted_out: Option<Value<'a>>) -> Membership<'a> {
    let on_node = scope.pod().spec().get("hostNetwork").filter(|value| value.as_bool() == Some(true));
    opted_out.or(on_node).map_or(Membership::In(mesh), Membership::KeptOut)
}
