//! Any bytes as a file of declarations: reading them does not panic, every problem points into the text, and what was
//! read is judged or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_document::{Limits, Stream};
use seaworthy_policy::{Date, PathPattern, Pattern, Source, read};

fuzz_target!(|bytes: &[u8]| {
    let stream = Stream::read_bytes_with(bytes, &Limits { depth: 200, nodes: 100_000, ..Limits::default() });
    let declared = read(&Source::new("a.yaml"), &stream);
    for problem in &declared.problems {
        assert!(!problem.message.is_empty());
        assert!(problem.span.end as usize <= stream.text().len());
        stream.position(problem.span.start);
    }
    for exception in &declared.exceptions {
        assert!(!exception.controls.is_empty() && !exception.reason.is_empty() && !exception.owner.is_empty());
        assert!(exception.origin.line > 0);
        exception.scope.is_boundless();
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (pattern, name) = text.split_once('\n').unwrap_or((text, text));
        Pattern::new(pattern).matches(name);
        if let Some(pattern) = PathPattern::new(pattern) {
            pattern.matches(name);
        }
        if let Ok(date) = text.parse::<Date>() {
            assert_eq!(date.to_string(), text);
        }
    }
});
