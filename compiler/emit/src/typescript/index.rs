//! `index.ts`: what users import.
//!
//! It knows names only.

use conductor_protocol::plan::Language;

use super::file::File;
use super::names::Names;
use super::package::{Package, module_name};
use super::tree::{Function, Item, Module, Param, Stmt, Ts, Ty};
use super::workflow::{child_alias, input_type_name};

const ERRORS: [&str; 13] = [
    "CircuitOpen",
    "DeadlineExceeded",
    "GrpcError",
    "HttpError",
    "OutcomeUnknown",
    "RecordedError",
    "RunPaused",
    "RunRefused",
    "SidecarUnavailable",
    "SignalRefused",
    "TimeoutError",
    "WorkflowCancelled",
    "WorkflowError",
];

pub fn module(package: &Package) -> Module {
    let mut file = File::new(package, "", Names::default());
    let mut items = vec![Item::Function(serve(&mut file, package))];
    let same = |name: &str| (name.to_owned(), name.to_owned());
    let types: Vec<_> = exported_types(package).iter().map(|name| same(name)).collect();
    for plan in package.plans {
        items.push(Item::Export {
            types: false,
            names: vec![same(&package.public_name(&plan.workflow))],
            module: format!("./{}.js", module_name(&plan.workflow)),
        });
    }
    items.push(Item::Export {
        types: false,
        names: ERRORS.iter().map(|name| same(name)).collect(),
        module: "./_conductor/errors.js".to_owned(),
    });
    let close = vec![same("close")];
    items.push(Item::Export { types: false, names: close, module: "./_conductor/resources.js".to_owned() });
    let of_step =
        [(false, "current", "currentStep"), (true, "current", "CurrentStep"), (false, "stepLog", "logSteps")];
    for (types, module, name) in of_step.into_iter().chain([(false, "stepLog", "stepFields")]) {
        let module = format!("./_conductor/{module}.js");
        items.push(Item::Export { types, names: vec![same(name)], module });
    }
    let options = vec![same("RunOptions")];
    items.push(Item::Export { types: true, names: options, module: "./_conductor/execute.js".to_owned() });
    if !types.is_empty() {
        items.push(Item::Export { types: true, names: types, module: "./_types.js".to_owned() });
    }
    file.module(items)
}

/// The types of `_types.ts`.
pub fn exported_types(package: &Package) -> Vec<String> {
    let inputs = package.plans.iter().map(|plan| input_type_name(&plan.workflow));
    let records = package.types.records().map(|(_, name, _)| name.to_owned());
    let described = package.types.described().map(|(_, name)| name.to_owned());
    let mut all: Vec<String> = inputs.chain(records).chain(described).collect();
    all.sort();
    all
}

fn serve(file: &mut File, package: &Package) -> Function {
    let mut served = Vec::new();
    for plan in package.plans.iter().filter(|plan| plan.durable) {
        let alias = child_alias(&plan.workflow);
        file.import_as(&module_name(&plan.workflow), "workflow", &alias);
        served.push(Ts::name(alias));
    }
    file.import_as("_conductor/serve", "serve", "serveAll");
    let options = file.runtime_type("serve", "ServeOptions");
    let tasks = if package.served.of_language(Language::Typescript).next().is_some() {
        file.import("_tasks", "tasks")
    } else {
        Ts::Array(Vec::new())
    };
    let args = vec![Ts::Array(served), tasks, Ts::name("options")];
    Function {
        exported: true,
        is_async: false,
        name: "serve".to_owned(),
        params: vec![Param {
            name: "options".to_owned(),
            ty: Some(options),
            default: Some(Ts::Object(Vec::new())),
        }],
        returns: Ty::promise(Ty::name("void")),
        doc: "Takes runs that were started elsewhere or left behind by a crash, until its signal is aborted."
            .to_owned(),
        body: vec![Stmt::Return(Some(Ts::name("serveAll").called(args)))],
    }
}
