//! The durable Plans of one language as its processes tell them to a sidecar, which draws runs by them.
//!
//! It knows no target's spelling.

use conductor_protocol::digest::canonical_json;
use conductor_protocol::plan::{Language, Plan};

use crate::EmitError;

/// The parameters of `plan.define`.
pub fn text(plans: &[Plan], language: Language) -> Result<String, EmitError> {
    let own = plans.iter().filter(|plan| plan.durable && plan.language == language);
    let texts = own.map(canonical_json).collect::<Result<Vec<String>, _>>();
    let texts = texts.map_err(|error| EmitError::Digest(error.to_string()))?;
    Ok(format!("{{\"plans\":[{}]}}", texts.join(",")))
}
