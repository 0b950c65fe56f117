//! Literals of a manifest: numbers that adapt to the type that is asked for, lists and records.
//!
//! It does not convert values of expressions: only what is written as a literal adapts.

use std::collections::BTreeMap;

use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::types::Type;

use super::{Checked, Checker};
use crate::ast::{Entry, Item, Kind, Node};
use crate::error::CelError;

/// Whether the node is made of number literals only, so that it can adapt.
pub(super) fn adapts(node: &Node) -> bool {
    match &node.kind {
        Kind::Int(_) | Kind::Double(..) => true,
        Kind::Unary { operand, .. } => adapts(operand),
        Kind::Binary { left, right, .. } => adapts(left) && adapts(right),
        Kind::Conditional { then, otherwise, .. } => adapts(then) && adapts(otherwise),
        _ => false,
    }
}

/// The numeric type among those that are asked for that a literal should take.
fn target(hint: Option<&Type>, own: &Type) -> Type {
    let wanted = hint.map(Type::non_null);
    let options: &[Type] = match wanted {
        Some(Type::Union(members)) => members,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    if options.contains(own) {
        return own.clone();
    }
    options.iter().find(|ty| matches!(ty, Type::Float | Type::Decimal)).unwrap_or(own).clone()
}

pub(super) fn int(value: i64, hint: Option<&Type>) -> Expr {
    let ty = target(hint, &Type::Int);
    let literal = match ty {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a literal that is asked for as float is rounded as one"
        )]
        Type::Float => Literal::Float(value as f64),
        Type::Decimal => Literal::Decimal(value.to_string()),
        _ => Literal::Int(value),
    };
    Expr { ty, node: Out::Literal(literal) }
}

pub(super) fn double(value: f64, spelling: &str, hint: Option<&Type>) -> Expr {
    let ty = target(hint, &Type::Float);
    let literal = match ty {
        Type::Decimal => Literal::Decimal(decimal(spelling)),
        _ => Literal::Float(value),
    };
    Expr { ty, node: Out::Literal(literal) }
}

/// The shortest exact spelling without an exponent: `-1.50e1` is `-15`.
fn decimal(spelling: &str) -> String {
    let (sign, number) = spelling.strip_prefix('-').map_or(("", spelling), |number| ("-", number));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // The lexer bounds the literal's length and the parser its value, so this fits.
    let exponent: isize = exponent.parse().unwrap_or(0);
    let point = isize::try_from(whole.len()).unwrap_or(0).saturating_add(exponent).clamp(-400, 400);
    let (before, after) = match usize::try_from(point) {
        Ok(point) if point >= digits.len() => (format!("{digits:0<point$}"), String::new()),
        Ok(point) => (digits[..point].to_owned(), digits[point..].to_owned()),
        Err(_) => (String::new(), format!("{}{digits}", "0".repeat(point.unsigned_abs()))),
    };
    let before = before.trim_start_matches('0');
    let after = after.trim_end_matches('0');
    match (before, after) {
        ("", "") => "0".to_owned(),
        (before, "") => format!("{sign}{before}"),
        ("", after) => format!("{sign}0.{after}"),
        (before, after) => format!("{sign}{before}.{after}"),
    }
}

impl Checker<'_> {
    pub(super) fn list(&mut self, items: &[Item], hint: Option<&Type>) -> Checked {
        let wanted = match hint.map(Type::non_null) {
            Some(Type::List(item)) => Some(&**item),
            _ => None,
        };
        // `[1, 2.5]` is a list of floats.
        let mixed =
            items.iter().any(|item| matches!(item.value.kind, Kind::Double(..))).then_some(Type::Float);
        let mut values = Vec::new();
        let mut complete = true;
        for item in items {
            if item.optional {
                let error = CelError::new(item.value.range.clone(), "a manifest has no optional elements");
                self.report(error.help("write `[...].filter(x, x != null)`"));
                complete = false;
                continue;
            }
            let value = self.infer(&item.value, wanted.or(mixed.as_ref()));
            complete &= value.is_some();
            values.extend(value);
        }
        if !complete {
            return None;
        }
        let ty = match wanted {
            Some(wanted) if values.iter().all(|value| value.ty.fits(wanted)) => wanted.clone(),
            _ if values.is_empty() => Type::Any,
            _ => Type::union(values.iter().map(|value| value.ty.clone())),
        };
        Some(Expr { ty: Type::List(Box::new(ty)), node: Out::List(values) })
    }

    pub(super) fn map(&mut self, entries: &[Entry], hint: Option<&Type>) -> Checked {
        let computed = |entry: &Entry| !matches!(entry.key.kind, Kind::String(_) | Kind::Error);
        let quotable =
            |entry: &Entry| matches!(&entry.key.kind, Kind::Ident { name, .. } if !self.is_known(name));
        if entries.iter().any(computed) && !entries.iter().any(quotable) {
            return self.entries(entries, hint);
        }
        let wanted = hint.map(Type::non_null);
        let mut fields: Vec<(String, Expr)> = Vec::new();
        let mut complete = true;
        for entry in entries {
            let field = self.entry(entry, wanted);
            complete &= field.is_some();
            if let Some((name, _)) =
                field.as_ref().filter(|(name, _)| fields.iter().any(|(known, _)| known == name))
            {
                self.report(CelError::new(
                    entry.key.range.clone(),
                    format!("the key `{name}` stands here twice"),
                ));
                complete = false;
            }
            fields.extend(field);
        }
        if !complete {
            return None;
        }
        let ty = match wanted {
            Some(Type::Map(item)) if fields.iter().all(|(_, value)| value.ty.fits(item)) => {
                Type::Map(item.clone())
            }
            _ => Type::Record(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.ty.clone()))
                    .collect::<BTreeMap<_, _>>(),
            ),
        };
        Some(Expr { ty, node: Out::Record(fields) })
    }

    fn is_known(&self, name: &str) -> bool {
        self.local(name).is_some()
            || self.scope.variables.contains_key(name)
            || self.scope.steps.contains_key(name)
    }

    /// A map of which a key is computed.
    fn entries(&mut self, entries: &[Entry], hint: Option<&Type>) -> Checked {
        let wanted = match hint.map(Type::non_null) {
            Some(Type::Map(item)) => Some(&**item),
            _ => None,
        };
        let mut pairs = Vec::new();
        let mut complete = true;
        for entry in entries {
            if entry.optional {
                let error = CelError::new(entry.key.range.clone(), "a manifest has no optional entries");
                self.report(error.help("write a value that may be null"));
                complete = false;
                continue;
            }
            let key = self.string(&entry.key);
            let value = self.infer(&entry.value, wanted);
            complete &= key.is_some() && value.is_some();
            pairs.extend(key.zip(value));
        }
        if !complete {
            return None;
        }
        let item = match wanted {
            Some(wanted) if pairs.iter().all(|(_, value)| value.ty.fits(wanted)) => wanted.clone(),
            _ => Type::union(pairs.iter().map(|(_, value)| value.ty.clone())),
        };
        Some(Expr { ty: Type::Map(Box::new(item)), node: Out::Entries(pairs) })
    }

    /// A string, or an enum's.
    fn string(&mut self, node: &Node) -> Checked {
        let text = self.infer(node, None)?;
        let text = self.wire(text);
        self.fit(text, &node.range, Some(&Type::String))
    }

    fn entry(&mut self, entry: &Entry, wanted: Option<&Type>) -> Option<(String, Expr)> {
        let range = &entry.key.range;
        let name = match &entry.key.kind {
            _ if entry.optional => {
                let error = CelError::new(range.clone(), "a manifest has no optional entries");
                self.report(error.help("write a value that may be null"));
                return None;
            }
            Kind::String(name) => name,
            Kind::Ident { name, .. } => {
                let error = CelError::new(range.clone(), "the key of a record must be a string");
                self.report(error.help(format!("quote it: `\"{name}\"`")));
                return None;
            }
            // The parser has spoken, or another key of the map is the one to be mended.
            _ => return None,
        };
        let hint = match wanted {
            Some(Type::Map(item)) => Some(&**item),
            Some(Type::Record(fields)) => fields.get(name),
            _ => None,
        };
        Some((name.clone(), self.infer(&entry.value, hint)?))
    }
}

#[cfg(test)]
mod tests {
    use super::decimal;

    #[test]
    fn decimals_are_exact_and_short() {
        let cases =
            [("0.10", "0.1"), ("-1.50e1", "-15"), ("1e3", "1000"), ("25e-4", "0.0025"), ("-0.0", "0")];
        for (spelling, short) in cases {
            assert_eq!(decimal(spelling), short);
        }
        assert_eq!(decimal("0.10000000000000000000000000001"), "0.10000000000000000000000000001");
    }
}
