//! Which pods answer from outside the cluster, by a Service of theirs.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object};
use seaworthy_podsecurity::Pod;

/// Services with a label in common that are tried for one pod.
const MOST_TRIED: usize = 64;

/// What is applied together: a namespace, or a folder of files that leave theirs open.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Zone<'a> {
    Namespace(&'a str),
    Folder(&'a str),
}

/// Services that answer from outside, by the first pair of their selectors.
pub(super) struct Entrances<'e, 'a> {
    by_label: FxHashMap<(Zone<'a>, &'a str, &'a str), Vec<Entrance<'e, 'a>>>,
}

/// How a pod is reached.
#[derive(Clone, Copy)]
pub(super) struct Entrance<'e, 'a> {
    pub(super) service: &'e Object<'a>,
    /// `LoadBalancer` or `NodePort`; else a route leads to it.
    pub(super) kind: Option<&'a str>,
}

impl<'e, 'a> Entrances<'e, 'a> {
    pub(super) fn new(evidence: &'e Evidence<'a>) -> Entrances<'e, 'a> {
        let routed = routed(evidence);
        let mut by_label: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for service in evidence.of_kind("Service").filter(|object| object.is("", "Service")) {
            let zone = zone(evidence, service, None);
            let kind = service.value.at(&["spec", "type"]).and_then(|kind| kind.as_str());
            let kind = kind.filter(|kind| matches!(*kind, "LoadBalancer" | "NodePort"));
            if kind.is_none() && !routed.contains(&(zone, service.name)) {
                continue;
            }
            let first = selector(service).and_then(|selector| selector.entries().next());
            if let Some((key, value)) = first {
                let entrance = Entrance { service, kind };
                by_label.entry((zone, key.text(), value.text())).or_default().push(entrance);
            }
        }
        Entrances { by_label }
    }

    /// The first Service that leads from outside to a pod.
    pub(super) fn of(
        &self,
        evidence: &Evidence<'a>,
        owner: &Object<'a>,
        pod: &Pod<'a>,
    ) -> Option<Entrance<'e, 'a>> {
        if self.by_label.is_empty() {
            return None;
        }
        let zone = zone(evidence, owner, None);
        let labels = pod.metadata().and_then(|metadata| metadata.get("labels"))?;
        let labels: FxHashMap<&str, &str> =
            labels.entries().map(|(key, value)| (key.text(), value.text())).collect();
        let chosen = |entrance: &&Entrance<'e, 'a>| {
            selector(entrance.service).is_some_and(|selector| {
                selector.entries().all(|(key, value)| labels.get(key.text()) == Some(&value.text()))
            })
        };
        let found = labels.iter().filter_map(|(key, value)| {
            let services = self.by_label.get(&(zone, *key, *value))?;
            services.iter().take(MOST_TRIED).find(chosen)
        });
        found.min_by_key(|entrance| entrance.service.value.id()).copied()
    }
}

fn selector<'a>(service: &Object<'a>) -> Option<Value<'a>> {
    service.value.at(&["spec", "selector"]).filter(Value::is_mapping)
}

fn zone<'a>(evidence: &Evidence<'a>, object: &Object<'a>, named: Option<&'a str>) -> Zone<'a> {
    match named.or(object.namespace) {
        Some(namespace) => Zone::Namespace(namespace),
        None => Zone::Folder(folder(evidence, object.file)),
    }
}

/// The folder of a file.
pub(super) fn folder<'a>(evidence: &Evidence<'a>, file: u32) -> &'a str {
    let name = evidence.files().get(file as usize).map_or("", |file| file.name.as_str());
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The Services to which an Ingress or a route of the Gateway API leads.
fn routed<'a>(evidence: &Evidence<'a>) -> FxHashSet<(Zone<'a>, &'a str)> {
    let mut found = FxHashSet::default();
    let text = |value: Value<'a>| value.as_str();
    for ingress in evidence.of_kind("Ingress") {
        let spec = ingress.value.get("spec");
        let paths = spec.and_then(|spec| spec.get("rules")).into_iter().flat_map(|rules| rules.items());
        let paths = paths.filter_map(|rule| rule.at(&["http", "paths"])).flat_map(|paths| paths.items());
        let default = ["defaultBackend", "backend"].into_iter().filter_map(|key| spec?.get(key));
        for backend in paths.filter_map(|path| path.get("backend")).chain(default) {
            let name = backend.at(&["service", "name"]).or_else(|| backend.get("serviceName"));
            found.extend(name.and_then(text).map(|name| (zone(evidence, ingress, None), name)));
        }
    }
    for kind in ["HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute"] {
        for route in evidence.of_kind(kind) {
            let rules = route.value.at(&["spec", "rules"]).into_iter().flat_map(|rules| rules.items());
            for backend in rules.filter_map(|rule| rule.get("backendRefs")).flat_map(|list| list.items()) {
                let zone = zone(evidence, route, backend.get("namespace").and_then(text));
                found.extend(backend.get("name").and_then(text).map(|name| (zone, name)));
            }
        }
    }
    found
}
