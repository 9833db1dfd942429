//! `control-plane/config-drift`; prose and cases in `config_drift.md`.

use seaworthy_evidence::{Component, Evidence, Place, Program, Setting, Setup};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::drift::{is_hidden, judged, name_of, same};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "control-plane/config-drift",
    title: "Control-plane programs run with the flags that their sources state",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("config_drift.md"),
    mappings: Mappings { nsa: &["control-plane"], attack: &["T1562"], ..Mappings::NONE },
    check: Check::Evidence(check),
    guard: None,
    probes: &[],
};

/// What the program itself fills in or takes apart, so that its text is another one.
const OWN_WORDS: &[&str] = &["feature-gates", "runtime-config", "vmodule", "logging-format", "v"];

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let mut all = Vec::new();
    for component in evidence.components() {
        let runs = matches!(component.setup, Setup::Running | Setup::CommandLine)
            && !matches!(component.program, Program::Kubelet | Program::KubeProxy);
        let others: Vec<_> = component.outranked().iter().filter(|other| states_flags(other)).collect();
        // One source alone agrees with itself.
        if !runs || others.is_empty() {
            continue;
        }
        let faults = others.into_iter().flat_map(|other| compare(evidence, component, other)).collect();
        all.extend(judged(evidence, component, faults, Verdict::Pass));
    }
    all
}

fn states_flags(component: &Component<'_>) -> bool {
    matches!(component.setup, Setup::CommandLine | Setup::Kubeadm) && !component.flags().is_empty()
}

/// The flags of another source that are not in force.
fn compare<'a>(evidence: &Evidence<'a>, component: &Component<'a>, other: &Component<'a>) -> Vec<Fault<'a>> {
    let name = name_of(evidence, other);
    let mut seen: Vec<&str> = Vec::new();
    let mut faults = Vec::new();
    for flag in other.flags() {
        if seen.contains(&flag.name) || OWN_WORDS.iter().any(|name| flag.is(name)) {
            continue;
        }
        seen.push(flag.name);
        let all =
            |of: &Component<'a>| of.flag_items(flag.name).map(|(item, _)| item).collect::<Vec<_>>().join(",");
        // Of a flag that is no list the last one counts; of a list they add up.
        let last = other.flags().iter().rev().find(|last| last.is(flag.name)).map_or("", |last| last.value);
        if is_hidden(last) || is_hidden(flag.name) {
            continue;
        }
        match component.flag(flag.name) {
            Setting::Stated(stated) if is_hidden(stated.text()) => {}
            Setting::Stated(stated) => {
                if !same(stated.text(), last) && !same(&all(component), &all(other)) {
                    let message =
                        format!("`--{}={}` is in force, and {name} says `{last}`", flag.name, stated.text());
                    faults.push(Fault::new(Place::at(stated.at), message));
                }
            }
            // `/flagz` shows this default also where the flag states it.
            Setting::Default
                if component.tells_flags() && flag.is("anonymous-auth") && same(last, "true") => {}
            Setting::Default if !last.is_empty() => {
                let message = format!("`--{}` is not in force, and {name} says `{last}`", flag.name);
                faults.push(Fault::new(Place::at(component.settings()), message));
            }
            Setting::Default | Setting::Installed(_) | Setting::Unknown => {}
        }
    }
    faults
}
