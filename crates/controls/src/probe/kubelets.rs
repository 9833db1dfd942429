//! What probes of nodes share: their kubelets, asked directly, and what shows that an address is that of the node.
//!
//! A port that answers 401 is not yet the kubelet in question: the address may be one of another network, in which
//! something else refuses as well. So nothing is proved unless somebody vouches for it: its certificate leads to the
//! authority of the cluster and names the node, or it knows a client certificate of the cluster while it refuses nobody's
//! requests.

use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, Certificate, CertificateFacts, Endpoint, Identity, Outcome, Reply,
    Request, Step, Subject, encode, expect,
};

use super::{Ground, NodePlace};

/// Nodes that one control is tried on. Those of a group are set alike, and ten thousand would take hours.
const MOST: usize = 50;

/// Most of an answer of a kubelet that is read: its beginning tells enough.
pub(crate) const SOME: usize = 64 << 10;

/// Handlers of the kubelet that serve text refuse who wants JSON alone, with 406, whether or not they are enabled.
pub(crate) const ANY: &str = "*/*";

/// The kubelet of one node.
#[derive(Clone, Debug)]
pub(crate) struct Kubelet {
    /// The name of the node, where a Node object bears the address.
    pub(crate) name: Option<String>,
    /// Where the kubelet listens.
    pub(crate) endpoint: Endpoint,
    /// A certificate of the cluster that can be shown: that of a user without rights, where there is one.
    pub(crate) shown: Option<Certificate>,
    place: NodePlace,
}

/// How a kubelet treats a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// It knows nobody by these credentials.
    Unknown,
    /// It knows who asks, and somebody refuses: the authorizer.
    Forbidden,
    /// It answers.
    Answered,
    /// It looks like no answer of a kubelet.
    Unclear,
}

/// A certificate of the cluster that can be shown.
fn shown(ground: &Ground<'_, '_>) -> Option<Certificate> {
    match ground.given {
        given if given.has_ordinary_certificate => Some(Certificate::Ordinary),
        given if given.has_caller_certificate => Some(Certificate::Caller),
        _ => None,
    }
}

fn kubelet(ground: &Ground<'_, '_>, place: NodePlace) -> Kubelet {
    let (name, endpoint) = (place.name.clone(), place.kubelet.clone());
    Kubelet { name, endpoint, shown: shown(ground), place }
}

/// The kubelet of the node that has an address.
pub(super) fn of_host(ground: &Ground<'_, '_>, host: &str) -> Option<Kubelet> {
    let place = ground.nodes().into_iter().find(|place| place.kubelet.host == host)?;
    Some(kubelet(ground, place))
}

/// An attempt on each node.
pub(crate) fn attempts(ground: &Ground<'_, '_>, one: impl Fn(&Kubelet) -> Attempt) -> Vec<Attempt> {
    let places = ground.nodes();
    if places.is_empty() {
        let nodes = ground.evidence.of_kind("Node").any(|object| object.is("", "Node"));
        let reason = match nodes {
            true => "no node tells an address that may be asked",
            false => "no node is known",
        };
        let needs = "the right to list nodes, or `--node ADDRESS`";
        return vec![Attempt::cannot(Subject::cluster("nodes"), reason, needs)];
    }
    let more = places.len().saturating_sub(MOST);
    let mut attempts: Vec<Attempt> =
        places.into_iter().take(MOST).map(|place| one(&kubelet(ground, place))).collect();
    if more > 0 {
        let reason = format!("{MOST} nodes are tried, and {more} more are not");
        attempts.push(Attempt::cannot(Subject::cluster("other nodes"), reason, "a look at each of them"));
    }
    attempts
}

impl Kubelet {
    /// What a verdict about it names.
    pub(crate) fn subject(&self) -> Subject {
        self.place.subject()
    }

    /// Another port of the node.
    pub(crate) fn port(&self, port: u16) -> Endpoint {
        self.place.port(port)
    }

    /// A GET of the kubelet itself without credentials.
    pub(crate) fn get(&self, path: &str) -> Request {
        Request::get(path).at(&self.endpoint).header("accept", ANY).most(SOME)
    }

    /// A GET of the kubelet by the caller through the API server, which knows the way; only of a node with a name.
    pub(crate) fn through_api(&self, path: &str) -> Option<Request> {
        let name = self.name.as_deref()?;
        let path = format!("/api/v1/nodes/{}/proxy{path}", encode(name));
        Some(Request::get(path).by(Identity::Caller).header("accept", ANY).most(SOME))
    }

    /// A step `configz` that reads what the kubelet says of its configuration, for [`says_otherwise`].
    pub(crate) fn configuration(&self) -> Option<Step> {
        Some(Step::ask("configz", self.through_api("/configz")?))
    }

    /// The first steps of every attempt: a handshake, which is the positive control, and what [`vouched`](Self::vouched)
    /// needs.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let handshake = Request::of_port(&self.endpoint, Ask::Certificates);
        let mut steps = vec![
            Step::control("handshake", handshake, expect::tls),
            Step::ask("nobody", self.get("/healthz")),
        ];
        if let Some(certificate) = self.shown {
            let known = self.get("/healthz").by(Identity::Certificate(certificate));
            steps.push(Step::ask("known", known));
        }
        steps
    }

    /// That this is the kubelet of the node, whatever else it answers.
    ///
    /// # Errors
    /// With why nobody can tell, and what would.
    pub(crate) fn vouched(&self, answers: &Answers) -> Result<(), Outcome> {
        let inconclusive = |reason: String| Outcome::inconclusive("handshake", reason);
        let Some(Reply::Handshake(tls)) = answers.reply("handshake") else {
            return Err(answers.inconclusive("handshake"));
        };
        let own = tls.certificates.first();
        let distrust = match (&tls.trusted, own) {
            (Ok(()), Some(own)) if names(own, self.name.as_deref()) => return Ok(()),
            (Ok(()), Some(own)) => match &self.name {
                Some(name) => {
                    let reason =
                        format!("{} shows the certificate of {}, not of {name}", self.endpoint, own.subject);
                    return Err(inconclusive(reason).needs("`--node` with the address of the node"));
                }
                None => "it names no node".to_owned(),
            },
            (Ok(()), None) => "it shows none".to_owned(),
            (Err(why), _) => why.clone(),
        };
        // A kubelet of another cluster knows no certificate of this one.
        let known = matches!(gate(answers, "known"), Gate::Answered | Gate::Forbidden);
        if known && gate(answers, "nobody") == Gate::Unknown {
            return Ok(());
        }
        let whose = self.name.as_deref().unwrap_or("a node of the cluster");
        let reason = format!(
            "nothing shows that {} is the kubelet of {whose}: nobody vouches for its certificate ({distrust}), and it \
             knows none of ours",
            self.endpoint
        );
        let needs = match self.shown {
            Some(_) => "serving certificates that the authority of the cluster signs",
            None => "`--ordinary-cert` and `--ordinary-key`",
        };
        Err(inconclusive(reason).needs(needs))
    }

    /// The outcome, when it is proved and somebody vouches for the kubelet.
    pub(crate) fn only_if_vouched(&self, answers: &Answers, proved: Outcome) -> Outcome {
        match self.vouched(answers) {
            Ok(()) => proved,
            Err(doubt) => doubt,
        }
    }
}

/// Whether a certificate is that of a node: by its names, or by the user that it stands for.
fn names(own: &CertificateFacts, node: Option<&str>) -> bool {
    let mut parts = own.subject.split(", ").filter_map(|part| part.strip_prefix("CN="));
    match node {
        None => parts.any(|name| name.starts_with("system:node:")),
        Some(node) => {
            own.names.iter().any(|name| name == node)
                || parts.any(|name| name == node || name.strip_prefix("system:node:") == Some(node))
        }
    }
}

/// A port that the kubelet itself says to serve on, where it is neither the one that was tried nor none: nothing is proved
/// by another one that is closed.
pub(crate) fn says_otherwise(answers: &Answers, field: &str, tried: u16) -> Option<Outcome> {
    let configuration = answers.get("configz").and_then(Answer::json)?;
    let said = configuration.get("kubeletconfig")?.get(field)?.as_i64()?;
    (said != 0 && said != i64::from(tried)).then(|| {
        let reason = format!("the kubelet says `{field}: {said}`, and port {tried} was tried");
        Outcome::inconclusive("configz", reason).needs("a connection to that port")
    })
}

/// How a kubelet treated the request of a step (`InstallAuthFilter` in `pkg/kubelet/server/server.go`).
pub(crate) fn gate(answers: &Answers, step: &str) -> Gate {
    let Some(answer) = answers.get(step) else { return Gate::Unclear };
    let text = answer.text();
    match answer.status() {
        Some(401) if text.trim() == "Unauthorized" => Gate::Unknown,
        Some(403) if text.starts_with("Forbidden (user=") => Gate::Forbidden,
        Some(101 | 200) => Gate::Answered,
        // Of a pod that does not exist: behind authentication and authorization.
        Some(404) if text.contains("pod does not exist") => Gate::Answered,
        Some(400) if text.contains("you must specify at least 1 of stdin, stdout, stderr") => Gate::Answered,
        _ => Gate::Unclear,
    }
}

/// Whether a step was answered by a list of pods.
pub(crate) fn is_list(answers: &Answers, step: &str) -> bool {
    answers.get(step).is_some_and(|answer| {
        // Of a long list only the beginning is there.
        answer.status() == Some(200) && answer.text().trim_start().starts_with("{\"kind\":\"PodList\"")
    })
}

/// Whether a refusal names a user.
pub(crate) fn is_user(answers: &Answers, step: &str, user: &str) -> bool {
    answers.get(step).is_some_and(|answer| answer.text().starts_with(&format!("Forbidden (user={user},")))
}

/// The expectation of a positive control: a health check that is well.
///
/// # Errors
/// With what came instead.
pub(crate) fn healthy(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(200) if answer.text().trim() == "ok" => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// The path that would run a command in a pod that does not exist: the namespace bears the name of the run.
pub(crate) fn no_pod(run: &str) -> String {
    format!("seaworthy-probe-{run}/none/none")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{
        Answer, Answers, Certificate, CertificateFacts, Endpoint, Origin, Reply, Tls, Verdict,
    };

    use super::{Gate, Kubelet, NodePlace, gate};

    fn kubelet(name: Option<&str>) -> Kubelet {
        let endpoint = Endpoint {
            host: "10.0.0.5".to_owned(),
            port: 10250,
            origin: Origin::Told("Node node1".to_owned()),
        };
        let name = name.map(str::to_owned);
        let place = NodePlace { name: name.clone(), kubelet: endpoint.clone() };
        Kubelet { name, endpoint, shown: Some(Certificate::Ordinary), place }
    }

    fn handshake(subject: &str, trusted: Result<(), String>) -> Reply {
        let own = CertificateFacts {
            subject: subject.to_owned(),
            issuer: "CN=kubernetes-ca".to_owned(),
            names: vec!["10.0.0.5".to_owned()],
            remaining: 1,
            lifetime: 1,
            self_signed: false,
            fingerprint: String::new(),
        };
        Reply::Handshake(Tls { certificates: vec![own], trusted })
    }

    fn http(status: u16, body: &str) -> Reply {
        Reply::Http { status, headers: Vec::new(), body: body.into(), cut: false, tls: None }
    }

    fn answers(replies: [(&'static str, Reply); 3]) -> Answers {
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        Answers(replies.into_iter().map(|(name, reply)| (name, answer(reply))).collect())
    }

    #[test]
    fn a_kubelet_that_refuses_everybody_is_nobodys_until_somebody_vouches_for_it() {
        let refused = || http(401, "Unauthorized");
        let vouched = |name, subject: &str, trusted, nobody, known| {
            let answers =
                answers([("handshake", handshake(subject, trusted)), ("nobody", nobody), ("known", known)]);
            kubelet(name).vouched(&answers).map_err(|outcome| outcome.verdict)
        };
        let alien = || Err("UnknownIssuer".to_owned());
        let no = Err(Verdict::Inconclusive);
        // Another host in whose network we are refuses as well.
        assert_eq!(vouched(Some("node1"), "CN=node1@1", alien(), refused(), refused()), no);
        // One that lets everybody in is told apart by nothing.
        assert_eq!(vouched(Some("node1"), "CN=node1@1", alien(), http(200, "ok"), http(200, "ok")), no);
        assert_eq!(vouched(Some("node1"), "CN=node1@1", alien(), refused(), http(200, "ok")), Ok(()));
        // Another node of the same cluster.
        assert_eq!(
            vouched(Some("node1"), "CN=system:node:node10, O=x", Ok(()), refused(), http(200, "ok")),
            no
        );
        assert_eq!(vouched(Some("node1"), "CN=system:node:node1, O=x", Ok(()), refused(), refused()), Ok(()));
        assert_eq!(vouched(None, "CN=system:node:node1", Ok(()), refused(), refused()), Ok(()));
        assert_eq!(vouched(None, "CN=kube-apiserver", Ok(()), refused(), refused()), no);
    }

    #[test]
    fn refusals_of_others_are_none_of_a_kubelet() {
        let of = |status, body: &str| {
            gate(
                &answers([
                    ("x", http(status, body)),
                    ("y", Reply::Connected),
                    ("z", Reply::Refused(String::new())),
                ]),
                "x",
            )
        };
        assert_eq!(of(401, "Unauthorized"), Gate::Unknown);
        assert_eq!(of(401, "<html>401 Authorization Required</html>"), Gate::Unclear);
        assert_eq!(of(403, "Forbidden (user=a, verb=get, resource=nodes)"), Gate::Forbidden);
        assert_eq!(of(403, "blocked by the firewall"), Gate::Unclear);
        assert_eq!(of(404, "404 page not found"), Gate::Unclear);
        assert_eq!(of(404, "pod does not exist"), Gate::Answered);
        assert_eq!(of(503, ""), Gate::Unclear);
    }
}
