//! Executes the cases in every control's page, and holds the catalogue to its rules.

mod cases;
mod catalogue;
