//! What items of frameworks are about, in few words of our own; names of techniques are those of their matrices.

use super::Framework;

/// What an item is about, where that is certain.
pub(super) fn item(framework: Framework, id: &str) -> Option<&'static str> {
    let table = match framework {
        Framework::Nsa => NSA,
        Framework::Mitre => TECHNIQUES,
        // The benchmark's sections say enough, and the checks of the standards are named by what they look at.
        Framework::Cis | Framework::Pss => return None,
    };
    table.iter().find(|(known, _)| *known == id).map(|(_, title)| *title)
}

/// The section that an item belongs to.
pub(super) fn section(framework: Framework, id: &str) -> Option<&'static str> {
    match framework {
        Framework::Cis => {
            let within = |section: &str| id.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
            CIS.iter().find(|(section, _)| within(section)).map(|(_, title)| *title)
        }
        Framework::Mitre if id.starts_with("MS-") => Some("Microsoft threat matrix"),
        Framework::Mitre => Some("ATT&CK"),
        Framework::Nsa | Framework::Pss => None,
    }
}

const CIS: &[(&str, &str)] = &[
    ("1.1", "files of the control plane"),
    ("1.2", "API server"),
    ("1.3", "controller manager"),
    ("1.4", "scheduler"),
    ("2", "etcd"),
    ("3.1", "authentication and authorisation"),
    ("3.2", "audit logging"),
    ("4.1", "files of worker nodes"),
    ("4.2", "kubelet"),
    ("4.3", "kube-proxy"),
    ("5.1", "RBAC and service accounts"),
    ("5.2", "pod security"),
    ("5.3", "network policies"),
    ("5.4", "secrets"),
    ("5.5", "admission control"),
    ("5.6", "general policies"),
];

const NSA: &[(&str, &str)] = &[
    ("alerting", "alerts on suspicious behaviour"),
    ("anonymous", "no anonymous requests"),
    ("audit", "audit logging"),
    ("auth", "strong authentication"),
    ("authz", "authorisation of every request"),
    ("caps", "few capabilities"),
    ("control-plane", "protection of the control plane"),
    ("encryption", "encryption in transit"),
    ("etcd", "protection of etcd"),
    ("hardening", "profiles that confine containers"),
    ("host-ns", "no namespaces of the host"),
    ("hostpath", "no files of the host"),
    ("images", "images that are scanned, signed and known"),
    ("immutable-fs", "read-only container file systems"),
    ("kubeconfig", "protection of kubeconfig files"),
    ("logging", "logs kept away from the cluster"),
    ("mesh", "service meshes"),
    ("metadata", "no access to the cloud's metadata service"),
    ("netpol", "network policies"),
    ("node", "protection of worker nodes"),
    ("nonroot", "containers that do not run as root"),
    ("privileged", "no privileged containers"),
    ("psa", "enforcement of pod security"),
    ("rbac", "narrow roles"),
    ("resources", "limits of resources"),
    ("sa-token", "service account tokens only where needed"),
    ("secrets", "protection of secrets"),
    ("tenancy", "separation by namespaces"),
    ("upgrade", "updates and patches"),
];

const TECHNIQUES: &[(&str, &str)] = &[
    ("T1005", "data from local system"),
    ("T1021.004", "remote services: SSH"),
    ("T1036", "masquerading"),
    ("T1036.005", "masquerading: match legitimate name or location"),
    ("T1040", "network sniffing"),
    ("T1041", "exfiltration over C2 channel"),
    ("T1046", "network service discovery"),
    ("T1055", "process injection"),
    ("T1057", "process discovery"),
    ("T1059", "command and scripting interpreter"),
    ("T1068", "exploitation for privilege escalation"),
    ("T1070", "indicator removal"),
    ("T1071", "application layer protocol"),
    ("T1078", "valid accounts"),
    ("T1078.001", "valid accounts: default accounts"),
    ("T1078.003", "valid accounts: local accounts"),
    ("T1078.004", "valid accounts: cloud accounts"),
    ("T1082", "system information discovery"),
    ("T1090", "proxy"),
    ("T1098", "account manipulation"),
    ("T1105", "ingress tool transfer"),
    ("T1133", "external remote services"),
    ("T1190", "exploit public-facing application"),
    ("T1195", "supply chain compromise"),
    ("T1195.002", "supply chain compromise: software supply chain"),
    ("T1210", "exploitation of remote services"),
    ("T1485", "data destruction"),
    ("T1490", "inhibit system recovery"),
    ("T1496", "resource hijacking"),
    ("T1499", "endpoint denial of service"),
    ("T1525", "implant internal image"),
    ("T1528", "steal application access token"),
    ("T1530", "data from cloud storage"),
    ("T1543", "create or modify system process"),
    ("T1546", "event triggered execution"),
    ("T1548", "abuse elevation control mechanism"),
    ("T1550", "use alternate authentication material"),
    ("T1552", "unsecured credentials"),
    ("T1552.001", "unsecured credentials: credentials in files"),
    ("T1552.005", "unsecured credentials: cloud instance metadata API"),
    ("T1552.007", "unsecured credentials: container API"),
    ("T1556", "modify authentication process"),
    ("T1557", "adversary-in-the-middle"),
    ("T1562", "impair defenses"),
    ("T1562.008", "impair defenses: disable or modify cloud logs"),
    ("T1565", "data manipulation"),
    ("T1600", "weaken encryption"),
    ("T1606", "forge web credentials"),
    ("T1609", "container administration command"),
    ("T1610", "deploy container"),
    ("T1611", "escape to host"),
    ("T1613", "container and resource discovery"),
    ("T1649", "steal or forge authentication certificates"),
    ("MS-TA9002", "compromised image in registry"),
    ("MS-TA9003", "kubeconfig file"),
    ("MS-TA9010", "SSH server running inside container"),
    ("MS-TA9013", "writable hostPath mount"),
    ("MS-TA9014", "Kubernetes CronJob"),
    ("MS-TA9015", "malicious admission controller"),
    ("MS-TA9016", "container service account"),
    ("MS-TA9017", "static pods"),
    ("MS-TA9018", "privileged container"),
    ("MS-TA9019", "cluster-admin binding"),
    ("MS-TA9025", "list Kubernetes secrets"),
    ("MS-TA9038", "data destruction"),
    ("MS-TA9039", "resource hijacking"),
    ("MS-TA9040", "denial of service"),
];
