//! Finding what belongs to an object: by a key, within its namespace.
//!
//! Files often leave the namespace to whoever applies them. Two objects that both name their namespace belong
//! together when it is the same; where one leaves it open, they belong together when their files lie in one folder.
//! What lies elsewhere may be another application with the same labels.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Evidence, Object};

/// Candidates that are looked at for one object. Ordinary clusters have a few; beyond this the answer is incomplete,
/// and says so, since the work must not grow with the product of two kinds of objects.
const MANY: usize = 512;

/// Things that select one pod that are handed out.
const SELECTING: usize = 64;

/// Where something stands: what decides whether it belongs to something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Locality<'a> {
    /// The namespace, when the files name it.
    pub(crate) namespace: Option<&'a str>,
    /// The folder of the file.
    folder: &'a str,
}

impl<'a> Locality<'a> {
    /// That of an object.
    pub(crate) fn of(evidence: &Evidence<'a>, object: &Object<'a>) -> Locality<'a> {
        let file = evidence.files().get(object.file as usize);
        let folder = file.and_then(|file| file.name.rsplit_once('/')).map_or("", |(folder, _)| folder);
        Locality { namespace: object.namespace, folder }
    }

    /// The same folder, another namespace: that of something which the object names.
    pub(crate) fn in_namespace(self, namespace: &'a str) -> Locality<'a> {
        Locality { namespace: Some(namespace), ..self }
    }

    /// Whether two things belong together, as far as the place tells.
    pub(crate) fn meets(self, other: Locality<'_>) -> bool {
        match (self.namespace, other.namespace) {
            (Some(one), Some(other)) => one == other,
            _ => self.folder == other.folder,
        }
    }
}

/// Things by a key and the place where they stand.
#[derive(Debug)]
pub(crate) struct Nearby<'a, K, T> {
    items: Vec<(Locality<'a>, T)>,
    by_namespace: FxHashMap<(&'a str, K), Vec<usize>>,
    by_folder: FxHashMap<(&'a str, K), Vec<usize>>,
}

impl<K, T> Default for Nearby<'_, K, T> {
    fn default() -> Self {
        Nearby { items: Vec::new(), by_namespace: FxHashMap::default(), by_folder: FxHashMap::default() }
    }
}

impl<'a, K: Copy + Eq + Hash, T> Nearby<'a, K, T> {
    /// Adds a thing.
    pub(crate) fn insert(&mut self, at: Locality<'a>, key: K, item: T) {
        let index = self.items.len();
        self.items.push((at, item));
        if let Some(namespace) = at.namespace {
            self.by_namespace.entry((namespace, key)).or_default().push(index);
        }
        self.by_folder.entry((at.folder, key)).or_default().push(index);
    }

    /// The things of a key that belong to what stands at `from`, those of its own namespace first.
    pub(crate) fn find(&self, from: Locality<'a>, key: K) -> impl Iterator<Item = &T> {
        let named = from.namespace.and_then(|namespace| self.by_namespace.get(&(namespace, key)));
        let beside = self.by_folder.get(&(from.folder, key));
        let open = beside.into_iter().flatten().filter(move |&&index| {
            self.items.get(index).is_some_and(|(at, _)| from.namespace.is_none() || at.namespace.is_none())
        });
        named
            .into_iter()
            .flatten()
            .chain(open)
            .filter_map(|&index| self.items.get(index))
            .map(|(_, item)| item)
    }
}

/// Things that select pods by labels, all of which must match (the selector of a Service, `matchLabels`).
#[derive(Debug)]
pub(crate) struct Selectors<'a, T> {
    by_label: Nearby<'a, (&'a str, &'a str), (Value<'a>, T)>,
}

/// What selects a pod.
#[derive(Debug)]
pub(crate) struct Selecting<'i, T> {
    pub(crate) found: Vec<&'i T>,
    /// Whether all candidates were looked at.
    pub(crate) complete: bool,
}

impl<'a, T> Selectors<'a, T> {
    /// Builds the index from selectors, maps of labels. One that is empty, or holds what is no text, selects nothing
    /// here: what it means differs from kind to kind.
    pub(crate) fn new(selectors: impl IntoIterator<Item = (Locality<'a>, Value<'a>, T)>) -> Self {
        let usable = |(_, selector, _): &(Locality<'a>, Value<'a>, T)| {
            selector.entries().all(|(_, value)| value.as_str().is_some())
        };
        let selectors: Vec<_> = selectors.into_iter().filter(usable).collect();
        let mut uses: FxHashMap<(&str, &str), usize> = FxHashMap::default();
        for (_, selector, _) in &selectors {
            for (key, value) in selector.entries() {
                *uses.entry((key.text(), value.text())).or_default() += 1;
            }
        }
        let mut by_label = Nearby::default();
        for (at, selector, item) in selectors {
            let labels = selector.entries().map(|(key, value)| (key.text(), value.text()));
            // The rarest label keeps the lists short.
            if let Some(rarest) = labels.min_by_key(|label| uses.get(label).copied()) {
                by_label.insert(at, rarest, (selector, item));
            }
        }
        Selectors { by_label }
    }

    /// What selects a pod with these labels.
    pub(crate) fn of(&self, from: Locality<'a>, labels: Option<Value<'a>>) -> Selecting<'_, T> {
        let mut selecting = Selecting { found: Vec::new(), complete: true };
        let Some(labels) = labels else { return selecting };
        let mut seen = 0;
        for (key, value) in labels.entries() {
            for (selector, item) in self.by_label.find(from, (key.text(), value.text())) {
                seen += 1;
                if seen > MANY || selecting.found.len() == SELECTING {
                    selecting.complete = false;
                    return selecting;
                }
                if matches(*selector, labels) {
                    selecting.found.push(item);
                }
            }
        }
        selecting
    }
}

/// Whether labels hold all that a map of labels demands.
pub(crate) fn matches(selector: Value<'_>, labels: Value<'_>) -> bool {
    selector
        .entries()
        .all(|(key, value)| labels.get(key.text()).and_then(|label| label.as_str()) == Some(value.text()))
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;
    use seaworthy_evidence::SourceFile;

    use super::*;

    fn service(namespace: &str, selector: &str) -> String {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: s{namespace}}}\nspec: {{selector: {selector}}}\n"
        )
    }

    fn files(texts: &[(&str, String)]) -> Vec<SourceFile> {
        texts.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(text.clone()))).collect()
    }

    /// Names of the Services that select a pod of that name.
    fn selecting(texts: &[(&str, String)], pod: &str) -> Vec<String> {
        let files = files(texts);
        let evidence = Evidence::new(&files);
        let services = evidence.of_kind("Service").filter_map(|service| {
            let selector = service.value.at(&["spec", "selector"])?;
            Some((Locality::of(&evidence, service), selector, service.name))
        });
        let index = Selectors::new(services);
        let pod = evidence.of_kind("Pod").find(|object| object.name == pod).expect("the pod");
        let labels = pod.value.at(&["metadata", "labels"]);
        let found = index.of(Locality::of(&evidence, pod), labels);
        assert!(found.complete);
        found.found.into_iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_open_namespace_is_that_of_the_folder() {
        let pod =
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web, tier: front}}\nspec: {}\n";
        let texts = [
            ("shop/pod.yaml", pod.to_owned()),
            ("shop/service.yaml", service("here", "{app: web}")),
            ("shop/both.yaml", service("both", "{tier: front, app: web}")),
            ("shop/more.yaml", service("more", "{tier: front, app: web, zone: a}")),
            ("other/service.yaml", service("elsewhere", "{app: web}")),
            ("shop/empty.yaml", service("empty", "{}")),
        ];
        let mut found = selecting(&texts, "web");
        found.sort();
        assert_eq!(found, ["sboth", "shere"]);
    }

    #[test]
    fn a_namespace_that_is_named_decides_wherever_the_files_lie() {
        let named = |kind: &str, name: &str, namespace: &str, rest: &str| {
            format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}{rest}\n")
        };
        let texts = [
            ("a/pod.yaml", named("Pod", "web", "shop", ", labels: {app: web}}\nspec: {}")),
            ("b/service.yaml", named("Service", "far", "shop", "}\nspec: {selector: {app: web}}")),
            ("a/service.yaml", named("Service", "near", "pay", "}\nspec: {selector: {app: web}}")),
        ];
        assert_eq!(selecting(&texts, "web"), ["far"]);
    }
}
