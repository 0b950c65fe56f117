//! `_types.py`: the records that workflows make, and the types that services describe by their schemas.
//!
//! It knows how a type is declared; which names the classes have was decided by `types`.

use conductor_protocol::types::{EnumBase, EnumMember, Field, TypeDef, TypeName};

use super::file::File;
use super::names::{self, Names};
use super::package::Package;
use super::tree::{Enumeration, Item, Module, Py, Record, Stmt};
use super::types::SHARED_NAMES;

/// The module, or `None` where there is nothing to declare.
pub fn module(package: &Package) -> Option<Module> {
    let mut file = File::new(package, "", Names::default());
    file.holds_records = true;
    let mut items = Vec::new();
    for (name, class) in package.types.schemas() {
        match package.types.def(name) {
            Some(TypeDef::Enum { base, members }) => {
                items.push(enumeration(&mut file, name, class, *base, members));
            }
            Some(TypeDef::TypedDict { fields } | TypeDef::Class { fields }) => {
                let fields = fields.iter().map(|field| (field.name.clone(), of_field(&mut file, field)));
                let fields: Vec<(String, String)> = fields.collect();
                items.push(record(
                    &mut file,
                    class,
                    format!("`{}` of `{}`.", name.name, name.module),
                    fields,
                ));
            }
            Some(TypeDef::Opaque) | None => {}
        }
    }
    for (workflow, name, fields) in package.types.records() {
        file.workflow = workflow.to_owned();
        let fields: Vec<(String, String)> =
            fields.iter().map(|(field, ty)| (field.clone(), file.annotation(ty))).collect();
        let doc = match workflow {
            "" => "A record of a service's operation.".to_owned(),
            workflow => format!("A record of `{workflow}`."),
        };
        items.push(record(&mut file, name, doc, fields));
    }
    if items.is_empty() {
        return None;
    }
    Some(Module {
        header: package.header.clone(),
        doc: vec![doc(package).to_owned()],
        imports: file.imports.into_iter().collect(),
        items,
        all: Vec::new(),
    })
}

fn doc(package: &Package) -> &'static str {
    let mut schemas = package.types.schemas();
    match (schemas.next().is_some(), package.types.records().next().is_some()) {
        (true, true) => "Records that the workflows make, and types of the services that they call.",
        (true, false) => "Types of the services that the workflows call.",
        (false, _) => "Records that the workflows make.",
    }
}

fn of_field(file: &mut File, field: &Field) -> String {
    let ty = file.annotation(&field.ty);
    if field.required {
        return ty;
    }
    format!("{}[{ty}]", file.import_from("typing", "NotRequired"))
}

/// A class, unless a field has a name that no class can give it, or one that means a type inside of the class.
fn record(file: &mut File, name: &str, doc: String, fields: Vec<(String, String)>) -> Item {
    file.import_from("typing", "TypedDict");
    let is_plain = |field: &str| {
        names::is_plain_field(field) && !SHARED_NAMES.contains(&field) && !file.package.types.is_class(field)
    };
    if fields.iter().all(|(field, _)| is_plain(field)) {
        return Item::Record(Record { name: name.to_owned(), doc, fields });
    }
    let pairs = fields.iter().map(|(field, ty)| (Py::string(field), Py::string(ty))).collect();
    let value = Py::call("TypedDict", vec![Py::string(name), Py::Dict(pairs)]);
    Item::Statement(Stmt::Assign { target: name.to_owned(), annotation: None, value })
}

fn enumeration(
    file: &mut File,
    name: &TypeName,
    class: &str,
    base: EnumBase,
    members: &[EnumMember],
) -> Item {
    let base = match base {
        EnumBase::String => "StrEnum",
        EnumBase::Int => "IntEnum",
    };
    file.import_from("enum", base);
    let mut taken = Names::reserving(&["MRO"]);
    let members = members.iter().map(|member| {
        let value = match &member.value {
            serde_json::Value::String(text) => Py::string(text),
            other => Py::atom(other.to_string()),
        };
        (taken.fresh(&constant(&member.name)), value)
    });
    let members = members.collect();
    let doc = format!("`{}` of `{}`.", name.name, name.module);
    Item::Enumeration(Enumeration { name: class.to_owned(), base: base.to_owned(), doc, members })
}

/// A name for a member: `in progress` as `IN_PROGRESS`.
fn constant(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' });
    let upper: String = letters.collect::<String>().to_ascii_uppercase();
    let upper = upper.trim_matches('_');
    match upper.chars().next() {
        None => "VALUE".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("VALUE_{upper}"),
        Some(_) => upper.to_owned(),
    }
}
