//! Places and certificates that a person gives.

use std::path::Path;

use seaworthy_controls::probe::Given;
use seaworthy_probe::{Endpoint, Origin};
use seaworthy_prober::Credentials;

use crate::error::CommandError;
use crate::prove_args::ProbeArgs;

/// What the flags say.
pub(crate) fn given(args: &ProbeArgs) -> Result<Given, CommandError> {
    for node in &args.nodes {
        if node.parse::<std::net::IpAddr>().is_err() {
            return Err(CommandError::new(format!("`--at-node {node}` is no address"))
                .hint("write it as `10.0.0.7`; the port of its kubelet is known or 10250"));
        }
    }
    Ok(Given {
        api_server: None,
        etcd: endpoints("--etcd", &args.etcd)?,
        etcd_peers: endpoints("--etcd-peer", &args.etcd_peer)?,
        has_etcd_certificate: args.etcd_cert.is_some(),
        has_ordinary_certificate: args.ordinary_cert.is_some(),
        has_caller_certificate: false,
        nodes: args.nodes.clone(),
        schedulers: endpoints("--scheduler", &args.scheduler)?,
        controller_managers: endpoints("--controller-manager", &args.controller_manager)?,
        audit_log: args.audit_log.clone(),
        etcd_backups: args.etcd_backups.clone(),
        probe_image: args.in_pod.probe_image.clone(),
    })
}

fn endpoints(flag: &'static str, urls: &[String]) -> Result<Vec<Endpoint>, CommandError> {
    urls.iter().map(|url| endpoint(flag, url)).collect()
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

/// Certificates and keys out of the files that flags name.
pub(crate) fn credentials(args: &ProbeArgs) -> Result<Credentials, CommandError> {
    let pair = |certificate: &Option<_>, key: &Option<_>| match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((read(certificate)?, read(key)?))),
        _ => Ok(None),
    };
    Ok(Credentials {
        etcd: pair(&args.etcd_cert, &args.etcd_key)?,
        etcd_authority: args.etcd_ca.as_deref().map(read).transpose()?,
        ordinary: pair(&args.ordinary_cert, &args.ordinary_key)?,
    })
}

fn read(path: impl AsRef<Path>) -> Result<Vec<u8>, CommandError> {
    let path = path.as_ref();
    std::fs::read(path)
        .map_err(|error| CommandError::new(format!("cannot read `{}`: {error}", path.display())))
}
