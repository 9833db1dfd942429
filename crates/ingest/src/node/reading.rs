//! What a node says of itself, in the form in which it becomes evidence: kind `NodeReading`.

use std::collections::BTreeMap;

use serde::Serialize;

/// The whole reading. Its file names, modes and owners are data; texts of configuration files stand beside it.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reading {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) metadata: Metadata,
    pub(super) at: String,
    pub(super) root: String,
    pub(super) reader: Reader,
    pub(super) processes: Vec<Process>,
    pub(super) files: Vec<File>,
    pub(super) certificates: Vec<Certificate>,
    pub(super) kernel: Kernel,
    pub(super) system: System,
    pub(super) security: Security,
    pub(super) sysctls: BTreeMap<&'static str, String>,
    pub(super) mounts: Vec<Mount>,
    pub(super) packages: Vec<Package>,
    pub(super) sockets: Vec<Socket>,
    /// What could not be read, where no entry of its own says so.
    pub(super) errors: Vec<Obstacle>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
}

/// With whose rights it was read.
#[derive(Debug, Default, Serialize)]
pub(super) struct Reader {
    pub(super) uid: u32,
    /// The effective capabilities, as the kernel writes them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) capabilities: Option<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Process {
    pub(super) pid: u32,
    pub(super) program: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) executable: Option<String>,
    /// The version of the package that brought the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) arguments: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unit: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unit_files: Vec<String>,
    /// The uid of the pod that it runs in, by its cgroup.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pod: Option<String>,
    /// Whether that pod is one of the kubelet's own manifests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) static_pod: Option<bool>,
    /// Files and folders that its settings name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) uses: Vec<Use>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<String>,
}

/// A file or folder that a setting of a process names.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Use {
    /// The flag, or the path of the field in a configuration file.
    pub(super) setting: String,
    pub(super) path: String,
    pub(super) role: &'static str,
    /// The name of its text among the evidence, when that was kept; of a folder of drop-ins, those of its files in their order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) texts: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<&'static str>,
    /// The process in whose root it stands, where that is not the node's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
    /// Where it is when links lead to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) gid: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reachable: Option<String>,
    /// The name of its text among the evidence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Certificate {
    pub(super) path: String,
    pub(super) role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<&'static str>,
    /// The field of a kubeconfig that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<Content>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Content {
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) serial: String,
    pub(super) not_before: String,
    pub(super) not_after: String,
    pub(super) algorithm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bits: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) curve: Option<&'static str>,
    pub(super) signature: String,
    pub(super) ca: bool,
    pub(super) usages: Vec<&'static str>,
    pub(super) names: Vec<String>,
    /// Hash of the certificate: whether two programs trust the same authority.
    pub(super) sha256: String,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Kernel {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(rename = "commandLine", skip_serializing_if = "Option::is_none")]
    pub(super) command_line: Option<String>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct System {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    pub(super) architecture: &'static str,
}

/// Absent is unknown.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Security {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) apparmor: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) selinux: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seccomp: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modules: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lockdown: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) swap: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cgroup: Option<u8>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Mount {
    pub(super) path: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) options: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Socket {
    pub(super) port: u16,
    pub(super) protocol: &'static str,
    pub(super) address: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pid: Option<u32>,
    /// A process in whose network it listens, where that is not the node's.
    #[serde(rename = "networkOf", skip_serializing_if = "Option::is_none")]
    pub(super) network_of: Option<u32>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Obstacle {
    pub(super) what: String,
    pub(super) error: String,
}
