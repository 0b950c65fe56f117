//! Calls of plain CEL: which function a name means, and the standard ones on strings and sizes.
//!
//! It knows no macros and no operators.

use super::{
    Evaluator, Meter, Outcome, Value, base64, convert, error, format, math, optional, strings, time,
};
use crate::ast::{Kind, Node};

/// Namespaces of functions; `math` in `math.abs(x)` is no value.
pub(crate) const NAMESPACES: [&str; 5] = ["math", "strings", "optional", "base64", "cel"];

impl<'a> Evaluator<'a> {
    pub(super) fn call(&mut self, node: &'a Node) -> Outcome {
        let Kind::Call { receiver, function, args } = &node.kind else {
            return Err(error(node, "not a call"));
        };
        let name = function.text.trim_start_matches('.');
        let receiver = receiver.as_deref();
        if let Some(result) = self.expand(node, receiver, name, args) {
            return result;
        }
        let namespace = receiver
            .and_then(|receiver| match receiver.dotted()?.as_slice() {
                [single] => Some(*single),
                _ => None,
            })
            .filter(|name| NAMESPACES.contains(name) && !self.is_value(name));
        let receiver = if namespace.is_some() { None } else { receiver };
        if let (Some(receiver), [alternative]) = (receiver, args.as_slice())
            && matches!(name, "or" | "orValue")
        {
            return self.otherwise(node, receiver, name, alternative);
        }
        let mut values = Vec::with_capacity(args.len() + 1);
        for arg in receiver.into_iter().chain(args) {
            values.push(self.eval(arg)?);
        }
        let full = namespace.map(|namespace| format!("{namespace}.{name}"));
        let result = apply(&mut self.meter, full.as_deref().unwrap_or(name), receiver.is_some(), &values);
        let Some(result) = result else {
            let types: Vec<&str> = values.iter().map(Value::type_name).collect();
            return Err(error(node, format!("there is no `{name}` for ({})", types.join(", "))));
        };
        let value = result.map_err(|message| error(node, message))?;
        self.made(node, value)
    }

    /// `a.or(b)` and `a.orValue(b)`: `b` is evaluated only where `a` is empty.
    fn otherwise(
        &mut self,
        node: &'a Node,
        receiver: &'a Node,
        name: &str,
        alternative: &'a Node,
    ) -> Outcome {
        match (self.eval(receiver)?, name) {
            (Value::Optional(Some(inner)), "orValue") => Ok((*inner).clone()),
            (found @ Value::Optional(Some(_)), _) => Ok(found),
            (Value::Optional(None), "orValue") => self.eval(alternative),
            (Value::Optional(None), _) => match self.eval(alternative)? {
                found @ Value::Optional(_) => Ok(found),
                other => Err(error(
                    alternative,
                    format!("`or` needs an optional, but this is a {}", other.type_name()),
                )),
            },
            (other, _) => {
                Err(error(node, format!("`{name}` needs an optional, but this is a {}", other.type_name())))
            }
        }
    }
}

/// What a function makes of its arguments, the receiver first; none where there is none for these types.
pub(crate) fn apply(
    meter: &mut Meter,
    name: &str,
    member: bool,
    args: &[Value],
) -> Option<Result<Value, String>> {
    match (name, member, args) {
        ("size", _, [value]) => return size(value),
        ("matches", _, [Value::String(text), Value::String(pattern)]) => {
            return Some(meter.matches(text, pattern));
        }
        ("contains", true, [Value::String(text), Value::String(part)]) => {
            return Some(Ok(Value::Bool(text.contains(&**part))));
        }
        ("startsWith", true, [Value::String(text), Value::String(part)]) => {
            return Some(Ok(Value::Bool(text.starts_with(&**part))));
        }
        ("endsWith", true, [Value::String(text), Value::String(part)]) => {
            return Some(Ok(Value::Bool(text.ends_with(&**part))));
        }
        ("format", true, [Value::String(template), Value::List(args)]) => {
            return Some(format::format(template, args));
        }
        ("base64.encode", false, [Value::Bytes(bytes)]) => {
            return Some(Ok(Value::from(base64::encode(bytes))));
        }
        ("base64.decode", false, [Value::String(text)]) => {
            let bytes = base64::decode(text).ok_or_else(|| "this is not base64".to_owned());
            return Some(bytes.map(|bytes| Value::Bytes(bytes.into())));
        }
        (name, false, [value]) if !name.contains('.') => return convert::call(name, value),
        _ => {}
    }
    if member {
        return time::call(name, args)
            .or_else(|| strings::call(name, args))
            .or_else(|| optional::call(name, true, args));
    }
    match (name, args) {
        ("strings.quote", [Value::String(text)]) => Some(Ok(Value::from(strings::quote(text)))),
        _ => math::call(name, args).or_else(|| optional::call(name, false, args)),
    }
}

fn size(value: &Value) -> Option<Result<Value, String>> {
    let size = match value {
        Value::String(text) => text.chars().count(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => return None,
    };
    Some(Ok(Value::Int(i64::try_from(size).unwrap_or(i64::MAX))))
}
