//! Webhooks, aggregated APIs and other servers that the API server asks: with somebody behind them who answers on loopback, and
//! with nobody.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ::lab::Lab;
use data_encoding::BASE64;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};

use super::{INCONCLUSIVE, PROVED, REFUTED, Row, expect, hardened, matches, prove, prove_as, verdicts};

/// Somebody whom the API server asks, with the certificate of the API server itself; gone when it is dropped.
struct Backend {
    port: u16,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Backend {
    /// Answers each request, of which it is told the body, with JSON.
    fn start(lab: &Lab, answer: fn(&Value) -> Value) -> Backend {
        let pki = lab.folder().join("pki");
        let chain = CertificateDer::pem_file_iter(pki.join("apiserver.crt")).expect("certificates");
        let chain = chain.map(|certificate| certificate.expect("a certificate")).collect();
        let key = PrivateKeyDer::from_pem_file(pki.join("apiserver.key")).expect("a key");
        let tls =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("versions")
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .expect("a certificate with its key");
        let (tls, stop) = (Arc::new(tls), Arc::new(AtomicBool::new(false)));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
                let connection = rustls::ServerConnection::new(Arc::clone(&tls)).expect("a connection");
                // A client that goes away is no fault of ours.
                let _ = serve(rustls::StreamOwned::new(connection, stream), answer);
            }
        });
        Backend { port, stop, thread: Some(thread) }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = std::net::TcpStream::connect(("127.0.0.1", self.port));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))), "the thread of a backend");
    }
}

/// One request of HTTP, and the end of the connection.
fn serve(stream: impl Read + Write, answer: fn(&Value) -> Value) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    let answer = answer(&serde_json::from_slice(&body).unwrap_or_default()).to_string();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length:";
    let out = stream.get_mut();
    write!(out, "{head} {}\r\n\r\n{answer}", answer.len())?;
    out.flush()
}

/// Admits pods with images of one registry, as somebody who looks at signatures would who knows its key alone.
fn signatures(review: &Value) -> Value {
    let pod = &review["request"]["object"];
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let mut images = containers.filter_map(|container| container["image"].as_str());
    let signed = images.all(|image| image.starts_with("registry.example.com/"));
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {
            "uid": review["request"]["uid"], "allowed": signed,
            "status": {"message": "no matching signatures"},
        },
    })
}

/// A webhook for pods of the hardened shop.
fn webhook(lab: &Lab, port: u16, failure_policy: &str) -> String {
    let authority = fs::read(lab.folder().join("pki/ca.crt")).expect("a certificate");
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "signatures"},
        "webhooks": [{
            "name": "signatures.example.com", "failurePolicy": failure_policy, "sideEffects": "None",
            "admissionReviewVersions": ["v1"], "timeoutSeconds": 5,
            "clientConfig": {"url": format!("https://127.0.0.1:{port}/"), "caBundle": BASE64.encode(&authority)},
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop-hardened"}},
            "rules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        }],
    })
    .to_string()
}

/// A policy of the API server's own about images of pods in the hardened shop.
fn policy(expression: &str, message: &str) -> String {
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": "images"},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop-hardened"}},
                "resourceRules": [{
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                }],
            },
            "validations": [{"expression": expression, "message": message}],
        },
    });
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": "images"}, "spec": {"policyName": "images", "validationActions": ["Deny"]},
    });
    format!("{policy}\n---\n{binding}\n")
}

const IMAGES: &[&str] =
    &["--select", "images,admission/image-policy,admission/webhook-safety,admission/policy-engine"];

/// What the API server was told of policies and webhooks it takes into account within seconds: what is expected of it may come
/// late, and must then be right.
fn soon(lab: &Lab, arguments: &[&str], rows: &[Row]) {
    for _ in 0..10 {
        let found = verdicts(&prove(lab, arguments));
        let right = rows.iter().all(|row| {
            let mut of_row = found.iter().filter(|(proof, _)| matches(row, proof)).peekable();
            of_row.peek().is_some() && of_row.all(|(_, verdict)| verdict == row.2)
        });
        if right {
            return;
        }
        std::thread::sleep(Duration::from_millis(500));
    }
    expect(&prove(lab, arguments), rows);
}

#[test]
fn who_judges_images_is_told_apart() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let with = |objects: &str, rows: &[Row]| {
        lab.apply(objects).expect("objects");
        soon(&lab, IMAGES, rows);
        lab.remove(objects).expect("they go");
    };
    let digests = policy(
        "object.spec.containers.all(container, container.image.contains('@sha256:'))",
        "images are named by their digests",
    );
    with(
        &digests,
        &[
            ("images/digest-pinned", "shop-hardened", PROVED),
            // An unknown image is pinned as well.
            ("admission/image-policy", "shop-hardened", REFUTED),
            ("images/signature-verified", "shop-hardened", REFUTED),
        ],
    );
    let allowed =
        ["--select", "images/registry-allowlist", "--set", "images.registries=registry.example.com"];
    expect(&prove(&lab, &allowed), &[("images/registry-allowlist", "shop-hardened", REFUTED)]);
    // Trap: it speaks of signatures and looks at names.
    let names = policy(
        "object.spec.containers.all(container, container.image.startsWith('registry.example.com/'))",
        "only signed images are let in",
    );
    with(
        &names,
        &[
            ("admission/image-policy", "shop-hardened", PROVED),
            ("images/signature-verified", "shop-hardened", INCONCLUSIVE),
            ("images/digest-pinned", "shop-hardened", REFUTED),
        ],
    );
    lab.apply(&names).expect("objects");
    soon(&lab, &allowed, &[("images/registry-allowlist", "shop-hardened", PROVED)]);
    lab.remove(&names).expect("they go");
    let backend = Backend::start(&lab, signatures);
    with(
        &webhook(&lab, backend.port, "Fail"),
        &[
            ("admission/webhook-safety", "signatures", PROVED),
            ("admission/image-policy", "shop-hardened", PROVED),
            ("images/signature-verified", "shop-hardened", PROVED),
            ("images/digest-pinned", "shop-hardened", REFUTED),
        ],
    );
    let open = webhook(&lab, backend.port, "Ignore");
    with(&open, &[("admission/webhook-safety", "signatures", REFUTED)]);
    let port = backend.port;
    drop(backend);
    with(
        &webhook(&lab, port, "Fail"),
        &[
            ("admission/webhook-safety", "signatures", REFUTED),
            // What is refused since nobody answers is not refused by a policy.
            ("admission/image-policy", "shop-hardened", INCONCLUSIVE),
            ("images/signature-verified", "shop-hardened", INCONCLUSIVE),
        ],
    );
    // Nobody answers, and everything is let in.
    with(
        &webhook(&lab, port, "Ignore"),
        &[
            ("admission/image-policy", "shop-hardened", REFUTED),
            ("images/signature-verified", "shop-hardened", REFUTED),
        ],
    );
}

/// A group of an aggregated API with nothing in it, to whatever is asked.
fn group(_: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": "v1.boats.example.com", "resources": []})
}

#[test]
fn an_aggregated_api_whose_certificate_nobody_looks_at_is_found() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let backend = Backend::start(&lab, group);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "boats", "namespace": "default"},
        "spec": {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": backend.port}]},
    });
    lab.apply(&service.to_string()).expect("a Service");
    let authority = fs::read(lab.folder().join("pki/ca.crt")).expect("a certificate");
    for (key, value, verdict) in [
        ("insecureSkipTLSVerify", json!(true), REFUTED),
        // The certificate does not name the Service, so that nobody is asked.
        ("caBundle", json!(BASE64.encode(&authority)), INCONCLUSIVE),
    ] {
        let mut registration = json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": "v1.boats.example.com"},
            "spec": {
                "group": "boats.example.com", "version": "v1",
                "groupPriorityMinimum": 1000, "versionPriority": 10,
                "service": {"name": "boats", "namespace": "default", "port": backend.port},
            },
        });
        registration["spec"][key] = value;
        let registration = registration.to_string();
        lab.apply(&registration).expect("an APIService");
        soon(
            &lab,
            &["--select", "api-server/aggregated-apis"],
            &[("api-server/aggregated-apis", "v1.boats.example.com", verdict)],
        );
        lab.remove(&registration).expect("it goes");
    }
}

/// A kubeconfig of something that the API server asks, and that is not there.
const DEAD: &str = r#"
apiVersion: v1
kind: Config
clusters: [{name: dead, cluster: {server: "https://127.0.0.1:1", insecure-skip-tls-verify: true}}]
users: [{name: dead, user: {}}]
contexts: [{name: dead, context: {cluster: dead, user: dead}}]
current-context: dead
"#;

const FAIL_OPEN: &str = r#"
apiVersion: apiserver.config.k8s.io/v1
kind: AuthorizationConfiguration
authorizers:
  - {type: Node, name: node}
  - {type: RBAC, name: rbac}
  - type: Webhook
    name: dead
    webhook:
      timeout: 1s
      authorizedTTL: 10s
      unauthorizedTTL: 10s
      subjectAccessReviewVersion: v1
      matchConditionSubjectAccessReviewVersion: v1
      failurePolicy: NoOpinion
      connectionInfo: {type: KubeConfigFile, kubeConfigFile: "${config}/dead.yaml"}
"#;

#[test]
fn what_the_api_server_asks_in_vain_is_counted_by_it() {
    let profile = hardened()
        .with_file("dead.yaml", DEAD)
        .with_file("authorization.yaml", FAIL_OPEN)
        .with_flag("kube-apiserver", "audit-webhook-config-file", "${config}/dead.yaml")
        .with_flag("kube-apiserver", "audit-webhook-batch-max-wait", "500ms")
        .with_flag("kube-apiserver", "audit-webhook-initial-backoff", "20ms");
    let lab = match Lab::start(profile) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    // What RBAC does not grant, the webhook is asked about.
    assert_ne!(lab.request("nobody", "GET", "/api/v1/secrets").expect("an answer").status, 200);
    soon(
        &lab,
        &["--select", "api-server/authorization-webhook-fail-closed,audit/pipeline"],
        &[
            ("api-server/authorization-webhook-fail-closed", "API server", REFUTED),
            ("audit/pipeline", "API server", REFUTED),
        ],
    );
}

/// Who does not look at the certificate of the API server says so in its kubeconfig.
#[test]
fn a_kubeconfig_that_believes_everybody_is_refuted() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let text = fs::read_to_string(lab.kubeconfig("admin")).expect("a kubeconfig");
    let mut config: Value = serde_json::from_str(&text).expect("JSON");
    let cluster = config["clusters"][0]["cluster"].as_object_mut().expect("a cluster");
    cluster.remove("certificate-authority").expect("an authority");
    cluster.insert("insecure-skip-tls-verify".to_owned(), json!(true));
    let file = lab.folder().join("careless.kubeconfig");
    fs::write(&file, config.to_string()).expect("a file");
    let report = prove_as(&lab, &file, &["--select", "clients/kubeconfig-tls"]);
    expect(&report, &[("clients/kubeconfig-tls", "kubeconfig", REFUTED)]);
}
