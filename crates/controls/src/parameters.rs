//! Parameters: the few values by which a control can be fitted to a place.

use thiserror::Error;

/// One parameter, as `explain` shows it.
#[derive(Debug)]
pub struct Parameter {
    /// Its name, as `images.registries`.
    pub name: &'static str,
    /// What it decides.
    pub description: &'static str,
    /// The controls that read it.
    pub controls: &'static [&'static str],
}

/// A parameter could not be set.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ParameterError {
    /// There is no such parameter.
    #[error("there is no parameter `{0}`")]
    Unknown(String),
    /// The value does not fit.
    #[error("parameter `{name}` must be {expected}, not `{value}`")]
    Invalid {
        /// The parameter.
        name: &'static str,
        /// What it takes.
        expected: &'static str,
        /// What was given.
        value: String,
    },
}

/// The values of all parameters.
#[derive(Clone, Debug)]
pub struct Parameters {
    /// For how many days at least certificates must still be valid.
    pub certificate_days: i64,
    /// The mode that the kubeconfig of kube-proxy may have at most.
    pub kube_proxy_mode: u32,
    /// Registries and repository prefixes that images may come from; empty: none is judged.
    pub registries: Vec<String>,
    /// Registries that are no longer fed.
    pub end_of_life_registries: Vec<String>,
    /// Namespaces of the system: components of the platform are expected here, applications are not. A trailing
    /// `*` stands for any ending.
    pub system_namespaces: Vec<String>,
    /// The least user and group id that is surely none of the host's.
    pub minimum_id: i64,
    /// Labels or annotations of a namespace that name its owner.
    pub owner_labels: Vec<String>,
    /// Label by which a workload or its namespace says that it runs code that is not trusted.
    pub untrusted_label: String,
    /// Runtime classes that are sandboxes.
    pub sandbox_runtime_classes: Vec<String>,
    /// Repositories of further images that are consoles or admin tools.
    pub consoles: Vec<String>,
    /// Consoles that somebody has vetted, by name or repository.
    pub vetted_consoles: Vec<String>,
    /// Namespaces whose Services are meant to be entered from outside.
    pub entry_namespaces: Vec<String>,
    /// Subjects of bindings that are for emergencies, by their names.
    pub break_glass: Vec<String>,
    /// Annotations of bindings that hold the moment at which the grant ends.
    pub expiry_annotations: Vec<String>,
    /// The longest life of a temporary grant, in hours.
    pub longest_grant_hours: i64,
    /// The days after which the data of a Secret should have been changed.
    pub secret_age_days: i64,
    /// The root namespace of Istio: what stands there holds for the whole mesh.
    pub mesh_root_namespace: String,
}

/// All parameters, sorted by name.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "access.break-glass",
        description: "users or groups that are for emergencies: their credentials are sealed",
        controls: &["access/break-glass", "access/no-standing-privilege"],
    },
    Parameter {
        name: "access.expiry-annotations",
        description: "annotations of bindings that hold the moment at which the grant ends (RFC 3339)",
        controls: &["access/grant-expiry", "access/no-standing-privilege"],
    },
    Parameter {
        name: "access.longest-grant-hours",
        description: "the longest life of a temporary grant, in hours",
        controls: &["access/grant-expiry"],
    },
    Parameter {
        name: "control-plane.certificate-days",
        description: "for how many days at least certificates must still be valid",
        controls: &["control-plane/certificate-expiry"],
    },
    Parameter {
        name: "exposure.consoles",
        description: "registries or repositories of further images that are consoles or admin tools",
        controls: &["exposure/dashboard", "exposure/dashboard-authentication", "exposure/console-inventory"],
    },
    Parameter {
        name: "exposure.entry-namespaces",
        description: "namespaces whose Services are meant to be entered from outside",
        controls: &["exposure/service-types"],
    },
    Parameter {
        name: "exposure.vetted-consoles",
        description: "consoles that somebody has vetted, by name or image repository; empty: only retired ones are judged",
        controls: &["exposure/console-inventory"],
    },
    Parameter {
        name: "images.end-of-life-registries",
        description: "registries that no longer receive updates",
        controls: &["images/registry-allowlist"],
    },
    Parameter {
        name: "images.registries",
        description: "registries, or repository prefixes by whole segments, that images may come from; empty: not judged",
        controls: &["images/registry-allowlist"],
    },
    Parameter {
        name: "kube-proxy.kubeconfig-mode",
        description: "the mode, in octal digits, that the kubeconfig of kube-proxy may have at most",
        controls: &["kube-proxy/kubeconfig-permissions"],
    },
    Parameter {
        name: "mesh.root-namespace",
        description: "the root namespace of Istio: policies there hold for the whole mesh",
        controls: &["exposure/api-gateway", "mesh/authorization", "mesh/strict-mtls"],
    },
    Parameter {
        name: "namespaces.owner-labels",
        description: "labels or annotations, any one of which names the owner of a namespace or workload",
        controls: &[
            "exposure/console-inventory",
            "namespaces/team-boundaries",
            "network/namespace-isolation",
        ],
    },
    Parameter {
        name: "namespaces.system",
        description: "namespaces of the platform; a trailing `*` stands for any ending",
        controls: &[
            "namespaces/system-separation",
            "namespaces/resource-quotas",
            "namespaces/team-boundaries",
            "network/control-plane-reach",
            "network/default-deny-egress",
            "network/default-deny-ingress",
            "network/metadata-egress",
            "network/namespace-isolation",
        ],
    },
    Parameter {
        name: "pods.minimum-id",
        description: "the least user and group id that belongs to nobody on the host",
        controls: &["pods/high-ids"],
    },
    Parameter {
        name: "pods.sandbox-runtime-classes",
        description: "runtime classes whose handler is a sandbox (gVisor, Kata, Firecracker)",
        controls: &["pods/sandboxed-runtime"],
    },
    Parameter {
        name: "pods.untrusted-label",
        description: "label, with value `true`, of workloads or namespaces that run code that is not trusted",
        controls: &["pods/sandboxed-runtime", "pods/user-namespaces"],
    },
    Parameter {
        name: "secrets.longest-age-days",
        description: "the days after which the data of a Secret should have been changed",
        controls: &["secrets/rotation"],
    },
];

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn above_zero(name: &'static str, value: &str) -> Result<i64, ParameterError> {
    let expected = "a number above 0";
    let number = value.trim().parse().ok().filter(|number| *number > 0);
    number.ok_or(ParameterError::Invalid { name, expected, value: value.to_owned() })
}

impl Default for Parameters {
    fn default() -> Self {
        Parameters {
            certificate_days: 30,
            kube_proxy_mode: 0o600,
            registries: Vec::new(),
            end_of_life_registries: list(&["k8s.gcr.io", "gcr.io/google_containers", "docker.io/openshift"]),
            system_namespaces: list(&[
                "kube-system",
                "kube-public",
                "kube-node-lease",
                "openshift-*",
                "gatekeeper-system",
                "kyverno",
                "istio-system",
                "linkerd",
                "calico-system",
                "tigera-operator",
                "cilium",
                "longhorn-system",
                "local-path-storage",
                "metallb-system",
            ]),
            minimum_id: 10_000,
            owner_labels: list(&[
                "owner",
                "team",
                "app.kubernetes.io/managed-by-team",
                "seaworthy.dev/owner",
            ]),
            untrusted_label: "seaworthy.dev/untrusted".to_owned(),
            sandbox_runtime_classes: list(&[
                "gvisor",
                "runsc",
                "kata",
                "kata-qemu",
                "kata-clh",
                "kata-fc",
                "firecracker",
            ]),
            consoles: Vec::new(),
            vetted_consoles: Vec::new(),
            entry_namespaces: Vec::new(),
            break_glass: Vec::new(),
            expiry_annotations: list(&["seaworthy.dev/expires"]),
            longest_grant_hours: 8,
            secret_age_days: 365,
            mesh_root_namespace: "istio-system".to_owned(),
        }
    }
}

impl Parameters {
    /// Sets a parameter from text; lists are separated by commas.
    ///
    /// # Errors
    /// When there is no such parameter or the value does not fit.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), ParameterError> {
        let values =
            || value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect();
        match name {
            "access.break-glass" => self.break_glass = values(),
            "access.expiry-annotations" => self.expiry_annotations = values(),
            "access.longest-grant-hours" => {
                self.longest_grant_hours = above_zero("access.longest-grant-hours", value)?;
            }
            "secrets.longest-age-days" => {
                self.secret_age_days = above_zero("secrets.longest-age-days", value)?;
            }
            "exposure.consoles" => self.consoles = values(),
            "exposure.entry-namespaces" => self.entry_namespaces = values(),
            "exposure.vetted-consoles" => self.vetted_consoles = values(),
            "mesh.root-namespace" => self.mesh_root_namespace = value.trim().to_owned(),
            "images.registries" => self.registries = values(),
            "images.end-of-life-registries" => self.end_of_life_registries = values(),
            "namespaces.system" => self.system_namespaces = values(),
            "namespaces.owner-labels" => self.owner_labels = values(),
            "pods.sandbox-runtime-classes" => self.sandbox_runtime_classes = values(),
            "pods.untrusted-label" => self.untrusted_label = value.trim().to_owned(),
            "control-plane.certificate-days" => {
                self.certificate_days =
                    value.trim().parse().ok().filter(|days| (0..=3650).contains(days)).ok_or(
                        ParameterError::Invalid {
                            name: "control-plane.certificate-days",
                            expected: "a number of days up to 3650",
                            value: value.to_owned(),
                        },
                    )?;
            }
            "kube-proxy.kubeconfig-mode" => {
                self.kube_proxy_mode = u32::from_str_radix(value.trim(), 8)
                    .ok()
                    .filter(|mode| *mode <= 0o777)
                    .ok_or(ParameterError::Invalid {
                        name: "kube-proxy.kubeconfig-mode",
                        expected: "octal digits up to 777",
                        value: value.to_owned(),
                    })?;
            }
            "pods.minimum-id" => self.minimum_id = above_zero("pods.minimum-id", value)?,
            _ => return Err(ParameterError::Unknown(name.to_owned())),
        }
        Ok(())
    }

    /// The value of a parameter as [`set`](Parameters::set) takes it, or `None` when there is no such parameter.
    pub fn get(&self, name: &str) -> Option<String> {
        Some(match name {
            "access.break-glass" => self.break_glass.join(","),
            "access.expiry-annotations" => self.expiry_annotations.join(","),
            "access.longest-grant-hours" => self.longest_grant_hours.to_string(),
            "secrets.longest-age-days" => self.secret_age_days.to_string(),
            "exposure.consoles" => self.consoles.join(","),
            "exposure.entry-namespaces" => self.entry_namespaces.join(","),
            "exposure.vetted-consoles" => self.vetted_consoles.join(","),
            "mesh.root-namespace" => self.mesh_root_namespace.clone(),
            "images.registries" => self.registries.join(","),
            "images.end-of-life-registries" => self.end_of_life_registries.join(","),
            "namespaces.system" => self.system_namespaces.join(","),
            "namespaces.owner-labels" => self.owner_labels.join(","),
            "pods.sandbox-runtime-classes" => self.sandbox_runtime_classes.join(","),
            "pods.untrusted-label" => self.untrusted_label.clone(),
            "control-plane.certificate-days" => self.certificate_days.to_string(),
            "kube-proxy.kubeconfig-mode" => format!("{:o}", self.kube_proxy_mode),
            "pods.minimum-id" => self.minimum_id.to_string(),
            _ => return None,
        })
    }

    /// Whether a namespace belongs to the platform.
    pub fn is_system_namespace(&self, name: &str) -> bool {
        self.system_namespaces.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == pattern,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_can_be_read_and_set_to_what_it_is() {
        let mut parameters = Parameters::default();
        for parameter in PARAMETERS {
            let value = parameters.get(parameter.name).expect(parameter.name);
            parameters.set(parameter.name, &value).expect(parameter.name);
            assert_eq!(parameters.get(parameter.name).as_deref(), Some(value.as_str()));
        }
    }

    #[test]
    fn a_misfit_is_an_error() {
        let mut parameters = Parameters::default();
        assert_eq!(
            parameters.set("pods.minimum-id", "many").unwrap_err().to_string(),
            "parameter `pods.minimum-id` must be a number above 0, not `many`"
        );
        assert_eq!(parameters.set("x", "1").unwrap_err().to_string(), "there is no parameter `x`");
    }

    #[test]
    fn system_namespaces_match_by_name_and_by_ending() {
        let parameters = Parameters::default();
        assert!(parameters.is_system_namespace("kube-system"));
        assert!(parameters.is_system_namespace("openshift-dns"));
        assert!(!parameters.is_system_namespace("kube-system-2"));
    }
}
