//! What `init` is to write: a manifest of a tree, an example, or a manifest with more tasks.
//!
//! It writes nothing.

use conductor_driver::init::{self as first, Row, Tree};
use conductor_driver::{Answer, DirEntry, LOCK_FILE, Need, Outcome, Schemas, Syntax, Wanted, compile_for};
use conductor_protocol::plan::Language;
use conductor_source::{Severity, render};

use super::walk::Walked;
use crate::compile::{self, MANIFEST_PREFIX, answer};
use crate::disk;
use crate::exit::Failure;
use crate::output;
use crate::project::Project;

/// What is to be written, and what is to be said.
pub struct Work {
    pub project: Project,
    /// With paths relative to the project's folder.
    pub files: Vec<(String, Vec<u8>)>,
    /// The text of the manifest.
    pub manifest: String,
    pub rows: Vec<Row>,
    pub outcome: Outcome,
    /// Lines of the summary.
    pub said: Vec<String>,
    /// What to do now.
    pub next: Vec<String>,
    /// What has no place in the text of the manifest.
    pub left: String,
}

impl Work {
    pub fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|(path, _)| path.as_str()).collect()
    }

    pub fn has_failed(&self) -> bool {
        self.outcome.compiled.is_none() || !self.left.is_empty()
    }

    /// The errors of the manifest, and how many findings it has.
    pub fn findings(&self) -> String {
        let Outcome { sources, diagnostics, .. } = &self.outcome;
        let count = |severity| diagnostics.iter().filter(|finding| finding.severity == severity).count();
        let errors = diagnostics.iter().filter(|finding| finding.severity == Severity::Error);
        let shown: String =
            errors.map(|finding| render::text(finding, sources, output::coloured()) + "\n").collect();
        let tally = compile::tally(count);
        format!("{shown}{}: {tally}\n", output::inert(&self.project.manifest))
    }
}

/// The manifest of what was found.
pub fn of_tree(project: Project, walked: &Walked) -> Work {
    let mut fetch = |need: &Need| answer(&project.root, need);
    let draft = first::draft(&project.manifest, &walked.tree, &mut fetch);
    let is_annotated = walked.tree.is_annotated();
    let next = if is_annotated {
        vec!["look at the workflow, then `conductor build`".to_owned()]
    } else if draft.rows.iter().all(|row| row.became.is_none()) {
        vec![
            "annotate functions (`conductor init --help` says how) and run `conductor init --update`"
                .to_owned(),
        ]
    } else {
        vec![
            format!(
                "take the `#` away in {} from what you want, and call it in a workflow",
                project.manifest
            ),
            "or annotate functions and run `conductor init --update`".to_owned(),
        ]
    };
    Work {
        files: vec![(project.manifest.clone(), draft.text.clone().into_bytes())],
        manifest: draft.text,
        rows: draft.rows,
        outcome: draft.outcome,
        said: vec![looked_at(&walked.tree, walked.sources)],
        next,
        left: String::new(),
        project,
    }
}

fn looked_at(tree: &Tree, sources: usize) -> String {
    let files = if sources == 1 { "1 source file".to_owned() } else { format!("{sources} source files") };
    format!("looked at {files}: {}", if tree.is_annotated() { "annotations found" } else { "no annotation" })
}

/// A project to begin with.
pub fn of_example(project: Project, language: Language) -> Result<Work, Failure> {
    let example = first::example(language, Syntax::of(&project.manifest))
        .ok_or_else(|| Failure::usage(format!("there is no example in {}", language.as_str())))?;
    if project.root.join(example.file).symlink_metadata().is_ok() {
        return Err(Failure::usage(format!("{} is there already", example.file)).help("remove it first"));
    }
    // What is about to be written is compiled as if it stood there.
    let mut fetch = |need: &Need| match need {
        Need::File(path) if path == example.file => Answer::File(example.code.as_bytes().to_vec()),
        Need::Directory(path) if path == "." => {
            Answer::Directory(vec![DirEntry { name: example.file.to_owned(), is_dir: false }])
        }
        _ => Answer::Missing,
    };
    let manifest = example.manifest.clone();
    let outcome = compile_for(
        Wanted::Findings,
        Schemas::Pinned,
        &project.manifest,
        manifest.as_bytes(),
        None,
        &mut fetch,
    );
    Ok(Work {
        files: vec![
            (example.file.to_owned(), example.code.as_bytes().to_vec()),
            (project.manifest.clone(), manifest.clone().into_bytes()),
        ],
        manifest,
        rows: Vec::new(),
        outcome,
        said: vec!["there is no code here: this is an example".to_owned()],
        next: example.next.iter().map(|line| (*line).to_owned()).collect(),
        left: String::new(),
        project,
    })
}

/// The manifest that is there, with tasks for what was annotated since.
pub fn of_update(project: Project, walked: &Walked) -> Result<Work, Failure> {
    let path = project.manifest_path();
    let bytes =
        disk::read_prefix(&path, MANIFEST_PREFIX).map_err(|error| Failure::io("read", &path, &error))?;
    let mut fetch = |need: &Need| answer(&project.root, need);
    let lock = disk::read_if_there(&project.root.join(LOCK_FILE))?;
    let updated = first::update(&project.manifest, &bytes, lock.as_deref(), &walked.tree, &mut fetch);
    let updated = updated.map_err(|unread| {
        let (diagnostics, sources) = *unread;
        let shown: String =
            diagnostics.iter().map(|finding| render::text(finding, &sources, false) + "\n").collect();
        Failure::usage(format!("{} cannot be read:\n{shown}", project.manifest))
            .help("mend it first: `conductor check`, `conductor fix`")
    })?;
    let is_changed = updated.text.as_bytes() != bytes;
    Ok(Work {
        files: if is_changed {
            vec![(project.manifest.clone(), updated.text.clone().into_bytes())]
        } else {
            Vec::new()
        },
        manifest: updated.text,
        rows: updated.rows,
        outcome: updated.outcome,
        said: vec![looked_at(&walked.tree, walked.sources)],
        next: if is_changed { vec!["call the new tasks in a workflow".to_owned()] } else { Vec::new() },
        left: updated.left,
        project,
    })
}
