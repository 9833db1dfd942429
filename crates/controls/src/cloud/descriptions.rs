//! Objects that describe a managed cluster: where each kind says what its provider is to do.

use seaworthy_document::Value;

/// Where one kind of object keeps the settings of its cluster.
pub(super) struct Description {
    pub(super) group: &'static str,
    pub(super) kind: &'static str,
    /// The part that holds the settings; for Cluster API and Config Connector `spec`.
    pub(super) root: &'static [&'static str],
    /// The switch that makes the endpoint public, which it is when nothing is stated.
    pub(super) public: &'static [&'static str],
    /// The switch that makes the endpoint private.
    pub(super) private: &'static [&'static str],
    /// The networks that may reach a public endpoint, a list of texts or of maps with the given key; every network when
    /// nothing is stated.
    pub(super) networks: Networks,
    /// Which logs of the control plane are kept.
    pub(super) logs: Logs,
    /// Switches that must not have a value.
    pub(super) switches: &'static [Switch],
}

/// Where a kind lists networks.
pub(super) struct Networks {
    pub(super) path: &'static [&'static str],
    /// The key of the network in an item, when items are maps.
    pub(super) key: Option<&'static str>,
    /// The path as people write it.
    pub(super) shown: &'static str,
}

/// How a kind says which logs of the control plane are kept.
#[derive(Clone, Copy)]
pub(super) enum Logs {
    /// By names in a list, of which `*` and `all` mean every one.
    List(&'static [&'static str]),
    /// By a switch for each in a map.
    Map(&'static [&'static str]),
    /// Kept unless the service is `none`.
    Service(&'static [&'static str]),
    /// Not said here.
    Elsewhere,
}

/// A switch of the control plane.
pub(super) struct Switch {
    pub(super) path: &'static [&'static str],
    /// The value that it must not have.
    pub(super) bad: bool,
    /// Whether it has that value when it is not stated.
    pub(super) by_default: bool,
    /// What follows from it.
    pub(super) means: &'static str,
}

const LEGACY_ABAC: &str = "rights are given past RBAC";
const CLIENT_CERTIFICATE: &str = "a certificate with every right is issued, which nobody can revoke";
const LOCAL_ACCOUNTS: &str = "certificates of local accounts go past the identity provider";

pub(super) const DESCRIPTIONS: &[Description] = &[
    Description {
        group: "eksctl.io",
        kind: "ClusterConfig",
        root: &[],
        public: &["vpc", "clusterEndpoints", "publicAccess"],
        private: &["privateCluster", "enabled"],
        networks: Networks { path: &["vpc", "publicAccessCIDRs"], key: None, shown: "vpc.publicAccessCIDRs" },
        logs: Logs::List(&["cloudWatch", "clusterLogging", "enableTypes"]),
        switches: &[],
    },
    Description {
        group: "controlplane.cluster.x-k8s.io",
        kind: "AWSManagedControlPlane",
        root: &["spec"],
        public: &["endpointAccess", "public"],
        private: &[],
        networks: Networks {
            path: &["endpointAccess", "publicCIDRs"],
            key: None,
            shown: "endpointAccess.publicCIDRs",
        },
        logs: Logs::Map(&["logging"]),
        switches: &[],
    },
    Description {
        group: "infrastructure.cluster.x-k8s.io",
        kind: "AzureManagedControlPlane",
        root: &["spec"],
        public: &[],
        private: &["apiServerAccessProfile", "enablePrivateCluster"],
        networks: Networks {
            path: &["apiServerAccessProfile", "authorizedIPRanges"],
            key: None,
            shown: "apiServerAccessProfile.authorizedIPRanges",
        },
        logs: Logs::Elsewhere,
        switches: &[Switch {
            path: &["disableLocalAccounts"],
            bad: false,
            by_default: true,
            means: LOCAL_ACCOUNTS,
        }],
    },
    Description {
        group: "infrastructure.cluster.x-k8s.io",
        kind: "GCPManagedControlPlane",
        root: &["spec"],
        public: &[],
        private: &[],
        networks: Networks {
            path: &["master_authorized_networks_config", "cidr_blocks"],
            key: Some("cidr_block"),
            shown: "master_authorized_networks_config.cidr_blocks",
        },
        logs: Logs::Service(&["loggingService"]),
        switches: &[],
    },
    Description {
        group: "container.cnrm.cloud.google.com",
        kind: "ContainerCluster",
        root: &["spec"],
        public: &[],
        private: &["privateClusterConfig", "enablePrivateEndpoint"],
        networks: Networks {
            path: &["masterAuthorizedNetworksConfig", "cidrBlocks"],
            key: Some("cidrBlock"),
            shown: "masterAuthorizedNetworksConfig.cidrBlocks",
        },
        logs: Logs::Service(&["loggingService"]),
        switches: &[
            Switch { path: &["enableLegacyAbac"], bad: true, by_default: false, means: LEGACY_ABAC },
            Switch {
                path: &["masterAuth", "clientCertificateConfig", "issueClientCertificate"],
                bad: true,
                by_default: false,
                means: CLIENT_CERTIFICATE,
            },
        ],
    },
    Description {
        group: "eks.aws.upbound.io",
        kind: "Cluster",
        root: &["spec", "forProvider"],
        public: &["vpcConfig", "endpointPublicAccess"],
        private: &[],
        networks: Networks {
            path: &["vpcConfig", "publicAccessCidrs"],
            key: None,
            shown: "vpcConfig.publicAccessCidrs",
        },
        logs: Logs::List(&["enabledClusterLogTypes"]),
        switches: &[],
    },
    Description {
        group: "container.gcp.upbound.io",
        kind: "Cluster",
        root: &["spec", "forProvider"],
        public: &[],
        private: &["privateClusterConfig", "enablePrivateEndpoint"],
        networks: Networks {
            path: &["masterAuthorizedNetworksConfig", "cidrBlocks"],
            key: Some("cidrBlock"),
            shown: "masterAuthorizedNetworksConfig.cidrBlocks",
        },
        logs: Logs::Service(&["loggingService"]),
        switches: &[Switch { path: &["enableLegacyAbac"], bad: true, by_default: false, means: LEGACY_ABAC }],
    },
    Description {
        group: "containerservice.azure.upbound.io",
        kind: "KubernetesCluster",
        root: &["spec", "forProvider"],
        public: &[],
        private: &["privateClusterEnabled"],
        networks: Networks {
            path: &["apiServerAccessProfile", "authorizedIpRanges"],
            key: None,
            shown: "apiServerAccessProfile.authorizedIpRanges",
        },
        logs: Logs::Elsewhere,
        switches: &[Switch {
            path: &["localAccountDisabled"],
            bad: false,
            by_default: true,
            means: LOCAL_ACCOUNTS,
        }],
    },
];

/// The value at the end of a path. Blocks of Terraform providers are lists with one item in older versions of a kind, and
/// maps in newer ones.
pub(super) fn find<'a>(value: Value<'a>, path: &[&str]) -> Option<Value<'a>> {
    path.iter().try_fold(value, |value, key| {
        let block = if value.is_sequence() { value.items().next()? } else { value };
        block.get(key)
    })
}
