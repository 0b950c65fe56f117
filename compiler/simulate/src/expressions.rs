//! Expressions of a Plan in a run: names looked up, values decoded from what is recorded and encoded again.
//!
//! It knows no operator: `conductor_cel::plan` gives expressions their meaning.

use std::sync::Arc;

use conductor_cel::Value;
use conductor_cel::plan::{Names, evaluate as evaluate_cel, from_json, to_json};
use conductor_protocol::error::ErrorForm;
use conductor_protocol::expr::Expr;
use conductor_protocol::types::{Type, TypeTable};
use serde_json::Value as Json;

use crate::error::{names, own};
use crate::run::Run;
use crate::scope::{Named, Scope};

/// What an expression of a run can read.
pub(crate) struct Reading<'a, 'p> {
    pub run: &'a Run<'p>,
    pub scope: &'a Scope<'p>,
}

impl Reading<'_, '_> {
    fn decoded(&self, named: Option<Named<'_>>) -> Option<Value> {
        let named = named?;
        decode(&named.json, named.ty, &self.run.plan.types)
    }

    /// The value of `expr` as it is recorded.
    pub fn evaluate(&self, expr: &Expr) -> Result<Arc<Json>, ErrorForm> {
        let value = evaluate_cel(expr, self).map_err(|error| own(names::EXPRESSION, error.message))?;
        let json = to_json(&value, &expr.ty, &self.run.plan.types)
            .map_err(|message| own(names::EXPRESSION, message))?;
        Ok(Arc::new(json))
    }

    /// Whether a condition holds.
    pub fn holds(&self, expr: &Expr) -> Result<bool, ErrorForm> {
        match evaluate_cel(expr, self) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(own(
                names::EXPRESSION,
                format!("a condition is a bool, but this is a {}", other.type_name()),
            )),
            Err(error) => Err(own(names::EXPRESSION, error.message)),
        }
    }

    /// The microseconds of a duration; nothing where it is negative.
    pub fn micros(&self, expr: &Expr) -> Result<u64, ErrorForm> {
        match evaluate_cel(expr, self) {
            Ok(Value::Duration(nanos)) => Ok(u64::try_from(nanos / 1000).unwrap_or(0)),
            Ok(other) => Err(own(
                names::EXPRESSION,
                format!("a duration is needed, but this is a {}", other.type_name()),
            )),
            Err(error) => Err(own(names::EXPRESSION, error.message)),
        }
    }
}

/// A value that is not of its type is read as plain JSON: what a given outcome says is taken as it is.
fn decode(json: &Json, ty: &Type, types: &TypeTable) -> Option<Value> {
    Some(from_json(json, ty, types).unwrap_or_else(|_| Value::from(json)))
}

impl Names for Reading<'_, '_> {
    fn input(&self, name: &str) -> Option<Value> {
        let plan = self.run.plan;
        let input = plan.inputs.iter().find(|input| input.name == name)?;
        match self.run.input.get(name).or(input.default.as_ref()) {
            Some(json) => decode(json, &input.ty, &plan.types),
            None => Some(Value::Null),
        }
    }

    /// A step that was not reached (its block was skipped, or failed before it) reads as null.
    fn step(&self, id: &str) -> Option<Value> {
        self.decoded(self.scope.result(id)).or(Some(Value::Null))
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.decoded(self.scope.variable(name)).or_else(|| self.decoded(self.scope.result(name)))
    }

    /// The simulation has no environment; resources open nothing in it.
    fn env(&self, name: &str) -> Option<Value> {
        Some(Value::from(format!("${{env.{name}}}").as_str()))
    }

    fn run_id(&self) -> Option<Value> {
        Some(Value::from(&*self.run.id))
    }
}
