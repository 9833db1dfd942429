//! Where we are: what the environment and `/proc` tell of the pod.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use seaworthy_controls::probe::inside::Inside;
use seaworthy_probe::{Endpoint, Origin, Subject};

use super::args::InPodArgs;
use crate::error::CommandError;
use crate::proving::Places;

/// Where the kubelet puts the token of the account.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The pod that this runs in.
pub(super) fn inside(args: &InPodArgs, places: &Places<'_>) -> Result<Inside, CommandError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (Some(host), Some(port)) = (variable("KUBERNETES_SERVICE_HOST"), variable("KUBERNETES_SERVICE_PORT"))
    else {
        return Err(CommandError::new("this is no pod: `KUBERNETES_SERVICE_HOST` is not set").hint(
            "`--in-pod` tries what an intruder would find in a pod; docs/in-pod.md says how to run it in one",
        ));
    };
    let port = port.parse().map_err(|_| CommandError::new("`KUBERNETES_SERVICE_PORT` is no port"))?;
    let namespace = variable("SEAWORTHY_NAMESPACE")
        .or_else(|| fs::read_to_string(format!("{ACCOUNT}/namespace")).ok())
        .map(|namespace| namespace.trim().to_owned());
    let name =
        variable("SEAWORTHY_POD").or_else(|| variable("HOSTNAME")).unwrap_or_else(|| "here".to_owned());
    let address = |text: &String| text.parse::<IpAddr>().is_ok();
    let told = variable("SEAWORTHY_NODE")
        .filter(address)
        .map(|host| (host, Origin::Told("status.hostIP".to_owned())));
    let given = places.given()?;
    let told = given.nodes.first().map(|host| (host.clone(), Origin::Given("--node"))).or(told);
    let node_is_told = told.is_some();
    let gateway = gateway().map(|host| (host, Origin::Told("the route of the pod".to_owned())));
    // A node that is closed at one address may be open at the other.
    let other = gateway.clone().filter(|(host, _)| told.as_ref().is_some_and(|(told, _)| told != host));
    let mut ports: Vec<Endpoint> =
        other.map(|(host, origin)| Endpoint { host, port: args.kubelet_port, origin }).into_iter().collect();
    let node = told.or(gateway);
    ports.extend(given.etcd);
    ports.extend(given.etcd_peers);
    ports.extend(given.schedulers);
    ports.extend(given.controller_managers);
    Ok(Inside {
        root: PathBuf::from("/"),
        pod: Subject::new("Pod", namespace.as_deref(), &name),
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        api: Endpoint { host, port, origin: Origin::Told("KUBERNETES_SERVICE_HOST".to_owned()) },
        has_account: fs::metadata(format!("{ACCOUNT}/token")).is_ok(),
        node: node.map(|(host, origin)| Endpoint { host, port: args.kubelet_port, origin }),
        node_is_told,
        ports,
        outside: given.outside,
        cloud: args.cloud.clone(),
        mount_points: mount_points(),
    })
}

fn mount_points() -> Vec<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().filter_map(|line| line.split(' ').nth(4)).map(str::to_owned).collect()
}

/// The address behind the default route. With many networks it is that of the node; addresses of the link are of nobody.
fn gateway() -> Option<String> {
    let routes = fs::read_to_string("/proc/net/route").ok()?;
    gateway_of(&routes)
}

fn gateway_of(routes: &str) -> Option<String> {
    routes.lines().skip(1).find_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        let (destination, gateway) = (words.next()?, words.next()?);
        let address = Ipv4Addr::from(u32::from_str_radix(gateway, 16).ok()?.to_le_bytes());
        let usable = !address.is_unspecified() && !address.is_link_local() && !address.is_loopback();
        (destination == "00000000" && usable).then(|| address.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::gateway_of;

    #[test]
    fn the_gateway_is_the_one_of_the_default_route() {
        // Recorded in a pod of the lab, whose bridge is 10.244.0.1.
        let routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
             eth0\t00000000\t0100F40A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
             eth0\t0000F40A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n";
        assert_eq!(gateway_of(routes).as_deref(), Some("10.244.0.1"));
        // Calico: 169.254.1.1 is no address of the node.
        let routes = "Iface\tDestination\tGateway\neth0\t00000000\t0101FEA9\t0003\n";
        assert_eq!(gateway_of(routes), None);
    }
}
