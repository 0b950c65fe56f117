//! The address of a resource as it is now: the expression over the environment, with the variables of who compiles.
//!
//! It does not know what listens there.

use std::collections::BTreeSet;

use conductor_cel::Value;
use conductor_cel::plan::{Bindings, evaluate};
use conductor_introspect::{Answer, Need};
use conductor_model::Resource;
use conductor_protocol::expr::{Expr, Node};

use super::Asking;

/// Why there is no address.
pub(super) enum Unknown {
    /// It was not written, or wrongly: that is reported elsewhere.
    Unwritten,
    Unset(Vec<String>),
    /// It has no value, or one that is no text.
    Wrong(String),
}

pub(super) fn evaluated(resource: &Resource, asking: &mut Asking<'_>) -> Result<String, Unknown> {
    let written = conductor_resolve::address(resource).ok_or(Unknown::Unwritten)?;
    let mut names = BTreeSet::new();
    variables(&written, &mut names);
    let mut bindings = Bindings::default();
    let mut unset = Vec::new();
    for name in names {
        match (asking.fetch)(&Need::Variable(name.clone())) {
            Answer::Variable(value) => {
                bindings.env.insert(name, Value::from(value));
            }
            _ => unset.push(name),
        }
    }
    if !unset.is_empty() {
        return Err(Unknown::Unset(unset));
    }
    match evaluate(&written, &bindings) {
        Ok(Value::String(text)) => Ok(text.to_string()),
        Ok(_) => Err(Unknown::Wrong("it is no text".to_owned())),
        Err(error) => Err(Unknown::Wrong(error.message)),
    }
}

fn variables(expr: &Expr, names: &mut BTreeSet<String>) {
    if let Node::Env(name) = &expr.node {
        names.insert(name.clone());
    }
    expr.for_each_child(|child| variables(child, names));
}
