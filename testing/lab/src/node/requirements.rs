use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::LabError;

/// Programs and the Debian packages that they come from.
const PROGRAMS: [(&str, &str); 10] = [
    ("unshare", "util-linux"),
    ("nsenter", "util-linux"),
    ("setpriv", "util-linux"),
    ("ip", "iproute2"),
    ("iptables", "iptables"),
    ("nft", "nftables"),
    ("busybox", "busybox-static"),
    ("containerd", "containerd"),
    ("ctr", "containerd"),
    ("runc", "runc"),
];

/// Where distributions put the plugins of CNI.
const PLUGINS: [&str; 3] = ["/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni"];

/// `PATH` with the folders of administration, which not every shell of root has.
pub(crate) fn path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    path.push(":/usr/local/sbin:/usr/sbin:/sbin");
    path
}

/// Whether this machine can have a node.
pub(crate) fn check() -> Result<(), LabError> {
    if !rustix::process::geteuid().is_root() {
        return Err(LabError::unavailable("a node needs namespaces and control groups: run as root"));
    }
    let missing: Vec<String> = PROGRAMS
        .iter()
        .filter(|(program, _)| find(program).is_none())
        .map(|(program, package)| format!("`{program}` ({package})"))
        .collect();
    if !missing.is_empty() {
        return Err(LabError::unavailable(format!("not installed: {}", missing.join(", "))));
    }
    plugins()?;
    busybox()?;
    let probe = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--cgroup", "--ipc", "--uts", "--fork", "true"])
        .env("PATH", path())
        .stdin(Stdio::null())
        .output();
    match probe {
        Ok(probe) if probe.status.success() => Ok(()),
        Ok(probe) => Err(LabError::unavailable(format!(
            "namespaces cannot be made: {}",
            String::from_utf8_lossy(&probe.stderr).trim()
        ))),
        Err(error) => Err(LabError::unavailable(format!("namespaces cannot be made: {error}"))),
    }
}

/// The folder of CNI plugins.
pub(crate) fn plugins() -> Result<&'static str, LabError> {
    PLUGINS
        .into_iter()
        .find(|folder| {
            ["bridge", "host-local", "loopback"].iter().all(|name| Path::new(folder).join(name).exists())
        })
        .ok_or_else(|| LabError::unavailable("not installed: plugins of CNI (containernetworking-plugins)"))
}

/// A busybox that runs where there is no other file.
pub(crate) fn busybox() -> Result<PathBuf, LabError> {
    let path =
        find("busybox").ok_or_else(|| LabError::unavailable("not installed: `busybox` (busybox-static)"))?;
    let mut head = Vec::new();
    File::open(&path)
        .and_then(|file| file.take(4096).read_to_end(&mut head))
        .map_err(|error| LabError::file(&path, &error))?;
    // A program that is linked dynamically names its interpreter near its beginning.
    if head.windows(4).any(|four| four == b"/ld-") {
        return Err(LabError::unavailable(format!(
            "{} is linked dynamically: install busybox-static",
            path.display()
        )));
    }
    Ok(path)
}

/// A program in `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&path()).map(|folder| folder.join(program)).find(|path| path.is_file())
}
