//! `switch` as `if` and `elif`.
//!
//! It knows which variables a case leaves.

use conductor_protocol::plan::{Case, Step};

use super::blocks::or_pass;
use super::scope::Var;
use super::tree::{Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{Region, never_complete};

impl<'a> Workflow<'a> {
    pub fn switch(&mut self, step: &'a Step, cases: &'a [Case]) -> Result<Vec<Stmt>, EmitError> {
        let mut statements = Vec::new();
        for var in self.left(Region::Step(step)) {
            let ty = self.scope.flow.ty_after(step, &var);
            let may_be_missing = ty.is_nullable();
            statements.extend(self.declare(&var, &ty, may_be_missing));
        }
        let mut branches: Vec<(Option<Py>, Vec<Stmt>)> = Vec::new();
        for (index, case) in cases.iter().enumerate() {
            self.here = self.scope.flow.at(step);
            let test = case.when.as_ref().map(|when| self.holds(&step.id, when)).transpose()?;
            let mut body = self.nested(&case.steps)?;
            body.extend(self.own_result(step, index, &case.steps)?);
            branches.push((test, body));
        }
        let mut chain = Vec::new();
        for (test, body) in branches.into_iter().rev() {
            chain = match test {
                None => body,
                Some(test) => vec![Stmt::If { test, body: or_pass(body), otherwise: chain }],
            };
        }
        statements.extend(chain);
        Ok(statements)
    }

    /// What the block comes to by way of one of its lists, where anybody reads that.
    pub fn own_result(
        &mut self,
        step: &'a Step,
        body: usize,
        steps: &'a [Step],
    ) -> Result<Option<Stmt>, EmitError> {
        let var = Var::Step(step.id.clone());
        if !self.scope.flow.is_result_read(step) || never_complete(steps) {
            return Ok(None);
        }
        let value = self.last(step, body, &var)?;
        let target = self.scope.name(&var).to_owned();
        Ok((!matches!(&value, Py::Atom(text) if *text == target)).then(|| value.assigned(&target)))
    }
}
