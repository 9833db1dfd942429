//! Finding the policies that may select a pod without asking every one.

use std::collections::HashMap;

use crate::labels::Labels;
use crate::selector::Selector;
use crate::world::{PolicyId, TooMany};

/// Policies that are asked for one pod, at most.
const MANY: usize = 500;

/// Values of one requirement under which a policy is entered, at most.
const MANY_VALUES: usize = 16;

/// The policies of a namespace, by a label that they need.
#[derive(Debug, Default)]
pub(crate) struct SubjectIndex<'a> {
    by_label: HashMap<(&'a str, &'a str), Vec<PolicyId>>,
    /// Those that need none, or too many.
    others: Vec<PolicyId>,
    count: usize,
}

impl<'a> SubjectIndex<'a> {
    pub(crate) fn add(&mut self, id: PolicyId, selector: &Selector<'a>) {
        self.count += 1;
        match selector.needed_pairs() {
            Some((key, values)) if values.len() <= MANY_VALUES => {
                for value in values {
                    let entry = self.by_label.entry((key, value)).or_default();
                    if entry.last() != Some(&id) {
                        entry.push(id);
                    }
                }
            }
            _ => self.others.push(id),
        }
    }

    /// The policies that may select something with these labels, in their order.
    pub(crate) fn candidates(&self, labels: &Labels<'a>) -> Result<Vec<PolicyId>, TooMany> {
        let Some(pairs) = labels.known_pairs() else {
            // What is not known may be needed by any of them.
            let all = self.by_label.values().flatten().chain(&self.others).copied();
            return if self.count > MANY { Err(TooMany) } else { Ok(sorted(all.collect())) };
        };
        let mut found = self.others.clone();
        if found.len() > MANY {
            return Err(TooMany);
        }
        for pair in pairs {
            found.extend(self.by_label.get(&pair).into_iter().flatten());
            if found.len() > MANY {
                return Err(TooMany);
            }
        }
        Ok(sorted(found))
    }
}

fn sorted(mut ids: Vec<PolicyId>) -> Vec<PolicyId> {
    ids.sort_unstable();
    ids.dedup();
    ids
}
