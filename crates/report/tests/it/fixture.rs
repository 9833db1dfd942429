//! Four controls and a few files, so that the tests do not change with the catalogue.

use seaworthy_controls::{
    Assessment, Check, ContainerScope, Control, Fault, Mappings, ObjectScope, Phase, Scope, Settings,
    Severity, Verdict, change, evaluate,
};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, Place, SourceFile};
use seaworthy_report::{Context, Format, Skipped, Style, write};

pub(crate) static PRIVILEGED: Control = PRIVILEGED_WITHOUT_PROBE;

pub(crate) const PRIVILEGED_WITHOUT_PROBE: Control = Control {
    id: "pods/privileged",
    title: "No container runs privileged",
    phase: Phase::NextStep,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECURITY_CONTEXT,
    page: "A privileged container *is* the node: it sees every device and can load kernel modules,\n\
           so that `root` in it is root outside.\n\n\
           More of the same.\n\n\
           ## Check\n\n`privileged` must not be `true`.\n\n\
           ## Cure\n\nRemove `privileged: true` and add the one capability that is needed.\n\n1. look\n2. remove\n\n\
           ## Cases\n\nA privileged container.\n\n```yaml finding count=1\nprivileged: true\n```\n",
    mappings: Mappings { cis: &["5.2.2"], kubescape: &["C-0057"], ..Mappings::NONE },
    check: Check::Container(privileged),
    guard: None,
    probes: &[],
};

pub(crate) static LIMITS: Control = LIMITS_WITHOUT_PROBE;

pub(crate) const LIMITS_WITHOUT_PROBE: Control = Control {
    id: "pods/resource-limits",
    title: "Containers have limits",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests],
    change: &change::RESOURCES,
    page: "One container without limits starves its neighbours.\n\n## Cure\n\nSet `resources.limits`.\n\n## Cases\n",
    mappings: Mappings { trivy: &["KSV-0011"], ..Mappings::NONE },
    check: Check::Container(limits),
    guard: None,
    probes: &[],
};

pub(crate) static CREDENTIALS: Control = CREDENTIALS_WITHOUT_PROBE;

pub(crate) const CREDENTIALS_WITHOUT_PROBE: Control = Control {
    id: "secrets/in-config-maps",
    title: "Credentials are kept in Secrets",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests],
    change: &change::CREDENTIALS,
    page: "Many may read ConfigMaps.\n\n## Cure\n\nMove the value to a Secret.\n\n## Cases\n",
    mappings: Mappings { nsa: &["secrets"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "ConfigMap")], check: credentials },
    guard: None,
    probes: &[],
};

pub(crate) static CONTENT: Control = Control {
    id: "images/minimal-content",
    title: "Images hold what they need",
    phase: Phase::Research,
    step: 1,
    severity: Severity::Low,
    scopes: &[Scope::Manifests],
    change: &change::IMAGE_CONTENT,
    page: "What is not there cannot be abused.\n\n## Cure\n\nBuild from a small base.\n\n## Cases\n",
    mappings: Mappings { nsa: &["images"], ..Mappings::NONE },
    check: Check::ImageContent { needs: "the files of the image" },
    guard: None,
    probes: &[],
};

pub(crate) static CONTROLS: [&Control; 4] = [&CONTENT, &PRIVILEGED, &LIMITS, &CREDENTIALS];

fn privileged<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let field = scope.container.value().at(&["securityContext", "privileged"]);
    let fault = field.filter(|field| field.as_bool() == Some(true));
    Verdict::of(fault.map(|field| Fault::new(Place::at(field), "`privileged: true`")).into_iter().collect())
}

fn limits<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {
    let container = scope.container.value();
    match container.at(&["resources", "limits"]) {
        Some(_) => Verdict::Pass,
        None => Verdict::fail(Fault::new(Place::missing(container, "resources.limits"), "no limits are set")),
    }
}

fn credentials<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let entries = scope.object.value.get("data").map(|data| data.entries()).into_iter().flatten();
    let faults = entries
        .filter(|(key, _)| key.text().contains("password"))
        .map(|(key, value)| Fault::new(Place::at(value), format!("`{}` holds a password", key.text())));
    Verdict::of(faults.collect())
}

pub(crate) const WEB: &str = "\
# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: nginx:1.27
          securityContext:
            privileged: true
        - name: side
          image: busybox:1.36
          resources:
            limits: {cpu: 100m, memory: 64Mi}
        - name: log
          image: fluentd:1
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  colour: blue
  db-password: hunter2-geheim
";

/// One file that can be read, one with a document that cannot.
pub(crate) fn files() -> Vec<SourceFile> {
    let broken = "apiVersion: v1\nkind: Service\nmetadata: {name: web\n---\nhello: world\n";
    vec![
        SourceFile::new("shop/web.yaml", Stream::read(WEB)),
        SourceFile::new("shop/broken.yaml", Stream::read(broken)),
    ]
}

pub(crate) fn context() -> Context<'static> {
    Context {
        tool_version: "1.2.3",
        inputs: vec!["shop".to_owned()],
        skipped: vec![Skipped {
            reason: "files that are templates".to_owned(),
            count: 2,
            examples: vec!["shop/chart/a.yaml".to_owned()],
        }],
        width: 90,
        ..Context::default()
    }
}

pub(crate) fn with<T>(files: &[SourceFile], use_it: impl FnOnce(Assessment<'_, '_>) -> T) -> T {
    let evidence = Evidence::new(files);
    let settings = Settings::default();
    use_it(evaluate(&CONTROLS, &evidence, &settings))
}

pub(crate) fn report(format: Format, files: &[SourceFile], context: &Context<'_>) -> String {
    with(files, |assessment| written(format, &assessment, context))
}

pub(crate) fn written(format: Format, assessment: &Assessment<'_, '_>, context: &Context<'_>) -> String {
    let mut out = Vec::new();
    write(format, assessment, context, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Names, values and a file name that try to take over whatever shows them.
pub(crate) fn hostile() -> Vec<SourceFile> {
    let name = "\\e]0;owned\\a\\e[2J<script>alert(1)</script>\\u202egnp.exe";
    let text = format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"{name}\"\n  namespace: \"{name}\"\nspec:\n  containers:\n    \
         - name: \"{name}\"\n      image: nginx # \u{202e}\u{9b}31m\n      \
         securityContext: {{privileged: true}} # \u{202e}\u{9b}31m\n\
         ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  \"password{name}\": hunter2-geheim\n"
    );
    vec![SourceFile::new("a\u{1b}[31m\u{202e}\"<b>.yaml", Stream::read(text))]
}

/// A whole deployment in one line of two megabytes.
pub(crate) fn minified() -> Vec<SourceFile> {
    let padding = "x".repeat(1_000_000);
    let text = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"p\",\"annotations\":{{\"a\":\"{padding}\"}}}},\
         \"spec\":{{\"containers\":[{{\"name\":\"c\",\"image\":\"i:1\",\"securityContext\":{{\"privileged\":true}},\
         \"env\":[{{\"name\":\"z\",\"value\":\"{padding}\"}}]}}]}}}}"
    );
    vec![SourceFile::new("min.json", Stream::read(text))]
}

/// What no output may hold: escapes, controls of C1, and changes of direction.
pub(crate) fn assert_harmless(output: &str) {
    for (offset, character) in output.char_indices() {
        let harmful = matches!(character, '\0'..='\u{9}' | '\u{b}'..='\u{1f}' | '\u{7f}'..='\u{9f}'
            | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        assert!(!harmful, "{character:?} at {offset}");
    }
}

pub(crate) const STYLES: [Style; 4] = [Style::Summary, Style::Full, Style::All, Style::Quiet];
