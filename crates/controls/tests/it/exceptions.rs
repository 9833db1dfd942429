//! What accepts findings, and what does not.

use seaworthy_controls::{
    Assessment, Baseline, Control, ExceptionState, Exceptions, FormerFinding, Settings, Severity, Status,
    catalogue, evaluate,
};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_policy::{Source, read};

const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, labels: {app: web}}
spec:
  template:
    spec:
      containers:
        - {name: a, image: x, securityContext: {privileged: true}}
        - {name: b, image: x, securityContext: {privileged: true}}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: kube-system}
spec:
  containers: [{name: a, image: x, securityContext: {privileged: true}}]
";

fn control(id: &str) -> &'static Control {
    catalogue::find(id).expect(id)
}

/// Exceptions with this spec, as of 21 November 2026.
fn exceptions(specs: &[&str]) -> Result<Exceptions, Vec<String>> {
    let rest = "reason: r, owner: o";
    let text: String = specs
        .iter()
        .map(|spec| {
            let expires = if spec.contains("expires") { "" } else { ", expires: 2027-01-01" };
            format!("apiVersion: seaworthy.dev/v1alpha1\nkind: Exception\nspec: {{{rest}, {spec}{expires}}}\n---\n")
        })
        .collect();
    let declared = read(&Source::new("e.yaml"), &Stream::read(text));
    assert_eq!(declared.problems, []);
    Exceptions::new(declared.exceptions, "2026-11-21".parse().expect("a day"))
        .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect())
}

/// `subject container: what accepts it` of each finding.
fn judged(ids: &[&str], text: &str, settings: &Settings, then: impl Fn(&Assessment<'_, '_>)) -> Vec<String> {
    let files = [SourceFile::new("deploy/web.yaml", Stream::read(text))];
    let evidence = Evidence::new(&files);
    let controls: Vec<_> = ids.iter().map(|id| control(id)).collect();
    let assessment = evaluate(&controls, &evidence, settings);
    then(&assessment);
    let line = |finding: &seaworthy_controls::Finding<'_>| {
        let by = finding.exception.as_ref().map_or("open", |acceptance| acceptance.by());
        format!("{} {}: {by}", finding.subject.object.name, finding.subject.container.unwrap_or_default())
    };
    assessment.findings.iter().map(line).collect()
}

fn with(spec: &str) -> Vec<String> {
    let settings = Settings { exceptions: exceptions(&[spec]).expect(spec), ..Settings::default() };
    judged(&["pods/privileged"], PODS, &settings, |_| {})
}

#[test]
fn the_scope_decides_which_findings_are_accepted() {
    let [a, b, lone] = ["web a", "web b", "lone a"];
    for (scope, accepted) in [
        ("containers: [a]", &[a, lone][..]),
        ("containers: [a], kinds: [Deployment]", &[a]),
        ("kinds: [apps/Deployment]", &[a, b]),
        ("kinds: [batch/*, '*Set']", &[]),
        ("namespaces: [kube-*]", &[lone]),
        ("names: [web]", &[a, b]),
        ("names: ['w?b', lone]", &[a, b, lone]),
        ("labels: {app: w*}", &[a, b]),
        ("labels: {app: web, tier: x}", &[]),
        ("files: [deploy/*.yaml]", &[a, b, lone]),
        ("files: [deploy/api.yaml]", &[]),
        ("rbacSubjects: [{name: '*'}]", &[]),
        ("fingerprints: [a0000000000000000000000000000000]", &[]),
    ] {
        let found = with(&format!("controls: [pods/privileged], match: {{{scope}}}"));
        let expected: Vec<String> = [a, b, lone]
            .iter()
            .map(|name| format!("{name}: {}", if accepted.contains(name) { "exception" } else { "open" }))
            .collect();
        assert_eq!(found, expected, "{scope}");
    }
}

#[test]
fn controls_are_named_by_id_family_or_pattern() {
    for (word, accepted) in
        [("pods/privileged", true), ("pods", true), ("pods/priv*", true), ("'*'", true), ("images", false)]
    {
        let found = with(&format!("controls: [{word}], match: {{names: [lone]}}"));
        assert_eq!(found[2], format!("lone a: {}", if accepted { "exception" } else { "open" }), "{word}");
    }
    assert_eq!(
        exceptions(&["controls: [pods/privilged]"]).unwrap_err(),
        ["no control is called `pods/privilged`: did you mean `pods/privileged`?"]
    );
    // What a severity means changes with the catalogue.
    assert_eq!(exceptions(&["controls: [critical]"]).unwrap_err().len(), 1);
}

#[test]
fn an_exception_for_everything_is_refused() {
    for spec in ["controls: ['*']", "controls: ['*/*'], match: {namespaces: ['*'], files: ['**']}"] {
        let problems = exceptions(&[spec]).unwrap_err();
        assert!(problems[0].starts_with("the exception accepts every finding of every control"), "{spec}");
    }
    assert!(exceptions(&["controls: ['*'], match: {namespaces: [sandbox]}"]).is_ok());
}

#[test]
fn a_fingerprint_names_one_finding() {
    let files = [SourceFile::new("a.yaml", Stream::read(PODS))];
    let evidence = Evidence::new(&files);
    let settings = Settings::default();
    let assessment = evaluate(&[control("pods/privileged")], &evidence, &settings);
    let fingerprint = assessment.findings[1].fingerprint();
    let found = with(&format!("controls: [pods], match: {{fingerprints: [{fingerprint}]}}"));
    assert_eq!(found, ["web a: open", "web b: exception", "lone a: open"]);
}

#[test]
fn expired_and_unused_exceptions_are_told() {
    let specs = [
        "controls: [pods/privileged], match: {names: [web]}, expires: 2026-11-20",
        "controls: [pods/privileged], match: {names: [web]}, expires: 2026-11-21",
        "controls: [pods/privileged], match: {names: [gone]}",
        "controls: [pods], match: {names: [gone]}",
    ];
    let settings = Settings { exceptions: exceptions(&specs).unwrap(), ..Settings::default() };
    let found = judged(&["pods/privileged"], PODS, &settings, |assessment| {
        let states: Vec<_> = assessment.exceptions.iter().map(|used| (used.state, used.count)).collect();
        assert_eq!(
            states,
            [
                (ExceptionState::Expired, 2),
                (ExceptionState::Used, 2),
                (ExceptionState::Unused, 0),
                // Other controls of the family were not evaluated: nobody can tell.
                (ExceptionState::NotEvaluated, 0),
            ]
        );
    });
    assert_eq!(found, ["web a: exception", "web b: exception", "lone a: open"]);
}

#[test]
fn a_verdict_is_accepted_only_when_all_of_its_places_are() {
    let counts = |scope: &str| {
        let spec = format!("controls: [pods/privileged], match: {{{scope}}}");
        let settings = Settings { exceptions: exceptions(&[&spec]).unwrap(), ..Settings::default() };
        let mut counts = None;
        let cell = std::cell::RefCell::new(&mut counts);
        judged(&["pods/privileged"], PODS, &settings, |assessment| {
            **cell.borrow_mut() = Some(assessment.controls[0].counts);
        });
        let counts = counts.expect("evaluated");
        (counts.fail, counts.excepted, counts.status())
    };
    // The check of the Pod Security Standards is one verdict per pod.
    assert_eq!(counts("containers: [a]"), (1, 1, Status::Open));
    assert_eq!(counts("names: [web, lone]"), (0, 2, Status::Excepted));
}

#[test]
fn an_object_can_say_so_itself() {
    let pod = |annotations: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: n, annotations: {{{annotations}}}}}\nspec:\n  \
             containers:\n    - {{name: a, image: x, securityContext: {{privileged: true}}}}\n    \
             - {{name: b, image: x, securityContext: {{privileged: true}}}}\n"
        )
    };
    let reason = "seaworthy.dev/ignore-reason: because";
    let open = ["p a: open", "p b: open"];
    let both = ["p a: annotation", "p b: annotation"];
    for (annotations, expected, warning) in [
        (format!("seaworthy.dev/ignore: 'images/*, pods/privileged', {reason}"), both, None),
        (format!("seaworthy.dev/ignore: pods, {reason}"), both, None),
        (
            format!("seaworthy.dev/ignore.a: pods/privileged, {reason}"),
            ["p a: annotation", "p b: open"],
            None,
        ),
        (format!("seaworthy.dev/ignore: images, {reason}"), open, None),
        ("seaworthy.dev/ignore: pods".into(), open, Some("say why in `seaworthy.dev/ignore-reason`")),
        ("seaworthy.dev/ignore: pods, seaworthy.dev/ignore-reason: ' '".into(), open, Some("say why")),
        (format!("seaworthy.dev/ignore: '*', {reason}"), open, Some("names every control")),
        (
            format!("seaworthy.dev/ignore: pods/privilged, {reason}"),
            open,
            Some("did you mean `pods/privileged`?"),
        ),
        (format!("seaworthy.dev/ignore: 5, {reason}"), open, Some("must be a text")),
        (format!("seaworthy.dev/ignored: pods, {reason}"), open, Some("is not known")),
        (format!("seaworthy.dev/ignore: ',', {reason}"), open, Some("names no control")),
    ] {
        let text = pod(&annotations);
        let found = judged(&["pods/privileged"], &text, &Settings::default(), |assessment| {
            let told = assessment.diagnostics.iter().map(|diagnostic| diagnostic.message.as_str());
            let told: Vec<_> = told
                .filter(|message| message.contains("annotation") || message.contains("seaworthy.dev"))
                .collect();
            match warning {
                Some(warning) => {
                    assert!(told.iter().any(|message| message.contains(warning)), "{annotations}: {told:?}");
                }
                None => assert!(told.is_empty(), "{annotations}: {told:?}"),
            }
        });
        assert_eq!(found, expected, "{annotations}");
    }
}

#[test]
fn the_annotation_of_a_template_counts_for_its_pods() {
    let text = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata:
      annotations: {seaworthy.dev/ignore: pods/privileged, seaworthy.dev/ignore-reason: because}
    spec:
      containers: [{name: a, image: x, securityContext: {privileged: true}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec:
  template:
    spec:
      containers: [{name: a, image: x, securityContext: {privileged: true}}]
";
    let found = judged(&["pods/privileged"], text, &Settings::default(), |_| {});
    assert_eq!(found, ["web a: annotation", "api a: open"]);
}

#[test]
fn a_pod_does_not_speak_for_its_namespace() {
    let text = "\
apiVersion: v1
kind: Pod
metadata:
  name: p
  namespace: shop
  annotations: {seaworthy.dev/ignore: namespaces, seaworthy.dev/ignore-reason: because}
spec: {containers: [{name: a, image: x}]}
";
    let ids = ["namespaces/pod-security-enforce", "namespaces/resource-quotas"];
    let found = judged(&ids, text, &Settings::default(), |_| {});
    assert!(found.iter().all(|line| line.ends_with("open")), "{found:?}");
}

#[test]
fn a_baseline_knows_each_finding_once() {
    // Two files with the same object have findings of one fingerprint.
    let twice = format!("{PODS}---\n{PODS}");
    let mut known = Vec::new();
    let cell = std::cell::RefCell::new(&mut known);
    judged(&["pods/privileged"], PODS, &Settings::default(), |assessment| {
        cell.borrow_mut().extend(assessment.findings.iter().map(|finding| FormerFinding {
            fingerprint: finding.fingerprint(),
            control: finding.control.id.to_owned(),
            severity: finding.severity,
            message: String::new(),
            subject: String::new(),
            place: String::new(),
        }));
    });
    known.push(FormerFinding { fingerprint: "gone".into(), ..known[0].clone() });
    known.push(FormerFinding {
        fingerprint: "other".into(),
        control: "images/tag-fixed".into(),
        ..known[0].clone()
    });
    let settings = Settings { baseline: Some(Baseline { findings: known }), ..Settings::default() };
    let found = judged(&["pods/privileged"], &twice, &settings, |assessment| {
        assert_eq!(assessment.open().count(), 3);
        let counts = assessment.controls[0].counts;
        assert_eq!((counts.known, counts.fail), (2, 2));
        let vanished: Vec<_> = assessment.vanished.iter().map(|former| former.fingerprint.as_str()).collect();
        assert_eq!(vanished, ["gone"], "controls that were not evaluated are not said to have improved");
    });
    assert_eq!(found.iter().filter(|line| line.ends_with("baseline")).count(), 3);
    let only = judged(&["pods/privileged"], PODS, &settings, |assessment| {
        assert_eq!(assessment.controls[0].counts.status(), Status::Known);
    });
    assert_eq!(only.len(), 3);
}

#[test]
fn a_configured_severity_replaces_every_other() {
    let mut settings = Settings::default();
    settings.severities.insert("pods/privileged", Severity::Low);
    judged(&["pods/privileged"], PODS, &settings, |assessment| {
        assert!(assessment.findings.iter().all(|finding| finding.severity == Severity::Low));
        assert_eq!(assessment.worst(), Some(Severity::Low));
    });
}

#[test]
fn many_exceptions_and_annotations_take_no_quadratic_time() {
    let pods: String = (0..20_000)
        .map(|number| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{number}, namespace: n, annotations: {{seaworthy.dev/ignore: \
                 images, seaworthy.dev/ignore-reason: r{number}}}}}\nspec: {{containers: [{{name: a, image: x, \
                 securityContext: {{privileged: true}}}}]}}\n---\n"
            )
        })
        .collect();
    let specs: Vec<String> = (0..5_000)
        .map(|number| format!("controls: [pods/privileged], match: {{names: [p{number}]}}"))
        .collect();
    let specs: Vec<&str> = specs.iter().map(String::as_str).collect();
    let settings = Settings { exceptions: exceptions(&specs).unwrap(), ..Settings::default() };
    let found = judged(&["pods/privileged"], &pods, &settings, |_| {});
    assert_eq!(found.iter().filter(|line| line.ends_with("exception")).count(), 5_000);
}
