//! Backups of etcd: restored and read back on real servers, and gone again whatever happens.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile, Servers};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::etcd::{self, CLIENT, places};
use super::{INCONCLUSIVE, PROVED, REFUTED, hardened};
use crate::program::{root, stderr, stdout};

const CONTROL: &str = "etcd/backup-restorable";
const CONSENT: &str = "disruptive=etcd/backup-restorable";

/// A lab, a folder of backups, a folder of programs and one of ledgers.
struct Ground {
    lab: Lab,
    backups: tempfile::TempDir,
    programs: tempfile::TempDir,
    state: tempfile::TempDir,
}

impl Ground {
    fn of(lab: Lab) -> Ground {
        let folder = || tempfile::tempdir().expect("a folder");
        Ground { lab, backups: folder(), programs: programs(), state: folder() }
    }

    /// A program that is something else than its name says.
    fn put_program(&self, name: &str, script: &str) {
        let path = self.programs.path().join(name);
        fs::remove_file(&path).expect("a program");
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn put_backup(&self, name: &str, bytes: &[u8]) {
        // The newest is what is tried.
        for entry in fs::read_dir(self.backups.path()).expect("a folder").flatten() {
            fs::remove_file(entry.path()).expect("a file");
        }
        fs::write(self.backups.path().join(name), bytes).expect("a backup");
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = self.lab.command(env!("CARGO_BIN_EXE_seaworthy"));
        command.args(["prove", "--no-config", "--no-progress", "--format", "json", "--select", CONTROL]);
        command.args(["--probe-timeout", "20", "--kubeconfig"]).arg(self.lab.kubeconfig("admin"));
        command.arg("--state").arg(self.state.path()).arg("--etcd-backups").arg(self.backups.path());
        command.args(places(&self.lab, CLIENT)).args(flags).current_dir(root());
        command
    }

    fn prove(&self, flags: &[&str]) -> Value {
        let output = self.command(flags).output().expect("the program runs");
        assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
        let left: Vec<_> = fs::read_dir(self.state.path()).expect("a folder").flatten().collect();
        assert!(left.is_empty(), "{left:?}");
        assert_eq!(self.running(), Vec::<PathBuf>::new());
        serde_json::from_slice(&output.stdout).expect("a report")
    }

    /// The verdicts on the newest backup and on a fresh snapshot.
    fn verdicts(&self, more: &[&str]) -> (String, String) {
        let programs = self.programs.path().display().to_string();
        let mut flags = vec!["--consent", CONSENT, "--etcd-programs", &programs];
        flags.extend(more);
        let report = self.prove(&flags);
        (verdict(&report, "newest"), verdict(&report, "fresh"))
    }

    /// Working folders of processes that a run has started.
    fn running(&self) -> Vec<PathBuf> {
        let processes = fs::read_dir("/proc").expect("processes").flatten();
        let folders = processes.filter_map(|process| fs::read_link(process.path().join("cwd")).ok());
        folders.filter(|folder| folder.starts_with(self.state.path())).collect()
    }

    /// Starts a run whose server hangs, and waits until it does.
    fn hanging(&self) -> Child {
        let programs = self.programs.path().display().to_string();
        let flags = ["--consent", CONSENT, "--etcd-programs", &programs];
        let mut command = self.command(&flags);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs");
        wait("no server is started", || self.running().len() >= 2);
        child
    }
}

/// Those of the lab.
fn programs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let servers = Servers::build().expect("servers");
    for name in ["etcd", "etcdutl"] {
        symlink(servers.program(name), folder.path().join(name)).expect("a link");
    }
    folder
}

fn proof<'a>(report: &'a Value, probe: &str) -> &'a Value {
    let mut all = report["proofs"].as_array().into_iter().flatten();
    all.find(|proof| proof["control"] == CONTROL && proof["probe"] == probe).expect("a proof")
}

fn verdict(report: &Value, probe: &str) -> String {
    let proof = proof(report, probe);
    proof["verdict"].as_str().unwrap_or_default().to_owned()
}

fn both(verdict: &str) -> (String, String) {
    (verdict.to_owned(), verdict.to_owned())
}

fn wait(problem: &str, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < end, "{problem}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn signal(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().expect("kill").success());
}

/// What `etcdctl snapshot save` would write: the database of the server, and its checksum. The server stands still meanwhile.
fn snapshot(lab: &mut Lab) -> Vec<u8> {
    lab.stop("etcd").expect("etcd ends");
    let mut bytes = fs::read(lab.folder().join("etcd/member/snap/db")).expect("a database");
    lab.restart("etcd", &[]).expect("etcd starts");
    let url = "/api/v1/namespaces/kube-system";
    wait("the API server does not come back", || {
        lab.request("admin", "GET", url).is_ok_and(|answer| answer.status == 200)
    });
    let checksum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&checksum);
    bytes
}

/// What the server wrote after it was stopped is on the lab alone; the backup is a little older.
#[test]
fn backups_restore_on_both_profiles() {
    let mut others = Vec::new();
    for profile in [Profile::insecure(), hardened()] {
        let mut lab = match Lab::start(profile) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        let backup = snapshot(&mut lab);
        let ground = Ground::of(lab);
        ground.put_backup("a.db", &backup);
        assert_eq!(ground.verdicts(&[]), both(PROVED));
        if others.is_empty() {
            others = backup;
            continue;
        }
        // That of another cluster restores as well.
        ground.put_backup("b.db", &others);
        assert_eq!(ground.verdicts(&[]).0, INCONCLUSIVE);
    }
}

#[test]
fn damaged_backups_are_refuted_and_failing_programs_decide_nothing() {
    let mut lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let backup = snapshot(&mut lab);
    let ground = Ground::of(lab);
    let newest = |name: &str, bytes: &[u8]| {
        ground.put_backup(name, bytes);
        let programs = ground.programs.path().display().to_string();
        let mut command = ground.command(&["--consent", CONSENT, "--etcd-programs", &programs]);
        let output = command.output().expect("the program runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        verdict(&report, "newest")
    };
    let changed = |place: usize| {
        let mut bytes = backup.clone();
        bytes[place] ^= 1;
        bytes
    };
    let length = backup.len();
    for (name, bytes) in [
        ("empty", Vec::new()),
        ("cut off", backup[..length / 2].to_vec()),
        ("cut off at a block", backup[..4096].to_vec()),
        ("without its checksum", backup[..length - 32].to_vec()),
        ("one bit", changed(length / 2)),
        ("one bit of the checksum", changed(length - 1)),
        ("zeros", vec![0; length]),
    ] {
        assert_eq!(newest("x.db", &bytes), REFUTED, "{name}");
    }
    assert_eq!(newest("packed.db.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03packed, or so it seems"), INCONCLUSIVE);
    ground.put_backup("unfinished.part", &backup);
    assert_eq!(
        ground.verdicts(&[]),
        (INCONCLUSIVE.to_owned(), PROVED.to_owned()),
        "no snapshot in the folder"
    );

    ground.put_backup("good.db", &backup);
    // Nobody agreed to it, and there is nothing to do it with: each says what would decide it.
    let report = ground.prove(&[]);
    for probe in ["newest", "fresh"] {
        assert_eq!(verdict(&report, probe), INCONCLUSIVE);
        assert!(proof(&report, probe)["needs"].to_string().contains(CONSENT));
    }
    let mut command = ground.command(&["--consent", CONSENT]);
    let output = command.env("PATH", "").output().expect("the program runs");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    for probe in ["newest", "fresh"] {
        assert_eq!(verdict(&report, probe), INCONCLUSIVE);
        assert!(proof(&report, probe)["needs"].to_string().contains("--etcd-programs"));
    }
    // Programs that fail, that succeed without doing anything, and that hang.
    for script in ["exit 1", "exit 0", "yes", "sleep 1000 & exit 0", "echo '{\"revision\": 7}'"] {
        ground.put_program("etcdutl", script);
        assert_eq!(ground.verdicts(&["--timeout", "15"]), both(INCONCLUSIVE), "etcdutl: {script}");
    }
    let ground = Ground { programs: programs(), ..ground };
    for script in ["exit 1", "exit 0", "sleep 1000", "trap '' TERM INT; while :; do sleep 1; done"] {
        ground.put_program("etcd", script);
        assert_eq!(ground.verdicts(&["--timeout", "15"]), both(INCONCLUSIVE), "etcd: {script}");
    }

    // A signal ends it, and nothing stays.
    let mut child = ground.hanging();
    signal(&child, "-TERM");
    child.wait().expect("it ends");
    assert_eq!(ground.running(), Vec::<PathBuf>::new());
    assert_eq!(fs::read_dir(ground.state.path()).expect("a folder").count(), 0);
    // Whoever is killed leaves a folder, for nobody else to read, and no process.
    let mut child = ground.hanging();
    signal(&child, "-KILL");
    child.wait().expect("it ends");
    wait("the server stays", || ground.running().is_empty());
    let folders = scratches(ground.state.path());
    assert!(!folders.is_empty());
    for folder in &folders {
        let mode = |path: &Path| fs::metadata(path).expect("facts").permissions().mode() & 0o777;
        assert_eq!(mode(folder), 0o700);
        let snapshot = folder.join("snapshot.db");
        assert!(!snapshot.exists() || mode(&snapshot) == 0o600);
    }
    let mut clean = ground.lab.command(env!("CARGO_BIN_EXE_seaworthy"));
    clean.args(["prove", "--no-config", "--clean", "--kubeconfig"]).arg(ground.lab.kubeconfig("admin"));
    let output = clean.arg("--state").arg(ground.state.path()).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains(&format!("{}: removed", folders[0].display())), "{}", stdout(&output));
    assert_eq!(fs::read_dir(ground.state.path()).expect("a folder").count(), 0);
}

/// Folders that hold copies of etcd.
fn scratches(state: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(state).expect("a folder").flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir()).collect()
}

#[test]
fn backups_are_judged_by_their_newest() {
    let lab = match Lab::start(Profile::hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let try_it = |path: &std::path::Path| {
        let flags = ["--etcd-backups".to_owned(), path.display().to_string()];
        etcd::verdict(&etcd::prove(&lab, "admin", "etcd/backup-present", &flags), "etcd/backup-present")
            .to_owned()
    };
    assert_eq!(try_it(&folder.path().join("nowhere")), INCONCLUSIVE);
    assert_eq!(try_it(folder.path()), REFUTED);
    let write = |name: &str, size: usize, mode: u32, hours: u64| {
        let path = folder.path().join(name);
        fs::write(&path, vec![7; size]).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        let time = std::time::SystemTime::now() - Duration::from_secs(hours * 3600);
        fs::File::options().write(true).open(&path).and_then(|file| file.set_modified(time)).expect("a time");
    };
    write("a.db", 100_000, 0o600, 50);
    assert_eq!(try_it(folder.path()), REFUTED, "too old");
    write("b.db.part", 100_000, 0o600, 0);
    assert_eq!(try_it(folder.path()), REFUTED, "not done");
    write("c.db", 100_000, 0o644, 5);
    assert_eq!(try_it(folder.path()), REFUTED, "open to others");
    write("d.db", 0, 0o600, 4);
    assert_eq!(try_it(folder.path()), REFUTED, "empty");
    write("e.db", 100_000, 0o600, 3);
    assert_eq!(try_it(folder.path()), PROVED);
}
