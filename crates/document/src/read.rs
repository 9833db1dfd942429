//! Reading: a text is split into documents as kubectl splits it, and each goes to the reader that fits.

use libyaml_safer::{EventData, MappingStyle, Parser, ScalarStyle, SequenceStyle};

use crate::tree::{Diagnostic, DocumentEntry, Format, Kind, Node, Reader, Span, Stream, Style};

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

pub(crate) fn read(stream: &mut Stream, _limits: &Limits) {
    let text = std::mem::take(&mut stream.text);
    let mut start = 0;
    let mut at = 0;
    let mut ordinal = 0;
    let mut chunks = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix("---")
            && (rest.trim().is_empty() || rest.trim().starts_with('#'))
        {
            chunks.push((start, at));
            start = at + line.len();
        }
        at += line.len();
    }
    chunks.push((start, at));
    for (start, end) in chunks {
        complete(stream, &text, start, end, &mut ordinal);
    }
    stream.text = text;
}

fn complete(stream: &mut Stream, text: &str, start: usize, end: usize, ordinal: &mut u32) {
    let mut bytes = text[start..end].as_bytes();
    // Marks count characters; map them to bytes when the chunk is not ASCII.
    let map: Option<Vec<u32>> =
        (!text[start..end].is_ascii()).then(|| text[start..end].char_indices().map(|(i, _)| i as u32).collect());
    let offset = |index: u64| -> u32 {
        let index = index as usize;
        let byte = match &map {
            Some(map) => map.get(index).map_or(end - start, |&b| b as usize),
            None => index,
        };
        (start + byte.min(end - start)) as u32
    };
    let mut parser = Parser::new();
    parser.set_input_string(&mut bytes);
    let first = stream.nodes.len();
    let mut stack: Vec<(usize, bool)> = Vec::new();
    loop {
        let event = match parser.parse() {
            Ok(event) => event,
            Err(error) => {
                stream.nodes.truncate(first);
                let at = offset(error.problem_mark().map_or(0, |m| m.index));
                stream.diagnostics.push(Diagnostic {
                    span: Span { start: at, end: at },
                    message: error.to_string(),
                    document: *ordinal,
                });
                *ordinal += 1;
                return;
            }
        };
        let (s, e) = (offset(event.start_mark.index), offset(event.end_mark.index));
        let is_key = |stack: &mut Vec<(usize, bool)>, nodes: &[Node]| -> u8 {
            match stack.last_mut() {
                Some((index, expects_key)) if nodes[*index].kind == Kind::Mapping => {
                    let key = *expects_key;
                    *expects_key = !key;
                    if key { Node::KEY } else { 0 }
                }
                _ => 0,
            }
        };
        match event.data {
            EventData::StreamEnd => break,
            EventData::Scalar { value, style, plain_implicit, .. } => {
                let flags = is_key(&mut stack, &stream.nodes);
                let kind =
                    if plain_implicit && flags == 0 && style == ScalarStyle::Plain { resolve(&value) } else { Kind::String };
                let style = match style {
                    ScalarStyle::SingleQuoted => Style::SingleQuoted,
                    ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                    _ => Style::Plain,
                };
                let from = stream.scratch.len() as u32;
                stream.scratch.push_str(&value);
                stream.decoded.push(Span { start: from, end: stream.scratch.len() as u32 });
                let link = stream.decoded.len() as u32;
                stream.nodes.push(Node { start: s, end: e, link, kind, style, flags });
            }
            EventData::SequenceStart { style, .. } => {
                let flags = is_key(&mut stack, &stream.nodes);
                let style = if style == SequenceStyle::Flow { Style::Flow } else { Style::Block };
                stack.push((stream.nodes.len(), false));
                stream.nodes.push(Node { start: s, end: e, link: 0, kind: Kind::Sequence, style, flags });
            }
            EventData::MappingStart { style, .. } => {
                let flags = is_key(&mut stack, &stream.nodes);
                let style = if style == MappingStyle::Flow { Style::Flow } else { Style::Block };
                stack.push((stream.nodes.len(), true));
                stream.nodes.push(Node { start: s, end: e, link: 0, kind: Kind::Mapping, style, flags });
            }
            EventData::SequenceEnd | EventData::MappingEnd => {
                if let Some((index, _)) = stack.pop() {
                    let after = stream.nodes.len() as u32;
                    stream.nodes[index].link = after;
                    stream.nodes[index].end = e;
                }
            }
            _ => {}
        }
    }
    if stream.nodes.len() > first {
        stream.documents.push(DocumentEntry {
            root: first as u32,
            span: Span { start: start as u32, end: end as u32 },
            format: Format::Yaml,
            reader: Reader::Complete,
            ordinal: *ordinal,
        });
        *ordinal += 1;
    }
}

fn resolve(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" | "n" | "N" | "no" | "No"
        | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Kind::Bool,
        _ if parse_int(text).is_some() => Kind::Int,
        _ if text.parse::<f64>().is_ok() => Kind::Float,
        _ => Kind::String,
    }
}

pub(crate) fn parse_int(text: &str) -> Option<i64> {
    text.parse().ok()
}
