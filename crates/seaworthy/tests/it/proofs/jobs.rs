//! Jobs that `prove` starts in namespaces that somebody names, and pods that try network policies there: on real nodes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use serde_json::Value;

use super::in_pod::{IMAGE, nft, start};
use super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, prove, verdicts};

/// Two namespaces of different owners. The account `reader` may read Secrets, and nothing else; `quiet` gives its token to nobody.
const PLACES: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: sales}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {team: research}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: quiet, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secret-reader}
rules: [{apiGroups: [""], resources: [secrets], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: secret-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
subjects: [{kind: ServiceAccount, name: reader, namespace: shop}]
"#;

/// What is denied by default in `shop`, in both directions.
const POLICY: &str = r#"
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
"#;

const JOB: [&str; 5] = ["--consent", "canary", "--probe-image", IMAGE, "--job"];

/// The hardened profile, in which pods start without a registry.
fn hardened() -> Profile {
    Profile::hardened().with_flag("kube-apiserver", "enable-admission-plugins", "NodeRestriction")
}

fn prepared(profile: Profile) -> Option<Lab> {
    let lab = start(profile)?;
    lab.apply(PLACES).expect("objects");
    let deadline = Instant::now() + Duration::from_secs(30);
    for namespace in ["shop", "lab"] {
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        while lab.request("admin", "GET", &account).expect("an answer").status != 200 {
            assert!(Instant::now() < deadline, "{namespace} gets no account");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
    Some(lab)
}

fn tried(lab: &Lab, places: &str, select: &str) -> Value {
    prove(lab, &[&JOB[..], &[places, "--select", select]].concat())
}

fn list(lab: &Lab, path: &str) -> Vec<Value> {
    let answer = lab.request("admin", "GET", path).expect("an answer");
    let list: Value = serde_json::from_str(&answer.body).expect("JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

/// Everything that runs have made in namespaces that are not theirs is gone, the pods of Jobs within the time that the collector
/// of garbage takes.
fn nothing_is_left(lab: &Lab) {
    let deadline = Instant::now() + Duration::from_secs(60);
    for path in ["/apis/batch/v1/jobs", "/api/v1/namespaces/shop/pods", "/api/v1/namespaces/lab/pods"] {
        loop {
            let left = list(lab, path);
            if left.is_empty() {
                break;
            }
            assert!(Instant::now() < deadline, "{path}: {left:#?}");
            std::thread::sleep(Duration::from_millis(300));
        }
    }
}

const FROM_PLACES: &str =
    "pods,service-accounts,rbac,secrets/memory-backed,network/control-plane-reach,network/metadata-egress";

/// What holds of a pod of the insecure lab that asks for nothing: see `in_pod.rs` for why.
const INSECURE: &[Row] = &[
    ("service-accounts/automount-token#job", "shop/reader", REFUTED),
    ("service-accounts/token-binding#job", "shop/reader", REFUTED),
    ("rbac/secret-access#job", "shop/reader", INCONCLUSIVE),
    ("pods/capabilities-dropped#job", "shop/reader", REFUTED),
    ("pods/privilege-escalation#job", "shop/reader", REFUTED),
    ("pods/run-as-non-root#job", "shop/reader", REFUTED),
    ("pods/read-only-root-filesystem#job", "shop/reader", REFUTED),
    ("pods/user-namespaces#job", "shop/reader", REFUTED),
    ("secrets/memory-backed#job", "shop/reader", PROVED),
    ("network/control-plane-reach#job", "shop/reader", REFUTED),
    ("network/metadata-egress#job", "shop/reader", INCONCLUSIVE),
    ("service-accounts/automount-token#job", "shop/quiet", PROVED),
    ("service-accounts/token-binding#job", "shop/quiet", INCONCLUSIVE),
    // There is no such account: nothing is concluded.
    ("service-accounts/automount-token#job", "shop/nobody", INCONCLUSIVE),
    ("network/control-plane-reach#job", "shop/nobody", INCONCLUSIVE),
    ("service-accounts/automount-token#job", "nowhere/default", INCONCLUSIVE),
];

#[test]
fn a_job_finds_what_a_namespace_of_an_insecure_lab_leaves_open() {
    let Some(lab) = prepared(Profile::insecure()) else { return };
    let report = tried(&lab, "shop/reader,shop/quiet,shop/nobody,nowhere", FROM_PLACES);
    expect(&report, INSECURE);
    says_nothing(&report, "shop/reader", &["pods/privileged", "pods/host-path", "pods/runtime-socket"]);
    says_nothing(&report, "shop/quiet", &["rbac/secret-access", "rbac/cluster-admin"]);
    nothing_is_left(&lab);

    // The bridge of the lab knows nothing of policies: what is declared has no effect.
    lab.apply(POLICY).expect("a policy");
    let report = tried(&lab, "shop,lab", FLOWS);
    let rows: &[Row] = &[
        ("network/default-deny-ingress#pods", "shop", REFUTED),
        ("network/default-deny-egress#pods", "shop", REFUTED),
        ("network/namespace-isolation#pods", "shop", REFUTED),
        ("network/namespace-isolation#pods", "lab", REFUTED),
    ];
    expect(&report, rows);
    nothing_is_left(&lab);
}

/// A pod that did not ask for something proves nothing by not having it; one without a token has no rights to try.
fn says_nothing(report: &Value, place: &str, controls: &[&str]) {
    let verdicts = verdicts(report);
    for control in controls {
        let key = (format!("{control}#job"), place.to_owned());
        assert_eq!(verdicts.get(&key), None, "{control} of {place}");
    }
}

const FLOWS: &str = "network/default-deny-ingress,network/default-deny-egress,network/namespace-isolation";

#[test]
fn what_a_hardened_lab_keeps_from_a_namespace_is_proved_by_jobs_and_pods() {
    let Some(lab) = prepared(hardened()) else { return };
    let rows: &[Row] = &[
        ("service-accounts/automount-token#job", "shop/reader", REFUTED),
        ("service-accounts/token-binding#job", "shop/reader", PROVED),
        ("rbac/secret-access#job", "shop/reader", REFUTED),
        ("rbac/exec-access#job", "shop/reader", PROVED),
        ("rbac/cluster-admin#job", "shop/reader", PROVED),
        ("pods/read-only-root-filesystem#job", "shop/reader", REFUTED),
        ("network/control-plane-reach#job", "shop/reader", REFUTED),
        ("service-accounts/automount-token#job", "shop/quiet", PROVED),
    ];
    let report = tried(&lab, "shop/reader,shop/quiet", FROM_PLACES);
    expect(&report, rows);
    // Pod Security takes no pod that does not say so itself.
    let said = ["pods/capabilities-dropped", "pods/privilege-escalation", "pods/run-as-non-root"];
    says_nothing(&report, "shop/reader", &said);
    says_nothing(&report, "shop/quiet", &["rbac/secret-access"]);
    nothing_is_left(&lab);

    // Mutants: one thing turns, and its verdict with it.
    lab.remove(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: secret-reader}",
    )
    .expect("it goes");
    let report = tried(&lab, "shop/reader", "rbac/secret-access,rbac/cluster-admin");
    let rows: &[Row] = &[
        ("rbac/secret-access#job", "shop/reader", PROVED),
        ("rbac/cluster-admin#job", "shop/reader", PROVED),
    ];
    expect(&report, rows);

    // Without a policy everything connects; with one, and rules that stand for a plugin that enforces it, nothing does.
    lab.apply(POLICY).expect("a policy");
    let all: [(Enforced, &[Row]); 4] = [
        (
            Enforced { ingress: false, egress: false, everything: false },
            &[
                ("network/default-deny-ingress#pods", "shop", REFUTED),
                ("network/default-deny-egress#pods", "shop", REFUTED),
                ("network/namespace-isolation#pods", "shop", REFUTED),
            ],
        ),
        (
            Enforced { ingress: true, egress: false, everything: false },
            &[
                ("network/default-deny-ingress#pods", "shop", PROVED),
                ("network/default-deny-ingress#pods", "lab", REFUTED),
                ("network/default-deny-egress#pods", "shop", REFUTED),
                ("network/namespace-isolation#pods", "shop", PROVED),
                ("network/namespace-isolation#pods", "lab", REFUTED),
            ],
        ),
        (
            Enforced { ingress: false, egress: true, everything: false },
            &[
                ("network/default-deny-ingress#pods", "shop", REFUTED),
                ("network/default-deny-egress#pods", "shop", PROVED),
                ("network/default-deny-egress#pods", "lab", REFUTED),
                ("network/namespace-isolation#pods", "lab", PROVED),
            ],
        ),
        // No pod reaches any other: that is no policy of a namespace.
        (
            Enforced { ingress: true, egress: true, everything: true },
            &[
                ("network/default-deny-ingress#pods", "*", INCONCLUSIVE),
                ("network/default-deny-egress#pods", "*", INCONCLUSIVE),
                ("network/namespace-isolation#pods", "*", INCONCLUSIVE),
            ],
        ),
    ];
    for (enforced, rows) in all {
        enforced.during(&lab, || expect(&tried(&lab, "shop,lab", FLOWS), rows));
    }
    // Nobody named a namespace: nothing is started in any.
    let report = prove(&lab, &["--consent", "canary", "--probe-image", IMAGE, "--select", FLOWS]);
    expect(&report, &[("network/default-deny-ingress#pods", "namespaces", INCONCLUSIVE)]);
    nothing_is_left(&lab);
}

/// Which connections of pods in `shop` are dropped.
#[derive(Clone, Copy)]
struct Enforced {
    ingress: bool,
    egress: bool,
    /// Those of all pods, too.
    everything: bool,
}

impl Enforced {
    /// While something runs, rules follow the pods, as a network plugin does that keeps closed what it does not know yet: `free` are
    /// those of all namespaces but `shop`.
    fn during(self, lab: &Lab, run: impl FnOnce()) {
        let mut rules = vec!["add table bridge lab", "add set bridge lab free { type ipv4_addr; }"];
        rules.push("add chain bridge lab forward { type filter hook forward priority 0; policy accept; }");
        let all = [
            (self.ingress, "add rule bridge lab forward ip daddr != @free tcp dport 18080 drop"),
            (self.egress, "add rule bridge lab forward ip saddr != @free tcp dport 18080 drop"),
            (self.everything, "add rule bridge lab forward tcp dport 18080 drop"),
        ];
        rules.extend(all.into_iter().filter(|(wanted, _)| *wanted).map(|(_, rule)| rule));
        nft(lab, &rules.join("; "));
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut known = BTreeSet::new();
                while !done.load(Ordering::Relaxed) {
                    for pod in list(lab, "/api/v1/pods") {
                        let Some(address) = pod["status"]["podIP"].as_str() else { continue };
                        let change = match (pod["metadata"]["namespace"] == "shop", known.contains(address)) {
                            (false, false) if known.insert(address.to_owned()) => "add",
                            // Addresses are given again.
                            (true, true) if known.remove(address) => "delete",
                            _ => continue,
                        };
                        nft(lab, &format!("{change} element bridge lab free {{ {address} }}"));
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            });
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
            done.store(true, Ordering::Relaxed);
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        });
        nft(lab, "delete table bridge lab");
    }
}
