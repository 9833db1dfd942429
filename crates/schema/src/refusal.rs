//! What the API server refuses, and how that is said to people.

use std::fmt;

use seaworthy_document::{Kind, Value};

use crate::table::Type;

/// One value because of which the API server would not decode an object. Displayed as a sentence for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// The value; that of an unknown field stands for its [key](Value::key).
    pub value: Value<'a>,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// A value of another kind is due.
    WrongType {
        /// What is due.
        expected: Expected,
        /// What is there; [`Kind::Float`] where a whole number is due means one with a fraction.
        found: Kind,
    },
    /// The type has no field of this name.
    UnknownField {
        /// The type that has no such field.
        owner: Type,
        /// The field of it that was probably meant.
        suggestion: Option<&'static str>,
    },
    /// The value is of the right kind, but its text does not read as what is due.
    Malformed {
        /// What is due.
        expected: Expected,
    },
    /// A whole number that does not fit into the field.
    OutOfRange {
        /// 8 (without a sign), 32 or 64 (with one).
        bits: u8,
    },
}

impl Problem {
    /// Whether only strict validation (`fieldValidation=Strict`, what `kubectl apply` asks for) refuses the
    /// object: otherwise the API server drops the field.
    pub fn strict_only(self) -> bool {
        matches!(self, Problem::UnknownField { .. })
    }
}

/// What is due at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// A number, or text such as `500m` or `2Gi` (`resource.Quantity`).
    Quantity,
    /// A whole number of 32 bits or text (`intstr.IntOrString`).
    IntegerOrString,
    /// A point in time by RFC 3339 (`metav1.Time`).
    Time,
    /// A point in time by RFC 3339 with six digits behind the second (`metav1.MicroTime`).
    MicroTime,
    /// Bytes in base64.
    Base64,
    /// A list.
    List,
    /// A map.
    Map,
    /// A boolean or a schema (`JSONSchemaPropsOrBool`).
    SchemaOrBoolean,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::String => "a string",
            Expected::Boolean => "a boolean (`true` or `false`)",
            Expected::Integer => "an integer",
            Expected::Number => "a number",
            Expected::Quantity => "a quantity such as `2`, `500m` or `2Gi`",
            Expected::IntegerOrString => "an integer or a string",
            Expected::Time => "a time such as `2026-01-31T12:00:00Z`",
            Expected::MicroTime => "a time such as `2026-01-31T12:00:00.000000Z`",
            Expected::Base64 => "a string in base64",
            Expected::List => "a list",
            Expected::Map => "a map",
            Expected::SchemaOrBoolean => "a boolean or a schema",
        })
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.value.path();
        let place = if path.is_empty() { "the object" } else { last_step(&path) };
        match self.problem {
            Problem::UnknownField { owner, suggestion } => {
                write!(f, "`{place}` is not a field of `{}`", owner.short_name())?;
                match suggestion {
                    Some(suggestion) => write!(f, ", did you mean `{suggestion}`? ")?,
                    None => f.write_str(": ")?,
                }
                return f
                    .write_str("the API server refuses it under strict validation and ignores it otherwise");
            }
            Problem::WrongType { expected, found } => {
                write!(f, "`{place}` must be {expected}, not {}", with_article(found, expected))?;
                if let Some(advice) = advice(expected, self.value) {
                    write!(f, " ({advice})")?;
                }
            }
            Problem::Malformed { expected } => write!(f, "`{place}` must be {expected}")?,
            Problem::OutOfRange { bits: 8 } => write!(f, "`{place}` must be an integer between 0 and 255")?,
            Problem::OutOfRange { bits: 32 } => {
                write!(f, "`{place}` must be an integer between {} and {}", i32::MIN, i32::MAX)?;
            }
            Problem::OutOfRange { .. } => {
                write!(f, "`{place}` must be an integer between {} and {}", i64::MIN, i64::MAX)?;
            }
        }
        f.write_str(": the API server refuses this object")
    }
}

fn with_article(found: Kind, expected: Expected) -> &'static str {
    match found {
        Kind::Float if matches!(expected, Expected::Integer | Expected::IntegerOrString) => {
            "a number with a fraction"
        }
        Kind::Null => "null",
        Kind::Bool => "a boolean",
        Kind::Int => "an integer",
        Kind::Float => "a number",
        Kind::String => "a string",
        Kind::Sequence => "a list",
        Kind::Mapping => "a map",
    }
}

/// What to do about scalars whose quotes are missing or too many.
fn advice(expected: Expected, value: Value<'_>) -> Option<&'static str> {
    match (expected, value.kind()) {
        (Expected::String | Expected::IntegerOrString, Kind::Bool | Kind::Int | Kind::Float) => {
            Some("put it in quotes")
        }
        (Expected::Integer, Kind::String) => {
            value.text().parse::<i64>().is_ok().then_some("remove the quotes")
        }
        (Expected::Boolean, Kind::String) => {
            matches!(value.text(), "true" | "false").then_some("remove the quotes")
        }
        _ => None,
    }
}

/// `ports[0]` of `spec.ports[0]`; a dot within brackets divides nothing.
fn last_step(path: &str) -> &str {
    let mut brackets = 0usize;
    let start = path.rfind(|c| {
        match c {
            ']' => brackets += 1,
            '[' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
        c == '.' && brackets == 0
    });
    start.map_or(path, |dot| &path[dot + 1..])
}
