//! `control-plane/isolated-nodes`; prose and cases in `isolated_nodes.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, PodScope};
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

/// Taints and labels of nodes with the control plane; the second is that of clusters before 1.24.
const MARKS: &[&str] = &["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];

const KUBEADM: &str = "kubeadm.k8s.io";

pub(super) static CONTROL: Control = Control {
    id: "control-plane/isolated-nodes",
    title: "Control-plane components run apart from ordinary workloads",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::PLACEMENT,
    page: include_str!("isolated_nodes.md"),
    mappings: Mappings { nsa: &["control-plane"], attack: &["MS-TA9017", "T1610"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Pod(judge_pod),
        Check::Object { kinds: &[("", "Node")], check: judge_node },
        Check::Object {
            kinds: &[(KUBEADM, "InitConfiguration"), (KUBEADM, "JoinConfiguration")],
            check: judge_registration,
        },
    ]),
    guard: None,
    probes: &[],
};

fn judge_pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let owner = scope.owner();
    let parameters = &scope.around.settings.parameters;
    if owner.namespace.is_some_and(|namespace| parameters.is_system_namespace(namespace)) {
        return Verdict::NotApplicable;
    }
    let spec = scope.pod().spec();
    if spec.get("tolerations").is_some_and(|list| is_placeholder(list.text())) {
        return Verdict::unknown("`tolerations` is filled in later", "the rendered object");
    }
    let tolerations = spec.get("tolerations").into_iter().flat_map(|list| list.items());
    let Some((toleration, all)) = tolerations.filter_map(|item| Some((item, tolerates(&item)?))).next()
    else {
        return Verdict::Pass;
    };
    let what = match all {
        true => "it tolerates every taint, that of the control plane included",
        false => "it tolerates the taint of the control plane",
    };
    // Agents of nodes belong on every node: what they see there is judged by other controls.
    let agent = owner.kind == "DaemonSet";
    let (severity, message) = match (agent, selects(&spec)) {
        (false, Some(label)) => (
            None,
            format!("{what}, and asks for nodes with the label `{label}`: it runs beside the control plane"),
        ),
        (true, Some(label)) => (
            Some(Severity::Medium),
            format!(
                "{what}, and asks for nodes with the label `{label}`: an agent that runs beside the control plane"
            ),
        ),
        (true, None) => (Some(Severity::Low), format!("{what}: an agent that runs on these nodes as well")),
        (false, None) => (Some(Severity::Medium), format!("{what}: it may be scheduled beside it")),
    };
    let fault = Fault::new(Place::at(toleration), message);
    Verdict::fail(match severity {
        Some(severity) => fault.graded(severity),
        None => fault,
    })
}

/// Whether a toleration lets a pod onto nodes of the control plane, whose taint is `NoSchedule`; with `true` when it
/// tolerates every taint.
fn tolerates(toleration: &Value<'_>) -> Option<bool> {
    let text = |key| toleration.get(key).map_or("", |value| value.text());
    if !matches!(text("effect"), "" | "NoSchedule") {
        return None;
    }
    match (text("key"), text("operator")) {
        ("", "Exists") => Some(true),
        // The taint has no value, so a value that is asked for does not fit.
        (key, "" | "Equal") if MARKS.contains(&key) && text("value").is_empty() => Some(false),
        (key, "Exists") if MARKS.contains(&key) => Some(false),
        _ => None,
    }
}

/// The label of the control plane by which a pod asks for its nodes.
fn selects(spec: &Value<'_>) -> Option<&'static str> {
    let selector = spec.get("nodeSelector");
    let terms = spec.at(&[
        "affinity",
        "nodeAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
        "nodeSelectorTerms",
    ]);
    let expressions = terms
        .into_iter()
        .flat_map(|terms| terms.items())
        .filter_map(|term| term.get("matchExpressions"))
        .flat_map(|list| list.items());
    let mut asked = expressions.filter(|expression| {
        expression.get("operator").is_some_and(|operator| matches!(operator.text(), "Exists" | "In"))
    });
    MARKS
        .iter()
        .copied()
        .find(|mark| selector.is_some_and(|selector| selector.get_raw(mark).is_some()))
        .or_else(|| {
            asked.find_map(|expression| {
                let key = expression.get("key")?.text();
                MARKS.iter().copied().find(|mark| *mark == key)
            })
        })
}

fn judge_node<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let node = scope.object;
    let labels = node.value.at(&["metadata", "labels"]);
    let Some(mark) = MARKS.iter().find(|mark| labels.is_some_and(|labels| labels.get_raw(mark).is_some()))
    else {
        return Verdict::NotApplicable;
    };
    let taints = node.value.at(&["spec", "taints"]);
    let tainted = taints.into_iter().flat_map(|taints| taints.items()).any(|taint| {
        let text = |key| taint.get(key).map_or("", |value| value.text());
        MARKS.contains(&text("key")) && matches!(text("effect"), "NoSchedule" | "NoExecute")
    });
    if tainted || node.value.at(&["spec", "unschedulable"]).and_then(|value| value.as_bool()) == Some(true) {
        return Verdict::Pass;
    }
    let place = taints.map_or(Place::missing(node.value, "spec.taints"), Place::at);
    Verdict::fail(Fault::new(
        place,
        format!(
            "the node has the label `{mark}` and no such taint: any pod may run beside the control plane"
        ),
    ))
}

/// kubeadm taints nodes of the control plane unless it is told which taints to set; `[]` means none.
fn judge_registration<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let configuration = scope.object;
    if configuration.kind == "JoinConfiguration" && configuration.value.get("controlPlane").is_none() {
        return Verdict::NotApplicable;
    }
    let Some(taints) = configuration.value.at(&["nodeRegistration", "taints"]) else { return Verdict::Pass };
    let kept = taints.items().any(|taint| taint.get("key").is_some_and(|key| MARKS.contains(&key.text())));
    match kept {
        true => Verdict::Pass,
        false => Verdict::fail(Fault::new(
            Place::at(taints),
            "`taints` without that of the control plane: any pod may run beside it",
        )),
    }
}
