//! Operators of expressions: Go's own where they mean the same as CEL's, else functions of the runtime.
//!
//! It knows which operators may fail, and what linters refuse.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node, UnaryOp};
use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::expr::{Result, Translator};
use super::tree::{Go, Operator};

impl Translator<'_, '_> {
    pub fn unary(&mut self, op: UnaryOp, operand: &Expr, ty: &Type) -> Result<Go> {
        match (op, &operand.ty) {
            (UnaryOp::Not, Type::Bool) => Ok(self.expr(operand)?.negated()),
            (UnaryOp::Not, _) => {
                let value = self.boxed(operand)?;
                Ok(self.failing("Not", vec![value]))
            }
            (UnaryOp::Negate, Type::Float) => {
                let value = self.expr(operand)?;
                // Go's `-x` of a constant zero is no negative zero.
                Ok(match operand.node {
                    Node::Literal(_) => self.file.call_cel("MultiplyFloat", vec![value, Go::atom("-1")]),
                    _ => Go::unary('-', value),
                })
            }
            (UnaryOp::Negate, Type::Int | Type::Decimal | Type::Duration) => {
                let value = self.expr(operand)?;
                let name = match operand.ty {
                    Type::Int => "NegateInt",
                    Type::Decimal => "NegateDecimal",
                    _ => "NegateDuration",
                };
                Ok(self.failing(name, vec![value]))
            }
            (UnaryOp::Negate, _) => {
                let value = self.boxed(operand)?;
                let value = self.failing("Negate", vec![value]);
                self.coerce(value, &Type::Any, ty)
            }
        }
    }

    pub fn binary(&mut self, op: BinaryOp, left: &Expr, right: &Expr, ty: &Type) -> Result<Go> {
        match op {
            BinaryOp::And => self.logic(Operator::And, "And", left, right),
            BinaryOp::Or => self.logic(Operator::Or, "Or", left, right),
            BinaryOp::Equal => self.equality(true, left, right),
            BinaryOp::NotEqual => self.equality(false, left, right),
            BinaryOp::Less => self.order(Operator::Less, "Less", left, right),
            BinaryOp::LessOrEqual => self.order(Operator::LessOrEqual, "LessOrEqual", left, right),
            BinaryOp::Greater => self.order(Operator::Greater, "Greater", left, right),
            BinaryOp::GreaterOrEqual => self.order(Operator::GreaterOrEqual, "GreaterOrEqual", left, right),
            BinaryOp::In => self.membership(left, right),
            BinaryOp::Add => self.arithmetic("Add", left, right, ty),
            BinaryOp::Subtract => self.arithmetic("Subtract", left, right, ty),
            BinaryOp::Multiply => self.arithmetic("Multiply", left, right, ty),
            BinaryOp::Divide => self.arithmetic("Divide", left, right, ty),
            BinaryOp::Modulo => self.arithmetic("Modulo", left, right, ty),
        }
    }

    /// CEL's `&&` and `||` are decided by either side: an error on the left does not matter if the right decides.
    fn logic(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Go> {
        let before = std::mem::replace(&mut self.fails, false);
        let one = self.expr(left)?;
        let left_fails = self.fails;
        let other = self.expr(right)?;
        let typed = left.ty == Type::Bool && right.ty == Type::Bool;
        self.fails |= before;
        if typed && !left_fails && is_worth_joining(left, right) {
            return Ok(Go::binary(op, one, other));
        }
        let one = codecs::apply(self.file, Way::Box, &left.ty, one);
        let other = codecs::apply(self.file, Way::Box, &right.ty, other);
        self.fails |= !typed;
        let parts = vec![Go::lambda(&[], "any", one), Go::lambda(&[], "any", other)];
        Ok(self.file.call_cel(helper, parts))
    }

    fn equality(&mut self, wanted: bool, left: &Expr, right: &Expr) -> Result<Go> {
        let op = if wanted { Operator::Equal } else { Operator::NotEqual };
        let is_null = |expr: &Expr| expr.node == Node::Literal(Literal::Null);
        let negate = |go: Go| if wanted { go } else { go.negated() };
        if is_null(right) != is_null(left) {
            let of = if is_null(right) { left } else { right };
            if matches!(of.ty, Type::Optional(_) | Type::Any) {
                let value = self.expr(of)?;
                return Ok(Go::binary(op, value, Go::atom("nil")));
            }
        }
        if left.ty == right.ty && is_worth_comparing(left, right) {
            match &left.ty {
                Type::Int | Type::Float | Type::String | Type::Duration | Type::Date | Type::Uuid => {
                    let (left, right) = (self.bare(left)?, self.bare(right)?);
                    return Ok(Go::binary(op, left, right));
                }
                Type::Named(_) if self.file.package.is_enum(&left.ty) => {
                    let (left, right) = (self.expr(left)?, self.expr(right)?);
                    return Ok(Go::binary(op, left, right));
                }
                Type::Timestamp => {
                    let (left, right) = (self.expr(left)?, self.expr(right)?);
                    return Ok(negate(left.method("Equal", vec![right])));
                }
                _ => {}
            }
        }
        let args = vec![self.boxed(left)?, self.boxed(right)?];
        Ok(negate(self.file.call_cel("Equal", args)))
    }

    fn order(&mut self, op: Operator, helper: &str, left: &Expr, right: &Expr) -> Result<Go> {
        if left.ty == right.ty && is_worth_comparing(left, right) {
            match left.ty {
                Type::Int | Type::Float | Type::String | Type::Duration => {
                    let (left, right) = (self.bare(left)?, self.bare(right)?);
                    return Ok(Go::binary(op, left, right));
                }
                Type::Decimal => {
                    let args = vec![self.expr(left)?, self.expr(right)?];
                    let order = self.failing("CompareDecimal", args);
                    return Ok(Go::binary(op, order, Go::atom("0")));
                }
                _ => {}
            }
        }
        let simple = |ty: &Type| crate::flow::is_simple(ty) && !matches!(ty, Type::Named(_));
        self.fails |= left.ty != right.ty || !simple(&left.ty);
        let args = vec![self.boxed(left)?, self.boxed(right)?];
        Ok(self.file.call_cel(helper, args))
    }

    fn membership(&mut self, left: &Expr, right: &Expr) -> Result<Go> {
        match right.ty.non_null() {
            Type::List(item)
                if **item == left.ty
                    && matches!(left.ty, Type::Int | Type::String)
                    && right.ty == *right.ty.non_null() =>
            {
                let slices = self.file.std("slices");
                let args = vec![self.expr(right)?, self.expr(left)?];
                Ok(Go::call(format!("{slices}.Contains"), args))
            }
            _ => {
                self.fails |= !matches!(right.ty, Type::List(_) | Type::Map(_));
                let args = vec![self.boxed(left)?, self.boxed(right)?];
                Ok(self.file.call_cel("In", args))
            }
        }
    }
}

/// Linters refuse comparisons that are decided already.
fn is_worth_comparing(left: &Expr, right: &Expr) -> bool {
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    left != right && !(is_literal(left) && is_literal(right))
}

/// Linters refuse logic that is decided already.
fn is_worth_joining(left: &Expr, right: &Expr) -> bool {
    let is_literal = |expr: &Expr| matches!(expr.node, Node::Literal(_));
    let denies = |one: &Expr, other: &Expr| matches!(&one.node, Node::Unary { op: UnaryOp::Not, operand } if **operand == *other);
    left != right && !is_literal(left) && !is_literal(right) && !denies(left, right) && !denies(right, left)
}

/// The opposite of a comparison in which no value is unordered.
pub fn opposite(test: &Expr) -> Option<Expr> {
    let Node::Binary { op, left, right } = &test.node else { return None };
    let is_ordered = left.ty == right.ty && matches!(left.ty, Type::Int | Type::String | Type::Duration);
    let op = match op {
        BinaryOp::Less => BinaryOp::GreaterOrEqual,
        BinaryOp::LessOrEqual => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::LessOrEqual,
        BinaryOp::GreaterOrEqual => BinaryOp::Less,
        _ => return None,
    };
    let node = Node::Binary { op, left: left.clone(), right: right.clone() };
    is_ordered.then_some(Expr { ty: Type::Bool, node })
}
