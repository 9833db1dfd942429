//! `prove --every`: everything is tried again and again, and what turned is told.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

use seaworthy_controls::{Assessment, Proofs};
use seaworthy_probe::Verdict;
use serde_json::json;

use super::history::{self, History, Record, Turn, Verdicts};
use super::metrics::Metrics;
use crate::cli::{Global, ProveArgs};
use crate::commands::prove::assessed;
use crate::error::{CommandError, Outcome};
use crate::output;
use crate::plan::Plan;

/// How far the time between runs differs from what was asked for, in hundredths: many that start together do not stay so.
const JITTER: u64 = 10;

/// Where it is told.
#[derive(Clone, Copy)]
enum Tell {
    Lines,
    Json,
}

/// What came of a run.
struct Round {
    cluster: String,
    record: Record,
    verdicts: Verdicts,
    outcome: Outcome,
    stopped: bool,
}

/// Proves until the program is ended, or so often as was asked for; then the last run decides the exit code.
///
/// # Errors
/// When the first run cannot be carried out, the history cannot be kept, or nobody reads what is printed any more.
pub(crate) fn run(
    args: &ProveArgs,
    mut plan: Plan,
    interval: Duration,
    _: &Global,
) -> Result<Outcome, CommandError> {
    let tell = match args.format.as_deref().unwrap_or("terminal") {
        "terminal" => Tell::Lines,
        "json" => Tell::Json,
        other => {
            return Err(CommandError::new(format!("proofs again and again cannot be printed as `{other}`"))
                .hint("`--format terminal` and `--format json` can; `--metrics-addr` serves numbers"));
        }
    };
    let history = History::new(args)?;
    let metrics =
        args.continuous.metrics_addr.map(|address| Metrics::serve(address, interval)).transpose()?;
    let mut made = 0;
    let mut outcome = Outcome::Clean;
    loop {
        let begun = Instant::now();
        match round(args, &mut plan, &history, metrics.as_ref()) {
            Ok(round) => {
                outcome = round.outcome;
                // What was cut off by a signal says nothing of the cluster.
                if round.stopped {
                    return Ok(outcome);
                }
                // What is told is kept already: whoever was told that something turned is told when it turns back, by the
                // next program as well.
                history.record(&round.cluster, &round.record, &round.verdicts)?;
                tell.round(&round)?;
            }
            // Before anything has worked, something is wrong with what was asked for.
            Err(error) if made == 0 => return Err(error),
            Err(error) => {
                output::message(&format_args!("{}  this run was not carried out: {error}", now()));
                metrics.iter().for_each(Metrics::failed);
            }
        }
        made += 1;
        if args.continuous.runs.is_some_and(|runs| made >= runs) {
            return Ok(outcome);
        }
        std::thread::sleep(jittered(interval, random()).saturating_sub(begun.elapsed()));
    }
}

fn round(
    args: &ProveArgs,
    plan: &mut Plan,
    history: &History,
    metrics: Option<&Metrics>,
) -> Result<Round, CommandError> {
    let begun = Instant::now();
    assessed(args, plan, |plan, assessment, input| {
        let cluster = input.names.first().cloned().unwrap_or_default();
        let verdicts = history::verdicts(assessment);
        let before = history.last(&cluster)?;
        let turns = history::turns(&before, &verdicts);
        let took = begun.elapsed();
        if let Some(metrics) = metrics {
            metrics.ran(assessment, took);
            // The first run of all turns nothing: there was nothing before.
            metrics.turned(if before.is_empty() { 0 } else { turns.len() });
        }
        let complete = args.require_complete.unwrap_or(plan.require_complete);
        Ok(Round {
            cluster,
            record: record(assessment, took, turns),
            verdicts,
            outcome: super::outcome(plan, assessment, complete),
            stopped: assessment.proofs.as_ref().is_some_and(|proofs| proofs.run.stopped),
        })
    })
}

fn record(assessment: &Assessment<'_, '_>, took: Duration, turns: Vec<Turn>) -> Record {
    let proofs = assessment.proofs.as_ref();
    let of = |verdict: Verdict| {
        let all = proofs.iter().flat_map(|proofs| &proofs.proofs);
        all.filter(|proof| proof.verdict == verdict).count()
    };
    Record {
        at: now(),
        run: proofs.map(|proofs: &Proofs| proofs.run.name.clone()).unwrap_or_default(),
        seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        requests: proofs.map_or(0, |proofs| proofs.run.requests),
        proved: of(Verdict::Proved),
        refuted: of(Verdict::Refuted),
        inconclusive: of(Verdict::Inconclusive),
        turned: turns.len(),
        turns,
    }
}

impl Tell {
    /// A run, and what turned in it.
    fn round(self, round: &Round) -> Result<(), CommandError> {
        let Record { at, proved, refuted, inconclusive, requests, seconds, turned, turns, .. } =
            &round.record;
        output::to_stdout(|out| match self {
            Tell::Json => {
                for turn in turns {
                    let mut line = json!(turn);
                    line["event"] = "turned".into();
                    line["at"] = at.as_str().into();
                    writeln!(out, "{line}")?;
                }
                let mut line = json!(round.record);
                line["event"] = "run".into();
                line["cluster"] = round.cluster.as_str().into();
                if let Some(line) = line.as_object_mut() {
                    line.remove("turns");
                }
                writeln!(out, "{line}")
            }
            Tell::Lines => {
                for turn in turns {
                    writeln!(out, "{at}  {}", history::line(turn))?;
                }
                writeln!(
                    out,
                    "{at}  {proved} proved, {refuted} refuted, {inconclusive} inconclusive; {turned} turned; \
                     {requests} requests in {seconds:.1} s"
                )
            }
        })
    }
}

/// The interval, a tenth longer or shorter at most.
fn jittered(interval: Duration, random: u64) -> Duration {
    let hundredths = 100 - JITTER + random % (2 * JITTER + 1);
    let seconds = interval.as_secs_f64() * hundredths as f64 / 100.0;
    Duration::try_from_secs_f64(seconds).unwrap_or(interval)
}

fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The time, as RFC 3339 in UTC.
fn now() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    seaworthy_policy::rfc3339(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_a_tenth_earlier_or_later_at_most() {
        let hour = Duration::from_secs(3600);
        let all: Vec<u64> = (0..1000).map(|random| jittered(hour, random).as_secs()).collect();
        assert_eq!(all.iter().min(), Some(&3240));
        assert_eq!(all.iter().max(), Some(&3960));
    }
}
