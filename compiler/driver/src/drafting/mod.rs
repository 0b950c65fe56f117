//! A workflow from plain words: what the manifest and its code offer is the vocabulary, and what is drafted is written
//! into the manifest's text.
//!
//! It knows no disk, and reads no sentence itself.

mod printing;
mod vocabulary;
mod writing;

pub use conductor_assist::Draft;
use conductor_assist::Request;
use conductor_introspect::{Answer, Need};
use conductor_source::{Diagnostic, Severity, Sources};
use conductor_syntax::Syntax;

use crate::introspection::{self, Asking};
use crate::{Schemas, annotated, implied, lock, target};

/// What came of an instruction.
#[derive(Debug)]
pub struct Drafted {
    pub sources: Sources,
    /// What must be mended before anything can be drafted.
    pub diagnostics: Vec<Diagnostic>,
    pub draft: Option<Draft>,
    /// The manifest with the draft in it; `None` where nothing was drafted, or its text leaves no place for it.
    pub text: Option<String>,
}

/// Drafts `instruction` for the manifest, in the workflow `workflow` where it is said which.
pub fn draft(
    (instruction, workflow): (&str, Option<&str>),
    (manifest_path, bytes, lock): (&str, &[u8], Option<&[u8]>),
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Drafted {
    let mut sources = Sources::default();
    let syntax = Syntax::of(manifest_path);
    let (file, tree, diagnostics) = syntax.read(&mut sources, manifest_path, bytes);
    let diagnostics: Vec<Diagnostic> =
        diagnostics.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
    if !diagnostics.is_empty() {
        return Drafted { sources, diagnostics, draft: None, text: None };
    }
    let (mut manifest, _) = conductor_model::lower(&tree, syntax);
    implied::add(&mut manifest);
    let folders = target::folders(&manifest, &mut Vec::new());
    let lock = lock.and_then(|bytes| lock::open(bytes, &mut sources).ok());
    let mut asking = Asking {
        folders: &folders,
        sources: &mut sources,
        fetch,
        lock: lock.as_ref(),
        schemas: Schemas::Pinned,
    };
    let findings = introspection::introspect(&manifest, &mut asking);
    annotated::fill(&mut manifest, &findings);
    let vocabulary = vocabulary::of(&manifest, &findings, &tree);
    let draft = conductor_assist::draft(&Request { text: instruction, vocabulary: &vocabulary, workflow });
    let text = writing::written(syntax, file, sources.text(file), &tree, &draft);
    Drafted { sources, diagnostics, draft: Some(draft), text }
}
