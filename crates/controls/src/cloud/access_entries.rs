//! Entries that map identities of AWS to users and groups of the cluster, wherever they stand.

use seaworthy_document::Value;

use crate::control::Severity;

/// What is wrong with an entry.
pub(super) struct Weakness {
    /// What stands there, and what it means.
    pub(super) message: String,
    /// How bad it is.
    pub(super) severity: Severity,
}

/// Groups whose members act as nodes.
const NODE_GROUPS: &[&str] = &["system:nodes", "system:bootstrappers"];

/// The weaknesses of an entry of `mapRoles` or `mapUsers`, or of the same form elsewhere; `identity` is the key that names
/// the identity.
pub(super) fn weaknesses(entry: &Value<'_>, identity: &str) -> Vec<Weakness> {
    let text = |key| entry.get(key).map_or("", |value| value.text());
    let arn = text(identity);
    let who = name(arn);
    let groups: Vec<&str> =
        entry.get("groups").into_iter().flat_map(|list| list.items()).map(|g| g.text()).collect();
    let mut found = Vec::new();
    let mut add = |severity, message| found.push(Weakness { message, severity });
    if groups.contains(&"system:masters") {
        add(
            Severity::Critical,
            format!(
                "{who} is mapped to `system:masters`: it may do everything, and no role can take that away"
            ),
        );
    }
    if arn.contains('*') {
        add(Severity::High, format!("{who} is a pattern: whoever can make a fitting identity is let in"));
    }
    if arn.ends_with(":root") {
        add(Severity::High, format!("{who} is the whole account: each of its administrators is let in"));
    }
    let is_node = groups.iter().any(|group| NODE_GROUPS.contains(group));
    let further: Vec<&str> = groups
        .iter()
        .copied()
        .filter(|group| {
            // Windows nodes need the second one, as the documentation of EKS shows.
            !NODE_GROUPS.contains(group)
                && !matches!(*group, "eks:kube-proxy-windows" | "system:node-proxier" | "system:masters")
        })
        .collect();
    if is_node && !further.is_empty() {
        add(
            Severity::High,
            format!(
                "{who} is the role of nodes, and also in `{}`: every pod that reaches its credentials is",
                further.join("`, `")
            ),
        );
    }
    let user = text("username");
    if !is_node && ["{{SessionName}}", "{{SessionNameRaw}}"].iter().any(|start| user.starts_with(start)) {
        add(
            Severity::Medium,
            format!(
                "{who}: `username: {user}`: whoever assumes the role chooses the name, also that of somebody else"
            ),
        );
    }
    found
}

/// Whom an ARN names: the part behind the account.
pub(super) fn name(arn: &str) -> String {
    let last = arn.splitn(6, ':').nth(5).unwrap_or(arn);
    match last {
        "" => "an identity without ARN".to_owned(),
        "root" => format!("`{arn}`"),
        last => format!("`{last}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_shown_without_their_account() {
        assert_eq!(name("arn:aws:iam::111122223333:role/admin"), "`role/admin`");
        assert_eq!(name("${ROLE}"), "`${ROLE}`");
        assert_eq!(name(""), "an identity without ARN");
    }
}
