//! How findings are shown: to people as text, to programs as JSON and SARIF, to GitHub as commands of a workflow.
//!
//! It knows neither terminals nor what a finding means.

mod github;
mod inert;
mod json;
mod lines;
mod sarif;
mod text;

pub use github::{command as github_command, github};
pub use json::json;
pub use lines::Lines;
pub use sarif::{Rule, Tool, failed as sarif_failure, sarif};
pub use text::text;
