//! What `/proc/self` says of our own process.

use seaworthy_probe::{Ask, Attempt, Outcome, Reply, Request, SideEffect, Step};

use super::{Inside, InsideProbe, Texts};
use crate::probe::inside::mounts::{Mount, mounts};

const STATUS: &str = "the program reads `/proc/self/status`";
const IS_STATUS: &str = "the file holds the user and the capabilities of a process";
const OWN: &str = "nothing: the kernel says it of the process that asks";

pub(super) const PROBES: &[InsideProbe] = &[
    InsideProbe::new(
        "pods/capabilities-added",
        Texts {
            asks: STATUS,
            proved_by: "the bounding set holds no capability beyond those that runtimes give by default",
            refuted_by: "it holds another one, or one is effective",
            not_fooled_by: "a user without rights: the bounding set is what any program in the container can ever get",
            positive_control: IS_STATUS,
        },
        |inside| of_status(inside, capabilities_added),
    ),
    InsideProbe::new(
        "pods/capabilities-dropped",
        Texts {
            asks: STATUS,
            proved_by: "the bounding set is empty but for `NET_BIND_SERVICE`",
            refuted_by: "it holds anything else",
            not_fooled_by: "a user without rights: the bounding set is what any program in the container can ever get",
            positive_control: IS_STATUS,
        },
        |inside| of_status(inside, capabilities_dropped),
    ),
    InsideProbe::new(
        "pods/privilege-escalation",
        Texts {
            asks: STATUS,
            proved_by: "`NoNewPrivs` is 1",
            refuted_by: "`NoNewPrivs` is 0",
            not_fooled_by: OWN,
            positive_control: IS_STATUS,
        },
        |inside| of_status(inside, no_new_privileges),
    ),
    InsideProbe::new(
        "pods/run-as-non-root",
        Texts {
            asks: STATUS,
            proved_by: "no user id of the process is 0",
            refuted_by: "one is 0",
            not_fooled_by: "a user namespace: 0 counts as root there too",
            positive_control: IS_STATUS,
        },
        |inside| of_status(inside, non_root),
    ),
    InsideProbe::new(
        "pods/seccomp-unconfined",
        Texts {
            asks: STATUS,
            proved_by: "`Seccomp` is 2: a filter is in force",
            refuted_by: "`Seccomp` is 0",
            not_fooled_by: "a node that is itself a container and hands its filter down is not told apart: `kubelet/seccomp-default` counts filters",
            positive_control: IS_STATUS,
        },
        |inside| of_status(inside, seccomp),
    ),
    InsideProbe::new(
        "pods/privileged",
        Texts {
            asks: "the program reads its capabilities, and how `/sys` and `/proc/sys` are mounted",
            proved_by: "`SYS_ADMIN` is out of reach, and `/sys` and `/proc/sys` are read-only",
            refuted_by: "`SYS_ADMIN` is within reach, and `/proc/sys` may be written",
            not_fooled_by: "a node that lacks capabilities itself: all three signs must agree",
            positive_control: IS_STATUS,
        },
        privileged,
    ),
    InsideProbe::new(
        "pods/proc-mount",
        Texts {
            asks: "the program reads its mounts",
            proved_by: "parts of `/proc` are masked or read-only",
            refuted_by: "nothing is mounted over `/proc`",
            not_fooled_by: OWN,
            positive_control: IS_STATUS,
        },
        proc_mount,
    ),
    InsideProbe::new(
        "pods/read-only-root-filesystem",
        Texts {
            asks: "the program makes a file in `/`, and reads how `/` is mounted",
            proved_by: "the kernel says that the file system is read-only",
            refuted_by: "the file is made, or `/` is mounted for writing",
            not_fooled_by: "a user who may not write in `/`: then the mount decides",
            positive_control: "the mount of `/` is listed",
        },
        root_file_system,
    )
    .leaving(SideEffect::Files("a file in `/` of the container")),
    InsideProbe::new("pods/mac-profile", CONFINED, |inside| {
        confinement(inside, "no module of the kernel confines the process")
    }),
    InsideProbe::new("container-runtime/mandatory-access-control", CONFINED, |inside| {
        confinement(inside, "no module of the node's kernel does mandatory access control")
    }),
    InsideProbe::new(
        "pods/user-namespaces",
        Texts {
            asks: "the program reads `/proc/self/uid_map`",
            proved_by: "ids are mapped as the kubelet maps them: 0 to a multiple of 65536",
            refuted_by: "all ids are mapped to themselves",
            not_fooled_by: "a node in a user namespace of its own, whose map is another one",
            positive_control: IS_STATUS,
        },
        user_namespaces,
    ),
    InsideProbe::new(
        "pods/host-namespaces",
        Texts {
            asks: "the program looks at processes, listening ports and `/dev/shm`",
            proved_by: "process 1 is that of the container, the node's address is not ours, and `/dev/shm` is the pod's",
            refuted_by: "programs of the node are visible, or its kubelet listens in our network",
            not_fooled_by: "a node in a container, whose process 1 is no program of the kernel",
            positive_control: IS_STATUS,
        },
        host_namespaces,
    ),
    InsideProbe::new(
        "secrets/as-files",
        Texts {
            asks: "the program reads the names of its variables, never their values",
            proved_by: "nothing: a name does not tell what is in a variable",
            refuted_by: "a variable is named like a credential",
            not_fooled_by: "variables that name a file or that the kubelet sets for Services",
            positive_control: IS_STATUS,
        },
        variables,
    ),
];

const CONFINED: Texts = Texts {
    asks: "the program reads `/proc/self/attr/current`",
    proved_by: "the process is confined by an enforced profile of AppArmor or a type of SELinux for containers",
    refuted_by: "it is unconfined, the profile only complains, or the kernel has no such module",
    not_fooled_by: "a profile in `complain` mode, and types such as `spc_t` that confine nothing",
    positive_control: IS_STATUS,
};

/// What a judge of one line of the state says.
type OfStatus = fn(&Status<'_>) -> Outcome;

fn of_status(inside: &Inside, judge: OfStatus) -> Vec<Attempt> {
    // The same question is a positive control and what is asked: what it holds is judged.
    let steps = vec![inside.status()];
    vec![inside.attempt(steps, move |answers| judge(&Status { lines: answers.lines("status") }))]
}

/// `/proc/self/status`.
pub(super) struct Status<'l> {
    pub(super) lines: &'l [String],
}

impl Status<'_> {
    fn field(&self, name: &str) -> Option<&str> {
        let value = self.lines.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.map(str::trim)
    }

    fn capabilities(&self, set: &str) -> Option<u64> {
        u64::from_str_radix(self.field(set)?, 16).ok()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.field(name)?.parse().ok()
    }

    fn absent(name: &str) -> Outcome {
        Outcome::inconclusive("status", format!("the kernel does not tell `{name}`"))
    }
}

/// Names of capabilities by their number (`capability.h` of Linux 6).
const CAPABILITIES: [&str; 41] = [
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_ADMIN",
    "NET_RAW",
    "IPC_LOCK",
    "IPC_OWNER",
    "SYS_MODULE",
    "SYS_RAWIO",
    "SYS_CHROOT",
    "SYS_PTRACE",
    "SYS_PACCT",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_NICE",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "MKNOD",
    "LEASE",
    "AUDIT_WRITE",
    "AUDIT_CONTROL",
    "SETFCAP",
    "MAC_OVERRIDE",
    "MAC_ADMIN",
    "SYSLOG",
    "WAKE_ALARM",
    "BLOCK_SUSPEND",
    "AUDIT_READ",
    "PERFMON",
    "BPF",
    "CHECKPOINT_RESTORE",
];

/// What containerd, CRI-O and Docker give to every container.
const BY_DEFAULT: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

fn names(set: u64, but: &[&str]) -> Vec<String> {
    (0..64)
        .filter(|bit| set & (1 << bit) != 0)
        .map(|bit| CAPABILITIES.get(bit).map_or_else(|| format!("number {bit}"), |name| (*name).to_owned()))
        .filter(|name| !but.contains(&name.as_str()))
        .collect()
}

/// All that a program in the container may have now or get.
fn within_reach(status: &Status<'_>) -> Option<u64> {
    let sets = ["CapBnd", "CapEff", "CapPrm", "CapInh", "CapAmb"];
    sets.iter().try_fold(0, |all, set| Some(all | status.capabilities(set)?))
}

fn capabilities_added(status: &Status<'_>) -> Outcome {
    let Some(set) = within_reach(status) else { return Status::absent("CapBnd") };
    match names(set, &BY_DEFAULT).as_slice() {
        [] => {
            Outcome::proved("status", "no capability is within reach that runtimes do not give to everybody")
        }
        added => Outcome::refuted("status", format!("within reach: {}", some(added))),
    }
}

fn capabilities_dropped(status: &Status<'_>) -> Outcome {
    let Some(set) = within_reach(status) else { return Status::absent("CapBnd") };
    match names(set, &["NET_BIND_SERVICE"]).as_slice() {
        [] => Outcome::proved("status", "no capability is within reach"),
        kept => Outcome::refuted("status", format!("within reach: {}", some(kept))),
    }
}

/// The first of some names.
pub(super) fn some(names: &[String]) -> String {
    const MOST: usize = 8;
    let shown = names.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST).filter(|more| *more > 0) {
        Some(more) => format!("{shown} and {more} more"),
        None => shown,
    }
}

fn no_new_privileges(status: &Status<'_>) -> Outcome {
    match status.number("NoNewPrivs") {
        Some(1) => Outcome::proved("status", "no program that is started gets more rights than its parent"),
        Some(0) => Outcome::refuted("status", "a program with the bit `setuid` gets the rights of its owner"),
        _ => Status::absent("NoNewPrivs"),
    }
}

fn non_root(status: &Status<'_>) -> Outcome {
    let ids: Option<Vec<u64>> =
        status.field("Uid").map(|ids| ids.split_whitespace().map_while(|id| id.parse().ok()).collect());
    match ids.as_deref() {
        Some(ids) if ids.len() == 4 && !ids.contains(&0) => {
            Outcome::proved("status", format!("the process is that of user {}", ids[0]))
        }
        Some(ids) if ids.contains(&0) => Outcome::refuted("status", "the process is that of user 0"),
        _ => Status::absent("Uid"),
    }
}

fn seccomp(status: &Status<'_>) -> Outcome {
    match status.number("Seccomp") {
        Some(2) => Outcome::proved("status", "a filter of system calls is in force"),
        Some(1) => Outcome::proved("status", "the process may read, write and end, nothing else"),
        Some(0) => Outcome::refuted("status", "every system call is let through"),
        _ => Status::absent("Seccomp"),
    }
}

/// How many filters of system calls the kernel has for a process, by its state.
pub(crate) fn filters(lines: &[String]) -> Option<(u64, u64)> {
    let status = Status { lines };
    Some((status.number("Seccomp")?, status.number("Seccomp_filters")?))
}

fn with_mounts(inside: &Inside) -> Vec<Step> {
    vec![inside.status(), Step::ask("mounts", inside.text("/proc/self/mountinfo"))]
}

fn privileged(inside: &Inside) -> Vec<Attempt> {
    const SYS_ADMIN: u64 = 1 << 21;
    vec![inside.attempt(with_mounts(inside), |answers| {
        let Some(set) = within_reach(&Status { lines: answers.lines("status") }) else {
            return Status::absent("CapBnd");
        };
        let mounts = mounts(answers.lines("mounts"));
        let Some(sys) = Mount::at(&mounts, "/sys") else { return answers.inconclusive("mounts") };
        let proc_sys = Mount::at(&mounts, "/proc/sys");
        let read_only = proc_sys.is_some_and(|mount| mount.read_only);
        match (set & SYS_ADMIN != 0, sys.read_only, read_only) {
            (false, true, true) => Outcome::proved(
                "mounts",
                "`SYS_ADMIN` is out of reach, `/sys` and `/proc/sys` are read-only: the container is not privileged",
            ),
            // `/sys` tells nothing here: where the node is a container, even privileged pods find it read-only.
            (true, _, false) => Outcome::refuted(
                "mounts",
                "`SYS_ADMIN` is within reach and `/proc/sys` may be written: as in a privileged container",
            ),
            (admin, sys, proc_sys) => Outcome::inconclusive(
                "mounts",
                format!(
                    "the signs do not agree: `SYS_ADMIN` is {}, `/sys` {}, `/proc/sys` {}",
                    if admin { "within reach" } else { "out of reach" },
                    if sys { "read-only" } else { "writable" },
                    if proc_sys { "read-only" } else { "writable" },
                ),
            ),
        }
    })]
}

fn proc_mount(inside: &Inside) -> Vec<Attempt> {
    vec![inside.attempt(with_mounts(inside), |answers| {
        let mounts = mounts(answers.lines("mounts"));
        if Mount::at(&mounts, "/proc").is_none() {
            return answers.inconclusive("mounts");
        }
        let over = mounts.iter().filter(|mount| mount.point.starts_with("/proc/")).count();
        match over {
            0 => Outcome::refuted("mounts", "nothing of `/proc` is masked"),
            _ => Outcome::proved("mounts", format!("{over} parts of `/proc` are masked or read-only")),
        }
    })]
}

fn root_file_system(inside: &Inside) -> Vec<Attempt> {
    let steps = vec![
        Step::control("mounts", inside.text("/proc/self/mountinfo"), |answer| match &answer.reply {
            Reply::Lines(lines) if Mount::at(&mounts(lines), "/").is_some() => Ok(()),
            _ => Err(answer.summary()),
        }),
        Step::ask("write", Request::of_file(inside.path("/"), Ask::Write)),
    ];
    vec![inside.attempt(steps, |answers| {
        let read_only = Mount::at(&mounts(answers.lines("mounts")), "/").is_some_and(|mount| mount.read_only);
        match answers.reply("write") {
            Some(Reply::Written) => Outcome::refuted("write", "a file could be made in `/`"),
            Some(Reply::Refused(_)) if read_only => {
                Outcome::proved("write", "the root of the container is mounted read-only")
            }
            Some(Reply::Silent(_)) if !read_only => Outcome::refuted(
                "mounts",
                "`/` is mounted for writing; this user may not write in `/` itself, and may elsewhere",
            ),
            _ => answers.inconclusive("write"),
        }
    })]
}

fn confinement(inside: &Inside, nothing: &'static str) -> Vec<Attempt> {
    let steps = vec![inside.status(), Step::ask("confinement", inside.text("/proc/self/attr/current"))];
    vec![inside.attempt(steps, move |answers| {
        let said = match answers.reply("confinement") {
            Some(Reply::Lines(lines)) => lines.first().map(|line| line.trim_matches(['\0', ' ', '\n'])),
            Some(Reply::Refused(_) | Reply::Absent) => Some(""),
            _ => None,
        };
        match said {
            None => answers.inconclusive("confinement"),
            Some("") => Outcome::refuted("confinement", nothing),
            Some(said) => confined(said),
        }
    })]
}

/// What a label of AppArmor or SELinux means.
pub(super) fn confined(label: &str) -> Outcome {
    const TYPES: [&str; 5] =
        ["spc_t", "unconfined_t", "unconfined_service_t", "container_runtime_t", "kernel_t"];
    let shown: String =
        label.chars().filter(|char| char.is_ascii_graphic() || *char == ' ').take(80).collect();
    if let Some((_, mode)) = label.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        return match mode {
            "enforce" | "kill" => Outcome::proved("confinement", format!("AppArmor confines it: `{shown}`")),
            _ => Outcome::refuted("confinement", format!("AppArmor only looks on: `{shown}`")),
        };
    }
    if label == "unconfined" {
        return Outcome::refuted("confinement", "AppArmor is there and does not confine it");
    }
    match label.split(':').nth(2) {
        Some(kind) if TYPES.contains(&kind) => {
            Outcome::refuted("confinement", format!("SELinux does not confine it: `{shown}`"))
        }
        // Whether SELinux enforces, no process in a container is told.
        Some(kind) if kind.starts_with("container_") || kind.starts_with("svirt_") => Outcome::proved(
            "confinement",
            format!("SELinux has given it a type for containers: `{shown}`, if it enforces on the node"),
        ),
        _ => Outcome::inconclusive("confinement", format!("nobody knows what the label `{shown}` means")),
    }
}

fn user_namespaces(inside: &Inside) -> Vec<Attempt> {
    let steps = vec![inside.status(), Step::ask("map", inside.text("/proc/self/uid_map"))];
    vec![inside.attempt(steps, |answers| {
        let ranges: Vec<Vec<u64>> = answers
            .lines("map")
            .iter()
            .map(|line| line.split_whitespace().map_while(|word| word.parse().ok()).collect())
            .collect();
        match ranges.iter().map(Vec::as_slice).collect::<Vec<_>>().as_slice() {
            [[0, 0, 4_294_967_295]] => Outcome::refuted(
                "map",
                "users of the container are those of the node: root here is root there",
            ),
            // The kubelet gives each pod ranges of 65536 ids that begin at a multiple of it.
            [[0, start, length]]
                if *start > 0 && *length > 0 && start % 65536 == 0 && length % 65536 == 0 =>
            {
                Outcome::proved("map", format!("user 0 is user {start} of the node"))
            }
            _ => answers.inconclusive("map"),
        }
    })]
}

/// Programs that run on nodes and not in the containers of pods, as `/proc/PID/comm` calls them.
const OF_NODES: [&str; 8] =
    ["kthreadd", "kubelet", "containerd", "dockerd", "crio", "systemd", "k3s-server", "k3s-agent"];

fn host_namespaces(inside: &Inside) -> Vec<Attempt> {
    let steps = vec![
        inside.status(),
        Step::ask("first", inside.text("/proc/1/status")),
        Step::ask("second", inside.text("/proc/2/status")),
        Step::ask("tcp", inside.text("/proc/net/tcp")),
        Step::ask("tcp6", inside.text("/proc/net/tcp6")),
        Step::ask("addresses", inside.text("/proc/net/fib_trie")),
        Step::ask("mounts", inside.text("/proc/self/mountinfo")),
    ];
    let node = inside.node.clone().filter(|_| inside.node_is_told).map(|node| node.host);
    vec![inside.attempt(steps, move |answers| {
        for step in ["first", "second"] {
            let name = Status { lines: answers.lines(step) }.field("Name").unwrap_or_default().to_owned();
            if OF_NODES.contains(&name.as_str()) {
                return Outcome::refuted(step, format!("processes of the node are visible: `{name}`"));
            }
        }
        for step in ["tcp", "tcp6"] {
            if answers.lines(step).iter().any(|line| listens(line, 10250)) {
                return Outcome::refuted(
                    step,
                    "the kubelet listens in the network of the pod: it is the node's",
                );
            }
        }
        let (own, first) = ("status", "first");
        let id = Status { lines: answers.lines(own) }.number("Pid");
        let leads = Status { lines: answers.lines(first) }.field("Name").map(str::to_owned);
        if id != Some(1) && leads.as_deref() != Some("pause") {
            return Outcome::inconclusive(first, "process 1 is neither ours nor that of the pod's sandbox");
        }
        let addresses = answers.lines("addresses");
        let Some(node) = &node else {
            return Outcome::inconclusive("addresses", "nobody tells the address of the node")
                .needs("the variable SEAWORTHY_NODE from `status.hostIP`");
        };
        if addresses.is_empty() || addresses.iter().any(|line| line.trim().ends_with(&format!("-- {node}"))) {
            return Outcome::inconclusive("addresses", "the address of the node is known in our network");
        }
        let mounts = mounts(answers.lines("mounts"));
        match Mount::at(&mounts, "/dev/shm") {
            Some(mount) if mount.source == "shm" => {
                Outcome::proved("mounts", "processes, network and shared memory are those of the pod")
            }
            _ => Outcome::inconclusive("mounts", "whether `/dev/shm` is the node's cannot be told"),
        }
    })]
}

/// Whether a line of `/proc/net/tcp` is of a port that somebody listens at.
fn listens(line: &str, port: u16) -> bool {
    let mut words = line.split_whitespace().skip(1);
    let local = words.next().and_then(|address| address.rsplit_once(':')).map(|(_, port)| port);
    let state = words.nth(1);
    local.and_then(|text| u16::from_str_radix(text, 16).ok()) == Some(port) && state == Some("0A")
}

fn variables(inside: &Inside) -> Vec<Attempt> {
    let request = Request::of_file(inside.path("/proc/self/environ"), Ask::Names);
    let steps = vec![inside.status(), Step::ask("variables", request)];
    vec![inside.attempt(steps, |answers| {
        let Some(Reply::Lines(names)) = answers.reply("variables") else {
            return answers.inconclusive("variables");
        };
        let found: Vec<String> = names.iter().filter(|name| is_credential(name)).cloned().collect();
        match found.as_slice() {
            [] => Outcome::inconclusive(
                "variables",
                format!(
                    "none of {} variables is named like a credential; values are not looked at",
                    names.len()
                ),
            ),
            found => Outcome::refuted("variables", format!("named like credentials: {}", some(found))),
        }
    })]
}

/// Whether a variable is named like a credential.
pub(super) fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let words: Vec<&str> = name.split('_').collect();
    let names_place =
        matches!(words.last(), Some(&("FILE" | "PATH" | "DIR" | "NAME" | "HOST" | "PORT" | "URL")));
    let of_service = name.contains("_SERVICE_") || name.contains("_PORT_") || name.ends_with("_PORT");
    let key = |pair: [&str; 2]| words.windows(2).any(|window| window == pair);
    let named = words.iter().any(|word| {
        matches!(
            *word,
            "PASSWORD"
                | "PASSWD"
                | "PASS"
                | "PASSPHRASE"
                | "SECRET"
                | "SECRETS"
                | "TOKEN"
                | "CREDENTIAL"
                | "CREDENTIALS"
                | "APIKEY"
                | "PRIVATEKEY"
                | "PGPASSWORD"
        )
    });
    !names_place
        && !of_service
        && (named || key(["API", "KEY"]) || key(["ACCESS", "KEY"]) || key(["PRIVATE", "KEY"]))
}
