//! Formats for other programs and services: comments, build servers, GitHub, GitLab, clusters, spreadsheets.

use oracle_client::Oracle;
use quick_xml::events::Event;
use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use seaworthy_report::Format;
use serde_json::Value;

use crate::fixture::{assert_harmless, context, files, hostile, minified, report};

fn of(format: Format) -> String {
    report(format, &files(), &context())
}

#[test]
fn a_table_has_a_line_per_finding() {
    insta::assert_snapshot!(of(Format::Csv).replace("\r\n", "\n"), @r###"
    control,phase,severity,status,message,apiVersion,kind,namespace,name,container,rbacSubject,file,line,column,path,fingerprint
    pods/resource-limits,quick-win,medium,open,no limits are set,apps/v1,Deployment,shop,web,web,,shop/web.yaml,13,11,spec.template.spec.containers[web].resources.limits,fbf662be6060b72e336a9dc809bac10f
    pods/privileged,next-step,critical,open,`privileged: true`,apps/v1,Deployment,shop,web,web,,shop/web.yaml,16,13,spec.template.spec.containers[web].securityContext.privileged,9e1dcbbe792a97d404f427c559f98d6c
    pods/resource-limits,quick-win,medium,open,no limits are set,apps/v1,Deployment,shop,web,log,,shop/web.yaml,21,11,spec.template.spec.containers[log].resources.limits,9545803b269bc7a0786f1076772eb7ca
    secrets/in-config-maps,quick-win,high,open,`db-password` holds a password,v1,ConfigMap,shop,settings,,,shop/web.yaml,29,3,data.db-password,6aaf4e567adf196f0336bb1af3e2004c
    "###);
}

#[test]
fn no_cell_of_a_table_is_a_formula() {
    let text =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '=cmd()', namespace: '@x'}\ndata: {password: x}\n";
    let table = report(Format::Csv, &[SourceFile::new("-a,\"b\".yaml", Stream::read(text))], &context());
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let row = reader.records().next().unwrap().unwrap();
    let cells: Vec<_> = ["kind", "name", "namespace", "file"]
        .map(|column| reader.headers().unwrap().iter().position(|name| name == column).unwrap())
        .iter()
        .map(|&at| row.get(at).unwrap().to_owned())
        .collect();
    assert_eq!(cells, ["ConfigMap", "'=cmd()", "'@x", "'-a,\"b\".yaml"]);
}

#[test]
fn annotations_stand_beside_their_lines_the_worst_first() {
    insta::assert_snapshot!(of(Format::Github), @r###"
    ::error file=shop/web.yaml,line=16,endLine=16,col=13,endColumn=29,title=pods/privileged (critical)::`privileged: true` in container `web` of Deployment shop/web
    ::error file=shop/web.yaml,line=29,endLine=29,col=3,endColumn=30,title=secrets/in-config-maps (high)::`db-password` holds a password in ConfigMap shop/settings
    ::warning file=shop/web.yaml,line=13,endLine=13,col=11,endColumn=20,title=pods/resource-limits (medium)::no limits are set in container `web` of Deployment shop/web
    ::warning file=shop/web.yaml,line=21,endLine=21,col=11,endColumn=20,title=pods/resource-limits (medium)::no limits are set in container `log` of Deployment shop/web
    ::notice title=seaworthy::4 open findings (1 critical, 1 high, 2 medium)
    "###);
}

#[test]
fn a_code_quality_report_has_an_entry_per_open_finding() {
    let entries: Value = serde_json::from_str(&of(Format::Gitlab)).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&entries[1]).unwrap(), @r###"
    {
      "check_name": "pods/privileged",
      "description": "`privileged: true` in container `web` of Deployment shop/web",
      "fingerprint": "9e1dcbbe792a97d404f427c559f98d6c",
      "location": {
        "lines": {
          "begin": 16,
          "end": 16
        },
        "path": "shop/web.yaml"
      },
      "severity": "blocker"
    }
    "###);
    assert_eq!(entries.as_array().unwrap().len(), 4);
}

#[test]
fn copies_of_a_finding_have_fingerprints_of_their_own() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {password: x}\n";
    let twice =
        [SourceFile::new("a.yaml", Stream::read(text)), SourceFile::new("b.yaml", Stream::read(text))];
    let entries: Value = serde_json::from_str(&report(Format::Gitlab, &twice, &context())).unwrap();
    let fingerprint = |index: usize| entries[index]["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(fingerprint(1), format!("{}-2", fingerprint(0)));
}

#[test]
fn a_comment_says_what_to_do_first_and_what_was_found() {
    insta::assert_snapshot!(of(Format::Markdown), @r###"
    ### Seaworthy: 4 open findings (1 critical, 1 high, 2 medium)

    | phase | controls |
    |---|---|
    | Quick wins | 0 of 2 controls hold, 2 open |
    | Next steps | 0 of 1 control holds, 1 open |
    | Research | 0 of 1 control holds, 1 unknown |

    **What to do first**

    1. take credentials out of 1 object (1 high)
    2. set requests and limits on 2 containers (2 medium)
    3. complete the `securityContext` of 1 container (1 critical)

    <details><summary>Findings</summary>

    | severity | control | what | where |
    |---|---|---|---|
    | critical | `pods/privileged` | `Deployment shop/web`, container `web`: `privileged: true` | `shop/web.yaml:16` |
    | high | `secrets/in-config-maps` | `ConfigMap shop/settings`: `db-password` holds a password | `shop/web.yaml:29` |
    | medium | `pods/resource-limits` | `Deployment shop/web`, container `web`: no limits are set | `shop/web.yaml:13` |
    | medium | `pods/resource-limits` | `Deployment shop/web`, container `log`: no limits are set | `shop/web.yaml:21` |

    </details>

    <details><summary>Not evaluated</summary>

    - files that are templates: 2
    - documents that could not be read: 1
    - documents that are no Kubernetes objects: 1
    - the content of the image was not read: 1 control unknown

    </details>
    "###);
}

#[test]
fn a_comment_is_never_longer_than_services_take() {
    let pod = |index: usize| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p{index}}}\nspec:\n  containers: [{{name: c, image: i}}]\n---\n"
        )
    };
    let text: String = (0..3000).map(pod).collect();
    let comment = report(Format::Markdown, &[SourceFile::new("many.yaml", Stream::read(text))], &context());
    let length = comment.chars().count();
    assert!((50_000..=60_000).contains(&length), "{length}");
    let rows = comment.lines().filter(|line| line.starts_with("| medium |")).count();
    assert!(comment.contains(&format!("\nand {},{:03} more\n", (3000 - rows) / 1000, (3000 - rows) % 1000)));
    assert!(comment.contains("<summary>Not evaluated</summary>"));
}

/// The elements of an XML text with their attributes, in order.
fn elements(xml: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut reader = quick_xml::Reader::from_str(xml);
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Eof => return elements,
            Event::Start(element) | Event::Empty(element) => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = String::from_utf8(attribute.key.0.to_vec()).unwrap();
                    (key, attribute.unescape_value().unwrap().into_owned())
                });
                let name = String::from_utf8(element.name().0.to_vec()).unwrap();
                elements.push((name, attributes.collect()));
            }
            _ => {}
        }
    }
}

#[test]
fn build_servers_get_a_suite_per_control_whose_numbers_are_those_of_its_cases() {
    let xml = of(Format::Junit);
    let elements = elements(&xml);
    let number = |attributes: &[(String, String)], key: &str| {
        attributes.iter().find(|(name, _)| name == key).unwrap().1.parse::<usize>().unwrap()
    };
    let count = |name: &str| elements.iter().filter(|(element, _)| element == name).count();
    assert_eq!((count("testsuites"), count("testsuite")), (1, 4));
    assert_eq!((count("testcase"), count("failure"), count("skipped")), (7, 4, 1));
    let (_, root) = &elements[0];
    assert_eq!((number(root, "tests"), number(root, "failures"), number(root, "skipped")), (7, 4, 1));
    insta::assert_snapshot!(xml.lines().take(14).collect::<Vec<_>>().join("\n"), @r###"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="seaworthy" tests="7" failures="4" errors="0" skipped="1">
     <testsuite name="images/minimal-content" tests="1" failures="0" errors="0" skipped="1">
      <testcase classname="images/minimal-content" name="unknown for 3 subjects">
       <skipped message="the content of the image was not read; needs the files of the image"/>
      </testcase>
     </testsuite>
     <testsuite name="pods/privileged" tests="2" failures="1" errors="0" skipped="0">
      <testcase classname="pods/privileged" name="holds for 2 subjects"/>
      <testcase classname="pods/privileged" name="container `web` of Deployment shop/web (shop/web.yaml:16)" file="shop/web.yaml" line="16">
       <failure message="`privileged: true`" type="critical">No container runs privileged
    `privileged: true`
    shop/web.yaml:16:13
    spec.template.spec.containers[web].securityContext.privileged
    "###);
}

#[test]
fn clusters_take_the_reports() {
    let text = of(Format::OpenReports);
    let value: Value = serde_json::from_str(&text).unwrap();
    let kinds: Vec<_> =
        value["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Report"]);
    assert_eq!(
        value["items"][0]["summary"],
        serde_json::json!({"pass":0,"fail":4,"warn":0,"error":1,"skip":0})
    );
    let older: Value = serde_json::from_str(&of(Format::PolicyReport)).unwrap();
    assert_eq!(older["items"][0]["apiVersion"], "wgpolicyk8s.io/v1alpha2");
    assert_eq!(older["items"][0]["results"][0]["source"], "seaworthy");

    let mut oracle = match Oracle::start("reports") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    for files in [files(), hostile()] {
        let value: Value = serde_json::from_str(&report(Format::OpenReports, &files, &context())).unwrap();
        assert_eq!(oracle.ask(&value.to_string()), "ok");
    }
    // The oracle does refuse.
    assert_ne!(oracle.ask(r#"{"apiVersion":"v1","kind":"List","items":[{"kind":"Report","x":1}]}"#), "ok");
}

#[test]
fn hostile_names_and_secrets_do_no_harm() {
    let formats = [
        Format::Csv,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
        Format::KubeBenchJson,
        Format::Markdown,
        Format::OpenReports,
        Format::PolicyReport,
    ];
    for format in formats {
        for files in [files(), hostile(), minified()] {
            let output = report(format, &files, &context());
            assert_harmless(&output.replace("\r\n", "\n"));
            assert!(!output.contains("hunter2"), "{format}");
            let most = if format == Format::KubeBenchJson { 1_000_000 } else { 100_000 };
            assert!(output.len() < most, "{format}: {}", output.len());
        }
        let commands = report(Format::Github, &hostile(), &context());
        assert!(commands.lines().all(|line| line.starts_with("::")), "{commands}");
    }
    assert!(!report(Format::Markdown, &hostile(), &context()).contains("<script>alert(1)</script>\n"));
}

/// The fields that tools for kube-bench read (`check/controls.go` and `check/check.go` there), and numbers that add up.
#[test]
fn the_json_of_kube_bench_has_its_fields_and_its_numbers_add_up() {
    let node = |name: &str, mode: &str| {
        format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {{name: {name}}}\nfiles:\n\
             - {{path: /var/lib/kubelet/config.yaml, role: kubelet-configuration, program: kubelet, mode: \"{mode}\", uid: 0, gid: 0}}\n"
        )
    };
    let files = [
        SourceFile::new("nodes/n1.json", Stream::read(node("n1", "0644"))),
        SourceFile::new("nodes/n2.json", Stream::read(node("n2", "0600"))),
    ];
    let value: Value = serde_json::from_str(&report(Format::KubeBenchJson, &files, &context())).unwrap();
    let parts = value["Controls"].as_array().unwrap();
    let mut totals = [0_u64; 4];
    const TOTALS: [&str; 4] = ["total_pass", "total_fail", "total_warn", "total_info"];
    const COUNTS: [&str; 4] = ["pass", "fail", "warn", "info"];
    for part in parts {
        for key in ["id", "version", "detected_version", "text", "node_type"] {
            assert!(part[key].is_string(), "{key}");
        }
        let mut of_part = [0_u64; 4];
        for section in part["tests"].as_array().unwrap() {
            assert!(section["section"].is_string() && section["desc"].is_string());
            let results = section["results"].as_array().unwrap();
            for (index, key) in COUNTS.iter().enumerate() {
                let state = key.to_uppercase();
                let number =
                    results.iter().filter(|result| result["status"] == state.as_str()).count() as u64;
                assert_eq!(section[key], number);
                of_part[index] += number;
            }
            for result in results {
                for key in [
                    "test_number",
                    "test_desc",
                    "audit",
                    "AuditEnv",
                    "AuditConfig",
                    "type",
                    "remediation",
                    "actual_value",
                    "expected_result",
                ] {
                    assert!(result[key].is_string(), "{key}");
                }
                assert!(
                    result["test_info"].is_array()
                        && result["scored"].is_boolean()
                        && result["IsMultiple"].is_boolean()
                );
                let number = result["test_number"].as_str().unwrap();
                assert!(number.starts_with(section["section"].as_str().unwrap()), "{number}");
            }
        }
        for (index, key) in TOTALS.iter().enumerate() {
            assert_eq!(part[key], of_part[index]);
            totals[index] += of_part[index];
        }
    }
    for (index, key) in TOTALS.iter().enumerate() {
        assert_eq!(value["Totals"][key], totals[index]);
    }
    let of_node = |node: &str, number: &str| {
        let part = parts.iter().find(|part| part["id"] == "4" && part["node"] == node).unwrap();
        let mut results = part["tests"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|section| section["results"].as_array().unwrap());
        results.find(|result| result["test_number"] == number).unwrap().clone()
    };
    assert_eq!(of_node("n1", "4.1.9")["status"], "FAIL");
    assert_eq!(of_node("n2", "4.1.9")["status"], "PASS");
    assert_eq!(of_node("n1", "4.1.10")["status"], "PASS");
    let all = value.to_string();
    assert!(all.contains(r#""node_type":"policies""#) && all.contains(r#""test_number":"5.6.4""#), "{all}");
}
