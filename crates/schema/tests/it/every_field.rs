//! Every field of every type, filled with values of all sorts, judged here and by the decoder.

use std::collections::{HashMap, HashSet, VecDeque};

use oracle_client::Oracle;
use seaworthy_document::Stream;
use seaworthy_schema::{kind, refusals};
use serde_json::{Value as Json, json};

use crate::differential::compare;
use crate::oracle::{self, Tally};

/// Names of fields from the object down; `[]` is an item of a list, `{}` a value of a map.
type Steps = Vec<&'static str>;

#[test]
fn every_field_is_judged_as_by_the_decoder() {
    let mut oracle = match Oracle::start("schema") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let values = [
        json!(null),
        json!(true),
        json!(1),
        json!(1.5),
        json!(3_000_000_000_i64),
        json!("text"),
        json!("1Gi"),
        json!("QQ=="),
        json!("2026-01-31T12:00:00Z"),
        json!("2026-01-31T12:00:00.000000Z"),
        json!([]),
        json!([null, 1]),
        json!(["text"]),
        json!([{ "bogus": 1 }]),
        json!([["text"]]),
        json!({}),
        json!({ "bogus": 1 }),
        json!({ "bogus": "1" }),
        json!({ "bogus": ["text"] }),
        json!({ "bogus": { "bogus": 1 } }),
    ];
    let places = places();
    assert!(places.len() > 4000, "only {} fields", places.len());
    let mut tally = Tally::default();
    for value in &values {
        let objects: Vec<Json> = places.iter().map(|(.., steps)| object(steps, value.clone())).collect();
        let questions: Vec<String> = places
            .iter()
            .zip(&objects)
            .map(|((api_version, kind, _), object)| oracle::object(api_version, kind, object))
            .collect();
        let answers = oracle::ask(&mut oracle, &questions);
        for (((api_version, name, _), object), answer) in places.iter().zip(&objects).zip(answers) {
            let text = object.to_string();
            let stream = Stream::read(text.as_str());
            let root = stream.documents().next().expect("JSON can be read").root();
            let of = kind(api_version, name).expect("the kind is built in");
            let exact = *name != "CustomResourceDefinition";
            compare(&mut tally, root, &refusals(of, root), &answer, exact, || format!("{name} {text}"));
        }
    }
    tally.report("every field");
}

/// A shortest way to each field of each type from the first kind that has it.
fn places() -> Vec<(&'static str, &'static str, Steps)> {
    let table = include_str!("../../src/kinds.tsv");
    let mut types: HashMap<&str, Vec<(&str, &str)>> = HashMap::new();
    let mut waiting = VecDeque::new();
    let mut current = "";
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["", field, expression] => types.entry(current).or_default().push((field, expression)),
            [api_version, kind, name] => waiting.push_back((api_version, kind, name, Steps::new())),
            _ => current = line,
        }
    }
    let mut seen = HashSet::new();
    let mut places = Vec::new();
    while let Some((api_version, kind, name, steps)) = waiting.pop_front() {
        if !seen.insert(name) {
            continue;
        }
        for &(field, mut expression) in types.get(name).into_iter().flatten() {
            let mut steps = steps.clone();
            steps.push(field);
            places.push((api_version, kind, steps.clone()));
            while let Some(inner) = ["[]", "{}"].into_iter().find(|wrapper| expression.starts_with(wrapper)) {
                steps.push(inner);
                expression = &expression[2..];
            }
            if types.contains_key(expression) {
                waiting.push_back((api_version, kind, expression, steps));
            }
        }
    }
    places
}

fn object(steps: &[&str], value: Json) -> Json {
    steps.iter().rev().fold(value, |inner, step| match *step {
        "[]" => json!([inner]),
        "{}" => json!({ "key": inner }),
        field => json!({ field: inner }),
    })
}
