//! All roles and bindings together: which role a binding means, what flows into what, and who holds what where.

use rustc_hash::{FxHashMap, FxHashSet};
use seaworthy_document::Value;

use crate::aggregation;
use crate::binding::{Binding, Source, Target};
use crate::bootstrap::{self, Descent};
use crate::grant::{Grant, Place};
use crate::holder::Holder;
use crate::nearest::{Chosen, Spot, beside, nearest};
use crate::powers::Powers;
use crate::role::{Role, RoleKind, own_rules, text};
use crate::rule::{Attributes, Rule};

/// Copies of a built-in role that are looked at.
const MOST_COPIES: usize = 64;

/// All roles and bindings, with the built-in roles.
#[derive(Debug, Default)]
pub struct Policy<'a> {
    roles: Vec<Role<'a>>,
    bindings: Vec<Binding<'a>>,
    /// Roles and bindings by the number of their source.
    role_of_source: FxHashMap<u32, u32>,
    binding_of_source: FxHashMap<u32, u32>,
    /// For each role its bindings.
    bindings_of_role: Vec<Vec<u32>>,
    /// Roles by kind and name, in any namespace.
    by_name: FxHashMap<(RoleKind, &'a str), Vec<u32>>,
    /// For each holder the number of its list of bindings, each with the subject that names it.
    holders: FxHashMap<Holder<'a>, u32>,
    bindings_of_holder: Vec<Vec<(u32, Value<'a>)>>,
}

impl<'a> Policy<'a> {
    /// Reads roles and bindings, numbered in the order given, and connects them.
    pub fn new(sources: impl IntoIterator<Item = Source<'a>>) -> Policy<'a> {
        let mut policy = Policy::default();
        let mut spots: Vec<Spot<'a>> = Vec::new();
        let mut bindings: Vec<(u32, Source<'a>)> = Vec::new();
        for (number, source) in sources.into_iter().enumerate() {
            let number = number as u32;
            if let Some(kind) = RoleKind::called(source.kind) {
                policy.role_of_source.insert(number, policy.roles.len() as u32);
                spots.push(Spot { file: source.file, path: source.path });
                policy.roles.push(role(kind, policy.roles.len() as u32, number, &source));
            } else if matches!(source.kind, "RoleBinding" | "ClusterRoleBinding") {
                bindings.push((number, source));
            }
        }
        if policy.roles.is_empty() && bindings.is_empty() {
            return policy;
        }
        policy.add_built_in();
        let mut exact: FxHashMap<(RoleKind, Option<&'a str>, &'a str), Vec<u32>> = FxHashMap::default();
        for role in &policy.roles {
            exact.entry((role.kind, role.namespace, role.name)).or_default().push(role.number);
            policy.by_name.entry((role.kind, role.name)).or_default().push(role.number);
        }
        aggregation::connect(&mut policy.roles);
        policy.bindings_of_role.resize_with(policy.roles.len(), Vec::new);
        for (number, source) in bindings {
            let target = policy.target(&source, &exact, &spots);
            policy.add_binding(number, &source, target);
        }
        policy
    }

    /// The built-in roles that are not among the sources.
    fn add_built_in(&mut self) {
        let own: FxHashSet<_> =
            self.roles.iter().map(|role| (role.kind, role.namespace, role.name)).collect();
        for built_in in bootstrap::roles() {
            if !own.contains(&(built_in.kind, built_in.namespace, built_in.name)) {
                self.roles.push(Role {
                    number: self.roles.len() as u32,
                    kind: built_in.kind,
                    namespace: built_in.namespace,
                    name: built_in.name,
                    value: built_in.value,
                    source: None,
                    descent: Descent::BuiltIn,
                    full: own_rules(built_in.value).any(|rule| rule.is_full()),
                    parts: Vec::new(),
                    wholes: Vec::new(),
                });
            }
        }
    }

    fn target(
        &self,
        source: &Source<'a>,
        exact: &FxHashMap<(RoleKind, Option<&'a str>, &'a str), Vec<u32>>,
        spots: &[Spot<'a>],
    ) -> Target {
        let reference = source.value.get("roleRef");
        let field = |key| reference.and_then(|reference| text(reference, key));
        let (Some(kind), Some(name)) = (field("kind").and_then(RoleKind::called), field("name")) else {
            return Target::Unreadable;
        };
        if kind == RoleKind::Role && source.kind == "ClusterRoleBinding" {
            return Target::Unreadable;
        }
        // Built-in roles stand behind all files.
        let spot =
            |number: u32| spots.get(number as usize).copied().unwrap_or(Spot { file: u32::MAX, path: "" });
        let from = Spot { file: source.file, path: source.path };
        let in_namespace = |namespace| exact.get(&(kind, namespace, name)).map_or(&[][..], Vec::as_slice);
        let namespace = source.namespace.filter(|_| kind == RoleKind::Role);
        let candidates = in_namespace(namespace);
        let found = match (nearest(candidates, from, spot), kind, namespace) {
            // One of the two leaves its namespace to a tool, which gives the same to what stands together.
            (Chosen::None, RoleKind::Role, Some(_)) => beside(in_namespace(None), from, spot),
            (Chosen::None, RoleKind::Role, None) => {
                beside(self.by_name.get(&(kind, name)).map_or(&[], Vec::as_slice), from, spot)
            }
            (found, ..) => found,
        };
        match found {
            Chosen::One(number) => Target::Role(number),
            Chosen::None => Target::Missing,
            // Copies of a built-in role are all the same.
            Chosen::Several => {
                let built_in = |number: &&u32| {
                    self.roles.get(**number as usize).is_some_and(|role| role.descent.is_built_in())
                };
                candidates
                    .iter()
                    .take(MOST_COPIES)
                    .find(built_in)
                    .map_or(Target::Several, |&number| Target::Role(number))
            }
        }
    }

    fn add_binding(&mut self, number: u32, source: &Source<'a>, target: Target) {
        let index = self.bindings.len() as u32;
        let cluster_wide = source.kind == "ClusterRoleBinding";
        let binding = Binding {
            cluster_wide,
            namespace: source.namespace.filter(|_| !cluster_wide),
            name: source.name,
            value: source.value,
            source: number,
            file: source.file,
            target,
            descent: bootstrap::descent(source.kind, source.namespace, source.name, source.value),
        };
        if let Target::Role(role) = target
            && let Some(bindings) = self.bindings_of_role.get_mut(role as usize)
        {
            bindings.push(index);
        }
        for subject in binding.subjects() {
            if let Some(holder) = Holder::of(subject, binding.namespace) {
                let list = *self.holders.entry(holder).or_insert_with(|| {
                    self.bindings_of_holder.push(Vec::new());
                    self.bindings_of_holder.len() as u32 - 1
                });
                self.bindings_of_holder
                    .get_mut(list as usize)
                    .into_iter()
                    .for_each(|l| l.push((index, subject)));
            }
        }
        self.binding_of_source.insert(number, index);
        self.bindings.push(binding);
    }

    /// All roles: those of the sources in their order, then the built-in ones that are not among them.
    pub fn roles(&self) -> &[Role<'a>] {
        &self.roles
    }

    /// All bindings, in the order of the sources.
    pub fn bindings(&self) -> &[Binding<'a>] {
        &self.bindings
    }

    /// The role of a number; see [`Target::Role`].
    pub fn role(&self, number: u32) -> Option<&Role<'a>> {
        self.roles.get(number as usize)
    }

    /// The roles of a kind and name, in whatever namespaces.
    pub fn roles_called(&self, kind: RoleKind, name: &'a str) -> impl Iterator<Item = &Role<'a>> {
        let found = self.by_name.get(&(kind, name)).map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&number| self.role(number))
    }

    /// The role that a source is.
    pub fn role_of_source(&self, source: u32) -> Option<&Role<'a>> {
        self.role(*self.role_of_source.get(&source)?)
    }

    /// The binding that a source is.
    pub fn binding_of_source(&self, source: u32) -> Option<&Binding<'a>> {
        self.bindings.get(*self.binding_of_source.get(&source)? as usize)
    }

    /// The role that a binding binds, when it is known.
    pub fn role_bound<'p>(&'p self, binding: &Binding<'a>) -> Option<&'p Role<'a>> {
        match binding.target {
            Target::Role(number) => self.role(number),
            _ => None,
        }
    }

    /// All rules of a role, each with the role in which it stands: its own, and those that flow into it by aggregation.
    pub fn rules<'p>(
        &'p self,
        role: &'p Role<'a>,
    ) -> impl Iterator<Item = (&'p Role<'a>, Rule<'a>)> + use<'p, 'a> {
        aggregation::parts(&self.roles, role)
            .into_iter()
            .flat_map(|part| part.own_rules().map(move |rule| (part, rule)))
    }

    /// The roles into which the rules of a role flow by aggregation.
    pub fn flows_into<'p>(&'p self, role: &'p Role<'a>) -> impl Iterator<Item = &'p Role<'a>> + use<'p, 'a> {
        aggregation::wholes(&self.roles, role).into_iter().skip(1)
    }

    /// What a role grants that leads to other identities or to nodes, itself or by what flows into it.
    pub fn powers(&self, role: &Role<'a>) -> Powers {
        aggregation::parts(&self.roles, role).into_iter().fold(Powers::NONE, |powers, part| {
            part.own_rules().fold(powers, |powers, rule| powers.and(Powers::of_rule(&rule)))
        })
    }

    /// Whether a role grants every verb on every resource, itself or by what flows into it.
    pub fn is_full(&self, role: &Role<'a>) -> bool {
        aggregation::parts(&self.roles, role).iter().any(|part| part.full)
    }

    /// Who holds the rules of a role: the subjects of its bindings, and of those of the roles into which it flows.
    /// Their number may be large; see that a control does not multiply it.
    pub fn grants<'p>(&'p self, role: &'p Role<'a>) -> impl Iterator<Item = Grant<'p, 'a>> + use<'p, 'a> {
        aggregation::wholes(&self.roles, role).into_iter().flat_map(move |whole| {
            self.bindings_of_role.get(whole.number as usize).into_iter().flatten().flat_map(move |&binding| {
                let binding = self.bindings.get(binding as usize);
                binding.into_iter().flat_map(move |binding| {
                    binding.subjects().filter_map(move |subject| grant(subject, binding, whole))
                })
            })
        })
    }

    /// The bindings that name a holder, with the subject that does; also those whose role is not known.
    pub fn bindings_of<'p>(
        &'p self,
        holder: &Holder<'_>,
    ) -> impl Iterator<Item = (&'p Binding<'a>, Value<'a>)> + use<'p, 'a> {
        let list = self.holders.get(holder).and_then(|&list| self.bindings_of_holder.get(list as usize));
        let found = list.map_or(&[][..], Vec::as_slice);
        found.iter().filter_map(|&(binding, subject)| Some((self.bindings.get(binding as usize)?, subject)))
    }

    /// What a holder is granted by name, where the role is known.
    pub fn held_by<'p>(&'p self, holder: &Holder<'_>) -> impl Iterator<Item = Grant<'p, 'a>> + use<'p, 'a> {
        self.bindings_of(holder)
            .filter_map(|(binding, subject)| grant(subject, binding, self.role_bound(binding)?))
    }

    /// What a service account is granted: by name, and as a member of the groups of all accounts, of its namespace's
    /// accounts, and of everybody who is authenticated.
    pub fn held_by_account(&self, namespace: Option<&str>, name: &str) -> Vec<Grant<'_, 'a>> {
        let mut grants: Vec<_> = self.held_by(&Holder::ServiceAccount { namespace, name }).collect();
        if let Some(namespace) = namespace {
            let group = format!("system:serviceaccounts:{namespace}");
            grants.extend(self.held_by(&Holder::Group(&group)));
        }
        grants.extend(self.held_by(&Holder::Group("system:serviceaccounts")));
        grants.extend(self.held_by(&Holder::Group("system:authenticated")));
        grants
    }

    /// Whether RBAC allows a request: the rules of all ClusterRoleBindings count, and those of RoleBindings in the
    /// namespace of the request. `groups` are all groups, the implied ones too (`system:authenticated`,
    /// `system:serviceaccounts`); `system:masters` passes before RBAC and is not looked at here.
    pub fn allows(
        &self,
        user: &str,
        groups: &[&str],
        namespace: Option<&str>,
        attributes: &Attributes<'_>,
    ) -> bool {
        let asker = Holder::user(user);
        let holders = std::iter::once(asker).chain(groups.iter().map(|group| Holder::Group(group)));
        holders.into_iter().any(|holder| {
            self.held_by(&holder).any(|grant| {
                let here = match grant.place {
                    Place::Cluster => true,
                    Place::Namespace(own) => own.is_some() && own == namespace,
                };
                here && grant.holder.is(user, groups)
                    && self.rules(grant.role).any(|(_, rule)| rule.grants(attributes))
            })
        })
    }
}

fn role<'a>(kind: RoleKind, number: u32, position: u32, source: &Source<'a>) -> Role<'a> {
    let namespace = source.namespace.filter(|_| kind == RoleKind::Role);
    Role {
        number,
        kind,
        namespace,
        name: source.name,
        value: source.value,
        source: Some(position),
        descent: bootstrap::descent(source.kind, namespace, source.name, source.value),
        full: own_rules(source.value).any(|rule| rule.is_full()),
        parts: Vec::new(),
        wholes: Vec::new(),
    }
}

fn grant<'p, 'a>(subject: Value<'a>, binding: &'p Binding<'a>, role: &'p Role<'a>) -> Option<Grant<'p, 'a>> {
    let holder = Holder::of(subject, binding.namespace)?;
    Some(Grant { holder, place: binding.place(), subject, binding, role })
}
