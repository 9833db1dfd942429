//! `rbac/workload-privilege`; prose and cases in `workload_privilege.md`.

use rustc_hash::FxHashMap;
use seaworthy_authorization::powers::{OfRoles, Powers};
use seaworthy_authorization::{Holder, Place as Where};
use seaworthy_evidence::{Evidence, Object, Place};
use seaworthy_podsecurity::{Level, highest_level};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::openings::{FromOutside, Openings};
use crate::nearby::Locality;
use crate::rbac::undecided;
use crate::scope::{PodScope, Surroundings};
use crate::service_accounts::automount_token;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "rbac/workload-privilege",
    title: "No internet-facing or weakly confined pod mounts a powerful account",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::GRANTS,
    page: include_str!("workload_privilege.md"),
    mappings: Mappings {
        cis: &["5.1.6"],
        nsa: &["rbac"],
        attack: &["MS-TA9016", "T1528"],
        kubescape: &["C-0053", "C-0267", "C-0272"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::GRANTS),
        Check::Reads(closed_world::EVERY_POD),
        Check::Reads(closed_world::ACCOUNTS),
        Check::Reads(closed_world::ENTRIES),
    ]),
    guard: None,
    probes: &[],
};

/// What makes an account powerful, with the words for it. Half of a combination is not enough.
const POWERFUL: &[(Powers, &str)] = &[
    (Powers::FULL, "do everything"),
    (Powers::BIND, "bind `cluster-admin`"),
    (Powers::ESCALATE_CLUSTER_ROLES, "escalate `clusterroles`"),
    (Powers::ESCALATE_ROLES, "escalate `roles`"),
    (Powers::IMPERSONATE_USERS, "act as any user"),
    (Powers::IMPERSONATE_ACCOUNTS, "act as other accounts"),
    (Powers::APPROVE.and(Powers::APPROVE_CLIENTS), "approve certificates"),
    (Powers::MINT, "make tokens"),
    (Powers::KUBELET, "use `nodes/proxy`"),
    (Powers::EXEC, "run commands in pods"),
    (Powers::RUN_PODS, "start pods"),
    (Powers::MUTATE, "change pods on their way in"),
    (Powers::CREATE_VOLUMES, "create volumes of node paths"),
    (Powers::READ_SECRETS, "read Secrets"),
];

/// What an account, or a group of accounts, may do.
#[derive(Clone, Copy)]
struct Account<'a> {
    /// In the whole cluster, or in `kube-system`.
    cluster: Powers,
    /// In single namespaces.
    inside: Powers,
    /// The first of these namespaces, when it has a name.
    first: Option<&'a str>,
    /// Whether the files do not tell all of it.
    open: bool,
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let openings = Openings::new(evidence);
    let mut accounts = Accounts {
        evidence,
        powers: OfRoles::new(evidence.access().policy()),
        known: FxHashMap::default(),
        groups: FxHashMap::default(),
    };
    let judged = evidence.workloads().iter().map(|workload| {
        let scope = PodScope { workload, around: *around };
        let object = scope.owner();
        let account = accounts.of(object, scope.service_account_name());
        Judged { object, verdict: judge(&scope, &account, &openings) }
    });
    judged.collect()
}

fn judge<'a>(scope: &PodScope<'_, 'a>, account: &Account<'a>, openings: &Openings<'_, 'a>) -> Verdict<'a> {
    let token = automount_token::has_token(scope);
    let held = words(account);
    if token == Some(false) || held.is_none() && !account.open {
        return match scope.workload.refused {
            false => Verdict::Pass,
            true => Verdict::unknown(
                "the API server would refuse to decode this object",
                "the object with the fields named in the diagnostics corrected",
            ),
        };
    }
    let (pod, owner) = (scope.pod(), scope.owner());
    let outside = openings.reached_from_outside(scope.workload);
    let weak = highest_level(pod, scope.around.settings.version) == Level::Privileged;
    match outside {
        FromOutside::No if !weak => return Verdict::Pass,
        FromOutside::Undecided if !weak => {
            return Verdict::unknown(
                "whether the pod answers from outside is not decided by its Services",
                "the Services as they are in the cluster",
            );
        }
        _ => {}
    }
    let Some(held) = held else {
        return Verdict::unknown(
            "a binding names this account, and the files do not say what it grants here",
            "the role, and `metadata.namespace` of the workload",
        );
    };
    if token.is_none() {
        return Verdict::unknown(
            "the service account is not among the files, and it may turn the token off",
            "the service account as it is in the cluster",
        );
    }
    let mut reasons = Vec::new();
    if let FromOutside::Through(service) = outside {
        reasons.push(format!("answers from outside through the Service `{service}`"));
    }
    if weak {
        reasons.push("does not meet Pod Security `baseline`".to_owned());
    }
    let holder = Holder::ServiceAccount { namespace: owner.namespace, name: scope.service_account_name() };
    let message = format!("{holder} may {held}, and a pod that has its token {}", reasons.join(" and "));
    let spec = pod.spec();
    let place = match spec.get("serviceAccountName").or_else(|| spec.get("serviceAccount")) {
        Some(name) => Place::at(name),
        None => Place::missing(spec, "serviceAccountName"),
    };
    let whole = words_of(account.cluster).is_some();
    let severity =
        match (whole, matches!(outside, FromOutside::Through(_)) && account.cluster.has(Powers::FULL)) {
            (_, true) => Severity::Critical,
            (true, _) => Severity::High,
            (false, _) => Severity::Medium,
        };
    Verdict::fail(Fault::new(place, message).held_by(holder).graded(severity))
}

/// What an account may do and where: "read Secrets and start pods in every namespace".
fn words(account: &Account<'_>) -> Option<String> {
    let cluster = words_of(account.cluster).map(|words| format!("{words} in the whole cluster"));
    let inside = || {
        let words = words_of(account.inside)?;
        Some(match account.first {
            Some(namespace) => format!("{words} in `{namespace}`"),
            None => format!("{words} in its namespace"),
        })
    };
    cluster.or_else(inside)
}

/// The first few powers in words; nothing goes beyond "everything".
fn words_of(powers: Powers) -> Option<String> {
    let words: Vec<&str> =
        POWERFUL.iter().filter(|(needed, _)| powers.has(*needed)).map(|(_, words)| *words).collect();
    match words.as_slice() {
        [] => None,
        [one] => Some((*one).to_owned()),
        [everything, ..] if powers.has(Powers::FULL) => Some((*everything).to_owned()),
        [first, second] => Some(format!("{first} and {second}")),
        [first, second, third] => Some(format!("{first}, {second} and {third}")),
        [first, second, third, more @ ..] => {
            Some(format!("{first}, {second}, {third} and {} more", more.len()))
        }
    }
}

/// Namespace, the place where that is left open, and name.
type Key<'a> = (Option<&'a str>, Option<Locality<'a>>, &'a str);

/// Each account and each group is looked at once.
struct Accounts<'e, 'a> {
    evidence: &'e Evidence<'a>,
    powers: OfRoles<'e, 'a>,
    known: FxHashMap<Key<'a>, Account<'a>>,
    groups: FxHashMap<String, Account<'a>>,
}

impl<'e, 'a> Accounts<'e, 'a> {
    /// The account of a name that the pods of an object run as.
    fn of(&mut self, object: &Object<'a>, name: &'a str) -> Account<'a> {
        let namespace = object.namespace;
        let beside = namespace.is_none().then(|| Locality::of(self.evidence, object));
        let key = (namespace, beside, name);
        if let Some(account) = self.known.get(&key) {
            return *account;
        }
        let holder = Holder::ServiceAccount { namespace, name };
        let mut account = self.gather(&holder, beside);
        let named = namespace.is_none() && name != "default";
        account.open |= undecided::is_open(name) || named && self.evidence.bindings_of(name).next().is_some();
        let own = namespace.map(|namespace| format!("system:serviceaccounts:{namespace}"));
        let all = ["system:serviceaccounts", "system:authenticated"].map(str::to_owned);
        for group in own.into_iter().chain(all) {
            let given = match self.groups.get(&group) {
                Some(given) => *given,
                None => {
                    let given = self.gather(&Holder::Group(&group), None);
                    self.groups.insert(group, given);
                    given
                }
            };
            account.cluster = account.cluster.and(given.cluster);
            account.inside = account.inside.and(given.inside);
            account.first = account.first.or(given.first);
            account.open |= given.open;
        }
        self.known.insert(key, account);
        account
    }

    /// What bindings give to somebody, all or those beside something.
    fn gather(&mut self, holder: &Holder<'_>, beside: Option<Locality<'a>>) -> Account<'a> {
        let mut account = Account { cluster: Powers::NONE, inside: Powers::NONE, first: None, open: false };
        let access = self.evidence.access();
        let policy = access.policy();
        let object = |source| self.evidence.objects().get(access.position(source)? as usize);
        for (binding, _) in policy.bindings_of(holder) {
            let at = object(binding.source).map(|object| Locality::of(self.evidence, object));
            if beside.zip(at).is_some_and(|(beside, at)| !beside.meets(at)) {
                continue;
            }
            let Some(role) = policy.role_bound(binding) else {
                account.open = true;
                continue;
            };
            let given = self.powers.of(role.number);
            match binding.place() {
                Where::Cluster => account.cluster = account.cluster.and(given),
                Where::Namespace(Some("kube-system")) => {
                    account.cluster = account.cluster.and(given.in_namespace());
                }
                Where::Namespace(place) => {
                    account.first = account.first.or(place);
                    account.inside = account.inside.and(given.in_namespace());
                }
            }
        }
        account
    }
}
