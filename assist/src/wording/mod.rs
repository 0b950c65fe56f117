//! Ways to say the same: what people write becomes the rows of items that the reading knows.
//!
//! It knows items and which tasks phrases name, not what a sentence says of steps.

mod consent;
mod passes;
mod restated;
mod rows;
mod shapes;
mod turns;

pub(crate) use passes::{ended, failing, joined, lone_verbs, sign_item};
pub(crate) use shapes::{straightened, with_verbs};
