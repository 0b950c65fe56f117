//! Writes `codecs.go`: one function for each type and direction that the workflows need.
//!
//! It knows the wire form of types (docs/types.md) and no workflow.

use conductor_protocol::types::{EnumBase, Field, Type, TypeDef, TypeName};

use super::convert;
use super::file::File;
use super::names::exported;
use super::package::Package;
use super::spelling::Spelling;
use super::tree::{Decl, Function, Go, Operator, Stmt};
use super::types::is_nilable;
use super::union;
use crate::EmitError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To JSON.
    Encode,
    /// From JSON, made anew.
    Decode,
    /// A deep copy.
    Copy,
    /// To what expressions of unknown type work on.
    Box,
}

impl Way {
    fn verb(self) -> &'static str {
        match self {
            Way::Encode => "encode",
            Way::Decode => "decode",
            Way::Copy => "copy",
            Way::Box => "box",
        }
    }

    /// What comes before the value.
    fn context(self) -> Option<(&'static str, &'static str)> {
        match self {
            Way::Encode => Some(("e", "Encoder")),
            Way::Decode => Some(("d", "Decoder")),
            Way::Copy | Way::Box => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    pub way: Way,
    pub ty: Type,
}

/// The function as a value: of the runtime for scalars, else one that is asked for here.
pub fn function(file: &mut File, way: Way, ty: &Type) -> Go {
    if let Some(name) = scalar(way, ty) {
        let cel = file.own("cel");
        return match way.context() {
            Some((_, coder)) => Go::atom(format!("(*{cel}.{coder}).{name}")),
            None => Go::atom(format!("{cel}.{name}")),
        };
    }
    Go::atom(wanted(file.package, way, ty, &file.hint))
}

/// The value in the other form.
pub fn apply(file: &mut File, way: Way, ty: &Type, value: Go) -> Go {
    match way {
        Way::Copy if file.package.is_immutable(ty) => return value,
        Way::Box if is_boxed(ty) => return value,
        _ => {}
    }
    match (scalar(way, ty), way.context()) {
        (Some(name), Some((context, _))) => Go::atom(context).method(name, vec![value]),
        (Some(name), None) => file.call_cel(name, vec![value]),
        (None, Some((context, _))) => {
            Go::call(wanted(file.package, way, ty, &file.hint), vec![Go::atom(context), value])
        }
        (None, None) => Go::call(wanted(file.package, way, ty, &file.hint), vec![value]),
    }
}

/// Whether a value is what expressions of unknown type work on already.
fn is_boxed(ty: &Type) -> bool {
    if let Type::List(item) | Type::Map(item) = ty {
        return **item == Type::Any;
    }
    matches!(
        ty,
        Type::Null
            | Type::Bool
            | Type::Int
            | Type::Float
            | Type::String
            | Type::Bytes
            | Type::Timestamp
            | Type::Date
            | Type::Duration
            | Type::Any
            | Type::Union(_)
    )
}

fn scalar(way: Way, ty: &Type) -> Option<&'static str> {
    Some(match (way, ty) {
        (Way::Box, Type::Decimal) => "Decimal",
        (Way::Box, Type::Uuid) => "UUID",
        (Way::Copy, Type::Bytes) => "CopyBytes",
        (Way::Copy, Type::Any) => "CopyAny",
        (Way::Encode | Way::Decode, Type::Bool) => "Bool",
        (Way::Encode | Way::Decode, Type::Int) => "Int",
        (Way::Encode | Way::Decode, Type::Float) => "Float",
        (Way::Encode | Way::Decode, Type::Decimal) => "Decimal",
        (Way::Encode | Way::Decode, Type::String) => "String",
        (Way::Encode | Way::Decode, Type::Bytes) => "Bytes",
        (Way::Encode | Way::Decode, Type::Timestamp) => "Timestamp",
        (Way::Encode | Way::Decode, Type::Date) => "Date",
        (Way::Encode | Way::Decode, Type::Duration) => "Duration",
        (Way::Encode | Way::Decode, Type::Uuid) => "UUID",
        (Way::Encode | Way::Decode, Type::Any) => "Any",
        _ => return None,
    })
}

fn wanted(package: &Package, way: Way, ty: &Type, hint: &str) -> String {
    let wanted = Wanted { way, ty: ty.clone() };
    if let Some(known) = package.state.borrow().codecs.get(&wanted) {
        return known.clone();
    }
    let name = package.fresh(&format!("{}{}", way.verb(), slug(package, ty, hint)));
    package.state.borrow_mut().codecs.insert(wanted, name.clone());
    name
}

/// A part of a function's name that says the type: `ListOfUser`.
fn slug(package: &Package, ty: &Type, hint: &str) -> String {
    match ty {
        Type::List(item) => format!("ListOf{}", slug(package, item, hint)),
        Type::Map(item) => format!("MapOf{}", slug(package, item, hint)),
        Type::Optional(inner) => format!("Optional{}", slug(package, inner, hint)),
        Type::Union(members) => {
            let members: Vec<String> = members.iter().map(|member| slug(package, member, hint)).collect();
            members.join("Or")
        }
        Type::Record(_) => package.record(ty, hint),
        Type::Named(name) => package.own_type(name).unwrap_or_else(|| exported(&name.name)),
        other => exported(&other.to_string()),
    }
}

/// The functions that were asked for; writing one may ask for others.
pub fn decls(file: &mut File) -> Result<Vec<Decl>, EmitError> {
    let mut done = std::collections::BTreeMap::new();
    loop {
        let missing: Vec<(Wanted, String)> = {
            let state = file.package.state.borrow();
            let all = state.codecs.iter().filter(|(_, name)| !done.contains_key(*name));
            all.map(|(wanted, name)| (wanted.clone(), name.clone())).collect()
        };
        if missing.is_empty() {
            return Ok(done.into_values().collect());
        }
        for (wanted, name) in missing {
            let decl = write(file, &wanted, &name)?;
            done.insert(name, decl);
        }
    }
}

fn write(file: &mut File, wanted: &Wanted, name: &str) -> Result<Decl, EmitError> {
    let ty = file.ty(&wanted.ty);
    let any = || "any".to_owned();
    let (given, results) = match wanted.way {
        Way::Encode | Way::Box => (ty, any()),
        Way::Decode => (any(), ty),
        Way::Copy => (ty.clone(), ty),
    };
    let mut params = Vec::new();
    if let Some((context, coder)) = wanted.way.context() {
        params.push((context.to_owned(), format!("*{}", file.cel(coder))));
    }
    params.push(("v".to_owned(), given));
    let doc = match wanted.way {
        Way::Encode => format!("{name} gives the value as JSON."),
        Way::Decode => format!("{name} makes the value anew from JSON."),
        Way::Copy => format!("{name} gives a copy that shares nothing with the value."),
        Way::Box => format!("{name} gives the value as expressions of unknown type see it."),
    };
    let body = body(file, wanted.way, &wanted.ty)?;
    Ok(Decl::Function(Function {
        doc: vec![doc],
        receiver: None,
        name: name.to_owned(),
        params,
        results,
        body,
    }))
}

fn body(file: &mut File, way: Way, ty: &Type) -> Result<Vec<Stmt>, EmitError> {
    let v = || Go::atom("v");
    let mut args: Vec<Go> = way.context().into_iter().map(|(context, _)| Go::atom(context)).collect();
    let verb = match way {
        Way::Encode => "Encode",
        Way::Decode => "Decode",
        Way::Copy => "Copy",
        Way::Box => "Box",
    };
    let name = match ty {
        Type::List(_) => "List",
        Type::Map(_) => "Map",
        Type::Optional(inner) => return Ok(vec![optional(file, way, inner, verb, args)?]),
        Type::Union(members) => return union::body(file, way, members),
        Type::Record(_) => {
            let fields: Vec<Field> = record_fields(ty);
            return fielded(file, way, ty, &fields);
        }
        Type::Named(name) => return named(file, way, ty, name),
        Type::Null => {
            return Ok(match way {
                Way::Decode => {
                    vec![Stmt::Expr(Go::call("d.Null", vec![v()])), Stmt::Return(vec![Go::atom("nil")])]
                }
                _ => vec![Stmt::Return(vec![Go::atom("nil")])],
            });
        }
        // Scalars are functions of the runtime; a copy or box of one is the value.
        _ => return Ok(vec![Stmt::Return(vec![v()])]),
    };
    let (Type::List(item) | Type::Map(item)) = ty else { return Ok(Vec::new()) };
    args.push(v());
    args.push(item_function(file, way, item));
    Ok(vec![Stmt::Return(vec![file.call_cel(&format!("{verb}{name}"), args)])])
}

/// The function for an item, where values may stay as they are too.
fn item_function(file: &mut File, way: Way, ty: &Type) -> Go {
    let stays = match way {
        Way::Copy => file.package.is_immutable(ty),
        Way::Box => is_boxed(ty),
        _ => false,
    };
    if !stays {
        return function(file, way, ty);
    }
    let spelled = file.ty(ty);
    let result = if way == Way::Box { "any" } else { &spelled };
    Go::lambda(&[("v", &spelled)], result, Go::atom("v"))
}

fn optional(
    file: &mut File,
    way: Way,
    inner: &Type,
    verb: &str,
    mut args: Vec<Go>,
) -> Result<Stmt, EmitError> {
    args.push(Go::atom("v"));
    if !is_nilable(inner) {
        args.push(item_function(file, way, inner));
        return Ok(Stmt::Return(vec![file.call_cel(&format!("{verb}Optional"), args)]));
    }
    let value = match (way, inner) {
        (Way::Decode, _) => {
            args.push(function(file, way, inner));
            file.call_cel("DecodeNilable", args)
        }
        // A copy keeps nil.
        (Way::Copy, _) => apply(file, way, inner, Go::atom("v")),
        (_, Type::List(item)) => {
            args.push(item_function(file, way, item));
            file.call_cel(&format!("{verb}NilableList"), args)
        }
        (_, Type::Map(item)) => {
            args.push(item_function(file, way, item));
            file.call_cel(&format!("{verb}NilableMap"), args)
        }
        (Way::Encode, Type::Bytes) => file.call_cel("EncodeNilableBytes", args),
        (Way::Encode, _) => {
            args.push(function(file, way, inner));
            file.call_cel("EncodeNilable", args)
        }
        (Way::Box, Type::Bytes) => file.call_cel("BoxNilableBytes", args),
        (Way::Box, _) => Go::atom("v"),
    };
    Ok(Stmt::Return(vec![value]))
}

/// The fields of a record, as those of a struct.
pub fn record_fields(ty: &Type) -> Vec<Field> {
    let Type::Record(fields) = ty else { return Vec::new() };
    let field = |(name, ty): (&String, &Type)| Field {
        name: name.clone(),
        attribute: None,
        keyword: None,
        ty: ty.clone(),
        required: !ty.is_nullable(),
        init: true,
        native: None,
    };
    fields.iter().map(field).collect()
}

fn named(file: &mut File, way: Way, ty: &Type, name: &TypeName) -> Result<Vec<Stmt>, EmitError> {
    let package = file.package;
    let v = || Go::atom("v");
    match package.types.get(name) {
        Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => fielded(file, way, ty, fields),
        Some(TypeDef::Enum { base, .. }) => {
            let spelled = file.ty(ty);
            Ok(vec![Stmt::Return(vec![match (way, base) {
                (Way::Copy, _) => v(),
                (Way::Box, EnumBase::String) => Go::call("string", vec![v()]),
                (Way::Box, EnumBase::Int) => file.call_cel("FromInt", vec![v()]),
                (Way::Encode, EnumBase::String) => {
                    apply(file, way, &Type::String, Go::call("string", vec![v()]))
                }
                (Way::Encode, EnumBase::Int) => file.call_cel("EncodeInt", vec![Go::atom("e"), v()]),
                (Way::Decode, EnumBase::String) => {
                    Go::call(spelled, vec![apply(file, way, &Type::String, v())])
                }
                (Way::Decode, EnumBase::Int) => {
                    let name = file.cel(&format!("DecodeInt[{spelled}]"));
                    Go::call(name, vec![Go::atom("d"), v()])
                }
            }])])
        }
        Some(TypeDef::Opaque) | None => match way {
            // Only a pointer to it, or its own value, can be handed on.
            Way::Copy => Ok(vec![Stmt::Return(vec![v()])]),
            _ => Err(EmitError::Opaque { class: name.to_string() }),
        },
    }
}

/// The field of a struct: the user's own name, or the one the package gives it.
pub fn field_name(package: &Package, ty: &Type, field: &Field) -> String {
    match ty {
        Type::Named(name) if package.own_type(name).is_none() => field.attribute().to_owned(),
        _ => exported(&field.name),
    }
}

/// Names of the fields of a type that the package declares, in which no two are one.
pub fn field_names(package: &Package, ty: &Type, fields: &[Field]) -> Vec<String> {
    let mut names = super::names::Names::default();
    fields
        .iter()
        .map(|field| {
            let name = field_name(package, ty, field);
            match ty {
                Type::Named(class) if package.own_type(class).is_none() => name,
                _ => names.fresh(&name),
            }
        })
        .collect()
}

/// How the field's type is spelled.
pub fn field_spelling(file: &File, field: &Field) -> Spelling {
    let usual = file.spelling(&field.ty);
    field.native.as_deref().and_then(Spelling::read).unwrap_or(usual)
}

/// Whether the whole struct goes through `encoding/json`: where a field's form is that package's business.
pub fn is_exotic(file: &File, fields: &[Field]) -> bool {
    fields.iter().any(|field| {
        let unread = field.native.as_deref().is_some_and(|text| Spelling::read(text).is_none());
        unread || !convert::is_direct(file, &field.ty, &field_spelling(file, field))
    })
}

fn fielded(file: &mut File, way: Way, ty: &Type, fields: &[Field]) -> Result<Vec<Stmt>, EmitError> {
    let v = || Go::atom("v");
    let spelled = file.ty(ty);
    if is_exotic(file, fields) {
        return Ok(vec![Stmt::Return(vec![match way {
            Way::Encode => file.call_cel("EncodeJSON", vec![Go::atom("e"), v()]),
            Way::Decode => {
                let name = file.cel(&format!("DecodeJSON[{spelled}]"));
                Go::call(name, vec![Go::atom("d"), v()])
            }
            Way::Box => file.call_cel("ToJSON", vec![v()]),
            Way::Copy => {
                let name = file.cel(&format!("FromJSON[{spelled}]"));
                let json = file.call_cel("ToJSON", vec![v()]);
                Go::call(name, vec![json])
            }
        }])]);
    }
    let names = field_names(file.package, ty, fields);
    match way {
        Way::Decode => Ok(decoded(file, &spelled, fields, &names)),
        Way::Copy => {
            let mut body = vec![Stmt::Var("object".to_owned(), spelled)];
            for (field, name) in fields.iter().zip(&names) {
                let value = native_copy(file, field, v().field(name.clone()));
                body.push(Stmt::assign(Go::atom("object").field(name.clone()), value));
            }
            body.push(Stmt::Return(vec![Go::atom("object")]));
            Ok(body)
        }
        Way::Encode | Way::Box => {
            let pairs = fields.iter().zip(&names).map(|(field, name)| {
                let spelling = field_spelling(file, field);
                let usual = file.spelling(&field.ty);
                let value = v().field(name.clone());
                let (value, _) = convert::convert(file, value, &spelling, &usual, &field.ty);
                (Go::string(&field.name), apply(file, way, &field.ty, value))
            });
            let pairs: Vec<(Go, Go)> = pairs.collect();
            let may_be_absent = |field: &Field| {
                !field.required && matches!(ty, Type::Named(class) if file.package.own_type(class).is_some())
            };
            let mut always = Vec::new();
            let mut body = Vec::new();
            for ((key, value), (field, name)) in pairs.into_iter().zip(fields.iter().zip(&names)) {
                if may_be_absent(field) {
                    let set = Stmt::assign(Go::atom("object").index(key), value);
                    body.push(Stmt::when(is_there(v().field(name.clone())), vec![set]));
                } else if let Go::Atom(key) = key {
                    always.push((key, value));
                }
            }
            let made = Go::Struct { ty: "map[string]any".to_owned(), fields: always, spread: true };
            if body.is_empty() {
                return Ok(vec![Stmt::Return(vec![made])]);
            }
            body.insert(0, Stmt::define("object", made));
            body.push(Stmt::Return(vec![Go::atom("object")]));
            Ok(body)
        }
    }
}

fn native_copy(file: &mut File, field: &Field, value: Go) -> Go {
    if file.package.is_immutable(&field.ty) {
        return value;
    }
    let spelling = field_spelling(file, field);
    let usual = file.spelling(&field.ty);
    if spelling == usual {
        return apply(file, Way::Copy, &field.ty, value);
    }
    let (value, _) = convert::convert(file, value, &spelling, &usual, &field.ty);
    let copied = apply(file, Way::Copy, &field.ty, value);
    convert::convert(file, copied, &usual, &spelling, &field.ty).0
}

/// Fields that may be absent keep their zero value.
fn decoded(file: &mut File, spelled: &str, fields: &[Field], names: &[String]) -> Vec<Stmt> {
    let required = fields.iter().filter(|field| field.required && !field.ty.is_nullable());
    let mut args = vec![Go::atom("v")];
    args.extend(required.map(|field| Go::string(&field.name)));
    let call = Go::call("d.Object", args);
    let mut body = vec![if fields.is_empty() { Stmt::Expr(call) } else { Stmt::define("fields", call) }];
    body.push(Stmt::Var("object".to_owned(), spelled.to_owned()));
    for (field, name) in fields.iter().zip(names) {
        let spelling = field_spelling(file, field);
        let usual = file.spelling(&field.ty);
        let target = Go::atom("object").field(name.clone());
        let at = Go::atom("fields").index(Go::string(&field.name));
        if field.required || field.ty.is_nullable() {
            let value = apply(file, Way::Decode, &field.ty, at);
            let (value, _) = convert::convert(file, value, &usual, &spelling, &field.ty);
            body.push(Stmt::assign(target, value));
            continue;
        }
        let value = apply(file, Way::Decode, &field.ty, Go::atom("value"));
        let (value, _) = convert::convert(file, value, &usual, &spelling, &field.ty);
        let init = Some(Box::new(Stmt::Define(vec!["value".to_owned(), "ok".to_owned()], at)));
        let inner = vec![Stmt::assign(target, value)];
        body.push(Stmt::If { init, test: Go::atom("ok"), body: inner, otherwise: Vec::new() });
    }
    body.push(Stmt::Return(vec![Go::atom("object")]));
    body
}

/// `x != nil`.
pub fn is_there(value: Go) -> Go {
    Go::binary(Operator::NotEqual, value, Go::atom("nil"))
}
