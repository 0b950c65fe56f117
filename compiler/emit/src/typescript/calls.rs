//! Calls and arithmetic of a Plan as native TypeScript, or as calls of the runtime's modules that keep CEL's rules.
//!
//! It knows the functions of a Plan by their names; which arguments they take the checker has seen to. Types are gone
//! when the code runs, so that the function that fits them is chosen here.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::types::Type;

use super::expr::{Translator, unsupported};
use super::tree::{Operator, Ts};
use crate::EmitError;

type Result<T> = std::result::Result<T, EmitError>;

/// Functions by name: the runtime's module, empty for `cel` itself, and what they are called there.
const FUNCTIONS: [(&str, &str, &str); 58] = [
    ("size", "", "size"),
    ("contains", "", "contains"),
    ("startsWith", "", "startsWith"),
    ("endsWith", "", "endsWith"),
    ("matches", "", "matches"),
    ("int", "", "toInt"),
    ("double", "", "toFloat"),
    ("decimal", "", "toDecimal"),
    ("bool", "", "toBool"),
    ("bytes", "Text", "toBytes"),
    ("charAt", "Text", "charAt"),
    ("indexOf", "Text", "indexOf"),
    ("lastIndexOf", "Text", "lastIndexOf"),
    ("join", "Text", "join"),
    ("lowerAscii", "Text", "lowerAscii"),
    ("upperAscii", "Text", "upperAscii"),
    ("replace", "Text", "replace"),
    ("split", "Text", "split"),
    ("substring", "Text", "substring"),
    ("trim", "Text", "trim"),
    ("reverse", "Text", "reverse"),
    ("format", "Text", "format"),
    ("strings.quote", "Text", "quote"),
    ("base64.encode", "Text", "base64Encode"),
    ("base64.decode", "Text", "base64Decode"),
    ("timestamp", "Time", "timestamp"),
    ("duration", "Time", "duration"),
    ("date", "Time", "date"),
    ("getFullYear", "Time", "getFullYear"),
    ("getMonth", "Time", "getMonth"),
    ("getDate", "Time", "getDate"),
    ("getDayOfMonth", "Time", "getDayOfMonth"),
    ("getDayOfWeek", "Time", "getDayOfWeek"),
    ("getDayOfYear", "Time", "getDayOfYear"),
    ("getHours", "Time", "getHours"),
    ("getMinutes", "Time", "getMinutes"),
    ("getSeconds", "Time", "getSeconds"),
    ("getMilliseconds", "Time", "getMilliseconds"),
    ("first", "Lists", "first"),
    ("last", "Lists", "last"),
    ("math.greatest", "Math", "greatest"),
    ("math.least", "Math", "least"),
    ("math.abs", "Math", "absolute"),
    ("math.sign", "Math", "sign"),
    ("math.ceil", "Math", "ceil"),
    ("math.floor", "Math", "floor"),
    ("math.round", "Math", "round"),
    ("math.trunc", "Math", "trunc"),
    ("math.sqrt", "Math", "sqrt"),
    ("math.isNaN", "Math", "isNaN"),
    ("math.isInf", "Math", "isInf"),
    ("math.isFinite", "Math", "isFinite"),
    ("math.bitAnd", "Math", "bitAnd"),
    ("math.bitOr", "Math", "bitOr"),
    ("math.bitXor", "Math", "bitXor"),
    ("math.bitNot", "Math", "bitNot"),
    ("math.bitShiftLeft", "Math", "shiftLeft"),
    ("math.bitShiftRight", "Math", "shiftRight"),
];

impl Translator<'_, '_> {
    /// TypeScript's own operator where it is exact; else the function that checks 64 bits or rounds as decimals do.
    pub fn arithmetic(&mut self, name: &str, left: &Expr, right: &Expr, ty: &Type) -> Result<Ts> {
        use Type::{Bytes, Date, Decimal, Duration, Float, Int, List, String, Timestamp};
        let types = (&left.ty, &right.ty);
        let args = vec![self.expr(left)?, self.expr(right)?];
        let time = match (types, name) {
            ((String, String), "add") => {
                let [left, right] = [args[0].clone(), args[1].clone()];
                return Ok(Ts::binary(Operator::Add, left, right));
            }
            ((Int, Int), _) => return Ok(self.cel(&format!("{name}Int"), args)),
            ((Float, Float), _) => return Ok(self.cel(&format!("{name}Float"), args)),
            ((Decimal, Decimal), _) => return Ok(self.cel(&format!("{name}Decimal"), args)),
            ((List(_), List(_)), "add") => return Ok(self.cel("addLists", args)),
            ((Bytes, Bytes), "add") => return Ok(self.cel("addBytes", args)),
            ((Timestamp, Duration), "add") => "later",
            ((Timestamp, Duration), "subtract") => "earlier",
            ((Timestamp, Timestamp), "subtract") => "since",
            ((Duration, Duration), "add") => "spansAdded",
            ((Duration, Duration), "subtract") => "spansSubtracted",
            ((Date, Duration), "add") => "daysLater",
            ((Date, Duration), "subtract") => "daysEarlier",
            ((Date, Date), "subtract") => "daysSince",
            ((Duration, Timestamp | Date), "add") => {
                let [by, at] = [args[0].clone(), args[1].clone()];
                let name = if *types.1 == Date { "daysLater" } else { "later" };
                return Ok(self.cel_of("Time", name, vec![at, by]));
            }
            _ => {
                let value = self.cel_of("Dynamic", name, args);
                return Ok(self.narrow(value, ty));
            }
        };
        Ok(self.cel_of("Time", time, args))
    }

    pub fn call(&mut self, function: &str, args: &[Expr]) -> Result<Ts> {
        let mut values = self.exprs(args)?;
        if let (Some(first), Some(value)) = (args.first(), values.first().cloned())
            && let Some(made) = self.converted(function, first, value)?
        {
            return Ok(made);
        }
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == function);
        let (_, part, name) = found.ok_or_else(|| EmitError::Function { name: function.to_owned() })?;
        if function == "matches" {
            let Some(Node::Literal(Literal::String(pattern))) = args.get(1).map(|pattern| &pattern.node)
            else {
                return Err(unsupported("a pattern that is not a literal"));
            };
            values[1] = Ts::string(pattern);
        }
        if function == "format" {
            values = self.formatted(args, values);
        }
        let of_numbers = matches!(function, "math.greatest" | "math.least");
        if of_numbers && !matches!(args, [list] if matches!(list.ty, Type::List(_) | Type::Any)) {
            values = vec![Ts::Array(values)];
        }
        let name = if part == &"Math" { of_type(name, args) } else { (*name).to_owned() };
        Ok(if part.is_empty() { self.cel(&name, values) } else { self.cel_of(part, &name, values) })
    }

    /// What the conversion does depends on the type of what is converted.
    fn converted(&mut self, function: &str, from: &Expr, value: Ts) -> Result<Option<Ts>> {
        use Type::{Bytes, Date, Decimal, Duration, Float, Int, String, Timestamp, Uuid};
        Ok(Some(match (function, &from.ty) {
            ("string", String | Decimal | Date | Duration | Uuid) => value,
            ("string", Float) => self.cel("floatText", vec![value]),
            ("string", Timestamp) => self.cel_of("Time", "timestampText", vec![value]),
            ("string", Bytes) => self.cel_of("Text", "fromBytes", vec![value]),
            ("string", _) => self.cel("text", vec![value]),
            ("int", Int) | ("double", Float) | ("decimal", Decimal) => value,
            ("int", Float) => self.cel("floatToInt", vec![value]),
            ("int", Decimal) => self.cel("decimalToInt", vec![value]),
            ("double", Int) if self.is_wide(from) => self.cel("intToFloat", vec![value]),
            ("double", Int) => value,
            ("double", Decimal) => self.cel("decimalToFloat", vec![value]),
            ("decimal", Int) => self.cel("intToDecimal", vec![value]),
            ("decimal", Float) => self.cel("floatToDecimal", vec![value]),
            ("timestamp", Date) => self.cel_of("Time", "timestampOfDate", vec![value]),
            ("timestamp", Timestamp) | ("duration", Duration) | ("date", Date) | ("bytes", Bytes) => value,
            _ => return Ok(None),
        }))
    }

    /// Of the arguments of a template those whose text depends on their type say which they are.
    fn formatted(&mut self, args: &[Expr], values: Vec<Ts>) -> Vec<Ts> {
        let Some(Expr { node: Node::List(items), .. }) = args.get(1) else { return values };
        let Some(Ts::Array(shown)) = values.get(1) else { return values };
        let shown = items.iter().zip(shown.clone()).map(|(item, value)| match &item.ty {
            Type::Float => self.cel_of("Text", "float", vec![value]),
            Type::Decimal => self.cel_of("Text", "decimal", vec![value]),
            _ => value,
        });
        let shown = Ts::Array(shown.collect());
        vec![values[0].clone(), shown]
    }
}

/// The function of `celMath` for numbers of this type: decimals are texts, and whole numbers have 64 bits.
fn of_type(name: &str, args: &[Expr]) -> String {
    let number = args.iter().map(|arg| match &arg.ty {
        Type::List(item) => item.non_null(),
        other => other.non_null(),
    });
    let number: Vec<&Type> = number.collect();
    if number.contains(&&Type::Decimal) {
        return format!("{name}Decimal");
    }
    match name {
        "absolute" | "sign" if number.contains(&&Type::Int) => format!("{name}Int"),
        _ => name.to_owned(),
    }
}
