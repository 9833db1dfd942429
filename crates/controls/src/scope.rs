//! What a check is given: its subject and what is known around it.

use std::collections::BTreeMap;

use seaworthy_document::Value;
use seaworthy_evidence::{Component, Evidence, Found, Object, Place, Workload};
use seaworthy_podsecurity::{Container, Pod, Version};

use crate::control::Severity;
use crate::exceptions::{Baseline, Exceptions};
use crate::parameters::Parameters;

/// What an evaluation is made with, apart from its evidence.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The Kubernetes version of the cluster that the objects are for.
    pub version: Version,
    /// Values of the controls' parameters.
    pub parameters: Parameters,
    /// Severities that replace those of controls, by id: all findings of the control get it.
    pub severities: BTreeMap<&'static str, Severity>,
    /// Accepted risks.
    pub exceptions: Exceptions,
    /// A former result: what stands in it is known.
    pub baseline: Option<Baseline>,
    /// The absolute folder that relative names of files are meant from; without it, patterns of files in exceptions
    /// are compared with the names as they are.
    pub working_directory: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            version: Version::LATEST,
            parameters: Parameters::default(),
            severities: BTreeMap::new(),
            exceptions: Exceptions::default(),
            baseline: None,
            working_directory: None,
        }
    }
}

/// What every check can see.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'e, 'a> {
    /// All evidence.
    pub evidence: &'e Evidence<'a>,
    /// Version and parameters.
    pub settings: &'e Settings,
}

/// A pod or pod template.
#[derive(Clone, Copy, Debug)]
pub struct PodScope<'e, 'a> {
    /// The pod and where it stands.
    pub workload: &'e Workload<'a>,
    /// What it is part of.
    pub around: Surroundings<'e, 'a>,
}

impl<'e, 'a> PodScope<'e, 'a> {
    /// The pod.
    pub fn pod(&self) -> &'e Pod<'a> {
        &self.workload.pod
    }

    /// The object that holds the pod.
    pub fn owner(&self) -> &'e Object<'a> {
        self.around.evidence.owner(self.workload)
    }

    /// The name of the pod's service account; `default` when it names none.
    pub fn service_account_name(&self) -> &'a str {
        let spec = self.pod().spec();
        let name =
            |key| spec.get(key).and_then(|value: Value<'a>| value.as_str()).filter(|name| !name.is_empty());
        name("serviceAccountName").or_else(|| name("serviceAccount")).unwrap_or("default")
    }

    /// Whether all service accounts of its namespace are known.
    pub(crate) fn has_all_accounts(&self) -> bool {
        let namespace = self.owner().namespace;
        namespace.is_some() && self.around.has_all("", "ServiceAccount", namespace)
    }

    /// The pod's service account among the evidence.
    pub fn service_account(&self) -> Found<'e, 'a> {
        self.around.evidence.named("ServiceAccount", self.service_account_name(), self.owner())
    }
}

/// A container of a pod.
#[derive(Clone, Copy, Debug)]
pub struct ContainerScope<'e, 'a> {
    /// The container.
    pub container: Container<'a>,
    /// Its pod.
    pub pod: PodScope<'e, 'a>,
}

/// An object.
#[derive(Clone, Copy, Debug)]
pub struct ObjectScope<'e, 'a> {
    /// The object.
    pub object: &'e Object<'a>,
    /// What it is part of.
    pub around: Surroundings<'e, 'a>,
}

/// A component of the control plane or of a node.
#[derive(Clone, Copy, Debug)]
pub struct ComponentScope<'e, 'a> {
    /// The component: its flags and configuration.
    pub component: &'e Component<'a>,
    /// What it is part of.
    pub around: Surroundings<'e, 'a>,
}

impl<'e, 'a> ComponentScope<'e, 'a> {
    /// The object that starts or configures it.
    pub fn owner(&self) -> &'e Object<'a> {
        self.around.evidence.owner_of(self.component)
    }

    /// Where a flag or field that is missing would stand: `name` is shown as written, `--audit-log-path`.
    pub fn missing(&self, name: &'static str) -> Place<'a> {
        Place::missing(self.component.settings(), name)
    }

    /// The objects of a kind in the file that a flag names by its path on the node, as
    /// `--authorization-config=/etc/kubernetes/authorization.yaml` does: files of the same name among the evidence.
    pub fn file_of(&self, kind: &str, path: &str) -> Found<'e, 'a> {
        self.around.evidence.file_of(self.component, kind, path)
    }
}

/// A namespace: declared by an object, or only named by others.
#[derive(Clone, Debug)]
pub struct NamespaceScope<'e, 'a> {
    /// Its name; `None` stands for "wherever it is applied", the namespace of objects that name none.
    pub name: Option<&'a str>,
    /// Its Namespace object, when the evidence holds one.
    pub object: Option<&'e Object<'a>>,
    /// The pods in it.
    pub workloads: Vec<&'e Workload<'a>>,
    /// What it is part of.
    pub around: Surroundings<'e, 'a>,
}

impl<'e, 'a> NamespaceScope<'e, 'a> {
    /// The objects of a kind in this namespace.
    pub fn objects_of_kind(&self, kind: &str) -> impl Iterator<Item = &'e Object<'a>> + use<'e, 'a> {
        self.around.evidence.in_namespace(kind, self.name)
    }

    /// Whether it is a namespace of the platform.
    pub fn is_system(&self) -> bool {
        self.name.is_some_and(|name| self.around.settings.parameters.is_system_namespace(name))
    }

    /// Something to point at: the Namespace object, else the first pod's owner.
    pub fn anchor(&self) -> Option<&'e Object<'a>> {
        self.object.or_else(|| self.workloads.first().map(|workload| self.around.evidence.owner(workload)))
    }
}
