//! Folders of this machine that a run leaves: they go, whichever cluster they were about, and no other folder ever does.

use std::fs;

use seaworthy_prober::Fate;
use serde_json::json;

use crate::server::{Server, answer};

#[test]
fn only_folders_of_runs_are_removed() {
    let server = Server::tls(|_, stream| answer(stream, 404, "{}"));
    let state = server.options().state.expect("a folder");
    fs::create_dir_all(&state).expect("a folder");
    let ledger = |run: &str, folder: &str| {
        let head = json!({"ledger": 1, "run": run, "url": "https://elsewhere", "cluster": null, "at": ""});
        let line = json!({"intent": 3, "folder": folder});
        fs::write(state.join(format!("{run}.jsonl")), format!("{head}\n{line}\n")).expect("a ledger");
    };
    let own = state.join("bcdefghijk.scratch-3");
    let victim = state.parent().expect("a folder").join("victim");
    let of_another = state.join("zyxwvutsrq.scratch-3");
    for folder in [&own, &victim, &of_another] {
        fs::create_dir_all(folder.join("data")).expect("a folder");
        fs::write(folder.join("data/db"), "secrets").expect("a file");
    }
    // What a link in it leads to is somebody else's.
    std::os::unix::fs::symlink(&victim, own.join("link")).expect("a link");
    ledger("bcdefghijk", "bcdefghijk.scratch-3");
    ledger("cdefghijkl", "../victim");
    ledger("defghijklm", "zyxwvutsrq.scratch-3");
    ledger("efghijklmn", "efghijklmn.scratch-3");

    let cleaned = server.prober().clean(None).expect("it looks");
    let fates: Vec<_> = cleaned.objects.iter().map(|left| (left.run.as_str(), &left.fate)).collect();
    assert_eq!(fates, [("bcdefghijk", &Fate::Removed), ("efghijklmn", &Fate::Absent)]);
    assert_eq!(cleaned.unreadable.len(), 2, "{cleaned:?}");
    assert!(cleaned.elsewhere.is_empty() && !cleaned.is_complete());
    assert!(!own.exists() && victim.join("data/db").exists() && of_another.join("data/db").exists());
    assert!(!state.join("bcdefghijk.jsonl").exists() && !state.join("efghijklmn.jsonl").exists());
}
