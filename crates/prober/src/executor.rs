//! Steps, one after the other; attempts, several at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seaworthy_cluster::{Api, Pace};
use seaworthy_policy::rfc3339;
use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, Identity, Outcome, Reply, Request, Step, StepRole, Target, Verdict,
};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

use crate::credentials::Credentials;
use crate::prober::{ProberOptions, Tried};
use crate::{api_server, file, port};

/// Between two questions of a step that waits for an answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Everything that carrying out needs.
pub(crate) struct Executor {
    pub(crate) api: Api,
    pub(crate) credentials: Credentials,
    pub(crate) run: String,
    pub(crate) request_timeout: Duration,
    pace: Pace,
    at_a_time: Semaphore,
    budget: AtomicUsize,
    end: Instant,
    /// Answers to requests that change nothing: many attempts share their positive control.
    known: Mutex<HashMap<Request, Arc<OnceCell<Answer>>>>,
}

impl Executor {
    pub(crate) fn new(api: Api, options: &ProberOptions) -> Executor {
        Executor {
            api,
            credentials: options.credentials.clone(),
            run: options.run.clone(),
            request_timeout: options.cluster.request_timeout,
            pace: Pace::new(options.cluster.requests_per_second),
            at_a_time: Semaphore::new(options.at_a_time.max(1)),
            budget: AtomicUsize::new(options.budget),
            end: Instant::now() + options.whole_time,
            known: Mutex::new(HashMap::new()),
        }
    }

    /// Requests that the budget still allows.
    pub(crate) fn left(&self) -> usize {
        self.budget.load(Ordering::Relaxed)
    }

    /// What comes of all attempts, in their order.
    pub(crate) async fn all(
        self: &Arc<Executor>,
        attempts: &[Attempt],
        progress: &dyn Fn(usize),
    ) -> Vec<Tried> {
        let mut tried: Vec<Option<Tried>> = vec![None; attempts.len()];
        let mut running = JoinSet::new();
        for (index, attempt) in attempts.iter().cloned().enumerate() {
            let executor = Arc::clone(self);
            running.spawn(async move {
                // Nobody closes the semaphore.
                let _turn = executor.at_a_time.acquire().await;
                (index, executor.attempt(&attempt).await)
            });
        }
        let mut done = 0;
        while let Some(finished) = running.join_next().await {
            match finished {
                Ok((index, one)) => tried[index] = Some(one),
                // A task that panics is a defect of ours, and must not look like an answer.
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(error) => unreachable!("nobody cancels attempts: {error}"),
                },
            }
            done += 1;
            progress(done);
        }
        tried.into_iter().flatten().collect()
    }

    async fn attempt(&self, attempt: &Attempt) -> Tried {
        let begun = Instant::now();
        let mut answers = Answers::default();
        for step in attempt.steps() {
            let answer = self.step(step, &answers).await;
            let failed = matches!(step.role, StepRole::Control(expect) if expect(&answer).is_err());
            answers.0.push((step.name, answer));
            if failed {
                break;
            }
        }
        let mut outcome = attempt.judge(&answers);
        if outcome.verdict == Verdict::Proved
            && let Some(doubt) = self.doubt(attempt, &answers).await
        {
            outcome = doubt;
        }
        let step = attempt.steps().iter().find(|step| step.name == outcome.step);
        let answer = answers.get(outcome.step);
        Tried {
            request: step.map(|step| step.request.to_string()).unwrap_or_default(),
            reply: answer.map(Answer::summary).unwrap_or_default(),
            at: answer.map_or_else(now, |answer| answer.at.clone()),
            took: begun.elapsed(),
            outcome,
        }
    }

    /// Where silence is the proof, the positive controls must still hold after it: what dies in between is not protected.
    async fn doubt(&self, attempt: &Attempt, answers: &Answers) -> Option<Outcome> {
        let silent = attempt.steps().iter().any(|step| {
            matches!(step.role, StepRole::Ask)
                && matches!(answers.reply(step.name), Some(Reply::Refused(_) | Reply::Silent(_)))
        });
        if !silent {
            return None;
        }
        for step in attempt.steps() {
            let StepRole::Control(expect) = step.role else { continue };
            // What makes something is not made twice.
            if step.request.creates.is_some() {
                continue;
            }
            if let Err(why) = expect(&self.ask(&step.request, answers).await) {
                let reason = format!("the positive control held before and not after: {why}");
                return Some(Outcome::inconclusive(step.name, reason));
            }
        }
        None
    }

    async fn step(&self, step: &Step, answers: &Answers) -> Answer {
        let Some((wanted, most)) = step.until else { return self.once(&step.request, answers).await };
        let end = (Instant::now() + most).min(self.end);
        loop {
            let answer = self.ask(&step.request, answers).await;
            if wanted(&answer) || Instant::now() + AGAIN > end {
                return answer;
            }
            sleep(AGAIN).await;
        }
    }

    /// Asks, or remembers what was answered to the same question in this run.
    async fn once(&self, request: &Request, answers: &Answers) -> Answer {
        if request.creates.is_some() || matches!(request.identity, Identity::Bearer(_)) {
            return self.ask(request, answers).await;
        }
        let cell = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(request.clone()).or_default())
        };
        cell.get_or_init(|| self.ask(request, answers)).await.clone()
    }

    /// Asks now.
    async fn ask(&self, request: &Request, answers: &Answers) -> Answer {
        let spent =
            self.budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if spent.is_err() {
            return not_asked("the budget of requests is spent: raise `--budget`");
        }
        let ended = || not_asked("the time for all probes is over: raise `--timeout`");
        if timeout_at(self.end, self.pace.wait()).await.is_err() {
            return ended();
        }
        let (at, begun) = (now(), Instant::now());
        let Ok(reply) = timeout_at(self.end, self.reply(request, answers)).await else { return ended() };
        Answer { at, took: begun.elapsed(), reply }
    }

    async fn reply(&self, request: &Request, answers: &Answers) -> Reply {
        match (&request.target, &request.ask) {
            (Target::ApiServer, Ask::Http(ask)) => {
                api_server::http(self, &request.identity, ask, answers).await
            }
            (Target::ApiServer, ask) => match self.api.host.clone() {
                Some((host, port)) => port::ask(self, &host, port, &request.identity, ask, answers).await,
                None => Reply::NotAsked("a proxy stands before the API server".to_owned()),
            },
            (Target::Port(endpoint), ask) => {
                port::ask(self, &endpoint.host, endpoint.port, &request.identity, ask, answers).await
            }
            (Target::File(path), ask) => file::ask(path, ask).await,
        }
    }
}

/// The time, as reports write it.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn not_asked(why: &str) -> Answer {
    Answer { at: now(), took: Duration::ZERO, reply: Reply::NotAsked(why.to_owned()) }
}
