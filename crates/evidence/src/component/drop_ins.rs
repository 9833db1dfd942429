//! Drop-ins: files that add to another file of the same program, by the folders in which they lie.

use rustc_hash::{FxHashMap, FxHashSet};

use super::find::KUBEADM;
use super::{Component, Program, Setup, k3s};
use crate::index::SourceFile;
use crate::object::Object;

/// Puts files together that one program reads: drop-ins with the file that they add to, and the flags of kubeadm with
/// the configuration beside them. Objects stand in the order of their files, and so do drop-ins.
pub(super) fn merge<'a>(
    components: Vec<Component<'a>>,
    objects: &[Object<'a>],
    files: &[&'a SourceFile],
) -> Vec<Component<'a>> {
    let components = merge_k3s(components, objects, files);
    // kubeadm completes the KubeletConfiguration that stands in its file.
    let of_kubeadm: FxHashSet<u32> =
        objects.iter().filter(|object| object.group() == KUBEADM).map(|object| object.file).collect();
    let is_kubelet_file = |component: &Component<'a>| {
        component.program == Program::Kubelet && component.setup == Setup::ConfigurationFile
    };
    let file = |component: &Component<'a>| objects[component.object as usize].file;
    let folder = |component: &Component<'a>| parent(&files[file(component) as usize].name);
    let (kubelet_files, mut merged): (Vec<_>, Vec<_>) = components.into_iter().partition(is_kubelet_file);
    let (drop_ins, mut kubelets): (Vec<_>, Vec<_>) =
        kubelet_files.into_iter().partition(|component| folder(component).ends_with(".d"));

    for kubelet in kubelets.iter_mut().filter(|kubelet| of_kubeadm.contains(&file(kubelet))) {
        kubelet.setup = Setup::Kubeadm;
    }

    // The only configuration of a folder, by the folder; nothing tells which one of several is meant.
    let mut bases: FxHashMap<&str, Option<usize>> = FxHashMap::default();
    for (index, kubelet) in kubelets.iter().enumerate() {
        bases.entry(folder(kubelet)).and_modify(|base| *base = None).or_insert(Some(index));
    }
    let mut of_folder: FxHashMap<&str, usize> = FxHashMap::default();
    for drop_in in drop_ins {
        let folder = folder(&drop_in);
        let index = *of_folder
            .entry(folder)
            .or_insert_with(|| bases.get(parent(folder)).copied().flatten().unwrap_or(kubelets.len()));
        match kubelets.get_mut(index) {
            Some(kubelet) => {
                kubelet.configuration.extend(drop_in.configuration);
                kubelet.sources.push(drop_in.object);
            }
            None => kubelets.push(drop_in),
        }
    }

    // kubeadm hands the KubeletConfiguration of its file to the kubelet whose flags it writes.
    let mut in_file: FxHashMap<u32, usize> = FxHashMap::default();
    in_file.extend(kubelets.iter().enumerate().map(|(index, kubelet)| (file(kubelet), index)));
    let mut handed = Vec::new();
    for component in merged.iter_mut().filter(|component| component.program == Program::Kubelet) {
        if component.setup == Setup::Kubeadm
            && let Some(index) = in_file.remove(&file(component))
        {
            component.configuration = std::mem::take(&mut kubelets[index].configuration);
            component.sources.push(kubelets[index].object);
            component.sources.append(&mut kubelets[index].sources);
            handed.push(index);
        }
    }
    let left = kubelets.into_iter().enumerate().filter(|(index, _)| !handed.contains(index));
    merged.extend(left.map(|(_, kubelet)| kubelet));
    merged.sort_by_key(|component| (component.object, component.program));
    merged
}

/// Puts the drop-ins of k3s (`config.yaml.d/*.yaml`) to the file beside their folder.
fn merge_k3s<'a>(
    components: Vec<Component<'a>>,
    objects: &[Object<'a>],
    files: &[&'a SourceFile],
) -> Vec<Component<'a>> {
    let of = |component: &Component<'a>| &objects[component.object as usize];
    let path = |component: &Component<'a>| files[of(component).file as usize].name.as_str();
    let is_drop_in = |component: &Component<'a>| {
        k3s::is_configuration(of(component)) && k3s::base_of(path(component)).is_some()
    };
    let (drop_ins, mut merged): (Vec<_>, Vec<_>) = components.into_iter().partition(is_drop_in);
    if drop_ins.is_empty() {
        return merged;
    }
    let mut bases: FxHashMap<(&str, Program), usize> = FxHashMap::default();
    for (index, component) in merged.iter().enumerate().filter(|(_, base)| k3s::is_configuration(of(base))) {
        bases.insert((path(component), component.program), index);
    }
    for drop_in in drop_ins {
        let base = k3s::base_of(path(&drop_in)).unwrap_or_default();
        let index = *bases.entry((base, drop_in.program)).or_insert(merged.len());
        let root = of(&drop_in).value;
        match merged.get_mut(index) {
            Some(base) => k3s::add(base, drop_in, &root),
            None => merged.push(drop_in),
        }
    }
    merged
}

/// The folder of a path.
fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
