//! The values that a place in a workflow can name, and which of them have a given class.
//!
//! It knows names and types; whether a step may see another is decided by whoever adds and withdraws them.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::types::{Type, TypeName};
use conductor_source::Span;

use crate::graph::ValueName;

/// A visible value.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// Its type here: what a `when` proved is counted in.
    pub ty: Type,
    /// Its type where no `when` narrows it.
    pub declared: Type,
    /// Where it comes from.
    pub span: Span,
    /// Why it may be null, where a step of the manifest says so: the place and what it says.
    pub absent: Option<(Span, String)>,
    /// Whether its type is unknown because of a mistake that is reported already.
    pub reported: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    values: BTreeMap<ValueName, Value>,
    exact: BTreeMap<TypeName, BTreeSet<ValueName>>,
    /// Values that are optional or a union of the class.
    near: BTreeMap<TypeName, BTreeSet<ValueName>>,
    /// Values of type `any`.
    open: BTreeSet<ValueName>,
    reported: BTreeSet<ValueName>,
    /// Steps in the order in which they became visible.
    added: Vec<String>,
}

impl Value {
    pub(crate) fn new(ty: Type, span: Span) -> Value {
        Value { declared: ty.clone(), ty, span, absent: None, reported: false }
    }

    /// A value of which nothing is known because of a mistake elsewhere.
    pub(crate) fn reported(span: Span) -> Value {
        Value { ty: Type::Any, declared: Type::Any, span, absent: None, reported: true }
    }
}

impl Scope {
    pub(crate) fn add_input(&mut self, name: &str, value: Value) {
        self.set(ValueName::Input(name.to_owned()), value);
    }

    pub(crate) fn add_step(&mut self, id: &str, value: Value) {
        self.set(ValueName::Step(id.to_owned()), value);
        self.added.push(id.to_owned());
    }

    /// Makes a variable visible; gives back what it hides.
    pub(crate) fn bind(&mut self, name: &str, value: Value) -> Option<Value> {
        let name = ValueName::Variable(name.to_owned());
        let before = self.values.get(&name).cloned();
        self.set(name, value);
        before
    }

    /// Takes a variable back, and shows again what it hid.
    pub(crate) fn unbind(&mut self, name: &str, before: Option<Value>) {
        let name = ValueName::Variable(name.to_owned());
        match before {
            Some(value) => self.set(name, value),
            None => drop(self.remove(&name)),
        }
    }

    /// Takes back a step that stays the same only for a while.
    pub(crate) fn hide_step(&mut self, id: &str) {
        self.remove(&ValueName::Step(id.to_owned()));
        self.added.retain(|added| added != id);
    }

    /// A point to which [`Scope::withdraw`] returns.
    pub(crate) fn mark(&self) -> usize {
        self.added.len()
    }

    /// The steps that became visible since `mark`.
    pub(crate) fn since(&self, mark: usize) -> impl Iterator<Item = &str> {
        self.added.iter().skip(mark).map(String::as_str)
    }

    /// Takes back the steps that became visible since `mark`.
    pub(crate) fn withdraw(&mut self, mark: usize) -> Vec<(String, Value)> {
        let ids = self.added.split_off(mark.min(self.added.len()));
        ids.into_iter().filter_map(|id| Some((id.clone(), self.remove(&ValueName::Step(id))?))).collect()
    }

    /// Replaces the type of a value by a narrower one; gives back what it was.
    pub(crate) fn narrow(&mut self, name: &ValueName, ty: Type) -> Option<Value> {
        let before = self.values.get(name)?.clone();
        self.set(name.clone(), Value { ty, ..before.clone() });
        Some(before)
    }

    pub(crate) fn set(&mut self, name: ValueName, value: Value) {
        self.remove(&name);
        if value.reported {
            self.reported.insert(name.clone());
        } else if value.ty == Type::Any {
            self.open.insert(name.clone());
        }
        for class in classes(&value.ty) {
            let index = if matches!(value.ty, Type::Named(_)) { &mut self.exact } else { &mut self.near };
            index.entry(class.clone()).or_default().insert(name.clone());
        }
        self.values.insert(name, value);
    }

    fn remove(&mut self, name: &ValueName) -> Option<Value> {
        let value = self.values.remove(name)?;
        self.open.remove(name);
        self.reported.remove(name);
        for class in classes(&value.ty) {
            for index in [&mut self.exact, &mut self.near] {
                if let Some(names) = index.get_mut(class) {
                    names.remove(name);
                }
            }
        }
        Some(value)
    }

    pub(crate) fn get(&self, name: &ValueName) -> Option<&Value> {
        self.values.get(name)
    }

    pub(crate) fn step(&self, id: &str) -> Option<&Value> {
        self.values.get(&ValueName::Step(id.to_owned()))
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&Value> {
        self.values.get(&ValueName::Variable(name.to_owned()))
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.values.keys().filter_map(|name| match name {
            ValueName::Variable(name) => Some(name.as_str()),
            _ => None,
        })
    }

    pub(crate) fn input(&self, name: &str) -> Option<&Value> {
        self.values.get(&ValueName::Input(name.to_owned()))
    }

    /// The values of exactly this class.
    pub(crate) fn of_class(&self, class: &TypeName) -> impl Iterator<Item = &ValueName> {
        self.exact.get(class).into_iter().flatten()
    }

    /// Values that may be of this class or may not: optional, `any`, or a union of it.
    pub(crate) fn nearly_of_class(&self, class: &TypeName) -> impl Iterator<Item = &ValueName> {
        self.near.get(class).into_iter().flatten().chain(&self.open)
    }

    /// Whether some visible value could be anything because of a mistake that is reported already.
    pub(crate) fn has_reported(&self) -> bool {
        !self.reported.is_empty()
    }

    /// The expression that reads a visible value.
    pub(crate) fn read(&self, name: &ValueName, value: &Value) -> Expr {
        let node = match name {
            ValueName::Input(name) => Node::Input(name.clone()),
            ValueName::Step(id) => Node::Step(id.clone()),
            ValueName::Variable(name) => Node::Variable(name.clone()),
        };
        let plain = Expr { ty: value.declared.clone(), node };
        if value.ty == value.declared {
            return plain;
        }
        Expr { ty: value.ty.clone(), node: Node::Convert(Box::new(plain)) }
    }
}

/// The classes that a value of the type may be an instance of.
fn classes(ty: &Type) -> Vec<&TypeName> {
    match ty {
        Type::Named(class) => vec![class],
        Type::Optional(inner) => classes(inner),
        Type::Union(members) => members.iter().flat_map(classes).collect(),
        _ => Vec::new(),
    }
}
