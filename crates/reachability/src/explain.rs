//! Why a connection is allowed or denied: the policies and rules that say so.

use seaworthy_document::Value;

use crate::cluster_policy::{Action, Tier};
use crate::peer::Endpoint;
use crate::policy::{Connection, Direction};
use crate::port::Port;
use crate::truth::Truth;
use crate::world::{PodId, World};

/// One ground of an answer about one side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground<'a> {
    /// What it says.
    pub reason: Reason,
    /// The policy, when one says it.
    pub policy: Option<Value<'a>>,
    /// The rule of it, from 1, when one says it.
    pub rule: Option<usize>,
    /// Whether it is known to apply.
    pub certain: bool,
}

/// What a ground says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The pod lives on the network of its node, where no policy holds.
    HostNetwork,
    /// A rule of a cluster policy, with what it does.
    ClusterRule(Action),
    /// A rule of a NetworkPolicy allows it.
    Allowed,
    /// A NetworkPolicy isolates the pod and has no rule that allows it.
    Isolated,
    /// No policy says anything.
    NothingSaid,
    /// More policies might apply than are looked at.
    TooMany,
}

impl<'a> World<'a> {
    /// The grounds on which [`side_allows`](World::side_allows) answers, in the order in which policies are asked; those
    /// that cannot matter any more are left out.
    pub fn explain_side(
        &self,
        pod: PodId,
        direction: Direction,
        peer: Endpoint<'_, 'a>,
        port: Port,
    ) -> Vec<Ground<'a>> {
        let (namespace, subject) = (self.namespace_of(pod), self.pod(pod));
        let mut grounds = Vec::new();
        if subject.host_network() == Truth::Yes {
            return vec![Ground { reason: Reason::HostNetwork, policy: None, rule: None, certain: true }];
        }
        let destination = match direction {
            Direction::Ingress => Some(subject),
            Direction::Egress => peer.pod(),
        };
        let connection = Connection { peer, port, destination };
        match self.cluster_grounds(pod, direction, &connection, Tier::Admin, &mut grounds) {
            Some(Action::Accept | Action::Deny) => return grounds,
            Some(Action::Pass) | None => {}
        }
        let Ok(policies) = self.policies_on(pod) else {
            grounds.push(Ground { reason: Reason::TooMany, policy: None, rule: None, certain: false });
            return grounds;
        };
        let (mut isolated, mut allowing, mut isolating) = (false, Vec::new(), Vec::new());
        for (id, selects) in policies {
            let policy = self.policy(id);
            let isolates = selects.and(policy.isolates(direction));
            if isolates == Truth::No {
                continue;
            }
            isolated |= isolates.surely();
            let ground = Ground {
                reason: Reason::Isolated,
                policy: Some(policy.value),
                rule: None,
                certain: isolates.surely(),
            };
            let before = allowing.len();
            for (number, rule) in (1..).zip(policy.rules(direction)) {
                let allows = rule.allows(&connection, namespace, self.pod_blocks());
                if allows.possibly() {
                    let certain = isolates.and(allows).surely();
                    allowing.push(Ground { reason: Reason::Allowed, rule: Some(number), certain, ..ground });
                }
            }
            if allowing.len() == before {
                isolating.push(ground);
            }
        }
        let allowed = allowing.iter().any(|ground: &Ground<'a>| ground.certain);
        grounds.extend(allowing);
        if !allowed {
            grounds.extend(isolating);
        }
        if isolated {
            return grounds;
        }
        self.cluster_grounds(pod, direction, &connection, Tier::Baseline, &mut grounds);
        if grounds.is_empty() {
            grounds.push(Ground { reason: Reason::NothingSaid, policy: None, rule: None, certain: true });
        }
        grounds
    }

    /// The rules of a tier that match, up to the first that does so surely, whose action is the answer.
    fn cluster_grounds(
        &self,
        pod: PodId,
        direction: Direction,
        connection: &Connection<'_, 'a>,
        tier: Tier,
        grounds: &mut Vec<Ground<'a>>,
    ) -> Option<Action> {
        for policy in self.tier(tier) {
            let selects = policy.selects(self.pod(pod), self.namespace_of(pod));
            if selects == Truth::No {
                continue;
            }
            for (number, rule) in (1..).zip(policy.rules(direction)) {
                let matches = selects.and(rule.matches(connection));
                let Some(action) = rule.action.filter(|_| matches.possibly()) else { continue };
                let certain = matches.surely() && !policy.is_open();
                let reason = Reason::ClusterRule(action);
                grounds.push(Ground { reason, policy: Some(policy.value), rule: Some(number), certain });
                if certain {
                    return Some(action);
                }
            }
        }
        None
    }
}
