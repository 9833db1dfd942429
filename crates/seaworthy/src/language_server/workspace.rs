//! The files of a workspace as evidence, kept up to date while they are edited.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Control, Settings, evaluate_files};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile, embedded_files};

/// Most states of edited files that are held: evidence borrows from texts, so a former state stays until all files are
/// read again. Typing for an hour makes about so many.
const STATES: usize = 4096;
/// Most bytes of former states.
const BYTES: usize = 64 << 20;

/// Room for the states of edited files. It outlives the [`Workspace`] that borrows from it.
#[derive(Debug)]
pub(super) struct States(Vec<OnceLock<SourceFile>>);

impl States {
    pub(super) fn new() -> States {
        States(std::iter::repeat_with(OnceLock::new).take(STATES).collect())
    }
}

/// There is no room for another state: everything has to be read again.
#[derive(Debug)]
pub(super) struct Full;

/// What a text holds; nothing when it is none that `scan` would read: a template, or no manifest at all.
fn stream(path: &Path, text: &str) -> Stream {
    seaworthy_ingest::read_text(path, text).unwrap_or_else(|_| Stream::read(""))
}

/// The files as evidence.
#[derive(Debug)]
pub(super) struct Workspace<'w> {
    evidence: Evidence<'w>,
    /// Where each file stands in the evidence, and behind it the files that are embedded in it.
    indexes: FxHashMap<PathBuf, Vec<u32>>,
    states: &'w States,
    used: usize,
    bytes: usize,
    /// Controls that look at one subject after the other, and those that look at everything.
    near: Vec<&'static Control>,
    wide: Vec<&'static Control>,
    settings: &'w Settings,
}

impl<'w> Workspace<'w> {
    pub(super) fn new(
        files: &'w [SourceFile],
        states: &'w States,
        controls: &[&'static Control],
        settings: &'w Settings,
    ) -> Workspace<'w> {
        let (wide, near) = controls.iter().partition(|control| control.looks_at_everything());
        let mut indexes: FxHashMap<PathBuf, Vec<u32>> = FxHashMap::default();
        let mut outer = PathBuf::new();
        for (file, index) in files.iter().zip(0..) {
            // Embedded files stand right behind the one that they are embedded in.
            if !file.embedded {
                outer = PathBuf::from(&file.name);
            }
            indexes.entry(outer.clone()).or_default().push(index);
        }
        Workspace { evidence: Evidence::new(files), indexes, states, used: 0, bytes: 0, near, wide, settings }
    }

    /// Takes the text of a file for what the file holds.
    pub(super) fn set(&mut self, path: &Path, text: &str) -> Result<(), Full> {
        let file = SourceFile::new(path.to_string_lossy(), stream(path, text));
        let embedded = embedded_files(&file);
        let mut old = self.indexes.remove(path).unwrap_or_default().into_iter();
        let mut new = Vec::with_capacity(1 + embedded.len());
        let mut full = Ok(());
        for file in std::iter::once(file).chain(embedded) {
            let place = old.next();
            match self.put(place, file) {
                Ok(index) => new.push(index),
                Err(error) => full = Err(error),
            }
        }
        for place in old {
            let nothing = SourceFile::new(path.to_string_lossy(), Stream::read(""));
            full = full.and(self.put(Some(place), nothing).map(|index| new.push(index)));
        }
        self.indexes.insert(path.to_owned(), new);
        full
    }

    /// Puts a file in a place of the evidence, or behind all others.
    fn put(&mut self, place: Option<u32>, file: SourceFile) -> Result<u32, Full> {
        self.bytes += file.stream.text().len();
        let state = self.states.0.get(self.used).filter(|_| self.bytes <= BYTES).ok_or(Full)?;
        self.used += 1;
        let file = state.get_or_init(|| file);
        Ok(match place {
            Some(index) => {
                self.evidence.replace(index, file);
                index
            }
            None => self.evidence.add(file),
        })
    }

    /// Where a file stands in the evidence, with the embedded ones whose lines are its own.
    pub(super) fn places(&self, path: &Path) -> Vec<u32> {
        let places = self.indexes.get(path).into_iter().flatten().copied();
        let files = self.evidence.files();
        places
            .filter(|&index| files.get(index as usize).is_some_and(|file| Path::new(&file.name) == path))
            .collect()
    }

    /// Judges what stands in some files, in the light of all: at every keystroke.
    pub(super) fn judge(&self, files: &[u32]) -> Assessment<'_, 'w> {
        evaluate_files(&self.near, &self.evidence, self.settings, files)
    }

    /// What only looking at everything shows in some files: when there is time.
    pub(super) fn judge_widely(&mut self, files: &[u32]) -> Assessment<'_, 'w> {
        self.evidence.settle();
        evaluate_files(&self.wide, &self.evidence, self.settings, files)
    }

    /// Both together.
    pub(super) fn judge_wholly(&mut self, files: &[u32]) -> [Assessment<'_, 'w>; 2] {
        self.evidence.settle();
        [&self.near, &self.wide]
            .map(|controls| evaluate_files(controls, &self.evidence, self.settings, files))
    }
}
