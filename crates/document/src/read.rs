//! Reading: a stream is taken for JSON or cut into YAML documents as kubectl does it
//! (`NewYAMLOrJSONDecoder` of `k8s.io/apimachinery/pkg/util/yaml`), and each document goes to the reader that fits.

use crate::builder::Builder;
use crate::split::{self, Chunk};
use crate::tree::{Diagnostic, DocumentEntry, Format, Reader, Span, Stream};
use crate::yaml::{self, Characters, Problem};
use crate::{json, subset, toml};

/// Bounds of what one file may demand.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Deepest nesting; goyaml and Go's JSON decoder refuse more than 10,000.
    pub depth: u32,
    /// Most nodes of one document after aliases are expanded.
    pub nodes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 10_000, nodes: 50_000_000 }
    }
}

/// How far kubectl looks for the brace that makes a stream JSON.
const GUESS: usize = 4096;

/// Reads the text of the stream. `invalid` holds the offsets of bytes that were no UTF-8, in ascending order;
/// `fast` says whether the subset reader is tried.
pub(crate) fn read(stream: &mut Stream, limits: &Limits, invalid: &[u32], fast: bool) {
    read_as(stream, limits, invalid, fast, |reading| reading.stream());
}

/// Reads the text of the stream as one TOML document; `invalid` as for [`read`].
pub(crate) fn read_toml(stream: &mut Stream, limits: &Limits, invalid: &[u32]) {
    read_as(stream, limits, invalid, false, |reading| reading.toml());
}

fn read_as(
    stream: &mut Stream,
    limits: &Limits,
    invalid: &[u32],
    fast: bool,
    how: impl Fn(&mut Reading<'_>),
) {
    let text = std::mem::take(&mut stream.text);
    if text.len() >= u32::MAX as usize {
        let message = "a file of more than 4 GiB is not read: split it".to_owned();
        stream.diagnostics.push(Diagnostic { span: Span::default(), message, document: 0, broken: true });
        return;
    }
    let mut reading = Reading {
        text: &text,
        limits,
        invalid,
        fast,
        builder: Builder::new(&text),
        documents: Vec::new(),
        json_problem: None,
    };
    how(&mut reading);
    let Reading { builder, documents, .. } = reading;
    stream.documents = documents;
    stream.nodes = builder.nodes;
    stream.scratch = builder.scratch;
    stream.decoded = builder.decoded;
    stream.diagnostics = builder.diagnostics;
    stream.text = text;
}

struct Reading<'s> {
    text: &'s str,
    limits: &'s Limits,
    invalid: &'s [u32],
    fast: bool,
    builder: Builder<'s>,
    documents: Vec<DocumentEntry>,
    /// Why the stream is not JSON although it starts like it; told when it is no YAML either.
    json_problem: Option<Problem>,
}

impl Reading<'_> {
    fn stream(&mut self) {
        let guess = &self.text[..floor(self.text, GUESS)];
        let mut from = 0;
        if guess.trim_start().starts_with('{') {
            match self.json() {
                Some(rest) => from = rest,
                None => return,
            }
        }
        for chunk in split::chunks(self.text, from) {
            self.chunk(chunk);
        }
    }

    fn toml(&mut self) {
        self.builder.begin();
        let outcome = match self.invalid_byte(0, self.text.len()) {
            Some(problem) => Err(problem),
            None => toml::read(&mut self.builder, self.limits),
        };
        let span = Span { start: 0, end: self.text.len() as u32 };
        self.finish(span, Format::Toml, Reader::Toml, outcome);
    }

    /// Reads JSON values. Returns where YAML starts when it turns out to.
    fn json(&mut self) -> Option<usize> {
        let mut at = 0;
        let mut count = 0;
        loop {
            self.builder.begin();
            match json::read(&mut self.builder, at, self.limits) {
                Ok(None) => return None,
                Ok(Some(value)) => {
                    let span = Span { start: value.start as u32, end: value.end as u32 };
                    let problem = self.invalid_byte(at, value.end).or(value.problem);
                    self.finish(
                        span,
                        Format::Json,
                        Reader::Json,
                        problem.map_or(Ok(value.is_something), Err),
                    );
                    at = value.end;
                    count += 1;
                }
                Err(problem) => {
                    self.builder.discard();
                    let rest = if count > 1 { None } else { without_whitespace(self.text, at) };
                    match rest {
                        Some(rest) => {
                            self.json_problem = Some(problem);
                            return Some(rest);
                        }
                        None => {
                            self.problem(&problem);
                            return None;
                        }
                    }
                }
            }
        }
    }

    fn chunk(&mut self, chunk: Chunk) {
        let json_problem = self.json_problem.take();
        self.builder.begin();
        if chunk.refused {
            let message = "text behind `---`: kubectl wants a separator alone on its line".to_owned();
            let rest = &self.text[chunk.end + 3..];
            let at = self.text.len() - rest.trim_start().len();
            return self.problem(&Problem { at, message });
        }
        let text = &self.text[chunk.start..chunk.end];
        let mut reader = Reader::Subset;
        let outcome = match self.characters(&chunk) {
            Err(problem) => Err(problem),
            Ok(usual) => {
                let subset = if usual && self.fast {
                    subset::read(&mut self.builder, chunk.content, chunk.end, self.limits)
                } else {
                    Err(subset::Unusual)
                };
                subset.or_else(|subset::Unusual| {
                    self.builder.discard();
                    reader = Reader::Complete;
                    yaml::compose(&mut self.builder, text, chunk.start as u32, self.limits)
                        .map_err(|problem| Problem { at: chunk.start + problem.at, ..problem })
                })
            }
        };
        let outcome = match (outcome, json_problem) {
            (Err(_), Some(problem)) if text.trim_start().starts_with('{') => Err(problem),
            (outcome, _) => outcome,
        };
        let span = Span { start: chunk.content as u32, end: chunk.end as u32 };
        self.finish(span, Format::Yaml, reader, outcome);
    }

    /// Whether all characters of a document are usual ones.
    ///
    /// # Errors
    /// When one is not allowed at all.
    fn characters(&self, chunk: &Chunk) -> Result<bool, Problem> {
        if let Some(problem) = self.invalid_byte(chunk.start, chunk.end) {
            return Err(problem);
        }
        match yaml::characters(&self.text.as_bytes()[chunk.start..chunk.end]) {
            Characters::Usual => Ok(true),
            Characters::Unusual => Ok(false),
            Characters::Forbidden(at) => {
                let message =
                    "a control character is not allowed in YAML: remove it, or escape it in double quotes";
                Err(Problem::new(chunk.start + at, message))
            }
        }
    }

    /// Ends a document, which holds something, nothing, or a problem.
    fn finish(&mut self, span: Span, format: Format, reader: Reader, outcome: Result<bool, Problem>) {
        let outcome = if self.builder.overflowed() {
            Err(Problem::new(span.start as usize, "this document is too large: split the file"))
        } else {
            outcome
        };
        match outcome {
            Ok(true) => {
                let (root, ordinal) = (self.builder.root(), self.builder.ordinal);
                self.documents.push(DocumentEntry { root, span, format, reader, ordinal });
                self.builder.ordinal += 1;
            }
            Ok(false) => self.builder.discard(),
            Err(problem) => {
                self.builder.discard();
                self.problem(&problem);
            }
        }
    }

    /// A document that cannot be read.
    fn problem(&mut self, problem: &Problem) {
        let at = floor(self.text, problem.at);
        let width =
            self.text[at..].chars().next().filter(|c| !matches!(c, '\n' | '\r')).map_or(0, char::len_utf8);
        let bytes = self.text.as_bytes();
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
        let line_end = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |length| at + length);
        let mut message = problem.message.clone();
        if self.text[line..line_end].contains("{{") {
            message.push_str("; `{{` begins a template: render it first, as with `helm template`");
        }
        let span = Span { start: at as u32, end: (at + width) as u32 };
        self.builder.diagnostics.push(Diagnostic {
            span,
            message,
            document: self.builder.ordinal,
            broken: true,
        });
        self.builder.ordinal += 1;
    }

    fn invalid_byte(&self, start: usize, end: usize) -> Option<Problem> {
        let index = self.invalid.partition_point(|&at| (at as usize) < start);
        let at = *self.invalid.get(index)? as usize;
        (at < end).then(|| Problem::new(at, "this byte is not UTF-8: save the file as UTF-8"))
    }
}

/// What kubectl skips when it turns from JSON to YAML: white space up to the end of the line. It looks four bytes
/// ahead each time and gives up where there are fewer.
fn without_whitespace(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while text.len() - at >= 4 {
        let next = text[at..].chars().next()?;
        if !next.is_whitespace() {
            return Some(at);
        }
        at += next.len_utf8();
        if next == '\n' {
            return Some(at);
        }
    }
    None
}

/// The last boundary between characters up to an offset.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}
