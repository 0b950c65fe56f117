//! Writes `_codecs.py`: one function for each type and direction that a durable workflow needs.
//!
//! It knows the wire form of types (docs/types.md) and no workflow.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::{EnumBase, Field, Type, TypeDef, TypeName};

use super::file::File;
use super::names::{Names, is_name};
use super::package::Package;
use super::tree::{Arg, Comprehension, Function, Item, Module, Operator, Param, Py, Stmt};
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

impl Wanted {
    pub fn new(package: &Package, way: Way, workflow: &str, ty: &Type) -> Wanted {
        let slug = package.types.slug(workflow, ty);
        let workflow = if has_record(ty) { workflow } else { "" };
        Wanted { slug, way, workflow: workflow.to_owned(), ty: ty.clone() }
    }
}

/// The module, or `None` where no workflow needs one. Writing a codec may ask for further ones.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let mut file =
        File::new(package, "", Names::reserving(&["value", "data", "result", "item", "name", "optional"]));
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
    Ok(Some(Module {
        header: package.header.clone(),
        doc: vec!["How the workflows' types are journaled, as docs/types.md says.".to_owned()],
        imports: file.imports.into_iter().collect(),
        items: done.into_values().map(Item::Function).collect(),
        all: Vec::new(),
    }))
}

fn function(file: &mut File, codec: &Wanted) -> Result<Function, EmitError> {
    let annotation = match codec.way {
        Way::Encode => readable(file, &codec.ty),
        Way::Decode => file.annotation(&codec.ty),
    };
    let body = match codec.way {
        Way::Encode => encode(file, &codec.ty)?,
        Way::Decode => decode(file, &codec.ty)?,
    };
    let (given, returns) = match codec.way {
        Way::Encode => (annotation, "object".to_owned()),
        Way::Decode => ("object".to_owned(), annotation),
    };
    let doc = match codec.way {
        Way::Encode => format!("`{}` as JSON.", codec.ty),
        Way::Decode => format!("`{}` from JSON, made anew.", codec.ty),
    };
    Ok(Function {
        is_async: false,
        name: format!("{}_{}", codec.way.verb(), codec.slug),
        params: vec![Param { name: "value".to_owned(), annotation: given, default: None }],
        keyword_only: false,
        returns,
        doc: vec![doc],
        body,
    })
}

/// What an encoder takes: it only reads, so whatever can be read as the type will do.
fn readable(file: &mut File, ty: &Type) -> String {
    match ty {
        Type::List(item) => {
            format!("{}[{}]", file.import_from("collections.abc", "Sequence"), readable(file, item))
        }
        Type::Map(item) => {
            format!("{}[str, {}]", file.import_from("collections.abc", "Mapping"), readable(file, item))
        }
        Type::Optional(inner) => format!("{} | None", readable(file, inner)),
        _ => file.annotation(ty),
    }
}

fn value() -> Py {
    Py::atom("value")
}

/// `encode_x(of)` or `decode_x(of)`.
pub fn apply(file: &mut File, way: Way, ty: &Type, of: Py) -> Py {
    if *ty == Type::Null {
        return Py::atom("None");
    }
    Py::call(file.codec(way, ty), vec![of])
}

fn encode(file: &mut File, ty: &Type) -> Result<Vec<Stmt>, EmitError> {
    let result = match ty {
        Type::List(item) => {
            let item = apply(file, Way::Encode, item, Py::atom("item"));
            comprehension(None, item, "item", value())
        }
        Type::Map(item) => {
            let key = Py::call(file.codec(Way::Encode, &Type::String), vec![Py::atom("name")]);
            let item = apply(file, Way::Encode, item, Py::atom("item"));
            comprehension(Some(key), item, "name, item", value().attr("items").called(Vec::new()))
        }
        Type::Optional(inner) => {
            let inner = apply(file, Way::Encode, inner, value());
            unless_none(inner)
        }
        Type::Record(fields) => Py::Dict(
            fields
                .iter()
                .map(|(name, ty)| {
                    let of = value().index(Py::string(name));
                    (Py::string(name), apply(file, Way::Encode, ty, of))
                })
                .collect(),
        ),
        Type::Union(members) => return union::encode(file, members),
        Type::Named(name) => return encode_named(file, name),
        _ => apply(file, Way::Encode, ty, value()),
    };
    Ok(vec![Stmt::Return(Some(result))])
}

fn encode_named(file: &mut File, name: &TypeName) -> Result<Vec<Stmt>, EmitError> {
    let class = file.class(name);
    match file.package.types.def(name) {
        Some(TypeDef::Class { fields }) => {
            let check = Py::call(scalar(file, "check"), vec![value(), Py::atom(class)]);
            let pairs = fields.iter().map(|field| {
                let of = value().attr(field.attribute.as_ref().unwrap_or(&field.name));
                (Py::string(&field.name), apply(file, Way::Encode, &field.ty, of))
            });
            let pairs = pairs.collect();
            Ok(vec![Stmt::Expr(check), Stmt::Return(Some(Py::Dict(pairs)))])
        }
        Some(TypeDef::TypedDict { fields }) => {
            let item = |file: &mut File, field: &Field| {
                apply(file, Way::Encode, &field.ty, value().index(Py::string(&field.name)))
            };
            Ok(mapping(file, fields, "dict[str, object]", "value", item))
        }
        Some(TypeDef::Enum { .. }) => {
            let check = Py::call(scalar(file, "check"), vec![value(), Py::atom(class)]);
            Ok(vec![Stmt::Expr(check), Stmt::Return(Some(value().attr("value")))])
        }
        Some(TypeDef::Opaque) | None => Err(EmitError::Opaque { class: name.to_string() }),
    }
}

fn decode(file: &mut File, ty: &Type) -> Result<Vec<Stmt>, EmitError> {
    let result = match ty {
        Type::List(item) => {
            let source = Py::call(scalar(file, "decode_list"), vec![value()]);
            let item = apply(file, Way::Decode, item, Py::atom("item"));
            comprehension(None, item, "item", source)
        }
        Type::Map(item) => {
            let source = Py::call(scalar(file, "decode_object"), vec![value()]);
            let item = apply(file, Way::Decode, item, Py::atom("item"));
            comprehension(Some(Py::atom("name")), item, "name, item", source.attr("items").called(Vec::new()))
        }
        Type::Optional(inner) => {
            let inner = apply(file, Way::Decode, inner, value());
            unless_none(inner)
        }
        Type::Record(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            let head = decode_fields(file, &names);
            let pairs = fields.iter().map(|(name, ty)| {
                (Py::string(name), apply(file, Way::Decode, ty, Py::atom("data").index(Py::string(name))))
            });
            let pairs: Vec<(Py, Py)> = pairs.collect();
            // Nulls are not read: linters refuse a name that nobody uses.
            let head = match head {
                Stmt::Assign { value, .. } if pairs.iter().all(|(_, of)| *of == Py::atom("None")) => {
                    Stmt::Expr(value)
                }
                read => read,
            };
            return Ok(vec![head, Stmt::Return(Some(Py::Dict(pairs)))]);
        }
        Type::Union(members) => return union::decode(file, members),
        Type::Named(name) => return decode_named(file, name),
        _ => apply(file, Way::Decode, ty, value()),
    };
    Ok(vec![Stmt::Return(Some(result))])
}

fn decode_named(file: &mut File, name: &TypeName) -> Result<Vec<Stmt>, EmitError> {
    let class = file.class(name);
    match file.package.types.def(name) {
        Some(TypeDef::Class { fields }) => Ok(decode_class(file, &class, fields)),
        Some(TypeDef::TypedDict { fields }) => {
            let required: Vec<&str> =
                fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
            let head = decode_fields(file, &required);
            let item = |file: &mut File, field: &Field| {
                apply(file, Way::Decode, &field.ty, Py::atom("data").index(Py::string(&field.name)))
            };
            let mut body = vec![match head {
                // Of no fields none is read.
                Stmt::Assign { value, .. } if fields.is_empty() => Stmt::Expr(value),
                read => read,
            }];
            body.extend(mapping(file, fields, &class, "data", item));
            Ok(body)
        }
        Some(TypeDef::Enum { base, .. }) => {
            let raw = match base {
                EnumBase::String => Type::String,
                EnumBase::Int => Type::Int,
            };
            let raw = apply(file, Way::Decode, &raw, value());
            Ok(vec![Stmt::Return(Some(Py::call(class, vec![raw])))])
        }
        Some(TypeDef::Opaque) | None => Err(EmitError::Opaque { class: name.to_string() }),
    }
}

/// Fields that may be absent keep the class's own default.
fn decode_class(file: &mut File, class: &str, fields: &[Field]) -> Vec<Stmt> {
    let fields: Vec<&Field> = fields.iter().filter(|field| field.init).collect();
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
    let mut body = vec![decode_fields(file, &required)];
    let mut args = Vec::new();
    // An alias such as `user-id` can only be given in a mapping.
    let mut unspoken = Vec::new();
    let mut optional = Vec::new();
    for field in fields {
        let of = Py::atom("data").index(Py::string(&field.name));
        let decoded = apply(file, Way::Decode, &field.ty, of);
        let keyword = field.keyword();
        if !field.required {
            let target = format!("optional[{}]", super::literal::string(keyword));
            optional.push(present(&field.name, "data", target, decoded));
        } else if is_name(keyword) {
            args.push(Arg { name: Some(keyword.to_owned()), value: decoded });
        } else {
            unspoken.push((Py::string(keyword), decoded));
        }
    }
    if !optional.is_empty() || !unspoken.is_empty() {
        let any = file.annotation(&Type::Any);
        let annotation = Some(format!("dict[str, {any}]"));
        body.push(Stmt::Assign { target: "optional".to_owned(), annotation, value: Py::Dict(unspoken) });
        body.extend(optional);
        args.push(Arg { name: Some("**".to_owned()), value: Py::atom("optional") });
    }
    body.push(Stmt::Return(Some(Py::Call { callee: Box::new(Py::atom(class)), args })));
    body
}

/// `data = decode_object(value, "id", ...)`: an object with these keys.
fn decode_fields(file: &mut File, names: &[&str]) -> Stmt {
    let mut args = vec![value()];
    args.extend(names.iter().map(|name| Py::string(name)));
    let value = Py::call(scalar(file, "decode_object"), args);
    Stmt::Assign { target: "data".to_owned(), annotation: None, value }
}

/// A mapping in which the fields that may be absent are looked for in `source`.
fn mapping(
    file: &mut File,
    fields: &[Field],
    annotation: &str,
    source: &str,
    item: impl Fn(&mut File, &Field) -> Py,
) -> Vec<Stmt> {
    let (required, optional): (Vec<&Field>, Vec<&Field>) = fields.iter().partition(|field| field.required);
    let pairs = required.iter().map(|field| (Py::string(&field.name), item(file, field))).collect();
    let annotation = Some(annotation.to_owned());
    let mut body = vec![Stmt::Assign { target: "result".to_owned(), annotation, value: Py::Dict(pairs) }];
    for field in optional {
        let value = item(file, field);
        let target = format!("result[{}]", super::literal::string(&field.name));
        body.push(present(&field.name, source, target, value));
    }
    body.push(Stmt::Return(Some(Py::atom("result"))));
    body
}

fn present(name: &str, source: &str, target: String, value: Py) -> Stmt {
    let test = Py::binary(Operator::In, Py::string(name), Py::atom(source));
    Stmt::If { test, body: vec![Stmt::Assign { target, annotation: None, value }], otherwise: Vec::new() }
}

fn unless_none(inner: Py) -> Py {
    Py::Conditional {
        test: Box::new(Py::binary(Operator::Is, value(), Py::atom("None"))),
        then: Box::new(Py::atom("None")),
        otherwise: Box::new(inner),
    }
}

fn comprehension(key: Option<Py>, item: Py, names: &str, source: Py) -> Py {
    Py::Comprehension(Comprehension {
        key: key.map(Box::new),
        item: Box::new(item),
        names: names.to_owned(),
        source: Box::new(source),
        filter: None,
        bare: false,
    })
}

/// A helper of the runtime's `scalars` module.
pub fn scalar(file: &mut File, name: &str) -> String {
    file.import_as("._conductor", "scalars", "_scalars");
    format!("_scalars.{name}")
}

/// The set in which codecs are asked for.
pub type WantedSet = BTreeSet<Wanted>;
