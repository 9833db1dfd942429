//! A place in a file, shown as compilers show it.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use seaworthy_document::{Span, Stream};
use unicode_width::UnicodeWidthStr;

use super::text::{Paint, wrap};
use crate::clean::{PATH, clean};
use crate::source::{Excerpt, Located};

const FRAME: Style = AnsiColor::BrightBlue.on_default().bold();

/// How excerpts are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawing {
    pub(crate) paint: Paint,
    /// Columns that a drawing may take.
    pub(crate) width: usize,
}

/// What is to be drawn. Texts are clean already, but for the file and its content.
pub(crate) struct Place<'p> {
    pub(crate) located: Located<'p>,
    /// The text, and the part of it that is meant.
    pub(crate) stream: &'p Stream,
    pub(crate) span: Span,
    /// What must not be shown.
    pub(crate) secret: &'p [Span],
    /// What is wrong: stands behind the underline where there is room, else below it.
    pub(crate) message: &'p str,
    /// What else to say of the place, below the underline.
    pub(crate) note: Option<&'p str>,
    /// The colour of the underline.
    pub(crate) style: Style,
}

impl Drawing {
    /// File, line and column, the line, an underline, and what there is to say about it.
    pub(crate) fn draw(self, place: &Place<'_>) -> String {
        let excerpt = Excerpt::new(place.stream, place.span, place.secret);
        let Located { file, range, .. } = place.located;
        let line = range.start.line;
        let gutter = line.to_string().len();
        let paint = self.paint;
        let arrow = format!("{:gutter$}{} ", "", paint.with(FRAME, "-->"));
        let mut drawn =
            format!("{arrow}{}:{line}:{}{}\n", clean(file, PATH), range.start.column, place.located.remark());

        let used = gutter + 3 + excerpt.text[..excerpt.end].width() + 1;
        let beside = used + place.message.width() <= self.width;
        let mut annotation = AnnotationKind::Primary.span(excerpt.start..excerpt.end);
        if beside {
            annotation = annotation.label(place.message);
        }
        let snippet = Snippet::source(excerpt.text).line_start(line as usize).annotation(annotation);
        let renderer = match paint.color {
            true => Renderer::styled().error(place.style).line_num(FRAME).hyperlink(false),
            false => Renderer::plain(),
        };
        let group = Group::with_level(Level::ERROR).element(snippet);
        drawn.push_str(&renderer.term_width(self.width).render(&[group]));

        let below = match (beside, place.note) {
            (true, note) => note.map(str::to_owned),
            (false, Some(note)) => Some(format!("{}, in {note}", place.message)),
            (false, None) => Some(place.message.to_owned()),
        };
        for (index, line) in
            below.iter().flat_map(|text| wrap(text, self.width.saturating_sub(gutter + 3))).enumerate()
        {
            let mark = if index == 0 { "=" } else { " " };
            drawn.push_str(&format!("\n{:gutter$} {} {line}", "", paint.with(FRAME, mark)));
        }
        drawn
    }
}
