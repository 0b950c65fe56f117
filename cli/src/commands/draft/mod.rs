//! `conductor draft`: a workflow from plain words, as a change of the manifest to look at and to accept.
//!
//! It knows arguments, the disk and what is shown; the words are read elsewhere.

mod comments;
mod model;
mod proposal;

use conductor_source::render;
use serde_json::{Value, json};

use crate::compile::{self, Overlay};
use crate::exit::{Exit, Failure};
use crate::model::{Model, ModelArgs};
use crate::output::{self, Format, inert};
use crate::project::{ManifestArgs, Project};
use crate::{disk, signals};
use proposal::Proposal;

/// Write a workflow, or a change of one, from plain words
#[derive(Debug, clap::Args)]
#[command(
    after_help = "conductor draft \"fetch the user, then process the payment and send the receipt in parallel\"\n\
                        conductor draft \"retry the payment five times with backoff\" --write"
)]
pub struct Args {
    /// What should run, in English or Russian
    #[arg(value_name = "INSTRUCTION", required_unless_present = "from_comments")]
    instruction: Vec<String>,
    /// Draft what comments `// Conductor: ...` and `# Conductor: ...` of the code say
    #[arg(long, conflicts_with = "instruction")]
    from_comments: bool,
    /// The workflow that is written or changed
    #[arg(long, value_name = "ID")]
    workflow: Option<String>,
    /// Ask no language model, as without `--model`
    #[arg(long, conflicts_with = "model")]
    offline: bool,
    #[command(flatten)]
    model: ModelArgs,
    /// Write the manifest
    #[arg(long)]
    write: bool,
    /// The manifest [default: the one of this folder, or of one above it]
    #[arg(short, long, value_name = "PATH")]
    file: Option<std::path::PathBuf>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let manifest = ManifestArgs { path: None, file: args.file.clone() };
    let project = manifest.find()?;
    let model = Model::of(&args.model)?;
    if args.from_comments {
        return comments::run(args, &project, model.as_ref());
    }
    let instruction = args.instruction.join(" ");
    let Some(proposal) = propose(args, (&project, &Overlay::new()), &instruction, model.as_ref())? else {
        return Ok(Exit::Fine);
    };
    if args.write {
        write(&project, &proposal)?;
    }
    Ok(tell(args, &project, &proposal))
}

/// By the model where one is asked for; `None` where its question was only to be shown.
fn propose(
    args: &Args,
    (project, overlay): (&Project, &Overlay),
    instruction: &str,
    model: Option<&Model>,
) -> Result<Option<Proposal>, Failure> {
    match model {
        Some(model) => model::propose(args, (project, overlay), instruction, model),
        None => Proposal::make(project, overlay, instruction, args.workflow.as_deref()).map(Some),
    }
}

/// Replaces the manifest as a whole.
fn write(project: &Project, proposal: &Proposal) -> Result<(), Failure> {
    if let Some(text) = proposal.text.as_ref().filter(|text| **text != proposal.before) {
        let _whole = signals::writing();
        disk::replace_file(&project.manifest_path(), text.as_bytes())?;
    }
    Ok(())
}

fn tell(args: &Args, project: &Project, proposal: &Proposal) -> Exit {
    match args.format {
        Format::Json => output::print_json(&document(proposal)),
        Format::Text => {
            show(project, proposal);
            if proposal.text.is_some() {
                output::note(said(args, proposal));
            }
        }
    }
    proposal.exit()
}

fn said(args: &Args, proposal: &Proposal) -> &'static str {
    match (proposal.text.as_ref() == Some(&proposal.before), args.write) {
        (true, _) => "the manifest says that already",
        (false, true) => "written",
        (false, false) => "nothing was written: `--write` writes it",
    }
}

fn show(project: &Project, proposal: &Proposal) {
    if !proposal.diagnostics.is_empty() {
        let show = |found| render::text(found, &proposal.sources, output::coloured()) + "\n";
        output::print(&proposal.diagnostics.iter().map(show).collect::<String>());
    }
    let mut text = String::new();
    if let Some(asked) = &proposal.asked {
        text += &model::shown(asked, proposal.draft.as_ref());
    }
    for (said, read_as) in proposal.draft.iter().flat_map(|draft| &draft.understood) {
        text.push_str(&format!("{}\n    {}\n", inert(said), inert(read_as)));
    }
    if let Some(question) = &proposal.question {
        text.push_str(&format!("question: {}\n", inert(question)));
    }
    if let Some(after) = &proposal.text {
        text.push_str(&output::difference(&project.manifest, &proposal.before, after));
    }
    output::print(&text);
}

/// The form that other programs rely on.
fn document(proposal: &Proposal) -> Value {
    let mut document = match &proposal.draft {
        Some(draft) => {
            let understood =
                draft.understood.iter().map(|(text, read_as)| json!({"text": text, "as": read_as}));
            json!({
                "workflow": draft.workflow,
                "steps": if proposal.question.is_none() { json!(draft.steps) } else { Value::Null },
                "policies": draft.policies,
                "question": proposal.question,
                "understood": understood.collect::<Vec<_>>(),
            })
        }
        None => json!({
            "workflow": null, "steps": null, "policies": [], "question": proposal.question, "understood": []
        }),
    };
    if let Some(asked) = &proposal.asked {
        document["model"] = model::document(asked, proposal.draft.as_ref());
    }
    if let Some(draft) = &proposal.draft {
        if !draft.workflows.is_empty() {
            document["workflows"] = json!(draft.workflows);
        }
        for (key, value) in &draft.options {
            document[key.as_str()] = json!(value);
        }
        if !draft.tasks.is_empty() {
            let tasks = draft.tasks.iter().map(|(id, key, value)| json!({"id": id, key.as_str(): value}));
            document["tasks"] = tasks.collect();
        }
    }
    if !proposal.diagnostics.is_empty() {
        let found = render::json(&proposal.diagnostics, &proposal.sources);
        let found: Value = serde_json::from_str(&found).unwrap_or_default();
        document["diagnostics"] = found["diagnostics"].clone();
    }
    document
}

/// The errors that a manifest has.
fn errors(project: &Project, overlay: &Overlay) -> Result<compile::Compilation, Failure> {
    let mut judged = compile::judge(project, overlay)?;
    judged.outcome.diagnostics.retain(|finding| finding.severity == conductor_source::Severity::Error);
    Ok(judged)
}
