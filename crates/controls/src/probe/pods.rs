//! Probe pods: what is made, waited for and read when a probe has to look from inside of the cluster. Each attempt has a
//! namespace of its own, in which pods may be as ordinary or as open as the probe needs.

use std::time::Duration;

use seaworthy_probe::{
    Answer, Answers, Attempt, Expectation, Identity, Outcome, Request, SideEffect, Step, Subject, Wanted,
    expect,
};
use serde_json::{Value, json};

use super::{Ground, Right};

/// How long a pod may take, the pulling of its image included.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most nodes that one probe starts pods on.
pub(crate) const MOST_NODES: usize = 5;

/// What is left behind, until it is removed.
pub(crate) const SIDE_EFFECT: SideEffect = SideEffect::Objects("a namespace with probe pods");

/// The same where pods are started in namespaces that somebody named, too.
pub(crate) const SIDE_EFFECT_THERE: SideEffect =
    SideEffect::Objects("a namespace with probe pods, and probe pods in the namespaces of `--job`");

/// The rights that probe pods need.
pub(crate) const RIGHTS: &[Right] = &[
    Right { group: "", resource: "namespaces", verbs: &["create", "delete", "get"] },
    Right { group: "", resource: "pods", verbs: &["create", "delete", "get"] },
    Right { group: "", resource: "pods/log", verbs: &["get"] },
    Right { group: "", resource: "serviceaccounts", verbs: &["get"] },
];

/// A namespace for one attempt.
pub(crate) struct Room {
    pub(crate) namespace: String,
    image: String,
}

impl Room {
    /// A room, where somebody gave an image.
    pub(crate) fn of(ground: &Ground<'_, '_>, name: &str) -> Option<Room> {
        let image = ground.given.probe_image.clone()?;
        Some(Room { namespace: format!("{}-{name}", ground.canary_namespace()), image })
    }

    /// What is said where there is no image.
    pub(crate) fn missing(subject: Subject) -> Vec<Attempt> {
        vec![Attempt::cannot(subject, "no image for probe pods was given", "--probe-image IMAGE")]
    }

    /// Makes the namespace and waits for its account, without which no pod is taken.
    pub(crate) fn open(&self) -> Vec<Step> {
        let body = json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {
                "name": self.namespace,
                "labels": {
                    "app.kubernetes.io/managed-by": "seaworthy",
                    // A probe shows what a pod without a profile gets: Pod Security must let it in.
                    "pod-security.kubernetes.io/enforce": "privileged",
                },
            },
        });
        let account = format!("/api/v1/namespaces/{}/serviceaccounts/default", self.namespace);
        vec![
            Step::control(
                "namespace",
                Request::create("/api/v1/namespaces", &self.namespace, &body).by(Identity::Caller),
                created,
            ),
            Step::control("account", Request::get(account).by(Identity::Caller), expect::ok)
                .until(|answer| answer.status() == Some(200), Duration::from_secs(30)),
        ]
    }

    /// The same image in a namespace that somebody named.
    pub(crate) fn in_namespace(&self, namespace: &str) -> Room {
        Room { namespace: namespace.to_owned(), image: self.image.clone() }
    }

    /// The namespace has the account without which no pod is taken.
    pub(crate) fn account(&self, step: &'static str) -> Step {
        let account = format!("{}/default", self.collection("serviceaccounts"));
        Step::control(step, Request::get(account).by(Identity::Caller), expect::ok)
    }

    fn collection(&self, kind: &str) -> String {
        format!("/api/v1/namespaces/{}/{kind}", self.namespace)
    }

    /// The pod that runs the program with some arguments behind `prove --in-pod`.
    pub(crate) fn pod(&self, name: &str, arguments: &[&str]) -> Value {
        let variable =
            |name: &str, field: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}});
        let command: Vec<&str> =
            ["/seaworthy", "prove", "--in-pod", "--no-config"].iter().chain(arguments).copied().collect();
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": self.namespace,
                "labels": {"app.kubernetes.io/name": "seaworthy-probe", "seaworthy.dev/role": name},
            },
            "spec": {
                "restartPolicy": "Never",
                "activeDeadlineSeconds": 300,
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": false,
                "enableServiceLinks": false,
                "tolerations": [{"operator": "Exists"}],
                "securityContext": {
                    "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [{
                    "name": "probe",
                    "image": self.image,
                    "command": command,
                    "env": [
                        variable("SEAWORTHY_POD", "metadata.name"),
                        variable("SEAWORTHY_NAMESPACE", "metadata.namespace"),
                        variable("SEAWORTHY_NODE", "status.hostIP"),
                    ],
                    "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "128Mi"}},
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": {"drop": ["ALL"]},
                    },
                }],
            },
        })
    }

    /// Makes a pod.
    pub(crate) fn start(&self, step: &'static str, pod: &Value) -> Step {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        Step::control(step, Request::create(self.collection("pods"), name, pod).by(Identity::Caller), created)
    }

    /// Waits until a pod has ended well.
    pub(crate) fn ended(&self, step: &'static str, pod: &str) -> Step {
        let request = Request::get(format!("{}/{pod}", self.collection("pods"))).by(Identity::Caller);
        Step::control(step, request, |answer| phase(answer, "Succeeded"))
            .until(|answer| is_phase(answer, &["Succeeded", "Failed"]), PATIENCE)
    }

    /// Waits until a pod runs and is ready.
    pub(crate) fn ready(&self, step: &'static str, pod: &str) -> Step {
        let request = Request::get(format!("{}/{pod}", self.collection("pods"))).by(Identity::Caller);
        Step::control(step, request, |answer| match is_ready(answer) {
            true => Ok(()),
            false => Err(format!("the pod is not ready ({})", reason_of(answer))),
        })
        .until(|answer| is_ready(answer) || is_phase(answer, &["Succeeded", "Failed"]), PATIENCE)
    }

    /// Waits for something else of a pod.
    pub(crate) fn watched(&self, step: &'static str, pod: &str, expect: Expectation, until: Wanted) -> Step {
        let request = Request::get(format!("{}/{pod}", self.collection("pods"))).by(Identity::Caller);
        Step::control(step, request, expect).until(until, PATIENCE)
    }

    /// Reads what a pod wrote.
    pub(crate) fn log(&self, pod: &str) -> Request {
        Request::get(format!("{}/{pod}/log?container=probe", self.collection("pods"))).by(Identity::Caller)
    }
}

pub(crate) fn created(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(201) => Ok(()),
        _ => Err(answer.summary()),
    }
}

fn is_phase(answer: &Answer, phases: &[&str]) -> bool {
    answer
        .json()
        .is_some_and(|pod| pod["status"]["phase"].as_str().is_some_and(|phase| phases.contains(&phase)))
}

fn phase(answer: &Answer, wanted: &str) -> Result<(), String> {
    match is_phase(answer, &[wanted]) {
        true => Ok(()),
        false => Err(format!("the probe pod did not end well ({})", reason_of(answer))),
    }
}

fn is_ready(answer: &Answer) -> bool {
    let conditions = answer.json().map(|mut pod| pod["status"]["conditions"].take());
    let conditions = conditions.as_ref().and_then(Value::as_array).into_iter().flatten();
    conditions.into_iter().any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

/// Why the pod of an answer is not as it should be.
fn reason_of(answer: &Answer) -> String {
    match answer.json().filter(|pod| pod["status"].is_object()) {
        Some(pod) => reason(&pod),
        None => answer.summary(),
    }
}

/// Why a pod is not as it should be.
pub(crate) fn reason(pod: &Value) -> String {
    let state = &pod["status"]["containerStatuses"][0]["state"];
    let words = [
        &pod["status"]["phase"],
        &pod["status"]["reason"],
        &state["waiting"]["reason"],
        &state["waiting"]["message"],
    ];
    let words: Vec<&str> =
        words.iter().filter_map(|word| word.as_str()).filter(|word| !word.is_empty()).collect();
    match state["terminated"]["exitCode"].as_i64() {
        Some(code) => format!("{}, exit code {code}", words.join(", ")),
        None => words.join(", ").chars().take(200).collect(),
    }
}

/// What a probe pod said of a control: the same verdict and reason.
pub(crate) fn said(answers: &Answers, step: &'static str, control: &str) -> Outcome {
    let report = answers.get(step).filter(|answer| answer.status() == Some(200)).and_then(Answer::json);
    let Some(report) = report else { return answers.inconclusive(step) };
    let proofs = report["proofs"].as_array().into_iter().flatten();
    let Some(proof) = proofs.into_iter().find(|proof| proof["control"] == *control) else {
        return Outcome::inconclusive(step, "the probe pod tried nothing of this control");
    };
    let text = |name: &str| -> String {
        let text = proof[name].as_str().unwrap_or_default();
        text.chars().filter(|char| !char.is_control()).take(400).collect()
    };
    let outcome = match proof["verdict"].as_str() {
        Some("proved") => Outcome::proved(step, text("reason")),
        Some("refuted") => Outcome::refuted(step, text("reason")),
        _ => Outcome::inconclusive(step, text("reason")),
    };
    match proof["needs"].as_str() {
        Some(_) => outcome.needs(text("needs")),
        None => outcome,
    }
}

/// An attempt with one pod that tries a control from inside, and says what came of it.
pub(crate) fn one(
    room: &Room,
    subject: Subject,
    control: &'static str,
    arguments: &[&str],
    change: impl FnOnce(&mut Value),
) -> Attempt {
    let mut all = vec!["--select", control, "--format", "json"];
    all.extend(arguments);
    let mut pod = room.pod("inside", &all);
    change(&mut pod["spec"]);
    let mut steps = room.open();
    steps.push(room.start("pod", &pod));
    steps.push(room.ended("ended", "inside"));
    steps.push(Step::ask("log", room.log("inside")));
    Attempt::new(subject, steps, move |answers| said(answers, "log", control))
}

/// The lines of `/proc/self/status` that a pod wrote.
pub(crate) fn status_lines(answers: &Answers, step: &str) -> Option<Vec<String>> {
    let report = answers.get(step).filter(|answer| answer.status() == Some(200)).and_then(Answer::json)?;
    let lines = report["status"].as_array()?;
    Some(lines.iter().filter_map(|line| line.as_str().map(str::to_owned)).collect())
}

/// What a pod found when it connected: each address with whether it took the connection.
pub(crate) fn connections(answers: &Answers, step: &str) -> Option<Vec<bool>> {
    let report = answers.get(step).filter(|answer| answer.status() == Some(200)).and_then(Answer::json)?;
    report["connections"].as_array()?.iter().map(|one| one["connected"].as_bool()).collect()
}

/// Names of nodes that pods can be put on.
pub(crate) fn nodes<'a>(ground: &Ground<'_, 'a>) -> Vec<&'a str> {
    let nodes = ground.evidence.of_kind("Node").filter(|object| object.is("", "Node"));
    let linux = nodes.filter(|node| {
        let system = node.value.at(&["status", "nodeInfo", "operatingSystem"]);
        system.is_none_or(|system| system.text() == "linux")
    });
    linux.map(|node| node.name).collect()
}

/// The cloud that nodes name, when one of those that have a metadata service.
pub(crate) fn cloud(ground: &Ground<'_, '_>) -> Option<&'static str> {
    const CLOUDS: [(&str, &str); 4] =
        [("aws://", "aws"), ("gce://", "google"), ("azure://", "azure"), ("oci://", "oracle")];
    let nodes = ground.evidence.of_kind("Node").filter(|object| object.is("", "Node"));
    let mut ids = nodes.filter_map(|node| Some(node.value.at(&["spec", "providerID"])?.text()));
    ids.find_map(|id| CLOUDS.iter().find(|(start, _)| id.starts_with(start)).map(|(_, cloud)| *cloud))
}

/// Where the kubelets of all nodes listen, when all listen at one port.
pub(crate) fn kubelet_port(ground: &Ground<'_, '_>) -> Option<u16> {
    let mut ports: Vec<u16> = ground.nodes().iter().map(|place| place.kubelet.port).collect();
    ports.sort_unstable();
    ports.dedup();
    match ports.as_slice() {
        [] => Some(10250),
        [port] => Some(*port),
        _ => None,
    }
}
