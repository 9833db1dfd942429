//! What probes of TLS share: which versions and suites a server takes, and what its certificate says.

use seaworthy_probe::{
    Answers, Ask, Attempt, CertificateFacts, Consent, Endpoint, Identity, Outcome, Reply, Request,
    SideEffect, Step, Subject, Target, Tls, TlsVersion, expect,
};

use super::{Ground, Probe};
use crate::cipher_suites::{GOOD, GOOD_13, WEAK, weak};

/// Servers of one kind that are tried.
pub(crate) const MOST: usize = 50;

const DAY: i64 = 86_400;

/// What probes of versions and suites have in common; each plans for servers of its own.
pub(crate) const STRENGTH: Probe = Probe {
    name: "hellos",
    asks: "Nobody says hello to the server by TLS 1.0, by TLS 1.1, and by TLS 1.2 with weak suites alone",
    proved_by: "an alert for each that speaks of the version or of the suites",
    refuted_by: "a version and a suite that the server chooses",
    not_fooled_by: "a client that asks for one version and gets another: what the server chooses is what counts. A server that \
                    does not understand our hellos must take one of TLS 1.2 or 1.3 with good suites. Resets and silence prove \
                    nothing",
    positive_control: "a handshake with TLS 1.2 or 1.3 is completed",
    consent: Consent::Read,
    side_effect: SideEffect::LogLine,
    rights: &[],
    plan: |_| Vec::new(),
};

/// Something of a target, asked by nobody.
fn of(target: &Target, ask: Ask) -> Request {
    Request { identity: Identity::Anonymous, target: target.clone(), ask, creates: None }
}

/// Which suites of TLS 1.2 a control takes for weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weak {
    /// Those without forward secrecy or without authenticated encryption.
    NotAead,
    /// Those without forward secrecy, and those whose ciphers are broken: CBC, which Go offers by default, is not among
    /// them.
    Broken,
}

impl Weak {
    fn suites(self) -> Vec<u16> {
        let is_weak = |name: &str| match self {
            Weak::NotAead => true,
            Weak::Broken => {
                let lasting = name.starts_with("TLS_ECDHE_") || name.starts_with("TLS_DHE_");
                !lasting || name.contains("3DES") || name.contains("RC4")
            }
        };
        WEAK.iter().filter(|(_, name)| is_weak(name)).map(|(number, _)| *number).collect()
    }
}

/// One hello per old version, and one with weak suites alone. The positive control is a handshake as good clients make it,
/// and then the server must also take a hello of the same making with good suites: else it does not understand ours.
pub(crate) fn strength(subject: Subject, target: &Target, wrong: Weak) -> Attempt {
    let hello = |version, suites: Vec<u16>| of(target, Ask::Hello { version, suites });
    let all = || WEAK.iter().map(|(number, _)| *number).chain(GOOD.iter().copied()).collect();
    let steps = vec![
        Step::control("handshake", of(target, Ask::Certificates), expect::tls),
        Step::ask("tls13", hello(TlsVersion::Tls13, GOOD_13.to_vec())),
        Step::ask("tls12", hello(TlsVersion::Tls12, GOOD.to_vec())),
        Step::ask("tls10", hello(TlsVersion::Tls10, all())),
        Step::ask("tls11", hello(TlsVersion::Tls11, all())),
        Step::ask("weak", hello(TlsVersion::Tls12, wrong.suites())),
    ];
    Attempt::new(subject, steps, move |answers| judge_strength(answers, wrong))
}

fn judge_strength(answers: &Answers, wrong: Weak) -> Outcome {
    const TRIED: [&str; 3] = ["tls10", "tls11", "weak"];
    for step in TRIED {
        let Some(Reply::Chosen { version, suite }) = answers.reply(step) else { continue };
        let name = weak(*suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned);
        let reason = match step {
            "weak" => format!("the server takes {version} with {name}, which is weak"),
            _ => format!("the server takes {version}, with {name}"),
        };
        return Outcome::refuted(step, reason);
    }
    let takes = |step, wanted| matches!(answers.reply(step), Some(Reply::Chosen { version, .. }) if *version == wanted);
    if !takes("tls13", TlsVersion::Tls13) && !takes("tls12", TlsVersion::Tls12) {
        return answers.inconclusive("tls13");
    }
    for step in TRIED {
        // Alerts that speak of the version or the suites. Silence, resets and other alerts have other causes.
        let told = ["ProtocolVersion", "HandshakeFailure", "InsufficientSecurity"];
        if !answers.alert(step).is_some_and(|alert| told.contains(&alert)) {
            return answers.inconclusive(step);
        }
    }
    let newest = if takes("tls12", TlsVersion::Tls12) { "TLS 1.2 and newer" } else { "TLS 1.3" };
    let with = match wrong {
        Weak::NotAead => "forward secrecy and authenticated encryption",
        Weak::Broken => "forward secrecy and no broken cipher",
    };
    Outcome::proved("weak", format!("only {newest} is taken, with {with}"))
}

/// A server with a certificate.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    /// What a verdict is about.
    pub(crate) subject: Subject,
    /// Where it is.
    pub(crate) target: Target,
}

impl Server {
    fn at(kind: &str, endpoint: &Endpoint) -> Server {
        let subject = Subject::new(kind, None, &endpoint.to_string());
        Server { subject, target: Target::Port(endpoint.clone()) }
    }
}

/// The API server.
pub(crate) fn api_server() -> Server {
    Server { subject: Subject::cluster("API server"), target: Target::ApiServer }
}

/// The kubelets of all nodes that are known.
pub(crate) fn kubelets(ground: &Ground<'_, '_>) -> Vec<Server> {
    let nodes = ground.nodes().into_iter();
    nodes.map(|node| Server { subject: node.subject(), target: Target::Port(node.kubelet) }).collect()
}

/// Schedulers and controller managers that somebody named.
pub(crate) fn components(ground: &Ground<'_, '_>) -> Vec<Server> {
    let given = ground.given;
    let schedulers = given.schedulers.iter().map(|endpoint| Server::at("Scheduler", endpoint));
    let managers = given.controller_managers.iter().map(|endpoint| Server::at("ControllerManager", endpoint));
    schedulers.chain(managers).collect()
}

/// Members of etcd, at both of their ports.
pub(crate) fn etcds(ground: &Ground<'_, '_>) -> Vec<Server> {
    let endpoints = ground.given.etcd.iter().chain(&ground.given.etcd_peers);
    endpoints.map(|endpoint| Server::at("Etcd", endpoint)).collect()
}

/// An attempt per server; what is too many is said once, and so is that there is none.
pub(crate) fn each(
    servers: Vec<Server>,
    nobody: (&'static str, &'static str),
    attempt: impl Fn(Server) -> Attempt,
) -> Vec<Attempt> {
    let (name, needs) = nobody;
    if servers.is_empty() {
        return vec![Attempt::cannot(
            Subject::cluster(name),
            format!("where the {name} listens is not known"),
            needs,
        )];
    }
    let more = servers.len().saturating_sub(MOST);
    let mut attempts: Vec<Attempt> = servers.into_iter().take(MOST).map(attempt).collect();
    if more > 0 {
        let subject = Subject::new("Other", None, name);
        let reason = format!("{MOST} are tried, and {more} more are not");
        attempts.push(Attempt::cannot(subject, reason, "a look at each of them"));
    }
    attempts
}

/// A handshake that is judged by the certificates that the server shows. `control` is asked before.
pub(crate) fn certificates(
    server: Server,
    control: Option<Step>,
    judge: impl Fn(&Tls) -> Outcome + Send + Sync + 'static,
) -> Attempt {
    let shown = of(&server.target, Ask::Certificates);
    let mut steps: Vec<Step> = control.into_iter().collect();
    steps.push(Step::control("handshake", shown.clone(), expect::tls));
    // The same question, which is not asked twice: what it says is what is judged.
    steps.push(Step::ask("certificates", shown));
    Attempt::new(server.subject, steps, move |answers| match answers.reply("certificates") {
        Some(Reply::Handshake(tls)) => judge(tls),
        _ => answers.inconclusive("certificates"),
    })
}

/// What is wrong with the time that certificates have left, if anything is: one that ends within some days, or, for one that
/// lives shorter, has less than a third of its time left.
pub(crate) fn ends(tls: &Tls, days: i64) -> Option<String> {
    tls.certificates.iter().find_map(|certificate| {
        let CertificateFacts { subject, remaining, lifetime, .. } = certificate;
        if *remaining <= 0 {
            return Some(format!("the certificate of {subject} has ended {} days ago", -remaining / DAY));
        }
        let wanted = (days * DAY).min(lifetime / 3);
        (*remaining < wanted)
            .then(|| format!("the certificate of {subject} ends in {} days", remaining / DAY))
    })
}

/// The days that the certificate with the least time has left.
pub(crate) fn days_left(tls: &Tls) -> i64 {
    tls.certificates.iter().map(|certificate| certificate.remaining / DAY).min().unwrap_or_default()
}

/// Whether a server signed its certificate by itself: by its own key, or by an authority that Kubernetes made up with it
/// (`GenerateSelfSignedCertKey` in `client-go/util/cert`: `host-ca@1700000000` signs for `host@1700000000`).
pub(crate) fn is_self_made(own: &CertificateFacts) -> bool {
    let made_up = |name: &str| {
        name.rsplit_once("-ca@")
            .is_some_and(|(_, time)| !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()))
    };
    own.self_signed || own.issuer.split(", ").filter_map(|part| part.strip_prefix("CN=")).any(made_up)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, CertificateFacts, Reply, Tls, TlsVersion, Verdict};

    use super::{Weak, ends, is_self_made, judge_strength};

    fn chosen(version: TlsVersion, suite: u16) -> Reply {
        Reply::Chosen { version, suite }
    }

    fn alert(name: &str) -> Reply {
        Reply::Refused(format!("TLS alert {name}"))
    }

    fn judged(change: &[(&'static str, Reply)]) -> Verdict {
        let mut replies = vec![
            ("tls13", chosen(TlsVersion::Tls13, 0x1301)),
            ("tls12", chosen(TlsVersion::Tls12, 0xc02b)),
            ("tls10", alert("ProtocolVersion")),
            ("tls11", alert("ProtocolVersion")),
            ("weak", alert("HandshakeFailure")),
        ];
        for (name, reply) in change {
            let place = replies.iter_mut().find(|(known, _)| known == name).unwrap();
            place.1 = reply.clone();
        }
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        let replies = replies.into_iter().map(|(name, reply)| (name, answer(reply)));
        judge_strength(&Answers(replies.collect()), Weak::NotAead).verdict
    }

    #[test]
    fn only_alerts_that_speak_of_versions_and_suites_prove() {
        assert_eq!(judged(&[]), Verdict::Proved);
        // A server of TLS 1.3 alone.
        let new = [("tls12", alert("ProtocolVersion")), ("weak", alert("ProtocolVersion"))];
        assert_eq!(judged(&new), Verdict::Proved);
        for other in [
            Reply::Silent("nothing within 5 s".to_owned()),
            Reply::Refused("the connection was reset".to_owned()),
            Reply::Refused("the port is closed".to_owned()),
            Reply::Nonsense("HTTP without TLS".to_owned()),
            alert("UnrecognizedName"),
            alert("InternalError"),
            alert("DecodeError"),
        ] {
            for step in ["tls10", "tls11", "weak"] {
                assert_eq!(judged(&[(step, other.clone())]), Verdict::Inconclusive, "{step}: {other:?}");
            }
        }
    }

    #[test]
    fn a_server_that_does_not_understand_us_proves_nothing() {
        let deaf = [("tls12", alert("HandshakeFailure")), ("tls13", alert("HandshakeFailure"))];
        assert_eq!(judged(&deaf), Verdict::Inconclusive);
    }

    #[test]
    fn what_is_chosen_decides_and_not_what_was_offered() {
        assert_eq!(judged(&[("tls11", chosen(TlsVersion::Tls10, 0x002f))]), Verdict::Refuted);
        assert_eq!(judged(&[("tls10", chosen(TlsVersion::Tls10, 0x002f))]), Verdict::Refuted);
        assert_eq!(judged(&[("weak", chosen(TlsVersion::Tls12, 0xc009))]), Verdict::Refuted);
    }

    #[test]
    fn what_go_offers_by_default_is_not_broken() {
        let broken = Weak::Broken.suites();
        // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA and TLS_RSA_WITH_AES_128_GCM_SHA256, TLS_RSA_WITH_3DES_EDE_CBC_SHA.
        assert!(!broken.contains(&0xc009));
        assert!(broken.contains(&0x009c) && broken.contains(&0x000a) && broken.contains(&0xc012));
        assert!(Weak::NotAead.suites().contains(&0xc009));
    }

    fn certificate(remaining: i64, lifetime: i64, issuer: &str) -> CertificateFacts {
        CertificateFacts {
            subject: "CN=node1".to_owned(),
            issuer: issuer.to_owned(),
            names: Vec::new(),
            remaining,
            lifetime,
            self_signed: false,
            fingerprint: String::new(),
        }
    }

    #[test]
    fn short_lives_are_measured_by_themselves() {
        const DAY: i64 = 86_400;
        let of = |remaining, lifetime| {
            let certificates = vec![certificate(remaining, lifetime, "CN=ca")];
            ends(&Tls { certificates, trusted: Ok(()) }, 30).is_some()
        };
        assert!(!of(31 * DAY, 365 * DAY));
        assert!(of(29 * DAY, 365 * DAY));
        assert!(of(-DAY, 365 * DAY));
        assert!(!of(4 * DAY, 7 * DAY));
        assert!(of(2 * DAY, 7 * DAY));
    }

    #[test]
    fn an_authority_that_a_server_made_up_is_known_by_its_name() {
        assert!(is_self_made(&certificate(1, 1, "CN=node1-ca@1700000000")));
        assert!(!is_self_made(&certificate(1, 1, "CN=kubernetes-ca")));
        assert!(!is_self_made(&certificate(1, 1, "CN=my-ca@example")));
        assert!(is_self_made(&CertificateFacts { self_signed: true, ..certificate(1, 1, "CN=x") }));
    }
}
