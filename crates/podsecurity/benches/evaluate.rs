//! `cargo bench -p seaworthy-podsecurity`: nanoseconds per pod, to be compared with upstream's on the same
//! machine (`cd testing/oracle/podsecurity && go run . -bench`).
#![allow(clippy::disallowed_methods, reason = "a benchmark reads files and the clock")]
#![allow(clippy::print_stdout, reason = "it prints a table")]

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use oracle_client::Oracle;
use seaworthy_document::Stream;
use seaworthy_podsecurity::{Level, Pod, Version, evaluate, explain, failing_checks, message};

const PASSING: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"base"},"spec":{"containers":[{"image":"registry.k8s.io/pause","name":"container1","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}],"initContainers":[{"image":"registry.k8s.io/pause","name":"initcontainer1","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}],"securityContext":{"runAsNonRoot":true,"seccompProfile":{"type":"RuntimeDefault"}}}}"#;

fn main() {
    let passing = Stream::read(PASSING);
    let pod = pod_in(&passing).expect("a pod");
    let restricted = |pod: &Pod<'_>| evaluate(black_box(pod), Level::Restricted, Version::LATEST);
    assert!(restricted(&pod).is_empty());

    println!("{:<45} {:>10}", "", "ns per pod");
    measure("evaluate, passing restricted pod", 1, || {
        black_box(restricted(&pod));
    });
    measure("38 versions x 2 levels, passing restricted pod", 1, || {
        for version in Version::CHANGES {
            black_box(failing_checks(black_box(&pod), version));
        }
    });
    measure("decode + evaluate, passing restricted pod", 1, || {
        let stream = Stream::read(black_box(PASSING));
        black_box(pod_in(&stream).map(|pod| restricted(&pod)));
    });

    let mut oracle = match Oracle::start("podsecurity") {
        Ok(oracle) => oracle,
        Err(skip) => return println!("no fixtures: {skip}"),
    };
    let streams = fixtures(&oracle.ask(r#"{"fixtures":true}"#));
    let pods: Vec<_> = streams.iter().filter_map(pod_in).collect();
    measure("evaluate, all fixtures", pods.len(), || {
        for pod in &pods {
            black_box(restricted(pod));
        }
    });
    measure("evaluate + message, all fixtures", pods.len(), || {
        for pod in &pods {
            let failed = restricted(pod);
            let failures: Vec<_> = failed.iter().map(|check| explain(pod, check, Version::LATEST)).collect();
            black_box(message(&failures));
        }
    });
}

fn pod_in(stream: &Stream) -> Option<Pod<'_>> {
    Pod::from_pod(stream.documents().next()?.root())
}

fn fixtures(answer: &str) -> Vec<Stream> {
    let answer: serde_json::Value = serde_json::from_str(answer).expect("JSON");
    let mut folders = vec![PathBuf::from(answer["directory"].as_str().expect("a path"))];
    let mut streams = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                streams.push(Stream::read(std::fs::read_to_string(path).expect("a fixture")));
            }
        }
    }
    streams
}

/// Prints the best of several rounds, which is the one that was disturbed least.
fn measure(name: &str, pods: usize, run: impl Fn()) {
    const ROUND: Duration = Duration::from_millis(100);
    let best = (0..7).map(|_| {
        let start = Instant::now();
        let mut runs = 0;
        while start.elapsed() < ROUND {
            (0..16).for_each(|_| run());
            runs += 16;
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(runs) / pods as f64
    });
    println!("{name:<45} {:>10.0}", best.fold(f64::INFINITY, f64::min));
}
