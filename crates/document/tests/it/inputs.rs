//! Texts to read.

use std::path::Path;

use oracle_client::Skip;

/// A file of the test data.
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// Every file below a folder of the test data, in the order of their names.
pub(crate) fn files(folder: &str) -> Result<Vec<Input>, Skip> {
    let root = oracle_client::data(folder)?;
    let mut inputs = Vec::new();
    collect(&root, &root, &mut inputs);
    inputs.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!inputs.is_empty(), "{} holds no file", root.display());
    Ok(inputs)
}

/// Manifests only: the YAML and JSON files of a folder.
pub(crate) fn manifests(folder: &str) -> Result<Vec<Input>, Skip> {
    let mut inputs = files(folder)?;
    inputs.retain(|input| [".yaml", ".yml", ".json"].iter().any(|extension| input.name.ends_with(extension)));
    Ok(inputs)
}

fn collect(root: &Path, folder: &Path, inputs: &mut Vec<Input>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, inputs);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            inputs.push(Input { name, bytes: std::fs::read(&path).unwrap() });
        }
    }
}
