//! Probes by SubjectAccessReview: the API server is asked what subjects may do, those whom bindings give a right and those who
//! should have none.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use seaworthy_authorization::{Attributes, Holder, Place, Policy, Rule};
use seaworthy_evidence::Known;
use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step, Subject, expect};
use serde_json::json;

use crate::probe::{Ground, Probe, Right as CallerRight, access_review};
use crate::rbac::holders::{self, Held, MASTERS};
use crate::rbac::public::{self, Grants};
use crate::rbac::risky::{RBAC, Risk};

/// Holders of one control that are asked about, one attempt each.
const MOST_HOLDERS: usize = 50;

/// Questions about one holder.
const MOST_QUESTIONS: usize = 8;

/// Questions about a user without bindings: every verb of every right of a control.
const MOST_ORDINARY: usize = 160;

/// Namespaces with an account that is made up, and subjects of other bindings.
const MOST_OTHERS: usize = 4;

/// Names of steps.
static STEPS: LazyLock<Vec<String>> = LazyLock::new(|| {
    (1..=MOST_ORDINARY + 2 * MOST_OTHERS).map(|number| format!("review-{number}")).collect()
});

/// Something that somebody may or may not do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Question {
    pub(super) verb: String,
    pub(super) group: String,
    /// With its subresource; or a path, which starts with `/`.
    pub(super) resource: String,
    pub(super) name: String,
    /// In this namespace, or in all.
    pub(super) namespace: Option<String>,
}

impl Question {
    /// About all objects of a kind, everywhere.
    pub(super) fn new(verb: &str, group: &str, resource: &str) -> Question {
        Question {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            name: String::new(),
            namespace: None,
        }
    }

    /// What nobody should be granted who is not known by name.
    pub(super) fn that_matter() -> Vec<Question> {
        vec![
            Question::new("list", "", "secrets"),
            Question::new("list", "", "pods"),
            Question::new("create", "", "pods"),
            Question::new("*", "*", "*"),
            Question::new("get", "", "/metrics"),
        ]
    }

    /// About an object.
    pub(super) fn named(self, name: &str) -> Question {
        Question { name: name.to_owned(), ..self }
    }

    /// Somewhere.
    pub(super) fn at(self, place: Place<'_>) -> Question {
        let namespace = match place {
            Place::Namespace(Some(namespace)) => Some(namespace.to_owned()),
            _ => None,
        };
        Question { namespace, ..self }
    }

    /// About what a rule grants first; `None` for a rule that grants nothing.
    pub(super) fn of_rule(rule: &Rule<'_>, place: Place<'_>) -> Option<Question> {
        let verb = rule.verbs().next()?.text;
        if let Some(url) = rule.urls().next().filter(|_| rule.resources().next().is_none()) {
            let path = url.text.strip_suffix('*').unwrap_or(url.text);
            return path.starts_with('/').then(|| Question::new(verb, "", path));
        }
        let (group, resource) = (rule.groups().next()?.text, rule.resources().next()?.text);
        let name = rule.names().next().map_or("", |name| name.text);
        Some(Question::new(verb, group, resource).named(name).at(place))
    }

    fn request(&self, user: &str, groups: &[&str]) -> Request {
        let attributes = if self.resource.starts_with('/') {
            json!({"nonResourceAttributes": {"verb": self.verb, "path": self.resource}})
        } else {
            let (resource, subresource) =
                self.resource.split_once('/').unwrap_or((self.resource.as_str(), ""));
            let mut attributes = json!({"verb": self.verb, "group": self.group, "resource": resource});
            for (key, value) in [
                ("subresource", subresource),
                ("name", self.name.as_str()),
                ("namespace", self.namespace.as_deref().unwrap_or_default()),
            ] {
                if !value.is_empty() {
                    attributes[key] = value.into();
                }
            }
            json!({"resourceAttributes": attributes})
        };
        Request::access_review(user, groups, &attributes)
    }

    /// "`get` `secrets` in `shop`".
    pub(super) fn tell(&self) -> String {
        let mut text = format!("`{}` `{}`", self.verb, self.resource);
        if !self.name.is_empty() {
            text.push_str(&format!(" called `{}`", self.name));
        }
        match &self.namespace {
            Some(namespace) => text.push_str(&format!(" in `{namespace}`")),
            None if self.resource.starts_with('/') => {}
            None => text.push_str(" everywhere"),
        }
        text
    }
}

/// The probe of a control of the form "few subjects may …".
pub(super) const fn probe(asks: &'static str, plan: fn(&Ground<'_, '_>) -> Vec<Attempt>) -> Probe {
    Probe {
        name: "rights",
        asks,
        proved_by: "`allowed: false` for the users and accounts that are made up and for subjects of bindings that grant nothing of \
                    the kind, where all roles and bindings could be read and none grants it",
        refuted_by: "`allowed: true`, for a subject that bindings give the right, or for one that should have none",
        not_fooled_by: "an authorizer that refuses everything, since a member of `system:masters` is allowed the same; an \
                        authorizer other than RBAC, which is asked as well. It says what somebody could do, not that it was done",
        positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
        consent: Consent::Read,
        side_effect: SideEffect::AuditLine,
        rights: &[CallerRight::ACCESS_REVIEW],
        plan,
    }
}

/// What is asked about everybody of a group: none may be granted.
pub(super) fn of_everybody(subject: Subject, user: &str, groups: &[&str], questions: &[Question]) -> Attempt {
    let mut steps = vec![access_review::control()];
    if let Some(first) = questions.first() {
        steps.push(Step::control("masters", first.request("seaworthy:probe", &[MASTERS]), expect::allowed));
    }
    let mut told = Vec::new();
    for (name, question) in STEPS.iter().zip(questions) {
        steps.push(Step::ask(name, question.request(user, groups)));
        told.push((name.as_str(), question.tell()));
    }
    let who = subject.name.clone();
    Attempt::new(subject, steps, move |answers| {
        let mut last = "may-review";
        for (name, what) in &told {
            match answers.allowed(name) {
                Some((true, _)) => {
                    return Outcome::refuted(name, format!("`{who}` may {what}, says the API server"));
                }
                Some((false, _)) => last = name,
                None => return answers.inconclusive(name),
            }
        }
        Outcome::proved(last, format!("`{who}` has none of {} rights that matter", told.len()))
    })
}

/// What bindings grant first to some holders, one question for each role and place.
pub(super) fn granted(
    ground: &Ground<'_, '_>,
    wanted: impl Fn(&Holder<'_>, Grants) -> bool,
) -> Vec<Question> {
    let policy = ground.evidence.access().policy();
    let mut questions = Vec::new();
    for binding in policy.bindings().iter().filter(|binding| !binding.descent.is_built_in()) {
        let Some(role) = policy.role_bound(binding) else { continue };
        let mut holders = binding.subjects().filter_map(|subject| Holder::of(subject, binding.namespace));
        if !holders.any(|holder| wanted(&holder, public::grants(policy, role))) {
            continue;
        }
        let rules = policy.rules(role).map(|(_, rule)| rule);
        questions.extend(rules.filter_map(|rule| Question::of_rule(&rule, binding.place())).next());
        if questions.len() >= MOST_QUESTIONS {
            break;
        }
    }
    questions
}

/// What is asked of the subjects of one control.
#[derive(Default)]
pub(super) struct Inquiry<'a> {
    holders: BTreeMap<Holder<'a>, Vec<Question>>,
}

impl<'a> Inquiry<'a> {
    /// Somebody to whom bindings give something.
    pub(super) fn add(&mut self, holder: Holder<'a>, question: Question) {
        let questions = self.holders.entry(holder).or_default();
        if questions.len() < MOST_QUESTIONS && !questions.contains(&question) {
            questions.push(question);
        }
    }

    /// Everybody to whom roles give one of some rights, as the check sees it: without built-in roles and bindings, and
    /// without those who may do everything.
    pub(super) fn of_risk(ground: &Ground<'_, 'a>, risk: &'static Risk) -> Inquiry<'a> {
        let policy = ground.evidence.access().policy();
        let mut inquiry = Inquiry::default();
        let version = ground.settings.version;
        for role in policy.roles().iter().filter(|role| !role.descent.is_built_in()) {
            let rights = risk.rights.iter().filter(|right| right.matters(policy, role, version));
            let rights: Vec<_> = rights.collect();
            let mut held: Option<Held<'a>> = None;
            for rule in role.own_rules().filter(|rule| !rule.is_full()) {
                for found in rights.iter().filter_map(|right| right.found(&rule)) {
                    let Held::By(holdings) = held.get_or_insert_with(|| holders::of(policy, role)) else {
                        break;
                    };
                    for holding in holdings.iter().filter(|holding| found.right.reaches(holding.place)) {
                        let question = found.right.question(found.verbs.first().copied(), &rule);
                        let question = question.at(match found.right.within {
                            Some(namespace) => Place::Namespace(Some(namespace)),
                            None if found.right.namespaced => holding.place,
                            None => Place::Cluster,
                        });
                        inquiry.add(holding.holder, question);
                    }
                }
            }
        }
        inquiry
    }

    /// Those to whom bindings give something, and what.
    pub(super) fn holders(&self) -> impl Iterator<Item = (&Holder<'a>, &[Question])> {
        self.holders.iter().map(|(holder, questions)| (holder, questions.as_slice()))
    }

    /// One attempt for each of them, and one for those who should have none of some rights.
    pub(super) fn attempts(self, ground: &Ground<'_, '_>, ordinary: &[Question]) -> Vec<Attempt> {
        let mut attempts = vec![of_ordinary(ground, ordinary, &self)];
        let more = self.holders.len().saturating_sub(MOST_HOLDERS);
        attempts
            .extend(self.holders.iter().take(MOST_HOLDERS).map(|(holder, questions)| one(holder, questions)));
        if more > 0 {
            attempts.push(Attempt::cannot(
                Subject::cluster("other holders"),
                format!("{more} more subjects to which bindings give this are not asked about"),
                "fewer subjects: what was asked about the first of them holds for the others as well",
            ));
        }
        attempts
    }
}

/// All attempts of a control that is a list of rights.
pub(super) fn attempts(ground: &Ground<'_, '_>, risk: &'static Risk) -> Vec<Attempt> {
    let version = ground.settings.version;
    let asked = risk.rights.iter().filter(|right| right.is_asked_in(version));
    let collection = ground.evidence.collection();
    let may_be = |question: &Question| {
        question.group == "*" || collection.is_none_or(|asked| asked.may_serve(&question.group))
    };
    let ordinary: Vec<Question> = asked.flat_map(|right| right.every()).filter(may_be).collect();
    Inquiry::of_risk(ground, risk).attempts(ground, &ordinary)
}

/// A subject of bindings.
fn one(holder: &Holder<'_>, questions: &[Question]) -> Attempt {
    let (user, groups) = identity(holder);
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    let mut steps = vec![access_review::control()];
    let mut told = Vec::new();
    for (name, question) in STEPS.iter().zip(questions) {
        steps.push(Step::ask(name, question.request(&user, &groups)));
        told.push((name.as_str(), question.tell()));
    }
    let who = holder.to_string();
    let subject = Subject::new(holder.kind(), holder.namespace(), holder.name());
    Attempt::new(subject, steps, move |answers| {
        let mut last = "may-review";
        for (name, what) in &told {
            match answers.allowed(name) {
                Some((true, _)) => {
                    return Outcome::refuted(name, format!("{who} may {what}, says the API server"));
                }
                Some((false, _)) => last = name,
                None => return answers.inconclusive(name),
            }
        }
        Outcome::inconclusive(last, format!("bindings give {who} what the API server then denies")).needs(
            "another collection, if bindings have changed since, or a look at the authorizers beside RBAC",
        )
    })
}

/// Who should have none of the rights: a made-up user, made-up accounts, and the subjects of bindings that grant nothing of the
/// kind.
fn of_ordinary(ground: &Ground<'_, '_>, questions: &[Question], inquiry: &Inquiry<'_>) -> Attempt {
    const EVERYBODY: &[&str] = &["system:authenticated"];
    let subject = Subject::cluster("everybody else");
    let Some(first) = questions.first() else {
        return Attempt::cannot(
            subject,
            "this version knows none of the rights",
            "another version of Kubernetes",
        );
    };
    let mut names = STEPS.iter();
    let mut steps = vec![
        access_review::control(),
        Step::control("masters", first.request("seaworthy:probe", &[MASTERS]), expect::allowed),
    ];
    let mut told: Vec<(&'static str, String)> = Vec::new();
    let whole = questions.len() <= MOST_ORDINARY;
    for (question, name) in questions.iter().take(MOST_ORDINARY).zip(&mut names) {
        steps.push(Step::ask(name, question.request("seaworthy:probe", EVERYBODY)));
        told.push((name.as_str(), format!("a made-up user may {}", question.tell())));
    }
    let mut namespaces: Vec<&str> = ground.namespaces().collect();
    let parameters = &ground.settings.parameters;
    namespaces.sort_by_key(|name| (parameters.is_system_namespace(name), *name));
    for (namespace, name) in namespaces.into_iter().take(MOST_OTHERS).zip(&mut names) {
        let account = Holder::ServiceAccount { namespace: Some(namespace), name: "seaworthy-probe" };
        let (user, groups) = identity(&account);
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        let question = first.clone().at(Place::Namespace(Some(namespace)));
        steps.push(Step::ask(name, question.request(&user, &groups)));
        told.push((name.as_str(), format!("a made-up account may {}", question.tell())));
    }
    let policy = ground.evidence.access().policy();
    let mut others: Vec<Holder<'_>> = unexplained(policy, first);
    others.retain(|holder| !inquiry.holders.contains_key(holder));
    for (holder, name) in others.iter().take(MOST_OTHERS).zip(&mut names) {
        let (user, groups) = identity(holder);
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        steps.push(Step::ask(name, first.request(&user, &groups)));
        told.push((name.as_str(), format!("{holder} may {}, though no binding says so", first.tell())));
    }
    let read = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]
        .iter()
        .all(|kind| ground.evidence.known(RBAC, kind, None) == Known::All);
    let asked = told.len();
    Attempt::new(subject, steps, move |answers| {
        let mut last = "masters";
        for (name, what) in &told {
            match answers.allowed(name) {
                Some((true, _)) => return Outcome::refuted(name, format!("{what}, says the API server")),
                Some((false, _)) => last = name,
                None => return answers.inconclusive(name),
            }
        }
        if !whole {
            return Outcome::inconclusive(last, "what was asked is refused; not every verb was asked about")
                .needs("fewer rights in one control");
        }
        match read {
            true => Outcome::proved(
                last,
                format!("of those who should have no such right, {asked} times asked, none has"),
            ),
            false => Outcome::inconclusive(
                last,
                "users and accounts without bindings are refused; not all bindings could be read",
            )
            .needs("the right to list roles and bindings"),
        }
    })
}

/// Subjects of bindings that nothing among these bindings gives a right.
fn unexplained<'a>(policy: &Policy<'a>, question: &Question) -> Vec<Holder<'a>> {
    let mut found: Vec<Holder<'a>> = Vec::new();
    let bindings = policy.bindings().iter().filter(|binding| !binding.descent.is_built_in());
    for binding in bindings {
        for holder in binding.subjects().filter_map(|subject| Holder::of(subject, binding.namespace)) {
            if holder == Holder::Group(MASTERS) || found.contains(&holder) {
                continue;
            }
            let (user, groups) = identity(&holder);
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            let attributes = match question.resource.strip_prefix('/') {
                Some(_) => Attributes::Url { verb: &question.verb, path: &question.resource },
                None => {
                    let attributes =
                        Attributes::resource(&question.verb, &question.group, &question.resource);
                    attributes.named(&question.name)
                }
            };
            if !policy.allows(&user, &groups, None, &attributes) {
                found.push(holder);
            }
        }
        if found.len() >= MOST_OTHERS * 2 {
            break;
        }
    }
    found.sort_unstable();
    found
}

/// The user and the groups as whom a holder asks.
pub(super) fn identity(holder: &Holder<'_>) -> (String, Vec<String>) {
    let groups = |list: &[&str]| list.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
    match *holder {
        Holder::User("system:anonymous") | Holder::Group("system:unauthenticated") => {
            ("system:anonymous".to_owned(), groups(&["system:unauthenticated"]))
        }
        Holder::User(user) => (user.to_owned(), groups(&["system:authenticated"])),
        Holder::Group("system:authenticated") => {
            ("seaworthy:probe".to_owned(), groups(&["system:authenticated"]))
        }
        Holder::Group(group) => ("seaworthy:probe".to_owned(), groups(&[group, "system:authenticated"])),
        Holder::ServiceAccount { namespace, name } => {
            let namespace = namespace.unwrap_or("default");
            let own = format!("system:serviceaccounts:{namespace}");
            let all = ["system:serviceaccounts", own.as_str(), "system:authenticated"];
            (format!("system:serviceaccount:{namespace}:{name}"), groups(&all))
        }
    }
}
