//! Instructions in comments of the code: `// Conductor: ...` and `# Conductor: ...`.
//!
//! Each is drafted over what those before it have made, so that drafting again changes nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Args, Proposal, document, model, propose, write};
use crate::commands::init::walk;
use crate::compile::Overlay;
use crate::exit::{Exit, Failure};
use crate::model::Model;
use crate::output::{self, Format, inert};
use crate::project::Project;

const MARKS: [&str; 2] = ["//", "#"];
const WORD: &str = "Conductor:";

/// An instruction and where it stands.
struct Directive {
    path: String,
    line: usize,
    text: String,
}

pub(super) fn run(args: &Args, project: &Project, asked: Option<&Model>) -> Result<Exit, Failure> {
    let root =
        std::fs::canonicalize(&project.root).map_err(|error| Failure::io("find", &project.root, &error))?;
    let mut overlay = Overlay::new();
    let mut exit = Exit::Fine;
    let mut documents = Vec::new();
    let mut shown = String::new();
    let mut whole: Option<Proposal> = None;
    for directive in directives(&root) {
        let Some(proposal) = propose(args, (project, &overlay), &directive.text, asked)? else { continue };
        let place = format!("{}:{}", inert(&directive.path), directive.line);
        match (&proposal.question, proposal.diagnostics.first()) {
            (Some(question), _) => {
                let _ = writeln!(shown, "{place}\n    question: {}", inert(question));
            }
            (None, Some(finding)) => {
                let _ = writeln!(shown, "{place}\n    {}: {}", finding.code, inert(&finding.message));
            }
            (None, None) => {
                let id = proposal.draft.as_ref().map(|draft| draft.workflow.clone()).unwrap_or_default();
                let _ = writeln!(shown, "{place}\n    {}", inert(&id));
            }
        }
        if let Some(asked) = &proposal.asked {
            shown.push_str(&model::shown(asked, proposal.draft.as_ref()));
        }
        if proposal.exit() != Exit::Fine {
            exit = Exit::Finding;
        }
        let mut one = document(&proposal);
        one["file"] = json!(directive.path);
        one["line"] = json!(directive.line);
        documents.push(one);
        if let Some(text) = &proposal.text {
            overlay.insert(project.manifest.clone(), text.clone());
            let before = whole.map_or_else(|| proposal.before.clone(), |first| first.before);
            whole = Some(Proposal { before, ..proposal });
        }
    }
    if !asked.is_some_and(|model| model.is_dry) {
        finish(args, project, whole.as_ref(), documents, shown)?;
    }
    Ok(exit)
}

fn finish(
    args: &Args,
    project: &Project,
    whole: Option<&Proposal>,
    documents: Vec<Value>,
    mut shown: String,
) -> Result<(), Failure> {
    if let Some(whole) = whole.filter(|_| args.write) {
        write(project, whole)?;
    }
    if args.format == Format::Json {
        output::print_json(&json!({ "drafts": documents }));
        return Ok(());
    }
    if documents.is_empty() {
        output::note("no comment begins with `Conductor:`");
        return Ok(());
    }
    if let Some((whole, text)) = whole.and_then(|whole| Some((whole, whole.text.as_ref()?))) {
        shown.push_str(&output::difference(&project.manifest, &whole.before, text));
    }
    output::print(&shown);
    if let Some(whole) = whole {
        output::note(super::said(args, whole));
    }
    Ok(())
}

/// In order of files and lines.
fn directives(root: &std::path::Path) -> Vec<Directive> {
    let mut found = Vec::new();
    for (path, text) in walk::texts(root) {
        let mut lines = text.lines().enumerate().peekable();
        while let Some((number, line)) = lines.next() {
            let Some((mark, text)) =
                MARKS.iter().find_map(|mark| Some((*mark, comment(line, mark)?.strip_prefix(WORD)?)))
            else {
                continue;
            };
            let mut instruction = text.trim().to_owned();
            // A comment goes on in the lines below it.
            while let Some(more) =
                lines.peek().and_then(|(_, line)| comment(line, mark)).filter(|more| !more.starts_with(WORD))
            {
                let _ = write!(instruction, "\n{more}");
                lines.next();
            }
            let text = instruction.replace('\n', " ");
            found.push(Directive { path: path.clone(), line: number + 1, text });
        }
    }
    found
}

/// What a line says that is a comment and nothing else.
fn comment<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    Some(line.trim_start().strip_prefix(mark)?.trim())
}
