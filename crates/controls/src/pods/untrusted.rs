//! Which workloads say of themselves that they run code that is not trusted, and which run in a sandbox.

use crate::scope::PodScope;

/// Whether the pod, the object that holds it or its namespace bears the label of parameter
/// `pods.untrusted-label` with the value `true`.
pub(super) fn is_untrusted(scope: &PodScope<'_, '_>) -> bool {
    let label = scope.around.settings.parameters.untrusted_label.as_str();
    let owner = scope.owner();
    let of_pod = scope.pod().metadata().and_then(|metadata| metadata.at(&["labels", label])?.as_str());
    let declared = |name: &str| {
        let mut namespaces = scope.around.evidence.called("Namespace", None, name);
        namespaces.any(|object| object.is("", "Namespace") && object.label(label) == Some("true"))
    };
    of_pod == Some("true") || owner.label(label) == Some("true") || owner.namespace.is_some_and(declared)
}

/// Whether a pod runs in a sandbox, with a kernel of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sandbox {
    Yes,
    No,
    /// The class is neither a known sandbox nor among the evidence.
    Unknown,
}

/// Handlers that are known to share the kernel of the node, whatever their class is called.
const PLAIN_HANDLERS: &[&str] = &["crun", "runc", "youki"];

/// Judges the runtime class of a pod by parameter `pods.sandbox-runtime-classes`: by its name, and by its handler
/// when the evidence holds the class.
pub(super) fn sandbox(scope: &PodScope<'_, '_>) -> Sandbox {
    let class = scope.pod().spec().get("runtimeClassName").map_or("", |class| class.text());
    if class.is_empty() {
        return Sandbox::No;
    }
    let is_sandbox =
        |name: &str| scope.around.settings.parameters.sandbox_runtime_classes.iter().any(|s| s == name);
    let mut objects = scope.around.evidence.called("RuntimeClass", None, class);
    let object = objects.find(|object| object.is("node.k8s.io", "RuntimeClass"));
    let handler = object.and_then(|object| object.value.get("handler")).map(|handler| handler.text());
    match handler {
        Some(handler) if PLAIN_HANDLERS.contains(&handler) => Sandbox::No,
        Some(handler) if is_sandbox(handler) || is_sandbox(class) => Sandbox::Yes,
        Some(_) => Sandbox::No,
        None if is_sandbox(class) => Sandbox::Yes,
        None => Sandbox::Unknown,
    }
}
