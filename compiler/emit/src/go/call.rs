//! What an attempt calls: a function, a method and the object it belongs to, or an operation of a service.
//!
//! It knows how a call is spelled; attempts, time limits and journal are its callers' business.

use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Function, Receiver, ResourceKind, Step, TaskCall,
};
use conductor_protocol::types::Type;

use super::clients::{self, Known, Share};
use super::codecs::{self, Way};
use super::convert;
use super::expr::{Result, Translator, unsupported};
use super::package::parameter;
use super::spelling::Spelling;
use super::tree::{Go, Stmt};
use super::workflow::Workflow;

/// A call in its parts.
pub struct Made {
    /// Before the first attempt.
    pub before: Vec<Stmt>,
    /// Of each attempt, before the call; returns an error where something fails.
    pub each: Vec<Stmt>,
    pub call: Go,
    /// Of each attempt, after the call where it succeeds; each gives an error.
    pub commits: Vec<Go>,
    pub gives: Gives,
}

/// What a call comes back with.
pub struct Gives {
    pub values: Values,
    pub error: bool,
    /// The type of the manifest.
    pub ty: Type,
}

pub enum Values {
    None,
    One(Spelling),
    /// Fields of a record, in the order of the results.
    Several(Vec<(String, Spelling)>),
    /// JSON of a service.
    Json,
}

impl Gives {
    /// Whether the call gives what its step keeps, and an error, and nothing has to be changed.
    pub fn is_plain(&self, workflow: &Workflow) -> bool {
        match &self.values {
            Values::One(spelling) => self.error && *spelling == workflow.file.spelling(&self.ty),
            Values::None => self.error,
            Values::Several(_) | Values::Json => false,
        }
    }
}

/// The call of the step. Arguments that may fail are computed in `before`; `invalid` is what the method returns then.
pub fn made(workflow: &mut Workflow, step: &Step, call: &TaskCall, invalid: &Go) -> Result<Made> {
    let (before, each, commits) = (Vec::new(), Vec::new(), Vec::new());
    let mut making = Making { step, before, each, commits, invalid };
    match &call.callable {
        Callable::Function(called) => making.function(workflow, called, call),
        Callable::Http { http } => super::http::call(workflow, &mut making, http, call),
        Callable::Grpc { grpc } => super::grpc::call(workflow, &mut making, grpc, call),
    }
}

pub struct Making<'c> {
    pub step: &'c Step,
    pub before: Vec<Stmt>,
    pub each: Vec<Stmt>,
    pub commits: Vec<Go>,
    pub invalid: &'c Go,
}

impl Making<'_> {
    fn function(&mut self, workflow: &mut Workflow, called: &Function, call: &TaskCall) -> Result<Made> {
        let callee = match &called.receiver {
            None => {
                let module = workflow.file.module(&called.module);
                Go::atom(format!("{module}.{}", called.name))
            }
            Some(receiver) => {
                let name = called.name.rsplit('.').next().unwrap_or(&called.name).to_owned();
                self.object(workflow, called, receiver)?.field(name)
            }
        };
        let mut args = Vec::new();
        for argument in &call.args {
            let value = self.argument(workflow, argument)?;
            args.push(value);
        }
        let gives = gives(workflow, called)?;
        let (before, each) = (std::mem::take(&mut self.before), std::mem::take(&mut self.each));
        let commits = std::mem::take(&mut self.commits);
        Ok(Made { before, each, call: callee.called(args), commits, gives })
    }

    /// What a method is called on.
    fn object(&mut self, workflow: &mut Workflow, called: &Function, receiver: &Receiver) -> Result<Go> {
        match receiver {
            Receiver::Resource(id) => self.client(workflow, id),
            Receiver::Constructed { constructor, args, returns_error } => {
                let module = workflow.file.module(&called.module);
                let callee = format!("{module}.{constructor}");
                let is_literal = called.name.split('.').next() == Some(constructor);
                if is_literal {
                    let mut fields = Vec::new();
                    for argument in args {
                        fields.push((argument.parameter.clone(), self.argument(workflow, argument)?));
                    }
                    let object = Go::Struct { ty: callee, fields, spread: false };
                    return Ok(Go::unary('&', object));
                }
                let mut values = Vec::new();
                for argument in args {
                    values.push(self.argument(workflow, argument)?);
                }
                let made = Go::call(callee, values);
                if !returns_error {
                    return Ok(made);
                }
                Ok(self.taken(workflow, "object", made))
            }
        }
    }

    /// The client of a resource, opened where it is not yet.
    pub fn client(&mut self, workflow: &mut Workflow, id: &str) -> Result<Go> {
        let client = super::resources::client(workflow, id)?;
        Ok(self.opened(workflow, &client))
    }

    fn opened(&mut self, workflow: &mut Workflow, client: &Go) -> Go {
        self.taken(workflow, "client", client.clone().method("Get", vec![Go::atom("ctx")]))
    }

    /// The client that a parameter takes, opened where it is not yet.
    fn handed(&mut self, workflow: &mut Workflow, argument: &Argument, id: &str) -> Result<Go> {
        let resource = super::resources::resource(workflow, id)?;
        if resource.kind == ResourceKind::Custom {
            return self.client(workflow, id);
        }
        let Some((known, share)) = clients::known(resource, argument) else {
            let taken = &argument.parameter;
            return Err(unsupported(&format!("the client of `{id}` as `{taken}` takes it")));
        };
        let client = clients::client(workflow, resource, known)?;
        let opened = self.opened(workflow, &client);
        Ok(match (known, share) {
            (Known::Http, _) => opened.method("Plain", Vec::new()),
            (_, Share::Client) => opened,
            (_, Share::Transaction) => self.begun(workflow, opened, known),
            _ => self.lent(workflow, opened, known, share),
        })
    }

    /// A connection for the time of the attempt.
    fn lent(&mut self, workflow: &mut Workflow, pool: Go, known: Known, share: Share) -> Go {
        let (take, give) = if known == Known::Sql { ("Conn", "Close") } else { ("Acquire", "Release") };
        let conn = self.taken(workflow, "conn", pool.method(take, vec![Go::atom("ctx")]));
        self.each.push(Stmt::Defer(conn.clone().method(give, Vec::new())));
        if share == Share::BareConnection { conn.method("Conn", Vec::new()) } else { conn }
    }

    /// A transaction, which is rolled back unless the function succeeds.
    fn begun(&mut self, workflow: &mut Workflow, pool: Go, known: Known) -> Go {
        let ctx = Go::atom("ctx");
        let (begin, end, commit) = if known == Known::Sql {
            (pool.method("BeginTx", vec![ctx, Go::atom("nil")]), Vec::new(), Vec::new())
        } else {
            let lasting = Go::call("context.WithoutCancel", vec![ctx.clone()]);
            (pool.method("Begin", vec![ctx.clone()]), vec![lasting], vec![ctx])
        };
        let tx = self.taken(workflow, "tx", begin);
        let undone = Stmt::Assign(vec![Go::atom("_")], tx.clone().method("Rollback", end));
        let undo = Go::Func { params: Vec::new(), results: String::new(), body: vec![undone] };
        self.each.push(Stmt::Defer(undo.called(Vec::new())));
        self.commits.push(tx.clone().method("Commit", commit));
        tx
    }

    /// What is taken anew for each attempt.
    fn taken(&mut self, workflow: &mut Workflow, wanted: &str, value: Go) -> Go {
        let name = workflow.locals.fresh(wanted);
        self.each.push(Stmt::Define(vec![name.clone(), "err".to_owned()], value));
        self.each.push(Stmt::if_err(vec![Stmt::Return(vec![Go::atom(FAILED)])]));
        Go::atom(name)
    }

    fn argument(&mut self, workflow: &mut Workflow, argument: &Argument) -> Result<Go> {
        match &argument.value {
            ArgumentValue::Cancellation => Ok(Go::atom("ctx")),
            ArgumentValue::Resource(id) => self.handed(workflow, argument, id),
            ArgumentValue::IdempotencyKey => {
                let key = idempotency_key(workflow, &self.step.id);
                let spelling = parameter(workflow.file.package, argument, "")?;
                let usual = Spelling::basic("string");
                Ok(convert::convert(&mut workflow.file, key, &usual, &spelling, &Type::String).0)
            }
            ArgumentValue::Expr(value) => {
                let hint = workflow.file.hint.clone();
                let spelling = parameter(workflow.file.package, argument, &hint)?;
                self.value(workflow, &argument.parameter, value, &argument.ty, &spelling)
            }
        }
    }

    /// An argument's value as the function takes it. In a durable run nobody else has it.
    pub fn value(
        &mut self,
        workflow: &mut Workflow,
        parameter: &str,
        value: &conductor_protocol::expr::Expr,
        ty: &Type,
        spelling: &Spelling,
    ) -> Result<Go> {
        let durable = workflow.plan.durable && !workflow.serves;
        let mut translator = Translator::new(&mut workflow.file, &workflow.scope);
        let go = translator.as_type(value, ty)?;
        let shared = durable && is_shared(&go);
        let go = if shared { codecs::apply(translator.file, Way::Copy, ty, go) } else { go };
        let go = translator.native(go, ty, spelling);
        if !translator.fails {
            return Ok(go);
        }
        let spelled = workflow.file.spell(spelling);
        let evaluated = workflow.file.call_cel("Eval", vec![Go::lambda(&[], &spelled, go)]);
        let name = workflow.locals.fresh(&super::names::unexported(parameter));
        self.before.push(Stmt::Define(vec![name.clone(), "err".to_owned()], evaluated));
        self.before.push(Stmt::if_err(vec![Stmt::Return(vec![self.invalid.clone()])]));
        Ok(Go::atom(name))
    }
}

/// Whether the value belongs to the run, and is not made for the call.
fn is_shared(value: &Go) -> bool {
    !matches!(value, Go::List { .. } | Go::Struct { .. }) || format!("{value:?}").contains("\"w\"")
}

/// Stands for what a function returns beside its error; [`returning`] puts that in.
pub const FAILED: &str = "failed";

/// Statements of an attempt in a function of these results.
pub fn returning(each: Vec<Stmt>, zero: Option<&Go>) -> Vec<Stmt> {
    each.into_iter()
        .map(|stmt| match stmt {
            Stmt::If { init, test, body, otherwise } if body == [Stmt::Return(vec![Go::atom(FAILED)])] => {
                let values: Vec<Go> = zero.cloned().into_iter().chain([Go::atom("err")]).collect();
                Stmt::If { init, test, body: vec![Stmt::Return(values)], otherwise }
            }
            other => other,
        })
        .collect()
}

fn gives(workflow: &Workflow, called: &Function) -> Result<Gives> {
    let values = match (&called.returns, &called.native_returns) {
        (Type::Null, _) => Values::None,
        (Type::Record(_), Some(text)) if text.starts_with('(') => {
            let read = Spelling::read_results(text);
            Values::Several(read.ok_or_else(|| unsupported(&format!("the results `{text}`")))?)
        }
        (_, Some(text)) => {
            Values::One(Spelling::read(text).ok_or_else(|| unsupported(&format!("the result `{text}`")))?)
        }
        (ty, None) => Values::One(workflow.file.spelling(ty)),
    };
    Ok(Gives { values, error: called.returns_error, ty: called.returns.clone() })
}

/// The body of the function that an attempt is: it gives what the step keeps, and an error.
pub fn body(workflow: &mut Workflow, made: &Made) -> Result<Vec<Stmt>> {
    let ty = made.gives.ty.clone();
    let zero = (ty != Type::Null).then(|| workflow.file.zero(&ty));
    let mut body = returning(made.each.clone(), zero.as_ref());
    let nil = || Go::atom("nil");
    match &made.gives.values {
        Values::Json => replied(workflow, made, &mut body, zero.as_ref()),
        Values::None if made.gives.error && made.commits.is_empty() => {
            body.push(Stmt::Return(vec![made.call.clone()]));
        }
        Values::None => {
            body.push(match made.gives.error {
                true => Stmt::checked(made.call.clone()),
                false => Stmt::Expr(made.call.clone()),
            });
            committed(&mut body, made, None);
            body.push(Stmt::Return(vec![nil()]));
        }
        _ if made.commits.is_empty() && made.gives.is_plain(workflow) => {
            body.push(Stmt::Return(vec![made.call.clone()]))
        }
        Values::One(spelling) => {
            let usual = workflow.file.spelling(&ty);
            if !made.gives.error && made.commits.is_empty() && *spelling == usual {
                body.push(Stmt::Return(vec![made.call.clone(), nil()]));
                return Ok(body);
            }
            if made.gives.error && made.commits.is_empty() && leads_to(spelling, &usual, &ty) {
                body.push(Stmt::Return(vec![workflow.file.call_cel("Deref", vec![made.call.clone()])]));
                return Ok(body);
            }
            let mut names = vec!["result".to_owned()];
            names.extend(made.gives.error.then(|| "err".to_owned()));
            body.push(Stmt::Define(names, made.call.clone()));
            checked(&mut body, made, zero.as_ref());
            let (value, fails) =
                convert::convert(&mut workflow.file, Go::atom("result"), spelling, &usual, &ty);
            body.push(given(workflow, value, fails, &ty));
        }
        Values::Several(results) => {
            let mut names: Vec<String> = (1..=results.len()).map(|at| format!("result{at}")).collect();
            let record = workflow.file.ty(&ty);
            let all = codecs::record_fields(&ty);
            let go_names = codecs::field_names(workflow.file.package, &ty, &all);
            let (mut fields, mut fails) = (Vec::new(), false);
            for ((field, spelling), name) in results.iter().zip(&names) {
                let Some(at) = all.iter().position(|known| known.name == *field) else { continue };
                let usual = workflow.file.spelling(&all[at].ty);
                let value = Go::atom(name.clone());
                let (value, may_fail) =
                    convert::convert(&mut workflow.file, value, spelling, &usual, &all[at].ty);
                fails |= may_fail;
                fields.push((go_names[at].clone(), value));
            }
            names.extend(made.gives.error.then(|| "err".to_owned()));
            body.push(Stmt::Define(names, made.call.clone()));
            checked(&mut body, made, zero.as_ref());
            let value = Go::Struct { ty: record, fields, spread: false };
            body.push(given(workflow, value, fails, &ty));
        }
    }
    Ok(body)
}

/// Whether the function gives a pointer to what the step keeps.
fn leads_to(spelling: &Spelling, usual: &Spelling, ty: &Type) -> bool {
    !matches!(ty, Type::Optional(_)) && matches!(spelling, Spelling::Pointer(to) if **to == *usual)
}

/// The reply of a service, as what the step keeps.
fn replied(workflow: &mut Workflow, made: &Made, body: &mut Vec<Stmt>, zero: Option<&Go>) {
    let ty = &made.gives.ty;
    if *ty == Type::Null {
        // The client came with an error of its own.
        body.push(Stmt::Assign(vec![Go::atom("_"), Go::atom("err")], made.call.clone()));
        body.push(Stmt::Return(vec![Go::atom("err")]));
        return;
    }
    body.push(Stmt::Define(vec!["reply".to_owned(), "err".to_owned()], made.call.clone()));
    checked(body, made, zero);
    let decode = workflow.file.codec(Way::Decode, ty);
    body.push(Stmt::Return(vec![workflow.file.call_cel("Decode", vec![Go::atom("reply"), decode])]));
}

fn checked(body: &mut Vec<Stmt>, made: &Made, zero: Option<&Go>) {
    if made.gives.error {
        body.push(Stmt::unless_ok(zero.cloned().into_iter().collect()));
    }
    committed(body, made, zero);
}

/// What the function did is committed.
fn committed(body: &mut Vec<Stmt>, made: &Made, zero: Option<&Go>) {
    for commit in &made.commits {
        let mut checked = Stmt::checked(commit.clone());
        if let Stmt::If { body, .. } = &mut checked {
            *body = vec![Stmt::Return(zero.cloned().into_iter().chain([Go::atom("err")]).collect())];
        }
        body.push(checked);
    }
}

fn given(workflow: &mut Workflow, value: Go, fails: bool, ty: &Type) -> Stmt {
    if !fails {
        return Stmt::Return(vec![value, Go::atom("nil")]);
    }
    let spelled = workflow.file.ty(ty);
    Stmt::Return(vec![workflow.file.call_cel("Eval", vec![Go::lambda(&[], &spelled, value)])])
}

/// `func(ctx context.Context) (T, error) { ... }`.
pub fn attempt(workflow: &mut Workflow, made: &Made) -> Result<Go> {
    let results = results(workflow, &made.gives.ty);
    let context = format!("{}.Context", workflow.file.std("context"));
    let body = body(workflow, made)?;
    let is_used = format!("{body:?}").contains("\"ctx\"");
    let name = if is_used { "ctx" } else { "_" };
    Ok(Go::Func { params: vec![(name.to_owned(), context)], results, body })
}

/// `(T, error)`, or `error` alone.
pub fn results(workflow: &mut Workflow, ty: &Type) -> String {
    if *ty == Type::Null { "error".to_owned() } else { format!("({}, error)", workflow.file.ty(ty)) }
}

/// The same at every attempt.
pub fn idempotency_key(workflow: &Workflow, id: &str) -> Go {
    if workflow.serves {
        return Go::call("runtime.ServedKey", vec![Go::atom("ctx")]);
    }
    if workflow.is_durable() {
        return Go::call("step.Key", Vec::new());
    }
    Go::call("w.run.Key", vec![workflow.key(id)])
}
