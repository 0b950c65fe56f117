//! Calls and arithmetic of a Plan as native Python, or as calls of the runtime's modules that keep CEL's rules.
//!
//! It knows the functions of a Plan by their names; which arguments they take the checker has seen to.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::types::Type;

use super::expr::{Translator, unsupported};
use super::tree::{Operator, Py};
use crate::EmitError;

type Result<T> = std::result::Result<T, EmitError>;

/// Functions by name: the runtime's module, empty for `cel` itself, and what they are called there.
const FUNCTIONS: [(&str, &str, &str); 59] = [
    ("size", "", "size"),
    ("contains", "", "contains"),
    ("startsWith", "", "starts_with"),
    ("endsWith", "", "ends_with"),
    ("matches", "", "matches"),
    ("string", "", "text"),
    ("int", "", "to_int"),
    ("double", "", "to_float"),
    ("decimal", "", "to_decimal"),
    ("bool", "", "to_bool"),
    ("bytes", "text", "to_bytes"),
    ("charAt", "text", "char_at"),
    ("indexOf", "text", "index_of"),
    ("lastIndexOf", "text", "last_index_of"),
    ("join", "text", "join"),
    ("lowerAscii", "text", "lower_ascii"),
    ("upperAscii", "text", "upper_ascii"),
    ("replace", "text", "replace"),
    ("split", "text", "split"),
    ("substring", "text", "substring"),
    ("trim", "text", "trim"),
    ("reverse", "text", "reverse"),
    ("format", "text", "format"),
    ("strings.quote", "text", "quote"),
    ("base64.encode", "text", "base64_encode"),
    ("base64.decode", "text", "base64_decode"),
    ("timestamp", "time", "timestamp"),
    ("duration", "time", "duration"),
    ("date", "time", "date"),
    ("getFullYear", "time", "get_full_year"),
    ("getMonth", "time", "get_month"),
    ("getDate", "time", "get_date"),
    ("getDayOfMonth", "time", "get_day_of_month"),
    ("getDayOfWeek", "time", "get_day_of_week"),
    ("getDayOfYear", "time", "get_day_of_year"),
    ("getHours", "time", "get_hours"),
    ("getMinutes", "time", "get_minutes"),
    ("getSeconds", "time", "get_seconds"),
    ("getMilliseconds", "time", "get_milliseconds"),
    ("first", "lists", "first"),
    ("last", "lists", "last"),
    ("math.greatest", "math", "greatest"),
    ("math.least", "math", "least"),
    ("math.abs", "math", "absolute"),
    ("math.sign", "math", "sign"),
    ("math.ceil", "math", "ceil"),
    ("math.floor", "math", "floor"),
    ("math.round", "math", "round"),
    ("math.trunc", "math", "trunc"),
    ("math.sqrt", "math", "sqrt"),
    ("math.isNaN", "math", "is_nan"),
    ("math.isInf", "math", "is_inf"),
    ("math.isFinite", "math", "is_finite"),
    ("math.bitAnd", "math", "bit_and"),
    ("math.bitOr", "math", "bit_or"),
    ("math.bitXor", "math", "bit_xor"),
    ("math.bitNot", "math", "bit_not"),
    ("math.bitShiftLeft", "math", "shift_left"),
    ("math.bitShiftRight", "math", "shift_right"),
];

impl Translator<'_, '_> {
    /// Python's own operator where it is exact; else the function that checks 64 bits or rounds as decimals do.
    pub fn arithmetic(&mut self, name: &str, left: &Expr, right: &Expr, ty: &Type) -> Result<Py> {
        use Type::{Bytes, Date, Decimal, Duration, Float, Int, List, String, Timestamp};
        let types = (&left.ty, &right.ty);
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let operator = match (types, name) {
            ((Float, Float) | (String, String) | (Bytes, Bytes), "add") => Some(Operator::Add),
            ((Float, Float), "subtract") => Some(Operator::Subtract),
            ((Float, Float), "multiply") => Some(Operator::Multiply),
            _ => None,
        };
        if let Some(operator) = operator {
            return Ok(Py::binary(operator, left, right));
        }
        let args = vec![left, right];
        let time = match (types, name) {
            ((Int, Int), _) => return Ok(self.cel(&format!("{name}_int"), args)),
            ((Float, Float), _) => return Ok(self.cel(&format!("{name}_float"), args)),
            ((Decimal, Decimal), _) => return Ok(self.cel(&format!("{name}_decimal"), args)),
            ((List(_), List(_)), "add") => return Ok(self.cel("add_lists", args)),
            ((Timestamp, Duration), "add") => "later",
            ((Timestamp, Duration), "subtract") => "earlier",
            ((Timestamp, Timestamp), "subtract") => "since",
            ((Duration, Duration), "add") => "spans_added",
            ((Duration, Duration), "subtract") => "spans_subtracted",
            ((Date, Duration), "add") => "days_later",
            ((Date, Duration), "subtract") => "days_earlier",
            ((Date, Date), "subtract") => "days_since",
            ((Duration, Timestamp | Date), "add") => {
                let [by, at] = [args[0].clone(), args[1].clone()];
                let name = if *types.1 == Date { "days_later" } else { "later" };
                return Ok(self.cel_of("time", name, vec![at, by]));
            }
            _ => {
                let value = self.cel_of("dynamic", name, args);
                return Ok(self.narrow(value, ty));
            }
        };
        Ok(self.cel_of("time", time, args))
    }

    pub fn call(&mut self, function: &str, args: &[Expr]) -> Result<Py> {
        let found = FUNCTIONS.iter().find(|(known, ..)| *known == function);
        let (_, part, name) = found.ok_or_else(|| EmitError::Function { name: function.to_owned() })?;
        let mut values = self.exprs(args)?;
        if function == "matches" {
            let Some(Node::Literal(Literal::String(pattern))) = args.get(1).map(|pattern| &pattern.node)
            else {
                return Err(unsupported("a pattern that is not a literal"));
            };
            values[1] = Py::string(&pattern_of(pattern));
        }
        let of_numbers = matches!(function, "math.greatest" | "math.least");
        if of_numbers && !matches!(args, [list] if matches!(list.ty, Type::List(_) | Type::Any)) {
            values = vec![Py::List(values)];
        }
        Ok(if part.is_empty() { self.cel(name, values) } else { self.cel_of(part, name, values) })
    }
}

/// A pattern of the checker for Python's `re`, where `$` also matches before a line feed and `\b` is Unicode.
fn pattern_of(portable: &str) -> String {
    let mut out = String::with_capacity(portable.len());
    let mut letters = portable.chars();
    let mut inside = false;
    while let Some(letter) = letters.next() {
        match (letter, if letter == '\\' { letters.next() } else { None }) {
            ('\\', Some('z')) => out.push_str("\\Z"),
            ('\\', Some(escaped @ ('b' | 'B'))) => out.push_str(&format!("(?a:\\{escaped})")),
            ('$', _) if !inside => out.push_str("\\Z"),
            (_, escaped) => {
                inside = (inside || letter == '[') && letter != ']';
                out.push(letter);
                out.extend(escaped);
            }
        }
    }
    out
}
