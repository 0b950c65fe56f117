//! `_operations.ts`: one function for each operation of a service that the workflows call.
//!
//! It knows which arguments calls give and what they are named; where an argument goes in a request is decided by `http`.

use std::collections::BTreeMap;

use conductor_protocol::plan::{ArgumentValue, Callable, Plan, TaskCall};
use conductor_protocol::types::Type;

use super::codecs::Way;
use super::file::File;
use super::names::{Names, camel, pascal};
use super::package::Package;
use super::tree::{Function, Item, Member, Module, Param, Stmt, Ts, Ty};
use super::{grpc, http};
use crate::EmitError;

/// Names that the module uses for itself.
const RESERVED: [&str; 12] = [
    "args",
    "codecs",
    "grpcCalls",
    "httpCalls",
    "key",
    "left",
    "reply",
    "resources",
    "scalars",
    "schemas",
    "signal",
    "timeLeft",
];

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
    /// The field of the function's parameter.
    pub field: String,
    /// Null where a call may leave it out, or gives null.
    pub ty: Type,
    required: bool,
}

impl Given {
    /// The argument as JSON.
    pub fn encoded(&self, file: &mut File) -> Ts {
        file.coded(Way::Encode, &self.ty, Ts::name("args").member(&self.field))
    }
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
                    field: String::new(),
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
        let mut functions = Names::reserving(&RESERVED);
        for operation in self.known.values_mut() {
            operation.name = functions.fresh(&wanted(&operation.callable));
            let mut fields = Names::default();
            for given in &mut operation.arguments {
                given.field = fields.fresh(&identifier(&given.argument));
                if !given.required {
                    given.ty = Type::optional(given.ty.clone());
                }
            }
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

/// `usersApiGetUsersByUserId`.
fn wanted(callable: &Callable) -> String {
    match callable {
        Callable::Grpc { grpc } => identifier(&format!("{}_{}", grpc.resource, pascal(&grpc.method))),
        Callable::Http { http } => {
            let path = http.path.replace('{', "by_").replace('}', "");
            identifier(&format!("{}_{}{path}", http.resource, http.method.to_lowercase()))
        }
        Callable::Function(function) => identifier(&function.name),
    }
}

/// A name in camel case of ASCII letters and digits.
fn identifier(name: &str) -> String {
    let ascii: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
    camel(&ascii)
}

/// The module, or `None` where nothing is called but functions.
pub fn module(package: &Package) -> Result<Option<Module>, EmitError> {
    let mut names = Names::reserving(&RESERVED);
    package.operations.all().for_each(|operation| names.reserve(&operation.name));
    let mut file = File::new(package, "", names);
    let mut items = Vec::new();
    for operation in package.operations.all() {
        items.push(Item::Function(function(&mut file, operation)?));
    }
    Ok((!items.is_empty()).then(|| file.module(items)))
}

fn function(file: &mut File, operation: &Operation) -> Result<Function, EmitError> {
    let call = match &operation.callable {
        Callable::Http { http } => http::call(file, http, operation)?,
        Callable::Grpc { grpc } => grpc::call(file, grpc, operation)?,
        Callable::Function(other) => {
            return Err(EmitError::Unsupported { what: format!("the function `{other}` as an operation") });
        }
    };
    let returns = operation.callable.returns();
    let body = match returns {
        Type::Null => vec![Stmt::Expr(call.awaited())],
        _ => vec![
            Stmt::constant("reply", call.awaited()),
            Stmt::Return(Some(file.coded(Way::Decode, returns, Ts::name("reply")))),
        ],
    };
    let mut params = Vec::new();
    if !operation.arguments.is_empty() {
        let members = operation.arguments.iter().map(|given| Member {
            name: given.field.clone(),
            optional: !given.required,
            ty: file.ty(&given.ty),
            doc: None,
        });
        params.push(Param::typed("args", Ty::Object(members.collect())));
    }
    params.push(Param::typed("key", Ty::name("string")));
    params.push(Param::typed("signal", Ty::name("AbortSignal")));
    if matches!(operation.callable, Callable::Grpc { .. }) {
        let nearest = file.runtime("current", "timeLeft").called(Vec::new());
        let ty = Ty::union([Ty::name("number"), Ty::name("undefined")]);
        params.push(Param { name: "left".to_owned(), ty: Some(ty), default: Some(nearest) });
    }
    let returns = if *returns == Type::Null { Ty::name("void") } else { file.ty(returns) };
    let resource = operation.callable.resource().unwrap_or_default();
    Ok(Function {
        exported: true,
        is_async: true,
        name: operation.name.clone(),
        params,
        returns: Ty::promise(returns),
        doc: format!("`{}` of `{resource}`.", operation.callable),
        body,
    })
}
