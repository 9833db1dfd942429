//! Time that judging real objects takes, for each node, and that the table takes once.
//!
//! `cargo bench -p seaworthy-schema`; reads the folders `demo` and `sample500` of `SEAWORTHY_DATA`.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads files and the clock")]

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use oracle_client::data;
use seaworthy_document::{Stream, Value};
use seaworthy_schema::{Type, kind, refusals};

const ROUNDS: usize = 200;

fn main() {
    let start = Instant::now();
    black_box(kind("v1", "Pod"));
    report(format_args!("table: {:?} once", start.elapsed()));

    for folder in ["demo", "sample500"] {
        let mut streams = Vec::new();
        match data(folder) {
            Ok(folder) => read(&folder, &mut streams),
            Err(skip) => return skip.announce(),
        }
        let objects: Vec<(Type, Value<'_>)> = streams
            .iter()
            .flat_map(Stream::documents)
            .filter_map(|document| {
                let root = document.root();
                Some((kind(root.get("apiVersion")?.as_str()?, root.get("kind")?.as_str()?)?, root))
            })
            .collect();
        let nodes: usize = objects.iter().map(|(_, object)| object.descendants().count()).sum();
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for &(of, object) in &objects {
                black_box(refusals(of, object));
            }
            best = best.min(start.elapsed());
        }
        let each = best.as_nanos() as f64 / nodes as f64;
        report(format_args!(
            "{folder}: {} objects, {nodes} values, {best:?}, {each:.1} ns a value",
            objects.len()
        ));
    }
}

#[expect(clippy::print_stdout, reason = "what a benchmark is run for")]
fn report(line: std::fmt::Arguments<'_>) {
    println!("{line}");
}

fn read(folder: &Path, streams: &mut Vec<Stream>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            read(&path, streams);
        } else if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            let text = std::fs::read(&path).expect("the file can be read");
            streams.push(Stream::read(String::from_utf8_lossy(&text).into_owned()));
        }
    }
}
