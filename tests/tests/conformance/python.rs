//! Stubs and a worker in Python.
//!
//! It knows Python's spelling of types, not what a workflow does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use conductor_protocol::plan::{ArgumentValue, Callable, Language, TaskCall};
use conductor_protocol::types::{Field, Type, TypeDef};
use conductor_tests::process::Process;
use conductor_tests::project::Project;

use crate::direct::Call;
use crate::execute::Target;
use crate::reference::{Expected, calls, clients, types_of};
use crate::retarget::MODULE;
use crate::values;

pub struct Python;

const HEAD: &str = include_str!("stubs/head.py");

const SERVE: &str = "\
import asyncio

import conductor_gen

print('serving', flush=True)
asyncio.run(conductor_gen.serve())
";

const CALLS: &str = include_str!("stubs/calls.py");

/// Types of errors that the language has itself.
const BUILT_IN: [&str; 9] = [
    "Exception",
    "KeyError",
    "IndexError",
    "LookupError",
    "OSError",
    "RuntimeError",
    "TypeError",
    "ValueError",
    "ConnectionError",
];

impl Target for Python {
    fn language(&self) -> Language {
        Language::Python
    }

    fn out(&self) -> &'static str {
        "conductor_gen"
    }

    fn write(&self, project: &Project, all: &[&Expected]) -> Result<()> {
        project.write(&format!("{MODULE}.py"), &stubs(all))?;
        project.write("serve.py", SERVE)
    }

    fn build(&self, _: &Project) -> Result<()> {
        Ok(())
    }

    fn serve(&self, project: &Project) -> Result<Process> {
        let python = conductor_tests::root().join("target/venv/bin/python");
        let mut command = project.command(Path::new(&python), &["serve.py"]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("CONFORMANCE", project.path());
        Process::spawn("python", command)
    }

    fn exported(&self, workflow: &str, _: &BTreeMap<String, String>) -> Option<String> {
        Some(workflow.to_owned())
    }

    fn write_calls(&self, project: &Project, _: &[Call]) -> Result<()> {
        project.write("calls.py", CALLS)
    }

    fn call(&self, project: &Project) -> Result<Process> {
        let python = conductor_tests::root().join("target/venv/bin/python");
        let mut command = project.command(Path::new(&python), &["calls.py"]);
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("CONFORMANCE", project.path());
        Process::spawn("python", command)
    }
}

fn stubs(all: &[&Expected]) -> String {
    let mut text = HEAD.to_owned();
    for (name, base) in values::errors(all) {
        if !BUILT_IN.contains(&name.as_str()) {
            let base = base.unwrap_or_else(|| "Exception".to_owned());
            let _ = write!(text, "\n\nclass {name}({base}):\n    pass\n");
        }
    }
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for expected in all {
        for (name, definition) in types_of(&expected.job.plans) {
            text.push_str(&class(&name.name, definition));
        }
        for (open, close, client) in clients(&expected.job.plans) {
            let client = spelled(client);
            let _ = write!(text, "\n\ndef {open}() -> {client}:\n    return {client}()\n");
            if let Some(close) = close {
                let _ = write!(text, "\n\ndef {close}(client: {client}) -> None:\n    pass\n");
            }
        }
        for plan in &expected.job.plans {
            for (_, call) in calls(plan) {
                if let Callable::Function(function) = &call.callable {
                    known.entry(function.name.clone()).or_insert_with(|| stub(&function.name, call));
                }
            }
        }
    }
    known.values().for_each(|stub| text.push_str(stub));
    text
}

fn stub(name: &str, call: &TaskCall) -> String {
    let Callable::Function(function) = &call.callable else { return String::new() };
    let parameters: Vec<String> = call
        .args
        .iter()
        .map(|argument| format!("{}: {}", argument.parameter, spelled(&argument.ty)))
        .collect();
    let shown = call
        .args
        .iter()
        .filter(|argument| matches!(argument.value, ArgumentValue::Expr(_) | ArgumentValue::IdempotencyKey));
    let shown: Vec<String> = shown.map(|argument| format!("{0:?}: {0}", argument.parameter)).collect();
    let (head, play) = if function.is_async { ("async def", "await play") } else { ("def", "play_blocking") };
    format!(
        "\n\n{head} {name}({}) -> {}:\n    value = {play}({{{}}})\n    return {}\n",
        parameters.join(", "),
        spelled(&function.returns),
        shown.join(", "),
        decoded(&function.returns, "value"),
    )
}

fn spelled(ty: &Type) -> String {
    match ty {
        Type::Null => "None".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int => "int".to_owned(),
        Type::Float => "float".to_owned(),
        Type::Decimal => "Decimal".to_owned(),
        Type::String => "str".to_owned(),
        Type::Bytes => "bytes".to_owned(),
        Type::Timestamp => "datetime".to_owned(),
        Type::Date => "date".to_owned(),
        Type::Duration => "timedelta".to_owned(),
        Type::Uuid => "UUID".to_owned(),
        Type::List(item) => format!("list[{}]", spelled(item)),
        Type::Map(item) => format!("dict[str, {}]", spelled(item)),
        Type::Optional(inner) => format!("{} | None", spelled(inner)),
        Type::Union(members) => members.iter().map(spelled).collect::<Vec<_>>().join(" | "),
        Type::Named(name) => name.name.clone(),
        Type::Any | Type::Record(_) => "Any".to_owned(),
    }
}

/// The value of the JSON that `value` names.
fn decoded(ty: &Type, value: &str) -> String {
    match ty {
        Type::Null => "None".to_owned(),
        Type::Decimal => format!("Decimal({value})"),
        Type::Float => format!("float({value})"),
        Type::Bytes => format!("b64decode({value})"),
        Type::Timestamp => format!("datetime.fromisoformat({value})"),
        Type::Date => format!("date.fromisoformat({value})"),
        Type::Duration => format!("duration({value})"),
        Type::Uuid => format!("UUID({value})"),
        Type::List(item) => format!("[{} for item in {value}]", decoded(item, "item")),
        Type::Map(item) => format!("{{key: {} for key, item in {value}.items()}}", decoded(item, "item")),
        Type::Optional(inner) => format!("(None if {value} is None else {})", decoded(inner, value)),
        Type::Named(name) => format!("{}_from({value})", name.name),
        _ => value.to_owned(),
    }
}

fn class(name: &str, definition: &TypeDef) -> String {
    match definition {
        TypeDef::Class { fields } => {
            let declared: String = fields
                .iter()
                .map(|field| format!("    {}: {}\n", field.attribute(), spelled(&field.ty)))
                .collect();
            format!(
                "\n\n@dataclass\nclass {name}:\n{declared}\n\ndef {name}_from(value: Any) -> {name}:\n    return {name}({})\n",
                fields.iter().map(given).collect::<Vec<_>>().join(", ")
            )
        }
        TypeDef::TypedDict { fields } => {
            let declared: String = fields
                .iter()
                .map(|field| format!("    {}: {}\n", field.attribute(), spelled(&field.ty)))
                .collect();
            format!(
                "\n\nclass {name}(TypedDict):\n{declared}\n\ndef {name}_from(value: Any) -> Any:\n    return value\n"
            )
        }
        TypeDef::Enum { members, .. } => {
            let declared: String =
                members.iter().map(|member| format!("    {} = {}\n", member.name, member.value)).collect();
            format!(
                "\n\nclass {name}(Enum):\n{declared}\n\ndef {name}_from(value: Any) -> {name}:\n    return {name}(value)\n"
            )
        }
        TypeDef::Opaque => {
            format!(
                "\n\nclass {name}(Opaque):\n    pass\n\n\ndef {name}_from(value: Any) -> {name}:\n    return {name}(value)\n"
            )
        }
    }
}

fn given(field: &Field) -> String {
    format!("{}={}", field.keyword(), decoded(&field.ty, &format!("value[{:?}]", field.name)))
}
