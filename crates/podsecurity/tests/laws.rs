//! What holds for every pod.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

use seaworthy_document::Stream;
use seaworthy_podsecurity::{Check, Level, Pod, Version, evaluate, explain, failing_checks, highest_level};
use serde_json::{Value, json};

mod random;

const PODS: usize = 3_000;

fn pod_in(stream: &Stream) -> Pod<'_> {
    let document = stream.documents().next().expect("a document");
    Pod::from_pod(document.root()).expect("a pod spec")
}

/// A random pod as JSON that every reader takes.
fn random_pod(rng: &mut fastrand::Rng) -> Value {
    let text = random::pod(rng).to_string().replace('\u{7f}', "");
    serde_json::from_str(&text).expect("JSON")
}

#[allow(clippy::print_stdout, reason = "the harness shows it when a law is broken")]
fn for_random_pods(mut law: impl FnMut(&mut fastrand::Rng, &Value, Version)) {
    let (seed, mut rng) = random::generator();
    println!("seed {seed}");
    for _ in 0..PODS {
        let pod = random_pod(&mut rng);
        let version = Version::new(rng.u32(..=Version::NEWEST));
        law(&mut rng, &pod, version);
    }
}

#[test]
fn a_baseline_fault_is_a_restricted_fault() {
    for_random_pods(|_, pod, version| {
        let stream = Stream::read(pod.to_string());
        let pod = pod_in(&stream);
        let restricted = evaluate(&pod, Level::Restricted, version);
        for check in evaluate(&pod, Level::Baseline, version) {
            let overrides = |failed: Check| failed.overrides() == Some(check);
            // The API refuses a second source of a volume, and these fields for Windows.
            let sources = |volume: seaworthy_document::Value<'_>| {
                volume.entries().filter(|(key, _)| key.text() != "name").count()
            };
            let exempt = match check {
                Check::HostPathVolumes => pod.volumes().any(|volume| sources(volume) > 1),
                _ => pod.is_windows() && version.minor() >= 25,
            };
            let found = restricted.contains(check) || restricted.iter().any(overrides);
            assert!(found || exempt, "{check} at {version}: {:?}", pod.spec());
        }
    });
}

#[test]
fn another_container_removes_no_fault() {
    for_random_pods(|rng, pod, version| {
        let before = Stream::read(pod.to_string());
        let mut more = pod.clone();
        let donor = random_pod(rng);
        let list = ["initContainers", "containers", "ephemeralContainers"][rng.usize(..3)];
        let container = donor["spec"]["containers"].get(0).cloned().unwrap_or_else(|| json!({"name": "new"}));
        match more["spec"][list].as_array_mut() {
            Some(containers) => containers.insert(rng.usize(..=containers.len()), container),
            None => more["spec"][list] = json!([container]),
        }
        let after = Stream::read(more.to_string());
        let after = failing_checks(&pod_in(&after), version);
        for check in failing_checks(&pod_in(&before), version) {
            assert!(after.contains(check), "{check} at {version}: {pod} and {more}");
        }
    });
}

#[test]
fn verdict_level_and_explanation_agree() {
    for_random_pods(|_, pod, version| {
        let stream = Stream::read(pod.to_string());
        let pod = pod_in(&stream);
        let failing = failing_checks(&pod, version);
        assert_eq!(failing, failing_checks(&pod, version));
        for level in Level::ALL {
            let asked: Vec<_> = failing.iter().filter(|check| check.is_evaluated(level, version)).collect();
            let failed = evaluate(&pod, level, version);
            assert_eq!(failed.iter().collect::<Vec<_>>(), asked);
            assert!(failed.is_empty() || highest_level(&pod, version) < level, "{level} at {version}");
            assert_eq!(failed.len(), asked.len());
        }
        let allowing = Level::ALL.into_iter().take_while(|&level| evaluate(&pod, level, version).is_empty());
        assert_eq!(Some(highest_level(&pod, version)), allowing.last());
        for check in Check::ALL {
            let failure = explain(&pod, check, version);
            assert_eq!(!failure.faults.is_empty(), failing.contains(check), "{check} at {version}");
            // The detail of a sysctl without name is empty upstream, too.
            assert!(
                !failure.detail.is_empty() || !failing.contains(check) || check == Check::Sysctls,
                "{check}"
            );
            for fault in failure.faults {
                let missing: Vec<_> = fault.missing.into_iter().flat_map(|path| path.split('.')).collect();
                assert!(missing.is_empty() || fault.value.at(&missing).is_none(), "{check}: {fault:?}");
                let inside = |container: &seaworthy_podsecurity::Container<'_>| {
                    container.value().descendants().any(|value| value == fault.value)
                };
                // The AppArmor profile of a container may stand in an annotation of the pod.
                let elsewhere = check == Check::AppArmorProfile;
                assert!(fault.container.as_ref().is_none_or(inside) || elsewhere, "{check}: {fault:?}");
            }
        }
    });
}

#[test]
fn versions_between_changes_judge_alike() {
    for_random_pods(|_, pod, version| {
        let stream = Stream::read(pod.to_string());
        let pod = pod_in(&stream);
        let judged = |version| (failing_checks(&pod, version), evaluate(&pod, Level::Restricted, version));
        let first =
            Version::CHANGES.into_iter().rfind(|&change| change <= version).expect("v1.0 is the first");
        assert_eq!(judged(version), judged(first));
        assert_eq!(judged(Version::LATEST), judged(Version::new(99)));
    });
}

/// A spec for each change that is judged otherwise before it; the changes are those of the upstream checks.
#[test]
fn every_change_of_the_rules_changes_a_verdict() {
    let sysctl = |name: &str| json!({"securityContext": {"sysctls": [{"name": name, "value": "1"}]}});
    let container = |fields: serde_json::Value| {
        let mut container = json!({"name": "a"});
        container.as_object_mut().expect("a map").extend(fields.as_object().expect("a map").clone());
        json!({"containers": [container]})
    };
    let plain = || container(json!({}));
    let witnesses = [
        (8, plain()), // privilege escalation
        (19, json!({"securityContext": {"seccompProfile": {"type": "Unconfined"}}})),
        (22, plain()), // dropped capabilities
        (23, json!({"securityContext": {"runAsUser": 0}})),
        (25, json!({"os": {"name": "windows"}, "containers": [{"name": "a"}]})),
        (27, sysctl("net.ipv4.ip_local_reserved_ports")),
        (29, sysctl("net.ipv4.tcp_keepalive_time")),
        (31, json!({"securityContext": {"seLinuxOptions": {"type": "container_engine_t"}}})),
        (32, sysctl("net.ipv4.tcp_rmem")),
        (34, container(json!({"livenessProbe": {"httpGet": {"host": "example.com", "port": 80}}}))),
        (35, json!({"hostUsers": false, "securityContext": {"runAsUser": 0}})),
        (37, sysctl("net.ipv4.tcp_slow_start_after_idle")),
    ];
    let changes: Vec<Version> = witnesses.iter().map(|(minor, _)| Version::new(*minor)).collect();
    assert_eq!(changes, Version::CHANGES[1..]);
    for (minor, spec) in witnesses {
        let stream = Stream::read(json!({"spec": spec}).to_string());
        let pod = pod_in(&stream);
        let failing = |minor| failing_checks(&pod, Version::new(minor));
        assert_ne!(failing(minor - 1), failing(minor), "v1.{minor}: {spec}");
    }
}

#[test]
fn broken_text_does_no_harm() {
    const PIECES: [&str; 12] = ["{", "}", "[", "]", ":", ",", "\"", "null", "*a", "&a ", "\n  - ", "0"];
    for_random_pods(|rng, pod, version| {
        let mut text = pod.to_string();
        for _ in 0..rng.usize(1..5) {
            let mut at = rng.usize(..text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, PIECES[rng.usize(..PIECES.len())]);
        }
        let stream = Stream::read(text);
        for document in stream.documents() {
            for pod in
                [Pod::from_pod(document.root()), Pod::from_template(document.root())].into_iter().flatten()
            {
                for check in failing_checks(&pod, version) {
                    assert!(!explain(&pod, check, version).faults.is_empty(), "{check}");
                }
            }
        }
    });
}

#[test]
fn the_time_grows_with_the_size_and_not_faster() {
    const COUNT: usize = 20_000;
    let containers: Vec<_> = (0..COUNT).map(|index| json!({"name": index.to_string()})).collect();
    let mut annotations = serde_json::Map::new();
    for index in 0..COUNT {
        for prefix in ["apparmor.security.beta", "seccomp.security.alpha"] {
            annotations.insert(format!("container.{prefix}.kubernetes.io/{index}"), json!("unconfined"));
        }
    }
    let pod = json!({"metadata": {"annotations": annotations}, "spec": {"containers": containers}});
    let stream = Stream::read(pod.to_string());
    let pod = pod_in(&stream);
    let start = std::time::Instant::now();
    for version in [Version::new(18), Version::LATEST] {
        for check in failing_checks(&pod, version) {
            explain(&pod, check, version);
        }
    }
    // Seconds would be minutes if it were quadratic.
    assert!(start.elapsed().as_secs() < 20, "took {:?}", start.elapsed());
}
