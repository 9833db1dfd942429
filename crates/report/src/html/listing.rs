//! How much is listed, so that no input makes a page that a browser cannot open.

use super::text::Markup;

/// Findings that the roadmap lists in all.
const FINDINGS: usize = 5_000;
/// Size of everything that is listed.
const BYTES: usize = 16 << 20;

/// What may still be listed.
#[derive(Debug)]
pub(super) struct Budget {
    bytes: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { bytes: BYTES }
    }
}

/// A list that may have been cut.
#[derive(Debug)]
pub(super) struct Listing {
    pub(super) entries: Vec<Markup>,
    /// Number of all entries, the unlisted ones included.
    pub(super) total: usize,
}

impl Listing {
    /// Whether something was left out.
    pub(super) fn is_cut(&self) -> bool {
        self.entries.len() < self.total
    }
}

impl Budget {
    /// The first of `total` entries: at most `limit`, and no more than fit.
    pub(super) fn list(
        &mut self,
        entries: impl Iterator<Item = Markup>,
        limit: usize,
        total: usize,
    ) -> Listing {
        let mut listing = Listing { entries: Vec::with_capacity(limit.min(total)), total };
        for entry in entries.take(limit) {
            let Some(left) = self.bytes.checked_sub(entry.len()) else {
                self.bytes = 0;
                break;
            };
            self.bytes = left;
            listing.entries.push(entry);
        }
        listing
    }
}

/// How many entries each of several lists may have so that all of them together stay within what the roadmap
/// lists: short lists are complete, and long ones share what is left.
pub(super) fn fair_share(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    let mut left = FINDINGS;
    for (index, length) in lengths.iter().enumerate() {
        let share = left / (lengths.len() - index);
        if *length > share {
            return share;
        }
        left -= length;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;
    use askama::Template;

    #[test]
    fn short_lists_are_complete_and_long_ones_share_the_rest() {
        assert_eq!(fair_share(vec![]), usize::MAX);
        assert_eq!(fair_share(vec![FINDINGS]), usize::MAX);
        assert_eq!(fair_share(vec![FINDINGS + 1]), FINDINGS);
        assert_eq!(fair_share(vec![90_000, 1_000, 80_000]), 2_000);
        assert_eq!(fair_share(vec![1; FINDINGS]), usize::MAX);
    }

    #[derive(Template)]
    #[template(source = "{{ letters }}", ext = "html")]
    struct Letters<'l> {
        letters: &'l str,
    }

    #[test]
    fn a_list_ends_where_the_budget_does() {
        let entry = || Markup::rendered(&Letters { letters: "abcd" });
        let mut budget = Budget { bytes: 10 };
        let listing = budget.list(std::iter::repeat_with(entry), 100, 7);
        assert_eq!((listing.entries.len(), listing.total, listing.is_cut()), (2, 7, true));
        assert_eq!(budget.list(std::iter::repeat_with(entry), 100, 7).entries.len(), 0);
        let mut budget = Budget { bytes: 100 };
        assert_eq!(budget.list(std::iter::repeat_with(entry).take(7), 3, 7).entries.len(), 3);
    }
}
