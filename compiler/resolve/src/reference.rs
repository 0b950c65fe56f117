//! Refs of tasks: which language they name, and what introspection answered.
//!
//! It knows no language's source: the answers are given to it.

use std::collections::BTreeMap;

use conductor_model::{self as model, Callee, Findings, Id, Lookup, Manifest, Signature, Spanned};
use conductor_source::{Diagnostic, Edit, Safety, Span};

use crate::codes;
use crate::graph::Task;
use crate::names::listed;
use crate::sections::{Sections, unknown};
use conductor_protocol::plan::{Argument, Callable, Effect, Function, Receiver};

/// How many places one finding points at; nobody follows more.
const MOST_PLACES: usize = 8;

const SCHEMES: [&str; 7] = ["py", "ts", "go", "rs", "grpc", "http", "container"];

/// The ref as Python introspection is asked for it: without `py:`.
///
/// # Errors
/// The scheme, where it names what this version does not support.
pub fn python_ref(reference: &str) -> Result<&str, &str> {
    match reference.split_once(':') {
        Some(("py", rest)) => Ok(rest.trim_start()),
        Some((scheme, _)) if SCHEMES.contains(&scheme) => Err(scheme),
        _ => Ok(reference),
    }
}

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
            let signature = signature(&task.reference, findings).unwrap_or_else(|finding| {
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
    match findings.lookups.get(python_ref(&reference.value).ok()?)? {
        Lookup::Unreadable { problem, .. } => Some(problem),
        _ => None,
    }
}

pub(crate) fn signature(
    reference: &Spanned<String>,
    findings: &Findings,
) -> Result<Option<Signature>, Box<Diagnostic>> {
    let name = python_ref(&reference.value).map_err(|scheme| {
        Box::new(
            Diagnostic::error(
                codes::REF_UNSUPPORTED,
                format!("refs with `{scheme}:` are not supported by this version"),
                reference.span,
                "only Python functions can be called today",
            )
            .help("name a Python function: `module.function`, or `py:module.function`"),
        )
    })?;
    match findings.lookups.get(name) {
        Some(Lookup::Found(signature)) => Ok(Some((**signature).clone())),
        Some(other) => Err(Box::new(refused(reference, name, other))),
        // Never asked for: lowering had nothing to ask and said so.
        None => Ok(None),
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
            let receiver = found.receiver.as_ref().map(|made_by| Receiver::Constructed {
                constructor: made_by.name.clone(),
                args: object.to_vec(),
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
    }
}

fn refused(reference: &Spanned<String>, name: &str, lookup: &Lookup) -> Diagnostic {
    match lookup {
        Lookup::NotFound { searched, similar } => not_found(reference, name, searched, similar),
        Lookup::NotCallable { what, span } => Diagnostic::error(
            codes::REF_NOT_CALLABLE,
            format!("`{name}` is {what}, not a function"),
            reference.span,
            "a task calls a function",
        )
        .label(*span, "defined here")
        .help("write a function that does the work, and name it here"),
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
            finding.help(format!("they stand in {}: rename one, or name its module in full", listed(&places)))
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
        Lookup::Found(_) => {
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
