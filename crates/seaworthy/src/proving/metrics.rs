//! Numbers for Prometheus: one gauge for each control, whatever the number of its subjects.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seaworthy_controls::{Assessment, Standing};
use seaworthy_probe::Verdict;
use seaworthy_server::Server;

use crate::error::CommandError;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfControl {
    control: &'static str,
    severity: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVerdict {
    control: &'static str,
    verdict: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStanding {
    standing: &'static str,
}

type Number = Gauge<f64, AtomicU64>;

/// What is measured, and who serves it.
pub(crate) struct Metrics {
    proved: Family<OfControl, Gauge>,
    subjects: Family<OfVerdict, Gauge>,
    controls: Family<OfStanding, Gauge>,
    last: Number,
    tried: Number,
    took: Number,
    requests: Gauge,
    turned: Counter,
    failures: Counter,
    _server: Server,
}

impl Metrics {
    /// Serves on an address.
    pub(crate) fn serve(address: SocketAddr, interval: Duration) -> Result<Metrics, CommandError> {
        let mut registry = Registry::with_prefix("seaworthy");
        let proved = Family::<OfControl, Gauge>::default();
        registry.register(
            "control_proved",
            "1 when all that was tried of a control was proved, 0 when something was refuted, -1 when it is not decided",
            proved.clone(),
        );
        let subjects = Family::<OfVerdict, Gauge>::default();
        registry.register(
            "control_attempts",
            "Attempts on a control, by what came of them",
            subjects.clone(),
        );
        let controls = Family::<OfStanding, Gauge>::default();
        registry.register("controls", "Controls by standing: declared and proved", controls.clone());
        let last = Number::default();
        registry.register(
            "prove_last_run_timestamp_seconds",
            "When a run ended that was carried out, in seconds since 1970",
            last.clone(),
        );
        let tried = Number::default();
        registry.register(
            "prove_last_attempt_timestamp_seconds",
            "When a run ended, carried out or not, in seconds since 1970",
            tried.clone(),
        );
        let took = Number::default();
        registry.register("prove_last_run_duration_seconds", "How long the last run took", took.clone());
        let requests = Gauge::default();
        registry.register("prove_last_run_requests", "Requests of probes in the last run", requests.clone());
        let turned = Counter::default();
        registry.register(
            "prove_turned",
            "Verdicts that were another than in the run before",
            turned.clone(),
        );
        let failures = Counter::default();
        registry.register("prove_failures", "Runs that could not be carried out", failures.clone());
        let every = Number::default();
        every.set(interval.as_secs_f64());
        registry.register("prove_interval_seconds", "Time between runs, as asked for", every);
        let server = Server::start(address, registry).map_err(|error| {
            CommandError::new(format!("cannot serve metrics on `{address}`: {error}"))
                .hint("name another address with `--metrics-addr`, as `127.0.0.1:9465`")
        })?;
        let _server = server;
        Ok(Metrics { proved, subjects, controls, last, tried, took, requests, turned, failures, _server })
    }

    /// Takes in a run.
    pub(crate) fn ran(&self, assessment: &Assessment<'_, '_>, took: Duration) {
        let standings = assessment.standings();
        for standing in &standings {
            let control = standing.control.id;
            let of = OfControl { control, severity: standing.severity.name() };
            let Some(verdict) = standing.tries.together() else {
                // What cannot be tried any more must not go on as proved.
                self.proved.remove(&of);
                for verdict in [Verdict::Proved, Verdict::Refuted, Verdict::Inconclusive] {
                    self.subjects.remove(&OfVerdict { control, verdict: verdict.name() });
                }
                continue;
            };
            self.proved.get_or_create(&of).set(match verdict {
                Verdict::Proved => 1,
                Verdict::Refuted => 0,
                Verdict::Inconclusive => -1,
            });
            let tries = standing.tries;
            for (verdict, number) in [
                (Verdict::Proved, tries.proved),
                (Verdict::Refuted, tries.refuted),
                (Verdict::Inconclusive, tries.inconclusive),
            ] {
                let of = OfVerdict { control, verdict: verdict.name() };
                self.subjects.get_or_create(&of).set(whole(number));
            }
        }
        for standing in Standing::ALL {
            let number = standings.iter().filter(|other| other.standing == standing).count();
            self.controls.get_or_create(&OfStanding { standing: standing.name() }).set(whole(number));
        }
        if let Some(proofs) = &assessment.proofs {
            self.requests.set(whole(proofs.run.requests));
        }
        self.took.set(took.as_secs_f64());
        self.last.set(now());
        self.tried.set(now());
    }

    /// So many verdicts are others than before.
    pub(crate) fn turned(&self, number: usize) {
        self.turned.inc_by(number as u64);
    }

    /// A run could not be carried out: what it would have said is not known.
    pub(crate) fn failed(&self) {
        self.failures.inc();
        self.tried.set(now());
    }
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64())
}
