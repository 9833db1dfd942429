//! One thing that is asked, by whom and where.

use std::fmt::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use crate::Endpoint;
use crate::foreign::plain;
use crate::restore::EtcdPrograms;

/// Most bytes of an answer that are read when a probe does not say otherwise.
const MOST: usize = 1 << 20;

/// Headers whose values are shown; any other may hold what is nobody's business.
const SHOWN: &[&str] = &[
    "accept",
    "audit-id",
    "metadata",
    "metadata-flavor",
    "origin",
    "x-aws-ec2-metadata-token-ttl-seconds",
    "x-remote-group",
    "x-remote-user",
];

/// One thing that is asked: by whom, of whom, what. Requests are equal when their answers are interchangeable, so that the
/// executor may ask once for many attempts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// Who asks.
    pub identity: Identity,
    /// Who is asked.
    pub target: Target,
    /// What.
    pub ask: Ask,
    /// The object that exists once the request has been granted. The executor writes it down before it asks, and removes it
    /// again whatever happens.
    pub creates: Option<Object>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// Nobody: no credentials at all.
    Anonymous,
    /// Whoever the kubeconfig says. Of the API server alone.
    Caller,
    /// Somebody else, by headers of impersonation on requests of the caller. Of the API server alone.
    Impersonated {
        /// The user.
        user: String,
        /// Its groups.
        groups: Vec<String>,
    },
    /// A bearer token. Never sent to a server whose certificate does not lead to a known authority.
    Bearer(Token),
    /// A client certificate.
    Certificate(Certificate),
}

/// A bearer token, which no value of this crate holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// A word that nobody issued.
    Bogus,
    /// `status.token` in the answer to an earlier step of the same attempt, a TokenRequest.
    Minted(&'static str),
    /// `data.token` (base64) in the answer to an earlier step of the same attempt, a Secret.
    OfSecret(&'static str),
}

/// A client certificate, which no value of this crate holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certificate {
    /// That of `--etcd-cert`.
    Etcd,
    /// The client certificate of the kubeconfig, which an authority of the cluster signed.
    Caller,
    /// That of `--ordinary-cert`: a user of the cluster without rights.
    Ordinary,
    /// One that the executor makes up for `system:masters`, signed by an authority that nobody knows.
    Foreign,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// The API server of the kubeconfig, in the way that the kubeconfig says.
    ApiServer,
    /// A port, directly.
    Port(Endpoint),
    /// This machine: a file.
    File(PathBuf),
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A request of HTTP. Redirects are not followed.
    Http(HttpAsk),
    /// A connection, nothing more.
    Connect,
    /// The first message of a TLS handshake that offers one version and some cipher suites; what the server chooses is the
    /// answer. Nothing is completed.
    Hello {
        /// The only version offered.
        version: TlsVersion,
        /// The suites offered, by their numbers; for TLS 1.3 its own.
        suites: Vec<u16>,
    },
    /// A whole handshake; the certificates of the server are the answer, whether or not they are trusted.
    Certificates,
    /// Keys of etcd over gRPC and a first part of each value. Values never come into reports.
    EtcdRange {
        /// Whether over TLS.
        tls: bool,
        /// The first key.
        from: String,
        /// The key behind the last one; empty for `from` alone.
        to: String,
        /// Most keys.
        limit: u32,
        /// Most bytes of a value that are kept; with 0 only keys are asked for.
        value_bytes: usize,
    },
    /// A snapshot of etcd is restored into a private folder of this machine, and a server that nobody else reaches is started on
    /// it and asked for its keys. Of a port, the snapshot is taken there, and the keys there are read as well; of a folder, it is
    /// the newest file. Everything is ended and removed before the answer.
    EtcdRestore {
        /// Whether a port is asked over TLS.
        tls: bool,
        /// The programs.
        programs: EtcdPrograms,
        /// A key, of whose value the beginning is read back.
        witness: String,
        /// Most bytes of a snapshot.
        most: u64,
    },
    /// The lines of a file's end that hold a text, read again and again for a while until there is one.
    Lines {
        /// The text.
        containing: String,
        /// Most bytes of the file's end that are read.
        tail: u64,
        /// How long to wait for the first.
        wait: Duration,
    },
    /// Names, sizes, modes and ages of files in a folder. Contents are not read.
    Listing,
    /// All lines of a small file that holds no secret, such as those of `/proc/self`.
    Text {
        /// Most bytes that are read; a longer file is no answer.
        most: u64,
    },
    /// The names of the variables of an environment, as `/proc/self/environ` holds it. Values are not kept.
    Names,
    /// What a token in a file says of itself. Its signature is not kept.
    Claims,
    /// What a kubeconfig says, without what it keeps secret.
    Kubeconfig,
    /// A file is made in a folder and removed again.
    Write,
    /// A connection to the first of some sockets of this machine that is there, by their paths below the target.
    Sockets(Vec<String>),
    /// The addresses of a name.
    Resolve,
}

/// A request of HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HttpAsk {
    /// Whether over TLS; the API server always is.
    pub tls: bool,
    /// The method, in capitals.
    pub method: &'static str,
    /// Path and query.
    pub path: String,
    /// More headers.
    pub headers: Vec<(&'static str, String)>,
    /// A body of JSON.
    pub body: Option<String>,
    /// Most bytes of the answer's body that are read; more is cut off, and no error.
    pub most: usize,
    /// Ask for the second version of HTTP by an Upgrade to WebSocket, as `kubectl exec` does.
    pub websocket: bool,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// TLS 1.0.
    Tls10,
    /// TLS 1.1.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    /// All, the oldest first.
    pub const ALL: [TlsVersion; 4] =
        [TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12, TlsVersion::Tls13];

    /// Its number on the wire.
    pub fn number(self) -> u16 {
        0x0301 + self as u16
    }

    /// The version with a number.
    pub fn of_number(number: u16) -> Option<TlsVersion> {
        TlsVersion::ALL.into_iter().find(|version| version.number() == number)
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TLS 1.{}", *self as u16)
    }
}

/// An object of the API by where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// The path of its kind: `/api/v1/namespaces/x/secrets`.
    pub collection: String,
    /// Its name.
    pub name: String,
}

impl Object {
    /// Its path.
    pub fn path(&self) -> String {
        format!("{}/{}", self.collection, self.name)
    }
}

impl Request {
    fn http(method: &'static str, path: impl Into<String>, body: Option<String>) -> Request {
        let ask = HttpAsk {
            tls: true,
            method,
            path: path.into(),
            headers: Vec::new(),
            body,
            most: MOST,
            websocket: false,
        };
        Request {
            identity: Identity::Anonymous,
            target: Target::ApiServer,
            ask: Ask::Http(ask),
            creates: None,
        }
    }

    /// A GET of the API server without credentials, to be changed by the methods below.
    pub fn get(path: impl Into<String>) -> Request {
        Request::http("GET", path, None)
    }

    /// A POST of JSON.
    pub fn post(path: impl Into<String>, body: &serde_json::Value) -> Request {
        Request::http("POST", path, Some(body.to_string()))
    }

    /// A PUT of JSON.
    pub fn put(path: impl Into<String>, body: &serde_json::Value) -> Request {
        Request::http("PUT", path, Some(body.to_string()))
    }

    /// A merge patch.
    pub fn patch(path: impl Into<String>, body: &serde_json::Value) -> Request {
        Request::http("PATCH", path, Some(body.to_string()))
            .header("content-type", "application/merge-patch+json")
    }

    /// A DELETE. Only of what the same attempt has made, or of what does not exist.
    pub fn delete(path: impl Into<String>) -> Request {
        Request::http("DELETE", path, None)
    }

    /// A POST that makes an object, which the executor removes again: needs [`Consent::Canary`](crate::Consent) at least.
    pub fn create(
        collection: impl Into<String>,
        name: impl Into<String>,
        body: &serde_json::Value,
    ) -> Request {
        let object = Object { collection: collection.into(), name: name.into() };
        Request { creates: Some(object.clone()), ..Request::post(object.collection, body) }
    }

    /// A POST with `dryRun=All`: judged by admission, and nothing is kept.
    pub fn dry_run(collection: &str, body: &serde_json::Value) -> Request {
        Request::post(format!("{collection}?dryRun=All&fieldManager=seaworthy-probe"), body)
    }

    /// Whether a subject may do something, by SubjectAccessReview: `attributes` are its `spec` without the subject.
    pub fn access_review(user: &str, groups: &[&str], attributes: &serde_json::Value) -> Request {
        let mut spec = attributes.clone();
        spec["user"] = user.into();
        spec["groups"] = groups.iter().copied().collect();
        let review = serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec,
        });
        Request::post("/apis/authorization.k8s.io/v1/subjectaccessreviews", &review).by(Identity::Caller)
    }

    /// Something else than HTTP, of a port.
    pub fn of_port(endpoint: &Endpoint, ask: Ask) -> Request {
        Request { identity: Identity::Anonymous, target: Target::Port(endpoint.clone()), ask, creates: None }
    }

    /// Something of a file on this machine.
    pub fn of_file(path: impl Into<PathBuf>, ask: Ask) -> Request {
        Request { identity: Identity::Anonymous, target: Target::File(path.into()), ask, creates: None }
    }

    /// Asked by somebody.
    #[must_use]
    pub fn by(self, identity: Identity) -> Request {
        Request { identity, ..self }
    }

    /// Asked of a port instead of the API server, over TLS.
    #[must_use]
    pub fn at(self, endpoint: &Endpoint) -> Request {
        Request { target: Target::Port(endpoint.clone()), ..self }
    }

    /// Without TLS.
    #[must_use]
    pub fn plain(self) -> Request {
        self.with(|ask| ask.tls = false)
    }

    /// With one more header; the name in lower case.
    #[must_use]
    pub fn header(self, name: &'static str, value: impl Into<String>) -> Request {
        let value = value.into();
        self.with(|ask| ask.headers.push((name, value)))
    }

    /// With another bound on the answer.
    #[must_use]
    pub fn most(self, bytes: usize) -> Request {
        self.with(|ask| ask.most = bytes)
    }

    /// As the opening of a WebSocket.
    #[must_use]
    pub fn websocket(self) -> Request {
        self.with(|ask| ask.websocket = true)
    }

    fn with(mut self, change: impl FnOnce(&mut HttpAsk)) -> Request {
        if let Ask::Http(ask) = &mut self.ask {
            change(ask);
        }
        self
    }
}

impl fmt::Display for Request {
    /// On one line, as the plan and reports show it: `GET /version as nobody`. Names come from the cluster, which may be hostile.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        self.write(&mut line)?;
        f.write_str(&plain(&line))
    }
}

impl Request {
    fn write(&self, f: &mut String) -> fmt::Result {
        match &self.ask {
            Ask::Http(ask) => {
                let HttpAsk { method, path, headers, websocket, .. } = ask;
                match &self.target {
                    Target::ApiServer => write!(f, "{method} {path}")?,
                    Target::Port(endpoint) => {
                        let scheme = if ask.tls { "https" } else { "http" };
                        write!(f, "{method} {scheme}://{endpoint}{path}")?;
                    }
                    Target::File(file) => write!(f, "{method} {path} of {}", file.display())?,
                }
                if *websocket {
                    f.write_str(" as a WebSocket")?;
                }
                if let Some(asked) = ask.body.as_deref().and_then(|body| review(path, body)) {
                    write!(f, " ({asked})")?;
                }
                for (name, value) in headers.iter().filter(|(name, _)| *name != "content-type") {
                    if SHOWN.contains(name) {
                        write!(f, " with {name}: {value}")?;
                    } else {
                        write!(f, " with {name}")?;
                    }
                }
            }
            Ask::Connect => write!(f, "connect to {}", Where(&self.target))?,
            Ask::Hello { version, suites } => {
                write!(f, "TLS hello to {} offering {version}", Where(&self.target))?;
                match suites.as_slice() {
                    [] => {}
                    [suite] => write!(f, " with suite 0x{suite:04x}")?,
                    several => write!(f, " with {} suites", several.len())?,
                }
            }
            Ask::Certificates => write!(f, "TLS handshake with {}", Where(&self.target))?,
            Ask::EtcdRange { tls, from, to, limit, value_bytes } => {
                let scheme = if *tls { "https" } else { "http" };
                let what = if *value_bytes == 0 { "keys" } else { "keys and first bytes" };
                // The end is what stands behind the last one, which may be no text.
                let to = if to.is_empty() { String::new() } else { format!(" to {}", to.escape_debug()) };
                let place = Where(&self.target);
                write!(
                    f,
                    "gRPC Range of {scheme}://{place}: {what} {}{to}, at most {limit}",
                    from.escape_debug()
                )?;
            }
            Ask::EtcdRestore { programs, .. } => {
                let place = Where(&self.target);
                match self.target {
                    Target::File(_) => write!(f, "restore the newest snapshot in {place}")?,
                    _ => write!(f, "gRPC Snapshot of {place}, restored")?,
                }
                let EtcdPrograms { restorer, server } = programs;
                write!(f, " by {}, and read back from a private {}", restorer.display(), server.display())?;
            }
            Ask::Lines { containing, .. } => {
                write!(f, "read the end of {} for {containing}", Where(&self.target))?;
            }
            Ask::Listing => write!(f, "list {}", Where(&self.target))?,
            Ask::Text { .. } => write!(f, "read {}", Where(&self.target))?,
            Ask::Names => write!(f, "read the names of variables in {}", Where(&self.target))?,
            Ask::Claims => write!(f, "read the claims of {}", Where(&self.target))?,
            Ask::Kubeconfig => write!(f, "read {} without its secrets", Where(&self.target))?,
            Ask::Write => write!(f, "make a file in {} and remove it", Where(&self.target))?,
            Ask::Sockets(paths) => {
                write!(
                    f,
                    "connect to {} and {} more places",
                    paths.first().map_or("", String::as_str),
                    paths.len().saturating_sub(1)
                )?;
            }
            Ask::Resolve => write!(f, "look up the name of {}", Where(&self.target))?,
        }
        match (&self.identity, &self.target) {
            (_, Target::File(_)) => Ok(()),
            (identity, _) => write!(f, " as {identity}"),
        }
    }
}

/// What an access review asks, since its path does not say it: `may system:anonymous list secrets`.
fn review(path: &str, body: &str) -> Option<String> {
    if !path.starts_with("/apis/authorization.k8s.io/") {
        return None;
    }
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    let spec = body.get("spec")?;
    let user = spec.get("user").and_then(|user| user.as_str()).unwrap_or("the caller");
    if let Some(path) = spec.get("nonResourceAttributes") {
        return Some(format!("may {user} {} {}", path["verb"].as_str()?, path["path"].as_str()?));
    }
    let attributes = spec.get("resourceAttributes")?;
    let text =
        |key: &str| attributes.get(key).and_then(|value| value.as_str()).filter(|text| !text.is_empty());
    let mut asked = format!("may {user} {} {}", text("verb")?, text("resource")?);
    if let Some(part) = text("subresource") {
        asked.push_str(&format!("/{part}"));
    }
    if let Some(group) = text("group") {
        asked.push_str(&format!(".{group}"));
    }
    if let Some(name) = text("name") {
        asked.push_str(&format!(" {name}"));
    }
    if let Some(namespace) = text("namespace") {
        asked.push_str(&format!(" in {namespace}"));
    }
    Some(asked)
}

struct Where<'a>(&'a Target);

impl fmt::Display for Where<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Target::ApiServer => f.write_str("the API server"),
            Target::Port(endpoint) => endpoint.fmt(f),
            Target::File(path) => path.display().fmt(f),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Identity::Anonymous => f.write_str("nobody"),
            Identity::Caller => f.write_str("the caller"),
            Identity::Impersonated { user, groups } => {
                write!(f, "{user}")?;
                match groups.as_slice() {
                    [] => Ok(()),
                    groups => write!(f, " in {}", groups.join(", ")),
                }
            }
            Identity::Bearer(Token::Bogus) => f.write_str("the bearer of a made-up token"),
            Identity::Bearer(Token::Minted(step)) => write!(f, "the bearer of the token of `{step}`"),
            Identity::Bearer(Token::OfSecret(step)) => write!(f, "the bearer of the token in `{step}`"),
            Identity::Certificate(certificate) => f.write_str(match certificate {
                Certificate::Etcd => "the certificate of --etcd-cert",
                Certificate::Caller => "the certificate of the kubeconfig",
                Certificate::Ordinary => "the certificate of --ordinary-cert",
                Certificate::Foreign => "a certificate of an unknown authority",
            }),
        }
    }
}

/// A text as it may stand in the query or one segment of a path.
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            // Writing to a string does not fail.
            _ => drop(write!(encoded, "%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_review_says_what_it_asks() {
        let attributes = json!({"resourceAttributes": {
            "verb": "create", "resource": "pods", "subresource": "exec", "namespace": "shop",
        }});
        assert_eq!(
            Request::access_review("system:anonymous", &["system:unauthenticated"], &attributes).to_string(),
            "POST /apis/authorization.k8s.io/v1/subjectaccessreviews (may system:anonymous create pods/exec in shop) as the caller"
        );
        let attributes = json!({"nonResourceAttributes": {"verb": "get", "path": "/metrics"}});
        assert!(Request::access_review("x", &[], &attributes).to_string().contains("(may x get /metrics)"));
        let other = Request::post("/api/v1/namespaces", &json!({"spec": {"user": "x"}}));
        assert_eq!(other.to_string(), "POST /api/v1/namespaces as nobody");
    }
}
