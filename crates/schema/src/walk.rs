//! The walk over an object beside its type.

use seaworthy_document::{Entries, Items, Kind, Value};

use crate::refusal::{Expected, Problem, Refusal};
use crate::scalar::{self, Integer};
use crate::suggest;
use crate::table::{Shape, Table, Type, table};

/// Most refusals of each sort, strict only or not, that are told for one object. The API server stops at the
/// same number of unknown fields.
pub const LIMIT: usize = 100;

/// The values of an object because of which the API server would refuse to decode it, in the order of the text.
/// Those that only strict validation refuses (`kubectl apply` asks for it) are marked as
/// [strict only](Problem::strict_only). Empty when the object decodes; at most [`LIMIT`] of each sort.
///
/// The rules are those of `sigs.k8s.io/json` and of the types of `k8s.io/api` for the JSON that kubectl sends.
/// Each of two fields of one name is judged for itself; that they are two is for others to say, as is
/// whether an object that decodes is valid.
pub fn refusals(of: Type, object: Value<'_>) -> Vec<Refusal<'_>> {
    let mut walk = Walk { table: table(), found: Vec::new(), unknown: 0, wrong: 0 };
    // A stack of our own: schemas in a CustomResourceDefinition nest as deep as their author likes.
    let mut outer = Vec::new();
    let mut current = walk.judge(Shape::Struct(of), object, false);
    while let Some(level) = &mut current {
        match walk.advance(level) {
            Step::Inside(inner) => outer.extend(current.replace(inner)),
            Step::Behind => current = outer.pop(),
        }
    }
    walk.found
}

/// A collection of which the rest is to be judged.
struct Level<'a> {
    rest: Rest<'a>,
    /// Unknown fields pass, because the decoder of an outer type drops them whatever the validation.
    tolerant: bool,
}

enum Rest<'a> {
    Fields(Entries<'a>, Type),
    Values(Entries<'a>, Shape),
    Items(Items<'a>, Shape),
}

enum Step<'a> {
    /// A collection in the level comes first.
    Inside(Level<'a>),
    /// The level is done.
    Behind,
}

struct Walk<'a> {
    table: &'static Table,
    found: Vec<Refusal<'a>>,
    unknown: usize,
    wrong: usize,
}

impl<'a> Walk<'a> {
    /// Judges a level up to the next collection in it.
    fn advance(&mut self, level: &mut Level<'a>) -> Step<'a> {
        let tolerant = level.tolerant;
        match &mut level.rest {
            Rest::Fields(entries, owner) => {
                for (key, value) in entries {
                    if let Some(shape) = self.table.field(*owner, key.text()) {
                        if let Some(inner) = self.judge(shape, value, tolerant) {
                            return Step::Inside(inner);
                        }
                    } else if !tolerant {
                        self.unknown_field(*owner, key.text(), value);
                    }
                }
            }
            Rest::Values(entries, shape) => {
                for (_, value) in entries {
                    if let Some(inner) = self.judge(*shape, value, tolerant) {
                        return Step::Inside(inner);
                    }
                }
            }
            Rest::Items(items, shape) => {
                for item in items {
                    if let Some(inner) = self.judge(*shape, item, tolerant) {
                        return Step::Inside(inner);
                    }
                }
            }
        }
        Step::Behind
    }

    /// Judges a scalar; a collection that may stand here is given back.
    fn judge(&mut self, shape: Shape, value: Value<'a>, tolerant: bool) -> Option<Level<'a>> {
        let found = value.kind();
        let rest = match (shape, found) {
            (_, Kind::Null)
            | (Shape::Raw, _)
            | (Shape::String | Shape::IntOrString, Kind::String)
            | (Shape::Bool | Shape::SchemaOrBool(_), Kind::Bool)
            | (Shape::Float | Shape::Quantity, Kind::Int) => return None,
            (Shape::Struct(owner), Kind::Mapping) => Rest::Fields(value.entries(), owner),
            (Shape::List(items), Kind::Sequence) => Rest::Items(value.items(), self.table.element(items)),
            (Shape::Map(values), Kind::Mapping) => Rest::Values(value.entries(), self.table.element(values)),
            (Shape::Bytes, Kind::Sequence) => Rest::Items(value.items(), Shape::Uint8),
            (
                Shape::SchemaOrBool(schema) | Shape::SchemaOrList(schema) | Shape::SchemaOrStrings(schema),
                Kind::Mapping,
            ) => {
                return Some(Level { rest: Rest::Fields(value.entries(), schema), tolerant: true });
            }
            (Shape::SchemaOrList(schema), Kind::Sequence) => {
                return Some(Level {
                    rest: Rest::Items(value.items(), Shape::Struct(schema)),
                    tolerant: true,
                });
            }
            (Shape::SchemaOrStrings(_), Kind::Sequence) => Rest::Items(value.items(), Shape::String),
            // The decoder of these two takes a scalar for nothing at all.
            (Shape::SchemaOrList(_) | Shape::SchemaOrStrings(_), _) => return None,
            _ => {
                if let Some(problem) = scalar_problem(shape, value) {
                    self.wrong_value(value, problem);
                }
                return None;
            }
        };
        Some(Level { rest, tolerant })
    }

    fn unknown_field(&mut self, owner: Type, name: &str, value: Value<'a>) {
        if self.unknown < LIMIT {
            self.unknown += 1;
            let problem = Problem::UnknownField { owner, suggestion: suggest::nearest(name, owner.fields()) };
            self.found.push(Refusal { value, problem });
        }
    }

    fn wrong_value(&mut self, value: Value<'a>, problem: Problem) {
        if self.wrong < LIMIT {
            self.wrong += 1;
            self.found.push(Refusal { value, problem });
        }
    }
}

/// What is wrong with a value that is not of the plain kind for its place.
fn scalar_problem(shape: Shape, value: Value<'_>) -> Option<Problem> {
    let found = value.kind();
    let malformed =
        |well_formed: bool| (!well_formed).then_some(Problem::Malformed { expected: expected(shape) });
    match (shape, found) {
        (Shape::Uint8, Kind::Int | Kind::Float) => whole(value, shape, 8, 0, u8::MAX.into()),
        (Shape::Int32 | Shape::IntOrString, Kind::Int | Kind::Float) => {
            whole(value, shape, 32, i32::MIN.into(), i32::MAX.into())
        }
        (Shape::Int64, Kind::Int | Kind::Float) => whole(value, shape, 64, i64::MIN, i64::MAX),
        (Shape::Float | Shape::Quantity, Kind::Float) => malformed(scalar::float(value).is_some()),
        (Shape::Quantity, Kind::String) => malformed(scalar::is_quantity(value.text())),
        (Shape::Time, Kind::String) => malformed(scalar::is_time(value.text(), false)),
        (Shape::MicroTime, Kind::String) => malformed(scalar::is_time(value.text(), true)),
        (Shape::Bytes, Kind::String) => malformed(scalar::is_base64(value.text())),
        _ => Some(Problem::WrongType { expected: expected(shape), found }),
    }
}

fn whole(value: Value<'_>, shape: Shape, bits: u8, least: i64, most: i64) -> Option<Problem> {
    match scalar::integer(value) {
        Integer::Value(number) if (least..=most).contains(&number) => None,
        Integer::Value(_) | Integer::TooLarge => Some(Problem::OutOfRange { bits }),
        Integer::None => Some(Problem::WrongType { expected: expected(shape), found: value.kind() }),
    }
}

fn expected(shape: Shape) -> Expected {
    match shape {
        // Nothing is wrong with a value where anything goes.
        Shape::String | Shape::Raw => Expected::String,
        Shape::Bool => Expected::Boolean,
        Shape::Uint8 | Shape::Int32 | Shape::Int64 => Expected::Integer,
        Shape::Float => Expected::Number,
        Shape::Quantity => Expected::Quantity,
        Shape::IntOrString => Expected::IntegerOrString,
        Shape::Time => Expected::Time,
        Shape::MicroTime => Expected::MicroTime,
        Shape::Bytes => Expected::Base64,
        Shape::List(_) => Expected::List,
        Shape::Struct(_) | Shape::Map(_) | Shape::SchemaOrList(_) | Shape::SchemaOrStrings(_) => {
            Expected::Map
        }
        Shape::SchemaOrBool(_) => Expected::SchemaOrBoolean,
    }
}
