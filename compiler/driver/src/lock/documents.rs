//! What `conductor.lock` keeps of the documents that servers were asked for: what the called operations need.
//!
//! It asks nobody, and does not know what a document says.

use std::collections::BTreeMap;

use conductor_model::ServiceFacts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// By the id of the resource.
pub(crate) type Documents = BTreeMap<String, Document>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Document {
    /// The URL, as the manifest writes it.
    pub source: String,
    pub document: Value,
}

impl Document {
    /// `None` where no server was asked for one.
    pub(crate) fn of(facts: &ServiceFacts) -> Option<Document> {
        let (source, document) = facts.document.clone()?;
        Some(Document { source, document })
    }
}
