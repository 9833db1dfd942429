//! Steps, and what follows from their answers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::answer::{Answer, Answers, Reply};
use crate::foreign::{plain, shortened};
use crate::request::Request;

/// What a proof is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Its kind: `Namespace`, `Node`, `ClusterRoleBinding`, `Cluster`.
    pub kind: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Subject {
    /// An object.
    pub fn new(kind: &str, namespace: Option<&str>, name: &str) -> Subject {
        Subject { kind: kind.to_owned(), namespace: namespace.map(str::to_owned), name: name.to_owned() }
    }

    /// Something that there is once in a cluster, such as `API server`.
    pub fn cluster(name: &str) -> Subject {
        Subject::new("Cluster", None, name)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            _ if self.kind == "Cluster" => f.write_str(&self.name),
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// How far probes may go. Each level holds those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consent {
    /// Nothing changes: reads, reviews, dry runs, short-lived tokens in memory; lines in the audit log.
    Read,
    /// Objects of our own are made and removed again, in a namespace of our own.
    Canary,
    /// More than that; each probe is named by whoever consents.
    Disruptive,
}

impl Consent {
    /// The name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Consent::Read => "read",
            Consent::Canary => "canary",
            Consent::Disruptive => "disruptive",
        }
    }
}

/// What a probe leaves behind or makes for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SideEffect {
    /// Nothing, not even a line in a log of the API server.
    None,
    /// Lines in the log of the server that is asked: of handshakes that it refused.
    LogLine,
    /// Lines in the audit log.
    AuditLine,
    /// A token in memory that ends by itself within minutes; lines in the audit log.
    Token,
    /// Events, which end by themselves within an hour.
    Events,
    /// Objects that are removed again, named.
    Objects(&'static str),
    /// A file on this machine that is removed again, named.
    Files(&'static str),
}

impl fmt::Display for SideEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SideEffect::None => "none",
            SideEffect::LogLine => "lines in the server's own log",
            SideEffect::AuditLine => "audit lines",
            SideEffect::Token => "a short-lived token in memory, audit lines",
            SideEffect::Events => "events, which end by themselves",
            SideEffect::Objects(what) => return write!(f, "{what}, removed again"),
            SideEffect::Files(what) => return write!(f, "{what}, removed again"),
        })
    }
}

/// Judges whether an answer is what a positive control needs, or says why not.
pub type Expectation = fn(&Answer) -> Result<(), String>;

/// Whether an answer is the one that a step waits for.
pub type Wanted = fn(&Answer) -> bool;

/// What a step is for.
#[derive(Clone, Copy)]
pub enum StepRole {
    /// The positive control: something that must succeed, or nothing can be concluded.
    Control(Expectation),
    /// What is tried.
    Ask,
}

impl fmt::Debug for StepRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StepRole::Control(_) => "Control",
            StepRole::Ask => "Ask",
        })
    }
}

/// One step of an attempt.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its name in the attempt.
    pub name: &'static str,
    /// What is asked.
    pub request: Request,
    /// What for.
    pub role: StepRole,
    /// Ask again every second until the answer is this, at most so long.
    pub until: Option<(Wanted, Duration)>,
    /// Ask so many times at once, as fast as the bounds of the run allow. The first answer that is no success ends it and
    /// counts; else the last one does. How long all of them took is the answer's [`took`](Answer::took).
    pub times: u32,
}

impl Step {
    /// A positive control.
    pub fn control(name: &'static str, request: Request, expect: Expectation) -> Step {
        Step { name, request, role: StepRole::Control(expect), until: None, times: 1 }
    }

    /// Something that is tried.
    pub fn ask(name: &'static str, request: Request) -> Step {
        Step { name, request, role: StepRole::Ask, until: None, times: 1 }
    }

    /// Asked again every second until the answer is as wanted, or the time is over; the last answer counts.
    #[must_use]
    pub fn until(self, wanted: Wanted, most: Duration) -> Step {
        Step { until: Some((wanted, most)), ..self }
    }

    /// Asked so many times at once.
    #[must_use]
    pub fn times(self, times: u32) -> Step {
        Step { times, ..self }
    }
}

/// Whether a control was seen to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// What it forbids was tried and refused, by it.
    Proved,
    /// What it forbids was tried and granted.
    Refuted,
    /// Neither was seen.
    Inconclusive,
}

impl Verdict {
    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Proved => "proved",
            Verdict::Refuted => "refuted",
            Verdict::Inconclusive => "inconclusive",
        }
    }
}

/// What follows from the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as a sentence without its period.
    pub reason: String,
    /// What would decide it: a flag, a right, a level of consent.
    pub needs: Option<String>,
    /// The step that decides: reports show its request and reply.
    pub step: &'static str,
}

impl Outcome {
    /// Proved by a step.
    pub fn proved(step: &'static str, reason: impl Into<String>) -> Outcome {
        Outcome { verdict: Verdict::Proved, reason: reason.into(), needs: None, step }
    }

    /// Refuted by a step.
    pub fn refuted(step: &'static str, reason: impl Into<String>) -> Outcome {
        Outcome { verdict: Verdict::Refuted, reason: reason.into(), needs: None, step }
    }

    /// Not decided by a step.
    pub fn inconclusive(step: &'static str, reason: impl Into<String>) -> Outcome {
        Outcome { verdict: Verdict::Inconclusive, reason: reason.into(), needs: None, step }
    }

    /// What would decide it.
    #[must_use]
    pub fn needs(self, needs: impl Into<String>) -> Outcome {
        Outcome { needs: Some(needs.into()), ..self }
    }
}

type Judge = Arc<dyn Fn(&Answers) -> Outcome + Send + Sync>;

/// A try of one control on one subject. It holds a positive control, or it is not asked at all: what is refused without
/// one proves nothing.
#[derive(Clone)]
pub struct Attempt {
    subject: Subject,
    steps: Vec<Step>,
    judge: Judge,
    also: Vec<Judge>,
    namespace: bool,
    cannot: Option<Outcome>,
    otherwise: Option<Cow<'static, str>>,
}

impl Attempt {
    /// A try.
    ///
    /// # Panics
    /// Without a positive control, and when two steps have one name: both are mistakes in a probe.
    pub fn new(
        subject: Subject,
        steps: Vec<Step>,
        judge: impl Fn(&Answers) -> Outcome + Send + Sync + 'static,
    ) -> Attempt {
        let has_control = steps.iter().any(|step| matches!(step.role, StepRole::Control(_)));
        assert!(has_control, "a probe of {subject} has no positive control");
        for (index, step) in steps.iter().enumerate() {
            let twice = steps[..index].iter().any(|earlier| earlier.name == step.name);
            assert!(!twice, "two steps of a probe of {subject} are called `{}`", step.name);
        }
        Attempt {
            subject,
            steps,
            judge: Arc::new(judge),
            also: Vec::new(),
            namespace: false,
            cannot: None,
            otherwise: None,
        }
    }

    /// What cannot be tried here, and what would make it possible.
    pub fn cannot(
        subject: Subject,
        reason: impl Into<Cow<'static, str>>,
        needs: impl Into<Cow<'static, str>>,
    ) -> Attempt {
        let outcome = Outcome::inconclusive("", reason.into()).needs(needs.into());
        let judge = {
            let outcome = outcome.clone();
            Arc::new(move |_: &Answers| outcome.clone())
        };
        Attempt {
            subject,
            steps: Vec::new(),
            judge,
            also: Vec::new(),
            namespace: false,
            cannot: Some(outcome),
            otherwise: None,
        }
    }

    /// The executor makes the namespace of the run first: see `Ground::canary_namespace` of `seaworthy-controls`.
    #[must_use]
    pub fn in_canary_namespace(self) -> Attempt {
        Attempt { namespace: true, ..self }
    }

    /// The same answers decide something else as well: the report of a pod speaks of many controls.
    #[must_use]
    pub fn also(mut self, judge: impl Fn(&Answers) -> Outcome + Send + Sync + 'static) -> Attempt {
        self.also.push(Arc::new(judge));
        self
    }

    /// What would decide it where a positive control fails: a right, a flag.
    #[must_use]
    pub fn otherwise_needs(self, needs: impl Into<Cow<'static, str>>) -> Attempt {
        Attempt { otherwise: Some(needs.into()), ..self }
    }

    /// What it is about.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What is asked, in order. Whoever carries it out stops at the first positive control that fails.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it needs the namespace of the run.
    pub fn needs_canary_namespace(&self) -> bool {
        self.namespace
    }

    /// Why nothing is asked, when nothing is.
    pub fn impossible(&self) -> Option<&Outcome> {
        self.cannot.as_ref()
    }

    /// What follows from answers to all steps. A positive control that fails, or has no answer, decides first. Whatever the
    /// judge of the probe says, nothing is proved by an answer that did not come, that makes no sense, or that sends us elsewhere.
    pub fn judge(&self, answers: &Answers) -> Outcome {
        self.judged(&self.judge, answers)
    }

    /// What follows for everything else that the attempt decides, in the order of [`also`](Attempt::also), by the same rules.
    pub fn judge_also(&self, answers: &Answers) -> Vec<Outcome> {
        self.also.iter().map(|judge| self.judged(judge, answers)).collect()
    }

    fn judged(&self, judge: &Judge, answers: &Answers) -> Outcome {
        if let Some(outcome) = &self.cannot {
            return outcome.clone();
        }
        for step in &self.steps {
            let StepRole::Control(expect) = step.role else { continue };
            let held = match answers.get(step.name) {
                Some(answer) => expect(answer),
                None => Err("it was not asked".to_owned()),
            };
            if let Err(why) = held {
                let outcome = Outcome::inconclusive(step.name, format!("the positive control failed: {why}"));
                return match &self.otherwise {
                    Some(needs) => outcome.needs(needs.clone()),
                    None => outcome,
                };
            }
        }
        let outcome = judge(answers);
        let outcome = match unfit(outcome.verdict, answers.reply(outcome.step)) {
            None => outcome,
            Some(why) => Outcome { verdict: Verdict::Inconclusive, reason: why, ..outcome },
        };
        // Reasons quote what servers say.
        let shown = |text: &str| shortened(&plain(text), MOST_REASON);
        Outcome { reason: shown(&outcome.reason), needs: outcome.needs.as_deref().map(shown), ..outcome }
    }
}

/// Most characters of a reason.
const MOST_REASON: usize = 1000;

/// Why an answer cannot bear a verdict, when it cannot.
fn unfit(verdict: Verdict, reply: Option<&Reply>) -> Option<String> {
    match (verdict, reply) {
        (Verdict::Inconclusive, _) => None,
        (_, None) => Some("what would decide it was not asked".to_owned()),
        (_, Some(reply @ Reply::NotAsked(_)))
        | (
            Verdict::Proved,
            Some(reply @ (Reply::Nonsense(_) | Reply::Http { status: ..200 | 300..=399, .. })),
        ) => Some(format!("the answer decides nothing ({reply})")),
        _ => None,
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("subject", &self.subject)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
