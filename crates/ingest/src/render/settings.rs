//! How to render, and with which programs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::run::{Limits, Room, find, run};

/// How charts and overlays are rendered.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// The folders in which programs are looked for, as in `PATH`.
    pub search_path: OsString,
    /// Files with values for charts to which no other object points; later ones win.
    pub helm_values: Vec<PathBuf>,
    /// Single values for the same charts, as `key=value`.
    pub helm_set: Vec<String>,
    /// The namespace of the same charts.
    pub helm_namespace: String,
    /// The version that charts are told, as `v1.33`; without it helm chooses.
    pub kubernetes_version: Option<String>,
    /// Time for one chart or overlay.
    pub timeout: Duration,
    /// Bytes that one chart or overlay may become.
    pub max_output: u64,
}

impl Default for RenderOptions {
    /// Programs are found through `PATH`.
    fn default() -> RenderOptions {
        RenderOptions {
            search_path: std::env::var_os("PATH").unwrap_or_default(),
            helm_values: Vec::new(),
            helm_set: Vec::new(),
            helm_namespace: "default".to_owned(),
            kubernetes_version: None,
            timeout: Duration::from_secs(30),
            max_output: 64 << 20,
        }
    }
}

/// The programs that are there.
pub(crate) struct Tools {
    pub(crate) helm: Option<PathBuf>,
    pub(crate) kustomize: Option<Kustomize>,
    pub(crate) kubernetes_version: Option<String>,
    skips_schemas: OnceLock<bool>,
}

/// What builds overlays.
pub(crate) struct Kustomize {
    pub(crate) program: PathBuf,
    /// The word before the folder.
    pub(crate) verb: &'static str,
}

impl Tools {
    pub(crate) fn new(options: &RenderOptions) -> Tools {
        let find = |name| find(name, &options.search_path);
        let kustomize = find("kustomize").map(|program| Kustomize { program, verb: "build" });
        let kubectl = || find("kubectl").map(|program| Kustomize { program, verb: "kustomize" });
        Tools {
            helm: find("helm"),
            kustomize: kustomize.or_else(kubectl),
            kubernetes_version: options.kubernetes_version.clone(),
            skips_schemas: OnceLock::new(),
        }
    }

    /// Whether helm knows `--skip-schema-validation` (since 3.16). It is asked once.
    pub(crate) fn skips_schemas(&self, helm: &Path, room: &Room, limits: Limits) -> bool {
        *self.skips_schemas.get_or_init(|| {
            let arguments = ["version", "--template", "{{.Version}}"].map(OsString::from);
            let printed = run(helm, &arguments, &room.path(), room, limits).unwrap_or_default();
            version(&String::from_utf8_lossy(&printed)).is_none_or(|version| version >= (3, 16))
        })
    }
}

/// Major and minor number of `v3.16.2`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().trim_start_matches('v').split('.');
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("v3.9.4\n"), Some((3, 9)));
        assert_eq!(version("v4.3"), Some((4, 3)));
        assert_eq!(version(""), None);
        assert!(version("v3.9.4") < Some((3, 16)));
    }
}
