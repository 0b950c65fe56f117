//! Plans to Go.
//!
//! It knows Go; it knows neither manifests nor where files are written.

use std::collections::BTreeMap;

use conductor_protocol::plan::Plan;

use crate::{EmitError, Header, Target, Unsupported};

/// Every construct of the Plan that has no form in generated Go yet.
pub fn unsupported(plan: &Plan) -> Vec<Unsupported> {
    vec![Unsupported { workflow: plan.workflow.clone(), step: None, what: "workflows".to_owned() }]
}

/// Every file of the folder by its path.
pub fn files(_: &[Plan], _: &Target<'_>, _: &Header<'_>) -> Result<BTreeMap<String, String>, EmitError> {
    Err(EmitError::Unsupported { what: "workflows".to_owned() })
}
