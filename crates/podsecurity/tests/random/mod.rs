//! Random pods: a start that passes much, then changes in the fields that the checks look at.

use fastrand::Rng;
use serde_json::{Map, Value, json};

const NAMES: [&str; 10] = [
    "a",
    "b",
    "a",
    "app",
    "",
    "ü日本",
    "q\"uo\\te",
    "tab\tbell\u{7}",
    "nul\0del\u{7f}",
    "\u{200b}\u{1f600}\u{e000}",
];

/// The seed of this run and its generator. The same pods in every run, so that a failure is everybody's; another
/// number in `SEAWORTHY_SEED` makes other pods.
pub(crate) fn generator() -> (u64, Rng) {
    let seed = std::env::var("SEAWORTHY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    (seed, Rng::with_seed(seed))
}

pub(crate) fn pod(rng: &mut Rng) -> Value {
    let mut pod = match rng.u8(..4) {
        0 => json!({}),
        1 => json!({"spec": {"containers": [{"name": "a"}]}}),
        _ => passing(),
    };
    if !pod["spec"].is_object() {
        pod["spec"] = json!({});
    }
    for _ in 0..rng.usize(..8) {
        change(rng, &mut pod);
    }
    pod
}

/// A pod that passes every check of every version.
pub(crate) fn passing() -> Value {
    let container = |name| {
        json!({
            "name": name,
            "image": "registry.example/app",
            "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
        })
    };
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod"},
        "spec": {
            "initContainers": [container("init")],
            "containers": [container("a"), container("b")],
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
        },
    })
}

/// One field of the pod or of one of its containers set, nulled or removed.
fn change(rng: &mut Rng, pod: &mut Value) {
    match rng.u8(..10) {
        0 => annotate(rng, pod),
        1 => {
            let key = *pick(rng, &["initContainers", "containers", "ephemeralContainers"]);
            let container = if rng.u8(..12) == 0 { Value::Null } else { json!({"name": name(rng)}) };
            push(&mut pod["spec"], key, container);
        }
        2 => {
            let volume = volume(rng);
            push(&mut pod["spec"], "volumes", volume);
        }
        3 => {
            let (key, value) = spec_field(rng);
            assign(rng, &mut pod["spec"], key, value);
        }
        4 => security_context(rng, &mut pod["spec"], true),
        _ => {
            let key = *pick(rng, &["initContainers", "containers", "containers", "ephemeralContainers"]);
            let Some(containers) = pod["spec"].get_mut(key).and_then(Value::as_array_mut) else { return };
            if containers.is_empty() {
                return;
            }
            let index = rng.usize(..containers.len());
            let container = &mut containers[index];
            if !container.is_object() {
                return;
            }
            match rng.u8(..5) {
                0 => ports(rng, container),
                1 => handlers(rng, container),
                _ => security_context(rng, container, false),
            }
        }
    }
}

fn annotate(rng: &mut Rng, pod: &mut Value) {
    let suffix = name(rng);
    let key = match rng.u8(..4) {
        0 => "seccomp.security.alpha.kubernetes.io/pod".to_owned(),
        1 => format!("container.seccomp.security.alpha.kubernetes.io/{suffix}"),
        _ => format!("container.apparmor.security.beta.kubernetes.io/{suffix}"),
    };
    let value = pick(
        rng,
        &[
            json!("runtime/default"),
            json!("docker/default"),
            json!("localhost/x"),
            json!("localhost/"),
            json!("unconfined"),
            json!("unconfined"),
            json!(""),
            Value::Null,
            json!("q\"\\\n\u{feff}\u{e0001}é"),
        ],
    )
    .clone();
    let metadata = object(pod, "metadata");
    object(metadata, "annotations")[key] = value;
}

fn spec_field(rng: &mut Rng) -> (&'static str, Value) {
    match rng.u8(..5) {
        0 => ("hostNetwork", flag(rng)),
        1 => ("hostPID", flag(rng)),
        2 => ("hostIPC", flag(rng)),
        3 => ("hostUsers", flag(rng)),
        _ => ("os", pick(rng, &[json!({"name": "windows"}), json!({"name": "linux"}), json!({})]).clone()),
    }
}

fn volume(rng: &mut Rng) -> Value {
    const SOURCES: [&str; 32] = [
        "hostPath",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "gitRepo",
        "nfs",
        "iscsi",
        "glusterfs",
        "rbd",
        "flexVolume",
        "cinder",
        "cephfs",
        "flocker",
        "fc",
        "azureFile",
        "vsphereVolume",
        "quobyte",
        "azureDisk",
        "photonPersistentDisk",
        "portworxVolume",
        "scaleIO",
        "storageos",
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
        "ofTheFuture",
        "hostPath",
    ];
    let mut volume = Map::new();
    if rng.u8(..10) != 0 {
        volume.insert("name".to_owned(), json!(name(rng)));
    }
    for _ in 0..rng.usize(..3) {
        let source = if rng.u8(..8) == 0 { Value::Null } else { json!({}) };
        volume.insert((*pick(rng, &SOURCES)).to_owned(), source);
    }
    if rng.u8(..20) == 0 { Value::Null } else { Value::Object(volume) }
}

fn ports(rng: &mut Rng, container: &mut Value) {
    let mut port = Map::new();
    if rng.bool() {
        port.insert("containerPort".to_owned(), json!(pick(rng, &[0, 80, 8080, 443])));
    }
    if rng.bool() {
        port.insert("hostPort".to_owned(), json!(pick(rng, &[0, 80, 8080, 9, 65535, -1])));
    }
    push(container, "ports", if rng.u8(..20) == 0 { Value::Null } else { Value::Object(port) });
}

fn handlers(rng: &mut Rng, container: &mut Value) {
    let mut handler = json!({});
    for action in ["httpGet", "tcpSocket", "grpc", "exec"] {
        if rng.u8(..3) != 0 {
            continue;
        }
        handler[action] = match action {
            "httpGet" | "tcpSocket" => match rng.u8(..4) {
                0 => json!({"port": 1}),
                1 => json!({"host": "", "port": 1}),
                _ => json!({"host": pick(rng, &["127.0.0.1", "h", "ü\"", "10.0.0.1"]), "port": 1}),
            },
            _ => json!({}),
        };
    }
    match *pick(rng, &["livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"]) {
        hook @ ("postStart" | "preStop") => object(container, "lifecycle")[hook] = handler,
        probe => container[probe] = handler,
    }
}

fn security_context(rng: &mut Rng, owner: &mut Value, of_pod: bool) {
    if rng.u8(..12) == 0 {
        let instead = pick(rng, &[Value::Null, json!({})]).clone();
        return assign(rng, owner, "securityContext", instead);
    }
    let (key, value) = match rng.u8(..if of_pod { 7 } else { 11 }) {
        0 => ("runAsNonRoot", flag(rng)),
        1 => ("runAsUser", pick(rng, &[json!(0), json!(1), json!(1000)]).clone()),
        2 => ("seccompProfile", profile(rng)),
        3 => ("appArmorProfile", profile(rng)),
        4 => ("seLinuxOptions", se_linux(rng)),
        5 => (
            "windowsOptions",
            pick(rng, &[json!({}), json!({"hostProcess": true}), json!({"hostProcess": false})]).clone(),
        ),
        6 if of_pod => ("sysctls", sysctls(rng)),
        6 => ("allowPrivilegeEscalation", flag(rng)),
        7 => ("privileged", flag(rng)),
        8 => (
            "procMount",
            pick(rng, &[json!("Default"), json!("Unmasked"), json!(""), json!("Other")]).clone(),
        ),
        _ => ("capabilities", capabilities(rng)),
    };
    if !owner["securityContext"].is_object() {
        owner["securityContext"] = json!({});
    }
    assign(rng, &mut owner["securityContext"], key, value);
}

fn profile(rng: &mut Rng) -> Value {
    match rng.u8(..8) {
        0 => json!({}),
        1 => json!({"type": null}),
        2 => json!({"type": ""}),
        3 => json!({"type": "Localhost", "localhostProfile": "x"}),
        4 => json!({"type": "RuntimeDefault"}),
        5 => json!({"type": "Unconfined", "localhostProfile": "x"}),
        6 => json!({"type": "Unconfined"}),
        _ => json!({"type": "runtimeDefault"}),
    }
}

fn se_linux(rng: &mut Rng) -> Value {
    let mut options = json!({});
    if rng.bool() {
        options["type"] = json!(pick(
            rng,
            &[
                "",
                "container_t",
                "container_init_t",
                "container_kvm_t",
                "container_engine_t",
                "spc_t",
                "a\"b"
            ]
        ));
    }
    for key in ["user", "role", "level"] {
        if rng.u8(..4) == 0 {
            options[key] = json!(pick(rng, &["", "x"]));
        }
    }
    options
}

fn capabilities(rng: &mut Rng) -> Value {
    const NAMES: [&str; 10] = [
        "ALL",
        "NET_BIND_SERVICE",
        "CHOWN",
        "SYS_ADMIN",
        "all",
        "CAP_CHOWN",
        "NET_RAW",
        "MKNOD",
        "AUDIT_WRITE",
        "",
    ];
    let mut capabilities = json!({});
    for key in ["add", "drop"] {
        if rng.u8(..3) != 0 {
            let list: Vec<Value> = (0..rng.usize(..4))
                .map(|_| if rng.u8(..20) == 0 { Value::Null } else { json!(pick(rng, &NAMES)) })
                .collect();
            capabilities[key] = json!(list);
        }
    }
    capabilities
}

fn sysctls(rng: &mut Rng) -> Value {
    const NAMES: [&str; 16] = [
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
        "net.ipv4.tcp_slow_start_after_idle",
        "net.ipv4.tcp_notsent_lowat",
        "kernel.msgmax",
        "net/ipv4/tcp_rmem",
    ];
    let list: Vec<Value> = (0..rng.usize(..4))
        .map(|_| match rng.u8(..20) {
            0 => Value::Null,
            1 => json!({"value": "1"}),
            _ => json!({"name": pick(rng, &NAMES), "value": "1"}),
        })
        .collect();
    json!(list)
}

/// Sets a field, or nulls or removes it now and then.
fn assign(rng: &mut Rng, map: &mut Value, key: &str, value: Value) {
    match rng.u8(..12) {
        0 => map[key] = Value::Null,
        1 => {
            map.as_object_mut().map(|map| map.remove(key));
        }
        _ => map[key] = value,
    }
}

fn object<'v>(map: &'v mut Value, key: &str) -> &'v mut Value {
    if !map[key].is_object() {
        map[key] = json!({});
    }
    &mut map[key]
}

fn push(map: &mut Value, key: &str, item: Value) {
    if !map[key].is_array() {
        map[key] = json!([]);
    }
    if let Some(list) = map[key].as_array_mut() {
        list.push(item);
    }
}

fn flag(rng: &mut Rng) -> Value {
    json!(rng.bool())
}

fn name(rng: &mut Rng) -> &'static str {
    NAMES[rng.usize(..NAMES.len())]
}

fn pick<'v, T>(rng: &mut Rng, values: &'v [T]) -> &'v T {
    &values[rng.usize(..values.len())]
}
