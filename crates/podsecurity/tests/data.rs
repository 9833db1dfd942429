//! Real manifests and public fixtures from the data folder (`SEAWORTHY_DATA`).
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

use std::path::{Path, PathBuf};

use oracle_client::data;
use seaworthy_document::Stream;
use seaworthy_podsecurity::{Level, Pod, Version, evaluate, highest_level};

fn read(path: &Path) -> Stream {
    Stream::read(std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

#[test]
fn fixtures_of_one_version() {
    let folder = match data("pod-security-v1.29") {
        Ok(folder) => folder,
        Err(skip) => return skip.announce(),
    };
    let cases = std::fs::read_to_string(folder.join("CASES.txt")).expect("the list of cases");
    let mut count = 0;
    for case in cases.lines().skip(1) {
        let fields: Vec<&str> = case.split('\t').collect();
        let [file, level, expect, _] = fields[..] else { panic!("not four fields: {case}") };
        let stream = read(&folder.join(file));
        let pod =
            stream.documents().next().and_then(|document| Pod::from_object(document.root())).expect(file);
        let failed = evaluate(&pod, level.parse().expect("a level"), Version::new(29));
        assert_eq!(failed.is_empty(), expect == "pass", "{file}: {failed:?}");
        count += 1;
    }
    assert!(count > 100, "only {count} cases");
}

#[test]
fn highest_levels_of_real_workloads() {
    let folder = match data("demo") {
        Ok(folder) => folder,
        Err(skip) => return skip.announce(),
    };
    // Privileged, baseline, restricted: found with the upstream evaluator (README.md of the data).
    for (set, expected) in [
        ("bank-of-anthos", [0, 9, 0]),
        ("ingress-nginx", [0, 0, 3]),
        ("k8s-default-rbac", [0, 0, 0]),
        ("kube-prometheus", [1, 1, 4]),
        ("kubernetes-goat", [5, 8, 0]),
        ("metallb", [1, 1, 0]),
        ("metrics-server", [0, 0, 1]),
        ("online-boutique", [0, 12, 0]),
    ] {
        let mut levels = [0; 3];
        for file in files(&folder.join(set)) {
            let stream = read(&file);
            for pod in stream.documents().filter_map(|document| Pod::from_object(document.root())) {
                let level = highest_level(&pod, Version::LATEST);
                levels[Level::ALL.iter().position(|&each| each == level).expect("a level")] += 1;
            }
        }
        assert_eq!(levels, expected, "{set}");
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "yaml" => files.push(path),
                _ => {}
            }
        }
    }
    files
}
