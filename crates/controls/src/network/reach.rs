//! What the pods of a zone reach outside of the pods' network.

use seaworthy_reachability::{Action, Direction, Endpoint, PodId, Port, Reason, Truth};

use crate::network::zones::{self, Subject, ZoneScope};

/// The pods that reach an address.
pub(super) struct Reaching<'s, 'e, 'a> {
    /// Those that do.
    pub(super) surely: Vec<&'s Subject<'e, 'a>>,
    /// Those that do or do not, by what is not known.
    pub(super) possibly: Vec<&'s Subject<'e, 'a>>,
}

/// Which of some pods reach addresses, each with a port.
pub(super) fn outside<'s, 'e, 'a>(
    scope: &ZoneScope<'e, 'a>,
    subjects: &'s [Subject<'e, 'a>],
    to: &[(Endpoint<'_, 'a>, Port)],
) -> Vec<Reaching<'s, 'e, 'a>> {
    let pods: Vec<PodId> = subjects.iter().map(|subject| subject.id).collect();
    let reaching = |answers: Vec<Truth>| {
        let of = |truth: Truth| {
            subjects.iter().zip(&answers).filter(|(_, answer)| **answer == truth).map(|(it, _)| it).collect()
        };
        Reaching { surely: of(Truth::Yes), possibly: of(Truth::Maybe) }
    };
    scope.world().egress_to(&pods, to).into_iter().map(reaching).collect()
}

impl<'a> Reaching<'_, '_, 'a> {
    /// The first few that do.
    pub(super) fn names(&self) -> String {
        zones::names(self.surely.iter().map(|subject| subject.owner))
    }

    /// Why the first that does reaches an address.
    pub(super) fn ground(&self, scope: &ZoneScope<'_, 'a>, end: Endpoint<'_, 'a>, port: Port) -> String {
        let Some(first) = self.surely.first() else { return String::new() };
        let grounds = scope.world().explain_side(first.id, Direction::Egress, end, port);
        let allows = |reason| matches!(reason, Reason::Allowed | Reason::ClusterRule(Action::Accept));
        let Some(ground) = grounds.iter().find(|ground| allows(ground.reason)) else {
            return "no policy denies it".to_owned();
        };
        let name =
            ground.policy.and_then(|policy| policy.at(&["metadata", "name"])).map_or("", |it| it.text());
        match ground.rule {
            Some(rule) => format!("egress rule {rule} of policy `{name}` allows it"),
            None => format!("policy `{name}` allows it"),
        }
    }
}
