//! Writes `_codecs.ts`: one function for each type and direction that the journal or another process needs.
//!
//! It knows the wire form of types (docs/types.md) and no workflow.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::{EnumBase, Field, Type, TypeDef, TypeName};

use super::file::File;
use super::names::{Names, is_identifier};
use super::package::Package;
use super::tree::{Function, Item, Module, Operator, Param, Property, Stmt, Ts, Ty};
use super::types::has_record;
use super::union;
use crate::EmitError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    Encode,
    Decode,
}

impl Way {
    pub fn verb(self) -> &'static str {
        match self {
            Way::Encode => "encode",
            Way::Decode => "decode",
        }
    }
}

/// A codec to be written: the workflow matters only where a record's name does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    pub slug: String,
    pub way: Way,
    pub workflow: String,
    pub ty: Type,
}

/// The set in which codecs are asked for.
pub type WantedSet = BTreeSet<Wanted>;

impl Wanted {
    pub fn new(package: &Package, way: Way, workflow: &str, ty: &Type) -> Wanted {
        let slug = package.types.slug(workflow, ty);
        let workflow = if has_record(ty) { workflow } else { "" };
        Wanted { slug, way, workflow: workflow.to_owned(), ty: ty.clone() }
    }
}

/// The module, or `None` where nobody needs one. Writing a codec may ask for further ones.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let mut file = File::new(package, "", Names::reserving(&["value", "data", "item", "scalars"]));
    file.holds_codecs = true;
    let mut done: BTreeMap<Wanted, Function> = BTreeMap::new();
    loop {
        let missing: Vec<Wanted> =
            package.newly_wanted().into_iter().filter(|codec| !done.contains_key(codec)).collect();
        if missing.is_empty() {
            break;
        }
        for codec in missing {
            file.workflow.clone_from(&codec.workflow);
            let function = function(&mut file, &codec)?;
            done.insert(codec, function);
        }
    }
    if done.is_empty() {
        return Ok(None);
    }
    let items = done.into_values().map(Item::Function).collect();
    Ok(Some(file.module(items)))
}

fn function(file: &mut File, codec: &Wanted) -> Result<Function, EmitError> {
    let ty = file.ty(&codec.ty);
    let unknown = Ty::name("unknown");
    let (body, given, returns, doc) = match codec.way {
        Way::Encode => (encode(file, &codec.ty)?, given(&codec.ty, ty), unknown, "as JSON"),
        Way::Decode => (decode(file, &codec.ty)?, unknown, ty, "from JSON, made anew"),
    };
    Ok(Function {
        exported: true,
        is_async: false,
        name: format!("{}{}", codec.way.verb(), codec.slug),
        params: vec![Param::typed("value", given)],
        returns,
        doc: format!("`{}` {doc}.", codec.ty),
        body,
    })
}

/// What an encoder takes: undefined is null.
fn given(ty: &Type, spelled: Ty) -> Ty {
    match ty {
        Type::Optional(_) => Ty::Union(vec![spelled, Ty::name("undefined")]),
        _ => spelled,
    }
}

pub fn value() -> Ts {
    Ts::name("value")
}

fn encode(file: &mut File, ty: &Type) -> Result<Vec<Stmt>, EmitError> {
    let result = match ty {
        Type::List(item) => of_items(file, "encodeList", Way::Encode, item),
        Type::Map(item) => of_items(file, "encodeMap", Way::Encode, item),
        Type::Optional(inner) => of_items(file, "encodeOptional", Way::Encode, inner),
        Type::Record(fields) => {
            let check = checked(file, &ty.to_string());
            let pairs = fields
                .iter()
                .map(|(name, ty)| {
                    Property::Value(name.clone(), coded_field(file, Way::Encode, ty, value(), name))
                })
                .collect();
            return Ok(vec![check, Stmt::Return(Some(Ts::Object(pairs)))]);
        }
        Type::Union(members) => return union::encode(file, members),
        Type::Named(name) => return encode_named(file, name),
        _ => file.coded(Way::Encode, ty, value()),
    };
    Ok(vec![Stmt::Return(Some(result))])
}

fn decode(file: &mut File, ty: &Type) -> Result<Vec<Stmt>, EmitError> {
    let result = match ty {
        Type::List(item) => of_items(file, "decodeList", Way::Decode, item),
        Type::Map(item) => of_items(file, "decodeMap", Way::Decode, item),
        Type::Optional(inner) => of_items(file, "decodeOptional", Way::Decode, inner),
        Type::Record(fields) => {
            let required: Vec<&str> = fields.keys().map(String::as_str).collect();
            let data = Ts::name("data");
            let pairs: Vec<Property> = fields
                .iter()
                .map(|(name, ty)| {
                    Property::Value(name.clone(), coded_field(file, Way::Decode, ty, data.clone(), name))
                })
                .collect();
            return Ok(read_fields(file, &required, &[], pairs));
        }
        Type::Union(members) => return union::decode(file, members),
        Type::Named(name) => return decode_named(file, name),
        _ => file.coded(Way::Decode, ty, value()),
    };
    Ok(vec![Stmt::Return(Some(result))])
}

/// `helper(value, codecOfItem)`.
fn of_items(file: &mut File, helper: &str, way: Way, item: &Type) -> Ts {
    let helper = file.scalar(helper);
    let codec = if *item == Type::Null { Ts::arrow(&[], Ts::null()) } else { file.codec(way, item) };
    helper.called(vec![value(), codec])
}

/// `of["name"]`, of what has no fields by name.
pub fn entry(of: Ts, name: &str) -> Ts {
    Ts::Index(Box::new(of), Box::new(Ts::string(name)))
}

/// `of.name`, or `of["na-me"]`.
pub fn property(of: Ts, name: &str) -> Ts {
    if is_identifier(name) { of.member(name) } else { Ts::Index(Box::new(of), Box::new(Ts::string(name))) }
}

fn coded_field(file: &mut File, way: Way, ty: &Type, of: Ts, name: &str) -> Ts {
    file.coded(way, ty, property(of, name))
}

/// Values of the wrong kind are told from the field that they lack: code without types may give anything.
fn checked(file: &mut File, what: &str) -> Stmt {
    let check = file.scalar("checkObject");
    Stmt::Expr(check.called(vec![value(), Ts::string(what)]))
}

fn encode_named(file: &mut File, name: &TypeName) -> Result<Vec<Stmt>, EmitError> {
    match file.package.types.def(name) {
        Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
            let check = checked(file, &name.name);
            let mut pairs = Vec::new();
            for field in fields {
                let of = property(value(), field.attribute());
                let is_ours = file.package.types.described_name(name).is_some();
                let encoded = encoded_field(file, field, of, is_ours)?;
                pairs.push(encoded);
            }
            Ok(vec![check, Stmt::Return(Some(Ts::Object(pairs)))])
        }
        Some(TypeDef::Enum { .. }) => Ok(vec![Stmt::Return(Some(enumerated(file, name)))]),
        Some(TypeDef::Opaque) | None => Err(EmitError::Opaque { class: name.to_string() }),
    }
}

/// The field encoded or decoded, as the code says its type.
fn native_field(file: &mut File, way: Way, field: &Field, ty: &Type, of: Ts) -> Result<Ts, EmitError> {
    if !field.native.as_deref().is_some_and(|native| native.contains("bigint")) {
        return Ok(file.coded(way, ty, of));
    }
    let codec = file.scalar(&format!("{}BigInt", way.verb()));
    match ty {
        Type::Int => Ok(codec.called(vec![of])),
        Type::Optional(inner) if **inner == Type::Int => {
            Ok(file.scalar(&format!("{}Optional", way.verb())).called(vec![of, codec]))
        }
        Type::List(item) if **item == Type::Int => {
            Ok(file.scalar(&format!("{}List", way.verb())).called(vec![of, codec]))
        }
        _ => Err(EmitError::Unsupported { what: format!("`bigint` inside of the field `{}`", field.name) }),
    }
}

/// A field that may be absent is left out where it is.
fn encoded_field(file: &mut File, field: &Field, of: Ts, is_ours: bool) -> Result<Property, EmitError> {
    let keeps_null = keeps_null(field, is_ours);
    let inner = if field.required || keeps_null { &field.ty } else { field.ty.non_null() };
    let encoded = native_field(file, Way::Encode, field, inner, of.clone())?;
    if field.required {
        return Ok(Property::Value(field.name.clone(), encoded));
    }
    Ok(spread_unless_absent(file, of, &field.name, encoded, keeps_null))
}

/// Whether null is not as if it were not there: to the language of a class that the generated code defines it need not be
/// the default.
fn keeps_null(field: &Field, is_ours: bool) -> bool {
    is_ours && !field.required && field.ty.is_nullable()
}

/// `...(of === undefined ? {} : { name: coded })`; null and undefined are one.
fn spread_unless_absent(file: &mut File, of: Ts, name: &str, coded: Ts, keeps_null: bool) -> Property {
    let test = if keeps_null {
        Ts::binary(Operator::Equal, of, Ts::name("undefined"))
    } else {
        file.scalar("isAbsent").called(vec![of])
    };
    Property::Spread(Ts::conditional(
        test,
        Ts::Object(Vec::new()),
        Ts::Object(vec![Property::Value(name.to_owned(), coded)]),
    ))
}

fn decode_named(file: &mut File, name: &TypeName) -> Result<Vec<Stmt>, EmitError> {
    match file.package.types.def(name) {
        Some(TypeDef::Class { fields }) => decode_class(file, name, fields),
        Some(TypeDef::TypedDict { fields }) => {
            let pairs = decoded_fields(file, name, fields)?;
            Ok(read_fields(file, &names_of(fields, true), &names_of(fields, false), pairs))
        }
        Some(TypeDef::Enum { .. }) => Ok(vec![Stmt::Return(Some(enumerated(file, name)))]),
        Some(TypeDef::Opaque) | None => Err(EmitError::Opaque { class: name.to_string() }),
    }
}

fn names_of(fields: &[Field], required: bool) -> Vec<&str> {
    fields.iter().filter(|field| field.required == required).map(|field| field.name.as_str()).collect()
}

fn decoded_fields(file: &mut File, name: &TypeName, fields: &[Field]) -> Result<Vec<Property>, EmitError> {
    let is_ours = file.package.types.described_name(name).is_some();
    let mut pairs = Vec::new();
    for field in fields {
        let of = property(Ts::name("data"), &field.name);
        let keeps_null = keeps_null(field, is_ours);
        let inner = if field.required || keeps_null { &field.ty } else { field.ty.non_null() };
        let mut decoded = native_field(file, Way::Decode, field, inner, of.clone())?;
        let native = field.native.as_deref().unwrap_or_default();
        if native.contains("undefined") && inner.is_nullable() {
            decoded = decoded.or_else(Ts::name("undefined"));
        }
        if native.contains("literal") && !is_ours {
            let class = file.class(name);
            decoded = Ts::As(Box::new(decoded), field_of(&class, field.attribute()));
        }
        pairs.push(if field.required {
            Property::Value(field.attribute().to_owned(), decoded)
        } else {
            spread_unless_absent(file, of, field.attribute(), decoded, keeps_null)
        });
    }
    Ok(pairs)
}

/// `User["tier"]`: only some values of its type, which were looked at when they were recorded.
fn field_of(class: &Ty, attribute: &str) -> Ty {
    match class {
        Ty::Name(class) => Ty::Name(format!("{class}[{}]", super::literal::string(attribute))),
        other => other.clone(),
    }
}

/// An object of the class with the fields that were recorded. Its constructor takes nothing, or the fields in their order.
fn decode_class(file: &mut File, name: &TypeName, fields: &[Field]) -> Result<Vec<Stmt>, EmitError> {
    let pairs = decoded_fields(file, name, fields)?;
    let class = match file.package.types.described_name(name) {
        // What another language describes is an interface here.
        Some(_) => return Ok(read_fields(file, &names_of(fields, true), &names_of(fields, false), pairs)),
        None => file.user(&name.module, &name.name),
    };
    let restored = file.scalar("restored");
    let mut body = read_fields(file, &names_of(fields, true), &names_of(fields, false), pairs);
    if let Some(Stmt::Return(Some(made))) = body.pop() {
        body.push(Stmt::Return(Some(restored.called(vec![class, made]))));
    }
    Ok(body)
}

/// `const data = decodeObject(value, ["id"], ["name"]); return { ... };`
fn read_fields(file: &mut File, required: &[&str], optional: &[&str], pairs: Vec<Property>) -> Vec<Stmt> {
    let list = |names: &[&str]| Ts::Array(names.iter().map(|name| Ts::string(*name)).collect());
    let mut args = vec![value(), list(required)];
    if !optional.is_empty() {
        args.push(list(optional));
    }
    let read = file.scalar("decodeObject").called(args);
    // A null is not read.
    let is_read = pairs.iter().any(|pair| !matches!(pair, Property::Value(_, Ts::Literal(_))));
    let head = if is_read { Stmt::constant("data", read) } else { Stmt::Expr(read) };
    vec![head, Stmt::Return(Some(Ts::Object(pairs)))]
}

/// The value where it is one of the enumeration's.
fn enumerated(file: &mut File, name: &TypeName) -> Ts {
    let Some(TypeDef::Enum { base, members }) = file.package.types.def(name) else { return value() };
    let values = members
        .iter()
        .map(|member| match (base, &member.value) {
            (EnumBase::String, serde_json::Value::String(text)) => Ts::string(text.clone()),
            (_, other) => Ts::number(other),
        })
        .collect();
    let is_described = file.package.types.described_name(name).is_some();
    let known = if is_described {
        Ts::Array(values)
    } else {
        // The members themselves, so that a value that is gone from the code breaks the build.
        let members = members.iter().map(|member| {
            let of = file.user(&name.module, &name.name);
            property(of, &member.name)
        });
        Ts::Array(members.collect())
    };
    file.scalar("oneOf").called(vec![value(), known, Ts::string(name.name.clone())])
}
