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
    /// `run.id`.
    RunId,
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
    /// A function of CEL by name; for a member call the receiver is the first argument.
    Call {
        function: String,
        args: Vec<Expr>,
    },
    /// A string with expressions in it.
    Interpolate(Vec<Expr>),
    /// A value whose static type is wider, known to be of `ty` here (`T?` after `x != null`, a literal `1` as decimal).
    Convert(Box<Expr>),
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
