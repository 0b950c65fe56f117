//! CEL, whole: a parser with places, templates of a manifest, and the checker that makes typed expressions of them.
//!
//! It knows no files and no steps: names and their types are given to it.

pub mod ast;
pub mod error;
mod lexer;
mod literal;
pub mod manifest;
mod parser;
pub mod template;

pub use ast::{Ast, Reference};
pub use error::CelError;
pub use manifest::{Scope, check, check_template};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};
pub use template::Template;
