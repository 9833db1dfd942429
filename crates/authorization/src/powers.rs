//! Rights that lead to other identities or to nodes, as a set: the edges of escalation.

use rustc_hash::FxHashMap;

use crate::policy::Policy;
use crate::rule::Rule;

/// A set of such rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Powers(u32);

macro_rules! powers {
    ($($(#[$doc:meta])* $name:ident = $bit:literal;)*) => {
        impl Powers {
            $($(#[$doc])* pub const $name: Powers = Powers(1 << $bit);)*
        }
    };
}

powers! {
    /// Every verb on every resource.
    FULL = 0;
    /// Start pods of one's own design: create pods, or create or change what creates them.
    RUN_PODS = 1;
    /// Run commands in pods that are there.
    EXEC = 2;
    /// Use the API of the kubelet, which runs commands in all pods of a node.
    KUBELET = 3;
    /// Make tokens of accounts.
    MINT = 4;
    /// Read Secrets.
    READ_SECRETS = 5;
    /// Create Secrets.
    CREATE_SECRETS = 6;
    /// Bind ClusterRoles without having their rights; `cluster-admin` is among them.
    BIND = 7;
    /// Write ClusterRoleBindings.
    WRITE_CLUSTER_BINDINGS = 8;
    /// Write RoleBindings.
    WRITE_BINDINGS = 9;
    /// Put rights that one does not have into ClusterRoles.
    ESCALATE_CLUSTER_ROLES = 10;
    /// Change ClusterRoles.
    CHANGE_CLUSTER_ROLES = 11;
    /// Put rights that one does not have into Roles.
    ESCALATE_ROLES = 12;
    /// Change Roles.
    CHANGE_ROLES = 13;
    /// Act as any user.
    IMPERSONATE_USERS = 14;
    /// Act as accounts.
    IMPERSONATE_ACCOUNTS = 15;
    /// Request certificates.
    REQUEST = 16;
    /// Approve requests for certificates, as far as the signer allows.
    APPROVE = 17;
    /// Approve for the signer of clients.
    APPROVE_CLIENTS = 18;
    /// Create PersistentVolumes, which may be paths of nodes.
    CREATE_VOLUMES = 19;
    /// Claim volumes.
    CLAIM = 20;
    /// Change namespaces and so their Pod Security labels.
    CHANGE_NAMESPACES = 21;
    /// Change the pods of others on their way in.
    MUTATE = 22;
}

/// What a right takes.
struct Grant {
    power: Powers,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
}

const fn grant(
    power: Powers,
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
) -> Grant {
    Grant { power, group, resource, verbs }
}

const RBAC: &str = "rbac.authorization.k8s.io";
const CERTIFICATES: &str = "certificates.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
/// To bring something of one's own.
const PUT: &[&str] = &["create", "update", "patch"];
const CHANGE: &[&str] = &["update", "patch"];
const CREATE: &[&str] = &["create"];

static GRANTS: &[Grant] = &[
    grant(Powers::RUN_PODS, "", "pods", CREATE),
    grant(Powers::RUN_PODS, "", "replicationcontrollers", PUT),
    grant(Powers::RUN_PODS, "apps", "deployments", PUT),
    grant(Powers::RUN_PODS, "apps", "daemonsets", PUT),
    grant(Powers::RUN_PODS, "apps", "statefulsets", PUT),
    grant(Powers::RUN_PODS, "apps", "replicasets", PUT),
    grant(Powers::RUN_PODS, "batch", "jobs", CREATE),
    grant(Powers::RUN_PODS, "batch", "cronjobs", PUT),
    grant(Powers::EXEC, "", "pods/exec", CREATE),
    grant(Powers::EXEC, "", "pods/attach", CREATE),
    grant(Powers::EXEC, "", "pods/ephemeralcontainers", CHANGE),
    grant(Powers::KUBELET, "", "nodes/proxy", &["get", "create"]),
    grant(Powers::MINT, "", "serviceaccounts/token", CREATE),
    grant(Powers::READ_SECRETS, "", "secrets", &["get", "list", "watch", "patch", "deletecollection"]),
    grant(Powers::CREATE_SECRETS, "", "secrets", CREATE),
    grant(Powers::BIND, RBAC, "clusterroles", &["bind"]),
    grant(Powers::WRITE_CLUSTER_BINDINGS, RBAC, "clusterrolebindings", PUT),
    grant(Powers::WRITE_BINDINGS, RBAC, "rolebindings", PUT),
    grant(Powers::ESCALATE_CLUSTER_ROLES, RBAC, "clusterroles", &["escalate"]),
    grant(Powers::CHANGE_CLUSTER_ROLES, RBAC, "clusterroles", CHANGE),
    grant(Powers::ESCALATE_ROLES, RBAC, "roles", &["escalate"]),
    grant(Powers::CHANGE_ROLES, RBAC, "roles", CHANGE),
    grant(Powers::IMPERSONATE_USERS, "", "users", &["impersonate"]),
    grant(Powers::IMPERSONATE_ACCOUNTS, "", "serviceaccounts", &["impersonate"]),
    grant(Powers::REQUEST, CERTIFICATES, "certificatesigningrequests", CREATE),
    grant(Powers::APPROVE, CERTIFICATES, "certificatesigningrequests/approval", CHANGE),
    grant(Powers::APPROVE_CLIENTS, CERTIFICATES, "signers", &["approve"]),
    grant(Powers::CREATE_VOLUMES, "", "persistentvolumes", CREATE),
    grant(Powers::CLAIM, "", "persistentvolumeclaims", CREATE),
    grant(Powers::CHANGE_NAMESPACES, "", "namespaces", CHANGE),
    grant(Powers::MUTATE, ADMISSION, "mutatingwebhookconfigurations", PUT),
];

/// Names that make a rule with `resourceNames` as strong as one without. Rules that name anything else are left out.
static NAMES: &[(Powers, &[&str])] = &[
    (Powers::BIND, &["cluster-admin"]),
    (Powers::APPROVE_CLIENTS, &["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"]),
];

/// Rights to objects of the cluster: a RoleBinding does not give them.
const OF_CLUSTER: Powers = Powers::KUBELET
    .and(Powers::WRITE_CLUSTER_BINDINGS)
    .and(Powers::ESCALATE_CLUSTER_ROLES)
    .and(Powers::CHANGE_CLUSTER_ROLES)
    .and(Powers::IMPERSONATE_USERS)
    .and(Powers::REQUEST)
    .and(Powers::APPROVE)
    .and(Powers::APPROVE_CLIENTS)
    .and(Powers::CREATE_VOLUMES)
    .and(Powers::MUTATE);

impl Powers {
    /// None of them.
    pub const NONE: Powers = Powers(0);

    /// All of both.
    pub const fn and(self, other: Powers) -> Powers {
        Powers(self.0 | other.0)
    }

    /// Whether all of some others are among these.
    pub const fn has(self, others: Powers) -> bool {
        self.0 & others.0 == others.0
    }

    /// Whether any of some others is among these.
    pub const fn has_any(self, others: Powers) -> bool {
        self.0 & others.0 != 0
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is left of these when a RoleBinding gives them.
    pub const fn in_namespace(self) -> Powers {
        Powers(self.0 & !OF_CLUSTER.0)
    }

    /// What a rule grants.
    pub fn of_rule(rule: &Rule<'_>) -> Powers {
        let full = if rule.is_full() { Powers::FULL } else { Powers::NONE };
        let granted = |grant: &&Grant| {
            let meant = || {
                let names = NAMES.iter().find(|(power, _)| *power == grant.power);
                names.is_some_and(|(_, names)| rule.names().any(|entry| names.contains(&entry.text)))
            };
            grant.verbs.iter().any(|verb| rule.allows(verb, grant.group, grant.resource).is_some())
                && (!rule.is_named() || meant())
        };
        GRANTS.iter().filter(granted).fold(full, |powers, grant| powers.and(grant.power))
    }
}

/// The powers of roles; each role is looked at once.
#[derive(Debug)]
pub struct OfRoles<'p, 'a> {
    policy: &'p Policy<'a>,
    known: FxHashMap<u32, Powers>,
}

impl<'p, 'a> OfRoles<'p, 'a> {
    /// Of the roles of a policy.
    pub fn new(policy: &'p Policy<'a>) -> OfRoles<'p, 'a> {
        OfRoles { policy, known: FxHashMap::default() }
    }

    /// Those of the role of a number; see [`Role::number`](crate::Role::number).
    pub fn of(&mut self, role: u32) -> Powers {
        let policy = self.policy;
        let find = || policy.role(role).map_or(Powers::NONE, |role| policy.powers(role));
        *self.known.entry(role).or_insert_with(find)
    }
}
