//! Which of several objects of one name is meant: the one that stands nearest.

/// Objects of one name among which the nearest is still looked for: a search must not cost more the more copies of
/// something lie about.
const MANY: usize = 64;

/// Where an object stands: number and path of its file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot<'a> {
    pub(crate) file: u32,
    pub(crate) path: &'a str,
}

impl<'a> Spot<'a> {
    fn folder(&self) -> &'a str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether one folder holds the other.
    fn is_nested_with(&self, other: &Spot<'_>) -> bool {
        let holds = |outer: &str, inner: &str| {
            outer.is_empty() || inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
        };
        holds(self.folder(), other.folder()) || holds(other.folder(), self.folder())
    }
}

/// The answer of a search by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// This one is meant.
    One(u32),
    /// There is none.
    None,
    /// There are several, and nothing tells which one is meant.
    Several,
}

/// Chooses the candidate that stands in the same file, else in the same folder, else in one above or below it, else
/// the only one there is. Candidates come in the order of their files.
pub(crate) fn nearest<'a>(candidates: &[u32], from: Spot<'_>, spot: impl Fn(u32) -> Spot<'a>) -> Chosen {
    let first = candidates.partition_point(|&candidate| spot(candidate).file < from.file);
    let same_file = candidates.iter().skip(first).take_while(|&&candidate| spot(candidate).file == from.file);
    match one_of(same_file.copied()) {
        Chosen::None => {}
        found => return found,
    }
    if candidates.len() > MANY {
        return Chosen::Several;
    }
    let among = |wanted: &dyn Fn(Spot<'a>) -> bool| {
        one_of(candidates.iter().copied().filter(|&candidate| wanted(spot(candidate))))
    };
    match among(&|spot| spot.folder() == from.folder()) {
        Chosen::None => {}
        found => return found,
    }
    match among(&|spot| spot.is_nested_with(&from)) {
        Chosen::None => among(&|_| true),
        found => found,
    }
}

/// As [`nearest`], but nothing that stands in an unrelated folder.
pub(crate) fn beside<'a>(candidates: &[u32], from: Spot<'_>, spot: impl Fn(u32) -> Spot<'a>) -> Chosen {
    match nearest(candidates, from, &spot) {
        Chosen::One(one) if spot(one).folder() != from.folder() => Chosen::None,
        found => found,
    }
}

fn one_of(mut found: impl Iterator<Item = u32>) -> Chosen {
    match (found.next(), found.next()) {
        (None, _) => Chosen::None,
        (Some(one), None) => Chosen::One(one),
        (Some(_), Some(_)) => Chosen::Several,
    }
}
