//! What users see of a workflow: its function, the struct of its inputs, and for `Serve` what it is.
//!
//! It knows the inputs' names and types, not the steps.

use std::collections::BTreeMap;

use conductor_protocol::plan::{Input, Plan};
use conductor_protocol::types::Type;

use super::codecs::{self, Way};
use super::expr::Result;
use super::names::{Names, exported};
use super::tree::{Decl, Function, Go, Stmt, Struct};
use super::workflow::{Workflow, package_name_of_input};

/// The fields of the struct by the inputs' names.
pub fn input_names(plan: &Plan) -> BTreeMap<String, String> {
    let mut names = Names::default();
    plan.inputs.iter().map(|input| (input.name.clone(), names.fresh(&exported(&input.name)))).collect()
}

/// Where null is not what is meant by it, a field that is left out is told from a zero value.
pub fn field_type(input: &Input) -> Type {
    match &input.default {
        Some(_) => Type::optional(input.ty.clone()),
        None => input.ty.clone(),
    }
}

pub fn input_field_type(plan: &Plan, name: &str) -> Option<Type> {
    plan.inputs.iter().find(|input| input.name == name).map(field_type)
}

/// The declarations of the workflow's file that others see.
pub fn decls(workflow: &mut Workflow) -> Result<Vec<Decl>> {
    let plan = workflow.plan;
    let names = input_names(plan);
    let mut decls = Vec::new();
    let input = package_name_of_input(&workflow.public);
    if !plan.inputs.is_empty() {
        let fields = plan.inputs.iter().map(|input| {
            let ty = workflow.file.ty(&field_type(input));
            (names[&input.name].clone(), ty)
        });
        let fields = fields.collect();
        let wire = plan.inputs.iter().map(|input| input.name.clone()).collect();
        let mut doc = vec![format!("{input} is what {} takes.", workflow.public)];
        let defaults: Vec<String> = plan
            .inputs
            .iter()
            .filter_map(|input| {
                let default = input.default.as_ref()?;
                Some(format!("{} is {default} where it is nil.", names[&input.name]))
            })
            .collect();
        doc.extend(defaults);
        decls.push(Decl::Struct(Struct { doc, name: input, fields, wire }));
    }
    for each in &plan.inputs {
        let value = Go::atom("w.input").field(names[&each.name].clone());
        workflow.scope.inputs.insert(each.name.clone(), (value, field_type(each)));
    }
    Ok(decls)
}

/// Inputs with a default that a pointer stands for are fields of the run: there they have a value.
pub fn defaults(workflow: &mut Workflow) {
    for each in workflow.plan.inputs.iter().filter(|each| has_own_field(each)) {
        let field = workflow.members.fresh(&super::names::unexported(&each.name));
        let ty = workflow.file.ty(&each.ty);
        workflow.state().fields.push((field.clone(), ty));
        let value = Go::atom("w").field(field);
        workflow.scope.inputs.insert(each.name.clone(), (value, each.ty.clone()));
    }
}

fn has_own_field(input: &Input) -> bool {
    input.default.is_some() && field_type(input) != input.ty && !super::types::is_nilable(&input.ty)
}

/// What those fields are set to, where `input` has every default in it.
pub fn default_fields(workflow: &Workflow) -> Vec<(String, Go)> {
    let names = input_names(workflow.plan);
    let own = workflow.plan.inputs.iter().filter(|each| has_own_field(each));
    own.map(|each| {
        let value = Go::atom("input").field(names[&each.name].clone());
        let field = match workflow.scope.inputs.get(&each.name) {
            Some((Go::Field { name, .. }, _)) => name.clone(),
            _ => String::new(),
        };
        (field, Go::unary('*', value))
    })
    .collect()
}

/// Puts in the defaults of what is left out, where no journal does.
pub fn filled(workflow: &mut Workflow) -> Vec<Stmt> {
    let names = input_names(workflow.plan);
    let mut body = Vec::new();
    for each in &workflow.plan.inputs {
        let Some(default) = each.default.as_ref().filter(|default| !default.is_null()) else { continue };
        let target = Go::atom("input").field(names[&each.name].clone());
        let ty = field_type(each);
        let decode = workflow.file.codec(Way::Decode, &ty);
        let value = workflow.file.call_cel("Decoded", vec![json(default), decode]);
        body.push(Stmt::when(codecs::is_there(target.clone()).negated(), vec![Stmt::assign(target, value)]));
    }
    body
}

/// `cel.Encode` and `cel.Decode` take it: the function between the struct and its JSON.
pub fn input_codec(workflow: &mut Workflow, way: Way) -> Go {
    let verb = if way == Way::Encode { "encode" } else { "decode" };
    Go::atom(format!("{verb}{}", package_name_of_input(&workflow.public)))
}

/// Both functions between the struct of the inputs and its JSON.
pub fn codecs(workflow: &mut Workflow) -> Result<Vec<Decl>> {
    let plan = workflow.plan;
    if plan.inputs.is_empty() {
        return Ok(Vec::new());
    }
    let input = package_name_of_input(&workflow.public);
    let names = input_names(plan);
    let mut pairs = Vec::new();
    let mut optional = Vec::new();
    for each in &plan.inputs {
        let field = Go::atom("v").field(names[&each.name].clone());
        let ty = field_type(each);
        let value = codecs::apply(&mut workflow.file, Way::Encode, &ty, field.clone());
        if each.default.is_some() {
            let target = Go::atom("object").index(Go::string(&each.name));
            optional.push(Stmt::when(codecs::is_there(field), vec![Stmt::assign(target, value)]));
        } else {
            pairs.push((super::literal::string(&each.name), value));
        }
    }
    let spread = !pairs.is_empty();
    let object = Go::Struct { ty: "map[string]any".to_owned(), fields: pairs, spread };
    let body = if optional.is_empty() {
        vec![Stmt::Return(vec![object])]
    } else {
        let mut body = vec![Stmt::define("object", object)];
        body.extend(optional);
        body.push(Stmt::Return(vec![Go::atom("object")]));
        body
    };
    let encoder = format!("*{}", workflow.file.cel("Encoder"));
    let encode = Function {
        doc: vec![format!("encode{input} gives the inputs as JSON.")],
        receiver: None,
        name: format!("encode{input}"),
        params: vec![("e".to_owned(), encoder), ("v".to_owned(), input.clone())],
        results: "any".to_owned(),
        body,
    };
    let decode = decoder(workflow, &input, &names)?;
    Ok(vec![Decl::Function(encode), Decl::Function(decode)])
}

fn decoder(workflow: &mut Workflow, input: &str, names: &BTreeMap<String, String>) -> Result<Function> {
    let plan = workflow.plan;
    let required = plan.inputs.iter().filter(|each| each.default.is_none() && !each.ty.is_nullable());
    let mut args = vec![Go::atom("v")];
    args.extend(required.map(|each| Go::string(&each.name)));
    let mut body = vec![
        Stmt::define("fields", Go::call("d.Object", args)),
        Stmt::Var("object".to_owned(), input.to_owned()),
    ];
    for each in &plan.inputs {
        let target = Go::atom("object").field(names[&each.name].clone());
        let at = Go::atom("fields").index(Go::string(&each.name));
        let ty = field_type(each);
        let value = codecs::apply(&mut workflow.file, Way::Decode, &ty, at);
        body.push(Stmt::assign(target.clone(), value));
        let default = each.default.as_ref().filter(|default| !default.is_null());
        if let Some(default) = default {
            body.push(given_or(workflow, each, default, target));
        }
    }
    body.push(Stmt::Return(vec![Go::atom("object")]));
    let decoder = format!("*{}", workflow.file.cel("Decoder"));
    Ok(Function {
        doc: vec![format!("decode{input} reads the inputs from JSON.")],
        receiver: None,
        name: format!("decode{input}"),
        params: vec![("d".to_owned(), decoder), ("v".to_owned(), "any".to_owned())],
        results: input.to_owned(),
        body,
    })
}

/// The default in place of what is left out.
fn given_or(workflow: &mut Workflow, input: &Input, default: &serde_json::Value, target: Go) -> Stmt {
    let ty = field_type(input);
    let given = Go::atom("fields").index(Go::string(&input.name));
    let value = codecs::apply(&mut workflow.file, Way::Decode, &ty, json(default));
    // Null that is given is null where the type has it.
    let test = if input.ty.is_nullable() {
        let found = Stmt::Define(vec!["_".to_owned(), "ok".to_owned()], given);
        return Stmt::If {
            init: Some(Box::new(found)),
            test: Go::atom("!ok"),
            body: vec![Stmt::assign(target, value)],
            otherwise: Vec::new(),
        };
    } else {
        codecs::is_there(target.clone()).negated()
    };
    Stmt::when(test, vec![Stmt::assign(target, value)])
}

/// JSON as the decoders take it.
pub fn json(value: &serde_json::Value) -> Go {
    match value {
        serde_json::Value::Null => Go::atom("nil"),
        serde_json::Value::Bool(value) => Go::atom(value.to_string()),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Go::atom(format!("int64({whole})")),
            (None, value) => Go::atom(format!("float64({:?})", value.unwrap_or(0.0))),
        },
        serde_json::Value::String(text) => Go::string(text),
        serde_json::Value::Array(items) => {
            Go::List { ty: "[]any".to_owned(), items: items.iter().map(json).collect() }
        }
        serde_json::Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (super::literal::string(name), json(value)));
            Go::Struct { ty: "map[string]any".to_owned(), fields: fields.collect(), spread: false }
        }
    }
}

/// The function that users call.
pub fn function(workflow: &mut Workflow, body: Vec<Stmt>) -> Function {
    let plan = workflow.plan;
    let context = format!("{}.Context", workflow.file.std("context"));
    let mut params = vec![("ctx".to_owned(), context)];
    if !plan.inputs.is_empty() {
        params.push(("input".to_owned(), package_name_of_input(&workflow.public)));
    }
    params.push(("options".to_owned(), "...Option".to_owned()));
    let results = super::call::results(workflow, &super::results::output(plan));
    let doc = if plan.durable {
        format!(
            "{} runs the workflow; with the id of a run that exists, waits for that one or continues it.",
            workflow.public
        )
    } else {
        format!("{} runs the workflow. It keeps no journal: a crash ends it.", workflow.public)
    };
    let body = super::ends::declared_once(body);
    Function { doc: vec![doc], receiver: None, name: workflow.public.clone(), params, results, body }
}

/// The body of the function of a durable workflow.
pub fn started(workflow: &mut Workflow) -> Vec<Stmt> {
    let plan = workflow.plan;
    let ty = super::results::output(plan);
    let zero: Vec<Go> = if ty == Type::Null { Vec::new() } else { vec![workflow.file.zero(&ty)] };
    let mut body = Vec::new();
    let given = if plan.inputs.is_empty() {
        Go::atom("map[string]any{}")
    } else {
        let encode = input_codec(workflow, Way::Encode);
        let encoded = workflow.file.call_cel("Encode", vec![Go::atom("input"), encode]);
        body.push(Stmt::Define(vec!["inputs".to_owned(), "err".to_owned()], encoded));
        let refused =
            workflow.file.call_runtime("InputError", vec![Go::string(&plan.workflow), Go::atom("err")]);
        let values = zero.iter().cloned().chain([refused]).collect();
        body.push(Stmt::if_err(vec![Stmt::Return(values)]));
        Go::atom("inputs")
    };
    let definition = Go::atom(super::durable::definition(&plan.workflow));
    let args = vec![Go::atom("ctx"), definition, given, Go::atom("options...")];
    let call = workflow.file.call_runtime("Call", args);
    if ty == Type::Null {
        body.push(Stmt::Define(vec!["_".to_owned(), "err".to_owned()], call));
        body.push(Stmt::Return(vec![Go::atom("err")]));
        return body;
    }
    body.push(Stmt::Define(vec!["output".to_owned(), "err".to_owned()], call));
    body.push(Stmt::unless_ok(zero));
    let decode = workflow.file.codec(Way::Decode, &ty);
    body.push(Stmt::Return(vec![workflow.file.call_cel("Decode", vec![Go::atom("output"), decode])]));
    body
}
