//! Which line of a rendered text was made of which line of a file.

use std::collections::HashMap;

use seaworthy_evidence::Written;

/// Lines of a template that are looked at for one rendered line.
const FAR: usize = 2_000;

/// Finds the lines of a template that the lines of a rendered document repeat. Returns, for each rendered line, the
/// index of the template's line. Lines that occur once on both sides are sure; what is between them is matched in
/// order, first equal lines, then lines whose key is the same and whose value is made by the template.
pub(crate) fn align(rendered: &[&str], template: &[&str]) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; rendered.len()];
    let anchors = anchors(rendered, template);
    for &(line, at) in &anchors {
        found[line] = Some(at);
    }
    if let Some(&(line, at)) = anchors.first() {
        // The head of a document is nearest to what follows it: other documents of the template may stand before.
        backwards(&rendered[..line], &template[..at], &mut found[..line]);
    }
    let ends = anchors.iter().skip(1).copied().chain([(rendered.len(), template.len())]);
    let starts = anchors.iter().map(|(line, at)| (line + 1, at + 1));
    let gaps: Vec<_> = match anchors.is_empty() {
        true => vec![((0, 0), (rendered.len(), template.len()))],
        false => starts.zip(ends).collect(),
    };
    for ((line, at), (line_end, at_end)) in gaps {
        forwards(&rendered[line..line_end], &template[at..at_end], &mut found[line..line_end], at);
    }
    found
}

/// Lines that occur once in both texts, as many as are in the same order.
fn anchors(rendered: &[&str], template: &[&str]) -> Vec<(usize, usize)> {
    let mut seen: HashMap<&str, (Option<usize>, Option<usize>, bool)> = HashMap::new();
    for (index, line) in rendered.iter().enumerate().filter(|(_, line)| speaks(line)) {
        let entry = seen.entry(line.trim()).or_default();
        entry.2 |= entry.0.replace(index).is_some();
    }
    for (index, line) in template.iter().enumerate() {
        if let Some(entry) = seen.get_mut(line.trim()) {
            entry.2 |= entry.1.replace(index).is_some();
        }
    }
    let mut pairs: Vec<(usize, usize)> = seen
        .into_values()
        .filter_map(|(rendered, template, twice)| if twice { None } else { rendered.zip(template) })
        .collect();
    pairs.sort_unstable();
    longest_ascending(&pairs)
}

/// The longest run of pairs whose second members ascend as well.
fn longest_ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tails: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = vec![None; pairs.len()];
    for (index, pair) in pairs.iter().enumerate() {
        let length = tails.partition_point(|&tail| pairs[tail].1 < pair.1);
        before[index] = length.checked_sub(1).map(|last| tails[last]);
        match tails.get_mut(length) {
            Some(tail) => *tail = index,
            None => tails.push(index),
        }
    }
    let mut run = Vec::with_capacity(tails.len());
    let mut at = tails.last().copied();
    while let Some(index) = at {
        run.push(pairs[index]);
        at = before[index];
    }
    run.reverse();
    run
}

/// Matches a gap from its start on.
fn forwards(rendered: &[&str], template: &[&str], found: &mut [Option<usize>], offset: usize) {
    let mut from = 0;
    for (line, slot) in rendered.iter().zip(found) {
        if let Some(ahead) = nearest(line, template[from..].iter().take(FAR)) {
            *slot = Some(offset + from + ahead);
            from += ahead + 1;
        }
    }
}

/// Matches a gap from its end on.
fn backwards(rendered: &[&str], template: &[&str], found: &mut [Option<usize>]) {
    let mut to = template.len();
    for (line, slot) in rendered.iter().zip(found).rev() {
        if let Some(back) = nearest(line, template[..to].iter().rev().take(FAR)) {
            to -= back + 1;
            *slot = Some(to);
        }
    }
}

/// How far away the next line is that says the same as a rendered one, or else would say it.
fn nearest<'t>(line: &str, template: impl Iterator<Item = &'t &'t str> + Clone) -> Option<usize> {
    if !speaks(line) {
        return None;
    }
    let line = line.trim();
    template.clone().position(|other| other.trim() == line).or_else(|| {
        let key = key(line)?;
        template.into_iter().position(|other| other.contains("{{") && self::key(other.trim()) == Some(key))
    })
}

/// The key of a line, with the dash before it.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(':')?;
    (!key.contains("{{")).then_some(key)
}

/// Whether a line holds anything by which it can be recognised.
fn speaks(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && line != "---" && !line.starts_with("# Source: ")
}

/// The first column (from 1) and the one behind the last character that is no space.
pub(crate) fn columns(line: &str) -> (u32, u32) {
    let indent = line.len() - line.trim_start_matches(' ').len();
    (indent as u32 + 1, line.trim_end().chars().count() as u32 + 1)
}

/// Gives lines that are made of nothing known the place of the nearest line around them.
pub(crate) fn fill(text: &str, lines: &mut [Option<Written>]) {
    // Lines that enclose the present one: how deep they are, and where they come from.
    let mut around: Vec<(usize, Written)> = Vec::new();
    let mut last: Option<Written> = None;
    for (line, slot) in text.lines().zip(lines.iter_mut()) {
        if line.starts_with("---") {
            around.clear();
            last = None;
            continue;
        }
        let depth = depth(line);
        if let Some(depth) = depth {
            while around.last().is_some_and(|(other, _)| *other >= depth) {
                around.pop();
            }
        }
        if slot.is_none() {
            *slot = around.last().map(|(_, written)| *written).or(last);
            if let Some(written) = slot {
                written.exact = false;
            }
        }
        if let (Some(written), Some(depth)) = (*slot, depth) {
            around.push((depth, written));
            last = Some(written);
        }
    }
    // What stands before the first known line of its document has the place of that one.
    let mut next: Option<Written> = None;
    let starts: Vec<bool> = text.lines().map(|line| line.starts_with("---")).collect();
    for (slot, starts) in lines.iter_mut().zip(starts).rev() {
        match slot {
            Some(written) => next = Some(*written),
            None => *slot = next.map(|written| Written { exact: false, ..written }),
        }
        if starts {
            next = None;
        }
    }
}

/// How deep a line lies; an item of a list lies deeper than a key in the same column.
fn depth(line: &str) -> Option<usize> {
    let trimmed = line.trim_start_matches(' ');
    let indent = line.len() - trimmed.len();
    match trimmed {
        "" => None,
        trimmed if trimmed.starts_with('#') => None,
        trimmed => Some(2 * indent + usize::from(trimmed == "-" || trimmed.starts_with("- "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aligned(rendered: &str, template: &str) -> Vec<(String, Option<usize>)> {
        let (rendered, template): (Vec<_>, Vec<_>) = (rendered.lines().collect(), template.lines().collect());
        let found = align(&rendered, &template);
        rendered
            .iter()
            .map(|line| line.trim().to_owned())
            .zip(found.iter().map(|at| at.map(|at| at + 1)))
            .collect()
    }

    #[test]
    fn equal_lines_are_found_whatever_stands_between() {
        let template = "kind: A\nspec:\n{{- if .x }}\n  a: 1\n{{- end }}\n  b: {{ .b }}\n  c: 3\n";
        let lines = aligned("kind: A\nspec:\n    a: 1\n    b: two\n    c: 3\n    d: 4\n", template);
        let places: Vec<_> = lines.into_iter().map(|(_, at)| at).collect();
        assert_eq!(places, [Some(1), Some(2), Some(4), Some(6), Some(7), None]);
    }

    #[test]
    fn a_later_document_of_a_template_is_not_taken_for_an_earlier_one() {
        let template =
            "kind: S\nmetadata:\n  name: one\n---\nkind: S\nmetadata:\n  name: two\n  x: {{ 1 }}\n";
        let lines = aligned("kind: S\nmetadata:\n  name: two\n  x: 1\n", template);
        let places: Vec<_> = lines.into_iter().map(|(_, at)| at).collect();
        assert_eq!(places, [Some(5), Some(6), Some(7), Some(8)]);
    }

    #[test]
    fn repeated_lines_keep_their_order() {
        let template = "a:\n- x: 1\n  z: 1\n- x: 1\n  z: 2\n";
        let places: Vec<_> = aligned(template, template).into_iter().map(|(_, at)| at).collect();
        assert_eq!(places, [Some(1), Some(2), Some(3), Some(4), Some(5)]);
    }

    #[test]
    fn unknown_lines_have_the_place_of_what_is_around_them() {
        let text = "---\na: 1\nspec:\n  list:\n  - x: 1\n    y: 2\n  other: 3\nend: 4\n---\nb: 1\n";
        let written =
            |line| Some(Written { file: 0, line, column: 1, end_column: 5, rendered_column: 1, exact: true });
        let mut lines = vec![None; 10];
        lines[2] = written(30);
        lines[4] = written(50);
        fill(text, &mut lines);
        let places: Vec<_> =
            lines.iter().map(|slot| slot.map(|written| (written.line, written.exact))).collect();
        assert_eq!(
            places,
            [
                Some((30, false)),
                Some((30, false)),
                Some((30, true)),
                Some((30, false)),
                Some((50, true)),
                Some((50, false)),
                Some((30, false)),
                Some((30, false)),
                None,
                None
            ]
        );
    }
}
