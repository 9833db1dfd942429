//! Objects that runs make on a real API server: all of them go again, however a run ends, and nothing else does.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ::lab::{Lab, Profile};
use seaworthy_cluster::ClusterOptions;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, Step, Subject, Verdict, expect};
use seaworthy_prober::{Fate, Prober, ProberOptions};
use serde_json::{Value, json};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn lab() -> Option<Lab> {
    match Lab::start(Profile::hardened().with_controllers()) {
        Ok(lab) => Some(lab),
        Err(skip) => {
            skip.announce();
            None
        }
    }
}

fn options(lab: &Lab, state: &Path, run: &str) -> ProberOptions {
    ProberOptions {
        cluster: ClusterOptions {
            kubeconfig: Some(lab.kubeconfig("admin")),
            request_timeout: Duration::from_secs(10),
            requests_per_second: 500,
            ..ClusterOptions::default()
        },
        run: run.to_owned(),
        consent: Consent::Canary,
        state: Some(state.to_owned()),
        ..ProberOptions::default()
    }
}

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}})
}

fn create(collection: &str, name: &str) -> Request {
    Request::create(collection, name, &map(name)).by(Identity::Caller)
}

/// Makes two objects, the second in the namespace of the run, and sees them.
fn making(run: &str, number: usize) -> Attempt {
    let (name, inner) = (format!("seaworthy-{run}-{number}"), format!("inner-{number}"));
    let inside = format!("/api/v1/namespaces/seaworthy-probe-{run}/configmaps");
    let steps = vec![
        Step::control("outer", create(MAPS, &name), expect::ok),
        Step::control("inner", create(&inside, &inner), expect::ok),
        Step::ask("seen", Request::get(format!("{inside}/{inner}")).by(Identity::Caller)),
    ];
    Attempt::new(Subject::new("ConfigMap", None, &name), steps, |answers| {
        let label = answers.get("seen").and_then(|answer| answer.json());
        let label = label.and_then(|json| {
            json["metadata"]["labels"]["seaworthy.dev/probe-run"].as_str().map(str::to_owned)
        });
        match label {
            Some(label) => Outcome::refuted("seen", label),
            None => answers.inconclusive("seen"),
        }
    })
    .in_canary_namespace()
}

/// Names of what runs made and what is still there: ConfigMaps in all namespaces, and namespaces.
fn ours(lab: &Lab) -> Vec<String> {
    let mut names = Vec::new();
    for path in ["/api/v1/configmaps", "/api/v1/namespaces"] {
        let answer = lab.request("admin", "GET", &format!("{path}?labelSelector=seaworthy.dev/probe-run"));
        let list: Value = serde_json::from_str(&answer.expect("an answer").body).expect("a list");
        let items = list["items"].as_array().expect("items").clone();
        names.extend(
            items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned()),
        );
    }
    names
}

fn ledgers(state: &Path) -> usize {
    fs::read_dir(state).map_or(0, Iterator::count)
}

#[test]
fn what_a_run_makes_is_labelled_and_goes_again() {
    let Some(lab) = lab() else { return };
    let state = tempfile::tempdir().expect("a folder");
    let run = "aaaaaaaaaa";
    let prober = Prober::connect(options(&lab, state.path(), run)).expect("a prober");
    let attempts: Vec<Attempt> = (0..10).map(|number| making(run, number)).collect();
    let tried = prober.carry_out(&attempts, &|_| {});
    for tried in &tried {
        assert_eq!(
            (tried.outcome.verdict, tried.outcome.reason.as_str()),
            (Verdict::Refuted, run),
            "{tried:?}"
        );
    }
    assert_eq!(prober.left(), []);
    assert_eq!((ours(&lab), ledgers(state.path())), (Vec::new(), 0));
}

#[test]
fn without_consent_nothing_is_made() {
    let Some(lab) = lab() else { return };
    let state = tempfile::tempdir().expect("a folder");
    let refused = |options: ProberOptions, needs: &str| {
        let tried =
            Prober::connect(options).expect("a prober").carry_out(&[making("bbbbbbbbbb", 0)], &|_| {});
        assert_eq!(tried[0].outcome.verdict, Verdict::Inconclusive);
        assert!(tried[0].reply.contains(needs), "{tried:?}");
        assert_eq!((ours(&lab), ledgers(state.path())), (Vec::new(), 0));
    };
    let agreed = || options(&lab, state.path(), "bbbbbbbbbb");
    refused(ProberOptions { consent: Consent::Read, ..agreed() }, "--consent canary");
    refused(ProberOptions { state: None, ..agreed() }, "--state");
    // Nor where it cannot be written down: a file stands where the folder should be.
    let file = state.path().join("file");
    fs::write(&file, "").expect("a file");
    let tried = Prober::connect(ProberOptions { state: Some(file), ..agreed() })
        .expect("a prober")
        .carry_out(&[making("bbbbbbbbbb", 0)], &|_| {});
    assert!(tried[0].reply.contains("cannot be written down"), "{tried:?}");
    assert_eq!(ours(&lab), Vec::<String>::new());
}

#[test]
fn an_attempt_that_panics_or_is_stopped_leaves_nothing() {
    let Some(lab) = lab() else { return };
    let state = tempfile::tempdir().expect("a folder");
    let run = "cccccccccc";
    let panicking = Attempt::new(
        Subject::cluster("API server"),
        vec![Step::control("outer", create(MAPS, "seaworthy-cccccccccc"), expect::ok)],
        |_| panic!("a defect of a probe"),
    );
    let prober = Prober::connect(options(&lab, state.path(), run)).expect("a prober");
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        prober.carry_out(&[making(run, 1), panicking, making(run, 2)], &|_| {})
    }));
    assert!(panic.is_err());
    assert_eq!((ours(&lab), ledgers(state.path())), (Vec::new(), 0));

    let run = "dddddddddd";
    let waiting = Attempt::new(
        Subject::cluster("API server"),
        vec![
            Step::control("outer", create(MAPS, "seaworthy-dddddddddd"), expect::ok),
            Step::ask("never", Request::get("/version").by(Identity::Caller))
                .until(|_| false, Duration::from_secs(60)),
        ],
        |answers| answers.inconclusive("never"),
    );
    let prober = Prober::connect(options(&lab, state.path(), run)).expect("a prober");
    let begun = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| prober.carry_out(&[waiting], &|_| {}));
        while ours(&lab).is_empty() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it is made");
            std::thread::sleep(Duration::from_millis(50));
        }
        prober.stop();
    });
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    assert_eq!((ours(&lab), ledgers(state.path())), (Vec::new(), 0));
}

/// Where the program that is to be killed finds what it needs.
const CHILD: &str = "SEAWORTHY_TEST_CHILD";

/// Not a test of its own: makes objects without end, until somebody kills it.
#[test]
fn child_that_makes_objects() {
    let Some(what) = std::env::var_os(CHILD) else { return };
    let what: Value = serde_json::from_str(&what.to_string_lossy()).expect("what to do");
    let (text, run) = (|name: &str| what[name].as_str().expect("text").to_owned(), "child");
    let cluster = ClusterOptions {
        kubeconfig: Some(text("kubeconfig").into()),
        requests_per_second: 200,
        ..ClusterOptions::default()
    };
    let run = format!("{run}{}", text("number"));
    let prober = Prober::connect(ProberOptions {
        cluster,
        run: run.clone(),
        consent: Consent::Canary,
        state: Some(text("state").into()),
        ..ProberOptions::default()
    })
    .expect("a prober");
    let attempts: Vec<Attempt> = (0..10_000).map(|number| making(&run, number)).collect();
    prober.carry_out(&attempts, &|_| {});
}

#[test]
fn whatever_a_killed_run_left_is_found_and_nothing_else_is_touched() {
    let Some(lab) = lab() else { return };
    let state = tempfile::tempdir().expect("a folder");
    let mut random = fastrand::Rng::with_seed(7);
    let mut left = 0;
    for number in 10_000..10_012 {
        let what = json!({
            "kubeconfig": lab.kubeconfig("admin"), "state": state.path(), "number": number.to_string(),
        });
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "objects::child_that_makes_objects"])
            .env(CHILD, what.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let begun = Instant::now();
        while ledgers(state.path()) == 0 && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        std::thread::sleep(Duration::from_millis(random.u64(0..400)));
        if number == 10_000 {
            // What goes on is left alone.
            let prober = Prober::connect(options(&lab, state.path(), "eeeeeeeeee")).expect("a prober");
            let cleaned = prober.clean(None).expect("ledgers");
            assert_eq!((cleaned.running, cleaned.objects), (vec!["child10000".to_owned()], Vec::new()));
        }
        // SIGKILL: nothing of it runs any more.
        child.kill().expect("it lives");
        child.wait().expect("it ends");
        left += ours(&lab).len();
        if number == 10_011 {
            break;
        }
        if number % 3 == 0 {
            clean(&lab, state.path());
        }
    }
    assert!(left > 12, "something was left behind at all: {left}");

    // An object of a name that the ledger holds, which somebody else has made meanwhile.
    let ledger = fs::read_dir(state.path()).expect("ledgers").flatten().next().expect("a ledger").path();
    let mut text = fs::read_to_string(&ledger).expect("a ledger");
    lab.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-somebody-else, namespace: default}\n")
        .expect("an object");
    lab.apply("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-somebody, namespace: default}\n")
        .expect("an object");
    let lines = [
        json!({"intent": 900_001, "collection": MAPS, "name": "of-somebody-else", "at": 1}),
        json!({"intent": 900_002, "collection": MAPS, "name": "of-somebody", "at": 1}),
        json!({"made": 900_002, "uid": "11111111-2222-3333-4444-555555555555"}),
    ];
    for line in lines {
        text.push_str(&format!("{line}\n"));
    }
    // A line that was being written when the program died.
    text.push_str(r#"{"intent": 900003, "collec"#);
    fs::write(&ledger, text).expect("a ledger");
    // A run on another cluster.
    let elsewhere =
        json!({"ledger": 1, "run": "elsewhere0", "url": "https://192.0.2.1", "cluster": "u", "at": ""});
    let intent = json!({"intent": 0, "collection": MAPS, "name": "of-somebody", "at": 1});
    fs::write(state.path().join("elsewhere0.jsonl"), format!("{elsewhere}\n{intent}\n")).expect("a ledger");
    fs::write(state.path().join("broken.jsonl"), "hello\nyou\n").expect("a file");

    let cleaned = clean(&lab, state.path());
    assert_eq!(cleaned.elsewhere, [("elsewhere0".to_owned(), "https://192.0.2.1".to_owned())]);
    assert_eq!(cleaned.unreadable.len(), 1, "{cleaned:?}");
    let foreign = |name: &str| {
        cleaned.objects.iter().find(|object| object.path.ends_with(name)).map(|object| &object.fate)
    };
    assert_eq!(foreign("/of-somebody-else"), Some(&Fate::Foreign));
    assert_eq!(foreign("/of-somebody"), Some(&Fate::Foreign));
    assert_eq!(ours(&lab), Vec::<String>::new());
    for name in ["of-somebody-else", "of-somebody"] {
        let answer = lab.request("admin", "GET", &format!("{MAPS}/{name}")).expect("an answer");
        assert_eq!(answer.status, 200, "{name} is left alone");
    }
    assert_eq!(ledgers(state.path()), 2, "those of another cluster and of nobody");
    // What is done is done.
    let again = clean(&lab, state.path());
    assert_eq!(again.objects, []);
}

/// Cleans as a person would who waits until the server cannot be at work any more.
fn clean(lab: &Lab, state: &Path) -> seaworthy_prober::Cleaned {
    let prober = Prober::connect(options(lab, state, "ffffffffff")).expect("a prober");
    std::thread::sleep(Duration::from_secs(2));
    let cleaned = prober.clean(Some(Duration::from_secs(1))).expect("ledgers");
    for object in &cleaned.objects {
        assert!(object.fate.is_done(), "{object:?}");
    }
    assert_eq!(ours(lab), Vec::<String>::new());
    cleaned
}

#[test]
fn what_may_not_be_removed_stays_in_the_ledger() {
    let Some(lab) = lab() else { return };
    let state = tempfile::tempdir().expect("a folder");
    lab.apply(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: maker}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: maker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: maker}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: maker}]
"#,
    )
    .expect("objects");
    let maker = lab.identity("maker", "maker", &[]).expect("an identity");
    let mut limited = options(&lab, state.path(), "gggggggggg");
    limited.cluster.kubeconfig = Some(maker);
    let steps = vec![Step::control("map", create(MAPS, "seaworthy-gggggggggg"), expect::ok)];
    let attempt = Attempt::new(Subject::cluster("API server"), steps, |_| Outcome::refuted("map", "made"));
    let prober = Prober::connect(limited).expect("a prober");
    assert_eq!(prober.carry_out(&[attempt], &|_| {})[0].outcome.verdict, Verdict::Refuted);
    let left = prober.left();
    assert!(matches!(left[0].fate, Fate::Failed(ref why) if why.starts_with("403")), "{left:?}");
    assert_eq!(left[0].path, format!("{MAPS}/seaworthy-gggggggggg"));
    // Whoever may not make a namespace is told.
    let tried = prober.carry_out(&[making("gggggggggg", 0)], &|_| {});
    assert_eq!(tried[0].outcome.needs.as_deref(), Some("the right to create namespaces"));
    drop(prober);
    let cleaned = clean(&lab, state.path());
    assert_eq!(
        cleaned.objects.iter().filter(|object| object.fate == Fate::Removed).count(),
        1,
        "{cleaned:?}"
    );
    assert_eq!(ledgers(state.path()), 0);
}
