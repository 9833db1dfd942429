//! `admission/optional-plugins`; prose and cases in `optional_plugins.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, SideEffect};

use super::configuration::plugin_of;
use super::events;
use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags};
use crate::probe::{Ground, Probe, Right, admission as said_by, plugins, pod_security};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "admission/optional-plugins",
    title: "AlwaysPullImages and EventRateLimit are on where they fit",
    phase: Phase::NextStep,
    step: 6,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("optional_plugins.md"),
    mappings: Mappings {
        cis: &["1.2.9", "1.2.11"],
        nsa: &["resources"],
        attack: &["MS-TA9037", "MS-TA9040", "T1499"],
        kubescape: &["C-0121", "C-0123"],
        trivy: &["KCV-0010", "KCV-0012"],
        checkov: &["CKV_K8S_78", "CKV_K8S_80"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object { kinds: &[("eventratelimit.admission.k8s.io", "Configuration")], check: check_limits },
    ]),
    guard: None,
    probes: &[COUNTED, EVENTS, PULLED],
};

const COUNTED: Probe = Probe {
    name: "counted",
    asks: "The caller dry-runs a ConfigMap, and reads at `/metrics` whether EventRateLimit has judged requests",
    proved_by: "a counter that names the plugin: it is on. Whether its limits hold events back only real events tell: dry runs \
                are exempt",
    refuted_by: "counters of other plugins for creating and changing, and none of this one",
    not_fooled_by: "plugins that were not asked yet: the dry run asks all that judge new objects",
    positive_control: "the dry run is let in, and the metrics are those of an API server",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &plugins::RIGHTS,
    plan: plan_counted,
};

fn plan_counted(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    vec![plugins::counted(ground, "EventRateLimit")]
}

const EVENTS: Probe = Probe {
    name: "events",
    asks: "The caller makes events in a namespace of its own until one is refused: as many as the limits that are known ask for, \
           else 1000, and never more than 2000",
    proved_by: "429 `limit reached on type …` to one of them",
    refuted_by: "201 to all of them, where a known limit is passed, or the plugin has judged nothing",
    not_fooled_by: "dry runs, which the plugin lets pass; priority and fairness, whose 429 is worded otherwise; events that came too \
                    slowly to reach a limit: with fewer than 100 in a second nothing is refuted. Of several API servers each \
                    counts for itself",
    positive_control: "the first event is made, and the metrics are those of an API server",
    consent: Consent::Canary,
    side_effect: SideEffect::Events,
    rights: &[
        Right { group: "", resource: "namespaces", verbs: &["create", "delete", "get"] },
        Right { group: "", resource: "events", verbs: &["create", "delete", "get"] },
        Right::path("/metrics"),
    ],
    plan: plan_events,
};

fn plan_events(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    vec![events::attempt(ground)]
}

const PULLED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs a pod with `imagePullPolicy: IfNotPresent`",
    proved_by: "201, with `Always` in its place",
    refuted_by: "201, with `IfNotPresent`",
    not_fooled_by: "the default of the API server, which fills in only what is not stated",
    positive_control: "a pod with `Always` is let in by the same caller in the same namespace",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[pod_security::PODS],
    plan: plan_pulled,
};

fn plan_pulled(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = plugins::subject("AlwaysPullImages");
    vec![match said_by::namespace_for_pods(ground) {
        None => said_by::no_namespace_for_pods(subject),
        Some(namespace) => said_by::pulled(subject, namespace),
    }]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let Some(plugins) = Plugins::of(scope, &mut flags) else { return flags.verdict() };
    if !plugins.is_on("AlwaysPullImages") {
        flags.fault(Fault::new(
            plugins.place(),
            "`AlwaysPullImages` is not enabled: a pod may use a private image that another one brought to its node",
        ));
    }
    let Some(events) = plugins.enabled("EventRateLimit") else {
        flags.fault(Fault::new(
            plugins.place(),
            "`EventRateLimit` is not enabled: one namespace can fill etcd with events",
        ));
        return flags.verdict();
    };
    match flags.configuration("--admission-control-config-file", "AdmissionConfiguration") {
        Configuration::Found(file) if plugin_of(file.value, "EventRateLimit").is_none() => flags.fault(Fault::new(
            events,
            "`EventRateLimit` is enabled, but the admission configuration does not configure it",
        )),
        Configuration::None => flags.fault(Fault::new(
            events,
            "`EventRateLimit` is enabled without `--admission-control-config-file`: the server does not start",
        )),
        Configuration::Found(_) | Configuration::Open => {}
    }
    flags.verdict()
}

fn check_limits<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    match file.get("limits") {
        Some(limits) if limits.items().next().is_some() => Verdict::Pass,
        Some(limits) => {
            Verdict::fail(Fault::new(Place::at(limits), "`limits` is empty: no event is held back"))
        }
        None => Verdict::fail(Fault::new(
            Place::missing(file, "limits"),
            "`limits` is not set: no event is held back",
        )),
    }
}
