//! What kubeconfigs say: how the API server is verified, and which credentials they hold.

use seaworthy_document::{Value, decode_base64};
use seaworthy_evidence::Place;
use seaworthy_policy::Date;

use crate::addresses;
use crate::control::Severity;
use crate::flags::is_placeholder;
use crate::secrets::credentials;
use crate::verdict::Fault;

/// The clusters of a kubeconfig whose API server is not verified.
pub(crate) fn tls_faults(root: Value<'_>) -> Vec<Fault<'_>> {
    let clusters = root.get("clusters").into_iter().flat_map(|clusters| clusters.items());
    let mut faults = Vec::new();
    for cluster in clusters.filter_map(|cluster| cluster.get("cluster")) {
        let set = |key| cluster.get(key).filter(|value| !value.text().is_empty());
        if let Some(skip) = set("insecure-skip-tls-verify").filter(|skip| skip.as_bool() == Some(true)) {
            let message = "`insecure-skip-tls-verify: true`: whoever answers gets the credentials";
            faults.push(Fault::new(Place::at(skip), message));
            continue;
        }
        let Some(server) = set("server") else { continue };
        let host = addresses::host(server.text());
        // `kubectl` takes an address without a scheme for `http`.
        let plain = addresses::is_plain_http(server.text()) || !server.text().contains("://");
        if is_placeholder(server.text()) {
            continue;
        }
        if plain && !addresses::is_loopback(host) {
            let message =
                "the server is a plain `http` address: credentials go through the network in the clear";
            faults.push(Fault::new(Place::at(server), message));
        } else if !plain
            && set("certificate-authority").is_none()
            && set("certificate-authority-data").is_none()
        {
            let message = "neither `certificate-authority` nor `certificate-authority-data` is set: any CA that the system trusts will do";
            faults.push(
                Fault::new(Place::missing(cluster, "certificate-authority-data"), message)
                    .graded(Severity::Low),
            );
        }
    }
    faults
}

/// Whether a value holds a credential, and is not what tools put in its place: `REDACTED`, `DATA+OMITTED`, `<token>`.
pub(super) fn is_credential(value: &Value<'_>) -> bool {
    let text = value.text().trim();
    let stands_in = matches!(text, "" | "REDACTED" | "DATA+OMITTED" | "DATA-OMITTED")
        || (text.starts_with('<') && text.ends_with('>'))
        || is_placeholder(text)
        || credentials::is_placeholder(text);
    !stands_in
}

/// The credentials of a kubeconfig: the user, the key that holds it, and the value.
pub(super) fn credentials_in(root: Value<'_>) -> Vec<(&'static str, Value<'_>)> {
    let mut found = Vec::new();
    for user in users(root) {
        for key in ["token", "password", "client-key-data"] {
            if let Some(value) = user.get(key).filter(is_credential) {
                found.push((key, value));
            }
        }
        let provider = user.at(&["auth-provider", "config"]).into_iter().flat_map(|config| config.entries());
        for (key, value) in provider {
            let name = match key.text() {
                "access-token" => "access-token",
                "client-secret" => "client-secret",
                "id-token" => "id-token",
                "refresh-token" => "refresh-token",
                _ => continue,
            };
            if is_credential(&value) {
                found.push((name, value));
            }
        }
    }
    found
}

/// The users of a kubeconfig.
pub(super) fn users(root: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let users = root.get("users").into_iter().flat_map(|users| users.items());
    users.filter_map(|user| user.get("user"))
}

/// What matters of a client certificate.
pub(crate) struct Certificate {
    /// It belongs to the group `system:masters`, which no rule of RBAC can bind.
    pub(crate) is_admin: bool,
    /// Days between its beginning and its end.
    pub(crate) days: Option<i64>,
    /// The day on which it ends.
    pub(crate) end: Option<Date>,
}

impl Certificate {
    /// Reads `client-certificate-data`: base64 of PEM. `None` when it is none.
    pub(crate) fn read(data: &str) -> Option<Certificate> {
        /// Certificates are a few thousand bytes.
        const LONGEST: usize = 1 << 16;
        if data.len() > LONGEST {
            return None;
        }
        Certificate::first_of(&String::from_utf8(decode_base64(data.trim())?).ok()?)
    }

    /// Reads the first certificate of a PEM text.
    pub(crate) fn first_of(pem: &str) -> Option<Certificate> {
        let (_, body) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
        let (body, _) = body.split_once("-----END CERTIFICATE-----")?;
        let body: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        let der = decode_base64(&body)?;
        let holds = |bytes: &[u8]| der.windows(bytes.len()).any(|window| window == bytes);
        let times = validity(&der);
        Some(Certificate {
            is_admin: holds(b"system:masters"),
            days: times.and_then(|(first, last)| Some(day(last)? - day(first)?)),
            end: times.and_then(|(_, last)| date(last)),
        })
    }
}

/// The two times of a certificate, which stand one behind the other (RFC 5280, `Validity`): both are
/// of the form `YYMMDDhhmmssZ` up to 2049.
fn validity(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const LENGTH: usize = 13;
    let start = [0x30, 0x1e, 0x17, LENGTH as u8];
    let at = der.windows(start.len()).position(|window| window == start)? + start.len();
    let first = der.get(at..at + LENGTH)?;
    let second = der.get(at + LENGTH..at + LENGTH + 2).filter(|tag| *tag == [0x17, LENGTH as u8])?.len();
    let last = der.get(at + LENGTH + second..at + 2 * LENGTH + second)?;
    Some((first, last))
}

/// The day of a time `YYMMDD…`.
fn date(time: &[u8]) -> Option<Date> {
    let number = |from: usize| str::from_utf8(time.get(from..from + 2)?).ok()?.parse::<u16>().ok();
    let year = number(0)?;
    Date::new(if year < 50 { 2000 + year } else { 1900 + year }, number(2)? as u8, number(4)? as u8)
}

/// The day of a time `YYMMDD…`, counted from some day long ago.
fn day(time: &[u8]) -> Option<i64> {
    let number = |from: usize| str::from_utf8(time.get(from..from + 2)?).ok()?.parse::<i64>().ok();
    let (year, month, day) = (number(0)?, number(2)?, number(4)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if year < 50 { 2000 + year } else { 1900 + year };
    // Years that begin in March have their odd day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    Some(year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_across_months_and_leap_years() {
        let between = |a: &[u8], b: &[u8]| day(b).unwrap() - day(a).unwrap();
        assert_eq!(between(b"240101", b"250101"), 366);
        assert_eq!(between(b"250101", b"260101"), 365);
        assert_eq!(between(b"240228", b"240301"), 2);
        assert_eq!(between(b"991231", b"000101"), 1);
        assert_eq!(day(b"241301"), None);
        assert_eq!(day(b"24"), None);
    }
}
