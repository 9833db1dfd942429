//! Where a value stands.

use crate::tree::{Kind, Node};
use crate::value::Value;

/// The collection that a node is a child of, and its number among the items of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parent {
    node: u32,
    number: u32,
}

const NONE: u32 = u32::MAX;

/// Nodes up to which a place is found sooner by walking down than through an index.
const SMALL: usize = 2048;

/// The parent of each node, in one pass.
pub(crate) fn parents(nodes: &[Node]) -> Vec<Parent> {
    let mut parents = Vec::with_capacity(nodes.len());
    let mut open: Vec<(u32, Parent)> = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        while open.last().is_some_and(|&(after, _)| after as usize <= index) {
            open.pop();
        }
        parents.push(match open.last_mut() {
            Some((_, child)) => {
                let parent = *child;
                child.number += 1;
                parent
            }
            None => Parent { node: NONE, number: 0 },
        });
        if matches!(node.kind, Kind::Mapping | Kind::Sequence) {
            open.push((node.link, Parent { node: index as u32, number: 0 }));
        }
    }
    parents
}

impl<'a> Value<'a> {
    /// The collection that the value stands in; `None` for roots. The first call builds an index of the stream.
    pub fn parent(&self) -> Option<Value<'a>> {
        let parent = self.stream().parents()[self.id() as usize].node;
        (parent != NONE).then(|| Value::new(self.stream(), parent))
    }

    /// Where the value stands below its document's root, as `spec.containers[app].image`: items of lists are
    /// named by their `name` where they have one, else by their index, so that a path survives reordering.
    /// In a large stream the first call builds an index.
    pub fn path(&self) -> String {
        let mut path = String::new();
        for (step, number) in self.lineage() {
            if let Some(key) = step.key() {
                push_key(&mut path, key.text());
            } else if !step.is_key() {
                match step.get("name").and_then(|name| name.as_str()) {
                    Some(name) => push_item(&mut path, name),
                    None => push_item(&mut path, &number.to_string()),
                }
            }
        }
        path
    }

    /// The values from below the root down to this one, each with its number among the items of its list.
    pub fn lineage(&self) -> Vec<(Value<'a>, u32)> {
        if self.stream().nodes.len() <= SMALL {
            return self.lineage_from_above();
        }
        let mut steps = Vec::new();
        let mut at = *self;
        while let Some(parent) = at.parent() {
            steps.push((at, self.stream().parents()[at.id() as usize].number));
            at = parent;
        }
        steps.reverse();
        steps
    }

    fn lineage_from_above(&self) -> Vec<(Value<'a>, u32)> {
        let stream = self.stream();
        let mut steps = Vec::new();
        let document = stream.documents.partition_point(|document| document.root <= self.id());
        let Some(document) = document.checked_sub(1) else { return steps };
        let mut at = stream.documents[document].root;
        while at < self.id() {
            // The child whose subtree holds the value; a key is a child like any other.
            let (mut child, mut number) = (at + 1, 0);
            loop {
                let after = Value::new(stream, child).after();
                if after > self.id() {
                    break;
                }
                (child, number) = (after, number + 1);
            }
            steps.push((Value::new(stream, child), number));
            at = child;
        }
        steps
    }
}

fn push_item(path: &mut String, name: &str) {
    path.push('[');
    path.push_str(name);
    path.push(']');
}

fn push_key(path: &mut String, key: &str) {
    if key.contains(['.', '/', '[']) {
        return push_item(path, key);
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}
