//! The Job that `prove` starts in a place that somebody named: its pod asks for nothing that workloads do not get there by
//! themselves, looks around, and writes down what it found. What it wrote is the word of a stranger: whoever may write into that
//! namespace, or owns its node, may have written it. It is held against what was planned, and speaks of that place alone.

use std::collections::BTreeSet;
use std::time::Duration;

use seaworthy_probe::{
    Answer, Answers, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, Verdict, expect,
};
use serde_json::{Value, json};

use super::super::plan::{Also, Planned};
use super::super::{Ground, JobPlace, Right, pods};
use super::{InsideProbe, probes};
use crate::control::Control;

pub(super) const SIDE_EFFECT: SideEffect =
    SideEffect::Objects("a Job with its pod in the namespace of `--job`");

/// The rights that it needs.
pub(super) const RIGHTS: &[Right] = &[
    Right { group: "batch", resource: "jobs", verbs: &["create", "delete", "get"] },
    Right { group: "", resource: "pods", verbs: &["create", "list"] },
    Right { group: "", resource: "pods/log", verbs: &["get"] },
    Right { group: "", resource: "serviceaccounts", verbs: &["get"] },
];

/// What a pod that asks for nothing does not try: that it has nothing of this proves nothing, since it wanted nothing. What it
/// holds all the same, the place gave to it.
const ONLY_REFUTES: &[&str] = &[
    "pods/capabilities-added",
    "pods/host-namespaces",
    "pods/host-path",
    "pods/privileged",
    "pods/proc-mount",
    // The user may be that of the image.
    "pods/run-as-non-root",
    "pods/runtime-socket",
    "pods/seccomp-unconfined",
    "secrets/as-files",
];

/// What Pod Security asks of pods where it is `restricted`: a pod that says so itself cannot be judged by it.
const SAID_WHERE_RESTRICTED: &[&str] = &[
    "pods/capabilities-dropped",
    "pods/privilege-escalation",
    "pods/run-as-non-root",
    "pods/seccomp-unconfined",
];

/// Longest wait for the pod, the pulling of its image included.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most proofs of one report.
const MOST: usize = 200;

/// The step of an outcome that stands for nothing: the pod had nothing to try it with.
const NOTHING: &str = "nothing";

/// The step that asks whether a pod would be let in.
const ADMITTED: &str = "admitted";

/// Whether an outcome says something of a place. Where a pod that asks for nothing is not let in, other probes say so.
pub fn counts(of: &Also, outcome: &Outcome) -> bool {
    let is_of_job = probes().any(|probe| std::ptr::eq(&raw const probe.by_job, of.probe));
    !is_of_job
        || (outcome.step != NOTHING
            && !(outcome.step == ADMITTED && SAID_WHERE_RESTRICTED.contains(&of.control.id))
            && (outcome.verdict == Verdict::Refuted || !ONLY_REFUTES.contains(&of.control.id)))
}

/// One Job for each place that somebody named.
pub(crate) fn plan(controls: &[&'static Control], ground: &Ground<'_, '_>, consent: Consent) -> Vec<Planned> {
    let Some(image) = ground.given.probe_image.as_deref().filter(|_| consent >= Consent::Canary) else {
        return Vec::new();
    };
    let places: BTreeSet<&JobPlace> = ground.given.jobs.iter().collect();
    let mut planned = Vec::new();
    for place in places {
        let all: &[Manners] = match enforced(ground, &place.namespace) {
            Some("privileged" | "baseline") => &[Manners { restricted: false, all: true }],
            Some(_) => &[Manners { restricted: true, all: true }],
            // What holds without a label, the API does not tell.
            None => &[Manners { restricted: true, all: true }, Manners { restricted: false, all: false }],
        };
        for manners in all {
            planned.extend(one(controls, ground, image, place, *manners, planned.len()));
        }
    }
    planned
}

/// How a pod behaves.
#[derive(Clone, Copy)]
struct Manners {
    /// It says of itself what Pod Security asks where it is restricted, so that it is let in anywhere.
    restricted: bool,
    /// It tries everything, and not only what the other one cannot be judged by.
    all: bool,
}

impl Manners {
    fn tries(self, control: &str) -> bool {
        let is_said = SAID_WHERE_RESTRICTED.contains(&control);
        if self.restricted { !is_said } else { self.all || is_said }
    }
}

fn one(
    controls: &[&'static Control],
    ground: &Ground<'_, '_>,
    image: &str,
    place: &JobPlace,
    manners: Manners,
    number: usize,
) -> Option<Planned> {
    let kubelet_port = pods::kubelet_port(ground);
    let wanted = |probe: &&InsideProbe| {
        manners.tries(probe.control)
            && (kubelet_port.is_some() || probe.control != "network/control-plane-reach")
            && (!ground.given.outside.is_empty() || probe.control != "network/default-deny-egress")
    };
    let tries: Vec<Also> = controls
        .iter()
        .filter_map(|control| {
            let probe = probes().filter(wanted).find(|probe| probe.control == control.id)?;
            Some(Also { control, probe: &probe.by_job })
        })
        .collect();
    let (first, rest) = tries.split_first()?;
    let name = format!("seaworthy-probe-{}-{number}", ground.run);
    let command = command(ground, &tries, kubelet_port);
    let subject = Subject::new("ServiceAccount", Some(&place.namespace), &place.account);
    let pod = pod(place, image, &command, manners.restricted);
    let expected = Expected { place: place.clone(), job: name.clone(), command };
    let said = |control: &'static str| {
        let expected = expected.clone();
        move |answers: &Answers| expected.said(answers, control)
    };
    let attempt = Attempt::new(subject, steps(&name, place, &pod), said(first.control.id));
    let attempt = rest.iter().fold(attempt, |attempt, other| attempt.also(said(other.control.id)));
    Some(Planned { control: first.control, probe: first.probe, attempt, also: rest.to_vec() })
}

/// What Pod Security enforces in a namespace, as its labels say.
fn enforced<'a>(ground: &Ground<'_, 'a>, namespace: &str) -> Option<&'a str> {
    let namespaces = ground.evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace"));
    let mut named = namespaces.filter(|object| object.name == namespace);
    named.find_map(|object| object.label("pod-security.kubernetes.io/enforce"))
}

fn command(ground: &Ground<'_, '_>, tries: &[Also], kubelet_port: Option<u16>) -> Vec<String> {
    let select: Vec<&str> = tries.iter().map(|try_| try_.control.id).collect();
    let mut command: Vec<String> =
        ["/seaworthy", "prove", "--in-pod", "--no-config", "--format", "json", "--select"]
            .map(str::to_owned)
            .to_vec();
    command.push(select.join(","));
    let mut option = |flag: &str, value: String| command.extend([flag.to_owned(), value]);
    if let Some(cloud) = pods::cloud(ground) {
        option("--cloud", cloud.to_owned());
    }
    if let Some(port) = kubelet_port.filter(|port| *port != 10250) {
        option("--kubelet-port", port.to_string());
    }
    let given = ground.given;
    let flags = [
        ("--etcd", &given.etcd),
        ("--etcd-peer", &given.etcd_peers),
        ("--scheduler", &given.schedulers),
        ("--controller-manager", &given.controller_managers),
        ("--outside", &given.outside),
    ];
    for (flag, endpoints) in flags {
        // An address of loopback means another machine there.
        let elsewhere = |host: &str| {
            host != "localhost" && !host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
        };
        for endpoint in endpoints.iter().filter(|endpoint| elsewhere(&endpoint.host)) {
            option(flag, endpoint.to_string());
        }
    }
    command
}

/// Metadata and `spec` of the pod.
fn pod(place: &JobPlace, image: &str, command: &[String], restricted: bool) -> Value {
    let variable =
        |name: &str, field: &str| json!({"name": name, "valueFrom": {"fieldRef": {"fieldPath": field}}});
    let mut container = json!({
        "name": "probe",
        "image": image,
        "command": command,
        "env": [
            variable("SEAWORTHY_POD", "metadata.name"),
            variable("SEAWORTHY_NAMESPACE", "metadata.namespace"),
            variable("SEAWORTHY_NODE", "status.hostIP"),
        ],
        // Quotas may ask for these; nothing that is tried depends on them.
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"cpu": "500m", "memory": "128Mi"}},
    });
    if restricted {
        container["securityContext"] = json!({
            "runAsNonRoot": true, "runAsUser": 65532, "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
        });
    }
    json!({
        "metadata": {"labels": {"app.kubernetes.io/name": "seaworthy-probe"}},
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": place.account,
            "containers": [container],
        },
    })
}

fn job(name: &str, place: &JobPlace, pod: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {
            "name": name,
            "namespace": place.namespace,
            "labels": {"app.kubernetes.io/managed-by": "seaworthy"},
            "annotations": {"seaworthy.dev/purpose":
                "made by `seaworthy prove --job`, which removes it; after a crash `seaworthy prove --clean` does"},
        },
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": 300,
            // Should nobody be left to remove it.
            "ttlSecondsAfterFinished": 600,
            "template": pod,
        },
    })
}

fn steps(name: &str, place: &JobPlace, pod: &Value) -> Vec<Step> {
    let JobPlace { namespace, account } = place;
    let pods = format!("/api/v1/namespaces/{namespace}/pods");
    let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/{account}");
    let alone = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": pod["metadata"]["labels"]},
        "spec": pod["spec"],
    });
    let job = job(name, place, pod);
    vec![
        Step::control("account", Request::get(account).by(Identity::Caller), expect::ok),
        // What refuses the pod of a Job tells nobody but the Job.
        Step::control(ADMITTED, Request::dry_run(&pods, &alone).by(Identity::Caller), pods::created),
        Step::control(
            "job",
            Request::create(format!("/apis/batch/v1/namespaces/{namespace}/jobs"), name, &job)
                .by(Identity::Caller),
            pods::created,
        ),
        Step::control(
            "pods",
            Request::get(format!("{pods}?labelSelector=job-name%3D{name}&limit=10")).by(Identity::Caller),
            has_ended,
        )
        .until(|answer| matches!(state(answer), State::Ended(_) | State::Failed(_)), PATIENCE),
        Step::ask(
            "log",
            Request::get(format!("{pods}/${{pods:/items/0/metadata/name}}/log?container=probe"))
                .by(Identity::Caller),
        ),
    ]
}

/// What became of the pod of a Job.
enum State {
    /// It is not there yet, or still at it.
    Going(String),
    /// Its probe has ended well; a sidecar may go on.
    Ended(Value),
    /// Nothing more will come of it.
    Failed(String),
}

fn state(answer: &Answer) -> State {
    let Some(list) = answer.json().filter(|_| answer.status() == Some(200)) else {
        return State::Going(answer.summary());
    };
    match list["items"].as_array().map(Vec::as_slice) {
        None | Some([]) => State::Going(
            "the Job got no pod: an admission plugin refuses it, as its events say, or no controller manager runs"
                .to_owned(),
        ),
        Some([pod]) => match &exit_code(pod) {
            Some(0) => State::Ended(pod.clone()),
            Some(code) => State::Failed(format!("the pod of the Job ended with exit code {code}")),
            None if pod["status"]["phase"] == "Failed" => {
                State::Failed(format!("the pod of the Job failed ({})", pods::reason(pod)))
            }
            None => State::Going(format!("the pod of the Job has not ended ({})", pods::reason(pod))),
        },
        Some(_) => State::Failed("more than one pod says that it is of the Job".to_owned()),
    }
}

/// With which code the container of the probe has ended, when it has.
fn exit_code(pod: &Value) -> Option<i64> {
    let containers = pod["status"]["containerStatuses"].as_array()?;
    let probe = containers.iter().find(|container| container["name"] == "probe")?;
    probe["state"]["terminated"]["exitCode"].as_i64()
}

fn has_ended(answer: &Answer) -> Result<(), String> {
    match state(answer) {
        State::Ended(_) => Ok(()),
        State::Going(why) | State::Failed(why) => Err(why),
    }
}

/// What a report must agree with to be that of our Job.
#[derive(Clone)]
struct Expected {
    place: JobPlace,
    job: String,
    command: Vec<String>,
}

impl Expected {
    /// What the pod said of a control.
    fn said(&self, answers: &Answers, control: &'static str) -> Outcome {
        let doubt = |why: String| Outcome::inconclusive("log", why);
        let name = match self.pod(answers) {
            Ok(name) => name,
            Err(why) => return Outcome::inconclusive("pods", why),
        };
        let report = answers.get("log").filter(|answer| answer.status() == Some(200)).and_then(Answer::json);
        let Some(report) = report else { return answers.inconclusive("log") };
        let Some(proofs) = report["proofs"].as_array().filter(|proofs| proofs.len() <= MOST) else {
            return doubt("what the pod wrote is no report".to_owned());
        };
        let of = |id: &str| proofs.iter().filter(|proof| proof["control"] == *id).collect::<Vec<_>>();
        let proof = match of(control).as_slice() {
            [proof] => *proof,
            [] if control.starts_with("rbac/") && has_no_token(&of("service-accounts/automount-token")) => {
                return Outcome::inconclusive(NOTHING, "the pod has no token, and so no rights to try");
            }
            [] => return doubt("the pod tried nothing of this control".to_owned()),
            _ => return doubt("the pod says more than one thing of this control".to_owned()),
        };
        let subject = &proof["subject"];
        let is_ours = proof["probe"] == "inside"
            && subject["kind"] == "Pod"
            && subject["namespace"] == *self.place.namespace
            && subject["name"] == *name;
        if !is_ours {
            return doubt("what the pod wrote is of another pod".to_owned());
        }
        let text = |key: &str| proof[key].as_str().unwrap_or_default().chars().take(300).collect::<String>();
        let reason = match (text("request"), text("reply")) {
            (request, _) if request.is_empty() => text("reason"),
            (request, reply) => format!("{} (in the pod: {request}: {reply})", text("reason")),
        };
        let outcome = match proof["verdict"].as_str() {
            Some("proved") => Outcome::proved("log", reason),
            Some("refuted") => Outcome::refuted("log", reason),
            _ => doubt(reason),
        };
        match text("needs") {
            needs if needs.is_empty() => outcome,
            needs => outcome.needs(needs),
        }
    }

    /// The name of the pod, when it is the one that our Job made and runs what we asked for.
    fn pod(&self, answers: &Answers) -> Result<String, String> {
        let State::Ended(pod) = answers.get("pods").map_or(State::Going(String::new()), state) else {
            return Err("the pod of the Job has not ended".to_owned());
        };
        let job = answers.get("job").and_then(Answer::json).unwrap_or_default();
        let owners = pod["metadata"]["ownerReferences"].as_array().map_or(&[][..], Vec::as_slice);
        let is_owned = owners.iter().any(|owner| {
            owner["kind"] == "Job"
                && owner["name"] == *self.job
                && owner["controller"] == true
                && job["metadata"]["uid"].is_string()
                && owner["uid"] == job["metadata"]["uid"]
        });
        if !is_owned {
            return Err("the pod is not of the Job, though it says so".to_owned());
        }
        let containers = pod["spec"]["containers"].as_array().map_or(&[][..], Vec::as_slice);
        let probe = containers.iter().find(|container| container["name"] == "probe");
        let command = probe.map(|probe| &probe["command"]);
        if command != Some(&json!(self.command)) || pod["spec"]["serviceAccountName"] != *self.place.account {
            return Err("somebody changed what the pod runs, or as whom".to_owned());
        }
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        Ok(name.to_owned())
    }
}

fn has_no_token(proofs: &[&Value]) -> bool {
    matches!(proofs, [proof] if proof["verdict"] == "proved")
}

#[cfg(test)]
mod tests;
