//! The grammars of scalars, compared with the Go types on chosen and on random text.

use oracle_client::Oracle;
use seaworthy_document::Stream;
use seaworthy_schema::{kind, refusals};

use crate::oracle::{self, Tally};
use crate::random::Random;

/// A field of each type, as a manifest with `@` in its place.
const FIELDS: [(&str, &str, &str); 12] = [
    ("v1", "Pod", "spec: {activeDeadlineSeconds: @}"), // int64
    ("apps/v1", "Deployment", "spec: {replicas: @}"),  // int32
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "spec: {versions: [{schema: {openAPIV3Schema: {maximum: @}}}]}",
    ), // float
    ("v1", "LimitRange", "spec: {limits: [{max: {cpu: @}}]}"), // quantity
    ("v1", "Service", "spec: {ports: [{targetPort: @}]}"), // int or string
    ("v1", "Pod", "metadata: {creationTimestamp: @}"), // time
    ("coordination.k8s.io/v1", "Lease", "spec: {renewTime: @}"), // microtime
    ("v1", "Secret", "data: {a: @}"),                  // bytes
    ("v1", "Pod", "spec: {hostNetwork: @}"),           // bool
    ("v1", "Pod", "metadata: {annotations: {a: @}}"),  // string
    ("apps/v1", "ControllerRevision", "data: @"),      // anything
    (
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "spec: {versions: [{schema: {openAPIV3Schema: {items: @, additionalProperties: @, dependencies: {a: @}}}}]}",
    ),
];

const TEXTS: &[&str] = &[
    "0",
    "-0",
    "1",
    "-1",
    "+1",
    "1.0",
    "1.",
    ".5",
    "1.5",
    "1e3",
    "1E3",
    "1e-3",
    "1e+3",
    "-1e3",
    "0x1F",
    "0o17",
    "017",
    "0b11",
    "1_000",
    "255",
    "256",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "2147483648.0",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "9.223372036854775e18",
    "9223372036854775807.0",
    "-9223372036854775808.0",
    "18446744073709551615",
    "18446744073709551616",
    "1e21",
    "1e300",
    "1e-300",
    "true",
    "yes",
    "on",
    "y",
    "n",
    "off",
    "null",
    "~",
    "text",
    "'1'",
    "'true'",
    "''",
    "' '",
    "[]",
    "[1]",
    "[1, 255]",
    "[256]",
    "[-1]",
    "[null]",
    "['a']",
    "[a, 1]",
    "[{}]",
    "[{bogus: 1}]",
    "[{type: 1}]",
    "{}",
    "{a: 1}",
    "{a: b}",
    "{type: string}",
    "{type: 1}",
    "{bogus: 1}",
    "{properties: {a: {bogus: 1}}}",
    "{properties: 1}",
    "[[]]",
    "100m",
    "1Ki",
    "'1ki'",
    "1Mi",
    "1Gi",
    "1Ti",
    "1Pi",
    "1Ei",
    "1K",
    "1k",
    "1M",
    "1G",
    "1T",
    "1P",
    "1E",
    "1n",
    "1u",
    "1mi",
    "Ki",
    "m",
    "n",
    "Pi",
    "'.'",
    "'+'",
    "'-'",
    "'.Ki'",
    "'.Pi'",
    "'0Pi'",
    "'1..2'",
    "'1.2.3'",
    "'1.Gi'",
    "' 1Gi '",
    "'1 Gi'",
    "'1Gi '",
    "\"1\\t\"",
    "\"1\\u00a0\"",
    "\"1\\u2028\"",
    "1e",
    "1eE3",
    "'1e99999999999999999999'",
    "'e-9'",
    "'e-10'",
    "'e3'",
    "0.5Mi",
    "1.5e3",
    "'1e3Ki'",
    "'1EiB'",
    "2026-01-31T12:00:00Z",
    "'2026-01-31T12:00:00Z'",
    "'2026-01-31t12:00:00Z'",
    "'2026-01-31T12:00:00z'",
    "'2026-01-31 12:00:00Z'",
    "'2026-02-29T12:00:00Z'",
    "'2024-02-29T12:00:00Z'",
    "'1900-02-29T12:00:00Z'",
    "'2000-02-29T12:00:00Z'",
    "'2026-04-31T12:00:00Z'",
    "'2026-13-01T12:00:00Z'",
    "'2026-00-01T12:00:00Z'",
    "'2026-01-00T12:00:00Z'",
    "'2026-1-31T12:00:00Z'",
    "'2026-01-31T1:00:00Z'",
    "'2026-01-31T24:00:00Z'",
    "'2026-01-31T12:60:00Z'",
    "'2026-01-31T12:00:60Z'",
    "'2026-01-31T12:00Z'",
    "'2026-01-31T12:00:00'",
    "'2026-01-31T12:00:00.1Z'",
    "'2026-01-31T12:00:00,1Z'",
    "'2026-01-31T12:00:00.Z'",
    "'2026-01-31T12:00:00.123456789123Z'",
    "'2026-01-31T12:00:00.123456Z'",
    "'2026-01-31T12:00:00,123456Z'",
    "'2026-01-31T12:00:00.12345Z'",
    "'2026-01-31T12:00:00.+12345Z'",
    "'2026-01-31T12:00:00.-12345Z'",
    "'2026-01-31T12:00:00.-00000Z'",
    "'2026-01-31T12:00:00.1234567Z'",
    "'2026-01-31T12:00:00+01:00'",
    "'2026-01-31T12:00:00-24:60'",
    "'2026-01-31T12:00:00+25:00'",
    "'2026-01-31T12:00:00+00:61'",
    "'2026-01-31T12:00:00+0100'",
    "'2026-01-31T12:00:00+01'",
    "'2026-01-31T12:00:00ZZ'",
    "'0000-01-01T00:00:00Z'",
    "2026-01-31",
    "'2026-01-31T12:00:00.000000+01:00'",
    "QQ==",
    "'QQ='",
    "'QQ'",
    "'QQ==='",
    "'QUI='",
    "'QUJD'",
    "'QUJD='",
    "'Q'",
    "'='",
    "'QQ==QQ=='",
    "\"QUJD\\nQUJD\\n\"",
    "\"QQ=\\n=\\r\\n\"",
    "\"QQ==\\n x\"",
    "'QR=='",
    "'-_8='",
    "'QUJD '",
    "'QQ=Q'",
    "'QUI==='",
];

#[test]
fn chosen_scalars_are_judged_as_by_the_decoder() {
    let cases = FIELDS.iter().flat_map(|field| TEXTS.iter().map(move |text| (*field, (*text).to_owned())));
    run("chosen scalars", &cases.collect::<Vec<_>>());
}

#[test]
fn random_scalars_are_judged_as_by_the_decoder() {
    let mut random = Random(11);
    let mut cases = Vec::new();
    for _ in 0..20_000 {
        let (field, alphabet) = match random.below(4) {
            0 => (FIELDS[3], "0019.+-eEimknuKMGTP "),
            1 => (FIELDS[7], "AZaz09+/==\n "),
            2 => (FIELDS[5], "0123459-:TZ.,+"),
            _ => (FIELDS[6], "0123459-:TZ.,+"),
        };
        let alphabet: Vec<char> = alphabet.chars().collect();
        let mut text: Vec<char> = match random.below(3) {
            0 if field == FIELDS[5] || field == FIELDS[6] => {
                "2024-02-29T23:59:59.999999+23:59".chars().collect()
            }
            1 if field == FIELDS[5] || field == FIELDS[6] => "2023-12-31T00:00:00Z".chars().collect(),
            0 if field == FIELDS[7] => "QUJDREVGRw==".chars().collect(),
            1 if field == FIELDS[3] => "12.25Gi".chars().collect(),
            _ => (0..random.below(9)).map(|_| *random.pick(&alphabet)).collect(),
        };
        for _ in 0..random.below(3) {
            let at = random.below(text.len() + 1);
            match random.below(3) {
                0 => text.insert(at, *random.pick(&alphabet)),
                1 if at < text.len() => text[at] = *random.pick(&alphabet),
                _ if at < text.len() => drop(text.remove(at)),
                _ => {}
            }
        }
        let text: String = text.into_iter().collect();
        // Go computes powers of ten of this size digit by digit.
        if !text.contains(['e', 'E']) || text.len() < 8 {
            cases.push((field, serde_json::Value::from(text).to_string()));
        }
    }
    run("random scalars", &cases);
}

fn run(what: &str, cases: &[((&str, &str, &str), String)]) {
    let mut oracle = match Oracle::start("schema") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    let manifests: Vec<String> =
        cases.iter().map(|((.., manifest), text)| manifest.replace('@', text)).collect();
    let questions: Vec<String> = cases
        .iter()
        .zip(&manifests)
        .map(|(((api_version, kind, _), _), manifest)| oracle::manifest(api_version, kind, manifest))
        .collect();
    let mut tally = Tally::default();
    for ((((api_version, name, _), _), manifest), answer) in
        cases.iter().zip(&manifests).zip(oracle::ask(&mut oracle, &questions))
    {
        tally.cases += 1;
        let stream = Stream::read(manifest.as_str());
        let Some(document) = stream.documents().next() else {
            // Neither side can read it: a matter of YAML.
            assert!(answer.invalid.is_some(), "{manifest} {answer:?}");
            tally.unsupported += 1;
            continue;
        };
        if answer.invalid.is_some() {
            tally.unsupported += 1;
            continue;
        }
        tally.refused += usize::from(answer.refused());
        let ours = refusals(kind(api_version, name).expect("the kind is built in"), document.root());
        let hard = ours.iter().any(|refusal| !refusal.problem.strict_only());
        let told = || format!("{manifest}\n  ours: {ours:?}\n  theirs: {answer:?}");
        if ours.is_empty() == answer.refused() || hard != answer.error.is_some() {
            let list = if answer.refused() { &mut tally.false_pass } else { &mut tally.otherwise_wrong };
            list.push(told());
        } else {
            tally.agree += 1;
        }
    }
    tally.report(what);
}
