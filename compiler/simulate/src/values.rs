//! Values made up by type, where a simulation needs a result and nobody gave one.
//!
//! It knows types, not what a value is for.

use conductor_protocol::types::{Type, TypeDef, TypeTable};
use serde_json::{Map, Value as Json};

use crate::random::Random;

/// How deep a made-up value goes; below, what may be null or empty is.
const DEPTH: usize = 6;

/// How long made-up lists and maps are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    pub list: usize,
    pub map: usize,
}

impl Default for Lengths {
    fn default() -> Lengths {
        Lengths { list: 3, map: 2 }
    }
}

/// A value of the type: small, sensible, and the same for the same numbers. Optional values are there: nine times in
/// ten, so that both ways are gone.
#[must_use]
pub fn synthesise(ty: &Type, types: &TypeTable, lengths: Lengths, random: &mut Random) -> Json {
    value(ty, types, lengths, random, DEPTH)
}

fn value(ty: &Type, types: &TypeTable, lengths: Lengths, random: &mut Random, depth: usize) -> Json {
    match ty {
        Type::Null | Type::Any => Json::Null,
        Type::Bool => Json::Bool(random.below(2) == 1),
        Type::Int => Json::from(1 + random.below(100)),
        Type::Float => Json::from(1.0 + hundredths(random)),
        Type::Decimal => Json::from(format!("{}.{:02}", 1 + random.below(100), random.below(100))),
        Type::String => Json::from(format!("text-{}", random.below(1000))),
        Type::Bytes => Json::from("AAEC"),
        Type::Timestamp => Json::from(format!("2026-01-01T00:{:02}:00+00:00", random.below(60))),
        Type::Date => Json::from(format!("2026-01-{:02}", 1 + random.below(28))),
        Type::Duration => Json::from(format!("{}s", 1 + random.below(10))),
        Type::Uuid => Json::from(format!("00000000-0000-4000-8000-{:012x}", random.below(1 << 40))),
        Type::List(_) | Type::Map(_) | Type::Optional(_) if depth == 0 => match ty {
            Type::List(_) => Json::Array(Vec::new()),
            Type::Map(_) => Json::Object(Map::new()),
            _ => Json::Null,
        },
        Type::List(item) => {
            (0..lengths.list).map(|_| value(item, types, lengths, random, depth - 1)).collect()
        }
        Type::Map(item) => (0..lengths.map)
            .map(|index| (format!("key{index}"), value(item, types, lengths, random, depth - 1)))
            .collect::<Map<_, _>>()
            .into(),
        Type::Record(fields) => fields
            .iter()
            .map(|(name, ty)| (name.clone(), value(ty, types, lengths, random, depth.saturating_sub(1))))
            .collect::<Map<_, _>>()
            .into(),
        Type::Optional(inner) => {
            if random.below(10) == 0 {
                return Json::Null;
            }
            value(inner, types, lengths, random, depth - 1)
        }
        Type::Union(members) => {
            let drawn = random.below(members.len() as u64);
            let member = usize::try_from(drawn).ok().and_then(|index| members.get(index));
            member.map_or(Json::Null, |member| value(member, types, lengths, random, depth.saturating_sub(1)))
        }
        Type::Named(name) => match types.get(name) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                let needed = fields.iter().filter(|field| depth > 0 || field.required);
                // A class that must hold itself has no value; its fields end at some depth, whatever they are.
                let deeper = depth.checked_sub(1);
                needed
                    .filter_map(|field| {
                        let depth = deeper?;
                        Some((field.name.clone(), value(&field.ty, types, lengths, random, depth)))
                    })
                    .collect::<Map<_, _>>()
                    .into()
            }
            Some(TypeDef::Enum { members, .. }) => {
                let drawn = random.below(members.len() as u64);
                let member = usize::try_from(drawn).ok().and_then(|index| members.get(index));
                member.map_or(Json::Null, |member| member.value.clone())
            }
            Some(TypeDef::Opaque) | None => Json::Object(Map::new()),
        },
    }
}

#[expect(clippy::cast_precision_loss, reason = "below a hundred")]
fn hundredths(random: &mut Random) -> f64 {
    random.below(100) as f64 / 100.0
}
