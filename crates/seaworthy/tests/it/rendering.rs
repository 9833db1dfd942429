//! Charts and overlays on the command line.

use std::path::Path;

use crate::program::{command, findings, seaworthy, stderr, stdout};

/// A folder with a chart, an overlay, and an object that points elsewhere.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: web\n    image: nginx\n    \
               securityContext:\n      privileged: {{ .Values.privileged }}\n";
    for (name, text) in [
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n"),
        ("chart/values.yaml", "privileged: false\n"),
        ("chart/templates/pod.yaml", pod),
        ("chart/values-debug.yaml", "privileged: true\n"),
        ("base/kustomization.yaml", "resources: [pod.yaml]\n"),
        (
            "base/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: base}\nspec:\n  containers: [{name: c, image: nginx}]\n  hostPID: true\n",
        ),
        ("prod/kustomization.yaml", "resources: [../base]\nnamePrefix: prod-\n"),
        (
            "release.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: redis}\nspec:\n  chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository, name: r}}}\n",
        ),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
        std::fs::write(path, text).expect("written");
    }
    folder
}

fn scan(folder: &Path, search_path: &Path, arguments: &[&str]) -> std::process::Output {
    command(
        &[&["scan", "--format", "json", "--select", "pods/privileged,pods/host-namespaces", "."], arguments]
            .concat(),
    )
    .current_dir(folder)
    .env("PATH", search_path)
    .output()
    .expect("the program runs")
}

fn report(output: &std::process::Output) -> serde_json::Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

#[test]
fn charts_and_overlays_are_rendered_with_the_values_that_are_named() {
    let programs = match oracle_client::programs() {
        Ok(programs) => programs,
        Err(skip) => return skip.announce(),
    };
    let folder = repository();
    let plain = report(&scan(folder.path(), &programs, &[]));
    assert_eq!(findings(&plain), ["pods/host-namespaces Pod/prod-base"], "{plain:#}");
    let location = &plain["findings"][0]["location"];
    assert_eq!((&location["file"], &location["line"]), (&"base/pod.yaml".into(), &6.into()), "{location}");
    assert_eq!(location["rendered"]["from"], "prod");
    let rendered: Vec<_> = plain["coverage"]["rendered"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["from"])
        .collect();
    assert_eq!(rendered, ["chart", "prod"]);

    for arguments in [&["--helm-values", "chart/values-debug.yaml"][..], &["--helm-set", "privileged=true"]] {
        let report = report(&scan(folder.path(), &programs, arguments));
        let privileged =
            findings(&report).into_iter().filter(|finding| finding.starts_with("pods/privileged"));
        assert_eq!(privileged.collect::<Vec<_>>(), ["pods/privileged Pod/web web"], "{report:#}");
        let locations: Vec<_> =
            report["findings"].as_array().expect("a list").iter().map(|f| &f["location"]).collect();
        assert!(
            locations.iter().any(|at| at["file"] == "chart/templates/pod.yaml" && at["line"] == 10),
            "{locations:?}"
        );
    }
}

#[test]
fn what_is_not_rendered_is_a_gap() {
    let folder = repository();
    let nowhere = folder.path().join("nowhere");
    let output = scan(folder.path(), &nowhere, &["--require-complete"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let value = report(&output);
    let reasons: Vec<_> = value["coverage"]["notEvaluated"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap_or_default().to_owned())
        .collect();
    for reason in [
        "Helm chart that was not rendered: `helm` is not installed",
        "overlay that was not rendered: neither `kustomize` nor `kubectl` is installed",
        "object that says what to apply, not followed: its chart comes from a registry or repository of charts",
    ] {
        assert!(reasons.iter().any(|known| known == reason), "{reason} in {reasons:#?}");
    }
    // What can be judged as it stands is judged.
    assert_eq!(findings(&value), ["pods/host-namespaces Pod/base"]);

    let value = report(&scan(folder.path(), &nowhere, &["--no-render"]));
    assert_eq!(findings(&value), ["pods/host-namespaces Pod/base"]);
    assert!(value["coverage"].get("rendered").is_none());
    let skipped = value["coverage"]["notEvaluated"].to_string();
    assert!(skipped.contains("template of the Helm chart `chart`, which was not rendered"), "{skipped}");
}

#[test]
fn wrong_values_are_told_before_anything_is_done() {
    for (arguments, message) in [
        (["--helm-values", "/nowhere/values.yaml"], "cannot read `/nowhere/values.yaml`"),
        (["--helm-set", "tag"], "`--helm-set tag` sets nothing"),
        (["--render-timeout", "0"], "--render-timeout"),
    ] {
        let output = seaworthy(&[&["scan", "examples"][..], &arguments].concat());
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
}
