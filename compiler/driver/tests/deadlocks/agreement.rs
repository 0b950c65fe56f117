//! The analysis against the interpreter: random manifests, of which every interleaving is tried.
//!
//! It knows no rule: a manifest has a deadlock where the search finds one. What the analysis misses fails the test, and
//! so does a deadlock that it reports and the search does not find with the runs that the report names.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use conductor_protocol::plan::{Plan, StepKind};
use conductor_simulate::{Limits, Random, Start, explore};
use conductor_source::Diagnostic;

use crate::support::Project;

const CODE: &str = "async def work() -> str: ...\n";
/// States of one search, and runs at a time. What is larger is left undecided.
const STATES: usize = 1_500;
const RUNS: usize = 3;
/// How many cases the suite looks at; `CONDUCTOR_CASES` asks for more.
const CASES: u64 = 12;

enum Tree {
    Task(&'static str),
    Hold(&'static str, Vec<Tree>),
    Block(&'static str, Vec<Tree>, Option<u64>),
    Map(u64, Option<u64>, Vec<Tree>),
    Child,
    Maybe(Box<Tree>),
    Wait(&'static str),
    Emit(&'static str),
}

struct Case {
    capacities: [u64; 3],
    /// `w`, `v` and the child `c`, with their limits.
    flows: [(Option<u64>, Vec<Tree>); 3],
}

impl Case {
    fn random(seed: u64) -> Case {
        let random = &mut Random::new(seed);
        let capacities = std::array::from_fn(|_| 1 + random.below(2));
        let flows = std::array::from_fn(|at| {
            let limit = (random.below(3) == 0).then(|| 1 + random.below(2));
            (limit, steps(random, 3, at < 2))
        });
        Case { capacities, flows }
    }

    /// Each signal of a workflow has one wait, outside of maps, and somebody who emits it: else the search would call it
    /// a deadlock that nobody outside sends one.
    fn is_closed(&self) -> bool {
        self.flows.iter().all(|(_, steps)| {
            let (mut waits, mut emits) = (BTreeMap::new(), BTreeMap::new());
            count(steps, 1, &mut waits, &mut emits);
            waits.values().all(|count| *count == 1) && waits.keys().all(|signal| emits.contains_key(signal))
        })
    }

    /// `bounded` gives everything an end, so that no deadlock is an error and there are Plans.
    fn manifest(&self, bounded: bool) -> String {
        let mut text = String::from("resources:\n");
        let kinds = [
            "kind: semaphore, max_concurrency: ",
            "kind: semaphore, max_concurrency: ",
            "kind: postgres, url: 'postgres://h/d', pool: {max: ",
        ];
        for ((id, kind), capacity) in ["a", "b", "d"].into_iter().zip(kinds).zip(self.capacities) {
            let close = if kind.ends_with("{max: ") { "}" } else { "" };
            let _ = writeln!(text, "- {{id: {id}, {kind}{capacity}{close}}}");
        }
        text.push_str("tasks:\n");
        for id in ["n", "a", "b", "d", "ab", "ad"] {
            let uses: Vec<String> = id.chars().filter(|used| *used != 'n').map(String::from).collect();
            let _ =
                writeln!(text, "- {{id: t_{id}, ref: app.work, effect: read, uses: [{}]}}", uses.join(", "));
        }
        text.push_str("workflows:\n");
        for (id, (limit, steps)) in ["w", "v", "c"].into_iter().zip(&self.flows) {
            let limit = limit.map_or(String::new(), |limit| format!(", concurrency: {{limit: {limit}}}"));
            let deadline = if bounded { ", deadline: 1h" } else { "" };
            let _ = write!(
                text,
                "- {{id: {id}, input: {{flag: {{type: bool, default: true}}}}{limit}{deadline}, steps: ["
            );
            let mut number = 0;
            write_steps(steps, bounded, &mut number, &mut text);
            text.push_str("]}\n");
        }
        text
    }
}

fn steps(random: &mut Random, depth: u64, may_call: bool) -> Vec<Tree> {
    let length = 1 + random.below(2);
    (0..length).map(|_| step(random, depth, may_call)).collect()
}

fn step(random: &mut Random, depth: u64, may_call: bool) -> Tree {
    let lock = |random: &mut Random| ["a", "b", "d"][random.below(3) as usize];
    let width = |random: &mut Random| (random.below(3) == 0).then_some(1);
    match random.below(if depth == 0 { 3 } else { 11 }) {
        0 | 1 => Tree::Task(["n", "a", "b", "d", "ab", "ad"][random.below(6) as usize]),
        2 if may_call => Tree::Child,
        2 => Tree::Task("a"),
        3..6 => Tree::Hold(lock(random), steps(random, depth - 1, may_call)),
        6 | 7 => {
            let branches = (0..2).map(|_| step(random, depth - 1, may_call)).collect();
            Tree::Block("parallel", branches, width(random))
        }
        8 if random.below(2) == 0 => Tree::Map(2, width(random), steps(random, depth - 1, may_call)),
        8 => Tree::Maybe(Box::new(step(random, depth - 1, may_call))),
        9 => Tree::Wait(["x", "y"][random.below(2) as usize]),
        _ => Tree::Emit(["x", "y"][random.below(2) as usize]),
    }
}

type Counts = BTreeMap<&'static str, u64>;

fn count(steps: &[Tree], times: u64, waits: &mut Counts, emits: &mut Counts) {
    for step in steps {
        match step {
            Tree::Wait(signal) => *waits.entry(signal).or_default() += times,
            // What may be skipped is not counted on.
            Tree::Emit(signal) if times == 1 => *emits.entry(signal).or_default() += 1,
            Tree::Map(..) | Tree::Maybe(_) | Tree::Hold(..) | Tree::Block(..) => {
                let (inside, times): (&[Tree], u64) = match step {
                    Tree::Map(_, _, steps) => (steps, 9),
                    Tree::Maybe(step) => (std::slice::from_ref(step), 9),
                    Tree::Hold(_, steps) | Tree::Block(_, steps, _) => (steps, times),
                    _ => (&[], times),
                };
                count(inside, times, waits, emits);
            }
            Tree::Task(_) | Tree::Child | Tree::Emit(_) => {}
        }
    }
}

fn write_steps(steps: &[Tree], bounded: bool, number: &mut u64, text: &mut String) {
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            text.push_str(", ");
        }
        write_step(step, "", bounded, number, text);
    }
}

fn write_step(step: &Tree, more: &str, bounded: bool, number: &mut u64, text: &mut String) {
    *number += 1;
    let id = format!("s{number}");
    let width =
        |width: &Option<u64>| width.map_or(String::new(), |width| format!(", max_concurrency: {width}"));
    match step {
        Tree::Task(task) => {
            let _ = write!(text, "{{task: t_{task}, id: {id}{more}}}");
        }
        Tree::Child => {
            let _ = write!(text, "{{workflow: c, id: {id}{more}, with: {{flag: true}}}}");
        }
        Tree::Hold(resource, steps) => {
            let _ = write!(text, "{{hold: {{id: {id}{more}, resource: {resource}, steps: [");
            write_steps(steps, bounded, number, text);
            text.push_str("]}}");
        }
        Tree::Block(kind, steps, limit) => {
            let _ = write!(text, "{{id: {id}{more}{}, {kind}: [", width(limit));
            write_steps(steps, bounded, number, text);
            text.push_str("]}");
        }
        Tree::Map(items, limit, steps) => {
            let items: Vec<String> = (0..*items).map(|item| item.to_string()).collect();
            let list = items.join(", ");
            let _ = write!(
                text,
                "{{map: {{id: {id}{more}, over: '${{[{list}]}}', as: i{id}{}, steps: [",
                width(limit)
            );
            write_steps(steps, bounded, number, text);
            text.push_str("]}}");
        }
        Tree::Maybe(inside) => write_step(inside, ", when: '${input.flag}'", bounded, number, text),
        Tree::Wait(signal) => {
            let timeout = if bounded { ", timeout: 1h" } else { "" };
            let _ = write!(text, "{{wait_for: {{id: {id}{more}, signal: {signal}{timeout}}}}}");
        }
        Tree::Emit(signal) => {
            let _ = write!(text, "{{emit: {{id: {id}{more}, signal: {signal}}}}}");
        }
    }
}

fn compiled(manifest: &str) -> (Vec<Diagnostic>, Vec<Plan>) {
    let outcome = Project::new([("concurrency.yaml", manifest), ("app.py", CODE)]).compile();
    (outcome.diagnostics, outcome.compiled.map_or(Vec::new(), |compiled| compiled.plans))
}

/// The Plans without the ends that were given to have them.
fn plans(case: &Case) -> Vec<Plan> {
    let (found, mut plans) = compiled(&case.manifest(true));
    assert!(!plans.is_empty(), "{}\n{found:?}", case.manifest(true));
    plans.iter_mut().for_each(|plan| plan.deadline_ms = None);
    plans
}

/// How many runs of each workflow a report speaks of, kind by kind.
fn runs_of(report: &Diagnostic) -> Vec<(String, usize)> {
    let mut runs: BTreeMap<usize, String> = BTreeMap::new();
    for note in &report.notes {
        let Some((_, rest)) = note.split_once(". run") else { continue };
        let Some((names, rest)) = rest.split_once(" of `") else { continue };
        let Some((workflow, _)) = rest.split_once('`') else { continue };
        let letters: Vec<usize> = names
            .split([' '])
            .filter(|word| word.len() == 1 && word.chars().all(|letter| letter.is_ascii_uppercase()))
            .filter_map(|word| word.bytes().next())
            .map(|letter| usize::from(letter - b'A'))
            .collect();
        if let [first, .., last] | [first @ last] = letters[..] {
            (first..=last).for_each(|run| {
                runs.insert(run, workflow.to_owned());
            });
        }
    }
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    runs.into_values().for_each(|workflow| *counts.entry(workflow).or_default() += 1);
    counts.into_iter().collect()
}

/// Whether the runs can stand still; `None` where that was too much to try.
fn searched(plans: &[Plan], runs: &[(String, usize)]) -> Option<bool> {
    let limits = Limits {
        states: STATES,
        failures: 0,
        deadlines_pass: false,
        conditions_both_ways: true,
        ..Limits::default()
    };
    let mut starts = Vec::new();
    for (workflow, count) in runs {
        starts.extend((0..*count).map(|at| Start::new(workflow, &format!("{workflow}{at}"))));
    }
    let found = explore(plans, &starts, &limits);
    match (found.deadlocks.is_empty(), found.cut_short.is_some()) {
        (false, _) => Some(true),
        (true, false) => Some(false),
        (true, true) => None,
    }
}

/// The workflows that nobody awaits, of which any number of runs may begin.
fn roots(plans: &[Plan]) -> Vec<&str> {
    let called = |name: &str| {
        let calls = plans.iter().flat_map(Plan::all_steps).filter_map(|step| match &step.kind {
            StepKind::Workflow(call) => Some(call.workflow.as_str()),
            _ => None,
        });
        calls.into_iter().any(|callee| callee == name)
    };
    plans.iter().map(|plan| plan.workflow.as_str()).filter(|name| !called(name)).collect()
}

/// How many runs of each root, in all ways with at most [`RUNS`] runs together.
fn crowds(roots: &[&str]) -> Vec<Vec<(String, usize)>> {
    let mut crowds: Vec<Vec<(String, usize)>> = vec![Vec::new()];
    for root in roots {
        let so_far = std::mem::take(&mut crowds);
        for crowd in so_far {
            let taken: usize = crowd.iter().map(|(_, count)| count).sum();
            for count in 0..=RUNS - taken {
                let mut further = crowd.clone();
                further.push(((*root).to_owned(), count));
                crowds.push(further);
            }
        }
    }
    crowds.retain(|crowd| crowd.iter().any(|(_, count)| *count > 0));
    crowds.sort_by_key(|crowd| crowd.iter().map(|(_, count)| count).sum::<usize>());
    crowds
}

#[derive(Debug, Default)]
struct Tally {
    deadlocks: u64,
    clean: u64,
    undecided: u64,
    conservative: u64,
}

fn compare(seed: u64, tally: &mut Tally) {
    let case = Case::random(seed);
    if !case.is_closed() {
        return;
    }
    let manifest = case.manifest(false);
    let (found, _) = compiled(&manifest);
    let reports: Vec<&Diagnostic> =
        found.iter().filter(|found| ["E210", "E211", "E212"].contains(&found.code.0)).collect();
    if found.iter().any(|found| found.code.0 == "W211") {
        tally.conservative += 1;
        return;
    }
    let plans = plans(&case);
    let shown = || {
        found
            .iter()
            .map(|found| format!("{} {} {:#?}", found.code, found.message, found.notes))
            .collect::<String>()
    };
    for report in &reports {
        let runs = runs_of(report);
        match searched(&plans, &runs) {
            Some(true) => tally.deadlocks += 1,
            None => tally.undecided += 1,
            Some(false) => {
                panic!("seed {seed}: {runs:?} never stand still, but it says {}\n{manifest}", shown())
            }
        }
    }
    if !reports.is_empty() {
        return;
    }
    for crowd in crowds(&roots(&plans)) {
        match searched(&plans, &crowd) {
            Some(true) => {
                panic!("seed {seed}: {crowd:?} can stand still, and nothing says so: {}\n{manifest}", shown())
            }
            Some(false) => tally.clean += 1,
            None => tally.undecided += 1,
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "how to ask for a longer run of this test")]
fn cases() -> u64 {
    std::env::var("CONDUCTOR_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES)
}

#[test]
fn the_analysis_and_the_search_of_all_interleavings_agree() {
    let mut tally = Tally::default();
    for seed in 0..cases() {
        compare(seed, &mut tally);
    }
    eprintln!("{tally:?}");
    assert!(tally.deadlocks > 0 && tally.clean > 0, "both kinds are among the cases: {tally:?}");
}
