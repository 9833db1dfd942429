//! The contract with programs.

use std::path::Path;

use seaworthy_controls::Acceptance;
use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use seaworthy_report::{Context, Format};
use serde_json::Value;

use crate::fixture::{self, assert_harmless, context, files, report, with, written};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/assessment.v1alpha1.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

pub(crate) fn valid(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    value
}

#[test]
fn the_schema_is_a_schema_and_refuses_what_is_not_of_it() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let mut value = valid(&report(Format::Json, &files(), &context()));
    value["findings"][0]["severity"] = "terrible".into();
    assert!(!validator.is_valid(&value));
}

#[test]
fn a_finding_says_what_it_is_about_and_where() {
    let value = valid(&report(Format::Json, &files(), &context()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&value["findings"][1]).unwrap(), @r#"
    {
      "control": "pods/privileged",
      "fingerprint": "9e1dcbbe792a97d404f427c559f98d6c",
      "location": {
        "column": 13,
        "document": 0,
        "endColumn": 29,
        "endLine": 16,
        "file": "shop/web.yaml",
        "line": 16
      },
      "message": "`privileged: true`",
      "path": "spec.template.spec.containers[web].securityContext.privileged",
      "phase": "next-step",
      "severity": "critical",
      "subject": {
        "apiVersion": "apps/v1",
        "container": "web",
        "kind": "Deployment",
        "name": "web",
        "namespace": "shop"
      }
    }
    "#);
    let severities: Vec<_> =
        value["findings"].as_array().unwrap().iter().map(|finding| &finding["severity"]).collect();
    assert_eq!(severities, ["medium", "critical", "medium", "high"]);
    assert_eq!(value["summary"]["findings"]["open"], 4);
    assert_eq!(value["inputs"][0], "shop");
    assert_eq!(value["coverage"]["files"]["skipped"], 2);
    assert_eq!(value["unknown"][0]["count"], 3);
}

#[test]
fn what_was_not_evaluated_is_listed() {
    let value = valid(&report(Format::Json, &files(), &context()));
    insta::assert_snapshot!(serde_json::to_string_pretty(&value["coverage"]).unwrap(), @r#"
    {
      "documents": 3,
      "files": {
        "read": 2,
        "skipped": 2
      },
      "notEvaluated": [
        {
          "count": 2,
          "examples": [
            "shop/chart/a.yaml"
          ],
          "reason": "files that are templates"
        },
        {
          "count": 1,
          "examples": [
            "shop/broken.yaml:3"
          ],
          "reason": "documents that could not be read"
        },
        {
          "count": 1,
          "examples": [],
          "reason": "documents that are no Kubernetes objects"
        }
      ],
      "objects": 2,
      "workloads": 1
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&value["diagnostics"]).unwrap(), @r#"
    [
      {
        "column": 11,
        "document": 0,
        "endColumn": 12,
        "endLine": 3,
        "file": "shop/broken.yaml",
        "line": 3,
        "message": "the bracket that starts here is never closed",
        "severity": "error"
      }
    ]
    "#);
}

#[test]
fn accepted_findings_are_told_apart() {
    let value = with(&files(), |mut assessment| {
        assessment.findings[0].exception = Some(Acceptance::Component("it is a test"));
        valid(&written(Format::Json, &assessment, &context()))
    });
    assert_eq!(value["findings"][0]["exception"], "it is a test");
    assert_eq!(value["summary"]["findings"]["excepted"], 1);
    assert_eq!(value["exceptions"][0]["count"], 1);
}

#[test]
fn hostile_and_huge_input_stays_valid_and_harmless() {
    for files in [fixture::hostile(), fixture::minified(), Vec::new()] {
        let text = report(
            Format::Json,
            &files,
            &Context { generated_at: Some("2026-11-21T10:00:00Z".into()), ..context() },
        );
        valid(&text);
        assert_harmless(&text);
        assert!(text.len() < 20_000, "{}", text.len());
        assert!(!text.contains("geheim"));
    }
}

#[test]
fn the_bytes_do_not_depend_on_the_number_of_threads() {
    let many: Vec<SourceFile> =
        (0..700).map(|index| SourceFile::new(format!("{index}.yaml"), Stream::read(fixture::WEB))).collect();
    for format in Format::ALL {
        let with_threads = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| report(format, &many, &context()))
        };
        let one = with_threads(1);
        assert!(one == with_threads(3), "{format}");
        assert!(one == with_threads(3), "{format}");
    }
}

#[test]
fn every_finding_of_many_stands_on_a_line_of_its_own() {
    let many: Vec<SourceFile> =
        (0..300).map(|index| SourceFile::new(format!("{index}.yaml"), Stream::read(fixture::WEB))).collect();
    let text = report(Format::Json, &many, &context());
    let value = valid(&text);
    let findings = value["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1200);
    for (index, finding) in findings.iter().enumerate() {
        assert_eq!(finding["location"]["file"], format!("{}.yaml", index / 4));
    }
    let lines = text.lines().filter(|line| line.starts_with("{\"control\"") && line.contains("fingerprint"));
    assert_eq!(lines.count(), 1200);
}

#[test]
fn a_pod_that_differs_from_its_template_names_its_owner() {
    let container = |name: &str, privileged: bool| {
        format!("{{name: {name}, image: i, securityContext: {{privileged: {privileged}}}}}")
    };
    let pod = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, ownerReferences: [{{apiVersion: apps/v1, kind: DaemonSet, name: agent, controller: true}}]}}\nspec: {{containers: [{}, {}]}}\n",
            container("agent", false),
            container("proxy", true)
        )
    };
    let owner = format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent, namespace: shop}}\nspec: {{template: {{spec: {{containers: [{}]}}}}}}\n",
        container("agent", false)
    );
    let of = |first: &str| {
        let texts = [owner.clone(), pod(first), pod("agent-second")];
        let files: Vec<SourceFile> =
            texts.into_iter().map(|text| SourceFile::new("live", Stream::read(text))).collect();
        valid(&report(Format::Json, &files, &context()))
    };
    let value = of("agent-first");
    let privileged = |value: &Value| {
        let findings = value["findings"].as_array().unwrap().clone();
        findings.into_iter().filter(|finding| finding["control"] == "pods/privileged").collect::<Vec<_>>()
    };
    let found = privileged(&value);
    assert_eq!(found.len(), 1, "one for both pods");
    let subject = &found[0]["subject"];
    assert_eq!(subject["name"], "agent-first");
    assert_eq!(
        subject["owner"],
        serde_json::json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "agent"})
    );
    assert_eq!(subject["count"], 2);
    assert_eq!(subject["difference"], "`spec.containers[proxy]` is added");
    assert_eq!(value["coverage"]["represented"], 1);
    // Names that a controller makes up change; the fingerprint lasts.
    assert_eq!(privileged(&of("agent-other"))[0]["fingerprint"], found[0]["fingerprint"]);
}
