//! Which files the package has, and what stands in those that are not a workflow's.
//!
//! It knows the layout of the package.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Language, Plan};

use super::file::File;
use super::package::{Package, check};
use super::tree::{Decl, Function, Go, Stmt};
use super::{codecs, declared, durable, names, runtime, shared, worker, workflow, writer};
use crate::definition;
use crate::inline::inlined;
use crate::served::{Served, ServedFunction};
use crate::{EmitError, Header, Target};

/// Every file of the package by its path.
pub fn files(
    plans: &[Plan],
    target: &Target<'_>,
    header: &Header<'_>,
) -> Result<BTreeMap<String, String>, EmitError> {
    check(plans)?;
    let mut digests = BTreeMap::new();
    for plan in plans.iter().filter(|plan| plan.durable) {
        let digest = plan.digest().map_err(|error| EmitError::Digest(error.to_string()))?;
        digests.insert(plan.workflow.clone(), digest);
    }
    let served = Served::of(plans)?;
    let text = definition::text(plans, Language::Go)?;
    let plans: Vec<Plan> = plans.iter().map(inlined).collect();
    let mut package = Package::new(&plans, digests, target, header);
    package.signatures = served.signatures();
    package.definition = package.fresh("buildPlans");
    let served: Vec<(&str, &ServedFunction<'_>)> = served.of_language(Language::Go).collect();
    let mut files = BTreeMap::new();
    for plan in &package.plans {
        let source = workflow::source(&package, plan)?;
        files.insert(names::file(&plan.workflow), writer::source(&source));
    }
    let has_tasks = !served.is_empty();
    if let Some(source) = worker::source(&package, &served)? {
        put_source(&mut files, "tasks.go", &source);
    }
    files.insert(main_file(&package), writer::source(&main(&package, has_tasks)));
    let mut file = File::new(&package, "Shared");
    let decls = shared::decls(&mut file);
    put(&mut files, "shared.go", file, decls);
    if package.plans.iter().any(|plan| plan.durable) {
        let file = File::new(&package, "Plans");
        let decls = vec![definition_of(&package, &text)];
        put(&mut files, "plans.go", file, decls);
    }
    // Codecs ask for types, and types for nothing.
    let mut file = File::new(&package, "Value");
    let decls = codecs::decls(&mut file)?;
    put(&mut files, "codecs.go", file, decls);
    let mut file = File::new(&package, "Value");
    let decls = declared::decls(&mut file);
    put(&mut files, "types.go", file, decls);
    if let Some(source) = known_errors(&package, target.go_errors) {
        put_source(&mut files, "errors.go", &source);
    }
    let imported = package.runtime.borrow();
    for (path, text) in runtime::FILES.iter().filter(|(path, _)| runtime::is_needed(path, &imported)) {
        let text = text.replace("conductor.invalid", &package.path);
        files.insert(format!("internal/{path}"), format!("{}\n\n{text}", package.header));
    }
    Ok(files)
}

fn definition_of(package: &Package, text: &str) -> Decl {
    let name = package.definition.clone();
    let doc = format!("{name} are the Plans of this build, for a sidecar that draws runs by them.");
    Decl::Var { doc: vec![doc], name, ty: String::new(), value: Go::string(text) }
}

fn put(files: &mut BTreeMap<String, String>, name: &str, file: File, decls: Vec<Decl>) {
    if decls.is_empty() {
        return;
    }
    put_source(files, name, &file.source(Vec::new(), decls));
}

fn put_source(files: &mut BTreeMap<String, String>, name: &str, source: &super::tree::Source) {
    let taken = files.contains_key(name);
    let name = if taken { format!("conductor_{name}") } else { name.to_owned() };
    files.insert(name, writer::source(source));
}

/// Errors that are values are known by their names to policies, catches and the journal.
fn known_errors(package: &Package, errors: &[(String, String)]) -> Option<super::tree::Source> {
    let mut file = File::new(package, "");
    let mut body = Vec::new();
    for (path, name) in errors {
        let alias = file.module(path);
        let known = Go::atom(format!("{alias}.{name}"));
        let args = vec![Go::string(&format!("{path}.{name}")), known];
        body.push(Stmt::Expr(file.call_runtime("Sentinel", args)));
    }
    let init = Decl::Function(Function {
        doc: vec!["init makes errors known that are values: policies and catches name them.".to_owned()],
        receiver: None,
        name: "init".to_owned(),
        params: Vec::new(),
        results: String::new(),
        body,
    });
    (!errors.is_empty()).then(|| file.source(Vec::new(), vec![init]))
}

/// The file that the package's own functions stand in.
fn main_file(package: &Package) -> String {
    let taken = package.plans.iter().any(|plan| names::file(&plan.workflow) == "conductor.go");
    if taken { "conductor_package.go".to_owned() } else { "conductor.go".to_owned() }
}

/// Types of the runtime that users meet.
const ALIASES: [(&str, &str); 11] = [
    ("Option", "is an option of a call."),
    ("WorkflowError", "says which run failed, at which step; Unwrap gives your own error."),
    ("RaisedError", "is what a step that fails on purpose gives."),
    ("RecordedError", "is an error that was recorded by another process."),
    ("RemoteError", "is an answer of a service that is no success."),
    ("ResourceUnavailable", "is the failure of a step whose resource could not be opened."),
    ("OutcomeUnknown", "is the failure of a write of which nobody knows whether it happened."),
    ("TimeoutError", "is the failure of a step whose time was over."),
    ("CircuitOpen", "is the failure of a step that its breaker refused."),
    ("Panic", "is a panic of a step's function."),
    ("StepInfo", "says which step a context belongs to."),
];

/// Values of the runtime that a WorkflowError may wrap.
const ERRORS: [(&str, &str); 4] = [
    ("ErrCancelled", "is wrapped where somebody cancelled the run."),
    ("ErrPaused", "is wrapped where the run waits for a person."),
    ("ErrRefused", "is wrapped where the call may not have the run."),
    ("ErrSidecarUnavailable", "is wrapped where there is no sidecar to keep a journal."),
];

fn with_run_id() -> Decl {
    Decl::Function(Function {
        doc: vec![
            "WithRunID names the run: a call with the id of a run that exists belongs to that one."
                .to_owned(),
        ],
        receiver: None,
        name: "WithRunID".to_owned(),
        params: vec![("id".to_owned(), "string".to_owned())],
        results: "Option".to_owned(),
        body: vec![Stmt::Return(vec![Go::call("runtime.WithRunID", vec![Go::atom("id")])])],
    })
}

fn main(package: &Package, has_tasks: bool) -> super::tree::Source {
    let mut file = File::new(package, "");
    let mut decls: Vec<Decl> = ALIASES
        .iter()
        .map(|(name, doc)| Decl::Alias {
            doc: vec![format!("{name} {doc}")],
            name: (*name).to_owned(),
            of: file.runtime(name),
        })
        .collect();
    decls.extend(ERRORS.iter().map(|(name, doc)| Decl::Var {
        doc: vec![format!("{name} {doc}")],
        name: (*name).to_owned(),
        ty: String::new(),
        value: Go::atom(file.runtime(name)),
    }));
    let date = file.cel("Date");
    decls.push(Decl::Alias {
        doc: vec!["Date is a day of the calendar.".to_owned()],
        name: "Date".to_owned(),
        of: date,
    });
    decls.push(with_run_id());
    let durable: Vec<Go> = package
        .plans
        .iter()
        .filter(|plan| plan.durable && plan.language == Language::Go)
        .map(|plan| Go::atom(durable::definition(&plan.workflow)))
        .collect();
    let ty = format!("[]*{}", file.runtime("Workflow"));
    let context = format!("{}.Context", file.std("context"));
    let workflows = Go::List { ty, items: durable };
    let tasks = Go::atom(if has_tasks { "tasks" } else { "nil" });
    decls.extend(of_context(&context, workflows, tasks));
    decls.push(log_steps(&format!("{}.Handler", file.std("log/slog"))));
    let doc = vec![format!("Package {} is the workflows of this project.", package.name)];
    file.source(doc, decls)
}

fn log_steps(handler: &str) -> Decl {
    Decl::Function(Function {
        doc: vec!["LogSteps is a handler whose lines find the step of a durable run with whose context they are logged.".to_owned()],
        receiver: None,
        name: "LogSteps".to_owned(),
        params: vec![("handler".to_owned(), handler.to_owned())],
        results: handler.to_owned(),
        body: vec![Stmt::Return(vec![Go::call("runtime.LogSteps", vec![Go::atom("handler")])])],
    })
}

/// What a process does with a context, and what a context says.
fn of_context(context: &str, workflows: Go, tasks: Go) -> Vec<Decl> {
    let ctx = || ("ctx".to_owned(), context.to_owned());
    let function = |name: &str, doc: &str, params: Vec<(String, String)>, results: &str, more: Vec<Go>| {
        let args = params.iter().map(|(name, _)| Go::atom(name.as_str())).chain(more).collect();
        Decl::Function(Function {
            doc: vec![format!("{name} {doc}")],
            receiver: None,
            name: name.to_owned(),
            params,
            results: results.to_owned(),
            body: vec![Stmt::Return(vec![Go::call(format!("runtime.{name}"), args)])],
        })
    };
    vec![
        function(
            "Serve",
            "takes runs that were started elsewhere or left behind by a crash, until the context is done.",
            vec![ctx()],
            "error",
            vec![workflows, tasks],
        ),
        function(
            "Close",
            "closes the clients of resources when their steps are done; the next use opens them again.",
            vec![ctx()],
            "error",
            Vec::new(),
        ),
        function(
            "CurrentStep",
            "says which step of a durable run the context belongs to.",
            vec![ctx()],
            "(StepInfo, bool)",
            Vec::new(),
        ),
        function(
            "TraceParent",
            "is the W3C trace context to which a step of a run belongs, in whatever process or language.",
            vec![ctx()],
            "string",
            Vec::new(),
        ),
        function(
            "WithTraceParent",
            "is the context of a caller: runs that are started with it belong to its trace.",
            vec![ctx(), ("traceparent".to_owned(), "string".to_owned())],
            context,
            Vec::new(),
        ),
    ]
}
