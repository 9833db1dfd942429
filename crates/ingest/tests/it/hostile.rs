//! Charts and overlays that want to do harm.

use std::time::{Duration, Instant};

use crate::fixture::{Repository, options, or_skip};

fn chart(template: &str) -> Repository {
    Repository::new(&[
        ("c/Chart.yaml", "apiVersion: v2\nname: c\nversion: 0.1.0\n"),
        ("c/templates/a.yaml", template),
        ("pod.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"),
    ])
}

#[test]
fn a_chart_without_end_is_ended() {
    let repository =
        chart("{{ range $i := until 100000 }}{{ range $j := until 100000 }}{{ end }}{{ end }}\n");
    let mut render = or_skip!(options());
    render.timeout = Duration::from_millis(700);
    let begun = Instant::now();
    let seen = or_skip!(repository.collect_with(render));
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(seen.files(), ["pod.yaml"]);
    assert_eq!(seen.gaps(), ["c: Helm chart that was not rendered: `helm` took longer than 0.7 s"]);
}

#[test]
fn a_chart_that_becomes_too_much_is_not_read() {
    let repository = chart("a: {{ repeat 3000000 \"x\" }}\n");
    let mut render = or_skip!(options());
    render.max_output = 1 << 20;
    let seen = or_skip!(repository.collect_with(render));
    assert_eq!(seen.gaps(), ["c: Helm chart that was not rendered: `helm` printed more than 1 MiB"]);
}

#[test]
fn a_chart_sees_neither_the_environment_nor_files_around_it() {
    let repository = chart(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: '{{ .Files.Get \"../pod.yaml\" }}'\n  b: '{{ .Files.Get \"/etc/passwd\" }}'\n  \
         c: '{{ getHostByName \"localhost\" }}'\n  d: '{{ (lookup \"v1\" \"Secret\" \"\" \"\") | toJson }}'\n",
    );
    let seen = or_skip!(repository.collect());
    assert_eq!(seen.gaps(), [""; 0]);
    let text = seen.text();
    for line in ["a: ''", "b: ''", "c: ''", "d: '{}'"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    // Functions that would tell the environment are not there.
    let repository = chart("a: {{ env \"HOME\" }}\n");
    let gaps = or_skip!(repository.collect()).gaps();
    assert!(gaps[0].contains("function \"env\" not defined"), "{gaps:?}");
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    use crate::fixture::link;
    let repository = chart("a: {{ .Files.Get \"files/secret\" }}\n");
    link("/etc/passwd", &repository.path().join("c/files/secret"));
    let seen = or_skip!(repository.collect());
    assert!(!seen.text().contains("root:"));
    assert!(seen.gaps()[0].contains("the link `files/secret` leads out"), "{:?}", seen.gaps());

    let repository = Repository::new(&[(
        "o/kustomization.yaml",
        "resources: [a.yaml]\nconfigMapGenerator: [{name: a, files: [b]}]\n",
    )]);
    repository.write("o/a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");
    link("/etc/passwd", &repository.path().join("o/b"));
    let seen = or_skip!(repository.collect());
    assert!(!seen.text().contains("root:"));
    assert!(seen.gaps()[0].contains("overlay that was not rendered"), "{:?}", seen.gaps());
}

#[test]
fn values_that_refer_to_addresses_fetch_nothing() {
    // A schema that refers to an address that would hang.
    let repository = chart("apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\n");
    repository.write("c/values.schema.json", "{\"$ref\": \"http://10.255.255.1/schema.json\"}");
    let begun = Instant::now();
    let seen = or_skip!(repository.collect());
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(seen.gaps(), [""; 0]);
}

#[test]
fn what_a_chart_prints_does_not_choose_the_files_of_others() {
    let text = "---\n# Source: c/../pod.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n---\n# Source: c//etc/passwd\nkind: List\n";
    let seen = or_skip!(chart(text).collect());
    for file in &seen.collected.files {
        let files = file.origin.iter().flat_map(|origin| &origin.files);
        assert!(files.into_iter().all(|file| file.ends_with("c/templates/a.yaml")));
    }
}
