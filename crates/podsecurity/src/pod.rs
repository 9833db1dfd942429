//! Borrowed views of a pod and its containers, with the defaults that the API server would apply.

use seaworthy_document::Value;

/// A pod or pod template in a document. Copying it is free.
///
/// The checks see what the API server would have stored: in every pod a volume without source is an `emptyDir`;
/// in a pod (not a template) on the host network a container port without `hostPort` gets its `containerPort`,
/// and the AppArmor annotation of a container counts as its field where that is absent (Kubernetes
/// `pkg/apis/core/v1/defaults.go` and `pkg/registry/core/pod/strategy.go`). All of this changes nothing in an
/// object that a server has stored already.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    metadata: Option<Value<'a>>,
    spec: Value<'a>,
    template: bool,
}

impl<'a> Pod<'a> {
    /// The pod in an object of kind `Pod`; `None` when the object has no map under `spec`.
    pub fn from_pod(object: Value<'a>) -> Option<Pod<'a>> {
        Pod::new(object, false)
    }

    /// The pod in a pod template, the map that holds `metadata` and `spec`, such as `spec.template` of a
    /// Deployment; `None` when there is no map under `spec`.
    pub fn from_template(template: Value<'a>) -> Option<Pod<'a>> {
        Pod::new(template, true)
    }

    /// The pod whose spec stands alone, without metadata, as some custom resources hold it; `spec` must be a map.
    pub fn from_spec(spec: Value<'a>) -> Option<Pod<'a>> {
        spec.is_mapping().then_some(Pod { metadata: None, spec, template: true })
    }

    /// The pod in an object of one of the built-in kinds that upstream evaluates (pods and the controllers of
    /// pods); `None` for every other object and for one without a pod spec.
    pub fn from_object(object: Value<'a>) -> Option<Pod<'a>> {
        let text = |key| object.get(key).and_then(|value| value.as_str());
        Pod::from_kind(text("apiVersion")?, text("kind")?, object)
    }

    /// As [`from_object`](Pod::from_object), for an object whose kind is known from elsewhere: items of a typed list
    /// need not name it.
    pub fn from_kind(api_version: &str, kind: &str, object: Value<'a>) -> Option<Pod<'a>> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let path: &[&str] = match (group, kind) {
            ("", "Pod") => return Pod::from_pod(object),
            ("", "PodTemplate") => &["template"],
            ("", "ReplicationController") => &["spec", "template"],
            ("apps", "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet") => &["spec", "template"],
            ("batch", "Job") => &["spec", "template"],
            ("batch", "CronJob") => &["spec", "jobTemplate", "spec", "template"],
            _ => return None,
        };
        Pod::from_template(object.at(path)?)
    }

    fn new(object: Value<'a>, template: bool) -> Option<Pod<'a>> {
        let spec = object.get("spec").filter(Value::is_mapping)?;
        Some(Pod { metadata: object.get("metadata"), spec, template })
    }

    /// The pod's spec, always a map.
    pub fn spec(&self) -> Value<'a> {
        self.spec
    }

    /// The metadata of the pod or template.
    pub fn metadata(&self) -> Option<Value<'a>> {
        self.metadata
    }

    /// Keys and values of `metadata.annotations` as written, duplicates and nulls included.
    pub fn annotations(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        let annotations = self.metadata.and_then(|metadata| metadata.get("annotations"));
        annotations.into_iter().flat_map(|annotations| annotations.entries())
    }

    /// Init containers, then containers, then ephemeral containers, the order of upstream's messages.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        containers_of([
            self.spec.get("initContainers"),
            self.spec.get("containers"),
            self.spec.get("ephemeralContainers"),
        ])
    }

    /// The items of `volumes`.
    pub fn volumes(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        items(self.spec.get("volumes"))
    }

    /// The pod's own security context.
    pub fn security_context(&self) -> Option<Value<'a>> {
        self.spec.get("securityContext")
    }

    /// Whether `os.name` is `windows`.
    pub fn is_windows(&self) -> bool {
        self.spec.at(&["os", "name"]).and_then(|name| name.as_str()) == Some("windows")
    }

    /// Whether it is the template of a controller and not a pod.
    pub fn is_template(&self) -> bool {
        self.template
    }

    /// `hostUsers`, where it is set. Some checks relax when it is set to false.
    pub fn host_users(&self) -> Option<bool> {
        self.spec.get("hostUsers").and_then(|value| value.as_bool())
    }
}

/// The items of a list; a value that is no list counts as its only item, so that a check sees and refuses it.
pub(crate) fn items<'a>(list: Option<Value<'a>>) -> impl Iterator<Item = Value<'a>> + use<'a> {
    let own = list.filter(|value| !value.is_sequence());
    list.into_iter().flat_map(|value| value.items()).chain(own)
}

pub(crate) fn containers_of<'a>(
    lists: [Option<Value<'a>>; 3],
) -> impl Iterator<Item = Container<'a>> + use<'a> {
    lists
        .into_iter()
        .zip([ContainerRole::Init, ContainerRole::Regular, ContainerRole::Ephemeral])
        .flat_map(|(list, role)| items(list).map(move |value| Container { value, role }))
}

/// Which list of the pod a container stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerRole {
    /// `initContainers`, also those that restart (sidecars).
    Init,
    /// `containers`.
    Regular,
    /// `ephemeralContainers`.
    Ephemeral,
}

/// A container of a pod. Copying it is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container<'a> {
    value: Value<'a>,
    role: ContainerRole,
}

impl<'a> Container<'a> {
    /// The container's name; empty when it has none.
    pub fn name(&self) -> &'a str {
        self.value.get("name").map_or("", |name| name.text())
    }

    /// The map that describes the container (whatever stands in the list, if it is not a map).
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// Which list of the pod it stands in.
    pub fn role(&self) -> ContainerRole {
        self.role
    }

    /// The container's security context.
    pub fn security_context(&self) -> Option<Value<'a>> {
        self.value.get("securityContext")
    }

    /// The image reference.
    pub fn image(&self) -> Option<&'a str> {
        self.value.get("image").and_then(|image| image.as_str())
    }

    /// The items of `ports`.
    pub fn ports(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        items(self.value.get("ports"))
    }
}
