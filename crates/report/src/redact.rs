//! Which parts of the texts hold credentials. A report quotes lines, and must never quote these.

use rustc_hash::FxHashMap;
use seaworthy_controls::{Assessment, Control, catalogue, change, evaluate};
use seaworthy_document::{Span, Value};
use seaworthy_evidence::configuration;

/// The spans of credentials by file.
pub(crate) struct Secrets {
    by_file: FxHashMap<u32, Vec<Span>>,
}

impl Secrets {
    /// Finds the values of Secret objects, what the controls took for credentials, and everything in the
    /// unreadable documents of files that seem to hold Secrets or are kubeconfigs and the like.
    pub(crate) fn new(assessment: &Assessment<'_, '_>) -> Secrets {
        let mut by_file: FxHashMap<u32, Vec<Span>> = FxHashMap::default();
        let evidence = assessment.evidence;
        for object in evidence.of_kind("Secret") {
            let spans = by_file.entry(object.file).or_default();
            // An annotation may hold a copy of the whole object (`kubectl apply` writes one).
            for path in [&["data"][..], &["stringData"], &["metadata", "annotations"]] {
                spans.extend(object.value.at(path).into_iter().flat_map(scalars));
            }
        }
        for object in evidence.objects() {
            let found = configuration::credentials_of(object);
            if !found.is_empty() {
                by_file.entry(object.file).or_default().extend(found.iter().map(Value::span));
            }
        }
        // Credentials are not quoted, even when nobody asked for the controls that find them.
        let is_credential = |control: &Control| control.change.id == change::CREDENTIALS.id;
        let evaluated =
            |control: &Control| assessment.controls.iter().any(|result| result.control.id == control.id);
        let others: Vec<_> =
            catalogue::all().filter(|control| is_credential(control) && !evaluated(control)).collect();
        let further = evaluate(&others, evidence, assessment.settings);
        let findings = assessment.findings.iter().chain(&further.findings);
        for finding in findings.filter(|finding| is_credential(finding.control)) {
            by_file.entry(finding.subject.object.file).or_default().extend(scalars(finding.place.value));
        }
        for (index, file) in evidence.files().iter().enumerate() {
            let text = file.stream.text();
            if !file.stream.diagnostics().is_empty()
                && (memchr::memmem::find(text.as_bytes(), b"Secret").is_some()
                    || configuration::is_configuration_name(&file.name))
            {
                let spans = by_file.entry(index as u32).or_default();
                spans.extend(unread(&file.stream));
            }
        }
        for spans in by_file.values_mut() {
            *spans = merged(std::mem::take(spans));
        }
        Secrets { by_file }
    }

    /// The spans in a file, sorted, none overlapping another.
    pub(crate) fn of(&self, file: u32) -> &[Span] {
        self.by_file.get(&file).map_or(&[], Vec::as_slice)
    }
}

/// Every scalar in a value, but for names: those tell where the credential is.
fn scalars(value: Value<'_>) -> impl Iterator<Item = Span> {
    value
        .descendants()
        .filter(|value| !value.is_mapping() && !value.is_sequence())
        .filter(|value| value.key().is_none_or(|key| key.text() != "name"))
        .map(|value| value.span())
}

/// The text between the documents that were read.
fn unread(stream: &seaworthy_document::Stream) -> Vec<Span> {
    let mut gaps = Vec::new();
    let mut at = 0;
    for document in stream.documents() {
        let span = document.span();
        gaps.push(Span { start: at, end: span.start });
        at = span.end.max(at);
    }
    gaps.push(Span { start: at, end: stream.text().len() as u32 });
    gaps.retain(|gap| gap.start < gap.end);
    gaps
}

fn merged(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans.into_iter().filter(|span| span.start < span.end) {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use seaworthy_controls::Settings;
    use seaworthy_document::Stream;
    use seaworthy_evidence::{Evidence, SourceFile};

    fn hidden(text: &str) -> Vec<String> {
        let files = [SourceFile::new("a.yaml", Stream::read(text))];
        let evidence = Evidence::new(&files);
        let settings = Settings::default();
        let secrets = Secrets::new(&evaluate(&[], &evidence, &settings));
        secrets.of(0).iter().map(|span| text[span.start as usize..span.end as usize].to_owned()).collect()
    }

    #[test]
    fn the_values_of_secrets_are_hidden_and_nothing_else() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: db, annotations: {last: x}}\nstringData:\n  \
                    password: hunter2\n  user: root\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n";
        assert_eq!(hidden(text), ["x", "hunter2", "root"]);
    }

    #[test]
    fn credentials_are_hidden_although_no_control_was_evaluated() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  DB_PASSWORD: hunter2-4711\n  DB_HOST: db\n";
        assert_eq!(hidden(text), ["hunter2-4711"]);
    }

    #[test]
    fn a_document_that_cannot_be_read_is_hidden_when_it_may_be_a_secret() {
        let text = "apiVersion: v1\nkind: Secret\nstringData:\n  password: \"hunter2\n---\nkind: [\n";
        assert!(hidden(text).concat().contains("hunter2"));
        assert!(hidden("apiVersion: v1\nkind: Pod\nspec: [\n").is_empty());
    }

    #[test]
    fn spans_are_merged_where_they_overlap() {
        let span = |start, end| Span { start, end };
        assert_eq!(merged(vec![span(5, 9), span(1, 3), span(2, 4), span(7, 7)]), [span(1, 4), span(5, 9)]);
    }
}
