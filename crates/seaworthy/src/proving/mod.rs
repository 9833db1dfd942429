//! Trying controls on a live cluster.

pub(crate) mod cleaning;
mod dry_plan;
pub(crate) mod every;
pub(crate) mod given;
mod history;
mod kubeconfigs;
mod metrics;
mod rights;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use seaworthy_controls::probe::{Also, Caller, Ground, Planned, event_limits, inside, plan};
use seaworthy_controls::{Assessment, ProofRun, Proofs, Proven};
use seaworthy_evidence::Evidence;
use seaworthy_probe::{Attempt, Consent, Endpoint, Origin};
use seaworthy_prober::{Prober, ProberOptions, Tried, state_folder};

use crate::cluster_args::ClusterArgs;
use crate::error::CommandError;
use crate::live::cluster_error;
use crate::plan::Plan;
use crate::progress::Progress;

pub(crate) use dry_plan::write as write_dry_plan;
pub(crate) use given::Places;
pub(crate) use history::print as print_history;
use kubeconfigs::kubeconfigs;
pub(crate) use rights::print as print_rights;

/// A run, before anything is tried.
pub(crate) struct Run {
    prober: Prober,
    name: String,
    caller: Option<Caller>,
    consent: Consent,
    budget: usize,
    at_a_time: usize,
    per_second: u32,
    controls: Vec<&'static str>,
    pub(crate) planned: Vec<Planned>,
}

/// What has been agreed to.
pub(crate) struct Agreed {
    pub(crate) level: Consent,
    pub(crate) named: BTreeSet<String>,
}

impl Run {
    /// Connects, asks who we are, and plans what to try.
    pub(crate) fn plan(
        cluster: &ClusterArgs,
        places: &Places<'_>,
        all: &Plan,
        evidence: &Evidence<'_>,
        declared: Option<&Evidence<'_>>,
    ) -> Result<Run, CommandError> {
        let agreed = agreed(places)?;
        let mut given = places.given()?;
        let mut options = cluster.options();
        options.request_timeout = places.args.probe_time();
        given.impersonates = options.user.is_some();
        given.kubeconfigs = kubeconfigs(options.kubeconfig.as_deref());
        given.event_limits = declared.map(event_limits).unwrap_or_default();
        options.requests_per_second = places.args.probe_qps;
        let name = run_name();
        let (budget, at_a_time) = (places.budget(), usize::from(places.args.at_a_time));
        drop(kept().take());
        let prober = Prober::connect(ProberOptions {
            credentials: places.credentials()?,
            run: name.clone(),
            at_a_time,
            budget,
            whole_time: places.args.whole_time(),
            consent: agreed.level,
            state: places.args.state.clone().or_else(state_folder),
            signals: true,
            cluster: options,
        })
        .map_err(cluster_error)?;
        given.has_caller_certificate = prober.has_certificate();
        given.skips_verification = !prober.is_verified();
        given.api_server = prober.host().map(|(host, port)| Endpoint {
            host,
            port,
            origin: Origin::Given("the kubeconfig"),
        });
        let caller = prober.caller().map(|(user, groups)| Caller { user, groups });
        let ground = Ground {
            evidence,
            settings: &all.settings,
            given: &given,
            run: &name,
            caller: caller.as_ref(),
            namespaces: &cluster.namespace,
        };
        let planned = plan(&all.controls, &ground, agreed.level, &agreed.named);
        let per_second = places.args.probe_qps;
        let controls = all.controls.iter().map(|control| control.id).collect();
        Ok(Run {
            prober,
            name,
            caller,
            consent: agreed.level,
            budget,
            at_a_time,
            per_second,
            controls,
            planned,
        })
    }

    /// Tries everything; what came of each stands in the order of the plan.
    pub(crate) fn carry_out(self, progress: &Progress) -> Proofs {
        let begun = Instant::now();
        let attempts: Vec<Attempt> = self.planned.iter().map(|planned| planned.attempt.clone()).collect();
        let tried = self.prober.carry_out(&attempts, &|done| progress.on_tried(done, attempts.len()));
        progress.finish();
        self.tell_left();
        let stopped = self.prober.is_stopped();
        let mut proofs: Vec<Proven> =
            self.planned.iter().zip(tried).flat_map(|(planned, tried)| proven(planned, tried)).collect();
        let place = |id: &str| self.controls.iter().position(|known| *known == id);
        proofs.sort_by_key(|proof| place(proof.control.id));
        let proofs = Proofs {
            proofs,
            run: ProofRun {
                name: self.name,
                caller: self.caller.map(|caller| caller.user),
                consent: self.consent,
                requests: self.prober.requests(),
                budget: self.budget,
                at_a_time: self.at_a_time,
                per_second: self.per_second,
                took: begun.elapsed(),
                stopped,
            },
        };
        *kept() = Some(self.prober);
        proofs
    }
}

/// What came of an attempt, for everything that it decides.
fn proven(planned: &Planned, mut tried: Tried) -> Vec<Proven> {
    let first = Also { control: planned.control, probe: planned.probe };
    let also = std::mem::take(&mut tried.also);
    std::iter::once((first, tried))
        .chain(planned.also.iter().copied().zip(also))
        .filter(|(of, tried)| inside::counts(of, &tried.outcome))
        .map(|(of, tried)| Proven {
            control: of.control,
            probe: of.probe,
            subject: planned.attempt.subject().clone(),
            verdict: tried.outcome.verdict,
            reason: tried.outcome.reason,
            needs: tried.outcome.needs,
            request: tried.request,
            reply: tried.reply,
            at: tried.at,
        })
        .collect()
}

/// The prober of the last run. It listens to signals, and what is between two runs must end by them as well: without a listener
/// they would be lost, since the program has asked for them.
fn kept() -> MutexGuard<'static, Option<Prober>> {
    static KEPT: Mutex<Option<Prober>> = Mutex::new(None);
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Plans and tries everything.
pub(crate) fn prove(
    cluster: &ClusterArgs,
    places: &Places<'_>,
    plan: &Plan,
    evidence: &Evidence<'_>,
    declared: Option<&Evidence<'_>>,
    show_progress: bool,
) -> Result<Proofs, CommandError> {
    let run = Run::plan(cluster, places, plan, evidence, declared)?;
    Ok(run.carry_out(&Progress::trying(show_progress)))
}

/// How a run of `prove` ends: by what was refuted alone, since what does not hold by the evidence is the matter of `scan`.
pub(crate) fn outcome(
    plan: &Plan,
    assessment: &Assessment<'_, '_>,
    require_complete: bool,
) -> crate::error::Outcome {
    use crate::error::Outcome;
    let open = assessment.proofs.as_ref().is_some_and(Proofs::leave_open);
    let stopped = assessment.proofs.as_ref().is_some_and(|proofs| proofs.run.stopped);
    match plan.threshold.is_refuted(assessment) {
        // What somebody ended early must not look like a clean run.
        _ if require_complete && open || stopped => Outcome::Incomplete,
        true => Outcome::Findings,
        false => Outcome::Clean,
    }
}

/// What somebody agreed to.
pub(crate) fn agreed(places: &Places<'_>) -> Result<Agreed, CommandError> {
    let mut agreed = Agreed { level: Consent::Read, named: BTreeSet::new() };
    for word in places.consent() {
        match word.split_once('=') {
            None if word == "read" => {}
            None if word == "canary" => agreed.level = agreed.level.max(Consent::Canary),
            Some(("disruptive", id)) => {
                let all = seaworthy_controls::catalogue::all();
                let mut disruptive = all.filter(|control| {
                    control.probes.iter().any(|probe| probe.consent == Consent::Disruptive)
                });
                if !disruptive.any(|control| control.id == id) {
                    return Err(CommandError::new(format!(
                        "`--consent {word}`: no control of this id has a disruptive probe"
                    ))
                    .hint("docs/proofs.md says what each control's probes need"));
                }
                agreed.level = Consent::Disruptive;
                agreed.named.insert(id.to_owned());
            }
            _ => {
                return Err(CommandError::new(format!("`--consent {word}` is no level")).hint(
                    "`read`, `canary`, or `disruptive=` and the id of a control, as `disruptive=etcd/backup-restorable`",
                ));
            }
        }
    }
    if !places.args.jobs.is_empty() && agreed.level < Consent::Canary {
        return Err(CommandError::new("`--job` makes objects, and nobody agreed to that")
            .hint("`--consent canary` agrees to the Job, and to pods in the namespaces that `--job` names"));
    }
    Ok(agreed)
}

/// Ten lower-case letters and digits that no other run has: the time and the process, mixed.
pub(crate) fn run_name() -> String {
    use std::hash::{BuildHasher, Hasher, RandomState};
    let mut number = RandomState::new().build_hasher().finish();
    let mut name = String::with_capacity(10);
    for _ in 0..10 {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        name.extend(char::from_digit(digit, 36));
        number /= 36;
    }
    name
}
