//! Charts and overlays: what they become is judged, not the files that they are made of.
//!
//! Overlays are built first: they may hold the objects of Flux and Argo CD that say with which values charts are
//! rendered. Charts to which no object points come last and are rendered with the values of the person.

mod gitops;
mod helm;
mod job;
mod kustomize;
mod lines;
mod paths;
mod places;
mod queue;
mod run;
mod settings;
mod trace;
mod values;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::collect::{Collected, Event};
use crate::skip::{SkipReason, Skipped};
use helm::{Chart, Setting, Values};
use job::{Job, Workshop};
use kustomize::Overlays;
use paths::normal;
use places::Places;
use queue::Queue;
pub use settings::RenderOptions;

/// The folders of charts and overlays among the files of a scan.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    charts: Vec<PathBuf>,
    overlays: Vec<PathBuf>,
}

impl Folders {
    /// Takes note of a file that was found.
    pub(crate) fn add(&mut self, path: &Path) {
        let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else { return };
        if name == "Chart.yaml" {
            self.charts.push(normal(folder));
        } else if kustomize::NAMES.iter().any(|known| name == *known) {
            self.overlays.push(normal(folder));
        }
    }

    /// The charts that are no part of another one.
    fn charts(&self) -> Vec<Chart> {
        let found: HashSet<&Path> = self.charts.iter().map(PathBuf::as_path).collect();
        let is_part = |folder: &Path| {
            let parent = folder.parent().filter(|parent| parent.ends_with("charts"));
            parent.and_then(Path::parent).is_some_and(|above| found.contains(above))
        };
        let whole = self.charts.iter().filter(|folder| !is_part(folder));
        whole.filter_map(|folder| Chart::read(folder.clone())).collect()
    }

    /// The overlays that are no templates of a chart.
    fn overlays(&self) -> Vec<PathBuf> {
        let charts: HashSet<&Path> = self.charts.iter().map(PathBuf::as_path).collect();
        let in_chart = |folder: &Path| {
            let mut templates = folder.ancestors().filter(|at| at.ends_with("templates"));
            templates.any(|at| at.parent().is_some_and(|chart| charts.contains(chart)))
        };
        self.overlays.iter().filter(|folder| !in_chart(folder)).cloned().collect()
    }
}

/// Renders what is to be rendered among the collected files, and takes away the files that are judged that way.
/// `scanned` are the folders that were walked.
pub(crate) fn render(
    folders: &Folders,
    scanned: &[PathBuf],
    options: &RenderOptions,
    progress: &(dyn Fn(Event) + Sync),
    collected: &mut Collected,
) {
    // Objects that point to folders mean nothing when no folder was scanned.
    if scanned.is_empty() {
        return;
    }
    let pointing: Vec<usize> = (0..collected.files.len())
        .into_par_iter()
        .with_min_len(256)
        .filter(|index| gitops::points(&collected.files[*index]))
        .collect();
    if folders.charts.is_empty() && folders.overlays.is_empty() && pointing.is_empty() {
        return;
    }

    let places = Places::new(scanned);
    let files = &collected.files;
    let paths: Vec<PathBuf> = files.par_iter().map(|file| normal(Path::new(&file.name))).collect();
    let streams = files.iter().map(|file| &file.stream);
    let read: HashMap<&Path, _> = paths.iter().map(PathBuf::as_path).zip(streams).collect();
    let shop = Workshop::new(options, &places, read);
    let charts = folders.charts();
    let overlay_folders = folders.overlays();
    let overlays = Overlays::read(&overlay_folders);
    let mut roots = overlays.roots(&overlay_folders);
    roots.sort_unstable();

    let mut queue = Queue::new(&shop, overlays, files, &pointing, &paths, progress);
    queue.run(roots.into_iter().map(|folder| Job::Overlay(folder, None, Vec::new())).collect());
    queue.follow();
    let alone = charts.iter().filter(|chart| !chart.library && !queue.is_asked_for(&chart.folder));
    queue.run(alone.map(|chart| standalone(chart, options)).collect());
    queue.follow();
    let done = queue.finish();

    // Templates of charts are judged as what they became, or not at all; libraries are judged in their users.
    let settled: HashSet<&Path> = done.charts.iter().map(PathBuf::as_path).collect();
    let libraries: HashSet<&Path> =
        charts.iter().filter(|chart| chart.library).map(|chart| chart.folder.as_path()).collect();
    let folders: HashSet<&Path> = done.folders.iter().map(PathBuf::as_path).collect();
    let within = |path: &Path, folders: &HashSet<&Path>| path.ancestors().any(|at| folders.contains(at));
    let mut patches = Vec::new();
    let mut paths = paths.iter();
    collected.files.retain(|file| {
        let Some(path) = paths.next() else { return true };
        if done.files.contains(path) || within(path, &folders) {
            return false;
        }
        let patch = done.patches.contains(path);
        if patch {
            patches.push(Skipped { path: file.name.clone(), reason: SkipReason::Patch });
        }
        !patch
    });
    collected.skipped.retain(|skipped| match &skipped.reason {
        SkipReason::HelmTemplate(chart) => {
            let chart = normal(Path::new(chart));
            !within(&chart, &settled) && !within(&chart, &libraries)
        }
        _ => !done.files.contains(&normal(Path::new(&skipped.path))),
    });
    collected.skipped.extend(patches);
    collected.skipped.extend(done.skipped);
    collected.files.extend(done.rendered);
}

/// The job for a chart to which no object points.
fn standalone(chart: &Chart, options: &RenderOptions) -> Job {
    let mut release = chart.release(&options.helm_namespace);
    release.values.extend(options.helm_values.iter().map(|path| Values::File(normal(path))));
    let settings = options.helm_set.iter();
    release.settings.extend(settings.map(|text| Setting { text: text.clone(), verbatim: false }));
    Job::Chart(chart.folder.clone(), Box::new(release))
}
