//! Comprehensions: a body for each element of a list or each entry of a map, and what is made of the results.
//!
//! It expands nothing: the body is evaluated with the variables set.

use std::sync::Arc;

use conductor_protocol::expr::{Comprehension, Expr};

use super::{EvalError, Evaluator, Outcome};
use crate::eval::{Map, Value};

impl<'a> Evaluator<'a> {
    pub(super) fn comprehension(
        &mut self,
        kind: Comprehension,
        over: &'a Expr,
        variables: &'a [String],
        filter: Option<&'a Expr>,
        body: &'a Expr,
    ) -> Outcome {
        let over = self.eval(over)?;
        self.meter.charge(size(&over))?;
        let (over_map, pairs) = pairs(&over)?;
        let mut made = Made::new(kind);
        for (key, value) in pairs {
            let outer = self.locals.len();
            match variables {
                [first, second] => {
                    self.locals.push((first, key.clone()));
                    self.locals.push((second, value));
                }
                [only] => self.locals.push((only, if over_map { key.clone() } else { value })),
                _ => return Err("a comprehension has one variable or two".into()),
            }
            let step = self.element(&mut made, key, filter, body);
            self.locals.truncate(outer);
            if !step? {
                break;
            }
        }
        made.finish()
    }

    /// One element; false where the rest does not matter.
    fn element(
        &mut self,
        made: &mut Made,
        key: Value,
        filter: Option<&'a Expr>,
        body: &'a Expr,
    ) -> Result<bool, EvalError> {
        if let Some(filter) = filter
            && !self.condition(filter)?
        {
            return Ok(true);
        }
        match made {
            Made::Decision { decides, decided, failure } => match self.condition(body) {
                Ok(holds) if holds == *decides => {
                    *decided = true;
                    return Ok(false);
                }
                Ok(_) => {}
                Err(failed) => *failure = failure.take().or(Some(failed)),
            },
            Made::Count(count) => *count += usize::from(self.condition(body)?),
            Made::Kept(kept) => {
                if self.condition(body)? {
                    kept.extend(self.locals.last().map(|(_, value)| value.clone()));
                }
            }
            Made::List(list) => list.push(self.eval(body)?),
            Made::Map(map) => {
                let value = self.eval(body)?;
                map.insert(key, value)?;
            }
            Made::Entries(map) => {
                let value = self.eval(body)?;
                let Value::Map(entries) = &value else {
                    return Err(format!("an entry is a map, but this is a {}", value.type_name()).into());
                };
                self.meter.charge(entries.len())?;
                for (key, value) in entries.iter() {
                    map.insert(key.clone(), value.clone())?;
                }
            }
        }
        Ok(true)
    }
}

fn size(over: &Value) -> usize {
    match over {
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => 0,
    }
}

/// Whether it is a map, and its keys and values; of a list its indexes and elements.
fn pairs(over: &Value) -> Result<(bool, Vec<(Value, Value)>), EvalError> {
    match over {
        Value::List(items) => {
            let at = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
            Ok((false, items.iter().enumerate().map(|(index, item)| (at(index), item.clone())).collect()))
        }
        Value::Map(map) => Ok((true, map.iter().cloned().collect())),
        other => Err(format!("a comprehension does not go over a {}", other.type_name()).into()),
    }
}

/// What is made so far.
enum Made {
    /// `all` and `exists`: an element that decides hides errors of the others.
    Decision {
        decides: bool,
        decided: bool,
        failure: Option<EvalError>,
    },
    Count(usize),
    Kept(Vec<Value>),
    List(Vec<Value>),
    Map(Map),
    Entries(Map),
}

impl Made {
    fn new(kind: Comprehension) -> Made {
        let decision = |decides| Made::Decision { decides, decided: false, failure: None };
        match kind {
            Comprehension::All => decision(false),
            Comprehension::Exists => decision(true),
            Comprehension::ExistsOne => Made::Count(0),
            Comprehension::Filter => Made::Kept(Vec::new()),
            Comprehension::Map => Made::List(Vec::new()),
            Comprehension::TransformMap => Made::Map(Map::default()),
            Comprehension::TransformEntries => Made::Entries(Map::default()),
        }
    }

    fn finish(self) -> Outcome {
        Ok(match self {
            Made::Decision { decides, decided: true, .. } => Value::Bool(decides),
            Made::Decision { failure: Some(failed), .. } => return Err(failed),
            Made::Decision { decides, .. } => Value::Bool(!decides),
            Made::Count(count) => Value::Bool(count == 1),
            Made::Kept(items) | Made::List(items) => Value::from(items),
            Made::Map(map) | Made::Entries(map) => Value::Map(Arc::new(map)),
        })
    }
}
