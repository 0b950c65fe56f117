//! The interpreter, held to the meaning of each construct and each rule.

mod constructs;
mod exits;
mod exploring;
mod kit;
mod signals;
