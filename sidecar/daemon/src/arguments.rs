//! What a step was called with: computed from its Plan, the run's input and the results before it, as its process computed it.
//!
//! The journal has no arguments. It works on what may be shown of a run, so that it can show nothing else.

use std::collections::BTreeMap;

use conductor_cel::eval::Value;
use conductor_cel::plan::{Names, evaluate, from_json, to_json};
use conductor_protocol::expr::Expr;
use conductor_protocol::plan::{ArgumentValue, Plan, Step, StepKind};
use conductor_protocol::types::Type;
use serde_json::{Value as Json, json};

/// Results of one list that are looked for.
const ITEMS: usize = 100_000;

/// The arguments of a step of `run`, a view of the run: by name a value, or why there is none.
pub(crate) fn of(plan: &Plan, run: &Json, key: &str) -> Result<Vec<Json>, String> {
    let mut place = Place::of(plan, run);
    let id = place.enter(key)?;
    let step = place.find(id).ok_or_else(|| format!("its Plan has no step {id}"))?;
    let args: Vec<Given<'_>> = match &step.kind {
        StepKind::Task(call) => {
            call.arguments().filter_map(|argument| place.argument(argument, key)).collect()
        }
        StepKind::Workflow(call) => {
            call.args.iter().map(|(name, expr)| (name.as_str(), place.value(expr, &expr.ty))).collect()
        }
        kind => return Err(format!("a {} takes no arguments", kind.keyword().replace('_', " "))),
    };
    let shown = |(name, value): Given<'_>| match value {
        Ok(value) => json!({"name": name, "value": value}),
        Err(unknown) => json!({"name": name, "unknown": unknown}),
    };
    Ok(args.into_iter().map(shown).collect())
}

type Given<'a> = (&'a str, Result<Json, String>);

/// Where a step stands: the lists of steps around it, the innermost last, and what maps have named.
struct Place<'a> {
    plan: &'a Plan,
    run: &'a Json,
    /// What is recorded of each step.
    recorded: BTreeMap<&'a str, &'a Json>,
    /// Steps, and how their keys begin.
    around: Vec<(&'a [Step], String)>,
    variables: BTreeMap<&'a str, Value>,
}

impl<'a> Place<'a> {
    fn of(plan: &'a Plan, run: &'a Json) -> Place<'a> {
        let steps = run["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
        let recorded = steps.iter().filter_map(|step| Some((step["key"].as_str()?, step))).collect();
        let around = vec![(plan.steps.as_slice(), String::new())];
        Place { plan, run, recorded, around, variables: BTreeMap::new() }
    }

    /// Goes into the maps and loops that a key leads through, and gives the step's own id.
    fn enter<'k>(&mut self, key: &'k str) -> Result<&'k str, String> {
        let mut rest = key;
        while let Some((block, inside)) = rest.split_once("].") {
            let (id, number) = block.split_once('[').ok_or("its key has another form")?;
            let number: usize = number.parse().map_err(|_| "its key has another form")?;
            let step = self.find(id).ok_or_else(|| format!("its Plan has no block {id}"))?;
            match &step.kind {
                StepKind::Map(map) => {
                    if let Some(item) = self.item(&map.over, number) {
                        self.variables.insert(&map.variable, item);
                    }
                    self.go(&map.steps, id, number);
                }
                StepKind::Loop(repeat) => self.go(&repeat.steps, id, number),
                _ => return Err(format!("{id} is no block of several turns")),
            }
            rest = inside;
        }
        if rest.contains('.') {
            Err("what undoes or stands in for a step takes its arguments from it".to_owned())
        } else {
            Ok(rest)
        }
    }

    fn go(&mut self, steps: &'a [Step], id: &str, number: usize) {
        let prefix = self.around.last().map_or("", |(_, prefix)| prefix.as_str());
        let prefix = format!("{prefix}{id}[{number}].");
        self.around.push((steps, prefix));
    }

    fn item(&self, over: &Expr, number: usize) -> Option<Value> {
        let list = to_json(&evaluate(over, self).ok()?, &over.ty, &self.plan.types).ok()?;
        let Type::List(item) = &over.ty else { return None };
        from_json(list.get(number)?, item, &self.plan.types).ok()
    }

    /// The step of this id that can be seen from here.
    fn find(&self, id: &str) -> Option<&'a Step> {
        self.around.iter().rev().find_map(|(steps, _)| inside(steps, id))
    }

    fn argument<'c>(&self, argument: &'c conductor_protocol::plan::Argument, key: &str) -> Option<Given<'c>> {
        let value = match &argument.value {
            ArgumentValue::Expr(expr) => self.value(expr, &argument.ty),
            ArgumentValue::IdempotencyKey => {
                Ok(json!(format!("{}/{key}", self.run["id"].as_str().unwrap_or_default())))
            }
            ArgumentValue::Resource(resource) => Err(format!("the client of {resource}")),
            ArgumentValue::Cancellation => return None,
        };
        Some((&argument.parameter, value))
    }

    fn value(&self, expr: &Expr, ty: &Type) -> Result<Json, String> {
        let value = evaluate(expr, self).map_err(|error| error.message)?;
        let types = &self.plan.types;
        to_json(&value, ty, types).or_else(|_| to_json(&value, &expr.ty, types))
    }

    /// The result of a step as JSON, for blocks of those inside; `None` where it is not recorded.
    fn result(&self, step: &Step, prefix: &str) -> Option<Json> {
        match &step.kind {
            StepKind::Sequence { steps } => self.result(steps.last()?, prefix),
            StepKind::Parallel { branches: steps, .. } | StepKind::Graph { steps } => {
                let each = steps.iter().map(|one| Some((one.id.clone(), self.result(one, prefix)?)));
                each.collect::<Option<serde_json::Map<_, _>>>().map(Json::Object)
            }
            StepKind::Race { branches } => branches.iter().find_map(|one| self.result(one, prefix)),
            StepKind::Map(map) => {
                let item =
                    |number| self.result(map.steps.last()?, &format!("{prefix}{}[{number}].", step.id));
                Some((0..ITEMS).map_while(item).collect())
            }
            _ => {
                let recorded = self.recorded.get(&*format!("{prefix}{}", step.id))?;
                match recorded["state"].as_str()? {
                    "succeeded" | "compensated" => Some(recorded["output"].clone()),
                    "tolerated" | "skipped" => Some(Json::Null),
                    _ => None,
                }
            }
        }
    }
}

impl Names for Place<'_> {
    fn input(&self, name: &str) -> Option<Value> {
        let input = self.plan.inputs.iter().find(|input| input.name == name)?;
        let given = self.run["input"].get(name).or(input.default.as_ref())?;
        from_json(given, &input.ty, &self.plan.types).ok()
    }

    fn step(&self, id: &str) -> Option<Value> {
        self.around.iter().rev().find_map(|(steps, prefix)| {
            let step = inside(steps, id)?;
            from_json(&self.result(step, prefix)?, &step.ty, &self.plan.types).ok()
        })
    }

    fn variable(&self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    fn env(&self, _: &str) -> Option<Value> {
        None
    }

    fn run_id(&self) -> Option<Value> {
        from_json(&self.run["id"], &Type::String, &self.plan.types).ok()
    }
}

/// The step of this id in a list of steps, or in blocks there that give their steps no keys of their own.
fn inside<'a>(steps: &'a [Step], id: &str) -> Option<&'a Step> {
    steps.iter().find_map(|step| {
        let is_opaque = matches!(step.kind, StepKind::Map(_) | StepKind::Loop(_));
        if step.id == id {
            return Some(step);
        }
        let bodies = if is_opaque { Vec::new() } else { step.kind.bodies() };
        bodies.into_iter().find_map(|body| inside(body, id))
    })
}
