//! `_types.ts`: inputs of workflows, records, and what services and other languages describe.
//!
//! It knows types and their names, no codec.

use conductor_protocol::types::{Field, TypeDef};
use serde_json::Value;

use super::defaults::may_be_absent;
use super::file::File;
use super::names::Names;
use super::package::Package;
use super::tree::{Item, Member, Module, Ty};
use super::workflow::{input_name, input_type_name};

/// The module, or `None` where it would be empty.
pub fn module(package: &Package) -> Option<Module> {
    let mut file = File::new(package, "", Names::default());
    file.holds_types = true;
    let mut items = Vec::new();
    for plan in package.plans {
        file.workflow.clone_from(&plan.workflow);
        let members = plan.inputs.iter().map(|input| {
            let optional = may_be_absent(input);
            let ty = file.ty(&input.ty);
            let ty = if optional { Ty::union([ty, Ty::name("undefined")]) } else { ty };
            Member { name: input_name(plan, &input.name), optional, ty, doc: None }
        });
        let members: Vec<Member> = members.collect();
        let name = input_type_name(&plan.workflow);
        items.push((name.clone(), record(name, format!("What `{}` is given.", plan.workflow), members)));
    }
    for (workflow, name, fields) in package.types.records() {
        workflow.clone_into(&mut file.workflow);
        let members = fields.iter().map(|(field, ty)| Member {
            name: field.clone(),
            optional: false,
            ty: file.ty(ty),
            doc: None,
        });
        let members = members.collect();
        let doc = if workflow.is_empty() {
            "A record of a function that is served.".to_owned()
        } else {
            format!("A record of `{workflow}`.")
        };
        items.push((name.to_owned(), record(name.to_owned(), doc, members)));
    }
    for (described, name) in package.types.described() {
        let doc = format!("`{described}`.");
        let item = match package.types.def(described) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                record(name.to_owned(), doc, fields.iter().map(|one| field(&mut file, one)).collect())
            }
            Some(TypeDef::Enum { members, .. }) => {
                let values = members.iter().map(|member| {
                    Ty::name(match &member.value {
                        Value::String(text) => super::literal::string(text),
                        other => other.to_string(),
                    })
                });
                Item::Alias { name: name.to_owned(), doc, ty: Ty::union(values.collect::<Vec<_>>()) }
            }
            Some(TypeDef::Opaque) | None => {
                Item::Alias { name: name.to_owned(), doc, ty: Ty::name("unknown") }
            }
        };
        items.push((name.to_owned(), item));
    }
    if items.is_empty() {
        return None;
    }
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    Some(file.module(items.into_iter().map(|(_, item)| item).collect()))
}

fn field(file: &mut File, field: &Field) -> Member {
    let ty = file.ty(&field.ty);
    let ty = if field.required { ty } else { Ty::union([ty, Ty::name("undefined")]) };
    Member { name: field.attribute().to_owned(), optional: !field.required, ty, doc: None }
}

/// An interface without members would let anything in.
fn record(name: String, doc: String, members: Vec<Member>) -> Item {
    if members.is_empty() {
        let never = vec![Ty::name("string"), Ty::name("never")];
        return Item::Alias { name, doc, ty: Ty::Generic("Record".to_owned(), never) };
    }
    Item::Interface { name, doc, members }
}
