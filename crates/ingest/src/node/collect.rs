//! From a root to the texts of a node.

use std::io;
use std::path::PathBuf;

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;

use super::files::{Files, View, absolute};
use super::processes::Running;
use super::reading::{Metadata, Obstacle, Package, Process, Reader, Reading, Use};
use super::root::Root;
use super::{places, processes, programs, sockets, system, time};
use crate::collect::IngestError;

/// How to read a node.
#[derive(Clone, Debug)]
pub struct NodeOptions {
    /// The folder that is the node's `/`.
    pub root: PathBuf,
    /// The name of the node; else what its kubelet is told, else its host name.
    pub name: Option<String>,
    /// When it is read, as RFC 3339 says it; else now.
    pub at: Option<String>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        NodeOptions { root: PathBuf::from("/"), name: None, at: None }
    }
}

/// Reads a node: first what it says of itself, then its configuration files by name.
///
/// # Errors
/// When the root is no folder that can be opened, or the name of the node cannot be part of a name of a file.
pub fn collect_node(options: &NodeOptions) -> Result<Vec<SourceFile>, IngestError> {
    let fault = |source| IngestError::Path { path: options.root.display().to_string(), source };
    let root = Root::open(&options.root).map_err(fault)?;
    let mut errors = Vec::new();
    let pids = processes::pids(&root).unwrap_or_else(|error| {
        errors.push(Obstacle { what: "processes".to_owned(), error });
        Vec::new()
    });
    let mut running = processes::running(&root, &pids, &mut errors);
    let name = options.name.clone().unwrap_or_else(|| name_of(&root, &running));
    if !is_name(&name) {
        let message = format!("`{name}` is no name of a node");
        return Err(fault(io::Error::new(io::ErrorKind::InvalidInput, message)));
    }
    let packages = system::packages(&root);
    let mut files = Files::new(&name, &root);
    for running in &mut running {
        look_at_process(&root, running, &packages, &mut files);
    }
    places::look(&root, &mut files);

    let network = root.link("/proc/1/ns/net").ok();
    let own_network = network.is_some() && root.link("/proc/self/ns/net").ok() == network;
    let sockets = sockets::listening(&root, &pids, &running, network.as_deref(), &mut errors);
    errors.append(&mut files.errors);
    let reading = Reading {
        api_version: "seaworthy.dev/v1alpha1",
        kind: "NodeReading",
        metadata: Metadata { name: name.clone() },
        at: options.at.clone().unwrap_or_else(time::now),
        root: options.root.display().to_string(),
        reader: reader(),
        processes: running.into_iter().map(|running| running.process).collect(),
        kernel: system::kernel(&root),
        system: system::system(&root),
        security: system::security(&root),
        sysctls: system::sysctls(&root, own_network),
        mounts: system::mounts(&root),
        packages,
        sockets,
        files: files.files,
        certificates: files.certificates,
        errors,
    };
    let text = serde_json::to_string_pretty(&reading).map_err(|error| fault(error.into()))?;
    let mut texts = vec![SourceFile::new(format!("nodes/{name}.json"), Stream::read(text))];
    texts.extend(files.texts.into_values());
    Ok(texts)
}

/// Looks at all that the settings of a process name.
fn look_at_process(root: &Root, running: &mut Running, packages: &[Package], files: &mut Files) {
    let process = &mut running.process;
    process.version = version(process, packages);
    let stated = settings(process);
    for (setting, path, role) in stated {
        let path = path.strip_prefix("unix://").unwrap_or(&path).to_owned();
        let mut used = Use { setting, role: role.name, ..Use::default() };
        match (&running.root, path.starts_with('/'), &running.folder) {
            (Err(reason), _, _) => {
                used.error = Some(reason.clone());
                used.path = path;
            }
            (Ok(_), false, None) => {
                used.error = Some("the working folder of the process cannot be read".to_owned());
                used.path = path;
            }
            (Ok(own), _, folder) => {
                let pid = running.elsewhere.then_some(process.pid);
                let view = View { root: own, pid, program: Some(process.program) };
                used.path = absolute(&path, folder.as_deref().unwrap_or_default());
                let looked = files.look(view, &used.path, role);
                used.texts = looked.texts;
                used.error = looked.error;
            }
        }
        process.uses.push(used);
    }
    if let Some(unit) = process.unit.clone() {
        process.unit_files = places::unit_files(root, &unit, Some(process.program), files);
    }
}

/// The files and folders that a process is told of, by the setting: flags, then the environment of etcd, then where it
/// looks when it is told nothing.
fn settings(process: &Process) -> Vec<(String, String, programs::Role)> {
    let mut settings: Vec<(String, String, programs::Role)> = Vec::new();
    let flags = processes::flags(&process.arguments);
    let flags = flags.iter().map(|(name, value)| (long_name(process.program, name), (*value).to_owned()));
    let environment = process.environment.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("ETCD_").filter(|_| process.program == "etcd")?;
        Some((name.to_ascii_lowercase().replace('_', "-"), value.clone()))
    });
    let stated: Vec<(String, String)> = flags.chain(environment).collect();
    for (index, (name, value)) in stated.iter().enumerate() {
        let Some(role) = programs::role_of_flag(process.program, name) else { continue };
        // The last of a name counts; the keys of service accounts add up. The command line comes before the environment.
        let again = |other: &(String, String)| other.0 == *name;
        let adds_up = name == "service-account-key-file";
        if value.is_empty()
            || (!adds_up && stated[index + 1..].iter().any(again) && !from_environment(process, name))
        {
            continue;
        }
        if settings.iter().any(|(setting, known, _)| setting == name && (known == value || !adds_up)) {
            continue;
        }
        settings.push((name.clone(), value.clone(), role));
    }
    for (program, name, path, role) in programs::DEFAULTS {
        let is_told = settings.iter().any(|(setting, _, _)| setting == name);
        if *program == process.program && !is_told {
            settings.push(((*name).to_owned(), (*path).to_owned(), *role));
        }
    }
    settings
}

/// Whether a setting of etcd stands in its environment too.
fn from_environment(process: &Process, name: &str) -> bool {
    let variable = format!("ETCD_{}", name.to_ascii_uppercase().replace('-', "_"));
    process.program == "etcd" && process.environment.contains_key(&variable)
}

/// The long name of a flag.
fn long_name(program: &str, name: &str) -> String {
    let long = match (program, name) {
        ("containerd" | "crio" | "k3s" | "rke2", "c") => "config",
        ("containerd", "a") => "address",
        ("k3s" | "rke2", "d") => "data-dir",
        _ => name,
    };
    long.replace('_', "-")
}

/// The version of the package that a running program comes from; unknown once the file has been replaced.
fn version(process: &Process, packages: &[Package]) -> Option<String> {
    let executable = process.executable.as_deref()?;
    let folder = executable.strip_suffix(process.program)?;
    if !matches!(folder, "/usr/bin/" | "/usr/sbin/" | "/bin/") {
        return None;
    }
    let names: &[&str] = match process.program {
        "containerd" => &["containerd", "containerd.io"],
        "crio" => &["cri-o"],
        "dockerd" => &["docker-ce", "docker.io"],
        "etcd" => &["etcd-server", "etcd"],
        "kubelet" => &["kubelet"],
        _ => return None,
    };
    packages
        .iter()
        .find(|package| names.contains(&package.name.as_str()))
        .map(|package| package.version.clone())
}

/// The name of the node: what its kubelet is told, else its host name.
fn name_of(root: &Root, running: &[Running]) -> String {
    let kubelets = running.iter().filter(|running| running.process.program == "kubelet");
    let mut told = kubelets.filter_map(|running| {
        let values = processes::values(&running.process.arguments, "hostname-override");
        values.first().map(|name| (*name).to_owned())
    });
    let host = || root.line("/etc/hostname").or_else(|| root.line("/proc/sys/kernel/hostname"));
    let name = told.next().or_else(host).unwrap_or_default().to_ascii_lowercase();
    if is_name(&name) { name } else { "node".to_owned() }
}

/// Whether a text can be the name of a node: a DNS name.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    (1..=253).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with('.')
        && !name.contains("..")
}

/// With whose rights the program runs, so that a reader knows what may be missing.
fn reader() -> Reader {
    let capabilities = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        Some(line.trim().to_owned())
    });
    Reader { uid: rustix::process::geteuid().as_raw(), capabilities }
}
