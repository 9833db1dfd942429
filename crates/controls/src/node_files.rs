//! Modes and owners that files of a node should have, by what they are for: one table for the controls that judge nodes
//! and for the benchmark, whose ids ask for the mode and the owner of each apart.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use seaworthy_evidence::{NodeFile, NodeReading, Place, Role};

use crate::control::Severity;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// What a file should be like.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) role: Role,
    /// The program that it belongs to; `None` for any.
    pub(crate) program: Option<&'static str>,
    /// The control that judges it.
    pub(crate) control: &'static str,
    /// The bits that its mode may have at most.
    pub(crate) mode: u32,
    pub(crate) owner: Owner,
    /// It holds credentials, or something as good: who reads it has more than reading.
    pub(crate) secret: bool,
    /// The ids of the benchmark for its mode and for its owner; empty where it has none.
    pub(crate) ids: (&'static str, &'static str),
}

/// Who should own a file, by number: a node need not know names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// User and group 0.
    Root,
    /// User 0, whatever the group: what the group may do, its bits say.
    RootUser,
    /// The user and group that etcd runs as. kubeadm runs it as root, which is as private.
    Etcd,
}

const CONTROL_PLANE: &str = "control-plane/file-permissions";
const ETCD: &str = "etcd/data-permissions";
const KUBELET: &str = "kubelet/file-permissions";
const KUBE_PROXY: &str = "kube-proxy/kubeconfig-permissions";
const CLIENT_CA: &str = "kubelet/client-ca";
const RUNTIME: &str = "container-runtime/socket-permissions";

const fn rule(
    role: Role,
    program: Option<&'static str>,
    control: &'static str,
    mode: u32,
    secret: bool,
    ids: (&'static str, &'static str),
) -> Rule {
    Rule { role, program, control, mode, owner: Owner::Root, secret, ids }
}

/// The first rule that fits a file counts: what names a program stands first.
pub(crate) static RULES: &[Rule] = &[
    rule(Role::StaticPodManifest, Some("kube-apiserver"), CONTROL_PLANE, 0o600, false, ("1.1.1", "1.1.2")),
    rule(
        Role::StaticPodManifest,
        Some("kube-controller-manager"),
        CONTROL_PLANE,
        0o600,
        false,
        ("1.1.3", "1.1.4"),
    ),
    rule(Role::StaticPodManifest, Some("kube-scheduler"), CONTROL_PLANE, 0o600, false, ("1.1.5", "1.1.6")),
    rule(Role::StaticPodManifest, Some("etcd"), CONTROL_PLANE, 0o600, false, ("1.1.7", "1.1.8")),
    rule(Role::StaticPodManifest, None, CONTROL_PLANE, 0o600, false, ("", "")),
    rule(Role::Cni, None, CONTROL_PLANE, 0o600, false, ("1.1.9", "1.1.10")),
    Rule { owner: Owner::Etcd, ..rule(Role::EtcdData, None, ETCD, 0o700, true, ("1.1.11", "1.1.12")) },
    rule(Role::AdminKubeconfig, None, CONTROL_PLANE, 0o600, true, ("1.1.13", "1.1.14")),
    rule(Role::Kubeconfig, Some("kube-scheduler"), CONTROL_PLANE, 0o600, true, ("1.1.15", "1.1.16")),
    rule(Role::Kubeconfig, Some("kube-controller-manager"), CONTROL_PLANE, 0o600, true, ("1.1.17", "1.1.18")),
    rule(Role::Kubeconfig, Some("kubelet"), KUBELET, 0o600, true, ("4.1.5", "4.1.6")),
    rule(Role::Kubeconfig, Some("kube-proxy"), KUBE_PROXY, 0o600, true, ("4.1.3", "4.1.4")),
    rule(Role::Kubeconfig, None, CONTROL_PLANE, 0o600, true, ("", "")),
    // What the kubelet keeps for itself is not in the folder of the control plane.
    rule(Role::PkiFolder, Some("kubelet"), KUBELET, 0o755, false, ("", "")),
    rule(Role::PkiCertificate, Some("kubelet"), KUBELET, 0o644, false, ("", "")),
    rule(Role::PkiKey, Some("kubelet"), KUBELET, 0o600, true, ("", "")),
    rule(Role::PkiFolder, None, CONTROL_PLANE, 0o755, false, ("", "1.1.19")),
    rule(Role::PkiCertificate, None, CONTROL_PLANE, 0o644, false, ("1.1.20", "1.1.19")),
    rule(Role::PkiKey, None, CONTROL_PLANE, 0o600, true, ("1.1.21", "1.1.19")),
    rule(Role::StaticPodFolder, None, CONTROL_PLANE, 0o755, false, ("", "")),
    rule(Role::TokenFile, None, CONTROL_PLANE, 0o600, true, ("", "")),
    rule(Role::DistributionConfiguration, None, CONTROL_PLANE, 0o600, true, ("", "")),
    rule(Role::ServiceUnit, None, CONTROL_PLANE, 0o644, false, ("", "")),
    rule(Role::KubeletUnit, None, KUBELET, 0o600, false, ("4.1.1", "4.1.2")),
    rule(Role::KubeletConfiguration, None, KUBELET, 0o600, false, ("4.1.9", "4.1.10")),
    rule(Role::ClientCa, None, CLIENT_CA, 0o644, false, ("4.1.7", "4.1.8")),
    rule(Role::KubeProxyConfiguration, None, KUBE_PROXY, 0o644, false, ("", "")),
    // The keys of encryption stand in such a file.
    rule(Role::ComponentConfiguration, None, CONTROL_PLANE, 0o600, true, ("", "")),
    Rule { owner: Owner::RootUser, ..rule(Role::RuntimeSocket, None, RUNTIME, 0o660, true, ("", "")) },
];

impl Rule {
    /// The rule for a file of a role and program, when there is one.
    fn of(role: Role, program: &str) -> Option<&'static Rule> {
        RULES.iter().find(|rule| rule.role == role && rule.program.is_none_or(|wanted| wanted == program))
    }

    /// Judges the mode; `most` are the bits that it may have.
    pub(crate) fn mode<'a>(&self, file: &NodeFile<'a>, most: u32) -> Answer<'a> {
        let Some(mode) = file.mode() else { return Answer::Open(self.unread(file)) };
        // What the table says of files that lie in a folder is nothing that the folder itself must meet: there, who may write counts.
        let most = if file.is_folder() && most & 0o111 == 0 { FOLDER } else { most };
        let excess = mode & !most & 0o777;
        if excess == 0 {
            return Answer::Holds;
        }
        let place = place(file, "mode");
        let path = file.path();
        let mut message =
            format!("`{path}` has mode {mode:03o}, at most {most:03o} is wanted: {}", who(excess));
        let severity = match file.closed_folder() {
            Some(folder) => {
                message.push_str(&format!("; nobody but its owner passes `{folder}`"));
                Some(Severity::Low)
            }
            None if self.secret || excess & 0o022 != 0 => None,
            None => Some(Severity::Medium),
        };
        let fault = Fault::new(place, message);
        Answer::Fault(match severity {
            Some(severity) => fault.graded(severity),
            None => fault,
        })
    }

    /// Judges the owner, in the light of the node.
    pub(crate) fn owner<'a>(&self, file: &NodeFile<'a>, node: &NodeReading<'a>) -> Answer<'a> {
        let (Some(uid), Some(gid)) = (file.uid(), file.gid()) else { return Answer::Open(self.unread(file)) };
        let (holds, wanted) = match self.owner {
            Owner::Root => (uid == 0 && gid == 0, "`root:root`"),
            Owner::RootUser => (uid == 0, "`root`"),
            Owner::Etcd => (is_of_etcd(file, node, uid, gid), "the user of etcd, or `root:root`"),
        };
        if holds {
            return Answer::Holds;
        }
        let named = |name: &'a str, number: i64| match name {
            "" => number.to_string(),
            name => format!("{name} ({number})"),
        };
        let (user, group) = (named(file.user(), uid), named(file.group(), gid));
        let message = format!("`{}` is owned by {user}, group {group}, not by {wanted}", file.path());
        let fault = Fault::new(place(file, "uid"), message);
        // The group alone changes nothing that the bits do not give it.
        Answer::Fault(if uid == 0 { fault.graded(Severity::Low) } else { fault })
    }

    /// Why nobody knows what a file is like.
    fn unread(&self, file: &NodeFile<'_>) -> Cow<'static, str> {
        match file.error() {
            Some(error) => format!("`{}` could not be looked at: {error}", file.path()).into(),
            None => format!("mode and owner of `{}` were not read", file.path()).into(),
        }
    }
}

/// The bits that a folder may have that stands for the files in it.
const FOLDER: u32 = 0o755;

/// What would tell of a file.
const NEEDS: &str = "`seaworthy scan --node` as root on the node";

/// The answer about one file.
#[derive(Debug)]
pub(crate) enum Answer<'a> {
    Holds,
    Fault(Fault<'a>),
    /// Nobody knows, and why.
    Open(Cow<'static, str>),
}

/// Answers about files, put together: what is surely wrong outweighs what is open, and without a file there is nothing to
/// say.
#[derive(Default)]
pub(crate) struct Answers<'a> {
    faults: Vec<Fault<'a>>,
    open: Option<Cow<'static, str>>,
    holds: bool,
}

impl<'a> Answers<'a> {
    pub(crate) fn add(&mut self, answer: Answer<'a>) {
        match answer {
            Answer::Holds => self.holds = true,
            Answer::Fault(fault) => self.faults.push(fault),
            Answer::Open(reason) => {
                self.open.get_or_insert(reason);
            }
        }
    }

    pub(crate) fn verdict(self) -> Verdict<'a> {
        match (self.faults.is_empty(), self.open, self.holds) {
            (false, _, _) => Verdict::Fail(self.faults),
            (true, Some(reason), _) => Verdict::unknown(reason, NEEDS),
            (true, None, true) => Verdict::Pass,
            (true, None, false) => Verdict::NotApplicable,
        }
    }
}

/// The verdict of a control about the files of one node. `most` replaces the bits that modes may have, for a parameter.
pub(crate) fn judge<'a>(
    scope: &ObjectScope<'_, 'a>,
    control: &str,
    most: impl Fn(&Rule) -> u32,
) -> Verdict<'a> {
    let Some(node) = NodeReading::of(scope.object) else { return Verdict::NotApplicable };
    let mut answers = Answers::default();
    for (file, rule) in present(&node).into_iter().filter(|(_, rule)| rule.control == control) {
        answers.add(rule.mode(&file, most(rule)));
        answers.add(rule.owner(&file, &node));
    }
    answers.verdict()
}

/// The verdict of an id of the benchmark about the files of one node.
pub(crate) fn judge_id<'a>(node: &NodeReading<'a>, id: &str) -> Verdict<'a> {
    let mut answers = Answers::default();
    for (file, rule) in present(node) {
        if rule.ids.0 == id {
            answers.add(rule.mode(&file, rule.mode));
        }
        if rule.ids.1 == id {
            answers.add(rule.owner(&file, node));
        }
    }
    answers.verdict()
}

/// The files that are there, with their rules. One that is missing is no breach. A file may serve several purposes, as the CA
/// of the cluster does for the API server and for the kubelet: then it has several rules.
pub(crate) fn present<'a>(node: &NodeReading<'a>) -> Vec<(NodeFile<'a>, &'static Rule)> {
    let mut uses: FxHashMap<&str, Vec<(Role, &str)>> = FxHashMap::default();
    for (path, role, program) in node.uses() {
        uses.entry(path).or_default().push((role, program));
    }
    // The folders of the control plane's PKI; the kubelet keeps one for itself.
    let folders: Vec<&str> = node
        .files()
        .filter(|file| file.role() == Some(Role::PkiFolder) && file.program() != "kubelet")
        .map(|file| file.path())
        .take(MANY)
        .collect();
    let is_within = |path: &str| {
        folders.iter().any(|folder| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
    };
    let mut found = Vec::new();
    for file in node.files().filter(|file| !file.is_missing()) {
        let mut rules: Vec<&'static Rule> = Vec::new();
        let own = file.role().map(|role| (role, file.program()));
        // What only a container sees has a role of its own, and is guarded by the container.
        let of_node = own.is_some();
        let named = uses.get(file.path()).filter(|_| of_node).into_iter().flatten().copied().take(MANY);
        let within = (file.role() == Some(Role::ClientCa) && is_within(file.path()))
            .then_some((Role::PkiCertificate, ""));
        for (role, program) in own.into_iter().chain(named).chain(within) {
            if let Some(rule) = Rule::of(role, program)
                && !rules.iter().any(|known| std::ptr::eq(*known, rule))
            {
                rules.push(rule);
            }
        }
        found.extend(rules.into_iter().map(|rule| (file, rule)));
    }
    found
}

/// Folders and uses that are looked at for one file.
const MANY: usize = 64;

fn place<'a>(file: &NodeFile<'a>, key: &str) -> Place<'a> {
    Place::at(file.value().get(key).unwrap_or(file.value()))
}

/// Who gets what by the bits that are too many.
fn who(excess: u32) -> String {
    let mut parts = Vec::new();
    for (shift, name) in [(6, "its owner"), (3, "its group"), (0, "everybody")] {
        let verbs: Vec<&str> = [(4, "read"), (2, "write"), (1, "execute")]
            .iter()
            .filter(|(bit, _)| excess >> shift & bit != 0)
            .map(|(_, verb)| *verb)
            .collect();
        if !verbs.is_empty() {
            parts.push(format!("{name} may {}", verbs.join(" and ")));
        }
    }
    parts.join(", ")
}

/// Whether the data of etcd belongs to etcd: by the name of the user where the node has one, or by the number of the user that
/// its process runs as.
fn is_of_etcd(file: &NodeFile<'_>, node: &NodeReading<'_>, uid: i64, gid: i64) -> bool {
    let by_process = node.processes().any(|process| {
        process.get("program").is_some_and(|program| program.text() == "etcd")
            && process.get("uid").and_then(|number| number.as_i64()) == Some(uid)
    });
    (uid == 0 && gid == 0) || (file.user() == "etcd" && file.group() == "etcd") || by_process
}
