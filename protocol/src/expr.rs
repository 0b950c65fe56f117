//! Typed expressions of a Plan: what the checker made of CEL, free of spans and of overloads left open.
//!
//! It knows no syntax; emitters translate it, the reference interpreter evaluates it.

use serde::{Deserialize, Serialize};

use crate::types::Type;

/// An expression and the type of its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    pub ty: Type,
    pub node: Node,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    Literal(Literal),
    /// A declared or inferred input of the workflow.
    Input(String),
    /// The result of a visible step of this workflow; null where the step was skipped or tolerated.
    Step(String),
    /// What neither inputs nor steps give: an item of a map, a caught error, an argument of what is compensated or its
    /// `result`, a variable of a [`Node::Comprehension`] or a [`Node::Bind`]. The innermost of a name is meant.
    Variable(String),
    /// `run.id`.
    RunId,
    /// `env.NAME`, in resources and policies only.
    Env(String),
    Field {
        of: Box<Expr>,
        name: String,
    },
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    /// `has(of.name)`.
    Has {
        of: Box<Expr>,
        name: String,
    },
    List(Vec<Expr>),
    /// A record or a map, in source order.
    Record(Vec<(String, Expr)>),
    /// A map whose keys are computed; a key that comes twice is an error.
    Entries(Vec<(Expr, Expr)>),
    Unary {
        op: UnaryOp,
        operand: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Conditional {
        test: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    /// A function of the checker's table by name; for a member call the receiver is the first argument.
    Call {
        function: String,
        args: Vec<Expr>,
    },
    Comprehension {
        kind: Comprehension,
        /// A list, a map, or `any` that must be one of them.
        over: Box<Expr>,
        /// One: the element of a list or the key of a map. Two: index and element, or key and value.
        variables: Vec<String>,
        /// Elements for which it is false are passed over; only where `body` is a result and not a test itself.
        filter: Option<Box<Expr>>,
        body: Box<Expr>,
    },
    /// `cel.bind(name, value, body)`.
    Bind {
        name: String,
        value: Box<Expr>,
        body: Box<Expr>,
    },
    /// A string with expressions in it.
    Interpolate(Vec<Expr>),
    /// A value whose static type is wider, known to be of `ty` here (`T?` after `x != null`, a literal `1` as decimal).
    Convert(Box<Expr>),
}

/// What a comprehension makes of the values of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comprehension {
    /// Whether the test holds for every element; an element that denies it hides errors of the others.
    All,
    /// Whether the test holds for an element; one that does hides errors of the others.
    Exists,
    /// Whether the test holds for exactly one element; an error of any is one of the whole.
    ExistsOne,
    /// A list of the elements for which the test holds: of what the last variable is.
    Filter,
    /// A list of the values.
    Map,
    /// A map of the same keys with the values.
    TransformMap,
    /// A map of the entries of all values, which are maps; a key that comes twice is an error.
    TransformEntries,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// In its shortest exact spelling.
    Decimal(String),
    String(String),
    Bytes(Vec<u8>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnaryOp {
    Not,
    Negate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BinaryOp {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

impl Expr {
    /// The value as its own language has it, where it is given as a class of another one: as JSON both are the same.
    #[must_use]
    pub fn before_crossing(&self) -> &Expr {
        match &self.node {
            Node::Convert(own) if own.ty.is_of_another_class(&self.ty) => own,
            _ => self,
        }
    }

    /// Calls `visit` for each direct part, in the order of evaluation.
    pub fn for_each_child<'a>(&'a self, mut visit: impl FnMut(&'a Expr)) {
        match &self.node {
            Node::Literal(_)
            | Node::Input(_)
            | Node::Step(_)
            | Node::Variable(_)
            | Node::RunId
            | Node::Env(_) => {}
            Node::Field { of, .. }
            | Node::Has { of, .. }
            | Node::Unary { operand: of, .. }
            | Node::Convert(of) => visit(of),
            Node::Index { of: left, index: right }
            | Node::Binary { left, right, .. }
            | Node::Bind { value: left, body: right, .. } => {
                visit(left);
                visit(right);
            }
            Node::List(parts) | Node::Interpolate(parts) | Node::Call { args: parts, .. } => {
                parts.iter().for_each(visit);
            }
            Node::Record(fields) => fields.iter().for_each(|(_, part)| visit(part)),
            Node::Entries(entries) => entries.iter().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            Node::Conditional { test, then, otherwise } => {
                visit(test);
                visit(then);
                visit(otherwise);
            }
            Node::Comprehension { over, filter, body, .. } => {
                visit(over);
                filter.iter().for_each(|filter| visit(filter));
                visit(body);
            }
        }
    }
}
