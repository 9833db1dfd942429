//! Evidence that was kept up to date is the evidence of reading everything again.

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, Object, SourceFile};

/// Texts that a file may hold, one after the other.
const TEXTS: &[&str] = &[
    "",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\nspec: {containers: [{name: c, image: i}]}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: x}\nspec: {template: {spec: {containers: [{name: c, image: i, command: [kube-scheduler]}]}}}\n---\nhello: world\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b, namespace: x}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: s}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r, namespace: x}\n",
    "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nreadOnlyPort: 1\n",
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: n, namespace: x}\nspec: {podSelector: {}}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: 1\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: x, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: d, controller: true}]}\nspec: {containers: [{name: c, image: i, command: [kube-scheduler]}]}\n",
    "apiVersion: v1\nkind: Pod\nmetadata: {name: 1}\nspec: {containers: 7}\n",
];

/// All that can be seen of evidence.
fn seen(evidence: &Evidence<'_>) -> String {
    let object = |object: &Object<'_>| format!("{object} in {} {}", object.file, object.document);
    let mut text: Vec<String> = evidence.objects().iter().map(object).collect();
    for kind in ["Pod", "ConfigMap", "Deployment", "Role", "RoleBinding", "KubeletConfiguration"] {
        text.extend(evidence.of_kind(kind).map(|found| format!("of kind {kind}: {}", object(found))));
    }
    text.extend(
        evidence.workloads().iter().map(|workload| format!("pod in {}", object(evidence.owner(workload)))),
    );
    text.extend(evidence.components().iter().map(|component| {
        format!("{:?} {:?} by {}", component.program, component.setup, object(evidence.owner_of(component)))
    }));
    text.extend(evidence.bindings_of("s").map(|(binding, _)| format!("bound by {}", object(binding))));
    text.extend(
        evidence
            .diagnostics()
            .iter()
            .map(|found| format!("{} {:?}: {}", found.file, found.span, found.message)),
    );
    for zone in &evidence.network().zones {
        let at = |index: &u32| object(&evidence.objects()[*index as usize]);
        let pods = zone.pods.iter().map(|(index, _)| &evidence.workloads()[*index as usize]);
        text.push(format!("zone {:?} {:?} {}", zone.name, zone.object.as_ref().map(at), zone.doubtful));
        text.extend(pods.map(|pod| format!("with pod in {}", object(evidence.owner(pod)))));
        text.extend(zone.policies.iter().map(|(index, _)| format!("with policy {}", at(index))));
    }
    text.push(format!("{} {}", evidence.document_count(), evidence.foreign_document_count()));
    text.push(format!("{:?}", evidence.access().policy().bindings().len()));
    text.join("\n")
}

#[test]
fn replacing_and_adding_files_is_reading_them_all() {
    // Every text of every file is replaced by every other one, in an order that mixes them.
    let file =
        |slot: usize, text: usize| SourceFile::new(format!("{slot}/a.yaml"), Stream::read(TEXTS[text]));
    let mut held: Vec<usize> = vec![1, 2, 3, 4];
    let slots = held.len() + 1;
    let first: Vec<SourceFile> = held.iter().enumerate().map(|(slot, &text)| file(slot, text)).collect();
    let steps: Vec<(usize, usize)> = (0..7 * TEXTS.len())
        .flat_map(|round| (0..slots).map(move |slot| (slot, (round * 3 + slot * 5) % TEXTS.len())))
        .collect();
    let edits: Vec<SourceFile> = steps.iter().map(|&(slot, text)| file(slot, text)).collect();
    let mut evidence = Evidence::new(&first);
    for (edit, &(slot, text)) in edits.iter().zip(&steps) {
        if slot < held.len() {
            evidence.replace(slot as u32, edit);
            held[slot] = text;
        } else {
            assert_eq!(evidence.add(edit) as usize, held.len());
            held.push(text);
        }
        evidence.settle();
        let whole: Vec<SourceFile> = held.iter().enumerate().map(|(slot, &text)| file(slot, text)).collect();
        assert_eq!(seen(&evidence), seen(&Evidence::new(&whole)), "after {text} in {slot}");
    }
}
