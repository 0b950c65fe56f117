//! What an evaluation may cost: steps and sizes, and the patterns that it has compiled.
//!
//! It does not know what is evaluated.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{MAX_SIZE, MAX_STEPS, Value, pattern};

/// The compiled size that a pattern may have.
const MAX_PATTERN: usize = 256 * 1024;
/// What compiling a pattern costs, in steps.
const PATTERN_COST: usize = 20_000;

/// The budget of one evaluation.
pub(crate) struct Meter {
    pub(crate) budget: u64,
    patterns: BTreeMap<Arc<str>, Regex>,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter { budget: MAX_STEPS, patterns: BTreeMap::new() }
    }

    pub(crate) fn charge(&mut self, amount: usize) -> Result<(), String> {
        let left = u64::try_from(amount).ok().and_then(|amount| self.budget.checked_sub(amount));
        self.budget = left.ok_or("the evaluation takes too many steps")?;
        Ok(())
    }

    /// A new value, within the limits.
    pub(crate) fn made(&mut self, value: Value) -> Result<Value, String> {
        let size = match &value {
            Value::String(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::List(items) => items.len(),
            Value::Map(map) => map.len(),
            _ => return Ok(value),
        };
        if size > MAX_SIZE {
            return Err("the value is too large".to_owned());
        }
        self.charge(size / 16)?;
        Ok(value)
    }

    /// Whether the pattern is found in the text.
    pub(crate) fn matches(&mut self, text: &str, pattern: &Arc<str>) -> Result<Value, String> {
        if !self.patterns.contains_key(pattern) {
            self.charge(PATTERN_COST)?;
            self.patterns.insert(pattern.clone(), compiled(pattern)?);
        }
        self.charge(text.len())?;
        Ok(Value::Bool(self.patterns.get(pattern).is_some_and(|regex| regex.is_match(text))))
    }
}

/// A pattern as it is searched for, within bounds: by the rules of RE2 as far as they can be kept.
pub(crate) fn compiled(pattern: &str) -> Result<Regex, String> {
    let text = pattern::portable(pattern).map_or_else(|_| pattern.to_owned(), |text| pattern::native(&text));
    RegexBuilder::new(&text)
        .size_limit(MAX_PATTERN)
        .dfa_size_limit(MAX_PATTERN)
        .nest_limit(100)
        .build()
        .map_err(|_| format!("`{pattern}` is not a regular expression, or is too large"))
}
