//! What an instruction can name, from the manifest and the signatures of its code.

use conductor_assist::{Data, Field, Task, Vocabulary, Workflow};
use conductor_model::{Findings, Lookup, Manifest, PolicyUse, Signature};
use conductor_protocol::types::{Type, TypeDef};
use conductor_syntax::{Kind, Node};

pub(super) fn of(manifest: &Manifest, findings: &Findings, tree: &Node) -> Vocabulary {
    let tasks = manifest.tasks.iter().map(|task| {
        let signature = match findings.lookups.get(&task.reference.value) {
            Some(Lookup::Found(signature)) => Some(&**signature),
            _ => None,
        };
        let policy = match &task.policy {
            Some(PolicyUse::Named(id)) => Some(id.value.clone()),
            _ => None,
        };
        let said = task.description.as_ref().map(|text| text.value.clone());
        let about = [said, signature.and_then(|signature| signature.doc.clone())];
        Task {
            id: task.id.value.clone(),
            function: function_of(&task.reference.value),
            about: about.into_iter().flatten().collect::<Vec<_>>().join(" "),
            parameters: signature.map(parameters).unwrap_or_default(),
            result: signature.map(|signature| fields(findings, &signature.returns)).unwrap_or_default(),
            policy,
        }
    });
    let entries = |section: &str| items(tree, section).iter().filter_map(entry).collect::<Vec<_>>();
    let workflows = entries("workflows").into_iter().map(|(id, node)| Workflow {
        id,
        inputs: inputs(get(node, "input")),
        steps: get(node, "steps").map(steps).unwrap_or_default(),
    });
    let policies = entries("policies").into_iter().map(|(id, node)| (id, data(node)));
    Vocabulary { tasks: tasks.collect(), workflows: workflows.collect(), policies: policies.collect() }
}

/// The last name of a ref: `charge` of `py:payments.charge`, `GetUser` of `grpc:users.v1.Users/GetUser`.
fn function_of(reference: &str) -> String {
    reference.rsplit(['.', '/', ':', ' ']).next().unwrap_or_default().to_owned()
}

fn parameters(signature: &Signature) -> Vec<Field> {
    signature
        .all_parameters()
        .map(|parameter| Field {
            name: conductor_model::names::snake_case(&parameter.name),
            kind: kind(&parameter.ty),
        })
        .collect()
}

/// The fields of a class, or the value itself.
fn fields(findings: &Findings, result: &Type) -> Vec<Field> {
    let named = |fields: Vec<(String, &Type)>| {
        fields.into_iter().map(|(name, ty)| Field { name, kind: kind(ty) }).collect()
    };
    match result {
        Type::Null => Vec::new(),
        Type::Optional(inner) => fields(findings, inner),
        Type::Record(fields) => named(fields.iter().map(|(name, ty)| (name.clone(), ty)).collect()),
        Type::Named(name) => match findings.types.get(name) {
            Some(TypeDef::Class { fields } | TypeDef::TypedDict { fields }) => {
                named(fields.iter().map(|field| (field.name.clone(), &field.ty)).collect())
            }
            _ => Vec::new(),
        },
        other => vec![Field { name: String::new(), kind: kind(other) }],
    }
}

/// As the manifest writes a type, as far as an instruction can tell the difference.
fn kind(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Decimal => "decimal".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(item) => format!("list<{}>", kind(item)),
        Type::Optional(inner) => format!("{}?", kind(inner)),
        Type::Named(name) => name.name.clone(),
        _ => String::new(),
    }
}

fn inputs(node: Option<&Node>) -> Vec<Field> {
    let Some(Node { kind: Kind::Map(entries), .. }) = node else { return Vec::new() };
    let field = |entry: &conductor_syntax::Entry| {
        let written = get(&entry.value, "type").unwrap_or(&entry.value);
        let kind = if let Kind::String(text) = &written.kind { text.text.clone() } else { String::new() };
        Field { name: entry.key.text.clone(), kind }
    };
    entries.iter().map(field).collect()
}

pub(super) fn items<'a>(tree: &'a Node, section: &str) -> &'a [Node] {
    match get(tree, section).map(|node| &node.kind) {
        Some(Kind::List(items)) => items,
        _ => &[],
    }
}

pub(super) fn get<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    let Kind::Map(entries) = &node.kind else { return None };
    entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
}

pub(super) fn entry(node: &Node) -> Option<(String, &Node)> {
    match &get(node, "id")?.kind {
        Kind::String(id) => Some((id.text.clone(), node)),
        _ => None,
    }
}

fn steps(node: &Node) -> Vec<Data> {
    match &node.kind {
        Kind::List(items) => items.iter().map(data).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn data(node: &Node) -> Data {
    match &node.kind {
        Kind::Null | Kind::Broken => Data::Null,
        Kind::Bool(value) => Data::Bool(*value),
        Kind::Int(value) => Data::Int(*value),
        Kind::Float { value, text } => Data::Float(*value, text.clone()),
        Kind::String(text) => Data::Text(text.text.clone()),
        Kind::List(items) => Data::List(items.iter().map(data).collect()),
        Kind::Map(entries) => {
            Data::Map(entries.iter().map(|entry| (entry.key.text.clone(), data(&entry.value))).collect())
        }
    }
}
