//! Stubs and a worker in Go: one module, one build.
//!
//! It knows Go's spelling of types, not what a workflow does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use conductor_protocol::plan::{ArgumentValue, Callable, Language, TaskCall};
use conductor_protocol::types::{Type, TypeDef};
use conductor_tests::process::Process;
use conductor_tests::project::Project;

use crate::direct::{Call, is_named};
use crate::execute::Target;
use crate::reference::{Expected, calls, clients, types_of};
use crate::values;

pub struct Go;

const HEAD: &str = include_str!("stubs/head.go.txt");

const MAIN: &str = "\
package main

import (
	\"context\"
	\"fmt\"
	\"os\"

	\"conf.local/conductorgen\"
)

func main() {
	fmt.Println(\"serving\")
	if err := conductorgen.Serve(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
";

const CALLS: &str = include_str!("stubs/calls.go.txt");

/// What Go has a panic for.
const PROGRAMMING: [&str; 1] = ["TypeError"];

impl Target for Go {
    fn language(&self) -> Language {
        Language::Go
    }

    fn out(&self) -> &'static str {
        "conductorgen"
    }

    fn package(&self) -> Option<&'static str> {
        Some("conf.local/conductorgen")
    }

    fn write(&self, project: &Project, all: &[&Expected]) -> Result<()> {
        project.write("conductorgen/stubs/stubs.go", &stubs(all))?;
        project.write("main.go", MAIN)?;
        project.write("go.mod", "module conf.local\n\ngo 1.24\n")
    }

    fn build(&self, project: &Project) -> Result<()> {
        let command = project.command(Path::new("go"), &["build", "-o", "worker", "."]);
        Process::spawn("go build", command)?.wait_at_most(Duration::from_secs(600))?.expect_code(0)?;
        Ok(())
    }

    fn serve(&self, project: &Project) -> Result<Process> {
        let mut command = project.command(&project.path().join("worker"), &[]);
        command.env("CONFORMANCE", project.path());
        Process::spawn("worker", command)
    }

    fn exported(&self, workflow: &str, files: &BTreeMap<String, String>) -> Option<String> {
        let functions = files.values().flat_map(|text| text.split("\nfunc ").skip(1));
        let mut names = functions.map(|rest| rest.split(['(', '[']).next().unwrap_or_default());
        names.find(|name| name.starts_with(char::is_uppercase) && is_named(name, workflow)).map(str::to_owned)
    }

    fn write_calls(&self, project: &Project, calls: &[Call]) -> Result<()> {
        let mut text = CALLS.to_owned();
        text.push_str("\nvar all = []func(context.Context) (string, any, error){\n");
        for Call { function, run, n, returns } in calls {
            let input = n.map(|n| format!("conductorgen.{function}Input{{N: {n}}}, ")).unwrap_or_default();
            let made = format!("conductorgen.{function}(ctx, {input}conductorgen.WithRunID({run:?}))");
            let body = if *returns {
                format!("output, err := {made}\n\t\treturn {run:?}, output, err")
            } else {
                format!("return {run:?}, nil, {made}")
            };
            let _ = writeln!(text, "\tfunc(ctx context.Context) (string, any, error) {{\n\t\t{body}\n\t}},");
        }
        text.push_str("}\n");
        project.write("main.go", &text)
    }

    fn call(&self, project: &Project) -> Result<Process> {
        self.serve(project)
    }
}

fn stubs(all: &[&Expected]) -> String {
    let mut text = HEAD.to_owned();
    text.push_str("\nfunc failure(name, message, code string) error {\n\tswitch name {\n");
    let errors = values::errors(all);
    for (name, _) in &errors {
        if PROGRAMMING.contains(&name.as_str()) {
            let _ = writeln!(text, "\tcase {name:?}:\n\t\tpanic(message)");
        } else {
            let _ = writeln!(text, "\tcase {name:?}:\n\t\treturn &{name}{{coded{{message, code}}}}");
        }
    }
    text.push_str("\t}\n\treturn errors.New(message)\n}\n");
    for (name, base) in &errors {
        if PROGRAMMING.contains(&name.as_str()) {
            continue;
        }
        let _ = write!(text, "\ntype {name} struct{{ coded }}\n");
        if let Some(base) = base {
            let _ = write!(text, "\nfunc (e *{name}) Unwrap() error {{ return &{base}{{e.coded}} }}\n");
        }
    }
    let mut stubs: BTreeMap<String, String> = BTreeMap::new();
    for expected in all {
        for (name, definition) in types_of(&expected.job.plans) {
            text.push_str(&class(&name.name, definition));
        }
        for (open, close, client) in clients(&expected.job.plans) {
            let client = spelled(client);
            let _ = write!(text, "\nfunc {open}() ({client}, error) {{ return {client}{{}}, nil }}\n");
            if let Some(close) = close {
                let _ = write!(text, "\nfunc {close}({client}) error {{ return nil }}\n");
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
    let mut shown = String::new();
    let mut context = "context.Background()".to_owned();
    for (index, argument) in call.args.iter().enumerate() {
        let variable = format!("a{index}");
        let spelled = match argument.value {
            ArgumentValue::Cancellation => {
                context.clone_from(&variable);
                "context.Context".to_owned()
            }
            ArgumentValue::Resource(_) => "any".to_owned(),
            ArgumentValue::Expr(_) | ArgumentValue::IdempotencyKey => {
                let _ = write!(shown, "{:?}: shown({variable}), ", argument.parameter);
                spelled(&argument.ty)
            }
        };
        parameters.push(format!("{variable} {spelled}"));
    }
    let parameters = parameters.join(", ");
    if function.returns == Type::Null {
        return format!(
            "\nfunc {name}({parameters}) error {{\n\t_, err := play[any]({context}, map[string]any{{{shown}}})\n\treturn err\n}}\n"
        );
    }
    let returns = spelled(&function.returns);
    let played = match function.returns {
        Type::Duration => "playDuration".to_owned(),
        Type::Date => "playDate".to_owned(),
        _ => format!("play[{returns}]"),
    };
    format!(
        "\nfunc {name}({parameters}) ({returns}, error) {{\n\treturn {played}({context}, map[string]any{{{shown}}})\n}}\n"
    )
}

fn spelled(ty: &Type) -> String {
    match ty {
        Type::Null | Type::Any | Type::Union(_) | Type::Record(_) => "any".to_owned(),
        Type::Bool => "bool".to_owned(),
        Type::Int => "int64".to_owned(),
        Type::Float => "float64".to_owned(),
        Type::Date => "cel.Date".to_owned(),
        Type::Decimal | Type::String | Type::Uuid => "string".to_owned(),
        Type::Bytes => "[]byte".to_owned(),
        Type::Timestamp => "time.Time".to_owned(),
        Type::Duration => "time.Duration".to_owned(),
        Type::List(item) => format!("[]{}", spelled(item)),
        Type::Map(item) => format!("map[string]{}", spelled(item)),
        Type::Optional(inner) => match &**inner {
            Type::List(_) | Type::Map(_) | Type::Bytes | Type::Any | Type::Union(_) => spelled(inner),
            other => format!("*{}", spelled(other)),
        },
        Type::Named(name) => name.name.clone(),
    }
}

fn class(name: &str, definition: &TypeDef) -> String {
    match definition {
        TypeDef::Class { fields } | TypeDef::TypedDict { fields } => {
            let declared: String = fields
                .iter()
                .map(|field| {
                    format!(
                        "\t{} {} `json:\"{}\"`\n",
                        exported(field.attribute()),
                        spelled(&field.ty),
                        field.name
                    )
                })
                .collect();
            format!("\ntype {name} struct {{\n{declared}}}\n")
        }
        TypeDef::Enum { members, .. } => {
            let kind = if members.iter().all(|member| member.value.is_string()) { "string" } else { "int64" };
            format!("\ntype {name} {kind}\n")
        }
        TypeDef::Opaque => format!("\ntype {name} struct{{ json.RawMessage }}\n"),
    }
}

/// `user_id` as `UserId`.
pub fn exported(name: &str) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
