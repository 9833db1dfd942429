//! What goes wrong: with the cluster as a whole, and with a single request.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

/// Nothing could be gathered.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The kubeconfig cannot be used.
    #[error("cannot use the kubeconfig: {0}")]
    Kubeconfig(String),
    /// There is no kubeconfig, and the program runs in no pod.
    #[error("no cluster is configured: there is no kubeconfig, and this is no pod of a cluster")]
    NotConfigured,
    /// The program that a kubeconfig names for credentials failed, or a token could not be read.
    #[error("cannot get credentials: {0}")]
    Credentials(String),
    /// An option makes no sense.
    #[error("{0}")]
    Option(String),
    /// A namespace that was asked for is not there.
    #[error("the cluster has no namespace `{0}`")]
    NoNamespace(String),
    /// The API server was not reached or did not tell what it serves.
    #[error("cannot ask `{url}`: {fault}")]
    Server {
        /// Its address.
        url: String,
        /// What happened.
        fault: Fault,
    },
    /// A person ended it.
    #[error("interrupted: what was made in the cluster has been removed")]
    Interrupted,
    /// The program could not start what it needs for talking.
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
}

impl ClusterError {
    /// What to try next.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            ClusterError::Kubeconfig(_) => "name another one with `--kubeconfig` or `--context`",
            ClusterError::NotConfigured => "name one with `--kubeconfig`, or set KUBECONFIG",
            ClusterError::Credentials(_) => "does `kubectl get namespaces` work with this context?",
            ClusterError::NoNamespace(_) => "`kubectl get namespaces` names those that there are",
            ClusterError::Server { fault, .. } => match fault {
                Fault::Status { code: 401, .. } => "the credentials of the context are wrong or have expired",
                Fault::Status { code: 403, .. } => {
                    "`seaworthy scan --print-rbac` prints the rights that a scan needs"
                }
                Fault::Unreachable(text) if text.contains("certificate") => {
                    "`certificate-authority-data` of the kubeconfig must be the one that signed the server's certificate"
                }
                Fault::Unreachable(_) | Fault::Gone => {
                    "is the address of the context right, and reachable from here?"
                }
                Fault::Slow(_) => "give it more time with `--request-timeout`",
                _ => "is this the address of a Kubernetes API server?",
            },
            ClusterError::Option(_) | ClusterError::Interrupted | ClusterError::Runtime(_) => return None,
        })
    }
}

/// What went wrong with one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server answered, but not with what was asked for.
    Status {
        /// The status of HTTP.
        code: u16,
        /// What the server says, shortened.
        message: String,
    },
    /// No connection, or it broke.
    Unreachable(String),
    /// The answer did not come, or did not end, in time.
    Slow(Duration),
    /// The answer has more bytes than any honest one.
    TooLarge(usize),
    /// The answer is not what the API specifies.
    Malformed(String),
    /// The server has not answered several times: it is not asked any more.
    Gone,
    /// More was gathered than memory is given for, or it took longer than time is given.
    Exhausted(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Status { code: 401, .. } => f.write_str("the server does not accept the credentials"),
            Fault::Status { code: 403, .. } => f.write_str("forbidden"),
            Fault::Status { code, message } if message.is_empty() => write!(f, "the server answers {code}"),
            Fault::Status { code, message } => write!(f, "the server answers {code}: {message}"),
            Fault::Unreachable(text) => f.write_str(text),
            Fault::Slow(limit) => write!(f, "no complete answer within {} s", limit.as_secs_f32()),
            Fault::TooLarge(limit) => write!(f, "the answer is larger than {} MiB", limit >> 20),
            Fault::Malformed(what) => write!(f, "the answer is malformed: {what}"),
            Fault::Gone => f.write_str("the server does not answer any more"),
            Fault::Exhausted(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Fault {}

/// An error with all its causes, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.contains(&inner) {
            text.push_str(": ");
            text.push_str(&inner);
        }
        cause = error.source();
    }
    shortened(&text)
}

/// What somebody else says, on one line and not too long: it may be hostile, and it stands in reports.
pub(crate) fn shortened(text: &str) -> String {
    const LONGEST: usize = 240;
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut short: String = clean.take(LONGEST + 1).collect();
    if short.chars().count() > LONGEST {
        short.pop();
        short.push('…');
    }
    short.trim().to_owned()
}
