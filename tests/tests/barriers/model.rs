//! A run as states and what may happen in each: a process that executes and dies, a store that commits a prefix at its leisure.
//!
//! It knows rules 1 to 4 of docs/semantics.md and no more: one process at a time, no failures of steps.

use std::collections::BTreeMap;

use crate::program::{Call, Node};

pub type Value = u8;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    Started(String, Vec<Value>),
    Done(String, Value),
    /// The branch of a race that won.
    Won(String, String),
    End(Vec<Value>),
}

/// When a process waits for the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// Where the compiler placed a barrier, and before the end is shown.
    Barriers,
    /// Before and after every step.
    EveryStep,
}

/// Rules that may be broken, to see the model find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    Nothing,
    /// A write does not wait for its start.
    NoBarrier,
    /// The end is shown before it is on disk.
    EndNotAwaited,
    /// Who won a race is remembered, and not written down.
    ChoiceNotJournaled,
    /// An entry may be on disk without those before it.
    NotAPrefix,
}

#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub waits: Waits,
    pub broken: Broken,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct State {
    /// What the process has written down; what is on disk is marked.
    journal: Vec<(Entry, bool)>,
    /// Calls that have returned, without their end written down.
    returned: BTreeMap<String, Value>,
    /// Winners that only the process knows.
    remembered: BTreeMap<String, String>,
    /// What the world has noticed, in order.
    pub noticed: Vec<(String, Vec<Value>)>,
    /// What a caller was shown.
    pub shown: Option<Vec<Value>>,
    pub crashes: u8,
}

impl State {
    fn done(&self, key: &str) -> Option<Value> {
        self.journal.iter().find_map(|(entry, _)| match entry {
            Entry::Done(call, value) if call == key => Some(*value),
            _ => None,
        })
    }

    /// Whether the call has a start, and whether that is on disk.
    fn started(&self, key: &str) -> Option<bool> {
        let found =
            self.journal.iter().find(|(entry, _)| matches!(entry, Entry::Started(call, _) if call == key));
        found.map(|(_, on_disk)| *on_disk)
    }

    fn winner(&self, race: &str) -> Option<&String> {
        let written = self.journal.iter().find_map(|(entry, _)| match entry {
            Entry::Won(key, branch) if key == race => Some(branch),
            _ => None,
        });
        written.or_else(|| self.remembered.get(race))
    }

    fn end(&self) -> Option<(&Vec<Value>, bool)> {
        self.journal.iter().find_map(|(entry, on_disk)| match entry {
            Entry::End(output) => Some((output, *on_disk)),
            _ => None,
        })
    }

    fn all_on_disk(&self) -> bool {
        self.journal.iter().all(|(_, on_disk)| *on_disk)
    }

    fn with(&self, change: impl FnOnce(&mut State)) -> State {
        let mut next = self.clone();
        change(&mut next);
        next
    }

    fn appended(&self, entry: Entry) -> State {
        self.with(|next| next.journal.push((entry, false)))
    }
}

/// A program under rules.
pub struct Model<'a> {
    pub program: &'a Node,
    pub rules: Rules,
    pub crashes: u8,
}

impl Model<'_> {
    pub fn start(&self) -> State {
        State { crashes: self.crashes, ..State::default() }
    }

    /// What may happen next, with a name for it.
    pub fn next(&self, state: &State) -> Vec<(String, State)> {
        let mut next = Vec::new();
        self.commits(state, &mut next);
        if state.crashes > 0 && state.shown.is_none() {
            let crashed = state.with(|next| {
                next.journal.retain(|(_, on_disk)| *on_disk);
                next.returned.clear();
                next.remembered.clear();
                next.crashes -= 1;
            });
            next.push(("the process dies, another takes the run".to_owned(), crashed));
        }
        self.ends(state, &mut next);
        if self.rules.waits == Waits::Barriers || state.all_on_disk() {
            self.steps(self.program, state, &mut next);
        }
        next
    }

    fn commits(&self, state: &State, next: &mut Vec<(String, State)>) {
        let mut waiting =
            state.journal.iter().enumerate().filter(|(_, (_, on_disk))| !on_disk).map(|(index, _)| index);
        let may = match self.rules.broken {
            Broken::NotAPrefix => waiting.collect(),
            _ => waiting.next().into_iter().collect::<Vec<usize>>(),
        };
        for index in may {
            let name = format!("{:?} is on disk", state.journal[index].0);
            next.push((name, state.with(|next| next.journal[index].1 = true)));
        }
    }

    fn ends(&self, state: &State, next: &mut Vec<(String, State)>) {
        match state.end() {
            Some((output, on_disk))
                if state.shown.is_none() && (on_disk || self.rules.broken == Broken::EndNotAwaited) =>
            {
                let shown = Some(output.clone());
                next.push(("the end is shown".to_owned(), state.with(|next| next.shown = shown)));
            }
            None if complete(self.program, state) => {
                let output = values(self.program, state);
                next.push((format!("the run ends with {output:?}"), state.appended(Entry::End(output))));
            }
            _ => {}
        }
    }

    /// What the process may do in a part of the program that has begun.
    fn steps(&self, node: &Node, state: &State, next: &mut Vec<(String, State)>) {
        match node {
            Node::Call(call) => self.call(call, state, next),
            Node::Sequence(nodes) => {
                if let Some(current) = nodes.iter().find(|node| !complete(node, state)) {
                    self.steps(current, state, next);
                }
            }
            Node::Parallel(nodes) => nodes.iter().for_each(|node| self.steps(node, state, next)),
            Node::Race(key, calls) if state.winner(key).is_none() => {
                for call in calls {
                    if state.done(&call.key).is_none() {
                        self.call(call, state, next);
                        continue;
                    }
                    let (race, branch) = (key.clone(), call.key.clone());
                    let won = if self.rules.broken == Broken::ChoiceNotJournaled {
                        state.with(|next| drop(next.remembered.insert(race, branch)))
                    } else {
                        state.appended(Entry::Won(race, branch))
                    };
                    next.push((format!("{} wins {key}", call.key), won));
                }
            }
            Node::Race(..) => {}
        }
    }

    fn call(&self, call: &Call, state: &State, next: &mut Vec<(String, State)>) {
        let key = &call.key;
        if state.done(key).is_some() {
            return;
        }
        if let Some(value) = state.returned.get(key) {
            let recorded = state.with(|next| {
                next.returned.remove(key);
                next.journal.push((Entry::Done(key.clone(), *value), false));
            });
            next.push((format!("that {key} returned {value} is written down"), recorded));
            return;
        }
        let arguments: Vec<Value> = call.reads.iter().map(|id| self.seen(id, state)).collect();
        match state.started(key) {
            None => {
                let entry = Entry::Started(key.clone(), arguments);
                next.push((format!("the start of {key} is written down"), state.appended(entry)));
            }
            Some(on_disk) if on_disk || !call.barrier || self.rules.broken == Broken::NoBarrier => {
                // What a read sees may have changed since the last time.
                let results: &[Value] = if call.writes { &[0] } else { &[0, 1] };
                for result in results {
                    let returned = state.with(|next| {
                        next.returned.insert(key.clone(), *result);
                        if call.writes {
                            next.noticed.push((key.clone(), arguments.clone()));
                        }
                    });
                    next.push((format!("{key}{arguments:?} returns {result}"), returned));
                }
            }
            Some(_) => {}
        }
    }

    /// What a step that names another reads: a race's result is that of the one that won.
    fn seen(&self, id: &str, state: &State) -> Value {
        let winner = state.winner(id).cloned();
        state.done(winner.as_deref().unwrap_or(id)).unwrap_or_default()
    }

    /// What is wrong with the state.
    pub fn violation(&self, state: &State) -> Option<String> {
        for (index, (key, arguments)) in state.noticed.iter().enumerate() {
            let written = Entry::Started(key.clone(), arguments.clone());
            if !state.journal.iter().any(|(entry, on_disk)| *on_disk && *entry == written) {
                return Some(format!("{key}{arguments:?} happened, and the disk knows nothing of it"));
            }
            if let Some((_, other)) =
                state.noticed[..index].iter().find(|(one, with)| one == key && with != arguments)
            {
                return Some(format!("{key} happened with {other:?} and with {arguments:?} under one key"));
            }
        }
        let kept = state.end().filter(|(_, on_disk)| *on_disk).map(|(output, _)| output);
        if state.shown.as_ref().is_some_and(|shown| kept != Some(shown)) {
            return Some(format!("{:?} was shown, the disk has {kept:?}", state.shown));
        }
        let stuck =
            state.shown.is_none() && self.next(state).iter().all(|(_, next)| next.crashes < state.crashes);
        stuck.then(|| "nothing can go on".to_owned())
    }
}

fn complete(node: &Node, state: &State) -> bool {
    match node {
        Node::Call(call) => state.done(&call.key).is_some(),
        Node::Sequence(nodes) | Node::Parallel(nodes) => nodes.iter().all(|node| complete(node, state)),
        Node::Race(key, _) => state.winner(key).is_some(),
    }
}

/// The output: what every call came to that counts.
fn values(node: &Node, state: &State) -> Vec<Value> {
    match node {
        Node::Call(call) => state.done(&call.key).into_iter().collect(),
        Node::Sequence(nodes) | Node::Parallel(nodes) => {
            nodes.iter().flat_map(|node| values(node, state)).collect()
        }
        Node::Race(key, _) => state.winner(key).and_then(|won| state.done(won)).into_iter().collect(),
    }
}
