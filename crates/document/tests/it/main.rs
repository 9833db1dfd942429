//! What the reader promises, held against the Go code that kubectl uses.

mod generate;
mod inputs;
mod kubectl;
mod readers;
