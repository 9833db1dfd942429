//! The public fixtures of kubeconform: the file name says what is expected.

use oracle_client::data;
use seaworthy_schema::refusals;

use crate::manifests::{built_in, files, objects};

/// Files with objects of built-in kinds that do not decode, and the paths that are at fault.
const REFUSED: [(&str, &[&str]); 5] = [
    ("invalid.yaml", &["spec.replicas", "spec.templates"]),
    ("list_invalid.yaml", &["spec.replicas", "spec.templates"]),
    ("multi_invalid.yaml", &["spec.ports[0].port"]),
    ("extra_property.yaml", &["spec.replicas"]),
    // What stands there twice is for the reader of the document to tell; `replicas` is unknown besides.
    ("duplicate_property.yaml", &["spec.replicas"]),
];

#[test]
fn fixtures_are_refused_as_their_names_say() {
    let folder = match data("kubeconform") {
        Ok(folder) => folder,
        Err(skip) => return skip.announce(),
    };
    let mut judged = 0;
    for file in files(&folder) {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut faults = Vec::new();
        for object in objects(&file.stream) {
            if let Some((_, _, of)) = built_in(object) {
                judged += 1;
                let found = refusals(of, object);
                let strict_only = found.iter().all(|refusal| refusal.problem.strict_only());
                assert!(
                    found.is_empty() || strict_only == name.ends_with("_property.yaml"),
                    "{name}: {found:?}"
                );
                // Below an item of a list the path says which item.
                let path = |path: String| path.find("spec").map_or(path.clone(), |at| path[at..].to_owned());
                faults.extend(found.iter().map(|refusal| path(refusal.value.path())));
            }
        }
        let expected =
            REFUSED.iter().find(|(refused, _)| *refused == name).map_or(&[][..], |(_, paths)| paths);
        assert_eq!(faults, expected, "{name}");
    }
    assert!(judged > 50, "only {judged} objects");
}
