//! Overlays, built by Kustomize.

use crate::fixture::{Repository, options, or_skip};

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
        - image: nginx:1.27
          name: web
          securityContext: {privileged: true}
";
const PATCH: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      hostNetwork: true
";

fn shop() -> Repository {
    Repository::new(&[
        ("base/kustomization.yaml", "resources:\n- web.yaml\n- ./config.yaml\n"),
        ("base/web.yaml", DEPLOYMENT),
        (
            "base/config.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {colour: blue}\n",
        ),
        ("base/unused.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: unused}\n"),
        (
            "prod/kustomization.yml",
            "resources: [../base]\ncomponents: [../debug]\nnamePrefix: prod-\nnamespace: shop\npatches:\n- path: patch.yaml\n\
             configMapGenerator:\n- name: extra\n  files: [settings.json]\n",
        ),
        ("prod/patch.yaml", PATCH),
        (
            "prod/settings.json",
            "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"no\"}}\n",
        ),
        (
            "debug/kustomization.yaml",
            "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [shell.yaml]\n",
        ),
        ("debug/shell.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: shell}\nspec: {hostPID: true}\n"),
    ])
}

#[test]
fn an_overlay_is_judged_as_what_it_becomes_and_its_parts_not_again() {
    let seen = or_skip!(shop().collect());
    assert_eq!(seen.files(), ["base/unused.yaml", "rendered prod by kustomize"]);
    assert_eq!(seen.gaps(), [""; 0]);
    let text = seen.text();
    for part in ["name: prod-web", "namespace: shop", "hostNetwork: true", "replicas: 3", "name: prod-shell"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn rendered_lines_lead_to_the_base_or_to_the_patch() {
    let seen = or_skip!(shop().collect());
    assert_eq!(seen.place("privileged: true"), "base/web.yaml:12:29");
    assert_eq!(seen.place("- image: nginx:1.27"), "base/web.yaml:10:11");
    assert_eq!(seen.place("hostNetwork: true"), "prod/patch.yaml:9:7");
    assert_eq!(seen.place("replicas: 3"), "prod/patch.yaml:6:3");
    assert_eq!(seen.place("hostPID: true"), "debug/shell.yaml:4:8");
    assert_eq!(seen.place("colour: blue"), "base/config.yaml:4:8");
    // The overlay changed the name: the place is that of the old one.
    assert_eq!(seen.place("name: prod-config"), "~base/config.yaml:3:12");
}

#[test]
fn overlays_over_overlays_are_built_once_from_the_top() {
    let repository = shop();
    repository.write("prod-eu/kustomization.yaml", "resources: [../prod]\nnameSuffix: -eu\n");
    repository.write("prod-us/Kustomization", "resources: [../prod]\nnameSuffix: -us\n");
    let seen = or_skip!(repository.collect());
    assert_eq!(
        seen.files(),
        ["base/unused.yaml", "rendered prod-eu by kustomize", "rendered prod-us by kustomize"]
    );
    assert_eq!(seen.place("name: prod-web-us"), "~prod/patch.yaml:4:3");
    assert_eq!(seen.place("privileged: true"), "base/web.yaml:12:29");
}

#[test]
fn a_base_outside_of_the_scanned_folder_is_built_in() {
    let repository = shop();
    let render = or_skip!(options());
    let seen = repository.collect_folder("prod", render);
    assert_eq!(seen.files(), ["rendered prod by kustomize"]);
    assert!(seen.place("privileged: true").ends_with("base/web.yaml:12:29"));
}

#[test]
fn folders_that_are_named_twice_are_rendered_once() {
    let repository = shop();
    let root = repository.path();
    let render = Some(or_skip!(options()));
    let options = seaworthy_ingest::Options { render, ..Default::default() };
    let paths = [root.clone(), root.join("prod"), root.join("base")];
    let collected = seaworthy_ingest::collect(&paths, &options, &|_| {}).unwrap();
    let rendered = collected.files.iter().filter(|file| file.origin.is_some());
    assert_eq!(rendered.count(), 1);
}

#[test]
fn what_would_be_fetched_is_not_built() {
    for remote in ["https://example.com/a.yaml", "github.com/acme/base?ref=v1", "../missing"] {
        let repository = shop();
        let text = format!("resources:\n- ../base\n- {remote}\npatches:\n- path: patch.yaml\n");
        repository.write("prod/kustomization.yml", &text);
        let seen = or_skip!(repository.collect());
        // The resources are judged as they stand; a patch is no object by itself.
        let files = seen.files();
        assert!(files.contains(&"base/web.yaml".to_owned()), "{files:?}");
        assert!(!files.contains(&"prod/patch.yaml".to_owned()), "{files:?}");
        let gaps = seen.gaps();
        assert!(
            gaps.iter().any(|gap| gap == "prod/patch.yaml: patch of an overlay that was not rendered"),
            "{gaps:?}"
        );
        let overlay =
            gaps.iter().find(|gap| gap.starts_with("prod: overlay that was not rendered: ")).unwrap();
        assert!(overlay.contains(remote), "{overlay}");
    }
}

#[test]
fn other_addresses_and_programs_are_refused_before_anything_runs() {
    for (what, word) in [
        ("patches: [{path: 'https://example.com/p.yaml'}]", "example.com"),
        ("configMapGenerator: [{name: a, files: ['k=https://example.com/p.yaml']}]", "example.com"),
        ("transformers: ['https://example.com/t.yaml']", "example.com"),
        ("openapi: {path: 'http://169.254.169.254/latest'}", "169.254"),
        ("components: ['git@example.com:a/b']", "git@example.com"),
        ("helmCharts: [{name: redis, repo: 'https://example.com'}]", "helmCharts"),
    ] {
        let repository = shop();
        repository.write("prod/kustomization.yml", &format!("resources: [../base]\n{what}\n"));
        let gaps = or_skip!(repository.collect()).gaps();
        let overlay =
            gaps.iter().find(|gap| gap.starts_with("prod: overlay that was not rendered: ")).unwrap();
        assert!(overlay.contains(word) && !overlay.contains("says"), "{overlay}");
    }
}

#[test]
fn overlays_in_a_circle_and_broken_ones_are_gaps() {
    let seen = or_skip!(
        Repository::new(&[
            ("a/kustomization.yaml", "resources: [../b]\n"),
            ("b/kustomization.yaml", "resources: [../a]\n"),
            ("c/kustomization.yaml", "resources: [\n"),
            ("d/kustomization.yaml", "resourcez: [x]\n"),
        ])
        .collect()
    );
    let gaps = seen.gaps();
    assert_eq!(gaps.len(), 4, "{gaps:#?}");
    assert!(gaps.iter().all(|gap| gap.contains("overlay that was not rendered")), "{gaps:#?}");
}

#[test]
fn an_object_of_flux_with_the_name_of_an_overlay_is_none() {
    let text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\nspec: {path: ./apps}\n";
    let seen = or_skip!(Repository::new(&[("apps/kustomization.yaml", text)]).collect());
    assert_eq!(seen.files(), ["apps/kustomization.yaml"]);
}
