//! The large set of manifests: real ones, replicated.

use std::fs;
use std::path::{Path, PathBuf};

/// `sample500` below `SEAWORTHY_DATA`, else below `../shared/data`.
pub(super) fn sample_folder(root: &Path) -> Result<Option<PathBuf>, String> {
    if let Some(data) = std::env::var_os("SEAWORTHY_DATA") {
        let folder = Path::new(&data).join("sample500");
        return if folder.is_dir() {
            Ok(Some(folder))
        } else {
            Err(format!("{} is no folder", folder.display()))
        };
    }
    let folder = root.join("../shared/data/sample500");
    if !folder.is_dir() {
        println!("\nthe large sets are left out: {} does not exist (set SEAWORTHY_DATA)", folder.display());
        return Ok(None);
    }
    Ok(Some(folder))
}

/// Writes `files` files of `bytes` bytes together: the sample's files in turn, with further ones appended as documents
/// until the size is reached, and every object renamed by the number of its copy.
pub(super) fn replicate(sample: &Path, folder: &Path, files: usize, bytes: u64) -> Result<(), String> {
    if folder.join(".complete").exists() {
        return Ok(());
    }
    let fault = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    let mut texts = Vec::new();
    for path in manifests(sample) {
        let text = fs::read_to_string(&path).map_err(|error| fault(&path, &error))?;
        let json = path.extension().is_some_and(|ending| ending == "json");
        texts.push((text, json));
    }
    if texts.is_empty() {
        return Err(format!("{} holds no manifests", sample.display()));
    }
    let _ = fs::remove_dir_all(folder);
    let mut written = 0;
    let mut next = 0;
    for number in 0..files {
        let due = bytes * (number as u64 + 1) / files as u64;
        let (first, json) = &texts[number % texts.len()];
        let mut text = rename(first, number);
        while !json && written + (text.len() as u64) < due {
            let (more, json) = &texts[next % texts.len()];
            next += 1;
            // Small pieces only, so that files stay of the size that people write.
            if !json && more.len() < 4096 {
                text.push_str("\n---\n");
                text.push_str(&rename(more, number * 1000 + next % 1000));
            }
        }
        written += text.len() as u64;
        let path = folder
            .join(format!("{:03}", number / 100))
            .join(format!("{number:05}.{}", if *json { "json" } else { "yaml" }));
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| fault(parent, &error))?;
        fs::write(&path, text).map_err(|error| fault(&path, &error))?;
    }
    fs::write(folder.join(".complete"), "").map_err(|error| fault(folder, &error))
}

/// Every `name:` directly below `metadata:` gets a number.
fn rename(text: &str, number: usize) -> String {
    let mut renamed = String::with_capacity(text.len() + 64);
    let mut in_metadata = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if line.starts_with("metadata:") {
            in_metadata = true;
        } else if !line.starts_with(' ') && !trimmed.is_empty() {
            in_metadata = false;
        }
        let plain = line.trim_end().bytes().last().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if in_metadata && line.starts_with("  name: ") && plain {
            renamed.push_str(line.trim_end());
            renamed.push_str(&format!("-{number}\n"));
        } else {
            renamed.push_str(line);
        }
    }
    renamed
}

pub(super) fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(manifests(&path));
        } else if path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}
