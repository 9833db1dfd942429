//! Exceptions in the file itself: `seaworthy.dev/ignore` on an object or on a pod template.

use memchr::memmem::Finder;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Diagnostic, Evidence, Severity};
use seaworthy_policy::Pattern;

use super::{Acceptance, words};
use crate::catalogue;
use crate::control::Control;
use crate::evaluate::Extent;

/// Names the controls whose findings are accepted here; `.<container>` behind it narrows it to one container.
const IGNORE: &str = "seaworthy.dev/ignore";
/// Says why; without it nothing is accepted.
const REASON: &str = "seaworthy.dev/ignore-reason";
/// Most controls that one annotation names.
const WORDS: usize = 64;

/// Where an annotation stands and what it is about: the file, the map that it belongs to (an object, or the spec of a
/// pod), and the container.
type Key<'a> = (u32, u32, Option<&'a str>);

/// All annotations of the evidence that accept findings.
#[derive(Debug, Default)]
pub(crate) struct Annotations<'a> {
    by: FxHashMap<Key<'a>, Vec<Ignore<'a>>>,
    /// Annotations that have no effect, and why.
    pub(crate) problems: Vec<Diagnostic>,
}

#[derive(Debug)]
struct Ignore<'a> {
    words: Vec<Pattern>,
    reason: &'a str,
    at: Value<'a>,
}

impl<'a> Annotations<'a> {
    /// Reads the annotations. Files in which the word does not occur are not looked at.
    pub(crate) fn new(evidence: &Evidence<'a>, extent: Extent<'_>) -> Annotations<'a> {
        let finder = Finder::new(IGNORE);
        let files = evidence.files().par_iter().with_min_len(64).enumerate();
        let concerned: Vec<bool> = files
            .map(|(index, file)| {
                extent.holds(index as u32) && finder.find(file.stream.text().as_bytes()).is_some()
            })
            .collect();
        let mut all = Annotations::default();
        if !concerned.contains(&true) {
            return all;
        }
        let is_concerned = |file: u32| concerned.get(file as usize).copied().unwrap_or(false);
        for object in evidence.objects().iter().filter(|object| is_concerned(object.file)) {
            let at = (object.file, object.document, object.value.id());
            all.read(at, object.metadata());
        }
        for workload in evidence.workloads() {
            let owner = evidence.owner(workload);
            // The metadata of a pod that stands alone are those of the object.
            if is_concerned(owner.file) && workload.pod.metadata() != owner.metadata() {
                let at = (owner.file, owner.document, workload.pod.spec().id());
                all.read(at, workload.pod.metadata());
            }
        }
        all
    }

    fn read(&mut self, (file, document, holder): (u32, u32, u32), metadata: Option<Value<'a>>) {
        let Some(annotations) = metadata.and_then(|metadata| metadata.get("annotations")) else { return };
        let mut reason = None;
        for (key, value) in annotations.entries().filter(|(key, _)| key.text().starts_with(IGNORE)) {
            let container = match key.text().strip_prefix(IGNORE) {
                Some("") => None,
                Some(rest) if rest.starts_with('.') && rest.len() > 1 => rest.get(1..),
                // The reason is looked up once, and only when somebody wants to know it.
                _ if key.text() == REASON => continue,
                _ => {
                    let message = format!(
                        "this annotation is not known: write `{IGNORE}`, `{IGNORE}.<container>` or `{REASON}`"
                    );
                    self.problem(file, document, value, message);
                    continue;
                }
            };
            let reason = reason.get_or_insert_with(|| {
                let text = annotations.get(REASON).and_then(|value| value.as_str()).map(str::trim);
                text.filter(|text| !text.is_empty())
            });
            let Some(reason) = *reason else {
                let message = format!("`{}` has no effect: say why in `{REASON}`", key.text());
                self.problem(file, document, value, message);
                continue;
            };
            match read_words(value) {
                Ok(words) => {
                    let ignore = Ignore { words, reason, at: value };
                    self.by.entry((file, holder, container)).or_default().push(ignore);
                }
                Err(message) => self.problem(file, document, value, message),
            }
        }
    }

    fn problem(&mut self, file: u32, document: u32, at: Value<'a>, message: String) {
        let span = at.entry_span();
        self.problems.push(Diagnostic { file, document, span, severity: Severity::Warning, message });
    }

    /// What accepts a finding of a control about an object (or a pod in it) and a container.
    pub(super) fn acceptance(
        &self,
        control: &Control,
        file: u32,
        holders: [Option<u32>; 2],
        container: Option<&'a str>,
    ) -> Option<Acceptance<'a>> {
        if self.by.is_empty() {
            return None;
        }
        let containers = [container, None];
        let containers = if container.is_some() { &containers[..] } else { &containers[1..] };
        let mut ignores = holders.into_iter().flatten().flat_map(|holder| {
            containers.iter().flat_map(move |container| self.by.get(&(file, holder, *container)))
        });
        ignores.find_map(|list| {
            let names = |ignore: &&Ignore<'_>| ignore.words.iter().any(|word| words::names(word, control));
            let ignore = list.iter().find(names)?;
            Some(Acceptance::Annotated { reason: ignore.reason, at: ignore.at, file })
        })
    }
}

/// The controls that an annotation names, separated by commas.
fn read_words(value: Value<'_>) -> Result<Vec<Pattern>, String> {
    let list: Vec<&str> = match value.as_str() {
        Some(text) => {
            text.split(',').map(str::trim).filter(|word| !word.is_empty()).take(WORDS + 1).collect()
        }
        None => return Err(format!("`{IGNORE}` has no effect: an annotation must be a text")),
    };
    if list.is_empty() {
        return Err(format!("`{IGNORE}` names no control"));
    }
    if list.len() > WORDS {
        return Err(format!("`{IGNORE}` has no effect: it names more than {WORDS} controls"));
    }
    let everything = catalogue::all().count();
    let mut patterns = Vec::with_capacity(list.len());
    for word in list {
        let ids = words::controls(word).map_err(|message| format!("`{IGNORE}` has no effect: {message}"))?;
        if ids.len() == everything {
            return Err(format!(
                "`{IGNORE}` has no effect: `{word}` names every control; name those that are meant"
            ));
        }
        patterns.push(Pattern::new(word));
    }
    Ok(patterns)
}
