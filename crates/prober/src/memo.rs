//! Answers to requests that change nothing: many attempts share their positive control, which is asked once for all.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use seaworthy_probe::{Answer, Ask, Identity, Reply, Request, Target};
use tokio::sync::OnceCell;
use tokio::time::Instant;

/// Most bytes of one answer, and of all together, that are kept for others.
const MOST_OF_ONE: usize = 64 << 10;
const MOST_IN_ALL: usize = 64 << 20;

/// An answer, and when it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) asked: Instant,
    pub(crate) answer: Answer,
}

type Slot = Arc<OnceCell<Known>>;

/// What is known already.
#[derive(Default)]
pub(crate) struct Memo {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: HashMap<Request, Slot>,
    bytes: usize,
}

impl Memo {
    /// The answer to a request that was asked no earlier than a time: a known one, or that of `ask`. Whoever wants the same at
    /// the same time waits for the one who asks.
    pub(crate) async fn get<A: Future<Output = Answer>>(
        &self,
        request: &Request,
        no_earlier: Option<Instant>,
        ask: impl Fn() -> A,
    ) -> Known {
        if !is_shared(request) {
            let asked = Instant::now();
            return Known { asked, answer: ask().await };
        }
        loop {
            let slot = Arc::clone(self.state().known.entry(request.clone()).or_default());
            let fresh = || async {
                let known = Known { asked: Instant::now(), answer: ask().await };
                self.state().bytes += size(&known.answer);
                known
            };
            let known = slot.get_or_init(fresh).await.clone();
            let too_old = no_earlier.is_some_and(|time| known.asked < time);
            if too_old || size(&known.answer) > MOST_OF_ONE || self.state().bytes > MOST_IN_ALL {
                self.forget(request, &slot, size(&known.answer));
            }
            if !too_old {
                return known;
            }
        }
    }

    /// Forgets an answer, unless somebody else has put a newer one in its place.
    fn forget(&self, request: &Request, slot: &Slot, size: usize) {
        let mut state = self.state();
        if state.known.get(request).is_some_and(|now| Arc::ptr_eq(now, slot)) {
            state.known.remove(request);
            state.bytes = state.bytes.saturating_sub(size);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether one answer does for everybody: not where something is made, a token is handed out or shown, or a file grows.
fn is_shared(request: &Request) -> bool {
    let is_own = match &request.ask {
        Ask::Http(ask) => {
            let hands_out = ask.method == "POST" && path(&ask.path).ends_with("/token");
            // What stands there is told by the answers of the attempt itself.
            hands_out || ask.path.contains("${") || ask.body.as_ref().is_some_and(|body| body.contains("${"))
        }
        _ => false,
    };
    request.creates.is_none()
        && !is_own
        && !matches!(request.identity, Identity::Bearer(_))
        && !matches!(request.target, Target::File(_))
}

/// Whether something may be different once a request has been granted, if only a counter that somebody reads: what is asked
/// after it in the same attempt must not have been answered before it.
pub(crate) fn moves(request: &Request) -> bool {
    let Ask::Http(ask) = &request.ask else { return false };
    let review = ["/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/"];
    let is_review = review.iter().any(|api| ask.path.starts_with(api));
    ask.method != "GET" && !is_review
}

fn path(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}

fn size(answer: &Answer) -> usize {
    match &answer.reply {
        Reply::Http { body, headers, .. } => {
            let headers = headers.iter().map(|(name, value)| name.len() + value.len() + 64);
            body.len() + headers.sum::<usize>()
        }
        Reply::Keys { keys, .. } => keys.iter().map(|(key, value)| key.len() + value.len() + 64).sum(),
        _ => 256,
    }
}
