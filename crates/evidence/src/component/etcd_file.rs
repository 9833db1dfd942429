//! The configuration file of etcd (`--config-file`): its keys are the flags, those of TLS two levels deep. Beside it etcd
//! looks at no flag and no variable.

use seaworthy_document::Value;

use super::Flag;

/// Keys whose parts are flags, and what the flags begin with.
const SECURITY: &[(&str, bool)] = &[("client-transport-security", false), ("peer-transport-security", true)];

/// Names of flags of TLS between members.
const OF_PEERS: &[(&str, &str)] = &[
    ("auto-tls", "peer-auto-tls"),
    ("cert-file", "peer-cert-file"),
    ("client-cert-auth", "peer-client-cert-auth"),
    ("key-file", "peer-key-file"),
    ("trusted-ca-file", "peer-trusted-ca-file"),
];

/// The flags that a file stands for.
pub(super) fn flags<'a>(root: &Value<'a>) -> Vec<Flag<'a>> {
    let mut flags = Vec::new();
    for (key, value) in root.entries() {
        let Some((_, of_peers)) = SECURITY.iter().find(|(name, _)| *name == key.text()) else {
            flags.push(Flag { name: key.text(), value: value.text(), at: value });
            continue;
        };
        for (key, value) in value.entries() {
            let peer = OF_PEERS.iter().find(|(name, _)| *name == key.text()).map(|(_, peer)| *peer);
            let name = if *of_peers { peer } else { Some(key.text()) };
            flags.extend(name.map(|name| Flag { name, value: value.text(), at: value }));
        }
    }
    flags
}
