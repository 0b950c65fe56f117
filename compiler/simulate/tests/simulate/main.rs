//! The interpreter, held to the meaning of each construct and each rule.

mod arithmetic;
mod constructs;
mod deaths;
mod doubts;
mod exits;
mod exploring;
mod kit;
mod properties;
mod rules;
mod signals;
