//! Calls and arithmetic of a Plan as native Go, or as functions of the runtime that keep CEL's rules.
//!
//! It knows the functions of a Plan by their names; which arguments they take the checker has seen to.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::types::Type;

use super::expr::{Result, Translator, unsupported};
use super::tree::{Go, Operator};
use crate::EmitError;

/// Functions that take values of any type: their names here, and what they give there.
const OF_ANY: [(&str, &str, Type); 26] = [
    ("string", "Text", Type::String),
    ("int", "ToIntOf", Type::Int),
    ("double", "ToFloatOf", Type::Float),
    ("decimal", "ToDecimal", Type::Decimal),
    ("bool", "ToBool", Type::Bool),
    ("bytes", "ToBytes", Type::Bytes),
    ("timestamp", "Timestamp", Type::Timestamp),
    ("duration", "Duration", Type::Duration),
    ("date", "ParseDate", Type::Date),
    ("getFullYear", "GetFullYear", Type::Int),
    ("getMonth", "GetMonth", Type::Int),
    ("getDate", "GetDate", Type::Int),
    ("getDayOfMonth", "GetDayOfMonth", Type::Int),
    ("getDayOfWeek", "GetDayOfWeek", Type::Int),
    ("getDayOfYear", "GetDayOfYear", Type::Int),
    ("getHours", "GetHours", Type::Int),
    ("getMinutes", "GetMinutes", Type::Int),
    ("getSeconds", "GetSeconds", Type::Int),
    ("getMilliseconds", "GetMilliseconds", Type::Int),
    ("math.abs", "Abs", Type::Any),
    ("math.sign", "Sign", Type::Any),
    ("math.ceil", "Ceil", Type::Any),
    ("math.floor", "Floor", Type::Any),
    ("math.round", "Round", Type::Any),
    ("math.trunc", "Trunc", Type::Any),
    ("math.sqrt", "Sqrt", Type::Any),
];

/// Functions whose parameters have one type each.
const TYPED: [(&str, &str, &[Type], Type, bool); 24] = [
    ("contains", "Contains", &[Type::String, Type::String], Type::Bool, false),
    ("startsWith", "StartsWith", &[Type::String, Type::String], Type::Bool, false),
    ("endsWith", "EndsWith", &[Type::String, Type::String], Type::Bool, false),
    ("charAt", "CharAt", &[Type::String, Type::Int], Type::String, true),
    ("indexOf", "IndexOf", &[Type::String, Type::String, Type::Int], Type::Int, true),
    ("lastIndexOf", "LastIndexOf", &[Type::String, Type::String, Type::Int], Type::Int, true),
    ("lowerAscii", "LowerAscii", &[Type::String], Type::String, false),
    ("upperAscii", "UpperAscii", &[Type::String], Type::String, false),
    ("replace", "Replace", &[Type::String, Type::String, Type::String, Type::Int], Type::String, true),
    ("substring", "Substring", &[Type::String, Type::Int, Type::Int], Type::String, true),
    ("trim", "Trim", &[Type::String], Type::String, false),
    ("reverse", "Reverse", &[Type::String], Type::String, false),
    ("strings.quote", "Quote", &[Type::String], Type::String, false),
    ("base64.encode", "Base64Encode", &[Type::Bytes], Type::String, false),
    ("base64.decode", "Base64Decode", &[Type::String], Type::Bytes, true),
    ("math.isNaN", "IsNaN", &[Type::Float], Type::Bool, false),
    ("math.isInf", "IsInf", &[Type::Float], Type::Bool, false),
    ("math.isFinite", "IsFinite", &[Type::Float], Type::Bool, false),
    ("math.bitAnd", "BitAnd", &[Type::Int, Type::Int], Type::Int, false),
    ("math.bitOr", "BitOr", &[Type::Int, Type::Int], Type::Int, false),
    ("math.bitXor", "BitXor", &[Type::Int, Type::Int], Type::Int, false),
    ("math.bitNot", "BitNot", &[Type::Int], Type::Int, false),
    ("math.bitShiftLeft", "ShiftLeft", &[Type::Int, Type::Int], Type::Int, true),
    ("math.bitShiftRight", "ShiftRight", &[Type::Int, Type::Int], Type::Int, true),
];

impl Translator<'_, '_> {
    /// Go's own operator where it is exact; else the function that checks 64 bits or rounds as decimals do.
    pub fn arithmetic(&mut self, name: &str, left: &Expr, right: &Expr, ty: &Type) -> Result<Go> {
        use Type::{Bytes, Date, Decimal, Duration, Float, Int, List, String, Timestamp};
        let types = (&left.ty, &right.ty);
        let kind = match (types, name) {
            ((String, String), "Add") => {
                return Ok(Go::binary(Operator::Add, self.expr(left)?, self.expr(right)?));
            }
            ((Bytes, Bytes), "Add") => {
                let args = vec![self.expr(left)?, self.expr(right)?];
                return Ok(self.file.call_cel("Concat", args));
            }
            ((List(_), List(_)), "Add") => {
                let args = vec![self.as_type(left, ty)?, self.as_type(right, ty)?];
                return Ok(self.file.call_cel("Concat", args));
            }
            ((Float, Float), "Add" | "Subtract" | "Multiply" | "Divide") => {
                let args = vec![self.expr(left)?, self.expr(right)?];
                return Ok(self.file.call_cel(&format!("{name}Float"), args));
            }
            ((Int, Int), _) => "Int",
            ((Decimal, Decimal), "Add" | "Subtract" | "Multiply" | "Divide") => "Decimal",
            ((Timestamp, Duration), "Add" | "Subtract") => "Timestamp",
            ((Duration, Duration), "Add" | "Subtract") => "Duration",
            ((Date, Duration), "Add" | "Subtract") => "Date",
            ((Timestamp, Timestamp), "Subtract") => {
                let args = vec![self.expr(left)?, self.expr(right)?];
                return Ok(self.failing("SinceTimestamp", args));
            }
            ((Date, Date), "Subtract") => {
                let args = vec![self.expr(left)?, self.expr(right)?];
                return Ok(self.failing("SinceDate", args));
            }
            ((Duration, Timestamp | Date), "Add") => {
                let kind = if *types.1 == Date { "AddDate" } else { "AddTimestamp" };
                let args = vec![self.expr(right)?, self.expr(left)?];
                return Ok(self.failing(kind, args));
            }
            _ => {
                let args = vec![self.boxed(left)?, self.boxed(right)?];
                let value = self.failing(name, args);
                return self.coerce(value, &Type::Any, ty);
            }
        };
        let args = vec![self.expr(left)?, self.expr(right)?];
        Ok(self.failing(&format!("{name}{kind}"), args))
    }

    pub fn call(&mut self, function: &str, args: &[Expr], ty: &Type) -> Result<Go> {
        if let Some((_, name, types, gives, fails)) = TYPED.iter().find(|(known, ..)| *known == function) {
            let values = args.iter().zip(*types).map(|(arg, ty)| self.as_type(arg, ty));
            let values = values.collect::<Result<Vec<Go>>>()?;
            self.fails |= fails;
            let value = self.file.call_cel(name, values);
            return self.coerce(value, gives, ty);
        }
        if let Some(found) = self.number(function, args)? {
            return Ok(found);
        }
        if let Some((_, name, gives)) = OF_ANY.iter().find(|(known, ..)| *known == function) {
            let mut values = Vec::new();
            for (at, arg) in args.iter().enumerate() {
                // What follows the value is a time zone.
                values.push(if at == 0 { self.boxed(arg)? } else { self.as_type(arg, &Type::String)? });
            }
            let value = self.failing(name, values);
            return self.coerce(value, gives, ty);
        }
        match (function, args) {
            ("size", [of]) => self.size(of),
            ("matches", [of, pattern]) => {
                let Node::Literal(Literal::String(text)) = &pattern.node else {
                    return Err(unsupported("a pattern that is not a literal"));
                };
                let value = self.as_type(of, &Type::String)?;
                self.fails |= of.ty != Type::String;
                Ok(self.file.call_cel("Matches", vec![value, Go::string(text)]))
            }
            ("join", [of, separator @ ..]) => {
                let mut values = vec![self.boxed(of)?];
                for each in separator {
                    values.push(self.as_type(each, &Type::String)?);
                }
                Ok(self.failing("Join", values))
            }
            ("split", [of, rest @ ..]) => {
                let mut values = vec![self.as_type(of, &Type::String)?];
                for (each, wanted) in rest.iter().zip([Type::String, Type::Int]) {
                    values.push(self.as_type(each, &wanted)?);
                }
                let value = self.failing("Split", values);
                self.coerce(value, &Type::List(Box::new(Type::String)), ty)
            }
            ("format", [of, list]) => {
                let values = vec![self.as_type(of, &Type::String)?, self.boxed(list)?];
                Ok(self.failing("Format", values))
            }
            ("first" | "last", [of]) => self.end_of_list(function, of, ty),
            ("math.greatest" | "math.least", _) => self.extreme(function, args, ty),
            _ => Err(EmitError::Function { name: function.to_owned() }),
        }
    }

    /// Functions of numbers that Go or the runtime has for the one type.
    fn number(&mut self, function: &str, args: &[Expr]) -> Result<Option<Go>> {
        let [of] = args else { return Ok(None) };
        let (name, fails) = match (function, &of.ty) {
            ("math.ceil" | "math.floor" | "math.trunc" | "math.sqrt" | "math.abs", Type::Float) => {
                let name = match function {
                    "math.ceil" => "Ceil",
                    "math.floor" => "Floor",
                    "math.trunc" => "Trunc",
                    "math.sqrt" => "Sqrt",
                    _ => "Abs",
                };
                let math = self.file.std("math");
                let value = self.expr(of)?;
                return Ok(Some(Go::call(format!("{math}.{name}"), vec![value])));
            }
            ("math.abs", Type::Int) => ("AbsInt", true),
            ("math.sign", Type::Int) => ("SignInt", false),
            ("math.sign", Type::Float) => ("SignFloat", false),
            ("math.abs", Type::Decimal) => ("AbsDecimal", true),
            ("math.sign", Type::Decimal) => ("SignDecimal", true),
            ("math.ceil", Type::Decimal) => ("CeilDecimal", true),
            ("math.floor", Type::Decimal) => ("FloorDecimal", true),
            ("math.round", Type::Decimal) => ("RoundDecimal", true),
            ("math.trunc", Type::Decimal) => ("TruncDecimal", true),
            _ => return Ok(None),
        };
        let value = self.expr(of)?;
        self.fails |= fails;
        Ok(Some(self.file.call_cel(name, vec![value])))
    }

    fn size(&mut self, of: &Expr) -> Result<Go> {
        Ok(match &of.ty {
            Type::String => {
                let value = self.expr(of)?;
                self.file.call_cel("SizeText", vec![value])
            }
            Type::List(_) | Type::Map(_) | Type::Bytes => {
                Go::call("int64", vec![Go::call("len", vec![self.expr(of)?])])
            }
            _ => {
                let value = self.boxed(of)?;
                self.failing("Size", vec![value])
            }
        })
    }

    fn end_of_list(&mut self, function: &str, of: &Expr, ty: &Type) -> Result<Go> {
        let name = if function == "first" { "First" } else { "Last" };
        match &of.ty {
            Type::List(item) if !item.is_nullable() && !super::types::is_nilable(item) => {
                let value = self.expr(of)?;
                let found = self.file.call_cel(name, vec![value]);
                self.coerce(found, &Type::optional((**item).clone()), ty)
            }
            _ => {
                let value = self.boxed(of)?;
                let found = self.failing(&format!("{name}Of"), vec![value]);
                self.coerce(found, &Type::Any, ty)
            }
        }
    }

    /// The greatest or least of numbers, or of a list of them.
    fn extreme(&mut self, function: &str, args: &[Expr], ty: &Type) -> Result<Go> {
        let name = if function == "math.greatest" { "Greatest" } else { "Least" };
        let is_list = matches!(args, [only] if matches!(only.ty, Type::List(_) | Type::Any));
        if !is_list && matches!(ty, Type::Int | Type::Float | Type::Decimal) {
            let values = args.iter().map(|arg| self.as_type(arg, ty)).collect::<Result<Vec<Go>>>()?;
            let kind = if *ty == Type::Decimal { "Decimal" } else { "Of" };
            return Ok(self.failing(&format!("{name}{kind}"), values));
        }
        let values = args.iter().map(|arg| self.boxed(arg)).collect::<Result<Vec<Go>>>()?;
        let list = match &values[..] {
            [only] if is_list => only.clone(),
            _ => Go::List { ty: "[]any".to_owned(), items: values },
        };
        let value = self.failing(name, vec![list]);
        self.coerce(value, &Type::Any, ty)
    }
}
