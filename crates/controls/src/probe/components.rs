//! What probes of the scheduler and the controller manager share: where they listen, and what shows that they run there.

use seaworthy_document::Value;
use seaworthy_probe::{
    Answer, Answers, Attempt, Endpoint, Expectation, Identity, Origin, Outcome, Reply, Request, Step,
    Subject, encode, may_be_told,
};
use serde_json::{Value as Json, json};

use super::kubelets::{self, Kubelet, SOME, healthy};
use super::{Ground, NodePlace, ports};

/// Places of one component that are tried.
const MOST: usize = 20;

/// A component of the control plane with a port of its own.
#[derive(Debug)]
pub(crate) struct Component {
    /// As people call it.
    name: &'static str,
    /// The label `component` of its pods.
    label: &'static str,
    /// The path of what the API server says of the one beside it.
    status: &'static str,
    /// The port that it serves by default.
    port: u16,
    /// The port without TLS that it had up to Kubernetes 1.23.
    old_port: u16,
    /// The flag that says where it is.
    flag: &'static str,
    /// What a verdict is about.
    kind: &'static str,
}

static COMPONENTS: [Component; 2] = [
    Component {
        name: "scheduler",
        label: "kube-scheduler",
        status: "/api/v1/componentstatuses/scheduler",
        port: 10259,
        old_port: 10251,
        flag: "--scheduler",
        kind: "Scheduler",
    },
    Component {
        name: "controller manager",
        label: "kube-controller-manager",
        status: "/api/v1/componentstatuses/controller-manager",
        port: 10257,
        old_port: 10252,
        flag: "--controller-manager",
        kind: "ControllerManager",
    },
];

/// One place where a component should listen.
#[derive(Clone, Debug)]
struct Site {
    component: &'static Component,
    endpoint: Endpoint,
    /// Its pod, by its path, where there is one.
    pod: Option<String>,
    /// The kubelet of the host, where the cluster tells the address: it shows that the address is one of the cluster.
    kubelet: Option<Kubelet>,
}

impl Site {
    fn subject(&self) -> Subject {
        Subject::new(self.component.kind, None, &self.endpoint.to_string())
    }

    fn get(&self, path: &str) -> Request {
        Request::get(path).at(&self.endpoint).most(SOME)
    }

    /// The steps that show that the host is one of the cluster. A person who gives an address knows that.
    fn host_steps(&self) -> Vec<Step> {
        self.kubelet.as_ref().map(Kubelet::steps).unwrap_or_default()
    }

    /// The outcome, when it is proved and the host is one of the cluster.
    fn only_if_vouched(&self, answers: &Answers, proved: Outcome) -> Outcome {
        match (&self.kubelet, &self.endpoint.origin) {
            (Some(kubelet), _) => kubelet.only_if_vouched(answers, proved),
            (None, Origin::Given(_)) => proved,
            (None, Origin::Told(object)) => {
                let reason = format!(
                    "nothing shows that the address that {object} tells is one of the cluster from here"
                );
                Outcome::inconclusive(proved.step, reason)
                    .needs(format!("`{} https://{}`", self.component.flag, self.endpoint))
            }
        }
    }
}

/// An attempt on each place of both components.
fn attempts(ground: &Ground<'_, '_>, one: impl Fn(&Site, &[Site]) -> Option<Attempt>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for component in &COMPONENTS {
        let sites = sites(ground, component);
        if sites.is_empty() {
            let reason = format!("nothing tells where the {} listens", component.name);
            let needs = format!("`{} URL`", component.flag);
            attempts.push(Attempt::cannot(Subject::cluster(component.name), reason, needs));
        }
        let more = sites.len().saturating_sub(MOST);
        attempts.extend(sites.iter().take(MOST).filter_map(|site| one(site, &sites)));
        if more > 0 {
            let subject = Subject::new(component.kind, None, "others");
            let reason = format!("{MOST} places are tried, and {more} more are not");
            attempts.push(Attempt::cannot(subject, reason, "a look at each of them"));
        }
    }
    attempts
}

/// Where a component is: as somebody gave it, else where its pods are, else on every node of the control plane.
fn sites(ground: &Ground<'_, '_>, component: &'static Component) -> Vec<Site> {
    let given = match component.flag {
        "--scheduler" => &ground.given.schedulers,
        _ => &ground.given.controller_managers,
    };
    if !given.is_empty() {
        let site =
            |endpoint: &Endpoint| Site { component, endpoint: endpoint.clone(), pod: None, kubelet: None };
        return given.iter().map(site).collect();
    }
    let mut sites: Vec<Site> = Vec::new();
    let pods = ground.evidence.of_kind("Pod").filter(|pod| pod.is("", "Pod"));
    for pod in pods.filter(|pod| pod.namespace == Some("kube-system")) {
        let text = |path: &[&str]| pod.value.at(path).map_or("", |value| value.text());
        let host = text(&["status", "hostIP"]);
        if text(&["metadata", "labels", "component"]) != component.label || !may_be_told(host) {
            continue;
        }
        let port = secure_port(pod.value).unwrap_or(component.port);
        let origin = Origin::Told(format!("Pod kube-system/{}", pod.name));
        let endpoint = Endpoint { host: host.to_owned(), port, origin };
        if port != 0 && !sites.iter().any(|site| site.endpoint.host == endpoint.host) {
            let pod = Some(format!("/api/v1/namespaces/kube-system/pods/{}", encode(pod.name)));
            let kubelet = kubelets::of_host(ground, host);
            sites.push(Site { component, endpoint, pod, kubelet });
        }
    }
    if sites.is_empty() {
        let planes = control_plane_nodes(ground).into_iter();
        sites.extend(planes.map(|node| {
            let kubelet = kubelets::of_host(ground, &node.kubelet.host);
            Site { component, endpoint: node.port(component.port), pod: None, kubelet }
        }));
    }
    sites
}

/// `--secure-port` of the first container that says it.
fn secure_port(pod: Value<'_>) -> Option<u16> {
    let containers = pod.at(&["spec", "containers"]).into_iter().flat_map(|list| list.items());
    let words = containers
        .flat_map(|container| ["command", "args"].map(|key| container.get(key)))
        .flatten()
        .flat_map(|list| list.items());
    words.filter_map(|word| word.text().strip_prefix("--secure-port=")?.parse().ok()).next()
}

/// Nodes with the label of the control plane.
fn control_plane_nodes(ground: &Ground<'_, '_>) -> Vec<NodePlace> {
    const LABELS: [&str; 2] = ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"];
    let nodes = ground.evidence.of_kind("Node").filter(|object| object.is("", "Node"));
    let names: Vec<&str> = nodes
        .filter(|node| {
            let labels = node.value.at(&["metadata", "labels"]);
            LABELS.iter().any(|label| labels.is_some_and(|labels| labels.get_raw(label).is_some()))
        })
        .map(|node| node.name)
        .collect();
    let is_one = |place: &NodePlace| place.name.as_deref().is_some_and(|name| names.contains(&name));
    ground.nodes().into_iter().filter(is_one).collect()
}

/// That requests without credentials see nothing but health, and that nothing is served without TLS.
pub(crate) fn credentials(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    const PATHS: [(&str, &str); 4] = [
        ("metrics", "/metrics"),
        ("configz", "/configz"),
        ("flagz", "/flagz"),
        ("profiles", "/debug/pprof/"),
    ];
    attempts(ground, |site, _| {
        let plain = |port| Request::get("/healthz").at(&Endpoint { port, ..site.endpoint.clone() }).plain();
        let attributes = json!({"nonResourceAttributes": {"verb": "get", "path": "/metrics"}});
        let granted = Request::access_review("system:anonymous", &["system:unauthenticated"], &attributes);
        let mut steps = vec![Step::control("healthz", site.get("/healthz"), healthy)];
        steps.extend(site.host_steps());
        steps.extend(PATHS.map(|(name, path)| Step::ask(name, site.get(path))));
        steps.push(Step::ask("granted", granted));
        steps.push(Step::ask("plain", plain(site.endpoint.port)));
        steps.push(Step::ask("old", plain(site.component.old_port)));
        let Component { name, old_port, .. } = site.component;
        let owned = site.clone();
        let attempt = Attempt::new(site.subject(), steps, move |answers| {
            for (step, path) in PATHS {
                match answers.status(step) {
                    Some(401) if answers.message(step) == "Unauthorized" => {}
                    Some(403) if answers.message(step).contains("\"system:anonymous\" cannot get path") => {}
                    Some(200) => {
                        let mut reason = format!("anybody may read `{path}` of the {name}");
                        if let Some((true, _)) = answers.allowed("granted") {
                            reason.push_str(
                                ", since the API server grants it to `system:anonymous`: see `api-server/authorization-mode`",
                            );
                        }
                        return Outcome::refuted(step, reason);
                    }
                    _ => return answers.inconclusive(step),
                }
            }
            match answers.reply("plain") {
                // The server of Go, asked without TLS on a port with TLS.
                Some(Reply::Http { status: 400, .. } | Reply::Refused(_)) => {}
                Some(Reply::Http { status: 200, .. }) => {
                    return Outcome::refuted("plain", format!("the {name} serves without TLS"));
                }
                _ => return answers.inconclusive("plain"),
            }
            match answers.reply("old") {
                Some(Reply::Refused(_)) => {}
                Some(Reply::Http { status: 200, .. }) => {
                    let reason = format!("the {name} serves without TLS on port {old_port}");
                    return Outcome::refuted("old", reason);
                }
                Some(Reply::Silent(_)) => {
                    let reason = format!(
                        "port {old_port}, where older releases serve without TLS, is filtered from here"
                    );
                    return Outcome::inconclusive("old", reason).needs("a run on the node itself");
                }
                _ => return answers.inconclusive("old"),
            }
            let reason = format!("the {name} refuses requests without credentials, and speaks TLS alone");
            owned.only_if_vouched(answers, Outcome::proved("metrics", reason))
        });
        let flag = site.component.flag;
        Some(attempt.otherwise_needs(format!(
            "a run where its port answers: on its node, with `{flag} https://127.0.0.1:{}`",
            site.endpoint.port
        )))
    })
}

/// That the port does not answer by an address that others reach.
pub(crate) fn bind_address(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    attempts(ground, |site, all| {
        if ports::is_loopback(&site.endpoint.host) {
            let other = all.iter().any(|site| !ports::is_loopback(&site.endpoint.host));
            return (!other).then(|| ports::on_loopback(site.subject(), site.component.flag));
        }
        let (runs, expect): (_, Expectation) = match &site.pod {
            Some(pod) => (Request::get(pod.clone()), is_ready),
            None => (Request::get(site.component.status), is_healthy),
        };
        const SERVERS: &str = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/kubernetes";
        let host = Endpoint { port: 10250, ..site.endpoint.clone() };
        let mut steps = vec![
            Step::control("runs", runs.by(Identity::Caller), expect),
            Step::ask("servers", Request::get(SERVERS).by(Identity::Caller)),
            Step::ask("host", ports::connect(&host)),
            Step::ask("port", ports::connect(&site.endpoint)),
            Step::ask("healthz", site.get("/healthz")),
        ];
        steps.extend(site.host_steps());
        let owned = site.clone();
        let attempt = Attempt::new(site.subject(), steps, move |answers| judge_bind(&owned, answers));
        Some(attempt.otherwise_needs("the right to get componentstatuses, on a cluster with one API server"))
    })
}

fn judge_bind(site: &Site, answers: &Answers) -> Outcome {
    let (name, port) = (site.component.name, site.endpoint.port);
    if answers.reply("port") == Some(&Reply::Connected) {
        // Its own words: health, or the refusal of the authorizer.
        let is_component = match answers.status("healthz") {
            Some(200) => answers.get("healthz").is_some_and(|answer| healthy(answer).is_ok()),
            Some(401 | 403) => !answers.message("healthz").is_empty(),
            _ => false,
        };
        return match is_component {
            true => {
                Outcome::refuted("healthz", format!("the {name} answers on {}, off its host", site.endpoint))
            }
            false => answers.inconclusive("healthz"),
        };
    }
    let outcome = match ports::refused(answers, "port", port, name) {
        Some(outcome) => outcome,
        None => return answers.inconclusive("port"),
    };
    if answers.reply("host") != Some(&Reply::Connected) {
        return Outcome::inconclusive(
            "host",
            "nothing shows that the host lives: its kubelet does not answer either",
        )
        .needs("the address of the host of the component");
    }
    // The API server looks at the component of its own host, by loopback and by the usual port.
    let is_usual = port == site.component.port;
    if site.pod.is_none()
        && (!is_usual || sole_server(answers).as_deref() != Some(site.endpoint.host.as_str()))
    {
        let reason = format!(
            "the port refuses connections from here, and nothing shows that a {name} runs on that host"
        );
        return Outcome::inconclusive("servers", reason)
            .needs("a pod of it in kube-system, or a cluster whose one API server is on the same host");
    }
    site.only_if_vouched(answers, outcome)
}

/// The address of the API server, when there is one alone.
fn sole_server(answers: &Answers) -> Option<String> {
    let slice = answers.get("servers")?.json()?;
    let endpoints = slice.get("endpoints")?.as_array()?;
    let mut addresses = endpoints
        .iter()
        .flat_map(|endpoint| endpoint.get("addresses").and_then(Json::as_array).into_iter().flatten());
    let first = addresses.next()?.as_str()?.to_owned();
    addresses.next().is_none().then_some(first)
}

/// A ComponentStatus that is healthy.
fn is_healthy(answer: &Answer) -> Result<(), String> {
    has_condition(answer, "/conditions", "Healthy")
}

/// A Pod that is ready.
fn is_ready(answer: &Answer) -> Result<(), String> {
    has_condition(answer, "/status/conditions", "Ready")
}

fn has_condition(answer: &Answer, path: &str, kind: &str) -> Result<(), String> {
    if answer.status() != Some(200) {
        return Err(answer.summary());
    }
    let object = answer.json().unwrap_or_default();
    let conditions = object.pointer(path).and_then(Json::as_array);
    let holds = |condition: &Json| condition["type"] == kind && condition["status"] == "True";
    match conditions.is_some_and(|conditions| conditions.iter().any(holds)) {
        true => Ok(()),
        false => Err(format!("the API server does not say that it is {}", kind.to_lowercase())),
    }
}
