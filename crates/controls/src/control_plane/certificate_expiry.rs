//! `control-plane/certificate-expiry`; prose and cases in `certificate_expiry.md`.

use crate::probe::{Ground, Probe, tls};
use seaworthy_document::Value;
use seaworthy_evidence::{Certificate, NodeReading, Place, collection::GROUP, node_reading};
use seaworthy_policy::Date;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "control-plane/certificate-expiry",
    title: "Certificates of the control plane and of nodes are valid for over 30 days",
    phase: Phase::QuickWin,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Node, Scope::Cluster],
    change: &change::CERTIFICATES,
    page: include_str!("certificate_expiry.md"),
    mappings: Mappings { nsa: &["control-plane"], attack: &["T1649"], ..Mappings::NONE },
    check: Check::Object { kinds: &[(GROUP, node_reading::KIND)], check },
    guard: None,
    probes: &[SERVING],
};

const SERVING: Probe = Probe {
    name: "serving",
    asks: "Nobody completes a TLS handshake with the API server, the kubelets, and the members of etcd, schedulers and controller \
           managers that flags name, and looks at the ends of their certificates",
    proved_by: "each has over 30 days left (`control-plane.certificate-days`), or a third of its time where it lives shorter",
    refuted_by: "one that has ended or has less left",
    not_fooled_by: "certificates that are not shown: those of clients and of authorities are not seen",
    positive_control: "the handshake is completed",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan: plan_serving,
};

fn plan_serving(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let days = ground.settings.parameters.certificate_days;
    let servers =
        [vec![tls::api_server()], tls::kubelets(ground), tls::components(ground), tls::etcds(ground)]
            .concat();
    tls::each(servers, ("server", ""), |server| {
        tls::certificates(server, None, move |tls| {
            if tls.certificates.is_empty() {
                return Outcome::inconclusive(
                    "certificates",
                    "the server shows no certificate that can be read",
                );
            }
            match tls::ends(tls, days) {
                Some(reason) => Outcome::refuted("certificates", reason),
                None => {
                    let left = tls::days_left(tls);
                    Outcome::proved("certificates", format!("its serving certificates have {left} days left"))
                }
            }
        })
    })
}

const DAY: i64 = 86_400;

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(node) = NodeReading::of(scope.object) else { return Verdict::NotApplicable };
    let collected = scope.around.evidence.collection().map(|collection| collection.at());
    let Some(now) = seconds(node.at()).or_else(|| seconds(collected?)) else {
        return match node.certificates().next() {
            None => Verdict::NotApplicable,
            Some(_) => {
                Verdict::unknown("when the node was read is not known", "a reading with its time, `at`")
            }
        };
    };
    let days = scope.around.settings.parameters.certificate_days;
    let (mut faults, mut open, mut holds) = (Vec::new(), None, false);
    for certificate in node.certificates() {
        match judge(&certificate, now, days) {
            Ok(None) => holds = true,
            Ok(Some(fault)) => faults.push(fault),
            Err(reason) => {
                open.get_or_insert(reason);
            }
        }
    }
    match (faults.is_empty(), open, holds) {
        (false, _, _) => Verdict::Fail(faults),
        (true, Some(reason), _) => Verdict::unknown(reason, "`seaworthy scan --node` as root on the node"),
        (true, None, true) => Verdict::Pass,
        (true, None, false) => Verdict::NotApplicable,
    }
}

/// What is wrong with a certificate at a time.
///
/// # Errors
/// Why nobody can tell.
fn judge<'a>(certificate: &Certificate<'a>, now: i64, days: i64) -> Result<Option<Fault<'a>>, String> {
    let path = certificate.path();
    if let Some(error) = certificate.error() {
        return Err(format!("`{path}` could not be read: {error}"));
    }
    let time = |value: Option<Value<'a>>| Some((value?, seconds(value?.text())?));
    let Some((at, end)) = time(certificate.not_after()) else {
        return Err(format!("the end of the certificate in `{path}` is not known"));
    };
    let what = if certificate.is_ca() { "the CA" } else { "the certificate" };
    if end <= now {
        let message = format!("{what} in `{path}` has ended on {}", day(at));
        return Ok(Some(Fault::new(Place::at(at), message).graded(Severity::Critical)));
    }
    let begin = time(certificate.not_before());
    if let Some((at, begin)) = begin
        && begin > now
    {
        let message = format!("{what} in `{path}` begins only on {}", day(at));
        return Ok(Some(Fault::new(Place::at(at), message)));
    }
    // What lives for days renews itself; it is late when less than a third of its time is left.
    let lifetime = begin.map_or(i64::MAX, |(_, begin)| end - begin);
    if end - now >= (days * DAY).min(lifetime / 3) {
        return Ok(None);
    }
    let left = (end - now) / DAY;
    let message = format!("{what} in `{path}` ends on {}, {left} days after it was read", day(at));
    Ok(Some(Fault::new(Place::at(at), message)))
}

/// The day of a time.
fn day<'a>(time: Value<'a>) -> &'a str {
    time.text().get(..10).unwrap_or_default()
}

/// The Unix time of a time in UTC, as RFC 3339 writes it: `2026-11-21T17:00:00Z`.
fn seconds(time: &str) -> Option<i64> {
    let (date, clock) = time.strip_suffix('Z')?.split_once('T')?;
    let date = days(date.parse().ok()?)?;
    let mut parts = clock.split(':');
    let mut number =
        |most: i64| parts.next()?.get(..2)?.parse().ok().filter(|number| (0..=most).contains(number));
    Some(date * DAY + number(23)? * 3600 + number(59)? * 60 + number(60)?)
}

/// The days from 1970 to a day.
fn days(date: Date) -> Option<i64> {
    // The calendar counts the other way round; a search needs no second algorithm.
    let (mut low, mut high) = (-719_162_i64, 2_932_896_i64);
    while low < high {
        let middle = (low + high).div_euclid(2);
        if Date::from_unix_seconds(middle * DAY) < date { low = middle + 1 } else { high = middle }
    }
    (Date::from_unix_seconds(low * DAY) == date).then_some(low)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn times_are_counted_as_unix_counts_them() {
        // `date -u -d 2026-11-21T17:00:00Z +%s` and the like.
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-11-21T17:00:00Z"), Some(1_795_280_400));
        assert_eq!(seconds("2000-02-29T12:34:56Z"), Some(951_827_696));
        for none in
            ["", "2026-11-21", "2026-11-21T17:00:00+01:00", "2026-02-30T00:00:00Z", "2026-11-21T25:00:00Z"]
        {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
