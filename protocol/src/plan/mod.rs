//! The Plan: one workflow as a language-neutral program, complete enough to emit, simulate and draw.
//!
//! It knows neither the manifest's syntax nor where the manifest stands; equal programs have equal digests. What a
//! manifest does not use is not written, so that a Plan keeps its digest when the language grows.

mod call;
mod callable;
mod policy;
mod resource;
mod step;

pub use call::{Argument, ArgumentValue, Cache, Effect, Fallback, InDoubt, Passing, TaskCall, WorkflowCall};
pub use callable::{
    BodyForm, Callable, Function, GrpcMethod, HttpError, HttpOperation, HttpParameter, Place, Receiver,
};
pub use policy::{CircuitBreaker, Hedge, Jitter, Policy, Rate, Strategy, Trip};
pub use resource::{Health, Pool, Resource, ResourceKind, Scope};
pub use step::{
    Case, Catch, Delay, Emit, Hold, Loop, LoopTest, Map, OnExhausted, OnFailure, OnTimeout, Step, StepKind,
    Try, WaitFor,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{canonical_json, digest};
use crate::expr::Expr;
use crate::types::{Type, TypeTable};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Python,
    Typescript,
    Go,
    Rust,
}

impl Language {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Python => "python",
            Language::Typescript => "typescript",
            Language::Go => "go",
            Language::Rust => "rust",
        }
    }

    /// As its users write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Language::Python => "Python",
            Language::Typescript => "TypeScript",
            Language::Go => "Go",
            Language::Rust => "Rust",
        }
    }
}

/// One workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// [`crate::FORMAT_VERSION`] of the compiler that made it.
    pub format: u32,
    pub workflow: String,
    pub language: Language,
    pub entrypoint: bool,
    pub durable: bool,
    /// Milliseconds from the start of the run.
    pub deadline_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<Concurrency>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
    /// Declared inputs in their order, then inferred ones by name.
    pub inputs: Vec<Input>,
    /// Those that its steps use, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    pub steps: Vec<Step>,
    pub output: Expr,
    /// Every user type that a value of this workflow can have, with the types of its fields.
    #[serde(with = "type_table")]
    pub types: TypeTable,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenInput", into = "WrittenInput")]
pub struct Input {
    pub name: String,
    pub ty: Type,
    /// Null is a default, too.
    pub default: Option<Value>,
    /// Never shown, and kept from journal and logs in the clear.
    pub secret: bool,
}

/// An input as JSON, where a default of null has to be told from none.
#[derive(Serialize, Deserialize)]
struct WrittenInput {
    name: String,
    ty: Type,
    default: Option<Value>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    default_is_null: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    secret: bool,
}

impl From<Input> for WrittenInput {
    fn from(input: Input) -> WrittenInput {
        let Input { name, ty, default, secret } = input;
        WrittenInput { name, ty, default_is_null: default == Some(Value::Null), default, secret }
    }
}

impl From<WrittenInput> for Input {
    fn from(written: WrittenInput) -> Input {
        let null = written.default_is_null.then_some(Value::Null);
        let WrittenInput { name, ty, default, secret, .. } = written;
        Input { name, ty, default: default.or(null), secret }
    }
}

/// How many runs of the workflow go on at a time; further ones wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Concurrency {
    pub limit: u32,
    /// Of inputs: runs with different keys do not wait for each other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
}

/// When runs begin by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Five fields: minute, hour, day of the month, month, day of the week.
    pub cron: String,
    /// A name of the IANA database.
    pub time_zone: String,
    pub missed: Missed,
}

/// What becomes of firings while nothing was there to run them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    Skip,
    Once,
    All,
}

impl Missed {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Missed::Skip => "skip",
            Missed::Once => "once",
            Missed::All => "all",
        }
    }
}

impl Plan {
    /// The identity of the program: the digest of its canonical JSON.
    ///
    /// # Errors
    /// Never for a Plan that the compiler made; serde's signature asks for it.
    pub fn digest(&self) -> Result<String, serde_json::Error> {
        Ok(digest(canonical_json(self)?.as_bytes()))
    }

    /// Names of its secret inputs, in their order.
    pub fn secret(&self) -> impl Iterator<Item = &str> {
        self.inputs.iter().filter(|input| input.secret).map(|input| input.name.as_str())
    }

    /// Every call of a task, with those that stand by for its failure.
    pub fn all_calls(&self) -> impl Iterator<Item = &TaskCall> {
        self.all_steps().flat_map(calls_of)
    }

    /// Every function of the code that the workflow calls, or that opens or closes its resources.
    pub fn functions(&self) -> impl Iterator<Item = &Function> {
        let of_resources = self.resources.iter().flat_map(|resource| [&resource.open, &resource.close]);
        self.all_calls().filter_map(|call| call.callable.function()).chain(of_resources.flatten())
    }

    /// Every step, outer ones before those inside them.
    pub fn all_steps(&self) -> impl Iterator<Item = &Step> {
        let mut pending: Vec<&Step> = self.steps.iter().rev().collect();
        std::iter::from_fn(move || {
            let step = pending.pop()?;
            let inside: Vec<&Step> = step.children().collect();
            pending.extend(inside.into_iter().rev());
            Some(step)
        })
    }
}

/// The calls of a step: the task's, then its fallback's and its compensation's, and theirs.
fn calls_of(step: &Step) -> Vec<&TaskCall> {
    let StepKind::Task(call) = &step.kind else { return Vec::new() };
    let mut found = Vec::new();
    let mut pending: Vec<&TaskCall> = vec![call];
    while let Some(call) = pending.pop() {
        found.push(call);
        pending.extend(call.compensate.as_deref());
        if let Some(Fallback::Task(other)) = &call.fallback {
            pending.push(other);
        }
    }
    found
}

/// JSON objects have string keys, so the table is a list of pairs on the wire.
mod type_table {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::types::{TypeDef, TypeName, TypeTable};

    pub fn serialize<S: Serializer>(table: &TypeTable, serializer: S) -> Result<S::Ok, S::Error> {
        table.iter().collect::<Vec<(&TypeName, &TypeDef)>>().serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TypeTable, D::Error> {
        Ok(Vec::<(TypeName, TypeDef)>::deserialize(deserializer)?.into_iter().collect())
    }
}
