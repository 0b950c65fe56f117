//! A job made one of many in a package of one language: names get the job's in front, functions become stubs.
//!
//! It knows Plans as JSON and changes only names and what a language writes otherwise; what a Plan means stays.

use anyhow::Result;
use conductor_protocol::plan::{Language, Plan};
use serde_json::{Map, Value, json};

use crate::case::Job;

/// The module in which all stubs stand. In Go it lies below the generated package, whose runtime it may import there.
pub const MODULE: &str = "stubs";
const GO_MODULE: &str = "conf.local/conductorgen/stubs";

/// The job in the language, with names that no other job has.
pub fn job(job: &Job, language: Language) -> Result<Job> {
    let keyed = is_direct(job);
    let mut retarget = Retarget { prefix: &job.name, language, keyed };
    let mut plans = serde_json::to_value(&job.plans)?;
    retarget.value(&mut plans);
    let plans: Vec<Plan> = serde_json::from_value(plans)?;
    let mut scenario = job.scenario.clone();
    let tasks: Vec<String> = tasks_of(&serde_json::to_value(&job.plans)?);
    for (name, calls) in job.scenario.calls.clone() {
        if tasks.contains(&name) {
            scenario.calls.insert(retarget.named(&name), calls.clone());
        }
        if let Some(rest) = name.strip_prefix("r/") {
            scenario.calls.insert(format!("{}/{rest}", job.name), calls);
        }
    }
    for start in &mut scenario.starts {
        start.workflow = retarget.named(&start.workflow);
        start.run = run_of(job, &start.run);
    }
    for signal in &mut scenario.signals {
        signal.run = run_of(job, &signal.run);
    }
    for cancel in &mut scenario.cancels {
        cancel.run = run_of(job, &cancel.run);
    }
    Ok(Job { name: job.name.clone(), plans, scenario })
}

/// `r` is the run of the job; others are beside it.
fn run_of(job: &Job, run: &str) -> String {
    match run.strip_prefix('r') {
        Some("") => job.name.clone(),
        Some(rest) if rest.starts_with('/') => format!("{}{rest}", job.name),
        _ => format!("{}-{run}", job.name),
    }
}

fn tasks_of(plans: &Value) -> Vec<String> {
    match plans {
        Value::Array(items) => items.iter().flat_map(tasks_of).collect(),
        Value::Object(entries) => {
            let own = entries.get("task").and_then(Value::as_str).map(str::to_owned);
            own.into_iter().chain(entries.values().flat_map(tasks_of)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether no journal is kept of any of its runs.
pub fn is_direct(job: &Job) -> bool {
    job.plans.iter().all(|plan| !plan.durable)
}

struct Retarget<'a> {
    prefix: &'a str,
    language: Language,
    /// Stubs are told the step: there is no journal that they could ask.
    keyed: bool,
}

impl Retarget<'_> {
    fn named(&self, name: &str) -> String {
        format!("{}__{name}", self.prefix)
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(entries) => self.object(entries),
            _ => {}
        }
    }

    fn object(&mut self, entries: &mut Map<String, Value>) {
        if entries.contains_key("workflow") && entries.contains_key("entrypoint") {
            entries.insert("language".to_owned(), json!(self.language));
            self.resources(entries);
        }
        if entries.len() == 2 && entries.contains_key("module") && entries.contains_key("name") {
            self.type_name(entries);
            return;
        }
        if let (Language::Go, Some(Value::Array(fields))) = (self.language, entries.get_mut("fields")) {
            for field in fields {
                field["attribute"] = json!(crate::go::exported(field["name"].as_str().unwrap_or_default()));
            }
        }
        if entries.contains_key("callable") {
            self.call(entries);
        }
        for (key, value) in entries.iter_mut() {
            if let ("record", Value::Object(fields)) = (key.as_str(), &mut *value) {
                // Of a type: its fields' names are the user's.
                fields.values_mut().for_each(|field| self.value(field));
                continue;
            }
            match (key.as_str(), &*value) {
                ("workflow" | "task" | "resource", Value::String(name)) => *value = json!(self.named(name)),
                ("uses", Value::Array(names)) => {
                    *value = names.iter().filter_map(Value::as_str).map(|name| self.named(name)).collect();
                }
                // Spreading would make every pause another one.
                ("jitter", Value::String(_)) => *value = json!("none"),
                ("retry_on" | "abort_on" | "errors", Value::Array(names)) => {
                    *value = names.iter().map(last_part).collect();
                }
                ("error", Value::String(_)) => *value = last_part(value),
                // The values of what is given are not names.
                ("literal" | "default", _) => {}
                _ => self.value(value),
            }
        }
    }

    fn resources(&self, plan: &mut Map<String, Value>) {
        let Some(Value::Array(resources)) = plan.get_mut("resources") else { return };
        for resource in resources {
            if let Some(id) = resource.get("id").and_then(Value::as_str).map(|id| self.named(id)) {
                resource["id"] = json!(id);
            }
            for key in ["open", "close"] {
                if let Some(Value::Object(function)) = resource.get_mut(key) {
                    self.rename(function);
                }
            }
        }
    }

    /// `app.User` as `stubs.User_NAME_OF_THE_JOB`.
    fn type_name(&self, entries: &mut Map<String, Value>) {
        let name = entries["name"].as_str().unwrap_or_default().replace('.', "_");
        entries.insert("name".to_owned(), json!(format!("{name}_{}", self.prefix)));
        entries.insert("module".to_owned(), json!(self.module()));
    }

    fn rename(&self, function: &mut Map<String, Value>) {
        let name = function["name"].as_str().unwrap_or_default().replace('.', "_");
        function.insert("name".to_owned(), json!(self.function(&name)));
        function.insert("module".to_owned(), json!(self.module()));
        function.insert("language".to_owned(), json!(self.language));
        if self.language == Language::Go {
            function.insert("returns_error".to_owned(), json!(true));
        }
    }

    /// The function becomes a stub, which takes what makes its object as arguments of its own.
    fn call(&self, call: &mut Map<String, Value>) {
        let Some(Value::Object(function)) = call.get_mut("callable") else { return };
        if !function.contains_key("language") {
            return;
        }
        let is_async = function["is_async"] == true;
        self.rename(function);
        let receiver = function.remove("receiver");
        let Some(Value::Array(args)) = call.get_mut("args") else { return };
        if let Some(Value::Array(more)) = receiver.and_then(|one| one.pointer("/constructed/args").cloned()) {
            args.splice(0..0, more);
        }
        args.retain(|argument| argument["value"] != json!("cancellation"));
        let key = json!("idempotency_key");
        if self.keyed && args.iter().all(|argument| argument["value"] != key) {
            let passing = "keyword";
            args.push(json!({"parameter": key, "ty": "string", "passing": passing, "value": key}));
        }
        let positional = self.language != Language::Python;
        for argument in args.iter_mut().filter(|_| positional) {
            argument["passing"] = json!("positional");
        }
        let cancellation = |name: &str| json!({"parameter": name, "ty": "any", "passing": "positional", "value": "cancellation"});
        match self.language {
            Language::Go if is_async => args.insert(0, cancellation("ctx")),
            Language::Typescript if is_async => args.push(cancellation("signal")),
            _ => {}
        }
    }

    fn module(&self) -> &'static str {
        if self.language == Language::Go { GO_MODULE } else { MODULE }
    }

    fn function(&self, name: &str) -> String {
        match self.language {
            Language::Go => format!("F_{}_{name}", self.prefix),
            _ => format!("{}__{name}", self.prefix),
        }
    }
}

/// Languages spell a type's place differently; all match its last part.
fn last_part(name: &Value) -> Value {
    let text = name.as_str().unwrap_or_default();
    json!(text.rsplit('.').next().unwrap_or(text))
}
