//! From controls to attempts.

use std::collections::BTreeSet;

use seaworthy_probe::{Attempt, Consent, Subject};

use super::inside::job;
use super::{Ground, Probe};
use crate::control::Control;

/// A try of a control, ready to be made.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The control.
    pub control: &'static Control,
    /// Which of its probes.
    pub probe: &'static Probe,
    /// The try.
    pub attempt: Attempt,
    /// What the same try decides beside that, in the order of [`Attempt::also`].
    pub also: Vec<Also>,
}

/// Something else that an attempt decides.
#[derive(Clone, Copy, Debug)]
pub struct Also {
    /// The control.
    pub control: &'static Control,
    /// Which of its probes.
    pub probe: &'static Probe,
}

/// All attempts on some controls, in the order of the controls. What nobody consented to is not planned further than to say
/// so: `named` holds the controls whose disruptive probes may run.
pub fn plan(
    controls: &[&'static Control],
    ground: &Ground<'_, '_>,
    consent: Consent,
    named: &BTreeSet<String>,
) -> Vec<Planned> {
    let mut planned = Vec::new();
    for &control in controls {
        for probe in control.probes {
            let attempts = match probe.consent {
                Consent::Disruptive if !named.contains(control.id) => {
                    vec![refused(format!("--consent disruptive={}", control.id))]
                }
                Consent::Canary if consent < Consent::Canary => {
                    vec![refused("--consent canary".to_owned())]
                }
                _ => (probe.plan)(ground),
            };
            planned.extend(attempts.into_iter().map(|attempt| Planned {
                control,
                probe,
                attempt,
                also: Vec::new(),
            }));
        }
    }
    planned.extend(job::plan(controls, ground, consent));
    planned
}

fn refused(flag: String) -> Attempt {
    Attempt::cannot(Subject::cluster("cluster"), "nobody consented to this probe", flag)
}
