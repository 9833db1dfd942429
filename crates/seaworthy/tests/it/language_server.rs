//! An editor's session: with the bare protocol, and with Neovim as a real client.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lsp_server::{Message, Notification, Request, RequestId};
use serde_json::{Value, json};

use crate::program::command;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that speaks the protocol and nothing else.
struct Client {
    server: Child,
    input: std::process::ChildStdin,
    messages: std::sync::mpsc::Receiver<Message>,
    requests: i32,
}

impl Client {
    fn start(folder: &Path, encodings: &[&str]) -> Client {
        let mut server = command(&["lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let mut output = std::io::BufReader::new(server.stdout.take().expect("piped"));
        let (sender, messages) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            while let Ok(Some(message)) = Message::read(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let input = server.stdin.take().expect("piped");
        let mut client = Client { server, input, messages, requests: 0 };
        let initialized = client.request(
            "initialize",
            json!({
                "processId": null,
                "rootUri": uri(folder),
                "capabilities": {"general": {"positionEncodings": encodings}},
            }),
        );
        assert_eq!(initialized["serverInfo"]["name"], "seaworthy");
        client.notify("initialized", json!({}));
        client
    }

    fn send(&mut self, message: Message) {
        message.write(&mut self.input).expect("the server listens");
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(Message::Notification(Notification { method: method.to_owned(), params }));
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        self.send(Message::Request(Request { id: id.clone(), method: method.to_owned(), params }));
        loop {
            match self.messages.recv_timeout(PATIENCE).expect("an answer in time") {
                Message::Response(response) if response.id == id => {
                    assert!(response.error.is_none(), "{:?}", response.error);
                    return response.result.unwrap_or_default();
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, path: &Path, text: &str) {
        let document = json!({"uri": uri(path), "languageId": "yaml", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    fn change(&mut self, path: &Path, version: i32, changes: Value) {
        let document = json!({"uri": uri(path), "version": version});
        self.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": changes}));
    }

    /// The diagnostics of a state of a document, as `line:character-character code message`.
    fn diagnostics(&mut self, path: &Path, version: i32) -> Vec<String> {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("diagnostics in time");
            let Message::Notification(Notification { method, params }) = message else { continue };
            if method != "textDocument/publishDiagnostics"
                || params["uri"] != uri(path)
                || params["version"] != version
            {
                continue;
            }
            let one = |diagnostic: &Value| {
                let (start, end) = (&diagnostic["range"]["start"], &diagnostic["range"]["end"]);
                format!(
                    "{}:{}-{} {} {}",
                    start["line"],
                    start["character"],
                    end["character"],
                    diagnostic["code"].as_str().unwrap_or("-"),
                    diagnostic["message"].as_str().expect("a message").lines().next().unwrap_or_default()
                )
            };
            return params["diagnostics"].as_array().expect("a list").iter().map(one).collect();
        }
    }

    fn end(mut self) {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        assert!(self.server.wait().expect("it ends").success());
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn of<'d>(diagnostics: &'d [String], control: &str) -> Vec<&'d str> {
    let word = format!(" {control} ");
    diagnostics.iter().filter(|text| text.contains(&word)).map(String::as_str).collect()
}

const POD: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers:
    - {name: \"ü𝄞\", image: nginx:1.27, securityContext: {privileged: true}}
";

#[test]
fn diagnostics_follow_what_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    std::fs::write(&pod, POD).unwrap();
    let mut client = Client::start(folder.path(), &["utf-16"]);
    client.open(&pod, POD);
    let found = client.diagnostics(&pod, 1);
    // Columns count units of UTF-16: the clef is two.
    assert_eq!(of(&found, "pods/privileged"), ["6:57-73 pods/privileged `privileged: true`"]);

    let range = json!({"start": {"line": 6, "character": 69}, "end": {"line": 6, "character": 73}});
    client.change(&pod, 2, json!([{"range": range, "text": "false"}]));
    assert_eq!(of(&client.diagnostics(&pod, 2), "pods/privileged"), [""; 0]);

    client.change(&pod, 3, json!([{"text": "apiVersion: v1\nkind: Pod\nmetadata: {name: web\n"}]));
    let found = client.diagnostics(&pod, 3);
    assert_eq!(found, ["2:10-11 - the bracket that starts here is never closed"]);

    // The same without encodings to choose from, and with bytes.
    client.end();
    let mut client = Client::start(folder.path(), &["utf-8", "utf-16"]);
    client.open(&pod, POD);
    assert_eq!(
        of(&client.diagnostics(&pod, 1), "pods/privileged"),
        ["6:60-76 pods/privileged `privileged: true`"]
    );
    client.end();
}

/// An account whose pods get a token or not, by the word at the end.
const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\nautomountServiceAccountToken: ";

#[test]
fn what_stands_in_other_files_counts_also_while_it_is_typed() {
    let folder = tempfile::tempdir().unwrap();
    let (pod, account) = (folder.path().join("pod.yaml"), folder.path().join("account.yaml"));
    std::fs::write(&account, format!("{ACCOUNT}true\n")).unwrap();
    let mut client = Client::start(folder.path(), &[]);
    client.open(&pod, POD);
    let token = "service-accounts/automount-token";
    assert_eq!(of(&client.diagnostics(&pod, 1), token).len(), 1);
    // What is typed is not saved yet.
    client.open(&account, &format!("{ACCOUNT}false\n"));
    assert_eq!(of(&client.diagnostics(&pod, 1), token), [""; 0]);
    let range = json!({"start": {"line": 3, "character": 30}, "end": {"line": 3, "character": 35}});
    client.change(&account, 2, json!([{"range": range, "text": "true"}]));
    assert_eq!(of(&client.diagnostics(&pod, 1), token).len(), 1);
    client.change(&account, 3, json!([{ "text": format!("{ACCOUNT}false\n") }]));
    assert_eq!(of(&client.diagnostics(&pod, 1), token), [""; 0]);
    // Closed without being saved, the file counts again.
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri(&account)}}));
    assert_eq!(of(&client.diagnostics(&pod, 1), token).len(), 1);
    client.end();
}

#[test]
fn the_page_of_a_control_is_shown_under_the_pointer() {
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    let mut client = Client::start(folder.path(), &[]);
    client.open(&pod, POD);
    client.diagnostics(&pod, 1);
    let mut hover = |line: u32, character: u32| {
        let params =
            json!({"textDocument": {"uri": uri(&pod)}, "position": {"line": line, "character": character}});
        client.request("textDocument/hover", params)
    };
    let page = hover(6, 65);
    let text = page["contents"]["value"].as_str().expect("Markdown");
    assert!(text.contains("`pods/privileged`") && text.contains("**Cure.**"), "{text}");
    assert_eq!(page["range"]["start"], json!({"line": 6, "character": 57}));
    assert_eq!(hover(0, 3), Value::Null);
    client.end();
}

#[test]
fn files_that_change_on_disk_are_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let (pod, account) = (folder.path().join("pod.yaml"), folder.path().join("account.yaml"));
    std::fs::write(&account, format!("{ACCOUNT}true\n")).unwrap();
    let mut client = Client::start(folder.path(), &[]);
    client.open(&pod, POD);
    let token = "service-accounts/automount-token";
    assert_eq!(of(&client.diagnostics(&pod, 1), token).len(), 1);
    std::fs::write(&account, format!("{ACCOUNT}false\n")).unwrap();
    let change = json!({"changes": [{"uri": uri(&account), "type": 2}]});
    client.notify("workspace/didChangeWatchedFiles", change);
    assert_eq!(of(&client.diagnostics(&pod, 1), token), [""; 0]);
    client.end();
}

#[test]
fn typing_without_end_needs_no_memory_without_end() {
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    let mut client = Client::start(folder.path(), &[]);
    client.open(&pod, POD);
    // More states than are held at once.
    for version in 2..5000 {
        client.change(&pod, version, json!([{ "text": POD }]));
    }
    client.change(&pod, 5000, json!([{"text": POD.replace("true", "false")}]));
    assert_eq!(of(&client.diagnostics(&pod, 5000), "pods/privileged"), [""; 0]);
    client.end();
}

#[test]
fn what_the_server_does_not_know_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    let mut client = Client::start(folder.path(), &[]);
    client.notify("$/setTrace", json!({"value": "off"}));
    client.open(Path::new("/no/where/notes.txt"), "privileged: true");
    client.change(Path::new("/never/opened.yaml"), 7, json!([{"text": "a: 1"}]));
    client.open(&pod, POD);
    assert_eq!(of(&client.diagnostics(&pod, 1), "pods/privileged").len(), 1);
    client.end();
}

#[test]
fn neovim_shows_what_the_server_says() {
    let required = std::env::var_os("SEAWORTHY_EDITOR").is_some_and(|value| value == "required");
    if Command::new("nvim").arg("--version").output().is_err() {
        assert!(!required, "SEAWORTHY_EDITOR=required, but `nvim` is not on the PATH");
        println!("skipped: `nvim` is not on the PATH");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    std::fs::write(&pod, POD).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/language_server.lua");
    let output = Command::new("nvim")
        .args(["--headless", "--clean", "-n", "-c"])
        .arg(format!("luafile {}", script.display()))
        .arg(&pod)
        .env("SEAWORTHY", env!("CARGO_BIN_EXE_seaworthy"))
        .env("XDG_STATE_HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .current_dir(folder.path())
        .output()
        .expect("nvim runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stdout));
    assert!(said.contains("session complete"), "{said}");
}
