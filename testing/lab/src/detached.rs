use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use serde::{Deserialize, Serialize};

use crate::control_plane::PROCESSES;
use crate::guard::Lab;
use crate::node::{INIT, Namespaces};
use crate::process::{Known, Lifetime};
use crate::{LabError, Profile, Servers};

const DESCRIPTION: &str = "lab.json";

/// A lab that runs until somebody takes it down, as `cargo xtask lab up` leaves it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detached {
    /// The name it was given.
    pub name: String,
    /// The name of its profile.
    pub profile: String,
    /// The version of Kubernetes.
    pub version: String,
    /// Where its API server listens.
    pub url: String,
    /// Where everything of it lies.
    pub folder: PathBuf,
}

impl Detached {
    /// The kubeconfig of an identity, such as `admin`.
    #[must_use]
    pub fn kubeconfig(&self, identity: &str) -> PathBuf {
        self.folder.join("kubeconfigs").join(format!("{identity}.kubeconfig"))
    }

    /// The programs that should run, and whether they do.
    #[must_use]
    pub fn processes(&self) -> Vec<(String, u32, bool)> {
        known(&self.folder)
            .into_iter()
            .map(|known| (known.program.clone(), known.pid, known.runs()))
            .collect()
    }
}

/// Starts a lab that outlives this process.
///
/// # Errors
/// When one of the name runs already, the machine lacks something, or a server does not start.
pub fn up(name: &str, profile: &Profile) -> Result<Detached, LabError> {
    let folder = folder(name)?;
    if known(&folder).iter().any(Known::runs) {
        return Err(LabError::failed(format!(
            "a lab `{name}` runs already: end it with `cargo xtask lab down --name {name}`, or give another name"
        )));
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| LabError::file(&folder, &error))?;
    }
    let programs = Servers::build()?;
    fs::create_dir_all(&folder).map_err(|error| LabError::file(&folder, &error))?;
    let version = programs.version().to_owned();
    let lab = match Lab::launch(profile, programs, &folder, Lifetime::Detached) {
        Ok(lab) => lab,
        Err(error) => {
            let _ = fs::remove_dir_all(&folder);
            return Err(error);
        }
    };
    let detached = Detached {
        name: name.to_owned(),
        profile: profile.name().to_owned(),
        version,
        url: lab.url(),
        folder: folder.clone(),
    };
    let path = folder.join(DESCRIPTION);
    let text =
        serde_json::to_string_pretty(&detached).map_err(|error| LabError::failed(error.to_string()))?;
    fs::write(&path, text).map_err(|error| LabError::file(&path, &error))?;
    Ok(detached)
}

/// All labs that were started and not taken down, by name.
///
/// # Errors
/// When there is no folder for their state.
pub fn list() -> Result<Vec<Detached>, LabError> {
    let mut labs: Vec<Detached> = fs::read_dir(state()?)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            serde_json::from_str(&fs::read_to_string(entry.path().join(DESCRIPTION)).ok()?).ok()
        })
        .collect();
    labs.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(labs)
}

/// A lab by its name.
///
/// # Errors
/// When there is none.
pub fn find(name: &str) -> Result<Detached, LabError> {
    let labs = list()?;
    labs.into_iter()
        .find(|lab| lab.name == name)
        .ok_or_else(|| LabError::failed(format!("no lab `{name}`: start one with `cargo xtask lab up`")))
}

/// Ends the processes of a lab and removes its folder; also of one that did not come up wholly.
///
/// # Errors
/// When there is none, or a process does not end.
pub fn down(name: &str) -> Result<(), LabError> {
    let folder = folder(name)?;
    if !folder.is_dir() {
        return Err(LabError::failed(format!("no lab `{name}`: `cargo xtask lab list` shows them")));
    }
    for process in known(&folder).iter().rev() {
        if !process.stop() {
            return Err(LabError::failed(format!("`{}` ({}) does not end", process.program, process.pid)));
        }
    }
    fs::remove_dir_all(&folder).map_err(|error| LabError::file(&folder, &error))
}

/// Runs a command with `KUBECONFIG` of the lab's administrator, its folder in `LAB` and its API server in `LAB_URL`;
/// where it has a node, inside of the namespaces that this is in.
///
/// # Errors
/// When there is no such lab, or no such command.
pub fn exec(name: &str, command: &[OsString]) -> Result<ExitStatus, LabError> {
    let lab = find(name)?;
    let [program, arguments @ ..] = command else {
        return Err(LabError::failed("no command: `cargo xtask lab exec -- env`"));
    };
    let mut command = match namespaces(&lab)? {
        None => Command::new(program),
        Some(namespaces) => namespaces.command(program),
    };
    command
        .args(arguments)
        .env("KUBECONFIG", lab.kubeconfig("admin"))
        .env("LAB", &lab.folder)
        .env("LAB_URL", &lab.url)
        .status()
        .map_err(|error| LabError::failed(format!("cannot run `{}`: {error}", program.display())))
}

/// Gives the node of a lab an image that holds programs of this machine in `/bin`.
///
/// # Errors
/// When there is no such lab, it has no node, or a program cannot be read.
pub fn add_image(name: &str, image: &str, programs: &[PathBuf]) -> Result<(), LabError> {
    let lab = find(name)?;
    let programs: Vec<&Path> = programs.iter().map(PathBuf::as_path).collect();
    match namespaces(&lab)? {
        None => Err(LabError::failed(format!("the lab `{name}` has no node: start one with `up --nodes`"))),
        Some(namespaces) => crate::node::add_image(&namespaces, &lab.folder, image, &programs),
    }
}

/// What a lab with a node runs in.
fn namespaces(lab: &Detached) -> Result<Option<Namespaces>, LabError> {
    let Some(init) = known(&lab.folder).into_iter().find(|process| process.program == INIT) else {
        return Ok(None);
    };
    match Namespaces::of(init) {
        Some(namespaces) => Ok(Some(namespaces)),
        None => Err(LabError::failed(format!("the node of the lab `{}` has ended: take it down", lab.name))),
    }
}

fn known(folder: &Path) -> Vec<Known> {
    let text = fs::read_to_string(folder.join(PROCESSES)).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn folder(name: &str) -> Result<PathBuf, LabError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(LabError::failed(format!(
            "`{name}` is no name for a lab: letters, digits and dashes only"
        )));
    }
    Ok(state()?.join(name))
}

fn state() -> Result<PathBuf, LabError> {
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| Some(std::env::home_dir()?.join(".local/state")));
    match base {
        Some(base) => Ok(base.join("seaworthy/lab")),
        None => Err(LabError::unavailable("there is no home folder: set XDG_STATE_HOME")),
    }
}
