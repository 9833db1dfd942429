//! The subset reader against the complete reader: where both read a text, they build the same tree.

use seaworthy_document::{Kind, Limits, Reader, Span, Stream, Style, Value};

use crate::generate::{self, Random};
use crate::inputs;

/// All that can be seen of a node.
type Seen<'a> = (Kind, Style, Span, &'a str, Option<Span>);

fn seen<'a>(value: Value<'a>) -> Seen<'a> {
    (value.kind(), value.style(), value.span(), value.text(), value.key().map(|key| key.span()))
}

#[derive(Debug, Default)]
struct Share {
    documents: usize,
    fast_documents: usize,
    bytes: usize,
    fast_bytes: usize,
}

/// Panics where the readers differ.
fn compare(text: &str, share: &mut Share) {
    let fast = Stream::read(text);
    let complete = Stream::read_completely(text, &Limits::default());
    assert_eq!(fast.diagnostics(), complete.diagnostics(), "diagnostics of {text:?}");
    assert_eq!(fast.documents().len(), complete.documents().len(), "documents of {text:?}");
    for (a, b) in fast.documents().zip(complete.documents()) {
        assert_eq!((a.span(), a.ordinal(), a.format()), (b.span(), b.ordinal(), b.format()), "{text:?}");
        assert_ne!(b.reader(), Reader::Subset);
        let size = (a.span().end - a.span().start) as usize;
        share.documents += 1;
        share.bytes += size;
        if a.reader() == Reader::Subset {
            share.fast_documents += 1;
            share.fast_bytes += size;
        }
        let (mut left, mut right) = (a.root().descendants(), b.root().descendants());
        loop {
            match (left.next(), right.next()) {
                (None, None) => break,
                (a, b) => assert_eq!(a.map(seen), b.map(seen), "in {text:?}"),
            }
        }
        for (a, b) in a.root().descendants().zip(b.root().descendants()) {
            for ((a, _), (b, _)) in a.entries().zip(b.entries()) {
                assert_eq!(seen(a), seen(b), "keys in {text:?}");
            }
        }
    }
}

fn report(what: &str, share: &Share) {
    println!(
        "{what}: documents {}, read by the subset reader {} ({:.1} %); bytes {}, of these {:.1} %",
        share.documents,
        share.fast_documents,
        100.0 * share.fast_documents as f64 / share.documents.max(1) as f64,
        share.bytes,
        100.0 * share.fast_bytes as f64 / share.bytes.max(1) as f64,
    );
}

#[test]
fn real_manifests_give_the_same_tree() {
    let mut share = Share::default();
    for folder in ["demo", "sample500", "kubeconform", "pod-security-v1.29", "policy-connections"] {
        let files = match inputs::manifests(folder) {
            Ok(files) => files,
            Err(skip) => return skip.announce(),
        };
        for file in files {
            compare(&String::from_utf8_lossy(&file.bytes), &mut share);
        }
    }
    report("real manifests", &share);
    assert!(
        share.fast_bytes * 100 > share.bytes * 90,
        "the subset reader leaves too much to the complete one"
    );
}

#[test]
fn random_texts_give_the_same_tree() {
    let mut share = Share::default();
    for seed in 0..generate::cases(30_000) {
        compare(&generate::yaml(&mut Random::new(seed)), &mut share);
    }
    report("generated", &share);
}

#[test]
fn mutated_manifests_give_the_same_tree() {
    let files = match inputs::manifests("sample500") {
        Ok(files) => files,
        Err(skip) => return skip.announce(),
    };
    let mut share = Share::default();
    for seed in 0..generate::cases(20_000) {
        let mut random = Random::new(seed);
        let mut bytes = files[random.below(files.len())].bytes.clone();
        bytes.truncate(3000);
        generate::mutate(&mut random, &mut bytes);
        compare(&String::from_utf8_lossy(&bytes), &mut share);
    }
    report("mutated manifests", &share);
}
