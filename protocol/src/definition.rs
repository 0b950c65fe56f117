//! What a process tells of the build that it comes from.
//!
//! It knows no Plan's content: whoever needs it reads it.

use serde::{Deserialize, Serialize};

use crate::entry::Json;

/// The Plans of the client's build, as its compiler wrote them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanDefine {
    pub plans: Vec<Json>,
}
