//! What a new project begins with: a file of functions and a manifest that explains itself.
//!
//! It does not know whether the folder is empty.

use conductor_protocol::plan::Language;
use conductor_syntax::{Syntax, convert};

/// Two files of a project that can be built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    pub manifest: String,
    /// The name of the file of functions.
    pub file: &'static str,
    pub code: &'static str,
    /// What to do now.
    pub next: &'static [&'static str],
}

/// `None` where code in the language is not read yet.
#[must_use]
pub fn example(language: Language, syntax: Syntax) -> Option<Example> {
    if language != Language::Python {
        return None;
    }
    let manifest = match syntax {
        Syntax::Yaml => MANIFEST.to_owned(),
        Syntax::Hcl => convert::convert(Syntax::Yaml, Syntax::Hcl, conductor_source::FileId(0), MANIFEST)
            .unwrap_or_default(),
    };
    Some(Example {
        manifest,
        file: "greetings.py",
        code: PYTHON,
        next: &[
            "conductor build",
            "conductor dev -- python3 -c 'from conductor_gen.blocking import greet; print(greet(name=\"Ada\"))'",
        ],
    })
}

const MANIFEST: &str = "\
# What runs: each task is a function of your code, by its module and name.
tasks:
  - id: compose
    ref: greetings.compose
    effect: none # it changes nothing, so it may always run again
  - id: deliver
    ref: greetings.deliver
    policy: patient

# How often, how long: `conductor explain` and docs/manifest/policies.md have all that a policy can say.
policies:
  - id: patient
    retries: 3
    strategy: exponential_backoff

# In which order. Each parameter gets the result that has its type, or its name; what nothing gives is an input.
workflows:
  - id: greet # `from conductor_gen import greet`
    steps:
      - task: compose # `name` becomes the input of the workflow
      - task: deliver # `greeting` is what `compose` returns
";

const PYTHON: &str = "\
\"\"\"Plain functions: nothing here knows how often, when or in which order it runs.\"\"\"

from dataclasses import dataclass


@dataclass
class Greeting:
    to: str
    text: str


def compose(name: str) -> Greeting:
    return Greeting(to=name, text=f\"Hello, {name}!\")


def deliver(greeting: Greeting, idempotency_key: str) -> str:
    \"\"\"The key is the same at every attempt: whoever receives it can tell a repetition.\"\"\"
    print(greeting.text, flush=True)
    return f\"delivered to {greeting.to}\"
";
