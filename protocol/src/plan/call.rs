//! Calls: of the user's code, of another workflow, and what stands by them when they fail.
//!
//! It knows neither where a call stands in its workflow nor how any language spells it.

use serde::{Deserialize, Serialize};

use super::callable::{Callable, Receiver};
use super::policy::Policy;
use crate::expr::Expr;
use crate::types::Type;

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
    /// Resources of which each attempt holds a permit, in the order in which they are taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Cache>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback: Option<Fallback>,
    /// What undoes the call once it has completed. Its arguments are expressions over [`Variable`]s: the parameters of
    /// this call by name in snake case, and `result`.
    ///
    /// [`Variable`]: crate::expr::Node::Variable
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Box<TaskCall>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Argument {
    pub parameter: String,
    /// The parameter's own type.
    pub ty: Type,
    pub passing: Passing,
    pub value: ArgumentValue,
    /// The parameter's type as the language writes it, where `ty` leaves that open: `int32`, `example.com/shop.Cents=int64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<String>,
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
    /// The client or connection of a resource.
    Resource(String),
    /// What tells the call that nobody waits for it any more: a `context.Context`, an `AbortSignal`.
    Cancellation,
}

/// Another workflow of the same target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkflowCall {
    pub workflow: String,
    pub durable: bool,
    pub args: Vec<(String, Expr)>,
    pub barrier: bool,
    /// Not awaited: the step succeeds when the child's start is recorded, with null.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detach: bool,
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

/// Results kept and given again to calls of the same task with an equal key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cache {
    pub ttl_ms: u64,
    /// Every argument where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Expr>,
}

/// What a call comes to when its policy is exhausted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Another task, which takes the arguments of the one that failed: they are variables of the parameters' names in
    /// snake case. Its key is the step's with `.fallback`.
    Task(Box<TaskCall>),
    Value(Expr),
}

impl TaskCall {
    /// The call's arguments, after those that make the object it is made on.
    pub fn arguments(&self) -> impl Iterator<Item = &Argument> {
        let receiver = self.callable.function().and_then(|function| function.receiver.as_ref());
        let object: &[Argument] = match receiver {
            Some(Receiver::Constructed { args, .. }) => args,
            _ => &[],
        };
        object.iter().chain(&self.args)
    }

    /// Whether an attempt whose outcome is unknown may be tried again without harm.
    #[must_use]
    pub fn may_happen_twice(&self) -> bool {
        let takes_key = |argument: &Argument| matches!(argument.value, ArgumentValue::IdempotencyKey);
        self.effect != Effect::Write || self.idempotent || self.arguments().any(takes_key)
    }
}
