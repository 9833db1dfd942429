//! Where pods name images, and how controls of references judge them.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_imaging::{Reference, ReferenceError};
use seaworthy_podsecurity::Pod;

use crate::verdict::{Fault, Verdict};

/// What would decide about an image that is filled in later.
pub(super) const NEEDS: &str = "the manifests as they are applied, with the image filled in";

/// What a control says about one reference.
pub(super) enum Judged {
    Holds,
    /// With what is wrong, in the words of the file.
    Fails(String),
    /// The reference is one that no registry knows.
    Undecided(ReferenceError),
}

/// Judges every image of a pod: those of its containers and those that it mounts as volumes.
pub(super) fn judge<'a>(
    pod: &Pod<'a>,
    judge: impl Fn(Result<Reference<'a>, ReferenceError>) -> Judged,
) -> Verdict<'a> {
    let of_containers =
        pod.containers().map(|container| (container.value().get("image"), Some(container.name())));
    let of_volumes =
        pod.volumes().filter_map(|volume| volume.get("image")).map(|image| (image.get("reference"), None));
    let mut faults = Vec::new();
    let mut undecided = None;
    for (image, container) in of_containers.chain(of_volumes) {
        let Some((image, text)) = image.and_then(|image| Some((image, image.as_str()?))) else {
            undecided = undecided.or(Some("the image is not set here".to_owned()));
            continue;
        };
        if is_filled_in_later(text) {
            undecided = undecided.or(Some("the image is filled in later".to_owned()));
            continue;
        }
        match judge(Reference::parse(text)) {
            Judged::Holds => {}
            Judged::Fails(message) => faults.push(fault(image, container, message)),
            Judged::Undecided(error) => undecided = undecided.or(Some(error.to_string())),
        }
    }
    match undecided {
        Some(reason) if faults.is_empty() => Verdict::unknown(reason, NEEDS),
        _ => Verdict::of(faults),
    }
}

fn fault<'a>(image: Value<'a>, container: Option<&'a str>, message: String) -> Fault<'a> {
    Fault { container, ..Fault::new(Place::at(image), message) }
}

/// Whether a reference is a template or placeholder: marked as such (`${IMAGE}`, `{{ .Values.image }}`, `ko://…`), or
/// with a part that is upper case as a whole (`IMAGE`, `registry.example.com/web:IMAGE_TAG`).
pub(super) fn is_filled_in_later(text: &str) -> bool {
    const MARKS: &[&str] = &["$", "{", "<", "%", "@@", "://"];
    const TAGS: &[&str] = &["TAG", "VERSION", "SHA", "PLACEHOLDER", "REPLACE"];
    let name_start = text.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match text[name_start..].find([':', '@']) {
        Some(end) => text.split_at(name_start + end),
        None => (text, ""),
    };
    let word = |part: &str| {
        part.len() >= 2
            && part.bytes().any(|byte| byte.is_ascii_uppercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-'))
    };
    MARKS.iter().any(|mark| text.contains(mark))
        || name.split('/').any(word)
        || (word(tag.trim_start_matches(':')) && TAGS.iter().any(|mark| tag.contains(mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_told_from_references() {
        for text in [
            "${IMAGE}",
            "$(IMAGE)",
            "{{ .Values.image }}:{{ .Values.tag }}",
            "IMAGE_PLACEHOLDER",
            "REGISTRY/web:1",
            "registry.example.com/web:IMAGE_TAG",
            "ko://example.com/web",
            "<image>",
            "web:%VERSION%",
        ] {
            assert!(is_filled_in_later(text), "{text}");
        }
        for text in [
            "web",
            "web:1",
            "registry.example.com:5000/web:1.0-SNAPSHOT",
            "web:RELEASE",
            "LOCALHOST.example/web",
            "web:RC1",
            "web@sha256:ABC",
        ] {
            assert!(!is_filled_in_later(text), "{text}");
        }
    }
}
