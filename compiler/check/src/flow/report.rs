//! A deadlock as it is told: who takes what, in which order, and who then waits for whom.
//!
//! It knows no search: it is given runs, where they stand still, and the order in which they came there.

use std::collections::BTreeMap;
use std::rc::Rc;

use conductor_source::{Code, Diagnostic, Severity, Span};

use super::play::{End, Taken, Thread};
use super::program::{Act, LockId, Place, System, What};
use super::stuck::Stuck;
use crate::codes;

/// Runs that stand still together.
pub(crate) struct Deadlock<'s> {
    /// Workflow, place and number, kind by kind.
    pub kinds: Vec<(usize, Rc<Stuck<'s>>, u32)>,
    /// Of one run of each kind, in the order of the kinds.
    pub threads: Vec<Thread<'s>>,
    pub order: Order<'s>,
    /// Whether a deadline ends it.
    pub bounded: bool,
}

/// In which order the permits are taken.
pub(crate) enum Order<'s> {
    /// Nobody gives anything back, so it does not matter.
    Any,
    /// Of all runs, numbered from 0 kind by kind.
    Found(Vec<Taken<'s>>),
    /// It could not be found in time.
    Unknown,
}

/// How many runs are shown one by one where they could be shown together.
const ONE_BY_ONE: usize = 4;
/// How many lines of an interleaving are shown.
const LONGEST: usize = 40;
/// How many places are shown beside the first.
const PLACES: usize = 8;

struct Teller<'s, 'd> {
    system: &'s System<'s>,
    deadlock: &'d Deadlock<'s>,
    /// Of each kind: its first run.
    first: Vec<usize>,
    runs: usize,
}

pub(crate) fn report<'s>(system: &'s System<'s>, deadlock: &Deadlock<'s>) -> Option<Diagnostic> {
    let mut first = Vec::new();
    let mut runs = 0;
    for (_, _, count) in &deadlock.kinds {
        first.push(runs);
        runs += *count as usize;
    }
    let teller = Teller { system, deadlock, first, runs };
    let end = deadlock.threads.iter().find_map(|thread| thread.end)?;
    let (code, severity) = teller.code();
    let mut found =
        Diagnostic::new(severity, code, teller.message(&end), place(&end).span, teller.waits_for(&end));
    for (span, label) in teller.labels(&end) {
        found = found.label(span, label);
    }
    for note in teller.interleaving() {
        found = found.note(note);
    }
    if deadlock.bounded {
        found = found.note("a deadline ends the wait: the run that has it fails");
    }
    Some(found.help(teller.help(&end)))
}

fn place<'s>(end: &End<'s>) -> Place<'s> {
    match end {
        End::Permit(_, place) | End::Signal(_, place) => *place,
    }
}

impl<'s> Teller<'s, '_> {
    fn code(&self) -> (Code, Severity) {
        match (self.deadlock.bounded, self.runs) {
            (true, _) => (codes::DEADLOCK_UNTIL_DEADLINE, Severity::Warning),
            (false, 1) => (codes::SELF_DEADLOCK, Severity::Error),
            (false, _) => (codes::DEADLOCK, Severity::Error),
        }
    }

    /// `A` to `Z`, then numbers.
    fn name(&self, run: usize) -> String {
        match u8::try_from(run) {
            Ok(small) if self.runs <= 26 => char::from(b'A' + small).to_string(),
            _ => (run + 1).to_string(),
        }
    }

    fn flow(&self, kind: usize) -> &'s str {
        self.system.flows[self.deadlock.kinds[kind].0].name
    }

    fn kind(&self, run: usize) -> usize {
        self.first.iter().rposition(|first| *first <= run).unwrap_or(0)
    }

    /// "run A of `transfer`".
    fn run(&self, run: usize) -> String {
        format!("run {} of `{}`", self.name(run), self.flow(self.kind(run)))
    }

    /// "runs A to J of `transfer`".
    fn all_of(&self, kind: usize) -> String {
        let (first, count) = (self.first[kind], self.deadlock.kinds[kind].2 as usize);
        let (from, to) = (self.name(first), self.name(first + count.max(1) - 1));
        match count {
            1 => self.run(first),
            2 => format!("runs {from} and {to} of `{}`", self.flow(kind)),
            _ => format!("runs {from} to {to} of `{}`", self.flow(kind)),
        }
    }

    fn lock(&self, lock: LockId) -> String {
        match self.system.locks[lock].what {
            What::Resource(id) => format!("`{id}`"),
            What::Runs { workflow, .. } => format!("the limit of `{workflow}`"),
        }
    }

    fn capacity(&self, lock: LockId) -> u32 {
        self.system.locks[lock].capacity
    }

    fn message(&self, end: &End<'s>) -> String {
        let flows = self.flows();
        let what = self.wanted();
        let until = if self.deadlock.bounded { " until a deadline" } else { " for ever" };
        if self.runs == 1 {
            return match end {
                End::Permit(lock, _) if self.held_by(0, *lock) == self.capacity(*lock) => format!(
                    "a run of {flows} waits for itself{until}: it wants a permit of {} and holds {}",
                    self.lock(*lock),
                    all(self.capacity(*lock)),
                ),
                _ => format!("the branches of a run of {flows} wait for each other{until}: over {what}"),
            };
        }
        let runs = if self.deadlock.kinds.len() == 1 {
            format!("{} runs of {flows}", self.runs)
        } else {
            format!("runs of {flows}")
        };
        format!("{runs} can wait for each other{until}: over {what}")
    }

    fn flows(&self) -> String {
        let mut flows: Vec<String> = Vec::new();
        for kind in 0..self.deadlock.kinds.len() {
            let name = format!("`{}`", self.flow(kind));
            if !flows.contains(&name) {
                flows.push(name);
            }
        }
        listed(&flows)
    }

    /// Everything that somebody waits for.
    fn wanted(&self) -> String {
        let mut wanted: Vec<String> = Vec::new();
        for end in self.deadlock.threads.iter().filter_map(|thread| thread.end) {
            let name = match end {
                End::Permit(lock, _) => self.lock(lock),
                End::Signal(signal, _) => format!("the signal `{}`", self.system.signals[signal].name),
            };
            if !wanted.contains(&name) {
                wanted.push(name);
            }
        }
        listed(&wanted)
    }

    fn held_by(&self, kind: usize, lock: LockId) -> u32 {
        let threads = self.of_kind(kind);
        let held = threads.flat_map(Thread::takes).filter(|(taken, _)| *taken == lock).count();
        u32::try_from(held).unwrap_or(u32::MAX)
    }

    /// What stands at the place where somebody waits.
    fn waits_for(&self, end: &End<'s>) -> String {
        match end {
            End::Permit(lock, place) => match self.system.locks[*lock].what {
                What::Resource(id) if matches!(place.act, Act::Hold) => {
                    format!("waits for a permit of `{id}`")
                }
                What::Resource(id) => format!("takes a permit of `{id}`, and waits for it"),
                What::Runs { workflow, .. } => format!("waits until a run of `{workflow}` has ended"),
            },
            End::Signal(signal, _) => format!("waits for `{}`", self.system.signals[*signal].name),
        }
    }

    /// The other places: where is held what somebody waits for, where the others wait, and how many permits there are.
    fn labels(&self, first: &End<'s>) -> Vec<(Span, String)> {
        let mut labels: Vec<(Span, String)> = Vec::new();
        let mut add = |span: Span, label: String| {
            if span != place(first).span && labels.iter().all(|(known, _)| *known != span) {
                labels.push((span, label));
            }
        };
        for thread in &self.deadlock.threads {
            for (lock, place) in thread.takes().filter(|(lock, _)| self.is_wanted(*lock)) {
                add(place.span, format!("holds a permit of {}", self.lock(lock)));
            }
        }
        for end in self.deadlock.threads.iter().filter_map(|thread| thread.end) {
            add(place(&end).span, self.waits_for(&end));
        }
        for (lock, known) in self.system.locks.iter().enumerate().filter(|(lock, _)| self.is_wanted(*lock)) {
            let number = match known.what {
                What::Resource(_) => format!("{} has {}", self.lock(lock), permits(known.capacity)),
                What::Runs { keyed: true, .. } => format!("{} at a time with one key", runs(known.capacity)),
                What::Runs { .. } => format!("{} at a time", runs(known.capacity)),
            };
            add(known.span, number);
        }
        labels.truncate(PLACES);
        labels
    }

    fn is_wanted(&self, lock: LockId) -> bool {
        let ends = self.deadlock.threads.iter().filter_map(|thread| thread.end);
        ends.into_iter().any(|end| matches!(end, End::Permit(wanted, _) if wanted == lock))
    }

    /// The steps that lead there, numbered.
    fn interleaving(&self) -> Vec<String> {
        let mut lines = match &self.deadlock.order {
            Order::Unknown => {
                let why = "this is conservative: the order of events was too long to be played through";
                return vec![why.to_owned()];
            }
            Order::Any if self.runs <= ONE_BY_ONE => self.one_by_one(&self.in_turn()),
            Order::Any => self.together(),
            Order::Found(taken) => self.one_by_one(taken),
        };
        let length = lines.len();
        if length > LONGEST {
            let tail = lines.split_off(length - LONGEST / 2);
            lines.truncate(LONGEST / 2);
            lines.push(format!("… {} more like these …", length - LONGEST));
            lines.extend(tail);
        }
        let numbered = lines.iter().enumerate().map(|(at, line)| format!("{}. {line}", at + 1));
        let last = if self.runs == 1 { "the run cannot go on" } else { "none of them can go on" };
        let mut notes: Vec<String> = numbered.collect();
        notes.push(last.to_owned());
        notes
    }

    /// One run after the other.
    fn in_turn(&self) -> Vec<Taken<'s>> {
        let mut taken = Vec::new();
        for (kind, (_, _, count)) in self.deadlock.kinds.iter().enumerate() {
            for run in self.first[kind]..self.first[kind] + *count as usize {
                let takes = self.of_kind(kind).flat_map(Thread::takes);
                taken.extend(takes.map(|(lock, place)| Taken { run, lock, place }));
            }
        }
        taken
    }

    fn one_by_one(&self, taken: &[Taken<'s>]) -> Vec<String> {
        let mut used: BTreeMap<LockId, u32> = BTreeMap::new();
        let mut lines = Vec::new();
        for one in taken {
            let number = used.entry(one.lock).or_insert(0);
            *number += 1;
            let who = self.run(one.run);
            lines.push(self.takes(&who, one.place, one.lock, (*number, *number)));
        }
        lines.extend(self.ends());
        lines
    }

    /// Kind by kind, all runs of one at once: nothing is given back, so that every order is possible.
    fn together(&self) -> Vec<String> {
        let mut used: BTreeMap<LockId, u32> = BTreeMap::new();
        let mut lines = Vec::new();
        for (kind, (_, _, count)) in self.deadlock.kinds.iter().enumerate() {
            for thread in self.of_kind(kind) {
                for (lock, place) in thread.takes() {
                    let number = used.entry(lock).or_insert(0);
                    let (from, to) = (*number + 1, *number + *count);
                    *number = to;
                    lines.push(self.takes(&self.all_of(kind), place, lock, (from, to)));
                }
            }
        }
        lines.extend(self.ends());
        lines
    }

    fn ends(&self) -> impl Iterator<Item = String> {
        let ends = self.deadlock.threads.iter().filter_map(|thread| Some((thread.run, thread.end?)));
        ends.map(|(kind, end)| format!("{}: {}", self.all_of(kind), self.stands(&end)))
    }

    /// The threads of each run of a kind.
    fn of_kind(&self, kind: usize) -> impl Iterator<Item = &Thread<'s>> {
        self.deadlock.threads.iter().filter(move |thread| thread.run == kind)
    }

    /// "run A of `w`: the task `pay` takes permit 1 of 2 of `db`".
    fn takes(&self, who: &str, place: Place<'s>, lock: LockId, (from, to): (u32, u32)) -> String {
        let capacity = self.capacity(lock);
        match (self.system.locks[lock].what, from == to) {
            (What::Resource(id), true) => {
                format!("{who}: {} takes permit {to} of {capacity} of `{id}`", act(place))
            }
            (What::Resource(id), false) => {
                format!(
                    "{who}: {} takes one permit each of `{id}`, the permits {from} to {to} of {capacity}",
                    act(place)
                )
            }
            (What::Runs { workflow, .. }, true) => {
                format!("{who}: `{workflow}` begins, as run {to} of {capacity} at a time")
            }
            (What::Runs { workflow, .. }, false) => {
                format!("{who}: `{workflow}` begins in each, as runs {from} to {to} of {capacity} at a time")
            }
        }
    }

    fn stands(&self, end: &End<'s>) -> String {
        match end {
            End::Permit(lock, place) => {
                let holders = self.holders(*lock);
                match self.system.locks[*lock].what {
                    What::Resource(id) => {
                        format!("{} waits for a permit of `{id}`: {holders}", act(*place))
                    }
                    What::Runs { workflow, .. } => {
                        format!(
                            "`{workflow}` waits to begin, with {} at a time: {holders}",
                            runs(self.capacity(*lock))
                        )
                    }
                }
            }
            End::Signal(signal, place) => {
                let name = self.system.signals[*signal].name;
                format!("{} waits for `{name}`: what emits it waits, too", act(*place))
            }
        }
    }

    /// "run B holds it", "runs A to J hold all 10".
    fn holders(&self, lock: LockId) -> String {
        let kinds = (0..self.deadlock.kinds.len()).filter(|kind| self.held_by(*kind, lock) > 0);
        let kinds: Vec<usize> = kinds.collect();
        let who: Vec<String> = kinds.iter().map(|kind| self.all_of(*kind)).collect();
        let one = matches!(kinds[..], [kind] if self.deadlock.kinds[kind].2 == 1);
        let verb = if one { "holds" } else { "hold" };
        let who = if one && self.runs == 1 { "the run itself".to_owned() } else { listed(&who) };
        format!("{who} {verb} {}", all(self.capacity(lock)))
    }

    fn help(&self, end: &End<'s>) -> String {
        let mut locks: Vec<LockId> = Vec::new();
        for end in self.deadlock.threads.iter().filter_map(|thread| thread.end) {
            if let End::Permit(lock, _) = end
                && !locks.contains(&lock)
            {
                locks.push(lock);
            }
        }
        let limit = locks.iter().find_map(|lock| match self.system.locks[*lock].what {
            What::Runs { workflow, .. } => Some(workflow),
            What::Resource(_) => None,
        });
        if matches!(end, End::Signal(..)) || locks.is_empty() {
            return "emit the signal outside of what is held, or wait for it there".to_owned();
        }
        if let Some(workflow) = limit {
            return format!(
                "call `{workflow}` before or after what is held, not inside it; or call it with `detach`, which waits for nothing"
            );
        }
        if let [lock] = locks[..] {
            return self.once(lock);
        }
        let order: Vec<String> = locks.iter().map(|lock| self.lock(*lock)).collect();
        format!(
            "take them in one order everywhere, {}; or take one only after the other was given back",
            order.join(" before ")
        )
    }

    /// One resource of which more is wanted while some is held.
    fn once(&self, lock: LockId) -> String {
        let name = self.lock(lock);
        let once = format!(
            "take {name} once: `hold` is not re-entrant, so a step inside takes a further permit; let either the outer or the inner one go"
        );
        let [(flow, _, count)] = &self.deadlock.kinds[..] else { return once };
        let held = self.held_by(0, lock);
        if *count < 2 || held == 0 {
            return once;
        }
        let fewer = (self.capacity(lock) - 1) / held;
        let limit = format!("concurrency: {{limit: {fewer}}}");
        format!("{once}; or let fewer runs of `{}` go on at a time: `{limit}`", self.system.flows[*flow].name)
    }
}

fn act(place: Place<'_>) -> String {
    match place.act {
        Act::Hold => "`hold`".to_owned(),
        Act::Task(task) => format!("the task `{task}`"),
        Act::Start(workflow) => format!("the start of `{workflow}`"),
        Act::WaitFor => "`wait_for`".to_owned(),
    }
}

fn permits(count: u32) -> String {
    if count == 1 { "1 permit".to_owned() } else { format!("{count} permits") }
}

fn runs(count: u32) -> String {
    if count == 1 { "1 run".to_owned() } else { format!("{count} runs") }
}

fn all(count: u32) -> String {
    if count == 1 { "the only one".to_owned() } else { format!("all {count}") }
}

/// "a", "a and b", "a, b and c".
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
