//! Paths as text: what a pattern is compared with. Links are not looked at.

/// An absolute path without `.`, `..` and doubled slashes, of a name that is meant from a folder; without one, the
/// name as it is.
pub fn absolute_path(name: &str, folder: Option<&str>) -> String {
    match folder {
        Some(folder) if !name.starts_with('/') => normal(&format!("{folder}/{name}")),
        Some(_) => normal(name),
        None => name.to_owned(),
    }
}

fn normal(path: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => drop(names.pop()),
            name => names.push(name),
        }
    }
    format!("/{}", names.join("/"))
}

/// The part of an absolute path below a folder; `None` when it lies elsewhere. A relative path is its own part.
pub fn path_below<'p>(path: &'p str, folder: Option<&str>) -> Option<&'p str> {
    let Some(folder) = folder.filter(|_| path.starts_with('/')) else { return Some(path) };
    path.strip_prefix(folder.trim_end_matches('/'))?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::{absolute_path, path_below};

    #[test]
    fn paths_are_made_absolute_by_their_text() {
        assert_eq!(absolute_path("/a/./b//c/../d", Some("/x")), "/a/b/d");
        assert_eq!(absolute_path("../a.yaml", Some("/x/y")), "/x/a.yaml");
        assert_eq!(absolute_path("/../../a", Some("/")), "/a");
        assert_eq!(absolute_path("a/b", None), "a/b");
    }

    #[test]
    fn a_path_lies_below_a_folder_by_whole_names() {
        let path = "/repo/deploy/web.yaml";
        assert_eq!(path_below(path, Some("/repo")), Some("deploy/web.yaml"));
        assert_eq!(path_below(path, Some("/")), Some("repo/deploy/web.yaml"));
        assert_eq!(path_below(path, Some("/rep")), None);
        assert_eq!(path_below("web.yaml", Some("/repo")), Some("web.yaml"));
    }
}
