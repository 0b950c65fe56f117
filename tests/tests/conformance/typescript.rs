//! Stubs and a worker in TypeScript, compiled by `tsc` as strictly as it can.
//!
//! It knows TypeScript's spelling of types, not what a workflow does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::os::unix::fs::symlink;
use std::path::Path;

use anyhow::{Context, Result};
use conductor_protocol::plan::{ArgumentValue, Callable, Language, TaskCall};
use conductor_protocol::types::{Type, TypeDef};
use conductor_tests::process::Process;
use conductor_tests::project::Project;
use conductor_tests::root;

use crate::direct::{Call, is_named};
use crate::execute::Target;
use crate::reference::{Expected, calls, clients, types_of};
use crate::values;

pub struct Typescript;

const HEAD: &str = include_str!("stubs/head.ts");
const CONFIG: &str = include_str!("stubs/tsconfig.json");

const SERVE: &str =
    "import { serve } from \"./conductor_gen/index.js\";\n\nconsole.log(\"serving\");\nawait serve();\n";

const CALLS: &str = include_str!("stubs/calls.ts");

const BUILT_IN: [&str; 4] = ["Error", "TypeError", "RangeError", "ReferenceError"];

impl Target for Typescript {
    fn language(&self) -> Language {
        Language::Typescript
    }

    fn out(&self) -> &'static str {
        "conductor_gen"
    }

    fn write(&self, project: &Project, all: &[&Expected]) -> Result<()> {
        project.write("stubs.ts", &stubs(all))?;
        project.write("serve.ts", SERVE)?;
        project.write("package.json", "{\"type\": \"module\", \"private\": true}\n")?;
        project.write("tsconfig.json", CONFIG)
    }

    fn build(&self, project: &Project) -> Result<()> {
        let modules = root().join("target/node/node_modules");
        symlink(&modules, project.path().join("node_modules")).context("no node_modules")?;
        let tsc = modules.join("typescript/bin/tsc");
        let mut command = project.command(Path::new("node"), &[]);
        command.arg(tsc).args(["--project", "tsconfig.json"]);
        Process::spawn("tsc", command)?.wait_at_most(std::time::Duration::from_secs(300))?.expect_code(0)?;
        Ok(())
    }

    fn serve(&self, project: &Project) -> Result<Process> {
        let mut command = project.command(Path::new("node"), &["dist/serve.js"]);
        command.env("CONFORMANCE", project.path());
        Process::spawn("node", command)
    }

    fn exported(&self, workflow: &str, files: &BTreeMap<String, String>) -> Option<String> {
        let functions = files.values().flat_map(|text| text.split("export async function ").skip(1));
        let mut names = functions.map(|rest| rest.split(['(', '<']).next().unwrap_or_default());
        names.find(|name| is_named(name, workflow)).map(str::to_owned)
    }

    fn write_calls(&self, project: &Project, _: &[Call]) -> Result<()> {
        project.write("calls.ts", CALLS)
    }

    fn call(&self, project: &Project) -> Result<Process> {
        let mut command = project.command(Path::new("node"), &["dist/calls.js"]);
        command.env("CONFORMANCE", project.path());
        Process::spawn("node", command)
    }
}

fn stubs(all: &[&Expected]) -> String {
    let mut text = HEAD.to_owned();
    for (name, base) in values::errors(all) {
        if !BUILT_IN.contains(&name.as_str()) {
            let base = base.unwrap_or_else(|| "Error".to_owned());
            let _ = write!(
                text,
                "\nclass {name} extends {base} {{\n  override name = {name:?};\n}}\nknown.set({name:?}, {name});\n"
            );
        }
    }
    let mut stubs: BTreeMap<String, String> = BTreeMap::new();
    for expected in all {
        for (name, definition) in types_of(&expected.job.plans) {
            text.push_str(&class(&name.name, definition));
        }
        for (open, close, client) in clients(&expected.job.plans) {
            let client = spelled(client);
            let _ = write!(text, "\nexport function {open}(): {client} {{\n  return new {client}();\n}}\n");
            if let Some(close) = close {
                let _ = write!(text, "\nexport function {close}(_: {client}): void {{}}\n");
            }
        }
        for plan in &expected.job.plans {
            for (_, call) in calls(plan) {
                if let Callable::Function(function) = &call.callable {
                    stubs.entry(function.name.clone()).or_insert_with(|| stub(&function.name, call));
                }
            }
        }
    }
    stubs.values().for_each(|stub| text.push_str(stub));
    text
}

fn stub(name: &str, call: &TaskCall) -> String {
    let Callable::Function(function) = &call.callable else { return String::new() };
    let mut parameters = Vec::new();
    let mut shown = Vec::new();
    let mut signal = "undefined";
    for argument in &call.args {
        let spelled = match argument.value {
            ArgumentValue::Cancellation => {
                signal = "signal";
                "AbortSignal".to_owned()
            }
            ArgumentValue::Resource(_) => "unknown".to_owned(),
            ArgumentValue::Expr(_) | ArgumentValue::IdempotencyKey => {
                shown.push(argument.parameter.clone());
                spelled(&argument.ty)
            }
        };
        parameters.push(format!("{}: {spelled}", argument.parameter));
    }
    let returns = spelled(&function.returns);
    let (head, play, returns) = if function.is_async {
        (
            "export async function",
            format!("await play({{ {} }}, {signal})", shown.join(", ")),
            format!("Promise<{returns}>"),
        )
    } else {
        ("export function", format!("playBlocking({{ {} }})", shown.join(", ")), returns)
    };
    format!(
        "\n{head} {name}({}): {returns} {{\n  const played = {play};\n  return {};\n}}\n",
        parameters.join(", "),
        decoded(&function.returns, "played"),
    )
}

fn spelled(ty: &Type) -> String {
    match ty {
        Type::Null => "null".to_owned(),
        Type::Bool => "boolean".to_owned(),
        Type::Int | Type::Float => "number".to_owned(),
        Type::Decimal | Type::String | Type::Date | Type::Duration | Type::Uuid => "string".to_owned(),
        Type::Bytes => "Uint8Array".to_owned(),
        Type::Timestamp => "Date".to_owned(),
        Type::List(item) => format!("({})[]", spelled(item)),
        Type::Map(item) => format!("Record<string, {}>", spelled(item)),
        Type::Optional(inner) => format!("{} | null", spelled(inner)),
        Type::Union(members) => members.iter().map(spelled).collect::<Vec<_>>().join(" | "),
        Type::Named(name) => name.name.clone(),
        Type::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, ty)| format!("{name}: {}", spelled(ty))).collect();
            format!("{{ {} }}", fields.join("; "))
        }
        Type::Any => "unknown".to_owned(),
    }
}

/// The value of the JSON that `value` names, which nobody has looked at yet.
fn decoded(ty: &Type, value: &str) -> String {
    match ty {
        Type::Bytes => format!("Uint8Array.from(Buffer.from({value} as string, \"base64\"))"),
        Type::Timestamp => format!("new Date({value} as string)"),
        Type::List(item) => {
            format!("({value} as unknown[]).map((item) => {})", decoded(item, "item"))
        }
        Type::Optional(inner) if matches!(**inner, Type::Bytes | Type::Timestamp) => {
            format!("{value} === null ? null : {}", decoded(inner, value))
        }
        Type::Any => value.to_owned(),
        _ => format!("{value} as {}", spelled(ty)),
    }
}

fn class(name: &str, definition: &TypeDef) -> String {
    match definition {
        TypeDef::Class { fields } => {
            let declared: String = fields
                .iter()
                .map(|field| format!("  {}!: {};\n", field.attribute(), spelled(&field.ty)))
                .collect();
            format!("\nexport class {name} {{\n{declared}}}\n")
        }
        TypeDef::TypedDict { fields } => {
            let declared: String = fields
                .iter()
                .map(|field| format!("  {}: {};\n", field.attribute(), spelled(&field.ty)))
                .collect();
            format!("\nexport interface {name} {{\n{declared}}}\n")
        }
        TypeDef::Enum { members, .. } => {
            let members: String =
                members.iter().map(|member| format!("  {} = {},\n", member.name, member.value)).collect();
            format!("\nexport enum {name} {{\n{members}}}\n")
        }
        TypeDef::Opaque => format!("\nexport class {name} {{}}\n"),
    }
}
