//! Drafting with a language model: what it answers goes through the checker, which may send it back, and is set beside
//! what the words come to without it.
//!
//! It knows neither formats nor connections.

use conductor_driver::drafting::model::Prompt;
use conductor_driver::drafting::{self, Draft, Ground};
use conductor_source::Diagnostic;
use serde_json::{Value, json};

use super::Args;
use super::proposal::{Asked, Proposal};
use crate::compile::{self, Overlay};
use crate::exit::Failure;
use crate::model::{Model, Question};
use crate::output::{self, Format, inert};
use crate::project::Project;

/// What follows from a mistake is no news.
const MOST_COMPLAINTS: usize = 20;
/// Of a refused answer, in bytes.
const LONGEST_BACK: usize = 8 << 10;

/// What the model makes of the instruction; `None` where the question was only to be shown.
pub(super) fn propose(
    args: &Args,
    (project, overlay): (&Project, &Overlay),
    instruction: &str,
    model: &Model,
) -> Result<Option<Proposal>, Failure> {
    let (before, ground) = compile::with_sources(project, overlay, |manifest, lock, fetch| {
        let before = String::from_utf8_lossy(manifest).into_owned();
        (before, Ground::read((&project.manifest, manifest, lock), fetch))
    })?;
    let mut proposal = Proposal::empty(before);
    let ground = match ground {
        Ok(ground) => ground,
        Err((diagnostics, sources)) => {
            proposal.diagnostics = diagnostics;
            proposal.sources = sources;
            return Ok(Some(proposal));
        }
    };
    let offline = ground.draft(instruction, args.workflow.as_deref());
    let subject = ground.subject(args.workflow.as_deref(), &offline).map_err(|ids| {
        Failure::usage(format!("it is not said which workflow is meant: {}", ids.join(", ")))
            .help("`--workflow ID` says it, or names a new one")
    })?;
    let Prompt { system, user, schema } = ground.prompt(instruction, subject.as_deref());
    let mut question = Question { system: system.to_owned(), turns: vec![user], schema };
    if model.is_dry {
        model.show(&question);
        return Ok(None);
    }
    if args.format == Format::Text {
        output::note(&format!("asking {}", inert(&model.name)));
    }
    let asked = Asked { model: model.name.clone(), answers: 0, offline };
    proposal.asked = Some(asked);
    answered((project, overlay), model, (&ground, subject.as_deref()), &mut question, &mut proposal)?;
    Ok(Some(proposal))
}

/// Asks until an answer can be written, or is a question, or there were enough.
fn answered(
    (project, overlay): (&Project, &Overlay),
    model: &Model,
    (ground, subject): (&Ground, Option<&str>),
    question: &mut Question,
    proposal: &mut Proposal,
) -> Result<(), Failure> {
    for number in 1..=model.repairs + 1 {
        let answer = model.ask(question)?;
        if let Some(asked) = &mut proposal.asked {
            asked.answers = number;
        }
        proposal.diagnostics.clear();
        let wrong = match ground.answered(&answer, subject) {
            Ok(draft) => {
                let text = ground.written(&draft);
                proposal.settle(project, overlay, draft, text)?;
                if proposal.diagnostics.is_empty() {
                    return Ok(());
                }
                proposal
                    .diagnostics
                    .iter()
                    .take(MOST_COMPLAINTS)
                    .map(complaint)
                    .collect::<Vec<_>>()
                    .join("\n")
            }
            Err(why) => {
                proposal.draft = None;
                proposal.question =
                    Some(format!("the model gave no workflow: {why}. Should another one be asked?"));
                why
            }
        };
        question.turns.push(beginning(answer));
        question.turns.push(format!("That cannot be written. Answer again, with this mended:\n{wrong}"));
    }
    Ok(())
}

/// An answer as it is sent back: a long one by its beginning, which shows what it was well enough.
fn beginning(answer: String) -> String {
    if answer.len() <= LONGEST_BACK {
        return answer;
    }
    let end = (0..=LONGEST_BACK).rev().find(|at| answer.is_char_boundary(*at)).unwrap_or_default();
    format!("{} [and {} more bytes]", &answer[..end], answer.len() - end)
}

/// A finding in words that quote no code.
fn complaint(finding: &Diagnostic) -> String {
    let mut text = format!("{}: {}", finding.code.0, finding.message);
    if let Some(help) = &finding.help {
        text += &format!(" ({help})");
    }
    text
}

/// How the model's draft stands to what the words come to without it.
pub(super) fn shown(asked: &Asked, draft: Option<&Draft>) -> String {
    let answers =
        if asked.answers == 1 { String::new() } else { format!(", after {} answers", asked.answers) };
    let name = inert(&asked.model);
    let Some(draft) = draft.filter(|draft| draft.steps.is_some()) else {
        return format!("{name}: no draft{answers}\n{}", reading("offline", &asked.offline));
    };
    if drafting::model::same(draft, &asked.offline) {
        return format!("{name}: same reading as offline{answers}\n");
    }
    format!(
        "{name}: differs from the reading offline{answers}\n{}{}",
        reading("model", draft),
        reading("offline", &asked.offline)
    )
}

fn reading(whose: &str, draft: &Draft) -> String {
    let mut text = format!("  {whose}:\n");
    match (&draft.steps, &draft.question) {
        (Some(steps), _) => {
            for line in drafting::lines(steps) {
                text += &format!("    {}\n", inert(&line));
            }
        }
        (None, question) => {
            text += &format!("    question: {}\n", inert(question.as_deref().unwrap_or_default()));
        }
    }
    text
}

/// The form of it that other programs rely on.
pub(super) fn document(asked: &Asked, draft: Option<&Draft>) -> Value {
    let is_same = draft.is_some_and(|draft| drafting::model::same(draft, &asked.offline));
    json!({
        "name": asked.model,
        "answers": asked.answers,
        "reading": if is_same { "same" } else { "differs" },
        "offline": {"workflow": asked.offline.workflow, "steps": asked.offline.steps, "question": asked.offline.question},
    })
}
