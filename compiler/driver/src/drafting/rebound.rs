//! What a change of a workflow takes away from steps that stay: a result that they used and the caller would have to give.
//!
//! It knows bindings, not how a draft came to be.

use conductor_resolve::ValueName;

use crate::{Binding, BindingSource, Compiled};

/// A question about the first parameter that was bound to a step's result and would be an input of the workflow, which asks nobody for it so far.
#[must_use]
pub fn question(before: &Compiled, after: &Compiled) -> Option<String> {
    after.bindings.iter().find_map(|now| {
        let BindingSource::Inferred(input) = &now.source else { return None };
        let source = before.bindings.iter().find(|then| is_same_place(then, now)).and_then(step)?;
        let Binding { workflow, step, parameter, .. } = now;
        Some(format!(
            "`{step}` takes `{parameter}` from `{source}`, which would not come before it with a result any more: is `{input}` to be given \
             by whoever calls `{workflow}`? Then say so first, with `{input}` in its `input`"
        ))
    })
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
