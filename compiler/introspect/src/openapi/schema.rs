//! Schemas to types. Objects and enumerations get names, so that what refers to itself is a type like any other.
//!
//! It knows no operations.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};
use conductor_source::Span;

use super::documents::{At, Documents, Identity, Stop};
use super::names::{identifier, pascal, unique};
use super::union;
use crate::document::{Kind, Node};

/// How many schemas are read for the sake of one API.
const MAX_SCHEMAS: usize = 100_000;
/// How many types they may become: who follows types from one to the next is as deep as their chain.
const MAX_TYPES: usize = 2_000;
/// How many schemas that are no objects may stand in each other.
const MAX_DEPTH: usize = 64;

/// The types of one API, as far as its operations need them.
#[derive(Debug)]
pub struct Schemas {
    /// `http:` and the id of the resource.
    module: String,
    pub table: TypeTable,
    pub spans: BTreeMap<TypeName, Span>,
    taken: BTreeSet<String>,
    names: BTreeMap<Identity, TypeName>,
    /// What a `$ref` stands for.
    known: BTreeMap<Identity, Type>,
    /// The `$ref`s that are being read, the outermost first.
    reading: Vec<Identity>,
    /// Objects whose fields are not read yet.
    waiting: VecDeque<Waiting>,
    read: usize,
}

#[derive(Debug)]
struct Waiting {
    name: TypeName,
    fields: Vec<Property>,
}

/// A property, by where it stands.
#[derive(Debug, Clone)]
pub struct Property {
    pub name: String,
    /// The file, and the pointer to the schema.
    pub file: String,
    /// A copy, because an object may be made of several schemas in several files.
    pub node: Node,
    pub required: bool,
}

impl Schemas {
    pub fn new(resource: &str) -> Schemas {
        Schemas {
            module: format!("http:{resource}"),
            table: TypeTable::new(),
            spans: BTreeMap::new(),
            taken: BTreeSet::new(),
            names: BTreeMap::new(),
            known: BTreeMap::new(),
            reading: Vec::new(),
            waiting: VecDeque::new(),
            read: 0,
        }
    }

    /// The type of a schema; `hint` is the name it gets where it needs one and has none.
    pub fn ty(&mut self, documents: &Documents, at: At<'_>, hint: &str) -> Result<Type, Stop> {
        let ty = self.inner(documents, at, hint)?;
        while let Some(Waiting { name, fields }) = self.waiting.pop_front() {
            let mut read = Vec::new();
            for property in &fields {
                let at = At { file: &property.file, node: &property.node };
                let hint = format!("{}{}", name.name, pascal(&property.name));
                read.push(Field {
                    name: property.name.clone(),
                    attribute: None,
                    keyword: None,
                    ty: self.inner(documents, at, &hint)?,
                    // What is sent and never shown is missing in answers.
                    required: property.required && !property.node.is_true_at("writeOnly"),
                    init: true,
                    native: None,
                });
            }
            self.table.insert(name, TypeDef::TypedDict { fields: read });
        }
        Ok(ty)
    }

    fn inner(&mut self, documents: &Documents, at: At<'_>, hint: &str) -> Result<Type, Stop> {
        self.read += 1;
        if self.read > MAX_SCHEMAS {
            return Err(at.problem(format!("it needs more than {MAX_SCHEMAS} schemas")));
        }
        if self.taken.len() > MAX_TYPES {
            return Err(at.problem(format!("it needs more than {MAX_TYPES} types")));
        }
        if self.reading.len() > MAX_DEPTH {
            return Err(at.problem(format!("its schemas stand in each other more than {MAX_DEPTH} times")));
        }
        let Some((target, identity)) = documents.step(at)? else {
            return self.written(documents, at, hint, None);
        };
        let nullable = at.node.is_true_at("nullable");
        let ty = if let Some(known) = self.known.get(&identity) {
            known.clone()
        } else if self.reading.contains(&identity) {
            // It contains itself through no object, which no type can say.
            Type::Any
        } else {
            let name = identity.1.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(hint);
            let name = identifier(&name.replace("~1", "/").replace("~0", "~"));
            self.reading.push(identity.clone());
            let ty = self.written(documents, target, &name, Some(&identity));
            self.reading.pop();
            let ty = ty?;
            self.known.insert(identity, ty.clone());
            ty
        };
        Ok(if nullable { Type::optional(ty) } else { ty })
    }

    /// The type of a schema that is written out.
    fn written(
        &mut self,
        documents: &Documents,
        at: At<'_>,
        hint: &str,
        identity: Option<&Identity>,
    ) -> Result<Type, Stop> {
        if at.node.text_at("$ref").is_some() {
            return self.inner(documents, at, hint);
        }
        let Some(map) = at.node.map() else { return Ok(Type::Any) };
        let types = types(at.node);
        let values = at.node.list_at("enum");
        let nullable = at.node.is_true_at("nullable")
            || types.contains(&"null")
            || values.iter().any(|value| value.kind == Kind::Null);
        let ty = if !values.is_empty() {
            self.enumeration(documents, at, hint, identity)
        } else if let Some(constant) = map.get("const") {
            of_value(constant)
        } else if map.get("allOf").is_some() || map.get("properties").is_some() {
            self.composed(documents, at, hint, identity)?
        } else if let Some(members) = ["oneOf", "anyOf"].iter().find_map(|key| at.get(key)) {
            self.union(documents, members, hint)?
        } else {
            let mut members = Vec::new();
            for ty in types.iter().filter(|ty| **ty != "null") {
                members.push(self.simple(documents, at, ty, hint)?);
            }
            match members.is_empty() {
                true if types.contains(&"null") => Type::Null,
                true if map.get("items").is_some() => self.simple(documents, at, "array", hint)?,
                true if map.get("additionalProperties").is_some() => {
                    self.simple(documents, at, "object", hint)?
                }
                true => Type::Any,
                false => union::joined(members),
            }
        };
        Ok(if nullable { Type::optional(ty) } else { ty })
    }

    fn union(&mut self, documents: &Documents, members: At<'_>, hint: &str) -> Result<Type, Stop> {
        let items = members.node.list().unwrap_or_default();
        let mut joined = Vec::new();
        // Inline members are nested as schemas behind a `$ref` are.
        self.reading.push((members.file.to_owned(), format!("{:?}", members.node.place)));
        for (index, item) in items.iter().enumerate() {
            let hint = format!("{hint}{}", index + 1);
            match self.inner(documents, members.with(item), &hint) {
                Ok(ty) => joined.push(ty),
                Err(stop) => {
                    self.reading.pop();
                    return Err(stop);
                }
            }
        }
        self.reading.pop();
        Ok(union::joined(joined))
    }

    fn simple(&mut self, documents: &Documents, at: At<'_>, ty: &str, hint: &str) -> Result<Type, Stop> {
        let format = at.node.text_at("format").unwrap_or("");
        Ok(match ty {
            "string" => text(format, at.node.text_at("contentEncoding").unwrap_or("")),
            "integer" => Type::Int,
            "number" => Type::Float,
            "boolean" => Type::Bool,
            "array" => {
                let item = match (at.get("items"), at.get("prefixItems")) {
                    (_, Some(places)) => self.union(documents, places, &format!("{hint}Item"))?,
                    (Some(items), None) => self.inner(documents, items, &format!("{hint}Item"))?,
                    (None, None) => Type::Any,
                };
                Type::List(Box::new(item))
            }
            "object" => {
                let values = at.get("additionalProperties").or_else(|| {
                    // The first of them stands for all, as long as they are not told apart by name.
                    let patterns = at.get("patternProperties")?;
                    let [only] = patterns.node.map()?.entries() else { return None };
                    Some(at.with(&only.value))
                });
                let value = match values.filter(|values| values.node.map().is_some()) {
                    Some(values) => self.inner(documents, values, &format!("{hint}Value"))?,
                    None => Type::Any,
                };
                Type::Map(Box::new(value))
            }
            _ => Type::Any,
        })
    }

    /// An object with properties, or what all schemas of `allOf` are together.
    fn composed(
        &mut self,
        documents: &Documents,
        at: At<'_>,
        hint: &str,
        identity: Option<&Identity>,
    ) -> Result<Type, Stop> {
        let parts = at.node.list_at("allOf");
        let own = ["properties", "oneOf", "anyOf", "type"].iter().any(|key| at.node.get(key).is_some());
        // `allOf` with one schema is how OpenAPI 3.0 writes something beside a `$ref`.
        if let ([only], false) = (parts, own) {
            return self.inner(documents, at.with(only), hint);
        }
        if let Some(fields) = properties(documents, at)? {
            return Ok(self.object(documents, at, fields, hint, identity));
        }
        for part in parts {
            let ty = self.inner(documents, at.with(part), hint)?;
            if ty != Type::Any && !matches!(ty, Type::Named(_) | Type::Map(_)) {
                return Ok(ty);
            }
        }
        Ok(Type::Any)
    }

    fn object(
        &mut self,
        documents: &Documents,
        at: At<'_>,
        fields: Vec<Property>,
        hint: &str,
        identity: Option<&Identity>,
    ) -> Type {
        let (name, is_new) = self.name(documents, at, hint, identity);
        if is_new {
            self.waiting.push_back(Waiting { name: name.clone(), fields });
        }
        Type::Named(name)
    }

    fn enumeration(
        &mut self,
        documents: &Documents,
        at: At<'_>,
        hint: &str,
        identity: Option<&Identity>,
    ) -> Type {
        let values: Vec<&Node> =
            at.node.list_at("enum").iter().filter(|value| value.kind != Kind::Null).collect();
        let texts = values.iter().all(|value| value.text().is_some());
        let whole = |value: &&Node| matches!(&value.kind, Kind::Number(text) if text.parse::<i64>().is_ok());
        if values.len() < 2 || !(texts || values.iter().all(whole)) {
            return union::joined(values.into_iter().map(of_value).collect());
        }
        let (name, is_new) = self.name(documents, at, hint, identity);
        if is_new {
            let mut taken = BTreeSet::new();
            let mut seen = BTreeSet::new();
            let members = values.iter().filter(|value| seen.insert(value.spelling())).map(|value| {
                let spelled = identifier(value.spelling().unwrap_or_default());
                EnumMember { name: unique(&mut taken, &spelled.to_uppercase()), value: value.json() }
            });
            let base = if texts { EnumBase::String } else { EnumBase::Int };
            self.table.insert(name.clone(), TypeDef::Enum { base, members: members.collect() });
        }
        Type::Named(name)
    }

    /// The name of what stands there, and whether it is new.
    fn name(
        &mut self,
        documents: &Documents,
        at: At<'_>,
        hint: &str,
        identity: Option<&Identity>,
    ) -> (TypeName, bool) {
        if let Some(known) = identity.and_then(|identity| self.names.get(identity)) {
            return (known.clone(), false);
        }
        let name = TypeName { module: self.module.clone(), name: unique(&mut self.taken, &identifier(hint)) };
        if let Some(identity) = identity {
            self.names.insert(identity.clone(), name.clone());
        }
        if let Some(span) = documents.span(at.file, at.node.place) {
            self.spans.insert(name.clone(), span);
        }
        (name, true)
    }
}

/// The words under `type`, one or several.
fn types(node: &Node) -> Vec<&str> {
    match node.get("type").map(|ty| &ty.kind) {
        Some(Kind::Text(ty)) => vec![ty],
        Some(Kind::List(several)) => several.iter().filter_map(Node::text).collect(),
        _ => Vec::new(),
    }
}

fn text(format: &str, encoding: &str) -> Type {
    match (format, encoding) {
        ("date-time", _) => Type::Timestamp,
        ("date", _) => Type::Date,
        ("uuid", _) => Type::Uuid,
        ("decimal", _) => Type::Decimal,
        ("byte", _) | (_, "base64") => Type::Bytes,
        _ => Type::String,
    }
}

fn of_value(value: &Node) -> Type {
    match &value.kind {
        Kind::Null => Type::Null,
        Kind::Bool(_) => Type::Bool,
        Kind::Number(text) if text.parse::<i64>().is_ok() => Type::Int,
        Kind::Number(_) => Type::Float,
        Kind::Text(_) => Type::String,
        Kind::List(_) => Type::List(Box::new(Type::Any)),
        Kind::Map(_) => Type::Map(Box::new(Type::Any)),
    }
}

/// The properties of an object, with those of all schemas under `allOf`; `None` where it is none with known properties,
/// or may have others that a union of objects brings.
pub fn properties(documents: &Documents, at: At<'_>) -> Result<Option<Vec<Property>>, Stop> {
    let mut gathered = Gathered::default();
    let complete = gathered.add(documents, at, 0)?;
    let Gathered { mut fields, required, .. } = gathered;
    for field in &mut fields {
        field.required |= required.contains(&field.name);
    }
    Ok((complete && !fields.is_empty()).then_some(fields))
}

#[derive(Default)]
struct Gathered {
    fields: Vec<Property>,
    names: BTreeSet<String>,
    required: BTreeSet<String>,
    parts: usize,
}

impl Gathered {
    /// Whether all that is there are properties.
    fn add(&mut self, documents: &Documents, at: At<'_>, depth: usize) -> Result<bool, Stop> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_SCHEMAS {
            return Err(at.problem("its `allOf`s lead in a circle, or nest too deep"));
        }
        let (at, _) = documents.follow(at)?;
        for name in at.node.list_at("required").iter().filter_map(Node::text) {
            self.required.insert(name.to_owned());
        }
        for entry in at.node.entries_at("properties") {
            if self.names.insert(entry.key.clone()) {
                self.fields.push(Property {
                    name: entry.key.clone(),
                    file: at.file.to_owned(),
                    node: entry.value.clone(),
                    required: false,
                });
            }
        }
        let mut complete = !["oneOf", "anyOf"].iter().any(|key| {
            // Alternatives that only say which properties are required bring none.
            at.node.list_at(key).iter().any(|member| {
                ["$ref", "properties", "allOf", "oneOf", "anyOf"].iter().any(|key| member.get(key).is_some())
            })
        });
        for part in at.node.list_at("allOf") {
            complete &= self.add(documents, at.with(part), depth + 1)?;
        }
        Ok(complete)
    }
}
