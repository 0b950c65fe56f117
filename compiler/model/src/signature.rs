//! What introspection found in the code: signatures of functions and definitions of types.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Effect, GrpcMethod, Health, HttpOperation, Language};
use conductor_protocol::types::{Type, TypeName, TypeTable};
use conductor_source::{Diagnostic, Span};

use crate::Annotation;
use crate::reference::{SCHEMES, Scheme};

/// What a `ref` leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Signature {
    pub callee: Callee,
    pub parameters: Vec<Parameter>,
    /// `Any` where the code does not say.
    pub returns: Type,
    /// The return annotation, where there is one.
    pub returns_span: Option<Span>,
    pub doc: Option<String>,
    /// What the code or schema says of its effect: `GET`, `idempotency_level`.
    pub effect: Option<Effect>,
    pub idempotent: Option<bool>,
    /// What a comment beside it says of it as a task.
    pub annotation: Option<Annotation>,
    /// The name in its definition.
    pub span: Span,
}

/// What is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Callee {
    Function(Function),
    Grpc(GrpcMethod),
    Http(HttpOperation),
}

/// A function or method of the code.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub language: Language,
    /// The module that defines it, importable: `shop.user_service`.
    pub module: String,
    /// With dots for what belongs to a class: `Users.get`.
    pub name: String,
    /// Whether a cancelled call ends: `async` in Python and TypeScript, in Go what takes a context.
    pub is_async: bool,
    /// Whether it returns an error beside its result.
    pub returns_error: bool,
    /// What an instance method is called on.
    pub receiver: Option<Receiver>,
    /// The result's type as the language writes it, where the manifest's type leaves that open.
    pub native_returns: Option<String>,
    /// Of Go: the package's name, where it is not the last part of its path.
    pub package: Option<String>,
}

/// The object of an instance method.
#[derive(Debug, Clone, PartialEq)]
pub enum Receiver {
    Constructed(Constructor),
    /// The client of the custom resource of that id.
    Resource(String),
    /// Nothing makes it, so that only a resource could give it; why, as a sentence goes on after "is".
    Unmade(String),
}

/// What makes the object of an instance method. Its parameters are bound as those of the method.
#[derive(Debug, Clone, PartialEq)]
pub struct Constructor {
    /// The class, or the function that makes the object: `Users`, `NewUsers`.
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// Whether it returns an error beside the object.
    pub returns_error: bool,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    pub name: String,
    pub kind: ParameterKind,
    /// `Any` where the code does not say.
    pub ty: Type,
    pub annotated: bool,
    /// The type as the language writes it, where `ty` leaves that open.
    pub native: Option<String>,
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
    /// Given by the runtime: a `context.Context`, an `AbortSignal`.
    Cancellation,
}

impl Signature {
    /// Every parameter that wants a value: those of what makes the object of an instance method, then the method's own.
    pub fn all_parameters(&self) -> impl Iterator<Item = &Parameter> {
        self.constructor().into_iter().flat_map(|constructor| &constructor.parameters).chain(&self.parameters)
    }

    /// How many of them make the object.
    #[must_use]
    pub fn object_parameters(&self) -> usize {
        self.constructor().map_or(0, |constructor| constructor.parameters.len())
    }

    /// `None` for what is not of the code.
    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        match &self.callee {
            Callee::Function(function) => Some(function),
            Callee::Grpc(_) | Callee::Http(_) => None,
        }
    }

    fn constructor(&self) -> Option<&Constructor> {
        match self.function()?.receiver.as_ref()? {
            Receiver::Constructed(constructor) => Some(constructor),
            Receiver::Resource(_) | Receiver::Unmade(_) => None,
        }
    }

    /// As the code or the schema calls it: `get_user_by_id`, `CheckPermissions`, `GET /users/{user_id}`.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.callee {
            Callee::Function(function) => function.name.clone(),
            Callee::Grpc(grpc) => grpc.method.clone(),
            Callee::Http(http) => format!("{} {}", http.method, http.path),
        }
    }

    /// A ref that leads here and nowhere else: `py:user_service.get`, `grpc:auth.shop.v1.Auth/Check`.
    #[must_use]
    pub fn explicit_ref(&self) -> String {
        match &self.callee {
            Callee::Function(function) => {
                let Function { language, module, name, receiver, .. } = function;
                let code = Scheme::Code(*language);
                let scheme = SCHEMES.iter().find(|(_, scheme)| *scheme == code).map_or("", |(word, _)| word);
                match receiver {
                    Some(Receiver::Resource(id)) => {
                        format!("{id}.{}", name.rsplit('.').next().unwrap_or(name))
                    }
                    _ => format!("{scheme}:{}.{name}", module.trim_start_matches("./")),
                }
            }
            Callee::Grpc(grpc) => format!("grpc:{}.{}/{}", grpc.resource, grpc.service, grpc.method),
            Callee::Http(http) => format!("http:{}.{} {}", http.resource, http.method, http.path),
        }
    }

    /// Whether cancelling an attempt ends the call itself.
    #[must_use]
    pub fn listens(&self) -> bool {
        match &self.callee {
            Callee::Function(function) => function.is_async,
            Callee::Grpc(_) | Callee::Http(_) => true,
        }
    }
}

/// The answer for one `ref`.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    Found(Box<Signature>),
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
    /// What stands in the way was reported where it stands.
    Reported,
}

/// What was learned of the service behind a resource, for its Plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ServiceFacts {
    /// Where the manifest does not say it.
    pub address: Option<String>,
    /// A `FileDescriptorSet` in base64.
    pub descriptors: Option<String>,
    /// What its server has told and is worth keeping: by the operation as a ref names it, the method that is meant.
    pub operations: BTreeMap<String, String>,
    /// The URL of the document that a server was asked for, and what the called operations need of it.
    pub document: Option<(String, serde_json::Value)>,
    pub health: Option<Health>,
    pub ready_ms: Option<u64>,
}

/// Everything introspection learned for one compilation.
#[derive(Debug, Default)]
pub struct Findings {
    /// By `ref` as the manifest writes it.
    pub lookups: BTreeMap<String, Lookup>,
    /// Every class reachable from a signature or named by the manifest.
    pub types: TypeTable,
    /// The language of each class of the code; what a service describes has none.
    pub languages: BTreeMap<TypeName, Language>,
    /// Where each class is defined.
    pub type_spans: BTreeMap<TypeName, Span>,
    /// The manifest's type names that were found, by their spelling.
    pub named: BTreeMap<String, TypeName>,
    /// By the id of the resource.
    pub services: BTreeMap<String, ServiceFacts>,
    /// Files that were survived with errors, as warnings.
    pub diagnostics: Vec<Diagnostic>,
}
