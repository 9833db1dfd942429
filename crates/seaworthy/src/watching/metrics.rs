//! Numbers for Prometheus: one gauge for each control and state.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use seaworthy_controls::{Assessment, Severity};
use seaworthy_server::Server;

use crate::error::CommandError;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfControl {
    control: &'static str,
    phase: &'static str,
    severity: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSeverity {
    severity: &'static str,
}

/// What is measured, and who serves it.
pub(crate) struct Metrics {
    subjects: Family<OfControl, Gauge>,
    findings: Family<OfSeverity, Gauge>,
    texts: Gauge,
    judged: Gauge<f64, AtomicU64>,
    took: Gauge<f64, AtomicU64>,
    failures: Counter,
    _server: Server,
}

impl Metrics {
    /// Serves on an address.
    pub(crate) fn serve(address: SocketAddr) -> Result<Metrics, CommandError> {
        let mut registry = Registry::with_prefix("seaworthy");
        let subjects = Family::<OfControl, Gauge>::default();
        registry.register("control_subjects", "Subjects of a control, by their verdict", subjects.clone());
        let findings = Family::<OfSeverity, Gauge>::default();
        registry.register("findings", "Open findings", findings.clone());
        let texts = Gauge::default();
        registry.register("objects", "Objects among the evidence", texts.clone());
        let judged = Gauge::<f64, AtomicU64>::default();
        let name = "last_evaluation_timestamp_seconds";
        registry.register(name, "When everything was judged last, in seconds since 1970", judged.clone());
        let took = Gauge::<f64, AtomicU64>::default();
        let name = "last_evaluation_duration_seconds";
        registry.register(name, "How long that took", took.clone());
        let failures = Counter::default();
        registry.register("watch_failures", "Watches and gatherings that broke", failures.clone());
        let server = Server::start(address, registry).map_err(|error| {
            CommandError::new(format!("cannot serve metrics on `{address}`: {error}"))
                .hint("name another address with `--metrics-addr`, as `127.0.0.1:9464`")
        })?;
        Ok(Metrics { subjects, findings, texts, judged, took, failures, _server: server })
    }

    /// Takes in an evaluation of everything.
    pub(crate) fn judged(&self, assessment: &Assessment<'_, '_>, took: Duration) {
        for result in &assessment.controls {
            let counts = &result.counts;
            let states = [
                ("pass", counts.pass),
                ("fail", counts.fail),
                ("known", counts.known),
                ("excepted", counts.excepted),
                ("unknown", counts.unknown),
                ("not-applicable", counts.not_applicable),
            ];
            for (state, count) in states {
                let of = OfControl {
                    control: result.control.id,
                    phase: result.control.phase.name(),
                    severity: result.control.severity.name(),
                    state,
                };
                self.subjects.get_or_create(&of).set(i64::from(count));
            }
        }
        for severity in Severity::ALL {
            let open = assessment.open().filter(|finding| finding.severity == severity).count();
            let of = OfSeverity { severity: severity.name() };
            self.findings.get_or_create(&of).set(i64::try_from(open).unwrap_or(i64::MAX));
        }
        self.texts.set(i64::try_from(assessment.evidence.files().len()).unwrap_or(i64::MAX));
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |now| now.as_secs_f64());
        self.judged.set(now);
        self.took.set(took.as_secs_f64());
    }

    /// Something broke.
    pub(crate) fn failed(&self) {
        self.failures.inc();
    }
}
