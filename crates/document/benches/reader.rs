//! How fast streams are read, beside the event parsers of others: `cargo bench -p seaworthy-document`.
//!
//! Each number is the best of several runs over the text in memory, on one core. Event parsers only split a text;
//! the reader also resolves scalars, looks for duplicate keys and builds the tree.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads files and the clock")]
#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use seaworthy_document::{Limits, Stream};

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return; // `cargo test --benches` only wants to know that it builds
    }
    println!(
        "{:<44}{:>8}{:>12}{:>10}{:>14}{:>16}",
        "text", "MB", "Stream MB/s", "complete", "saphyr events", "libyaml events"
    );
    let real = real_manifests();
    if let Some(files) = &real {
        line("demo + sample500, one text", &files.join("\n---\n"), true);
        each("demo + sample500, each file alone", files);
    }
    let generated = generated_yaml(20_000_000);
    line("generated manifests", &generated, true);
    line("the same objects as JSON", &as_json(&generated), false);
}

/// Megabytes a second, best of several runs. What is made for a run or left by it is not counted.
fn speed<I, O>(bytes: usize, make: impl Fn() -> I, run: impl Fn(I) -> O) -> f64 {
    let mut best = f64::INFINITY;
    let begin = Instant::now();
    let mut runs = 0;
    while runs < 3 || begin.elapsed().as_secs_f64() < 2.0 && runs < 300 {
        let input = black_box(make());
        let start = Instant::now();
        let output = black_box(run(input));
        best = best.min(start.elapsed().as_secs_f64());
        drop(output);
        runs += 1;
    }
    bytes as f64 / 1e6 / best
}

fn line(name: &str, text: &str, yaml: bool) {
    let ours = speed(text.len(), || text.to_owned(), Stream::read);
    print!("{name:<44}{:>8.1}{ours:>12.0}", text.len() as f64 / 1e6);
    if yaml {
        let limits = Limits::default();
        let complete = speed(text.len(), || text.to_owned(), |text| Stream::read_completely(text, &limits));
        // Split as the reader does, so that an error costs one document. libyaml-safer panics at a block scalar
        // without a line break behind it.
        let documents: Vec<String> = text.split("\n---\n").map(|document| format!("{document}\n")).collect();
        let saphyr = speed(
            text.len(),
            || &documents,
            |documents| documents.iter().for_each(|text| saphyr_events(text)),
        );
        let libyaml = speed(
            text.len(),
            || &documents,
            |documents| documents.iter().for_each(|text| libyaml_events(text)),
        );
        print!(
            "{complete:>10.0}{saphyr:>14.0}{libyaml:>16.0}   {:.1}x / {:.1}x",
            ours / saphyr,
            ours / libyaml
        );
    }
    println!();
}

fn each(name: &str, files: &[String]) {
    let bytes = files.iter().map(String::len).sum();
    let ours =
        speed(bytes, || files.to_vec(), |files| files.into_iter().map(Stream::read).collect::<Vec<_>>());
    println!("{name:<44}{:>8.1}{ours:>12.0}", bytes as f64 / 1e6);
}

fn saphyr_events(text: &str) {
    for event in saphyr_parser::Parser::new_from_str(text) {
        if black_box(event).is_err() {
            break;
        }
    }
}

fn libyaml_events(text: &str) {
    let mut bytes = text.as_bytes();
    let mut parser = libyaml_safer::Parser::new();
    parser.set_input_string(&mut bytes);
    while let Ok(event) = parser.parse() {
        if matches!(black_box(event).data, libyaml_safer::EventData::StreamEnd) {
            break;
        }
    }
}

fn real_manifests() -> Option<Vec<String>> {
    let mut files = Vec::new();
    for folder in ["demo", "sample500"] {
        match oracle_client::data(folder) {
            Ok(path) => collect(&path, &mut files),
            Err(skip) => {
                skip.announce();
                return None;
            }
        }
    }
    files.sort();
    Some(files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            files.push(path);
        }
    }
}

/// Deployments (62 %), services, config maps with block scalars, and roles.
fn generated_yaml(bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 10_000);
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        let written = match number * 7919 % 100 {
            0..62 => deployment(&mut text, number),
            62..78 => write!(
                text,
                "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: service-{number}\n  namespace: team-{}\nspec:\n  selector:\n    \
                 app: app-{number}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n    protocol: TCP\n",
                number % 40
            ),
            78..90 => {
                let head = write!(
                    text,
                    "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\ndata:\n  app.properties: |\n"
                );
                for line in 0..30 {
                    text.push_str("    server.option.");
                    text.push_str(["alpha", "beta", "gamma"][line % 3]);
                    text.push_str("=some value with spaces and: punctuation # here\n");
                }
                head.and_then(|()| write!(text, "  LOG_LEVEL: \"info\"\n  replicas: '{}'\n", number % 7))
            }
            _ => write!(
                text,
                "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  namespace: team-{}\n  name: role-{number}\nrules:\n- \
                 apiGroups: [\"\"]\n  resources: [\"pods\", \"pods/log\"]\n  verbs: [\"get\", \"list\", \"watch\"]\n- apiGroups:\n  - apps\n  \
                 resources:\n  - deployments\n  verbs:\n  - get\n  - update\n",
                number % 40
            ),
        };
        written.unwrap_or_default();
    }
    text
}

fn deployment(text: &mut String, number: usize) -> std::fmt::Result {
    write!(
        text,
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: app-{number}\n  namespace: team-{}\n  labels:\n    app.kubernetes.io/name: \
         app-{number}\n    app.kubernetes.io/managed-by: Helm\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: app-{number}\n  \
         template:\n    metadata:\n      labels:\n        app: app-{number}\n    spec:\n      serviceAccountName: app-{number}\n      \
         containers:\n      - name: main\n        image: registry.example.com/team/app-{number}:1.{number}.0\n        args: [\"--port=8080\", \
         \"--verbose\"]\n        ports:\n        - containerPort: 8080\n          name: http\n        env:\n        - name: LOG_LEVEL\n          \
         value: \"info\"\n        - name: POD_NAME\n          valueFrom:\n            fieldRef:\n              fieldPath: metadata.name\n        \
         resources:\n          requests:\n            cpu: 100m\n            memory: 128Mi\n          limits:\n            memory: 256Mi\n        \
         securityContext:\n          allowPrivilegeEscalation: false\n          readOnlyRootFilesystem: true\n          capabilities:\n            \
         drop:\n            - ALL\n        livenessProbe:\n          httpGet:\n            path: /healthz\n            port: http\n          \
         periodSeconds: 10\n      volumes:\n      - name: tmp\n        emptyDir: {{}}\n",
        number % 40,
        number % 5 + 1
    )
}

fn as_json(yaml: &str) -> String {
    let mut json = String::new();
    for document in Stream::read(yaml).documents() {
        document.root().write_json(&mut json).unwrap_or_default();
        json.push('\n');
    }
    json
}
