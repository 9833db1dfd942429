//! Configuration files that lie in ConfigMaps: kubeadm keeps those of the kubelet, of kube-proxy and its own there.

use std::fmt::Write;

use seaworthy_document::{Stream, Style, Value};

use crate::index::SourceFile;

/// Names of ConfigMaps of `kube-system` and keys in them. A trailing `*` stands for any ending: kubeadm before 1.24
/// wrote `kubelet-config-1.23`.
const KNOWN: &[(&str, &str)] = &[
    ("kube-proxy", "config.conf"),
    ("kube-proxy", "kubeconfig.conf"),
    ("kubeadm-config", "ClusterConfiguration"),
    ("kubelet-config*", "kubelet"),
];

/// Texts longer than this are no configuration; a ConfigMap holds no more.
const LONGEST: usize = 1 << 20;

/// Most texts that one file is searched for: each repeats the lines before it.
const MOST: usize = 16;

/// The configuration files in the ConfigMaps of a file, each a file of its own. Those that stand there line by line keep
/// the name of the file, their lines and their columns.
pub fn embedded_files(file: &SourceFile) -> Vec<SourceFile> {
    let text = file.stream.text();
    if !(text.contains("kube-system") && text.contains("ConfigMap")) {
        return Vec::new();
    }
    let roots = file.stream.documents().map(|document| document.root());
    let objects = roots.flat_map(|root| {
        let items: Vec<_> = root.get("items").iter().flat_map(Value::items).collect();
        std::iter::once(root).chain(items)
    });
    objects.flat_map(|object| values_of(&object)).take(MOST).map(|value| file_of(file, &value)).collect()
}

/// The texts in an object that are configuration files.
fn values_of<'a>(object: &Value<'a>) -> Vec<Value<'a>> {
    let text = |path: &[&str]| object.at(path).and_then(|value| value.as_str()).unwrap_or_default();
    // Items of a ConfigMapList may leave out what they are.
    if !matches!(text(&["kind"]), "ConfigMap" | "") || text(&["metadata", "namespace"]) != "kube-system" {
        return Vec::new();
    }
    let name = text(&["metadata", "name"]);
    let is_known = |known: &str| match known.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == known,
    };
    let known = KNOWN.iter().filter(|(known, _)| is_known(known));
    known
        .filter_map(|(_, key)| object.at(&["data", key]))
        .filter(|value| value.as_str().is_some_and(|text| text.len() <= LONGEST))
        .collect()
}

fn file_of(file: &SourceFile, value: &Value<'_>) -> SourceFile {
    let inner = Stream::read(value.text());
    let (name, stream) = match in_place(file, value).filter(|stream| json(stream) == json(&inner)) {
        Some(stream) => (file.name.clone(), stream),
        None => (format!("{} ({})", file.name, value.path()), inner),
    };
    SourceFile { name, stream, origin: file.origin.clone(), embedded: true, written: file.written }
}

/// The text read where it stands: its lines as they are written, below as many empty ones as there are lines before
/// them. Indentation that all lines share means nothing to YAML.
fn in_place(file: &SourceFile, value: &Value<'_>) -> Option<Stream> {
    if value.style() != Style::Literal || value.is_aliased() {
        return None;
    }
    let text = file.stream.text();
    let span = value.span();
    let block = text.get(span.start as usize..span.end as usize)?;
    let start = span.start as usize + block.find('\n')? + 1;
    let lines = text.get(..start)?.matches('\n').count();
    let mut inner = "\n".repeat(lines);
    inner.push_str(text.get(start..span.end as usize)?);
    Some(Stream::read(inner))
}

/// What a text says, apart from how it is written.
fn json(stream: &Stream) -> String {
    let mut json = String::new();
    for document in stream.documents() {
        // A string takes all.
        let _ = document.root().write_json(&mut json);
        let _ = writeln!(json);
    }
    json
}
