//! `rbac/escalation-paths`; prose and cases in `escalation_paths.md`.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_authorization::paths::{self, Goal, How, Path, Running, Terrain};
use seaworthy_authorization::powers::Powers;
use seaworthy_authorization::{Binding, Holder, Target};
use seaworthy_evidence::Place;
use seaworthy_podsecurity::{Check as PodCheck, Level, NamespacePolicy, failing_checks};
use seaworthy_probe::Attempt;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::openings::{FromOutside, Openings};
use crate::probe::{Ground, Probe};
use crate::rbac::review::{self, Inquiry, Question};
use crate::rbac::risky::RBAC;
use crate::rbac::{holders, undecided};
use crate::scope::{PodScope, Surroundings};
use crate::service_accounts::automount_token;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "rbac/escalation-paths",
    title: "No ordinary subject has a path to cluster-admin or node root",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::GRANTS,
    page: include_str!("escalation_paths.md"),
    mappings: Mappings {
        cis: &["5.1.8"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078", "T1098"],
        kubescape: &["C-0272", "C-0267"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::GRANTS),
        Check::Reads(closed_world::EVERY_POD),
        Check::Reads(closed_world::ACCOUNTS),
    ]),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects from which a path leads to cluster-admin or to root on a node have the \
     rights that it begins with, and whether a made-up user and made-up accounts have any like them",
    plan,
);

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let around = Surroundings { evidence: ground.evidence, settings: ground.settings };
    let access = ground.evidence.access();
    let policy = access.policy();
    let mut inquiry = Inquiry::default();
    let (terrain, _) = terrain(&around);
    for path in paths::paths(policy, &terrain) {
        let Some(binding) = policy.binding_of_source(path.source) else { continue };
        let Some(role) = policy.role_bound(binding) else { continue };
        let leads = policy.rules(role).map(|(_, rule)| rule).filter(|rule| !Powers::of_rule(rule).is_empty());
        for question in leads.filter_map(|rule| Question::of_rule(&rule, binding.place())) {
            inquiry.add(path.holder, question);
        }
    }
    let ordinary = [
        Question::new("create", "", "pods"),
        Question::new("create", "", "pods/exec"),
        Question::new("get", "", "secrets"),
        Question::new("create", "", "serviceaccounts/token"),
        Question::new("impersonate", "", "users"),
        Question::new("bind", RBAC, "clusterroles"),
        Question::new("escalate", RBAC, "clusterroles"),
        Question::new("create", "", "nodes/proxy"),
    ];
    inquiry.attempts(ground, &ordinary)
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let (evidence, access) = (around.evidence, around.evidence.access());
    let policy = access.policy();
    if policy.bindings().is_empty() {
        return Vec::new();
    }
    let (terrain, exposed) = terrain(around);
    let mut faults: FxHashMap<u32, Vec<Fault<'a>>> = FxHashMap::default();
    for path in paths::paths(policy, &terrain) {
        faults.entry(path.source).or_default().push(fault(&path, &exposed));
    }
    let mut roles_pass: FxHashMap<u32, Verdict<'a>> = FxHashMap::default();
    let judged = policy.bindings().iter().filter_map(|binding| {
        let object = evidence.objects().get(access.position(binding.source)? as usize)?;
        let verdict = match faults.remove(&binding.source) {
            Some(faults) => Verdict::Fail(faults),
            None => without_path(around, binding, &mut roles_pass),
        };
        Some(Judged { object, verdict })
    });
    judged.collect()
}

/// A binding from which no path starts.
fn without_path<'a>(
    around: &Surroundings<'_, 'a>,
    binding: &Binding<'a>,
    roles: &mut FxHashMap<u32, Verdict<'a>>,
) -> Verdict<'a> {
    let policy = around.evidence.access().policy();
    if binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let Some(role) = policy.role_bound(binding) else {
        let all = |kind, namespace| around.has_all(RBAC, kind, namespace);
        if binding.target == Target::Missing
            && all("ClusterRole", None)
            && (binding.cluster_wide || all("Role", binding.namespace))
        {
            return Verdict::NotApplicable;
        }
        let reason = match binding.target {
            Target::Several => "several roles bear the name of the one that is bound",
            _ => "the role that is bound is not among the files",
        };
        return Verdict::unknown(reason, "the role");
    };
    // Whoever may do everything is the matter of `rbac/cluster-admin`.
    if (binding.cluster_wide || binding.namespace == Some("kube-system")) && policy.is_full(role) {
        return Verdict::NotApplicable;
    }
    match roles.entry(role.number).or_insert_with(|| undecided::pass_of_rules(role.value)).clone() {
        Verdict::Pass => undecided::pass_of_binding(binding.value),
        other => other,
    }
}

/// What stands around the roles; and the accounts of pods that answer from outside.
fn terrain<'a>(around: &Surroundings<'_, 'a>) -> (Terrain<'a>, FxHashSet<(&'a str, &'a str)>) {
    let evidence = around.evidence;
    let mut terrain = Terrain::default();
    let mut closed = FxHashSet::default();
    for object in evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace")) {
        let Some(metadata) = object.metadata() else { continue };
        let (labels, invalid) = NamespacePolicy::from_labels(metadata);
        if labels.enforce.level == Level::Privileged && invalid.is_empty() {
            terrain.open.insert(object.name);
        } else {
            closed.insert(object.name);
        }
    }
    terrain.open.retain(|name| !closed.contains(name));
    let openings = Openings::new(evidence);
    let mut exposed = FxHashSet::default();
    for workload in evidence.workloads() {
        let owner = evidence.owner(workload);
        let Some(namespace) = owner.namespace else { continue };
        let scope = PodScope { workload, around: *around };
        let failed = failing_checks(&workload.pod, around.settings.version);
        let account = scope.service_account_name();
        let token = automount_token::has_token(&scope) == Some(true);
        if token && matches!(openings.reached_from_outside(workload), FromOutside::Through(_)) {
            exposed.insert((namespace, account));
        }
        terrain.pods.push(Running {
            namespace,
            account: token.then_some(account),
            on_node: failed.contains(PodCheck::Privileged),
        });
    }
    for secret in evidence.of_kind("Secret").filter(|object| object.is("", "Secret")) {
        let is_token = secret.value.get("type").and_then(|kind| kind.as_str())
            == Some("kubernetes.io/service-account-token");
        let account = secret.annotation("kubernetes.io/service-account.name").filter(|_| is_token);
        terrain.tokens.extend(secret.namespace.zip(account));
    }
    (terrain, exposed)
}

fn fault<'a>(path: &Path<'a>, exposed: &FxHashSet<(&'a str, &'a str)>) -> Fault<'a> {
    let mut message = tell(path);
    let why = match path.holder {
        Holder::Group(name) if name.starts_with("system:") => Some("everybody in this group can go it"),
        Holder::User("system:anonymous") => Some("nobody has to log in for it"),
        Holder::ServiceAccount { name: "default", .. } => Some("every pod that names no account can go it"),
        Holder::ServiceAccount { namespace: Some(namespace), name }
            if exposed.contains(&(namespace, name)) =>
        {
            Some("a pod of this account answers from outside")
        }
        _ => None,
    };
    if let Some(why) = why {
        message.push_str("; ");
        message.push_str(why);
    }
    let severity = if why.is_some() { Severity::Critical } else { Severity::High };
    let place = Place::at(path.subject.get("name").unwrap_or(path.subject));
    Fault::new(place, message).held_by(path.holder).graded(severity)
}

/// The path in words.
fn tell(path: &Path<'_>) -> String {
    let mut text = path.holder.to_string();
    let mut told = 0;
    for step in &path.steps {
        match *step {
            How::By(powers, place) => {
                text.push(' ');
                text.push_str(phrase(powers));
                if !of_cluster(powers) {
                    text.push(' ');
                    text.push_str(&holders::place(place));
                }
            }
            How::As(holder) => text.push_str(&format!(", there as {holder}, which")),
            How::There => continue,
            How::AsController => text.push_str(", there as a controller of `kube-system`"),
            How::ByPrivilegedPod => text.push_str(", where privileged pods are admitted"),
            How::ByPodOnNode => text.push_str(", where pods are privileged"),
        }
        told += 1;
        if told >= 12 {
            text.push_str(" …");
            break;
        }
    }
    text.push_str(match path.goal {
        Goal::ClusterAdmin => ": this leads to cluster-admin",
        Goal::NodeRoot => ": this leads to root on a node",
    });
    text
}

/// Whether the rights say where they hold.
fn of_cluster(powers: Powers) -> bool {
    powers.in_namespace().is_empty()
}

const PHRASES: &[(Powers, &str)] = &[
    (
        Powers::RUN_PODS.and(Powers::CREATE_VOLUMES).and(Powers::CLAIM),
        "may create volumes that are paths of nodes, and start pods with them",
    ),
    (Powers::RUN_PODS.and(Powers::CHANGE_NAMESPACES), "may change the Pod Security labels and start pods"),
    (
        Powers::ESCALATE_CLUSTER_ROLES.and(Powers::CHANGE_CLUSTER_ROLES),
        "may `escalate` and change `clusterroles`",
    ),
    (Powers::BIND.and(Powers::WRITE_CLUSTER_BINDINGS), "may `bind` `cluster-admin` to itself"),
    (Powers::BIND.and(Powers::WRITE_BINDINGS), "may `bind` `cluster-admin` to itself"),
    (Powers::ESCALATE_ROLES.and(Powers::CHANGE_ROLES), "may `escalate` and change `roles`"),
    (
        Powers::REQUEST.and(Powers::APPROVE).and(Powers::APPROVE_CLIENTS),
        "may request and approve certificates of any user",
    ),
    (
        Powers::CREATE_SECRETS.and(Powers::READ_SECRETS),
        "may create and read Secrets, and so tokens of any account,",
    ),
    (Powers::FULL, "may do everything"),
    (Powers::IMPERSONATE_USERS, "may act as any user"),
    (Powers::IMPERSONATE_ACCOUNTS, "may act as any account"),
    (Powers::KUBELET, "may run commands in all pods by `nodes/proxy`"),
    (Powers::MUTATE, "may change the pods of others by a mutating webhook"),
    (Powers::EXEC, "may run commands in pods"),
    (Powers::MINT, "may make tokens of any account"),
    (Powers::RUN_PODS, "may start pods or change what starts them"),
    (Powers::READ_SECRETS, "may read the tokens stored"),
];

fn phrase(powers: Powers) -> &'static str {
    PHRASES.iter().find(|(needed, _)| powers.has(*needed)).map_or("may go on", |(_, phrase)| phrase)
}
