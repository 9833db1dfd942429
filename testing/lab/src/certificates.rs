use std::fs::OpenOptions;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose, SanType,
};

use crate::LabError;

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A CA whose certificate lies in `<name>.crt`. Its key lies beside it: the controller manager signs with it, and
/// `lab up` issues identities long after the CA was made.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

impl Authority {
    pub(crate) fn create(folder: &Path, name: &str, common_name: &str) -> Result<Authority, LabError> {
        let key = KeyPair::generate().map_err(unsigned)?;
        write(&folder.join(format!("{name}.key")), &key.serialize_pem())?;
        let issuer = CertifiedIssuer::self_signed(authority(common_name), key).map_err(unsigned)?;
        write(&folder.join(format!("{name}.crt")), &issuer.pem())?;
        Ok(Authority { issuer, folder: folder.to_owned() })
    }

    /// The CA that [`create`](Authority::create) left in a folder. What it signs is the same, since what a certificate
    /// says of its issuer is the name and the key.
    pub(crate) fn open(folder: &Path, name: &str, common_name: &str) -> Result<Authority, LabError> {
        let path = folder.join(format!("{name}.key"));
        let pem = std::fs::read_to_string(&path).map_err(|error| LabError::file(&path, &error))?;
        let key = KeyPair::from_pem(&pem).map_err(unsigned)?;
        let issuer = CertifiedIssuer::self_signed(authority(common_name), key).map_err(unsigned)?;
        Ok(Authority { issuer, folder: folder.to_owned() })
    }

    /// Writes `<name>.crt` and `<name>.key` for a server, and for what it asks other servers as.
    pub(crate) fn server(&self, name: &str, subject: &Subject, hosts: &[&str]) -> Result<(), LabError> {
        self.issue(name, subject, hosts, true)
    }

    /// Writes `<name>.crt` and `<name>.key` for a client.
    pub(crate) fn client(&self, name: &str, subject: &Subject) -> Result<(), LabError> {
        self.issue(name, subject, &[], false)
    }

    fn issue(&self, name: &str, subject: &Subject, hosts: &[&str], server: bool) -> Result<(), LabError> {
        let mut params = dated(CertificateParams::default());
        params.distinguished_name = subject.name()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        if server {
            params.extended_key_usages.push(ExtendedKeyUsagePurpose::ServerAuth);
        }
        for host in hosts {
            params.subject_alt_names.push(match host.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName((*host).try_into().map_err(unsigned)?),
            });
        }
        let key = KeyPair::generate().map_err(unsigned)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(unsigned)?;
        write(&self.folder.join(format!("{name}.key")), &key.serialize_pem())?;
        write(&self.folder.join(format!("{name}.crt")), &certificate.pem())
    }
}

/// Whom a certificate is for, as Kubernetes reads it: the common name is the user, organizations are the groups.
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a str,
    pub(crate) groups: &'a [&'a str],
}

impl Subject<'_> {
    fn name(&self) -> Result<DistinguishedName, LabError> {
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, self.user);
        // rcgen holds one value per type of name. The same type by its number is another one to it, and no third way.
        let types = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
        if self.groups.len() > types.len() {
            return Err(LabError::failed("a certificate of the lab holds two groups at most"));
        }
        for (group, kind) in self.groups.iter().zip(types) {
            name.push(kind, *group);
        }
        Ok(name)
    }
}

/// The pair that tokens of service accounts are signed with: `sa.key` and `sa.pub`.
pub(crate) fn signing_keys(folder: &Path) -> Result<(), LabError> {
    let key = KeyPair::generate().map_err(unsigned)?;
    write(&folder.join("sa.key"), &key.serialize_pem())?;
    write(&folder.join("sa.pub"), &key.public_key_pem())
}

/// Writes a file that nobody else may read.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), LabError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| LabError::file(path, &error))
}

fn authority(common_name: &str) -> CertificateParams {
    let mut params = dated(CertificateParams::default());
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A year, as kubeadm gives. The hour before is for clocks that differ.
fn dated(mut params: CertificateParams) -> CertificateParams {
    let now = SystemTime::now();
    params.not_before = (now - HOUR).into();
    params.not_after = (now + YEAR).into();
    params
}

fn unsigned(error: rcgen::Error) -> LabError {
    LabError::failed(format!("cannot make certificates: {error}"))
}
