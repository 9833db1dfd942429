//! Which renderings are done, in which order, and what comes of them.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use seaworthy_evidence::{Renderer, SourceFile};

use super::gitops::{self, Pointer, Target};
use super::job::{Job, Workshop};
use super::kustomize::Overlays;
use crate::collect::Event;
use crate::skip::{SkipReason, Skipped};

/// Most renderings of one scan: every object of Argo CD or Flux can ask for one.
const RENDERINGS: usize = 1_000;
/// How often rendered objects may point to further charts and overlays.
const ROUNDS: usize = 5;
/// The folders of a chart whose content its rendering stands for.
const PARTS: [&str; 3] = ["templates", "crds", "charts"];

/// The renderings of a scan.
pub(crate) struct Queue<'q> {
    shop: &'q Workshop<'q>,
    overlays: Overlays,
    plain: &'q [SourceFile],
    /// The files with objects that say what to render.
    pointing: &'q [usize],
    /// The absolute path of each file.
    paths: &'q [PathBuf],
    progress: &'q (dyn Fn(Event) + Sync),
    begun: HashSet<Job>,
    rendered: Vec<Rendered>,
    failed: Vec<Failed>,
    asked_for: HashSet<PathBuf>,
    /// Files that overlays are made of.
    covered: HashSet<PathBuf>,
    notes: Vec<Skipped>,
}

struct Rendered {
    job: Job,
    /// No object asked for it.
    alone: bool,
    file: SourceFile,
}

struct Failed {
    job: Job,
    asked_by: Option<String>,
    reason: String,
}

/// What came of all renderings.
pub(crate) struct Done {
    pub(crate) rendered: Vec<SourceFile>,
    pub(crate) skipped: Vec<Skipped>,
    /// Charts that were rendered, or that are listed as not rendered.
    pub(crate) charts: Vec<PathBuf>,
    /// Files for which a rendering stands.
    pub(crate) files: HashSet<PathBuf>,
    /// Folders for which a rendering stands.
    pub(crate) folders: Vec<PathBuf>,
    /// Patches of overlays that were not rendered.
    pub(crate) patches: HashSet<PathBuf>,
}

impl<'q> Queue<'q> {
    pub(crate) fn new(
        shop: &'q Workshop<'q>,
        overlays: Overlays,
        plain: &'q [SourceFile],
        pointing: &'q [usize],
        paths: &'q [PathBuf],
        progress: &'q (dyn Fn(Event) + Sync),
    ) -> Queue<'q> {
        Queue {
            shop,
            overlays,
            plain,
            pointing,
            paths,
            progress,
            begun: HashSet::new(),
            rendered: Vec::new(),
            failed: Vec::new(),
            asked_for: HashSet::new(),
            covered: HashSet::new(),
            notes: Vec::new(),
        }
    }

    /// Whether an object says how the chart or overlay in a folder is rendered.
    pub(crate) fn is_asked_for(&self, folder: &Path) -> bool {
        self.asked_for.contains(folder)
    }

    /// Does jobs for which no object asked.
    pub(crate) fn run(&mut self, jobs: Vec<Job>) {
        self.run_all(jobs.into_iter().map(|job| (job, None)).collect());
    }

    /// Does what objects ask for until they ask for nothing new.
    pub(crate) fn follow(&mut self) {
        for round in 0..=ROUNDS {
            let pointers = self.pointers();
            let mut jobs = Vec::new();
            self.notes.clear();
            for pointer in pointers {
                let Some((job, asked_by)) = self.take(pointer) else { continue };
                // The same job for two objects is the same objects.
                if round < ROUNDS && !jobs.iter().any(|(other, _)| *other == job) {
                    jobs.push((job, Some(asked_by)));
                }
            }
            if jobs.is_empty() {
                break;
            }
            self.run_all(jobs);
        }
    }

    /// The objects that ask for something, in files that no overlay makes something else of, and in renderings.
    fn pointers(&self) -> Vec<Pointer> {
        let stands = |index: &usize| !self.covered.contains(&self.paths[*index]);
        let plain = |index: usize| &self.plain[index];
        let rendered = || self.rendered.iter().map(|rendered| &rendered.file);
        let pointing = self.pointing.iter().copied().filter(stands).map(plain);
        let all = (0..self.plain.len()).filter(stands).map(plain);
        gitops::pointers(pointing.chain(rendered()), all.chain(rendered()), self.shop.places)
    }

    /// The job that an object asks for, unless that is done or cannot be.
    fn take(&mut self, pointer: Pointer) -> Option<(Job, String)> {
        let Pointer { object, file, target, without } = pointer;
        let path = format!("{object} in {file}");
        for without in without {
            self.notes.push(Skipped { path: path.clone(), reason: SkipReason::RenderedWithout(without) });
        }
        let job = match target {
            Target::Files => return None,
            Target::Elsewhere(reason) => {
                self.notes.push(Skipped { path, reason: SkipReason::Elsewhere(reason) });
                return None;
            }
            Target::Chart(folder, release) => Job::Chart(folder, release),
            Target::Overlay(folder, over, variables) => Job::Overlay(folder, over, variables),
        };
        if let Job::Overlay(folder, None, variables) = &job
            && variables.is_empty()
        {
            // It is built as it stands, which was done or is part of another overlay.
            let same = self.rendered.iter_mut().find(|rendered| rendered.job == job);
            if let Some(rendered) = same {
                rendered.alone = false;
                if let Some(origin) = &mut rendered.file.origin {
                    origin.asked_by.get_or_insert(object);
                }
                self.asked_for.insert(folder.clone());
                return None;
            }
            let parts = self.overlays.reach(folder).kustomizations;
            if parts.first().is_some_and(|file| self.covered.contains(file)) {
                return None;
            }
        }
        (!self.begun.contains(&job)).then_some((job, object))
    }

    fn run_all(&mut self, mut jobs: Vec<(Job, Option<String>)>) {
        jobs.retain(|(job, _)| self.begun.insert(job.clone()));
        for (job, asked_by) in &jobs {
            if asked_by.is_some() {
                self.asked_for.insert(job.folder().to_owned());
            }
            if let Job::Overlay(folder, ..) = job {
                self.overlays.add(folder);
            }
        }
        let left = RENDERINGS.saturating_sub(self.rendered.len() + self.failed.len());
        let over = jobs.split_off(left.min(jobs.len()));
        (self.progress)(Event::Rendering(jobs.len()));
        let (shop, overlays, progress) = (self.shop, &self.overlays, self.progress);
        let outcomes: Vec<_> = jobs
            .into_par_iter()
            .with_max_len(1)
            .map(|(job, asked_by)| {
                let outcome = shop.render(&job, overlays);
                progress(Event::Rendered);
                (job, asked_by, outcome)
            })
            .collect();
        let too_many = || format!("there are more than {RENDERINGS} charts and overlays to render");
        let over = over.into_iter().map(|(job, asked_by)| (job, asked_by, Err(too_many())));
        for (job, asked_by, outcome) in outcomes.into_iter().chain(over) {
            match outcome {
                Ok(file) => self.keep(job, asked_by, file),
                Err(reason) => self.failed.push(Failed { job, asked_by, reason }),
            }
        }
        // What objects say of a folder stands above how it would be rendered without them.
        self.rendered.retain(|rendered| !rendered.alone || !self.asked_for.contains(rendered.job.folder()));
        let asked_for = &self.asked_for;
        self.failed.retain(|failed| failed.asked_by.is_some() || !asked_for.contains(failed.job.folder()));
    }

    fn keep(&mut self, job: Job, asked_by: Option<String>, mut file: SourceFile) {
        if let Job::Overlay(folder, ..) = &job {
            let reach = self.overlays.reach(folder);
            self.covered.extend(reach.kustomizations.into_iter().chain(reach.files).chain(reach.patches));
        }
        let alone = asked_by.is_none();
        if let Some(origin) = &mut file.origin {
            origin.asked_by = asked_by;
        }
        self.rendered.push(Rendered { job, alone, file });
    }

    pub(crate) fn finish(self) -> Done {
        let mut charts: BTreeSet<PathBuf> = BTreeSet::new();
        let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
        for rendered in &self.rendered {
            if let Job::Chart(folder, _) = &rendered.job {
                charts.insert(folder.clone());
                folders.extend(PARTS.iter().map(|part| folder.join(part)));
            }
        }
        let mut skipped = self.notes;
        let mut patches = HashSet::new();
        for Failed { job, asked_by, reason } in self.failed {
            let folder = self.shop.places.shown(job.folder());
            let path = asked_by.map_or(folder.clone(), |object| format!("{folder} for {object}"));
            match &job {
                Job::Chart(folder, _) => drop(charts.insert(folder.clone())),
                Job::Overlay(folder, ..) => patches.extend(self.overlays.reach(folder).patches),
            }
            let reason = match job.by() {
                Renderer::Helm => SkipReason::Chart(reason),
                Renderer::Kustomize => SkipReason::Overlay(reason),
            };
            skipped.push(Skipped { path, reason });
        }
        let mut rendered: Vec<SourceFile> = self.rendered.into_iter().map(|rendered| rendered.file).collect();
        let asked = |file: &SourceFile| file.origin.as_ref().and_then(|origin| origin.asked_by.clone());
        rendered.sort_by_cached_key(|file| (file.name.clone(), asked(file)));
        Done {
            rendered,
            skipped,
            charts: charts.into_iter().collect(),
            files: self.covered,
            folders: folders.into_iter().collect(),
            patches,
        }
    }
}
