//! The types of the built-in kinds, read once from the table that `testing/oracle/schema` writes.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

/// The type of a Kubernetes object or of a part of one, such as `io.k8s.api.core.v1.PodSpec`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type(u16);

impl Type {
    /// The name under which the OpenAPI document of Kubernetes publishes the type.
    pub fn name(self) -> &'static str {
        table().types[usize::from(self.0)].name
    }

    /// The last part of the [name](Type::name), as `PodSpec`.
    pub fn short_name(self) -> &'static str {
        let name = self.name();
        name.rsplit_once('.').map_or(name, |(_, short)| short)
    }

    /// The fields as JSON spells them, sorted.
    pub fn fields(self) -> impl ExactSizeIterator<Item = &'static str> + Clone {
        table().fields_of(self).iter().map(|field| field.name)
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The type of a kind that is built into the API server (or was in an older version of it), else `None`:
/// nothing is known here about custom resources.
pub fn kind(api_version: &str, kind: &str) -> Option<Type> {
    let kinds = &table().kinds;
    let found = kinds.binary_search_by(|entry| (entry.0, entry.1).cmp(&(api_version, kind))).ok()?;
    Some(kinds[found].2)
}

/// The type of this [name](Type::name), for parts of built-in kinds that stand in custom resources, such as
/// `io.k8s.api.core.v1.PodTemplateSpec`.
pub fn named(name: &str) -> Option<Type> {
    let found = table().types.binary_search_by(|entry| entry.name.cmp(name)).ok()?;
    Some(Type(found as u16))
}

/// What the decoder wants at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    String,
    Bool,
    Uint8,
    Int32,
    Int64,
    Float,
    Quantity,
    IntOrString,
    Time,
    MicroTime,
    Bytes,
    /// Any JSON.
    Raw,
    Struct(Type),
    /// Index of the shape of the items.
    List(u16),
    /// Index of the shape of the values.
    Map(u16),
    SchemaOrBool(Type),
    SchemaOrList(Type),
    SchemaOrStrings(Type),
}

pub(crate) struct Table {
    kinds: Vec<(&'static str, &'static str, Type)>,
    types: Vec<TypeEntry>,
    fields: Vec<Field>,
    /// The shapes of items and values.
    elements: Vec<Shape>,
    /// Open addressing by type and field name: 1 + the index of a field, or 0.
    slots: Vec<u16>,
}

struct TypeEntry {
    name: &'static str,
    first: u16,
    behind: u16,
}

struct Field {
    name: &'static str,
    owner: Type,
    shape: Shape,
}

const SLOTS: usize = 1 << SLOT_BITS;
const SLOT_BITS: u32 = 14;

pub(crate) fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table::parse(include_str!("kinds.tsv")))
}

impl Table {
    /// The shape of a field, or `None` when the type has no such field. Names are case-sensitive, as in the
    /// decoder of `sigs.k8s.io/json`.
    pub(crate) fn field(&self, owner: Type, name: &str) -> Option<Shape> {
        let mut slot = slot(owner, name);
        while let Some(index) = self.slots[slot].checked_sub(1) {
            let field = &self.fields[usize::from(index)];
            if field.owner == owner && field.name == name {
                return Some(field.shape);
            }
            slot = (slot + 1) % SLOTS;
        }
        None
    }

    pub(crate) fn element(&self, index: u16) -> Shape {
        self.elements[usize::from(index)]
    }

    fn fields_of(&self, owner: Type) -> &[Field] {
        let entry = &self.types[usize::from(owner.0)];
        &self.fields[usize::from(entry.first)..usize::from(entry.behind)]
    }

    fn parse(text: &'static str) -> Table {
        let mut table = Table {
            kinds: Vec::with_capacity(1024),
            types: Vec::with_capacity(2048),
            fields: Vec::with_capacity(8192),
            elements: Vec::new(),
            slots: vec![0; SLOTS],
        };
        // A type may be meant before its own line comes: names are resolved when all are known.
        let mut kinds = Vec::with_capacity(1024);
        let mut expressions = Vec::with_capacity(8192);
        let mut shapes = Shapes::default();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
            let line = &text[start..end];
            start = end + 1;
            let Some(tab) = memchr::memchr(b'\t', line.as_bytes()) else {
                if !line.starts_with('#') {
                    shapes.insert(line, Shape::Struct(Type(table.types.len() as u16)));
                    let first = table.fields.len() as u16;
                    table.types.push(TypeEntry { name: line, first, behind: first });
                }
                continue;
            };
            let (before, behind) = (&line[..tab], &line[tab + 1..]);
            let Some(tab) = memchr::memchr(b'\t', behind.as_bytes()) else { continue };
            let (name, expression) = (&behind[..tab], &behind[tab + 1..]);
            if before.is_empty() {
                table.push_field(name);
                expressions.push(expression);
            } else {
                kinds.push((before, name, expression));
            }
        }
        for (index, expression) in expressions.into_iter().enumerate() {
            table.fields[index].shape = table.shape(expression, &mut shapes);
        }
        for (api_version, kind, name) in kinds {
            if let Shape::Struct(of) = table.shape(name, &mut shapes) {
                table.kinds.push((api_version, kind, of));
            }
        }
        table
    }

    fn push_field(&mut self, name: &'static str) {
        let Some(last) = self.types.last_mut() else { return };
        last.behind += 1;
        let owner = Type(self.types.len() as u16 - 1);
        self.fields.push(Field { name, owner, shape: Shape::Raw });
        let mut slot = slot(owner, name);
        while self.slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        self.slots[slot] = self.fields.len() as u16;
    }

    /// # Panics
    /// When the table names a type that it does not have, which a test excludes.
    fn shape(&mut self, expression: &'static str, known: &mut Shapes) -> Shape {
        if let Some(shape) = scalar(expression).or_else(|| known.get(expression).copied()) {
            return shape;
        }
        let shape = if let Some(items) = expression.strip_prefix("[]") {
            let items = self.shape(items, known);
            Shape::List(self.push_element(items))
        } else if let Some(values) = expression.strip_prefix("{}") {
            let values = self.shape(values, known);
            Shape::Map(self.push_element(values))
        } else {
            match expression.split_once(' ').map(|(alternative, name)| (alternative, known.get(name))) {
                Some(("schema-or-bool", Some(&Shape::Struct(schema)))) => Shape::SchemaOrBool(schema),
                Some(("schema-or-list", Some(&Shape::Struct(schema)))) => Shape::SchemaOrList(schema),
                Some(("schema-or-strings", Some(&Shape::Struct(schema)))) => Shape::SchemaOrStrings(schema),
                _ => panic!("kinds.tsv has the unknown type `{expression}`"),
            }
        };
        known.insert(expression, shape);
        shape
    }

    fn push_element(&mut self, shape: Shape) -> u16 {
        self.elements.push(shape);
        self.elements.len() as u16 - 1
    }
}

fn scalar(expression: &str) -> Option<Shape> {
    Some(match expression {
        "string" => Shape::String,
        "bool" => Shape::Bool,
        "int32" => Shape::Int32,
        "int64" => Shape::Int64,
        "float" => Shape::Float,
        "quantity" => Shape::Quantity,
        "int-or-string" => Shape::IntOrString,
        "time" => Shape::Time,
        "microtime" => Shape::MicroTime,
        "bytes" => Shape::Bytes,
        "raw" => Shape::Raw,
        _ => return None,
    })
}

type Shapes = HashMap<&'static str, Shape, BuildHasherDefault<NameHasher>>;

/// The names are our own: nobody picks ones that collide, and reading the table is most of the start.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        let rest = rest.iter().fold(0, |all, &byte| all << 8 | u64::from(byte));
        for word in words.iter().map(|word| u64::from_le_bytes(*word)).chain([rest]) {
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// Both ends and the length of a field name tell nearly all names of a type apart; the rest is probing.
fn slot(owner: Type, name: &str) -> usize {
    let bytes = name.as_bytes();
    let (start, end) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(start), Some(end)) => (u64::from_le_bytes(*start), u64::from_le_bytes(*end)),
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(start), Some(end)) => {
                (u64::from(u32::from_le_bytes(*start)), u64::from(u32::from_le_bytes(*end)))
            }
            _ => (bytes.iter().fold(0, |all, &byte| all << 8 | u64::from(byte)), 0),
        },
    };
    let mixed =
        (start ^ u64::from(owner.0) << 40 ^ (bytes.len() as u64) << 56).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 32 ^ end).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (mixed >> (u64::BITS - SLOT_BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole_and_in_order() {
        let table = table();
        assert!(table.kinds.is_sorted_by(|a, b| (a.0, a.1) < (b.0, b.1)));
        assert!(table.types.is_sorted_by(|a, b| a.name < b.name));
        let text = include_str!("kinds.tsv");
        assert_eq!(table.fields.len(), text.lines().filter(|line| line.starts_with('\t')).count());
        assert!(table.fields.len() * 2 < SLOTS, "grow SLOT_BITS: the slots are half full");
        let kinds = text.lines().filter(|line| !line.starts_with(['\t', '#']) && line.contains('\t')).count();
        assert_eq!(table.kinds.len(), kinds);
    }

    #[test]
    fn every_field_is_found_under_its_name_only() {
        let table = table();
        for field in &table.fields {
            assert_eq!(table.field(field.owner, field.name), Some(field.shape));
            assert_eq!(table.field(field.owner, &field.name.to_uppercase()), None);
        }
    }
}
