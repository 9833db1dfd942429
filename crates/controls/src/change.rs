//! Changes: one edit often cures several controls, and people plan by edits, not by findings.

/// What one edit is made to; edits are counted by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A container of a pod or template.
    Container,
    /// A pod or template.
    Pod,
    /// A whole object.
    Object,
    /// A namespace.
    Namespace,
    /// A node.
    Node,
}

impl Unit {
    /// The word for `count` of them.
    pub fn noun(self, count: usize) -> &'static str {
        match (self, count) {
            (Unit::Container, 1) => "container",
            (Unit::Container, _) => "containers",
            (Unit::Pod, 1) => "workload",
            (Unit::Pod, _) => "workloads",
            (Unit::Object, 1) => "object",
            (Unit::Object, _) => "objects",
            (Unit::Namespace, 1) => "namespace",
            (Unit::Namespace, _) => "namespaces",
            (Unit::Node, 1) => "node",
            (Unit::Node, _) => "nodes",
        }
    }
}

/// A kind of edit that cures one or more controls.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name in reports.
    pub id: &'static str,
    /// What to do, to be followed by the number of units: "complete the `securityContext` of".
    pub action: &'static str,
    /// What one edit is made to.
    pub unit: Unit,
    /// Effort and risk of one edit, from 1 (a line that cannot break a correct workload) to 5 (a redesign).
    pub effort: u32,
    /// The edit, as YAML to copy, where one form fits all.
    pub example: Option<&'static str>,
}

macro_rules! changes {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $action:literal, $unit:ident, $effort:literal, $example:expr;)*) => {
        $($(#[$doc])* pub static $name: Change =
            Change { id: $id, action: $action, unit: Unit::$unit, effort: $effort, example: $example };)*

        /// All changes.
        pub static ALL: &[&Change] = &[$(&$name),*];
    };
}

changes! {
    /// One `securityContext` block.
    SECURITY_CONTEXT = "security-context", "complete the `securityContext` of", Container, 1, Some("\
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  readOnlyRootFilesystem: true   # add an emptyDir for each path that is written
  runAsNonRoot: true
  runAsUser: 10001               # a user that the image knows how to run as
  runAsGroup: 10001
  seccompProfile:
    type: RuntimeDefault
");
    /// No host fields in the pod.
    HOST_ACCESS = "host-access", "remove access to the host from", Pod, 3, None;
    /// CPU and memory.
    RESOURCES = "resources", "set requests and limits on", Container, 1, Some("\
resources:
  requests: {cpu: 100m, memory: 128Mi}   # what it uses
  limits: {cpu: 500m, memory: 256Mi}     # what it may use at most
");
    /// Small pod fields that few pods need.
    POD_FIELDS = "pod-fields", "remove unneeded fields from", Pod, 1, None;
    /// Kernel isolation beyond namespaces.
    ISOLATION = "isolation", "isolate", Pod, 4, None;
    /// The image reference.
    IMAGE_REFERENCE = "image-reference", "pin the image of", Container, 1, Some("\
image: registry.example.com/shop/web:1.4.2@sha256:<digest of that tag>
imagePullPolicy: Always
");
    /// What is inside an image.
    IMAGE_CONTENT = "image-content", "rebuild the image of", Container, 4, None;
    /// Credentials of registries.
    REGISTRY_CREDENTIALS = "registry-credentials", "narrow the registry credentials of", Object, 2, None;
    /// Credentials in the clear.
    CREDENTIALS = "credentials", "take credentials out of", Object, 2, Some("\
env:
  - name: DB_PASSWORD
    valueFrom:
      secretKeyRef: {name: db, key: password}
");
    /// How secrets reach a container.
    SECRET_DELIVERY = "secret-delivery", "deliver secrets as files to", Pod, 2, Some("\
volumes:
  - name: db
    secret: {secretName: db, defaultMode: 0440}
");
    /// A store outside the cluster.
    SECRET_STORE = "secret-store", "take secrets from an external store in", Namespace, 5, None;
    /// A service account of its own.
    SERVICE_ACCOUNT = "service-account", "give an account of their own, without a token, to", Pod, 1, Some("\
serviceAccountName: web
automountServiceAccountToken: false   # unless it calls the Kubernetes API
");
    /// Rights of the default account.
    BINDINGS = "bindings", "rebind to a dedicated account in", Object, 2, None;
    /// Long-lived tokens.
    TOKENS = "tokens", "replace by short-lived tokens", Object, 2, None;
    /// Labels of Pod Security admission.
    NAMESPACE_LABELS = "namespace-labels", "set Pod Security labels on", Namespace, 1, Some("\
metadata:
  labels:
    pod-security.kubernetes.io/enforce: baseline
    pod-security.kubernetes.io/warn: restricted
    pod-security.kubernetes.io/audit: restricted
");
    /// Quota and limits.
    NAMESPACE_KIT = "namespace-kit", "add a ResourceQuota and a LimitRange to", Namespace, 2, None;
    /// A place of its own.
    PLACEMENT = "placement", "give a namespace of its own to", Object, 2, None;
    /// Who owns a namespace.
    OWNERSHIP = "ownership", "name the owner of", Namespace, 1, None;
    /// Rules of a role.
    ROLES = "roles", "narrow the rules of", Object, 3, Some("\
rules:
  - apiGroups: [apps]
    resources: [deployments]
    resourceNames: [web]      # where the verb allows names
    verbs: [get, patch]       # those in use, no wildcard
");
    /// Rights that a binding gives.
    GRANTS = "grants", "narrow or remove the rights granted by", Object, 2, None;
    /// Policies that deny what nothing allows.
    DEFAULT_DENY = "default-deny", "add default-deny policies, then the flows in use, to", Namespace, 3, Some("\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
");
    /// A policy that does not do what its author meant.
    NETWORK_POLICIES = "network-policies", "correct", Object, 2, None;
    /// What answers from outside.
    EXPOSURE = "exposure", "pull inside", Object, 2, None;
    /// TLS at the entry.
    ENTRY_TLS = "entry-tls", "serve over TLS", Object, 2, None;
    /// Consoles and admin tools.
    CONSOLES = "consoles", "lock down the console in", Object, 3, None;
    /// Ingress controllers.
    INGRESS_CONTROLLERS = "ingress-controllers", "tighten the ingress controller in", Object, 3, None;
    /// Service meshes.
    MESH = "mesh", "tighten the mesh in", Object, 4, None;
    /// Encryption between nodes.
    NODE_ENCRYPTION = "node-encryption", "encrypt traffic between nodes in", Object, 4, None;
    /// Storage classes, volumes and claims.
    STORAGE = "storage", "correct the storage of", Object, 3, None;
    /// Copies that can be restored.
    BACKUPS = "backups", "back up", Object, 3, None;
    /// Webhooks and policies of admission.
    ADMISSION = "admission", "correct the admission settings of", Object, 2, None;
    /// Flags of the API server: one edit, one restart.
    API_SERVER_FLAGS = "apiserver-flags", "edit the flags of the API server in", Object, 3, None;
    /// Flags of the scheduler and the controller manager.
    COMPONENT_FLAGS = "component-flags", "edit the flags of the component in", Object, 2, None;
    /// Who may come, and how.
    AUTHENTICATION_CONFIGURATION = "authentication-configuration", "correct the authentication settings of", Object, 3, None;
    /// What is recorded.
    AUDIT_POLICY = "audit-policy", "correct the audit policy in", Object, 2, None;
    /// What is encrypted at rest.
    ENCRYPTION_CONFIGURATION = "encryption-configuration", "correct the encryption of", Object, 3, None;
    /// Flags of etcd.
    ETCD_FLAGS = "etcd-flags", "edit the flags of etcd in", Object, 3, None;
    /// One KubeletConfiguration per pool of nodes.
    KUBELET_CONFIGURATION = "kubelet-config", "edit the kubelet configuration in", Object, 2, None;
    /// The configuration of kube-proxy.
    KUBE_PROXY_CONFIGURATION = "kube-proxy-config", "edit the kube-proxy configuration in", Object, 1, None;
    /// The configuration of the container runtime.
    RUNTIME_CONFIGURATION = "runtime-config", "edit the container runtime configuration in", Object, 2, None;
    /// Modes and owners on nodes.
    NODE_FILES = "node-files", "correct modes and owners of files on", Node, 1, Some("\
chmod 600 /etc/kubernetes/manifests/*.yaml /etc/kubernetes/*.conf
chown root:root /etc/kubernetes/manifests/*.yaml /etc/kubernetes/*.conf
chmod 600 /etc/kubernetes/pki/*.key /etc/kubernetes/pki/etcd/*.key
chmod 700 /var/lib/etcd
");
    /// Certificates that end.
    CERTIFICATES = "certificates", "renew certificates on", Node, 2, Some("\
kubeadm certs check-expiration
kubeadm certs renew all
");
    /// Credentials of people and tools.
    KUBECONFIGS = "kubeconfigs", "replace the credentials in", Object, 2, None;
    /// How the cloud sees the cluster, and the cluster its cloud.
    CLOUD_SETTINGS = "cloud-settings", "change the cloud settings in", Object, 3, None;
    /// Charts, operators and add-ons.
    PACKAGES = "packages", "pin and review the package in", Object, 2, None;
    /// The pipeline that deploys.
    PIPELINE = "pipeline", "add a check to the pipeline in", Object, 2, None;
    /// Data of Secrets.
    SECRET_ROTATION = "secret-rotation", "rotate", Object, 2, None;
    /// Runtime, kernel and system of nodes.
    NODE_UPDATES = "node-updates", "update the system of", Object, 3, None;
    /// How people get rights, and lose them.
    ACCESS = "access", "settle the access of people in", Object, 4, None;
    /// Metrics, alerts and logs.
    OBSERVABILITY = "observability", "complete metrics, alerts or logs in", Object, 3, None;
}
