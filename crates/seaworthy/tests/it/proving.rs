//! `prove` as people and programs see it, on real servers: plans, formats, exit codes, rights, configuration, and proving
//! again and again. What each probe concludes is the matter of `proofs`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use serde_json::Value;

use crate::program::{command, root, stderr, stdout};

/// Some controls that every lab can decide, so that the tests do not change with the catalogue.
const SOME: &str = "api-server/anonymous-auth,api-server/authorization-mode";

fn hardened() -> Option<Lab> {
    started(Profile::hardened())
}

fn started(profile: Profile) -> Option<Lab> {
    match Lab::start(profile.with_controllers()) {
        Ok(lab) => Some(lab),
        Err(skip) => {
            skip.announce();
            None
        }
    }
}

fn proving(lab: &Lab, identity: &str, arguments: &[&str]) -> Command {
    let mut command = command(&["prove", "--no-config", "--kubeconfig"]);
    command.arg(lab.kubeconfig(identity)).args(arguments);
    command
}

fn prove(lab: &Lab, arguments: &[&str]) -> Output {
    proving(lab, "admin", arguments).output().expect("the program runs")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stderr(output)))
}

fn valid(report: &Value) {
    let schema =
        std::fs::read_to_string(root().join("schema/assessment.v1alpha1.schema.json")).expect("a schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
}

/// Requests of probes that the API server wrote down: user agent, verb, path, and the whole event.
fn audited(lab: &Lab) -> Vec<Value> {
    // What was answered is written soon after.
    std::thread::sleep(Duration::from_secs(1));
    let log = std::fs::read_to_string(lab.folder().join("logs/audit.log")).expect("an audit log");
    let events = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    events
        .filter(|event| {
            event["userAgent"].as_str().is_some_and(|agent| agent.starts_with("seaworthy-probe/"))
        })
        .collect()
}

#[test]
fn what_cannot_be_meant_is_said_before_a_cluster_is_asked() {
    let nowhere = ["--kubeconfig", "/nowhere"];
    for (arguments, said) in [
        (&["--consent", "all"][..], "`--consent all` is no level"),
        (&["--consent", "disruptive=pods/privileged"], "no control of this id has a disruptive probe"),
        (&["--etcd", "10.0.0.1"], "`--etcd 10.0.0.1` is no address"),
        (&["--scheduler", "ftp://10.0.0.1:1"], "is no address"),
        (&["--node", "node1.example"], "`--node node1.example` is no address"),
        (&["--format", "sarif"], "a report of `sarif` has no place for proofs"),
        (&["--every", "1w"], "`1w` is no duration"),
        (&["--every", "1h", "--format", "html"], "cannot be printed as `html`"),
        (&["--every", "1h", "--dry-plan"], "cannot be used with"),
        (&["--metrics-addr", "127.0.0.1:0"], "--every"),
        (&["--etcd-cert", "a.crt"], "--etcd-key"),
    ] {
        let output =
            command(&["prove", "--no-config"]).args(nowhere).args(arguments).output().expect("it runs");
        let told = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {told}");
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    let output =
        command(&["scan", "--cluster", "--etcd", "https://10.0.0.1:2379"]).output().expect("it runs");
    assert!(stderr(&output).contains("add `--prove`"), "{}", stderr(&output));
    let output = command(&["scan", "--prove", "README.md"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(2), "there is nothing live to try");
}

#[test]
fn a_configuration_says_where_things_are_and_flags_win() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(".seaworthy.yaml");
    let with = |prove: &str, arguments: &[&str]| {
        let text = format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: Configuration\nspec:\n  prove:\n    {prove}\n"
        );
        std::fs::write(&file, text).expect("a file");
        let mut command = command(&["prove", "--kubeconfig", "/nowhere", "--config"]);
        stderr(&command.arg(&file).args(arguments).output().expect("the program runs"))
    };
    for (prove, said) in [
        ("etdc: [\"https://10.0.0.1:2379\"]", "did you mean `etcd`?"),
        ("etcd: [\"10.0.0.1\"]", "is no address"),
        ("etcdCert: a.crt", "`etcdCert` needs `etcdKey` beside it"),
        ("budget: many", "`budget` must be a whole number over zero"),
        ("consent: [everything]", "is no level"),
        ("nodes: [node1]", "is no address"),
    ] {
        let told = with(prove, &[]);
        assert!(told.contains(said), "{prove}: {told}");
    }
    let told = with("etcd: [\"10.0.0.1\"]", &["--etcd", "https://10.0.0.1:2379"]);
    assert!(!told.contains("is no address") && told.contains("/nowhere"), "{told}");
}

#[test]
fn one_lab_shows_plans_reports_rights_and_exit_codes() {
    let Some(lab) = hardened() else { return };
    a_plan_asks_nothing(&lab);
    reports_are_of_all_kinds(&lab);
    exit_codes_are_those_of_every_command(&lab);
    a_scan_may_prove_as_well(&lab);
    the_printed_rights_are_enough(&lab);
    everything_that_only_reads_takes_seconds(&lab);
}

fn a_plan_asks_nothing(lab: &Lab) {
    let text = prove(lab, &["--dry-plan", "--no-progress"]);
    assert_eq!(text.status.code(), Some(0), "{}", stderr(&text));
    let text = stdout(&text);
    assert!(text.contains("check GET /version as the caller"), "{text}");
    assert!(text.contains("GET /api/v1/namespaces?limit=1 with accept: */* as nobody"), "{text}");
    assert!(text.contains("None of them was made. The cluster was read to plan them"), "{text}");
    let plan = json(&prove(lab, &["--dry-plan", "--format", "json", "--select", SOME]));
    assert_eq!(plan["kind"], "ProbePlan");
    let attempts = plan["attempts"].as_array().expect("attempts");
    let reach = attempts.iter().find(|attempt| attempt["probe"] == "reach").expect("a probe");
    assert_eq!(reach["requests"][0]["identity"], "the caller");
    assert_eq!(reach["requests"][1]["identity"], "nobody");
    assert_eq!(reach["sideEffect"], "audit lines");
    // `/version` is not in this log, and everything else of probes is.
    assert_eq!(audited(lab), Vec::<Value>::new(), "a plan asked something");
    prove(lab, &["--select", SOME]);
    assert!(!audited(lab).is_empty(), "the log shows what probes ask");
}

fn reports_are_of_all_kinds(lab: &Lab) {
    let report = json(&prove(lab, &["--format", "json"]));
    valid(&report);
    let standing = |id: &str| {
        let controls = report["controls"].as_array().expect("controls");
        controls.iter().find(|control| control["id"] == id).expect(id)["standing"].clone()
    };
    // What the file of `--authentication-config` says, no API tells: unknown is not declared.
    assert_eq!(standing("api-server/anonymous-auth")["name"], "undeclared-but-enforced");
    assert_eq!(standing("service-accounts/default-account-bindings")["name"], "enforced");
    assert_eq!(standing("pods/ssh-server")["name"], "not-provable-here");
    assert_eq!(report["proving"]["consent"], "read");
    let requests = report["proving"]["requests"].as_u64().expect("a number");
    assert!(requests > 5 && requests < 20_000, "{requests}");
    for proof in report["proofs"].as_array().expect("proofs") {
        let verdict = proof["verdict"].as_str().expect("a verdict");
        assert!(["proved", "refuted", "inconclusive"].contains(&verdict), "{proof:#}");
        // Who concludes something shows by what.
        assert!(verdict == "inconclusive" || proof["request"] != "", "{proof:#}");
    }
    let terminal = stdout(&prove(lab, &["--select", SOME]));
    assert!(terminal.contains("Proved, undeclared but enforced"), "{terminal}");
    assert!(terminal.contains("api-server/anonymous-auth"), "{terminal}");
    for (format, word) in [
        ("html", "<h2>Proofs</h2>"),
        ("markdown", "| undeclared but enforced |"),
        ("junit", "name=\"proofs\""),
    ] {
        let text = stdout(&prove(lab, &["--format", format, "--select", SOME]));
        assert!(text.contains(word), "{format}: {text}");
    }
}

fn exit_codes_are_those_of_every_command(lab: &Lab) {
    let code = |arguments: &[&str]| prove(lab, arguments).status.code();
    assert_eq!(code(&["--select", "api-server/anonymous-auth"]), Some(0), "nothing is refuted");
    // Nothing tells where etcd is.
    let undecided = ["--require-complete", "--budget", "1", "--select", "api-server/anonymous-auth"];
    assert_eq!(code(&undecided), Some(3));
    assert_eq!(code(&["--select", "api-server/anonymous-auth", "--require-complete"]), Some(0));
}

fn a_scan_may_prove_as_well(lab: &Lab) {
    let output =
        command(&["scan", "--no-config", "--cluster", "--prove", "--format", "json", "--kubeconfig"])
            .arg(lab.kubeconfig("admin"))
            .args(["--output", "json=-", "--select", SOME])
            .output()
            .expect("the program runs");
    let report = json(&output);
    valid(&report);
    assert!(report["proofs"].as_array().is_some_and(|proofs| proofs.len() >= 3), "{report:#}");
    assert!(
        report["controls"][0]["standing"]["name"] == "undeclared-but-enforced",
        "{:#}",
        report["controls"]
    );
    let output =
        command(&["scan", "--no-config", "--cluster", "--prove", "--format", "sarif", "--kubeconfig"])
            .arg(lab.kubeconfig("admin"))
            .args(["--select", SOME])
            .output()
            .expect("the program runs");
    assert!(stderr(&output).contains("a report of `sarif` has no place for proofs"), "{}", stderr(&output));
}

/// Somebody who has what is printed and nothing else is refused nothing for lack of a right.
fn the_printed_rights_are_enough(lab: &Lab) {
    for consent in ["read", "canary"] {
        let user = format!("prover-{consent}");
        lab.identity(&user, &user, &[]).expect("an identity");
        let printed = stdout(&prove(lab, &["--print-rbac", "--cluster", "--consent", consent]));
        let account = "- kind: ServiceAccount\n  name: seaworthy\n  namespace: seaworthy\n";
        assert_eq!(printed.matches(account).count(), 2, "{printed}");
        let person = format!("- kind: User\n  apiGroup: rbac.authorization.k8s.io\n  name: {user}\n");
        let roles = printed.replace(account, &person).replace("name: seaworthy", &format!("name: {user}"));
        lab.apply(&roles).expect("roles");
        let output =
            proving(lab, &user, &["--format", "json", "--consent", consent]).output().expect("it runs");
        valid(&json(&output));
        let refused: Vec<String> = audited(lab)
            .iter()
            .filter(|event| event["user"]["username"] == user.as_str())
            .filter(|event| event["impersonatedUser"].is_null() && event["responseStatus"]["code"] == 403)
            .filter(|event| {
                let message = event["responseStatus"]["message"].as_str().unwrap_or_default();
                message.contains(&format!("User \"{user}\" cannot"))
            })
            .map(|event| format!("{} {}", event["requestURI"], event["responseStatus"]["message"]))
            .collect();
        assert!(refused.is_empty(), "with consent {consent}:\n{}", refused.join("\n"));
    }
}

fn everything_that_only_reads_takes_seconds(lab: &Lab) {
    let report = json(&prove(lab, &["--format", "json"]));
    let (seconds, requests) = (report["proving"]["seconds"].as_f64(), &report["proving"]["requests"]);
    let seconds = seconds.expect("a number");
    let attempts = report["proofs"].as_array().map_or(0, Vec::len);
    println!("{attempts} attempts, {requests} requests in {seconds} s");
    // 5 s on a quiet machine (docs/proving.md); a build server has other things to do meanwhile.
    assert!(seconds < 30.0, "{attempts} attempts took {seconds} s");
}

#[test]
fn what_is_declared_and_refuted_comes_first_and_decides_the_exit_code() {
    let Some(lab) = started(Profile::insecure()) else { return };
    let output = prove(&lab, &["--select", SOME]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("Refuted, open") && text.contains("api-server/authorization-mode"), "{text}");
    assert_eq!(prove(&lab, &["--select", SOME, "--fail-on", "never"]).status.code(), Some(0));
    let quiet = stdout(&prove(&lab, &["--select", SOME, "--quiet"]));
    assert!(quiet.lines().count() >= 2 && quiet.lines().all(|line| line.contains(" api-server/")), "{quiet}");
}

/// A program that is ended with the test.
struct Every {
    child: Child,
    lines: Receiver<Value>,
}

impl Drop for Every {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Every {
    fn start(lab: &Lab, state: &Path, arguments: &[&str]) -> Every {
        let fixed = ["--select", SOME, "--every", "1s", "--format", "json", "--state"];
        let mut child = proving(lab, "admin", &fixed)
            .arg(state)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).expect("JSON lines")).is_err() {
                    return;
                }
            }
        });
        Every { child, lines }
    }

    fn until(&self, looked_for: impl Fn(&Value) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + Duration::from_secs(120);
        let mut seen = Vec::new();
        loop {
            let line = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()));
            seen.push(line.unwrap_or_else(|error| panic!("{error} after {seen:#?}")));
            if seen.last().is_some_and(&looked_for) {
                return seen;
            }
        }
    }
}

fn is_turned(line: &Value, from: &str, to: &str) -> bool {
    line["event"] == "turned" && line["from"] == from && line["to"] == to
}

fn get(port: u16, path: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a limit");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// The value of a series; every line of the text is read, so that none is malformed.
fn value(text: &str, name: &str, label: &str) -> Option<f64> {
    let (_, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    assert!(body.ends_with("# EOF\n"), "{body}");
    let mut found = None;
    for line in body.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no sample: {line}"));
        let number: f64 = number.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
        let (of, labels) = series.split_once('{').unwrap_or((series, "}"));
        assert!(labels.ends_with('}') && of.starts_with("seaworthy_"), "{line}");
        if of == name && labels.contains(label) {
            found = Some(number);
        }
    }
    found
}

const OPEN: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: open}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: open}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: open}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}]
"#;

#[test]
fn what_turns_is_told_kept_and_measured_even_when_the_program_is_killed() {
    let Some(lab) = hardened() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("deep");
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut every = Every::start(&lab, &state, &["--metrics-addr", &format!("127.0.0.1:{port}")]);
    let first = every.until(|line| line["event"] == "run");
    assert!(first.iter().any(|line| line["to"] == "proved" && line["from"].is_null()), "{first:#?}");
    let control = "control=\"api-server/anonymous-auth\"";
    assert_eq!(value(&get(port, "/metrics"), "seaworthy_control_proved", control), Some(1.0));
    assert_eq!(value(&get(port, "/metrics"), "seaworthy_prove_turned_total", ""), Some(0.0));
    assert!(get(port, "/healthz").ends_with("ok\n"));

    lab.apply(OPEN).expect("roles");
    every.until(|line| is_turned(line, "proved", "refuted"));
    every.until(|line| line["event"] == "run");
    let metrics = get(port, "/metrics");
    assert_eq!(value(&metrics, "seaworthy_control_proved", control), Some(0.0), "{metrics}");
    assert!(value(&metrics, "seaworthy_prove_turned_total", "") >= Some(1.0), "{metrics}");
    assert!(value(&metrics, "seaworthy_prove_last_run_timestamp_seconds", "") > Some(1e9), "{metrics}");

    // Killed, and what turns meanwhile is told by the next one.
    every.child.kill().expect("a kill");
    every.child.wait().expect("an end");
    for path in ["clusterrolebindings/open", "clusterroles/open"] {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{path}");
        assert_eq!(lab.request("admin", "DELETE", &path).expect("an answer").status, 200);
    }
    let again = Every::start(&lab, &state, &["--runs", "1"]);
    let told = again.until(|line| line["event"] == "run");
    assert!(told.iter().any(|line| is_turned(line, "refuted", "proved")), "{told:#?}");
    assert!(!told.iter().any(|line| line["from"].is_null() && line["event"] == "turned"), "{told:#?}");

    let history = |format: &str| {
        let mut command = command(&["prove", "--history", "--format", format, "--state"]);
        stdout(&command.arg(&state).output().expect("the program runs"))
    };
    let runs: Vec<Value> =
        history("json").lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert!(runs.len() >= 3, "{runs:#?}");
    let turned = |from: &str, to: &str| {
        let turns = runs.iter().flat_map(|run| run["turns"].as_array().into_iter().flatten());
        turns.filter(|turn| turn["from"] == from && turn["to"] == to).count()
    };
    assert_eq!((turned("proved", "refuted"), turned("refuted", "proved")), (1, 1), "{runs:#?}");
    let text = history("terminal");
    assert!(text.contains("proved -> refuted") && text.contains("refuted -> proved"), "{text}");
}
