//! Fingerprints name findings for years: in baselines, exceptions, code scanning.

use seaworthy_controls::{Settings, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};

fn fingerprints(text: &str) -> Vec<String> {
    let files = [SourceFile::new("any.yaml", Stream::read(text))];
    let evidence = Evidence::new(&files);
    let settings = Settings::default();
    let controls: Vec<_> = catalogue::find("pods/privileged").into_iter().collect();
    evaluate(&controls, &evidence, &settings).findings.iter().map(|finding| finding.fingerprint()).collect()
}

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
    - {name: app, image: i, securityContext: {privileged: true}}
";

/// Computed apart, with Python: SHA-256 over each part behind its length in eight bytes, little end first.
#[test]
fn a_fingerprint_is_what_it_was() {
    assert_eq!(fingerprints(POD), ["d4e59a85997941dc579bfad17d068bf2"]);
}

#[test]
fn edits_elsewhere_do_not_change_it() {
    let edited = POD.replace(
        "  containers:\n",
        "  hostIPC: false\n  # more\n  containers:\n    - {name: first, image: j}\n",
    );
    assert_eq!(fingerprints(&edited), fingerprints(POD));
}

#[test]
fn other_subjects_have_others() {
    for (old, new) in
        [("name: web", "name: web2"), ("namespace: shop", "namespace: shop2"), ("name: app", "name: app2")]
    {
        assert_ne!(fingerprints(&POD.replace(old, new)), fingerprints(POD), "{new}");
    }
}
