//! What was tried, sorted as all reports for people show it.

use seaworthy_controls::{Assessment, ControlStanding, Proofs, Proven, Standing};
use seaworthy_probe::Verdict;

use crate::clean::{MESSAGE, NAME, clean};
use crate::numbers::{count, grouped};

/// Controls and their attempts, by standing.
pub(crate) struct Sorted<'r> {
    pub(crate) proofs: &'r Proofs,
    standings: Vec<ControlStanding>,
}

/// Attempts that one thing would decide.
pub(crate) struct Undecided<'r> {
    /// A flag, a right, a level of consent.
    pub(crate) needs: &'r str,
    /// Each control with the number of its attempts.
    pub(crate) controls: Vec<(&'static str, usize)>,
    /// The first reason.
    pub(crate) reason: &'r str,
    pub(crate) attempts: usize,
}

impl<'r> Sorted<'r> {
    /// `None` when nothing was tried.
    pub(crate) fn new(assessment: &'r Assessment<'_, '_>) -> Option<Sorted<'r>> {
        let proofs = assessment.proofs.as_ref()?;
        let mut standings = assessment.standings();
        // The worst first; the order of the catalogue among equals.
        standings.sort_by_key(|standing| std::cmp::Reverse(standing.severity));
        Some(Sorted { proofs, standings })
    }

    /// The controls of a standing.
    pub(crate) fn of(&self, standing: Standing) -> impl Iterator<Item = &ControlStanding> {
        self.standings.iter().filter(move |other| other.standing == standing)
    }

    /// Controls that were refuted, the dangerous lie first.
    pub(crate) fn refuted(&self) -> impl Iterator<Item = (Standing, Vec<&ControlStanding>)> {
        Standing::ALL.into_iter().filter_map(|standing| {
            let controls: Vec<_> = self.of(standing).filter(|control| control.tries.refuted > 0).collect();
            (!controls.is_empty()).then_some((standing, controls))
        })
    }

    /// Controls of which all that was tried was proved, and drifted ones among them.
    pub(crate) fn proved(&self, standing: Standing) -> Vec<&ControlStanding> {
        self.of(standing).filter(|control| control.tries.together() == Some(Verdict::Proved)).collect()
    }

    /// Controls of which a part was proved and nothing refuted.
    pub(crate) fn in_part(&self) -> Vec<&ControlStanding> {
        let in_part = |standing: &&ControlStanding| {
            standing.tries.proved > 0 && standing.tries.together() == Some(Verdict::Inconclusive)
        };
        self.standings.iter().filter(in_part).collect()
    }

    /// Controls that no probe tries, and those that have a probe and nothing here to try it on.
    pub(crate) fn untried(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let untried = self.standings.iter().filter(|standing| standing.tries.is_empty());
        let (with, without): (Vec<_>, Vec<_>) =
            untried.map(|standing| standing.control).partition(|control| !control.probes.is_empty());
        let ids = |controls: Vec<&'static seaworthy_controls::Control>| {
            let mut ids: Vec<&str> = controls.into_iter().map(|control| control.id).collect();
            ids.sort_unstable();
            ids
        };
        (ids(without), ids(with))
    }

    /// The attempts on a control that came out in one way.
    pub(crate) fn attempts(&self, control: &'static str, verdict: Verdict) -> Vec<&'r Proven> {
        let of = |proof: &&Proven| proof.control.id == control && proof.verdict == verdict;
        self.proofs.proofs.iter().filter(of).collect()
    }

    /// Attempts that decided nothing, by what would: what decides most first.
    pub(crate) fn undecided(&self) -> Vec<Undecided<'r>> {
        let mut groups: Vec<Undecided<'r>> = Vec::new();
        for proof in self.proofs.proofs.iter().filter(|proof| proof.verdict == Verdict::Inconclusive) {
            let needs = needs(proof);
            // Where nothing would decide it, the reason is all there is to say.
            let same = |group: &&mut Undecided<'_>| {
                group.needs == needs && (!needs.is_empty() || group.reason == proof.reason)
            };
            let group = match groups.iter_mut().find(same) {
                Some(group) => group,
                None => {
                    groups.push(Undecided {
                        needs,
                        controls: Vec::new(),
                        reason: &proof.reason,
                        attempts: 0,
                    });
                    let last = groups.len() - 1;
                    &mut groups[last]
                }
            };
            group.attempts += 1;
            match group.controls.iter_mut().find(|(id, _)| *id == proof.control.id) {
                Some((_, attempts)) => *attempts += 1,
                None => group.controls.push((proof.control.id, 1)),
            }
        }
        // Flags come first: whoever reads this can give them at once.
        let rank = |needs: &str| (needs.is_empty(), !needs.starts_with("--"));
        groups.sort_by_key(|group| (rank(group.needs), std::cmp::Reverse(group.attempts)));
        groups
    }

    /// How far the run went, in a sentence.
    pub(crate) fn bounds(&self) -> String {
        let run = &self.proofs.run;
        let caller =
            run.caller.as_deref().map_or(String::new(), |caller| format!(" as {}", clean(caller, NAME)));
        format!(
            "{}{caller} with consent {}: {} of at most {}, {} at a time and {} a second at most, in {:.1} s",
            count(self.proofs.proofs.len(), "attempt"),
            run.consent.name(),
            count(run.requests, "request"),
            grouped(run.budget),
            run.at_a_time,
            run.per_second,
            run.took.as_secs_f64()
        )
    }

    /// Number of controls by what was seen of them: "2 refuted, 5 proved, 3 in part, 7 not decided".
    pub(crate) fn summary(&self) -> String {
        let number = |verdict| {
            self.standings.iter().filter(|standing| standing.tries.together() == Some(verdict)).count()
        };
        let in_part = self.in_part().len();
        let text = format!(
            "{} refuted, {} proved, {in_part} proved in part, {} not decided",
            count(number(Verdict::Refuted), "control"),
            number(Verdict::Proved),
            number(Verdict::Inconclusive) - in_part
        );
        text
    }
}

/// What would decide an attempt; empty when nobody knows.
pub(crate) fn needs(proof: &Proven) -> &str {
    match proof.needs.as_deref() {
        // Some write a flag as code, others do not: it is the same flag.
        Some(needs) => needs
            .strip_prefix('`')
            .and_then(|rest| rest.strip_suffix('`'))
            .filter(|rest| !rest.contains('`'))
            .unwrap_or(needs),
        // Whatever was cut off by a bound would be decided by a wider one.
        None if proof.reason.contains("raise `--budget`") => "--budget NUMBER",
        None if proof.reason.contains("raise `--timeout`") => "--timeout SECONDS",
        None => "",
    }
}

/// An attempt that decided, on two lines: what was seen, and by what request.
pub(crate) fn told(proof: &Proven) -> (String, String) {
    let subject = clean(&proof.subject.to_string(), 2 * NAME).into_owned();
    let reason = clean(&proof.reason, MESSAGE);
    let request = clean(&proof.request, MESSAGE);
    let reply = clean(&proof.reply, MESSAGE);
    let asked = match (request.is_empty(), reply.is_empty()) {
        (true, _) => String::new(),
        (false, true) => request.into_owned(),
        (false, false) => format!("{request} -> {reply}"),
    };
    (format!("{subject}: {reason}"), asked)
}
