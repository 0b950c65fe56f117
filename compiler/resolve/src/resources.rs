//! Resources with their defaults filled in: addresses as expressions over the environment, functions looked up.
//!
//! It knows no steps.

use conductor_model::{Callee, Findings, Manifest, Spanned};
use conductor_protocol::expr::{self, Expr, Literal};
use conductor_protocol::plan::{self, Function, ResourceKind, Scope as Sharing};
use conductor_protocol::types::Type;
use conductor_source::Diagnostic;
use conductor_syntax::Node;

use crate::asked::Naming;
use crate::graph::Resource;
use crate::ids::StepIds;
use crate::reference;
use crate::scope::Scope;
use crate::value::{Place, Stand, findings as report, value};

pub(crate) fn resources(
    manifest: &Manifest,
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Resource> {
    manifest
        .resources
        .iter()
        .map(|written| {
            let mut looked_up = |reference: Option<&Spanned<String>>| {
                reference.and_then(|reference| function(reference, findings, diagnostics))
            };
            let (open, close) = (looked_up(written.open.as_ref()), looked_up(written.close.as_ref()));
            let client = open.as_ref().map_or(Type::Any, |open| open.returns.clone());
            let address = written.address.as_ref().and_then(|node| text(node, findings, diagnostics));
            let headers = written
                .headers
                .iter()
                .filter_map(|(name, node)| Some((name.value.clone(), text(node, findings, diagnostics)?)))
                .collect();
            let facts = findings.services.get(&written.id.value);
            let known = facts.and_then(|facts| facts.address.as_deref());
            let address = address.or_else(|| known.map(literal));
            let is_semaphore = written.kind.value == ResourceKind::Semaphore;
            let scope = written.scope.as_ref().map_or(default_scope(is_semaphore), |scope| scope.value);
            Resource {
                id: written.id.clone(),
                client,
                span: written.span,
                plan: plan::Resource {
                    address,
                    pool: written.pool.as_ref().map(|pool| pool.value),
                    max_concurrency: written.max_concurrency.as_ref().map(|limit| limit.value),
                    rate_limit: written.rate_limit.as_ref().map(|rate| rate.value),
                    open,
                    close,
                    headers,
                    ca: written.ca.as_ref().map(|path| path.value.clone()),
                    descriptors: facts.and_then(|facts| facts.descriptors.clone()),
                    ready_ms: written
                        .ready
                        .as_ref()
                        .map(|ready| ready.value)
                        .or(facts.and_then(|facts| facts.ready_ms)),
                    health: facts.and_then(|facts| facts.health.clone()),
                    ..plan::Resource::new(&written.id.value, written.kind.value, scope)
                },
            }
        })
        .collect()
}

/// A semaphore that nobody shares would be a `bulkhead`, and a pool belongs to its process.
fn default_scope(is_semaphore: bool) -> Sharing {
    if is_semaphore { Sharing::Host } else { Sharing::Process }
}

/// The address of a resource as it is written: a text over the environment. Mistakes in it are reported when names are
/// resolved.
#[must_use]
pub fn address(written: &conductor_model::Resource) -> Option<Expr> {
    text(written.address.as_ref()?, &Findings::default(), &mut Vec::new())
}

fn literal(text: &str) -> Expr {
    Expr { ty: Type::String, node: expr::Node::Literal(Literal::String(text.to_owned())) }
}

/// A text over the environment.
fn text(node: &Node, findings: &Findings, diagnostics: &mut Vec<Diagnostic>) -> Option<Expr> {
    let (scope, naming, ids) = (Scope::default(), Naming::default(), StepIds::default());
    let place = Place {
        scope: &scope,
        naming: &naming,
        ids: &ids,
        here: Stand::Start,
        known: &[],
        env: true,
        types: &findings.types,
        languages: &findings.languages,
    };
    let mut wrong = Vec::new();
    let text = value(node, Some(&Type::String), place, &mut wrong, diagnostics);
    report(wrong, diagnostics);
    text
}

fn function(
    reference: &Spanned<String>,
    findings: &Findings,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Function> {
    let signature = match reference::signature(reference, findings) {
        Ok(signature) => signature?,
        Err(finding) => {
            diagnostics.push(*finding);
            return None;
        }
    };
    match &signature.callee {
        Callee::Function(found) => Some(reference::function(&signature, found, None)),
        Callee::Grpc(_) | Callee::Http(_) => None,
    }
}
