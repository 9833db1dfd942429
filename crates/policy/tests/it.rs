//! Declarations as people write them, rightly and wrongly.

use seaworthy_document::Stream;
use seaworthy_policy::{Declared, Source, read};

const COMPLETE: &str = "\
apiVersion: seaworthy.dev/v1alpha1
kind: Configuration
metadata: {name: shop}
spec:
  select: [pods, images]
  ignore: [research]
  parameters:
    images.registries: [registry.example.com, ghcr.io/acme]
    pods.minimum-id: 1000
  severities: {pods/high-ids: low}
  failOn: high
  requireComplete: true
  kubernetesVersion: v1.33
  exclude: [vendor, '**/testdata/**']
  format: terminal
  baseline: baseline.json
  exceptions:
    - name: agent
      controls: [pods/privileged, pods/host-*]
      match:
        kinds: [DaemonSet]
        namespaces: [kube-system]
        names: [node-*]
        labels: {app: agent}
        files: [deploy/**]
        containers: [agent]
        rbacSubjects: [{kind: Group, name: 'ops', namespace: x}]
        fingerprints: [0123456789abcdef0123456789ABCDEF]
      reason: loads an eBPF program
      owner: platform@example.com
      expires: 2027-03-31
---
apiVersion: seaworthy.dev/v1alpha1
kind: Exception
metadata: {name: second}
spec: {controls: [pods/high-ids], reason: a, owner: b, expires: '2027-01-01'}
";

fn declared(text: &str) -> Declared {
    read(&Source::new("a.yaml"), &Stream::read(text))
}

/// Line, column and message of each problem.
fn problems(text: &str) -> Vec<String> {
    let stream = Stream::read(text);
    let declared = read(&Source::new("a.yaml"), &stream);
    let at = |span: seaworthy_document::Span| stream.position(span.start);
    let lines = declared.problems.iter().map(|problem| {
        let at = at(problem.span);
        format!("{}:{}: {}", at.line, at.column, problem.message)
    });
    lines.collect()
}

fn exception(spec: &str) -> String {
    format!("apiVersion: seaworthy.dev/v1alpha1\nkind: Exception\nmetadata: {{name: x}}\nspec:\n{spec}")
}

#[test]
fn every_field_is_read() {
    let declared = declared(COMPLETE);
    assert_eq!(declared.problems, []);
    let configuration = declared.configuration.expect("a configuration");
    assert_eq!(configuration.name.as_deref(), Some("shop"));
    let parameters: Vec<_> =
        configuration.parameters.iter().map(|(name, value)| (&*name.value, &*value.value)).collect();
    assert_eq!(
        parameters,
        [("images.registries", "registry.example.com,ghcr.io/acme"), ("pods.minimum-id", "1000")]
    );
    assert_eq!(configuration.require_complete, Some(true));
    assert_eq!(configuration.exclude.map(|list| list.len()), Some(2));
    let [first, second] = declared.exceptions.as_slice() else { panic!("two exceptions") };
    assert_eq!((first.label(), first.expires.to_string()), ("agent".into(), "2027-03-31".into()));
    assert_eq!((first.origin.line, first.origin.column), (18, 7));
    assert_eq!(first.scope.fingerprints, ["0123456789abcdef0123456789abcdef"]);
    assert_eq!(first.scope.rbac_subjects.len(), 1);
    assert_eq!((second.label(), second.scope.is_empty()), ("second".into(), true));
}

#[test]
fn a_null_is_as_absent_and_an_empty_file_declares_nothing() {
    let text =
        "apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec: {select: null, exceptions: null}";
    assert_eq!(declared(text).problems, []);
    assert_eq!(declared("# nothing\n"), Declared::default());
}

#[test]
fn unknown_fields_are_answered_with_the_nearest() {
    let text =
        "apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec:\n  failon: high\n  banana: 1\n";
    assert_eq!(
        problems(text),
        [
            "4:3: `spec` has no field `failon`: did you mean `failOn`?",
            "5:3: `spec` has no field `banana`: it has `select`, `ignore`, `parameters`, `severities`, `failOn`, \
             `requireComplete`, `kubernetesVersion`, `exclude`, `format`, `baseline`, `exceptions`, `prove`",
        ]
    );
}

#[test]
fn wrong_types_are_told_with_what_was_expected() {
    let text = "apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec:\n  select: pods\n  requireComplete: maybe\n  \
                failOn: 3\n  exclude: []\n  severities: {pods: [low]}\n  parameters: [a]\n  exceptions: [1]\n";
    assert_eq!(
        problems(text),
        [
            "4:3: `select` must be a list of texts, not a text",
            "5:3: `requireComplete` must be `true` or `false`, not a text",
            "6:3: `failOn` must be a text, not the integer `3`: put it in quotes if it is one",
            "7:3: `exclude` is an empty list: leave it out or fill it",
            "8:16: `pods` must be a text, not a list",
            "9:3: `parameters` must be a map, not a list",
            "10:16: the exception must be a map, not the integer `1`",
        ]
    );
}

#[test]
fn an_exception_needs_controls_reason_owner_and_expiry() {
    assert_eq!(
        problems(&exception("  match: {names: [a]}\n")),
        [
            "1:1: the exception names no `controls`: list ids (`pods/privileged`), families (`pods`) or patterns \
             (`pods/run-as-*`)",
            "4:1: `spec` has no `reason`: say why the risk is acceptable",
            "4:1: `spec` has no `owner`: say who answers for it",
            "4:1: `spec` has no `expires`: give the last day on which it holds, as `2027-03-31`",
        ]
    );
    let blank = "  controls: [pods]\n  reason: ' '\n  owner: o\n  expires: 2027-02-30\n";
    assert_eq!(
        problems(&exception(blank)),
        ["6:3: `reason` is empty", "8:12: `expires` is not a day of the calendar: write it as `2027-03-31`",]
    );
}

#[test]
fn a_scope_that_is_broken_in_part_is_no_exception_at_all() {
    let rest = "  controls: [pods]\n  reason: r\n  owner: o\n  expires: 2027-01-01\n";
    for scope in [
        "{}",
        "{names: []}",
        "{names: [a, 1]}",
        "{name: [a]}",
        "{files: [../x]}",
        "{fingerprints: [abc]}",
        "{rbacSubjects: [{kind: Robot, name: x}]}",
        "{rbacSubjects: [{kind: User}]}",
        "{rbacSubjects: []}",
        "{labels: {}}",
        "{labels: [a]}",
        "[a]",
    ] {
        let text = exception(&format!("{rest}  match: {scope}\n"));
        let declared = declared(&text);
        assert!(declared.exceptions.is_empty(), "{scope}");
        assert!(!declared.problems.is_empty(), "{scope}");
    }
}

#[test]
fn other_kinds_and_versions_are_refused() {
    assert_eq!(
        problems(
            "apiVersion: seaworthy.dev/v1\nkind: Configuration\n---\napiVersion: v1\nkind: Exeption\n---\n[a]\n---\na: 1\n"
        ),
        [
            "1:1: `apiVersion: seaworthy.dev/v1` is not known: write `seaworthy.dev/v1alpha1`",
            "5:7: `kind: Exeption` is not known here: did you mean `Exception`?",
            "7:1: expected an object of kind `Configuration` or `Exception`, not a list",
            "9:1: no `kind`: write `apiVersion: seaworthy.dev/v1alpha1` and `kind: Configuration` or `Exception`",
        ]
    );
}

#[test]
fn no_text_makes_it_panic_and_problems_are_bounded() {
    for end in 0..COMPLETE.len() {
        declared(&COMPLETE[..end]);
        declared(&COMPLETE[end..]);
        for replacement in [":", "-", "{", "\"", "\n", "*", "ü", "\0"] {
            declared(&format!("{}{replacement}{}", &COMPLETE[..end], &COMPLETE[end + 1..]));
        }
    }
    let many = format!("apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec:\n{}", {
        (0..20_000).map(|number| format!("  field{number}: 1\n")).collect::<String>()
    });
    assert_eq!(declared(&many).problems.len(), 100);
}
