//! One finding, written by hand: there can be hundreds of thousands, and neighbours share most of their bytes.

use seaworthy_controls::{Acceptance, Assessment, Finding, Holder, Subject};

use crate::clean::{MESSAGE, NAME, PATH, clean};
use crate::source::{Located, Range};

/// Writes findings, and remembers what the next one is likely to repeat.
#[derive(Default)]
pub(super) struct Pen<'f> {
    subject: Subjected<'f>,
    file: Filed,
}

/// A subject that was written, and its bytes.
#[derive(Default)]
struct Subjected<'f> {
    of: Option<(u32, u32, usize, Option<Holder<'f>>)>,
    bytes: Vec<u8>,
}

/// A file name that was written, and its bytes.
#[derive(Default)]
struct Filed {
    /// Where the name lies in memory: rendered texts come from several files.
    of: Option<(usize, usize)>,
    bytes: Vec<u8>,
}

impl<'f> Pen<'f> {
    pub(super) fn write(
        &mut self,
        assessment: &Assessment<'_, '_>,
        finding: &Finding<'f>,
        out: &mut Vec<u8>,
    ) {
        let object = &finding.subject.object;
        let path = finding.place.path();
        let located = Located::of(assessment, finding);
        let Range { start, end } = located.range;
        member(out, "{\"control\":", finding.control.id);
        member(out, ",\"phase\":", finding.control.phase.name());
        member(out, ",\"severity\":", finding.severity.name());
        member(out, ",\"message\":", &clean(&finding.message, MESSAGE));
        member(out, ",\"fingerprint\":", &finding.fingerprint_at(&path));
        out.extend_from_slice(b",\"subject\":");
        self.subject.write(&finding.subject, out);
        out.extend_from_slice(b",\"location\":{\"file\":");
        self.file.write(located.file, out);
        number(out, ",\"document\":", object.document);
        number(out, ",\"line\":", start.line);
        number(out, ",\"column\":", start.column);
        number(out, ",\"endLine\":", end.line);
        number(out, ",\"endColumn\":", end.column);
        if let Some(origin) = located.origin {
            member(out, ",\"rendered\":{\"by\":", origin.by.name());
            member(out, ",\"from\":", &clean(&origin.from, PATH));
            if let Some(object) = &origin.asked_by {
                member(out, ",\"for\":", &clean(object, NAME));
            }
            out.extend_from_slice(if located.exact { b",\"exact\":true}" } else { b",\"exact\":false}" });
        }
        member(out, "},\"path\":", &clean(&path, PATH));
        write_provenance(assessment, finding, out);
        if let Some((declared, drifted)) = Located::declared(assessment, finding) {
            member(out, ",\"declared\":{\"file\":", &clean(declared.file, PATH));
            number(out, ",\"line\":", declared.range.start.line);
            number(out, ",\"column\":", declared.range.start.column);
            out.extend_from_slice(if drifted { b",\"drifted\":true}" } else { b",\"drifted\":false}" });
        }
        if let Some(acceptance) = &finding.exception {
            member(out, ",\"exception\":", &clean(acceptance.reason(), MESSAGE));
            member(out, ",\"acceptance\":{\"by\":", acceptance.by());
            if let Acceptance::Declared(exception) = acceptance {
                if let Some(name) = &exception.name {
                    member(out, ",\"name\":", &clean(name, NAME));
                }
                member(out, ",\"owner\":", &clean(&exception.owner, NAME));
                member(out, ",\"expires\":", &exception.expires.to_string());
            }
            out.push(b'}');
        }
        out.push(b'}');
    }
}

/// What was read, from where and when; nothing of files that somebody wrote.
fn write_provenance(assessment: &Assessment<'_, '_>, finding: &Finding<'_>, out: &mut Vec<u8>) {
    let Some(read) = assessment.evidence.provenance(finding.subject.object, &finding.place.value) else {
        return;
    };
    member(out, ",\"provenance\":{\"source\":", &clean(&read.source, MESSAGE));
    if let Some(at) = read.at {
        member(out, ",\"at\":", &clean(at, NAME));
    }
    if let Some(version) = read.resource_version {
        member(out, ",\"resourceVersion\":", &clean(version, NAME));
    }
    if finding.place.missing.is_some() {
        out.extend_from_slice(b",\"default\":true");
    }
    out.push(b'}');
}

impl<'f> Subjected<'f> {
    fn write(&mut self, subject: &Subject<'f>, out: &mut Vec<u8>) {
        // A container's name is the same text at the same place for all findings about it.
        let container = subject.container.map_or(0, |name| name.as_ptr().addr());
        let key = Some((subject.object.file, subject.object.value.id(), container, subject.holder));
        if self.of != key {
            self.of = key;
            self.bytes.clear();
            let bytes = &mut self.bytes;
            member(bytes, "{\"apiVersion\":", &clean(subject.object.api_version, NAME));
            member(bytes, ",\"kind\":", &clean(subject.object.kind, NAME));
            if let Some(namespace) = subject.object.namespace {
                member(bytes, ",\"namespace\":", &clean(namespace, NAME));
            }
            member(bytes, ",\"name\":", &clean(subject.object.name, NAME));
            if let Some(container) = subject.container {
                member(bytes, ",\"container\":", &clean(container, NAME));
            }
            if let Some(Holder { kind, namespace, name }) = subject.holder {
                member(bytes, ",\"rbacSubject\":{\"kind\":", &clean(kind, NAME));
                if let Some(namespace) = namespace {
                    member(bytes, ",\"namespace\":", &clean(namespace, NAME));
                }
                member(bytes, ",\"name\":", &clean(name, NAME));
                bytes.push(b'}');
            }
            if let Some(kinship) = subject.kinship {
                let owner = &kinship.owner;
                member(bytes, ",\"owner\":{\"apiVersion\":", &clean(owner.api_version, NAME));
                member(bytes, ",\"kind\":", &clean(owner.kind, NAME));
                member(bytes, ",\"name\":", &clean(owner.name, NAME));
                number(bytes, "},\"count\":", kinship.count);
                if let Some(difference) = &kinship.difference {
                    member(bytes, ",\"difference\":", &clean(difference, PATH));
                }
            }
            bytes.push(b'}');
        }
        out.extend_from_slice(&self.bytes);
    }
}

impl Filed {
    fn write(&mut self, name: &str, out: &mut Vec<u8>) {
        let place = Some((name.as_ptr().addr(), name.len()));
        if self.of != place {
            self.of = place;
            self.bytes.clear();
            string(&mut self.bytes, &clean(name, PATH));
        }
        out.extend_from_slice(&self.bytes);
    }
}

fn member(out: &mut Vec<u8>, key: &str, value: &str) {
    out.extend_from_slice(key.as_bytes());
    string(out, value);
}

/// A JSON string. What [`clean`] lets through holds no control characters, so two characters need an escape.
fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = memchr::memchr2(b'"', b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(&[b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn number(out: &mut Vec<u8>, key: &str, mut value: u32) {
    out.extend_from_slice(key.as_bytes());
    let mut digits = [0; 10];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_numbers_are_what_serde_writes() {
        for text in ["", "plain", "say \"hi\"", "C:\\", "\"\\\"", "ünï \u{1f600}", "\u{1b}[0m\n\t\u{7f}"] {
            let text = clean(text, NAME);
            let mut out = Vec::new();
            string(&mut out, &text);
            assert_eq!(out, serde_json::to_vec(&text).unwrap());
        }
        for value in [0, 7, 10, 4_294_967_295] {
            let mut out = Vec::new();
            number(&mut out, "", value);
            assert_eq!(out, value.to_string().as_bytes());
        }
    }
}
