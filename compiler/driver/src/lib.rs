//! The whole compiler in one function: bytes of a manifest in, findings, Plans and files out.
//!
//! It knows no disk and no clock: whoever calls it fetches files and writes what comes out.

mod annotated;
mod data;
pub mod drafting;
mod generate;
mod implied;
pub mod init;
mod introspection;
mod lock;
mod output;
mod pin;
mod policies;
mod refresh;
mod rewrite;
mod target;
mod ungenerated;
mod unwritable;

use std::collections::BTreeMap;

use conductor_check::Verified;
use conductor_emit::Header;
use conductor_model::Manifest;
use conductor_protocol::plan::Plan;
use conductor_source::{Code, Diagnostic, Severity, Sources};

use crate::generate::Generator;
use crate::introspection::Asking;
use crate::lock::Told;
use crate::lock::documents::Document;
use crate::lock::services::Service;

pub use conductor_advise::{
    Baseline, Confidence, Family, Measured, RULES, Rule, Selection, described as described_rule,
    rule as rule_of,
};
pub use conductor_introspect::{Answer, DirEntry, Need, Reflection, Server};
pub use conductor_model::schema;
pub use conductor_resolve::{Binding, BindingSource};
pub use conductor_syntax::Syntax;
pub use data::read_data;
pub use lock::FILE as LOCK_FILE;
pub use pin::{Pinned, pin};
pub use refresh::CODES as REFRESHED;
pub use rewrite::{Rewritten, Unwritten, convert, format};

/// Every code that the driver itself reports.
pub const CODES: &[Code] = &[
    annotated::DIFFERS,
    target::TWO_TARGETS,
    target::BAD_FOLDER,
    target::NO_ROOT,
    unwritable::UNWRITABLE,
    ungenerated::NOT_GENERATED,
    output::NO_PLACE,
    lock::DRIFT,
    lock::UNREADABLE,
    lock::DAMAGED_PIN,
    refresh::BROKEN,
    refresh::CHANGED,
    introspection::grpc::UNREACHABLE,
    introspection::grpc::UNREADABLE,
    introspection::container::BAD_CONTAINER,
    introspection::http::DEPRECATED,
];

/// What came of a compilation.
#[derive(Debug)]
pub struct Outcome {
    /// Every file that a diagnostic may point into.
    pub sources: Sources,
    /// By place, each once.
    pub diagnostics: Vec<Diagnostic>,
    /// `None` exactly when a diagnostic is an error.
    pub compiled: Option<Compiled>,
}

#[derive(Debug)]
pub struct Compiled {
    /// In the manifest's order.
    pub plans: Vec<Plan>,
    /// Tasks by the policy that they, or steps that call them, name.
    pub policies: BTreeMap<String, Vec<String>>,
    /// What was bound without being written, in the manifest's order.
    pub bindings: Vec<Binding>,
    /// What the generators do not write yet, and what keeps code from standing where it should. The manifest is right;
    /// it cannot be built.
    pub ungenerated: Vec<Diagnostic>,
    /// Every generated file by its path relative to the manifest's folder; none where something is not generated, or
    /// nobody asked for the code.
    pub outputs: BTreeMap<String, String>,
    /// The folders, relative to the manifest's, that hold generated files and nothing else: at least one.
    pub outs: Vec<String>,
    /// The text of `conductor.lock`.
    pub lock: String,
}

/// What a compilation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Code,
    /// The findings and the Plans; code is written only as far as it can be the cause of a finding.
    Findings,
}

/// Where the schemas of servers come from that are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Schemas {
    /// The lock, and the server for what is not in it.
    #[default]
    Pinned,
    /// The servers; what has changed since the lock was written is found.
    Compared,
    /// The servers.
    Renewed,
}

/// Compiles a manifest to code, in the syntax that its name says. `lock` is the text of an earlier `conductor.lock`; `fetch` answers for files of the code,
/// with paths relative to the manifest's folder.
pub fn compile(
    manifest_path: &str,
    bytes: &[u8],
    lock: Option<&[u8]>,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Outcome {
    compile_for(Wanted::Code, Schemas::Pinned, manifest_path, bytes, lock, fetch)
}

/// As [`compile`], for who may not need the code.
pub fn compile_for(
    wanted: Wanted,
    schemas: Schemas,
    manifest_path: &str,
    bytes: &[u8],
    lock: Option<&[u8]>,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Outcome {
    compile_and(wanted, schemas, (manifest_path, bytes, lock), fetch, &mut |_, _, _| Vec::new())
}

/// Looks for findings, and gives advice where nothing is wrong; its codes are those of [`RULES`].
pub fn advise(
    selection: &Selection,
    measured: Option<&Measured>,
    manifest_path: &str,
    bytes: &[u8],
    lock: Option<&[u8]>,
    fetch: &mut dyn FnMut(&Need) -> Answer,
) -> Outcome {
    let mut look = |manifest: &Manifest, verified: &Verified, sources: &Sources| {
        conductor_advise::advise(conductor_advise::Request {
            manifest,
            verified,
            sources,
            measured,
            selection,
        })
    };
    compile_and(Wanted::Findings, Schemas::Pinned, (manifest_path, bytes, lock), fetch, &mut look)
}

/// What else is found in a manifest that is right.
type Look<'a> = &'a mut dyn FnMut(&Manifest, &Verified, &Sources) -> Vec<Diagnostic>;

fn compile_and(
    wanted: Wanted,
    schemas: Schemas,
    (manifest_path, bytes, lock): (&str, &[u8], Option<&[u8]>),
    fetch: &mut dyn FnMut(&Need) -> Answer,
    look: Look<'_>,
) -> Outcome {
    let mut sources = Sources::default();
    let syntax = Syntax::of(manifest_path);
    let (_, tree, mut diagnostics) = syntax.read(&mut sources, manifest_path, bytes);
    let (mut manifest, found) = conductor_model::lower(&tree, syntax);
    implied::add(&mut manifest);
    conductor_parallel::discard(manifest.workflows.len(), tree);
    diagnostics.extend(found);
    let folders = target::folders(&manifest, &mut diagnostics);
    let opened = lock.map(|bytes| lock::open(bytes, &mut sources)).transpose();
    let lock = opened.unwrap_or_else(|finding| {
        diagnostics.push(*finding);
        None
    });
    let mut asking = Asking { folders: &folders, sources: &mut sources, fetch, lock: lock.as_ref(), schemas };
    let mut findings = introspection::introspect(&manifest, &mut asking);
    diagnostics.append(&mut findings.diagnostics);
    diagnostics.extend(annotated::fill(&mut manifest, &findings));
    let (graph, mut found) = conductor_resolve::resolve(&manifest, &findings, &sources);
    let missing = target::missing_roots(&manifest, &folders, fetch);
    if !missing.is_empty() {
        // That nothing is found there follows from it.
        found.retain(|finding| !conductor_resolve::NOT_IN_CODE.contains(&finding.code));
        diagnostics.extend(missing);
    }
    diagnostics.extend(found);
    if let Some(lock) = lock.filter(|_| !has_error(&diagnostics)) {
        diagnostics.extend(lock::drift(&graph, &lock, &sources));
    }
    let facts = || findings.services.iter();
    let pins = Told {
        services: facts().filter_map(|(id, facts)| Some((id.clone(), Service::of(facts)?))).collect(),
        documents: facts().filter_map(|(id, facts)| Some((id.clone(), Document::of(facts)?))).collect(),
    };
    let (verified, found) = conductor_check::check(&manifest, graph, &diagnostics);
    diagnostics.extend(found);
    if let Some(verified) = &verified {
        diagnostics.extend(look(&manifest, verified, &sources));
    }
    let compiled = verified.as_ref().and_then(|verified| {
        let manifest_name = manifest_path.rsplit('/').next().unwrap_or(manifest_path);
        let header = Header { manifest: manifest_name, version: env!("CARGO_PKG_VERSION") };
        let mut generator = Generator { wanted, header, folders: &folders, fetch };
        let compiled = generator.compiled(&manifest, verified, pins);
        compiled.map_err(|finding| diagnostics.push(*finding)).ok()
    });
    conductor_parallel::discard(manifest.workflows.len(), (manifest, findings, verified));
    Outcome { sources, diagnostics: in_order(diagnostics), compiled }
}

impl Outcome {
    /// The outcome for who needs the code: what is not generated yet is an error.
    #[must_use]
    pub fn for_build(mut self) -> Outcome {
        let Some(compiled) = self.compiled.take_if(|compiled| !compiled.ungenerated.is_empty()) else {
            return self;
        };
        self.diagnostics.extend(compiled.ungenerated);
        Outcome { diagnostics: in_order(self.diagnostics), ..self }
    }
}

fn has_error(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|finding| finding.severity == Severity::Error)
}

/// By place, then by code; what was found twice stands once.
fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_cached_key(|finding| (finding.span(), finding.code, finding.message.clone()));
    diagnostics.dedup();
    diagnostics
}
