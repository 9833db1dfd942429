//! What was tried on a live cluster, as the template wants it.

use std::borrow::Cow;

use seaworthy_controls::{Assessment, Proven, Standing, Status};
use seaworthy_probe::Verdict;

use crate::clean::{MESSAGE, NAME, clean};
use crate::proofs::{Sorted, told};

/// Most attempts in the table; the JSON report has them all.
const ATTEMPTS: usize = 500;

/// What was tried.
pub(super) struct Proofs {
    pub(super) summary: String,
    pub(super) bounds: String,
    pub(super) standings: Vec<StandingView>,
    pub(super) attempts: Vec<AttemptView>,
    /// Attempts that are not shown.
    pub(super) more: usize,
}

/// The controls of a standing.
pub(super) struct StandingView {
    pub(super) class: &'static str,
    pub(super) title: String,
    pub(super) meaning: &'static str,
    pub(super) controls: Vec<&'static str>,
}

/// An attempt.
pub(super) struct AttemptView {
    pub(super) class: &'static str,
    pub(super) verdict: &'static str,
    pub(super) control: &'static str,
    pub(super) probe: &'static str,
    pub(super) seen: String,
    pub(super) asked: String,
    pub(super) needs: Option<String>,
    pub(super) side_effect: String,
    pub(super) at: String,
}

pub(super) fn proofs(assessment: &Assessment<'_, '_>) -> Option<Proofs> {
    let sorted = Sorted::new(assessment)?;
    let standings = Standing::ALL.into_iter().map(|standing| StandingView {
        class: match standing {
            Standing::DeclaredOnly | Standing::Open => Status::Open.name(),
            Standing::Drifted => Status::Excepted.name(),
            Standing::Enforced | Standing::UndeclaredButEnforced => Status::Done.name(),
            Standing::NotProvable => Status::Unknown.name(),
        },
        title: standing.to_string(),
        meaning: standing.meaning(),
        controls: sorted.of(standing).map(|control| control.control.id).collect(),
    });
    let mut attempts: Vec<&Proven> = sorted.proofs.proofs.iter().collect();
    attempts.sort_by_key(|proof| match proof.verdict {
        Verdict::Refuted => 0,
        Verdict::Proved => 1,
        Verdict::Inconclusive => 2,
    });
    let more = attempts.len().saturating_sub(ATTEMPTS);
    Some(Proofs {
        summary: sorted.summary(),
        bounds: sorted.bounds(),
        standings: standings.filter(|standing| !standing.controls.is_empty()).collect(),
        attempts: attempts.into_iter().take(ATTEMPTS).map(AttemptView::new).collect(),
        more,
    })
}

impl AttemptView {
    fn new(proof: &Proven) -> AttemptView {
        let (seen, asked) = told(proof);
        AttemptView {
            class: match proof.verdict {
                Verdict::Proved => Status::Done.name(),
                Verdict::Refuted => Status::Open.name(),
                Verdict::Inconclusive => Status::Unknown.name(),
            },
            verdict: proof.verdict.name(),
            control: proof.control.id,
            probe: proof.probe.name,
            seen,
            asked,
            needs: proof.needs.as_deref().map(|needs| clean(needs, MESSAGE).into_owned()),
            side_effect: proof.probe.side_effect.to_string(),
            at: Cow::into_owned(clean(&proof.at, NAME)),
        }
    }
}
