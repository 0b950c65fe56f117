//! What two schemas say differently of one method, and whether calls that rest on the first still hold.
//!
//! It does not know who calls.

use std::collections::BTreeSet;

use prost_reflect::{
    Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor,
};

use super::outline;
use super::readable::level;
use super::schema::Schema;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// One clause: "the type of `CheckRequest.user_id` is int64, was string".
    pub text: String,
    /// Whether calls that were right may be wrong now.
    pub breaking: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

/// The changes of a method by its full name, in the order of the messages; nothing where it is as it was.
#[must_use]
pub fn changes(old: &Schema, new: &Schema, method: &str) -> Vec<Change> {
    let Some(before) = old.method(method) else { return Vec::new() };
    let Some(after) = new.offered(method) else {
        return vec![breaking(format!("the method `{method}` is gone"))];
    };
    let mut found = Vec::new();
    if streams(&after) != streams(&before) {
        found.push(breaking(format!("the method `{method}` streams now")));
    }
    if level(&before) != level(&after) {
        let said = |method: &MethodDescriptor| level(method).unwrap_or_else(|| "not said".to_owned());
        let (is, was) = (said(&after), said(&before));
        found.push(compatible(format!("the idempotency_level of `{method}` is {is}, was {was}")));
    }
    for (side, word, before, after) in [
        (Side::Request, "request", before.input(), after.input()),
        (Side::Response, "response", before.output(), after.output()),
    ] {
        if before.full_name() != after.full_name() {
            let (is, was) = (after.full_name(), before.full_name());
            found.push(compatible(format!("the {word} of `{method}` is a {is}, was a {was}")));
        }
        messages(side, before, after, &mut found);
    }
    let mut seen = BTreeSet::new();
    found.retain(|change| seen.insert(change.clone()));
    found
}

fn breaking(text: String) -> Change {
    Change { text, breaking: true }
}

fn compatible(text: String) -> Change {
    Change { text, breaking: false }
}

fn streams(method: &MethodDescriptor) -> (bool, bool) {
    (method.is_client_streaming(), method.is_server_streaming())
}

/// Compares two messages and all that they lead to.
fn messages(side: Side, before: MessageDescriptor, after: MessageDescriptor, found: &mut Vec<Change>) {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut pending = vec![(before, after)];
    while let Some((before, after)) = pending.pop() {
        if !seen.insert(before.full_name().to_owned()) {
            continue;
        }
        for old in before.fields() {
            let name = format!("`{}.{}`", before.name(), old.name());
            match after.get_field_by_name(old.name()) {
                None => found.push(breaking(format!("the field {name} ({}) is gone", ty(&old)))),
                Some(new) => field(&name, &old, &new, found, &mut pending),
            }
        }
        for new in after.fields().filter(|new| before.get_field_by_name(new.name()).is_none()) {
            let text = format!("the field `{}.{}` ({}) is new", after.name(), new.name(), ty(&new));
            let wanted = side == Side::Request
                && !new.supports_presence()
                && new.cardinality() != Cardinality::Repeated
                || new.is_required();
            found.push(match wanted {
                true => breaking(format!("{text} and wants a value")),
                false => compatible(text),
            });
        }
    }
}

fn field(
    name: &str,
    old: &FieldDescriptor,
    new: &FieldDescriptor,
    found: &mut Vec<Change>,
    pending: &mut Vec<(MessageDescriptor, MessageDescriptor)>,
) {
    let (is, was) = (ty(new), ty(old));
    if is != was {
        found.push(breaking(format!("the type of {name} is {is}, was {was}")));
        return;
    }
    if new.number() != old.number() {
        found.push(breaking(format!("the number of {name} is {}, was {}", new.number(), old.number())));
    }
    if new.supports_presence() != old.supports_presence() {
        let text = if new.supports_presence() { "may be absent now" } else { "is never absent now" };
        found.push(breaking(format!("the field {name} {text}")));
    }
    match (value(old), value(new)) {
        (Kind::Message(before), Kind::Message(after)) => pending.push((before, after)),
        (Kind::Enum(before), Kind::Enum(after)) => enums(&before, &after, found),
        _ => {}
    }
}

/// What a field holds, or the values of a map.
fn value(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) if entry.is_map_entry() => entry.map_entry_value_field().kind(),
        kind => kind,
    }
}

fn enums(before: &EnumDescriptor, after: &EnumDescriptor, found: &mut Vec<Change>) {
    for old in before.values() {
        let name = format!("`{}.{}`", before.name(), old.name());
        match after.get_value_by_name(old.name()) {
            None => found.push(breaking(format!("the value {name} is gone"))),
            Some(new) if new.number() != old.number() => found.push(breaking(format!(
                "the number of {name} is {}, was {}",
                new.number(),
                old.number()
            ))),
            Some(_) => {}
        }
    }
    for new in after.values().filter(|new| before.get_value_by_name(new.name()).is_none()) {
        found.push(compatible(format!("the value `{}.{}` is new", after.name(), new.name())));
    }
}

/// The type as a `.proto` says it.
fn ty(field: &FieldDescriptor) -> String {
    outline::field_type(field.field_descriptor_proto(), field.parent_message().descriptor_proto())
}
