//! The form in which an error of the user's code is journaled, matched and shown.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An error as every language and the journal know it. `retry_on`, `abort_on` and `catch` match this form.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ErrorForm {
    /// Type names, most specific first: `["payment_provider.CardDeclined", "builtins.Exception"]`.
    /// A pattern matches an entry as a whole, its last dotted part, or what follows its last `/`.
    pub types: Vec<String>,
    /// A status or error code of the dependency, such as `503` or `UNAVAILABLE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    pub message: String,
    /// Further fields of the error that are plain JSON.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// The stack inside the user's code, as the language prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}
