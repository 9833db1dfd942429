use std::path::{Path, PathBuf};

use crate::Skip;

/// A folder of the test data, as `data("sample500")`; `data("")` is all of it.
///
/// It lies in `SEAWORTHY_DATA`, by default in `../shared/data` beside the repository.
///
/// # Errors
/// When the folder is absent and the variable is not set.
///
/// # Panics
/// When `SEAWORTHY_DATA` is set and the folder is absent: whoever names a path wants it read.
pub fn data(folder: &str) -> Result<PathBuf, Skip> {
    let named = std::env::var_os("SEAWORTHY_DATA");
    let root = match &named {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let path = root.join(folder);
    if path.is_dir() {
        return Ok(path);
    }
    assert!(named.is_none(), "SEAWORTHY_DATA names {}, which has no folder `{folder}`", root.display());
    Err(Skip::new(format!("no folder {}: set SEAWORTHY_DATA", path.display())))
}
