//! Comparison with upstream's evaluator (`testing/oracle/podsecurity`), byte by byte.
#![allow(clippy::disallowed_methods, reason = "tests read files and start programs")]

use std::path::{Path, PathBuf};

use oracle_client::Oracle;
use seaworthy_document::Stream;
use seaworthy_podsecurity::{
    Check, Level, NamespacePolicy, Pod, Version, evaluate, explain, failing_checks, highest_level, message,
    reasons,
};
use serde_json::{Value, json};

mod random;

fn start() -> Option<Oracle> {
    Oracle::start("podsecurity").map_err(|skip| skip.announce()).ok()
}

/// What both sides say of a pod, in the shape of the oracle's answer.
fn judge(stream: &Stream, template: bool, version: Version) -> Value {
    let object = stream.documents().next().expect("a document").root();
    let pod = if template { Pod::from_template(object) } else { Pod::from_pod(object) }.expect("a pod spec");
    let at = |level| {
        let failed = evaluate(&pod, level, version);
        let failures: Vec<_> = failed.iter().map(|check| explain(&pod, check, version)).collect();
        json!({"reason": reasons(&failures), "detail": message(&failures)})
    };
    let mut checks: Vec<_> = failing_checks(&pod, version)
        .iter()
        .map(|check| {
            let failure = explain(&pod, check, version);
            assert!(!failure.faults.is_empty(), "{check} names no place");
            json!({"id": check.id(), "reason": failure.reason, "detail": failure.detail})
        })
        .collect();
    // The oracle lists them as Go's `init` functions register them, by file name.
    checks.sort_by_key(|check| check["id"].as_str().map(str::to_owned));
    json!({"checks": checks, "baseline": at(Level::Baseline), "restricted": at(Level::Restricted)})
}

fn upstream(answer: &str) -> Value {
    let mut answer: Value = serde_json::from_str(answer).expect("JSON");
    if let Some(checks) = answer.get_mut("checks").and_then(Value::as_array_mut) {
        checks.sort_by_key(|check| check["id"].as_str().map(str::to_owned));
    }
    answer
}

/// JSON that YAML readers take as well: without raw characters that YAML forbids.
fn read(object: &Value) -> Stream {
    let mut text = String::new();
    for character in object.to_string().chars() {
        match character {
            '\u{7f}'..'\u{a0}' | '\u{fffe}' | '\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", character as u32));
            }
            character => text.push(character),
        }
    }
    Stream::read(text)
}

fn fixtures(oracle: &mut Oracle) -> Vec<(PathBuf, Level, Version, bool)> {
    let answer = upstream(&oracle.ask(r#"{"fixtures":true}"#));
    let root = PathBuf::from(answer["directory"].as_str().expect("a path"));
    let mut fixtures = Vec::new();
    for level in [Level::Baseline, Level::Restricted] {
        for version in Version::all() {
            for (folder, passes) in [("pass", true), ("fail", false)] {
                let folder = root.join(level.as_str()).join(version.to_string()).join(folder);
                let mut files: Vec<_> = list(&folder);
                files.sort();
                fixtures.extend(files.into_iter().map(|file| (file, level, version, passes)));
            }
        }
    }
    fixtures
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of fixtures");
    entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some()).collect()
}

#[test]
fn every_fixture_of_every_version() {
    let Some(mut oracle) = start() else { return };
    let fixtures = fixtures(&mut oracle);
    assert_eq!(fixtures.len(), 4537, "upstream v0.37.2 has this many");
    let question = |(file, _, version, _): &(PathBuf, Level, Version, bool)| {
        json!({"file": file, "as": "pod", "version": version.to_string()}).to_string()
    };
    let answers = oracle.ask_all(fixtures.iter().map(question).collect::<Vec<_>>());
    for ((file, level, version, passes), answer) in fixtures.iter().zip(answers) {
        let stream = Stream::read(std::fs::read_to_string(file).expect("a fixture"));
        let ours = judge(&stream, false, *version);
        assert_eq!(ours, upstream(&answer), "{}", file.display());
        assert_eq!(ours[level.as_str()]["detail"] == "", *passes, "{}", file.display());
        let pod = Pod::from_object(stream.documents().next().expect("a document").root()).expect("a pod");
        let highest = highest_level(&pod, *version);
        assert_eq!(highest >= *level, *passes, "{} is {highest}", file.display());
    }
}

#[test]
fn definitions() {
    let Some(mut oracle) = start() else { return };
    let answer = upstream(&oracle.ask(r#"{"definitions":true}"#));
    let mut theirs = answer.as_array().expect("a list").clone();
    theirs.sort_by_key(|check| check["id"].as_str().map(str::to_owned));
    let mut checks = Check::ALL;
    checks.sort_by_key(|check| check.id());
    let ours: Vec<_> = checks
        .iter()
        .map(|check| {
            let overrides = check.overrides().map(|overridden| json!([overridden.id()]));
            let level = check.level().as_str();
            json!({"id": check.id(), "level": level, "since": check.since().to_string(), "overrides": overrides})
        })
        .collect();
    assert_eq!(ours, theirs);
}

/// Fixtures at versions for which they were not written, `latest` and a future one.
#[test]
fn fixtures_at_other_versions() {
    let Some(mut oracle) = start() else { return };
    let mut bodies = std::collections::BTreeSet::new();
    let distinct: Vec<_> = fixtures(&mut oracle)
        .into_iter()
        .map(|(file, ..)| file)
        .filter(|file| bodies.insert(std::fs::read_to_string(file).expect("a fixture")))
        .collect();
    let streams: Vec<_> =
        distinct.iter().map(|file| Stream::read(std::fs::read_to_string(file).expect("a fixture"))).collect();
    let versions = [0, 7, 8, 18, 19, 22, 23, 24, 25, 27, 29, 31, 32, 34, 35, 36, 37, 38].map(Version::new);
    for version in versions.into_iter().chain([Version::LATEST]) {
        let questions: Vec<_> = distinct
            .iter()
            .map(|file| json!({"file": file, "as": "template", "version": version.to_string()}).to_string())
            .collect();
        for ((file, stream), answer) in distinct.iter().zip(&streams).zip(oracle.ask_all(questions)) {
            assert_eq!(judge(stream, true, version), upstream(&answer), "{} at {version}", file.display());
        }
    }
}

#[test]
fn random_pods() {
    let Some(mut oracle) = start() else { return };
    let count =
        std::env::var("SEAWORTHY_RANDOM_PODS").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let (seed, mut rng) = random::generator();
    let cases: Vec<_> = (0..count)
        .map(|_| {
            let version = match rng.u32(..12) {
                0 => Version::LATEST,
                _ => Version::new(rng.u32(..=Version::NEWEST + 1)),
            };
            (random::pod(&mut rng), rng.bool(), version)
        })
        .collect();
    let question = |(pod, template, version): &(Value, bool, Version)| {
        let kind = if *template { "template" } else { "pod" };
        json!({"pod": pod, "as": kind, "version": version.to_string()}).to_string()
    };
    let answers = oracle.ask_all(cases.iter().map(question).collect::<Vec<_>>());
    let mut failing = std::collections::BTreeSet::new();
    let mut passing = 0;
    for ((pod, template, version), answer) in cases.iter().zip(answers) {
        let ours = judge(&read(pod), *template, *version);
        let expected = upstream(&answer);
        assert_eq!(expected.get("error"), None, "{pod}");
        assert_eq!(ours, expected, "seed {seed}, template {template}, {version}: {pod}");
        let ids = ours["checks"].as_array().expect("a list").iter();
        failing.extend(ids.filter_map(|check| check["id"].as_str().map(str::to_owned)));
        passing += usize::from(ours["restricted"]["detail"] == "");
    }
    // Otherwise the generator misses its aim.
    assert_eq!(failing.len(), Check::ALL.len(), "checks that failed: {failing:?}");
    assert!(passing > count / 100, "only {passing} of {count} pods passed");
}

/// A pod that the API refuses to decode must not pass, whatever field of a check is malformed.
#[test]
fn what_the_api_does_not_decode_does_not_pass() {
    let Some(mut oracle) = start() else { return };
    // What a check reads at baseline; then what is read at restricted only.
    const BASELINE: [&str; 30] = [
        "metadata",
        "metadata.annotations",
        "metadata.annotations.container~apparmor~security~beta~kubernetes~io/a",
        "spec",
        "spec.hostNetwork",
        "spec.hostPID",
        "spec.hostIPC",
        "spec.volumes",
        "spec.volumes.0",
        "spec.containers",
        "spec.containers.0",
        "spec.containers.0.ports",
        "spec.containers.0.ports.0",
        "spec.containers.0.ports.0.hostPort",
        "spec.containers.0.livenessProbe",
        "spec.containers.0.livenessProbe.httpGet",
        "spec.containers.0.livenessProbe.httpGet.host",
        "spec.containers.0.lifecycle",
        "spec.containers.0.lifecycle.preStop",
        "spec.containers.0.lifecycle.preStop.tcpSocket",
        "spec.containers.0.securityContext",
        "spec.containers.0.securityContext.privileged",
        "spec.containers.0.securityContext.procMount",
        "spec.containers.0.securityContext.capabilities",
        "spec.containers.0.securityContext.capabilities.add",
        "spec.containers.0.securityContext.capabilities.add.0",
        "spec.containers.0.securityContext.windowsOptions",
        "spec.securityContext.sysctls",
        "spec.securityContext.seLinuxOptions",
        "spec.securityContext.appArmorProfile.type",
    ];
    const RESTRICTED: [&str; 7] = [
        "spec.volumes.0.emptyDir",
        "spec.securityContext.runAsNonRoot",
        "spec.securityContext.runAsUser",
        "spec.securityContext.seccompProfile",
        "spec.containers.0.securityContext.allowPrivilegeEscalation",
        "spec.containers.0.securityContext.capabilities.drop",
        "spec.securityContext.seccompProfile.type",
    ];
    let wrong = [
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(0.5),
        json!(""),
        json!("x"),
        json!("false"),
        json!("Default"),
        json!("CHOWN"),
        json!("ALL"),
        json!([]),
        json!([false]),
        json!([0]),
        json!([""]),
        json!([[]]),
        json!({}),
        json!({"x": null}),
    ];
    let mut refused = 0;
    let baseline = BASELINE.into_iter().map(|path| (Level::Baseline, path));
    for (level, path) in baseline.chain(RESTRICTED.into_iter().map(|path| (Level::Restricted, path))) {
        for value in &wrong {
            let mut pod = random::passing();
            set(&mut pod, path, value.clone());
            let answer = oracle.ask(&json!({"pod": pod, "as": "pod", "version": "latest"}).to_string());
            if upstream(&answer).get("error").is_none() {
                continue;
            }
            refused += 1;
            let stream = read(&pod);
            let Some(pod) = Pod::from_pod(stream.documents().next().expect("a document").root()) else {
                continue;
            };
            assert!(!evaluate(&pod, level, Version::LATEST).is_empty(), "{path}: {value} passes {level}");
        }
    }
    assert!(refused > 400, "only {refused} pods were refused by upstream");
}

/// Sets the value at a path of keys and indexes, creating what is missing on the way; `~` is a dot in a key.
fn set(mut at: &mut Value, path: &str, value: Value) {
    for step in path.split('.') {
        at = match step.parse::<usize>() {
            Ok(index) => {
                if !at.is_array() {
                    *at = json!([{}]);
                }
                &mut at[index]
            }
            Err(_) => &mut at[step.replace('~', ".")],
        };
    }
    *at = value;
}

/// YAML spellings that reach the API as numbers, booleans and strings of the right type.
#[test]
fn yaml_spellings() {
    let Some(mut oracle) = start() else { return };
    let folder = std::env::temp_dir().join(format!("podsecurity-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("pod.yaml");
    for (field, value) in [
        ("runAsUser", "0x0"),
        ("runAsUser", "00"),
        ("runAsUser", "0.0"),
        ("runAsUser", "-0"),
        ("runAsUser", "1e3"),
        ("runAsUser", "0o17"),
        ("runAsUser", "1_000"),
        ("runAsNonRoot", "yes"),
        ("runAsNonRoot", "off"),
        ("runAsNonRoot", "~"),
        ("privileged", "on"),
        ("privileged", "No"),
        ("procMount", "!!str Default"),
        ("procMount", "'Default'"),
        ("procMount", "\"Def\\x61ult\""),
        ("seccompProfile", "{type: \"RuntimeDefault\"}"),
    ] {
        let yaml =
            format!("spec:\n  containers:\n  - name: a\n    securityContext:\n      {field}: {value}\n");
        std::fs::write(&file, &yaml).expect("a file");
        let answer = oracle.ask(&json!({"file": file, "as": "pod", "version": "latest"}).to_string());
        let expected = upstream(&answer);
        if expected.get("error").is_some() {
            continue; // the API refuses it
        }
        assert_eq!(judge(&Stream::read(yaml.clone()), false, Version::LATEST), expected, "{yaml}");
    }
    std::fs::remove_dir_all(&folder).expect("the folder");
}

#[test]
fn every_character_is_quoted_as_by_go() {
    let Some(mut oracle) = start() else { return };
    let characters: Vec<char> = ('\0'..=char::MAX).collect();
    let texts: Vec<String> = characters.chunks(4096).map(|chunk| chunk.iter().collect()).collect();
    let questions: Vec<_> = texts.iter().map(|text| json!({"quote": text}).to_string()).collect();
    for (text, answer) in texts.iter().zip(oracle.ask_all(questions)) {
        let key = "container.apparmor.security.beta.kubernetes.io/a";
        let pod = json!({"metadata": {"annotations": {key: text}}, "spec": {"containers": [{"name": "a"}]}});
        let stream = read(&pod);
        let pod = Pod::from_template(stream.documents().next().expect("a document").root()).expect("a pod");
        let detail = explain(&pod, Check::AppArmorProfile, Version::LATEST).detail;
        let quoted = upstream(&answer)["quoted"].as_str().expect("a string").to_owned();
        let expected = format!("annotation must not set AppArmor profile type to \"{key}={quoted}\"");
        assert_eq!(detail, expected);
    }
}

#[test]
fn random_namespace_labels() {
    let Some(mut oracle) = start() else { return };
    const LEVELS: [&str; 6] = ["privileged", "baseline", "restricted", "restricted", "", "Baseline\n\"ü"];
    const VERSIONS: [&str; 7] = ["latest", "v1.0", "v1.30", "v1.99", "1.30", "v1.01", ""];
    let (_, mut rng) = random::generator();
    for _ in 0..5_000 {
        let mut labels = serde_json::Map::new();
        labels.insert("app".to_owned(), json!("x"));
        for mode in ["enforce", "audit", "warn"] {
            let key = format!("pod-security.kubernetes.io/{mode}");
            if rng.bool() {
                labels.insert(format!("{key}-version"), json!(VERSIONS[rng.usize(..VERSIONS.len())]));
            }
            if rng.bool() {
                labels.insert(key, json!(LEVELS[rng.usize(..LEVELS.len())]));
            }
        }
        let defaults = ["privileged:latest", "baseline:v1.20", "restricted:latest"][rng.usize(..3)];
        let (level, version) = defaults.split_once(':').expect("a colon");
        let mode = seaworthy_podsecurity::LevelVersion {
            level: level.parse().expect("a level"),
            version: version.parse().expect("a version"),
        };
        let question = json!({"labels": labels, "defaults": defaults}).to_string();
        let stream = read(&json!({"labels": labels}));
        let metadata = stream.documents().next().expect("a document").root();
        let cluster = NamespacePolicy { enforce: mode, audit: mode, warn: mode };
        let (policy, invalid) = cluster.with_labels(metadata);
        let errors: Vec<_> = invalid.iter().map(ToString::to_string).collect();
        let ours = json!({
            "enforce": policy.enforce.to_string(),
            "audit": policy.audit.to_string(),
            "warn": policy.warn.to_string(),
            "errors": errors,
        });
        assert_eq!(ours, upstream(&oracle.ask(&question)), "{question}");
    }
}
