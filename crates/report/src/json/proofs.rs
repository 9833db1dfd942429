//! What was tried on a live cluster, and where controls stand by it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use seaworthy_controls::{Assessment, ControlStanding, Declared, ProofRun, Proven, Standing, Tries};
use seaworthy_probe::Subject;
use serde::Serialize;

use crate::clean::{MESSAGE, NAME, PATH, clean};

/// How far a run went.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProvingView<'r> {
    run: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<Cow<'r, str>>,
    consent: &'static str,
    requests: usize,
    budget: usize,
    at_a_time: usize,
    per_second: u32,
    seconds: f64,
    proofs: TriesView,
    standings: BTreeMap<&'static str, usize>,
}

pub(super) fn proving<'r>(
    assessment: &'r Assessment<'_, '_>,
    standings: &[ControlStanding],
) -> Option<ProvingView<'r>> {
    let proofs = assessment.proofs.as_ref()?;
    let ProofRun { name, caller, consent, requests, budget, at_a_time, per_second, took, .. } = &proofs.run;
    let number = |standing: Standing| standings.iter().filter(|other| other.standing == standing).count();
    let mut sum = Tries::default();
    for standing in standings {
        sum.proved += standing.tries.proved;
        sum.refuted += standing.tries.refuted;
        sum.inconclusive += standing.tries.inconclusive;
    }
    Some(ProvingView {
        run: name,
        caller: caller.as_deref().map(|caller| clean(caller, NAME)),
        consent: consent.name(),
        requests: *requests,
        budget: *budget,
        at_a_time: *at_a_time,
        per_second: *per_second,
        seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        proofs: TriesView::from(sum),
        standings: Standing::ALL.into_iter().map(|standing| (standing.name(), number(standing))).collect(),
    })
}

#[derive(Serialize)]
struct TriesView {
    proved: usize,
    refuted: usize,
    inconclusive: usize,
}

impl From<Tries> for TriesView {
    fn from(Tries { proved, refuted, inconclusive }: Tries) -> TriesView {
        TriesView { proved, refuted, inconclusive }
    }
}

/// Where a control stands.
#[derive(Serialize)]
pub(super) struct StandingView {
    name: &'static str,
    declared: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    proofs: TriesView,
}

impl StandingView {
    pub(super) fn new(standing: &ControlStanding, assessment: &Assessment<'_, '_>) -> StandingView {
        let why = assessment.proofs.as_ref().and_then(|proofs| standing.why(proofs));
        StandingView {
            name: standing.standing.name(),
            declared: match standing.declared {
                Declared::Yes => "yes",
                Declared::No => "no",
                Declared::Unknown => "unknown",
                Declared::Nothing => "nothing",
            },
            why: why.map(|why| clean(&why, MESSAGE).into_owned()),
            proofs: standing.tries.into(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProofView<'r> {
    control: &'static str,
    probe: &'static str,
    subject: SubjectView<'r>,
    verdict: &'static str,
    standing: &'static str,
    reason: Cow<'r, str>,
    needs: Option<Cow<'r, str>>,
    request: Cow<'r, str>,
    reply: Cow<'r, str>,
    side_effect: String,
    at: &'r str,
}

#[derive(Serialize)]
struct SubjectView<'r> {
    kind: Cow<'r, str>,
    namespace: Option<Cow<'r, str>>,
    name: Cow<'r, str>,
}

impl<'r> ProofView<'r> {
    pub(super) fn new(proof: &'r Proven, assessment: &Assessment<'_, '_>) -> ProofView<'r> {
        let Subject { kind, namespace, name } = &proof.subject;
        ProofView {
            control: proof.control.id,
            probe: proof.probe.name,
            subject: SubjectView {
                kind: clean(kind, NAME),
                namespace: namespace.as_deref().map(|namespace| clean(namespace, NAME)),
                name: clean(name, NAME),
            },
            verdict: proof.verdict.name(),
            standing: assessment.standing_of(proof).name(),
            reason: clean(&proof.reason, MESSAGE),
            needs: proof.needs.as_deref().map(|needs| clean(needs, MESSAGE)),
            request: clean(&proof.request, PATH),
            reply: clean(&proof.reply, MESSAGE),
            side_effect: proof.probe.side_effect.to_string(),
            at: &proof.at,
        }
    }
}
