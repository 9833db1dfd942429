//! Any bytes: reading does not panic, and the two readers of YAML build the same tree.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_document::{Limits, Stream};

fuzz_target!(|bytes: &[u8]| {
    let stream = Stream::read_bytes(bytes);
    let complete = Stream::read_completely(stream.text(), &Limits::default());
    if std::str::from_utf8(bytes).is_err() {
        return; // the readers see other diagnostics where bytes were replaced
    }
    assert_eq!(stream.diagnostics(), complete.diagnostics());
    assert_eq!(stream.documents().len(), complete.documents().len());
    for (fast, complete) in stream.documents().zip(complete.documents()) {
        assert_eq!(fast.span(), complete.span());
        let mut values = complete.root().descendants();
        for value in fast.root().descendants() {
            let other = values.next().expect("as many values");
            assert_eq!((value.kind(), value.style(), value.span()), (other.kind(), other.style(), other.span()));
            assert_eq!(value.text(), other.text());
            assert_eq!(value.key().map(|key| (key.span(), key.text())), other.key().map(|key| (key.span(), key.text())));
            value.entry_span();
            value.path();
        }
        assert!(values.next().is_none());
        let (mut a, mut b) = (String::new(), String::new());
        fast.root().write_json(&mut a).expect("a string takes all");
        complete.root().write_json(&mut b).expect("a string takes all");
        assert_eq!(a, b);
    }
});
