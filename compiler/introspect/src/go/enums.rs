//! Enumerations: a type below `string` or a whole number, and the constants of its package that have it.
//!
//! It does not know whether other values occur; Go does not either.

use std::rc::Rc;

use conductor_protocol::types::{EnumBase, EnumMember, TypeDef};
use serde_json::Value;

use super::names::Scope;
use super::package::{Decl, Item, Package};
use super::store::Store;
use super::syntax::{ConstExpr, Constant, TypeKind};
use super::types::Reader;

/// Constants that refer to others are followed so far.
const MAX_DEPTH: usize = 20;
/// Steps for one enumeration: constants of constants can double at every level.
const MAX_STEPS: usize = 50_000;
const MAX_MEMBERS: usize = 2000;

struct Evaluation<'w> {
    store: &'w Store,
    steps: usize,
}

impl<'w> Reader<'w> {
    /// `None` where fewer than two constants have the type, where their values are not known, or where they are
    /// bits to be combined.
    pub fn enumeration(&self, package: &Rc<Package>, name: &str, basic: &str) -> Option<TypeDef> {
        let base = match basic {
            "string" => EnumBase::String,
            "bool" | "float32" | "float64" | "complex64" | "complex128" | "any" | "error" | "comparable" => {
                return None;
            }
            _ => EnumBase::Int,
        };
        let all = package.constants(self.store).into_iter();
        let constants: Vec<(Decl<'w>, &'w Constant)> =
            all.filter(|(_, constant)| is_of(constant, name)).take(MAX_MEMBERS + 1).collect();
        if constants.len() < 2 || constants.len() > MAX_MEMBERS {
            return None;
        }
        let mut evaluation = Evaluation { store: self.store, steps: MAX_STEPS };
        let mut members: Vec<EnumMember> = Vec::new();
        for (decl, constant) in constants {
            if constant.name == "_" {
                continue;
            }
            let expr = constant.value.as_ref()?;
            if base == EnumBase::Int && shifts(expr) {
                return None;
            }
            let value = evaluation.value(&Scope::new(package, decl), expr, constant.iota, 0)?;
            let fits = if base == EnumBase::Int { value.is_i64() } else { value.is_string() };
            if !fits {
                return None;
            }
            if members.iter().all(|member| member.value != value) {
                members.push(EnumMember { name: constant.name.clone(), value });
            }
        }
        (members.len() > 1).then_some(TypeDef::Enum { base, members })
    }
}

/// Whether a constant has the type, by its declaration or by a conversion.
fn is_of(constant: &Constant, name: &str) -> bool {
    match (&constant.ty, &constant.value) {
        (Some(ty), _) => {
            matches!(&ty.kind, TypeKind::Name { package: None, name: written } if written == name)
        }
        (None, Some(ConstExpr::Convert(to, _))) => to == name,
        _ => false,
    }
}

fn shifts(expr: &ConstExpr) -> bool {
    match expr {
        ConstExpr::Binary(left, operator, right) => operator == "<<" || shifts(left) || shifts(right),
        ConstExpr::Unary(_, inner) | ConstExpr::Convert(_, inner) => shifts(inner),
        _ => false,
    }
}

impl<'w> Evaluation<'w> {
    fn value(&mut self, scope: &Scope<'w>, expr: &ConstExpr, iota: i64, depth: usize) -> Option<Value> {
        self.steps = self.steps.checked_sub(1)?;
        if depth > MAX_DEPTH {
            return None;
        }
        match expr {
            ConstExpr::Str(text) => Some(Value::from(text.as_str())),
            ConstExpr::Int(number) => Some(Value::from(*number)),
            ConstExpr::Iota => Some(Value::from(iota)),
            ConstExpr::Name(name) => {
                let mut found = scope.package.named(self.store, name).into_iter();
                let (decl, constant) = found.find_map(|decl| match decl.item {
                    Item::Constant(constant) => Some((decl, constant)),
                    _ => None,
                })?;
                let scope = Scope::new(&scope.package, decl);
                self.value(&scope, constant.value.as_ref()?, constant.iota, depth + 1)
            }
            ConstExpr::Qualified(package, name) => {
                let (scope, constant) = self.store.constant_of(scope, package, name)?;
                self.value(&scope, constant.value.as_ref()?, constant.iota, depth + 1)
            }
            ConstExpr::Convert(_, inner) => self.value(scope, inner, iota, depth + 1),
            ConstExpr::Unary(operator, inner) => {
                let value = self.value(scope, inner, iota, depth + 1)?.as_i64()?;
                match operator {
                    '-' => value.checked_neg().map(Value::from),
                    '+' => Some(Value::from(value)),
                    '^' => Some(Value::from(!value)),
                    _ => None,
                }
            }
            ConstExpr::Binary(left, operator, right) => {
                let left = self.value(scope, left, iota, depth + 1)?;
                let right = self.value(scope, right, iota, depth + 1)?;
                if let (Some(left), Some(right), "+") = (left.as_str(), right.as_str(), operator.as_str()) {
                    return (left.len() + right.len() < 10_000)
                        .then(|| Value::from(format!("{left}{right}")));
                }
                arithmetic(left.as_i64()?, operator, right.as_i64()?).map(Value::from)
            }
            ConstExpr::Unknown => None,
        }
    }
}

fn arithmetic(left: i64, operator: &str, right: i64) -> Option<i64> {
    match operator {
        "+" => left.checked_add(right),
        "-" => left.checked_sub(right),
        "*" => left.checked_mul(right),
        "/" => left.checked_div(right),
        "%" => left.checked_rem(right),
        "|" => Some(left | right),
        "&" => Some(left & right),
        "^" => Some(left ^ right),
        "<<" => {
            u32::try_from(right).ok().filter(|bits| *bits < 63).and_then(|bits| left.checked_mul(1 << bits))
        }
        ">>" => u32::try_from(right).ok().and_then(|bits| left.checked_shr(bits)),
        _ => None,
    }
}
