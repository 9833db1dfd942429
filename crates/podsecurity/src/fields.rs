//! The fields that the checks look at, gathered in one pass over each map, so that no check searches for them.
//!
//! Where a map is due and something else stands, every field below it is that other value: the check of such a
//! field then sees a value of a wrong type, which it refuses.

use seaworthy_document::Value;

use crate::annotations::ProfileAnnotations;
use crate::pod::{Container, Pod};
use crate::version::Version;

/// A pod as the checks see it, with the version by which they judge.
pub(crate) struct Context<'a> {
    pub(crate) minor: u32,
    pub(crate) annotations: ProfileAnnotations<'a>,
    pub(crate) security: Security<'a>,
    pub(crate) host_network: Option<Value<'a>>,
    pub(crate) host_pid: Option<Value<'a>>,
    pub(crate) host_ipc: Option<Value<'a>>,
    pub(crate) volumes: Option<Value<'a>>,
    /// Init, regular and ephemeral containers.
    pub(crate) containers: [Option<Value<'a>>; 3],
    pub(crate) windows: bool,
    /// The pod runs in its own user namespace.
    pub(crate) user_namespace: bool,
    /// A pod and not a template, so that the defaults of pods alone apply.
    pub(crate) pod_defaults: bool,
}

impl<'a> Context<'a> {
    pub(crate) fn new(pod: &Pod<'a>, version: Version) -> Context<'a> {
        let mut context = Context {
            minor: version.minor(),
            annotations: ProfileAnnotations::read(pod.metadata()),
            security: Security::default(),
            host_network: None,
            host_pid: None,
            host_ipc: None,
            volumes: None,
            containers: [None; 3],
            windows: false,
            user_namespace: false,
            pod_defaults: !pod.is_template(),
        };
        let mut security = None;
        let mut os = None;
        let mut host_users = None;
        for (key, value) in pod.spec().entries() {
            let field = match key.text() {
                "initContainers" => &mut context.containers[0],
                "containers" => &mut context.containers[1],
                "ephemeralContainers" => &mut context.containers[2],
                "hostIPC" => &mut context.host_ipc,
                "hostNetwork" => &mut context.host_network,
                "hostPID" => &mut context.host_pid,
                "hostUsers" => &mut host_users,
                "os" => &mut os,
                "securityContext" => &mut security,
                "volumes" => &mut context.volumes,
                _ => continue,
            };
            *field = present(value);
        }
        context.security = Security::read(security);
        context.windows = os.and_then(|os| os.get("name")).and_then(|name| name.as_str()) == Some("windows");
        context.user_namespace = host_users.and_then(|value| value.as_bool()) == Some(false);
        context
    }

    /// Whether the API server gives ports without `hostPort` one: for a pod on the host network.
    pub(crate) fn defaults_host_ports(&self) -> bool {
        self.pod_defaults && self.host_network.and_then(|value| value.as_bool()) == Some(true)
    }
}

/// A container as the checks see it.
pub(crate) struct ContainerFields<'a> {
    pub(crate) container: Container<'a>,
    pub(crate) security: Security<'a>,
    pub(crate) ports: Option<Value<'a>>,
    /// `livenessProbe`, `readinessProbe` and `startupProbe`.
    pub(crate) probes: [Option<Value<'a>>; 3],
    pub(crate) lifecycle: Option<Value<'a>>,
}

impl<'a> ContainerFields<'a> {
    pub(crate) fn read(container: Container<'a>) -> ContainerFields<'a> {
        let value = container.value();
        let wrong = present(value).filter(|value| !value.is_mapping() || !is_item(*value));
        let mut fields = ContainerFields {
            container,
            security: wrong.map(Security::wrong).unwrap_or_default(),
            ports: wrong,
            probes: [wrong; 3],
            lifecycle: wrong,
        };
        if wrong.is_some() {
            return fields;
        }
        let mut security = None;
        for (key, value) in value.entries() {
            let field = match key.text() {
                "lifecycle" => &mut fields.lifecycle,
                "livenessProbe" => &mut fields.probes[0],
                "ports" => &mut fields.ports,
                "readinessProbe" => &mut fields.probes[1],
                "securityContext" => &mut security,
                "startupProbe" => &mut fields.probes[2],
                _ => continue,
            };
            *field = present(value);
        }
        fields.security = Security::read(security);
        fields
    }

    /// The deepest map on the way to a field of the security context, and the way from there. `paths` is the
    /// way from the container and from the security context.
    pub(crate) fn above(&self, paths: [&'static str; 2]) -> (Value<'a>, &'static str) {
        match self.security.value {
            Some(security) => (security, paths[1]),
            None => (self.container.value(), paths[0]),
        }
    }
}

/// The security context of a pod or container; each has some of the fields.
#[derive(Default)]
pub(crate) struct Security<'a> {
    pub(crate) value: Option<Value<'a>>,
    pub(crate) allow_privilege_escalation: Option<Value<'a>>,
    pub(crate) app_armor_profile: Option<Value<'a>>,
    pub(crate) capabilities: Option<Value<'a>>,
    pub(crate) privileged: Option<Value<'a>>,
    pub(crate) proc_mount: Option<Value<'a>>,
    pub(crate) run_as_non_root: Option<Value<'a>>,
    pub(crate) run_as_user: Option<Value<'a>>,
    pub(crate) se_linux_options: Option<Value<'a>>,
    pub(crate) seccomp_profile: Option<Value<'a>>,
    pub(crate) sysctls: Option<Value<'a>>,
    pub(crate) windows_options: Option<Value<'a>>,
}

impl<'a> Security<'a> {
    fn read(value: Option<Value<'a>>) -> Security<'a> {
        let Some(map) = value else { return Security::default() };
        if !map.is_mapping() {
            return Security::wrong(map);
        }
        let mut security = Security { value, ..Security::default() };
        for (key, value) in map.entries() {
            let field = match key.text() {
                "allowPrivilegeEscalation" => &mut security.allow_privilege_escalation,
                "appArmorProfile" => &mut security.app_armor_profile,
                "capabilities" => &mut security.capabilities,
                "privileged" => &mut security.privileged,
                "procMount" => &mut security.proc_mount,
                "runAsNonRoot" => &mut security.run_as_non_root,
                "runAsUser" => &mut security.run_as_user,
                "seLinuxOptions" => &mut security.se_linux_options,
                "seccompProfile" => &mut security.seccomp_profile,
                "sysctls" => &mut security.sysctls,
                "windowsOptions" => &mut security.windows_options,
                _ => continue,
            };
            *field = present(value);
        }
        security
    }

    /// Every field is a value of a wrong type.
    fn wrong(value: Value<'a>) -> Security<'a> {
        let value = Some(value);
        Security {
            value,
            allow_privilege_escalation: value,
            app_armor_profile: value,
            capabilities: value,
            privileged: value,
            proc_mount: value,
            run_as_non_root: value,
            run_as_user: value,
            se_linux_options: value,
            seccomp_profile: value,
            sysctls: value,
            windows_options: value,
        }
    }
}

/// Whether the value stands in a list.
pub(crate) fn is_item(value: Value<'_>) -> bool {
    value.key().is_none()
}

/// The value, or `None` for a null, which the API takes for absent.
pub(crate) fn present<'a>(value: Value<'a>) -> Option<Value<'a>> {
    (!value.is_null()).then_some(value)
}

/// The field of a map, or the value itself where it is not a map.
pub(crate) fn below<'a>(value: Value<'a>, key: &str) -> Option<Value<'a>> {
    if value.is_mapping() { value.get(key) } else { present(value) }
}

/// The text of a scalar as the API decodes it into a string: empty for a null.
pub(crate) fn text<'a>(value: Value<'a>) -> &'a str {
    if value.is_null() { "" } else { value.text() }
}

/// Whether the value is this string and stands under `key` (and not where a map around it is due).
pub(crate) fn is_text(value: Value<'_>, key: &str, text: &str) -> bool {
    value.as_str() == Some(text) && stands_under(value, key)
}

/// Whether the value is the boolean false and stands under `key`.
pub(crate) fn is_false(value: Value<'_>, key: &str) -> bool {
    value.as_bool() == Some(false) && stands_under(value, key)
}

fn stands_under(value: Value<'_>, key: &str) -> bool {
    value.key().is_some_and(|name| name.text() == key)
}

/// The whole number that the API decodes, also one that is written as a float, such as `1e3`.
pub(crate) fn number(value: Value<'_>) -> Option<i64> {
    const EXACT: f64 = (1u64 << f64::MANTISSA_DIGITS) as f64;
    value.as_i64().or_else(|| {
        let float =
            (value.kind() == seaworthy_document::Kind::Float).then(|| value.text().parse::<f64>().ok())??;
        (float.fract() == 0.0 && float.abs() < EXACT).then_some(float as i64)
    })
}
