//! What a person sees.

use seaworthy_document::Stream;
use seaworthy_evidence::SourceFile;
use seaworthy_report::{Context, Format, Style};

use crate::fixture::{self, STYLES, assert_harmless, context, files, report};

fn shown(style: Style) -> String {
    report(Format::Terminal, &files(), &Context { style, ..context() })
}

#[test]
fn the_roadmap_says_what_to_do_first_where_why_and_how() {
    insta::assert_snapshot!(shown(Style::Full), @"
    2 files, 2 objects, 1 with pods, judged by 4 controls as for Kubernetes v1.37

    Problems in the input: 1 error; what they concern counts as unknown, never as done
        --> shop/broken.yaml:3:11
         |
       3 | metadata: {name: web
         |           ^ error: the bracket that starts here is never closed

    Quick wins: little effort and risk, large effect: start here
    --------------------  0 of 2 controls hold, 2 open

    1. take credentials out of 1 object: clears 1 high finding

       high: Credentials are kept in Secrets [secrets/in-config-maps]
         --> shop/web.yaml:29:3
          |
       29 |   db-password: <redacted>
          |   ^^^^^^^^^^^^^^^^^^^^^^^ `db-password` holds a password
          = ConfigMap shop/settings
       why:  Many may read ConfigMaps.
       cure: Move the value to a Secret.

       the change:

         env:
           - name: DB_PASSWORD
             valueFrom:
               secretKeyRef: {name: db, key: password}

    2. set requests and limits on 2 containers: clears 2 medium findings

       medium: Containers have limits [pods/resource-limits]
         --> shop/web.yaml:13:11
          |
       13 |         - name: web
          |           ^^^^^^^^^ no limits are set
          = container `web` of Deployment shop/web
       and 1 more place: shop/web.yaml:21
       why:  One container without limits starves its neighbours.
       cure: Set `resources.limits`.

       the change:

         resources:
           requests: {cpu: 100m, memory: 128Mi}   # what it uses
           limits: {cpu: 500m, memory: 256Mi}     # what it may use at most

    Next steps: the bulk of hardening: plan it, workload by workload
    --------------------  0 of 1 control holds, 1 open

    3. complete the `securityContext` of 1 container: clears 1 critical finding

       critical: No container runs privileged [pods/privileged]
         --> shop/web.yaml:16:13
          |
       16 |             privileged: true
          |             ^^^^^^^^^^^^^^^^ `privileged: true`
          = container `web` of Deployment shop/web
       why:  A privileged container is the node: it sees every device and can load kernel
             modules, so that `root` in it is root outside.
       cure: Remove `privileged: true` and add the one capability that is needed.

       the change:

         securityContext:
           allowPrivilegeEscalation: false
           capabilities:
             drop: [ALL]
           readOnlyRootFilesystem: true   # add an emptyDir for each path that is written
           runAsNonRoot: true
           runAsUser: 10001               # a user that the image knows how to run as
           runAsGroup: 10001
           seccompProfile:
             type: RuntimeDefault

    Research: needs study of the workload or the platform first
    --------------------  0 of 1 control holds, 1 unknown

    nothing found, but some controls could not be decided: see below

    What this result does not cover
    - not evaluated: files that are templates: 2 (shop/chart/a.yaml, …)
    - not evaluated: documents that could not be read: 1 (shop/broken.yaml:3)
    - not evaluated: documents that are no Kubernetes objects: 1
    - unknown: images/minimal-content for 3 subjects, because the content of the image was not
      read
        would be decided by the files of the image

    4 open findings: 1 critical, 1 high, 2 medium
    `seaworthy explain secrets/in-config-maps` tells more about a control
    `--all` shows all 4 with their lines
    ");
}

#[test]
fn the_summary_leaves_out_the_places() {
    insta::assert_snapshot!(shown(Style::Summary), @"
    2 files, 2 objects, 1 with pods, judged by 4 controls as for Kubernetes v1.37

    Problems in the input: 1 error; what they concern counts as unknown, never as done

    Quick wins: little effort and risk, large effect: start here
    --------------------  0 of 2 controls hold, 2 open

    1. take credentials out of 1 object: clears 1 high finding
    2. set requests and limits on 2 containers: clears 2 medium findings

    Next steps: the bulk of hardening: plan it, workload by workload
    --------------------  0 of 1 control holds, 1 open

    3. complete the `securityContext` of 1 container: clears 1 critical finding

    Research: needs study of the workload or the platform first
    --------------------  0 of 1 control holds, 1 unknown

    nothing found, but some controls could not be decided: see below

    What this result does not cover
    - not evaluated: files that are templates: 2 (shop/chart/a.yaml, …)
    - not evaluated: documents that could not be read: 1 (shop/broken.yaml:3)
    - not evaluated: documents that are no Kubernetes objects: 1
    - unknown: images/minimal-content for 3 subjects, because the content of the image was not
      read
        would be decided by the files of the image

    4 open findings: 1 critical, 1 high, 2 medium
    `seaworthy explain secrets/in-config-maps` tells more about a control
    `--all` shows all 4 with their lines
    ");
}

#[test]
fn quiet_is_one_line_per_finding() {
    insta::assert_snapshot!(shown(Style::Quiet), @"
    shop/web.yaml:13:11: medium pods/resource-limits no limits are set
    shop/web.yaml:16:13: critical pods/privileged `privileged: true`
    shop/web.yaml:21:11: medium pods/resource-limits no limits are set
    shop/web.yaml:29:3: high secrets/in-config-maps `db-password` holds a password
    ");
}

#[test]
fn nothing_to_evaluate_is_said_and_not_praised() {
    let none = [SourceFile::new("notes.yaml", Stream::read("hello: world\n"))];
    insta::assert_snapshot!(report(Format::Terminal, &none, &Context { inputs: vec![], skipped: vec![], ..context() }), @"
    1 file, 0 objects, 0 with pods, judged by 4 controls as for Kubernetes v1.37

    What this result does not cover
    - not evaluated: documents that are no Kubernetes objects: 1

    nothing was evaluated: no Kubernetes object was read
    ");
}

#[test]
fn all_shows_every_finding_with_its_line() {
    let many: Vec<SourceFile> =
        (0..40).map(|index| SourceFile::new(format!("{index}.yaml"), Stream::read(fixture::WEB))).collect();
    let all = report(Format::Terminal, &many, &Context { style: Style::All, ..context() });
    let full = report(Format::Terminal, &many, &Context { style: Style::Full, ..context() });
    for index in 0..40 {
        assert!(all.contains(&format!("--> {index}.yaml:16:13\n")), "{index}");
    }
    assert_eq!(full.matches("-->").count(), 3, "one excerpt per control");
    assert!(full.contains("and 39 more places: 1.yaml:16; 2.yaml:16;"), "{full}");
    assert!(full.lines().count() < 100, "{}", full.lines().count());
}

#[test]
fn no_line_is_wider_than_the_terminal_unless_a_word_is() {
    for width in [60, 80, 120] {
        for style in [Style::Summary, Style::Full, Style::All] {
            let shown = report(Format::Terminal, &files(), &Context { width, style, ..context() });
            // YAML to be copied is not broken.
            for line in shown.lines().filter(|line| !line.contains("   # ")) {
                assert!(line.chars().count() <= width, "{width} {style:?}: {line}");
            }
        }
    }
}

#[test]
fn colours_are_all_that_colour_adds() {
    let plain = shown(Style::Full);
    let colored = report(Format::Terminal, &files(), &Context { color: true, ..context() });
    assert!(colored.contains("\u{1b}[1m"));
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        stripped.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    stripped.push_str(rest);
    assert_eq!(stripped, plain);
}

#[test]
fn a_hostile_file_cannot_speak_to_the_terminal() {
    for style in STYLES {
        let shown = report(Format::Terminal, &fixture::hostile(), &Context { style, ..context() });
        assert_harmless(&shown);
        assert!(!shown.contains("geheim"), "{shown}");
    }
}

#[test]
fn a_line_of_megabytes_is_cut_around_the_finding() {
    let shown = report(Format::Terminal, &fixture::minified(), &context());
    assert!(shown.len() < 10_000, "{}", shown.len());
    assert!(shown.contains("\"privileged\":true"), "{shown}");
    let column = fixture::minified()[0].stream.text().find("\"privileged\"").unwrap() + 1;
    assert!(shown.contains(&format!("--> min.json:1:{column}\n")), "{shown}");
}

#[test]
fn an_unreadable_file_is_never_a_clean_one() {
    let broken = [
        SourceFile::new(
            "ok.yaml",
            Stream::read("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"),
        ),
        SourceFile::new("bad.yaml", Stream::read("apiVersion: v1\nkind: [\n")),
    ];
    let shown = report(Format::Terminal, &broken, &context());
    assert!(shown.contains("no open finding, but not everything could be evaluated"), "{shown}");
    assert!(shown.contains("--> bad.yaml:"), "{shown}");
}
