//! Where a text comes from that nobody wrote as it stands: a chart or an overlay was rendered.

use std::fmt;

use seaworthy_document::Position;

/// The program that rendered a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renderer {
    /// `helm template`.
    Helm,
    /// `kustomize build` or `kubectl kustomize`.
    Kustomize,
}

impl Renderer {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Renderer::Helm => "helm",
            Renderer::Kustomize => "kustomize",
        }
    }
}

impl fmt::Display for Renderer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a rendered text comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// What rendered it.
    pub by: Renderer,
    /// The folder of the chart or overlay.
    pub from: String,
    /// The object that asked for it, as `HelmRelease apps/web`; `None` when the folder speaks for itself.
    pub asked_by: Option<String>,
    /// The files that were rendered.
    pub files: Vec<String>,
    /// What each line of the rendered text was made of, from the first; `None` where nobody can tell.
    pub lines: Vec<Option<Written>>,
    /// Where maps in lists start, by the number of the rendered line: the renderer may have sorted their keys, so that
    /// another key stands in the line of the dash. Sorted; only those whose place is not that of the line.
    pub items: Vec<(u32, Written)>,
}

/// What a line of a rendered text was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Index of the file in [`Origin::files`].
    pub file: u32,
    /// The line there, from 1.
    pub line: u32,
    /// The column of what the rendered line repeats, from 1, in Unicode scalar values.
    pub column: u32,
    /// The column behind it.
    pub end_column: u32,
    /// The column in the rendered line that `column` corresponds to.
    pub rendered_column: u32,
    /// The place says the same; otherwise it is the nearest one around it.
    pub exact: bool,
}

impl Origin {
    /// What a line of the rendered text (from 1) was made of.
    pub fn written(&self, line: u32) -> Option<&Written> {
        self.lines.get((line as usize).checked_sub(1)?)?.as_ref()
    }

    /// What the map in a list was made of that starts in a line of the rendered text.
    pub fn item(&self, line: u32) -> Option<&Written> {
        let found = self.items.binary_search_by_key(&line, |(line, _)| *line).ok();
        found
            .and_then(|index| self.items.get(index))
            .map(|(_, written)| written)
            .or_else(|| self.written(line))
    }

    /// The file that a line comes from.
    pub fn file(&self, written: &Written) -> Option<&str> {
        self.files.get(written.file as usize).map(String::as_str)
    }
}

impl Written {
    /// The place in the file that corresponds to a column of the rendered line.
    pub fn position(&self, rendered_column: u32) -> Position {
        let offset = if self.exact { rendered_column.saturating_sub(self.rendered_column) } else { 0 };
        Position {
            line: self.line,
            column: self.column.saturating_add(offset).min(self.end_column.max(self.column)),
        }
    }

    /// The place behind what the line repeats.
    pub fn end(&self) -> Position {
        Position { line: self.line, column: self.end_column.max(self.column) }
    }
}

impl fmt::Display for Origin {
    /// As `charts/web by helm for HelmRelease apps/web`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.from, self.by)?;
        match &self.asked_by {
            Some(object) => write!(f, " for {object}"),
            None => Ok(()),
        }
    }
}
