//! CEL, whole: a parser with places, templates of a manifest and their checker, and evaluators of plain CEL and of Plans.
//!
//! It knows no files and no steps: names and their types are given to it.

pub mod ast;
pub mod conformance;
pub mod console;
pub mod error;
pub mod eval;
mod lexer;
mod literal;
pub mod manifest;
mod parser;
pub mod plan;
pub mod template;
pub mod typing;

pub use ast::{Ast, Reference};
pub use error::CelError;
pub use eval::{EvalError, Value, evaluate};
pub use manifest::{Languages, Misfit, Scope, across, check, check_template};
pub use parser::{MAX_DEPTH, MAX_LENGTH, parse};
pub use template::Template;
