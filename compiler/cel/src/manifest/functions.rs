//! The functions of a manifest: one table that the checker, the documentation and the tests of every target read.
//!
//! It knows no meanings: plain CEL's evaluator has them, and targets write their own.

use conductor_protocol::types::Type;

/// A form of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// With its namespace: `math.abs`.
    pub name: &'static str,
    /// Whether the first parameter is the receiver: `text.contains(part)`.
    pub member: bool,
    /// Types of the parameters. `T` is any one type, `...` any number more of the one before.
    pub params: &'static [&'static str],
    pub result: &'static str,
}

const fn plain(name: &'static str, params: &'static [&'static str], result: &'static str) -> Function {
    Function { name, member: false, params, result }
}

const fn member(name: &'static str, params: &'static [&'static str], result: &'static str) -> Function {
    Function { name, member: true, params, result }
}

/// Every function of a manifest. The first form that takes the arguments is meant.
pub const FUNCTIONS: &[Function] = &[
    plain("size", &["sized"], "int"),
    member("size", &["sized"], "int"),
    plain("string", &["text"], "string"),
    plain("string", &["bytes"], "string"),
    plain("int", &["int"], "int"),
    plain("int", &["float"], "int"),
    plain("int", &["decimal"], "int"),
    plain("int", &["string"], "int"),
    plain("int", &["timestamp"], "int"),
    plain("double", &["float"], "float"),
    plain("double", &["int"], "float"),
    plain("double", &["decimal"], "float"),
    plain("double", &["string"], "float"),
    plain("decimal", &["decimal"], "decimal"),
    plain("decimal", &["int"], "decimal"),
    plain("decimal", &["float"], "decimal"),
    plain("decimal", &["string"], "decimal"),
    plain("bool", &["bool"], "bool"),
    plain("bool", &["string"], "bool"),
    plain("bytes", &["bytes"], "bytes"),
    plain("bytes", &["string"], "bytes"),
    plain("timestamp", &["timestamp"], "timestamp"),
    plain("timestamp", &["string"], "timestamp"),
    plain("timestamp", &["int"], "timestamp"),
    plain("timestamp", &["date"], "timestamp"),
    plain("duration", &["duration"], "duration"),
    plain("duration", &["string"], "duration"),
    plain("date", &["date"], "date"),
    plain("date", &["string"], "date"),
    plain("date", &["timestamp"], "date"),
    member("contains", &["string", "string"], "bool"),
    member("startsWith", &["string", "string"], "bool"),
    member("endsWith", &["string", "string"], "bool"),
    member("matches", &["string", "pattern"], "bool"),
    plain("matches", &["string", "pattern"], "bool"),
    member("charAt", &["string", "int"], "string"),
    member("indexOf", &["string", "string"], "int"),
    member("indexOf", &["string", "string", "int"], "int"),
    member("lastIndexOf", &["string", "string"], "int"),
    member("lastIndexOf", &["string", "string", "int"], "int"),
    member("join", &["list<string>"], "string"),
    member("join", &["list<string>", "string"], "string"),
    member("lowerAscii", &["string"], "string"),
    member("upperAscii", &["string"], "string"),
    member("replace", &["string", "string", "string"], "string"),
    member("replace", &["string", "string", "string", "int"], "string"),
    member("split", &["string", "string"], "list<string>"),
    member("split", &["string", "string", "int"], "list<string>"),
    member("substring", &["string", "int"], "string"),
    member("substring", &["string", "int", "int"], "string"),
    member("trim", &["string"], "string"),
    member("reverse", &["string"], "string"),
    member("format", &["string", "list<any>"], "string"),
    plain("strings.quote", &["string"], "string"),
    plain("base64.encode", &["bytes"], "string"),
    plain("base64.decode", &["string"], "bytes"),
    member("first", &["list<T>"], "T?"),
    member("last", &["list<T>"], "T?"),
    plain("math.greatest", &["int", "..."], "int"),
    plain("math.greatest", &["float", "..."], "float"),
    plain("math.greatest", &["decimal", "..."], "decimal"),
    plain("math.greatest", &["list<int>"], "int"),
    plain("math.greatest", &["list<float>"], "float"),
    plain("math.greatest", &["list<decimal>"], "decimal"),
    plain("math.least", &["int", "..."], "int"),
    plain("math.least", &["float", "..."], "float"),
    plain("math.least", &["decimal", "..."], "decimal"),
    plain("math.least", &["list<int>"], "int"),
    plain("math.least", &["list<float>"], "float"),
    plain("math.least", &["list<decimal>"], "decimal"),
    plain("math.abs", &["int"], "int"),
    plain("math.abs", &["float"], "float"),
    plain("math.abs", &["decimal"], "decimal"),
    plain("math.sign", &["int"], "int"),
    plain("math.sign", &["float"], "float"),
    plain("math.sign", &["decimal"], "decimal"),
    plain("math.ceil", &["float"], "float"),
    plain("math.ceil", &["decimal"], "decimal"),
    plain("math.floor", &["float"], "float"),
    plain("math.floor", &["decimal"], "decimal"),
    plain("math.round", &["float"], "float"),
    plain("math.round", &["decimal"], "decimal"),
    plain("math.trunc", &["float"], "float"),
    plain("math.trunc", &["decimal"], "decimal"),
    plain("math.sqrt", &["int"], "float"),
    plain("math.sqrt", &["float"], "float"),
    plain("math.isNaN", &["float"], "bool"),
    plain("math.isInf", &["float"], "bool"),
    plain("math.isFinite", &["float"], "bool"),
    plain("math.bitAnd", &["int", "int"], "int"),
    plain("math.bitOr", &["int", "int"], "int"),
    plain("math.bitXor", &["int", "int"], "int"),
    plain("math.bitNot", &["int"], "int"),
    plain("math.bitShiftLeft", &["int", "int"], "int"),
    plain("math.bitShiftRight", &["int", "int"], "int"),
    member("getFullYear", &["timestamp"], "int"),
    member("getFullYear", &["timestamp", "zone"], "int"),
    member("getFullYear", &["date"], "int"),
    member("getMonth", &["timestamp"], "int"),
    member("getMonth", &["timestamp", "zone"], "int"),
    member("getMonth", &["date"], "int"),
    member("getDate", &["timestamp"], "int"),
    member("getDate", &["timestamp", "zone"], "int"),
    member("getDate", &["date"], "int"),
    member("getDayOfMonth", &["timestamp"], "int"),
    member("getDayOfMonth", &["timestamp", "zone"], "int"),
    member("getDayOfMonth", &["date"], "int"),
    member("getDayOfWeek", &["timestamp"], "int"),
    member("getDayOfWeek", &["timestamp", "zone"], "int"),
    member("getDayOfWeek", &["date"], "int"),
    member("getDayOfYear", &["timestamp"], "int"),
    member("getDayOfYear", &["timestamp", "zone"], "int"),
    member("getDayOfYear", &["date"], "int"),
    member("getHours", &["timestamp"], "int"),
    member("getHours", &["timestamp", "zone"], "int"),
    member("getHours", &["duration"], "int"),
    member("getMinutes", &["timestamp"], "int"),
    member("getMinutes", &["timestamp", "zone"], "int"),
    member("getMinutes", &["duration"], "int"),
    member("getSeconds", &["timestamp"], "int"),
    member("getSeconds", &["timestamp", "zone"], "int"),
    member("getSeconds", &["duration"], "int"),
    member("getMilliseconds", &["timestamp"], "int"),
    member("getMilliseconds", &["timestamp", "zone"], "int"),
    member("getMilliseconds", &["duration"], "int"),
];

impl Function {
    /// The type of each of `count` arguments; none where the form takes another number of them.
    pub(super) fn types(&self, count: usize) -> Option<Vec<&'static str>> {
        match self.params {
            [each, "..."] => (count > 0).then(|| vec![*each; count]),
            params => (params.len() == count).then(|| params.to_vec()),
        }
    }

    /// As a person writes it: `string.contains(string)`.
    #[must_use]
    pub fn usage(&self) -> String {
        let shown = |param: &&str| {
            match *param {
                "text" | "sized" => "value",
                other => other,
            }
            .to_owned()
        };
        let params: Vec<String> = self.params.iter().map(shown).collect();
        match params.split_first() {
            Some((receiver, rest)) if self.member => {
                format!("{receiver}.{}({})", self.name, rest.join(", "))
            }
            _ => format!("{}({})", self.name, params.join(", ")),
        }
    }
}

/// The type that a name of the table stands for; none for `T` and groups of types.
pub(super) fn named(name: &str) -> Option<Type> {
    if let Some(item) = name.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        return named(item).map(|item| Type::List(Box::new(item)));
    }
    Some(match name {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "float" => Type::Float,
        "decimal" => Type::Decimal,
        "string" | "pattern" | "zone" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "date" => Type::Date,
        "duration" => Type::Duration,
        "any" => Type::Any,
        _ => return None,
    })
}
