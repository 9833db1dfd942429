//! The known name that was probably meant.

/// Longer names are not compared: no field is near them.
const LONGEST: usize = 64;

/// The candidate that differs from the name in case only, else the nearest within a third of its length in
/// insertions, deletions, replacements and swaps of neighbours; of equally near ones the first.
pub(crate) fn nearest(
    name: &str,
    candidates: impl Iterator<Item = &'static str> + Clone,
) -> Option<&'static str> {
    if name.len() > LONGEST {
        return None;
    }
    if let Some(same) = candidates.clone().find(|candidate| candidate.eq_ignore_ascii_case(name)) {
        return Some(same);
    }
    let most = (name.len() / 3).max(1);
    candidates
        .filter(|candidate| candidate.len().abs_diff(name.len()) <= most)
        .map(|candidate| (distance(name.as_bytes(), candidate.as_bytes()), candidate))
        .filter(|&(distance, candidate)| distance <= most && distance < candidate.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Edit distance with swaps of neighbours (optimal string alignment), case aside.
fn distance(from: &[u8], to: &[u8]) -> usize {
    let same = |i: usize, j: usize| from[i].eq_ignore_ascii_case(&to[j]);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let replaced = last[j] + usize::from(!same(i, j));
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && same(i, j - 1) && same(i - 1, j) {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn typing_errors_are_recognised() {
        let fields = || ["args", "command", "image", "imagePullPolicy", "name", "ports"].into_iter();
        assert_eq!(nearest("imagepullpolicy", fields()), Some("imagePullPolicy"));
        assert_eq!(nearest("imgae", fields()), Some("image"));
        assert_eq!(nearest("port", fields()), Some("ports"));
        assert_eq!(nearest("commands", fields()), Some("command"));
        assert_eq!(nearest("nodeSelector", fields()), None);
        assert_eq!(nearest("x", fields()), None);
        assert_eq!(nearest(&"a".repeat(100_000), fields()), None);
    }
}
