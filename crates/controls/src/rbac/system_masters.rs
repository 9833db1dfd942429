//! `rbac/system-masters`; prose and cases in `system_masters.md`.

use seaworthy_authorization::Holder;
use seaworthy_document::decode_base64;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::holders::MASTERS;
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "rbac/system-masters",
    title: "Nobody uses the system:masters group day to day",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::GRANTS,
    page: include_str!("system_masters.md"),
    mappings: Mappings {
        cis: &["5.1.7"],
        nsa: &["rbac"],
        attack: &["MS-TA9003", "T1078"],
        kubescape: &["C-0246"],
        trivy: &["KSV-0123"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        bindings::bindings(check_binding),
        Check::Object { kinds: &[("", "Config")], check: check_kubeconfig },
        Check::Object {
            kinds: &[("certificates.k8s.io", "CertificateSigningRequest")],
            check: check_request,
        },
    ]),
    guard: None,
    probes: &[],
};

fn check_binding<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let masters = bound.holders().filter(|(holder, _)| *holder == Holder::Group(MASTERS));
    let faults: Vec<_> = masters
        .map(|(holder, subject)| {
            let message = "Group `system:masters` may do everything before RBAC is asked: a binding adds nothing, \
                           and shows that the group is in use";
            bindings::fault(holder, subject, message.to_owned(), Severity::Low)
        })
        .collect();
    if faults.is_empty() {
        undecided::pass_of_subjects(scope.object.value, &["Group"])
    } else {
        Verdict::Fail(faults)
    }
}

/// The users of a kubeconfig.
fn check_kubeconfig<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let entries = scope.object.value.get("users").into_iter().flat_map(|users| users.items());
    let (mut faults, mut certificates, mut unread) = (Vec::new(), 0_usize, 0_usize);
    for entry in entries {
        let Some(user) = entry.get("user") else { continue };
        let data = user.get("client-certificate-data");
        match data.and_then(|data| of_masters(data.text())) {
            Some(true) => {
                let place = Place::at(entry.get("name").unwrap_or(entry));
                faults.push(Fault::new(
                    place,
                    "the client certificate says `O=system:masters`: no rule limits it",
                ));
            }
            Some(false) => certificates += 1,
            None if data.is_some() || user.get("client-certificate").is_some() => unread += 1,
            None => {}
        }
    }
    match (faults.is_empty(), unread, certificates) {
        (false, ..) => Verdict::Fail(faults),
        (true, 1.., _) => Verdict::unknown("the client certificate is not in the file", "the certificate"),
        (true, 0, 1..) => Verdict::Pass,
        (true, 0, 0) => Verdict::NotApplicable,
    }
}

/// A request for a certificate.
fn check_request<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(request) = scope.object.value.at(&["spec", "request"]) else { return Verdict::NotApplicable };
    match of_masters(request.text()) {
        Some(true) => {
            Verdict::fail(Fault::new(Place::at(request), "asks for a certificate with `O=system:masters`"))
        }
        Some(false) => Verdict::Pass,
        None => Verdict::unknown("the request cannot be read", "the request in base64"),
    }
}

/// Whether the first certificate or request in a base64 text of PEM has the organisation `system:masters`; `None` when
/// there is none.
fn of_masters(data: &str) -> Option<bool> {
    let pem = String::from_utf8(decode_base64(data)?).ok()?;
    let body = pem.split_once("-----BEGIN ")?.1.split_once("-----")?.1;
    let der = decode_base64(body.split_once("-----END ")?.0.trim())?;
    // An attribute of a name in DER: the identifier 2.5.4.10 (organisation), then a string with its length.
    let attribute = |tag: u8| {
        let mut bytes = vec![0x06, 0x03, 0x55, 0x04, 0x0a, tag, MASTERS.len() as u8];
        bytes.extend(MASTERS.bytes());
        bytes
    };
    let (utf8, printable) = (attribute(0x0c), attribute(0x13));
    Some(der.windows(utf8.len()).any(|window| window == utf8 || window == printable))
}
