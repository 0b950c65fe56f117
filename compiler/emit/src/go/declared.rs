//! Writes `types.go`: records that workflows make, and types that the code of this language does not declare.
//!
//! It knows how a type is declared; which names they have was decided by the package.

use std::collections::BTreeSet;

use conductor_protocol::types::{EnumBase, Type, TypeDef};

use super::codecs::{field_names, record_fields};
use super::file::File;
use super::names::exported;
use super::tree::{Decl, Struct};

/// The declarations; spelling the fields of one may ask for others.
pub fn decls(file: &mut File) -> Vec<Decl> {
    let package = file.package;
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut decls: Vec<(String, Vec<Decl>)> = Vec::new();
    loop {
        let records: Vec<(Type, String)> =
            package.state.borrow().records.iter().map(|(ty, name)| (ty.clone(), name.clone())).collect();
        let own: Vec<(Type, String)> = package
            .state
            .borrow()
            .own
            .iter()
            .map(|(name, go)| (Type::Named(name.clone()), go.clone()))
            .collect();
        let before = done.len();
        for (ty, name) in records.into_iter().chain(own) {
            if done.insert(name.clone()) {
                let written = declaration(file, &ty, &name);
                decls.push((name, written));
            }
        }
        if done.len() == before {
            break;
        }
    }
    decls.sort_by(|(one, _), (other, _)| one.cmp(other));
    decls.into_iter().flat_map(|(_, written)| written).collect()
}

fn declaration(file: &mut File, ty: &Type, name: &str) -> Vec<Decl> {
    let fields = match ty {
        Type::Named(class) => match file.package.types.get(class).cloned() {
            Some(TypeDef::Enum { base, members }) => {
                let of = if base == EnumBase::String { "string" } else { "int64" };
                let doc = vec![format!("{name} is `{}` of `{}`.", class.name, class.module)];
                let mut decls = vec![Decl::Defined { doc, name: name.to_owned(), of: of.to_owned() }];
                let values = members.iter().map(|member| {
                    let constant = file.package.fresh(&format!("{name}{}", exported(&member.name)));
                    let value = match &member.value {
                        serde_json::Value::String(text) => super::literal::string(text),
                        other => other.to_string(),
                    };
                    (constant, value)
                });
                let values: Vec<(String, String)> = values.collect();
                if !values.is_empty() {
                    let doc = vec![format!("The values of {name}.")];
                    decls.push(Decl::Constants { doc, ty: name.to_owned(), values });
                }
                return decls;
            }
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => fields,
            Some(TypeDef::Opaque) | None => {
                let doc = vec![format!("{name} is `{}`, of which nothing is known.", class)];
                return vec![Decl::Defined { doc, name: name.to_owned(), of: "any".to_owned() }];
            }
        },
        _ => record_fields(ty),
    };
    let doc = match ty {
        Type::Named(class) => format!("{name} is `{}` of `{}`.", class.name, class.module),
        _ => format!("{name} is `{ty}`."),
    };
    let names = field_names(file.package, ty, &fields);
    let wire = fields.iter().map(|field| field.name.clone()).collect();
    let fields = names.into_iter().zip(&fields).map(|(name, field)| (name, file.ty(&field.ty)));
    let fields = fields.collect();
    vec![Decl::Struct(Struct { doc: vec![doc], name: name.to_owned(), fields, wire })]
}
