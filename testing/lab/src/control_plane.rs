use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::apply::{apply, service_account};
use crate::certificates::{Authority, Subject, signing_keys, write};
use crate::client::Client;
use crate::identities::{Credentials, IDENTITIES};
use crate::manifest::static_pod;
use crate::node::{self, NODE, NODE_ADDRESS, Namespaces, Surroundings};
use crate::process::{Known, Lifetime, Server};
use crate::profile::Places;
use crate::{LabError, Profile, Servers, ports};

/// A server is ready in seconds; on a machine that is busy with other tests it may take ten times that.
const READY: Duration = Duration::from_secs(120);

/// The file that holds the processes of a lab.
pub(crate) const PROCESSES: &str = "processes.json";

pub(crate) const CLUSTER_CA: &str = "kubernetes-ca";

/// Etcd, the API server, and what belongs to it, while they start and after. Dropping it leaves everything as it is:
/// the guard stops it, or nobody shall.
#[derive(Debug)]
pub(crate) struct ControlPlane {
    pub(crate) folder: PathBuf,
    pub(crate) credentials: Credentials,
    pub(crate) address: Ipv4Addr,
    pub(crate) api_port: u16,
    pub(crate) places: Places,
    pub(crate) profile: Profile,
    pub(crate) programs: Servers,
    /// In the order of their starts.
    pub(crate) running: Vec<Server>,
    /// Where everything runs, if it is not on loopback.
    pub(crate) namespaces: Option<Arc<Namespaces>>,
}

impl ControlPlane {
    /// Writes keys and configuration of a control plane into an empty folder, and starts nothing.
    pub(crate) fn prepare(
        profile: &Profile,
        programs: Servers,
        folder: &Path,
    ) -> Result<ControlPlane, LabError> {
        profile.check()?;
        let (address, ports) = match profile.has_nodes() {
            false => (Ipv4Addr::LOCALHOST, ports::free(6)?),
            // In a network of their own they have the ports that they are known by.
            true => (NODE_ADDRESS, vec![6443, 2379, 2380, 10257, 10259, 9443]),
        };
        let make = |name: &str| {
            let path = folder.join(name);
            fs::create_dir_all(&path).map_err(|error| LabError::file(&path, &error))?;
            Ok::<_, LabError>(path)
        };
        make("manifests")?;
        let pki = make("pki")?;
        let config = make("config")?;
        let credentials = Credentials { pki: pki.clone(), kubeconfigs: make("kubeconfigs")? };
        let mut places = Places::default();
        places.set("folder", folder.display());
        places.set("pki", pki.display());
        places.set("config", config.display());
        places.set("kubeconfigs", credentials.kubeconfigs.display());
        places.set("logs", make("logs")?.display());
        places.set("address", address);
        places.set("api-port", ports[0]);
        places.set("etcd-port", ports[1]);
        places.set("etcd-peer-port", ports[2]);
        places.set("controller-manager-port", ports[3]);
        places.set("scheduler-port", ports[4]);
        places.set("issuer-port", ports[5]);
        places.set("encryption-key", random_key());
        if profile.has_nodes() {
            places.set("cni-plugins", node::plugins()?);
            places.set("pause", node::PAUSE);
        }
        let plane = ControlPlane {
            folder: folder.to_owned(),
            credentials,
            address,
            api_port: ports[0],
            places,
            profile: profile.clone(),
            programs,
            running: Vec::new(),
            namespaces: None,
        };
        plane.keys()?;
        for (name, text) in profile.files("", &plane.places)? {
            write(&config.join(name), &text)?;
        }
        Ok(plane)
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}:{}", self.address, self.api_port)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// A client of the API server.
    pub(crate) fn client(&self, identity: &str) -> Result<Client, LabError> {
        self.client_of(self.api_port, identity)
    }

    /// A client of the server on a port.
    pub(crate) fn client_of(&self, port: u16, identity: &str) -> Result<Client, LabError> {
        let (certificate, key) = (self.credentials.certificate(identity), self.credentials.key(identity));
        let shown =
            (identity != crate::identities::ANONYMOUS).then_some((certificate.as_path(), key.as_path()));
        Client::new(self.address, port, &self.credentials.certificate("ca"), shown, self.namespaces.clone())
    }

    fn keys(&self) -> Result<(), LabError> {
        let pki = self.credentials.pki.as_path();
        let address = self.address.to_string();
        let cluster = Authority::create(pki, "ca", CLUSTER_CA)?;
        let own = [address.as_str(), "127.0.0.1", "localhost"];
        let api = [
            own.as_slice(),
            &["10.0.0.1", "kubernetes", "kubernetes.default", "kubernetes.default.svc"],
            &["kubernetes.default.svc.cluster.local"],
        ]
        .concat();
        cluster.server("apiserver", &Subject { user: "kube-apiserver", groups: &[] }, &api)?;
        for program in ["controller-manager", "scheduler"] {
            cluster.server(&format!("{program}-serving"), &Subject { user: program, groups: &[] }, &own)?;
        }
        cluster.client(
            "apiserver-kubelet-client",
            &Subject { user: "kube-apiserver-kubelet-client", groups: &["lab:kubelet-clients"] },
        )?;
        if self.profile.has_nodes() {
            let user = format!("system:node:{NODE}");
            let hosts = [address.as_str(), NODE];
            cluster.server("kubelet", &Subject { user: &user, groups: &["system:nodes"] }, &hosts)?;
        }
        let url = self.url();
        if self.profile.has_nodes() {
            self.credentials.issue(&cluster, "proxy", "system:kube-proxy", &[], &url)?;
        }
        for (name, user, groups) in IDENTITIES {
            self.credentials.issue(&cluster, name, user, groups, &url)?;
        }
        self.credentials.anonymous(&url)?;
        let etcd = Authority::create(pki, "etcd-ca", "etcd-ca")?;
        etcd.server("etcd", &Subject { user: "etcd", groups: &[] }, &own)?;
        etcd.client("apiserver-etcd-client", &Subject { user: "kube-apiserver-etcd-client", groups: &[] })?;
        let front = Authority::create(pki, "front-proxy-ca", "front-proxy-ca")?;
        front.client("front-proxy-client", &Subject { user: "front-proxy-client", groups: &[] })?;
        signing_keys(pki)
    }

    /// Starts the programs and waits until they serve. After an error `running` holds what was started.
    pub(crate) fn start(&mut self, lifetime: Lifetime) -> Result<(), LabError> {
        if self.profile.has_nodes() {
            let namespaces = Namespaces::make(&self.folder, &self.logs(), lifetime)?;
            self.namespaces = Some(Arc::new(namespaces));
            self.record()?;
        }
        self.launch("etcd", lifetime)?;
        let port = self.place("etcd-port")?;
        let address = self.address;
        let namespaces = self.namespaces.clone();
        self.wait("accepts no connections", || match &namespaces {
            None => TcpStream::connect((address, port)).is_ok(),
            Some(namespaces) => namespaces.connect((address, port).into(), Duration::from_secs(1)).is_ok(),
        })?;
        self.launch("kube-apiserver", lifetime)?;
        let admin = self.client("admin")?;
        self.wait("is not ready", || {
            let ok = |path: &str| admin.send("GET", path, None).is_ok_and(|answer| answer.status == 200);
            ok("/readyz") && ok("/api/v1/namespaces/kube-system") && ok("/api/v1/namespaces/default")
        })?;
        if self.profile.has_controllers() {
            for (program, port) in
                [("kube-controller-manager", "controller-manager-port"), ("kube-scheduler", "scheduler-port")]
            {
                self.launch(program, lifetime)?;
                // The one address that they listen on in every profile.
                let client = Client::new(
                    Ipv4Addr::LOCALHOST,
                    self.place(port)?,
                    &self.credentials.certificate("ca"),
                    None,
                    self.namespaces.clone(),
                )?;
                self.wait("is not ready", || {
                    client.send("GET", "/healthz", None).is_ok_and(|answer| answer.status == 200)
                })?;
            }
        } else {
            for namespace in ["default", "kube-system"] {
                service_account(&admin, namespace)?;
            }
        }
        for objects in self.profile.objects(&self.places)? {
            apply(&admin, &objects, self.profile.has_controllers())?;
        }
        self.start_node(&admin, lifetime)?;
        // The server learns of bindings a moment after they are stored.
        let viewer = self.client("viewer")?;
        self.wait("does not let the identity `viewer` read pods", || {
            viewer.send("GET", "/api/v1/pods?limit=1", None).is_ok_and(|answer| answer.status == 200)
        })
    }

    fn start_node(&mut self, admin: &Client, lifetime: Lifetime) -> Result<(), LabError> {
        let Some(namespaces) = &self.namespaces else { return Ok(()) };
        let node = Surroundings {
            namespaces,
            profile: &self.profile,
            places: &self.places,
            programs: &self.programs,
            folder: &self.folder,
            logs: &self.logs(),
            admin,
        };
        let started = node.start(lifetime, &mut self.running);
        self.record()?;
        started
    }

    /// Stops everything, the last one first, so that nobody writes into a database that is gone.
    pub(crate) fn stop(&mut self) {
        if let Some(namespaces) = &self.namespaces {
            namespaces.end();
        }
        for server in self.running.iter_mut().rev() {
            server.stop();
        }
        self.running.clear();
    }

    /// Ends one program in namespaces; another one can be started in its place.
    pub(crate) fn stop_one(&mut self, program: &str) -> Result<(), LabError> {
        let running = self.running.iter_mut().find(|server| server.program == program);
        match running {
            Some(server) if self.namespaces.is_some() => server.stop_inside(),
            Some(server) => server.stop(),
            None => return Err(LabError::failed(format!("no `{program}` runs in this lab"))),
        }
        Ok(())
    }

    /// Starts one program anew, with some flags of another value.
    pub(crate) fn restart(
        &mut self,
        program: &str,
        changes: &[(&str, &str)],
        lifetime: Lifetime,
    ) -> Result<(), LabError> {
        self.stop_one(program)?;
        let profile = changes
            .iter()
            .fold(self.profile.clone(), |all, (flag, value)| all.with_flag(program, flag, value));
        let flags = profile.flags(program, &self.places)?;
        let path = self.programs.program(program);
        let server = Server::start(&path, &flags, &self.logs(), lifetime, self.namespaces.as_deref())?;
        self.running.retain(|known| known.program != program);
        self.running.push(server);
        self.record()
    }

    fn launch(&mut self, program: &str, lifetime: Lifetime) -> Result<(), LabError> {
        let flags = self.profile.flags(program, &self.places)?;
        let manifest = static_pod(program, self.programs.version(), &flags, &self.folder);
        write(&self.folder.join("manifests").join(format!("{program}.yaml")), &manifest)?;
        let program = self.programs.program(program);
        let server = Server::start(&program, &flags, &self.logs(), lifetime, self.namespaces.as_deref())?;
        self.running.push(server);
        self.record()
    }

    /// Keeps a record of what runs.
    fn record(&self) -> Result<(), LabError> {
        // At once, so that whoever takes the lab down finds all of them, even if we are killed while the next one starts.
        // They are stopped from the last one on: what is in namespaces ends with the first process there, and then their
        // keeper does.
        let namespaces = self.namespaces.as_ref();
        let mut known: Vec<Known> =
            namespaces.and_then(|namespaces| namespaces.keeper()).into_iter().collect();
        known.extend(self.running.iter().filter_map(|server| Known::of(&server.program, server.pid())));
        known.extend(namespaces.map(|namespaces| namespaces.init().clone()));
        let text = serde_json::to_string(&known).map_err(|error| LabError::failed(error.to_string()))?;
        write(&self.folder.join(PROCESSES), &text)
    }

    /// Waits for what the program that was started last has to do.
    fn wait(&mut self, problem: &str, done: impl Fn() -> bool) -> Result<(), LabError> {
        let Some(server) = self.running.last_mut() else { return Ok(()) };
        let deadline = Instant::now() + READY;
        while !done() {
            server.check()?;
            if Instant::now() > deadline {
                return Err(server.complain(&format!("{problem} after {} s", READY.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn place(&self, name: &str) -> Result<u16, LabError> {
        let text = self.places.fill(&format!("${{{name}}}"))?;
        text.parse().map_err(|_| LabError::failed(format!("`{name}` is no port: {text}")))
    }
}

/// 32 bytes in base64, new for every lab.
fn random_key() -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // 32 bytes are 43 digits, the last of which holds 4 bits.
    let mut key: String = (0..42).map(|_| char::from(DIGITS[fastrand::usize(..64)])).collect();
    key.push(char::from(DIGITS[fastrand::usize(..16) * 4]));
    key.push('=');
    key
}
