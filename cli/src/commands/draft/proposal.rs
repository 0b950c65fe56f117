//! A draft that the checker has seen: what it would break is a question, and is not written.

use conductor_driver::drafting;
use conductor_driver::drafting::Draft;
use conductor_source::{Diagnostic, Sources};

use super::errors;
use crate::compile::{self, Overlay};
use crate::exit::{Exit, Failure};
use crate::project::Project;

pub(super) struct Proposal {
    pub draft: Option<Draft>,
    /// What must be answered first.
    pub question: Option<String>,
    /// What the checker says against the draft, or what keeps the manifest from being read.
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
    /// The manifest as it is.
    pub before: String,
    /// The manifest with the draft in it.
    pub text: Option<String>,
    /// What came of asking a model.
    pub asked: Option<Asked>,
}

/// How a model came to a draft.
pub(super) struct Asked {
    pub model: String,
    /// How many answers there were.
    pub answers: u32,
    /// What the words come to without the model.
    pub offline: Draft,
}

impl Proposal {
    /// Drafts over the manifest, or over the one that `overlay` has in its place.
    pub fn make(
        project: &Project,
        overlay: &Overlay,
        instruction: &str,
        workflow: Option<&str>,
    ) -> Result<Proposal, Failure> {
        let (before, drafted) = compile::with_sources(project, overlay, |manifest, lock, fetch| {
            let before = String::from_utf8_lossy(manifest).into_owned();
            (before, drafting::draft((instruction, workflow), (&project.manifest, manifest, lock), fetch))
        })?;
        let mut proposal = Proposal::empty(before);
        proposal.diagnostics = drafted.diagnostics;
        proposal.sources = drafted.sources;
        if let Some(draft) = drafted.draft {
            proposal.settle(project, overlay, draft, drafted.text)?;
        }
        Ok(proposal)
    }

    pub fn empty(before: String) -> Proposal {
        Proposal {
            draft: None,
            question: None,
            diagnostics: Vec::new(),
            sources: Sources::default(),
            before,
            text: None,
            asked: None,
        }
    }

    /// Takes a draft, with the manifest that it makes where its text has a place for it.
    pub fn settle(
        &mut self,
        project: &Project,
        overlay: &Overlay,
        draft: Draft,
        text: Option<String>,
    ) -> Result<(), Failure> {
        self.question = draft.question.clone();
        if let Some(text) = text {
            self.judge(project, overlay, text)?;
        } else if self.question.is_none() {
            self.question = Some(
                "the manifest is written in a way that leaves no place for this: should `conductor fmt` lay it out first?"
                    .to_owned(),
            );
        }
        self.draft = Some(draft);
        Ok(())
    }

    /// A draft may neither add an error to those that are there nor take away what other steps use.
    fn judge(&mut self, project: &Project, overlay: &Overlay, text: String) -> Result<(), Failure> {
        let mut with_draft = overlay.clone();
        with_draft.insert(project.manifest.clone(), text.clone());
        let after = errors(project, &with_draft)?;
        let before = errors(project, overlay)?;
        if let (Some(then), Some(now)) = (&before.outcome.compiled, &after.outcome.compiled) {
            self.question = drafting::rebound::question(then, now);
            if self.question.is_some() {
                return Ok(());
            }
        }
        if !after.outcome.diagnostics.is_empty() {
            let known = |finding: &Diagnostic| {
                before
                    .outcome
                    .diagnostics
                    .iter()
                    .any(|old| old.code == finding.code && old.message == finding.message)
            };
            let new: Vec<Diagnostic> =
                after.outcome.diagnostics.iter().filter(|finding| !known(finding)).cloned().collect();
            if let Some(first) = new.first() {
                self.question = Some(format!(
                    "the checker refuses this ({}): {}. What is meant instead?",
                    first.code, first.message
                ));
                self.diagnostics = new;
                self.sources = after.outcome.sources;
                return Ok(());
            }
        }
        self.text = Some(text);
        Ok(())
    }

    pub fn exit(&self) -> Exit {
        if self.text.is_some() { Exit::Fine } else { Exit::Finding }
    }
}
