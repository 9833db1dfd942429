//! Configuration, exceptions, baselines, comparisons and frameworks, as people use them.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::program::{command, root, seaworthy_with, stderr, stdout};

const HEAD: &str = "apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec:\n";
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: n}\nspec:\n  hostPID: true\n  containers:\n    \
                   - {name: a, image: 'x:1', securityContext: {privileged: true}}\n";

/// A repository with manifests in `deploy/` and this configuration.
fn repository(spec: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join(".git")).expect("a folder");
    fs::create_dir_all(folder.path().join("deploy/vendor")).expect("a folder");
    fs::write(folder.path().join("deploy/pod.yaml"), POD).expect("written");
    fs::write(folder.path().join("deploy/vendor/pod.yaml"), POD.replace("name: p", "name: q"))
        .expect("written");
    fs::write(folder.path().join(".seaworthy.yaml"), format!("{HEAD}{spec}")).expect("written");
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = command(arguments);
    command.current_dir(folder);
    for variable in ["SEAWORTHY_CONFIG", "SEAWORTHY_BASELINE", "SEAWORTHY_EXCEPTIONS", "SOURCE_DATE_EPOCH"] {
        command.env_remove(variable);
    }
    command.output().expect("the program runs")
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let output = run(folder, &[&["scan", "--format", "json"], arguments].concat());
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("JSON on standard output")
}

/// `control name: by` of each finding.
fn findings(report: &Value) -> Vec<String> {
    let list = report["findings"].as_array().expect("findings");
    let text = |value: &Value| value.as_str().unwrap_or("open").to_owned();
    list.iter()
        .map(|finding| {
            let name = text(&finding["subject"]["name"]);
            format!("{} {name}: {}", text(&finding["control"]), text(&finding["acceptance"]["by"]))
        })
        .collect()
}

#[test]
fn the_configuration_is_found_upward_and_up_to_the_repository() {
    let folder = repository("  select: [pods/privileged]\n");
    for (at, path) in
        [("", "deploy"), ("", "deploy/pod.yaml"), ("deploy", "."), ("deploy/vendor", "../pod.yaml")]
    {
        let report = json(&folder.path().join(at), &[path]);
        assert_eq!(report["controls"].as_array().map(Vec::len), Some(1), "{at} {path}");
        assert!(report["configuration"].as_str().is_some_and(|file| file.ends_with(".seaworthy.yaml")));
    }
    // Another repository inside is not configured by the outer one.
    fs::create_dir(folder.path().join("deploy/vendor/.git")).expect("a folder");
    let report = json(folder.path(), &["deploy/vendor"]);
    assert!(report["configuration"].is_null());
    assert!(json(folder.path(), &["--no-config", "deploy"])["configuration"].is_null());
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let folder = repository(
        "  select: [pods/privileged, pods/host-namespaces]\n  failOn: never\n  format: json\n  kubernetesVersion: v1.30\n  \
         parameters: {pods.minimum-id: 1, images.registries: [a.example, b.example]}\n",
    );
    let output = run(folder.path(), &["scan", "deploy"]);
    assert_eq!(output.status.code(), Some(0), "failOn: never");
    let report: Value = serde_json::from_slice(&output.stdout).expect("format: json");
    assert_eq!(report["kubernetesVersion"], "v1.30");
    assert_eq!(report["parameters"]["pods.minimum-id"], "1");
    assert_eq!(report["parameters"]["images.registries"], "a.example,b.example");

    let mut environment = command(&["scan", "deploy"]);
    environment
        .current_dir(folder.path())
        .env("SEAWORTHY_FAIL_ON", "low")
        .env("SEAWORTHY_SELECT", "pods/privileged");
    let output = environment.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["controls"].as_array().map(Vec::len), Some(1));

    let flags = ["scan", "--fail-on", "never", "--format", "csv", "--set", "pods.minimum-id=7", "deploy"];
    let mut both = command(&flags);
    both.current_dir(folder.path()).env("SEAWORTHY_FAIL_ON", "low");
    let output = both.output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0));
    assert!(!stdout(&output).starts_with('{'));
    assert_eq!(
        json(folder.path(), &["--set", "pods.minimum-id=7", "deploy"])["parameters"]["pods.minimum-id"],
        "7"
    );
}

#[test]
fn completeness_can_be_demanded_and_waived() {
    let folder = repository("  select: [images/vulnerabilities]\n  requireComplete: true\n");
    assert_eq!(run(folder.path(), &["scan", "deploy"]).status.code(), Some(3));
    assert_eq!(run(folder.path(), &["scan", "--require-complete=false", "deploy"]).status.code(), Some(0));
    assert_eq!(
        run(
            folder.path(),
            &["scan", "--no-config", "--require-complete", "--select", "images/vulnerabilities", "deploy"]
        )
        .status
        .code(),
        Some(3)
    );
}

#[test]
fn what_is_excluded_is_not_read_and_counted() {
    let folder = repository("  select: [pods/privileged]\n  exclude: [deploy/vendor]\n");
    for (at, path) in [("", "deploy"), ("deploy", ".")] {
        let report = json(&folder.path().join(at), &[path]);
        assert_eq!(findings(&report), ["pods/privileged p: open"], "{at}");
        assert_eq!(report["coverage"]["notEvaluated"][0]["reason"], "left out as `exclude` wants it");
    }
    // What is asked for by name is read.
    assert_eq!(findings(&json(folder.path(), &["deploy/vendor/pod.yaml"])), ["pods/privileged q: open"]);
    // A flag takes the place of the file, and is meant from where one stands.
    let report = json(&folder.path().join("deploy"), &["--exclude", "pod.yaml", "."]);
    assert!(findings(&report).is_empty());
}

#[test]
fn every_mistake_is_shown_in_its_place() {
    let folder = repository("");
    let said = |text: &str| {
        fs::write(folder.path().join(".seaworthy.yaml"), text).expect("written");
        let output = run(folder.path(), &["scan", "deploy"]);
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(output.stdout.is_empty());
        stderr(&output)
    };
    for (spec, place, words) in [
        ("  selct: [pods]\n", "4:3", "did you mean `select`?"),
        ("  select: [pods/privilged]\n", "4:12", "did you mean `pods/privileged`?"),
        ("  failOn: sometimes\n", "4:11", "`never`"),
        ("  kubernetesVersion: two\n", "4:22", "write it as `v1.33`"),
        ("  format: jsn\n", "4:11", "try `json`"),
        ("  parameters: {images.registry: x}\n", "4:16", "did you mean `images.registries`?"),
        ("  parameters: {pods.minimum-id: many}\n", "4:33", "a number above 0"),
        ("  severities: {pods/privileged: bad}\n", "4:33", "`critical`"),
        ("  severities: {pods/nothing-like-it: low}\n", "4:16", "no control"),
        ("  exclude: ['../x']\n", "4:13", "no pattern of files"),
        (
            "  exceptions: [{controls: ['*'], reason: r, owner: o, expires: 2099-01-01}]\n",
            "4:16",
            "accepts every finding",
        ),
        (
            "  exceptions: [{controls: [pods/x-y], reason: r, owner: o, expires: 2099-01-01}]\n",
            "4:28",
            "no control",
        ),
        ("  select: [pods\n", "4", ""),
    ] {
        let said = said(&format!("{HEAD}{spec}"));
        assert!(said.contains(&format!("--> .seaworthy.yaml:{place}")), "{spec}: {said}");
        assert!(said.replace("\n    ", " ").contains(words), "{spec}: {said}");
    }
    let said = said(&format!("{HEAD}  password: hunter2\n"));
    assert!(!said.contains("hunter2"), "{said}");
}

#[test]
fn exceptions_are_applied_told_and_expire() {
    let folder = repository(
        "  select: [pods/privileged, pods/host-namespaces]\n  exceptions:\n    - name: agent\n      \
         controls: [pods/privileged]\n      match: {files: [deploy/*.yaml], containers: [a]}\n      \
         reason: loads an eBPF program\n      owner: platform@example.com\n      expires: 2027-03-31\n",
    );
    fs::write(
        folder.path().join("more.yaml"),
        "apiVersion: seaworthy.dev/v1alpha1\nkind: Exception\nmetadata: {name: more}\nspec: {controls: [pods/host-namespaces], \
         match: {names: [nobody]}, reason: r, owner: o, expires: 2028-01-01}\n",
    )
    .expect("written");
    let arguments = ["--today", "2027-03-31", "--exceptions", "more.yaml", "deploy"];
    let report = json(folder.path(), &arguments);
    assert_eq!(
        findings(&report),
        [
            "pods/host-namespaces p: open",
            "pods/privileged p: exception",
            "pods/host-namespaces q: open",
            "pods/privileged q: open"
        ]
    );
    let of = |name: &str, report: &Value| {
        let list = report["exceptions"].as_array().expect("a list");
        list.iter().find(|exception| exception["name"] == name).expect(name).clone()
    };
    let agent = of("agent", &report);
    assert_eq!((&agent["state"], &agent["count"]), (&"used".into(), &1.into()));
    assert_eq!(agent["location"], serde_json::json!({"file": ".seaworthy.yaml", "line": 6, "column": 7}));
    assert_eq!(of("more", &report)["state"], "unused");

    let text = stdout(&run(folder.path(), &[&["scan"], &arguments[..]].concat())).replace("\n  ", " ");
    assert!(text.contains("accepted: 1 finding, because loads an eBPF program (platform@example.com, until 2027-03-31; exception `agent`)"), "{text}");
    assert!(text.contains("unused: exception `more` of o matches nothing"), "{text}");

    let report = json(folder.path(), &["--today", "2027-04-01", "deploy"]);
    assert!(findings(&report).iter().all(|finding| finding.ends_with("open")));
    assert_eq!(of("agent", &report)["state"], "expired");
    assert_eq!(of("agent", &report)["count"], 1);
    // The same with the clock of reproducible builds: 1 April 2027.
    let mut epoch = command(&["scan", "--quiet", "deploy"]);
    epoch.current_dir(folder.path()).env("SOURCE_DATE_EPOCH", "1806537600");
    assert_eq!(stdout(&epoch.output().expect("the program runs")).lines().count(), 4);
}

#[test]
fn a_baseline_leaves_what_is_new() {
    let folder = repository("  select: [pods/privileged, pods/host-namespaces]\n");
    let before = run(folder.path(), &["scan", "deploy", "--output", "json=before.json"]);
    assert_eq!(before.status.code(), Some(1));
    let same = run(folder.path(), &["scan", "deploy", "--baseline", "before.json"]);
    assert_eq!(same.status.code(), Some(0));
    assert!(stdout(&same).contains("known: 4 findings of the baseline before.json"), "{}", stdout(&same));

    fs::remove_file(folder.path().join("deploy/vendor/pod.yaml")).expect("removed");
    fs::write(
        folder.path().join("deploy/new.yaml"),
        POD.replace("name: p", "name: new").replace("hostPID: true", "hostPID: false"),
    )
    .expect("written");
    let report = json(folder.path(), &["deploy", "--baseline", "before.json"]);
    assert_eq!(
        findings(&report),
        ["pods/privileged new: open", "pods/host-namespaces p: baseline", "pods/privileged p: baseline"]
    );
    assert_eq!(report["summary"]["findings"]["known"], 2);
    assert_eq!(report["baseline"]["vanished"].as_array().map(Vec::len), Some(2));
    // A report made with a baseline is a baseline for what both know.
    fs::write(folder.path().join("after.json"), report.to_string()).expect("written");
    assert_eq!(run(folder.path(), &["scan", "deploy", "--baseline", "after.json"]).status.code(), Some(0));

    for (text, words) in [
        ("", "it is no JSON report"),
        ("{}", "its kind is ``"),
        ("{\"kind\":\"Assessment\"}", "its version is ``"),
    ] {
        fs::write(folder.path().join("wrong.json"), text).expect("written");
        let output = run(folder.path(), &["scan", "deploy", "--baseline", "wrong.json"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    let missing = run(folder.path(), &["scan", "deploy", "--baseline", "nowhere.json"]);
    assert!(stderr(&missing).contains("cannot use `nowhere.json` as a baseline"), "{}", stderr(&missing));
}

#[test]
fn two_states_are_compared() {
    let folder = repository("  select: [pods/privileged, pods/host-namespaces]\n");
    let at = |path: &str| folder.path().join(path).to_str().expect("UTF-8").to_owned();
    run(folder.path(), &["scan", "deploy", "--output", "json=before.json"]);
    fs::create_dir(folder.path().join("now")).expect("a folder");
    fs::write(at("now/pod.yaml"), POD.replace("hostPID: true", "hostIPC: true")).expect("written");

    for (old, new) in [("before.json", "now"), ("deploy", "now")] {
        let output = run(folder.path(), &["diff", old, new, "--format", "json"]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        let diff: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(
            diff["summary"],
            serde_json::json!({"new": 1, "fixed": 3, "undecided": 0, "accepted": 0, "graded": 0, "unchanged": 1})
        );
        assert_eq!(diff["findings"]["new"][0]["control"], "pods/host-namespaces");
        assert_eq!(
            diff["controls"]["pods/privileged"],
            serde_json::json!({"before": 2, "now": 1, "new": 0, "fixed": 1})
        );
    }
    assert_eq!(
        run(folder.path(), &["diff", "before.json", "now", "--fail-on", "critical"]).status.code(),
        Some(0)
    );
    assert_eq!(run(folder.path(), &["diff", "now", "now"]).status.code(), Some(0));
    let text = stdout(&run(folder.path(), &["diff", "before.json", "now"]));
    assert!(text.contains("New: 1 finding") && text.contains("1 new, 3 fixed, 1 unchanged"), "{text}");
    let comment = stdout(&run(folder.path(), &["diff", "before.json", "now", "--format", "markdown"]));
    assert!(comment.starts_with("### Seaworthy: 1 finding new, 3 fixed, 1 unchanged"), "{comment}");

    // What is not evaluated any more is not said to be fixed.
    let output = run(
        folder.path(),
        &["diff", "before.json", "now", "--select", "pods/privileged", "--format", "json"],
    );
    let diff: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(diff["lostControls"][0], "pods/host-namespaces");
    assert_eq!(diff["summary"]["undecided"], 2);
    assert_eq!(diff["summary"]["fixed"], 1);

    // A report on standard input, and something else there.
    let report = fs::read(at("before.json")).expect("a report");
    let output = seaworthy_with(
        &["diff", "--no-config", "--select", "pods/privileged", &at("before.json"), "-"],
        report,
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = seaworthy_with(&["diff", &at("before.json"), "-"], "kind: Pod");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it is no JSON report"), "{}", stderr(&output));
}

#[test]
fn what_is_accepted_meanwhile_is_told_apart() {
    let folder = repository("  select: [pods/privileged]\n");
    run(folder.path(), &["scan", "deploy", "--output", "json=before.json"]);
    let spec = "  select: [pods/privileged]\n  exceptions: [{controls: [pods], reason: r, owner: o, expires: 2099-01-01}]\n";
    fs::write(folder.path().join(".seaworthy.yaml"), format!("{HEAD}{spec}")).expect("written");
    run(folder.path(), &["scan", "deploy", "--output", "json=after.json"]);
    let diff = |old: &str, new: &str| -> Value {
        let output = run(folder.path(), &["diff", old, new, "--format", "json"]);
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    assert_eq!(diff("before.json", "after.json")["summary"]["accepted"], 2);
    assert_eq!(diff("after.json", "before.json")["findings"]["new"][0]["note"], "was accepted before");
}

#[test]
fn frameworks_are_views_with_coverage() {
    let report = json(root(), &["--framework", "pss,cis", "examples/shop-insecure"]);
    let [pss, cis] = report["frameworks"].as_array().expect("frameworks").as_slice() else { panic!("two") };
    let item = |framework: &Value, id: &str| {
        let items = framework["items"].as_array().expect("items");
        items.iter().find(|item| item["id"] == id).expect(id).clone()
    };
    assert_eq!(pss["items"].as_array().map(Vec::len), Some(19));
    assert_eq!(item(pss, "privileged")["status"], "fail");
    assert_eq!(item(pss, "privileged")["section"], "baseline");
    assert_eq!(item(pss, "runAsNonRoot")["section"], "restricted");
    assert_eq!(item(cis, "5.2.2")["status"], "fail");
    let ids: Vec<&str> =
        cis["items"].as_array().expect("items").iter().filter_map(|item| item["id"].as_str()).collect();
    let place = |id: &str| ids.iter().position(|other| *other == id);
    assert!(place("5.2.2") < place("5.2.10"), "in the order of their numbers");
    // Every control that was judged belongs to one of the two.
    for control in report["controls"].as_array().expect("controls") {
        let id = &control["id"];
        let named = [pss, cis].iter().any(|framework| framework.to_string().contains(&id.to_string()));
        assert!(named, "{id}");
    }
    let hardened = json(root(), &["--framework", "pss", "examples/shop-hardened"]);
    assert_eq!(hardened["frameworks"][0]["summary"]["pass"], 19);
    // Nothing was there to judge: nothing passes.
    let empty = json(root(), &["--framework", "pss", "examples/README.md"]);
    assert_eq!(empty["frameworks"][0]["summary"]["not-evaluated"], 19);

    let text = stdout(&run(root(), &["scan", "--framework", "nsa", "examples/shop-insecure"]));
    assert!(text.contains("NSA/CISA Kubernetes Hardening Guide: "), "{text}");
    let page =
        stdout(&run(root(), &["scan", "--framework", "pss", "--format", "html", "examples/shop-insecure"]));
    assert!(page.contains("Pod Security Standards") && page.contains("seccompProfile_restricted"));
    let wrong = run(root(), &["scan", "--framework", "mitr", "examples"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean `mitre`?"), "{}", stderr(&wrong));
}

#[test]
fn the_example_is_in_force_and_fits_the_schema() {
    let file = root().join("examples/configuration/.seaworthy.yaml");
    let path = file.to_str().expect("UTF-8");
    let report = json(root(), &["--config", path, "--fail-on", "low", "examples/shop-insecure"]);
    let used: Vec<&str> = report["exceptions"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["state"].as_str())
        .collect();
    assert_eq!(used, ["used", "used"]);
    let text = fs::read_to_string(&file).expect("the example");
    let stream = seaworthy_document::Stream::read(text);
    for (document, kind) in stream.documents().zip(["configuration", "exception"]) {
        let schema = fs::read(root().join(format!("schema/{kind}.v1alpha1.schema.json"))).expect("a schema");
        let schema: Value = serde_json::from_slice(&schema).expect("JSON");
        assert!(jsonschema::meta::is_valid(&schema), "{kind}");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let mut json = String::new();
        document.root().write_json(&mut json).expect("a string takes all");
        let value: Value = serde_json::from_str(&json).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{kind}: {errors:?}");
        let mut wrong = value.clone();
        wrong["spec"]["typo"] = true.into();
        assert!(!validator.is_valid(&wrong), "{kind}");
    }
}
