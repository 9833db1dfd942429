//! Pods in any text: judging them never fails, and its answers agree with each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seaworthy_document::{Limits, Stream};
use seaworthy_podsecurity::{Level, Pod, Version, evaluate, explain, failing_checks, highest_level};

fuzz_target!(|bytes: &[u8]| {
    let stream = Stream::read_bytes_with(bytes, &Limits { depth: 200, nodes: 100_000, ..Limits::default() });
    for document in stream.documents() {
        let root = document.root();
        for pod in [Pod::from_pod(root), Pod::from_template(root), Pod::from_object(root)].into_iter().flatten() {
            for version in [Version::new(0), Version::new(24), Version::LATEST] {
                let restricted = evaluate(&pod, Level::Restricted, version);
                for check in failing_checks(&pod, version) {
                    let failure = explain(&pod, check, version);
                    assert!(!failure.faults.is_empty(), "{check:?} fails nowhere");
                }
                let highest = highest_level(&pod, version);
                assert_eq!(highest == Level::Restricted, restricted.is_empty() && evaluate(&pod, Level::Baseline, version).is_empty());
            }
        }
    }
});
