//! Files, spans, diagnostics and fixes, and how they are shown.
//!
//! It knows nothing of manifests, languages or rules.

pub mod diagnostic;
pub mod file;
pub mod fix;
pub mod render;

pub use diagnostic::{Code, Diagnostic, Edit, Fix, Label, Safety, Severity};
pub use file::{FileId, Sources, Span};
