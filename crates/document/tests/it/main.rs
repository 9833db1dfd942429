//! What the reader promises, held against the Go code that kubectl uses.

mod generate;
mod hostile;
mod inputs;
mod kubectl;
mod readers;
mod spans;
mod suite;
