//! Values of plain CEL, their equality and order, and their JSON forms.
//!
//! It knows no expressions.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use super::decimal::Decimal;
use super::time::Moment;

/// A value of CEL. Lists and maps are shared: a clone is cheap.
#[derive(Debug, Clone)]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Arc<str>),
    Bytes(Arc<[u8]>),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
    /// A type by name, as `type(x)` gives it.
    Type(Arc<str>),
    Timestamp(Moment),
    /// Nanoseconds.
    Duration(i128),
    /// Of a manifest only.
    Decimal(Arc<Decimal>),
    /// Days since 1970; of a manifest only.
    Date(i64),
    Optional(Option<Arc<Value>>),
}

/// Keys by value, so that `1`, `1u` and `1.0` are one key; each entry keeps its key as it was written.
#[derive(Debug, Clone, Default)]
pub struct Map {
    entries: BTreeMap<Key, (Value, Value)>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Number(i128),
    String(Arc<str>),
}

fn key(value: &Value) -> Option<Key> {
    Some(match value {
        Value::Bool(value) => Key::Bool(*value),
        Value::Int(value) => Key::Number(i128::from(*value)),
        Value::Uint(value) => Key::Number(i128::from(*value)),
        Value::String(value) => Key::String(value.clone()),
        // Only whole numbers in range can equal a key; the cast is exact for them.
        #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and far inside i128")]
        Value::Double(value) if value.trunc() == *value && value.abs() < 1e20 => Key::Number(*value as i128),
        _ => return None,
    })
}

impl Map {
    /// Adds an entry.
    ///
    /// # Errors
    /// A key that cannot be one, or that is there already.
    pub fn insert(&mut self, name: Value, value: Value) -> Result<(), String> {
        let slot = match name {
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_) => key(&name),
            _ => None,
        };
        let Some(slot) = slot else {
            return Err(format!("a value of type `{}` cannot be a key", name.type_name()));
        };
        match self.entries.insert(slot, (name, value)) {
            None => Ok(()),
            Some((name, _)) => Err(format!("the key `{}` stands twice", name.to_json())),
        }
    }

    #[must_use]
    pub fn get(&self, name: &Value) -> Option<&Value> {
        self.entries.get(&key(name)?).map(|(_, value)| value)
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Value> {
        self.get(&Value::from(name))
    }

    /// Keys and values: bools, then numbers, then strings, each in order.
    pub fn iter(&self) -> impl Iterator<Item = &(Value, Value)> {
        self.entries.values()
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text.into())
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Value {
        Value::Decimal(Arc::new(number))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(Arc::new(items))
    }
}

/// Plain JSON: whole numbers are ints, or uints where too large; other numbers are doubles.
impl From<&Json> for Value {
    fn from(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(int), _) => Value::Int(int),
                (None, Some(uint)) => Value::Uint(uint),
                _ => Value::Double(number.as_f64().unwrap_or(f64::NAN)),
            },
            Json::String(text) => Value::from(text.as_str()),
            Json::Array(items) => Value::List(Arc::new(items.iter().map(Value::from).collect())),
            Json::Object(fields) => {
                let entry = |(name, value): (&String, &Json)| {
                    (Key::String(name.as_str().into()), (Value::from(name.as_str()), Value::from(value)))
                };
                Value::Map(Arc::new(Map { entries: fields.iter().map(entry).collect() }))
            }
        }
    }
}

impl Value {
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Value::Null => "null_type",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Uint(_) => "uint",
            Value::Double(_) => "double",
            Value::String(_) => "string",
            Value::Bytes(_) => "bytes",
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Type(_) => "type",
            Value::Timestamp(_) => "google.protobuf.Timestamp",
            Value::Duration(_) => "google.protobuf.Duration",
            Value::Decimal(_) => "decimal",
            Value::Date(_) => "date",
            Value::Optional(_) => "optional_type",
        }
    }

    /// JSON for people and programs: bytes are base64, times are their usual spelling, an empty optional is null.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null | Value::Optional(None) => Json::Null,
            Value::Bool(value) => Json::from(*value),
            Value::Int(value) => Json::from(*value),
            Value::Uint(value) => Json::from(*value),
            Value::Double(value) if value.is_finite() => Json::from(*value),
            Value::Double(value) => Json::from(super::convert::double_text(*value)),
            Value::String(text) | Value::Type(text) => Json::from(&**text),
            Value::Bytes(bytes) => Json::from(super::base64::encode(bytes)),
            Value::List(items) => Json::from(items.iter().map(Value::to_json).collect::<Vec<_>>()),
            Value::Map(map) => {
                let name = |key: &Value| match key {
                    Value::String(text) => text.to_string(),
                    other => other.to_json().to_string(),
                };
                Json::from(
                    map.iter()
                        .map(|(key, value)| (name(key), value.to_json()))
                        .collect::<serde_json::Map<_, _>>(),
                )
            }
            Value::Timestamp(moment) => Json::from(super::time::timestamp_text(*moment)),
            Value::Decimal(number) => Json::from(number.to_string()),
            Value::Date(days) => Json::from(super::time::date_text(*days)),
            Value::Duration(nanos) => Json::from(super::time::duration_text(*nanos)),
            Value::Optional(Some(value)) => value.to_json(),
        }
    }

    /// Order of two numbers by value, whatever their types; none with NaN or where one is no number.
    #[must_use]
    pub fn compare_numbers(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Double(left), Value::Double(right)) => left.partial_cmp(right),
            (Value::Double(left), right) => whole_to_double(right.whole()?, *left).map(Ordering::reverse),
            (left, Value::Double(right)) => whole_to_double(left.whole()?, *right),
            (left, right) => Some(left.whole()?.cmp(&right.whole()?)),
        }
    }

    fn whole(&self) -> Option<i128> {
        match self {
            Value::Int(value) => Some(i128::from(*value)),
            Value::Uint(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Value::Int(_) | Value::Uint(_) | Value::Double(_))
    }

    /// CEL's `<`, `>` and their kin; none where the types have no order between them, or with NaN.
    #[must_use]
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
            (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
            (Value::Bytes(left), Value::Bytes(right)) => Some(left.cmp(right)),
            (Value::Timestamp(left), Value::Timestamp(right)) => left.compare(*right),
            (Value::Duration(left), Value::Duration(right)) => Some(left.cmp(right)),
            (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
            (Value::Date(left), Value::Date(right)) => Some(left.cmp(right)),
            _ => self.compare_numbers(other),
        }
    }

    /// Whether `<` is defined between the two, NaN included.
    #[must_use]
    pub fn is_ordered_with(&self, other: &Value) -> bool {
        (self.is_number() && other.is_number()) || self.compare(other).is_some()
    }

    /// CEL's `==`: numbers by value, values of different types are not equal. Each value compared costs one of `budget`.
    ///
    /// # Errors
    /// When the budget is spent: shared lists can make a small value endless to walk.
    pub(crate) fn equals(&self, other: &Value, budget: &mut u64) -> Result<bool, String> {
        *budget = budget.checked_sub(1).ok_or("the two values are too large to compare")?;
        Ok(match (self, other) {
            (Value::Null, Value::Null) | (Value::Optional(None), Value::Optional(None)) => true,
            (Value::Type(left), Value::Type(right)) => left == right,
            (Value::List(left), Value::List(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (left, right) in left.iter().zip(right.iter()) {
                    if !left.equals(right, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            (Value::Map(left), Value::Map(right)) => {
                if left.len() != right.len() {
                    return Ok(false);
                }
                for (key, value) in left.iter() {
                    match right.get(key) {
                        Some(other) if value.equals(other, budget)? => {}
                        _ => return Ok(false),
                    }
                }
                true
            }
            (Value::Optional(Some(left)), Value::Optional(Some(right))) => left.equals(right, budget)?,
            _ => self.compare(other) == Some(Ordering::Equal),
        })
    }
}

/// The whole number is rounded to a double first, as the specification's own cases ask.
#[expect(clippy::cast_precision_loss, reason = "the rounding is the rule")]
fn whole_to_double(left: i128, right: f64) -> Option<Ordering> {
    (left as f64).partial_cmp(&right)
}
