//! Live objects and the files that declare them.

use seaworthy_document::Stream;
use seaworthy_evidence::{DeclarationCounts, Declarations, Declared, Evidence, Place, SourceFile};

const COLLECTION: &str = "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: c}\nlists:\n- {apiVersion: apps/v1, kind: Deployment}\n";

/// As kubectl was given it.
const DECLARED: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: 2
  template:
    spec:
      containers:
      - name: app
        image: app:1
        securityContext:
          privileged: false
          runAsNonRoot: true
        resources: {limits: {cpu: 0.5, memory: 1024Mi}}
        volumeMounts: [{name: tmp, mountPath: /tmp}]
      - name: side
        image: side:1
";

/// As the API server shows it.
const LIVE: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment",
"metadata": {"name": "web", "namespace": "shop", "uid": "u", "annotations": {"deployment.kubernetes.io/revision": "3"}},
"spec": {"replicas": 5, "template": {"metadata": {"creationTimestamp": null}, "spec": {"dnsPolicy": "ClusterFirst", "containers": [
{"name": "app", "image": "app:1", "imagePullPolicy": "IfNotPresent",
"securityContext": {"privileged": false, "runAsNonRoot": true}, "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}},
"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]},
{"name": "side", "image": "side:1", "imagePullPolicy": "IfNotPresent", "resources": {}}]}}}, "status": {"replicas": 5}}"#;

fn files(texts: &[(&str, &str)]) -> Vec<SourceFile> {
    texts.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(*text))).collect()
}

/// Asks for the declaration of a place in the first live object.
fn asked(live: &str, path: &[&str], missing: Option<&'static str>) -> (u32, bool) {
    let live =
        files(&[("/apis/apps/v1/namespaces/shop/deployments/web", live), ("collection.json", COLLECTION)]);
    let declared = files(&[("deploy/web.yaml", DECLARED)]);
    let live = Evidence::new(&live);
    let declarations = Declarations::new(&live, Evidence::new(&declared));
    let object = &live.objects()[0];
    let mut at = object.value;
    for key in path {
        at = match key.parse::<usize>() {
            Ok(number) => at.items().nth(number).expect("an item"),
            Err(_) => at.get(key).expect("a field"),
        };
    }
    let Declared { file, place, drifted } =
        declarations.at(object, &Place { value: at, missing }).expect("declared");
    assert_eq!(file.name, "deploy/web.yaml");
    (file.stream.position(place.span().start).line, drifted)
}

const APP: [&str; 5] = ["spec", "template", "spec", "containers", "0"];

fn at<'p>(steps: &[&'p str]) -> Vec<&'p str> {
    [&APP[..], steps].concat()
}

#[test]
fn what_is_applied_has_not_drifted() {
    for path in [
        at(&[]),
        at(&["securityContext", "privileged"]),
        at(&["resources", "limits", "cpu"]),
        vec!["spec"],
        vec![],
    ] {
        let (_, drifted) = asked(LIVE, &path, None);
        assert!(!drifted, "{path:?}");
    }
    assert_eq!(asked(LIVE, &at(&["securityContext", "privileged"]), None), (14, false));
    // The server's default points to the container.
    assert_eq!(asked(LIVE, &at(&["imagePullPolicy"]), None), (11, false));
    assert_eq!(asked(LIVE, &at(&["securityContext"]), Some("readOnlyRootFilesystem")), (13, false));
}

#[test]
fn what_somebody_changed_has_drifted() {
    let privileged = LIVE.replace(r#""privileged": false"#, r#""privileged": true"#);
    assert_eq!(asked(&privileged, &at(&["securityContext", "privileged"]), None), (14, true));
    assert_eq!(asked(&privileged, &at(&["image"]), None), (12, false), "elsewhere nothing was changed");
    // What was put in.
    let added =
        LIVE.replace(r#""runAsNonRoot": true"#, r#""runAsNonRoot": true, "allowPrivilegeEscalation": true"#);
    assert_eq!(asked(&added, &at(&["securityContext", "allowPrivilegeEscalation"]), None), (13, true));
    // What was taken away.
    let removed = LIVE.replace(r#", "runAsNonRoot": true"#, "");
    assert_eq!(asked(&removed, &at(&["securityContext"]), Some("runAsNonRoot")), (15, true));
    // Containers are known by their names.
    let other = LIVE.replace(r#"{"name": "app""#, r#"{"name": "proxy"}, {"name": "app""#);
    assert_eq!(asked(&other, &["spec", "template", "spec", "containers", "1", "image"], None), (12, false));
    assert_eq!(asked(&other, &["spec", "template", "spec", "containers", "0"], None), (10, true));
}

fn counts(live: &[(&str, &str)], declared: &[(&str, &str)]) -> DeclarationCounts {
    let (live, declared) = (files(live), files(declared));
    Declarations::new(&Evidence::new(&live), Evidence::new(&declared)).counts()
}

#[test]
fn objects_are_counted_by_how_they_fit() {
    let changed = LIVE.replace("app:1", "app:2");
    let old = DECLARED.replace("name: web", "name: gone");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: gone, namespace: shop}\n";
    let live = [
        ("/0", LIVE),
        ("/1", "{apiVersion: v1, kind: ConfigMap, metadata: {name: by-hand, namespace: shop}}"),
        ("/2", "{apiVersion: v1, kind: ConfigMap, metadata: {name: kube-root-ca.crt, namespace: shop}}"),
        (
            "/3",
            "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop, ownerReferences: [{kind: ReplicaSet, name: r}]}}",
        ),
        ("collection.json", COLLECTION),
    ];
    let declared = [("web.yaml", DECLARED), ("gone.yaml", &old), ("secret.yaml", secret)];
    // Nobody asked for Secrets: whether one is there is not known.
    let expected = DeclarationCounts { matched: 1, drifted: 0, missing: 1, undeclared: 1 };
    assert_eq!(counts(&live, &declared), expected);
    let live = [("/0", changed.as_str())];
    assert_eq!(counts(&live, &declared).drifted, 1);
    // Of a base and an overlay, the one that fits was applied.
    let overlay = DECLARED.replace("app:1", "app:2");
    assert_eq!(counts(&live, &[("base.yaml", DECLARED), ("overlay.yaml", &overlay)]).drifted, 0);
    // A file without namespace is for the namespace it was applied to, where only one can be meant.
    let open = DECLARED.replace("  namespace: shop\n", "");
    assert_eq!(counts(&[("/0", LIVE)], &[("web.yaml", &open)]).matched, 1);
    let elsewhere = LIVE.replace("shop", "other");
    assert_eq!(counts(&[("/0", LIVE), ("/1", &elsewhere)], &[("web.yaml", &open)]).matched, 0);
}
