//! What a kubeconfig says, without what it keeps secret.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use seaworthy_document::{Stream, Value};
use seaworthy_probe::Reply;
use serde_json::json;

use crate::inside;
use crate::tls;

/// Most bytes of a kubeconfig, and of a certificate that it names.
const MOST: u64 = 1 << 20;

/// Who may read it, how it verifies servers, and what kind of credentials it holds.
pub(crate) fn facts(path: &Path) -> Reply {
    let (text, readers) = match read(path) {
        Ok(read) => read,
        Err(reply) => return reply,
    };
    let stream = Stream::read(text);
    let Some(root) = stream.documents().next().map(|document| document.root()) else {
        return Reply::Nonsense("it holds no document".to_owned());
    };
    if root.get("clusters").is_none() && root.get("users").is_none() {
        return Reply::Nonsense("it is no kubeconfig".to_owned());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let list = |list, entry| {
        let items = root.get(list).into_iter().flat_map(|list: Value<'_>| list.items());
        items.filter_map(move |item| item.get(entry))
    };
    let clusters = list("clusters", "cluster").map(|cluster| {
        let skips =
            cluster.get("insecure-skip-tls-verify").is_some_and(|skips| skips.as_bool() == Some(true));
        json!({"skips": skips, "server": text_of(&cluster, "server")})
    });
    let clusters: Vec<serde_json::Value> = clusters.collect();
    let users: Vec<serde_json::Value> =
        list("users", "user").map(|user| credentials(&user, folder)).collect();
    Reply::Facts(json!({"readers": readers, "clusters": clusters, "users": users}))
}

/// What a user of it shows. Neither token nor key is among that.
fn credentials(user: &Value<'_>, folder: &Path) -> serde_json::Value {
    let holds = |key: &str| text_of(user, key).is_some();
    let token = text_of(user, "token").map(|token| {
        let claims = token.split('.').nth(1).and_then(|part| BASE64URL_NOPAD.decode(part.as_bytes()).ok());
        let claims: Option<serde_json::Value> =
            claims.and_then(|claims| serde_json::from_slice(&claims).ok());
        let time = |key: &str| claims.as_ref()?.get(key)?.as_i64();
        json!({"lifetime": time("exp").zip(time("iat")).map(|(end, begin)| end.saturating_sub(begin))})
    });
    let data =
        text_of(user, "client-certificate-data").and_then(|data| BASE64.decode(data.trim().as_bytes()).ok());
    let named = || {
        let name = text_of(user, "client-certificate")?;
        let mut pem = Vec::new();
        open(&folder.join(name)).ok()?.0.take(MOST).read_to_end(&mut pem).ok()?;
        Some(pem)
    };
    let files = ["client-key", "tokenFile"].into_iter().filter_map(|key| text_of(user, key));
    let readers = files.map(|name| open(&folder.join(name)).map_or("unknown", |(_, readers)| readers));
    // The worst of them.
    let elsewhere = readers
        .max_by_key(|readers| ["owner", "unknown", "group", "others"].iter().position(|one| one == readers));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let certificate = data.or_else(named).and_then(|pem| {
        let der = CertificateDer::pem_slice_iter(&pem).next()?.ok()?;
        let facts = tls::certificate(&der, i64::try_from(now).unwrap_or(i64::MAX))?;
        Some(json!({
            "masters": facts.subject.split(['=', ',', '+']).any(|part| part.trim() == "system:masters"),
            "lifetime": facts.lifetime, "remaining": facts.remaining,
        }))
    });
    json!({
        "token": token,
        "password": holds("password"),
        "provider": user.get("auth-provider").is_some(),
        "key": holds("client-key-data"),
        "elsewhere": elsewhere,
        "certificate": certificate,
        "exec": user.at(&["exec", "command"]).map(|command| command.text()),
    })
}

fn text_of<'a>(value: &Value<'a>, key: &str) -> Option<&'a str> {
    Some(value.get(key)?.text()).filter(|text| !text.trim().is_empty())
}

/// Its text, and who may read it.
fn read(path: &Path) -> Result<(String, &'static str), Reply> {
    let (mut file, readers) = open(path)?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| inside::failed(&error))?;
    Ok((text, readers))
}

/// A file, and who may read it: `owner`, `group` or `others`, by its mode and those of the folders on the way to it.
fn open(path: &Path) -> Result<(File, &'static str), Reply> {
    let failed = |error: std::io::Error| inside::failed(&error);
    // Modes on the way to a link are not those on the way to the file.
    let path = path.canonicalize().map_err(failed)?;
    let metadata = fs::metadata(&path).map_err(failed)?;
    // Whoever opens a pipe waits for its other end.
    if !metadata.is_file() || metadata.len() > MOST {
        return Err(Reply::Nonsense(format!("it is no file of at most {MOST} bytes")));
    }
    let file = File::open(&path).map_err(failed)?;
    let (mut others, mut group) = (metadata.mode() & 0o006 != 0, metadata.mode() & 0o060 != 0);
    for folder in path.ancestors().skip(1) {
        let mode = fs::metadata(folder).map_err(failed)?.mode();
        others &= mode & 0o001 != 0;
        group &= mode & 0o011 != 0;
    }
    let readers = match (others, group) {
        (true, _) => "others",
        (false, true) => "group",
        (false, false) => "owner",
    };
    Ok((file, readers))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const FILE: &str = "apiVersion: v1
kind: Config
clusters: [{name: a, cluster: {server: https://10.0.0.1, insecure-skip-tls-verify: true}}]
users:
  - {name: a, user: {token: eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjEwMCwiZXhwIjo3MDB9.secret-signature}}
  - {name: b, user: {token: opaque-secret, password: secret-word}}
  - {name: c, user: {exec: {command: aws}}}
";

    fn facts_of(path: &Path) -> serde_json::Value {
        match facts(path) {
            Reply::Facts(facts) => facts,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_secret_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        fs::write(&path, FILE).expect("a file");
        let facts = facts_of(&path);
        assert_eq!(facts["clusters"][0], json!({"skips": true, "server": "https://10.0.0.1"}));
        assert_eq!(facts["users"][0]["token"]["lifetime"], 600);
        assert_eq!(facts["users"][1]["token"], json!({"lifetime": null}));
        assert_eq!(facts["users"][1]["password"], true);
        assert_eq!(facts["users"][2]["exec"], "aws");
        assert!(!facts.to_string().contains("secret"), "{facts}");
        fs::write(&path, "a: b\n").expect("a file");
        assert!(matches!(super::facts(&path), Reply::Nonsense(_)));
        assert_eq!(super::facts(&folder.path().join("none")), Reply::Absent);
    }

    /// A file that everybody may read is read by nobody else in a folder that nobody else may enter.
    #[test]
    fn folders_on_the_way_protect_a_file() {
        let folder = tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o755)).tempdir();
        let folder = folder.expect("a folder");
        let path = folder.path().join("config");
        fs::write(&path, FILE).expect("a file");
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
        };
        for (file, of_folder, readers) in [
            (0o600, 0o755, "owner"),
            (0o644, 0o755, "others"),
            (0o640, 0o755, "group"),
            (0o644, 0o700, "owner"),
            (0o644, 0o710, "group"),
        ] {
            mode(&path, file);
            mode(folder.path(), of_folder);
            assert_eq!(facts_of(&path)["readers"], readers, "{file:o} in {of_folder:o}");
        }
    }
}
