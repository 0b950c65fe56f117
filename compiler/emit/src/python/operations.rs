//! `_operations.py`: one function for each gRPC method and HTTP operation that the workflows call.
//!
//! It knows where an argument goes in a request; workflows call these functions as they call the user's.

use std::collections::BTreeMap;

use conductor_protocol::plan::{ArgumentValue, Callable, Plan, TaskCall};
use conductor_protocol::types::Type;

use super::codecs::{Way, apply};
use super::file::File;
use super::names::{Names, snake};
use super::package::Package;
use super::tree::{Function, Item, Module, Param, Py, Stmt};
use super::{grpc, http};
use crate::EmitError;

/// An operation of a service and the arguments that some call gives it.
pub struct Operation {
    pub callable: Callable,
    /// The function.
    pub name: String,
    pub arguments: Vec<Given>,
}

/// An argument of an operation.
pub struct Given {
    /// As the schema names it.
    pub argument: String,
    /// The function's parameter.
    pub parameter: String,
    /// Null where a call may leave it out, or gives null.
    pub ty: Type,
    required: bool,
}

/// The operations of all Plans.
#[derive(Default)]
pub struct Operations {
    known: BTreeMap<(String, String), Operation>,
}

impl Operations {
    pub fn of(plans: &[Plan]) -> Operations {
        let mut operations = Operations::default();
        plans.iter().flat_map(Plan::all_calls).for_each(|call| operations.add(call));
        operations.name();
        operations
    }

    /// The operation that a call makes; `None` for a function of the code.
    pub fn get(&self, callable: &Callable) -> Option<&Operation> {
        self.known.get(&key(callable)?)
    }

    pub fn all(&self) -> impl Iterator<Item = &Operation> {
        self.known.values()
    }

    fn add(&mut self, call: &TaskCall) {
        let Some(key) = key(&call.callable) else { return };
        let is_new = !self.known.contains_key(&key);
        let operation = self.known.entry(key).or_insert_with(|| Operation {
            callable: call.callable.clone(),
            name: String::new(),
            arguments: Vec::new(),
        });
        for argument in call.args.iter().filter(|argument| is_sent(&argument.value)) {
            if !operation.arguments.iter().any(|known| known.argument == argument.parameter) {
                operation.arguments.push(Given {
                    argument: argument.parameter.clone(),
                    parameter: String::new(),
                    ty: argument.ty.clone(),
                    required: is_new,
                });
            }
        }
        for known in &mut operation.arguments {
            known.required &= call.args.iter().any(|argument| argument.parameter == known.argument);
        }
    }

    /// Every name is chosen once all are known, so that equal ones do not depend on the order of the Plans.
    fn name(&mut self) {
        let mut functions = Names::default();
        for operation in self.known.values_mut() {
            operation.name = functions.fresh(&wanted(&operation.callable));
            let mut parameters = Names::reserving(&["key", "reply", "str", "object", "int", "float", "bool"]);
            for given in &mut operation.arguments {
                given.parameter = parameters.fresh(&identifier(&given.argument));
                if !given.required {
                    given.ty = Type::optional(given.ty.clone());
                }
            }
            operation.arguments.sort_by_key(|given| !given.required);
        }
    }
}

/// Clients and cancellations are no part of a request.
fn is_sent(value: &ArgumentValue) -> bool {
    matches!(value, ArgumentValue::Expr(_) | ArgumentValue::IdempotencyKey)
}

fn key(callable: &Callable) -> Option<(String, String)> {
    Some((callable.resource()?.to_owned(), callable.to_string())).filter(|_| callable.function().is_none())
}

/// `auth_service_check_permissions`, `user_api_get_users_by_user_id`.
fn wanted(callable: &Callable) -> String {
    match callable {
        Callable::Grpc { grpc } => identifier(&format!("{}_{}", grpc.resource, grpc.method)),
        Callable::Http { http } => {
            let path = http.path.replace('{', "by_").replace('}', "");
            identifier(&format!("{}_{}{path}", http.resource, http.method.to_lowercase()))
        }
        Callable::Function(function) => identifier(&function.name),
    }
}

/// A name in snake case of ASCII letters and digits.
fn identifier(name: &str) -> String {
    let ascii: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    let words: Vec<String> =
        snake(&ascii).split('_').filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let name = words.join("_");
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("_{name}"),
        Some(_) => name,
    }
}

/// The module, or `None` where nothing is called but functions.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let mut file = File::new(package, "", Names::default());
    let mut items = Vec::new();
    for operation in package.operations.all() {
        items.push(Item::Function(function(&mut file, operation)?));
    }
    if items.is_empty() {
        return Ok(None);
    }
    Ok(Some(Module {
        header: package.header.clone(),
        doc: vec!["The operations of services that the workflows call.".to_owned()],
        imports: file.imports.into_iter().collect(),
        items,
        all: Vec::new(),
    }))
}

fn function(file: &mut File, operation: &Operation) -> Result<Function, EmitError> {
    let call = match &operation.callable {
        Callable::Grpc { grpc } => grpc::call(file, grpc, operation)?,
        Callable::Http { http } => http::call(file, http, operation)?,
        Callable::Function(function) => {
            return Err(EmitError::Unsupported {
                what: format!("the function `{function}` as an operation"),
            });
        }
    };
    let returns = operation.callable.returns();
    let body = match returns {
        Type::Null => vec![Stmt::Expr(call.awaited())],
        _ => vec![
            Stmt::Assign { target: "reply".to_owned(), annotation: None, value: call.awaited() },
            Stmt::Return(Some(apply(file, Way::Decode, returns, Py::atom("reply")))),
        ],
    };
    let mut params = vec![Param { name: "key".to_owned(), annotation: "str".to_owned(), default: None }];
    for given in &operation.arguments {
        let annotation = file.annotation(&given.ty);
        let default = (!given.required).then(|| "None".to_owned());
        params.push(Param { name: given.parameter.clone(), annotation, default });
    }
    let resource = operation.callable.resource().unwrap_or_default();
    Ok(Function {
        is_async: true,
        name: operation.name.clone(),
        params,
        keyword_only: false,
        returns: file.annotation(returns),
        doc: vec![format!("`{}` of `{resource}`.", operation.callable)],
        body,
    })
}

/// The argument as JSON.
pub fn encoded(file: &mut File, given: &Given) -> Py {
    apply(file, Way::Encode, &given.ty, Py::atom(given.parameter.clone()))
}
