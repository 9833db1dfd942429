//! Places and certificates that a person gives.

use std::path::{Path, PathBuf};

use seaworthy_controls::probe::{Given, JobPlace};
use seaworthy_policy::{Prove, Spanned};
use seaworthy_probe::{Endpoint, EtcdPrograms, Origin};
use seaworthy_prober::Credentials;

use crate::error::CommandError;
use crate::prove_args::ProbeArgs;

/// What flags say, over what the configuration says.
#[derive(Clone, Copy)]
pub(crate) struct Places<'p> {
    /// The flags.
    pub(crate) args: &'p ProbeArgs,
    /// Addresses of nodes among them.
    pub(crate) nodes: &'p [String],
    /// `prove` of the configuration, and the folder that its files are named from.
    pub(crate) configuration: Option<&'p (Prove, PathBuf)>,
}

impl<'p> Places<'p> {
    fn texts(
        &self,
        flags: &'p [String],
        configured: impl Fn(&'p Prove) -> Option<&'p Vec<Spanned<String>>>,
    ) -> Vec<&'p str> {
        if !flags.is_empty() {
            return flags.iter().map(String::as_str).collect();
        }
        let configured = self.configuration.and_then(|(prove, _)| configured(prove));
        configured.into_iter().flatten().map(|text| text.value.as_str()).collect()
    }

    fn file(
        &self,
        flag: Option<&'p Path>,
        configured: impl Fn(&'p Prove) -> Option<&'p Spanned<String>>,
    ) -> Option<PathBuf> {
        let configured = || {
            let (prove, folder) = self.configuration?;
            Some(folder.join(&configured(prove)?.value))
        };
        flag.map(Path::to_owned).or_else(configured)
    }

    /// Certificate and key: both of the flags, or both of the configuration.
    fn pair(
        &self,
        flags: (&'p Option<PathBuf>, &'p Option<PathBuf>),
        configured: impl Fn(&'p Prove) -> (Option<&'p Spanned<String>>, Option<&'p Spanned<String>>),
    ) -> Option<(PathBuf, PathBuf)> {
        let certificate = self.file(flags.0.as_deref(), |prove| configured(prove).0);
        let key = self.file(flags.1.as_deref(), |prove| configured(prove).1);
        certificate.zip(key)
    }

    fn etcd_pair(&self) -> Option<(PathBuf, PathBuf)> {
        let flags = (&self.args.etcd_cert, &self.args.etcd_key);
        self.pair(flags, |prove| (prove.etcd_cert.as_ref(), prove.etcd_key.as_ref()))
    }

    fn ordinary_pair(&self) -> Option<(PathBuf, PathBuf)> {
        let flags = (&self.args.ordinary_cert, &self.args.ordinary_key);
        self.pair(flags, |prove| (prove.ordinary_cert.as_ref(), prove.ordinary_key.as_ref()))
    }

    /// Both programs in the folder that is named, or, when none is, wherever `PATH` has them.
    fn etcd_programs(&self) -> Result<Option<EtcdPrograms>, CommandError> {
        let in_folder = |folder: &Path, name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        if let Some(folder) =
            self.file(self.args.etcd_programs.as_deref(), |prove| prove.etcd_programs.as_ref())
        {
            // They are started in another folder than this one.
            let folder = std::path::absolute(&folder).unwrap_or(folder);
            let program = |name: &str| {
                in_folder(&folder, name).ok_or_else(|| {
                    CommandError::new(format!("`--etcd-programs {}` holds no `{name}`", folder.display()))
                        .hint("a release of etcd holds `etcd` and `etcdutl`")
                })
            };
            return Ok(Some(EtcdPrograms { server: program("etcd")?, restorer: program("etcdutl")? }));
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = |name: &str| {
            let mut folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
            folders.find_map(|folder| in_folder(&folder, name))
        };
        let found = program("etcd").zip(program("etcdutl"));
        Ok(found.map(|(server, restorer)| EtcdPrograms { server, restorer }))
    }

    /// What has been agreed to, in words.
    pub(crate) fn consent(&self) -> Vec<&'p str> {
        self.texts(&self.args.consent, |prove| prove.consent.as_ref())
    }

    /// Most requests.
    pub(crate) fn budget(&self) -> usize {
        let configured = || {
            let (prove, _) = self.configuration?;
            usize::try_from(prove.budget.as_ref()?.value).ok()
        };
        self.args.budget.or_else(configured).unwrap_or_else(|| self.args.most_requests())
    }

    /// Places, as probes take them.
    pub(crate) fn given(&self) -> Result<Given, CommandError> {
        let args = self.args;
        let nodes = self.texts(self.nodes, |prove| prove.nodes.as_ref());
        for node in &nodes {
            if node.parse::<std::net::IpAddr>().is_err() {
                return Err(CommandError::new(format!("`--node {node}` is no address"))
                    .hint("write it as `10.0.0.7`; the port of its kubelet is known or 10250"));
            }
        }
        let endpoints = |flag: &'static str, urls: Vec<&str>| -> Result<Vec<Endpoint>, CommandError> {
            urls.into_iter().map(|url| endpoint(flag, url)).collect()
        };
        Ok(Given {
            api_server: None,
            etcd: endpoints("--etcd", self.texts(&args.etcd, |prove| prove.etcd.as_ref()))?,
            etcd_peers: endpoints(
                "--etcd-peer",
                self.texts(&args.etcd_peer, |prove| prove.etcd_peers.as_ref()),
            )?,
            has_etcd_certificate: self.etcd_pair().is_some(),
            has_ordinary_certificate: self.ordinary_pair().is_some(),
            has_caller_certificate: false,
            skips_verification: false,
            impersonates: false,
            nodes: nodes.into_iter().map(str::to_owned).collect(),
            schedulers: endpoints(
                "--scheduler",
                self.texts(&args.scheduler, |prove| prove.scheduler.as_ref()),
            )?,
            controller_managers: endpoints(
                "--controller-manager",
                self.texts(&args.controller_manager, |prove| prove.controller_manager.as_ref()),
            )?,
            audit_log: self.file(args.audit_log.as_deref(), |prove| prove.audit_log.as_ref()),
            etcd_backups: self.file(args.etcd_backups.as_deref(), |prove| prove.etcd_backups.as_ref()),
            etcd_programs: self.etcd_programs()?,
            kubeconfigs: Vec::new(),
            event_limits: Vec::new(),
            probe_image: args.probe_image.clone(),
            jobs: args.jobs.iter().map(|text| job(text)).collect::<Result<_, _>>()?,
            from_outside: args.from_outside,
            outside: endpoints("--outside", args.outside.iter().map(String::as_str).collect())?,
        })
    }

    /// Certificates and keys out of the files that are named.
    pub(crate) fn credentials(&self) -> Result<Credentials, CommandError> {
        let pair = |files: Option<(PathBuf, PathBuf)>| match files {
            Some((certificate, key)) => Ok(Some((read(certificate)?, read(key)?))),
            None => Ok(None),
        };
        let authority = self.file(self.args.etcd_ca.as_deref(), |prove| prove.etcd_ca.as_ref());
        Ok(Credentials {
            etcd: pair(self.etcd_pair())?,
            etcd_authority: authority.map(read).transpose()?,
            ordinary: pair(self.ordinary_pair())?,
        })
    }
}

/// `namespace` or `namespace/account`.
fn job(text: &str) -> Result<JobPlace, CommandError> {
    let (namespace, account) = text.split_once('/').unwrap_or((text, "default"));
    let is_name = |name: &str, most: usize, more: &[u8]| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || more.contains(&byte);
        !name.is_empty() && name.len() <= most && name.bytes().all(plain)
    };
    if !is_name(namespace, 63, b"-") || !is_name(account, 253, b"-.") {
        return Err(CommandError::new(format!("`--job {text}` is no place"))
            .hint("write a namespace, and an account of it where it is another than `default`: `shop/web`"));
    }
    Ok(JobPlace { namespace: namespace.to_owned(), account: account.to_owned() })
}

/// `https://host:port`; whether it is served with TLS, probes find out.
pub(crate) fn endpoint(flag: &'static str, url: &str) -> Result<Endpoint, CommandError> {
    let wrong = || {
        CommandError::new(format!("`{flag} {url}` is no address")).hint("write it as `https://10.0.0.5:2379`")
    };
    let rest = url
        .split_once("://")
        .map_or(Some(url), |(scheme, rest)| matches!(scheme, "http" | "https").then_some(rest));
    let (host, port) = rest.and_then(|rest| rest.trim_end_matches('/').rsplit_once(':')).ok_or_else(wrong)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-' | ':');
    if host.is_empty() || !host.chars().all(plain) {
        return Err(wrong());
    }
    let port = port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?;
    Ok(Endpoint { host: host.to_owned(), port, origin: Origin::Given(flag) })
}

fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, CommandError> {
    let path = path.as_ref();
    std::fs::read(path)
        .map_err(|error| CommandError::new(format!("cannot read `{}`: {error}", path.display())))
}
