//! The edit that moves a call into a workflow of its own, which is started and not awaited.
//!
//! It judges nothing: whether nobody needs the result is known before.

use conductor_resolve::BindingSource;
use conductor_source::Edit;
use conductor_syntax::Syntax;

use super::Text;
use crate::subject::{Called, Subject};

/// Title and edits; nothing where what the call is given, or how it is written, cannot move along.
pub(crate) fn detached(subject: &Subject<'_>, call: &Called<'_>) -> Option<(String, Vec<Edit>)> {
    let text = Text::of(subject);
    let step = subject.written(call.step)?;
    let task = &call.task.id.value;
    let workflow = subject.workflow(call.workflow)?;
    if step.policy.is_some() || !keeps_its_arguments(subject, call) {
        return None;
    }
    let id = free_id(subject, &format!("{task}_detached"));
    let mut edits = start(&text, step, task, &id, needs_id(subject, call).then_some(call.step.id.as_str()))?;
    let target = workflow.target.as_ref().map(|target| target.value.as_str());
    edits.push(child(subject, &text, task, &id, target)?);
    Some((format!("start `{task}` in the detached workflow `{id}`"), edits))
}

/// A parameter that has a default becomes no input of the new workflow; what the task itself reads of this one is not seen there.
fn keeps_its_arguments(subject: &Subject<'_>, call: &Called<'_>) -> bool {
    let Some(signature) = &call.task.signature else { return false };
    let has_default = |name: &str| {
        signature.all_parameters().any(|parameter| parameter.default.is_some() && parameter.name == name)
    };
    let bound = subject.graph.bindings.iter().filter(|binding| {
        binding.workflow == call.workflow.id.value
            && binding.step == call.step.id
            && !matches!(binding.source, BindingSource::Resource(_))
    });
    let by_itself = subject.task(&call.task.id.value).is_some_and(|task| task.with.is_empty());
    by_itself && bound.into_iter().all(|binding| !has_default(&binding.parameter))
}

/// Whether the step's name is seen in the workflow's result, which is the last step's where no output is written.
fn needs_id(subject: &Subject<'_>, call: &Called<'_>) -> bool {
    let written = subject.written(call.step).is_some_and(|step| step.id.is_some());
    let has_output = subject.workflow(call.workflow).is_some_and(|workflow| workflow.output.is_some());
    !written && !has_output
}

fn start(
    text: &Text<'_>,
    step: &conductor_model::Step,
    task: &str,
    id: &str,
    name: Option<&str>,
) -> Option<Vec<Edit>> {
    let conductor_model::StepKind::Task(called) = &step.kind else { return None };
    let (from, to) = (step.keyword.start(), called.span.end());
    match text.syntax {
        Syntax::Yaml => {
            let line = text.line_start(from);
            let before = text.text.get(line..from)?;
            let block = before.trim_start().trim_start_matches('-').trim().is_empty();
            let name = name.map(|name| format!("id: {name}"));
            let new = if block {
                let indent = " ".repeat(before.chars().count());
                let name = name.map_or(String::new(), |name| format!("\n{indent}{name}"));
                // A comment behind the task stays there.
                let mut edits = vec![text.replace(from, to, format!("workflow: {id}"))];
                edits.push(text.insert(text.line_end(to), format!("{name}\n{indent}detach: true")));
                edits
            } else if text.text.get(step.span.start()..)?.starts_with('{') {
                let name = name.map_or(String::new(), |name| format!(", {name}"));
                vec![text.replace(from, to, format!("workflow: {id}{name}, detach: true"))]
            } else {
                return None;
            };
            Some(new)
        }
        Syntax::Hcl => {
            let indent = text.indent(step.span)?;
            let written = text.text.get(step.span.start()..step.span.end())?;
            let label = name.map_or(String::new(), |name| format!(" \"{name}\""));
            (written.split_whitespace().collect::<String>() == format!("task\"{task}\"{{}}")).then(|| {
                let new = format!("workflow \"{id}\"{label} {{\n{indent}  detach = true\n{indent}}}");
                vec![text.replace(step.span.start(), step.span.end(), new)]
            })
        }
    }
}

/// The new workflow, after the last one.
fn child(subject: &Subject<'_>, text: &Text<'_>, task: &str, id: &str, target: Option<&str>) -> Option<Edit> {
    let last = subject.manifest.workflows.last()?;
    let at = text.line_end(text.end(last.span));
    Some(match text.syntax {
        Syntax::Yaml => {
            let indent = text.indent(last.span)?;
            let target = target.map_or(String::new(), |target| format!("{indent}  target: {target}\n"));
            text.insert(
                at,
                format!("\n\n{indent}- id: {id}\n{target}{indent}  steps:\n{indent}    - task: {task}"),
            )
        }
        Syntax::Hcl => {
            let target = target.map_or(String::new(), |target| format!("  target = \"{target}\"\n\n"));
            text.insert(at, format!("\n\nworkflow \"{id}\" {{\n{target}  task \"{task}\" {{}}\n}}"))
        }
    })
}

fn free_id(subject: &Subject<'_>, wanted: &str) -> String {
    let taken = |id: &str| {
        subject.manifest.workflows.iter().any(|workflow| workflow.id.value == id)
            || subject.steps().any(|(_, step)| step.id == id)
    };
    let mut id = wanted.to_owned();
    let mut number = 2;
    while taken(&id) {
        id = format!("{wanted}_{number}");
        number += 1;
    }
    id
}
