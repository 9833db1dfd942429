//! A place in a file, shown as compilers show it.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstyle::Style;
use seaworthy_document::{Position, Span, Stream};

use crate::clean::{PATH, clean, mask};
use crate::source::Excerpt;

/// How excerpts are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawing {
    pub(crate) color: bool,
    /// Columns that a drawing may take.
    pub(crate) width: usize,
}

/// What is to be drawn.
pub(crate) struct Place<'p> {
    pub(crate) file: &'p str,
    pub(crate) stream: &'p Stream,
    pub(crate) span: Span,
    pub(crate) at: Position,
    /// What must not be shown.
    pub(crate) secret: &'p [Span],
    /// What stands behind the underline.
    pub(crate) label: &'p str,
    /// The colour of the underline.
    pub(crate) style: Style,
}

impl Drawing {
    /// File, line and column, the line, and an underline with its label; without a line break at the end.
    pub(crate) fn draw(self, place: &Place<'_>) -> String {
        let excerpt = Excerpt::new(place.stream, place.span, place.secret);
        let label = mask(place.label);
        let annotation = AnnotationKind::Primary.span(excerpt.start..excerpt.end).label(label.as_ref());
        let snippet = Snippet::source(excerpt.text)
            .line_start(excerpt.line as usize)
            .annotation(annotation);
        let origin = Origin::path(clean(place.file, PATH))
            .line(place.at.line as usize)
            .char_column(place.at.column as usize);
        let renderer = match self.color {
            true => Renderer::styled().error(place.style).hyperlink(false),
            false => Renderer::plain(),
        };
        let group = Group::with_level(Level::ERROR).element(origin).element(snippet);
        renderer.term_width(self.width).render(&[group])
    }
}
