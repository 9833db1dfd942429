//! Pods and what made them. The objects are as a 1.36 cluster shows them, shortened.

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};

const TEMPLATE: &str = "    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: 'web:1', imagePullPolicy: IfNotPresent, resources: {}, terminationMessagePath: /dev/termination-log, terminationMessagePolicy: File}
      dnsPolicy: ClusterFirst
      restartPolicy: Always
      schedulerName: default-scheduler
      securityContext: {}
      terminationGracePeriodSeconds: 30
";

fn deployment() -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop, uid: d1}}\nspec:\n  template:\n{TEMPLATE}"
    )
}

fn replica_set(name: &str, replicas: u32, image: &str) -> String {
    let template = TEMPLATE.replace("web:1", image).replace("app: web", "app: web, pod-template-hash: h");
    format!(
        "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  name: {name}\n  namespace: shop\n  uid: r-{name}\n  ownerReferences: [{{apiVersion: apps/v1, kind: Deployment, name: web, uid: d1, controller: true}}]\nspec:\n  replicas: {replicas}\n  template:\n{template}"
    )
}

/// A pod with what the server and the controllers put in, and some more.
fn pod(name: &str, of: &str, container: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: shop
  labels: {{app: web, pod-template-hash: h}}
  annotations: {{cni.projectcalico.org/podIP: 10.0.0.{}/32}}
  ownerReferences: [{of}]
spec:
  nodeName: n1
  serviceAccountName: default
  serviceAccount: default
  enableServiceLinks: true
  preemptionPolicy: PreemptLowerPriority
  priority: 0
  dnsPolicy: ClusterFirst
  restartPolicy: Always
  schedulerName: default-scheduler
  securityContext: {{}}
  terminationGracePeriodSeconds: 30
  tolerations:
  - {{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}}
  containers:
  - name: web
    image: web:1
    imagePullPolicy: IfNotPresent
    resources: {{}}
    terminationMessagePath: /dev/termination-log
    terminationMessagePolicy: File
    volumeMounts: [{{name: kube-api-access-{name}, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}}]
{container}  volumes:
  - name: kube-api-access-{name}
    projected: {{defaultMode: 420, sources: [{{serviceAccountToken: {{expirationSeconds: 3607, path: token}}}}]}}
{spec}",
        name.len()
    )
}

const WEB: &str = "{apiVersion: apps/v1, kind: ReplicaSet, name: web-h, uid: r-web-h, controller: true}";

/// The names of what is judged, each with how it stands to its owner.
fn judged(texts: &[String]) -> Vec<String> {
    let file =
        |(index, text): (usize, &String)| SourceFile::new(format!("/{index}"), Stream::read(text.as_str()));
    let files: Vec<SourceFile> = texts.iter().enumerate().map(file).collect();
    let evidence = Evidence::new(&files);
    let judged = evidence.workloads().iter().map(|workload| {
        let object = evidence.owner(workload);
        match evidence.kinship(object) {
            Some(kinship) => format!(
                "{object} x{} of {}: {}",
                kinship.count,
                kinship.owner,
                kinship.difference.as_deref().unwrap_or("-")
            ),
            None => object.to_string(),
        }
    });
    let judged: Vec<String> = judged.collect();
    let network: Vec<usize> = evidence.network().zones.iter().map(|zone| zone.pods.len()).collect();
    assert_eq!(network.iter().sum::<usize>(), judged.len(), "the network counts what is judged");
    judged
}

#[test]
fn pods_of_a_deployment_are_judged_with_it() {
    let texts = [
        deployment(),
        replica_set("web-h", 2, "web:1"),
        replica_set("web-old", 0, "web:0"),
        pod("web-h-1", WEB, "", ""),
        pod("web-h-22", WEB, "", ""),
    ];
    assert_eq!(judged(&texts), ["Deployment shop/web"]);
}

#[test]
fn a_pod_that_says_something_else_is_judged_once_for_all_like_it() {
    let side_car = "  - {name: proxy, image: 'proxy:1', securityContext: {privileged: true}}\n";
    let debugger = "  ephemeralContainers: [{name: debugger, image: busybox}]\n";
    let texts = [
        deployment(),
        replica_set("web-h", 5, "web:1"),
        pod("web-h-1", WEB, side_car, ""),
        pod("web-h-2", WEB, side_car, ""),
        pod("web-h-3", WEB, "", debugger),
        pod("web-h-4", WEB, "", ""),
        pod("web-h-5", WEB, "", "  hostNetwork: true\n"),
        pod("web-h-6", WEB, "    securityContext: {runAsUser: 0}\n", ""),
        pod("web-h-7", WEB, "", "").replace("app: web,", "app: web, zone: outside,"),
        pod("web-h-8", WEB, "", "").replace("serviceAccountName: default", "serviceAccountName: admin"),
        pod("web-h-9", WEB, "", "")
            .replace("serviceAccountToken: {expirationSeconds: 3607, path: token}", "secret: {name: all}"),
    ];
    assert_eq!(
        judged(&texts),
        [
            "Deployment shop/web",
            "Pod shop/web-h-1 x2 of Deployment web: `spec.containers[proxy]` is added",
            "Pod shop/web-h-3 x1 of Deployment web: `spec.ephemeralContainers[debugger]` is added",
            "Pod shop/web-h-5 x1 of Deployment web: `spec.hostNetwork` is added",
            "Pod shop/web-h-6 x1 of Deployment web: `spec.containers[web].securityContext` is added",
            "Pod shop/web-h-7 x1 of Deployment web: `metadata.labels[zone]` is added",
            "Pod shop/web-h-8 x1 of Deployment web: `spec.serviceAccountName` differs",
            "Pod shop/web-h-9 x1 of Deployment web: `spec.volumes[kube-api-access-web-h-9]` is added",
        ]
    );
}

#[test]
fn what_a_template_has_and_a_pod_lacks_is_a_difference_too() {
    let hardened = |text: String| {
        text.replace("securityContext: {}", "securityContext: {runAsNonRoot: true}")
            .replace("resources: {}", "resources: {limits: {memory: 1Gi}}")
    };
    let texts = [hardened(deployment()), hardened(replica_set("web-h", 2, "web:1")), pod("a", WEB, "", "")];
    let found = judged(&texts);
    assert_eq!(found.len(), 2, "{found:?}");
    let limited = pod("b", WEB, "", "").replace("resources: {}", "resources: {limits: {memory: 2Gi}}");
    let limited = limited.replace("securityContext: {}", "securityContext: {runAsNonRoot: true}");
    let texts = [hardened(deployment()), hardened(replica_set("web-h", 2, "web:1")), limited];
    assert_eq!(judged(&texts), ["Deployment shop/web"], "limits may be changed, not taken away");
}

#[test]
fn a_replica_set_that_still_runs_something_else_is_judged_with_its_pods() {
    let old = WEB.replace("web-h", "web-old");
    let texts = [
        deployment(),
        replica_set("web-old", 1, "web:0"),
        pod("web-old-1", &old, "", "").replace("image: web:1", "image: web:0"),
    ];
    assert_eq!(
        judged(&texts),
        [
            "Deployment shop/web",
            "ReplicaSet shop/web-old x1 of Deployment web: `spec.containers[web].image` differs"
        ]
    );
}

#[test]
fn owners_that_are_not_there_stand_for_nothing() {
    // The Deployment was made anew: the ReplicaSet is of the former one.
    let texts = [deployment().replace("uid: d1", "uid: d2"), replica_set("web-h", 1, "web:1")];
    assert_eq!(judged(&texts), ["Deployment shop/web", "ReplicaSet shop/web-h x1 of Deployment web: -"]);
    // Pods of something that shows no template: one for all that are equal.
    let of = "{apiVersion: spark.example/v1, kind: Application, name: sums, uid: s, controller: true}";
    let texts = [pod("one", of, "", ""), pod("two", of, "", ""), pod("three", of, "", "  hostPID: true\n")];
    assert_eq!(
        judged(&texts),
        ["Pod shop/one x2 of Application sums: -", "Pod shop/three x1 of Application sums: -"]
    );
    // Who is not the controller made nothing.
    let texts = [deployment(), pod("lone", &WEB.replace("controller: true", "controller: false"), "", "")];
    assert_eq!(judged(&texts), ["Deployment shop/web", "Pod shop/lone"]);
}

#[test]
fn pods_that_have_ended_are_judged_with_their_owner() {
    let ended =
        |phase: &str| pod("web-h-1", WEB, "", "  hostPID: true\n") + "status: {phase: " + phase + "}\n";
    let texts = [deployment(), replica_set("web-h", 1, "web:1"), ended("Failed")];
    assert_eq!(judged(&texts), ["Deployment shop/web"]);
    let texts = [deployment(), replica_set("web-h", 1, "web:1"), ended("Running")];
    assert_eq!(judged(&texts).len(), 2);
}

#[test]
fn jobs_belong_to_their_cron_job() {
    let container = "containers: [{name: a, image: 'a:1'}]";
    let cron = format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: nightly, namespace: shop}}\nspec: {{schedule: '@daily', jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, {container}}}}}}}}}}}\n"
    );
    let job = |name: &str, container: &str, status: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: {name}, namespace: shop, ownerReferences: [{{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: u, controller: true}}]}}\nspec: {{template: {{metadata: {{labels: {{job-name: {name}, batch.kubernetes.io/job-name: {name}}}}}, spec: {{restartPolicy: Never, {container}}}}}}}\nstatus: {status}\n"
        )
    };
    let done = "{conditions: [{type: Complete, status: 'True'}]}";
    let texts = [
        cron,
        job("nightly-1", container, "{active: 1}"),
        job("nightly-2", "containers: [{name: a, image: 'a:0'}]", done),
        job("nightly-3", "containers: [{name: a, image: 'a:0'}]", "{active: 1}"),
    ];
    assert_eq!(
        judged(&texts),
        [
            "CronJob shop/nightly",
            "Job shop/nightly-3 x1 of CronJob nightly: `spec.containers[a].image` differs"
        ]
    );
}

#[test]
fn a_mirror_pod_is_the_static_pod_of_its_node() {
    let text = |name: &str, metadata: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: kube-system{metadata}}}\nspec:\n  hostNetwork: true\n  containers: [{{name: kube-scheduler, image: 'registry.k8s.io/kube-scheduler:v1.36.3', command: [kube-scheduler, --profiling=false]}}]\n{more}"
        )
    };
    let mirror = |node: &str| {
        let metadata = format!(
            ", annotations: {{kubernetes.io/config.mirror: abc}}, ownerReferences: [{{apiVersion: v1, kind: Node, name: {node}, uid: n, controller: true}}]"
        );
        let more = format!("  nodeName: {node}\n  tolerations: [{{operator: Exists, effect: NoExecute}}]\n");
        text(&format!("kube-scheduler-{node}"), &metadata, &more)
    };
    let files = [
        SourceFile::new("/api/v1/namespaces/kube-system/pods/kube-scheduler-n1", Stream::read(mirror("n1"))),
        SourceFile::new("/api/v1/namespaces/kube-system/pods/kube-scheduler-n2", Stream::read(mirror("n2"))),
        SourceFile::new(
            "nodes/n1/etc/kubernetes/manifests/kube-scheduler.yaml",
            Stream::read(text("kube-scheduler", "", "")),
        ),
    ];
    let evidence = Evidence::new(&files);
    let names = |evidence: &Evidence<'_>| -> Vec<String> {
        evidence.components().iter().map(|found| evidence.owner_of(found).name.to_owned()).collect()
    };
    // The component is what runs; the file on the node is a source of it that knows less.
    assert_eq!(names(&evidence), ["kube-scheduler-n1", "kube-scheduler-n2"]);
    assert_eq!(evidence.workloads().len(), 2);
}

#[test]
fn ports_of_the_host_are_filled_in_on_its_network_alone() {
    let with_port =
        |text: String| text.replace("resources: {}", "resources: {}, ports: [{containerPort: 80}]");
    let on_host = |text: String| {
        text.replace("restartPolicy: Always", "restartPolicy: Always\n      hostNetwork: true")
    };
    let live = |more: &str| {
        let port = "    ports: [{containerPort: 80, hostPort: 80, protocol: TCP}]\n";
        pod("web-h-1", WEB, port, more)
    };
    let texts = [
        on_host(with_port(deployment())),
        live("  hostNetwork: true\n")
            .replace("ReplicaSet", "Deployment")
            .replace("name: web-h, uid: r-web-h", "name: web, uid: d1"),
    ];
    assert_eq!(judged(&texts), ["Deployment shop/web"]);
    let texts = [
        with_port(deployment()),
        live("")
            .replace("ReplicaSet", "Deployment")
            .replace("name: web-h, uid: r-web-h", "name: web, uid: d1"),
    ];
    assert_eq!(judged(&texts).len(), 2);
}

#[test]
fn what_is_owned_in_a_circle_is_judged() {
    let owned_by = |text: String, by: &str| {
        text.replace(
            "kind: Deployment, name: web, uid: d1",
            &format!("kind: ReplicaSet, name: {by}, uid: r-{by}"),
        )
    };
    let texts = [
        owned_by(replica_set("one", 1, "web:1"), "other"),
        owned_by(replica_set("other", 1, "web:1"), "one"),
        owned_by(replica_set("self", 1, "web:1"), "self"),
    ];
    assert_eq!(judged(&texts).len(), 3);
}
