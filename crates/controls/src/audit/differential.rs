//! Audit policies against the API server's own code (`testing/oracle/audit`), over random policies.

use fastrand::Rng;
use oracle_client::Oracle;
use seaworthy_document::Stream;
use serde_json::{Value as Json, json};

use super::lint::lint;
use super::policy::{Level, Policy, Request};

const LEVELS: &[&str] = &["None", "Metadata", "Request", "RequestResponse"];
const VERBS: &[&str] = &["get", "create", "patch", "*"];
const GROUPS: &[&str] = &["", "apps", "*", "rbac.authorization.k8s.io", "apps/v1", "Apps"];
const RESOURCES: &[&str] =
    &["pods", "pods/*", "pods/exec", "*/exec", "*", "secrets", "*/*", "pods/", "deployments", "/exec"];
const USERS: &[&str] = &["jane", "system:kube-scheduler", "*"];
const USER_GROUPS: &[&str] = &["system:authenticated", "dev"];
const NAMESPACES: &[&str] = &["", "kube-system", "shop", "*"];
const NAMES: &[&str] = &["a", "b", ""];
const URLS: &[&str] = &["/healthz*", "/metrics", "*", "healthz", "/a*b", ""];
const STAGES: &[&str] = &["RequestReceived", "ResponseComplete", "Panic", "Metadata"];

/// Classes of requests that exist.
const CLASSES: &[(&str, &str, &str, bool)] = &[
    ("", "pods", "", true),
    ("", "pods", "exec", true),
    ("", "secrets", "", true),
    ("apps", "deployments", "", true),
    ("", "nodes", "", false),
    ("rbac.authorization.k8s.io", "clusterroles", "", false),
];

fn pick(random: &mut Rng, from: &'static [&'static str]) -> Vec<&'static str> {
    let count = random.usize(1..3);
    (0..count).filter_map(|_| random.choice(from).copied()).collect()
}

/// One in `odds` fields is there.
fn maybe(rule: &mut Json, random: &mut Rng, odds: u32, key: &str, from: &'static [&'static str]) {
    if random.u32(0..odds) == 0 {
        rule[key] = json!(pick(random, from));
    }
}

fn rule(random: &mut Rng) -> Json {
    let mut rule = json!({"level": random.choice(LEVELS)});
    maybe(&mut rule, random, 3, "verbs", VERBS);
    maybe(&mut rule, random, 4, "users", USERS);
    maybe(&mut rule, random, 5, "userGroups", USER_GROUPS);
    maybe(&mut rule, random, 5, "namespaces", NAMESPACES);
    maybe(&mut rule, random, 40, "nonResourceURLs", URLS);
    maybe(&mut rule, random, 40, "omitStages", STAGES);
    if random.u32(0..3) > 0 {
        let entries = (0..random.usize(1..3)).map(|_| {
            // Wrong groups are rare, so that most policies load.
            let groups = if random.u32(0..30) == 0 { GROUPS } else { &GROUPS[..4] };
            let mut entry = json!({"group": random.choice(groups)});
            maybe(&mut entry, random, 1, "resources", RESOURCES);
            if random.u32(0..6) == 0 {
                entry["resources"] = Json::Null;
            }
            maybe(&mut entry, random, 8, "resourceNames", NAMES);
            entry
        });
        rule["resources"] = Json::Array(entries.collect());
    }
    rule
}

/// Concrete requests of a class: who, where and for which name, of what rules name and of what they do not.
fn requests(class: &Request) -> Vec<Json> {
    let mut requests = Vec::new();
    let namespaces: &[&str] =
        if class.namespaced { &["", "kube-system", "shop", "elsewhere"] } else { &[""] };
    for (user, groups) in
        [("jane", &["system:authenticated"][..]), ("system:kube-scheduler", &["dev"]), ("nobody", &[])]
    {
        for namespace in namespaces {
            let names: &[&str] =
                if class.verb == "create" && class.subresource.is_empty() { &[""] } else { &["a", "other"] };
            for name in names {
                requests.push(json!({
                    "user": user, "groups": groups, "verb": class.verb, "group": class.group,
                    "resource": class.resource, "subresource": class.subresource,
                    "namespace": namespace, "name": name,
                }));
            }
        }
    }
    requests
}

#[test]
fn levels_and_refusals_are_those_of_the_api_server() {
    let mut oracle = match Oracle::start("audit") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let mut random = Rng::with_seed(4);
    let classes: Vec<Request> = ["get", "create", "patch"]
        .into_iter()
        .flat_map(|verb| {
            CLASSES.iter().map(move |&(group, resource, subresource, namespaced)| Request {
                verb,
                group,
                resource,
                subresource,
                namespaced,
            })
        })
        .collect();
    let asked: Vec<(Request, Vec<Json>)> = classes.iter().map(|class| (*class, requests(class))).collect();
    let all: Vec<&Json> = asked.iter().flat_map(|(_, requests)| requests).collect();
    let (mut refused, mut compared, mut partly) = (0, 0, 0);
    for _ in 0..250 {
        let rules: Vec<Json> = (0..random.usize(0..5)).map(|_| rule(&mut random)).collect();
        let policy = json!({"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": rules}).to_string();
        let answer = oracle.ask(&json!({"policy": policy, "requests": all}).to_string());
        let answer: Json = serde_json::from_str(&answer).expect("the oracle answers in JSON");
        let stream = Stream::read(&policy);
        let document = stream.documents().next().expect("a document");
        let own = Policy::read(document.root());
        let is_refused = lint(&own, "audit.k8s.io/v1", 36).refused;
        assert_eq!(is_refused, answer["error"].is_string(), "{policy}: {}", answer["error"]);
        if is_refused {
            refused += 1;
            continue;
        }
        let mut levels = answer["levels"].as_array().expect("levels").iter();
        for (class, requests) in &asked {
            let (some, rest) = own.deciding(class);
            let rest = rest.map_or(Level::None, |rule| rule.level.expect("not refused"));
            let mut possible: Vec<Level> = some.iter().filter_map(|rule| rule.level).collect();
            possible.push(rest);
            let mut seen = Vec::new();
            for request in requests {
                let theirs = levels.next().and_then(Json::as_str).and_then(Level::named).expect("a level");
                seen.push(theirs);
                assert!(possible.contains(&theirs), "{policy}: {request} is {theirs:?}, not of {possible:?}");
            }
            if some.is_empty() {
                assert!(seen.iter().all(|level| *level == rest), "{policy}: {class:?}");
            } else {
                partly += 1;
            }
            compared += requests.len();
        }
    }
    println!(
        "{refused} policies refused by both, {compared} requests compared, {partly} classes decided by several rules"
    );
    assert!(refused > 50 && compared > 10_000 && partly > 100);
}
