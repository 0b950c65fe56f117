//! A workflow from plain words: what the manifest and its code offer is the vocabulary, and what is drafted is written
//! into the manifest's text.
//!
//! It knows no disk, and reads no sentence itself.

pub mod model;
mod printing;
pub mod rebound;
mod vocabulary;
mod writing;

pub use conductor_assist::{Data, Draft};
use conductor_assist::{Request, Vocabulary};
use conductor_introspect::{Answer, Need};
use conductor_source::{Diagnostic, FileId, Severity, Sources};
use conductor_syntax::{Node, Syntax};

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

/// A manifest, and what instructions for it can be about.
#[derive(Debug)]
pub struct Ground {
    syntax: Syntax,
    file: FileId,
    tree: Node,
    vocabulary: Vocabulary,
    sources: Sources,
}

impl Ground {
    /// Reads the manifest and what introspection has to say of its tasks.
    ///
    /// # Errors
    /// What must be mended before the manifest can be read.
    pub fn read(
        (manifest_path, bytes, lock): (&str, &[u8], Option<&[u8]>),
        fetch: &mut dyn FnMut(&Need) -> Answer,
    ) -> Result<Ground, (Vec<Diagnostic>, Sources)> {
        let mut sources = Sources::default();
        let syntax = Syntax::of(manifest_path);
        let (file, tree, diagnostics) = syntax.read(&mut sources, manifest_path, bytes);
        let diagnostics: Vec<Diagnostic> =
            diagnostics.into_iter().filter(|finding| finding.severity == Severity::Error).collect();
        if !diagnostics.is_empty() {
            return Err((diagnostics, sources));
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
        Ok(Ground { syntax, file, tree, vocabulary, sources })
    }

    /// What the words of an instruction come to, without any language model.
    #[must_use]
    pub fn draft(&self, instruction: &str, workflow: Option<&str>) -> Draft {
        conductor_assist::draft(&Request { text: instruction, vocabulary: &self.vocabulary, workflow })
    }

    /// The manifest with the draft in it; `None` where nothing was drafted, or its text leaves no place for it.
    #[must_use]
    pub fn written(&self, draft: &Draft) -> Option<String> {
        writing::written(self.syntax, self.file, self.sources.text(self.file), &self.tree, draft)
    }
}

/// Drafts `instruction` for the manifest, in the workflow `workflow` where it is said which.
pub fn draft(
    (instruction, workflow): (&str, Option<&str>),
    manifest: (&str, &[u8], Option<&[u8]>),
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Drafted {
    match Ground::read(manifest, fetch) {
        Err((diagnostics, sources)) => Drafted { sources, diagnostics, draft: None, text: None },
        Ok(ground) => {
            let draft = ground.draft(instruction, workflow);
            let text = ground.written(&draft);
            Drafted { sources: ground.sources, diagnostics: Vec::new(), draft: Some(draft), text }
        }
    }
}

/// Steps as the manifest writes them, in YAML.
#[must_use]
pub fn lines(steps: &[Data]) -> Vec<String> {
    steps.iter().flat_map(printing::dashed).collect()
}
