//! Which value each parameter of a call gets: written, of its name, of its type, or a new input of the workflow.
//!
//! It knows parameters, not whether they are a function's or a sub-workflow's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use conductor_cel::across;
use conductor_model::{Id, ParameterKind};
use conductor_protocol::expr::{Expr, Node as Out};
use conductor_protocol::types::{Type, TypeName};
use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Node, Syntax};

use crate::asked::{Asked, Inferred};
use crate::codes;
use crate::graph::{Asker, BindingSource, Resource, ValueName};
use crate::scope::{Scope, Value};
use crate::value::{Place, Wrong, findings, value};
use conductor_model::names::{listed, nearest, snake_case};

/// A parameter that wants a value.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub name: String,
    pub ty: Type,
    pub kind: ParameterKind,
    /// The type as the language writes it, where `ty` leaves that open.
    pub native: Option<String>,
    pub has_default: bool,
    /// Where it stands in the code or, for a sub-workflow, in the manifest.
    pub span: Span,
    /// Whether the name `idempotency_key` means the key.
    pub takes_key: bool,
}

/// What is called.
pub(crate) struct Callee {
    pub name: String,
    /// Where it is defined.
    pub span: Span,
    pub is_workflow: bool,
    /// Part of it could not be read, so it may have other inputs, too.
    pub open: bool,
}

impl Callee {
    /// What it wants values for.
    fn noun(&self) -> &'static str {
        if self.is_workflow { "input" } else { "parameter" }
    }
}

/// A call that is to be bound.
pub(crate) struct Call<'a> {
    pub syntax: Syntax,
    /// The id of the step.
    pub step: &'a str,
    pub callee: &'a Callee,
    /// Where the step names what it calls.
    pub span: Span,
    pub wanted: &'a [Wanted],
    /// Explicit arguments: the task's, then the step's, which win.
    pub with: [&'a [(Id, Node)]; 2],
    /// Those of which a parameter can be handed a client.
    pub resources: &'a [Resource],
    /// Whether what finds no value becomes an input of the workflow.
    pub infers: bool,
}

/// What a parameter gets.
#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Value(Expr, Option<BindingSource>),
    Key,
    /// The client of a resource, by its position.
    Resource(usize),
    /// What tells it to stop.
    Cancellation,
    /// Its default, or nothing for `*args` and `**kwargs`.
    Nothing,
    /// Reported.
    Failed,
}

/// Binds every parameter, in the order of the parameters.
pub(crate) fn bind(
    call: &Call<'_>,
    place: Place<'_>,
    asked: &mut Asked,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Bound> {
    let explicit = explicit(call, diagnostics);
    let mut bound: Vec<Option<Bound>> = call
        .wanted
        .iter()
        .enumerate()
        .map(|(position, wanted)| match explicit.get(&position) {
            Some((_, node)) => Some(written(call, wanted, node, place, diagnostics)),
            None => by_name(call, wanted, place, diagnostics),
        })
        .collect();
    let unbound: Vec<&Wanted> =
        call.wanted.iter().zip(&bound).filter(|(_, b)| b.is_none()).map(|(w, _)| w).collect();
    let classes = asked_classes(&unbound);
    for (wanted, slot) in call.wanted.iter().zip(&mut bound) {
        if slot.is_none() {
            *slot = by_type(wanted, &classes, place.scope);
        }
    }
    let bound: Vec<Bound> = call
        .wanted
        .iter()
        .zip(bound)
        .map(|(wanted, slot)| slot.unwrap_or_else(|| rest(call, wanted, place, asked, diagnostics)))
        .collect();
    positional_gap(call, &bound, diagnostics);
    bound
}

/// The explicit arguments by the position of their parameter; unknown ones are reported.
fn explicit<'a>(call: &Call<'a>, diagnostics: &mut Vec<Diagnostic>) -> BTreeMap<usize, &'a (Id, Node)> {
    let mut given: BTreeMap<usize, &'a (Id, Node)> = BTreeMap::new();
    let level = |with: usize| call.with[with].iter().map(move |argument| (with, argument));
    let mut seen = BTreeMap::new();
    for (with, argument) in level(0).chain(level(1)) {
        let name = argument.0.value.as_str();
        let exact = call.wanted.iter().position(|wanted| wanted.name == name && takes_name(wanted));
        let loose = || {
            let snake = snake_case(name);
            call.wanted.iter().position(|wanted| takes_name(wanted) && snake_case(&wanted.name) == snake)
        };
        match exact.or_else(loose) {
            Some(position) => {
                if let Some(earlier) = seen.insert((position, with), argument.0.span) {
                    diagnostics.push(given_twice(call, &call.wanted[position], argument.0.span, earlier));
                }
                given.insert(position, argument);
            }
            None if call.callee.open => {}
            None => diagnostics.push(unknown_argument(call, &argument.0)),
        }
    }
    given
}

fn given_twice(call: &Call<'_>, wanted: &Wanted, here: Span, earlier: Span) -> Diagnostic {
    let message = format!("`{}` of `{}` is given twice", wanted.name, call.callee.name);
    Diagnostic::error(codes::DUPLICATE_ARGUMENT, message, here, "given again here")
        .label(earlier, "first given here")
        .help("names match after snake-casing; remove one of them")
}

fn takes_name(wanted: &Wanted) -> bool {
    use ParameterKind::{Cancellation, VarKeyword, VarPositional};
    !matches!(wanted.kind, VarPositional | VarKeyword | Cancellation)
}

fn unknown_argument(call: &Call<'_>, id: &Id) -> Diagnostic {
    let names: Vec<String> =
        call.wanted.iter().filter(|wanted| takes_name(wanted)).map(|wanted| wanted.name.clone()).collect();
    let (callee, noun) = (call.callee, call.callee.noun());
    let label = match names.len() {
        0 => format!("it has no {noun}s"),
        1 => format!("its {noun} is {}", listed(&names)),
        _ => format!("its {noun}s are {}", listed(&names)),
    };
    // The inputs of a workflow stand in no one place.
    let spans = call.wanted.iter().map(|wanted| wanted.span).filter(|_| !callee.is_workflow);
    let finding = Diagnostic::error(
        codes::UNKNOWN_ARGUMENT,
        format!("`{}` has no {noun} `{}`", callee.name, id.value),
        id.span,
        format!("no such {noun}"),
    )
    .label(spans.reduce(Span::to).unwrap_or(callee.span), label);
    match nearest(&id.value, names.iter().map(String::as_str)) {
        Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
            format!("replace it by `{near}`"),
            Safety::Unsafe,
            vec![Edit { span: id.span, text: near.to_owned() }],
        ),
        None if callee.is_workflow => finding.help("remove it, or declare it in the workflow's `input`"),
        None => finding.help("remove it, or give the function such a parameter"),
    }
}

fn written(
    call: &Call<'_>,
    wanted: &Wanted,
    node: &Node,
    place: Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Bound {
    let mut wrong = Vec::new();
    let bound = value(node, Some(&wanted.ty), place, &mut wrong, diagnostics);
    let (mismatches, others): (Vec<Wrong>, Vec<Wrong>) = wrong.into_iter().partition(|wrong| wrong.mismatch);
    findings(others, diagnostics);
    for wrong in mismatches {
        let message = format!("`{}` of `{}` gets the wrong type", wanted.name, call.callee.name);
        let finding = Diagnostic::error(codes::ARGUMENT_TYPE, message, wrong.span, wrong.message)
            .label(wanted.span, format!("the {} wants `{}`", call.callee.noun(), wanted.ty));
        let finding = match wrong.absent {
            Some((span, why)) => finding.label(span, why),
            None => finding,
        };
        diagnostics.push(match wrong.help {
            Some(help) => finding.help(help),
            None => finding,
        });
    }
    bound.map_or(Bound::Failed, |expr| Bound::Value(expr, None))
}

/// The key, or the visible value of the parameter's name; `None` where there is neither.
fn by_name(
    call: &Call<'_>,
    wanted: &Wanted,
    place: Place<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Bound> {
    match wanted.kind {
        ParameterKind::Cancellation => return Some(Bound::Cancellation),
        ParameterKind::VarPositional | ParameterKind::VarKeyword => return Some(Bound::Nothing),
        _ => {}
    }
    let name = snake_case(&wanted.name);
    if wanted.takes_key && name == "idempotency_key" && Type::String.fits(&wanted.ty) {
        return Some(Bound::Key);
    }
    let handed = || client(call, wanted, &name);
    let names =
        [ValueName::Step(name.clone()), ValueName::Variable(name.clone()), ValueName::Input(name.clone())];
    let mut found = names.into_iter().filter_map(|name| place.scope.get(&name).map(|value| (name, value)));
    let Some((name, value)) = found.next() else { return handed() };
    if let Some((other, also)) = found.next() {
        diagnostics.push(two_values(call, wanted, (&name, value), (&other, also)));
        return Some(Bound::Failed);
    }
    if value.reported {
        return Some(Bound::Failed);
    }
    if value.ty.fits(&wanted.ty) {
        let source = BindingSource::Name(name.clone());
        return Some(Bound::Value(place.scope.read(&name, value), Some(source)));
    }
    let crossing = across(&value.ty, &wanted.ty, place.types, place.languages);
    if crossing == Some(Ok(())) {
        let node = Out::Convert(Box::new(place.scope.read(&name, value)));
        let expr = Expr { ty: wanted.ty.clone(), node };
        return Some(Bound::Value(expr, Some(BindingSource::Name(name.clone()))));
    }
    let (given_type, asked) = value.ty.told_apart(&wanted.ty);
    let finding = Diagnostic::error(
        codes::ARGUMENT_TYPE,
        format!("`{}` of `{}` gets the wrong type", wanted.name, call.callee.name),
        call.span,
        format!("it gets `{name}`, which has its name, but is `{given_type}`"),
    )
    .label(wanted.span, format!("the parameter wants `{asked}`"))
    .label(value.span, format!("`{name}` comes from here"));
    let finding = match &value.absent {
        Some((span, why)) => finding.label(*span, why),
        None => finding,
    };
    diagnostics.push(if value.ty.non_null().fits(&wanted.ty) {
        finding.help(format!("give the step a `{}`, or name another value in `with`", not_null(call, &name)))
    } else if let Some(Err(misfit)) = crossing {
        finding.help(misfit.help())
    } else {
        finding.help(format!("name another value: `{}`", given(call, wanted, &"...")))
    });
    Some(Bound::Failed)
}

fn two_values(
    call: &Call<'_>,
    wanted: &Wanted,
    (name, value): (&ValueName, &Value),
    (other, also): (&ValueName, &Value),
) -> Diagnostic {
    let what = |name: &ValueName| match name {
        ValueName::Step(_) => "the step",
        ValueName::Variable(_) => "the variable",
        ValueName::Input(_) => "the input",
    };
    let first = what(name);
    Diagnostic::error(
        codes::TWO_VALUES,
        format!("`{}` of `{}` could be {first} `{name}` or `{other}`", wanted.name, call.callee.name),
        call.span,
        "called here",
    )
    .label(value.span, first)
    .label(also.span, what(other))
    .label(wanted.span, "the parameter")
    .help(format!("say which: `{}`", given(call, wanted, other)))
}

/// The client of the resource of the parameter's name.
fn client(call: &Call<'_>, wanted: &Wanted, name: &str) -> Option<Bound> {
    let is_named = |resource: &&Resource| resource.id.value == name && resource.plan.kind.has_client();
    let position = call.resources.iter().position(|resource| is_named(&resource))?;
    let fits = wanted.takes_key && call.resources[position].client.fits(&wanted.ty);
    fits.then_some(Bound::Resource(position))
}

/// How many unbound parameters want each class.
fn asked_classes<'a>(unbound: &[&'a Wanted]) -> BTreeMap<&'a TypeName, usize> {
    let mut classes = BTreeMap::new();
    for wanted in unbound {
        if let Type::Named(class) = &wanted.ty {
            *classes.entry(class).or_default() += 1;
        }
    }
    classes
}

/// The only visible value of the class that no other unbound parameter wants.
fn by_type(wanted: &Wanted, classes: &BTreeMap<&TypeName, usize>, scope: &Scope) -> Option<Bound> {
    let Type::Named(class) = &wanted.ty else { return None };
    if classes.get(class) != Some(&1) {
        return None;
    }
    let mut values = scope.of_class(class);
    let name = values.next()?;
    if values.next().is_some() {
        return None;
    }
    let value = scope.get(name)?;
    Some(Bound::Value(scope.read(name, value), Some(BindingSource::Type(name.clone()))))
}

/// The default, else a new input of the workflow, unless a visible value nearly fits.
fn rest(
    call: &Call<'_>,
    wanted: &Wanted,
    place: Place<'_>,
    asked: &mut Asked,
    diagnostics: &mut Vec<Diagnostic>,
) -> Bound {
    if wanted.has_default {
        return Bound::Nothing;
    }
    let name = snake_case(&wanted.name);
    if !call.infers {
        diagnostics.push(no_value(call, wanted, place.scope));
        return Bound::Failed;
    }
    if let Type::Named(class) = &wanted.ty {
        if place.scope.has_reported() || place.ids.has_broken() {
            asked.unsure.insert(name);
            return Bound::Failed;
        }
        let near: BTreeSet<&ValueName> = place.scope.nearly_of_class(class).collect();
        if !near.is_empty() {
            diagnostics.push(near_miss(call, wanted, &near, place.scope));
            asked.unsure.insert(name);
            return Bound::Failed;
        }
    }
    match asked.inputs.get_mut(&name) {
        Some(known) if known.ty == Type::Any => known.ty = wanted.ty.clone(),
        Some(known) if known.ty != wanted.ty && wanted.ty != Type::Any => {
            diagnostics.push(two_types(call, wanted, &name, known));
            known.disputed = true;
            return Bound::Failed;
        }
        Some(_) => {}
        None => {
            let asker =
                Asker { step: call.step.to_owned(), parameter: wanted.name.clone(), span: wanted.span };
            let input = Inferred { ty: wanted.ty.clone(), asker, disputed: false };
            asked.inputs.insert(name.clone(), input);
        }
    }
    let expr = Expr { ty: wanted.ty.clone(), node: conductor_protocol::expr::Node::Input(name.clone()) };
    Bound::Value(expr, Some(BindingSource::Inferred(name)))
}

/// For a call whose arguments are fixed by another one, such as a compensation.
fn no_value(call: &Call<'_>, wanted: &Wanted, scope: &Scope) -> Diagnostic {
    let names: Vec<String> = scope.variables().map(str::to_owned).collect();
    let message = format!("`{}` of `{}` has no value here", wanted.name, call.callee.name);
    let finding =
        Diagnostic::error(codes::NO_VALUE, message, call.span, "called with the arguments of the other task")
            .label(wanted.span, "this parameter");
    match names.len() {
        0 => finding.help("give the parameter a default"),
        _ => finding.help(format!(
            "there are {}: name the parameter after one of them, or say what it gets: `{}`",
            listed(&names),
            given(call, wanted, &"...")
        )),
    }
}

fn near_miss(call: &Call<'_>, wanted: &Wanted, near: &BTreeSet<&ValueName>, scope: &Scope) -> Diagnostic {
    let mut finding = Diagnostic::error(
        codes::NEAR_MISS,
        format!("`{}` of `{}` is missing", wanted.name, call.callee.name),
        call.span,
        "nothing visible here is surely what it wants",
    )
    .label(wanted.span, format!("the {} wants `{}`", call.callee.noun(), wanted.ty));
    for name in near.iter().take(3) {
        if let Some(value) = scope.get(name) {
            finding = finding.label(value.span, format!("`{name}` is `{}`", value.ty));
        }
    }
    let Some((first, value)) = near.iter().find_map(|name| Some((*name, scope.get(name)?))) else {
        return finding;
    };
    finding.help(if value.ty == Type::Any {
        format!(
            "annotate the function whose result is `any`, or say what it gets: `{}`",
            given(call, wanted, &first)
        )
    } else if matches!(value.ty, Type::Optional(_)) {
        format!("give the step `{}`; or declare the input `{}`", not_null(call, &first), wanted.name)
    } else {
        format!("declare the input `{}`, or say what it gets in `with`", wanted.name)
    })
}

/// An explicit argument as it would be written.
fn given(call: &Call<'_>, wanted: &Wanted, expression: &dyn fmt::Display) -> String {
    call.syntax.mapping("with", &wanted.name, &format!("${{{expression}}}"))
}

fn not_null(call: &Call<'_>, name: &dyn fmt::Display) -> String {
    call.syntax.pair("when", &format!("${{{name} != null}}"))
}

fn two_types(call: &Call<'_>, wanted: &Wanted, name: &str, known: &Inferred) -> Diagnostic {
    Diagnostic::error(
        codes::INPUT_TWO_TYPES,
        format!("the inferred input `{name}` would have two types"),
        call.span,
        format!("`{}` asks for it as `{}`", call.callee.name, wanted.ty),
    )
    .label(wanted.span, format!("`{}` here", wanted.ty))
    .label(known.asker.span, format!("`{}` here, for the step `{}`", known.ty, known.asker.step))
    .help(format!("say what `{}` gets here: `{}`", wanted.name, given(call, wanted, &"...")))
}

/// Positional-only parameters have no names: one that is left out forbids those after it.
fn positional_gap(call: &Call<'_>, bound: &[Bound], diagnostics: &mut Vec<Diagnostic>) {
    let mut gap: Option<&Wanted> = None;
    for (wanted, bound) in call.wanted.iter().zip(bound) {
        match (wanted.kind, bound, gap) {
            (ParameterKind::PositionalOnly, Bound::Nothing, None) => gap = Some(wanted),
            (
                ParameterKind::PositionalOnly,
                Bound::Value(..) | Bound::Key | Bound::Resource(_),
                Some(missing),
            ) => {
                diagnostics.push(
                    Diagnostic::error(
                        codes::POSITIONAL_GAP,
                        format!("`{}` of `{}` must be given, too", missing.name, call.callee.name),
                        call.span,
                        format!("`{}` gets a value, and both are positional-only", wanted.name),
                    )
                    .label(missing.span, "has no value")
                    .help(format!("give it: `{}`", given(call, missing, &"..."))),
                );
                return;
            }
            _ => {}
        }
    }
}
