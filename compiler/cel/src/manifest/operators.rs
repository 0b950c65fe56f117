//! Operators: logic that narrows, comparisons, arithmetic and choice.
//!
//! It does not compute: constant expressions stay as they are written.

use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node as Out, UnaryOp};
use conductor_protocol::types::{Type, TypeDef};

use super::{Checked, Checker, facts, is_text, literals};
use crate::ast::{Kind, Node};
use crate::error::CelError;

fn spelled(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::In => "in",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
    }
}

impl Checker<'_> {
    pub(super) fn unary(&mut self, op: UnaryOp, operand: &Node, hint: Option<&Type>) -> Checked {
        let value = match op {
            UnaryOp::Not => self.bool(operand)?,
            UnaryOp::Negate => self.infer(operand, hint)?,
        };
        let ty = value.ty.clone();
        let allowed = match (op, &ty) {
            (UnaryOp::Not, _) | (_, Type::Int | Type::Float | Type::Decimal | Type::Any) => true,
            (_, Type::Optional(_)) => return self.may_be_null(&value, &operand.range),
            _ => false,
        };
        if !allowed {
            return self.report(CelError::new(
                operand.range.clone(),
                format!("`-` needs a number, but this is `{ty}`"),
            ));
        }
        let ty = if op == UnaryOp::Not { Type::Bool } else { ty };
        Some(Expr { ty, node: Out::Unary { op, operand: Box::new(value) } })
    }

    /// A condition. An optional one says how to narrow, anything else names its type.
    pub(super) fn bool(&mut self, node: &Node) -> Checked {
        let value = self.infer(node, None)?;
        self.fit(value, &node.range, Some(&Type::Bool))
    }

    pub(super) fn binary(&mut self, op: BinaryOp, left: &Node, right: &Node, hint: Option<&Type>) -> Checked {
        match op {
            BinaryOp::And | BinaryOp::Or => self.logic(op, left, right),
            BinaryOp::In => self.within(left, right),
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
                let (left_value, right_value) = self.pair(left, right, hint)?;
                self.arithmetic(op, (left, left_value), (right, right_value))
            }
            _ => {
                let (left_value, right_value) = self.pair(left, right, None)?;
                self.comparison(op, (left, left_value), (right, right_value))
            }
        }
    }

    /// Checks `node` where `test` is `holds`.
    pub(super) fn under(
        &mut self,
        test: Option<&Expr>,
        holds: bool,
        node: &Node,
        hint: Option<&Type>,
    ) -> Checked {
        let outer = self.facts.len();
        if let Some(test) = test {
            self.facts.extend(facts::learned(test, holds));
        }
        let value = self.infer(node, hint);
        self.facts.truncate(outer);
        value
    }

    fn logic(&mut self, op: BinaryOp, left: &Node, right: &Node) -> Checked {
        let left = self.bool(left);
        let value = self.under(left.as_ref(), op == BinaryOp::And, right, None);
        let value = value.and_then(|value| self.fit(value, &right.range, Some(&Type::Bool)));
        Some(Expr {
            ty: Type::Bool,
            node: Out::Binary { op, left: Box::new(left?), right: Box::new(value?) },
        })
    }

    pub(super) fn conditional(
        &mut self,
        test: &Node,
        then: &Node,
        otherwise: &Node,
        hint: Option<&Type>,
    ) -> Checked {
        let test = self.bool(test);
        let first = self.under(test.as_ref(), true, then, hint);
        let second = self.under(test.as_ref(), false, otherwise, hint);
        let (test, mut first, mut second) = (test?, first?, second?);
        if first.ty != second.ty && literals::adapts(then) {
            first = self.under(Some(&test), true, then, Some(&second.ty))?;
        } else if first.ty != second.ty && literals::adapts(otherwise) {
            second = self.under(Some(&test), false, otherwise, Some(&first.ty))?;
        }
        let Some(ty) = joined(&first.ty, &second.ty, hint) else {
            let message =
                format!("the two values of `?:` differ in type: `{}` and `{}`", first.ty, second.ty);
            return self.report(CelError::new(then.range.start..otherwise.range.end, message));
        };
        let node =
            Out::Conditional { test: Box::new(test), then: Box::new(first), otherwise: Box::new(second) };
        Some(Expr { ty, node })
    }

    /// Both operands; a literal takes the type of the other one.
    fn pair(&mut self, left: &Node, right: &Node, hint: Option<&Type>) -> Option<(Expr, Expr)> {
        if literals::adapts(left) && !literals::adapts(right) {
            let second = self.infer(right, hint)?;
            return Some((self.infer(left, Some(&second.ty))?, second));
        }
        let first = self.infer(left, hint);
        let second = self.infer(right, first.as_ref().map(|first| &first.ty).or(hint));
        let (first, second) = (first?, second?);
        if first.ty != second.ty && literals::adapts(left) {
            return Some((self.infer(left, Some(&second.ty))?, second));
        }
        Some((first, second))
    }

    fn comparison(&mut self, op: BinaryOp, left: (&Node, Expr), right: (&Node, Expr)) -> Checked {
        let range = left.0.range.start..right.0.range.end;
        let equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
        let (first, second) = self.wires(left.1, right.1, &range)?;
        if !equality {
            for (node, value) in [(left.0, &first), (right.0, &second)] {
                if matches!(value.ty, Type::Optional(_)) {
                    return self.may_be_null(value, &node.range);
                }
            }
        }
        let (a, b) = (&first.ty, &second.ty);
        let ordered = |ty: &Type| {
            matches!(
                ty,
                Type::Bool
                    | Type::Int
                    | Type::Float
                    | Type::Decimal
                    | Type::String
                    | Type::Bytes
                    | Type::Timestamp
                    | Type::Date
                    | Type::Duration
                    | Type::Any
            )
        };
        let fits = if equality { comparable(a, b) } else { ordered(a) && ordered(b) && comparable(a, b) };
        if !fits {
            let message = format!("`{a}` and `{b}` cannot be compared with `{}`", spelled(op));
            let error = CelError::new(range, message);
            let text = |one: &Type, other: &Type| *one == Type::String && is_text(other);
            let number = |ty: &Type| matches!(ty, Type::Int | Type::Float | Type::Decimal);
            return self.report(if text(a, b) || text(b, a) {
                error.help("convert the other one with `string(...)`")
            } else if number(a) && number(b) {
                error.help("convert one of them with `int(...)` or `double(...)`")
            } else {
                error
            });
        }
        Some(Expr {
            ty: Type::Bool,
            node: Out::Binary { op, left: Box::new(first), right: Box::new(second) },
        })
    }

    /// Where one side is an enum and the other is not the same enum, the enum's wire value.
    fn wires(&mut self, left: Expr, right: Expr, range: &std::ops::Range<usize>) -> Option<(Expr, Expr)> {
        if left.ty.non_null() == right.ty.non_null() || left.ty == Type::Null || right.ty == Type::Null {
            return Some((left, right));
        }
        for (value, other) in [(&left, &right), (&right, &left)] {
            if let Some(error) = self.no_member(&value.ty, other, range) {
                self.report(error);
                return None;
            }
        }
        Some((self.wire(left), self.wire(right)))
    }

    /// The error for a literal that is no value of the enum `ty`.
    fn no_member(&self, ty: &Type, literal: &Expr, range: &std::ops::Range<usize>) -> Option<CelError> {
        let Type::Named(name) = ty.non_null() else { return None };
        let Some(TypeDef::Enum { members, .. }) = self.scope.types.get(name) else { return None };
        let value = match &literal.node {
            Out::Literal(Literal::String(text)) => serde_json::Value::from(text.as_str()),
            Out::Literal(Literal::Int(number)) => serde_json::Value::from(*number),
            _ => return None,
        };
        if members.iter().any(|member| member.value == value) {
            return None;
        }
        let known: Vec<String> = members.iter().take(20).map(|member| member.value.to_string()).collect();
        let error = CelError::new(range.clone(), format!("`{ty}` is never {value}"));
        Some(error.help(format!("its values: {}", known.join(", "))))
    }

    fn within(&mut self, left: &Node, right: &Node) -> Checked {
        let range = left.range.start..right.range.end;
        let literals = matches!(right.kind, Kind::List(_)) && !literals::adapts(left);
        // Literals in a list take the type of what is looked for.
        let first = if literals { Some(self.infer(left, None)?) } else { None };
        let hint = first.as_ref().map(|first| Type::List(Box::new(first.ty.clone())));
        let container = self.infer(right, hint.as_ref());
        let item = container.as_ref().and_then(|container| match &container.ty {
            Type::List(item) => Some((**item).clone()),
            Type::Map(_) | Type::Record(_) => Some(Type::String),
            _ => None,
        });
        let value = first.or_else(|| self.infer(left, item.as_ref()));
        let (container, value) = (container?, value?);
        if matches!(container.ty, Type::Optional(_)) {
            return self.may_be_null(&container, &right.range);
        }
        let item = match (item, &container.ty) {
            (Some(item), _) => item,
            (None, Type::Any) => Type::Any,
            _ => {
                let message =
                    format!("`in` needs a list or a map on its right, but this is `{}`", container.ty);
                return self.report(CelError::new(right.range.clone(), message));
            }
        };
        if let Out::List(literals) = &container.node {
            let wrong = literals.iter().find_map(|literal| self.no_member(&value.ty, literal, &range));
            if let Some(error) = wrong {
                return self.report(error);
            }
        }
        let value = if value.ty.non_null() == item.non_null() { value } else { self.wire(value) };
        if !comparable(&value.ty, &item) {
            let message = format!("a `{}` is never in a `{}`", value.ty, container.ty);
            return self.report(CelError::new(range, message));
        }
        let node = Out::Binary { op: BinaryOp::In, left: Box::new(value), right: Box::new(container) };
        Some(Expr { ty: Type::Bool, node })
    }

    fn arithmetic(&mut self, op: BinaryOp, left: (&Node, Expr), right: (&Node, Expr)) -> Checked {
        let range = left.0.range.start..right.0.range.end;
        for (node, value) in [(left.0, &left.1), (right.0, &right.1)] {
            if matches!(value.ty, Type::Optional(_)) {
                return self.may_be_null(value, &node.range);
            }
        }
        let (a, b) = (&left.1.ty, &right.1.ty);
        let symbol = spelled(op);
        let same = a == b;
        let Some(ty) = result(op, a, b) else {
            let error = CelError::new(range, format!("`{symbol}` does not take `{a}` and `{b}`"));
            let text = op == BinaryOp::Add && (*a == Type::String || *b == Type::String);
            let number = |ty: &Type| matches!(ty, Type::Int | Type::Float | Type::Decimal);
            return self.report(if text {
                error.help("convert the other one with `string(...)`, or write `...${a}...${b}`")
            } else if number(a) && number(b) && !same {
                error.help("convert one of them with `int(...)` or `double(...)`")
            } else {
                error
            });
        };
        let node = Out::Binary { op, left: Box::new(left.1), right: Box::new(right.1) };
        Some(Expr { ty, node })
    }
}

/// The type of an operation; none where the two types have no such one.
fn result(op: BinaryOp, a: &Type, b: &Type) -> Option<Type> {
    use Type::{Any, Bytes, Date, Decimal, Duration, Float, Int, List, String, Timestamp};
    let number = |ty: &Type| match ty {
        Int => true,
        Float | Decimal => op != BinaryOp::Modulo,
        _ => false,
    };
    let adds = op == BinaryOp::Add;
    let subtracts = op == BinaryOp::Subtract;
    Some(match (a, b) {
        (Any, Any) => Any,
        // With a time, `any` could be another time or a duration.
        (Any, Timestamp | Date | Duration) | (Timestamp | Date | Duration, Any) if adds || subtracts => Any,
        (Any, List(_)) | (List(_), Any) if adds => List(Box::new(Any)),
        (Any, ty) | (ty, Any) if number(ty) || (adds && matches!(ty, String | Bytes)) => ty.clone(),
        (a, b) if a == b && number(a) => a.clone(),
        (String, String) | (Bytes, Bytes) if adds => a.clone(),
        (List(a), List(b)) if adds => List(Box::new(Type::union([(**a).clone(), (**b).clone()]))),
        (Duration, Duration) if adds || subtracts => Duration,
        (Timestamp, Duration) if adds || subtracts => Timestamp,
        (Date, Duration) if adds || subtracts => Date,
        (Duration, Timestamp | Date) if adds => b.clone(),
        (Timestamp, Timestamp) | (Date, Date) if subtracts => Duration,
        _ => return None,
    })
}

/// Whether values of both types can be equal.
fn comparable(a: &Type, b: &Type) -> bool {
    if *a == Type::Null || *b == Type::Null {
        return true;
    }
    let (a, b) = (a.non_null(), b.non_null());
    match (a, b) {
        (Type::Union(members), other) | (other, Type::Union(members)) => {
            members.iter().any(|member| comparable(member, other))
        }
        _ => a.fits(b) || b.fits(a),
    }
}

/// The type of a choice between two values, if they belong together.
pub(super) fn joined(a: &Type, b: &Type, hint: Option<&Type>) -> Option<Type> {
    if a == b {
        return Some(a.clone());
    }
    let null = |ty: &Type| *ty == Type::Null || matches!(ty, Type::Optional(_));
    let (first, second) = (a.non_null(), b.non_null());
    let ty = match hint {
        _ if *a == Type::Any || *b == Type::Any => return Some(Type::Any),
        _ if *first == Type::Null => second.clone(),
        _ if *second == Type::Null => first.clone(),
        _ if first.fits(second) => second.clone(),
        _ if second.fits(first) => first.clone(),
        Some(hint) if a.fits(hint) && b.fits(hint) => Type::union([a.clone(), b.clone()]),
        _ => return None,
    };
    Some(if null(a) || null(b) { Type::optional(ty) } else { ty })
}
