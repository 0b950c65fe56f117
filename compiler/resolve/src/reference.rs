//! Refs of tasks: which language they name, and what introspection answered.
//!
//! It knows no language's source: the answers are given to it.

use std::collections::BTreeMap;

use conductor_model::{
    self as model, Callee, Findings, Id, Lookup, Manifest, Reference, Scheme, Signature, Spanned,
};
use conductor_source::{Diagnostic, Edit, Safety, Span};

use crate::codes;
use crate::graph::Task;
use crate::sections::{Sections, unknown};
use conductor_model::names::{listed, nearest};
use conductor_protocol::plan::{Argument, Callable, Effect, Function, Receiver, ResourceKind};

/// How many places one finding points at; nobody follows more.
const MOST_PLACES: usize = 8;

/// Every task with its signature. A ref that several tasks share is reported once.
pub(crate) fn tasks(
    manifest: &Manifest,
    sections: &Sections<'_>,
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Task> {
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    manifest
        .tasks
        .iter()
        .map(|task| {
            let found = match no_service(manifest, &task.reference) {
                Some(finding) => Err(Box::new(finding)),
                None => signature(&task.reference, findings),
            };
            let signature = found.unwrap_or_else(|finding| {
                // A file that cannot be read is one mistake, however many functions it has.
                let about = unreadable(&task.reference, findings).unwrap_or(&task.reference.value);
                match failed.get(about) {
                    Some(at) if diagnostics[*at].labels.len() >= MOST_PLACES => {}
                    Some(at) => {
                        let finding: &mut Diagnostic = &mut diagnostics[*at];
                        *finding = finding.clone().label(task.reference.span, "used here, too");
                    }
                    None => {
                        failed.insert(about, diagnostics.len());
                        diagnostics.push(*finding);
                    }
                }
                None
            });
            Task {
                id: task.id.clone(),
                span: task.span,
                // The manifest has the last word over what the code or the schema says.
                effect: task
                    .effect
                    .as_ref()
                    .map(|effect| effect.value)
                    .or(signature.as_ref().and_then(|signature| signature.effect))
                    .unwrap_or(Effect::Write),
                idempotent: task
                    .idempotent
                    .as_ref()
                    .map(|idempotent| idempotent.value)
                    .or(signature.as_ref().and_then(|signature| signature.idempotent))
                    .unwrap_or(false),
                signature,
                in_doubt: task.in_doubt.as_ref().map(|in_doubt| in_doubt.value),
                uses: uses(manifest, &task.uses, sections, diagnostics),
                compensate: task.compensate.as_ref().map(|compensate| compensate.task.clone()),
                cache: task.cache.as_ref().map(|cache| cache.span),
            }
        })
        .collect()
}

/// What cannot be read, where the ref leads into it.
fn unreadable<'a>(reference: &Spanned<String>, findings: &'a Findings) -> Option<&'a str> {
    match findings.lookups.get(&reference.value)? {
        Lookup::Unreadable { problem, .. } => Some(problem),
        _ => None,
    }
}

pub(crate) fn signature(
    reference: &Spanned<String>,
    findings: &Findings,
) -> Result<Option<Signature>, Box<Diagnostic>> {
    let name = Reference::parse(&reference.value).path;
    match findings.lookups.get(&reference.value) {
        Some(Lookup::Reported) => Ok(None),
        Some(Lookup::Found(signature)) => match unmade(signature) {
            Some(lookup) => Err(Box::new(refused(reference, name, &lookup))),
            None => Ok(Some((**signature).clone())),
        },
        Some(other) => Err(Box::new(refused(reference, name, other))),
        // Never asked for: lowering had nothing to ask and said so.
        None => Ok(None),
    }
}

/// The finding where a ref says that it leads to an operation of a resource, and there is no such resource.
fn no_service(manifest: &Manifest, reference: &Spanned<String>) -> Option<Diagnostic> {
    let parsed = Reference::parse(&reference.value);
    let kind = match parsed.scheme? {
        Scheme::Code(_) => return None,
        Scheme::Grpc => ResourceKind::Grpc,
        Scheme::Http => ResourceKind::Http,
        Scheme::Container => ResourceKind::Container,
    };
    // An address in full needs no resource.
    let id = parsed.path.split('.').next().filter(|_| !parsed.path.starts_with("//"))?;
    let of_kind = || manifest.resources.iter().filter(|resource| resource.kind.value == kind);
    if of_kind().any(|resource| resource.id.value == id) || manifest.lost.resources.may_hold(id) {
        return None;
    }
    let word = reference.value.split(':').next().unwrap_or_default();
    let message = format!("there is no resource `{id}` of kind `{word}`");
    let finding = Diagnostic::error(codes::NO_SERVICE, message, reference.span, "this ref needs one");
    let ids: Vec<String> = of_kind().map(|resource| resource.id.value.clone()).collect();
    Some(match nearest(id, ids.iter().map(String::as_str)) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None if ids.is_empty() => finding
            .help(format!("define it under `resources`, with `kind: {word}`; a ref is `RESOURCE.OPERATION`")),
        None => finding.help(format!("resources of that kind are {}", listed(&ids))),
    })
}

/// A method that nothing makes an object for.
fn unmade(signature: &Signature) -> Option<Lookup> {
    match &signature.function()?.receiver {
        Some(model::Receiver::Unmade(what)) => {
            Some(Lookup::NotCallable { what: what.clone(), span: signature.span })
        }
        _ => None,
    }
}

/// The resources that a task names, each once.
fn uses(
    manifest: &Manifest,
    ids: &[Id],
    sections: &Sections<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<(usize, Span)> {
    let mut found: Vec<(usize, Span)> = Vec::new();
    for id in ids {
        let Some(position) = resource(manifest, id, sections, diagnostics) else { continue };
        match found.iter().find(|(earlier, _)| *earlier == position) {
            None => found.push((position, id.span)),
            Some((_, earlier)) => diagnostics.push(
                Diagnostic::error(
                    codes::DUPLICATE_ID,
                    format!("the resource `{}` is named twice", id.value),
                    id.span,
                    "named again here",
                )
                .label(*earlier, "first named here")
                .help("an attempt holds one permit of it; remove one of them"),
            ),
        }
    }
    found
}

/// The position of a resource; `None` is reported, unless it may be one that could not be read.
pub(crate) fn resource(
    manifest: &Manifest,
    id: &Id,
    sections: &Sections<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let found = sections.resources.get(id.value.as_str()).copied();
    if found.is_none() && !manifest.lost.resources.may_hold(&id.value) {
        let known = &sections.resources;
        diagnostics.push(unknown(codes::UNKNOWN_RESOURCE, "resource", id, known, manifest.syntax));
    }
    found
}

/// What a Plan calls; `object` are the arguments of what makes the object of an instance method.
#[must_use]
pub fn callable(signature: &Signature, object: &[Argument]) -> Callable {
    match &signature.callee {
        Callee::Function(found) => {
            let receiver = found.receiver.as_ref().and_then(|receiver| match receiver {
                model::Receiver::Constructed(made_by) => Some(Receiver::Constructed {
                    constructor: made_by.name.clone(),
                    args: object.to_vec(),
                    returns_error: made_by.returns_error,
                }),
                model::Receiver::Resource(id) => Some(Receiver::Resource(id.clone())),
                // Refused before anything is bound.
                model::Receiver::Unmade(_) => None,
            });
            Callable::Function(function(signature, found, receiver))
        }
        Callee::Grpc(grpc) => Callable::Grpc { grpc: grpc.clone() },
        Callee::Http(http) => Callable::Http { http: http.clone() },
    }
}

pub(crate) fn function(
    signature: &Signature,
    found: &model::Function,
    receiver: Option<Receiver>,
) -> Function {
    Function {
        language: found.language,
        module: found.module.clone(),
        name: found.name.clone(),
        is_async: found.is_async,
        returns: signature.returns.clone(),
        annotated: signature.returns_span.is_some(),
        receiver,
        returns_error: found.returns_error,
        native_returns: found.native_returns.clone(),
        package: found.package.clone(),
    }
}

fn refused(reference: &Spanned<String>, name: &str, lookup: &Lookup) -> Diagnostic {
    match lookup {
        Lookup::NotFound { searched, similar } => not_found(reference, name, searched, similar),
        Lookup::NotCallable { what, span } => Diagnostic::error(
            codes::REF_NOT_CALLABLE,
            match what.contains("function") {
                true => format!("`{name}` is {what}"),
                false => format!("`{name}` is {what}, not a function"),
            },
            reference.span,
            "a task calls a function",
        )
        .label(*span, "defined here")
        .help(if what.contains("streaming method") {
            "name a unary method; a function of your own may read the stream"
        } else if what.contains("without names") {
            "name its results: they become the fields of what the step gives"
        } else {
            "write a function that does the work, and name it here"
        }),
        Lookup::Ambiguous(candidates) => {
            let places: Vec<String> = candidates.iter().map(|(place, _)| place.clone()).collect();
            let mut finding = Diagnostic::error(
                codes::REF_AMBIGUOUS,
                format!("`{name}` could be any of {} functions", candidates.len()),
                reference.span,
                "which one is meant?",
            );
            for (_, span) in candidates {
                finding = finding.label(*span, "this one?");
            }
            finding.help(format!(
                "they are {}: rename one, name the one that is meant in full, or a function that calls the one that is meant",
                listed(&places)
            ))
        }
        Lookup::Unreadable { problem, span } => {
            let finding = Diagnostic::error(
                codes::REF_UNREADABLE,
                format!("`{name}` could not be read: {problem}"),
                reference.span,
                "wanted here",
            );
            match span {
                Some(span) => finding.label(*span, "the problem is here"),
                None => finding,
            }
        }
        Lookup::Found(_) | Lookup::Reported => {
            Diagnostic::error(codes::REF_NOT_FOUND, format!("`{name}` was not found"), reference.span, "")
        }
    }
}

fn not_found(reference: &Spanned<String>, name: &str, searched: &[String], similar: &[String]) -> Diagnostic {
    let mut finding = Diagnostic::error(
        codes::REF_NOT_FOUND,
        format!("there is no function `{name}` in the code"),
        reference.span,
        "this ref leads nowhere",
    );
    if !searched.is_empty() {
        finding = finding.note(format!("searched {}", listed(searched)));
    }
    let Some((nearest, others)) = similar.split_first() else {
        return finding.help("write `module.function`, as an import would find it from the target's root");
    };
    finding = finding.help(format!("did you mean `{nearest}`?")).fix(
        format!("replace it by `{nearest}`"),
        Safety::Unsafe,
        vec![Edit { span: reference.span, text: requoted(nearest) }],
    );
    if others.is_empty() { finding } else { finding.note(format!("there are also {}", listed(others))) }
}

fn requoted(reference: &str) -> String {
    format!("\"{reference}\"")
}
