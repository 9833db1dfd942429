//! Probes by dry runs of pods that break one demand each, beside one that meets all of them.

use seaworthy_document::Value as Node;
use seaworthy_podsecurity::{Check, NamespacePolicy};
use seaworthy_probe::{Answers, Attempt, Consent, Outcome, Request, SideEffect, Step};
use serde_json::Value;

use super::admission::{self, Said, said_of};
use super::{Ground, Probe, Right};

/// The right to try pods.
pub(crate) const PODS: Right = Right { group: "", resource: "pods", verbs: &["create"] };

/// To be another user in one's own groups, which tells the caller's own exemption apart.
pub(crate) const SOMEBODY_ELSE: Right = Right { group: "", resource: "users", verbs: &["impersonate"] };

/// One demand, broken.
#[derive(Clone, Copy)]
pub(crate) struct Violation {
    /// The name of its step.
    pub(crate) name: &'static str,
    /// What the pod has, for people: "a privileged container".
    pub(crate) what: &'static str,
    /// The check of Pod Security that demands it.
    pub(crate) check: Check,
    /// How Pod Security names it, one of these.
    pub(crate) words: &'static [&'static str],
    /// Breaks it in the compliant pod.
    pub(crate) breaks: fn(&mut Value),
    /// Where the violation stands in a pod, as a JSON pointer: what is let in must still hold it.
    pub(crate) at: &'static str,
    /// What the API demands beside the violation, alone: whoever refuses this refuses not only the violation.
    pub(crate) beside: Option<Beside>,
    /// How the API server itself names it, when it refuses the violation of everybody.
    pub(crate) by_api: Option<&'static str>,
    /// Whether it stands for others, which Pod Security refuses as well, and of a policy nobody knows.
    pub(crate) is_sample: bool,
}

/// A pod that holds only what a violation cannot be without.
#[derive(Clone, Copy)]
pub(crate) struct Beside {
    pub(crate) name: &'static str,
    pub(crate) change: fn(&mut Value),
}

impl Violation {
    /// A violation that stands alone.
    pub(crate) const fn new(
        check: Check,
        what: &'static str,
        words: &'static [&'static str],
        at: &'static str,
        breaks: fn(&mut Value),
    ) -> Violation {
        Violation {
            name: "violating",
            what,
            check,
            words,
            breaks,
            at,
            beside: None,
            by_api: None,
            is_sample: false,
        }
    }

    /// One of several of one control.
    pub(crate) const fn named(self, name: &'static str) -> Violation {
        Violation { name, ..self }
    }

    /// With something that the API demands beside it.
    pub(crate) const fn beside(self, name: &'static str, change: fn(&mut Value)) -> Violation {
        Violation { beside: Some(Beside { name, change }), ..self }
    }

    /// One of many values that the control forbids.
    pub(crate) const fn sample(self) -> Violation {
        Violation { is_sample: true, ..self }
    }

    /// With the words of the API server's own validation.
    pub(crate) const fn by_api(self, words: &'static str) -> Violation {
        Violation { by_api: Some(words), ..self }
    }
}

/// The probe of a control whose violations Pod Security knows.
pub(crate) const fn probe(asks: &'static str, plan: fn(&Ground<'_, '_>) -> Vec<Attempt>) -> Probe {
    Probe {
        name: "dry-run",
        asks,
        proved_by: "403 by Pod Security that names the field, or a refusal by a policy or webhook that lets the other pod pass",
        refuted_by: "201: the pod would be stored as it is",
        not_fooled_by: "refusals for other reasons (no ServiceAccount, a quota, a missing right, another field), which are told by \
                        their words; a level that does not look at the field; an exemption of the caller by its name, which \
                        another user in its groups does not have; a webhook that takes the field away",
        positive_control: "a pod that meets every demand is let in by the same caller in the same namespace, or stopped by \
                           nothing but a quota, which is asked last",
        consent: Consent::Read,
        side_effect: SideEffect::AuditLine,
        rights: &[PODS, SOMEBODY_ELSE],
        plan,
    }
}

/// One attempt per namespace. Where the version of the cluster knows no such demand, nothing is tried.
pub(crate) fn attempts(ground: &Ground<'_, '_>, violations: &'static [Violation]) -> Vec<Attempt> {
    let version = ground.settings.version;
    if violations.iter().any(|violation| version < violation.check.since()) {
        return Vec::new();
    }
    admission::each_namespace(ground, true, |namespace| attempt(ground, namespace, violations))
}

fn attempt(ground: &Ground<'_, '_>, namespace: &str, violations: &'static [Violation]) -> Attempt {
    let request = |change: fn(&mut Value)| admission::dry_run_pod(namespace, &admission::changed_pod(change));
    let twin = admission::dry_run_pod(namespace, &admission::compliant_pod());
    let mut steps = vec![Step::control("compliant", twin, admission::admitted)];
    for violation in violations {
        if let Some(beside) = violation.beside {
            steps.push(Step::ask(beside.name, request(beside.change)));
        }
        steps.push(Step::ask(violation.name, request(violation.breaks)));
    }
    steps.extend(exemption(ground, namespace));
    let label = label(ground, namespace).map(|policy| policy.enforce.level);
    Attempt::new(admission::namespace_subject(namespace), steps, move |answers| {
        let mut proved = None;
        for violation in violations {
            match judge(answers, violation) {
                Ok(by) => proved = Some((violation, by)),
                Err(Judged::LetIn) if is_exempt(answers) => return exempt(violation.name),
                Err(Judged::LetIn) => {
                    let labelled = label.filter(|level| *level >= violation.check.level());
                    let reason = match labelled {
                        Some(level) => format!(
                            "a pod with {} is let in, though the namespace is labelled `{level}`: it is exempt, or Pod \
                             Security is off",
                            violation.what
                        ),
                        None => format!("a pod with {} is let in", violation.what),
                    };
                    return Outcome::refuted(violation.name, reason);
                }
                Err(Judged::Open(outcome)) => return outcome,
            }
        }
        match proved {
            Some((violation, by)) => {
                Outcome::proved(violation.name, format!("a pod with {} is refused by {by}", violation.what))
            }
            None => answers.inconclusive("compliant"),
        }
    })
}

/// What came of a violation that was not refused for what it is.
enum Judged {
    LetIn,
    Open(Outcome),
}

/// Who refuses a violation for what it is.
fn judge(answers: &Answers, violation: &Violation) -> Result<String, Judged> {
    let open = |reason: String| Err(Judged::Open(Outcome::inconclusive(violation.name, reason)));
    match said_of(answers, violation.name) {
        Said::Admitted(pod) => {
            let sent = admission::changed_pod(violation.breaks);
            if holds(sent.pointer(violation.at), pod.pointer(violation.at)) {
                Err(Judged::LetIn)
            } else {
                open(
                    "the pod is let in, but something took away on the way what it should not have"
                        .to_owned(),
                )
            }
        }
        Said::PodSecurity(list) if violation.words.iter().any(|word| list.contains(word)) => {
            Ok("Pod Security".to_owned())
        }
        Said::PodSecurity(_) => open("Pod Security refuses it for something else".to_owned()),
        Said::Policy(who) if violation.is_sample => {
            open(format!("{who} refuses {}; what else it refuses of the kind is not tried", violation.what))
        }
        Said::Policy(who) => match violation.beside.map(|beside| said_of(answers, beside.name)) {
            None | Some(Said::Admitted(_) | Said::Quota(_)) => Ok(who.to_string()),
            Some(_) => open(format!("{who} refuses more than that, so that nobody knows what it is about")),
        },
        Said::Invalid(message) if violation.by_api.is_some_and(|words| message.contains(words)) => {
            Ok("the API server itself, which knows no pod like that".to_owned())
        }
        Said::Quota(_) => Err(Judged::Open(
            Outcome::inconclusive(violation.name, "nothing but a quota that is used up refuses it")
                .needs("room in the ResourceQuota of the namespace"),
        )),
        Said::Invalid(_) | Said::Else => Err(Judged::Open(answers.inconclusive(violation.name))),
    }
}

/// Whether what was sent stands in what came back: maps may hold more, which the API server fills in.
fn holds(sent: Option<&Value>, came: Option<&Value>) -> bool {
    match (sent, came) {
        (None, None) => true,
        (Some(Value::Object(sent)), Some(Value::Object(came))) => {
            sent.iter().all(|(key, value)| holds(Some(value), came.get(key)))
        }
        (Some(Value::Array(sent)), Some(Value::Array(came))) => {
            sent.iter().all(|value| came.iter().any(|came| holds(Some(value), Some(came))))
        }
        (Some(sent), Some(came)) => sent == came,
        _ => false,
    }
}

/// A privileged pod by the caller and by another user: Pod Security exempts users by their names.
pub(crate) fn exemption(ground: &Ground<'_, '_>, namespace: &str) -> Vec<Step> {
    let privileged = privileged(namespace);
    let Some(other) = admission::by_somebody_else(ground, privileged.clone()) else { return Vec::new() };
    vec![Step::ask("privileged", privileged), Step::ask("privileged-by-another", other)]
}

/// The dry run of a privileged pod by the caller.
pub(crate) fn privileged(namespace: &str) -> Request {
    admission::dry_run_pod(namespace, &admission::changed_pod(make_privileged))
}

/// A privileged container. The API takes no `allowPrivilegeEscalation: false` beside it.
pub(crate) fn make_privileged(pod: &mut Value) {
    let context = admission::context(pod);
    admission::remove(context, "allowPrivilegeEscalation");
    context["privileged"] = true.into();
}

/// Whether the caller is let through where another user of its groups is not.
pub(crate) fn is_exempt(answers: &Answers) -> bool {
    matches!(said_of(answers, "privileged"), Said::Admitted(_))
        && matches!(said_of(answers, "privileged-by-another"), Said::PodSecurity(_))
}

fn exempt(step: &'static str) -> Outcome {
    Outcome::inconclusive(
        step,
        "Pod Security exempts the caller by its name, and refuses pods of another user",
    )
    .needs("a caller that Pod Security does not exempt")
}

/// What the labels of a namespace demand.
pub(crate) fn label(ground: &Ground<'_, '_>, namespace: &str) -> Option<NamespacePolicy> {
    let mut objects = ground.evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace"));
    let metadata: Node<'_> = objects.find(|object| object.name == namespace)?.metadata()?;
    Some(NamespacePolicy::from_labels(metadata).0)
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;
    use seaworthy_evidence::{Evidence, SourceFile};
    use seaworthy_podsecurity::{Level, Pod, failing_checks, highest_level};
    use seaworthy_probe::{Ask, StepRole};

    use super::*;
    use crate::control::Guard;
    use crate::probe::Given;
    use crate::scope::Settings;

    /// The crate `podsecurity` is compared with upstream: each pod fails the check that it is made for, and the other one passes.
    #[test]
    fn each_pod_breaks_what_it_is_made_for() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
        let files = [SourceFile::new("namespace.yaml", Stream::read(text))];
        let evidence = Evidence::new(&files);
        let settings = Settings::default();
        let given = Given::default();
        let ground = Ground {
            evidence: &evidence,
            settings: &settings,
            given: &given,
            run: "0123456789",
            caller: None,
            namespaces: &[],
        };
        let mut tried = 0;
        for control in crate::catalogue::all() {
            let Some(Guard::PodSecurity(check)) = control.guard else { continue };
            for attempt in control.probes.iter().flat_map(|probe| (probe.plan)(&ground)) {
                let mut broken = 0;
                for step in attempt.steps() {
                    let Ask::Http(ask) = &step.request.ask else { panic!("{}", step.request) };
                    let stream = Stream::read(ask.body.clone().unwrap_or_default());
                    let root = stream.documents().next().expect("a pod").root();
                    let pod = Pod::from_object(root).expect("a pod");
                    let failed = failing_checks(&pod, settings.version);
                    match step.role {
                        StepRole::Control(_) => {
                            assert_eq!(
                                highest_level(&pod, settings.version),
                                Level::Restricted,
                                "{}",
                                control.id
                            );
                        }
                        StepRole::Ask => broken += usize::from(failed.contains(check)),
                    }
                }
                let control = control.id;
                // In a user namespace, which the API demands beside it, the baseline check lets the field be.
                assert!(broken > 0, "nothing that {control} tries breaks its check");
                tried += 1;
            }
        }
        assert!(tried >= 18, "{tried} controls are tried");
    }
}
