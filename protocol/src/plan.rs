//! The Plan: one workflow as a language-neutral program, complete enough to emit, simulate and draw.
//!
//! It knows neither the manifest's syntax nor where the manifest stands; equal programs have equal digests.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{canonical_json, digest};
use crate::expr::Expr;
use crate::types::{Type, TypeTable};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    Python,
}

impl Language {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Python => "python",
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
    /// Declared inputs in their order, then inferred ones by name.
    pub inputs: Vec<Input>,
    pub steps: Vec<Step>,
    pub output: Expr,
    /// Every user type that a value of this workflow can have, with the types of its fields.
    #[serde(with = "type_table")]
    pub types: TypeTable,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    pub name: String,
    pub ty: Type,
    pub default: Option<Value>,
}

/// A step of the graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Unique in its workflow. Anonymous blocks have a generated id (`parallel_2`), which is never part of a key.
    pub id: String,
    /// Whether the id was made by the compiler.
    pub anonymous: bool,
    pub when: Option<Expr>,
    /// False: a failure is recorded and tolerated, the result is null.
    pub critical: bool,
    /// Of a block: milliseconds from its start. A task's deadline is in its policy.
    pub deadline_ms: Option<u64>,
    /// The type of the result as later steps see it: nullable where it may be skipped or tolerated.
    pub ty: Type,
    pub kind: StepKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    Task(Box<TaskCall>),
    Workflow(WorkflowCall),
    Sequence { steps: Vec<Step> },
    Parallel { branches: Vec<Step>, max_concurrency: Option<u32>, on_failure: OnFailure },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    Cancel,
    Wait,
}

/// A call of the user's code under a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskCall {
    pub task: String,
    pub callable: Callable,
    pub args: Vec<Argument>,
    pub policy: Policy,
    pub effect: Effect,
    pub idempotent: bool,
    pub in_doubt: InDoubt,
    /// Whether everything before, and this start, must be on disk before an attempt begins.
    pub barrier: bool,
}

/// A function of the user's code, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Callable {
    pub language: Language,
    /// Importable module: `shop.user_service`.
    pub module: String,
    /// Name in the module: `get_user_by_id`.
    pub name: String,
    pub is_async: bool,
    pub returns: Type,
    /// Whether the code says what it returns.
    pub annotated: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    pub parameter: String,
    /// The parameter's own type.
    pub ty: Type,
    pub passing: Passing,
    pub value: ArgumentValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Passing {
    Positional,
    Keyword,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgumentValue {
    Expr(Expr),
    /// `<run>/<step key>`, the same at every attempt.
    IdempotencyKey,
}

/// Another workflow of the same target, awaited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowCall {
    pub workflow: String,
    pub durable: bool,
    pub args: Vec<(String, Expr)>,
    pub barrier: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    None,
    Read,
    Write,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InDoubt {
    Retry,
    Fail,
    Pause,
}

/// Retries, backoff and limits of a call, with every default filled in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// Retries after the first attempt; `None` is `forever`.
    pub retries: Option<u32>,
    pub strategy: Strategy,
    pub initial_ms: u64,
    pub max_delay_ms: u64,
    pub multiplier: f64,
    pub jitter: Jitter,
    /// Error types or codes; empty is the default: all but programming errors.
    pub retry_on: Vec<String>,
    pub abort_on: Vec<String>,
    /// Of one attempt.
    pub timeout_ms: Option<u64>,
    /// Of all attempts and the waits between them.
    pub deadline_ms: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    Constant,
    Linear,
    ExponentialBackoff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Jitter {
    None,
    Full,
    Equal,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            retries: Some(0),
            strategy: Strategy::ExponentialBackoff,
            initial_ms: 100,
            max_delay_ms: 30_000,
            multiplier: 2.0,
            jitter: Jitter::Full,
            retry_on: Vec::new(),
            abort_on: Vec::new(),
            timeout_ms: None,
            deadline_ms: None,
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
}

impl Step {
    /// The steps directly inside.
    #[must_use]
    pub fn children(&self) -> &[Step] {
        match &self.kind {
            StepKind::Task(_) | StepKind::Workflow(_) => &[],
            StepKind::Sequence { steps } => steps,
            StepKind::Parallel { branches, .. } => branches,
        }
    }
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
