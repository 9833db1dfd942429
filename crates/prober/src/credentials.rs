//! Certificates that probes show, beside what the kubeconfig holds.

/// Certificates and keys, as PEM.
#[derive(Clone, Default)]
pub struct Credentials {
    /// For etcd: certificate and key.
    pub etcd: Option<(Vec<u8>, Vec<u8>)>,
    /// The authority that signed etcd's own certificates.
    pub etcd_authority: Option<Vec<u8>>,
    /// Of a user of the cluster without rights: certificate and key.
    pub ordinary: Option<(Vec<u8>, Vec<u8>)>,
}

impl std::fmt::Debug for Credentials {
    /// Keys are not for logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}
