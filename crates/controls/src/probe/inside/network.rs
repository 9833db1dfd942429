//! What the pod reaches.

use seaworthy_probe::{Answers, Ask, Attempt, Endpoint, Origin, Outcome, Reply, Request, SideEffect, Step};

use super::{Inside, InsideProbe, Texts};

const API: &str = "a TLS handshake with the API server, before and after";

pub(super) const PROBES: &[InsideProbe] = &[
    InsideProbe::new(
        "network/control-plane-reach",
        Texts {
            asks: "the program connects to ports 10250, 10255, 10249, 10256, 10257, 10259, 2379 and 2380 of its node, to the kubelet's at the gateway of the pod where that has another address, to every port of the control plane that is given, and to port 1 of the node, which shows whether the node is heard at all",
            proved_by: "the port of the kubelet takes no connection, nor does any other, and the node is heard: it refuses, or takes, a connection at some port",
            refuted_by: "one takes a connection",
            not_fooled_by: "a gateway that is taken for the node: only an address that is told proves anything; a node that is silent at every port, as one is to which no way leads; a network that is dead altogether",
            positive_control: API,
        },
        control_plane,
    ),
    InsideProbe::new(
        "network/metadata-egress",
        Texts {
            asks: "the program GETs 169.254.169.254 as AWS (both versions), Google, Azure and Oracle want to be asked, and PUTs for a token of AWS",
            proved_by: "nothing takes a connection there, in a cloud that is known to have the service",
            refuted_by: "one of them is answered with 200, or with 401: who asks for credentials is reached",
            not_fooled_by: "a place without such a service: who does not know the cloud concludes nothing from silence; a 403, which may be that of the service or of something in between",
            positive_control: API,
        },
        metadata,
    )
    .leaving(SideEffect::Token),
    InsideProbe::new(
        "network/default-deny-egress",
        Texts {
            asks: "the program connects to the addresses of `--outside`, and looks up their names and that of the API server's Service",
            proved_by: "nothing: whether somebody is there, the pod cannot know. `network/default-deny-egress` has probe pods that do",
            refuted_by: "one takes a connection",
            not_fooled_by: "an address at which nobody is",
            positive_control: API,
        },
        outside,
    ),
];

/// Ports of a node, and the names of the steps that try them.
const PORTS: [(&str, u16, &str); 8] = [
    ("kubelet", 10250, "the kubelet"),
    ("read-only", 10255, "the read-only port of the kubelet"),
    ("kube-proxy", 10249, "the metrics of kube-proxy"),
    ("kube-proxy-health", 10256, "the health of kube-proxy"),
    ("controller-manager", 10257, "the controller manager"),
    ("scheduler", 10259, "the scheduler"),
    ("etcd", 2379, "etcd"),
    ("etcd-peer", 2380, "the peers of etcd"),
];

/// The step that shows whether the node is heard: at this port nobody listens, so that who is reached refuses.
const LIFE: &str = "node";
/// The same after all others.
const LIFE_AFTER: &str = "node-after";

/// Names of steps for addresses that are given: so many at most.
const GIVEN: [&str; 8] =
    ["given-1", "given-2", "given-3", "given-4", "given-5", "given-6", "given-7", "given-8"];

fn connect(name: &'static str, endpoint: &Endpoint) -> Step {
    Step::ask(name, Request::of_port(endpoint, Ask::Connect))
}

fn is_silent(reply: Option<&Reply>) -> bool {
    matches!(reply, Some(Reply::Silent(_) | Reply::Refused(_)))
}

fn control_plane(inside: &Inside) -> Vec<Attempt> {
    let mut steps = vec![inside.api_answers()];
    if let Some(node) = &inside.node {
        let life = Endpoint { port: 1, ..node.clone() };
        steps.push(connect(LIFE, &life));
        // The kubelet may listen elsewhere, as its Node object says.
        for (name, port, _) in PORTS {
            let port = if name == "kubelet" { node.port } else { port };
            steps.push(connect(name, &Endpoint { port, ..node.clone() }));
        }
        steps.push(connect(LIFE_AFTER, &life));
    }
    let given: Vec<Endpoint> = inside.ports.iter().take(GIVEN.len()).cloned().collect();
    steps.extend(GIVEN.iter().zip(&given).map(|(name, endpoint)| connect(name, endpoint)));
    if steps.len() == 1 {
        return vec![Attempt::cannot(
            inside.pod.clone(),
            "nobody tells the address of the node",
            "the variable SEAWORTHY_NODE from `status.hostIP`, or `--node ADDRESS`",
        )];
    }
    let told = inside.node.is_some() && inside.node_is_told;
    let has_node = inside.node.is_some();
    vec![inside.attempt(steps, move |answers| {
        let mut open = Vec::new();
        let mut step = "";
        if has_node {
            for (name, port, what) in PORTS {
                match answers.reply(name) {
                    Some(Reply::Connected) => {
                        open.push(format!("{what} ({port})"));
                        step = if step.is_empty() { name } else { step };
                    }
                    reply if is_silent(reply) => {}
                    _ => return answers.inconclusive(name),
                }
            }
        }
        for (name, endpoint) in GIVEN.iter().zip(&given) {
            match answers.reply(name) {
                Some(Reply::Connected) => {
                    open.push(endpoint.to_string());
                    step = if step.is_empty() { name } else { step };
                }
                reply if is_silent(reply) => {}
                _ => return answers.inconclusive(name),
            }
        }
        let of_node = PORTS.iter().map(|(name, ..)| *name).chain([LIFE, LIFE_AFTER]);
        let heard = of_node
            .filter_map(|name| answers.reply(name))
            .any(|reply| matches!(reply, Reply::Connected | Reply::Refused(_)));
        match (open.as_slice(), told) {
            ([], true) if heard => Outcome::proved(
                "kubelet",
                "the kubelet of the node is out of reach, as all other ports are, though the node itself is heard",
            ),
            // Who drops everything looks like an address to which no way leads.
            ([], true) => Outcome::inconclusive(
                "kubelet",
                "the node is silent at every port: it may be closed to pods, or not on the way from here at all",
            )
            .needs("a port of the node that answers pods, or the same from a pod that no policy concerns"),
            ([], false) => Outcome::inconclusive(
                "api-server",
                "no port answers, and nobody tells for sure where the kubelet is",
            )
            .needs("the variable SEAWORTHY_NODE from `status.hostIP`"),
            (open, _) => Outcome::refuted(step, format!("within reach: {}", super::process::some(open))),
        }
    })]
}

/// How clouds want to be asked, and the names of the steps.
fn clouds() -> Vec<(&'static str, Request)> {
    let get = |path: &str| Request::get(path).most(64);
    vec![
        ("aws", get("/latest/meta-data/")),
        (
            "aws-token",
            Request { ask: put("/latest/api/token"), ..Request::get("/") }
                .most(64)
                .header("x-aws-ec2-metadata-token-ttl-seconds", "60"),
        ),
        ("google", get("/computeMetadata/v1/").header("metadata-flavor", "Google")),
        ("azure", get("/metadata/instance?api-version=2021-02-01").header("metadata", "true")),
        ("oracle", get("/opc/v2/instance/").header("authorization", "Bearer Oracle")),
    ]
}

fn put(path: &str) -> Ask {
    match Request::get(path).ask {
        Ask::Http(ask) => Ask::Http(seaworthy_probe::HttpAsk { method: "PUT", ..ask }),
        other => other,
    }
}

fn metadata(inside: &Inside) -> Vec<Attempt> {
    let service =
        Endpoint { host: "169.254.169.254".to_owned(), port: 80, origin: Origin::Given("--in-pod") };
    let mut steps = vec![inside.api_answers(), connect("connect", &service)];
    steps.extend(clouds().into_iter().map(|(name, request)| Step::ask(name, request.at(&service).plain())));
    let cloud = inside.cloud.clone();
    vec![inside.attempt(steps, move |answers| judge_metadata(answers, cloud.as_deref()))]
}

/// What the metadata service answered.
pub(super) fn judge_metadata(answers: &Answers, cloud: Option<&str>) -> Outcome {
    let (mut asked, mut refused) = (None, None);
    let mut unclear = None;
    for (name, _) in clouds() {
        match (answers.status(name), answers.reply(name)) {
            (Some(200..=299), _) => {
                return Outcome::refuted(
                    name,
                    format!("the metadata service answers as that of {name} does"),
                );
            }
            (Some(401), _) => asked = asked.or(Some(name)),
            (Some(403), _) => refused = refused.or(Some(name)),
            (None, reply) if is_silent(reply) => {}
            _ => unclear = unclear.or(Some(name)),
        }
    }
    if let Some(name) = asked {
        let reason = "the metadata service is within reach: it answers, and asks for credentials";
        return Outcome::refuted(name, reason);
    }
    let silent = is_silent(answers.reply("connect"));
    match (silent, cloud, refused, unclear) {
        (true, Some(cloud), None, None) => {
            Outcome::proved("connect", format!("the metadata service of {cloud} is out of reach"))
        }
        (true, None, None, None) => Outcome::inconclusive(
            "connect",
            "nothing answers, and whether a metadata service is there at all, nobody says",
        )
        .needs("--cloud NAME, where the nodes are in one"),
        (_, _, _, Some(name)) => answers.inconclusive(name),
        (_, _, Some(name), None) => Outcome::inconclusive(
            name,
            "something answers there and refuses all that was asked: it may be the service itself, or a filter before it",
        ),
        _ => Outcome::inconclusive("connect", "something takes connections there and says nothing of use"),
    }
}

fn outside(inside: &Inside) -> Vec<Attempt> {
    if inside.outside.is_empty() {
        return vec![Attempt::cannot(
            inside.pod.clone(),
            "no address outside of the cluster was given",
            "--outside HOST:PORT",
        )];
    }
    let given: Vec<Endpoint> = inside.outside.iter().take(GIVEN.len()).cloned().collect();
    let mut steps = vec![inside.api_answers()];
    steps.extend(GIVEN.iter().zip(&given).map(|(name, endpoint)| connect(name, endpoint)));
    let resolve = |name: &'static str, host: &str| {
        let origin = Origin::Given("--outside");
        Step::ask(
            name,
            Request::of_port(&Endpoint { host: host.to_owned(), port: 443, origin }, Ask::Resolve),
        )
    };
    let outer = given.iter().find(|endpoint| endpoint.host.parse::<std::net::IpAddr>().is_err());
    if let Some(outer) = outer {
        steps.push(resolve(CLUSTER_NAME, "kubernetes.default.svc"));
        steps.push(resolve(OUTER_NAME, &outer.host));
    }
    let outer = outer.map(|outer| outer.host.clone());
    vec![inside.attempt(steps, move |answers| {
        for (name, endpoint) in GIVEN.iter().zip(&given) {
            match answers.reply(name) {
                Some(Reply::Connected) => {
                    return Outcome::refuted(name, format!("{endpoint} is within reach"));
                }
                reply if is_silent(reply) => {}
                _ => return answers.inconclusive(name),
            }
        }
        let reason = format!(
            "no address answers, and whether somebody is there, the pod cannot know{}",
            outer.as_deref().map_or(String::new(), |outer| of_names(answers, outer))
        );
        Outcome::inconclusive(GIVEN[0], reason)
            .needs("the same from a pod that may reach it, or `prove --job`")
    })]
}

/// Looks up the name of the API server's Service, which the name server of the cluster knows.
const CLUSTER_NAME: &str = "name-of-cluster";
/// Looks up a name outside.
const OUTER_NAME: &str = "name-outside";

/// What the name server tells: who resolves names outside for a pod carries its questions out of the cluster.
fn of_names(answers: &Answers, outer: &str) -> String {
    let tells = |step| !answers.lines(step).is_empty();
    match (tells(OUTER_NAME), tells(CLUSTER_NAME)) {
        (true, _) => format!("; the name `{outer}` is looked up for it, so that data can leave by names"),
        (false, true) => format!("; names of the cluster are looked up for it, and `{outer}` is not"),
        (false, false) => "; no name is looked up for it".to_owned(),
    }
}
