//! `etcd/backup-restorable`; prose and cases in `backup_restorable.md`.

use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::etcd::{self, Prefix};
use crate::probe::{Ground, Probe, Right};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;
use seaworthy_probe::{
    Answer, Answers, Ask, Attempt, Certificate, Consent, EtcdPrograms, Identity, Outcome, Reply, Request,
    Restored, SideEffect, Step, Subject, expect,
};

pub(super) static CONTROL: Control = Control {
    id: "etcd/backup-restorable",
    title: "The etcd snapshot verifies and restores",
    phase: Phase::Research,
    step: 6,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster, Scope::Node],
    change: &change::BACKUPS,
    page: include_str!("backup_restorable.md"),
    mappings: Mappings { nsa: &["etcd"], attack: &["T1490"], ..Mappings::NONE },
    check: Check::Object { kinds: CLUSTER, check },
    guard: None,
    probes: &[NEWEST, FRESH],
};

const NEWEST: Probe = Probe {
    name: "newest",
    asks: "The newest file in the folder of `--etcd-backups` is copied into a private folder, restored there by `etcdutl`, and a \
           server that listens at a socket in that folder alone is started on it and asked for all keys",
    proved_by: "its checksum is right, the server starts, holds keys, and the namespace `kube-system` of this cluster is among \
                them. That the key of encryption is kept elsewhere as well is not seen",
    refuted_by: "a file that is cut off or changed: the checksum that `etcdctl snapshot save` writes at its end is missing or is \
                 that of something else",
    not_fooled_by: "a backup of another cluster, which has another `kube-system`; a program that fails, hangs or is of another \
                    version of etcd: that decides nothing",
    positive_control: "the folder is listed, and the API server tells the uid of `kube-system`",
    consent: Consent::Disruptive,
    side_effect: SIDE_EFFECT,
    rights: RIGHTS,
    plan: plan_newest,
};

const FRESH: Probe = Probe {
    name: "fresh",
    asks: "With `--etcd-cert`, a snapshot of the first member is taken by gRPC, restored in the same way, and all keys of both \
           servers are read at the revision of the snapshot",
    proved_by: "both hold the same keys with the same revisions and versions, `kube-system` of this cluster among them",
    refuted_by: "a snapshot whose checksum is wrong, or other keys",
    not_fooled_by: "the etcd of another cluster, which has another `kube-system`; keys that were written meanwhile: both are read \
                    at one revision",
    positive_control: "the port accepts connections, and the API server tells the uid of `kube-system`",
    consent: Consent::Disruptive,
    side_effect: SIDE_EFFECT,
    rights: RIGHTS,
    plan: plan_fresh,
};

const SIDE_EFFECT: SideEffect = SideEffect::Files(
    "a copy of everything that etcd holds, in a private folder beside the ledger, and a server on it for some seconds",
);

const RIGHTS: &[Right] = &[Right { group: "", resource: "namespaces", verbs: &["get"] }];

/// Most bytes of a snapshot; etcd advises against more than 8 GiB.
const MOST: u64 = 16 << 30;

/// Where Kubernetes keeps what no two clusters share.
const WITNESS: &str = "/registry/namespaces/kube-system";

fn plan_newest(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = || Subject::cluster("etcd backups");
    let Some(folder) = &ground.given.etcd_backups else {
        if ground.evidence.is_managed() {
            return Vec::new();
        }
        return vec![Attempt::cannot(
            subject(),
            "where the backups of etcd lie is not known",
            "`--etcd-backups FOLDER`",
        )];
    };
    let Some(programs) = &ground.given.etcd_programs else { return vec![without_programs(subject())] };
    let steps = vec![
        Step::control("listed", Request::of_file(folder, Ask::Listing), listed),
        kube_system(),
        Step::ask("restored", Request::of_file(folder, restore(programs, false))),
    ];
    let attempt = Attempt::new(subject(), steps, |answers| judge(answers, "restored"));
    vec![attempt.otherwise_needs(
        "a folder by `--etcd-backups` that can be listed, and the right to `get` `kube-system`",
    )]
}

fn plan_fresh(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(endpoint) = ground.given.etcd.first() else { return etcd::nowhere(ground, etcd::FOR_READING) };
    let subject = etcd::subject(endpoint);
    let Some(programs) = &ground.given.etcd_programs else { return vec![without_programs(subject)] };
    let own = Identity::Certificate(Certificate::Etcd);
    let taken = |tls| Request::of_port(endpoint, restore(programs, tls));
    let steps = vec![
        Step::control("port", Request::of_port(endpoint, Ask::Connect), expect::connected),
        kube_system(),
        Step::ask("restored", taken(true).by(own)),
        // Some etcds want no certificate.
        Step::ask("restored-plain", taken(false)),
    ];
    let attempt = Attempt::new(subject, steps, |answers| {
        let decides = |step| matches!(answers.reply(step), Some(Reply::Restored(_) | Reply::Damaged(_)));
        judge(answers, if decides("restored-plain") { "restored-plain" } else { "restored" })
    });
    vec![
        attempt.otherwise_needs(
            "the first `--etcd` to listen, and the right to `get` the namespace `kube-system`",
        ),
    ]
}

fn without_programs(subject: Subject) -> Attempt {
    let needs =
        "`--etcd-programs FOLDER`, which holds `etcd` and `etcdutl` of a release of etcd, or both in `PATH`";
    Attempt::cannot(subject, "there are no programs that restore a snapshot", needs)
}

fn restore(programs: &EtcdPrograms, tls: bool) -> Ask {
    Ask::EtcdRestore { tls, programs: programs.clone(), witness: WITNESS.to_owned(), most: MOST }
}

fn kube_system() -> Step {
    let request = Request::get("/api/v1/namespaces/kube-system").by(Identity::Caller);
    Step::control("kube-system", request, |answer| match uid(answer) {
        Some(_) => Ok(()),
        None => Err(answer.summary()),
    })
}

fn uid(answer: &Answer) -> Option<String> {
    let answer = answer.json().filter(|_| answer.status() == Some(200))?;
    let uid = answer.pointer("/metadata/uid")?.as_str()?;
    // It is looked for among bytes: one that is too short would be found anywhere.
    (uid.len() >= 16).then(|| uid.to_owned())
}

fn listed(answer: &Answer) -> Result<(), String> {
    match answer.reply {
        Reply::Files(_) => Ok(()),
        _ => Err(answer.summary()),
    }
}

fn judge(answers: &Answers, step: &'static str) -> Outcome {
    let restored = match answers.reply(step) {
        Some(Reply::Restored(restored)) => restored,
        Some(Reply::Damaged(why)) => {
            return Outcome::refuted(step, format!("the snapshot cannot be restored: {why}"));
        }
        Some(Reply::Absent) => {
            return Outcome::inconclusive(step, "the folder holds no snapshot")
                .needs("what `etcd/backup-present` says");
        }
        Some(Reply::Nonsense(why)) => {
            return Outcome::inconclusive(step, why.clone()).needs("the snapshot as etcd writes it");
        }
        Some(Reply::NotAsked(why)) => {
            return Outcome::inconclusive(step, why.clone()).needs(
                "another run, with `--etcd-programs` of the version of etcd that made the snapshot, and a longer `--timeout`",
            );
        }
        _ => {
            let needs = "`--etcd-cert` and `--etcd-key` (and `--etcd-ca`) that etcd knows";
            return answers.inconclusive(step).needs(needs);
        }
    };
    let uid = answers.get("kube-system").and_then(uid).unwrap_or_default();
    match witness(restored, &uid) {
        Ok(()) => {}
        Err(outcome) => return outcome(step),
    }
    let Restored { file, revision, keys, source, .. } = &**restored;
    let what = match file {
        Some(file) => format!("`{file}`"),
        None => "a snapshot taken now".to_owned(),
    };
    let read = format!("{what} was restored and read back: {} keys at revision {revision}", keys.count);
    match source {
        None => Outcome::proved(step, read),
        Some(Ok(source)) if source == keys => {
            Outcome::proved(step, format!("{read}, the same as in etcd itself"))
        }
        Some(Ok(source)) => {
            Outcome::refuted(step, format!("{read}; etcd itself holds other ones, {}", source.count))
        }
        Some(Err(why)) => Outcome::inconclusive(
            step,
            format!("{read}, which could not be compared with those of etcd ({why})"),
        ),
    }
}

/// Whether what was restored is of this cluster; with what follows otherwise.
fn witness(restored: &Restored, uid: &str) -> Result<(), fn(&'static str) -> Outcome> {
    let holds = |value: &[u8]| !uid.is_empty() && value.windows(uid.len()).any(|part| part == uid.as_bytes());
    match &restored.witness {
        None => Err(|step| {
            Outcome::inconclusive(
                step,
                "the snapshot restores, but `kube-system` is not where Kubernetes keeps it",
            )
            .needs("a backup of this cluster's etcd, without another `--etcd-prefix`")
        }),
        Some(value) if Prefix::of(value).is_some() => Err(|step| {
            Outcome::inconclusive(
                step,
                "the snapshot restores, but whose it is is not seen: namespaces are encrypted",
            )
            .needs("a look whether an API server starts on it")
        }),
        Some(value) if holds(value) => Ok(()),
        Some(_) => Err(|step| {
            Outcome::inconclusive(step, "the snapshot restores, and is of another cluster")
                .needs("a backup of this cluster's etcd")
        }),
    }
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    // The provider runs it, and shows nothing of it.
    if scope.around.evidence.is_managed() {
        return Verdict::NotApplicable;
    }
    Verdict::unknown(
        "that a snapshot can be restored shows only when one is",
        "`etcdutl snapshot status` of the newest snapshot, and a restore into an empty folder whose keys are counted",
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Keyspace, Reply, Restored, Verdict};

    use super::judge;

    const UID: &str = "0d1f7e2c-3c52-4f2e-9d9b-6f6bb2b7a001";

    fn judged(reply: Reply) -> Verdict {
        let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
        let body = format!(r#"{{"kind": "Namespace", "metadata": {{"uid": "{UID}"}}}}"#).into_bytes();
        let api = Reply::Http { status: 200, headers: Vec::new(), body, cut: false, tls: None };
        judge(&Answers(vec![("kube-system", answer(api)), ("restored", answer(reply))]), "restored").verdict
    }

    fn restored(witness: Option<&[u8]>, source: Option<Result<Keyspace, String>>) -> Verdict {
        let keys = Keyspace { count: 7, digest: [1; 32] };
        let witness = witness.map(<[u8]>::to_vec);
        let restored = Restored { file: None, size: 1, revision: 9, keys, source, witness };
        judged(Reply::Restored(Box::new(restored)))
    }

    #[test]
    fn only_the_same_keys_of_this_cluster_prove() {
        let own = format!("k8s\0..{UID}..");
        let own = Some(own.as_bytes());
        let source = |count, byte| Some(Ok(Keyspace { count, digest: [byte; 32] }));
        assert_eq!(restored(own, None), Verdict::Proved);
        assert_eq!(restored(own, source(7, 1)), Verdict::Proved);
        assert_eq!(restored(own, source(7, 2)), Verdict::Refuted);
        assert_eq!(restored(own, source(8, 2)), Verdict::Refuted);
        assert_eq!(restored(own, Some(Err("compacted".to_owned()))), Verdict::Inconclusive);
        for other in [None, Some(&b"k8s\0..another-uid.."[..]), Some(b"k8s:enc:aesgcm:v1:k:\x01\x02")] {
            assert_eq!(restored(other, None), Verdict::Inconclusive, "{other:?}");
            assert_eq!(restored(other, source(7, 1)), Verdict::Inconclusive, "{other:?}");
        }
    }

    #[test]
    fn damage_refutes_and_failures_do_not() {
        assert_eq!(judged(Reply::Damaged("x".to_owned())), Verdict::Refuted);
        for other in [
            Reply::Absent,
            Reply::Nonsense("packed".to_owned()),
            Reply::NotAsked("`etcdutl` does not restore".to_owned()),
            Reply::Silent("nothing".to_owned()),
            Reply::Refused("TLS alert CertificateRequired".to_owned()),
        ] {
            assert_eq!(judged(other.clone()), Verdict::Inconclusive, "{other:?}");
        }
    }
}
