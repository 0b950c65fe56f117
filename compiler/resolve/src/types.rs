//! Type expressions of the manifest, with the names in them looked up in the code.
//!
//! It knows no values.

use std::collections::BTreeMap;

use conductor_model::{Findings, TypeExpr, TypeExprKind};
use conductor_protocol::types::Type;
use conductor_source::Diagnostic;

use crate::codes;
use conductor_model::names::nearest;

/// The type, and whether all of it could be read; what could not is `any` and was reported.
pub(crate) fn resolve(
    written: &TypeExpr,
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Type, bool) {
    let mut whole = true;
    let ty = walk(written, findings, diagnostics, &mut whole);
    (ty, whole)
}

/// The type that an expression of the manifest means; what could not be read is `any` and was reported.
pub fn type_of(written: &TypeExpr, findings: &Findings, diagnostics: &mut Vec<Diagnostic>) -> Type {
    resolve(written, findings, diagnostics).0
}

fn walk(
    written: &TypeExpr,
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
    whole: &mut bool,
) -> Type {
    match &written.kind {
        TypeExprKind::Builtin(ty) => ty.clone(),
        TypeExprKind::Name(name) => match findings.named.get(name) {
            Some(found) => Type::Named(found.clone()),
            None => {
                *whole = false;
                diagnostics.push(unknown(name, written, findings));
                Type::Any
            }
        },
        TypeExprKind::List(item) => Type::List(Box::new(walk(item, findings, diagnostics, whole))),
        TypeExprKind::Map(item) => Type::Map(Box::new(walk(item, findings, diagnostics, whole))),
        TypeExprKind::Record(fields) => {
            let fields: BTreeMap<String, Type> = fields
                .iter()
                .map(|(name, field)| (name.clone(), walk(field, findings, diagnostics, whole)))
                .collect();
            Type::Record(fields)
        }
        TypeExprKind::Optional(inner) => Type::optional(walk(inner, findings, diagnostics, whole)),
        TypeExprKind::Union(members) => {
            let members: Vec<Type> =
                members.iter().map(|member| walk(member, findings, diagnostics, whole)).collect();
            Type::union(members)
        }
        TypeExprKind::Broken => {
            *whole = false;
            Type::Any
        }
    }
}

fn unknown(name: &str, written: &TypeExpr, findings: &Findings) -> Diagnostic {
    let finding = Diagnostic::error(
        codes::UNKNOWN_TYPE,
        format!("there is no type `{name}`"),
        written.span,
        "neither a type of the manifest nor a class of the code",
    );
    let builtins = [
        "bool",
        "int",
        "float",
        "decimal",
        "string",
        "bytes",
        "timestamp",
        "date",
        "duration",
        "uuid",
        "any",
    ];
    let classes = findings.types.keys().map(|class| class.name.as_str());
    match nearest(name, builtins.into_iter().chain(classes)) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None => finding.help("write its module before it, as in `shop.models.User`"),
    }
}
