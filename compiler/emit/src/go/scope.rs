//! What stands in Go for the names of a Plan where an expression is translated.
//!
//! It knows names and the types of what they stand for, not how anything is computed.

use std::collections::BTreeMap;

use conductor_protocol::types::Type;

use super::expr::{Result, unsupported};
use super::tree::Go;

#[derive(Debug, Clone)]
pub struct Scope {
    /// By name of the input.
    pub inputs: BTreeMap<String, (Go, Type)>,
    /// By id of the step whose result somebody reads.
    pub steps: BTreeMap<String, (Go, Type)>,
    /// Items of maps, caught errors, results of a loop's last iteration; the innermost last.
    pub variables: Vec<(String, Go, Type)>,
    /// What a loop's own id is inside of it; the innermost last.
    pub loops: Vec<(String, Go, Type)>,
    pub run_id: Go,
    /// Whether `env` is in sight, as it is where a resource is opened.
    pub sees_env: bool,
}

impl Scope {
    /// Where nothing has a name.
    pub fn empty() -> Scope {
        Scope {
            inputs: BTreeMap::new(),
            steps: BTreeMap::new(),
            variables: Vec::new(),
            loops: Vec::new(),
            run_id: Go::string(""),
            sees_env: false,
        }
    }

    pub fn input(&self, name: &str) -> Result<(Go, Type)> {
        self.inputs.get(name).cloned().ok_or_else(|| unsupported(&format!("the input `{name}` here")))
    }

    /// The result of a step; `None` where it is null.
    pub fn step(&self, id: &str) -> Option<(Go, Type)> {
        let own = self.loops.iter().rev().find(|(known, ..)| known == id);
        own.map(|(_, go, ty)| (go.clone(), ty.clone())).or_else(|| self.steps.get(id).cloned())
    }

    pub fn variable(&self, name: &str) -> Option<(Go, Type)> {
        let found = self.variables.iter().rev().find(|(known, ..)| known == name);
        found.map(|(_, go, ty)| (go.clone(), ty.clone()))
    }
}
