//! Any bytes as TOML: reading does not panic, and every value stands within the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_document::Stream;

fuzz_target!(|bytes: &[u8]| {
    let stream = Stream::read_toml_bytes(bytes);
    for diagnostic in stream.diagnostics() {
        stream.position(diagnostic.span.start);
    }
    for document in stream.documents() {
        for value in document.root().descendants() {
            let span = value.entry_span();
            assert!(stream.text().get(span.start as usize..span.end as usize).is_some());
            value.path();
            value.text();
        }
        document.root().write_json(&mut String::new()).expect("a string takes all");
    }
});
