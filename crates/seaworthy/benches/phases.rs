//! Where the time of a scan goes, phase by phase, on one core and on all: the ratio of evaluating to reading is the
//! number to watch. Run by `cargo xtask bench phases`.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads files and the clock")]
#![allow(clippy::print_stdout, missing_docs, reason = "a benchmark prints its table")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seaworthy_controls::{Settings, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_report::{Context, Format};

const RUNS: usize = 7;

fn main() {
    let data = std::env::var_os("SEAWORTHY_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    if let Some(snapshot) = std::env::var_os("SEAWORTHY_SNAPSHOT") {
        let read = seaworthy_ingest::collect(&[snapshot.into()], &Default::default(), &|_| {});
        let files = read.expect("a snapshot").files;
        let texts: Vec<_> =
            files.into_iter().map(|file| (file.name, file.stream.text().to_owned())).collect();
        return on_threads(&texts);
    }
    let mut texts = Vec::new();
    for set in ["sample500", "demo"] {
        read_below(&data.join(set), &mut texts);
    }
    if texts.is_empty() {
        println!("left out: no manifests below {} (set SEAWORTHY_DATA)", data.display());
        return;
    }
    // Enough copies that a phase takes long against the clock.
    let texts = std::iter::repeat_n(texts, 10).flatten().map(|text| ("x.yaml".to_owned(), text));
    on_threads(&texts.collect::<Vec<_>>());
}

fn on_threads(texts: &[(String, String)]) {
    let bytes: usize = texts.iter().map(|(_, text)| text.len()).sum();
    println!("| threads | phase | median | MB/s | of reading |");
    println!("|---:|---|---:|---:|---:|");
    for threads in [1, std::thread::available_parallelism().map_or(1, usize::from)] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
        pool.install(|| phases(threads, texts, bytes));
    }
}

fn phases(threads: usize, texts: &[(String, String)], bytes: usize) {
    use rayon::prelude::*;
    let settings = Settings::default();
    let controls: Vec<_> = catalogue::all().collect();
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..RUNS {
        let start = Instant::now();
        let files: Vec<SourceFile> =
            texts.par_iter().map(|(name, text)| SourceFile::new(name, Stream::read(text.as_str()))).collect();
        times[0].push(start.elapsed());
        let start = Instant::now();
        let evidence = Evidence::new(&files);
        times[1].push(start.elapsed());
        let start = Instant::now();
        let assessment = evaluate(&controls, &evidence, &settings);
        times[2].push(start.elapsed());
        let start = Instant::now();
        seaworthy_report::write(Format::Json, &assessment, &Context::default(), &mut std::io::sink())
            .expect("a sink");
        times[3].push(start.elapsed());
    }
    let medians = times.map(|mut times| {
        times.sort();
        times[RUNS / 2]
    });
    for (phase, median) in
        ["read", "evidence (objects, types)", "evaluate all controls", "write JSON"].iter().zip(medians)
    {
        println!(
            "| {threads} | {phase} | {:.1} ms | {:.0} | {:.2} |",
            median.as_secs_f64() * 1e3,
            bytes as f64 / 1e6 / median.as_secs_f64(),
            median.as_secs_f64() / medians[0].as_secs_f64(),
        );
    }
}

fn read_below(folder: &Path, texts: &mut Vec<String>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_below(&path, texts);
        } else if path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        {
            texts.extend(std::fs::read_to_string(&path));
        }
    }
}
