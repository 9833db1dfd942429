//! Certificates: whom they are of, when they end, how strong their keys are. Keys that stand beside them in a file are
//! passed over.

use seaworthy_document::{Value, decode_base64};
use sha2::{Digest, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::reading::Content;

/// Most certificates that are read of one file: bundles of all public authorities are a few hundred.
const MOST: usize = 64;

/// Most names that are kept of a certificate.
const MAX_NAMES: usize = 64;

/// The certificates in a text of PEM, or of one in DER.
///
/// # Errors
/// Why there are none.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Content>, String> {
    let mut found = Vec::new();
    if bytes.first() == Some(&0x30) {
        found.push(content(bytes)?);
        return Ok(found);
    }
    for block in Pem::iter_from_buffer(bytes).take(MOST) {
        let block = block.map_err(|error| format!("no certificate: {error}"))?;
        if matches!(block.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE") {
            found.push(content(&block.contents)?);
        }
    }
    if found.is_empty() { Err("it holds no certificate".to_owned()) } else { Ok(found) }
}

/// The certificates in a kubeconfig, each with the field that holds it.
pub(super) fn of_kubeconfig(root: &Value<'_>) -> Vec<(String, Result<Vec<Content>, String>)> {
    let parts =
        [("users", "user", "client-certificate-data"), ("clusters", "cluster", "certificate-authority-data")];
    let mut found = Vec::new();
    for (list, entry, key) in parts {
        for (index, item) in root.get(list).iter().flat_map(Value::items).take(MOST).enumerate() {
            let Some(data) = item.at(&[entry, key]).filter(|data| !data.text().is_empty()) else { continue };
            let pem = decode_base64(data.text().trim()).ok_or_else(|| "it is no base64".to_owned());
            found.push((format!("{list}[{index}].{entry}.{key}"), pem.and_then(|pem| read(&pem))));
        }
    }
    found
}

fn content(der: &[u8]) -> Result<Content, String> {
    let (_, certificate) =
        X509Certificate::from_der(der).map_err(|error| format!("no certificate: {error}"))?;
    let (algorithm, bits, curve) = key(&certificate);
    let (usages, names) = extensions(&certificate);
    Ok(Content {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: certificate.raw_serial_as_string(),
        not_before: time(certificate.validity().not_before),
        not_after: time(certificate.validity().not_after),
        algorithm,
        bits,
        curve,
        signature: signature(&certificate.signature_algorithm.algorithm.to_id_string()),
        ca: certificate.is_ca(),
        usages,
        names,
        sha256: hex(&Sha256::digest(der)),
    })
}

fn key(certificate: &X509Certificate<'_>) -> (String, Option<usize>, Option<&'static str>) {
    let info = certificate.public_key();
    let curve = info.algorithm.parameters.as_ref().and_then(|parameters| {
        Some(match parameters.as_oid().ok()?.to_id_string().as_str() {
            "1.2.840.10045.3.1.7" => "P-256",
            "1.3.132.0.34" => "P-384",
            "1.3.132.0.35" => "P-521",
            _ => return None,
        })
    });
    match info.parsed() {
        Ok(PublicKey::RSA(rsa)) => ("rsa".to_owned(), Some(rsa.key_size()), None),
        Ok(PublicKey::EC(point)) => ("ecdsa".to_owned(), Some(point.key_size()), curve),
        Ok(PublicKey::DSA(_)) => ("dsa".to_owned(), None, None),
        _ => match info.algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => ("ed25519".to_owned(), Some(256), None),
            other => (other.to_owned(), None, None),
        },
    }
}

/// The name of a signature algorithm; its number when it is none of the common ones.
fn signature(oid: &str) -> String {
    let name = match oid {
        "1.2.840.113549.1.1.4" => "md5-rsa",
        "1.2.840.113549.1.1.5" => "sha1-rsa",
        "1.2.840.113549.1.1.10" => "rsa-pss",
        "1.2.840.113549.1.1.11" => "sha256-rsa",
        "1.2.840.113549.1.1.12" => "sha384-rsa",
        "1.2.840.113549.1.1.13" => "sha512-rsa",
        "1.2.840.10045.4.1" => "sha1-ecdsa",
        "1.2.840.10045.4.3.2" => "sha256-ecdsa",
        "1.2.840.10045.4.3.3" => "sha384-ecdsa",
        "1.2.840.10045.4.3.4" => "sha512-ecdsa",
        "1.3.101.112" => "ed25519",
        other => other,
    };
    name.to_owned()
}

fn extensions(certificate: &X509Certificate<'_>) -> (Vec<&'static str>, Vec<String>) {
    let (mut usages, mut names) = (Vec::new(), Vec::new());
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let known = [
                    (usage.any, "any"),
                    (usage.client_auth, "client-auth"),
                    (usage.server_auth, "server-auth"),
                ];
                usages.extend(known.iter().filter(|(on, _)| *on).map(|(_, name)| *name));
            }
            ParsedExtension::KeyUsage(usage) => {
                let known = [
                    (usage.digital_signature(), "digital-signature"),
                    (usage.key_encipherment(), "key-encipherment"),
                    (usage.key_cert_sign(), "cert-sign"),
                    (usage.crl_sign(), "crl-sign"),
                ];
                usages.extend(known.iter().filter(|(on, _)| *on).map(|(_, name)| *name));
            }
            ParsedExtension::SubjectAlternativeName(alternative) => {
                names.extend(alternative.general_names.iter().take(MAX_NAMES).filter_map(name));
            }
            _ => {}
        }
    }
    (usages, names)
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::URI(uri) => Some((*uri).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(std::net::Ipv4Addr::from(<[u8; 4]>::try_from(*bytes).ok()?).to_string()),
            16 => Some(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn time(time: ASN1Time) -> String {
    seaworthy_policy::rfc3339(time.timestamp())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // A string takes all.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
