//! What everybody may see anyway: roles that Kubernetes itself binds to everybody, and others no larger.

use seaworthy_authorization::{Covering, Policy, Role, Rule, bootstrap, covers};

/// How much a role grants, as far as it is bound to very many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grants {
    /// Health, version: what everybody has.
    PublicInfo,
    /// The keys by which tokens of accounts are checked.
    IssuerKeys,
    /// What the API consists of, and questions about oneself.
    Discovery,
    /// Paths, but no resources.
    Urls,
    /// Resources.
    More,
}

/// Built-in roles, the smallest first.
const SMALL: &[(&str, Grants)] = &[
    ("system:public-info-viewer", Grants::PublicInfo),
    ("system:service-account-issuer-discovery", Grants::IssuerKeys),
    ("system:discovery", Grants::Discovery),
    ("system:basic-user", Grants::Discovery),
];

/// Rules beyond which a role is surely none of the small ones.
const FEW: usize = 32;

/// How much a role grants.
pub(super) fn grants<'a>(policy: &Policy<'a>, role: &Role<'a>) -> Grants {
    let rules: Vec<Rule<'a>> = policy.rules(role).map(|(_, rule)| rule).take(FEW + 1).collect();
    if rules.len() > FEW {
        return Grants::More;
    }
    let within = |name: &str| {
        bootstrap::named("ClusterRole", None, name).is_some_and(|upstream| {
            let upstream: Vec<Rule<'_>> =
                upstream.get("rules").into_iter().flat_map(|rules| rules.items()).map(Rule::new).collect();
            covers(&upstream, &rules) == Covering::Yes
        })
    };
    if let Some((_, grants)) = SMALL.iter().find(|(name, _)| within(name)) {
        return *grants;
    }
    let only_reads = |rule: &Rule<'a>| rule.verbs().all(|verb| matches!(verb.text, "get" | "head"));
    match rules.iter().all(|rule| rule.resources().next().is_none() && only_reads(rule)) {
        true => Grants::Urls,
        false => Grants::More,
    }
}
