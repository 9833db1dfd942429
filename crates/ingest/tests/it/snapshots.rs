//! Snapshots: the same evidence back, and nothing bad from archives that somebody tampered with.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, Known, SourceFile};
use seaworthy_ingest::snapshot::{arranged, write};
use seaworthy_ingest::{Collected, Options, collect};

const RECORD: &str = "{\n  \"apiVersion\": \"seaworthy.dev/v1alpha1\",\n  \"kind\": \"Collection\",\n  \"metadata\": {\"name\": \"c\"},\n  \"at\": \"2026-11-21T17:00:00Z\",\n  \"lists\": [{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"resource\": \"pods\", \"items\": 1}]\n}";

fn texts() -> Vec<SourceFile> {
    let object = |name: &str, text: &str| SourceFile::new(name, Stream::read(text));
    let long = format!("/apis/rbac.authorization.k8s.io/v1/clusterroles/{}", "a:very-long-name".repeat(15));
    let config_map = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"kubeadm-config\",\"namespace\":\"kube-system\"},\"data\":{\"ClusterConfiguration\":\"apiVersion: kubeadm.k8s.io/v1beta4\\nkind: ClusterConfiguration\\n\"}}";
    arranged(vec![
        object("nodes/n1/etc/containerd/config.toml", "version = 2\n"),
        object("collection.json", RECORD),
        object(
            "/api/v1/namespaces/shop/pods/web",
            "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\"},\"spec\":{\"containers\":[{\"name\":\"ü\"}]}}",
        ),
        object(
            "/api/v1/namespaces/shop",
            "{\"apiVersion\":\"v1\",\"kind\":\"Namespace\",\"metadata\":{\"name\":\"shop\"}}",
        ),
        object("/api/v1/namespaces/kube-system/configmaps/kubeadm-config", config_map),
        object(
            &long,
            "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\",\"metadata\":{\"name\":\"a\"}}",
        ),
    ])
}

fn written(files: &[SourceFile], compressed: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(files, compressed, &mut bytes).expect("written");
    bytes
}

fn read(path: &Path) -> Collected {
    collect(&[path.to_owned()], &Options::default(), &|_| {}).expect("read")
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<Collected, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    fs::write(&path, bytes).expect("written");
    collect(&[path], &Options::default(), &|_| {})
        .map_err(|error| format!("{error}: {}", std::error::Error::source(&error).expect("a cause")))
}

fn seen(files: &[SourceFile]) -> Vec<(&str, &str, bool)> {
    files.iter().map(|file| (file.name.as_str(), file.stream.text(), file.embedded)).collect()
}

fn knows_pods(collected: &Collected) -> bool {
    Evidence::new(&collected.files).known("", "Pod", None) == Known::All
}

#[test]
fn what_was_written_is_read_back_in_the_same_order() {
    let files = texts();
    assert!(files.iter().any(|file| file.embedded), "kubeadm's configuration is a file of its own");
    for (name, compressed) in [("s.tar.zst", true), ("s.tar", false), ("whatever", true)] {
        let bytes = written(&files, compressed);
        assert_eq!(bytes, written(&files, compressed), "the same bytes each time");
        let collected = read_bytes(name, &bytes).expect("read");
        assert_eq!(seen(&collected.files), seen(&files));
        assert!(collected.skipped.is_empty(), "{:?}", collected.skipped);
        assert!(knows_pods(&collected));
    }
}

#[test]
fn other_programs_read_and_write_snapshots() {
    let has = |program: &str| Command::new(program).arg("--version").stdout(Stdio::null()).status().is_ok();
    if !has("tar") || !has("zstd") {
        eprintln!("skipped: `tar` or `zstd` is missing");
        return;
    }
    let files = texts();
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(folder.path()).status();
        assert!(status.expect("started").success(), "{program} {arguments:?}");
    };
    fs::write(at("s.tar.zst"), written(&files, true)).expect("written");
    run("zstd", &["-q", "-d", "s.tar.zst"]);
    fs::create_dir(at("unpacked")).expect("made");
    run("tar", &["-xf", "s.tar", "-C", "unpacked"]);
    // Packed again with names of their own before everything, in formats with long names, with another compressor.
    run("tar", &["--format=gnu", "-cf", "gnu.tar", "unpacked"]);
    run("tar", &["--format=pax", "-cf", "pax.tar", "-C", "unpacked", "."]);
    run("zstd", &["-q", "-19", "gnu.tar"]);
    for archive in ["gnu.tar", "pax.tar", "gnu.tar.zst"] {
        let collected = read(&at(archive));
        assert_eq!(seen(&collected.files), seen(&files), "{archive}");
        assert!(collected.skipped.is_empty(), "{archive}: {:?}", collected.skipped);
    }
}

#[test]
fn an_archive_that_ends_early_is_read_as_far_as_it_goes_and_says_nothing_of_what_is_absent() {
    let bytes = written(&texts(), false);
    let collected = read_bytes("s.tar", &bytes[..bytes.len() - 2048]).expect("read");
    assert!(!collected.files.is_empty());
    let reasons: Vec<String> = collected.skipped.iter().map(|skipped| skipped.reason.to_string()).collect();
    assert_eq!(reasons, ["damaged snapshot: the archive cannot be read to its end: it ends in the middle"]);
    assert!(!knows_pods(&collected), "a pod may have stood in what is missing");
    // Cut anywhere, it is read or refused, and never said to be complete.
    let bytes = written(&texts(), true);
    for length in 0..bytes.len() {
        if let Ok(collected) = read_bytes("s.tar.zst", &bytes[..length]) {
            assert!(!knows_pods(&collected), "{length} of {}", bytes.len());
        }
    }
}

#[test]
fn a_damaged_byte_is_noticed_or_harmless() {
    let files = texts();
    let bytes = written(&files, true);
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 0x10;
        if let Ok(collected) = read_bytes("s.tar.zst", &bytes)
            && knows_pods(&collected)
        {
            assert_eq!(seen(&collected.files).len(), files.len(), "byte {at}");
        }
    }
}

/// An archive of entries as they are given, however wrong.
fn tar(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, of_type, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(*of_type);
        header.set_size(content.len() as u64);
        header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).expect("appended");
    }
    builder.into_inner().expect("finished")
}

#[test]
fn entries_that_lead_elsewhere_or_come_twice_are_left_out() {
    use tar::EntryType;
    let pod = b"{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}}".as_slice();
    let record = ("collection.json", EntryType::Regular, RECORD.as_bytes());
    let collected = read_bytes(
        "s.tar",
        &tar(&[
            record,
            ("../../api/v1/namespaces/x/pods/a.json", EntryType::Regular, pod),
            ("/api/v1/namespaces/x/pods/a.json", EntryType::Regular, pod),
            ("README.md", EntryType::Regular, b"hello"),
            ("api/v1/namespaces/x/pods", EntryType::Directory, b""),
        ]),
    )
    .expect("read");
    assert_eq!(collected.files.len(), 1);
    assert!(knows_pods(&collected));
    assert_eq!(collected.skipped.len(), 3);
    let twice = [
        record,
        ("api/v1/pods/a.json", EntryType::Regular, pod),
        ("api/v1/pods/a.json", EntryType::Regular, b""),
    ];
    let link = [record, ("api/v1/pods/a.json", EntryType::Symlink, b"")];
    let broken = [record, ("api/v1/pods/a.json", EntryType::Regular, b"{")];
    for entries in [&twice[..], &link[..], &broken[..]] {
        let collected = read_bytes("s.tar", &tar(entries)).expect("read");
        assert!(!knows_pods(&collected), "a part of it is missing");
    }
}

#[test]
fn what_is_no_snapshot_is_refused_with_the_reason() {
    for (name, bytes, expected) in [
        ("s.tar.zst", b"hello".to_vec(), "it is no tar archive, nor one that zstd has compressed"),
        ("s.tar.zst", Vec::new(), "it is no tar archive, nor one that zstd has compressed"),
        (
            "s.tar",
            tar(&[("a.yaml", tar::EntryType::Regular, b"kind: Pod")]),
            "it holds no `collection.json`, as `seaworthy collect` writes it",
        ),
        ("s.tar.zst", written(&texts(), true)[..40].to_vec(), "it ends in the middle"),
    ] {
        let error = read_bytes(name, &bytes).expect_err("refused");
        assert!(error.ends_with(expected), "{error}");
    }
}

#[test]
fn an_archive_that_unpacks_to_very_much_is_given_up() {
    // 600 MB of blanks come to a few kilobytes.
    let mut bytes = tar(&[("collection.json", tar::EntryType::Regular, RECORD.as_bytes())]);
    bytes.truncate(bytes.len() - 1024);
    let mut header = tar::Header::new_ustar();
    header.set_path("components/x.json").expect("a path");
    header.set_size(600 << 20);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    let mut archive =
        ruzstd::encoding::compress_to_vec(bytes.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    let blanks = vec![b' '; 8 << 20];
    let frame =
        ruzstd::encoding::compress_to_vec(blanks.as_slice(), ruzstd::encoding::CompressionLevel::Fastest);
    (0..75).for_each(|_| archive.extend_from_slice(&frame));
    assert!(archive.len() < 1 << 20);
    let options = Options { max_file_size: 1 << 30, ..Options::default() };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.tar.zst");
    fs::write(&path, archive).expect("written");
    let collected = collect(&[path], &options, &|_| {}).expect("read");
    assert!(!knows_pods(&collected));
    let reason = collected.skipped[0].reason.to_string();
    assert!(reason.ends_with("it unpacks to far more than a snapshot holds"), "{reason}");
}
