//! Macros: `all`, `exists`, `map` and the like over lists and maps, with one variable or two, and `cel.bind`.
//!
//! It expands nothing: the body is evaluated once for each element, with the variables set.

use std::sync::Arc;

use super::{Evaluator, Map, Outcome, Value, error, optional};
use crate::ast::{Kind, Node, bound_names};

impl<'a> Evaluator<'a> {
    /// Evaluates a call that is a macro; `None` where it is none.
    pub(super) fn expand(
        &mut self,
        node: &'a Node,
        receiver: Option<&'a Node>,
        name: &'a str,
        args: &'a [Node],
    ) -> Option<Outcome> {
        if !self.env.macros {
            return None;
        }
        let Some(receiver) = receiver else {
            return match (name, args) {
                ("has", [arg]) => Some(self.has(arg)),
                _ => None,
            };
        };
        match (name, args) {
            ("bind", [variable, value, body])
                if receiver.dotted().as_deref() == Some(&["cel"]) && !self.is_value("cel") =>
            {
                Some(self.bind(variable, value, body))
            }
            ("optMap" | "optFlatMap", [variable, body]) => Some(self.opt_map(receiver, name, variable, body)),
            _ => {
                let names = bound_names(name, args).len();
                if names > 0 {
                    return Some(self.comprehension(node, receiver, name, args, names));
                }
                None
            }
        }
    }

    fn with_local(&mut self, variable: &'a Node, value: Value, body: &'a Node) -> Outcome {
        let Kind::Ident { name, absolute: false } = &variable.kind else {
            return Err(error(variable, "the name of a variable is expected here"));
        };
        self.locals.push((name, value));
        let result = self.eval(body);
        self.locals.pop();
        result
    }

    fn bind(&mut self, variable: &'a Node, value: &'a Node, body: &'a Node) -> Outcome {
        let value = self.eval(value)?;
        self.with_local(variable, value, body)
    }

    fn opt_map(&mut self, receiver: &'a Node, name: &str, variable: &'a Node, body: &'a Node) -> Outcome {
        match self.eval(receiver)? {
            Value::Optional(None) => Ok(Value::Optional(None)),
            Value::Optional(Some(inner)) => {
                let value = self.with_local(variable, (*inner).clone(), body)?;
                Ok(if name == "optMap" { optional::some(value) } else { value })
            }
            other => Err(error(
                receiver,
                format!("`{name}` needs an optional, but this is a {}", other.type_name()),
            )),
        }
    }

    fn comprehension(
        &mut self,
        node: &'a Node,
        receiver: &'a Node,
        name: &str,
        args: &'a [Node],
        variables: usize,
    ) -> Outcome {
        let range = self.eval(receiver)?;
        let (keys, body) = args.split_at(variables);
        let pairs = match &range {
            Value::List(items) => {
                let at = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
                items.iter().enumerate().map(|(index, item)| (at(index), item.clone())).collect::<Vec<_>>()
            }
            Value::Map(map) => map.iter().cloned().collect(),
            other => {
                return Err(error(receiver, format!("`{name}` does not go over a {}", other.type_name())));
            }
        };
        self.charge(node, pairs.len())?;
        let over_map = matches!(range, Value::Map(_));
        let outer = self.locals.len();
        let mut folded = Fold::new(name);
        let mut result = Ok(());
        for (key, value) in pairs {
            match keys {
                [first, second] => {
                    self.locals.push((variable(first), key.clone()));
                    self.locals.push((variable(second), value));
                }
                _ => {
                    let element = if over_map { key.clone() } else { value };
                    self.locals.push((variable(&keys[0]), element));
                }
            }
            let step = self.step(&mut folded, key, keys, body);
            self.locals.truncate(outer);
            match step {
                Ok(true) => {}
                Ok(false) => break,
                Err(failed) => {
                    result = Err(failed);
                    break;
                }
            }
        }
        result?;
        let value = folded.finish()?;
        self.made(node, value)
    }

    /// One element; false where the rest does not matter.
    fn step(
        &mut self,
        folded: &mut Fold,
        key: Value,
        keys: &'a [Node],
        body: &'a [Node],
    ) -> Result<bool, super::EvalError> {
        let (test, transform) = match (&*folded, body) {
            (Fold::List(_) | Fold::Map(_) | Fold::Entries(_), [test, transform]) => {
                (Some(test), Some(transform))
            }
            (Fold::Filter(_) | Fold::Decide { .. } | Fold::One(_), [test, ..]) => (Some(test), None),
            (_, [transform, ..]) => (None, Some(transform)),
            (_, []) => (None, None),
        };
        let holds = match (&mut *folded, test) {
            (Fold::Decide { decides, failure }, Some(test)) => {
                let decides = *decides;
                match self.condition(test) {
                    Ok(value) if value == decides => {
                        *folded = Fold::Decided(decides);
                        return Ok(false);
                    }
                    Ok(_) => {}
                    Err(failed) => *failure = failure.take().or(Some(failed)),
                }
                return Ok(true);
            }
            (_, Some(test)) => self.condition(test)?,
            (_, None) => true,
        };
        if !holds {
            return Ok(true);
        }
        let value = match transform {
            Some(transform) => self.eval(transform)?,
            None => Value::Null,
        };
        match folded {
            Fold::One(count) => *count += 1,
            Fold::Filter(kept) => {
                kept.push(self.locals.last().map_or(Value::Null, |(_, value)| value.clone()))
            }
            Fold::List(list) => list.push(value),
            Fold::Map(map) => map.insert(key, value).map_err(|message| error(&keys[0], message))?,
            Fold::Entries(map) => {
                let Value::Map(entries) = &value else {
                    return Err(error(&body[body.len() - 1], "this must be a map"));
                };
                for (key, value) in entries.iter() {
                    map.insert(key.clone(), value.clone()).map_err(|message| error(&keys[0], message))?;
                }
            }
            Fold::Decide { .. } | Fold::Decided(_) => {}
        }
        Ok(true)
    }

    fn condition(&mut self, test: &'a Node) -> Result<bool, super::EvalError> {
        match self.eval(test)? {
            Value::Bool(value) => Ok(value),
            other => Err(error(test, format!("a condition is a bool, but this is a {}", other.type_name()))),
        }
    }
}

fn variable(node: &Node) -> &str {
    match &node.kind {
        Kind::Ident { name, .. } => name,
        _ => "",
    }
}

/// What a macro gathers.
enum Fold {
    /// `all` and `exists`: a value that decides hides errors of the others.
    Decide {
        decides: bool,
        failure: Option<super::EvalError>,
    },
    Decided(bool),
    One(usize),
    Filter(Vec<Value>),
    List(Vec<Value>),
    Map(Map),
    Entries(Map),
}

impl Fold {
    fn new(name: &str) -> Fold {
        match name {
            "all" => Fold::Decide { decides: false, failure: None },
            "exists" => Fold::Decide { decides: true, failure: None },
            "exists_one" | "existsOne" => Fold::One(0),
            "filter" => Fold::Filter(Vec::new()),
            "transformMap" => Fold::Map(Map::default()),
            "transformMapEntry" => Fold::Entries(Map::default()),
            _ => Fold::List(Vec::new()),
        }
    }

    fn finish(self) -> Outcome {
        Ok(match self {
            Fold::Decide { failure: Some(failed), .. } => return Err(failed),
            Fold::Decide { decides, failure: None } => Value::Bool(!decides),
            Fold::Decided(value) => Value::Bool(value),
            Fold::One(count) => Value::Bool(count == 1),
            Fold::Filter(items) | Fold::List(items) => Value::from(items),
            Fold::Map(map) | Fold::Entries(map) => Value::Map(Arc::new(map)),
        })
    }
}
