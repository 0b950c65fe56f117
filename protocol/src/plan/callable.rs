//! What a task calls: a function of the user's code, a method of a gRPC service, an operation of an HTTP API.
//!
//! It knows neither the arguments of a call nor how any language makes one.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Language;
use super::call::Argument;
use crate::types::Type;

/// What a task calls, resolved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Callable {
    Grpc { grpc: GrpcMethod },
    Http { http: HttpOperation },
    Function(Function),
}

/// A function or method of the user's code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub language: Language,
    /// Importable module: `shop.user_service`.
    pub module: String,
    /// Name in the module: `get_user_by_id`; with dots for what belongs to a class: `Users.get`.
    pub name: String,
    /// Whether a cancelled call ends: `async` in Python and TypeScript, in Go what takes a context.
    pub is_async: bool,
    pub returns: Type,
    /// Whether the code says what it returns.
    pub annotated: bool,
    /// What an instance method is called on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Receiver>,
    /// Whether it returns an error beside its result, as functions in Go and Rust do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns_error: bool,
    /// The result's type as the language writes it, where `returns` leaves that open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native_returns: Option<String>,
    /// Of Go: the package's name, where it is not the last part of its path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
}

/// The object of an instance method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiver {
    /// Made anew for each attempt, by a constructor of the method's module.
    Constructed {
        /// The class, or the function that makes the object: `Users`, `NewUsers`.
        constructor: String,
        args: Vec<Argument>,
        /// Whether it returns an error beside the object.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        returns_error: bool,
    },
    /// The client that a custom resource has opened.
    Resource(String),
}

/// A unary method of a gRPC service. Its arguments are the fields of the request, by their names in the schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GrpcMethod {
    /// Whose channel the call takes, and whose descriptors say what the messages are.
    pub resource: String,
    /// With its package: `shop.auth.v1.AuthService`.
    pub service: String,
    pub method: String,
    /// Full names of the messages.
    pub request: String,
    pub response: String,
    pub returns: Type,
}

/// An operation of an HTTP API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpOperation {
    /// Whose connections the call takes; its address is what `path` is appended to.
    pub resource: String,
    /// In capitals: `GET`.
    pub method: String,
    /// With the names of its parameters in braces: `/users/{user_id}`.
    pub path: String,
    pub parameters: Vec<HttpParameter>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyForm>,
    /// Documented errors with a name, by status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<HttpError>,
    pub returns: Type,
}

/// Where an argument goes in a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpParameter {
    /// The name of the argument.
    pub argument: String,
    /// The name on the wire.
    pub name: String,
    pub place: Place,
    /// Whether each item of a list is a parameter of its own; otherwise they stand in one, with commas.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explode: bool,
    /// Of a field: whether it is left out where the argument is null. In other places null is always left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub omit_null: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Path,
    Query,
    Header,
    Cookie,
    /// A field of the body.
    Field,
    /// The body as a whole.
    Body,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyForm {
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpError {
    /// `404`, or a class such as `4xx`.
    pub status: String,
    /// The name of its schema.
    pub name: String,
}

impl Callable {
    #[must_use]
    pub fn returns(&self) -> &Type {
        match self {
            Callable::Function(function) => &function.returns,
            Callable::Grpc { grpc } => &grpc.returns,
            Callable::Http { http } => &http.returns,
        }
    }

    /// Whether cancelling an attempt ends the call itself; a blocking function goes on.
    #[must_use]
    pub fn listens(&self) -> bool {
        match self {
            Callable::Function(function) => function.is_async,
            Callable::Grpc { .. } | Callable::Http { .. } => true,
        }
    }

    #[must_use]
    pub fn function(&self) -> Option<&Function> {
        match self {
            Callable::Function(function) => Some(function),
            Callable::Grpc { .. } | Callable::Http { .. } => None,
        }
    }

    /// The resource through which a remote call goes.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        match self {
            Callable::Grpc { grpc } => Some(&grpc.resource),
            Callable::Http { http } => Some(&http.resource),
            Callable::Function(function) => match &function.receiver {
                Some(Receiver::Resource(id)) => Some(id),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}

/// As people call it: `user_service.get`, `shop.v1.Users/Get`, `GET /users/{user_id}`.
impl fmt::Display for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Callable::Function(function) => function.fmt(f),
            Callable::Grpc { grpc } => write!(f, "{}/{}", grpc.service, grpc.method),
            Callable::Http { http } => write!(f, "{} {}", http.method, http.path),
        }
    }
}
