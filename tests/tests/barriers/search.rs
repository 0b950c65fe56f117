//! Every state that a model can come to, once each, nearest first.
//!
//! It knows no rule; a state is wrong when the model says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Result, ensure};

use crate::model::{Model, State, Value};

/// More states than this mean that a program is too large.
const MOST: usize = 400_000;

/// What the world has noticed of a run, and what its caller was shown.
pub type Seen = (Vec<(String, Vec<Value>)>, Option<Vec<Value>>);

#[derive(Debug)]
pub struct Found {
    pub states: usize,
    /// What can be seen of runs that have ended.
    pub seen: BTreeSet<Seen>,
    /// What is wrong, and how it comes to that.
    pub wrong: Option<(String, Vec<String>)>,
}

/// Looks at all states; ends with the first that is wrong.
pub fn search(model: &Model) -> Result<Found> {
    let start = model.start();
    let mut came: BTreeMap<State, Option<(State, String)>> = BTreeMap::from([(start.clone(), None)]);
    let mut queue = VecDeque::from([start]);
    let mut seen = BTreeSet::new();
    while let Some(state) = queue.pop_front() {
        if let Some(wrong) = model.violation(&state) {
            let wrong = Some((wrong, path(&came, state)));
            return Ok(Found { states: came.len(), seen, wrong });
        }
        if state.shown.is_some() {
            seen.insert((state.noticed.clone(), state.shown.clone()));
        }
        for (name, next) in model.next(&state) {
            if !came.contains_key(&next) {
                came.insert(next.clone(), Some((state.clone(), name)));
                queue.push_back(next);
            }
        }
        ensure!(came.len() < MOST, "more than {MOST} states");
    }
    Ok(Found { states: came.len(), seen, wrong: None })
}

fn path(came: &BTreeMap<State, Option<(State, String)>>, mut state: State) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(Some((before, name))) = came.get(&state) {
        names.push(name.clone());
        state = before.clone();
    }
    names.reverse();
    names
}
