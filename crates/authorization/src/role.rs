//! Roles: their own rules, and those that flow into them by aggregation.

use seaworthy_document::Value;

use crate::bootstrap::Descent;
use crate::rule::Rule;

/// What a role is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKind {
    /// One namespace.
    Role,
    /// The cluster, or each namespace in which a RoleBinding refers to it.
    ClusterRole,
}

impl RoleKind {
    /// The kind of a name, exactly written.
    pub fn called(kind: &str) -> Option<RoleKind> {
        match kind {
            "Role" => Some(RoleKind::Role),
            "ClusterRole" => Some(RoleKind::ClusterRole),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            RoleKind::Role => "Role",
            RoleKind::ClusterRole => "ClusterRole",
        }
    }
}

/// A Role or ClusterRole, from the files or built in.
#[derive(Debug)]
pub struct Role<'a> {
    /// Its number in [`Policy::roles`](crate::Policy::roles).
    pub number: u32,
    /// Role or ClusterRole.
    pub kind: RoleKind,
    /// The namespace of a Role; `None` when the file leaves it open.
    pub namespace: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
    /// The whole object.
    pub value: Value<'a>,
    /// Its number among the sources of the policy; `None` for a built-in role that is not among them.
    pub source: Option<u32>,
    /// How it relates to the built-in role of its name.
    pub descent: Descent<'a>,
    /// Whether a rule of its own grants every verb on every resource.
    pub full: bool,
    /// Numbers of the roles whose rules flow into it, directly.
    pub(crate) parts: Vec<u32>,
    /// Numbers of the roles into which its rules flow, directly.
    pub(crate) wholes: Vec<u32>,
}

impl<'a> Role<'a> {
    /// The rules that stand in the role itself.
    pub fn own_rules(&self) -> impl Iterator<Item = Rule<'a>> + Clone + use<'a> {
        own_rules(self.value)
    }

    /// Whether its rules are those of other roles (`aggregationRule`).
    pub fn is_aggregated(&self) -> bool {
        self.value.get("aggregationRule").is_some()
    }
}

/// The rules that stand in a role.
pub(crate) fn own_rules<'a>(role: Value<'a>) -> impl Iterator<Item = Rule<'a>> + Clone + use<'a> {
    role.get("rules").into_iter().flat_map(|rules| rules.items()).map(Rule::new)
}

/// A text in a map, unless it is empty.
pub(crate) fn text<'a>(map: Value<'a>, key: &str) -> Option<&'a str> {
    map.get(key).and_then(|value| value.as_str()).filter(|text| !text.is_empty())
}
