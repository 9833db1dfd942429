use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use oracle_client::Skip;

use crate::apply::apply;
use crate::certificates::Authority;
use crate::client::Answer;
use crate::control_plane::{CLUSTER_CA, ControlPlane};
use crate::process::Lifetime;
use crate::{LabError, Profile, Servers};

const PREFIX: &str = "seaworthy-lab-";

/// Held open and locked as long as a lab lives; whoever gets the lock knows that it is dead.
const OWNER: &str = "owner";

/// Free ports are found first and used later, so that somebody may take one between.
const ATTEMPTS: usize = 3;

/// A running lab. When it is dropped, its processes have ended and its folder is gone.
#[derive(Debug)]
pub struct Lab {
    plane: ControlPlane,
    lifetime: Lifetime,
    _owner: Option<File>,
}

impl Lab {
    /// Starts a lab for a test.
    ///
    /// # Errors
    /// When the machine lacks something, say Go.
    ///
    /// # Panics
    /// When a server does not start, and with `SEAWORTHY_LAB=required` also instead of an error.
    pub fn start(profile: Profile) -> Result<Lab, Skip> {
        match Lab::try_start(&profile) {
            Ok(lab) => Ok(lab),
            Err(LabError::Unavailable(reason)) => Err(unavailable(&reason)),
            Err(LabError::Failed(reason)) => panic!("the lab `{}` does not start: {reason}", profile.name()),
        }
    }

    /// Starts a lab; as [`start`](Lab::start), but never panics.
    ///
    /// # Errors
    /// When the machine lacks something, or a server does not start.
    pub fn try_start(profile: &Profile) -> Result<Lab, LabError> {
        sweep();
        let programs = Servers::build()?;
        let mut attempt = 1;
        loop {
            let folder = tempfile::Builder::new()
                .prefix(PREFIX)
                .tempdir()
                .map_err(|error| LabError::failed(format!("no temporary folder: {error}")))?;
            let owner = folder.path().join(OWNER);
            let owner = File::create(&owner).map_err(|error| LabError::file(&owner, &error))?;
            owner.lock().map_err(|error| LabError::failed(format!("cannot lock a new file: {error}")))?;
            let started = Lab::launch(profile, programs.clone(), folder.path(), Lifetime::Guarded);
            match started {
                Ok(mut lab) => {
                    lab._owner = Some(owner);
                    // From here on the guard removes it, after its servers.
                    let _ = folder.keep();
                    return Ok(lab);
                }
                Err(LabError::Failed(reason))
                    if attempt < ATTEMPTS && reason.contains("address already in use") =>
                {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Starts a lab in a folder that exists. Nothing runs after an error, and the logs have been put aside.
    pub(crate) fn launch(
        profile: &Profile,
        programs: Servers,
        folder: &Path,
        lifetime: Lifetime,
    ) -> Result<Lab, LabError> {
        let mut plane = ControlPlane::prepare(profile, programs, folder)?;
        match plane.start(lifetime) {
            Ok(()) => Ok(Lab { plane, lifetime, _owner: None }),
            Err(error) => {
                plane.stop();
                let kept = keep_logs(&plane.logs(), profile.name());
                Err(match (error, kept) {
                    (LabError::Failed(reason), Some(kept)) => {
                        LabError::Failed(format!("{reason}\nall logs are in {}", kept.display()))
                    }
                    (error, _) => error,
                })
            }
        }
    }

    /// The version of Kubernetes, as `v1.36.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.plane.programs.version()
    }

    /// Where keys, configuration, logs and data of the lab lie.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.plane.folder
    }

    /// Where the API server listens, as `https://127.0.0.1:20001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.plane.url()
    }

    /// Where a program listens, as `127.0.0.1:20001`: `api`, `etcd`, `etcd-peer`, `scheduler` or `controller-manager`.
    ///
    /// # Panics
    /// When there is no such program.
    #[must_use]
    pub fn address_of(&self, program: &str) -> String {
        match self.plane.places.fill(&format!("${{address}}:${{{program}-port}}")) {
            Ok(address) => address,
            Err(error) => panic!("the lab knows no program `{program}`: {error}"),
        }
    }

    /// The kubeconfig of an identity: `admin`, `controller-manager`, `scheduler`, `node` (of node1), `viewer` (who may
    /// read what the role `view` says), `nobody` (without rights), `anonymous` (without credentials), or one that
    /// [`identity`](Lab::identity) made.
    ///
    /// # Panics
    /// When there is no such identity.
    #[must_use]
    pub fn kubeconfig(&self, identity: &str) -> PathBuf {
        let path = self.plane.credentials.kubeconfig(identity);
        assert!(path.is_file(), "the lab knows no identity `{identity}`");
        path
    }

    /// Makes an identity with a client certificate, and at most two groups. Returns its kubeconfig.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn identity(&self, name: &str, user: &str, groups: &[&str]) -> Result<PathBuf, LabError> {
        let authority = Authority::open(&self.plane.credentials.pki, "ca", CLUSTER_CA)?;
        self.plane.credentials.issue(&authority, name, user, groups, &self.url())?;
        Ok(self.plane.credentials.kubeconfig(name))
    }

    /// Asks the API server as one of the identities.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub fn request(&self, identity: &str, method: &str, path: &str) -> Result<Answer, LabError> {
        self.send(identity, method, path, None)
    }

    /// As [`request`](Lab::request), with the type and the text of a body.
    ///
    /// # Errors
    /// When there is no whole answer.
    pub fn send(
        &self,
        identity: &str,
        method: &str,
        path: &str,
        body: Option<(&str, &str)>,
    ) -> Result<Answer, LabError> {
        let client = self.plane.client(identity)?;
        client.send(method, path, body).map_err(|error| LabError::failed(format!("{method} {path}: {error}")))
    }

    /// Asks the kubelet of the node as one of the identities. Only the hardened one shows a certificate that is trusted.
    ///
    /// # Errors
    /// When there is no node, or no whole answer.
    pub fn ask_kubelet(&self, identity: &str, method: &str, path: &str) -> Result<Answer, LabError> {
        let client = self.plane.client_of(10250, identity)?;
        client.send(method, path, None).map_err(|error| LabError::failed(format!("{method} {path}: {error}")))
    }

    /// Applies all objects of a YAML text as `admin`.
    ///
    /// # Errors
    /// When the text is broken, or the API server refuses an object.
    pub fn apply(&self, yaml: &str) -> Result<(), LabError> {
        apply(&self.plane.client("admin")?, yaml, self.plane.profile.has_controllers())
    }

    /// Removes all objects of a YAML text as `admin`, and waits until they are gone.
    ///
    /// # Errors
    /// When the text is broken, or an object does not go.
    pub fn remove(&self, yaml: &str) -> Result<(), LabError> {
        crate::apply::remove(&self.plane.client("admin")?, yaml)
    }

    /// Whether any object of a YAML text is there already.
    ///
    /// # Errors
    /// When the text is broken, or the API server does not answer.
    pub fn has_any(&self, yaml: &str) -> Result<bool, LabError> {
        crate::apply::has_any(&self.plane.client("admin")?, yaml)
    }

    /// A command that runs a program where the lab is: in the namespaces of its node, or here when it has none.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        match &self.plane.namespaces {
            None => Command::new(program),
            Some(namespaces) => namespaces.command(program),
        }
    }

    /// Gives the node an image that holds programs of this machine, such as the one under test, in `/bin` and `/`. Pods name it
    /// with `imagePullPolicy: Never`.
    ///
    /// # Errors
    /// When there is no node, or a program cannot be read.
    pub fn add_image(&self, name: &str, programs: &[&Path]) -> Result<(), LabError> {
        match &self.plane.namespaces {
            None => Err(LabError::failed("a lab without nodes takes no images")),
            Some(namespaces) => crate::node::add_image(namespaces, &self.plane.folder, name, programs),
        }
    }

    /// Runs on a thread that is in the network of the lab. Connections that it opens stay there, whoever uses them later.
    ///
    /// # Panics
    /// When the node has ended, and when `run` panics.
    pub fn inside<T: Send>(&self, run: impl FnOnce() -> T + Send) -> T {
        match &self.plane.namespaces {
            None => run(),
            Some(namespaces) => match namespaces.inside(run) {
                Ok(result) => result,
                Err(error) => panic!("the network of the lab is gone: {error}"),
            },
        }
    }

    /// An absolute path of the node, such as `/var/lib/kubelet/config.yaml`, as a path here: the root of all of them with
    /// `/`. Without a node it is the same path.
    #[must_use]
    pub fn on_node(&self, path: &str) -> PathBuf {
        match &self.plane.namespaces {
            None => PathBuf::from(path),
            Some(namespaces) => namespaces.outside(path),
        }
    }

    /// The programs that run, with their pids. With a node that is the pid of the `nsenter` that waits for the program.
    #[must_use]
    pub fn processes(&self) -> Vec<(String, u32)> {
        self.plane.running.iter().map(|server| (server.program.clone(), server.pid())).collect()
    }

    /// Ends a program of the lab, such as `kubelet`, and leaves the others as they are.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self, program: &str) -> Result<(), LabError> {
        self.plane.stop_one(program)
    }

    /// Ends a program of the lab and starts it again: with its files as they are now, and with some flags of
    /// another value. Whoever asks it has to wait until it answers.
    ///
    /// # Errors
    /// When it did not run, or cannot be started.
    pub fn restart(&mut self, program: &str, flags: &[(&str, &str)]) -> Result<(), LabError> {
        self.plane.restart(program, flags, self.lifetime)
    }

    /// The log of a program that runs, such as `kube-apiserver`.
    #[must_use]
    pub fn log(&self, program: &str) -> String {
        let server = self.plane.running.iter().find(|server| server.program == program);
        server.and_then(|server| fs::read_to_string(&server.log).ok()).unwrap_or_default()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::Detached {
            return;
        }
        self.plane.stop();
        if std::thread::panicking() {
            keep_logs(&self.plane.logs(), self.plane.profile.name());
        }
        let _ = fs::remove_dir_all(&self.plane.folder);
    }
}

/// Whether labs can be started here, for tests that do more than start one. Builds the servers.
///
/// # Errors
/// When the machine lacks something, say Go.
///
/// # Panics
/// Instead of an error with `SEAWORTHY_LAB=required`, and when the servers cannot be kept.
pub fn available() -> Result<(), Skip> {
    match Servers::build() {
        Ok(_) => Ok(()),
        Err(LabError::Unavailable(reason)) => Err(unavailable(&reason)),
        Err(LabError::Failed(reason)) => panic!("no servers for labs: {reason}"),
    }
}

/// Whether labs [with nodes](Profile::with_nodes) can be started here.
///
/// # Errors
/// When the machine lacks something, say root or containerd.
///
/// # Panics
/// Instead of an error with `SEAWORTHY_LAB=required`, and when the servers cannot be kept.
pub fn nodes_available() -> Result<(), Skip> {
    available()?;
    match crate::node::check() {
        Ok(()) => Ok(()),
        Err(LabError::Unavailable(reason)) => Err(unavailable(&reason)),
        Err(LabError::Failed(reason)) => panic!("no nodes for labs: {reason}"),
    }
}

/// A skip, or a panic where the lab is required.
fn unavailable(reason: &str) -> Skip {
    let required = std::env::var_os("SEAWORTHY_LAB").is_some_and(|value| value == "required");
    assert!(!required, "SEAWORTHY_LAB=required, but {reason}");
    Skip::new(reason)
}

/// Copies the logs to a place that outlives the lab, one per profile, so that they cannot pile up.
fn keep_logs(logs: &Path, profile: &str) -> Option<PathBuf> {
    let kept = std::env::temp_dir().join("seaworthy-lab.failed").join(profile);
    fs::create_dir_all(&kept).ok()?;
    for entry in fs::read_dir(logs).ok()?.flatten() {
        fs::copy(entry.path(), kept.join(entry.file_name())).ok()?;
    }
    Some(kept)
}

/// Removes folders of labs whose process was killed before it could. Their servers ended with it.
fn sweep() {
    let old = |path: &Path| {
        let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
        // A lab that is just being made has not locked its file yet.
        (SystemTime::now().duration_since(changed).ok()? > Duration::from_secs(60)).then_some(())
    };
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let path = entry.path();
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) || old(&path).is_none() {
            continue;
        }
        if File::open(path.join(OWNER)).is_ok_and(|owner| owner.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(&path);
        }
    }
}
