//! A manifest in another form that says the same: formatted, or in the other syntax.
//!
//! It looks at the syntax only: neither the code nor the meaning of the manifest.

use conductor_source::Sources;
use conductor_syntax::{Syntax, convert, format};

pub use conductor_syntax::format::Unwritten;

/// A manifest that was to be written anew.
#[derive(Debug)]
pub struct Rewritten {
    /// Every file that a finding may point into.
    pub sources: Sources,
    pub text: Result<String, Unwritten>,
}

/// The manifest in the canonical layout, in the syntax that its name says.
#[must_use]
pub fn format(manifest_path: &str, bytes: &[u8]) -> Rewritten {
    let mut sources = Sources::default();
    let text = format::read(Syntax::of(manifest_path), &mut sources, manifest_path, bytes);
    Rewritten { sources, text }
}

/// The manifest, whose name says its syntax, in `target`.
#[must_use]
pub fn convert(manifest_path: &str, bytes: &[u8], target: Syntax) -> Rewritten {
    let mut sources = Sources::default();
    let text = convert::read(Syntax::of(manifest_path), target, &mut sources, manifest_path, bytes);
    Rewritten { sources, text }
}
