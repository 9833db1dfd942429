//! Steps, one after the other; attempts, several at a time.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use seaworthy_cluster::{Api, Pace};
use seaworthy_policy::rfc3339;
use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, Origin, Outcome, Reply, Request, Step, StepRole, Target, Verdict,
    may_be_told,
};
use secrecy::ExposeSecret;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep, timeout_at};

use crate::bounds::{Bounds, put_off};
use crate::credentials::Credentials;
use crate::keeper::Keeper;
use crate::memo::{Known, Memo, moves};
use crate::objects::{self, Objects};
use crate::port::Place;
use crate::prober::{ProberOptions, Tried};
use crate::secrets::Secrets;
use crate::stop::Stop;
use crate::{api_server, file, port, restore};

/// Between two questions of a step that waits for an answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Of what is asked many times, so many at once.
const AT_ONCE: usize = 16;

/// A positive control that is older than this when a verdict falls has to be seen again.
const STALE: Duration = Duration::from_secs(10);

/// Everything that carrying out needs.
pub(crate) struct Executor {
    pub(crate) api: Api,
    pub(crate) credentials: Credentials,
    pub(crate) run: String,
    pub(crate) request_timeout: Duration,
    pub(crate) keeper: Keeper,
    pub(crate) objects: Objects,
    pub(crate) bounds: Bounds,
    pub(crate) secrets: Secrets,
    at_a_time: Semaphore,
    memo: Memo,
    pub(crate) stop: Stop,
}

impl Executor {
    pub(crate) fn new(api: Api, options: &ProberOptions, stop: Stop) -> Executor {
        let pace = Arc::new(Pace::new(options.cluster.requests_per_second));
        let secrets = Secrets::default();
        for secret in &api.secrets {
            secrets.add(secret.expose_secret());
        }
        Executor {
            secrets,
            keeper: Keeper { api: api.clone(), pace: Arc::clone(&pace), agent: agent(&options.run) },
            objects: Objects::new(options.state.clone(), &options.run, options.consent),
            api,
            credentials: options.credentials.clone(),
            run: options.run.clone(),
            request_timeout: options.cluster.request_timeout,
            bounds: Bounds::new(pace, options.budget, options.whole_time),
            at_a_time: Semaphore::new(options.at_a_time.max(1)),
            memo: Memo::default(),
            stop,
        }
    }

    /// Whether somebody wants the run to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.is_asked()
    }

    /// What comes of all attempts, in their order. What they made is removed before this returns.
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
                // On its own, so that what it made is removed even if it panics.
                let trying = Arc::clone(&executor);
                let one = tokio::spawn(async move { trying.attempt(index, &attempt).await }).await;
                executor.stop.unless_hurried(objects::clean(&executor, index)).await;
                (index, one)
            });
        }
        let (mut done, mut defect) = (0, None);
        while let Some(finished) = running.join_next().await {
            match finished {
                Ok((index, Ok(one))) => tried[index] = Some(one),
                Ok((_, Err(error))) | Err(error) => defect = defect.or(Some(error)),
            }
            done += 1;
            progress(done);
        }
        self.stop.unless_hurried(objects::clean_all(self)).await;
        if let Some(error) = defect {
            // An attempt that panics is a defect of ours, and must not look like an answer.
            match JoinError::try_into_panic(error) {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => unreachable!("nobody cancels attempts: {error}"),
            }
        }
        tried.into_iter().flatten().collect()
    }

    async fn attempt(&self, index: usize, attempt: &Attempt) -> Tried {
        let begun = Instant::now();
        if attempt.needs_canary_namespace()
            && attempt.impossible().is_none()
            && let Err(answer) = objects::namespace(self).await
        {
            return self.without_namespace(&answer, attempt, begun);
        }
        let mut answers = Answers::default();
        let (mut asked, mut no_earlier) = (Vec::new(), None);
        for (place, step) in attempt.steps().iter().enumerate() {
            let again = attempt.steps()[..place].iter().any(|earlier| earlier.request == step.request);
            let since = if again { Some(Instant::now()) } else { no_earlier };
            let known = self.step(index, step, &answers, since).await;
            let failed = matches!(step.role, StepRole::Control(expect) if expect(&known.answer).is_err());
            asked.push(known.asked);
            // A token is handed out in such an answer.
            if let Some(token) =
                known.answer.json().as_ref().and_then(|json| json.pointer("/status/token")?.as_str())
            {
                self.secrets.add(token);
            }
            answers.0.push((step.name, known.answer));
            if failed {
                break;
            }
            if moves(&step.request) {
                no_earlier = Some(Instant::now());
            }
        }
        let (mut outcome, mut also) = (attempt.judge(&answers), attempt.judge_also(&answers));
        let is_proved = |outcome: &Outcome| outcome.verdict == Verdict::Proved;
        if (is_proved(&outcome) || also.iter().any(is_proved))
            && let Some(doubt) = self.doubt(index, attempt, &answers, &asked).await
        {
            let all = std::iter::once(&mut outcome).chain(&mut also);
            all.filter(|outcome| is_proved(outcome)).for_each(|outcome| *outcome = doubt.clone());
        }
        let hidden = |text: String| self.secrets.hidden(&text);
        let tried = |outcome: Outcome| {
            let step = attempt.steps().iter().find(|step| step.name == outcome.step);
            let answer = answers.get(outcome.step);
            Tried {
                request: hidden(step.map(|step| step.request.to_string()).unwrap_or_default()),
                reply: hidden(answer.map(Answer::summary).unwrap_or_default()),
                at: answer.map_or_else(now, |answer| answer.at.clone()),
                took: begun.elapsed(),
                outcome: Outcome {
                    reason: hidden(outcome.reason),
                    needs: outcome.needs.map(hidden),
                    ..outcome
                },
                also: Vec::new(),
            }
        };
        Tried { also: also.into_iter().map(tried).collect(), ..tried(outcome) }
    }

    fn without_namespace(&self, answer: &Answer, attempt: &Attempt, begun: Instant) -> Tried {
        let outcome = Outcome::inconclusive("", "the namespace of the run could not be made");
        let outcome = match (answer.status(), &answer.reply) {
            (Some(403), _) => outcome.needs("the right to create namespaces"),
            (_, Reply::NotAsked(why)) => outcome.needs(why.clone()),
            _ => outcome,
        };
        let tried = Tried {
            request: objects::namespace_request(&self.run).to_string(),
            reply: self.secrets.hidden(&answer.summary()),
            at: answer.at.clone(),
            took: begun.elapsed(),
            outcome,
            also: Vec::new(),
        };
        let also = vec![tried.clone(); attempt.judge_also(&Answers::default()).len()];
        Tried { also, ..tried }
    }

    /// Where silence, a 401 or a failure is the proof, the positive controls must still hold after it: what dies in between, or
    /// forgets who we are, is not protected. The same where the controls were seen long ago.
    async fn doubt(
        &self,
        index: usize,
        attempt: &Attempt,
        answers: &Answers,
        asked: &[Instant],
    ) -> Option<Outcome> {
        let decided = Instant::now();
        let silent = attempt.steps().iter().any(|step| {
            matches!(step.role, StepRole::Ask)
                && matches!(
                    answers.reply(step.name),
                    Some(Reply::Refused(_) | Reply::Silent(_) | Reply::Http { status: 401 | 500.., .. })
                )
        });
        for (step, asked) in attempt.steps().iter().zip(asked) {
            let StepRole::Control(expect) = step.role else { continue };
            // What makes something is not made twice; and what lies in a file lies there still.
            if step.request.creates.is_some() || matches!(step.request.target, Target::File(_)) {
                continue;
            }
            if !silent && decided.duration_since(*asked) < STALE {
                continue;
            }
            let ask = || self.ask(Some(index), &step.request, answers);
            let known = self.memo.get(&step.request, Some(decided), ask).await;
            if let Err(why) = expect(&known.answer) {
                let reason = format!("the positive control held before and not after: {why}");
                return Some(Outcome::inconclusive(step.name, reason));
            }
        }
        None
    }

    async fn step(&self, index: usize, step: &Step, answers: &Answers, since: Option<Instant>) -> Known {
        let ask = || self.ask(Some(index), &step.request, answers);
        if step.times > 1 {
            return self.burst(index, step, answers).await;
        }
        let Some((wanted, most)) = step.until else {
            return self.memo.get(&step.request, since, ask).await;
        };
        let end = (Instant::now() + most).min(self.bounds.end);
        loop {
            let asked = Instant::now();
            let answer = ask().await;
            let over = wanted(&answer) || Instant::now() + AGAIN > end || self.is_stopped();
            if over || matches!(answer.reply, Reply::NotAsked(_)) {
                return Known { asked, answer };
            }
            self.stop.unless_asked(sleep(AGAIN)).await;
        }
    }

    /// Asks the same many times at once. Pace and budget are those of every request.
    async fn burst(&self, index: usize, step: &Step, answers: &Answers) -> Known {
        let asked = Instant::now();
        let left = AtomicU32::new(step.times);
        let ended = AtomicBool::new(false);
        let one = || async {
            let mut last = None;
            while !ended.load(Ordering::Relaxed)
                && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
            {
                let answer = self.ask(Some(index), &step.request, answers).await;
                if !matches!(answer.status(), Some(200..=299)) {
                    ended.store(true, Ordering::Relaxed);
                    return (true, Some(answer));
                }
                last = Some(answer);
            }
            (false, last)
        };
        let mut all = Vec::with_capacity(AT_ONCE);
        let mut running: Vec<_> = (0..AT_ONCE).map(|_| Box::pin(one())).collect();
        poll_fn(|context| {
            running.retain_mut(|one| match one.as_mut().poll(context) {
                Poll::Ready(one) => {
                    all.push(one);
                    false
                }
                Poll::Pending => true,
            });
            if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        let found = all.iter().find(|(failed, _)| *failed).or_else(|| all.iter().find(|one| one.1.is_some()));
        let mut answer = found
            .and_then(|(_, answer)| answer.clone())
            .unwrap_or_else(|| not_asked("it was to be asked no time"));
        answer.took = asked.elapsed();
        Known { asked, answer }
    }

    /// Asks now; again when the server asks for a little patience.
    pub(crate) async fn ask(&self, attempt: Option<usize>, request: &Request, answers: &Answers) -> Answer {
        let mut waited = Duration::ZERO;
        loop {
            let answer = self.ask_once(attempt, request, answers).await;
            let Some(wait) = put_off(&answer.reply, waited) else { return answer };
            waited += wait;
            let slept = self.stop.unless_asked(timeout_at(self.bounds.end, sleep(wait))).await;
            if !matches!(slept, Some(Ok(()))) {
                return answer;
            }
        }
    }

    async fn ask_once(&self, attempt: Option<usize>, request: &Request, answers: &Answers) -> Answer {
        let ended = || not_asked("the time for all probes is over: raise `--timeout`");
        let interrupted = || not_asked("the run was interrupted");
        let place = self.bounds.place(request);
        let turn = async {
            let turn = match &place {
                // Nobody closes the semaphore.
                Some(place) => place.acquire().await.ok(),
                None => None,
            };
            self.bounds.pace.wait().await;
            turn
        };
        let _turn = match self.stop.unless_asked(timeout_at(self.bounds.end, turn)).await {
            None => return interrupted(),
            Some(Err(_)) => return ended(),
            Some(Ok(turn)) => turn,
        };
        if !self.bounds.spend() {
            return not_asked("the budget of requests is spent: raise `--budget`");
        }
        let (at, begun) = (now(), Instant::now());
        let reply = match (&request.creates, &request.ask) {
            // Programs and folders are gone before it answers, whoever wants the end.
            (_, Ask::EtcdRestore { .. }) => restore::carry_out(self, request).await,
            // It is asked to its end, which a bound of its own brings: an answer that nobody hears may leave something behind.
            (Some(object), _) => objects::create(self, attempt, request, object, answers).await,
            (None, _) => {
                let reply = timeout_at(self.bounds.end, self.reply(request, answers));
                match self.stop.unless_asked(reply).await {
                    None => return interrupted(),
                    Some(Err(_)) => return ended(),
                    Some(Ok(reply)) => reply,
                }
            }
        };
        Answer { at, took: begun.elapsed(), reply }
    }

    async fn reply(&self, request: &Request, answers: &Answers) -> Reply {
        match (&request.target, &request.ask) {
            (Target::ApiServer, Ask::Http(ask)) => {
                api_server::http(self, &request.identity, ask, answers).await
            }
            (Target::ApiServer, ask) => match self.api.host.clone() {
                Some((host, port)) => {
                    let place = Place { host: &host, port, is_of_etcd: false };
                    port::ask(self, place, &request.identity, ask, answers).await
                }
                None => Reply::NotAsked("a proxy stands before the API server".to_owned()),
            },
            (Target::Port(endpoint), ask) => {
                // Plans know this too; what a hostile cluster tells is not asked even when one does not.
                if matches!(endpoint.origin, Origin::Told(_)) && !may_be_told(&endpoint.host) {
                    let why = "the cluster tells an address that is not its own; give it by a flag";
                    return Reply::NotAsked(why.to_owned());
                }
                port::ask(self, Place::of(endpoint), &request.identity, ask, answers).await
            }
            (Target::File(path), ask) => file::ask(path, ask).await,
        }
    }
}

/// What every request says of us, so that owners of the cluster can tell what was ours.
pub(crate) fn agent(run: &str) -> String {
    format!("seaworthy-probe/{} run={run}", env!("CARGO_PKG_VERSION"))
}

/// The time, as reports write it.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

fn not_asked(why: &str) -> Answer {
    Answer { at: now(), took: Duration::ZERO, reply: Reply::NotAsked(why.to_owned()) }
}
