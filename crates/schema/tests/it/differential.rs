//! Real objects and random changes to them, judged here and by the decoder of the API server.

use oracle_client::{Oracle, data};
use seaworthy_document::{Kind, Stream, Value};
use seaworthy_schema::{Expected, Problem, Refusal, kind, refusals};
use serde_json::{Map, Value as Json, json};

use crate::manifests::{self, built_in, decoder_path, files, objects};
use crate::oracle::{self, Answer, Tally};
use crate::random::Random;

const FOLDERS: [&str; 3] = ["demo", "sample500", "kubeconform"];

#[test]
fn the_table_is_what_the_oracle_generates() {
    let mut oracle = match Oracle::start("schema") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let answer: Json =
        serde_json::from_str(&oracle.ask(r#"{"table":true}"#)).expect("the oracle answers in JSON");
    let fresh = answer["table"].as_str().expect("the oracle gives the table");
    assert!(
        fresh == include_str!("../../src/kinds.tsv"),
        "kinds.tsv is old: its first line says how to write it"
    );
}

#[test]
fn real_objects_are_judged_as_by_the_decoder() {
    let mut oracle = match Oracle::start("schema") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    for folder in FOLDERS {
        let files = match data(folder) {
            Ok(folder) => files(&folder),
            Err(skip) => return skip.announce(),
        };
        let mut tally = Tally::default();
        let mut cases = Vec::new();
        let mut questions = Vec::new();
        for file in &files {
            for object in objects(&file.stream) {
                let (Some((api_version, name, of)), Some(json)) = (built_in(object), manifests::json(object))
                else {
                    tally.unsupported += 1; // a custom resource, or no object at all
                    continue;
                };
                questions.push(oracle::object(api_version, name, &json));
                cases.push((file, object, of));
            }
        }
        for ((file, object, of), answer) in cases.into_iter().zip(oracle::ask(&mut oracle, &questions)) {
            assert!(answer.known, "{object:?}");
            compare(&mut tally, object, &refusals(of, object), &answer, false, || {
                file.path.display().to_string()
            });
        }
        tally.report(folder);
    }
}

#[test]
fn changed_objects_are_judged_as_by_the_decoder() {
    let mut oracle = match Oracle::start("schema") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let mut originals = Vec::new();
    for folder in FOLDERS {
        let files = match data(folder) {
            Ok(folder) => files(&folder),
            Err(skip) => return skip.announce(),
        };
        for file in &files {
            for object in objects(&file.stream) {
                if let (Some((api_version, kind, _)), Some(json)) =
                    (built_in(object), manifests::json(object))
                    && json.to_string().len() < 20_000
                {
                    originals.push((api_version.to_owned(), kind.to_owned(), json));
                }
            }
        }
    }
    let mut random = Random(7);
    let mut tally = Tally::default();
    for _ in 0..20 {
        let changed: Vec<(&str, &str, Json)> = originals
            .iter()
            .map(|(api_version, kind, object)| {
                let mut object = object.clone();
                for _ in 0..=random.below(3) {
                    change(&mut object, &mut random);
                }
                (api_version.as_str(), kind.as_str(), object)
            })
            .collect();
        let questions: Vec<String> = changed
            .iter()
            .map(|(api_version, kind, object)| oracle::object(api_version, kind, object))
            .collect();
        for ((api_version, name, object), answer) in changed.iter().zip(oracle::ask(&mut oracle, &questions))
        {
            let text = object.to_string();
            let stream = Stream::read(text.as_str());
            let Some(document) = stream.documents().next() else {
                assert!(object.is_null(), "{text}");
                tally.unsupported += 1; // no document at all
                continue;
            };
            let root = document.root();
            let of = kind(api_version, name).expect("the kind is built in");
            // Schemas are decoded apart, where offsets start anew.
            let exact = *name != "CustomResourceDefinition";
            compare(&mut tally, root, &refusals(of, root), &answer, exact, || text.clone());
        }
    }
    tally.report("changed objects");
}

/// Counts an object as agreeing when both sides accept or refuse it, with and without strict validation, for
/// the same unknown fields, and (where `exact`) for the same value of a wrong type.
pub(crate) fn compare(
    tally: &mut Tally,
    root: Value<'_>,
    ours: &[Refusal<'_>],
    theirs: &Answer,
    exact: bool,
    what: impl Fn() -> String,
) {
    tally.cases += 1;
    tally.refused += usize::from(theirs.refused());
    let told = || {
        let ours: Vec<String> =
            ours.iter().map(|refusal| format!("{} {refusal}", refusal.value.path())).collect();
        format!("{}\n  ours: {ours:?}\n  theirs: {theirs:?}", what())
    };
    let hard = ours.iter().find(|refusal| !refusal.problem.strict_only());
    if ours.is_empty() && theirs.refused() || hard.is_none() && theirs.error.is_some() {
        return tally.false_pass.push(told());
    }
    if hard.is_some() != theirs.error.is_some() {
        return tally.otherwise_wrong.push(told());
    }
    if let Some(hard) = hard {
        let end = match hard.value.kind() {
            Kind::Sequence | Kind::Mapping => hard.value.span().start + 1,
            _ => hard.value.span().end,
        };
        if exact && !ours.iter().any(decoded_apart) && theirs.offset != Some(u64::from(end)) {
            return tally.otherwise_wrong.push(told());
        }
    } else {
        // The decoder tells unknown fields only of objects that have no other fault.
        let mut fields: Vec<String> = ours.iter().map(|refusal| decoder_path(root, refusal.value)).collect();
        let mut named = theirs.unknown.clone();
        fields.sort();
        fields.dedup();
        named.sort();
        if fields != named {
            return tally.otherwise_wrong.push(told());
        }
    }
    tally.agree += 1;
}

/// Types that decode themselves interrupt the decoder, which then names their fault before earlier ones.
fn decoded_apart(refusal: &Refusal<'_>) -> bool {
    match refusal.problem {
        Problem::WrongType { expected, .. } => matches!(
            expected,
            Expected::Quantity | Expected::IntegerOrString | Expected::Time | Expected::MicroTime
        ),
        Problem::Malformed { .. } | Problem::OutOfRange { .. } => true,
        Problem::UnknownField { .. } => false,
    }
}

/// Replaces a random value, renames a key, or adds a field.
fn change(object: &mut Json, random: &mut Random) {
    let mut at = object;
    // Some walks end at the first levels, most go to the bottom.
    while !at.is_null() && random.below(8) > 0 {
        let length = at.as_object().map(Map::len).or(at.as_array().map(Vec::len)).unwrap_or(0);
        if length == 0 {
            break;
        }
        let step = random.below(length);
        at = match at {
            Json::Object(map) => map.values_mut().nth(step).expect("below the length"),
            Json::Array(items) => &mut items[step],
            _ => unreachable!("scalars have no length"),
        };
    }
    match at {
        Json::Object(map) if random.below(3) > 0 => {
            if random.below(2) == 0 {
                map.insert(
                    (*random.pick(&["bogus", "Name", "names", "spec.x", ""])).to_owned(),
                    replacement(random),
                );
            } else if let Some(key) = map.keys().nth(random.below(map.len().max(1))).cloned() {
                let value = map.remove(&key).expect("the key is there");
                let renamed = match random.below(3) {
                    0 => key.to_uppercase(),
                    1 => format!("{key}s"),
                    _ => key.chars().skip(1).collect(),
                };
                map.insert(renamed, value);
            }
        }
        _ => *at = replacement(random),
    }
}

fn replacement(random: &mut Random) -> Json {
    random
        .pick(&[
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(-1),
            json!(80),
            json!(1.5),
            json!(1e-7),
            json!(3_000_000_000_i64),
            json!(i64::MAX),
            json!(1e30),
            json!(""),
            json!("text"),
            json!("1"),
            json!("true"),
            json!("1Gi"),
            json!("0.5"),
            json!("QQ=="),
            json!("2026-01-31T12:00:00Z"),
            json!("2026-01-31T12:00:00.000000Z"),
            json!([]),
            json!([null]),
            json!([1]),
            json!([256]),
            json!(["a"]),
            json!([{}]),
            json!({}),
            json!({ "a": null }),
            json!({ "a": 1 }),
            json!({ "a": "b" }),
            json!({ "type": "object", "bogus": 1 }),
            json!({ "a": { "b": "c" } }),
            json!({ "name": "n" }),
        ])
        .clone()
}
