//! The points of paths and the edges between them, searched backwards from the goals.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::holder::Holder;
use crate::paths::{Goal, How, MOST_STEPS};

/// Somebody; accounts whose namespace the files leave open are told apart by file.
pub(crate) type Identity<'a> = (Holder<'a>, Option<u32>);

/// Somebody, or what lies between two of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Point<'a> {
    Goal(Goal),
    /// Being somebody, apart from having every right outright.
    Is(Identity<'a>),
    /// Having become somebody.
    Became(Identity<'a>),
    /// Being any account of a namespace.
    Accounts(&'a str),
    /// Starting pods in a namespace.
    Pods(&'a str),
    /// Commands in the pods of a namespace.
    Commands(&'a str),
    /// The tokens that are stored in a namespace, or in all.
    Tokens(Option<&'a str>),
}

struct Edge<'a> {
    from: u32,
    to: u32,
    /// Whether it counts: being somebody or somewhere already does not.
    step: bool,
    how: How<'a>,
}

/// Points and edges.
#[derive(Default)]
pub(crate) struct Graph<'a> {
    points: Vec<Point<'a>>,
    numbers: FxHashMap<Point<'a>, u32>,
    edges: Vec<Edge<'a>>,
}

impl<'a> Graph<'a> {
    fn number(&mut self, point: Point<'a>) -> u32 {
        *self.numbers.entry(point).or_insert_with(|| {
            self.points.push(point);
            self.points.len() as u32 - 1
        })
    }

    pub(crate) fn add(&mut self, from: Point<'a>, to: Point<'a>, step: bool, how: How<'a>) {
        let (from, to) = (self.number(from), self.number(to));
        self.edges.push(Edge { from, to, step, how });
    }

    /// For each point the edge by which its shortest path goes on, and where that ends, searched backwards from the
    /// goals.
    pub(crate) fn search(&self) -> Vec<Option<(u32, Goal)>> {
        let mut into: Vec<Vec<u32>> = Vec::new();
        into.resize_with(self.points.len(), Vec::new);
        for (number, edge) in (0..).zip(&self.edges) {
            into.get_mut(edge.to as usize).into_iter().for_each(|list| list.push(number));
        }
        let mut next = vec![None; self.points.len()];
        let mut lengths = vec![u32::MAX; self.points.len()];
        let mut waiting = VecDeque::new();
        for goal in [Goal::ClusterAdmin, Goal::NodeRoot] {
            if let Some(&number) = self.numbers.get(&Point::Goal(goal)) {
                lengths[number as usize] = 0;
                waiting.push_back((0, number, goal));
            }
        }
        while let Some((length, point, goal)) = waiting.pop_front() {
            if lengths.get(point as usize).is_none_or(|known| *known < length) {
                continue;
            }
            for &number in into.get(point as usize).into_iter().flatten() {
                let Some(edge) = self.edges.get(number as usize) else { continue };
                let (from, length) = (edge.from as usize, length.saturating_add(u32::from(edge.step)));
                if lengths.get(from).is_some_and(|known| length < *known) {
                    lengths[from] = length;
                    next[from] = Some((number, goal));
                    if edge.step {
                        waiting.push_back((length, edge.from, goal));
                    } else {
                        waiting.push_front((length, edge.from, goal));
                    }
                }
            }
        }
        next
    }

    /// The path of somebody.
    pub(crate) fn follow(
        &self,
        identity: Identity<'a>,
        next: &[Option<(u32, Goal)>],
    ) -> Option<(Vec<How<'a>>, Goal)> {
        let mut at = *self.numbers.get(&Point::Is(identity))?;
        let (_, goal) = (*next.get(at as usize)?)?;
        let mut steps = Vec::new();
        while steps.len() < MOST_STEPS
            && let Some((edge, _)) = next.get(at as usize).copied().flatten()
            && let Some(edge) = self.edges.get(edge as usize)
        {
            steps.push(edge.how);
            at = edge.to;
        }
        Some((steps, goal))
    }
}
