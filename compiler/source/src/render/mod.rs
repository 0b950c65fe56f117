//! How findings are shown: to people as text, to programs as JSON.
//!
//! It knows neither terminals nor what a finding means.

mod json;
mod lines;
mod text;

pub use json::json;
pub use lines::Lines;
pub use text::text;
