//! What each format says of the same small input, and that it says it safely.

mod explain;
mod fixture;
mod json;
mod sarif;
mod terminal;
