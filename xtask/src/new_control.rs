//! `cargo xtask new-control family/name`.

use std::fs;
use std::path::Path;

use seaworthy_controls::catalogue;

pub(crate) fn run(root: &Path, id: &str) -> crate::Result {
    create(root, id).map_err(|problem| vec![problem])
}

fn create(root: &Path, id: &str) -> Result<(), String> {
    let word = |word: &str| {
        !word.is_empty()
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let (family, name) = id
        .split_once('/')
        .filter(|(family, name)| word(family) && word(name))
        .ok_or_else(|| format!("`{id}` is not of the form `family/name`, in lower case with `-`"))?;
    if catalogue::find(id).is_some() {
        return Err(format!("the control `{id}` exists already"));
    }
    let module = name.replace('-', "_");
    let folder = root.join("crates/controls/src").join(family.replace('-', "_"));
    let registry = folder.join("mod.rs");
    let text = fs::read_to_string(&registry)
        .map_err(|error| format!("{}: {error}; a new family starts with its `mod.rs`", registry.display()))?;
    let text = with_line(&text, "mod ", &format!("mod {module};"))?;
    let text = with_line(&text, "    &", &format!("    &{module}::CONTROL,"))?;
    write(&folder.join(format!("{module}.rs")), &source(id, &module))?;
    write(&folder.join(format!("{module}.md")), PAGE)?;
    write(&registry, &text)?;
    println!("wrote {0}/{module}.rs and {0}/{module}.md", folder.display());
    println!("next: fill in both, `cargo test -p seaworthy-controls`, `cargo xtask docs`");
    Ok(())
}

/// Puts a line where it belongs among the sorted lines that start alike.
fn with_line(text: &str, prefix: &str, line: &str) -> Result<String, String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|other| other.starts_with(prefix)).ok_or("the registry has no list")?;
    let run = lines[first..].iter().take_while(|other| other.starts_with(prefix)).count();
    // Ids sort by their text, in which `-` stands for the `_` of module names.
    let key = |line: &str| line.replace('_', "-");
    let at = lines[first..first + run].partition_point(|other| key(other) < key(line));
    lines.insert(first + at, line);
    Ok(lines.join("\n") + "\n")
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn source(id: &str, module: &str) -> String {
    format!(
        r#"//! `{id}`; prose and cases in `{module}.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{{Check, Control, Mappings, Phase, Scope, Severity}};
use crate::scope::ContainerScope;
use crate::verdict::{{Fault, Verdict}};

pub(super) static CONTROL: Control = Control {{
    id: "{id}",
    title: "Say the state that is demanded, as a sentence",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::SECURITY_CONTEXT,
    page: include_str!("{module}.md"),
    mappings: Mappings {{ ..Mappings::NONE }},
    check: Check::Container(check),
    guard: None,
}};

fn check<'a>(scope: &ContainerScope<'_, 'a>) -> Verdict<'a> {{
    match scope.container.value().get("fieldOfInterest") {{
        Some(value) => Verdict::fail(Fault::new(Place::at(value), "say what is wrong, in the words of the file")),
        None => Verdict::Pass,
    }}
}}
"#
    )
}

const PAGE: &str = "\
Say why it matters: what an attacker does where the control is missing, in words for somebody new to the field.

## Check

Say exactly what is judged, and which defaults hold.

## Cure

Say in one sentence what to change.

```yaml
spec: {}
```

## Cases

Plainly wrong:

```yaml finding
```

Plainly right:

```yaml ok
```
";
