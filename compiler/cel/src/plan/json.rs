//! Values of the manifest's types from and to their JSON, as `docs/types.md` has it.
//!
//! It knows the shapes of types, not which value an expression needs.

use std::sync::Arc;

use conductor_protocol::types::{Field, Type, TypeDef, TypeName, TypeTable};
use serde_json::Value as Json;

use crate::eval::{Decimal, Map, Moment, Value, base64_decode, time};

/// The value that the JSON of a type stands for.
///
/// # Errors
/// What is not of the type, with the path to it.
pub fn from_json(json: &Json, ty: &Type, types: &TypeTable) -> Result<Value, String> {
    match ty {
        Type::Optional(_) | Type::Null if json.is_null() => Ok(Value::Null),
        Type::Optional(inner) => from_json(json, inner, types),
        Type::Any => Ok(Value::from(json)),
        Type::List(item) => {
            let items = json.as_array().ok_or_else(|| wrong(json, ty))?.iter().enumerate();
            let items = items
                .map(|(at, value)| from_json(value, item, types).map_err(|error| format!("[{at}]: {error}")));
            Ok(Value::from(items.collect::<Result<Vec<_>, _>>()?))
        }
        Type::Map(item) => object(json, ty, |_| Some(item), types),
        Type::Record(fields) => {
            let missing = fields.iter().find(|(name, ty)| !ty.is_nullable() && json.get(name).is_none());
            if let Some((name, _)) = missing.filter(|_| json.is_object()) {
                return Err(format!("the field `{name}` is missing"));
            }
            object(json, ty, |name| fields.get(name), types)
        }
        Type::Named(class) => named(json, ty, class, types),
        Type::Union(members) => union(json, ty, members, types),
        _ => scalar(json, ty).ok_or_else(|| wrong(json, ty)),
    }
}

/// A value that does not say which one it is, in bounded length.
fn wrong(json: &Json, ty: &Type) -> String {
    let text: String = json.to_string().chars().take(60).collect();
    format!("expected `{ty}`, got {text}")
}

fn scalar(json: &Json, ty: &Type) -> Option<Value> {
    let text = json.as_str();
    Some(match ty {
        Type::Null => json.as_null().map(|()| Value::Null)?,
        Type::Bool => Value::Bool(json.as_bool()?),
        Type::Int => Value::Int(whole(json)?),
        Type::Float => Value::Double(match text {
            Some("NaN") => f64::NAN,
            Some("Infinity") => f64::INFINITY,
            Some("-Infinity") => f64::NEG_INFINITY,
            _ => json.as_f64()?,
        }),
        Type::Decimal => match (text, json.as_i64()) {
            (Some(text), _) => Value::from(Decimal::parse(text)?),
            (_, Some(number)) => Value::from(Decimal::of_int(number)),
            _ => return None,
        },
        Type::String => Value::from(text?),
        Type::Bytes => Value::Bytes(base64_decode(text?)?.into()),
        Type::Timestamp => Value::Timestamp(moment(text?)?),
        Type::Date => time::parse_date(text?).ok()?,
        Type::Duration => {
            let number = text?.strip_suffix('s')?.trim_start_matches('-');
            let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            time::to_microseconds(time::parse_duration(text?).ok().filter(|_| plain)?)
        }
        Type::Uuid => Value::from(uuid(text?)?),
        _ => return None,
    })
}

/// A whole number, also where it is written `5.0`.
fn whole(json: &Json) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and far inside 64 bits")]
    json.as_i64().or_else(|| {
        json.as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() < 9e18 && json.is_f64())
            .map(|number| number as i64)
    })
}

/// ISO 8601 with or without an offset.
fn moment(text: &str) -> Option<Moment> {
    let (clock, zone) = time::read_clock(text, b"Tt ")?;
    let offset = match zone {
        "" => None,
        "Z" | "z" => Some(0),
        zone => Some(i32::try_from(time::fixed_offset(zone).filter(|_| zone.starts_with(['+', '-']))?).ok()?),
    };
    let nanos = clock - i128::from(offset.unwrap_or(0)) * time::SECOND;
    match time::to_microseconds(Value::Timestamp(Moment { nanos, offset })) {
        Value::Timestamp(moment) => moment.plus(0).is_ok().then_some(moment),
        _ => None,
    }
}

/// In its usual form: lower case, with dashes.
fn uuid(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|letter| *letter != '-').collect();
    let well_formed = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = digits.to_ascii_lowercase();
    well_formed
        .then(|| [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-"))
}

fn object<'t>(
    json: &Json,
    ty: &Type,
    of: impl Fn(&str) -> Option<&'t Type>,
    types: &TypeTable,
) -> Result<Value, String>
where
{
    let fields = json.as_object().ok_or_else(|| wrong(json, ty))?;
    let mut map = Map::default();
    for (name, value) in fields {
        let Some(ty) = of(name) else { continue };
        let value = from_json(value, ty, types).map_err(|error| format!("{name}: {error}"))?;
        map.insert(Value::from(name.as_str()), value)?;
    }
    Ok(Value::Map(Arc::new(map)))
}

fn named(json: &Json, ty: &Type, class: &TypeName, types: &TypeTable) -> Result<Value, String> {
    match types.get(class) {
        Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
            if let Some(missing) = fields.iter().find(|field| is_missing(field, json))
                && json.is_object()
            {
                return Err(format!("the field `{}` of `{ty}` is missing", missing.name));
            }
            let of = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.ty);
            object(json, ty, of, types)
        }
        Some(TypeDef::Enum { members, .. }) => {
            if !members.is_empty() && !members.iter().any(|member| member.value == *json) {
                return Err(wrong(json, ty));
            }
            Ok(Value::from(json))
        }
        Some(TypeDef::Opaque) | None => Err(format!("the fields of `{ty}` are not known")),
    }
}

fn is_missing(field: &Field, json: &Json) -> bool {
    field.required && field.init && json.get(&field.name).is_none()
}

/// The member that the JSON is of; of objects the one that has most of the fields.
fn union(json: &Json, ty: &Type, members: &[Type], types: &TypeTable) -> Result<Value, String> {
    let known = |member: &Type| match (member, json.as_object()) {
        (Type::Named(class), Some(object)) => match types.get(class) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                fields.iter().filter(|field| object.contains_key(&field.name)).count()
            }
            _ => 0,
        },
        (Type::Record(fields), Some(object)) => {
            fields.keys().filter(|name| object.contains_key(*name)).count()
        }
        _ => 0,
    };
    // A whole number is an int rather than a float.
    let mut ranked: Vec<&Type> = members.iter().collect();
    ranked.sort_by_key(|member| (std::cmp::Reverse(known(member)), **member == Type::Float));
    let found = ranked.into_iter().find_map(|member| from_json(json, member, types).ok());
    found.ok_or_else(|| wrong(json, ty))
}

/// The JSON of a value of a type.
///
/// # Errors
/// A value that is not of the type: only where an `any` gave it.
pub fn to_json(value: &Value, ty: &Type, types: &TypeTable) -> Result<Json, String> {
    let json = match (ty, value) {
        (Type::Float, Value::Int(number)) => Value::Int(*number).to_json().as_f64().map(Json::from),
        (_, Value::Timestamp(moment)) => Some(Json::from(iso(*moment))),
        (Type::Optional(inner), value) if !matches!(value, Value::Null) => {
            return to_json(value, inner, types);
        }
        (Type::List(item), Value::List(items)) => {
            let items = items.iter().map(|value| to_json(value, item, types));
            return Ok(Json::Array(items.collect::<Result<_, _>>()?));
        }
        (Type::Map(item), Value::Map(map)) => return entries(map, |_| Some(&**item), types),
        (Type::Record(fields), Value::Map(map)) => return entries(map, |name| fields.get(name), types),
        (Type::Named(class), Value::Map(map)) => {
            let fields = match types.get(class) {
                Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => fields.as_slice(),
                _ => &[],
            };
            let of = |name: &str| fields.iter().find(|field| field.name == name).map(|field| &field.ty);
            return entries(map, of, types);
        }
        (Type::Union(_) | Type::Any, Value::List(items)) => {
            let items = items.iter().map(|value| to_json(value, &Type::Any, types));
            return Ok(Json::Array(items.collect::<Result<_, _>>()?));
        }
        (Type::Union(_) | Type::Any, Value::Map(map)) => return entries(map, |_| None, types),
        (_, value) => Some(value.to_json()),
    };
    let json = json.unwrap_or(Json::Null);
    // Times and the like came through their own types; what an `any` gave is looked at here.
    let checked = matches!(ty, Type::Any) || matches!(value, Value::Optional(_) | Value::Type(_));
    if checked {
        return Ok(json);
    }
    from_json(&json, ty, types).map(|_| json)
}

fn entries<'t>(map: &Map, of: impl Fn(&str) -> Option<&'t Type>, types: &TypeTable) -> Result<Json, String> {
    let mut object = serde_json::Map::new();
    for (key, value) in map.iter() {
        let Value::String(name) = key else {
            return Err(format!("a key is a string, but this is a {}", key.type_name()));
        };
        let ty = of(name).unwrap_or(&Type::Any);
        object.insert(name.to_string(), to_json(value, ty, types)?);
    }
    Ok(Json::Object(object))
}

/// As a runtime writes it: with the offset that the value has, and six decimals or none.
fn iso(moment: Moment) -> String {
    let offset = moment.offset.unwrap_or(0);
    let at = time::civil(moment.nanos, i64::from(offset));
    let micros = at.nanosecond / 1000;
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.unsigned_abs() / 3600, offset.unsigned_abs() / 60 % 60);
    let zone = match moment.offset {
        None => String::new(),
        Some(_) => format!("{sign}{hours:02}:{minutes:02}"),
    };
    format!("{}{fraction}{zone}", time::clock_text(&at))
}
