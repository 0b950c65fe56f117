//! The barriers that the compiler places give what a wait after every step gives: checked in every state of small runs.
//!
//! docs/decisions/0008-barriers-are-enough.md is the argument; this is its proof by exhaustion for programs of a few steps.

mod model;
mod program;
mod search;

use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use conductor_tests::random::{Random, fixed_seed};

use model::{Broken, Model, Rules, Waits};
use program::{Node, program};
use search::{Found, search};

/// Reads before, beside and after writes, and a race that decides what is written.
const PROGRAMS: [&str; 4] = [
    "- {task: look, id: a, with: {of: []}}
- {task: change, id: b, with: {of: ['${a}']}}
- {task: look, id: c, with: {of: ['${b}']}}
- {task: change, id: d, with: {of: ['${a}', '${c}']}}",
    "- parallel:
    - sequence:
        - {task: look, id: a, with: {of: []}}
        - {task: change, id: b, with: {of: ['${a}']}}
    - {task: change, id: c, with: {of: []}}
- {task: change, id: d, with: {of: ['${b}', '${c}']}}",
    "- race:
    - {task: look, id: a, with: {of: []}}
    - {task: look, id: b, with: {of: []}}
  id: first
- {task: change, id: c, with: {of: ['${first}']}}",
    "- {task: look, id: a, with: {of: []}}
- {task: look, id: b, with: {of: ['${a}']}}",
];
const DRAWN: usize = 12;
/// How often the process dies in a run.
const CRASHES: u8 = 2;

fn searched(program: &Node, waits: Waits, broken: Broken, crashes: u8) -> Result<Found> {
    search(&Model { program, rules: Rules { waits, broken }, crashes })
}

/// No state is wrong, and nothing can be seen that would not be seen with a wait at every step.
fn as_good_as_waiting_always(steps: &str, crashes: u8) -> Result<usize> {
    let program = program(steps)?;
    let barriers = searched(&program, Waits::Barriers, Broken::Nothing, crashes)?;
    let always = searched(&program, Waits::EveryStep, Broken::Nothing, crashes)?;
    for found in [&barriers, &always] {
        ensure!(found.wrong.is_none(), "{steps}\n{:#?}", found.wrong);
        ensure!(!found.seen.is_empty(), "{steps}\nno run comes to an end");
    }
    let only_here: Vec<_> = barriers.seen.difference(&always.seen).collect();
    ensure!(only_here.is_empty(), "{steps}\nseen with barriers only: {only_here:#?}");
    Ok(barriers.states)
}

#[test]
fn barriers_show_nothing_that_waits_at_every_step_would_not() -> Result<()> {
    for steps in PROGRAMS {
        let states = as_good_as_waiting_always(steps, CRASHES)?;
        println!("{states} states");
    }
    Ok(())
}

#[test]
fn nor_do_they_in_programs_drawn_at_random() -> Result<()> {
    let seed = fixed_seed("BARRIERS_SEED");
    let mut random = Random::new(seed);
    let mut states = 0;
    for _ in 0..DRAWN {
        states += as_good_as_waiting_always(&drawn(&mut random), 1)
            .with_context(|| format!("BARRIERS_SEED={seed}"))?;
    }
    println!("{DRAWN} programs, {states} states");
    Ok(())
}

/// Two steps or a block of two and a step, and a write at the end that may read them all.
fn drawn(random: &mut Random) -> String {
    let mut text = String::new();
    let mut before: Vec<String> = Vec::new();
    let call = |random: &mut Random, id: &str, before: &[String], writes: bool| {
        let of: Vec<String> =
            before.iter().filter(|_| random.below(2) == 0).map(|id| format!("'${{{id}}}'")).collect();
        let task = if writes { "change" } else { "look" };
        format!("{{task: {task}, id: {id}, with: {{of: [{}]}}}}", of.join(", "))
    };
    for index in 0..2 {
        // A block, a step and a write have as many states as are of use.
        let shape = if before.is_empty() { random.below(4) } else { 2 };
        let id = format!("s{index}");
        let (left, right) = (format!("{id}l"), format!("{id}r"));
        let writes = random.below(2) == 0;
        match shape {
            0 => {
                let other = random.below(2) == 0;
                let (one, two) = (call(random, &left, &before, writes), call(random, &right, &before, other));
                let _ = writeln!(text, "- parallel:\n    - {one}\n    - {two}");
                before.extend([left, right]);
            }
            1 => {
                let (one, two) = (call(random, &left, &before, false), call(random, &right, &before, false));
                let _ = writeln!(text, "- race:\n    - {one}\n    - {two}\n  id: {id}");
                before.push(id);
            }
            _ => {
                let _ = writeln!(text, "- {}", call(random, &id, &before, writes));
                before.push(id);
            }
        }
    }
    let _ = writeln!(text, "- {}", call(random, "last", &before, true));
    text
}

#[test]
fn each_rule_is_needed() -> Result<()> {
    let broken = [
        (Broken::NoBarrier, 0, "the disk knows nothing of it"),
        (Broken::EndNotAwaited, 3, "was shown"),
        (Broken::ChoiceNotJournaled, 2, "the disk knows nothing of it"),
        (Broken::NotAPrefix, 0, "the disk knows nothing of it"),
    ];
    for (broken, at, expected) in broken {
        let found = searched(&program(PROGRAMS[at])?, Waits::Barriers, broken, CRASHES)?;
        let (wrong, path) = found.wrong.with_context(|| format!("{broken:?} was not found out"))?;
        println!("{broken:?}: {wrong}\n    {}", path.join("\n    "));
        ensure!(wrong.contains(expected), "{broken:?}: {wrong}");
    }
    Ok(())
}
