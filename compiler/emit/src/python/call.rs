//! What an attempt calls: a function, a method and the object it belongs to, or an operation of a service.
//!
//! It knows how a call is spelled; attempts, time limits and journal are its callers' business.

use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{Argument, ArgumentValue, Callable, Function, Passing, Receiver, TaskCall};
use conductor_protocol::types::Type;

use super::elsewhere;
use super::file::File;
use super::names::snake;
use super::resources::{self, Handed};
use super::tree::{self, Arg, Py, Stmt};
use super::workflow::Workflow;
use crate::EmitError;
use crate::flow::{is_immutable, may_fail};

/// A call in its parts.
pub struct Made {
    /// Before the first attempt.
    pub before: Vec<Stmt>,
    /// Of each attempt, before the call.
    pub each: Vec<Stmt>,
    pub callee: Py,
    pub args: Vec<Arg>,
    /// Names of arguments that are evaluated before the first attempt.
    pub given: Vec<String>,
}

/// A call while it is being made.
struct Making<'c> {
    key: &'c str,
    call: &'c TaskCall,
    /// Whether it is evaluated in a thread, where no client of an event loop can be looked up.
    in_thread: bool,
    each: Vec<Stmt>,
    /// Arguments that may have no value, evaluated before there is an attempt that could fail for it.
    given: Vec<(String, Py)>,
    /// Contexts that lend connections, with the names of these.
    lent: Vec<(Py, String)>,
}

/// The call of the step with this key.
pub fn made(workflow: &mut Workflow, key: &str, call: &TaskCall) -> Result<Made, EmitError> {
    let mut making =
        Making { key, call, in_thread: false, each: Vec::new(), given: Vec::new(), lent: Vec::new() };
    match &call.callable {
        Callable::Function(called) if elsewhere::is_called(call) => {
            elsewhere::made(workflow, key, call, called)
        }
        Callable::Function(called) => {
            let is_lent = call.arguments().any(|argument| resources::is_lent(&workflow.file, call, argument));
            let is_made = matches!(called.receiver, Some(Receiver::Constructed { .. }));
            making.in_thread = !called.is_async && (is_lent || is_made);
            let made = match &called.receiver {
                None => making.function(workflow, called)?,
                Some(receiver) => making.method(workflow, called, receiver)?,
            };
            let given = std::mem::take(&mut making.given);
            let made = if is_lent { making.lending(workflow, made) } else { made.in_thread(&making) };
            Ok(made.after(workflow, key, given))
        }
        Callable::Grpc { .. } | Callable::Http { .. } => operation(workflow, key, call),
    }
}

/// The function of an operation: it takes the key that every attempt carries, and the arguments by name.
fn operation(workflow: &mut Workflow, key: &str, call: &TaskCall) -> Result<Made, EmitError> {
    let package = workflow.file.package;
    let Some(operation) = package.operations.get(&call.callable) else {
        return Err(EmitError::Unsupported { what: format!("a call of `{}`", call.callable) });
    };
    let mut args = vec![Arg { name: None, value: idempotency_key(workflow, key) }];
    for given in &operation.arguments {
        let found = call.args.iter().find(|argument| argument.parameter == given.argument);
        let value = match found.map(|argument| &argument.value) {
            Some(ArgumentValue::Expr(expr)) => workflow.translate(expr)?,
            Some(ArgumentValue::IdempotencyKey) => idempotency_key(workflow, key),
            Some(ArgumentValue::Resource(_) | ArgumentValue::Cancellation) | None => continue,
        };
        args.push(Arg { name: Some(given.parameter.clone()), value });
    }
    workflow.file.import_from(".", "_operations");
    let callee = Py::atom(format!("_operations.{}", operation.name));
    Ok(Made { before: Vec::new(), each: Vec::new(), callee, args, given: Vec::new() })
}

/// Whether the value may be missing, and is one that all attempts can share.
fn is_evaluated_first(workflow: &Workflow, expr: &Expr) -> bool {
    let types = &workflow.file.package.types.table;
    may_fail(types, expr) && is_immutable(types, &expr.ty)
}

/// Whether the call may fail before there is an attempt, for want of an argument.
pub fn may_lack(workflow: &Workflow, call: &TaskCall) -> bool {
    matches!(call.callable, Callable::Function(_))
        && call.arguments().any(|argument| match &argument.value {
            ArgumentValue::Expr(expr) => is_evaluated_first(workflow, expr),
            _ => false,
        })
}

impl Made {
    /// The call with arguments that are evaluated first: where one has no value the step fails without an attempt.
    fn after(mut self, workflow: &mut Workflow, key: &str, given: Vec<(String, Py)>) -> Made {
        let mut statements = Vec::new();
        for (name, value) in &given {
            let value = Py::lambda(value.clone());
            let value = if workflow.is_durable() {
                Py::call("step.given", vec![value])
            } else {
                workflow.file.import_as("._conductor", "cel", "_cel");
                Py::call("_cel.valued", vec![workflow.key(key), value])
            };
            statements.push(value.assigned(name));
        }
        self.before.splice(0..0, statements);
        self.given = given.into_iter().map(|(name, _)| name).collect();
        self
    }

    /// An object is made where it is used, in the thread.
    fn in_thread(self, making: &Making) -> Made {
        if !making.in_thread {
            return self;
        }
        let callee = Py::lambda(Py::Call { callee: Box::new(self.callee), args: self.args });
        Made { callee, args: Vec::new(), ..self }
    }
}

impl Making<'_> {
    /// A function without annotations goes by a name that says so to type checkers.
    fn function(&mut self, workflow: &mut Workflow, called: &Function) -> Result<Made, EmitError> {
        let module = workflow.file.user_module(&called.module);
        let function = Py::atom(format!("{module}.{}", called.name));
        let args = self.arguments(workflow, &self.call.args)?;
        let each = std::mem::take(&mut self.each);
        if called.annotated {
            return Ok(Made { before: Vec::new(), each, callee: function, args, given: Vec::new() });
        }
        workflow.file.import_from("collections.abc", "Callable");
        let any = workflow.file.annotation(&Type::Any);
        let annotation = Some(format!("Callable[..., {any}]"));
        let bound = Stmt::Assign { target: "call".to_owned(), annotation, value: function };
        Ok(Made { before: vec![bound], each, callee: Py::atom("call"), args, given: Vec::new() })
    }

    fn method(
        &mut self,
        workflow: &mut Workflow,
        called: &Function,
        receiver: &Receiver,
    ) -> Result<Made, EmitError> {
        let name = called.name.rsplit('.').next().unwrap_or(&called.name);
        let mut callee = match receiver {
            Receiver::Constructed { constructor, args: given, .. } => {
                let module = workflow.file.user_module(&called.module);
                let given_args = self.arguments(workflow, given)?;
                object(&mut workflow.file, Py::atom(format!("{module}.{constructor}")), given, given_args)
            }
            Receiver::Resource(id) => {
                let client = resources::client_of(&mut workflow.file, id)?;
                self.looked_up(workflow, client)
            }
        };
        let args = self.arguments(workflow, &self.call.args)?;
        callee = callee.attr(name);
        if !called.annotated {
            workflow.file.import_from("._conductor.untyped", "untyped");
            callee = Py::call("untyped", vec![callee]);
        }
        let each = std::mem::take(&mut self.each);
        Ok(Made { before: Vec::new(), each, callee, args, given: Vec::new() })
    }

    fn arguments(&mut self, workflow: &mut Workflow, args: &[Argument]) -> Result<Vec<Arg>, EmitError> {
        args.iter()
            .map(|argument| {
                let value = match &argument.value {
                    ArgumentValue::Expr(expr) => self.evaluated(workflow, argument, expr)?,
                    ArgumentValue::IdempotencyKey => idempotency_key(workflow, self.key),
                    ArgumentValue::Resource(id) => self.resource(workflow, argument, id)?,
                    ArgumentValue::Cancellation => {
                        return Err(EmitError::Unsupported { what: "a cancellation as argument".to_owned() });
                    }
                };
                let name = (argument.passing == Passing::Keyword).then(|| argument.parameter.clone());
                Ok(Arg { name, value })
            })
            .collect()
    }

    /// Each attempt gets a value of its own, unless it cannot be changed.
    fn evaluated(
        &mut self,
        workflow: &mut Workflow,
        argument: &Argument,
        expr: &Expr,
    ) -> Result<Py, EmitError> {
        let value = workflow.translate(expr)?;
        if !is_evaluated_first(workflow, expr) {
            return Ok(value);
        }
        let name = workflow.file.names.fresh(&snake(&argument.parameter));
        self.given.push((name.clone(), value));
        Ok(Py::atom(name))
    }

    fn resource(&mut self, workflow: &mut Workflow, argument: &Argument, id: &str) -> Result<Py, EmitError> {
        match resources::handed(&mut workflow.file, self.call, argument).ok_or_else(|| unknown(id))? {
            Handed::Client(client) => Ok(self.looked_up(workflow, client)),
            Handed::Connection { context, name } => {
                self.lent.push((context, name.clone()));
                Ok(Py::atom(name))
            }
        }
    }

    /// The client, by a name where the call is made in a thread.
    fn looked_up(&mut self, workflow: &mut Workflow, client: Py) -> Py {
        if !self.in_thread {
            return client;
        }
        let target = workflow.file.names.fresh("client");
        self.each.push(Stmt::Assign { target: target.clone(), annotation: None, value: client });
        Py::atom(target)
    }

    /// A function around the call that holds the connections for exactly as long as the call lasts.
    fn lending(self, workflow: &mut Workflow, made: Made) -> Made {
        const NAME: &str = "_attempt";
        let is_async = self.call.callable.listens();
        let returns = self.call.callable.returns();
        let invoked = Py::Call { callee: Box::new(made.callee), args: made.args };
        let invoked = if is_async { invoked.awaited() } else { invoked };
        let mut body =
            vec![if *returns == Type::Null { Stmt::Expr(invoked) } else { Stmt::Return(Some(invoked)) }];
        for (context, name) in self.lent.into_iter().rev() {
            body = vec![if is_async {
                Stmt::With { context, name: Some(name), body }
            } else {
                Stmt::BlockingWith { context, name: Some(name), body }
            }];
        }
        let attempt = tree::Function {
            is_async,
            name: NAME.to_owned(),
            params: Vec::new(),
            keyword_only: false,
            returns: workflow.file.annotation(returns),
            doc: vec!["The call, with a connection for as long as it lasts.".to_owned()],
            body,
        };
        let mut before = made.before;
        before.push(Stmt::Function(attempt));
        Made { before, callee: Py::atom(NAME), args: Vec::new(), ..made }
    }
}

/// The checker has seen to it that there is one.
fn unknown(id: &str) -> EmitError {
    EmitError::Unsupported { what: format!("what a parameter wants of the resource `{id}`") }
}

/// The object of a method. Strict type checkers refuse a call of a constructor that nothing annotates; that it is
/// annotated is known only from a parameter that has a type.
fn object(file: &mut File, constructor: Py, given: &[Argument], args: Vec<Arg>) -> Py {
    if given.iter().any(|argument| argument.ty != Type::Any) {
        return Py::Call { callee: Box::new(constructor), args };
    }
    file.import_from("._conductor.untyped", "made");
    let mut all = vec![Arg { name: None, value: constructor }];
    all.extend(args);
    Py::Call { callee: Box::new(Py::atom("made")), args: all }
}

/// The same at every attempt.
fn idempotency_key(workflow: &Workflow, key: &str) -> Py {
    if workflow.is_durable() {
        return Py::atom("step.idempotency_key");
    }
    workflow.run_key(key)
}
