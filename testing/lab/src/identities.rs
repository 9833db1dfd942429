use std::path::{Path, PathBuf};

use crate::LabError;
use crate::certificates::{Authority, Subject, write};

/// Who can come to the API server of each lab: the name of the kubeconfig, the user, the groups. Identities without a
/// group have the rights that somebody binds to them.
pub(crate) const IDENTITIES: [(&str, &str, &[&str]); 6] = [
    ("admin", "admin", &["system:masters"]),
    ("controller-manager", "system:kube-controller-manager", &[]),
    ("scheduler", "system:kube-scheduler", &[]),
    ("node", "system:node:node1", &["system:nodes"]),
    ("viewer", "viewer", &["lab:viewers"]),
    ("nobody", "nobody", &[]),
];

/// The name of the kubeconfig without credentials.
pub(crate) const ANONYMOUS: &str = "anonymous";

/// Where keys and kubeconfigs of a lab lie.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    pub(crate) pki: PathBuf,
    pub(crate) kubeconfigs: PathBuf,
}

impl Credentials {
    pub(crate) fn certificate(&self, name: &str) -> PathBuf {
        self.pki.join(format!("{name}.crt"))
    }

    pub(crate) fn key(&self, name: &str) -> PathBuf {
        self.pki.join(format!("{name}.key"))
    }

    pub(crate) fn kubeconfig(&self, name: &str) -> PathBuf {
        self.kubeconfigs.join(format!("{name}.kubeconfig"))
    }

    /// Issues a client certificate and writes the kubeconfig that shows it.
    pub(crate) fn issue(
        &self,
        authority: &Authority,
        name: &str,
        user: &str,
        groups: &[&str],
        server: &str,
    ) -> Result<(), LabError> {
        authority.client(name, &Subject { user, groups })?;
        let text = kubeconfig(
            name,
            server,
            &self.certificate("ca"),
            Some((&self.certificate(name), &self.key(name))),
        );
        write(&self.kubeconfig(name), &text)
    }

    pub(crate) fn anonymous(&self, server: &str) -> Result<(), LabError> {
        write(&self.kubeconfig(ANONYMOUS), &kubeconfig(ANONYMOUS, server, &self.certificate("ca"), None))
    }
}

fn kubeconfig(name: &str, server: &str, authority: &Path, identity: Option<(&Path, &Path)>) -> String {
    let user = match identity {
        Some((certificate, key)) => {
            serde_json::json!({"client-certificate": certificate, "client-key": key})
        }
        None => serde_json::json!({}),
    };
    // JSON is YAML, and paths need no rules of quoting.
    let config = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority": authority}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": name}}],
        "current-context": "lab",
    });
    format!("{config:#}\n")
}
