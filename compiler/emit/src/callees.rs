//! Plans by the names of their workflows, for what a step calls.
//!
//! It knows no target language.

use std::collections::BTreeMap;

use conductor_protocol::plan::Plan;

use crate::EmitError;

/// The Plans that steps may call.
pub struct Callees<'a>(BTreeMap<&'a str, &'a Plan>);

impl<'a> Callees<'a> {
    pub fn of(plans: impl IntoIterator<Item = &'a Plan>) -> Callees<'a> {
        Callees(plans.into_iter().map(|plan| (plan.workflow.as_str(), plan)).collect())
    }

    /// # Errors
    /// When there is no such workflow.
    pub fn plan(&self, workflow: &str) -> Result<&'a Plan, EmitError> {
        let found = self.0.get(workflow).copied();
        found.ok_or_else(|| EmitError::MissingWorkflow { workflow: workflow.to_owned() })
    }
}
