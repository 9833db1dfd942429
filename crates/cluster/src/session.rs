//! Asking one thing at a time, with a bound on everything: how long, how much, how often.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::error::{Fault, shortened, with_causes};

/// How often a request that the server puts off or that fails on the way is made again.
const RETRIES: u32 = 5;

/// Longest time that a server may ask to wait, at once and in all for one request.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
const WAITS: Duration = Duration::from_secs(60);

/// After so many failures in a row to reach the server, it is asked for its version; when it does not tell, it is not
/// asked any more.
const PATIENCE: u32 = 6;

/// Longest time for everything together.
const WHOLE_TIME: Duration = Duration::from_secs(30 * 60);

/// Most bytes of answers that are kept in all.
const WHOLE_BYTES: u64 = 4 << 30;

/// What to ask for, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    /// Path and query.
    pub(crate) path: &'a str,
    /// The `Accept` header.
    pub(crate) accept: &'a str,
    /// Most bytes of the answer.
    pub(crate) most: usize,
    /// Ask again when the server is busy or the connection breaks. What a kubelet answers through the API server says
    /// nothing of the API server: such requests are made once.
    pub(crate) patient: bool,
}

impl<'a> Ask<'a> {
    /// Asks for JSON of the API.
    pub(crate) fn json(path: &'a str, most: usize) -> Ask<'a> {
        Ask { path, accept: "application/json", most, patient: true }
    }
}

/// A client with its limits.
pub(crate) struct Session {
    client: Client,
    request_timeout: Duration,
    pace: Pace,
    failures: AtomicU32,
    gone: AtomicBool,
    bytes: AtomicU64,
    /// When to stop asking; a watch goes on.
    end: Option<Instant>,
}

impl Session {
    pub(crate) fn new(client: Client, request_timeout: Duration, requests_per_second: u32) -> Session {
        Session {
            client,
            request_timeout,
            pace: Pace::new(requests_per_second),
            failures: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            end: Some(Instant::now() + WHOLE_TIME),
        }
    }

    /// The same client for as long as it takes: what a watch reads is not kept, so that its sum has no bound.
    pub(crate) fn without_end(&self) -> Session {
        Session {
            client: self.client.clone(),
            request_timeout: self.request_timeout,
            pace: Pace { next: Mutex::new(Instant::now()), ..self.pace },
            failures: AtomicU32::new(0),
            gone: AtomicBool::new(false),
            bytes: AtomicU64::new(0),
            end: None,
        }
    }

    /// The body of the answer while it comes, once its head is there.
    pub(crate) async fn open(&self, ask: Ask<'_>) -> Result<Body, Fault> {
        self.pace.wait().await;
        let answer = timeout(self.request_timeout, self.send(ask)).await;
        let (parts, body) = answer.map_err(|_| Fault::Slow(self.request_timeout))??.into_parts();
        if parts.status.is_success() {
            return Ok(body);
        }
        let said_by = timeout(self.request_timeout, Limited::new(body, 1 << 20).collect()).await;
        let bytes = said_by.ok().and_then(Result::ok).map(|body| body.to_bytes().to_vec());
        Err(Fault::Status { code: parts.status.as_u16(), message: said(&bytes.unwrap_or_default()) })
    }

    async fn send(&self, ask: Ask<'_>) -> Result<Response<Body>, Fault> {
        let request = Request::get(ask.path)
            .header(http::header::ACCEPT, ask.accept)
            .header(http::header::USER_AGENT, concat!("seaworthy/", env!("CARGO_PKG_VERSION")))
            .body(Body::empty())
            .map_err(|error| Fault::Malformed(shortened(&error.to_string())))?;
        self.client.send(request).await.map_err(|error| Fault::Unreachable(reason(&error)))
    }

    /// The body of the answer.
    pub(crate) async fn get(&self, ask: Ask<'_>) -> Result<Vec<u8>, Fault> {
        let (mut attempt, mut waited) = (0, Duration::ZERO);
        loop {
            self.check().await?;
            self.pace.wait().await;
            let (fault, wait) = match timeout(self.request_timeout, self.once(ask)).await {
                Ok(Ok(body)) => {
                    self.failures.store(0, Ordering::Relaxed);
                    self.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    return Ok(body);
                }
                Ok(Err(failed)) => (failed.fault, failed.wait),
                Err(_) => (Fault::Slow(self.request_timeout), None),
            };
            let again = match &fault {
                Fault::Status { code, .. } => {
                    matches!(code, 429 | 500 | 502..=504) && attempt < RETRIES && waited < WAITS
                }
                Fault::Unreachable(_) => attempt < 2,
                Fault::Slow(_) => attempt < 1,
                _ => false,
            };
            let again = again && ask.patient;
            if ask.patient {
                self.note(&fault, again);
            }
            if !again {
                return Err(fault);
            }
            let wait = wait.unwrap_or(Duration::from_millis(250 << attempt)).min(LONGEST_WAIT);
            waited += wait;
            sleep(wait).await;
            attempt += 1;
        }
    }

    /// Counts what tells that the server is gone or wants no more requests. That a single API behind it is out of order
    /// (5xx) tells neither.
    fn note(&self, fault: &Fault, again: bool) {
        match fault {
            Fault::Unreachable(_) | Fault::Slow(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Fault::Status { code: 429, .. } if !again => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            Fault::Status { code: 429 | 500.., .. } => {}
            _ => self.failures.store(0, Ordering::Relaxed),
        }
    }

    /// Whether anything may still be asked.
    async fn check(&self) -> Result<(), Fault> {
        let Some(end) = self.end else { return Ok(()) };
        if self.failures.load(Ordering::Relaxed) >= PATIENCE {
            if self.gone.load(Ordering::Relaxed) || !self.answers().await {
                self.gone.store(true, Ordering::Relaxed);
                return Err(Fault::Gone);
            }
            // Something behind the server was silent, and not the server.
            self.failures.store(0, Ordering::Relaxed);
        }
        if Instant::now() > end {
            return Err(Fault::Exhausted("the scan has taken longer than half an hour"));
        }
        if self.bytes.load(Ordering::Relaxed) > WHOLE_BYTES {
            return Err(Fault::Exhausted("the cluster holds more than 4 GiB of objects"));
        }
        Ok(())
    }

    /// Whether the server itself still answers.
    async fn answers(&self) -> bool {
        match timeout(self.request_timeout, self.once(Ask::json("/version", 1 << 20))).await {
            Ok(Ok(_)) => true,
            Ok(Err(failed)) => {
                matches!(failed.fault, Fault::Status { code, .. } if code != 429 && code < 500)
            }
            Err(_) => false,
        }
    }

    async fn once(&self, ask: Ask<'_>) -> Result<Vec<u8>, Failed> {
        let answer = self.send(ask).await?;
        let (parts, body) = answer.into_parts();
        let status = parts.status;
        // What an error says is of interest only at its beginning, and is cut.
        let most = if status.is_success() { ask.most } else { 1 << 20 };
        let body = Limited::new(body, most).collect().await;
        if !status.is_success() {
            let body = body.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
            let wait = parts.headers.get(http::header::RETRY_AFTER).and_then(|value| value.to_str().ok());
            let wait = wait.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            return Err(Failed {
                fault: Fault::Status { code: status.as_u16(), message: said(&body) },
                wait,
            });
        }
        match body {
            Ok(body) => Ok(body.to_bytes().to_vec()),
            Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
                Err(Fault::TooLarge(most).into())
            }
            Err(error) => Err(Fault::Unreachable(reason(&*error)).into()),
        }
    }
}

struct Failed {
    fault: Fault,
    /// How long the server asks to wait.
    wait: Option<Duration>,
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Failed {
        Failed { fault, wait: None }
    }
}

/// Why a connection failed, without what its layers call themselves.
pub(crate) fn reason(error: &(dyn std::error::Error + 'static)) -> String {
    let text = with_causes(error);
    let text = text.strip_prefix("ServiceError: ").or(text.strip_prefix("HyperError: ")).unwrap_or(&text);
    text.strip_prefix("client error (Connect): ").unwrap_or(text).to_owned()
}

/// The message of a `Status`, or the text of whoever stands in between.
fn said(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Status {
        message: String,
    }
    match serde_json::from_slice::<Status>(body) {
        Ok(status) => shortened(&status.message),
        Err(_) => shortened(&String::from_utf8_lossy(body.get(..1000).unwrap_or(body))),
    }
}

/// A token bucket: so many requests in a second, and as many at once after a pause.
pub struct Pace {
    interval: Duration,
    burst: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    /// So many requests in a second.
    pub fn new(requests_per_second: u32) -> Pace {
        let interval = Duration::from_secs(1) / requests_per_second.max(1);
        Pace { interval, burst: Duration::from_secs(1), next: Mutex::new(Instant::now()) }
    }

    /// Returns when the next request may be made.
    pub async fn wait(&self) {
        let turn = {
            let mut next = self.next.lock().await;
            let turn = (*next).max(Instant::now().checked_sub(self.burst).unwrap_or(*next));
            *next = turn + self.interval;
            turn
        };
        sleep_until(turn).await;
    }
}
