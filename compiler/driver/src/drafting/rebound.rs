//! What a change of a workflow does to values of steps that stay: a result that they used and the caller would have to give,
//! or a value of the caller's in whose place the result of another step would come.
//!
//! It knows bindings, not how a draft came to be.

use conductor_resolve::ValueName;

use crate::{Binding, BindingSource, Compiled};

/// A question about the first parameter that an input of the workflow gave and the result of a step that was there would give, or the other way round.
#[must_use]
pub fn question(before: &Compiled, after: &Compiled) -> Option<String> {
    after.bindings.iter().find_map(|now| {
        let then = before.bindings.iter().find(|then| is_same_place(then, now))?;
        lost(then, now).or_else(|| replaced(before, then, now))
    })
}

/// A result is not there any more, and no input of the workflow had its name so far.
fn lost(then: &Binding, now: &Binding) -> Option<String> {
    let BindingSource::Inferred(input) = &now.source else { return None };
    let source = step(then)?;
    let Binding { workflow, step, parameter, .. } = now;
    Some(format!(
        "`{step}` takes `{parameter}` from `{source}`, which would not come before it with a result any more: is `{input}` to be given \
         by whoever calls `{workflow}`? Then say so first, with `{input}` in its `input`"
    ))
}

/// What the caller gives would be the result of a step that was there, and is only moved.
fn replaced(before: &Compiled, then: &Binding, now: &Binding) -> Option<String> {
    let (BindingSource::Inferred(input), Some(source)) = (&then.source, step(now)) else { return None };
    let mut plans = before.plans.iter().filter(|plan| plan.workflow == now.workflow);
    if !plans.any(|plan| plan.all_steps().any(|step| step.id == source)) {
        return None;
    }
    let Binding { workflow, step, parameter, .. } = now;
    Some(format!(
        "`{step}` takes `{parameter}` from whoever calls `{workflow}`, as its input `{input}`, and would take it from `{source}`: is that \
         meant? Then say so first, with `{parameter}` in its `with`"
    ))
}

fn is_same_place(one: &Binding, other: &Binding) -> bool {
    (&one.workflow, &one.step, &one.parameter) == (&other.workflow, &other.step, &other.parameter)
}

fn step(binding: &Binding) -> Option<&str> {
    match &binding.source {
        BindingSource::Name(ValueName::Step(id)) | BindingSource::Type(ValueName::Step(id)) => Some(id),
        _ => None,
    }
}
