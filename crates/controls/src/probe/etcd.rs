//! What probes of etcd share: its places, what is asked without a right to, and what of it is read raw.

use std::time::Duration;

use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, CLOSED, Certificate, Endpoint, Identity, Outcome, Reply, Request, Step,
    Subject, encode, expect,
};
use serde_json::json;

use super::Ground;

/// Members that are tried.
const MOST: usize = 20;

/// Most bytes of an answer that are of interest: whether there is one.
const SOME: usize = 4096;

/// An attempt per member at one of its ports; where none is known, what would tell. The provider of a managed control plane
/// lets nobody near it.
pub(crate) fn each(
    ground: &Ground<'_, '_>,
    endpoints: &[Endpoint],
    flag: &'static str,
    attempt: impl Fn(Subject, &Endpoint) -> Attempt,
) -> Vec<Attempt> {
    if endpoints.is_empty() {
        return nowhere(ground, flag);
    }
    let tried = endpoints.iter().take(MOST).map(|endpoint| attempt(subject(endpoint), endpoint));
    let more = endpoints.len().saturating_sub(MOST);
    let others = (more > 0).then(|| {
        Attempt::cannot(
            Subject::cluster("other members of etcd"),
            format!("{more} more members are not asked: {MOST} are at most"),
            format!("another run, with the others by {flag}"),
        )
    });
    tried.chain(others).collect()
}

/// What reading values takes.
pub(crate) const FOR_READING: &str = "`--etcd URL`, with `--etcd-cert` and `--etcd-key`";

/// What is said where no member is known.
pub(crate) fn nowhere(ground: &Ground<'_, '_>, needs: &'static str) -> Vec<Attempt> {
    if ground.evidence.is_managed() {
        return Vec::new();
    }
    vec![Attempt::cannot(Subject::cluster("etcd"), "the API does not tell where etcd listens", needs)]
}

/// What a verdict about a member names.
pub(crate) fn subject(endpoint: &Endpoint) -> Subject {
    Subject::new("Etcd", None, &endpoint.to_string())
}

/// Keys, over gRPC.
pub(crate) fn range(
    endpoint: &Endpoint,
    tls: bool,
    identity: Identity,
    keys: (&str, &str),
    limit: u32,
    value_bytes: usize,
) -> Request {
    let (from, to) = (keys.0.to_owned(), keys.1.to_owned());
    Request::of_port(endpoint, Ask::EtcdRange { tls, from, to, limit, value_bytes }).by(identity)
}

/// One key, whichever, over gRPC.
pub(crate) fn any_key(endpoint: &Endpoint, tls: bool, identity: Identity) -> Request {
    range(endpoint, tls, identity, ("\0", "\0"), 1, 0)
}

/// One key, whichever, over the gateway of JSON.
fn any_key_as_json(endpoint: &Endpoint) -> Request {
    // The key and the end of a range of all keys, in base64.
    let body = json!({"key": "AA==", "range_end": "AA==", "limit": 1, "keys_only": true});
    Request::post("/v3/kv/range", &body).at(endpoint).most(SOME)
}

/// A path, over TLS.
pub(crate) fn get(endpoint: &Endpoint, path: &str) -> Request {
    Request::get(path).at(endpoint).most(SOME)
}

/// That a port wants a certificate of its own authority before it answers anything. `paths` are what it would answer.
pub(crate) fn closed_without_certificate(
    subject: Subject,
    endpoint: &Endpoint,
    paths: [&str; 2],
    serves_clients: bool,
    holder: bool,
) -> Attempt {
    let foreign = || Identity::Certificate(Certificate::Foreign);
    let mut steps = vec![Step::control("port", Request::of_port(endpoint, Ask::Connect), expect::connected)];
    if holder {
        let own = any_key(endpoint, true, Identity::Certificate(Certificate::Etcd));
        steps.push(Step::ask("holder", own));
    }
    let mut plain =
        vec![("http", get(endpoint, paths[0]).plain()), ("http-2", get(endpoint, paths[1]).plain())];
    let mut secure = vec![
        ("https", get(endpoint, paths[0])),
        ("https-2", get(endpoint, paths[1])),
        ("foreign", get(endpoint, paths[0]).by(foreign())),
    ];
    if serves_clients {
        plain.push(("http-gateway", any_key_as_json(endpoint).plain()));
        plain.push(("http-grpc", any_key(endpoint, false, Identity::Anonymous)));
        secure.push(("https-gateway", any_key_as_json(endpoint)));
        secure.push(("https-grpc", any_key(endpoint, true, Identity::Anonymous)));
        secure.push(("foreign-grpc", any_key(endpoint, true, foreign())));
    }
    let names = |list: &[(&'static str, Request)]| list.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let (plain_names, secure_names) = (names(&plain), names(&secure));
    steps.extend(plain.into_iter().map(|(name, request)| Step::ask(name, request)));
    steps.push(Step::ask("handshake", Request::of_port(endpoint, Ask::Certificates)));
    // An alert can get lost when the connection ends right behind it.
    let asked = |(name, request)| Step::ask(name, request).until(is_decided, AGAIN);
    steps.extend(secure.into_iter().map(asked));
    Attempt::new(subject, steps, move |answers| {
        judge_closed(answers, &plain_names, &secure_names).unwrap_or_else(|outcome| outcome)
    })
}

/// How long an answer that decides is waited for.
pub(crate) const AGAIN: Duration = Duration::from_secs(3);

/// Whether an answer decides: an alert can get lost when the connection ends right behind it.
pub(crate) fn is_decided(answer: &Answer) -> bool {
    match &answer.reply {
        Reply::Http { .. } | Reply::Keys { .. } | Reply::NotAsked(_) | Reply::Nonsense(_) => true,
        Reply::Refused(why) => why != RESET,
        Reply::Silent(why) => why != CLOSED,
        _ => true,
    }
}

/// What the executor says of a connection that was reset.
const RESET: &str = "the connection was reset";

fn judge_closed(
    answers: &Answers,
    plain: &[&'static str],
    secure: &[&'static str],
) -> Result<Outcome, Outcome> {
    // What was granted comes first, whatever else was refused.
    for &step in plain.iter().chain(secure) {
        let how = match step {
            step if step.starts_with("http-") || step == "http" => "without TLS",
            step if step.starts_with("foreign") => "with a certificate of an authority that nobody knows",
            _ => "without a certificate",
        };
        match answers.reply(step) {
            Some(Reply::Keys { .. }) => {
                return Ok(Outcome::refuted(step, format!("etcd tells keys {how}")));
            }
            Some(Reply::Http { status: 200, .. }) => {
                return Ok(Outcome::refuted(step, format!("etcd answers {how}")));
            }
            _ => {}
        }
    }
    // A port that speaks TLS does not answer without.
    let Some(Reply::Handshake(_)) = answers.reply("handshake") else {
        return Err(answers.inconclusive("handshake").needs("a port that speaks TLS"));
    };
    for &step in plain {
        match answers.reply(step) {
            // Go's server tells whoever speaks to its TLS in the clear.
            Some(Reply::Http { status: 400, .. } | Reply::Nonsense(_)) => {}
            Some(Reply::Refused(why)) if why == RESET => {}
            Some(Reply::Silent(why)) if why == CLOSED => {}
            _ => return Err(answers.inconclusive(step)),
        }
    }
    if let Some(holder) = answers.get("holder")
        && !matches!(&holder.reply, Reply::Keys { .. })
    {
        let outcome = answers.inconclusive("holder");
        return Err(outcome.needs("a certificate by `--etcd-cert` and `--etcd-key` that etcd knows"));
    }
    for &step in secure {
        if !is_refused(answers, step) {
            return Err(answers.inconclusive(step));
        }
    }
    let step = if secure.contains(&"https-grpc") { "https-grpc" } else { "https" };
    Ok(Outcome::proved(
        step,
        "whoever shows no certificate of its own authority is refused by an alert of TLS",
    ))
}

/// Whether the certificate, or that there is none, was the reason of a refusal (`crypto/tls` of Go: `CertificateRequired` in
/// TLS 1.3 and `BadCertificate` in TLS 1.2 for none).
pub(crate) fn is_refused(answers: &Answers, step: &str) -> bool {
    let told = ["CertificateRequired", "BadCertificate", "UnknownCA", "UnknownCa", "CertificateUnknown"];
    answers.alert(step).is_some_and(|alert| told.contains(&alert))
}

/// What it takes to read how something is stored: the first member, as the holder of `--etcd-cert`, and in the clear, since
/// some etcds want no certificate.
pub(crate) fn stored(endpoint: &Endpoint, keys: (&str, &str), limit: u32, bytes: usize) -> Vec<Step> {
    vec![
        Step::ask("raw", range(endpoint, true, Identity::Certificate(Certificate::Etcd), keys, limit, bytes)),
        Step::ask("raw-plain", range(endpoint, false, Identity::Anonymous, keys, limit, bytes)),
    ]
}

/// Keys and the beginnings of their values.
type Keys = [(String, Vec<u8>)];

/// What [`stored`] was answered with: by which step, keys, and how many there are.
///
/// # Errors
/// When neither answered.
pub(crate) fn read(answers: &Answers) -> Result<(&'static str, &Keys, u64), Outcome> {
    for step in ["raw", "raw-plain"] {
        if let Some(Reply::Keys { keys, count }) = answers.reply(step) {
            return Ok((step, keys, *count));
        }
    }
    Err(answers.inconclusive("raw").needs("`--etcd-cert` and `--etcd-key` (and `--etcd-ca`) that etcd knows"))
}

/// An object of our own that is made through the API and then read raw out of etcd.
pub(crate) struct Canary {
    /// What it is for: each probe makes one of its own.
    pub(crate) name: &'static str,
    /// Its resource: `secrets`.
    pub(crate) resource: &'static str,
    /// Its kind.
    pub(crate) kind: &'static str,
    /// The field that holds texts.
    pub(crate) field: &'static str,
}

/// A canary that is about to be made.
pub(crate) struct Made {
    /// The request that makes it.
    pub(crate) create: Step,
    /// Its key in etcd.
    pub(crate) key: String,
    text: String,
}

/// How a canary is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// Its text can be read.
    Clear,
    /// Behind a prefix such as `k8s:enc:secretbox:v1:key1:`, and its text is not there.
    Encrypted(Prefix),
}

/// What stands before a value that was encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    /// `secretbox`.
    pub(crate) provider: String,
    /// `v1`.
    pub(crate) version: String,
    /// The name of the key or of the plugin.
    pub(crate) key: String,
}

impl Prefix {
    /// The prefix of a value; `None` without one (`staging/src/k8s.io/apiserver/pkg/server/options/encryptionconfig`).
    pub(crate) fn of(value: &[u8]) -> Option<Prefix> {
        let mut parts = value.strip_prefix(b"k8s:enc:")?.splitn(4, |byte| *byte == b':');
        let mut word = || {
            let word = std::str::from_utf8(parts.next()?).ok()?;
            let fits = !word.is_empty() && word.len() <= 253 && word.chars().all(|char| !char.is_control());
            fits.then(|| word.to_owned())
        };
        let prefix = Prefix { provider: word()?, version: word()?, key: word()? };
        parts.next().map(|_| prefix)
    }
}

impl std::fmt::Display for Prefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} with `{}`", self.provider, self.version, self.key)
    }
}

impl Canary {
    /// The step that makes it, and where it stands then.
    pub(crate) fn made(&self, ground: &Ground<'_, '_>) -> Made {
        let (create, key, text) = self.creation(ground);
        Made { create: Step::control("create", create, created), key, text }
    }

    /// The request that makes it, its key in etcd, and what is written.
    fn creation(&self, ground: &Ground<'_, '_>) -> (Request, String, String) {
        let (namespace, name) = (ground.canary_namespace(), format!("canary-{}-{}", self.name, ground.run));
        let text = format!("seaworthy-canary-text-{}", ground.run);
        let mut body = json!({
            "apiVersion": "v1", "kind": self.kind,
            "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "seaworthy-probe", "seaworthy.dev/run": ground.run}},
        });
        body[self.field] = json!({"canary": text});
        let collection = format!("/api/v1/namespaces/{}/{}", encode(&namespace), self.resource);
        let create = Request::create(collection, name.as_str(), &body).by(Identity::Caller);
        let key = format!("/registry/{}/{namespace}/{name}", self.resource);
        (create, key, text)
    }

    /// Makes it as a step of some name.
    pub(crate) fn step(&self, name: &'static str, ground: &Ground<'_, '_>) -> Step {
        Step::control(name, self.creation(ground).0, created)
    }

    /// An attempt that makes it and reads it, at the first member that is named.
    pub(crate) fn attempts(
        &self,
        ground: &Ground<'_, '_>,
        judge: fn(&'static str, &Stored) -> Outcome,
    ) -> Vec<Attempt> {
        let Some(endpoint) = ground.given.etcd.first() else { return nowhere(ground, FOR_READING) };
        let Made { create, key, text } = self.made(ground);
        let mut steps = vec![create];
        steps.extend(stored(endpoint, (&key, ""), 1, 1 << 16));
        let subject = Subject::new("Etcd", None, &format!("{} of {endpoint}", self.resource));
        let attempt = Attempt::new(subject, steps, move |answers| {
            let (step, keys, _) = match read(answers) {
                Ok(read) => read,
                Err(outcome) => return outcome,
            };
            let Some((_, value)) = keys.iter().find(|(known, _)| *known == key) else {
                let reason = "the object is not where Kubernetes keeps it: this etcd is that of another cluster, or \
                              `--etcd-prefix` differs";
                return Outcome::inconclusive(step, reason).needs("the etcd of this cluster by `--etcd`");
            };
            match how(value, &text) {
                Some(stored) => judge(step, &stored),
                None => Outcome::inconclusive(step, "the value is stored in a way that is not known"),
            }
        });
        vec![attempt.in_canary_namespace()]
    }
}

fn created(answer: &Answer) -> Result<(), String> {
    match answer.status() {
        Some(201) => Ok(()),
        _ => Err(answer.summary()),
    }
}

/// How a value is stored that holds a text; `None` when nobody can tell.
fn how(value: &[u8], text: &str) -> Option<Stored> {
    let holds = |part: &[u8]| value.windows(part.len()).any(|window| window == part);
    // Of storage as JSON, values of Secrets are base64.
    let encoded = base64(text.as_bytes());
    if holds(text.as_bytes()) || holds(encoded.as_bytes()) {
        return Some(Stored::Clear);
    }
    Prefix::of(value).map(Stored::Encrypted)
}

/// Base64 without padding, which the text may lack when it stands within more.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for piece in bytes.chunks(3) {
        let mut number = 0_u32;
        for index in 0..3 {
            number = number << 8 | u32::from(piece.get(index).copied().unwrap_or(0));
        }
        for digit in 0..=piece.len() {
            text.push(char::from(DIGITS[(number >> (18 - 6 * digit) & 63) as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, CLOSED, Reply, Tls, Verdict};

    use super::{Prefix, RESET, Stored, base64, how, judge_closed};

    const PLAIN: [&str; 2] = ["http", "http-grpc"];
    const SECURE: [&str; 3] = ["https", "https-grpc", "foreign"];

    fn http(status: u16) -> Reply {
        Reply::Http { status, headers: Vec::new(), body: Vec::new(), cut: false, tls: None }
    }

    fn alert(name: &str) -> Reply {
        Reply::Refused(format!("TLS alert {name}"))
    }

    fn judged(change: &[(&'static str, Reply)]) -> Verdict {
        let tls = Tls { certificates: Vec::new(), trusted: Ok(()) };
        let mut replies = vec![
            ("handshake", Reply::Handshake(tls)),
            ("http", http(400)),
            ("http-grpc", Reply::Silent(CLOSED.to_owned())),
            ("https", alert("CertificateRequired")),
            ("https-grpc", alert("CertificateRequired")),
            ("foreign", alert("UnknownCA")),
        ];
        for (name, reply) in change {
            match replies.iter_mut().find(|(known, _)| known == name) {
                Some(place) => place.1 = reply.clone(),
                None => replies.push((name, reply.clone())),
            }
        }
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        let answers = Answers(replies.into_iter().map(|(name, reply)| (name, answer(reply))).collect());
        judge_closed(&answers, &PLAIN, &SECURE).unwrap_or_else(|outcome| outcome).verdict
    }

    #[test]
    fn only_alerts_about_certificates_prove_and_any_answer_refutes() {
        assert_eq!(judged(&[]), Verdict::Proved);
        let keys = || Reply::Keys { keys: Vec::new(), count: 0 };
        for step in SECURE {
            assert_eq!(judged(&[(step, keys())]), Verdict::Refuted);
            assert_eq!(judged(&[(step, http(200))]), Verdict::Refuted);
            for other in [
                http(503),
                alert("HandshakeFailure"),
                alert("ProtocolVersion"),
                alert("InternalError"),
                Reply::Refused(RESET.to_owned()),
                Reply::Refused("the port is closed".to_owned()),
                // Etcd's own users refuse behind TLS.
                Reply::Refused("gRPC status 3: etcdserver: user name is empty".to_owned()),
                Reply::Silent("nothing within 5 s".to_owned()),
                Reply::NotAsked("the budget is spent".to_owned()),
            ] {
                assert_eq!(judged(&[(step, other.clone())]), Verdict::Inconclusive, "{step}: {other:?}");
            }
        }
        assert_eq!(judged(&[("http", http(200))]), Verdict::Refuted);
        assert_eq!(judged(&[("http-grpc", keys())]), Verdict::Refuted);
        let silent = || Reply::Silent("nothing within 5 s".to_owned());
        assert_eq!(judged(&[("http", silent())]), Verdict::Inconclusive);
        assert_eq!(judged(&[("handshake", silent())]), Verdict::Inconclusive);
        // Whose own certificate is refused as well may face a server that refuses everybody.
        assert_eq!(judged(&[("holder", alert("UnknownCA"))]), Verdict::Inconclusive);
        assert_eq!(judged(&[("holder", keys())]), Verdict::Proved);
    }

    #[test]
    fn a_prefix_is_that_of_the_api_server() {
        let prefix = Prefix::of(b"k8s:enc:secretbox:v1:key1:\x00\xff:").unwrap();
        assert_eq!(
            (prefix.provider.as_str(), prefix.version.as_str(), prefix.key.as_str()),
            ("secretbox", "v1", "key1")
        );
        for none in [&b"k8s\0\x0a"[..], b"k8s:enc:", b"k8s:enc:aescbc:v1:key1", b"k8s:enc:::x:", b"{\"kind\""]
        {
            assert_eq!(Prefix::of(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_text_that_can_be_read_is_not_encrypted_whatever_stands_before_it() {
        assert_eq!(how(b"k8s\0\x0a\x0ccanary-text\x1a", "canary-text"), Some(Stored::Clear));
        assert_eq!(how(b"k8s:enc:aesgcm:v1:k:..canary-text", "canary-text"), Some(Stored::Clear));
        assert_eq!(how(br#"{"data":{"canary":"Y2FuYXJ5LXRleHQ="}}"#, "canary-text"), Some(Stored::Clear));
        assert!(matches!(how(b"k8s:enc:aesgcm:v1:k:\x01\x02", "canary-text"), Some(Stored::Encrypted(_))));
        // A value that was cut, of another object, or that something else has written.
        assert_eq!(how(b"k8s\0\x0a", "canary-text"), None);
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (text, encoded) in [("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
