//! Operators: logic that absorbs errors, comparison across numeric types, arithmetic that reports overflow.
//!
//! It does not know where an operator stands in a text; the evaluator adds the place.

use std::cmp::Ordering;
use std::sync::Arc;

use super::decimal::Decimal;
use super::{Evaluator, Meter, Outcome, Value, error, time};
use crate::ast::{BinaryOp, Node, UnaryOp};

impl<'a> Evaluator<'a> {
    pub(super) fn unary(&mut self, node: &'a Node, op: UnaryOp, operand: &'a Node) -> Outcome {
        let value = self.eval(operand)?;
        unary(op, &value).map_err(|message| error(node, message))
    }

    pub(super) fn binary(
        &mut self,
        node: &'a Node,
        op: BinaryOp,
        left: &'a Node,
        right: &'a Node,
    ) -> Outcome {
        if matches!(op, BinaryOp::And | BinaryOp::Or) {
            return self.logic(node, op == BinaryOp::Or, left, right);
        }
        let left = self.eval(left)?;
        let right = self.eval(right)?;
        let value = binary(op, &left, &right, &mut self.meter);
        let value = value.map_err(|message| error(node, message))?;
        self.made(node, value)
    }

    /// `&&` and `||`: one operand that decides hides an error of the other, on either side.
    fn logic(&mut self, node: &'a Node, decides: bool, left: &'a Node, right: &'a Node) -> Outcome {
        let first = self.eval(left);
        if matches!(first, Ok(Value::Bool(value)) if value == decides) {
            return first;
        }
        let second = self.eval(right);
        match (first, second) {
            (_, Ok(Value::Bool(value))) if value == decides => Ok(Value::Bool(decides)),
            (Ok(Value::Bool(_)), Ok(Value::Bool(_))) => Ok(Value::Bool(!decides)),
            (Err(failed), _) | (Ok(Value::Bool(_)), Err(failed)) => Err(failed),
            (Ok(Value::Bool(_)), Ok(other)) | (Ok(other), _) => {
                let sign = if decides { "||" } else { "&&" };
                Err(error(node, format!("`{sign}` does not take a {}", other.type_name())))
            }
        }
    }
}

/// `!` and `-`.
pub(crate) fn unary(op: UnaryOp, value: &Value) -> Result<Value, String> {
    match (op, value) {
        (UnaryOp::Not, Value::Bool(value)) => Ok(Value::Bool(!value)),
        (UnaryOp::Negate, Value::Int(value)) => {
            value.checked_neg().map(Value::Int).ok_or_else(|| OVERFLOW.to_owned())
        }
        (UnaryOp::Negate, Value::Double(value)) => Ok(Value::Double(-value)),
        (UnaryOp::Negate, Value::Decimal(value)) => Ok(Value::from(value.negated())),
        _ => {
            let sign = if op == UnaryOp::Not { "!" } else { "-" };
            Err(format!("`{sign}` does not take a {}", value.type_name()))
        }
    }
}

/// Every operator with two operands but `&&` and `||`.
pub(crate) fn binary(op: BinaryOp, left: &Value, right: &Value, meter: &mut Meter) -> Result<Value, String> {
    match op {
        BinaryOp::Equal | BinaryOp::NotEqual => {
            left.equals(right, &mut meter.budget).map(|equal| Value::Bool(equal == (op == BinaryOp::Equal)))
        }
        BinaryOp::In => within(left, right, meter),
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
            ordered(op, left, right)
        }
        _ => match (left, right) {
            (Value::Decimal(left), Value::Decimal(right)) => {
                meter.charge(left.digits() * right.digits() / 64)?;
                decimal(op, left, right)
            }
            _ => arithmetic(op, left, right),
        },
    }
}

fn within(value: &Value, container: &Value, meter: &mut Meter) -> Result<Value, String> {
    match container {
        Value::Map(map) => Ok(Value::Bool(map.get(value).is_some())),
        Value::List(items) => {
            for item in items.iter() {
                if value.equals(item, &mut meter.budget)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        }
        other => Err(format!("`in` does not look into a {}", other.type_name())),
    }
}

fn decimal(op: BinaryOp, left: &Decimal, right: &Decimal) -> Result<Value, String> {
    let result = match op {
        BinaryOp::Add => left.add(right),
        BinaryOp::Subtract => left.subtract(right),
        BinaryOp::Multiply => left.multiply(right),
        BinaryOp::Divide => left.divide(right),
        _ => Err("`%` does not take a decimal and a decimal".to_owned()),
    };
    result.map(Value::from)
}

const OVERFLOW: &str = "the result does not fit 64 bits";

fn ordered(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, String> {
    if !left.is_ordered_with(right) {
        return Err(format!("a {} and a {} have no order", left.type_name(), right.type_name()));
    }
    let order = left.compare(right);
    Ok(Value::Bool(match op {
        BinaryOp::Less => order == Some(Ordering::Less),
        BinaryOp::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        BinaryOp::Greater => order == Some(Ordering::Greater),
        _ => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }))
}

fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => {
            divisor(op, *right == 0)?;
            let result = match op {
                BinaryOp::Add => left.checked_add(*right),
                BinaryOp::Subtract => left.checked_sub(*right),
                BinaryOp::Multiply => left.checked_mul(*right),
                BinaryOp::Divide => left.checked_div(*right),
                _ => left.checked_rem(*right),
            };
            result.map(Value::Int).ok_or_else(|| OVERFLOW.to_owned())
        }
        (Value::Uint(left), Value::Uint(right)) => {
            divisor(op, *right == 0)?;
            let result = match op {
                BinaryOp::Add => left.checked_add(*right),
                BinaryOp::Subtract => left.checked_sub(*right),
                BinaryOp::Multiply => left.checked_mul(*right),
                BinaryOp::Divide => left.checked_div(*right),
                _ => left.checked_rem(*right),
            };
            result.map(Value::Uint).ok_or_else(|| OVERFLOW.to_owned())
        }
        (Value::Double(left), Value::Double(right)) if op != BinaryOp::Modulo => {
            Ok(Value::Double(match op {
                BinaryOp::Add => left + right,
                BinaryOp::Subtract => left - right,
                BinaryOp::Multiply => left * right,
                _ => left / right,
            }))
        }
        _ if op == BinaryOp::Add => sum(left, right),
        _ if op == BinaryOp::Subtract => difference(left, right),
        _ => Err(no_overload(op, left, right)),
    }
}

fn divisor(op: BinaryOp, zero: bool) -> Result<(), String> {
    match op {
        BinaryOp::Divide if zero => Err("division by zero".to_owned()),
        BinaryOp::Modulo if zero => Err("modulus by zero".to_owned()),
        _ => Ok(()),
    }
}

fn no_overload(op: BinaryOp, left: &Value, right: &Value) -> String {
    let sign = match op {
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        _ => "%",
    };
    format!("`{sign}` does not take a {} and a {}", left.type_name(), right.type_name())
}

fn sum(left: &Value, right: &Value) -> Result<Value, String> {
    Ok(match (left, right) {
        (Value::String(left), Value::String(right)) => Value::from(format!("{left}{right}")),
        (Value::Bytes(left), Value::Bytes(right)) => Value::Bytes([&**left, &**right].concat().into()),
        (Value::List(left), Value::List(right)) => {
            Value::List(Arc::new(left.iter().chain(right.iter()).cloned().collect()))
        }
        (Value::Timestamp(at), Value::Duration(by)) | (Value::Duration(by), Value::Timestamp(at)) => {
            return at.plus(*by);
        }
        (Value::Duration(left), Value::Duration(right)) => return time::duration(left + right),
        (Value::Date(days), Value::Duration(by)) | (Value::Duration(by), Value::Date(days)) => {
            return time::date_plus(*days, *by);
        }
        _ => return Err(no_overload(BinaryOp::Add, left, right)),
    })
}

fn difference(left: &Value, right: &Value) -> Result<Value, String> {
    match (left, right) {
        (Value::Timestamp(at), Value::Duration(by)) => at.plus(-by),
        (Value::Timestamp(left), Value::Timestamp(right)) => left.since(*right),
        (Value::Duration(left), Value::Duration(right)) => time::duration(left - right),
        (Value::Date(left), Value::Date(right)) => time::days_between(*left, *right),
        (Value::Date(days), Value::Duration(by)) => time::date_plus(*days, -by),
        _ => Err(no_overload(BinaryOp::Subtract, left, right)),
    }
}
