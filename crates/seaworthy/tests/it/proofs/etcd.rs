//! Etcd: its doors, and how Secrets are stored in it. And TLS: who takes what, and until when.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use serde_json::Value;

use super::{INCONCLUSIVE, PROVED, REFUTED, hardened, verdicts};
use crate::program::{root, stderr};

/// What is expected of a probe: control and probe, subject, verdict. Places are named as the lab names them.
type Row = (&'static str, &'static str, &'static str);

const SELECTED: &str = "etcd,api-server/tls-strength,api-server/tls-serving,control-plane/certificate-expiry,\
                        control-plane/component-tls";

/// All verdicts on the hardened lab.
const HARDENED: &[Row] = &[
    ("api-server/tls-serving#handshake", "API server", PROVED),
    ("api-server/tls-strength#hellos", "API server", PROVED),
    ("control-plane/certificate-expiry#serving", "API server", PROVED),
    ("control-plane/certificate-expiry#serving", "controller-manager", PROVED),
    ("control-plane/certificate-expiry#serving", "etcd", PROVED),
    ("control-plane/certificate-expiry#serving", "etcd-peer", PROVED),
    ("control-plane/certificate-expiry#serving", "scheduler", PROVED),
    ("control-plane/component-tls#hellos", "controller-manager", PROVED),
    ("control-plane/component-tls#hellos", "scheduler", PROVED),
    ("etcd/client-tls#strangers", "etcd", PROVED),
    ("etcd/dedicated-ca#cluster-certificates", "etcd", PROVED),
    ("etcd/encryption-at-rest#canary", "secrets of etcd", PROVED),
    ("etcd/encryption-at-rest#counters", "API server", PROVED),
    ("etcd/encryption-coverage#canary", "configmaps of etcd", PROVED),
    ("etcd/encryption-keys#provider", "secrets of etcd", PROVED),
    ("etcd/encryption-rewrite#current-key", "etcd", PROVED),
    ("etcd/encryption-rewrite#prefixes", "etcd", PROVED),
    ("etcd/peer-tls#strangers", "etcd-peer", PROVED),
];

/// What differs on the insecure lab, whose etcd speaks no TLS at all.
const INSECURE: &[Row] = &[
    ("api-server/tls-strength#hellos", "API server", REFUTED),
    ("control-plane/certificate-expiry#serving", "etcd", INCONCLUSIVE),
    ("control-plane/certificate-expiry#serving", "etcd-peer", INCONCLUSIVE),
    ("etcd/client-tls#strangers", "etcd", REFUTED),
    // Nobody looks at certificates.
    ("etcd/dedicated-ca#cluster-certificates", "etcd", INCONCLUSIVE),
    ("etcd/encryption-at-rest#canary", "secrets of etcd", REFUTED),
    ("etcd/encryption-at-rest#counters", "API server", REFUTED),
    ("etcd/encryption-coverage#canary", "configmaps of etcd", REFUTED),
    ("etcd/encryption-keys#provider", "secrets of etcd", INCONCLUSIVE),
    // Without encryption no key is in use.
    ("etcd/encryption-rewrite#current-key", "etcd", INCONCLUSIVE),
    ("etcd/encryption-rewrite#prefixes", "etcd", REFUTED),
    ("etcd/peer-tls#strangers", "etcd-peer", REFUTED),
];

/// Something to read raw, made before anything is tried.
const SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: {name: older, namespace: default}
stringData: {word: something}
";

/// The flags that say where everything of a lab is; the certificate for etcd by its name there.
pub(super) fn places(lab: &Lab, certificate: &str) -> Vec<String> {
    let pki = lab.folder().join("pki");
    let file = |name: &str, end: &str| pki.join(format!("{name}.{end}")).display().to_string();
    let url = |program: &str| format!("https://{}", lab.address_of(program));
    let mut flags = Vec::new();
    for (flag, value) in [
        ("--etcd", url("etcd")),
        ("--etcd-peer", url("etcd-peer")),
        ("--scheduler", url("scheduler")),
        ("--controller-manager", url("controller-manager")),
        ("--etcd-cert", file(certificate, "crt")),
        ("--etcd-key", file(certificate, "key")),
        ("--etcd-ca", file("etcd-ca", "crt")),
        ("--ordinary-cert", file("nobody", "crt")),
        ("--ordinary-key", file("nobody", "key")),
        ("--consent", "canary".to_owned()),
    ] {
        flags.extend([flag.to_owned(), value]);
    }
    flags
}

/// Tries what is selected, as one of the identities.
pub(super) fn prove(lab: &Lab, identity: &str, selected: &str, flags: &[String]) -> Value {
    let output = lab
        .command(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["prove", "--no-config", "--no-progress", "--format", "json", "--select", selected])
        .args(["--probe-timeout", "20", "--kubeconfig"])
        .arg(lab.kubeconfig(identity))
        .args(flags)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a report")
}

/// What differs between a report and the verdicts of the hardened lab with some that turn. Every verdict must be foreseen.
fn differences(lab: &Lab, report: &Value, turns: &[Row]) -> Vec<String> {
    let mut expected: BTreeMap<(String, String), &str> = BTreeMap::new();
    for (control, subject, verdict) in HARDENED {
        expected.insert(((*control).to_owned(), (*subject).to_owned()), *verdict);
    }
    for (control, subject, verdict) in turns {
        let before = expected.insert(((*control).to_owned(), (*subject).to_owned()), *verdict);
        assert!(before.is_some(), "{control} of {subject} is no row of the hardened lab");
    }
    let programs = ["etcd-peer", "etcd", "scheduler", "controller-manager"];
    let mut wrong = Vec::new();
    for ((control, subject), verdict) in verdicts(report) {
        let subject = programs
            .iter()
            .fold(subject, |subject, program| subject.replace(&lab.address_of(program), program));
        // A folder of backups is given to none of these runs; and what the ports answer is tried elsewhere.
        if control.starts_with("etcd/backup-") || control == "control-plane/component-tls#credentials" {
            continue;
        }
        let proof = (control, subject);
        match expected.remove(&proof) {
            Some(wanted) if wanted == verdict => {}
            wanted => wrong.push(format!("{} of {}: {verdict}, not {wanted:?}", proof.0, proof.1)),
        }
    }
    wrong.extend(expected.keys().map(|(control, subject)| format!("{control} of {subject}: no proof")));
    if !wrong.is_empty() {
        let proofs = report["proofs"].as_array().into_iter().flatten();
        wrong.extend(proofs.map(|proof| {
            format!(
                "    {} {}: {} {} ({} -> {})",
                proof["control"],
                proof["subject"]["name"],
                proof["verdict"],
                proof["reason"],
                proof["request"],
                proof["reply"]
            )
        }));
    }
    wrong
}

#[test]
fn etcd_and_tls_come_out_on_both_profiles_as_their_description_says() {
    let insecure = || Profile::insecure().with_controllers().with_application();
    for (profile, turns) in [(hardened(), &[][..]), (insecure(), INSECURE)] {
        let lab = match Lab::start(profile) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        lab.apply(SECRET).expect("a Secret");
        let report = prove(&lab, "admin", SELECTED, &places(&lab, "apiserver-etcd-client"));
        let wrong = differences(&lab, &report, turns);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        let text = report.to_string();
        assert!(!text.contains("seaworthy-canary-text"), "values of canaries are in the report");
    }
}

/// One thing that is broken, and every verdict that turns with it.
struct Mutant {
    name: &'static str,
    profile: fn(Profile) -> Profile,
    /// The client certificate that etcd knows.
    certificate: &'static str,
    turns: &'static [Row],
}

pub(super) const CLIENT: &str = "apiserver-etcd-client";

/// Nothing is encrypted that is written.
const NOT_ENCRYPTED: &[Row] = &[
    ("etcd/encryption-at-rest#canary", "secrets of etcd", REFUTED),
    ("etcd/encryption-at-rest#counters", "API server", REFUTED),
    ("etcd/encryption-coverage#canary", "configmaps of etcd", REFUTED),
    ("etcd/encryption-keys#provider", "secrets of etcd", INCONCLUSIVE),
    // Without encryption no key is in use.
    ("etcd/encryption-rewrite#current-key", "etcd", INCONCLUSIVE),
    ("etcd/encryption-rewrite#prefixes", "etcd", REFUTED),
];

/// An encryption configuration of one block.
fn encryption(resources: &str, providers: &str) -> String {
    format!(
        "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n  - resources: [{resources}]\n    \
         providers: [{providers}]\n"
    )
}

const SECRETBOX: &str = "{secretbox: {keys: [{name: key1, secret: \"${encryption-key}\"}]}}";
const AESCBC: &str = "{aescbc: {keys: [{name: key1, secret: \"${encryption-key}\"}]}}";

const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "etcd asks clients for no certificate",
        profile: |profile| {
            profile.without_flag("etcd", "client-cert-auth").without_flag("etcd", "trusted-ca-file")
        },
        certificate: CLIENT,
        turns: &[
            ("etcd/client-tls#strangers", "etcd", REFUTED),
            // Whose certificates are taken, cannot be seen where none is looked at.
            ("etcd/dedicated-ca#cluster-certificates", "etcd", INCONCLUSIVE),
        ],
    },
    Mutant {
        name: "the gateway of etcd is off, and gRPC is open",
        profile: |profile| {
            profile
                .without_flag("etcd", "client-cert-auth")
                .without_flag("etcd", "trusted-ca-file")
                .with_flag("etcd", "enable-grpc-gateway", "false")
        },
        certificate: CLIENT,
        turns: &[
            ("etcd/client-tls#strangers", "etcd", REFUTED),
            ("etcd/dedicated-ca#cluster-certificates", "etcd", INCONCLUSIVE),
        ],
    },
    Mutant {
        name: "etcd trusts the authority of the cluster",
        profile: |profile| {
            profile
                .with_flag("etcd", "trusted-ca-file", "${pki}/ca.crt")
                .with_flag("kube-apiserver", "etcd-certfile", "${pki}/apiserver-kubelet-client.crt")
                .with_flag("kube-apiserver", "etcd-keyfile", "${pki}/apiserver-kubelet-client.key")
        },
        certificate: "apiserver-kubelet-client",
        turns: &[("etcd/dedicated-ca#cluster-certificates", "etcd", REFUTED)],
    },
    Mutant {
        name: "peers of etcd speak without TLS",
        profile: |profile| {
            let url = "http://${address}:${etcd-peer-port}";
            profile
                .with_flag("etcd", "listen-peer-urls", url)
                .with_flag("etcd", "initial-advertise-peer-urls", url)
                .with_flag("etcd", "initial-cluster", "lab=http://${address}:${etcd-peer-port}")
        },
        certificate: CLIENT,
        turns: &[
            ("etcd/peer-tls#strangers", "etcd-peer", REFUTED),
            ("control-plane/certificate-expiry#serving", "etcd-peer", INCONCLUSIVE),
        ],
    },
    Mutant {
        name: "peers of etcd show no certificate",
        profile: |profile| {
            profile.without_flag("etcd", "peer-client-cert-auth").without_flag("etcd", "peer-trusted-ca-file")
        },
        certificate: CLIENT,
        turns: &[("etcd/peer-tls#strangers", "etcd-peer", REFUTED)],
    },
    Mutant {
        name: "the API server takes TLS 1.0",
        profile: |profile| profile.with_flag("kube-apiserver", "tls-min-version", "VersionTLS10"),
        certificate: CLIENT,
        turns: &[("api-server/tls-strength#hellos", "API server", REFUTED)],
    },
    Mutant {
        name: "the scheduler takes TLS 1.1",
        profile: |profile| profile.with_flag("kube-scheduler", "tls-min-version", "VersionTLS11"),
        certificate: CLIENT,
        turns: &[("control-plane/component-tls#hellos", "scheduler", REFUTED)],
    },
    Mutant {
        name: "the API server takes suites of CBC",
        profile: |profile| {
            let suites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA";
            profile.with_flag("kube-apiserver", "tls-min-version", "VersionTLS12").with_flag(
                "kube-apiserver",
                "tls-cipher-suites",
                suites,
            )
        },
        certificate: CLIENT,
        turns: &[("api-server/tls-strength#hellos", "API server", REFUTED)],
    },
    Mutant {
        // Not broken: the other way to be strong.
        name: "the API server takes TLS 1.2 with good suites alone",
        profile: |profile| {
            profile.with_flag("kube-apiserver", "tls-min-version", "VersionTLS12").with_flag(
                "kube-apiserver",
                "tls-cipher-suites",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            )
        },
        certificate: CLIENT,
        turns: &[],
    },
    Mutant {
        name: "nothing is encrypted",
        profile: |profile| profile.without_flag("kube-apiserver", "encryption-provider-config"),
        certificate: CLIENT,
        turns: NOT_ENCRYPTED,
    },
    Mutant {
        name: "identity stands first",
        profile: |profile| {
            let providers = format!("{{identity: {{}}}}, {SECRETBOX}");
            profile.with_file("encryption.yaml", &encryption("secrets, configmaps", &providers))
        },
        certificate: CLIENT,
        turns: NOT_ENCRYPTED,
    },
    Mutant {
        name: "ConfigMaps are not encrypted",
        profile: |profile| profile.with_file("encryption.yaml", &encryption("secrets", SECRETBOX)),
        certificate: CLIENT,
        turns: &[("etcd/encryption-coverage#canary", "configmaps of etcd", REFUTED)],
    },
    Mutant {
        // Not broken: what would show it is not told.
        name: "the API server does not tell by which provider it counts",
        profile: |profile| {
            let metric = "apiserver_storage_transformation_operations_total,transformer_prefix='none'";
            profile.with_flag("kube-apiserver", "allow-metric-labels", metric)
        },
        certificate: CLIENT,
        turns: &[("etcd/encryption-at-rest#counters", "API server", INCONCLUSIVE)],
    },
    Mutant {
        name: "a provider that is weak",
        profile: |profile| profile.with_file("encryption.yaml", &encryption("secrets, configmaps", AESCBC)),
        certificate: CLIENT,
        turns: &[("etcd/encryption-keys#provider", "secrets of etcd", REFUTED)],
    },
    Mutant {
        name: "a certificate of etcd ends in ten days",
        profile: |profile| {
            let (certificate, key) = ending_in_ten_days();
            profile
                .with_file("short.crt", &certificate)
                .with_file("short.key", &key)
                .with_flag("etcd", "peer-cert-file", "${config}/short.crt")
                .with_flag("etcd", "peer-key-file", "${config}/short.key")
        },
        certificate: CLIENT,
        turns: &[("control-plane/certificate-expiry#serving", "etcd-peer", REFUTED)],
    },
];

/// A certificate of a year that has ten days left, and its key.
fn ending_in_ten_days() -> (String, String) {
    const DAY: Duration = Duration::from_secs(86_400);
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    let now = std::time::SystemTime::now();
    params.not_before = (now - 355 * DAY).into();
    params.not_after = (now + 10 * DAY).into();
    let key = rcgen::KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn one_thing_broken_turns_what_is_tried_of_etcd_and_tls() {
    let mut wrong = Vec::new();
    for mutant in MUTANTS {
        let lab = match Lab::start((mutant.profile)(hardened())) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        lab.apply(SECRET).expect("a Secret");
        let report = prove(&lab, "admin", SELECTED, &places(&lab, mutant.certificate));
        let differ = differences(&lab, &report, mutant.turns);
        if !differ.is_empty() {
            wrong.push(format!("{}:\n{}", mutant.name, differ.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Encryption is turned on while the server runs; what is older stays as it is until somebody writes it anew.
#[test]
fn what_was_not_written_anew_is_seen() {
    let plain = encryption("secrets, configmaps", &format!("{{identity: {{}}}}, {SECRETBOX}"));
    let profile = hardened().with_file("encryption.yaml", &plain).with_flag(
        "kube-apiserver",
        "encryption-provider-config-automatic-reload",
        "true",
    );
    let lab = match Lab::start(profile) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    lab.apply(SECRET).expect("a Secret");
    let file = lab.folder().join("config/encryption.yaml");
    let before = fs::read_to_string(&file).expect("a configuration");
    let after = before.replace("{identity: {}}, ", "").replace("}]}}]", "}]}}, {identity: {}}]");
    assert_ne!(before, after);
    fs::write(&file, after).expect("a configuration");
    // The server looks at the file once a minute.
    let end = Instant::now() + Duration::from_secs(200);
    let flags = places(&lab, CLIENT);
    while verdict(&prove(&lab, "admin", "etcd/encryption-at-rest", &flags), "etcd/encryption-at-rest#canary")
        != PROVED
    {
        assert!(Instant::now() < end, "the server does not read its configuration again");
        std::thread::sleep(Duration::from_secs(5));
    }
    let report = prove(&lab, "admin", SELECTED, &flags);
    let turns = [
        ("etcd/encryption-rewrite#prefixes", "etcd", REFUTED),
        ("etcd/encryption-rewrite#current-key", "etcd", REFUTED),
    ];
    let wrong = differences(&lab, &report, &turns);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // Other Secrets of the lab are as old; this one is among them until it is written.
    assert!(report.to_string().contains("in the clear"));
}

/// A key is put before the one that everything is written with: what is older stays as it is.
#[test]
fn what_stands_there_by_an_older_key_is_seen() {
    let mut lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    lab.apply(SECRET).expect("a Secret");
    let file = lab.folder().join("config/encryption.yaml");
    let before = fs::read_to_string(&file).expect("a configuration");
    let newer = "- name: key2\n              secret: c2Vhd29ydGh5LXNlYXdvcnRoeS1zZWF3b3J0aHktMDI=\n            - name: key1";
    let after = before.replace("- name: key1", newer);
    assert_ne!(before, after);
    fs::write(&file, after).expect("a configuration");
    lab.restart("kube-apiserver", &[]).expect("it starts");
    let end = Instant::now() + Duration::from_secs(120);
    let older = "/api/v1/namespaces/default/secrets/older";
    while !lab.request("admin", "GET", older).is_ok_and(|answer| answer.status == 200) {
        assert!(Instant::now() < end, "the API server does not come back");
        std::thread::sleep(Duration::from_millis(100));
    }
    let report = prove(&lab, "admin", SELECTED, &places(&lab, CLIENT));
    let wrong = differences(&lab, &report, &[("etcd/encryption-rewrite#current-key", "etcd", REFUTED)]);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(report.to_string().contains("secretbox v1 with `key2`"));
}

/// The only verdict on a control, or on one of its probes.
pub(super) fn verdict<'a>(report: &'a Value, control: &str) -> &'a str {
    let (id, probe) = control.split_once('#').map_or((control, None), |(id, probe)| (id, Some(probe)));
    let mut of = report["proofs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|proof| proof["control"] == id && probe.is_none_or(|probe| proof["probe"] == probe));
    let one = of.next().unwrap_or_else(|| panic!("no proof of {control}"));
    assert!(of.next().is_none(), "several proofs of {control}");
    one["verdict"].as_str().unwrap_or_default()
}
