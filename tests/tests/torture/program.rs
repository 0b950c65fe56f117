//! The workflows of a storm, drawn from a seed: their manifest, and what each run of them must come to.
//!
//! It knows what a manifest means, and nothing of processes, journals or faults.

use std::fmt::Write as _;

use conductor_tests::application::Language;
use conductor_tests::random::Random;
use serde_json::{Value, json};

/// Steps that stand in a workflow one after the other; each works on the value of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block {
    Read,
    Write,
    Retried,
    Parallel,
    Map,
    Loop,
    Race,
    Sleep,
    /// A signal from outside.
    Signal,
    /// A signal from itself.
    Message,
    Child,
    Detached,
    /// A child that fails, and is undone, in every other run.
    Saga,
    /// A write that must not happen twice.
    Once,
    /// A write that a person decides on when nobody knows what has become of it.
    Ask,
    /// A failure that is tolerated.
    Tolerated,
    /// A write that is undone when the run fails.
    Undone,
}

const BLOCKS: [Block; 17] = [
    Block::Read,
    Block::Write,
    Block::Retried,
    Block::Parallel,
    Block::Map,
    Block::Loop,
    Block::Race,
    Block::Sleep,
    Block::Signal,
    Block::Message,
    Block::Child,
    Block::Detached,
    Block::Saga,
    Block::Once,
    Block::Ask,
    Block::Tolerated,
    Block::Undone,
];

/// Blocks of a workflow between its first step and its end.
const LENGTH: usize = 8;

/// How the ids of runs begin that are a short workflow by itself.
pub const PART: &str = "part-";

/// What a signal from outside says.
pub const SAID: i64 = 5;

const TASKS: [(&str, &str); 8] = [
    ("look", "effect: read"),
    ("put", "in_doubt: retry"),
    ("flaky", "in_doubt: retry, policy: stubborn"),
    ("grumble", "in_doubt: retry, policy: half_hearted"),
    ("once", "in_doubt: fail, policy: alone"),
    ("ask", "in_doubt: pause, policy: alone"),
    ("book", "in_doubt: retry, compensate: unbook"),
    ("unbook", "in_doubt: retry, policy: stubborn"),
];

const POLICIES: &str = "
policies:
  - {id: stubborn, retries: forever, strategy: constant, initial: 10ms, jitter: none}
  - {id: half_hearted, retries: 1, strategy: constant, initial: 10ms, critical: false}
  - {id: alone, retries: 0}
";

#[derive(Debug, Clone)]
pub struct Program {
    pub language: Language,
    pub blocks: Vec<Block>,
}

/// How a run must end.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Succeeded(Value),
    Failed,
}

/// The programs of all languages. Between them they have every block.
pub fn draw(random: &mut Random) -> Vec<Program> {
    let mut deck = BLOCKS.to_vec();
    for index in (1..deck.len()).rev() {
        let other = usize::try_from(random.below(index as u64 + 1)).unwrap_or(0);
        deck.swap(index, other);
    }
    let hand = |number: usize| (0..LENGTH).map(|index| deck[(number * 6 + index) % deck.len()]).collect();
    (0..).zip(Language::ALL).map(|(number, language)| Program { language, blocks: hand(number) }).collect()
}

impl Program {
    pub fn has(&self, block: Block) -> bool {
        self.blocks.contains(&block)
    }

    pub fn workflow(&self) -> String {
        format!("main_{}", self.language.name())
    }

    /// The short one, which others call, too.
    pub fn part(&self) -> String {
        format!("part_{}", self.language.name())
    }

    pub fn manifest(&self) -> String {
        let name = self.language.name();
        let mut text = "version: \"1.0\"\n\ntasks:\n".to_owned();
        for (task, options) in TASKS {
            let reference = self.language.reference(task);
            let _ = writeln!(text, "  - {{id: {task}, ref: \"{reference}\", {options}}}");
        }
        text.push_str(POLICIES);
        let _ = writeln!(
            text,
            "
workflows:
  - id: part_{name}
    target: {name}
    input: {{n: int}}
    steps:
      - {{task: put, with: {{n: \"${{input.n}}\"}}}}
      - {{task: look, with: {{n: \"${{put}}\"}}}}
    output: ${{look}}

  - id: saga_{name}
    target: {name}
    input: {{n: int, doomed: bool}}
    steps:
      - {{task: book, id: first, with: {{n: \"${{input.n}}\"}}}}
      - {{task: look, with: {{n: \"${{first}}\"}}}}
      - {{task: book, id: second, with: {{n: \"${{look}}\"}}}}
      - fail: {{when: \"${{input.doomed}}\", type: Doomed, message: \"as it was to be\"}}
    output: ${{second}}

  - id: main_{name}
    entrypoint: true
    target: {name}
    input: {{n: int}}
    steps:
      - {{task: book, id: booked, with: {{n: \"${{input.n}}\"}}}}"
        );
        let mut value = "booked".to_owned();
        for (index, block) in self.blocks.iter().enumerate() {
            value = block.write(&mut text, index, &value, name);
        }
        let _ = writeln!(
            text,
            "      - fail: {{when: \"${{input.n % 7 == 3}}\", type: Doomed, message: \"as it was to be\"}}
    output: ${{{value}}}"
        );
        text
    }

    /// The end of a run of this program, or of a run that one of its steps began; nothing where there is none of that name.
    pub fn end(&self, run: &str) -> Option<End> {
        let (root, child) = run.split_once('/').map_or((run, None), |(root, child)| (root, Some(child)));
        let n: i64 = root.rsplit('-').next()?.parse().ok()?;
        if root.starts_with(PART) {
            return child.is_none().then(|| End::Succeeded(json!((n + 7) * 3 + 1)));
        }
        let mut value = n;
        for (index, block) in self.blocks.iter().enumerate() {
            if child == Some(format!("b{index}").as_str()) {
                return match block {
                    Block::Child | Block::Detached => Some(End::Succeeded(json!((value + 7) * 3 + 1))),
                    Block::Saga if n % 2 == 0 => Some(End::Failed),
                    Block::Saga => Some(End::Succeeded(json!(value * 3 + 1))),
                    _ => None,
                };
            }
            value = block.value(value);
        }
        match child {
            Some(_) => None,
            None if n % 7 == 3 => Some(End::Failed),
            None => Some(End::Succeeded(json!(value))),
        }
    }
}

impl Block {
    /// Appends the steps and gives the expression of their value.
    fn write(self, text: &mut String, index: usize, value: &str, language: &str) -> String {
        let id = format!("b{index}");
        let mut same = value.to_owned();
        let steps = match self {
            Block::Read | Block::Write | Block::Retried | Block::Undone | Block::Tolerated | Block::Ask => {
                let (task, n) = match self {
                    Block::Read => ("look", value),
                    Block::Write => ("put", value),
                    Block::Retried => ("flaky", value),
                    Block::Undone => ("book", value),
                    Block::Ask => ("ask", "input.n"),
                    _ => ("grumble", value),
                };
                if matches!(self, Block::Read | Block::Write | Block::Retried) {
                    same.clone_from(&id);
                }
                format!("- {}", call(task, &id, n))
            }
            Block::Parallel => {
                same = format!("{id}a + {id}b + {id}c");
                let branch = |task: &str, branch: &str| {
                    format!("\n          - {}", call(task, &format!("{id}{branch}"), value))
                };
                format!("- parallel:{}{}{}", branch("put", "a"), branch("look", "b"), branch("flaky", "c"))
            }
            Block::Race => {
                same.clone_from(&id);
                let branch =
                    |branch: &str| format!("\n          - {}", call("look", &format!("{id}{branch}"), value));
                format!("- race:{}{}\n        id: {id}", branch("a"), branch("b"))
            }
            Block::Map => {
                same = format!("{id}[0] + {id}[1] + {id}[2]");
                let each = call("put", &format!("{id}e"), "item");
                format!(
                    "- map: {{id: {id}, over: \"${{[{value}, {value} + 1, {value} + 2]}}\", as: item, steps: [{each}]}}"
                )
            }
            Block::Loop => {
                same = format!("{id}p");
                let each = call("put", &format!("{id}e"), value);
                format!(
                    "- loop: {{id: {id}, until: \"${{{id}e < 0}}\", max_iterations: 2, every: 20ms, on_exhausted: continue, steps: [{each}]}}\n      - {}",
                    call("put", &same, value)
                )
            }
            Block::Sleep => format!("- {{sleep: {}ms, id: {id}}}", 40 + index * 30),
            Block::Signal | Block::Message => {
                same = format!("{id}p");
                self.signalled(&id, value)
            }
            Block::Child => {
                same.clone_from(&id);
                format!("- {{workflow: part_{language}, id: {id}, with: {{n: \"${{{value}}}\"}}}}")
            }
            Block::Detached => {
                format!(
                    "- {{workflow: part_{language}, id: {id}, detach: true, with: {{n: \"${{{value}}}\"}}}}"
                )
            }
            Block::Saga | Block::Once => self.tried(&id, value, language),
        };
        let _ = writeln!(text, "      {steps}");
        same
    }

    /// A signal, and a step that works on what it says.
    fn signalled(self, id: &str, value: &str) -> String {
        let then = format!("{id}p");
        if self == Block::Signal {
            let put = call("put", &then, &format!("{value} + {id}"));
            return format!("- wait_for: {{id: {id}, signal: go, type: int}}\n      - {put}");
        }
        let look = call("look", &then, id);
        format!(
            "- emit: {{id: {id}e, signal: own, data: \"${{{value}}}\"}}\n      - wait_for: {{id: {id}, signal: own, type: int}}\n      - {look}"
        )
    }

    /// A step that may fail, and what is done then.
    fn tried(self, id: &str, value: &str, language: &str) -> String {
        let (step, error) = match self {
            Block::Saga => (
                format!(
                    "{{workflow: saga_{language}, id: {id}, with: {{n: \"${{{value}}}\", doomed: \"${{input.n % 2 == 0}}\"}}}}"
                ),
                "Doomed",
            ),
            _ => (call("once", id, value), "OutcomeUnknown"),
        };
        let caught = call("look", &format!("{id}k"), value);
        format!(
            "- try:\n          - {step}\n        catch:\n          - errors: [{error}]\n            steps:\n              - {caught}"
        )
    }

    fn value(self, n: i64) -> i64 {
        match self {
            Block::Read | Block::Race | Block::Message => n * 3 + 1,
            Block::Write | Block::Loop => n + 7,
            Block::Retried => n * 2,
            Block::Parallel => (n + 7) + (n * 3 + 1) + n * 2,
            Block::Map => n * 3 + 24,
            Block::Signal => n + SAID + 7,
            Block::Child => (n + 7) * 3 + 1,
            Block::Sleep
            | Block::Detached
            | Block::Saga
            | Block::Once
            | Block::Ask
            | Block::Tolerated
            | Block::Undone => n,
        }
    }
}

fn call(task: &str, id: &str, n: &str) -> String {
    format!("{{task: {task}, id: {id}, with: {{n: \"${{{n}}}\"}}}}")
}
