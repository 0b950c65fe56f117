//! `==` and `!=` of expressions, as `===` where that means the same.
//!
//! It knows no other operator.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::types::Type;

use super::expr::{Translator, is_literal};
use super::tree::{Operator, Ts, Ty};
use crate::EmitError;
use crate::inline::RESULT;

type Result<T> = std::result::Result<T, EmitError>;

impl Translator<'_, '_> {
    pub fn equality(&mut self, wanted: bool, left: &Expr, right: &Expr) -> Result<Ts> {
        let is_null = |expr: &Expr| expr.node == Node::Literal(Literal::Null);
        if is_null(right) || is_null(left) {
            let value = self.perhaps(if is_null(right) { left } else { right })?;
            if value == Ts::null() {
                return Ok(Ts::bool(wanted));
            }
            let op = if wanted { Operator::Equal } else { Operator::NotEqual };
            return Ok(Ts::binary(op, value, Ts::null()));
        }
        let (one, other) = (left.ty.non_null(), right.ty.non_null());
        let nullable = left.ty.is_nullable() || right.ty.is_nullable();
        let native = one == other && is_simple(&self.file.package.types, one) && !is_literal(left);
        let same = left == right;
        if native && !same {
            let op = if wanted { Operator::Equal } else { Operator::NotEqual };
            return Ok(Ts::binary(op, self.without_enum(left)?, self.without_enum(right)?));
        }
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let compared = match (one, other) {
            (Type::Duration, Type::Duration) if !nullable => {
                Some(self.cel_of("Time", "compareDurations", vec![left.clone(), right.clone()]))
            }
            (Type::Timestamp, Type::Timestamp) if !nullable => {
                Some(self.cel_of("Time", "compareTimestamps", vec![left.clone(), right.clone()]))
            }
            (Type::Decimal, Type::Decimal) if !nullable => {
                Some(self.cel("compareDecimal", vec![left.clone(), right.clone()]))
            }
            _ => None,
        };
        if let Some(compared) = compared {
            let op = if wanted { Operator::Equal } else { Operator::NotEqual };
            return Ok(Ts::binary(op, compared, Ts::number(0)));
        }
        let equal = self.cel("equal", vec![left, right]);
        Ok(if wanted { equal } else { equal.negated() })
    }

    /// A member of an enumeration that stands for its value, as what that is: linters want both sides to be of one kind.
    fn without_enum(&mut self, expr: &Expr) -> Result<Ts> {
        let value = self.expr(expr)?;
        let Node::Convert(inner) = &expr.node else { return Ok(value) };
        if !self.file.package.types.is_enum(&inner.ty) {
            return Ok(value);
        }
        let base = Ty::Name(if *expr.ty.non_null() == Type::Int { "number" } else { "string" }.to_owned());
        let ty =
            if inner.ty.is_nullable() { Ty::Union(vec![base, Ty::Name("null".to_owned())]) } else { base };
        Ok(Ts::As(Box::new(value), ty))
    }

    /// What is compared with null: what nobody knows is null.
    fn perhaps(&mut self, expr: &Expr) -> Result<Ts> {
        match &expr.node {
            Node::Variable(name) if name == RESULT => self.variable(name),
            _ => self.expr(expr),
        }
    }
}

/// Whether `===` means what CEL's `==` does.
pub fn is_simple(types: &super::types::Types, ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Int | Type::Float | Type::String | Type::Date | Type::Uuid)
        || types.is_enum(ty)
}
