//! `container-runtime/sandbox-handlers`; prose and cases in `sandbox_handlers.md`.

use seaworthy_evidence::{Object, Place, configuration};

use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "container-runtime/sandbox-handlers",
    title: "RuntimeClass handlers exist on the nodes that need them",
    phase: Phase::Research,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::RUNTIME_CONFIGURATION,
    page: include_str!("sandbox_handlers.md"),
    mappings: Mappings { nsa: &["hardening"], attack: &["T1611"], kubescape: &["C-0297"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("node.k8s.io", "RuntimeClass")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let class = scope.object.value;
    let Some(handler) = class.get("handler").filter(|handler| !handler.text().is_empty()) else {
        return Verdict::unknown(
            "`handler` is not set, and the API server refuses that",
            "the class with its handler",
        );
    };
    let name = handler.text();
    let evidence = scope.around.evidence;
    let runtimes = evidence.of_kind(configuration::CONTAINERD).chain(evidence.of_kind(configuration::CRIO));
    let (mut having, mut lacking, mut open) = (0, 0, false);
    for runtime in runtimes {
        match knows(runtime, name) {
            Some(true) => having += 1,
            Some(false) => lacking += 1,
            None => open = true,
        }
    }
    let everywhere =
        class.at(&["scheduling", "nodeSelector"]).is_none_or(|nodes| nodes.entries().next().is_none());
    match (having, lacking) {
        // A class that goes to some nodes is served when they have it; those that lack it may be others.
        (1.., 0) => Verdict::Pass,
        (1.., _) if !everywhere => Verdict::Pass,
        (1.., _) => {
            let message = format!(
                "`{name}` is not configured on all nodes, and `scheduling.nodeSelector` is not set: pods fail on the others"
            );
            Verdict::fail(Fault::new(Place::at(handler), message))
        }
        (0, 1..) if everywhere && !open => {
            let message = format!(
                "no configuration of a runtime among the files has `{name}`: pods of this class do not start"
            );
            Verdict::fail(Fault::new(Place::at(handler), message))
        }
        _ => Verdict::unknown(
            format!("whether the nodes of this class have the handler `{name}`, the files do not tell"),
            "the configuration of the container runtime on those nodes",
        ),
    }
}

/// Whether a runtime knows a handler; `None` when other files may add it.
fn knows(runtime: &Object<'_>, handler: &str) -> Option<bool> {
    let root = runtime.value;
    let mut names: Vec<&str> = match runtime.kind {
        configuration::CONTAINERD => containerd::runtimes(root).collect(),
        _ => {
            let runtimes = root.at(&["crio", "runtime", "runtimes"]);
            runtimes
                .into_iter()
                .flat_map(|runtimes| runtimes.entries())
                .map(|(name, _)| name.text())
                .collect()
        }
    };
    // What both know when nobody configures anything.
    if names.is_empty() {
        names = vec!["runc", "crun"];
    }
    if names.contains(&handler) {
        return Some(true);
    }
    // CRI-O reads a folder of drop-ins, containerd what it imports.
    (runtime.kind == configuration::CONTAINERD
        && !containerd::has_imports(root)
        && root.get("plugins").is_some())
    .then_some(false)
}
