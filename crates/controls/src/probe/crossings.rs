//! Whether a pod in one namespace reaches a pod in another: tried by pods in the namespaces that somebody named. They bear labels of
//! ours alone, which no policy looks for, so that what is seen is what such a namespace does by default.
//!
//! All pods are put on one node, and beside the pair in question another pair, in a namespace of our own without policies,
//! connects there: a network that is dead, or a node that is cut off, does not look like a policy.

use seaworthy_probe::{Answer, Answers, Attempt, Outcome, Step, Subject, expect};
use serde_json::{Value, json};

use super::Ground;
use super::pods::{Room, connections};

/// Where pods listen.
const PORT: u16 = 18080;
/// Where a pod that connects shows that it is alive.
const ALIVE: u16 = 18082;

/// Most pairs of namespaces of different owners.
const MOST_PAIRS: usize = 6;

/// What is said of a flow.
#[derive(Clone, Copy)]
struct Words {
    open: &'static str,
    closed: &'static str,
}

/// A pod of a namespace of our own connects to one of each named namespace.
pub(crate) fn ingress(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let words = Words {
        open: "a pod whose labels no policy knows takes connections from another namespace",
        closed: "a pod whose labels no policy knows takes no connection from another namespace",
    };
    of_each(ground, "in", |room, name| crossing(room, of_namespace(name), None, Some(name), words))
}

/// A pod of each named namespace connects to one of a namespace of our own.
pub(crate) fn egress(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let words = Words {
        open: "a pod whose labels no policy knows connects to another namespace",
        closed: "a pod whose labels no policy knows does not connect to another namespace",
    };
    of_each(ground, "out", |room, name| crossing(room, of_namespace(name), Some(name), None, words))
}

/// Pods of named namespaces connect to those of other owners; `owner` says whose a namespace is.
pub(crate) fn between(ground: &Ground<'_, '_>, owner: impl Fn(&str) -> Option<String>) -> Vec<Attempt> {
    let subject = Subject::cluster("namespaces of different owners");
    if ground.given.probe_image.is_none() {
        return Room::missing(subject);
    }
    let owned: Vec<(&str, String)> =
        named(ground).into_iter().filter_map(|name| Some((name, owner(name)?))).collect();
    let words = Words {
        open: "a pod of another owner's namespace connects to a pod whose labels no policy knows",
        closed: "a pod of another owner's namespace does not connect to a pod whose labels no policy knows",
    };
    let mut attempts = Vec::new();
    for (to, its) in &owned {
        for (from, other) in owned.iter().filter(|(_, other)| other != its) {
            let place = Room::of(ground, &format!("x{}", attempts.len()));
            let Some(room) = place.filter(|_| attempts.len() < MOST_PAIRS) else { break };
            let subject = Subject::new("Namespace", None, to);
            let whose = format!(" (from `{from}` of `{other}`)");
            attempts.push(crossing_as(&room, subject, Some(from), Some(to), words, whose));
        }
    }
    if attempts.is_empty() {
        let why = "no two namespaces of different owners were named in which pods may be started";
        return vec![Attempt::cannot(subject, why, "--job NAMESPACE for one of each owner")];
    }
    attempts
}

fn of_namespace(name: &str) -> Subject {
    Subject::new("Namespace", None, name)
}

/// The namespaces in which somebody lets us start pods, by name, each once.
fn named<'g>(ground: &Ground<'g, '_>) -> Vec<&'g str> {
    let mut names: Vec<&str> = ground.given.jobs.iter().map(|place| place.namespace.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn of_each(ground: &Ground<'_, '_>, way: &str, attempt: impl Fn(&Room, &str) -> Attempt) -> Vec<Attempt> {
    let subject = Subject::cluster("namespaces");
    if ground.given.probe_image.is_none() {
        return Room::missing(subject);
    }
    let names = named(ground);
    if names.is_empty() {
        let why = "no namespace was named in which pods may be started";
        return vec![Attempt::cannot(subject, why, "--job NAMESPACE")];
    }
    let rooms = names.into_iter().enumerate();
    rooms
        .filter_map(|(number, name)| Some(attempt(&Room::of(ground, &format!("{way}{number}"))?, name)))
        .collect()
}

fn crossing(room: &Room, subject: Subject, from: Option<&str>, to: Option<&str>, words: Words) -> Attempt {
    crossing_as(room, subject, from, to, words, String::new())
}

/// A listener in `to`, a pod that connects to it in `from`; where there is none, in the room.
fn crossing_as(
    room: &Room,
    subject: Subject,
    from: Option<&str>,
    to: Option<&str>,
    words: Words,
    whose: String,
) -> Attempt {
    let near = room.in_namespace(from.unwrap_or(&room.namespace));
    let far = room.in_namespace(to.unwrap_or(&room.namespace));
    let name = |role: &str| format!("{}-{role}", room.namespace);
    let (listener, witness) = (name("listener"), name("witness"));
    let (crosser, comparer) = (name("crosser"), name("comparer"));
    let listen = ["--listen", &PORT.to_string()];
    let mut listening = far.pod(&listener, &listen);
    takes(&mut listening["spec"]["containers"][0], PORT);
    let beside = |mut pod: Value| {
        pod["spec"]["affinity"] = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{
            "topologyKey": "kubernetes.io/hostname",
            "namespaces": [far.namespace],
            "labelSelector": {"matchLabels": {"seaworthy.dev/role": listener}},
        }]}});
        pod
    };
    let mut witnessing = beside(room.pod(&witness, &listen));
    takes(&mut witnessing["spec"]["containers"][0], PORT);
    let of = |step: &str| format!("${{{step}:/status/podIP}}:{PORT}");
    // New pods may be known to the network late, in either way: it waits before it tries, and then for a while.
    let mut crossing =
        beside(near.pod(&crosser, &["--connect", &of("listening"), "--settle", "10", "--patience", "5"]));
    let mut alive = crossing["spec"]["containers"][0].clone();
    alive["name"] = "alive".into();
    alive["command"] =
        json!(["/seaworthy", "prove", "--in-pod", "--no-config", "--listen", ALIVE.to_string()]);
    takes(&mut alive, ALIVE);
    if let Some(containers) = crossing["spec"]["containers"].as_array_mut() {
        containers.push(alive);
    }
    let comparing = beside(room.pod(&comparer, &["--connect", &of("witnessing"), "--patience", "20"]));
    let mut steps = room.open();
    for (step, place) in [("account-of-listener", &far), ("account-of-crosser", &near)] {
        if place.namespace != room.namespace {
            steps.push(place.account(step));
        }
    }
    steps.push(far.start("listener", &listening));
    steps.push(far.ready("listening", &listener));
    steps.push(room.start("witness", &witnessing));
    steps.push(room.ready("witnessing", &witness));
    steps.push(near.start("crosser", &crossing));
    steps.push(
        near.watched("crossed", &crosser, has_crossed, |answer| {
            has_crossed(answer).is_ok() || is_over(answer)
        }),
    );
    steps.push(room.start("comparer", &comparing));
    steps.push(room.ended("compared", &comparer));
    steps.push(Step::control("comparison", room.log(&comparer), |answer| {
        match answer.json().map(|report| report["connections"][0]["connected"] == true) {
            Some(true) => Ok(()),
            Some(false) => Err("pods do not reach each other where no policy stands in the way".to_owned()),
            None => Err(answer.summary()),
        }
    }));
    steps.push(far.ready("still-listening", &listener));
    steps.push(Step::ask("flow", near.log(&crosser)));
    Attempt::new(subject, steps, move |answers| judge(answers, words, &whose))
}

fn judge(answers: &Answers, words: Words, whose: &str) -> Outcome {
    let hosts = ["listening", "witnessing", "crossed"].map(|step| {
        let pod = answers.get(step).and_then(Answer::json)?;
        Some(pod["spec"]["nodeName"].as_str()?.to_owned())
    });
    match connections(answers, "flow").as_deref() {
        // That somebody is there is seen by the connection itself.
        Some([true]) => Outcome::refuted("flow", format!("{}{whose}", words.open)),
        Some([false]) if hosts[0].is_some() && hosts.iter().all(|host| *host == hosts[0]) => Outcome::proved(
            "flow",
            format!("{}{whose}, while pods beside them that no policy concerns connect", words.closed),
        ),
        Some([false]) => {
            Outcome::inconclusive("flow", "the pods are on different nodes, and one of these may be cut off")
        }
        _ => answers.inconclusive("flow"),
    }
}

/// A container is ready once its port takes connections.
fn takes(container: &mut Value, port: u16) {
    container["readinessProbe"] =
        json!({"tcpSocket": {"port": port}, "periodSeconds": 1, "timeoutSeconds": 2});
}

fn container(pod: &Value, name: &str) -> Value {
    let all = pod["status"]["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().find(|container| container["name"] == name).cloned().unwrap_or_default()
}

/// The pod has tried, and its network is alive: the kubelet reaches its other container.
fn has_crossed(answer: &Answer) -> Result<(), String> {
    expect::ok(answer)?;
    let pod = answer.json().unwrap_or_default();
    let code = &container(&pod, "probe")["state"]["terminated"]["exitCode"];
    if *code != 0 {
        return Err("the probe pod did not end well".to_owned());
    }
    match container(&pod, "alive")["ready"] == true {
        true => Ok(()),
        false => Err("the probe pod is not reached by its own kubelet".to_owned()),
    }
}

fn is_over(answer: &Answer) -> bool {
    let pod = answer.json().unwrap_or_default();
    let failed =
        container(&pod, "probe")["state"]["terminated"]["exitCode"].as_i64().is_some_and(|code| code != 0);
    failed || pod["status"]["phase"] == "Failed"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Reply, Verdict};

    use super::*;

    fn json(body: &Value) -> Answer {
        let body = body.to_string().into_bytes();
        let reply = Reply::Http { status: 200, headers: Vec::new(), body, cut: false, tls: None };
        Answer { at: String::new(), took: Duration::ZERO, reply }
    }

    #[test]
    fn silence_proves_something_on_the_node_alone_on_which_others_connect() {
        let words = Words { open: "open", closed: "closed" };
        let of = |connected: &Value, node: &str| {
            let pod = |node: &str| json(&json!({"spec": {"nodeName": node}}));
            let steps =
                ["listening", "witnessing", "crossed"].into_iter().zip([pod("n1"), pod("n1"), pod(node)]);
            let mut answers: Vec<_> = steps.collect();
            answers.push(("flow", json(&json!({"connections": connected}))));
            judge(&Answers(answers), words, "").verdict
        };
        assert_eq!(of(&json!([{"connected": false}]), "n1"), Verdict::Proved);
        assert_eq!(of(&json!([{"connected": false}]), "n2"), Verdict::Inconclusive);
        assert_eq!(of(&json!([{"connected": true}]), "n2"), Verdict::Refuted);
        for nonsense in [
            json!([]),
            json!(null),
            json!([{"connected": "no"}]),
            json!([{"connected": false}, {"connected": false}]),
        ] {
            assert_eq!(of(&nonsense, "n1"), Verdict::Inconclusive, "{nonsense}");
        }
        assert_eq!(judge(&Answers::default(), words, "").verdict, Verdict::Inconclusive);
    }

    #[test]
    fn a_pod_that_its_kubelet_does_not_reach_has_not_tried() {
        let of = |code: i64, ready: bool| {
            has_crossed(&json(&json!({"status": {"containerStatuses": [
                {"name": "probe", "state": {"terminated": {"exitCode": code}}}, {"name": "alive", "ready": ready},
            ]}})))
        };
        assert!(of(0, true).is_ok());
        assert!(of(0, false).is_err());
        assert!(of(2, true).is_err());
        assert!(has_crossed(&json(&json!({}))).is_err());
    }
}
