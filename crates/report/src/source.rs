//! Where findings stand in their texts, and the lines around them.

use seaworthy_controls::{Assessment, Finding};
use seaworthy_document::{Position, Span, Stream};
use seaworthy_evidence::{Origin, Place, SourceFile, Written};

use crate::clean;

/// Most characters of a line that are shown; of longer ones (minified JSON) the part around the finding.
const LINE: usize = 240;
/// Characters kept before a finding when its line is cut.
const LEAD: usize = 60;
/// What is shown in place of a secret.
pub(crate) const REDACTED: &str = "<redacted>";

/// First and last position of a span; the second is the one behind the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: Position,
    pub(crate) end: Position,
}

impl Range {
    /// Where a span of a stream stands.
    pub(crate) fn within(stream: &Stream, span: Span) -> Range {
        let position = |offset: u32| stream.position(boundary(stream.text(), offset as usize) as u32);
        Range { start: position(span.start), end: position(span.end.max(span.start)) }
    }
}

/// Where a person finds what is meant: in the file itself, or in the one that it was rendered from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<'e> {
    /// The file.
    pub(crate) file: &'e str,
    /// The place in it.
    pub(crate) range: Range,
    /// Where the text was rendered from, when it was.
    pub(crate) origin: Option<&'e Origin>,
    /// The place says what the text says. Otherwise it is the nearest one around it.
    pub(crate) exact: bool,
}

impl<'e> Located<'e> {
    /// Where a finding stands.
    pub(crate) fn of(assessment: &Assessment<'_, 'e>, finding: &Finding<'_>) -> Located<'e> {
        let file = assessment.evidence.files()[finding.subject.object.file as usize];
        Located::at(file, &finding.place)
    }

    /// Where the file stands that declares what a finding is about, and whether it has drifted from that.
    pub(crate) fn declared(
        assessment: &Assessment<'e, '_>,
        finding: &Finding<'_>,
    ) -> Option<(Located<'e>, bool)> {
        let declared = assessment.declarations?.at(finding.subject.object, &finding.place)?;
        Some((Located::at(declared.file, &declared.place), declared.drifted))
    }

    /// Where a place in a file stands.
    pub(crate) fn at(file: &'e SourceFile, place: &Place<'_>) -> Located<'e> {
        let item = place.value.is_mapping() && place.value.key().is_none();
        let range = Range::within(&file.stream, place.span());
        match file.origin.as_deref() {
            Some(origin) if item => {
                Located::rendered(&file.name, range, origin, origin.item(range.start.line))
            }
            _ => Located::within(file, place.span()),
        }
    }

    /// Where a span of a file's text stands.
    pub(crate) fn within(file: &'e SourceFile, span: Span) -> Located<'e> {
        let range = Range::within(&file.stream, span);
        match file.origin.as_deref() {
            None => Located { file: &file.name, range, origin: None, exact: true },
            Some(origin) => Located::rendered(&file.name, range, origin, origin.written(range.start.line)),
        }
    }

    fn rendered(name: &'e str, range: Range, origin: &'e Origin, first: Option<&'e Written>) -> Located<'e> {
        let Some((written, file)) = first.and_then(|written| Some((written, origin.file(written)?))) else {
            let start = Position { line: 1, column: 1 };
            return Located {
                file: name,
                range: Range { start, end: start },
                origin: Some(origin),
                exact: false,
            };
        };
        let start = match written.exact {
            true => written.position(range.start.column),
            false => written.position(0),
        };
        let last = origin.written(range.end.line).filter(|last| {
            written.exact && last.exact && last.file == written.file && last.line >= written.line
        });
        let end = match last {
            Some(last) => last.position(range.end.column),
            None => written.end(),
        };
        Located {
            file,
            range: Range { start, end: end.max(start) },
            origin: Some(origin),
            exact: written.exact,
        }
    }

    /// What to say behind the place: nothing, or that it was rendered.
    pub(crate) fn remark(&self) -> &'static str {
        match (self.origin, self.exact) {
            (None, _) => "",
            (Some(_), true) => " (rendered)",
            (Some(_), false) => " (rendered, nearest line)",
        }
    }
}

/// What was read of a live cluster or node for a finding, and when; `None` for files that somebody wrote.
pub(crate) fn read_from(assessment: &Assessment<'_, '_>, finding: &Finding<'_>) -> Option<String> {
    let read = assessment.evidence.provenance(finding.subject.object, &finding.place.value)?;
    let mut text = read.source;
    if finding.place.missing.is_some() {
        text.push_str(", where it is not set, so that the default holds");
    }
    if let Some(at) = read.at {
        text.push_str(&format!(", at {at}"));
    }
    Some(clean::clean(&text, clean::MESSAGE).into_owned())
}

/// The number of the line that a line of a text was made of.
pub(crate) fn line_number(origin: Option<&Origin>, line: u32) -> Option<u32> {
    match origin {
        None => Some(line),
        Some(origin) => origin.written(line).filter(|written| written.exact).map(|written| written.line),
    }
}

/// The start of the character that an offset lies in.
fn boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// One line of a text, safe to show, and the part of it that is meant.
#[derive(Debug)]
pub(crate) struct Excerpt {
    /// The line, or what is around the span when the line is very long.
    pub(crate) text: String,
    /// The bytes of `text` that are meant: from here,
    pub(crate) start: usize,
    /// to here, also when the span goes on in the lines below.
    pub(crate) end: usize,
}

impl Excerpt {
    /// The line in which a span starts. What lies in `secret` (sorted by start) is not shown.
    pub(crate) fn new(stream: &Stream, span: Span, secret: &[Span]) -> Excerpt {
        let offset = boundary(stream.text(), span.start as usize);
        Excerpt::of_line(stream, stream.position(offset as u32).line, span, secret)
    }

    /// A line by its number, and the part of a span that lies in it.
    pub(crate) fn of_line(stream: &Stream, number: u32, span: Span, secret: &[Span]) -> Excerpt {
        let text = stream.text();
        let line = stream.line(number).unwrap_or(&text[text.len()..]);
        // The line is a part of the text, so this is its offset; searching for it would walk through a line
        // of many megabytes again for every finding in it.
        let line_start = line.as_ptr().addr().saturating_sub(text.as_ptr().addr()).min(text.len());
        let line_end = line_start + line.len();
        let start = boundary(text, span.start as usize).clamp(line_start, line_end);
        let end = boundary(text, span.end as usize).clamp(start, line_end);
        let whole = line.len() <= LINE;
        let from =
            if whole { line_start } else { boundary(text, start.saturating_sub(LEAD)).max(line_start) };
        let to = if whole { line_end } else { boundary(text, from + LINE).clamp(from, line_end) };

        let mut excerpt = Excerpt { text: String::new(), start: 0, end: 0 };
        if from > line_start {
            excerpt.text.push('…');
        }
        let mut veil = Veil { text, secret, shown: None };
        veil.show(from..start, &mut excerpt.text);
        excerpt.start = excerpt.text.len();
        veil.show(start..end.min(to), &mut excerpt.text);
        excerpt.end = excerpt.text.len();
        veil.show(end.min(to)..to, &mut excerpt.text);
        if to < line_end {
            excerpt.text.push('…');
        }
        excerpt
    }
}

/// Copies a text from left to right, and a mark in place of each secret in it.
struct Veil<'t> {
    text: &'t str,
    secret: &'t [Span],
    /// The secret whose mark was written last.
    shown: Option<Span>,
}

impl Veil<'_> {
    fn show(&mut self, range: std::ops::Range<usize>, into: &mut String) {
        let mut at = range.start;
        let first = self.secret.partition_point(|secret| (secret.end as usize) <= range.start);
        for secret in &self.secret[first..] {
            let (start, end) = (secret.start as usize, secret.end as usize);
            if start >= range.end {
                break;
            }
            let before = boundary(self.text, start).max(at);
            into.push_str(&clean::mask(&self.text[at..before]));
            if self.shown != Some(*secret) {
                into.push_str(REDACTED);
                self.shown = Some(*secret);
            }
            at = boundary(self.text, end).clamp(before, range.end);
        }
        into.push_str(&clean::mask(&self.text[at..range.end]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_marks_the_span_on_its_first_line() {
        let text = "spec:\n  run: |\n    one\n    two\nend: 1\n";
        let stream = Stream::read(text);
        let start = text.find("run").unwrap() as u32;
        let end = text.find("end").unwrap() as u32;
        let excerpt = Excerpt::new(&stream, Span { start, end }, &[]);
        assert_eq!(excerpt.text, "  run: |");
        assert_eq!(&excerpt.text[excerpt.start..excerpt.end], "run: |");
    }

    #[test]
    fn a_line_without_end_is_cut_around_the_span() {
        let long = |letter: &str| letter.repeat(600_000);
        let text = format!("{{\"a\": \"{}\", \"privileged\": true, \"b\": \"{}\"}}", long("é"), long("y"));
        let stream = Stream::read(text.as_str());
        let start = text.find("\"privileged").unwrap() as u32;
        let excerpt = Excerpt::new(&stream, Span { start, end: start + 18 }, &[]);
        assert!(excerpt.text.chars().count() < 300);
        assert_eq!(&excerpt.text[excerpt.start..excerpt.end], "\"privileged\": true");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
    }

    #[test]
    fn hostile_characters_do_not_move_the_mark() {
        let text = "x: \"\u{202e}\u{1b}[2J\"\t# \u{1b}\n";
        let stream = Stream::read(text);
        let excerpt = Excerpt::new(&stream, Span { start: 3, end: text.find('\t').unwrap() as u32 }, &[]);
        assert_eq!(&excerpt.text[excerpt.start..excerpt.end], "\"\u{fffd}\u{fffd}[2J\"");
        assert!(!excerpt.text.contains(['\u{1b}', '\u{202e}', '\t']));
    }

    #[test]
    fn secrets_are_not_shown_wherever_they_begin() {
        let text = "a: {key: hunter2, b: geheim, c: visible}\n";
        let stream = Stream::read(text);
        let span = |part: &str| {
            let start = text.find(part).unwrap() as u32;
            Span { start, end: start + part.len() as u32 }
        };
        let secret = [span("hunter2"), span("geheim")];
        let shown = |part| {
            let excerpt = Excerpt::new(&stream, span(part), &secret);
            assert_eq!(excerpt.text, "a: {key: <redacted>, b: <redacted>, c: visible}");
            excerpt.text[excerpt.start..excerpt.end].to_owned()
        };
        assert_eq!(shown("key: hunter2"), "key: <redacted>");
        assert_eq!(shown("c: visible"), "c: visible");
        let inside = Excerpt::new(&stream, span("ter2, b"), &secret);
        assert!(!inside.text.contains("hun") && !inside.text.contains("ter2"), "{}", inside.text);
    }
}
