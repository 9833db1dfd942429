//! Charts, rendered by helm.

use crate::fixture::{Repository, options, or_skip};

const CHART: &str = "apiVersion: v2\nname: shop\nversion: 0.1.0\n";
const VALUES: &str = "image: nginx:1.27\ndebug: true\nsecurity:\n  readOnlyRootFilesystem: true\n";
const HELPERS: &str =
    "{{- define \"shop.labels\" -}}\napp: shop\nrelease: {{ .Release.Name }}\n{{- end -}}\n";
const WEB: &str = "\
# {{ .Chart.Name }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}-web
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include \"shop.labels\" . | nindent 4 }}
spec:
  template:
    spec:
      containers:
        - name: web
          image: {{ .Values.image | quote }}
          securityContext:
            {{- toYaml .Values.security | nindent 12 }}
          {{- if .Values.debug }}
            privileged: true
          {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}-web
spec:
  type: LoadBalancer
";

fn shop() -> Repository {
    Repository::new(&[
        ("charts/shop/Chart.yaml", CHART),
        ("charts/shop/values.yaml", VALUES),
        ("charts/shop/templates/_helpers.tpl", HELPERS),
        ("charts/shop/templates/web.yaml", WEB),
        (
            "charts/shop/templates/tests/ping.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: ping\n  annotations:\n    \"helm.sh/hook\": test\n",
        ),
        (
            "charts/shop/crds/thing.yaml",
            "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n",
        ),
        ("charts/shop/charts/cache/Chart.yaml", "apiVersion: v2\nname: cache\nversion: 0.1.0\n"),
        ("charts/shop/charts/cache/values.yaml", "size: 1Gi\n"),
        (
            "charts/shop/charts/cache/templates/cache.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: cache\ndata:\n  size: {{ .Values.size }}\n",
        ),
        ("plain.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: plain}\n"),
    ])
}

#[test]
fn a_chart_is_judged_as_what_it_becomes() {
    let seen = or_skip!(shop().collect());
    assert_eq!(seen.files(), ["plain.yaml", "rendered charts/shop by helm"]);
    assert_eq!(seen.gaps(), [""; 0]);
    let text = seen.text();
    for part in [
        "name: shop-web",
        "namespace: default",
        "image: \"nginx:1.27\"",
        "size: 1Gi",
        "CustomResourceDefinition",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("ping"), "tests of charts are not applied: {text}");
}

#[test]
fn rendered_lines_lead_to_their_templates() {
    let seen = or_skip!(shop().collect());
    let web = "charts/shop/templates/web.yaml";
    assert_eq!(seen.place("kind: Deployment"), format!("{web}:3:1"));
    assert_eq!(seen.place("- name: web"), format!("{web}:13:9"));
    // The key is the template's, the value is filled in.
    assert_eq!(seen.place("image: \"nginx:1.27\""), format!("{web}:14:11"));
    assert_eq!(seen.place("privileged: true"), format!("{web}:18:13"));
    // What comes from values or helpers has the place of what is around it.
    assert_eq!(seen.place("readOnlyRootFilesystem: true"), format!("~{web}:15:11"));
    assert_eq!(seen.place("app: shop"), format!("~{web}:7:3"));
    // Of two documents of a template, the right one.
    assert_eq!(seen.place("type: LoadBalancer"), format!("{web}:26:3"));
    assert_eq!(seen.place("kind: Service"), format!("{web}:22:1"));
    assert_eq!(seen.place("size: 1Gi"), "charts/shop/charts/cache/templates/cache.yaml:6:3");
}

#[test]
fn values_and_namespace_of_the_person_are_passed_on() {
    let repository = shop();
    repository.write("elsewhere/prod, 1.yml", "debug: false\nimage: from-file\n");
    let mut render = or_skip!(options());
    render.helm_values = vec![repository.path().join("elsewhere/prod, 1.yml")];
    render.helm_set = vec!["cache.size=2Gi".to_owned()];
    render.helm_namespace = "prod".to_owned();
    render.kubernetes_version = Some("v1.31".to_owned());
    repository.write(
        "charts/shop/templates/version.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: v\ndata:\n  v: {{ .Capabilities.KubeVersion.Version }}\n",
    );
    let text = or_skip!(repository.collect_with(render)).text();
    for part in ["namespace: prod", "image: \"from-file\"", "size: 2Gi", "v: v1.31"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("privileged"), "{text}");
}

#[test]
fn charts_that_cannot_be_rendered_are_gaps_and_hide_nothing_else() {
    let repository = shop();
    repository.write("charts/bad/Chart.yaml", "apiVersion: v2\nname: bad\nversion: 0.1.0\n");
    repository.write(
        "charts/bad/templates/a.yaml",
        "apiVersion: v1\nkind: Pod\nx: {{ required \"set `x`\" .Values.x }}\n",
    );
    repository.write("charts/bad/templates/b.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: b}\n");
    repository.write(
        "charts/needy/Chart.yaml",
        "apiVersion: v2\nname: needy\nversion: 0.1.0\ndependencies:\n- {name: redis, version: 1.0.0, repository: 'https://charts.invalid'}\n",
    );
    let seen = or_skip!(repository.collect());
    assert_eq!(
        seen.files(),
        [
            "charts/bad/templates/b.yaml",
            "charts/needy/Chart.yaml",
            "plain.yaml",
            "rendered charts/shop by helm"
        ]
    );
    let [bad, needy] = seen.gaps().try_into().unwrap();
    assert!(bad.starts_with("charts/bad: Helm chart that was not rendered: `helm` says: "), "{bad}");
    assert!(bad.contains("set `x`"), "{bad}");
    assert!(needy.starts_with("charts/needy: Helm chart that was not rendered"), "{needy}");
    assert!(needy.contains("redis"), "{needy}");
}

#[test]
fn a_library_is_judged_in_its_users() {
    let repository = shop();
    repository.write("charts/lib/Chart.yaml", "apiVersion: v2\nname: lib\nversion: 0.1.0\ntype: library\n");
    repository
        .write("charts/lib/templates/_pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .x }}}\n");
    let seen = or_skip!(repository.collect());
    assert_eq!(seen.files(), ["plain.yaml", "rendered charts/shop by helm"]);
    assert_eq!(seen.gaps(), [""; 0]);
}

#[test]
fn without_helm_every_chart_is_a_gap() {
    let render = seaworthy_ingest::RenderOptions { search_path: "/nowhere".into(), ..Default::default() };
    let seen = shop().collect_folder("", render);
    assert_eq!(seen.gaps(), ["charts/shop: Helm chart that was not rendered: `helm` is not installed"]);
    let names = seen.files();
    assert!(names.contains(&"charts/shop/crds/thing.yaml".to_owned()), "{names:?}");
    assert!(!names.contains(&"charts/shop/templates/web.yaml".to_owned()), "{names:?}");
}
