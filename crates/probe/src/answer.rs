//! What came back.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::attempt::Outcome;
use crate::foreign::line;
use crate::request::TlsVersion;
use crate::restore::Restored;

/// What came back, and when. Bodies are for judges: reports show [`Answer::summary`], which holds none.
#[derive(Clone, Debug)]
pub struct Answer {
    /// When the question was asked, as RFC 3339 in UTC.
    pub at: String,
    /// How long it took.
    pub took: Duration,
    /// What came.
    pub reply: Reply,
}

/// What came back. Its `Debug` is its summary: bodies hold tokens.
#[derive(Clone, PartialEq)]
pub enum Reply {
    /// An answer of HTTP, whatever its status.
    Http {
        /// The status.
        status: u16,
        /// Headers; names in lower case.
        headers: Vec<(String, String)>,
        /// The beginning of the body, as much as was asked for.
        body: Vec<u8>,
        /// The body goes on.
        cut: bool,
        /// What TLS said, when it was used and the executor knows.
        tls: Option<Tls>,
    },
    /// A connection was accepted.
    Connected,
    /// The server chose a version and a suite.
    Chosen {
        /// The version.
        version: TlsVersion,
        /// The suite by its number.
        suite: u16,
    },
    /// A handshake was completed.
    Handshake(Tls),
    /// Keys of etcd, each with the first bytes of its value.
    Keys {
        /// Keys and first bytes.
        keys: Vec<(String, Vec<u8>)>,
        /// How many there are in all, as etcd says.
        count: u64,
    },
    /// A snapshot of etcd was restored and read back.
    Restored(Box<Restored>),
    /// A snapshot of etcd that is not whole, with what is wrong with it.
    Damaged(String),
    /// Lines of a file.
    Lines(Vec<String>),
    /// Files of a folder.
    Files(Vec<FileFacts>),
    /// There is no such file.
    Absent,
    /// A file was made, and removed again.
    Written,
    /// What a token says of itself.
    Claims(Value),
    /// What a file says, without what it keeps secret.
    Facts(Value),
    /// The other side refused at once: a closed port, a TLS alert, a reset after the handshake. Somebody is there.
    Refused(String),
    /// Nothing came in time, or there is no way to it. Nobody knows whether somebody is there.
    Silent(String),
    /// Something came that makes no sense, with what.
    Nonsense(String),
    /// It was not asked: a flag is missing, the budget is spent, a person did not consent. With why.
    NotAsked(String),
}

/// What is said of a connection that was accepted and then closed before an answer was whole, in [`Reply::Silent`].
pub const CLOSED: &str = "the connection was closed without an answer";

/// What is known of a file without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Its path.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its permissions.
    pub mode: u32,
    /// How many seconds ago it was written.
    pub age: u64,
}

/// What a TLS handshake told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// The certificates, the server's own first.
    pub certificates: Vec<CertificateFacts>,
    /// Whether they lead to the authority of the kubeconfig (or of `--etcd-ca`, for etcd); with why not.
    pub trusted: Result<(), String>,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFacts {
    /// Its subject, as `CN=node1, O=x`.
    pub subject: String,
    /// Its issuer.
    pub issuer: String,
    /// Names and addresses that it stands for.
    pub names: Vec<String>,
    /// Seconds until it ends; negative when it has.
    pub remaining: i64,
    /// Seconds from its beginning to its end.
    pub lifetime: i64,
    /// Whether it names itself as its issuer.
    pub self_signed: bool,
    /// A hash of its DER form, in hexadecimal.
    pub fingerprint: String,
}

impl Answer {
    /// The status of HTTP, when that is what came.
    pub fn status(&self) -> Option<u16> {
        match self.reply {
            Reply::Http { status, .. } => Some(status),
            _ => None,
        }
    }

    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        match &self.reply {
            Reply::Http { headers, .. } => {
                headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
            }
            _ => None,
        }
    }

    /// All headers of a name in lower case.
    pub fn headers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = match &self.reply {
            Reply::Http { headers, .. } => headers.as_slice(),
            _ => &[],
        };
        headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, broken bytes replaced.
    pub fn text(&self) -> String {
        match &self.reply {
            Reply::Http { body, .. } => String::from_utf8_lossy(body).into_owned(),
            _ => String::new(),
        }
    }

    /// The body, when it is whole and JSON.
    pub fn json(&self) -> Option<Value> {
        match &self.reply {
            Reply::Http { body, cut, .. } => json(body, *cut),
            _ => None,
        }
    }

    /// The alert of TLS by which the other side refused, by the name that RFC 8446 gives it, in one word: `ProtocolVersion`.
    pub fn alert(&self) -> Option<&str> {
        match &self.reply {
            Reply::Refused(why) => why.strip_prefix("TLS alert "),
            _ => None,
        }
    }

    /// The message of a `Status` of the API, when that is what came.
    pub fn message(&self) -> Option<String> {
        message(&self.json()?)
    }

    /// What came, on one line, without anything that may be a secret: statuses, messages of the API, kinds and sizes.
    pub fn summary(&self) -> String {
        self.reply.to_string()
    }
}

impl fmt::Display for Reply {
    /// On one line, without anything that may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = match self {
            Reply::Http { status, body, cut, .. } => {
                let size =
                    if *cut { format!("over {} bytes", body.len()) } else { format!("{} bytes", body.len()) };
                let json = json(body, *cut);
                let kind = json.as_ref().and_then(|json| json.get("kind")).and_then(Value::as_str);
                let allowed = json.as_ref().and_then(|json| json.pointer("/status/allowed")?.as_bool());
                match (json.as_ref().and_then(message), kind) {
                    (_, Some(kind)) if allowed.is_some() => {
                        format!("{status}: {}, allowed: {}", line(kind), allowed == Some(true))
                    }
                    (Some(message), _) => format!("{status}: {}", line(&message)),
                    (None, Some(kind)) => format!("{status}: {}, {size}", line(kind)),
                    (None, None) => format!("{status}, {size}"),
                }
            }
            Reply::Connected => "connected".to_owned(),
            Reply::Chosen { version, suite } => {
                format!("the server chooses {version} and suite 0x{suite:04x}")
            }
            Reply::Handshake(Tls { certificates, trusted }) => {
                let subject = certificates.first().map_or("nobody", |own| own.subject.as_str());
                match trusted {
                    Ok(()) => format!("handshake with {}, trusted", line(subject)),
                    Err(why) => format!("handshake with {}, not trusted: {}", line(subject), line(why)),
                }
            }
            Reply::Keys { keys, count } => format!("{} keys of {count}", keys.len()),
            Reply::Restored(restored) => restored.to_string(),
            Reply::Damaged(why) => format!("damaged: {}", line(why)),
            Reply::Lines(lines) => format!("{} lines", lines.len()),
            Reply::Files(files) => format!("{} files", files.len()),
            Reply::Absent => "there is no such file".to_owned(),
            Reply::Written => "a file was made and removed".to_owned(),
            Reply::Claims(_) => "the claims of a token".to_owned(),
            Reply::Facts(_) => "a file, without its secrets".to_owned(),
            Reply::Refused(why) => format!("refused: {}", line(why)),
            Reply::Silent(why) => format!("no answer: {}", line(why)),
            Reply::Nonsense(what) => format!("nonsense: {}", line(what)),
            Reply::NotAsked(why) => format!("not asked: {}", line(why)),
        };
        f.write_str(&summary)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({self})")
    }
}

/// A body, when it is whole and JSON.
fn json(body: &[u8], cut: bool) -> Option<Value> {
    if cut { None } else { serde_json::from_slice(body).ok() }
}

/// The message of a `Status` of the API.
fn message(json: &Value) -> Option<String> {
    let is_status = json.get("kind").and_then(Value::as_str) == Some("Status");
    json.get("message").filter(|_| is_status).and_then(Value::as_str).map(str::to_owned)
}

/// The answers to the steps of an attempt, by their names. A step that was not reached has none.
#[derive(Clone, Debug, Default)]
pub struct Answers(pub Vec<(&'static str, Answer)>);

impl Answers {
    /// The answer to a step.
    pub fn get(&self, step: &str) -> Option<&Answer> {
        self.0.iter().find(|(name, _)| *name == step).map(|(_, answer)| answer)
    }

    /// The reply to a step.
    pub fn reply(&self, step: &str) -> Option<&Reply> {
        self.get(step).map(|answer| &answer.reply)
    }

    /// The lines that answered a step; none when something else did.
    pub fn lines(&self, step: &str) -> &[String] {
        match self.reply(step) {
            Some(Reply::Lines(lines)) => lines,
            _ => &[],
        }
    }

    /// The status of HTTP of a step.
    pub fn status(&self, step: &str) -> Option<u16> {
        self.get(step)?.status()
    }

    /// The alert of TLS that answered a step.
    pub fn alert(&self, step: &str) -> Option<&str> {
        self.get(step)?.alert()
    }

    /// The message of a `Status` that answered a step; empty without one.
    pub fn message(&self, step: &str) -> String {
        self.get(step).and_then(Answer::message).unwrap_or_default()
    }

    /// What a SubjectAccessReview (or one of oneself) answered: granted and why.
    pub fn allowed(&self, step: &str) -> Option<(bool, String)> {
        let answer = self.get(step).filter(|answer| answer.status() == Some(201))?.json()?;
        let status = answer.get("status")?;
        // A review that could not be made to its end says so; what it grants is granted all the same.
        let allowed = status.get("allowed").and_then(Value::as_bool)?;
        if !allowed
            && status.get("evaluationError").and_then(Value::as_str).is_some_and(|error| !error.is_empty())
        {
            return None;
        }
        Some((allowed, status.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned()))
    }

    /// Nothing can be concluded from the answer to a step: told with what it was.
    pub fn inconclusive(&self, step: &'static str) -> Outcome {
        let what = self.get(step).map_or_else(|| "not asked".to_owned(), Answer::summary);
        Outcome::inconclusive(step, format!("the answer decides nothing ({what})"))
    }
}
