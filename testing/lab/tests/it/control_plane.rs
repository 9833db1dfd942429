use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Lab, Profile};

#[test]
fn the_insecure_lab_lets_everybody_do_everything() {
    let lab = match Lab::start(Profile::insecure()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let version = lab.request("nobody", "GET", "/version").unwrap();
    assert_eq!(lab.version(), "v1.36.3");
    assert!(version.body.contains(r#""gitVersion": "v1.36.3""#), "{}", version.body);
    // AlwaysAllow: any certificate of the cluster's CA is an administrator.
    let secrets = lab.request("nobody", "GET", "/api/v1/secrets").unwrap();
    assert_eq!(secrets.status, 200, "{}", secrets.body);
    // The API server turns anonymous requests off where everything is allowed (`ApplyAuthorization` of its options).
    assert_eq!(lab.request("anonymous", "GET", "/readyz").unwrap().status, 401);
    assert!(
        lab.log("kube-apiserver").contains("AnonymousAuth is not allowed with the AlwaysAllow authorizer")
    );
}

#[test]
fn the_hardened_lab_does_not() {
    let lab = match Lab::start(Profile::hardened().with_controllers()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let status = |identity: &str, path: &str| lab.request(identity, "GET", path).unwrap().status;
    assert_eq!(status("admin", "/version"), 200);
    assert_eq!(status("admin", "/debug/pprof/"), 404);
    assert_eq!(status("anonymous", "/readyz"), 200);
    assert_eq!(status("anonymous", "/version"), 401);
    assert_eq!(status("nobody", "/api/v1/pods"), 403);
    assert_eq!(status("viewer", "/api/v1/pods"), 200);
    assert_eq!(status("viewer", "/api/v1/secrets"), 403);
    assert_eq!(status("admin", "/api/v1/secrets"), 200);

    // An identity made by a test, with a group that a test binds.
    lab.identity("jane", "jane", &["secret-readers"]).unwrap();
    assert_eq!(status("jane", "/api/v1/secrets"), 403);
    lab.apply(READERS).unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while status("jane", "/api/v1/secrets") != 200 {
        assert!(Instant::now() < deadline, "the binding of a group does not take effect");
        std::thread::sleep(Duration::from_millis(50));
    }

    // Pod Security by default, as the admission configuration says.
    lab.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").unwrap();
    let refused = lab.apply(PRIVILEGED).unwrap_err().to_string();
    assert!(refused.contains("violates PodSecurity"), "{refused}");

    // Secrets do not stand in etcd as they are, and reads of them stand in the audit log.
    lab.apply(SECRET).unwrap();
    let audit = std::fs::read_to_string(lab.folder().join("logs/audit.log")).unwrap();
    assert!(audit.contains(r#""requestURI":"/api/v1/secrets""#));
    let database = std::fs::read(lab.folder().join("etcd/member/snap/db")).unwrap();
    let holds = |text: &str| database.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("/registry/namespaces/shop"));
    assert!(!holds("a-value-that-is-looked-for"));
}

const READERS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: secret-reader}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: secret-readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: secret-readers}]
";

const PRIVILEGED: &str = "
apiVersion: v1
kind: Pod
metadata: {name: root, namespace: shop}
spec:
  containers:
    - {name: root, image: busybox, securityContext: {privileged: true}}
";

const SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: {name: database, namespace: shop}
stringData: {password: a-value-that-is-looked-for}
";

#[test]
fn a_changed_flag_is_what_the_server_runs_with() {
    let profile = Profile::hardened().with_flag("kube-apiserver", "profiling", "true");
    let lab = match Lab::start(profile) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    assert_eq!(lab.request("admin", "GET", "/debug/pprof/").unwrap().status, 200);
}

#[test]
fn the_applications_are_accepted_and_the_identity_provider_may_be_away() {
    for (profile, path) in [
        (Profile::insecure(), "/apis/apps/v1/namespaces/tools/deployments/operator"),
        (Profile::hardened(), "/apis/apps/v1/namespaces/shop-hardened/deployments/web"),
    ] {
        let lab = match Lab::start(profile.with_application()) {
            Ok(lab) => lab,
            Err(skip) => return skip.announce(),
        };
        assert_eq!(lab.request("admin", "GET", path).unwrap().status, 200);
    }
}

#[test]
fn a_server_that_refuses_its_flags_is_quoted() {
    let profile = Profile::hardened().with_flag("kube-apiserver", "tls-min-version", "VersionTLS99");
    if let Err(skip) = lab::available() {
        return skip.announce();
    }
    let before = folders();
    let error = Lab::try_start(&profile).unwrap_err().to_string();
    assert!(error.contains("`kube-apiserver` ended with exit status: 1"), "{error}");
    assert!(error.contains("VersionTLS99"), "{error}");
    assert!(folders().iter().all(|folder| before.contains(folder) || owned(folder)), "a folder is left");
}

#[test]
fn nothing_is_left_of_a_lab() {
    let lab = match Lab::start(Profile::insecure()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let (folder, processes) = (lab.folder().to_owned(), lab.processes());
    assert_eq!(processes.len(), 2);
    assert!(processes.iter().all(|(_, pid)| runs(*pid)));
    drop(lab);
    assert!(!folder.exists());
    assert!(processes.iter().all(|(_, pid)| !runs(*pid)));
}

#[test]
fn nothing_is_left_when_a_test_panics() {
    if let Err(skip) = lab::available() {
        return skip.announce();
    }
    let (sender, receiver) = std::sync::mpsc::channel();
    let test = std::thread::spawn(move || {
        let lab = Lab::start(Profile::insecure()).unwrap();
        sender.send((lab.folder().to_owned(), lab.processes())).unwrap();
        panic!("on purpose");
    });
    let (folder, processes) = receiver.recv().unwrap();
    assert!(test.join().is_err());
    assert!(!folder.exists());
    assert!(processes.iter().all(|(_, pid)| !runs(*pid)));
}

/// Not a test: what [`no_server_outlives_a_test_process_that_is_killed`] starts and kills.
#[test]
#[ignore = "it waits to be killed"]
fn wait_to_be_killed() {
    let lab = Lab::start(Profile::insecure()).unwrap();
    let pids: Vec<String> = lab.processes().iter().map(|(_, pid)| pid.to_string()).collect();
    std::fs::write(std::env::var_os("LAB_TELL").unwrap(), pids.join("\n")).unwrap();
    std::thread::sleep(Duration::from_secs(120));
}

#[test]
fn no_server_outlives_a_test_process_that_is_killed() {
    if let Err(skip) = lab::available() {
        return skip.announce();
    }
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("pids");
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "control_plane::wait_to_be_killed"])
        .env("LAB_TELL", &told)
        // Its folder is left, which is the matter of the next lab that starts in the same place.
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(180);
    let pids: Vec<u32> = loop {
        assert!(test.try_wait().unwrap().is_none(), "the other test ended by itself");
        assert!(Instant::now() < deadline, "the other test starts no lab");
        match std::fs::read_to_string(&told) {
            Ok(pids) if pids.lines().count() == 2 => {
                break pids.lines().map(|pid| pid.parse().unwrap()).collect();
            }
            _ => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    assert!(pids.iter().all(|pid| runs(*pid)));
    test.kill().unwrap();
    test.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while pids.iter().any(|pid| runs(*pid)) {
        assert!(Instant::now() < deadline, "servers live on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a process runs; one that ended and was not waited for does not.
fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        let state =
            stat.rsplit_once(')').map(|(_, fields)| fields.trim_start().to_owned()).unwrap_or_default();
        !state.starts_with('Z')
    })
}

/// The folders of labs in the folder of temporary files.
fn folders() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    let labs = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("seaworthy-lab-"));
    labs.map(|entry| entry.path()).collect()
}

/// Whether some process holds the lab of a folder: other tests run at the same time.
fn owned(folder: &Path) -> bool {
    std::fs::File::open(folder.join("owner")).is_ok_and(|owner| owner.try_lock().is_err())
}
