//! The order in which policies are asked: the Admin tier, the NetworkPolicies of the namespace, the Baseline tier.

use crate::cluster_policy::{Action, ClusterPolicy, Tier};
use crate::pod::{Namespace, Pod};
use crate::policy::{Connection, Direction};
use crate::truth::Truth;

/// What has been decided about a connection so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Course {
    /// Whether it is accepted.
    pub(crate) accepted: Truth,
    /// Whether it is denied.
    pub(crate) denied: Truth,
    /// Whether it is not decided yet.
    pub(crate) undecided: Truth,
}

impl Course {
    pub(crate) fn start() -> Course {
        Course { accepted: Truth::No, denied: Truth::No, undecided: Truth::Yes }
    }

    /// What remains when nothing further is asked: what is not decided is allowed.
    pub(crate) fn end(self) -> Truth {
        if self.denied == Truth::No { Truth::Yes } else { self.accepted.or(self.undecided) }
    }

    /// The NetworkPolicies: final for pods that they isolate.
    pub(crate) fn network_policies(self, isolated: Truth, allowed: Truth) -> Course {
        let here = self.undecided.and(isolated);
        Course {
            accepted: self.accepted.or(here.and(allowed)),
            denied: self.denied.or(here.and(allowed.negated())),
            undecided: self.undecided.and(isolated.negated()),
        }
    }

    /// Asks all policies of a tier, which are sorted by priority. Of those with equal priority any may be applied: what
    /// they do not agree on is not known.
    pub(crate) fn tier<'p, 'a: 'p>(
        self,
        policies: impl Iterator<Item = &'p ClusterPolicy<'a>>,
        subject: (&Pod<'a>, &Namespace<'a>),
        direction: Direction,
        connection: &Connection<'_, 'a>,
    ) -> Course {
        let mut tier = Step::from(self);
        let mut group = Group::none();
        let mut priority = None;
        for policy in policies {
            if policy.priority != priority {
                tier.take(&group);
                (group, priority) = (Group::none(), policy.priority);
            }
            group.add(tier.undecided, policy, subject, direction, connection);
        }
        tier.take(&group);
        Course { accepted: tier.accepted, denied: tier.denied, undecided: tier.undecided.or(tier.passed) }
    }
}

/// The course of a connection through a tier.
struct Step {
    accepted: Truth,
    denied: Truth,
    undecided: Truth,
    passed: Truth,
}

impl Step {
    fn from(course: Course) -> Step {
        let Course { accepted, denied, undecided } = course;
        Step { accepted, denied, undecided, passed: Truth::No }
    }

    fn take(&mut self, group: &Group) {
        let Group { accepted, denied, passed } = *group;
        let alone = |one: Truth, others: Truth| one.and(others.negated()).or(at_most_maybe(one));
        self.accepted = self.accepted.or(alone(accepted, denied.or(passed)));
        self.denied = self.denied.or(alone(denied, accepted.or(passed)));
        self.passed = self.passed.or(alone(passed, accepted.or(denied)));
        self.undecided = self.undecided.and(accepted.or(denied).or(passed).negated());
    }
}

fn at_most_maybe(truth: Truth) -> Truth {
    truth.min(Truth::Maybe)
}

/// What the policies of one priority do, each for itself.
struct Group {
    accepted: Truth,
    denied: Truth,
    passed: Truth,
}

impl Group {
    fn none() -> Group {
        Group { accepted: Truth::No, denied: Truth::No, passed: Truth::No }
    }

    fn add<'a>(
        &mut self,
        undecided: Truth,
        policy: &ClusterPolicy<'a>,
        (pod, namespace): (&Pod<'a>, &Namespace<'a>),
        direction: Direction,
        connection: &Connection<'_, 'a>,
    ) {
        let mut undecided = undecided.and(policy.selects(pod, namespace));
        if undecided == Truth::No {
            return;
        }
        if policy.is_open() {
            self.accepted = self.accepted.or(Truth::Maybe);
            self.denied = self.denied.or(Truth::Maybe);
            return;
        }
        for rule in policy.rules(direction) {
            let matched = undecided.and(rule.matches(connection));
            match rule.action {
                Some(Action::Accept) => self.accepted = self.accepted.or(matched),
                Some(Action::Deny) => self.denied = self.denied.or(matched),
                Some(Action::Pass) => self.passed = self.passed.or(matched),
                None => {
                    self.accepted = self.accepted.or(at_most_maybe(matched));
                    self.denied = self.denied.or(at_most_maybe(matched));
                }
            }
            undecided = undecided.and(matched.negated());
        }
    }
}

/// Sorts the policies of a tier by priority; those of which it is not known when they are asked come into both.
pub(crate) fn of_tier<'p, 'a: 'p>(
    policies: &'p [ClusterPolicy<'a>],
    order: &'p [usize],
    tier: Tier,
) -> impl Iterator<Item = &'p ClusterPolicy<'a>> {
    order
        .iter()
        .filter_map(|&index| policies.get(index))
        .filter(move |policy| policy.tier.is_none_or(|its_own| its_own == tier))
}
