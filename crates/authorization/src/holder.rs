//! Who holds rights: the subjects of bindings.

use std::fmt;

use seaworthy_document::Value;

/// In front of namespace and name in the user name of a service account.
const ACCOUNT: &str = "system:serviceaccount:";

/// A user, a group or a service account. A user called `system:serviceaccount:NS:NAME` is that account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder<'a> {
    /// A user, by the name that authentication gives.
    User(&'a str),
    /// A group, by the name that authentication gives.
    Group(&'a str),
    /// An account of a workload.
    ServiceAccount {
        /// Its namespace; `None` when the files leave it open.
        namespace: Option<&'a str>,
        /// Its name.
        name: &'a str,
    },
}

impl<'a> Holder<'a> {
    /// Whom a subject of a binding means; `None` when it names nobody. The namespace of an account defaults to that of
    /// a RoleBinding. (The API server demands it; before that, a tool may fill it in.)
    pub fn of(subject: Value<'a>, binding_namespace: Option<&'a str>) -> Option<Holder<'a>> {
        let text =
            |key| subject.get(key).and_then(|value: Value<'a>| value.as_str()).filter(|t| !t.is_empty());
        let name = text("name")?;
        match text("kind")? {
            "User" => Some(Holder::user(name)),
            "Group" => Some(Holder::Group(name)),
            "ServiceAccount" => {
                Some(Holder::ServiceAccount { namespace: text("namespace").or(binding_namespace), name })
            }
            _ => None,
        }
    }

    /// A user, who may be a service account.
    pub fn user(name: &'a str) -> Holder<'a> {
        match name.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':')) {
            Some((namespace, account)) if !namespace.is_empty() && !account.is_empty() => {
                Holder::ServiceAccount { namespace: Some(namespace), name: account }
            }
            _ => Holder::User(name),
        }
    }

    /// Whether a request by a user in some groups comes from this holder.
    pub fn is(&self, user: &str, groups: &[&str]) -> bool {
        match *self {
            Holder::User(name) => name == user,
            Holder::Group(name) => groups.contains(&name),
            Holder::ServiceAccount { namespace: None, .. } => false,
            Holder::ServiceAccount { namespace: Some(namespace), name } => {
                let account = user.strip_prefix(ACCOUNT).and_then(|rest| rest.strip_prefix(namespace));
                account.and_then(|rest| rest.strip_prefix(':')) == Some(name)
            }
        }
    }

    /// The kind of subject, as bindings write it.
    pub fn kind(&self) -> &'static str {
        match self {
            Holder::User(_) => "User",
            Holder::Group(_) => "Group",
            Holder::ServiceAccount { .. } => "ServiceAccount",
        }
    }

    /// The name, without the namespace.
    pub fn name(&self) -> &'a str {
        match *self {
            Holder::User(name) | Holder::Group(name) | Holder::ServiceAccount { name, .. } => name,
        }
    }

    /// The namespace of a service account, when it is known.
    pub fn namespace(&self) -> Option<&'a str> {
        match *self {
            Holder::ServiceAccount { namespace, .. } => namespace,
            _ => None,
        }
    }
}

impl fmt::Display for Holder<'_> {
    /// As people say it: ``ServiceAccount `shop/web` ``.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::User(name) => write!(f, "User `{name}`"),
            Holder::Group(name) => write!(f, "Group `{name}`"),
            Holder::ServiceAccount { namespace: Some(namespace), name } => {
                write!(f, "ServiceAccount `{namespace}/{name}`")
            }
            Holder::ServiceAccount { namespace: None, name } => write!(f, "ServiceAccount `{name}`"),
        }
    }
}
