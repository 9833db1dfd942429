//! What formats say of what was tried on a live cluster.

use std::time::Duration;

use seaworthy_controls::probe::Probe;
use seaworthy_controls::{Assessment, Control, ProofRun, Proofs, Proven, Settings, Standing, evaluate};
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_probe::{Consent, SideEffect, Subject, Verdict};
use seaworthy_report::{Context, Format, Style};

use crate::fixture::{self, assert_harmless, context, files, written};
use crate::json::valid;

const PROBE: Probe = Probe {
    name: "reach",
    asks: "Nobody GETs `/`",
    proved_by: "401",
    refuted_by: "200",
    not_fooled_by: "a dead server",
    positive_control: "the caller is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[],
    plan: |_| Vec::new(),
};

static LIMITS: Control = Control { probes: &[PROBE], ..fixture::LIMITS_WITHOUT_PROBE };
static CREDENTIALS: Control = Control { probes: &[PROBE], ..fixture::CREDENTIALS_WITHOUT_PROBE };
static PRIVILEGED: Control = Control { probes: &[PROBE], ..fixture::PRIVILEGED_WITHOUT_PROBE };

fn proven(control: &'static Control, subject: &str, verdict: Verdict, needs: Option<&str>) -> Proven {
    Proven {
        control,
        probe: &control.probes[0],
        subject: Subject::new("Namespace", None, subject),
        verdict,
        reason: format!("nobody was answered by {subject}"),
        needs: needs.map(str::to_owned),
        request: "GET / as nobody".to_owned(),
        reply: "401 Unauthorized".to_owned(),
        at: "2026-11-21T20:00:00Z".to_owned(),
    }
}

fn run() -> ProofRun {
    ProofRun {
        name: "0123456789".to_owned(),
        caller: Some("admin".to_owned()),
        consent: Consent::Read,
        requests: 12,
        budget: 20_000,
        at_a_time: 8,
        per_second: 250,
        took: Duration::from_millis(1234),
        stopped: false,
    }
}

/// Judges the fixture's files, in which limits and credentials fail and one pod is privileged, after some attempts.
fn tried<T>(files: &[SourceFile], proofs: Vec<Proven>, then: impl FnOnce(&Assessment<'_, '_>) -> T) -> T {
    let evidence = Evidence::new(files);
    let settings = Settings::default();
    let mut assessment =
        evaluate(&[&fixture::CONTENT, &PRIVILEGED, &LIMITS, &CREDENTIALS], &evidence, &settings);
    assessment.proofs = Some(Proofs { run: run(), proofs });
    then(&assessment)
}

fn some() -> Vec<Proven> {
    vec![
        proven(&PRIVILEGED, "shop", Verdict::Refuted, None),
        proven(&LIMITS, "shop", Verdict::Proved, None),
        proven(&CREDENTIALS, "shop", Verdict::Inconclusive, Some("--etcd URL")),
        proven(&CREDENTIALS, "other", Verdict::Proved, None),
    ]
}

fn only_proofs(style: Style) -> Context<'static> {
    Context { only_proofs: true, style, ..context() }
}

/// One pod with limits and without privileges: what is declared holds.
fn good() -> Vec<SourceFile> {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  \
                - {name: c, image: \"i:1\", resources: {limits: {cpu: 1}}}\n";
    vec![SourceFile::new("good.yaml", seaworthy_document::Stream::read(text))]
}

#[test]
fn a_control_stands_by_what_is_declared_and_what_was_seen() {
    let of = |files: &[SourceFile]| {
        tried(files, some(), |assessment| {
            let standings = assessment.standings();
            standings.iter().map(|standing| (standing.control.id, standing.standing)).collect::<Vec<_>>()
        })
    };
    assert_eq!(
        of(&good()),
        [
            ("images/minimal-content", Standing::NotProvable),
            ("pods/privileged", Standing::DeclaredOnly),
            ("pods/resource-limits", Standing::Enforced),
            ("secrets/in-config-maps", Standing::NotProvable),
        ]
    );
    assert_eq!(
        of(&files())[1..3],
        [("pods/privileged", Standing::Open), ("pods/resource-limits", Standing::UndeclaredButEnforced),]
    );
}

#[test]
fn programs_are_told_every_attempt_and_every_standing() {
    let text = tried(&good(), some(), |assessment| written(Format::Json, assessment, &context()));
    let report = valid(&text);
    let standing = |id: &str| {
        let controls = report["controls"].as_array().unwrap();
        controls.iter().find(|control| control["id"] == id).unwrap()["standing"].clone()
    };
    assert_eq!(standing("pods/privileged")["name"], "declared-only");
    assert_eq!(standing("pods/privileged")["declared"], "yes");
    assert_eq!(standing("images/minimal-content")["why"], "no probe tries this control");
    assert_eq!(
        standing("secrets/in-config-maps")["why"],
        "1 of 2 attempts proved; nobody was answered by shop; --etcd URL would decide it"
    );
    assert_eq!(report["proving"]["standings"]["enforced"], 1);
    assert_eq!(
        report["proving"]["proofs"],
        serde_json::json!({"proved": 2, "refuted": 1, "inconclusive": 1})
    );
    let proofs = report["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), 4);
    assert_eq!(proofs[2]["needs"], "--etcd URL");
    assert_eq!(proofs[0]["sideEffect"], "audit lines");
    // Without probes, nothing is said of proofs.
    let without = valid(&fixture::report(Format::Json, &files(), &context()));
    assert!(without.get("proofs").is_none() && without["controls"][0].get("standing").is_none());
}

#[test]
fn a_person_is_told_the_dangerous_lie_first() {
    let mut proofs = some();
    proofs.push(proven(&CREDENTIALS, "third", Verdict::Refuted, None));
    let shown = |style| {
        tried(&good(), proofs.clone(), |assessment| {
            written(Format::Terminal, assessment, &only_proofs(style))
        })
    };
    let text = shown(Style::Full);
    let parts = [
        "shop: 5 attempts as admin with consent read: 12 requests of at most 20,000",
        "Refuted, declared only",
        "critical pods/privileged: No container runs privileged",
        "Namespace shop: nobody was answered by shop",
        "GET / as nobody -> 401 Unauthorized",
        "Refuted, open",
        "high     secrets/in-config-maps",
        "Proved, enforced",
        "pods/resource-limits",
        "Not decided",
        "- --etcd URL: 1 attempt",
        "1 control with no probe",
        "2 controls refuted, 1 proved, 0 proved in part, 0 not decided.",
    ];
    let mut from = 0;
    for part in parts {
        // What is laid out over several lines is one text.
        let rest: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let part = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let at = rest[from..].find(&part).unwrap_or_else(|| panic!("`{part}` does not come next in {text}"));
        from += at + part.len();
    }
    let quiet = shown(Style::Quiet);
    let lines: Vec<&str> = quiet.lines().collect();
    assert_eq!(
        lines,
        [
            "critical pods/privileged declared only: Namespace shop: nobody was answered by shop",
            "high secrets/in-config-maps open: Namespace third: nobody was answered by third",
        ]
    );
}

#[test]
fn lines_fit_the_terminal_and_hostile_names_do_nothing() {
    let hostile = "\u{1b}[2J<script>alert(1)</script>\u{202e}|`x`";
    let mut proofs = some();
    for proof in &mut proofs {
        proof.subject.name = hostile.to_owned();
        proof.reason = hostile.to_owned();
        proof.request = hostile.to_owned();
        proof.reply = hostile.to_owned();
        proof.needs = proof.needs.as_ref().map(|_| hostile.to_owned());
    }
    for format in Format::ALL.into_iter().filter(|format| format.shows_proofs()) {
        for only in [true, false] {
            let context = Context { only_proofs: only, style: Style::All, ..context() };
            let text = tried(&good(), proofs.clone(), |assessment| written(format, assessment, &context));
            assert_harmless(&text);
            let is_markup = matches!(format, Format::Html | Format::Junit);
            assert!(!is_markup || !text.contains("<script>alert"), "{format}");
        }
    }
    for width in [60, 80, 120] {
        for style in [Style::Full, Style::All] {
            let context = Context { width, ..only_proofs(style) };
            let text = tried(&good(), some(), |assessment| written(Format::Terminal, assessment, &context));
            for line in text.lines() {
                assert!(line.chars().count() <= width, "{width}: {line}");
            }
        }
    }
}

#[test]
fn build_servers_count_what_is_refuted_as_failed() {
    let text =
        tried(&good(), some(), |assessment| written(Format::Junit, assessment, &only_proofs(Style::Full)));
    assert!(
        text.contains(r#"<testsuites name="seaworthy" tests="4" failures="1" errors="0" skipped="1">"#),
        "{text}"
    );
    assert!(text.contains(r#"<testsuite name="proofs" tests="4" failures="1""#), "{text}");
}

#[test]
fn comments_and_pages_hold_a_table_of_proofs() {
    for format in [Format::Markdown, Format::Html] {
        let text = tried(&good(), some(), |assessment| written(format, assessment, &context()));
        for word in ["declared only", "pods/privileged", "GET / as nobody"] {
            assert!(text.contains(word), "{format}: {word}");
        }
    }
}

#[test]
fn a_control_says_how_it_is_proved() {
    let page = seaworthy_report::explain::markdown(&LIMITS);
    assert!(page.contains("## Proof") && page.contains("| refuted by | 200 |"), "{page}");
    let all = seaworthy_report::probes::markdown([&LIMITS, &fixture::CONTENT].into_iter());
    assert!(
        all.contains("1 of 2 controls have 1 probes") && all.contains("| asks | Nobody GETs `/` |"),
        "{all}"
    );
    assert!(all.contains("## Controls without a probe"), "{all}");
}
