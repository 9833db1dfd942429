//! Whether a pod says the same as the template that it was made of, apart from what the API server and the built-in
//! controllers fill in by themselves.
//!
//! What they fill in is read from Kubernetes 1.36: `pkg/apis/core/v1/defaults.go`, `pkg/controller/daemon/util`,
//! `pkg/controller/statefulset/stateful_set_utils.go`, `pkg/controller/job/indexed_job_utils.go` and the admission
//! plugins ServiceAccount, DefaultTolerationSeconds, Priority, LimitRanger, AlwaysPullImages, RuntimeClass.

use std::fmt;

use seaworthy_document::Value;
use seaworthy_podsecurity::Pod;

use super::defaults::{self, is_default, is_empty};

/// What a pod is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Model {
    /// The template of a controller of a kind, of which it was made.
    Template(Maker),
    /// Another pod of the same controller.
    Peer,
    /// The file on the node of which it is the mirror.
    Static,
}

/// Controllers that change what they take from their template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Maker {
    DaemonSet,
    StatefulSet,
    Job,
    Other,
}

/// The first difference that was found: where, and which. Never a value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    path: String,
    how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Added,
    Missing,
    Other,
}

impl Difference {
    fn new(key: &str, how: How) -> Difference {
        Difference { path: key.to_owned(), how }
    }

    fn below(mut self, key: &str) -> Difference {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{key}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for Difference {
    /// As in "`spec.containers[istio-proxy]` is added".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.how {
            How::Added => "is added",
            How::Missing => "is missing",
            How::Other => "differs",
        };
        write!(f, "`{}` {how}", self.path)
    }
}

type Compared = Option<Difference>;

/// What is no difference depends on these.
#[derive(Clone, Copy)]
struct Rules {
    of: Model,
    /// The pod is on the network of its node.
    host_network: bool,
}

/// The first difference between a pod and what it should say; `None` when it says the same.
pub(super) fn difference(pod: &Pod<'_>, model: &Pod<'_>, of: Model) -> Compared {
    let below = |key| (metadata(pod, key), metadata(model, key));
    let host_network = pod.spec().get("hostNetwork").and_then(|value| value.as_bool()) == Some(true);
    let rules = Rules { of, host_network };
    let spec = maps(pod.spec(), model.spec(), &|key, pod, model| spec_field(key, pod, model, rules));
    spec.map(|found| found.below("spec"))
        .or_else(|| marks(below("labels"), "labels", defaults::is_label_of_controller))
        .or_else(|| marks(below("annotations"), "annotations", |key| !defaults::is_telling_annotation(key)))
}

fn metadata<'a>(pod: &Pod<'a>, key: &str) -> Option<Value<'a>> {
    pod.metadata()?.get(key)
}

/// Compares labels or annotations, less those that mean nothing here.
fn marks(
    (pod, model): (Option<Value<'_>>, Option<Value<'_>>),
    name: &str,
    ignored: fn(&str) -> bool,
) -> Compared {
    let field = |key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>| match ignored(key) {
        true => None,
        false => fields("", pod, model).map(|_| Difference::new(&format!("[{key}]"), how(&pod, &model))),
    };
    let found = match (pod, model) {
        (Some(pod), Some(model)) => maps(pod, model, &field),
        (pod, model) => pod
            .iter()
            .flat_map(Value::entries)
            .find_map(|(key, value)| field(key.text(), Some(value), None))
            .or_else(|| {
                let mut entries = model.iter().flat_map(Value::entries);
                entries.find_map(|(key, value)| field(key.text(), None, Some(value)))
            }),
    };
    found.map(|found| found.below(name).below("metadata"))
}

fn how<T>(pod: &Option<T>, model: &Option<T>) -> How {
    match (pod, model) {
        (Some(_), None) => How::Added,
        (None, Some(_)) => How::Missing,
        _ => How::Other,
    }
}

/// Compares what two maps hold under a key.
type CompareField<'f> = dyn Fn(&str, Option<Value<'_>>, Option<Value<'_>>) -> Compared + 'f;

/// Compares two maps: every key that one of them has is handed over, with both values.
fn maps(pod: Value<'_>, model: Value<'_>, field: &CompareField<'_>) -> Compared {
    for (key, value) in pod.entries().filter(|(_, value)| !value.is_null()) {
        if let Some(found) = field(key.text(), Some(value), model.get(key.text())) {
            return Some(found);
        }
    }
    for (key, value) in model.entries().filter(|(_, value)| !value.is_null()) {
        if pod.get(key.text()).is_none()
            && let Some(found) = field(key.text(), None, Some(value))
        {
            return Some(found);
        }
    }
    None
}

/// Compares two values of a field that nothing special is known of.
fn fields(key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>) -> Compared {
    match (pod, model) {
        (Some(pod), Some(model)) => values(pod, model).map(|found| found.below(key)),
        (Some(one), None) | (None, Some(one)) => {
            let says_nothing = is_empty(&one) || is_default(key, &one);
            (!says_nothing).then(|| Difference::new(key, how(&pod, &model)))
        }
        (None, None) => None,
    }
}

fn values(pod: Value<'_>, model: Value<'_>) -> Compared {
    let other = || Some(Difference::new("", How::Other));
    if pod.is_mapping() && model.is_mapping() {
        return maps(pod, model, &fields);
    }
    if pod.is_sequence() && model.is_sequence() {
        let (mut pod, mut model) = (pod.items(), model.items());
        loop {
            match (pod.next(), model.next()) {
                (None, None) => return None,
                (Some(pod), Some(model)) if values(pod, model).is_none() => {}
                _ => return other(),
            }
        }
    }
    if pod.kind() == model.kind() && pod.text() == model.text() { None } else { other() }
}

fn text<'a>(item: &Value<'a>, key: &str) -> &'a str {
    item.get(key).map_or("", |value| value.text())
}

/// The item of a name. Nearly always it stands at the same place as in the other list: then nothing is searched for.
fn find<'a>(list: Option<Value<'a>>, key: &str, index: usize, name: &str) -> Option<Value<'a>> {
    let is = |item: &Value<'a>| text(item, key) == name;
    items(list).nth(index).filter(is).or_else(|| items(list).find(is))
}

fn items<'a>(list: Option<Value<'a>>) -> impl Iterator<Item = Value<'a>> {
    list.into_iter().flat_map(|list| list.items())
}

/// Compares two lists whose items bear a name.
fn lists(
    (pod, model): (Option<Value<'_>>, Option<Value<'_>>),
    key: &str,
    name: &str,
    ignored: &dyn Fn(&Value<'_>) -> bool,
    item: &dyn Fn(Value<'_>, Value<'_>) -> Compared,
) -> Compared {
    let named = |item: &Value<'_>| text(item, name).to_owned();
    let find = |index: usize, wanted: &Value<'_>| find(model, name, index, text(wanted, name));
    for (index, own) in items(pod).enumerate().filter(|(_, own)| !ignored(own)) {
        let found = match find(index, &own) {
            Some(model) => item(own, model),
            None => Some(Difference::new("", How::Added)),
        };
        if let Some(found) = found {
            return Some(found.below(&format!("{key}[{}]", named(&own))));
        }
    }
    let lacking = items(model).enumerate().filter(|(_, item)| !ignored(item));
    let lacking = lacking
        .filter(|(index, item)| self::find(pod, name, *index, text(item, name)).is_none())
        .map(|(_, item)| item);
    let missing = |item: Value<'_>| Difference::new(&format!("{key}[{}]", named(&item)), How::Missing);
    lacking.map(missing).next()
}

/// Compares one field of the spec of a pod.
fn spec_field(key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>, rules: Rules) -> Compared {
    let of = rules.of;
    match key {
        "containers" | "initContainers" | "ephemeralContainers" => {
            lists((pod, model), key, "name", &|_| false, &|pod, model| {
                maps(pod, model, &|key, pod, model| container_field(key, pod, model, rules))
            })
        }
        "volumes" => lists((pod, model), key, "name", &|volume| is_own_volume(volume, of), &|pod, model| {
            // A volume without a source is an `emptyDir`.
            maps(pod, model, &|key, pod, model| match (key, of) {
                ("emptyDir", _) if pod.or(model).is_some_and(|value| is_empty(&value)) => None,
                ("persistentVolumeClaim", Model::Peer) if pod.is_some() && model.is_some() => None,
                _ => fields(key, pod, model),
            })
        }),
        "tolerations" => tolerations(pod, model, of),
        // The scheduler, and admission plugins by the class or namespace of the pod.
        "nodeName" | "serviceAccount" | "priority" | "preemptionPolicy" | "overhead" | "schedulingGates" => {
            None
        }
        "hostname" | "subdomain" | "imagePullSecrets" | "priorityClassName"
            if model.is_none() || of == Model::Peer =>
        {
            None
        }
        "nodeSelector" if model.is_none() && of != Model::Peer => None,
        "nodeSelector" => {
            let (Some(pod), Some(model)) = (pod, model) else { return fields(key, pod, model) };
            let field = |key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>| match model {
                None => None,
                Some(_) => fields(key, pod, model),
            };
            maps(pod, model, &field).map(|found| found.below(key))
        }
        "serviceAccountName" => {
            let named = |value: Option<Value<'_>>| value.map(|value| value.text().to_owned());
            let or_default = |name: Option<String>| name.unwrap_or_else(|| "default".to_owned());
            let same = or_default(named(pod)) == or_default(named(model));
            (!same).then(|| Difference::new(key, How::Other))
        }
        // A DaemonSet binds each of its pods to a node.
        "affinity" if matches!(of, Model::Template(Maker::DaemonSet) | Model::Peer) => {
            let other = |key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>| match key {
                "nodeAffinity" => None,
                _ => fields(key, pod, model),
            };
            match (pod, model) {
                (Some(pod), Some(model)) => maps(pod, model, &other).map(|found| found.below(key)),
                (Some(one), None) | (None, Some(one)) => {
                    let mut entries = one.entries().filter(|(_, value)| !is_empty(value));
                    let found = entries.any(|(key, _)| key.text() != "nodeAffinity");
                    found.then(|| Difference::new(key, how(&pod, &model)))
                }
                (None, None) => None,
            }
        }
        _ => fields(key, pod, model),
    }
}

/// Volumes that the server or the controller adds: the token of the service account, the claims of a StatefulSet.
fn is_own_volume(volume: &Value<'_>, of: Model) -> bool {
    let is_named = |prefix: &str| volume.get("name").is_some_and(|name| name.text().starts_with(prefix));
    let sources = volume.at(&["projected", "sources"]);
    let is_token = |source: Value<'_>| source.get("secret").is_none();
    is_named(defaults::TOKEN_VOLUME) && sources.is_some_and(|sources| sources.items().all(is_token))
        || of == Model::Template(Maker::StatefulSet) && volume.get("persistentVolumeClaim").is_some()
}

/// Only what a pod tolerates beyond its template counts, apart from what the server lets every pod tolerate.
fn tolerations(pod: Option<Value<'_>>, model: Option<Value<'_>>, of: Model) -> Compared {
    if of == Model::Static {
        return None;
    }
    let own = |item: &Value<'_>| {
        item.get("key").is_some_and(|key| key.text().starts_with(defaults::TAINTS_OF_NODES))
    };
    let further = items(pod)
        .filter(|item| !own(item))
        .any(|item| !items(model).any(|known| values(item, known).is_none()));
    further.then(|| Difference::new("tolerations", How::Other))
}

/// Compares one field of a container.
fn container_field(key: &str, pod: Option<Value<'_>>, model: Option<Value<'_>>, rules: Rules) -> Compared {
    match key {
        "volumeMounts" => lists(
            (pod, model),
            key,
            "mountPath",
            &|mount| {
                let is_token = |name: Value<'_>| name.text().starts_with(defaults::TOKEN_VOLUME);
                let at = mount.get("mountPath").map(|path| path.text());
                mount.get("name").is_some_and(is_token) && at == Some(defaults::TOKEN_PATH)
            },
            &values,
        ),
        "env" => {
            let of_job = matches!(rules.of, Model::Template(Maker::Job) | Model::Peer);
            let index = |item: &Value<'_>| {
                of_job && item.get("name").is_some_and(|name| name.text() == "JOB_COMPLETION_INDEX")
            };
            lists((pod, model), key, "name", &index, &values)
        }
        // A LimitRange adds, a vertical autoscaler and resizing change: only what is gone is another verdict.
        "resources" => {
            let stated = |part: &str, value: &Option<Value<'_>>| {
                value.and_then(|value| value.get(part)).is_some_and(|value| !is_empty(&value))
            };
            let keys = |part: &'static str| {
                let model = model.and_then(|model| model.get(part));
                let pod = pod.and_then(|pod| pod.get(part));
                let gone = move |key: &str| pod.is_none_or(|pod| pod.get(key).is_none());
                model.into_iter().flat_map(|model| model.entries()).any(|(key, _)| gone(key.text()))
            };
            let gone = ["requests", "limits"].into_iter().any(|part| stated(part, &model) && keys(part));
            gone.then(|| Difference::new(key, How::Missing))
        }
        // AlwaysPullImages makes it stricter, and the server's default depends on the tag.
        "imagePullPolicy" => {
            let word = |value: Option<Value<'_>>| value.map(|value| value.text().to_owned());
            match (word(pod).as_deref(), word(model).as_deref()) {
                (Some("Always"), _) | (Some("IfNotPresent"), None) => None,
                (pod, model) if pod == model => None,
                (pod, model) => Some(Difference::new(key, how(&pod, &model))),
            }
        }
        "ports" if rules.host_network => ports(pod, model),
        _ => fields(key, pod, model),
    }
}

/// On the host network, the server fills in the port of the host.
fn ports(pod: Option<Value<'_>>, model: Option<Value<'_>>) -> Compared {
    if items(pod).count() != items(model).count() {
        return Some(Difference::new("ports", How::Other));
    }
    let port = |key: &str, own: Option<Value<'_>>, model: Option<Value<'_>>, whole: &Value<'_>| match key {
        "hostPort" if model.is_none() => {
            let container = whole.get("containerPort").map(|port| port.text());
            (own.map(|own| own.text()) != container).then(|| Difference::new(key, How::Added))
        }
        _ => fields(key, own, model),
    };
    let mut pairs = items(pod).zip(items(model));
    let found =
        pairs.find_map(|(own, model)| maps(own, model, &|key, pod, model| port(key, pod, model, &own)));
    found.map(|found| found.below("ports"))
}
