//! The policy that an API server is given.

use crate::flags::{Configuration, Flags};
use crate::scope::ComponentScope;
use crate::verdict::Verdict;

/// What a control of policies says about an API server: nothing, since the policy is judged where it stands; or that
/// it is not among the files. That there is one at all is for `audit/enabled` to demand.
pub(super) fn policy_of<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    match flags.configuration("--audit-policy-file", "Policy") {
        Configuration::None | Configuration::Found(_) => Verdict::NotApplicable,
        Configuration::Open => flags.verdict(),
    }
}
