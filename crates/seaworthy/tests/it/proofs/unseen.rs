//! What cannot be seen of etcd is inconclusive, and names what would decide it.

use ::lab::{Lab, Profile};
use serde_json::Value;

use super::etcd::{CLIENT, places, prove, verdict};
use super::{INCONCLUSIVE, PROVED, hardened};

/// Whoever is told to give a flag finds it.
fn needs_name_what_exists(report: &Value) {
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["prove", "--help"])
        .output()
        .expect("the program runs");
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    for proof in report["proofs"].as_array().into_iter().flatten() {
        let needs = proof["needs"].as_str().unwrap_or_default();
        for word in needs.split(|char: char| char.is_whitespace() || "`,()".contains(char)) {
            let flag = word.trim_end_matches(['.', ';', ':']);
            // One of the API server's own.
            if flag.starts_with("--") && flag != "--etcd-prefix" {
                let flag = flag.split('=').next().unwrap_or_default();
                assert!(help.contains(flag), "{flag} of {proof:#}");
            }
        }
    }
}

#[test]
fn members_that_are_not_asked_are_told() {
    let lab = match Lab::start(Profile::hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let flags: Vec<String> =
        (0..23).flat_map(|_| ["--etcd".to_owned(), "https://127.0.0.1:1".to_owned()]).collect();
    let report = prove(&lab, "admin", "etcd/client-tls", &flags);
    let proofs = report["proofs"].as_array().expect("proofs");
    assert_eq!(proofs.len(), 21);
    let last = proofs.iter().find(|proof| proof["subject"]["name"] == "other members of etcd");
    let last = last.expect("those that are not asked");
    assert_eq!(last["verdict"], INCONCLUSIVE);
    assert!(last["reason"].as_str().is_some_and(|reason| reason.starts_with("3 more members")), "{last:#}");
    needs_name_what_exists(&report);
}

#[test]
fn what_cannot_be_seen_of_etcd_is_inconclusive() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let all = [
        "etcd/client-tls",
        "etcd/dedicated-ca",
        "etcd/encryption-at-rest#canary",
        "etcd/encryption-coverage",
        "etcd/encryption-keys",
        "etcd/encryption-rewrite#prefixes",
        "etcd/encryption-rewrite#current-key",
        "etcd/peer-tls",
    ];
    let flags = |etcd: &str, certificate: &str| {
        let mut flags = places(&lab, certificate);
        let https = format!("https://{}", lab.address_of("etcd"));
        for flag in &mut flags {
            if *flag == https {
                *flag = etcd.to_owned();
            }
        }
        flags
    };
    let right = format!("https://{}", lab.address_of("etcd"));
    let expect = |name: &str, report: &Value, controls: &[&str]| {
        for control in controls {
            assert_eq!(verdict(report, control), INCONCLUSIVE, "{name}: {control}");
        }
    };
    // Nobody says where it is: each says what would.
    let canary = ["--consent".to_owned(), "canary".to_owned()];
    let report = prove(&lab, "admin", "etcd", &canary);
    expect("no flags", &report, &all);
    // What the API server counts needs no etcd.
    assert_eq!(verdict(&report, "etcd/encryption-at-rest#counters"), PROVED);
    needs_name_what_exists(&report);
    for proof in
        report["proofs"].as_array().expect("proofs").iter().filter(|proof| proof["subject"]["name"] == "etcd")
    {
        assert!(
            proof["needs"]
                .as_str()
                .is_some_and(|needs| needs.contains("--etcd") || needs.contains("--consent")),
            "{proof:#}"
        );
    }
    // A port at which nobody listens; that of peers is another one.
    let dead = flags("https://127.0.0.1:1", CLIENT);
    expect("a dead port", &prove(&lab, "admin", "etcd", &dead), &all[..7]);
    // A port that is something else: the API server takes certificates, and is no etcd.
    let other = flags(&lab.url(), CLIENT);
    expect("no etcd", &prove(&lab, "admin", "etcd", &other), &all[..7]);
    // A certificate that etcd does not know: whether it refuses everybody, cannot be told.
    let unknown = flags(&right, "nobody");
    let blind = [
        "etcd/client-tls",
        "etcd/encryption-at-rest#canary",
        "etcd/encryption-coverage",
        "etcd/encryption-keys",
        "etcd/encryption-rewrite#prefixes",
        "etcd/encryption-rewrite#current-key",
    ];
    expect("an unknown certificate", &prove(&lab, "admin", "etcd", &unknown), &blind);
    // Somebody who may not create what is to be read.
    let report = prove(&lab, "nobody", "etcd", &flags(&right, CLIENT));
    expect("no rights", &report, &all[2..5]);
    expect(
        "no rights",
        &report,
        &["etcd/encryption-at-rest#counters", "etcd/encryption-rewrite#current-key"],
    );
    assert_eq!(verdict(&report, "etcd/client-tls"), PROVED);
    // The etcd of another cluster, in which everything is readable.
    let others = match Lab::start(Profile::insecure()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let wrong = flags(&format!("https://{}", others.address_of("etcd")), CLIENT);
    expect("another cluster", &prove(&lab, "admin", "etcd", &wrong), &all[2..5]);
}
