//! `audit/retention`; prose and cases in `retention.md`.

use seaworthy_evidence::Program;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/retention",
    title: "Audit logs are rotated, kept and protected on the host",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("retention.md"),
    mappings: Mappings {
        cis: &["1.2.17", "1.2.18", "1.2.19"],
        nsa: &["audit"],
        attack: &["T1070"],
        kubescape: &["C-0131", "C-0132", "C-0133"],
        trivy: &["KCV-0020", "KCV-0021", "KCV-0022"],
        checkov: &["CKV_K8S_92", "CKV_K8S_93", "CKV_K8S_94"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[],
};

const LEAST_DAYS: i64 = 30;
const LEAST_FILES: i64 = 10;
const LEAST_MEGABYTES: i64 = 100;

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    match flags.text("--audit-log-path") {
        Reading::Open => return flags.verdict(),
        // Nothing lies on the host; that there is a log at all is for `audit/enabled` to demand.
        Reading::Absent(_) => return Verdict::NotApplicable,
        Reading::Given(path) if path.text == "-" => {
            return Verdict::unknown(
                "the log goes to standard output, which the container runtime rotates",
                "`containerLogMaxSize` and `containerLogMaxFiles` of the kubelet, and what ships the log",
            );
        }
        Reading::Given(_) => {}
    }
    // Since v1.36 the server keeps a year and 100 files unless told otherwise; before that it deleted nothing.
    let (days, files, size) = if flags.minor_version() >= 36 { (366, 100, 100) } else { (0, 0, 0) };
    let days = flags.number("--audit-log-maxage", days);
    let files = flags.number("--audit-log-maxbackup", files);
    let size = flags.number("--audit-log-maxsize", size);
    let few = [
        (&days, "--audit-log-maxage", LEAST_DAYS, "days are kept"),
        (&files, "--audit-log-maxbackup", LEAST_FILES, "rotated files are kept"),
        (&size, "--audit-log-maxsize", LEAST_MEGABYTES, "megabytes fill a file"),
    ];
    for (value, flag, least, what) in few {
        // 0 is no limit.
        if let Some((value, place)) = value
            && (1..least).contains(value)
        {
            let message = format!(
                "`{flag}={value}`: fewer than {least} {what}, so that events may be gone before anybody looks"
            );
            flags.fault(Fault::new(*place, message));
        }
    }
    if let (Some((days, place)), Some((files, _))) = (&days, &files)
        && *days <= 0
        && *files <= 0
    {
        let message = "neither `--audit-log-maxage` nor `--audit-log-maxbackup` limits the log: it grows until the disk of \
             the control plane is full";
        flags.fault(Fault::new(*place, message).graded(Severity::Low));
    }
    if let Some((size, place)) = &size
        && *size <= 0
        && flags.minor_version() >= 36
    {
        flags.fault(
            Fault::new(*place, "`--audit-log-maxsize=0`: the log is never rotated").graded(Severity::Low),
        );
    }
    flags.verdict()
}
