//! One finding: what, about which subject, and the lines in question.

use std::borrow::Cow;

use askama::Template;
use seaworthy_controls::{Assessment, Control, Finding, Severity, Subject};
use seaworthy_document::Span;
use seaworthy_evidence::SourceFile;

use super::text::{Markup, Ticked};
use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::numbers::subject_name;
use crate::redact::Secrets;
use crate::source::{Excerpt, Located, Range, line_number};

/// Lines shown around those in question.
const AROUND: u32 = 2;
/// Lines shown of a long range.
const LINES: u32 = 6;

/// A line of a file in three parts, of which the second is in question.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file; `None` for one that stands in no file, because it was rendered.
    pub(super) number: Option<u32>,
    pub(super) before: String,
    pub(super) marked: String,
    pub(super) after: String,
}

/// Where texts are quoted from.
pub(super) struct Quotes<'q, 'a> {
    assessment: &'q Assessment<'q, 'a>,
    secrets: &'q Secrets,
}

#[derive(Template)]
#[template(path = "finding.html")]
struct View<'v> {
    /// Where the finding stands by itself and not under its control.
    control: Option<&'static Control>,
    severity: Severity,
    namespace: Cow<'v, str>,
    message: Ticked<'v>,
    subject: Ticked<'v>,
    file: Cow<'v, str>,
    range: Range,
    remark: &'static str,
    path: Cow<'v, str>,
    lines: Vec<Line>,
}

impl<'q, 'a> Quotes<'q, 'a> {
    pub(super) fn new(assessment: &'q Assessment<'q, 'a>, secrets: &'q Secrets) -> Quotes<'q, 'a> {
        Quotes { assessment, secrets }
    }

    /// The finding with its lines.
    pub(super) fn finding(&mut self, finding: &'q Finding<'q>) -> Markup {
        let index = finding.subject.object.file;
        let file = &self.assessment.evidence.files()[index as usize];
        let located = Located::at(file, &finding.place);
        let path = finding.place.path();
        Markup::rendered(&View {
            control: finding.exception.is_some().then_some(finding.control),
            severity: finding.severity,
            namespace: namespace(&finding.subject),
            message: Ticked(clean(&finding.message, MESSAGE)),
            subject: Ticked(subject_name(&finding.subject).into()),
            file: clean(located.file, PATH),
            range: located.range,
            remark: located.remark(),
            path: clean(&path, PATH),
            lines: lines(file, finding.place.span(), self.secrets.of(index)),
        })
    }

    /// A place in a file: its lines, and the first and last position.
    pub(super) fn place(&mut self, index: u32, span: Span) -> (Located<'a>, Vec<Line>) {
        let file = &self.assessment.evidence.files()[index as usize];
        (Located::within(file, span), lines(file, span, self.secrets.of(index)))
    }
}

/// The namespace by which a subject is filtered.
pub(super) fn namespace<'s>(subject: &Subject<'s>) -> Cow<'s, str> {
    let object = &subject.object;
    let namespace = if object.kind == "Namespace" { Some(object.name) } else { object.namespace };
    // No namespace can bear this name.
    namespace.map_or(Cow::Borrowed("(none)"), |name| clean(name, NAME))
}

fn lines(file: &SourceFile, span: Span, secret: &[Span]) -> Vec<Line> {
    let stream = &file.stream;
    let range = Range::within(stream, span);
    let (first, last) = (range.start.line, range.end.line.min(range.start.line.saturating_add(LINES - 1)));
    let shown = first.saturating_sub(AROUND).max(1)..=last.saturating_add(AROUND);
    // What stands behind the last line break is no line to people.
    let exists = |number: u32| match stream.line(number) {
        Some("") => number <= last || stream.line(number.saturating_add(1)).is_some(),
        Some(_) => true,
        None => false,
    };
    shown
        .take_while(|number| exists(*number))
        .map(|number| {
            let meant = if (first..=last).contains(&number) { span } else { Span::default() };
            let excerpt = Excerpt::of_line(stream, number, meant, secret);
            let (before, rest) = excerpt.text.split_at(excerpt.start);
            let (marked, after) = rest.split_at(excerpt.end - excerpt.start);
            // A range of lines is marked by its text, not by the empty space at its left.
            let indent = marked.len() - marked.trim_start().len();
            let (indent, marked) = marked.split_at(indent);
            Line {
                number: line_number(file.origin.as_deref(), number),
                before: format!("{before}{indent}"),
                marked: marked.trim_end().to_owned(),
                after: after.trim_end().to_owned(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, part: &str, secret: &[Span]) -> Vec<String> {
        let file = SourceFile::new("a.yaml", seaworthy_document::Stream::read(text));
        let start = text.find(part).unwrap() as u32;
        let span = Span { start, end: start + part.len() as u32 };
        lines(&file, span, secret)
            .into_iter()
            .map(|Line { number, before, marked, after }| (number.unwrap_or_default(), before, marked, after))
            .map(|(number, before, marked, after)| match marked.as_str() {
                "" => format!("{number}|{before}{after}"),
                _ => format!("{number}|{before}[{marked}]{after}"),
            })
            .collect()
    }

    #[test]
    fn lines_around_the_range_are_shown_and_only_the_range_is_marked() {
        let text = "a: 1\nb: 2\nc:\n  d: 4\n  e: 5\nf: 6\ng: 7\nh: 8\n";
        assert_eq!(
            shown(text, "d: 4\n  e: 5", &[]),
            ["2|b: 2", "3|c:", "4|  [d: 4]", "5|  [e: 5]", "6|f: 6", "7|g: 7"]
        );
        assert_eq!(shown(text, "a: 1", &[]), ["1|[a: 1]", "2|b: 2", "3|c:"]);
        assert_eq!(shown(text, "h: 8", &[]), ["6|f: 6", "7|g: 7", "8|[h: 8]"]);
    }

    #[test]
    fn a_long_range_is_cut() {
        let text = "a:\n".to_owned() + &"  - x\n".repeat(100);
        let lines = shown(&text, text.trim_end(), &[]);
        assert_eq!(lines.len(), (LINES + AROUND) as usize);
        assert_eq!(lines[5..], ["6|  [- x]", "7|  - x", "8|  - x"]);
    }

    #[test]
    fn a_secret_is_hidden_in_the_lines_around_as_well() {
        let text = "data:\n  password: hunter2\n  user: root\n";
        let start = text.find("hunter2").unwrap() as u32;
        let secret = [Span { start, end: start + 7 }];
        assert_eq!(
            shown(text, "user: root", &secret),
            ["1|data:", "2|  password: <redacted>", "3|  [user: root]"]
        );
    }
}
