//! Objects of Flux and Argo CD that say what is rendered.

use crate::fixture::{Repository, or_skip};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n  \
                      colour: {{ .Values.colour }}\n  size: {{ .Values.size | quote }}\n  list: {{ .Values.list | toJson | quote }}\n";

const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: nginx}]}\n";

fn repository(more: &[(&str, &str)]) -> Repository {
    let repository = Repository::new(&[
        ("charts/shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 0.1.0\n"),
        ("charts/shop/values.yaml", "colour: default\nsize: 1\nlist: []\n"),
        ("charts/shop/values-prod.yaml", "size: 7\n"),
        ("charts/shop/templates/config.yaml", CONFIG),
        ("apps/kustomization.yaml", "resources: [pod.yaml]\n"),
        (
            "apps/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: 'nginx:${tag}'}]}\n",
        ),
        ("plain/pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: plain}\n"),
    ]);
    more.iter().for_each(|(name, text)| repository.write(name, text));
    repository
}

#[test]
fn a_helm_release_is_rendered_with_its_values() {
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: flux}\nspec:\n  \
                   targetNamespace: prod\n  chart:\n    spec:\n      chart: ./charts/shop\n      valuesFiles: [charts/shop/values-prod.yaml]\n      \
                   sourceRef: {kind: GitRepository, name: repo}\n  valuesFrom:\n  - {kind: ConfigMap, name: colours}\n  - {kind: Secret, name: hidden}\n  \
                   values:\n    list: [1, \"two, three\"]\n";
    let colours = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: colours, namespace: flux}\ndata:\n  values.yaml: |\n    colour: green\n    list: [0]\n";
    let seen = or_skip!(repository(&[("flux/web.yaml", release), ("flux/colours.yaml", colours)]).collect());
    assert!(
        seen.files().contains(&"rendered charts/shop by helm for HelmRelease flux/web".to_owned()),
        "{:?}",
        seen.files()
    );
    assert_eq!(seen.files().iter().filter(|file| file.contains("charts/shop")).count(), 1);
    let text = seen.text();
    for part in
        ["name: prod-web", "namespace: prod", "colour: green", "size: \"7\"", r#"list: "[1,\"two, three\"]""#]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(
        seen.gaps(),
        [
            "HelmRelease flux/web in flux/web.yaml: object whose chart or overlay was rendered without values that `valuesFrom` takes from elsewhere"
        ]
    );
}

#[test]
fn a_kustomization_of_flux_lays_its_fields_over_the_folder() {
    let text = |more: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: apps, namespace: flux}}\n\
             spec:\n  path: ./apps\n  sourceRef: {{kind: GitRepository, name: repo}}\n{more}"
        )
    };
    let seen = or_skip!(repository(&[("flux/apps.yaml", &text(""))]).collect());
    assert!(
        seen.files().contains(&"rendered apps by kustomize for Kustomization flux/apps".to_owned()),
        "{:?}",
        seen.files()
    );
    assert_eq!(seen.gaps(), [""; 0]);

    let more = "  targetNamespace: prod\n  namePrefix: eu-\n  patches:\n  - patch: |\n      - {op: add, path: /spec/hostPID, value: true}\n    \
                target: {kind: Pod}\n  postBuild:\n    substitute: {tag: '1.27'}\n";
    let seen = or_skip!(repository(&[("flux/apps.yaml", &text(more))]).collect());
    let files = seen.files();
    assert_eq!(files.iter().filter(|file| file.contains("rendered apps")).count(), 1, "{files:?}");
    for part in ["name: eu-web", "namespace: prod", "hostPID: true", "image: nginx:1.27"] {
        assert!(seen.text().contains(part), "{part} in {}", seen.text());
    }
    assert_eq!(seen.place("containers:"), "apps/pod.yaml:4:8");
}

#[test]
fn an_application_is_rendered_with_its_values() {
    let application = |source: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd}}\nspec:\n  \
             destination: {{namespace: prod}}\n{source}"
        )
    };
    let source = "  source:\n    repoURL: https://example.com/repo.git\n    path: charts/shop\n    helm:\n      valueFiles: [values-prod.yaml]\n      \
                  values: |\n        colour: red\n      parameters:\n      - {name: 'list[0]', value: 'a,b'}\n";
    let seen = or_skip!(repository(&[("argo/web.yaml", &application(source))]).collect());
    assert!(
        seen.files().contains(&"rendered charts/shop by helm for Application argocd/web".to_owned()),
        "{:?}",
        seen.files()
    );
    for part in ["name: web", "namespace: prod", "colour: red", "size: \"7\"", r#"list: "[\"a,b\"]""#] {
        assert!(seen.text().contains(part), "{part} in {}", seen.text());
    }
    assert_eq!(seen.gaps(), [""; 0]);

    let sources = "  sources:\n  - {repoURL: a, path: plain}\n  - {repoURL: a, ref: values}\n  - repoURL: a\n    path: charts/shop\n    helm:\n      \
                   valueFiles: [$values/charts/shop/values-prod.yaml, /etc/passwd, ../../../../../etc/passwd]\n      valuesObject: {colour: blue}\n  \
                   - repoURL: a\n    path: apps\n    kustomize: {nameSuffix: -x, images: ['nginx=example.com/n:2']}\n";
    let seen =
        or_skip!(repository(&[("argo/web.yaml", &application(sources)), ("apps/pod.yaml", POD)]).collect());
    for part in ["colour: blue", "size: \"7\"", "name: web-x", "image: example.com/n:2"] {
        assert!(seen.text().contains(part), "{part} in {}", seen.text());
    }
    let gaps = seen.gaps();
    assert_eq!(gaps.len(), 2, "{gaps:#?}");
    assert!(gaps.iter().all(|gap| gap.contains("`valueFiles`")), "{gaps:#?}");
}

#[test]
fn what_points_elsewhere_is_listed() {
    let objects = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: redis}\nspec: {chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository, name: r}}}}\n---\n\
                   apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: far}\nspec: {source: {repoURL: b, path: not/here}}\n---\n\
                   apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: up}\nspec: {source: {repoURL: b, path: ../../etc}}\n---\n\
                   apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: many}\nspec: {}\n---\n\
                   apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: oci}\nspec: {path: ./apps, sourceRef: {kind: OCIRepository, name: o}}\n";
    let seen = or_skip!(repository(&[("all.yaml", objects)]).collect());
    let gaps = seen.gaps();
    let what = [
        "HelmRelease redis",
        "Application far",
        "Application up",
        "ApplicationSet many",
        "Kustomization oci",
    ];
    assert_eq!(gaps.len(), what.len(), "{gaps:#?}");
    for (gap, what) in gaps.iter().zip(what) {
        assert!(
            gap.starts_with(&format!("{what} in all.yaml: object that says what to apply, not followed: ")),
            "{gap}"
        );
    }
    assert!(seen.files().contains(&"rendered charts/shop by helm".to_owned()), "{:?}", seen.files());
}

#[test]
fn applications_that_a_chart_or_an_overlay_makes_are_followed() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: {{ .Values.name }}\nspec:\n  source:\n    \
                       repoURL: a\n    path: charts/shop\n    helm: {values: 'colour: pink'}\n";
    let seen = or_skip!(
        repository(&[
            ("charts/all/Chart.yaml", "apiVersion: v2\nname: all\nversion: 0.1.0\n"),
            ("charts/all/values.yaml", "name: made\n"),
            ("charts/all/templates/application.yaml", application),
            ("top/kustomization.yaml", "resources: [release.yaml]\nnamespace: flux\n"),
            (
                "top/release.yaml",
                "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: two}\nspec:\n  chart: {spec: {chart: charts/shop, sourceRef: {kind: GitRepository, name: r}}}\n  values: {colour: grey}\n"
            ),
        ])
        .collect()
    );
    let files = seen.files();
    for file in [
        "rendered charts/shop by helm for Application made",
        "rendered charts/shop by helm for HelmRelease flux/two",
    ] {
        assert!(files.contains(&file.to_owned()), "{file} in {files:#?}");
    }
    assert!(!files.contains(&"rendered charts/shop by helm".to_owned()), "{files:#?}");
    assert!(seen.text().contains("colour: pink") && seen.text().contains("colour: grey"));
}
