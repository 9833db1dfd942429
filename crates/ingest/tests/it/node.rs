//! Reading a node, from a tree in a temporary folder that stands for its root. What `/proc` holds there are plain files.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use seaworthy_evidence::SourceFile;
use seaworthy_ingest::{NodeOptions, collect_node};
use serde_json::Value;
use tempfile::TempDir;

const AT: &str = "2026-11-21T17:00:00Z";

/// A root that is made file by file.
struct Tree(TempDir);

impl Tree {
    fn new() -> Tree {
        let tree = Tree(tempfile::tempdir().expect("a folder"));
        fs::set_permissions(tree.0.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        tree
    }

    fn path(&self, path: &str) -> std::path::PathBuf {
        self.0.path().join(path.trim_start_matches('/'))
    }

    fn write(&self, path: &str, mode: u32, content: impl AsRef<[u8]>) -> &Tree {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    fn folder(&self, path: &str, mode: u32) -> &Tree {
        fs::create_dir_all(self.path(path)).expect("folders");
        fs::set_permissions(self.path(path), fs::Permissions::from_mode(mode)).expect("a mode");
        self
    }

    fn link(&self, path: &str, target: &str) -> &Tree {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        symlink(target, path).expect("a link");
        self
    }

    fn process(&self, pid: u32, line: &str, environment: &str, group: &str) -> &Tree {
        self.write(&format!("/proc/{pid}/cmdline"), 0o444, line.replace(' ', "\0") + "\0");
        self.write(&format!("/proc/{pid}/environ"), 0o400, environment.replace(' ', "\0") + "\0");
        self.write(&format!("/proc/{pid}/cgroup"), 0o444, format!("0::{group}\n"));
        self.write(&format!("/proc/{pid}/status"), 0o444, "Name:\tx\nUid:\t0\t0\t0\t0\n")
    }

    fn read(&self) -> Node {
        let options = NodeOptions {
            root: self.0.path().to_owned(),
            name: Some("n1".to_owned()),
            at: Some(AT.to_owned()),
        };
        let files = collect_node(&options).expect("a node");
        assert_eq!(files[0].name, "nodes/n1.json");
        let reading = serde_json::from_str(files[0].stream.text()).expect("JSON");
        Node { reading, files }
    }
}

struct Node {
    reading: Value,
    files: Vec<SourceFile>,
}

impl Node {
    fn file(&self, path: &str) -> &Value {
        let files = self.reading["files"].as_array().expect("files");
        files.iter().find(|file| file["path"] == path).unwrap_or(&Value::Null)
    }

    fn text(&self, path: &str) -> Option<&str> {
        let name = format!("nodes/n1{path}");
        self.files.iter().find(|file| file.name == name).map(|file| file.stream.text())
    }

    fn process(&self, program: &str) -> &Value {
        let processes = self.reading["processes"].as_array().expect("processes");
        processes.iter().find(|process| process["program"] == program).unwrap_or(&Value::Null)
    }

    fn used<'n>(&'n self, program: &str, setting: &str) -> &'n Value {
        let uses = self.process(program)["uses"].as_array().expect("uses");
        uses.iter().find(|used| used["setting"] == setting).unwrap_or(&Value::Null)
    }
}

const KUBELET: &str = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";

#[test]
fn the_files_of_a_process_are_those_that_its_command_line_names() {
    let tree = Tree::new();
    let line = "/opt/bin/kubelet --config=/srv/kubelet/own.yaml --config-dir /srv/kubelet/own.d --kubeconfig=../k.conf \
        --hostname-override=N1";
    tree.process(812, line, "HOME=/root KUBELET_EXTRA=1 SECRET=x", "/system.slice/kubelet.service")
        .link("/proc/812/exe", "/opt/bin/kubelet")
        .link("/proc/812/cwd", "/srv/kubelet")
        .process(900, "/usr/bin/nginx --config=/etc/nginx.conf", "", "/user.slice")
        .write("/srv/kubelet/own.yaml", 0o644, format!("# kept\n{KUBELET}staticPodPath: /srv/pods\n"))
        .write("/srv/kubelet/own.d/20.conf", 0o600, format!("{KUBELET}readOnlyPort: 0\n"))
        .write("/srv/kubelet/own.d/10.conf", 0o600, format!("{KUBELET}readOnlyPort: 10255\n"))
        .write("/srv/kubelet/own.d/30.yaml", 0o600, format!("{KUBELET}readOnlyPort: 1\n"))
        .write("/srv/kubelet/own.d/sub/05.conf", 0o600, format!("{KUBELET}readOnlyPort: 2\n"))
        .write("/srv/k.conf", 0o600, "apiVersion: v1\nkind: Config\nusers:\n- user: {token: abcdefghijklmnopq}\n")
        .write("/srv/pods/api.yaml", 0o600, "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n    command: [kube-apiserver, --profiling=false]\n")
        .write("/etc/systemd/system/kubelet.service", 0o644, "[Service]\nEnvironmentFile=-/etc/default/kubelet\n")
        .write("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf", 0o640, "[Service]\n")
        .write("/etc/default/kubelet", 0o644, "A=b\n")
        .folder("/srv/kubelet", 0o700);
    let node = tree.read();
    assert_eq!(node.reading["processes"].as_array().map(Vec::len), Some(1));
    let kubelet = node.process("kubelet");
    assert_eq!(kubelet["pid"], 812);
    assert_eq!(kubelet["executable"], "/opt/bin/kubelet");
    assert_eq!(kubelet["unit"], "kubelet.service");
    assert_eq!(kubelet["environment"], serde_json::json!({"KUBELET_EXTRA": "1"}));
    // filepath.WalkDir of Go, by which the kubelet finds drop-ins, goes through names in their order.
    let drop_ins =
        ["10.conf", "20.conf", "sub/05.conf"].map(|name| format!("nodes/n1/srv/kubelet/own.d/{name}"));
    assert_eq!(node.used("kubelet", "config-dir")["texts"], serde_json::json!(drop_ins));
    assert_eq!(
        node.text("/srv/kubelet/own.yaml"),
        Some(format!("# kept\n{KUBELET}staticPodPath: /srv/pods\n").as_str())
    );
    let file = node.file("/srv/kubelet/own.yaml");
    assert_eq!((&file["mode"], &file["role"]), (&"0644".into(), &"kubelet-configuration".into()));
    assert_eq!(file["reachable"], "0700 /srv/kubelet");
    assert_eq!(node.text("/srv/k.conf").map(|text| text.contains("(hidden)")), Some(true));
    assert_eq!(node.file("/srv/pods/api.yaml")["program"], "kube-apiserver");
    assert_eq!(node.file("/etc/systemd/system/kubelet.service.d/10-kubeadm.conf")["mode"], "0640");
    assert_eq!(node.file("/etc/default/kubelet")["role"], "environment-file");
    assert!(node.file("/srv/kubelet/own.d/30.yaml").is_null(), "the kubelet does not read it");
}

#[test]
fn links_lead_nowhere_but_inside_the_root() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("secret"), "outside").expect("written");
    let tree = Tree::new();
    let out = outside.path().join("secret").display().to_string();
    tree.write("/etc/kubernetes/inner.yaml", 0o600, KUBELET)
        .link("/var/lib/kubelet/config.yaml", "/etc/kubernetes/inner.yaml")
        .link("/etc/kubernetes/admin.conf", &out)
        .link(
            "/etc/kubernetes/scheduler.conf",
            "../../../../../../../../../../../../etc/kubernetes/inner.yaml",
        )
        .link("/etc/kubernetes/kubelet.conf", "/etc/kubernetes/kubelet.conf")
        .link("/proc/7/root", "/")
        .process(7, "kubelet --config=/etc/passwd-that-is-not-there", "", "/");
    let node = tree.read();
    assert_eq!(node.text("/var/lib/kubelet/config.yaml"), Some(KUBELET));
    assert_eq!(node.file("/var/lib/kubelet/config.yaml")["target"], "/etc/kubernetes/inner.yaml");
    assert!(node.file("/etc/kubernetes/admin.conf").is_null(), "below the root, the target is not there");
    assert_eq!(node.file("/etc/kubernetes/scheduler.conf")["target"], "/etc/kubernetes/inner.yaml");
    let circle = node.file("/etc/kubernetes/kubelet.conf")["error"].as_str().expect("an error");
    assert!(circle.contains("symbolic link"), "{circle}");
    let missing = node.used("kubelet", "config")["error"].as_str().expect("an error");
    assert!(missing.contains("No such file"), "{missing}");
}

#[test]
fn pipes_devices_and_large_or_odd_files_are_recorded_and_never_waited_for() {
    let tree = Tree::new();
    tree.write("/etc/kubernetes/manifests/large.yaml", 0o600, vec![b' '; 5 << 20])
        .write("/etc/kubernetes/manifests/odd.yaml", 0o600, b"\x7fELF\0\0\x01")
        .write("/etc/kubernetes/pki/ca.crt", 0o644, "no certificate")
        .write(
            "/etc/kubernetes/pki/\u{e9}.crt",
            0o644,
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        )
        .folder("/etc/kubernetes/super-admin.conf", 0o755)
        .process(5, "kubelet", "", "/")
        .folder("/proc/6", 0o555)
        .write("/proc/8/cmdline", 0o444, b"etcd\0--data-dir=\xff\0");
    let pipe = tree.path("/etc/kubernetes/admin.conf");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let name = std::ffi::OsStr::from_bytes(b"\xff.crt");
    fs::write(tree.path("/etc/kubernetes/pki").join(name), "x").expect("written");
    let start = Instant::now();
    let node = tree.read();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(node.file("/etc/kubernetes/admin.conf")["type"], "pipe");
    let error = |path: &str| node.file(path)["error"].as_str().unwrap_or_default().to_owned();
    assert!(error("/etc/kubernetes/admin.conf").contains("it is a pipe"));
    assert!(error("/etc/kubernetes/super-admin.conf").contains("it is a folder"));
    assert!(error("/etc/kubernetes/manifests/large.yaml").contains("more than 4194304 bytes"));
    assert!(error("/etc/kubernetes/manifests/odd.yaml").contains("it is no text"));
    let certificates = node.reading["certificates"].as_array().expect("certificates");
    assert_eq!(certificates.iter().filter(|certificate| certificate["error"].is_string()).count(), 2);
    let errors = node.reading["errors"].to_string();
    assert!(errors.contains("1 names in it are no text"), "{errors}");
    assert_eq!(node.process("etcd")["pid"], 8);
}

#[test]
fn a_folder_that_is_no_node_says_that_there_are_no_processes() {
    let tree = Tree::new();
    let node = tree.read();
    assert!(node.reading["errors"].to_string().contains("mount the node's `/proc`"));
    let nowhere = NodeOptions { root: Path::new("/nowhere/at/all").to_owned(), ..NodeOptions::default() };
    assert!(collect_node(&nowhere).is_err());
    let odd = NodeOptions { root: tree.0.path().to_owned(), name: Some("../x".to_owned()), at: None };
    assert!(collect_node(&odd).is_err());
}

/// What `openssl` makes and says is what is read.
#[test]
fn certificates_are_read_as_openssl_made_them() {
    let tree = Tree::new();
    let folder = tree.path("/etc/kubernetes/pki");
    fs::create_dir_all(&folder).expect("folders");
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "apiserver.key",
            "-out",
            "apiserver.crt",
        ])
        .args([
            "-subj",
            "/O=system:masters/CN=kube",
            "-days",
            "30",
            "-addext",
            "subjectAltName=DNS:a.b,IP:10.0.0.1",
        ])
        .args(["-addext", "extendedKeyUsage=serverAuth", "-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(&folder)
        .output();
    let Ok(made) = made else {
        eprintln!("skipped: openssl is missing");
        return;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let says = |argument: &str| {
        let output = Command::new("openssl")
            .args(["x509", "-in", "apiserver.crt", "-noout", argument, "-dateopt", "iso_8601"])
            .current_dir(&folder)
            .output()
            .expect("openssl");
        let text = String::from_utf8(output.stdout).expect("text");
        text.trim().split_once('=').expect("a value").1.replacen(' ', "T", 1)
    };
    let node = tree.read();
    let certificate = &node.reading["certificates"][0];
    assert_eq!(certificate["path"], "/etc/kubernetes/pki/apiserver.crt");
    assert_eq!(certificate["notAfter"], says("-enddate"));
    assert_eq!(certificate["notBefore"], says("-startdate"));
    assert_eq!(certificate["subject"], "O=system:masters, CN=kube");
    assert_eq!((&certificate["algorithm"], &certificate["bits"]), (&"rsa".into(), &2048.into()));
    assert_eq!((&certificate["signature"], &certificate["ca"]), (&"sha256-rsa".into(), &false.into()));
    assert_eq!(certificate["usages"], serde_json::json!(["server-auth"]));
    assert_eq!(certificate["names"], serde_json::json!(["a.b", "10.0.0.1"]));
    assert_eq!(node.file("/etc/kubernetes/pki/apiserver.key")["mode"], "0600");
    assert!(!node.reading.to_string().contains("PRIVATE"));
}

/// The machine that runs the tests: a real file system of processes, whatever runs.
#[test]
fn this_machine_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let configuration = folder.path().join("own.yaml");
    fs::write(&configuration, format!("{KUBELET}readOnlyPort: 0\n")).expect("written");
    // A program that waits, under the name of another one.
    let mut process = {
        use std::os::unix::process::CommandExt;
        Command::new("tail")
            .arg0("kubelet")
            .args(["-f", "/dev/null", "own.yaml"])
            .current_dir(folder.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("tail")
    };
    // The kernel lets go of whoever waits for the start before it shows the arguments.
    let command_line = format!("/proc/{}/cmdline", process.id());
    while fs::read(&command_line).expect("it runs").is_empty() {
        std::thread::yield_now();
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let options = NodeOptions { name: Some("here".to_owned()), ..NodeOptions::default() };
    let read = collect_node(&options);
    let pid = process.id();
    process.kill().expect("ended");
    process.wait().expect("gone");
    let files = read.expect("a node");
    let reading: Value = serde_json::from_str(files[0].stream.text()).expect("JSON");
    let processes = reading["processes"].as_array().expect("processes");
    let own = processes.iter().find(|process| process["pid"] == pid).expect("the process");
    assert_eq!(own["program"], "kubelet");
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").expect("a release");
    assert_eq!(reading["kernel"]["release"], release.trim());
    if reading["errors"].to_string().contains("/proc/1/net") || fs::read_link("/proc/1/ns/net").is_err() {
        return;
    }
    let sockets = reading["sockets"].as_array().expect("sockets");
    let socket = sockets.iter().find(|socket| socket["port"] == port).expect("the socket");
    assert_eq!((&socket["address"], &socket["pid"]), (&"127.0.0.1".into(), &std::process::id().into()));
}
