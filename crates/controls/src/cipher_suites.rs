//! TLS versions and cipher suites by the names that flags of Kubernetes take
//! (`k8s.io/component-base/cli/flag/ciphersuites_flag.go`).

/// Whether a suite authenticates what it encrypts and gives forward secrecy.
pub(crate) fn is_aead(suite: &str) -> bool {
    let suite = suite.trim();
    if let Some(rest) = suite.strip_prefix("TLS_ECDHE_") {
        let Some(cipher) = rest.strip_prefix("ECDSA_WITH_").or_else(|| rest.strip_prefix("RSA_WITH_")) else {
            return false;
        };
        return matches!(
            cipher,
            "AES_128_GCM_SHA256" | "AES_256_GCM_SHA384" | "CHACHA20_POLY1305" | "CHACHA20_POLY1305_SHA256"
        );
    }
    matches!(suite, "TLS_AES_128_GCM_SHA256" | "TLS_AES_256_GCM_SHA384" | "TLS_CHACHA20_POLY1305_SHA256")
}
