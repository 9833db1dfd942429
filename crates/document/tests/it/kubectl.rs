//! Each document as kubectl's own code sees it: `testing/oracle/yaml`.

use oracle_client::Oracle;
use seaworthy_document::{Format, Stream};
use serde_json::Value as Json;

use crate::generate::{self, Random};
use crate::inputs::{self, Input};

/// What became of a document.
#[derive(Debug, PartialEq)]
enum Outcome {
    Broken,
    Read { json: String, strict: bool, format: Format },
}

fn ours(bytes: &[u8]) -> Vec<Outcome> {
    let stream = Stream::read_bytes(bytes);
    let mut outcomes: Vec<(u32, Outcome)> = Vec::new();
    for document in stream.documents() {
        let mut json = String::new();
        document.root().write_json(&mut json).unwrap();
        let strict = stream.diagnostics().iter().all(|diagnostic| diagnostic.document != document.ordinal());
        outcomes.push((document.ordinal(), Outcome::Read { json, strict, format: document.format() }));
    }
    let broken = stream.diagnostics().iter().filter(|diagnostic| diagnostic.broken);
    outcomes.extend(broken.map(|diagnostic| (diagnostic.document, Outcome::Broken)));
    outcomes.sort_by_key(|&(ordinal, _)| ordinal);
    for (index, (ordinal, _)) in outcomes.iter().enumerate() {
        assert_eq!(index as u32, *ordinal, "ordinals count documents");
    }
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// The outcomes of the oracle; `None` for a document whose value depends on the order of a Go map.
fn theirs(answer: &str) -> (Vec<Option<Outcome>>, Option<String>) {
    let answer: Json = serde_json::from_str(answer).unwrap();
    let documents = answer["docs"].as_array().unwrap();
    let outcomes = documents
        .iter()
        .filter(|document| document["json"] != "null")
        .map(|document| {
            if document["ambiguous"] == true {
                return None;
            }
            Some(match document["json"].as_str() {
                None => Outcome::Broken,
                Some(json) => Outcome::Read {
                    // Go escapes the character only where it stands for bytes that are no text.
                    json: json.replace("\\ufffd", "\u{fffd}"),
                    strict: document["strict"].is_null(),
                    format: if document["format"] == "json" { Format::Json } else { Format::Yaml },
                },
            })
        })
        .collect();
    (outcomes, answer["upstream"].as_str().map(str::to_owned))
}

/// Places where we differ on purpose or cannot know, each with the reason.
fn exception(bytes: &[u8]) -> Option<&'static str> {
    if str::from_utf8(bytes).is_err() {
        return Some(
            "kubectl replaces invalid UTF-8 in JSON, and in YAML it depends on the size of its buffer",
        );
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some("kubectl cuts UTF-16 at bytes, we transcode it and say so");
    }
    if bytes.starts_with("\u{feff}\u{feff}".as_bytes()) {
        return Some("goyaml skips a character of each line behind two byte order marks");
    }
    if bytes.windows(2).any(|pair| pair == b"\n%") {
        return Some(
            "goyaml ends a document at a well-formed directive and drops the rest in silence, we refuse it",
        );
    }
    None
}

#[derive(Debug, Default)]
struct Score {
    cases: usize,
    agree: usize,
    unsupported: usize,
    disagree: Vec<String>,
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= group.len() { DIGITS[value as usize] as char } else { '=' });
        }
    }
    text
}

fn compare(inputs: &[Input]) -> Option<Score> {
    let mut oracle = match Oracle::start("yaml") {
        Ok(oracle) => oracle,
        Err(skip) => {
            skip.announce();
            return None;
        }
    };
    let mut score = Score::default();
    let answers = oracle.ask_all(inputs.iter().map(|input| base64(&input.bytes)));
    for (input, answer) in inputs.iter().zip(&answers) {
        score.cases += 1;
        if exception(&input.bytes).is_some() {
            ours(&input.bytes); // it must not crash all the same
            score.unsupported += 1;
            continue;
        }
        let (theirs, upstream) = theirs(answer);
        assert_eq!(
            upstream,
            None,
            "the oracle differs from upstream on {:?}",
            String::from_utf8_lossy(&input.bytes)
        );
        let ours = ours(&input.bytes);
        let agree = ours.len() == theirs.len()
            && ours.iter().zip(&theirs).all(|(ours, theirs)| match (ours, theirs) {
                (Outcome::Broken, None) => false,
                (_, None) => true,
                (ours, Some(theirs)) => ours == theirs,
            });
        if agree {
            score.agree += 1;
        } else {
            let text = String::from_utf8_lossy(&input.bytes);
            score.disagree.push(format!("{}: {text:?}\n  ours: {ours:?}\n  go: {answer}", input.name));
        }
    }
    Some(score)
}

pub(crate) fn check(what: &str, inputs: &[Input]) {
    let Some(score) = compare(inputs) else { return };
    println!(
        "{what}: cases {}, agree {}, disagree {}, unsupported {}, crashed 0",
        score.cases,
        score.agree,
        score.disagree.len(),
        score.unsupported
    );
    for disagreement in score.disagree.iter().take(std::env::var("SHOW").map_or(5, |n| n.parse().unwrap())) {
        println!("{}", disagreement.chars().take(3000).collect::<String>());
    }
    assert!(score.disagree.is_empty(), "{what}: {} disagreements", score.disagree.len());
}

#[test]
fn all_data_is_read_as_kubectl_reads_it() {
    match inputs::files("") {
        Ok(inputs) => check("data", &inputs),
        Err(skip) => skip.announce(),
    }
}

fn random_inputs(count: u64, make: impl Fn(&mut Random) -> Vec<u8>) -> Vec<Input> {
    (0..count)
        .map(|seed| Input { name: format!("seed {seed}"), bytes: make(&mut Random::new(seed)) })
        .collect()
}

#[test]
fn generated_yaml_is_read_as_kubectl_reads_it() {
    check("generated yaml", &random_inputs(20_000, |random| generate::yaml(random).into_bytes()));
}

#[test]
fn generated_json_is_read_as_kubectl_reads_it() {
    check("generated json", &random_inputs(20_000, |random| generate::json(random).into_bytes()));
}

#[test]
fn mutated_manifests_are_read_as_kubectl_reads_them() {
    let files = match inputs::manifests("sample500").and_then(|a| Ok((a, inputs::manifests("demo")?))) {
        Ok((mut files, demo)) => {
            files.extend(demo);
            files.retain(|file| file.bytes.len() < 4000);
            files
        }
        Err(skip) => return skip.announce(),
    };
    let inputs = random_inputs(8_000, |random| {
        let mut bytes = files[random.below(files.len())].bytes.clone();
        generate::mutate(random, &mut bytes);
        bytes
    });
    check("mutated manifests", &inputs);
}
