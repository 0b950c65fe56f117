//! What is shown of runs with secret inputs: three stars wherever a view would show the value of one.
//!
//! It knows no view's form: it looks through its JSON. Applications are told the values, since they need them.

use std::collections::BTreeSet;

use conductor_journal::RunRow;
use serde_json::{Map, Value};

use crate::sidecar::Sidecar;

const STARS: &str = "***";

/// Shorter texts are not looked for inside of others.
const SHORT: usize = 4;

/// What must not be seen of a run.
pub(crate) struct Mask {
    /// No value may be seen.
    whole: bool,
    /// Names of its secret inputs.
    names: BTreeSet<String>,
    /// Every text and number in the secret inputs of it and of the runs that started it, the longest first.
    values: Vec<String>,
}

impl Mask {
    /// `None` where there is nothing to hide.
    pub(crate) fn of(sidecar: &Sidecar, row: &RunRow) -> Option<Mask> {
        // Without an input the row has no values at all: their key is not there.
        if !row.is_sealed() || row.input.is_none() {
            return None;
        }
        let names = sidecar.secret(&row.workflow);
        let mut values = BTreeSet::new();
        collect(&names, row.input.as_deref(), &mut values);
        let parent = row.parent.as_ref().map(|parent| parent.run.as_str());
        let starters = row.id.match_indices('/').map(|(end, _)| &row.id[..end]);
        for starter in parent.into_iter().chain(starters) {
            match sidecar.journal.store().find(starter) {
                Ok(Some(row)) => collect(&sidecar.secret(&row.workflow), row.input.as_deref(), &mut values),
                Ok(None) => {}
                // What it must hide cannot be known.
                Err(_) => return Some(Mask { whole: true, names, values: Vec::new() }),
            }
        }
        let mut values: Vec<String> = values.into_iter().collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        (!names.is_empty() || !values.is_empty()).then_some(Mask { whole: false, names, values })
    }

    /// A view of the run, as it may be shown.
    pub(crate) fn over(&self, mut view: Value) -> Value {
        if let Some(Value::Object(input)) = view.get_mut("input") {
            for (_, value) in input.iter_mut().filter(|(name, _)| self.names.contains(*name)) {
                *value = STARS.into();
            }
        }
        // The name of the run and of its workflow are what it is asked for by.
        let Value::Object(fields) = view else { return view };
        let kept = |name: &str| matches!(name, "id" | "workflow" | "state" | "plan" | "parent");
        fields
            .into_iter()
            .map(|(name, value)| {
                let value = match &*name {
                    "input" | "output" | "error" | "cancel_reason" if self.whole => Value::Null,
                    "steps" if self.whole => Value::Array(Vec::new()),
                    name if kept(name) => value,
                    _ => self.hide(value),
                };
                (name, value)
            })
            .collect::<Map<_, _>>()
            .into()
    }

    /// A text of the run, as it may be shown.
    pub(crate) fn shown(&self, text: &str) -> String {
        if self.whole { STARS.to_owned() } else { self.text(text.to_owned()) }
    }

    fn hide(&self, value: Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Number(number) if self.values.contains(&number.to_string()) => STARS.into(),
            Value::Array(items) => items.into_iter().map(|item| self.hide(item)).collect(),
            Value::Object(fields) => {
                let hidden = fields.into_iter().map(|(name, value)| (self.text(name), self.hide(value)));
                hidden.collect::<Map<_, _>>().into()
            }
            other => other,
        }
    }

    fn text(&self, text: String) -> String {
        self.values.iter().fold(text, |text, value| {
            if text == *value {
                STARS.to_owned()
            } else if value.len() >= SHORT {
                text.replace(value, STARS)
            } else {
                text
            }
        })
    }
}

/// The texts and numbers in those inputs.
fn collect(names: &BTreeSet<String>, input: Option<&str>, values: &mut BTreeSet<String>) {
    let input: Option<Map<String, Value>> = input.and_then(|input| serde_json::from_str(input).ok());
    let mut open: Vec<Value> = input
        .into_iter()
        .flatten()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, value)| value)
        .collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if !text.is_empty() => {
                values.insert(text);
            }
            Value::Number(number) => {
                values.insert(number.to_string());
            }
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => open.extend(fields.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::{Mask, collect};

    #[test]
    fn values_of_secret_inputs_are_hidden_wherever_they_stand() {
        let names = BTreeSet::from(["token".to_owned()]);
        let mut values = BTreeSet::new();
        let input = r#"{"token":{"key":"hunter2","pin":12345,"x":"ab"},"user":"ada"}"#;
        collect(&names, Some(input), &mut values);
        let mask = Mask { whole: false, names, values: values.into_iter().collect() };
        let view = json!({
            "id": "hunter2-run", "workflow": "w",
            "input": {"token": {"key": "hunter2"}, "user": "ada"},
            "output": {"hunter2": ["as hunter2 said", 12345, 123, "ab", "abc"]},
            "error": {"message": "no hunter2 with 12345"},
        });
        let shown = json!({
            "id": "hunter2-run", "workflow": "w",
            "input": {"token": "***", "user": "ada"},
            "output": {"***": ["as *** said", "***", 123, "***", "abc"]},
            "error": {"message": "no *** with ***"},
        });
        assert_eq!(mask.over(view), shown);
    }
}
