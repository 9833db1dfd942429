//! The objects in a folder of `SEAWORTHY_DATA`.

use std::path::{Path, PathBuf};

use seaworthy_document::{Kind, Stream, Value};
use seaworthy_schema::{Type, kind};

pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) stream: Stream,
}

/// Every YAML and JSON file below a folder, in the order of their paths.
pub(crate) fn files(folder: &Path) -> Vec<File> {
    let mut folders = vec![folder.to_owned()];
    let mut paths = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known))
            {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read(&path).expect("the file can be read");
        File { stream: Stream::read(String::from_utf8_lossy(&text).into_owned()), path }
    };
    paths.into_iter().map(read).collect()
}

/// The API version, kind and type of an object of a built-in kind.
pub(crate) fn built_in<'a>(object: Value<'a>) -> Option<(&'a str, &'a str, Type)> {
    let api_version = object.get("apiVersion")?.as_str()?;
    let name = object.get("kind")?.as_str()?;
    Some((api_version, name, kind(api_version, name)?))
}

/// The documents of a file, and the items of those that are lists.
pub(crate) fn objects(stream: &Stream) -> impl Iterator<Item = Value<'_>> {
    stream.documents().flat_map(|document| {
        let root = document.root();
        let items = root.get("items").filter(Value::is_sequence);
        std::iter::once(root).chain(items.into_iter().flat_map(|items| items.items()))
    })
}

/// The JSON of a value; `None` where it holds a number that JSON cannot write.
pub(crate) fn json(value: Value<'_>) -> Option<serde_json::Value> {
    Some(match value.kind() {
        Kind::Null => serde_json::Value::Null,
        Kind::Bool => value.as_bool()?.into(),
        Kind::Int => value.as_i64()?.into(),
        Kind::Float => serde_json::Number::from_f64(value.text().parse().ok()?)?.into(),
        Kind::String => value.text().into(),
        Kind::Sequence => value.items().map(json).collect::<Option<Vec<_>>>()?.into(),
        Kind::Mapping => {
            let entries = value.entries().map(|(key, value)| Some((key.text().to_owned(), json(value)?)));
            serde_json::Value::Object(entries.collect::<Option<_>>()?)
        }
    })
}

/// The path of a value as the decoder writes it: items by index, keys without brackets.
pub(crate) fn decoder_path(root: Value<'_>, target: Value<'_>) -> String {
    let mut path = String::new();
    let mut at = root;
    while at != target {
        let entry = at.entries().take_while(|(_, value)| value.id() <= target.id()).last();
        let item = at.items().enumerate().take_while(|(_, item)| item.id() <= target.id()).last();
        match (entry, item) {
            (Some((key, value)), _) => {
                let dot = if path.is_empty() { "" } else { "." };
                path.push_str(&format!("{dot}{}", key.text()));
                at = value;
            }
            (_, Some((index, item))) => {
                path.push_str(&format!("[{index}]"));
                at = item;
            }
            (None, None) => panic!("{target:?} is not below {root:?}"),
        }
    }
    path
}
