//! Where in a manifest each check finds its fault, and in which words.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

use seaworthy_document::Stream;
use seaworthy_podsecurity::{Check, Fault, Pod, Version, explain};

/// `container: path`, then what is missing there.
fn place(fault: &Fault<'_>) -> String {
    let container = fault.container.map_or(String::new(), |container| format!("{}: ", container.name()));
    let missing = fault.missing.map_or(String::new(), |missing| format!(" lacks {missing}"));
    format!("{container}{}{missing}", fault.value.path())
}

/// A check fails a pod (of kind Pod, unless the text starts with `template`) at `latest` with this detail at
/// these places.
#[track_caller]
fn fails_at(version: Version, check: Check, yaml: &str, detail: &str, places: &[&str]) {
    let (yaml, template) = yaml.strip_prefix("template").map_or((yaml, false), |yaml| (yaml, true));
    let stream = Stream::read(yaml);
    assert_eq!(stream.diagnostics(), []);
    let object = stream.documents().next().expect("a document").root();
    let pod = if template { Pod::from_template(object) } else { Pod::from_pod(object) }.expect("a pod");
    let failure = explain(&pod, check, version);
    assert_eq!(failure.detail, detail);
    assert_eq!(failure.faults.iter().map(place).collect::<Vec<_>>(), places);
}

#[track_caller]
fn fails(check: Check, yaml: &str, detail: &str, places: &[&str]) {
    fails_at(Version::LATEST, check, yaml, detail, places);
}

#[test]
fn privilege_escalation() {
    fails(
        Check::AllowPrivilegeEscalation,
        "spec:
  initContainers: [{name: a}]
  containers: [{name: b, securityContext: {runAsUser: 5}}, {name: c, securityContext: {allowPrivilegeEscalation: true}}]",
        r#"containers "a", "b", "c" must set securityContext.allowPrivilegeEscalation=false"#,
        &[
            "a: spec.initContainers[a] lacks securityContext.allowPrivilegeEscalation",
            "b: spec.containers[b].securityContext lacks allowPrivilegeEscalation",
            "c: spec.containers[c].securityContext.allowPrivilegeEscalation",
        ],
    );
}

#[test]
fn app_armor() {
    fails(
        Check::AppArmorProfile,
        "spec:
  securityContext: {appArmorProfile: {}}
  containers: [{name: a, securityContext: {appArmorProfile: {type: Unconfined}}}]",
        r#"pod and container "a" must not set AppArmor profile type to "", "Unconfined""#,
        &[
            "spec.securityContext.appArmorProfile lacks type",
            "a: spec.containers[a].securityContext.appArmorProfile.type",
        ],
    );
}

const UNCONFINED: &str = "
metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: unconfined}}
spec: {containers: [{name: a}]}";

#[test]
fn app_armor_annotation_of_a_pod_counts_as_its_field() {
    let key = "container.apparmor.security.beta.kubernetes.io/a";
    fails(
        Check::AppArmorProfile,
        UNCONFINED,
        &format!(
            r#"container "a" and annotation must not set AppArmor profile type to "Unconfined", "{key}="unconfined"""#
        ),
        &[&format!("metadata.annotations[{key}]")],
    );
    fails(
        Check::AppArmorProfile,
        &format!("template{UNCONFINED}"),
        &format!(r#"annotation must not set AppArmor profile type to "{key}="unconfined"""#),
        &[&format!("metadata.annotations[{key}]")],
    );
}

#[test]
fn capabilities() {
    let yaml = "spec:
  containers:
  - {name: a, securityContext: {capabilities: {add: [SYS_ADMIN, CHOWN], drop: [MKNOD]}}}
  - {name: b}
  - {name: c, securityContext: {}}
  - {name: d, securityContext: {capabilities: {add: [CAP_CHOWN]}}}";
    fails(
        Check::CapabilitiesBaseline,
        yaml,
        r#"containers "a", "d" must not include "CAP_CHOWN", "SYS_ADMIN" in securityContext.capabilities.add"#,
        &[
            "a: spec.containers[a].securityContext.capabilities.add[0]",
            "d: spec.containers[d].securityContext.capabilities.add[0]",
        ],
    );
    fails(
        Check::CapabilitiesRestricted,
        yaml,
        concat!(
            r#"containers "a", "b", "c", "d" must set securityContext.capabilities.drop=["ALL"]; "#,
            r#"containers "a", "d" must not include "CAP_CHOWN", "CHOWN", "SYS_ADMIN" in securityContext.capabilities.add"#
        ),
        &[
            "a: spec.containers[a].securityContext.capabilities.drop",
            "a: spec.containers[a].securityContext.capabilities.add[0]",
            "a: spec.containers[a].securityContext.capabilities.add[1]",
            "b: spec.containers[b] lacks securityContext.capabilities.drop",
            "c: spec.containers[c].securityContext lacks capabilities.drop",
            "d: spec.containers[d].securityContext.capabilities lacks drop",
            "d: spec.containers[d].securityContext.capabilities.add[0]",
        ],
    );
}

#[test]
fn host_namespaces_and_ports() {
    let yaml = "
spec:
  hostIPC: true
  hostNetwork: true
  hostPID: false
  containers: [{name: a, ports: [{containerPort: 8080}, {containerPort: 1, hostPort: 80}]}]";
    fails(
        Check::HostNamespaces,
        yaml,
        "hostNetwork=true, hostIPC=true",
        &["spec.hostNetwork", "spec.hostIPC"],
    );
    fails(
        Check::HostPorts,
        yaml,
        r#"container "a" uses hostPorts 80, 8080"#,
        &["a: spec.containers[a].ports[0].containerPort", "a: spec.containers[a].ports[1].hostPort"],
    );
    fails(
        Check::HostPorts,
        &format!("template{yaml}"),
        r#"container "a" uses hostPort 80"#,
        &["a: spec.containers[a].ports[1].hostPort"],
    );
}

#[test]
fn probe_hosts() {
    fails(
        Check::HostProbesAndHostLifecycle,
        "spec:
  containers:
  - name: b
    livenessProbe: {httpGet: {host: h, port: 1}}
    lifecycle: {preStop: {tcpSocket: {host: g, port: 1}}}
  - {name: a, startupProbe: {tcpSocket: {host: h}}, readinessProbe: {grpc: {port: 1}}}",
        r#"containers "a", "b" use probe or lifecycle hosts "g", "h""#,
        &[
            "b: spec.containers[b].livenessProbe.httpGet.host",
            "b: spec.containers[b].lifecycle.preStop.tcpSocket.host",
            "a: spec.containers[a].startupProbe.tcpSocket.host",
        ],
    );
}

#[test]
fn volumes() {
    let yaml = "spec:
  volumes:
  - {name: a, hostPath: {path: /}}
  - {name: b}
  - {name: c, nfs: {}}
  - {name: d, ofTheFuture: {}}
  - {name: e, secret: {}}";
    fails(Check::HostPathVolumes, yaml, r#"volume "a""#, &["spec.volumes[a]"]);
    fails(
        Check::RestrictedVolumes,
        yaml,
        r#"volumes "a", "c", "d" use restricted volume types "hostPath", "nfs", "unknown""#,
        &["spec.volumes[a]", "spec.volumes[c]", "spec.volumes[d]"],
    );
}

#[test]
fn non_root() {
    fails(
        Check::RunAsNonRoot,
        "spec: {containers: [{name: a}, {name: b, securityContext: {runAsNonRoot: true}}, {name: c, securityContext: {}}]}",
        r#"pod or containers "a", "c" must set securityContext.runAsNonRoot=true"#,
        &[
            "a: spec.containers[a] lacks securityContext.runAsNonRoot",
            "c: spec.containers[c].securityContext lacks runAsNonRoot",
        ],
    );
    // The text hides the container that sets nothing; the places do not, for there is something to do.
    fails(
        Check::RunAsNonRoot,
        "spec: {containers: [{name: a}, {name: b, securityContext: {runAsNonRoot: false}}]}",
        r#"container "b" must not set securityContext.runAsNonRoot=false"#,
        &[
            "a: spec.containers[a] lacks securityContext.runAsNonRoot",
            "b: spec.containers[b].securityContext.runAsNonRoot",
        ],
    );
    // What the container lacks it would inherit from the pod.
    fails(
        Check::RunAsNonRoot,
        "spec: {securityContext: {runAsNonRoot: false}, containers: [{name: a}]}",
        "pod must not set securityContext.runAsNonRoot=false",
        &["spec.securityContext.runAsNonRoot"],
    );
}

#[test]
fn se_linux() {
    fails(
        Check::SeLinuxOptions,
        "spec:
  securityContext: {seLinuxOptions: {user: u, role: r, level: l}}
  containers: [{name: a, securityContext: {seLinuxOptions: {type: spc_t}}}]",
        r#"pod and container "a" set forbidden securityContext.seLinuxOptions: type "spc_t"; user may not be set; role may not be set"#,
        &[
            "spec.securityContext.seLinuxOptions.user",
            "spec.securityContext.seLinuxOptions.role",
            "a: spec.containers[a].securityContext.seLinuxOptions.type",
        ],
    );
}

#[test]
fn seccomp() {
    fails(
        Check::SeccompProfileRestricted,
        "spec: {securityContext: {}, containers: [{name: a}, {name: b, securityContext: {seccompProfile: {type: Localhost}}}]}",
        r#"pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost""#,
        &["a: spec.containers[a] lacks securityContext.seccompProfile"],
    );
    fails_at(
        Version::new(18),
        Check::SeccompProfileBaseline,
        "
metadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/b: ''}}
spec: {containers: [{name: a}]}",
        r#"forbidden annotation seccomp.security.alpha.kubernetes.io/pod="unconfined""#,
        &["metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]"],
    );
}

#[test]
fn single_fields() {
    fails(
        Check::Sysctls,
        "spec: {securityContext: {sysctls: [{name: b}, {name: net.ipv4.tcp_rmem}, {name: a}, {value: x}]}}",
        "b, a, ",
        &[
            "spec.securityContext.sysctls[b]",
            "spec.securityContext.sysctls[a]",
            "spec.securityContext.sysctls[3] lacks name",
        ],
    );
    fails(
        Check::Privileged,
        "spec: {containers: [{name: a, securityContext: {privileged: yes}}]}",
        r#"container "a" must not set securityContext.privileged=true"#,
        &["a: spec.containers[a].securityContext.privileged"],
    );
    fails(
        Check::ProcMountRestricted,
        "spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: Unmasked}}]}",
        r#"container "a" must not set securityContext.procMount to "Unmasked""#,
        &["a: spec.containers[a].securityContext.procMount"],
    );
    fails(
        Check::RunAsUser,
        "spec: {securityContext: {runAsUser: 0}, ephemeralContainers: [{name: a, securityContext: {runAsUser: 0}}]}",
        r#"pod and container "a" must not set runAsUser=0"#,
        &["spec.securityContext.runAsUser", "a: spec.ephemeralContainers[a].securityContext.runAsUser"],
    );
    fails(
        Check::WindowsHostProcess,
        "spec: {securityContext: {windowsOptions: {hostProcess: true}}, containers: [{name: a}]}",
        "pod must not set securityContext.windowsOptions.hostProcess=true",
        &["spec.securityContext.windowsOptions.hostProcess"],
    );
}
