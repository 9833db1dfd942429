//! Texts as evidence, kept up to date while they change: files that are edited, objects of a cluster that is watched.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Control, Settings, evaluate_files};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};

/// Most states of changed texts that are held: evidence borrows from texts, so a former state stays until everything is
/// read again. Typing for an hour makes about so many.
const STATES: usize = 4096;
/// Most bytes of former states.
const BYTES: usize = 64 << 20;

/// Room for the states of changed texts. It outlives the [`Workspace`] that borrows from it.
#[derive(Debug)]
pub(crate) struct States(Vec<OnceLock<SourceFile>>);

impl States {
    pub(crate) fn new() -> States {
        States(std::iter::repeat_with(OnceLock::new).take(STATES).collect())
    }

    /// Takes a state out; nothing when it is not there.
    #[cfg(feature = "live")]
    pub(crate) fn take(&mut self, index: u32) -> Option<SourceFile> {
        self.0.get_mut(index as usize)?.take()
    }
}

/// Where a text of the evidence is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Slot {
    /// Among the first ones, by position.
    First(u32),
    /// Among the changed ones, by position.
    State(u32),
}

/// There is no room for another state: everything has to be read again.
#[derive(Debug)]
pub(crate) struct Full;

/// The texts as evidence.
#[derive(Debug)]
pub(crate) struct Workspace<'w> {
    evidence: Evidence<'w>,
    /// Where each text stands in the evidence, and behind it those that are embedded in it.
    indexes: FxHashMap<String, Vec<u32>>,
    /// Where each text of the evidence is kept.
    slots: Vec<Slot>,
    states: &'w States,
    used: usize,
    bytes: usize,
    /// Controls that look at one subject after the other, and those that look at everything.
    near: Vec<&'static Control>,
    wide: Vec<&'static Control>,
    settings: &'w Settings,
}

impl<'w> Workspace<'w> {
    pub(crate) fn new(
        files: &'w [SourceFile],
        states: &'w States,
        controls: &[&'static Control],
        settings: &'w Settings,
    ) -> Workspace<'w> {
        let (wide, near) = controls.iter().partition(|control| control.looks_at_everything());
        let mut indexes: FxHashMap<String, Vec<u32>> = FxHashMap::default();
        let mut outer = "";
        for (file, index) in files.iter().zip(0..) {
            // Embedded files stand right behind the one that they are embedded in.
            if !file.embedded {
                outer = &file.name;
            }
            match indexes.get_mut(outer) {
                Some(indexes) => indexes.push(index),
                None => _ = indexes.insert(outer.to_owned(), vec![index]),
            }
        }
        let slots = (0..files.len() as u32).map(Slot::First).collect();
        Workspace {
            evidence: Evidence::new(files),
            indexes,
            slots,
            states,
            used: 0,
            bytes: 0,
            near,
            wide,
            settings,
        }
    }

    /// Puts a text in the place of the one of its name: it and those that are embedded in it, or nothing when it is gone.
    pub(crate) fn set(
        &mut self,
        name: &str,
        files: impl IntoIterator<Item = SourceFile>,
    ) -> Result<(), Full> {
        let mut old = self.indexes.remove(name).unwrap_or_default().into_iter();
        let mut new = Vec::new();
        let mut full = Ok(());
        for file in files {
            match self.put(old.next(), file) {
                Ok(index) => new.push(index),
                Err(error) => full = Err(error),
            }
        }
        for place in old {
            let nothing = SourceFile::new(name, Stream::read(""));
            full = full.and(self.put(Some(place), nothing).map(|index| new.push(index)));
        }
        self.indexes.insert(name.to_owned(), new);
        full
    }

    /// Puts a file in a place of the evidence, or behind all others.
    fn put(&mut self, place: Option<u32>, file: SourceFile) -> Result<u32, Full> {
        self.bytes += file.stream.text().len();
        let state = self.states.0.get(self.used).filter(|_| self.bytes <= BYTES).ok_or(Full)?;
        let slot = Slot::State(self.used as u32);
        self.used += 1;
        let file = state.get_or_init(|| file);
        Ok(match place {
            Some(index) => {
                self.evidence.replace(index, file);
                self.slots[index as usize] = slot;
                index
            }
            None => {
                self.slots.push(slot);
                self.evidence.add(file)
            }
        })
    }

    /// Where a text stands in the evidence, with the embedded ones whose lines are its own.
    pub(crate) fn places(&self, name: &str) -> Vec<u32> {
        let places = self.indexes.get(name).into_iter().flatten().copied();
        let files = self.evidence.files();
        places.filter(|&index| files.get(index as usize).is_some_and(|file| file.name == name)).collect()
    }

    /// Judges what stands in some files, in the light of all: at every keystroke.
    pub(crate) fn judge(&self, files: &[u32]) -> Assessment<'_, 'w> {
        evaluate_files(&self.near, &self.evidence, self.settings, files)
    }

    /// What only looking at everything shows in some files: when there is time.
    pub(crate) fn judge_widely(&mut self, files: &[u32]) -> Assessment<'_, 'w> {
        self.evidence.settle();
        evaluate_files(&self.wide, &self.evidence, self.settings, files)
    }

    /// Everything, ready to be judged as a whole.
    #[cfg(feature = "live")]
    pub(crate) fn settled(&mut self) -> &Evidence<'w> {
        self.evidence.settle();
        &self.evidence
    }

    /// Where the texts are kept that are evidence in the end.
    #[cfg(feature = "live")]
    pub(crate) fn into_slots(self) -> Vec<Slot> {
        self.slots
    }

    /// Both together.
    pub(crate) fn judge_wholly(&mut self, files: &[u32]) -> [Assessment<'_, 'w>; 2] {
        self.evidence.settle();
        [&self.near, &self.wide]
            .map(|controls| evaluate_files(controls, &self.evidence, self.settings, files))
    }
}
