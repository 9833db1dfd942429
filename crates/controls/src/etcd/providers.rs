//! Which provider encrypts a resource, by the rules of `k8s.io/apiserver/pkg/server/options/encryptionconfig`.

use seaworthy_document::Value;

use crate::flags::is_placeholder;

/// One block of an EncryptionConfiguration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block<'a> {
    pub(crate) value: Value<'a>,
}

/// How a provider keeps what it writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Provider<'a> {
    /// `kms`, `aesgcm`, `aescbc`, `secretbox` or `identity`; empty for none of them.
    pub(crate) name: &'a str,
    /// Its settings, or the entry when it is none that is known.
    pub(crate) value: Value<'a>,
}

impl<'a> Block<'a> {
    /// The resources that it lists, as `secrets`, `*.apps` or `*.*`.
    pub(crate) fn resources(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.value.get("resources").into_iter().flat_map(|list| list.items())
    }

    /// The providers in their order: the first one writes, all of them read.
    pub(crate) fn providers(&self) -> impl Iterator<Item = Provider<'a>> + use<'a> {
        let list = self.value.get("providers").into_iter().flat_map(|list| list.items());
        list.map(|entry| {
            let known = entry.entries().find(|(key, value)| {
                matches!(key.text(), "kms" | "aesgcm" | "aescbc" | "secretbox" | "identity")
                    && !value.is_null()
            });
            let none = Provider { name: "", value: entry };
            known.map_or(none, |(key, value)| Provider { name: key.text(), value })
        })
    }
}

/// The blocks of a file.
pub(crate) fn blocks<'a>(file: Value<'a>) -> impl Iterator<Item = Block<'a>> {
    file.get("resources").into_iter().flat_map(|list| list.items()).map(|value| Block { value })
}

/// The block that encrypts a resource, with the entry that names it: an entry of its own before one of its group
/// before one of everything. (The server refuses an entry behind a wider one, so that this is the first match.)
pub(crate) fn block_of<'a>(file: Value<'a>, resource: &str, group: &str) -> Option<(Block<'a>, Value<'a>)> {
    let find = |wanted_resource: &str, wanted_group: &str| {
        blocks(file).find_map(|block| {
            let entry =
                block.resources().find(|entry| parse(entry.text()) == (wanted_resource, wanted_group))?;
            Some((block, entry))
        })
    };
    find(resource, group).or_else(|| find("*", group)).or_else(|| find("*", "*"))
}

/// Entries that the server refuses, since an earlier one hides them; each with the one that does.
pub(crate) fn hidden<'a>(file: Value<'a>) -> Vec<(Value<'a>, &'a str)> {
    let mut wide: Vec<(&'a str, &'a str)> = Vec::new();
    let mut hidden = Vec::new();
    for entry in blocks(file).flat_map(|block| block.resources()) {
        let (resource, group) = parse(entry.text());
        // A group has one wildcard at most here, and files name few groups by one.
        if let Some((_, by)) = wide.iter().find(|(of, _)| *of == "*" || *of == group) {
            hidden.push((entry, *by));
        } else if resource == "*" && wide.len() < MANY {
            wide.push((group, entry.text()));
        }
    }
    hidden
}

/// Groups by wildcard that are looked at.
const MANY: usize = 64;

/// Resource and group, as `ParseGroupResource` takes `secrets`, `*.` and `*.*` apart.
fn parse(entry: &str) -> (&str, &str) {
    entry.split_once('.').unwrap_or((entry, ""))
}

/// Whether something in the lists is filled in later.
pub(crate) fn has_placeholder(file: Value<'_>) -> bool {
    blocks(file).any(|block| {
        is_placeholder(block.value.text())
            || block.resources().any(|entry| is_placeholder(entry.text()))
            || block.providers().any(|provider| is_placeholder(provider.value.text()))
    })
}
