use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Skip;

/// Programs that users have and tests need, by the package that `testing/programs` pins.
const PROGRAMS: [(&str, &str); 2] =
    [("helm", "helm.sh/helm/v4/cmd/helm"), ("kustomize", "sigs.k8s.io/kustomize/kustomize/v5")];

/// A folder with `helm` and `kustomize`, of the versions that `testing/programs/go.mod` pins. They are built with Go
/// once and kept in the target folder: helm takes minutes.
///
/// # Errors
/// When Go is not installed or cannot build them, say because modules cannot be fetched.
///
/// # Panics
/// Instead of an error when `SEAWORTHY_PROGRAMS=required`, as in CI.
pub fn programs() -> Result<PathBuf, Skip> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(build).clone();
    if let Err(reason) = &built {
        let required = std::env::var_os("SEAWORTHY_PROGRAMS").is_some_and(|value| value == "required");
        assert!(!required, "SEAWORTHY_PROGRAMS=required, but {reason}");
    }
    built.map_err(Skip::new)
}

fn build() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../programs");
    let pins = std::fs::read_to_string(source.join("go.mod"))
        .map_err(|error| format!("cannot read {}: {error}", source.display()))?;
    let versions: Vec<&str> = PROGRAMS.iter().filter_map(|(_, package)| version(&pins, package)).collect();
    let folder = target().join("programs").join(versions.join("-"));
    std::fs::create_dir_all(&folder)
        .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
    for (name, package) in PROGRAMS {
        let program = folder.join(name);
        if program.is_file() {
            continue;
        }
        // Another test process may build it at the same time: write beside it, then rename.
        let fresh = folder.join(format!("{name}.{}", std::process::id()));
        let output = Command::new("go")
            .args(["build", "-o"])
            .arg(&fresh)
            .arg(package)
            .current_dir(&source)
            .output()
            .map_err(|error| format!("cannot run `go build`: {error}"))?;
        if !output.status.success() {
            let errors = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`go build {package}` failed: {}", errors.trim()));
        }
        std::fs::rename(&fresh, &program)
            .map_err(|error| format!("cannot write {}: {error}", program.display()))?;
    }
    Ok(folder)
}

/// The version that `go.mod` requires of the module that a package is in.
fn version<'p>(pins: &'p str, package: &str) -> Option<&'p str> {
    pins.lines().find_map(|line| {
        let mut words = line.split_whitespace().filter(|word| *word != "require");
        let (module, version) = (words.next()?, words.next()?);
        let inside = package.strip_prefix(module)?;
        ((inside.is_empty() || inside.starts_with('/')) && version.starts_with('v')).then_some(version)
    })
}

/// The target folder of the running test.
fn target() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    match test.ancestors().nth(3) {
        Some(target) if target.is_dir() => target.to_owned(),
        _ => std::env::temp_dir().join("seaworthy-target"),
    }
}
