//! What a pod finds around itself: the probes of `prove --in-pod`. They stand together, and not with their controls, because all
//! judge the same few files of `/proc` and the same network from one place. What they say, they say of the pod that they run in.

pub(crate) mod job;
mod mounts;
mod network;
mod process;
mod rights;
#[cfg(test)]
mod tests;
mod token;

pub use job::counts;
pub(crate) use process::filters;

use std::path::PathBuf;

use seaworthy_probe::{Answers, Ask, Attempt, Consent, Endpoint, Request, SideEffect, Step, Subject, expect};

use super::{Planned, Probe, Right};
use crate::control::Control;

/// What is known of the pod before anything is tried.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Where `/proc` and the token are looked for: `/`.
    pub root: PathBuf,
    /// The pod.
    pub pod: Subject,
    /// Its namespace.
    pub namespace: String,
    /// The API server, as the environment tells it.
    pub api: Endpoint,
    /// Whether there is a token to speak to it with.
    pub has_account: bool,
    /// The kubelet of its node.
    pub node: Option<Endpoint>,
    /// Whether the address of the node is certain: told by the cluster or a person, and not the gateway of the pod.
    pub node_is_told: bool,
    /// Ports of the control plane that somebody gave.
    pub ports: Vec<Endpoint>,
    /// Addresses outside of the cluster that somebody gave.
    pub outside: Vec<Endpoint>,
    /// The cloud that the node is in, when somebody says so.
    pub cloud: Option<String>,
    /// Where something is mounted: host folders may hold sockets of the runtime.
    pub mount_points: Vec<String>,
}

impl Inside {
    fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    fn text(&self, path: &str) -> Request {
        Request::of_file(self.path(path), Ask::Text { most: 1 << 20 })
    }

    /// The positive control of what `/proc` tells: the state of our own process.
    fn status(&self) -> Step {
        Step::control("status", self.text("/proc/self/status"), expect_status)
    }

    /// The positive control of the network: a handshake with the API server.
    fn api_answers(&self) -> Step {
        Step::control("api-server", Request::of_port(&self.api, Ask::Certificates), expect::tls)
    }

    /// An attempt on this pod.
    fn attempt(
        &self,
        steps: Vec<Step>,
        judge: impl Fn(&Answers) -> seaworthy_probe::Outcome + Send + Sync + 'static,
    ) -> Attempt {
        Attempt::new(self.pod.clone(), steps, judge)
    }
}

fn expect_status(answer: &seaworthy_probe::Answer) -> Result<(), String> {
    match &answer.reply {
        seaworthy_probe::Reply::Lines(lines)
            if lines.iter().any(|line| line.starts_with("CapEff:"))
                && lines.iter().any(|line| line.starts_with("Uid:")) =>
        {
            Ok(())
        }
        _ => Err(format!("it is no state of a process ({})", answer.summary())),
    }
}

/// A probe that runs in a pod.
#[derive(Debug)]
pub struct InsideProbe {
    /// The control that it tries.
    pub control: &'static str,
    /// What is said of it. Its plan is empty: outside of a pod it has nothing to try.
    pub probe: Probe,
    /// The same, where a Job that `prove` starts tries it.
    pub by_job: Probe,
    /// Its attempts.
    pub attempts: fn(&Inside) -> Vec<Attempt>,
}

/// The texts of a probe, in the order of [`Probe`].
struct Texts {
    asks: &'static str,
    proved_by: &'static str,
    refuted_by: &'static str,
    not_fooled_by: &'static str,
    positive_control: &'static str,
}

impl Texts {
    const fn probe(
        &self,
        name: &'static str,
        consent: Consent,
        side_effect: SideEffect,
        rights: &'static [Right],
    ) -> Probe {
        Probe {
            name,
            asks: self.asks,
            proved_by: self.proved_by,
            refuted_by: self.refuted_by,
            not_fooled_by: self.not_fooled_by,
            positive_control: self.positive_control,
            consent,
            side_effect,
            rights,
            plan: |_| Vec::new(),
        }
    }
}

impl InsideProbe {
    const fn new(control: &'static str, texts: Texts, attempts: fn(&Inside) -> Vec<Attempt>) -> InsideProbe {
        InsideProbe {
            control,
            probe: texts.probe("inside", Consent::Read, SideEffect::None, &[]),
            by_job: texts.probe("job", Consent::Canary, job::SIDE_EFFECT, job::RIGHTS),
            attempts,
        }
    }

    const fn leaving(mut self, side_effect: SideEffect) -> InsideProbe {
        self.probe.side_effect = side_effect;
        self
    }
}

/// All of them.
pub fn probes() -> impl Iterator<Item = &'static InsideProbe> {
    [process::PROBES, mounts::PROBES, token::PROBES, rights::PROBES, network::PROBES].into_iter().flatten()
}

/// All attempts on some controls.
pub fn plan(controls: &[&'static Control], inside: &Inside) -> Vec<Planned> {
    let mut planned = Vec::new();
    for &control in controls {
        for probe in probes().filter(|probe| probe.control == control.id) {
            let attempts = (probe.attempts)(inside);
            planned.extend(attempts.into_iter().map(|attempt| Planned {
                control,
                probe: &probe.probe,
                attempt,
                also: Vec::new(),
            }));
        }
    }
    planned
}
