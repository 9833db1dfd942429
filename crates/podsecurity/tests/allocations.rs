//! A pod that passes costs no memory.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

use seaworthy_document::Stream;
use seaworthy_podsecurity::{Failed, Level, Pod, Version, evaluate, failing_checks, highest_level};

const PASSING: &str = "
metadata:
  annotations:
    container.apparmor.security.beta.kubernetes.io/a: runtime/default
    seccomp.security.alpha.kubernetes.io/pod: localhost/audit
spec:
  securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
  - {name: a, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
  - {name: b, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
  volumes: [{name: v}, {name: w, configMap: {name: w}}]";

const FAILING: &str =
    "spec: {hostPID: true, containers: [{name: a, securityContext: {privileged: true}}, {}]}";

#[test]
fn judging_allocates_nothing() {
    for (text, level) in [(PASSING, Level::Restricted), (FAILING, Level::Privileged)] {
        let stream = Stream::read(text);
        let pod = Pod::from_pod(stream.documents().next().expect("a document").root()).expect("a pod");
        for version in Version::all() {
            let mut verdict = (Failed::NONE, Failed::NONE, Level::Baseline);
            let info = allocation_counter::measure(|| {
                verdict = (
                    evaluate(&pod, Level::Restricted, version),
                    failing_checks(&pod, version),
                    highest_level(&pod, version),
                );
            });
            assert_eq!(info.count_total, 0, "{version}");
            assert_eq!(verdict.2, level);
            assert_eq!(verdict.0.is_empty(), level == Level::Restricted);
        }
    }
}
