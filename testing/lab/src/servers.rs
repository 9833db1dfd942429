use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::LabError;

/// The programs that the one executable of `testing/lab/kubernetes` is, by the name that it is started under.
const KUBERNETES: [&str; 5] =
    ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"];

/// The built servers: a folder with `etcd`, `etcdutl`, `kube-apiserver` and the others.
#[derive(Clone, Debug)]
pub struct Servers {
    folder: PathBuf,
    version: String,
}

impl Servers {
    /// The servers of the versions that `testing/lab/*/go.mod` pin, built with Go unless that was done before.
    ///
    /// They are kept outside of the source tree, in `SEAWORTHY_LAB_CACHE` or `~/.cache/seaworthy/lab`: a build takes
    /// minutes, and all checkouts of one version can share it. Who comes while another one builds, waits.
    ///
    /// # Errors
    /// When Go is missing, or cannot build them.
    pub fn build() -> Result<Servers, LabError> {
        let cache = cache()?;
        fs::create_dir_all(&cache).map_err(|error| LabError::file(&cache, &error))?;
        let kubernetes = Module::read("kubernetes", "k8s.io/kubernetes")?;
        let etcd = Module::read("etcd", "go.etcd.io/etcd/server/v3")?;
        let version = kubernetes.version.clone();
        let folder = cache.join(format!("{}-{}", kubernetes.key(), etcd.key()));
        let servers = Servers { folder, version };
        if servers.folder.is_dir() {
            return Ok(servers);
        }
        let lock = cache.join("lock");
        let lock = File::create(&lock).map_err(|error| LabError::file(&lock, &error))?;
        lock.lock().map_err(|error| LabError::failed(format!("cannot lock {}: {error}", cache.display())))?;
        if !servers.folder.is_dir() {
            servers.make(&cache, &kubernetes, &etcd)?;
        }
        Ok(servers)
    }

    /// The folder of the programs.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one of the programs, such as `etcd`.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The version of Kubernetes, as `v1.36.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Builds beside the final folder, which appears complete or not at all. Called under the lock: a partial folder is
    /// what somebody left who was killed.
    fn make(&self, cache: &Path, kubernetes: &Module, etcd: &Module) -> Result<(), LabError> {
        // A test harness captures what tests print, and these are minutes of silence.
        let _ = writeln!(
            std::io::stderr(),
            "building the servers of the lab (Kubernetes {}, etcd {}) into {}: some minutes, once",
            kubernetes.version,
            etcd.version,
            cache.display()
        );
        let partial = cache.join("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(|error| LabError::file(&partial, &error))?;
        }
        fs::create_dir_all(&partial).map_err(|error| LabError::file(&partial, &error))?;
        etcd.build("-s -w", &partial.join("etcd"))?;
        kubernetes.build(&version_flags(&kubernetes.version), &partial.join("kubernetes"))?;
        let links = KUBERNETES.map(|program| ("kubernetes", program));
        for (built, program) in links.into_iter().chain([("etcd", "etcdutl")]) {
            let link = partial.join(program);
            symlink(built, &link).map_err(|error| LabError::file(&link, &error))?;
        }
        fs::rename(&partial, &self.folder).map_err(|error| LabError::file(&self.folder, &error))
    }
}

/// One of the Go modules beside this crate, whose main package is a server.
struct Module {
    source: PathBuf,
    version: String,
    hash: String,
}

impl Module {
    fn read(name: &str, pinned: &str) -> Result<Module, LabError> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let mut hash = Sha256::new();
        let mut version = None;
        for file in ["go.mod", "go.sum", "main.go"] {
            let path = source.join(file);
            let text = fs::read_to_string(&path).map_err(|error| LabError::file(&path, &error))?;
            hash.update(&text);
            if file == "go.mod" {
                version = text.lines().find_map(|line| {
                    let mut words = line.split_whitespace().filter(|word| *word != "require");
                    (words.next() == Some(pinned)).then(|| words.next().unwrap_or_default().to_owned())
                });
            }
        }
        let hash = hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        match version {
            Some(version) => Ok(Module { source, version, hash }),
            None => Err(LabError::failed(format!("{}/go.mod does not require `{pinned}`", source.display()))),
        }
    }

    fn key(&self) -> String {
        format!("{}-{}", self.version, self.hash)
    }

    fn build(&self, flags: &str, program: &Path) -> Result<(), LabError> {
        let built = Command::new("go")
            .args(["build", "-ldflags", flags, "-o"])
            .arg(program)
            .arg(".")
            // Without cgo the programs run in any container and in any namespace.
            .env("CGO_ENABLED", "0")
            .current_dir(&self.source)
            .output();
        match built {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                Err(LabError::unavailable("Go is not installed: the servers of the lab are built with it"))
            }
            Err(error) => Err(LabError::unavailable(format!("cannot run `go build`: {error}"))),
            Ok(output) if !output.status.success() => {
                let errors = String::from_utf8_lossy(&output.stderr);
                Err(LabError::unavailable(format!(
                    "`go build` in {} failed: {}",
                    self.source.display(),
                    errors.trim()
                )))
            }
            Ok(_) => Ok(()),
        }
    }
}

/// Without these the programs say `v0.0.0-master+$Format:%H$` of themselves, and every control that goes by the version
/// is misled.
fn version_flags(version: &str) -> String {
    let mut parts = version.trim_start_matches('v').split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let mut flags = String::from("-s -w");
    for package in ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"] {
        flags.push_str(&format!(" -X {package}.gitVersion={version}"));
        flags.push_str(&format!(" -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"));
    }
    flags
}

fn cache() -> Result<PathBuf, LabError> {
    if let Some(cache) = std::env::var_os("SEAWORTHY_LAB_CACHE") {
        return Ok(PathBuf::from(cache));
    }
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    match base {
        Some(base) => Ok(base.join("seaworthy/lab")),
        None => Err(LabError::unavailable("there is no home folder: set SEAWORTHY_LAB_CACHE")),
    }
}
