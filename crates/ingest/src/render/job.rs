//! One rendering: a chart or an overlay becomes a text with an origin.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use seaworthy_document::Stream;
use seaworthy_evidence::{Origin, Renderer, SourceFile};

use super::helm::{self, Chart, Release};
use super::kustomize::{self, Overlays};
use super::places::Places;
use super::run::Limits;
use super::settings::{RenderOptions, Tools};
use super::trace::{Sources, Traced};

/// Bytes that all renderings of a scan may become together.
const TOTAL: u64 = 1 << 30;

/// Something to render.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Job {
    /// The chart in a folder.
    Chart(PathBuf, Box<Release>),
    /// The overlay in a folder, a kustomization over it, and variables to replace in the result.
    Overlay(PathBuf, Option<String>, Vec<(String, String)>),
}

impl Job {
    pub(crate) fn folder(&self) -> &Path {
        match self {
            Job::Chart(folder, _) | Job::Overlay(folder, ..) => folder,
        }
    }

    pub(crate) fn by(&self) -> Renderer {
        match self {
            Job::Chart(..) => Renderer::Helm,
            Job::Overlay(..) => Renderer::Kustomize,
        }
    }
}

/// What renderings are made with.
pub(crate) struct Workshop<'w> {
    pub(crate) places: &'w Places,
    tools: Tools,
    limits: Limits,
    /// Folders that links may lead to.
    bounds: Vec<PathBuf>,
    /// Files that were read already, by their absolute path.
    read: HashMap<&'w Path, &'w Stream>,
    printed: AtomicU64,
}

impl<'w> Workshop<'w> {
    pub(crate) fn new(
        options: &RenderOptions,
        places: &'w Places,
        read: HashMap<&'w Path, &'w Stream>,
    ) -> Workshop<'w> {
        Workshop {
            places,
            tools: Tools::new(options),
            limits: Limits { time: options.timeout, output: options.max_output },
            bounds: places.bounds(),
            read,
            printed: AtomicU64::new(0),
        }
    }

    /// Does a job. The text has no `asked_by` yet.
    pub(crate) fn render(&self, job: &Job, overlays: &Overlays) -> Result<SourceFile, String> {
        match job {
            Job::Chart(folder, release) => self.chart(folder, release),
            Job::Overlay(folder, over, substitute) => {
                self.overlay(folder, over.as_deref(), substitute, overlays)
            }
        }
    }

    fn chart(&self, folder: &Path, release: &Release) -> Result<SourceFile, String> {
        let chart = Chart::read(folder.to_owned()).ok_or("its `Chart.yaml` cannot be read")?;
        let printed = helm::template(&chart, release, &self.tools, &self.bounds, self.limits)?;
        let stream = self.stream(printed)?;
        let (files, lines) = helm::origin(stream.text(), &chart);
        let origin = Origin {
            by: Renderer::Helm,
            from: self.places.shown(folder),
            asked_by: None,
            files: files.iter().map(|file| self.places.shown(file)).collect(),
            lines,
            items: Vec::new(),
        };
        Ok(SourceFile::rendered(self.places.shown(&folder.join("Chart.yaml")), stream, origin))
    }

    fn overlay(
        &self,
        folder: &Path,
        over: Option<&str>,
        substitute: &[(String, String)],
        overlays: &Overlays,
    ) -> Result<SourceFile, String> {
        let reach = overlays.reach(folder);
        if let Some(problem) = reach.problem {
            return Err(problem);
        }
        let name = reach.kustomizations.first().ok_or("it holds no kustomization")?;
        let mut printed = kustomize::build(folder, over, &self.tools, self.limits)?;
        if !substitute.is_empty() {
            printed = replaced(&printed, substitute, self.limits.output)?;
        }
        let stream = self.stream(printed)?;

        let paths: Vec<&PathBuf> = reach.patches.iter().chain(&reach.files).collect();
        let fresh: Vec<Option<Stream>> = paths
            .iter()
            .map(|path| match self.read.contains_key(path.as_path()) {
                true => None,
                false => Some(helm::read_text(path).map(Stream::read_bytes).unwrap_or_default()),
            })
            .collect();
        let streams = paths
            .iter()
            .zip(&fresh)
            .filter_map(|(path, fresh)| fresh.as_ref().or(self.read.get(path.as_path()).copied()));
        let (mut prefixes, mut suffixes) = (reach.prefixes, reach.suffixes);
        if let Some(over) = over {
            let (prefix, suffix) = kustomize::affixes(over);
            prefixes.extend(prefix);
            suffixes.extend(suffix);
        }
        let Traced { lines, items } = Sources::new(streams, prefixes, suffixes).trace(&stream);
        let origin = Origin {
            by: Renderer::Kustomize,
            from: self.places.shown(folder),
            asked_by: None,
            files: paths.iter().map(|path| self.places.shown(path)).collect(),
            lines,
            items,
        };
        Ok(SourceFile::rendered(self.places.shown(name), stream, origin))
    }

    fn stream(&self, printed: Vec<u8>) -> Result<Stream, String> {
        let before = self.printed.fetch_add(printed.len() as u64, Ordering::Relaxed);
        if before.saturating_add(printed.len() as u64) > TOTAL {
            return Err(format!("all renderings together become more than {} MiB", TOTAL >> 20));
        }
        Ok(Stream::read_bytes(printed))
    }
}

/// Replaces `${name}`, `${name:=default}` and `${name:-default}` where the value is known, as Flux does.
fn replaced(printed: &[u8], substitute: &[(String, String)], most: u64) -> Result<Vec<u8>, String> {
    let text = String::from_utf8_lossy(printed);
    let values: HashMap<&str, &str> =
        substitute.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let mut done = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        done.push_str(before);
        let end = from.find('}').filter(|end| !from[..*end].contains('\n'));
        let name = end.map(|end| from[2..end].split(':').next().unwrap_or_default());
        match (end, name.and_then(|name| values.get(name))) {
            (Some(end), Some(value)) => {
                done.push_str(value);
                rest = &from[end + 1..];
            }
            _ => {
                done.push_str("${");
                rest = &from[2..];
            }
        }
        if done.len() as u64 > most {
            return Err(format!("its variables make more than {} MiB of it", most >> 20));
        }
    }
    done.push_str(rest);
    Ok(done.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_variables_are_replaced_and_others_stay() {
        let values = [("a".to_owned(), "1".to_owned())];
        let done = replaced(b"x: ${a} ${b} ${a:=2} ${a\n} $a", &values, 100).unwrap();
        assert_eq!(String::from_utf8(done).unwrap(), "x: 1 ${b} 1 ${a\n} $a");
        assert!(replaced(b"${a}${a}", &[("a".to_owned(), "x".repeat(80))], 100).is_err());
    }
}
