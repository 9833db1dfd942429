//! EventRateLimit by real events, which dry runs do not reach.

use std::fs;

use ::lab::{Lab, Profile};

use super::{INCONCLUSIVE, PROVED, REFUTED, expect, hardened, prove};

/// The rows of the control that limits of events decide.
const COUNTED: &str = "admission/optional-plugins#counted";
const EVENTS: &str = "admission/optional-plugins#events";

const LIMITS: &str = "event-rate-limit.yaml";

/// A limit as high as the example in the documentation of Kubernetes has it for a whole server.
const HIGH: &str = "apiVersion: eventratelimit.admission.k8s.io/v1alpha1
kind: Configuration
limits: [{type: Server, qps: 5000, burst: 20000}]
";

/// Tries the control with and without the files that say what the limits are.
fn check(profile: Profile, files: Option<&str>, events: &'static str, counted: &'static str) {
    let lab = match Lab::start(profile) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("state").display().to_string();
    let mut arguments =
        vec!["--select", "admission/optional-plugins", "--consent", "canary", "--state", &state];
    let manifests = folder.path().join(LIMITS).display().to_string();
    if let Some(files) = files {
        fs::write(&manifests, files).expect("a file");
        arguments.extend(["--manifests", &manifests]);
    }
    let report = prove(&lab, &arguments);
    expect(&report, &[(EVENTS, "EventRateLimit", events), (COUNTED, "EventRateLimit", counted)]);
    let answer = lab.request("admin", "GET", "/api/v1/namespaces?labelSelector=seaworthy.dev/probe-run");
    let list: serde_json::Value = serde_json::from_str(&answer.expect("an answer").body).expect("a list");
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0), "the namespace of the run is left");
    // Nobody agreed to events.
    let report = prove(&lab, &["--select", "admission/optional-plugins"]);
    expect(&report, &[(EVENTS, "cluster", INCONCLUSIVE)]);
}

#[test]
fn limits_are_met_by_real_events() {
    check(hardened(), None, PROVED, PROVED);
}

#[test]
fn without_the_plugin_all_events_are_let_in() {
    let plugins = "NodeRestriction,DenyServiceExternalIPs,AlwaysPullImages";
    check(
        hardened().with_flag("kube-apiserver", "enable-admission-plugins", plugins),
        None,
        REFUTED,
        REFUTED,
    );
}

/// The plugin is on, so that who looks at the list of plugins, or at its counter, is content.
#[test]
fn limits_that_are_out_of_reach_are_not_called_limits() {
    check(hardened().with_file(LIMITS, HIGH), None, INCONCLUSIVE, PROVED);
}

/// Files say what the cluster does not do.
#[test]
fn more_events_than_files_allow_refute_them() {
    let files = HIGH.replace("5000", "10").replace("20000", "50");
    check(hardened().with_file(LIMITS, HIGH), Some(&files), REFUTED, PROVED);
}
