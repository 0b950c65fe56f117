//! The finding for an id that stands twice, with an id that is free.
//!
//! It knows how a step is written, not where its id is used.

use conductor_model::{Id, Step, StepKind};
use conductor_source::{Diagnostic, Edit, Safety, Sources, Span};
use conductor_syntax::Syntax;

use super::codes;

pub(super) fn twice(step: &Step, id: &Id, first: Span, free: &str, sources: &Sources) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::DUPLICATE_STEP,
        format!("two steps of this workflow have the id `{}`", id.value),
        id.span,
        "stands for a second step here",
    )
    .label(first, "the first one");
    if let StepKind::Set(_) = &step.kind
        && step.id.as_ref() != Some(id)
    {
        let edit = Edit { span: id.span, text: free.to_owned() };
        let note = "a name that `set` gives is seen like the id of a step";
        return finding.note(note).fix(format!("call this one `{free}`"), Safety::Unsafe, vec![edit]);
    }
    if let Some(written) = &step.id {
        let syntax = Syntax::of(sources.path(id.span.file));
        let edit = Edit { span: written.span, text: syntax.word(free) };
        return finding.fix(format!("rename the second one to `{free}`"), Safety::Unsafe, vec![edit]);
    }
    finding.note("a step without an `id` has that of its task or workflow").fix(
        format!("give the second one an id: `{free}`"),
        Safety::Unsafe,
        vec![id_edit(step, free, sources)],
    )
}

/// Writes the id as the step is written: a second label in HCL, else `id: free` before the step's keyword, in block or
/// flow style.
fn id_edit(step: &Step, free: &str, sources: &Sources) -> Edit {
    if let (Syntax::Hcl, StepKind::Task(callee) | StepKind::Workflow { callee, .. }) =
        (Syntax::of(sources.path(step.keyword.file)), &step.kind)
    {
        let at = Span { start: callee.span.end, ..callee.span };
        return Edit { span: at, text: format!(" \"{free}\"") };
    }
    let at = step.keyword.start();
    let before = sources.text(step.keyword.file).get(..at).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    let flow = before.trim_end().ends_with(['{', ',']);
    let text = if flow {
        format!("id: {free}, ")
    } else {
        format!("id: {free}\n{}", " ".repeat(line.chars().count()))
    };
    Edit { span: Span::new(step.keyword.file, at, at), text }
}
