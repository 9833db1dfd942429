//! What keeps a run gentle: a rate, a budget, an end, few requests at a time to one place, and patience with a server that
//! asks for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use seaworthy_cluster::Pace;
use seaworthy_probe::{Ask, Reply, Request, Target};
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Most requests at a time to one port of a node, or through the API server to one node.
const AT_ONE_PLACE: usize = 2;

/// Longest time that a server may put off one request.
const MOST_PATIENCE: Duration = Duration::from_secs(10);

/// The bounds of a run.
pub(crate) struct Bounds {
    pub(crate) pace: Arc<Pace>,
    /// When everything ends.
    pub(crate) end: Instant,
    budget: AtomicUsize,
    asked: AtomicUsize,
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Bounds {
    pub(crate) fn new(pace: Arc<Pace>, budget: usize, whole_time: Duration) -> Bounds {
        Bounds {
            pace,
            end: Instant::now() + whole_time,
            budget: AtomicUsize::new(budget),
            asked: AtomicUsize::new(0),
            places: Mutex::default(),
        }
    }

    /// Takes one request out of the budget; `false` when none is left.
    pub(crate) fn spend(&self) -> bool {
        let left = |left: usize| left.checked_sub(1);
        let spent = self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok();
        if spent {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
        spent
    }

    /// How many requests were made.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Where a request waits for its turn, when it goes to a place that is easily overrun.
    pub(crate) fn place(&self, request: &Request) -> Option<Arc<Semaphore>> {
        let place = match (&request.target, &request.ask) {
            (Target::Port(endpoint), _) => endpoint.to_string(),
            // What goes through the API server to a kubelet.
            (Target::ApiServer, Ask::Http(ask)) => {
                let node = ask.path.strip_prefix("/api/v1/nodes/")?;
                let (node, rest) = node.split_once('/')?;
                rest.starts_with("proxy").then(|| format!("nodes/{node}"))?
            }
            _ => return None,
        };
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = places.entry(place).or_insert_with(|| Arc::new(Semaphore::new(AT_ONE_PLACE)));
        Some(Arc::clone(turns))
    }
}

/// How long a server asks to wait before the same request again. A refusal for being too many that names no time is an answer:
/// the admission plugin `EventRateLimit` gives it.
pub(crate) fn put_off(reply: &Reply, waited: Duration) -> Option<Duration> {
    let Reply::Http { status: 429, headers, .. } = reply else { return None };
    let (_, wait) = headers.iter().find(|(name, _)| name == "retry-after")?;
    let wait = Duration::from_secs(wait.trim().parse::<u64>().ok()?.max(1));
    (waited.checked_add(wait)? <= MOST_PATIENCE).then_some(wait)
}
