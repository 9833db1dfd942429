use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

use super::requirements;
use crate::LabError;

/// The image of pods: busybox with all its applets, and nothing else.
pub const IMAGE: &str = "docker.io/local/busybox:1";
/// The image of the sandboxes of pods.
pub(crate) const PAUSE: &str = "docker.io/local/pause:1";

/// Until it is told to end: a first process that knows nothing of SIGTERM would have to be killed after a grace period.
const REST: &str = "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done";

/// Writes an archive with an image, as `ctr images import` takes them: no registry is asked, and it is the same archive
/// each time. Beside busybox the image holds programs of this machine, with the libraries that they load.
pub(crate) fn write(path: &Path, names: &[&str], programs: &[&Path]) -> Result<(), LabError> {
    let busybox = requirements::busybox()?;
    let broken = |error: std::io::Error| LabError::failed(format!("cannot make an image: {error}"));
    let program = fs::read(&busybox).map_err(|error| LabError::file(&busybox, &error))?;
    let applets = Command::new(&busybox).arg("--list").output().map_err(broken)?;
    let mut files = Vec::new();
    for program in programs {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        files.push((format!("bin/{name}"), program.to_path_buf()));
        files.extend(libraries(program).map_err(broken)?);
    }
    files.sort();
    files.dedup();
    let layer = layer(&program, &String::from_utf8_lossy(&applets.stdout), &files).map_err(broken)?;
    let digest: String = Sha256::digest(&layer).iter().map(|byte| format!("{byte:02x}")).collect();
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let configuration = json!({
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/bin/sh", "-c", REST], "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{digest}")]},
    });
    let manifest = json!([{"Config": "config.json", "RepoTags": names, "Layers": ["layer.tar"]}]);
    let mut archive = Builder::new(fs::File::create(path).map_err(|error| LabError::file(path, &error))?);
    for (name, content) in [
        ("manifest.json", manifest.to_string().into_bytes()),
        ("config.json", configuration.to_string().into_bytes()),
        ("layer.tar", layer),
    ] {
        add(&mut archive, name, 0o644, &content).map_err(broken)?;
    }
    archive.into_inner().map_err(broken)?.flush().map_err(broken)
}

/// The libraries that a program is linked to, and what links it when it starts: their paths in an image and here.
fn libraries(program: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    // It fails for a program that needs none.
    let linked = Command::new("ldd").arg(program).output()?;
    let text = String::from_utf8_lossy(&linked.stdout).into_owned();
    let paths = text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    Ok(paths.map(|path| (path.trim_start_matches('/').to_owned(), PathBuf::from(path))).collect())
}

fn layer(program: &[u8], applets: &str, files: &[(String, PathBuf)]) -> std::io::Result<Vec<u8>> {
    let mut layer = Builder::new(Vec::new());
    for (folder, mode) in [("bin/", 0o755), ("etc/", 0o755), ("tmp/", 0o1777)] {
        let mut header = header(EntryType::Directory, mode, 0);
        layer.append_data(&mut header, folder, std::io::empty())?;
    }
    add(&mut layer, "etc/passwd", 0o644, b"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")?;
    add(&mut layer, "etc/group", 0o644, b"root:x:0:\nnobody:x:65534:\n")?;
    add(&mut layer, "bin/busybox", 0o755, program)?;
    for applet in applets.lines().filter(|applet| *applet != "busybox" && !applet.contains('/')) {
        let name = format!("bin/{applet}");
        if files.iter().all(|(file, _)| *file != name) {
            let mut header = header(EntryType::Symlink, 0o777, 0);
            layer.append_link(&mut header, name, "busybox")?;
        }
    }
    for (name, path) in files {
        add(&mut layer, name, 0o755, &fs::read(path)?)?;
        if let Some(program) = name.strip_prefix("bin/") {
            // Images of a single program often have it in the root.
            let mut header = header(EntryType::Symlink, 0o777, 0);
            layer.append_link(&mut header, program, name)?;
        }
    }
    layer.into_inner()
}

fn add<W: Write>(archive: &mut Builder<W>, name: &str, mode: u32, content: &[u8]) -> std::io::Result<()> {
    let mut header = header(EntryType::Regular, mode, content.len() as u64);
    archive.append_data(&mut header, name, content)
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
