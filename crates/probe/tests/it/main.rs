//! What holds of every attempt, whatever its judge says, and of how requests and answers are shown.

mod judging;
mod showing;
