//! The Plans of a build as a file beside the generated code, so that a later build can be compared with them.
//!
//! It knows no disk, and reads what it wrote itself with care: anybody may have written over it.

mod json;

use std::fmt;

use conductor_protocol::plan::Plan;
use serde::Deserialize;

/// The name of the file in the folder of generated code.
pub const FILE: &str = "plans.json";

const VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedError {
    NotPlans(String),
    /// The version that it has, and the one that this compiler reads.
    Version(u32, u32),
}

impl fmt::Display for SavedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SavedError::NotPlans(reason) => write!(f, "it holds no Plans: {reason}"),
            SavedError::Version(theirs, ours) => {
                write!(f, "it has version {theirs}, but this compiler reads version {ours}")
            }
        }
    }
}

impl std::error::Error for SavedError {}

/// The text of the file: one line a Plan. `about` must say that it was generated, on the first line.
///
/// # Errors
/// Never for Plans that the compiler made; serde's signature asks for it.
pub fn text(about: &str, plans: &[Plan]) -> Result<String, serde_json::Error> {
    let about = serde_json::to_string(about)?;
    let lines: Result<Vec<String>, _> = plans.iter().map(serde_json::to_string).collect();
    let lines = lines?.join(",\n    ");
    Ok(format!("{{\"about\": {about},\n  \"version\": {VERSION},\n  \"plans\": [\n    {lines}\n  ]\n}}\n"))
}

/// The Plans of such a file, however deep their blocks are.
///
/// # Errors
/// When it is not such a file, or one of another version.
pub fn read(bytes: &[u8]) -> Result<Vec<Plan>, SavedError> {
    #[derive(Deserialize)]
    struct Version {
        version: u32,
    }
    #[derive(Deserialize)]
    struct Saved {
        plans: Vec<Plan>,
    }
    let failed = |error: serde_json::Error| SavedError::NotPlans(error.to_string());
    let text = std::str::from_utf8(bytes).map_err(|error| SavedError::NotPlans(error.to_string()))?;
    let value = json::read(text).map_err(SavedError::NotPlans)?;
    let Version { version } = Version::deserialize(&value).map_err(failed)?;
    if version != VERSION {
        return Err(SavedError::Version(version, VERSION));
    }
    Saved::deserialize(value).map(|Saved { plans }| plans).map_err(failed)
}
