//! Collecting: from paths to texts that have been read.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use seaworthy_document::Stream;
use seaworthy_evidence::{SourceFile, configuration, embedded_files};
use thiserror::Error;

use crate::exclude::Exclude;
use crate::render::{Folders, RenderOptions};
use crate::skip::{SkipReason, Skipped};
use crate::snapshot::Snapshot;
use crate::{recognise, render, snapshot, walk};

/// How to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files with more bytes are not read.
    pub max_file_size: u64,
    /// Read hidden files and folders too.
    pub hidden: bool,
    /// Leave out what `.gitignore` and `.ignore` name.
    pub respect_ignore_files: bool,
    /// Leave out what a person has named; files that are asked for by name are read all the same.
    pub exclude: Exclude,
    /// How charts and overlays in folders are rendered; `None` leaves them as they are.
    pub render: Option<RenderOptions>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_file_size: 256 << 20,
            hidden: false,
            respect_ignore_files: true,
            exclude: Exclude::default(),
            render: None,
        }
    }
}

/// How far the collection is, for a progress bar.
#[derive(Clone, Copy, Debug)]
pub enum Event {
    /// So many files will be read.
    Found(usize),
    /// One more has been read.
    Read,
    /// So many charts and overlays will be rendered.
    Rendering(usize),
    /// One more has been rendered.
    Rendered,
}

/// Everything that was collected.
#[derive(Debug, Default)]
pub struct Collected {
    /// Files with Kubernetes objects, or with text that means to be some, sorted by path.
    pub files: Vec<SourceFile>,
    /// What was not taken, and why.
    pub skipped: Vec<Skipped>,
}

impl Collected {
    fn take(&mut self, snapshot: Snapshot) {
        self.files.extend(snapshot.files);
        self.skipped.extend(snapshot.skipped);
    }
}

/// A path that a person named could not be read at all.
#[derive(Debug, Error)]
pub enum IngestError {
    /// It is not there, or not to be opened.
    #[error("cannot read `{path}`")]
    Path {
        /// The path as given.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// A snapshot says what there is in a whole cluster: files beside it are no part of that.
    #[error("the snapshot `{0}` cannot be judged together with other paths")]
    NotAlone(String),
}

/// Reads files, folders, snapshots of clusters and standard input (`-`).
///
/// # Errors
/// When a path that was named cannot be read. What cannot be read inside a folder is listed in
/// [`Collected::skipped`] instead.
pub fn collect(
    paths: &[PathBuf],
    options: &Options,
    progress: &(dyn Fn(Event) + Sync),
) -> Result<Collected, IngestError> {
    let mut collected = Collected::default();
    let mut candidates: Vec<Candidate> = Vec::new();
    let (mut scanned, mut folders) = (Vec::new(), Folders::default());
    for path in paths {
        let fault = |source| IngestError::Path { path: path.display().to_string(), source };
        if path.as_os_str() == "-" {
            let bytes = read_stdin(options).map_err(fault)?;
            candidates.push(Candidate { path: path.clone(), named: true, bytes: Some(bytes) });
            continue;
        }
        if fs::metadata(path).map_err(fault)?.is_dir() {
            fs::read_dir(path).map_err(fault)?;
            let (files, skipped) = walk::files_below(path, options);
            scanned.push(path.clone());
            files.iter().for_each(|file| folders.add(file));
            candidates.extend(files.into_iter().map(|path| Candidate { path, named: false, bytes: None }));
            collected.skipped.extend(skipped);
        } else {
            File::open(path).map_err(fault)?;
            if let Some(read) = snapshot::read_archive(path, options.max_file_size).map_err(fault)? {
                if paths.len() > 1 {
                    return Err(IngestError::NotAlone(path.display().to_string()));
                }
                collected.take(read);
                return Ok(collected);
            }
            candidates.push(Candidate { path: path.clone(), named: true, bytes: None });
        }
    }
    if paths.len() > 1 {
        // A file that is named and also lies in a named folder is read once.
        let mut seen = HashSet::new();
        candidates.retain(|candidate| seen.insert(candidate.path.clone()));
    }
    let charts = charts(&candidates);

    progress(Event::Found(candidates.len()));
    let outcomes: Vec<Result<SourceFile, Skipped>> = candidates
        .into_par_iter()
        .with_min_len(8)
        .map(|candidate| {
            let outcome = read(candidate, options, &charts);
            progress(Event::Read);
            outcome
        })
        .collect();
    for outcome in outcomes {
        match outcome {
            Ok(file) => {
                let embedded = embedded_files(&file);
                collected.files.push(file);
                collected.files.extend(embedded);
            }
            Err(skipped) => collected.skipped.push(skipped),
        }
    }
    if let Some(render) = &options.render {
        render::render(&folders, &scanned, render, progress, &mut collected);
    }
    Ok(collected)
}

struct Candidate {
    path: PathBuf,
    /// A person named this very file: it is read whatever it looks like.
    named: bool,
    bytes: Option<Vec<u8>>,
}

/// The folders of Helm charts among the files.
fn charts(candidates: &[Candidate]) -> HashSet<PathBuf> {
    let chart = |path: &Path| path.file_name().is_some_and(|name| name == "Chart.yaml");
    candidates
        .iter()
        .filter(|candidate| chart(&candidate.path))
        .filter_map(|candidate| candidate.path.parent().map(Path::to_owned))
        .collect()
}

/// The chart whose templates a file belongs to.
fn chart_of<'c>(path: &Path, charts: &'c HashSet<PathBuf>) -> Option<&'c PathBuf> {
    if charts.is_empty() {
        return None;
    }
    path.ancestors()
        .filter(|folder| folder.file_name().is_some_and(|name| name == "templates"))
        .find_map(|templates| charts.get(templates.parent()?))
}

fn read(candidate: Candidate, options: &Options, charts: &HashSet<PathBuf>) -> Result<SourceFile, Skipped> {
    let Candidate { path, named, bytes } = candidate;
    let name = display_name(&path);
    let skip = |reason| Err(Skipped { path: name.clone(), reason });
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => match read_file(&path, options) {
            Ok(bytes) => bytes,
            Err(reason) => return skip(reason),
        },
    };
    if bytes.len() as u64 > options.max_file_size {
        return skip(SkipReason::TooLarge(bytes.len() as u64));
    }
    let chart = chart_of(&path, charts).map(|chart| display_name(chart));
    let stream = take(&path, bytes, named, chart).map_err(|reason| Skipped { path: name.clone(), reason })?;
    Ok(SourceFile::written(name, stream))
}

/// Reads a text that an editor holds, as [`collect`] would read the file from the disk.
///
/// # Errors
/// Why `collect` would not take the file.
pub fn read_text(path: &Path, text: &str) -> Result<Stream, SkipReason> {
    let templates =
        path.ancestors().find(|folder| folder.file_name().is_some_and(|name| name == "templates"));
    let chart = templates.and_then(Path::parent).filter(|folder| folder.join("Chart.yaml").is_file());
    take(path, text.as_bytes().to_vec(), false, chart.map(display_name))
}

/// The documents of a file, unless it is none that controls know. `named` files are read whatever they look like;
/// `chart` is the Helm chart whose template it may be.
fn take(path: &Path, bytes: Vec<u8>, named: bool, chart: Option<String>) -> Result<Stream, SkipReason> {
    let name = display_name(path);
    if Stream::looks_binary(&bytes) {
        return Err(SkipReason::Binary);
    }
    if !named
        && let Some(chart) = chart
        && recognise::looks_like_template(&bytes)
    {
        return Err(SkipReason::HelmTemplate(chart));
    }
    if !named
        && !recognise::looks_like_manifest(&bytes)
        && !recognise::is_known_by_name(path)
        && !recognise::may_be_configuration(&name, &bytes)
    {
        return Err(SkipReason::NotKubernetes);
    }
    let stream = if configuration::is_toml(&name) {
        Stream::read_toml_bytes(bytes)
    } else {
        Stream::read_bytes(bytes)
    };
    if !stream.diagnostics().is_empty() {
        // A pipeline or overlay that cannot be read is for its own tool to complain about.
        let text = stream.text().as_bytes();
        let is_ours = || recognise::looks_like_manifest(text) || recognise::may_be_configuration(&name, text);
        if !named && !is_ours() {
            return Err(SkipReason::NotKubernetes);
        }
        if !named && recognise::looks_like_template(stream.text().as_bytes()) {
            return Err(SkipReason::Template);
        }
    } else if !recognise::holds_objects(&name, &stream) {
        return Err(SkipReason::NotKubernetes);
    }
    Ok(stream)
}

fn read_file(path: &Path, options: &Options) -> Result<Vec<u8>, SkipReason> {
    let unreadable = |error: io::Error| SkipReason::Unreadable(error.to_string());
    let mut file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    if metadata.len() > options.max_file_size {
        return Err(SkipReason::TooLarge(metadata.len()));
    }
    // One byte more than stated, so that reading to the end does not have to grow the buffer to notice the end.
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    // Pipes and files that grow meanwhile state no size: they are bounded too.
    file.by_ref().take(options.max_file_size + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn read_stdin(options: &Options) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().take(options.max_file_size + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The path as people and reports write it.
pub(crate) fn display_name(path: &Path) -> String {
    let name = path.to_string_lossy();
    let name = if cfg!(windows) { name.replace('\\', "/") } else { name.into_owned() };
    name.strip_prefix("./").map(str::to_owned).unwrap_or(name)
}
