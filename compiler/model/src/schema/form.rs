//! The forms that values have, as JSON Schema.
//!
//! It knows values, not which key has which.

use serde_json::{Value, json};

use super::object::{self, inline};
use crate::lower::resource::api;
use crate::lower::{self, cron, duration, ids, number, rate, type_expr, words};

/// What stands under a key.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A name that is defined here.
    Id,
    /// The name of a caught error, which may be the one that it has anyhow.
    Variable,
    /// A name that is defined elsewhere.
    Name,
    /// One such name, or several.
    Names,
    /// One text or several; numbers count as their spelling.
    Strings,
    Text,
    Bool,
    Any,
    Arguments,
    Condition,
    ListOrExpression,
    Duration,
    Sleep,
    Count,
    CountFromZero,
    Retries,
    Share,
    Multiplier,
    Rate,
    Cron,
    Zone,
    Type,
    Version,
    Words(fn() -> Vec<&'static str>),
    Policy,
    Compensate,
    Cache,
    Breaker,
    Hedge,
    Fallback,
    Pool,
    Port,
    Operations,
    Request,
    Types,
    Statuses,
    Concurrency,
    Schedule,
    Inputs,
    Targets,
    Tasks,
    Policies,
    Resources,
    Workflows,
    Steps,
    Cases,
    Catches,
    Set,
    /// The options of a step that stand in the mapping under its word.
    Inside,
}

const ZONE: &str = r"^(UTC|GMT|[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z][A-Za-z0-9_+-]*){1,2})$";
/// Text with an expression in it; whether it is one whole expression is not for a regular expression to say.
const EXPRESSION: &str = r"\$\{";

impl Form {
    /// The schema of the value, without what is known about its key.
    pub fn schema(self) -> Value {
        self.scalar().or_else(|| self.number()).unwrap_or_else(|| self.collection())
    }

    fn scalar(self) -> Option<Value> {
        Some(match self {
            Form::Id => json!({"type": "string", "pattern": id_pattern(&[])}),
            Form::Variable => json!({"type": "string", "pattern": id_pattern(&["error"])}),
            Form::Name => json!({"type": "string", "pattern": r"\S"}),
            Form::Text => json!({"type": "string"}),
            Form::Bool => json!({"type": "boolean"}),
            Form::Any => json!({}),
            Form::Condition => json!({"type": ["boolean", "string"], "pattern": EXPRESSION}),
            Form::ListOrExpression => json!({"type": ["array", "string"], "pattern": EXPRESSION}),
            Form::Duration => json!({"type": "string", "pattern": duration_pattern()}),
            Form::Sleep => {
                json!({"type": "string", "pattern": format!("({})|{EXPRESSION}", duration_pattern())})
            }
            Form::Request => json!({"type": "string", "pattern": request_pattern()}),
            Form::Rate => json!({"type": "string", "pattern": rate_pattern()}),
            Form::Cron => json!({"type": "string", "pattern": cron_pattern()}),
            Form::Zone => json!({"type": "string", "pattern": ZONE}),
            Form::Words(words) => json!({"type": "string", "enum": words()}),
            Form::Version => json!({"enum": [lower::VERSION, "1", 1]}),
            Form::Type => type_expression(),
            _ => return None,
        })
    }

    fn number(self) -> Option<Value> {
        Some(match self {
            Form::Count => json!({"type": "integer", "minimum": 1, "maximum": number::MOST}),
            Form::CountFromZero => json!({"type": "integer", "minimum": 0, "maximum": number::MOST}),
            Form::Retries => json!({"anyOf": [
                {"type": "integer", "minimum": 0, "maximum": number::MOST_RETRIES},
                {"const": "forever"},
            ]}),
            Form::Port => json!({"type": "integer", "minimum": 1, "maximum": number::LAST_PORT}),
            Form::Share => json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
            Form::Multiplier => {
                json!({"type": "number", "minimum": 1, "maximum": number::LARGEST_MULTIPLIER})
            }
            _ => return None,
        })
    }

    fn collection(self) -> Value {
        let one_or_list = |item: Value| json!({"anyOf": [item, {"type": "array", "items": item}]});
        match self {
            Form::Names => one_or_list(json!({"type": "string"})),
            Form::Strings => one_or_list(json!({"type": ["string", "integer"]})),
            Form::Arguments => json!({"type": ["object", "null"]}),
            Form::Policy => json!({"anyOf": [Form::Name.schema(), inline("policy")]}),
            Form::Compensate => json!({"anyOf": [Form::Name.schema(), object::compensate()]}),
            Form::Cache => object::cache(),
            Form::Breaker => object::breaker(),
            Form::Hedge => object::hedge(),
            Form::Fallback => object::fallback(),
            Form::Pool => object::pool(),
            Form::Operations => json!({"type": ["array", "null"], "items": object::operation()}),
            Form::Types => json!({"type": ["object", "null"], "additionalProperties": inline("type")}),
            Form::Statuses => json!({
                "type": "object",
                "additionalProperties": {"anyOf": [
                    {"type": "integer", "minimum": 400, "maximum": 599},
                    {"type": "string", "pattern": "^[45]([0-9][0-9]|[xX][xX])$"},
                ]},
            }),
            Form::Concurrency => json!({"anyOf": [Form::Count.schema(), object::concurrency()]}),
            Form::Schedule => json!({"anyOf": [Form::Cron.schema(), object::schedule()]}),
            Form::Inputs => inputs(),
            Form::Targets => section("target"),
            Form::Tasks => section("task"),
            Form::Policies => section("defined_policy"),
            Form::Resources => section("resource"),
            Form::Workflows => section("workflow"),
            Form::Steps => json!({"type": "array", "minItems": 1, "items": inline("step")}),
            Form::Cases => json!({"type": "array", "minItems": 1, "items": object::case()}),
            Form::Catches => {
                json!({"anyOf": [object::catch(), {"type": "array", "items": object::catch()}]})
            }
            Form::Set => json!({
                "type": "object",
                "minProperties": 1,
                "propertyNames": {"pattern": id_pattern(&[])},
            }),
            _ => json!({}),
        }
    }
}

/// An empty section says the same as none.
fn section(item: &str) -> Value {
    json!({"type": ["array", "null"], "items": inline(item)})
}

/// Ids, without the reserved ones but those in `but`.
fn id_pattern(but: &[&str]) -> String {
    let taken: Vec<&str> =
        ids::SCOPE.iter().chain(ids::CEL).copied().filter(|word| !but.contains(word)).collect();
    format!("^(?!({})$)[a-z][a-z0-9_]*$", taken.join("|"))
}

fn duration_pattern() -> String {
    format!(r"^([0-9]+\.?[0-9]*|\.[0-9]+)\s*({})$", words::names(duration::UNITS).join("|"))
}

fn request_pattern() -> String {
    let methods: Vec<String> = api::METHODS.iter().map(|method| any_case(method)).collect();
    format!(r"^\s*({})\s+/", methods.join("|"))
}

/// Patterns of JSON Schema have no flag for it.
fn any_case(word: &str) -> String {
    word.chars().map(|letter| format!("[{letter}{}]", letter.to_ascii_lowercase())).collect()
}

fn rate_pattern() -> String {
    format!(r"^\s*\+?0*[1-9][0-9]*\s*/\s*({})\s*$", words::names(rate::UNITS).join("|"))
}

fn cron_pattern() -> String {
    format!(r"^({}|\s*[^\s@]\S*(\s+\S+){{4}}\s*)$", cron::NICKNAMES.join("|"))
}

/// A type as text or, for a record, as a mapping. `null` may be read as nothing at all.
fn type_expression() -> Value {
    json!({"anyOf": [
        {"enum": type_expr::names()},
        {"type": "string", "pattern": r"\S", "examples": ["list<string>", "map<string, int>", "users.User?"]},
        {"type": "null"},
        {"type": "object", "additionalProperties": inline("type")},
    ]})
}

fn inputs() -> Value {
    let described = object::input();
    let keys: Vec<Value> = object::INPUT_KEYS.iter().map(|key| json!({"required": [key]})).collect();
    json!({
        "type": ["object", "null"],
        "propertyNames": {"pattern": id_pattern(&[])},
        // A mapping with one of these keys describes the input; any other is the type of a record.
        "additionalProperties": {
            "if": {"type": "object", "anyOf": keys},
            "then": described,
            "else": inline("type"),
        },
    })
}
