//! Trying controls on a live cluster.

pub(crate) mod cleaning;
pub(crate) mod given;

use std::collections::BTreeSet;

use seaworthy_controls::probe::{Caller, Ground, Planned, plan};
use seaworthy_controls::{Control, Settings};
use seaworthy_evidence::Evidence;
use seaworthy_probe::{Attempt, Consent, Endpoint, Origin};
use seaworthy_prober::{Prober, ProberOptions, Tried, state_folder};

use crate::cluster_args::ClusterArgs;
use crate::error::CommandError;
use crate::live::cluster_error;
use crate::prove_args::ProbeArgs;

/// A run, before anything is tried.
pub(crate) struct Run {
    prober: Prober,
    pub(crate) planned: Vec<Planned>,
}

/// What has been agreed to.
struct Agreed {
    level: Consent,
    named: BTreeSet<String>,
}

impl Run {
    /// Connects, asks who we are, and plans what to try.
    pub(crate) fn plan(
        cluster: &ClusterArgs,
        probes: &ProbeArgs,
        controls: &[&'static Control],
        evidence: &Evidence<'_>,
        settings: &Settings,
    ) -> Result<Run, CommandError> {
        let agreed = agreed(&probes.consent)?;
        let mut given = given::given(probes)?;
        let mut options = cluster.options();
        options.request_timeout = probes.probe_time();
        let run = run_name();
        let prober = Prober::connect(ProberOptions {
            credentials: given::credentials(probes)?,
            run: run.clone(),
            at_a_time: usize::from(probes.at_a_time),
            budget: probes.budget,
            whole_time: probes.whole_time(),
            consent: agreed.level,
            state: probes.state.clone().or_else(state_folder),
            signals: true,
            cluster: options,
        })
        .map_err(cluster_error)?;
        given.has_caller_certificate = prober.has_certificate();
        given.api_server = prober.host().map(|(host, port)| Endpoint {
            host,
            port,
            origin: Origin::Given("the kubeconfig"),
        });
        let caller = prober.caller().map(|(user, groups)| Caller { user, groups });
        let ground = Ground {
            evidence,
            settings,
            given: &given,
            run: &run,
            caller: caller.as_ref(),
            namespaces: &cluster.namespace,
        };
        let planned = plan(controls, &ground, agreed.level, &agreed.named);
        Ok(Run { prober, planned })
    }

    /// Tries everything; what came of each stands in the order of the plan.
    pub(crate) fn carry_out(&self, progress: &dyn Fn(usize)) -> Vec<Tried> {
        let attempts: Vec<Attempt> = self.planned.iter().map(|planned| planned.attempt.clone()).collect();
        self.prober.carry_out(&attempts, progress)
    }
}

fn agreed(words: &[String]) -> Result<Agreed, CommandError> {
    let mut agreed = Agreed { level: Consent::Read, named: BTreeSet::new() };
    for word in words {
        match word.split_once('=') {
            None if word == "read" => {}
            None if word == "canary" => agreed.level = agreed.level.max(Consent::Canary),
            Some(("disruptive", control)) => {
                agreed.level = Consent::Disruptive;
                agreed.named.insert(control.to_owned());
            }
            _ => {
                return Err(CommandError::new(format!("`--consent {word}` is no level")).hint(
                    "`read`, `canary`, or `disruptive=` and the id of a control, as `disruptive=etcd/backup-restorable`",
                ));
            }
        }
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
