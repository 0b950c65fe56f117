//! What introspection found in the code: signatures of functions and definitions of types.

use std::collections::BTreeMap;

use conductor_protocol::plan::Language;
use conductor_protocol::types::{Type, TypeName, TypeTable};
use conductor_source::{Diagnostic, Span};

/// A function that a `ref` leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub language: Language,
    /// The module that defines it, importable: `shop.user_service`.
    pub module: String,
    pub name: String,
    pub is_async: bool,
    pub parameters: Vec<Parameter>,
    /// `Any` where the code does not say.
    pub returns: Type,
    /// The return annotation, where there is one.
    pub returns_span: Option<Span>,
    pub doc: Option<String>,
    /// The name in its definition.
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub kind: ParameterKind,
    /// `Any` where the code does not say.
    pub ty: Type,
    pub annotated: bool,
    /// The default as the source writes it.
    pub default: Option<String>,
    /// The name with its annotation.
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    PositionalOnly,
    PositionalOrKeyword,
    KeywordOnly,
    VarPositional,
    VarKeyword,
}

/// The answer for one `ref`.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    Found(Signature),
    /// No such function. `searched` are the paths tried; `similar` full refs that exist, the nearest first.
    NotFound {
        searched: Vec<String>,
        similar: Vec<String>,
    },
    /// The name exists but cannot be called as a task: `what` is "a class", "a constant", "a generator function".
    NotCallable {
        what: String,
        span: Span,
    },
    /// Several definitions answer, each as `path:line` with its place.
    Ambiguous(Vec<(String, Span)>),
    /// The module could not be read well enough; `problem` says what, at `span` where known.
    Unreadable {
        problem: String,
        span: Option<Span>,
    },
}

/// Everything introspection learned for one compilation.
#[derive(Debug, Default)]
pub struct Findings {
    /// By `ref` as the manifest writes it.
    pub lookups: BTreeMap<String, Lookup>,
    /// Every class reachable from a signature or named by the manifest.
    pub types: TypeTable,
    /// Where each class is defined.
    pub type_spans: BTreeMap<TypeName, Span>,
    /// The manifest's type names that were found, by their spelling.
    pub named: BTreeMap<String, TypeName>,
    /// Files that were survived with errors, as warnings.
    pub diagnostics: Vec<Diagnostic>,
}
