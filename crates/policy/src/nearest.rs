//! The words that were probably meant.

/// Longer words are not compared: the time grows with the square of their length.
const LONGEST: usize = 80;

/// The words nearest to a misspelt one, at most three, none that differs in more than a third of its letters. The
/// name behind the slash of an id counts as well, so that `privilged` finds `pods/privileged`.
pub fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Vec<String> {
    if word.len() > LONGEST {
        return Vec::new();
    }
    let word = word.to_ascii_lowercase();
    let limit = (word.len() / 3).clamp(1, 4);
    let mut near: Vec<(usize, &str)> = words
        .filter_map(|candidate| {
            let lower = candidate.to_ascii_lowercase();
            let whole = distance(&word, &lower);
            let name = lower.rsplit('/').next().map_or(whole, |name| distance(&word, name));
            let best = whole.min(name);
            (best <= limit).then_some((best, candidate))
        })
        .collect();
    near.sort();
    near.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Number of insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
pub fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
