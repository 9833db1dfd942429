//! Texts that were rendered: every format names the file that a person can change.

use seaworthy_document::Stream;
use seaworthy_evidence::{Origin, Renderer, SourceFile, Written};
use seaworthy_report::{Context, Format, Style};

use crate::fixture::{context, report};
use crate::{json, sarif};

const TEXT: &str = "\
---
# Source: shop/templates/pod.yaml
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: web
    image: nginx:1.27
    securityContext:
      privileged: true
";

/// A chart whose template holds the same pod two lines further down and two columns to the right; the line with
/// `name` comes from nowhere, and is filled in with the place of `containers`.
fn rendered() -> Vec<SourceFile> {
    let written = |line: u32| {
        let text = TEXT.lines().nth(line as usize - 1)?;
        let column = (text.len() - text.trim_start().len()) as u32 + 1;
        let exact = line != 9;
        let end_column = text.len() as u32 + 3;
        let (line, column) = if exact { (line + 2, column + 2) } else { (10, 5) };
        let rendered_column = column - 2;
        (line > 4).then_some(Written { file: 0, line, column, end_column, rendered_column, exact })
    };
    let origin = Origin {
        by: Renderer::Helm,
        from: "charts/shop".to_owned(),
        asked_by: Some("HelmRelease apps/web".to_owned()),
        files: vec!["charts/shop/templates/pod.yaml".to_owned()],
        lines: (1..=12).map(written).collect(),
        items: Vec::new(),
    };
    vec![SourceFile::rendered("charts/shop/Chart.yaml", Stream::read(TEXT), origin)]
}

#[test]
fn a_finding_in_a_rendered_text_points_into_the_template() {
    let quiet = Context { style: Style::Quiet, ..context() };
    insta::assert_snapshot!(report(Format::Terminal, &rendered(), &quiet), @r"
    charts/shop/templates/pod.yaml:10:5: medium pods/resource-limits no limits are set (rendered, nearest line)
    charts/shop/templates/pod.yaml:14:9: critical pods/privileged `privileged: true` (rendered)
    ");
    let text = report(Format::Terminal, &rendered(), &Context { style: Style::All, ..context() });
    assert!(text.contains("0 files, 1 rendering"), "{text}");
    assert!(text.contains("rendered: charts/shop by helm for HelmRelease apps/web"), "{text}");
    assert!(text.contains("--> charts/shop/templates/pod.yaml:14:9 (rendered)\n"), "{text}");
    assert!(text.contains("14 |       privileged: true"), "{text}");
}

#[test]
fn reports_for_programs_say_what_was_rendered_and_stay_valid() {
    let value = json::valid(&report(Format::Json, &rendered(), &context()));
    let findings = value["findings"].as_array().unwrap();
    let critical = findings.iter().find(|finding| finding["severity"] == "critical").unwrap();
    insta::assert_snapshot!(critical["location"].to_string(), @r#"{"column":9,"document":0,"endColumn":25,"endLine":14,"file":"charts/shop/templates/pod.yaml","line":14,"rendered":{"by":"helm","exact":true,"for":"HelmRelease apps/web","from":"charts/shop"}}"#);
    insta::assert_snapshot!(value["coverage"]["rendered"].to_string(), @r#"[{"by":"helm","for":"HelmRelease apps/web","from":"charts/shop"}]"#);
    assert_eq!(value["coverage"]["files"]["read"], 0);

    let log = sarif::valid(&report(Format::Sarif, &rendered(), &context()));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let critical = results.iter().find(|result| result["level"] == "error").unwrap();
    let place = &critical["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "charts/shop/templates/pod.yaml");
    assert_eq!(place["region"]["startLine"], 14);
    assert_eq!(critical["properties"]["rendered"], "charts/shop by helm for HelmRelease apps/web");
}

#[test]
fn fingerprints_do_not_depend_on_the_rendering() {
    let fingerprints = |files: &[SourceFile]| {
        let value = json::valid(&report(Format::Json, files, &context()));
        let findings = value["findings"].as_array().unwrap().clone();
        findings.into_iter().map(|finding| finding["fingerprint"].clone()).collect::<Vec<_>>()
    };
    let plain = [SourceFile::new("pod.yaml", Stream::read(TEXT))];
    assert_eq!(fingerprints(&rendered()), fingerprints(&plain));
}

#[test]
fn the_page_shows_the_numbers_of_the_template() {
    let page = report(Format::Html, &rendered(), &context());
    assert!(page.contains("charts/shop/templates/pod.yaml:14:9 (rendered)"), "{page}");
    assert!(page.contains("data-line=\"14\""), "{page}");
    assert!(!page.contains("data-line=\"12\">      privileged"), "{page}");
}
