//! Handshakes that see whom they talk to, and go on even with somebody whom nobody vouches for: who that is, is evidence.

use std::sync::{Arc, Mutex, PoisonError};

use data_encoding::HEXLOWER;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use seaworthy_probe::{Certificate, CertificateFacts, Identity, Reply, Tls};
use sha2::{Digest, Sha256};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::executor::Executor;

/// What a handshake has seen.
#[derive(Debug)]
pub(crate) struct Seen {
    verifier: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    tls: Mutex<Tls>,
}

/// What was seen.
pub(crate) fn facts(seen: &Seen) -> Tls {
    seen.tls.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A client that shows the certificate of an identity, and the place where it notes what it sees. The authority of `--etcd-ca`
/// vouches for etcd alone: who holds its key must not be taken for a kubelet or an API server.
pub(crate) fn client(
    executor: &Executor,
    identity: &Identity,
    is_of_etcd: bool,
) -> Result<(ClientConfig, Arc<Seen>), Reply> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in &executor.api.authorities {
        // One that cannot be read vouches for nobody.
        let _ = roots.add(CertificateDer::from(authority.clone()));
    }
    if let Some(pem) = executor.credentials.etcd_authority.as_ref().filter(|_| is_of_etcd) {
        for authority in CertificateDer::pem_slice_iter(pem).flatten() {
            let _ = roots.add(authority);
        }
    }
    let verifier =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok();
    let nothing = Tls { certificates: Vec::new(), trusted: Err("no handshake was completed".to_owned()) };
    let seen = Arc::new(Seen { verifier, provider: Arc::clone(&provider), tls: Mutex::new(nothing) });
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Reply::NotAsked(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&seen) as Arc<dyn ServerCertVerifier>);
    let shown = match identity {
        Identity::Anonymous | Identity::Bearer(_) => {
            return Ok((builder.with_no_client_auth(), seen));
        }
        Identity::Caller | Identity::Impersonated { .. } => {
            return Err(Reply::NotAsked("only the API server knows this identity".to_owned()));
        }
        Identity::Certificate(certificate) => shown(executor, *certificate)?,
    };
    let config = builder
        .with_client_auth_cert(shown.0, shown.1)
        .map_err(|error| Reply::NotAsked(format!("the client certificate cannot be shown: {error}")))?;
    Ok((config, seen))
}

type Shown = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The certificate that an identity shows.
fn shown(executor: &Executor, certificate: Certificate) -> Result<Shown, Reply> {
    let (pair, flag) = match certificate {
        Certificate::Etcd => (executor.credentials.etcd.as_ref(), "--etcd-cert and --etcd-key"),
        Certificate::Caller => (executor.api.certificate.as_ref(), "a kubeconfig with a client certificate"),
        Certificate::Ordinary => {
            (executor.credentials.ordinary.as_ref(), "--ordinary-cert and --ordinary-key")
        }
        Certificate::Foreign => return foreign().map_err(|error| Reply::NotAsked(error.to_string())),
    };
    let Some((chain, key)) = pair else { return Err(Reply::NotAsked(format!("{flag} would be needed"))) };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
    let unreadable = |_| Reply::NotAsked(format!("the certificate or key of {flag} is no PEM"));
    Ok((chain.map_err(unreadable)?, PrivateKeyDer::from_pem_slice(key).map_err(unreadable)?))
}

/// A certificate for an administrator, of an authority that we made up and that ends with this process.
fn foreign() -> Result<Shown, rcgen::Error> {
    use rcgen::{
        BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    };
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "kubernetes-ca");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(authority, KeyPair::generate()?);
    let mut own = CertificateParams::default();
    own.distinguished_name.push(DnType::OrganizationName, "system:masters");
    own.distinguished_name.push(DnType::CommonName, "seaworthy-probe");
    own.extended_key_usages.push(ExtendedKeyUsagePurpose::ClientAuth);
    let key = KeyPair::generate()?;
    let certificate = own.signed_by(&key, &issuer)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok((vec![certificate.der().clone()], key))
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let trusted = match &self.verifier {
            None => Err("no authority is known here".to_owned()),
            Some(verifier) => verifier
                .verify_server_cert(own, intermediates, name, ocsp, now)
                .map(drop)
                .map_err(|error| error.to_string()),
        };
        let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let chain = std::iter::once(own).chain(intermediates).take(8);
        let certificates = chain.filter_map(|der| certificate(der, seconds)).collect();
        *self.tls.lock().unwrap_or_else(PoisonError::into_inner) = Tls { certificates, trusted };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// What a certificate says.
pub(crate) fn certificate(der: &[u8], now: i64) -> Option<CertificateFacts> {
    const MOST_NAMES: usize = 100;
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let end = certificate.validity().not_after.timestamp();
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.into_iter().flat_map(|names| &names.value.general_names).take(MOST_NAMES);
    Some(CertificateFacts {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        names: names.filter_map(name).collect(),
        remaining: end.saturating_sub(now),
        lifetime: end.saturating_sub(certificate.validity().not_before.timestamp()),
        self_signed: certificate.subject() == certificate.issuer(),
        fingerprint: HEXLOWER.encode(&Sha256::digest(der)),
    })
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => Some(std::net::Ipv4Addr::from(<[u8; 4]>::try_from(*bytes).ok()?).to_string()),
            16 => Some(std::net::Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    }
}
