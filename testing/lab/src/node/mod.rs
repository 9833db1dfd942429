//! A node with real pods: containerd, runc and plugins of CNI as the machine has them installed, the kubelet and kube-proxy
//! as the lab builds them. All of it, and the control plane with it, runs in [namespaces](namespaces::Namespaces) of its own.

mod image;
mod namespaces;
mod requirements;

pub use image::IMAGE;
pub use namespaces::NODE;
pub(crate) use namespaces::NODE_ADDRESS;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

pub(crate) use image::PAUSE;
pub(crate) use namespaces::{INIT, Namespaces};
pub(crate) use requirements::{check, plugins};

use crate::LabError;
use crate::client::Client;
use crate::process::{Lifetime, Server};
use crate::profile::Places;
use crate::{Profile, Servers};

/// A node is ready in a few seconds; on a machine that is busy with other tests it may take ten times that.
const READY: Duration = Duration::from_secs(120);

/// Where a node's configuration files are: in the profile's folder `node`, and on the node.
const FILES: [(&str, &str); 4] = [
    ("kubelet.yaml", "/var/lib/kubelet/config.yaml"),
    ("kube-proxy.yaml", "/var/lib/kube-proxy/config.conf"),
    ("containerd.toml", "/etc/containerd/config.toml"),
    ("cni.conflist", "/etc/cni/net.d/10-lab.conflist"),
];
const DROP_INS: &str = "/etc/kubernetes/kubelet.conf.d";
const STATIC_PODS: &str = "/etc/kubernetes/manifests";

/// What starts a node needs to know of its lab.
pub(crate) struct Surroundings<'l> {
    pub(crate) namespaces: &'l Namespaces,
    pub(crate) profile: &'l Profile,
    pub(crate) places: &'l Places,
    pub(crate) programs: &'l Servers,
    pub(crate) folder: &'l Path,
    pub(crate) logs: &'l Path,
    pub(crate) admin: &'l Client,
}

impl Surroundings<'_> {
    /// Starts the programs of a node and waits until the API server calls it ready. What was started is in `running`,
    /// after an error too.
    pub(crate) fn start(&self, lifetime: Lifetime, running: &mut Vec<Server>) -> Result<(), LabError> {
        self.write_files()?;
        let mut containerd = self.launch(Path::new("containerd"), &[], lifetime)?;
        let imported = self.import(&mut containerd);
        running.push(containerd);
        imported?;
        for program in ["kubelet", "kube-proxy"] {
            let flags = self.profile.flags(program, self.places)?;
            running.push(self.launch(&self.programs.program(program), &flags, lifetime)?);
        }
        self.wait(running)
    }

    fn launch(&self, program: &Path, flags: &[String], lifetime: Lifetime) -> Result<Server, LabError> {
        Server::start(program, flags, self.logs, lifetime, Some(self.namespaces))
    }

    fn write_files(&self) -> Result<(), LabError> {
        let files = self.profile.node_files("node", self.places)?;
        for (name, path) in FILES {
            let Some((_, text)) = files.iter().find(|(file, _)| file == name) else {
                return Err(LabError::failed(format!("the profile has no `node/{name}`")));
            };
            self.write(path, text)?;
        }
        for (name, text) in self.profile.node_files("node/kubelet.conf.d", self.places)? {
            self.write(&format!("{DROP_INS}/{name}"), &text)?;
        }
        for (name, text) in self.profile.node_files("node/manifests", self.places)? {
            self.write(&format!("{STATIC_PODS}/{name}"), &text)?;
        }
        for folder in [DROP_INS, STATIC_PODS] {
            let folder = self.namespaces.outside(folder);
            fs::create_dir_all(&folder).map_err(|error| LabError::file(&folder, &error))?;
        }
        self.set_modes(&files)
    }

    /// Gives files the modes and owners of the profile, where they are not to be those that everybody recommends.
    fn set_modes(&self, files: &[(String, String)]) -> Result<(), LabError> {
        let text = files.iter().find(|(name, _)| name == "modes").map_or("", |(_, text)| text);
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let mut words = line.split(' ');
            let parsed = (|| {
                let mode = u32::from_str_radix(words.next()?, 8).ok()?;
                let (user, group) = words.next()?.split_once(':')?;
                Some((mode, user.parse().ok()?, group.parse().ok()?, words.next()?))
            })();
            let Some((mode, user, group, path)) = parsed else {
                return Err(LabError::failed(format!(
                    "`node/modes` of the profile: no `0644 0:0 /path`: {line}"
                )));
            };
            let path = self.namespaces.outside(path);
            chown(&path, Some(user), Some(group))
                .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(mode)))
                .map_err(|error| LabError::file(&path, &error))?;
        }
        Ok(())
    }

    fn write(&self, path: &str, text: &str) -> Result<(), LabError> {
        let path = self.namespaces.outside(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| LabError::file(folder, &error))?;
        }
        crate::certificates::write(&path, text)
    }

    /// Gives containerd the images, once it listens.
    fn import(&self, containerd: &mut Server) -> Result<(), LabError> {
        let archive = self.folder.join("images.tar");
        image::write(&archive, &[IMAGE, PAUSE], &[])?;
        let deadline = Instant::now() + READY;
        while let Err(error) = import(self.namespaces, &archive) {
            containerd.check()?;
            if Instant::now() > deadline {
                return Err(containerd.complain(&error.to_string()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let _ = fs::remove_file(&archive);
        Ok(())
    }

    fn wait(&self, running: &mut [Server]) -> Result<(), LabError> {
        let path = format!("/api/v1/nodes/{NODE}");
        let deadline = Instant::now() + READY;
        loop {
            if let Ok(answer) = self.admin.send("GET", &path, None)
                && let Ok(node) = serde_json::from_str::<serde_json::Value>(&answer.body)
                && is_ready(&node)
            {
                return Ok(());
            }
            for server in &mut *running {
                server.check()?;
            }
            if Instant::now() > deadline
                && let Some(kubelet) = running.iter().find(|server| server.program == "kubelet")
            {
                return Err(kubelet.complain(&format!("makes no ready node within {} s", READY.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Makes an image of programs of this machine, and gives it to the containerd of a node.
pub(crate) fn add_image(
    namespaces: &Namespaces,
    folder: &Path,
    name: &str,
    programs: &[&Path],
) -> Result<(), LabError> {
    let archive = tempfile::Builder::new()
        .suffix(".tar")
        .tempfile_in(folder)
        .map_err(|error| LabError::file(folder, &error))?;
    image::write(archive.path(), &[name], programs)?;
    import(namespaces, archive.path())
}

fn import(namespaces: &Namespaces, archive: &Path) -> Result<(), LabError> {
    let import = namespaces
        .command("ctr")
        .args(["--connect-timeout", "2s", "-n", "k8s.io", "images", "import", "--snapshotter", "native"])
        .arg(archive)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| LabError::failed(format!("cannot run `ctr`: {error}")))?;
    if import.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&import.stderr);
    Err(LabError::failed(format!("containerd takes no image: {}", said.trim())))
}

/// Ready, and free of the taint that keeps pods away until the controller manager has seen that.
fn is_ready(node: &serde_json::Value) -> bool {
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Ready" && condition["status"] == "True");
    let taints = node["spec"]["taints"].as_array();
    ready && !taints.into_iter().flatten().any(|taint| taint["key"] == "node.kubernetes.io/not-ready")
}
