//! SARIF against the schema of OASIS, and its regions against the texts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use seaworthy_controls::{Acceptance, Settings, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_report::Format;
use serde_json::Value;

use crate::fixture::{self, assert_harmless, context, files, report, with, written};

/// The schema of OASIS, from the sources of the crate `serde-sarif`, which carries it.
fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let cargo = |arguments: &[&str]| {
            let output = Command::new(env!("CARGO")).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        // Only what this machine has built is at hand without a network.
        let version = cargo(&["version", "--verbose"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let metadata = cargo(&[
            "metadata",
            "--format-version=1",
            "--offline",
            "--filter-platform",
            host,
            "--manifest-path",
            manifest,
        ]);
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
        // One of its patterns has a bracket too many, which only JavaScript takes for a plain character.
        let mut schema: Value = serde_json::from_str(&text).unwrap();
        for definition in ["run", "toolComponent"] {
            let language = &mut schema["definitions"][definition]["properties"]["language"];
            assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
        }
        schema
    })
}

pub(crate) fn valid(text: &str) -> Value {
    let value: Value = serde_json::from_str(text).unwrap();
    let validator = jsonschema::draft7::new(schema()).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    value
}

/// The text of a region, by its own numbers.
fn region<'t>(text: &'t str, result: &Value) -> &'t str {
    let region = &result["locations"][0]["physicalLocation"]["region"];
    let offset = |line: &str, column: &str| {
        let (line, column) =
            (region[line].as_u64().unwrap() as usize, region[column].as_u64().unwrap() as usize);
        let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        text[start..].char_indices().map(|(at, _)| at).nth(column - 1).map_or(text.len(), |at| start + at)
    };
    &text[offset("startLine", "startColumn")..offset("endLine", "endColumn")]
}

#[test]
fn the_log_is_valid_and_its_regions_hold_what_the_results_name() {
    let value = valid(&report(Format::Sarif, &files(), &context()));
    let results = value["runs"][0]["results"].as_array().unwrap();
    let regions: Vec<_> = results.iter().map(|result| region(fixture::WEB, result)).collect();
    assert_eq!(regions, ["name: web", "privileged: true", "name: log", "db-password: hunter2-geheim"]);
    let rules = value["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(rules[index]["id"], result["ruleId"]);
    }
}

#[test]
fn columns_count_characters_and_not_bytes() {
    let text = fixture::WEB.replace(
        "          securityContext:\n            privileged: true",
        "          securityContext: {ä: ü, privileged: true}",
    );
    let files =
        [seaworthy_evidence::SourceFile::new("ü ö.yaml", seaworthy_document::Stream::read(text.as_str()))];
    let value = valid(&report(Format::Sarif, &files, &context()));
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(region(&text, &results[1]), "privileged: true");
    assert_eq!(
        results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "%C3%BC%20%C3%B6.yaml"
    );
}

#[test]
fn a_result_and_its_rule_carry_what_services_show() {
    let value = valid(&report(Format::Sarif, &files(), &context()));
    let run = &value["runs"][0];
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["results"][1]).unwrap(), @r#"
    {
      "level": "error",
      "locations": [
        {
          "logicalLocations": [
            {
              "fullyQualifiedName": "apps/v1/Deployment/shop/web#spec.template.spec.containers[web].securityContext.privileged",
              "kind": "resource",
              "name": "web"
            }
          ],
          "physicalLocation": {
            "artifactLocation": {
              "uri": "shop/web.yaml"
            },
            "region": {
              "endColumn": 29,
              "endLine": 16,
              "startColumn": 13,
              "startLine": 16
            }
          }
        }
      ],
      "message": {
        "text": "`privileged: true` in container `web` of Deployment shop/web"
      },
      "partialFingerprints": {
        "seaworthy/v1": "9e1dcbbe792a97d404f427c559f98d6c"
      },
      "properties": {
        "phase": "next-step",
        "severity": "critical"
      },
      "ruleId": "pods/privileged",
      "ruleIndex": 1,
      "suppressions": []
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["tool"]["driver"]["rules"][1]).unwrap(), @r#"
    {
      "defaultConfiguration": {
        "level": "error"
      },
      "fullDescription": {
        "text": "A privileged container is the node: it sees every device and can load kernel modules, so that `root` in it is root outside."
      },
      "help": {
        "markdown": "A privileged container *is* the node: it sees every device and can load kernel modules,\nso that `root` in it is root outside.\n\nMore of the same.\n\n**Cure.** Remove `privileged: true` and add the one capability that is needed.\n\n1. look\n2. remove\n",
        "text": "A privileged container is the node: it sees every device and can load kernel modules, so that `root` in it is root outside.\n\nCure: Remove `privileged: true` and add the one capability that is needed."
      },
      "helpUri": "https://github.com/seaworthy-dev/seaworthy/blob/main/docs/controls/pods/privileged.md",
      "id": "pods/privileged",
      "name": "PodsPrivileged",
      "properties": {
        "change": "security-context",
        "phase": "next-step",
        "precision": "very-high",
        "security-severity": "9.5",
        "severity": "critical",
        "tags": [
          "security",
          "kubernetes",
          "next-step",
          "cis/5.2.2",
          "kubescape/C-0057"
        ]
      },
      "shortDescription": {
        "text": "No container runs privileged"
      }
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&run["invocations"][0]).unwrap(), @r#"
    {
      "executionSuccessful": true,
      "toolExecutionNotifications": [
        {
          "level": "note",
          "message": {
            "text": "not evaluated: files that are templates: 2"
          }
        },
        {
          "level": "note",
          "message": {
            "text": "not evaluated: documents that could not be read: 1"
          }
        },
        {
          "level": "note",
          "message": {
            "text": "not evaluated: documents that are no Kubernetes objects: 1"
          }
        },
        {
          "associatedRule": {
            "id": "images/minimal-content"
          },
          "level": "note",
          "message": {
            "text": "`images/minimal-content` is unknown for 3 subjects: the content of the image was not read; would be decided by the files of the image"
          }
        },
        {
          "level": "error",
          "locations": [
            {
              "physicalLocation": {
                "artifactLocation": {
                  "uri": "shop/broken.yaml"
                },
                "region": {
                  "endColumn": 12,
                  "endLine": 3,
                  "startColumn": 11,
                  "startLine": 3
                }
              }
            }
          ],
          "message": {
            "text": "the bracket that starts here is never closed"
          }
        }
      ]
    }
    "#);
}

#[test]
fn accepted_findings_are_suppressed() {
    let value = with(&files(), |mut assessment| {
        assessment.findings[1].exception = Some(Acceptance::Component("it is a test"));
        valid(&written(Format::Sarif, &assessment, &context()))
    });
    let results = &value["runs"][0]["results"];
    assert_eq!(results[1]["suppressions"][0]["justification"], "it is a test");
    assert_eq!(results[0]["suppressions"], Value::Array(Vec::new()));
}

#[test]
fn hostile_and_huge_input_stays_valid_and_harmless() {
    for files in [fixture::hostile(), fixture::minified(), Vec::new()] {
        let text = report(Format::Sarif, &files, &context());
        valid(&text);
        assert_harmless(&text);
        assert!(text.len() < 20_000, "{}", text.len());
        assert!(!text.contains("geheim"));
    }
}

/// The demonstration cluster of the test data, whole: the log is valid, and each region starts with the key that the
/// path of its finding ends with.
#[test]
fn the_demo_is_valid_and_its_regions_start_with_the_right_keys() {
    let demo = match oracle_client::data("demo") {
        Ok(demo) => demo,
        Err(skip) => return skip.announce(),
    };
    let files: Vec<SourceFile> = manifests(&demo)
        .into_iter()
        .map(|path| {
            SourceFile::new(path.to_str().unwrap(), Stream::read_bytes(std::fs::read(&path).unwrap()))
        })
        .collect();
    let evidence = Evidence::new(&files);
    let settings = Settings::default();
    let controls: Vec<_> = catalogue::all().collect();
    let assessment = evaluate(&controls, &evidence, &settings);
    let mut log = Vec::new();
    seaworthy_report::write(Format::Sarif, &assessment, &context(), &mut log).unwrap();
    let value = valid(std::str::from_utf8(&log).unwrap());
    let results = value["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), assessment.findings.len());
    assert!(results.len() > 100);
    let mut compared = 0;
    for (result, finding) in results.iter().zip(&assessment.findings) {
        assert_eq!(result["ruleId"], finding.control.id);
        let Some(key) = finding.place.value.key() else { continue };
        let text = files[finding.subject.object.file as usize].stream.text();
        let region = region(text, result);
        assert!(
            region.starts_with(key.text()),
            "{}: {region:?} is not at `{}`",
            finding.control.id,
            key.text()
        );
        compared += 1;
    }
    assert!(compared > 100);
}

fn manifests(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(manifests(&path));
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            found.push(path);
        }
    }
    found.sort();
    found
}
