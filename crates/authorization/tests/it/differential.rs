//! Random roles, bindings and requests, judged here and by upstream's authorizer and escalation check.

use fastrand::Rng;
use oracle_client::Oracle;
use seaworthy_authorization::{Attributes, Covering, covers};
use seaworthy_document::Stream;
use serde_json::{Value as Json, json};

use crate::sources::{policy, rules, streams};

const VERBS: &[&str] = &["get", "get", "list", "*", "*", "**", "", "get*"];
const GROUPS: &[&str] = &["", "", "apps", "*", "*", "**", "app*"];
const RESOURCES: &[&str] = &[
    "pods",
    "pods/log",
    "*",
    "**",
    "*/log",
    "*/",
    "pods/*",
    "*/*",
    "pods/",
    "",
    "/",
    "/log",
    "pods/log/x",
    "*/log/x",
    "po*",
];
const NAMES: &[&str] = &["a", "b", "", "*", "a*"];
const URLS: &[&str] = &["/a", "/a/*", "/a*", "/a**", "*", "**", "/", "", "/a/b", "/*", "a*b"];
const USERS: &[&str] = &[
    "ann",
    "system:serviceaccount:shop:web",
    "system:serviceaccount:shop:a:b",
    "system:serviceaccount::web",
    "",
];
const TEAMS: &[&str] = &["team", "system:serviceaccounts:shop", "system:authenticated"];
const NAMESPACES: &[&str] = &["shop", "other"];

fn one<'a>(random: &mut Rng, list: &[&'a str]) -> &'a str {
    list[random.usize(..list.len())]
}

fn some<'a>(random: &mut Rng, list: &[&'a str], most: usize) -> Vec<&'a str> {
    (0..random.usize(..most + 3).min(most)).map(|_| one(random, list)).collect()
}

fn rule(random: &mut Rng) -> Json {
    let mut rule = json!({ "verbs": some(random, VERBS, 2) });
    if random.u8(..4) > 0 {
        rule["apiGroups"] = json!(some(random, GROUPS, 2));
        rule["resources"] = json!(some(random, RESOURCES, 3));
    }
    if random.u8(..3) == 0 {
        rule["resourceNames"] = json!(some(random, NAMES, 2));
    }
    if random.u8(..3) == 0 {
        rule["nonResourceURLs"] = json!(some(random, URLS, 2));
    }
    rule
}

fn rule_list(random: &mut Rng, most: usize) -> Vec<Json> {
    (0..random.usize(..=most)).map(|_| rule(random)).collect()
}

fn role(random: &mut Rng, kind: &str, name: &str, namespace: Option<&str>) -> Json {
    json!({"kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": rule_list(random, 3)})
}

fn subject(random: &mut Rng) -> Json {
    match random.u8(..4) {
        // (The API server wants a name.)
        0 => json!({"kind": "User", "name": one(random, &USERS[..4])}),
        1 => json!({"kind": "Group", "name": one(random, TEAMS)}),
        2 => json!({"kind": "ServiceAccount", "name": one(random, &["web", "a:b"]), "namespace": "shop"}),
        _ => json!({"kind": "ServiceAccount", "name": "web"}),
    }
}

fn binding(random: &mut Rng, kind: &str, number: usize, namespace: Option<&str>) -> Json {
    let role_kind = if namespace.is_some() { one(random, &["Role", "ClusterRole"]) } else { "ClusterRole" };
    let subjects: Vec<Json> = (0..random.usize(..3)).map(|_| subject(random)).collect();
    json!({
        "kind": kind,
        "metadata": {"name": format!("b{number}"), "namespace": namespace},
        "roleRef": {"kind": role_kind, "name": one(random, &["r0", "r1", "missing"])},
        "subjects": subjects,
    })
}

fn request(random: &mut Rng) -> Json {
    let user = one(random, USERS);
    let groups = some(random, TEAMS, 2);
    let verb = one(random, VERBS);
    if random.u8(..4) == 0 {
        return json!({"user": user, "groups": groups, "verb": verb, "path": one(random, &["/a", "/a/b", "/ab", "/", "*"])});
    }
    json!({
        "user": user, "groups": groups, "verb": verb,
        "namespace": one(random, &["shop", "other", ""]),
        "group": one(random, GROUPS),
        "resource": one(random, &["pods", "*", "", "log", "pods/log"]),
        "subresource": one(random, &["", "", "log", "*", "log/x"]),
        "name": one(random, NAMES),
    })
}

/// The same question as objects of files, and as the oracle wants it.
fn question(random: &mut Rng) -> Json {
    let mut question = json!({
        "roles": [], "clusterRoles": [], "roleBindings": [], "clusterRoleBindings": [],
        "owner": rule_list(random, 3), "wanted": [rule(random)],
    });
    for name in ["r0", "r1"] {
        push(&mut question, "clusterRoles", role(random, "ClusterRole", name, None));
        for namespace in NAMESPACES {
            push(&mut question, "roles", role(random, "Role", name, Some(namespace)));
        }
    }
    for number in 0..3 {
        push(&mut question, "clusterRoleBindings", binding(random, "ClusterRoleBinding", number, None));
        for namespace in NAMESPACES {
            push(&mut question, "roleBindings", binding(random, "RoleBinding", number, Some(namespace)));
        }
    }
    question["requests"] = (0..40).map(|_| request(random)).collect();
    question
}

fn push(question: &mut Json, list: &str, object: Json) {
    question[list].as_array_mut().expect("a list").push(object);
}

fn text<'j>(request: &'j Json, key: &str) -> &'j str {
    request[key].as_str().unwrap_or_default()
}

#[test]
fn random_requests_are_decided_as_upstream_decides_them() {
    let mut oracle = match Oracle::start("rbac") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let seed = std::env::var("SEAWORTHY_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4);
    let mut random = Rng::with_seed(seed);
    let questions: Vec<Json> = (0..1000).map(|_| question(&mut random)).collect();
    let lines: Vec<String> = questions.iter().map(ToString::to_string).collect();
    let (mut requests, mut allowed, mut covered) = (0, 0, 0);
    for (question, answer) in questions.iter().zip(oracle.ask_all(&lines)) {
        let answer: Json = serde_json::from_str(&answer).expect("the oracle answers in JSON");
        assert_eq!(answer["error"], Json::Null, "{question}");
        let kinds = ["roles", "clusterRoles", "roleBindings", "clusterRoleBindings"];
        let objects: Vec<&Json> =
            kinds.iter().filter_map(|kind| question[kind].as_array()).flatten().collect();
        let files = streams(&[("a.json", &json!({ "items": objects }).to_string())]);
        let policy = policy(&files);
        let asked = question["requests"].as_array().expect("a list");
        for (request, expected) in asked.iter().zip(answer["allowed"].as_array().expect("a list")) {
            let verb = text(request, "verb");
            let attributes = match text(request, "path") {
                "" => Attributes::Resource {
                    verb,
                    group: text(request, "group"),
                    resource: text(request, "resource"),
                    subresource: text(request, "subresource"),
                    name: text(request, "name"),
                },
                path => Attributes::Url { verb, path },
            };
            let groups: Vec<&str> =
                request["groups"].as_array().expect("a list").iter().filter_map(Json::as_str).collect();
            let namespace = Some(text(request, "namespace")).filter(|namespace| !namespace.is_empty());
            let ours = policy.allows(text(request, "user"), &groups, namespace, &attributes);
            assert_eq!(Json::Bool(ours), *expected, "{request}\nof {question}");
            requests += 1;
            allowed += u32::from(ours);
        }
        let (owner, wanted) =
            (Stream::read(question["owner"].to_string()), Stream::read(question["wanted"].to_string()));
        let ours = covers(&rules(&owner), &rules(&wanted)) == Covering::Yes;
        assert_eq!(Json::Bool(ours), answer["covers"], "{question}");
        covered += u32::from(ours);
    }
    println!("{requests} requests, {allowed} allowed; {} covers, {covered} yes", questions.len());
    assert!(allowed > 500 && covered > 100, "the test asks too little: {allowed} allowed, {covered} covered");
}
