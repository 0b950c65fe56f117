//! Steps and blocks of steps.
//!
//! It does not know which ids a step can see.

use conductor_cel::Template;
use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node, Scalar, Syntax};

use super::fields::{Fields, Shape, not_supported};
use super::{
    Context, EMPTY_BLOCK, KEY_OF_ANOTHER_STEP, NOT_AN_EXPRESSION, STEP_KIND, WRONG_KIND, duration, number,
    policy, value, visible, words,
};
use crate::manifest::{Id, Step, StepKind};

const STEP: Shape = Shape {
    noun: "a step",
    keys: &[
        "task",
        "workflow",
        "sequence",
        "parallel",
        "id",
        "when",
        "with",
        "policy",
        "critical",
        "deadline",
        "deadline_ms",
        "max_concurrency",
        "on_failure",
    ],
    later: &["needs", "catch", "finally", "detach"],
};

/// Keys that say what kind a step is, and of them those that this version carries out.
const KINDS: &[&str] = &["task", "workflow", "sequence", "parallel"];
const LATER_KINDS: &[&str] = &[
    "graph", "race", "map", "switch", "loop", "try", "sleep", "wait_for", "emit", "hold", "set", "return",
    "fail",
];

/// The steps under a key: `steps`, `sequence` or `parallel`. `None` is reported.
pub(super) fn list(context: &mut Context, entry: &Entry) -> Option<Vec<Step>> {
    let empty = match &entry.value.kind {
        Kind::List(nodes) if !nodes.is_empty() => {
            let steps = nodes.iter().map(|node| read(context, node).unwrap_or_else(|| broken(node.span)));
            return Some(steps.collect());
        }
        Kind::List(_) | Kind::Null => true,
        _ => false,
    };
    if empty {
        let message = format!("`{}` has no steps", entry.key.text);
        context.report(Diagnostic::error(
            EMPTY_BLOCK,
            message,
            entry.key.span,
            "at least one step must stand here",
        ));
    } else {
        value::wrong_kind(context, &entry.value, entry.key.span, "a list of steps");
    }
    None
}

/// A step that could not be read, which was reported.
pub(super) fn broken(span: Span) -> Step {
    Step {
        id: None,
        when: None,
        with: Vec::new(),
        policy: None,
        critical: None,
        deadline: None,
        kind: StepKind::Broken,
        keyword: span,
        span,
    }
}

fn read(context: &mut Context, node: &Node) -> Option<Step> {
    let entries = match &node.kind {
        Kind::Map(entries) => entries,
        Kind::String(scalar) => {
            bare_name(context, scalar);
            return None;
        }
        _ => {
            value::wrong_kind(context, node, node.span, "a step, such as `task: ...`");
            return None;
        }
    };
    let keyword = keyword(context, node, entries)?;
    let fields = Fields::read(context, node, &STEP)?;
    misplaced(context, &fields, keyword);
    let kind = kind(context, &fields, keyword);
    Some(Step {
        id: fields.get("id").and_then(|entry| value::new_id(context, entry)),
        when: fields.get("when").and_then(|entry| when(context, entry, fields.flow)),
        with: value::arguments(context, fields.get("with")),
        policy: policy::used(context, fields.get("policy")),
        critical: fields.get("critical").and_then(|entry| value::boolean(context, entry)),
        deadline: duration::field(context, &fields, "deadline", 1),
        kind,
        keyword: keyword.key.span,
        span: node.span,
    })
}

/// `- fetch_user` where `- task: fetch_user` is meant.
fn bare_name(context: &mut Context, scalar: &Scalar) {
    let message = "expected a step, such as `task: ...`, found a string";
    let mut diagnostic = Diagnostic::error(WRONG_KIND, message, scalar.span, "this is a string");
    if scalar.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let at = Span { end: scalar.span.start, ..scalar.span };
        let edit = Edit { span: at, text: "task: ".to_owned() };
        diagnostic = diagnostic.fix("call the task of that id", Safety::Safe, vec![edit]);
    }
    context.report(diagnostic);
}

/// The one key that says what kind the step is; `None` is reported.
fn keyword<'a>(context: &mut Context, node: &Node, entries: &'a [Entry]) -> Option<&'a Entry> {
    let is_kind = |entry: &&Entry| {
        KINDS.contains(&entry.key.text.as_str()) || LATER_KINDS.contains(&entry.key.text.as_str())
    };
    let mut kinds = entries.iter().filter(is_kind);
    let (first, second) = (kinds.next(), kinds.next());
    if let (Some(first), Some(second)) = (first, second) {
        let message =
            format!("a step is one thing: this one has `{}` and `{}`", first.key.text, second.key.text);
        context.report(
            Diagnostic::error(STEP_KIND, message, second.key.span, "a second kind")
                .label(first.key.span, "the first")
                .help("make two steps of it, or put one inside the other"),
        );
        return None;
    }
    let Some(first) = first else {
        no_kind(context, node, entries);
        return None;
    };
    if LATER_KINDS.contains(&first.key.text.as_str()) {
        context.report(not_supported(&first.key.text, first.key.span));
        return None;
    }
    Some(first)
}

fn no_kind(context: &mut Context, node: &Node, entries: &[Entry]) {
    let unknown = entries.iter().find(|entry| {
        let key = entry.key.text.as_str();
        !STEP.keys.contains(&key) && !STEP.later.contains(&key)
    });
    let all = KINDS.join("`, `");
    let span = entries.first().map_or(node.span, |entry| entry.key.span);
    let mut diagnostic = Diagnostic::error(STEP_KIND, "this step does nothing", span, "")
        .note(format!("a step has one of the keys `{all}`"));
    if let Some(entry) = unknown {
        let key = &entry.key.text;
        diagnostic =
            Diagnostic::error(STEP_KIND, format!("there is no kind of step `{key}`"), entry.key.span, "")
                .note(format!("a step has one of the keys `{all}`"));
        if let Some(near) = words::nearest(key, KINDS.iter().copied()) {
            let edit = Edit { span: entry.key.span, text: near.to_owned() };
            diagnostic = diagnostic.fix(format!("did you mean `{near}`?"), Safety::Safe, vec![edit]);
        }
    }
    context.report(diagnostic);
}

fn kind(context: &mut Context, fields: &Fields, keyword: &Entry) -> StepKind {
    let mut named =
        |what, kind: fn(Id) -> StepKind| value::name(context, keyword, what).map_or(StepKind::Broken, kind);
    match keyword.key.text.as_str() {
        "task" => named("the id of a task", StepKind::Task),
        "workflow" => named("the id of a workflow", StepKind::Workflow),
        "sequence" => blocks(list(context, keyword), StepKind::Sequence),
        _ => {
            let max_concurrency = fields.get("max_concurrency");
            let max_concurrency = max_concurrency.and_then(|entry| number::max_concurrency(context, entry));
            let on_failure = fields.get("on_failure");
            let on_failure = on_failure.and_then(|entry| words::choice(context, entry, words::ON_FAILURE));
            let parallel = |branches| StepKind::Parallel { branches, max_concurrency, on_failure };
            blocks(list(context, keyword), parallel)
        }
    }
}

/// A block whose steps could not be read is broken: that was reported.
fn blocks(steps: Option<Vec<Step>>, kind: impl FnOnce(Vec<Step>) -> StepKind) -> StepKind {
    steps.map_or(StepKind::Broken, kind)
}

/// Keys of a step that belong to steps of another kind.
fn misplaced(context: &mut Context, fields: &Fields, keyword: &Entry) {
    let kind = keyword.key.text.as_str();
    let wrong: &[(&str, &str)] = match kind {
        "task" | "workflow" => &[
            (
                "deadline",
                "the deadline of a call belongs in its policy, the deadline of a workflow to the workflow",
            ),
            (
                "deadline_ms",
                "the deadline of a call belongs in its policy, the deadline of a workflow to the workflow",
            ),
            ("max_concurrency", "it says how many branches of a `parallel` block run at a time"),
            ("on_failure", "it says what a failing branch does to a `parallel` block"),
        ],
        _ => &[
            ("with", "arguments belong to the calls inside the block"),
            ("policy", "blocks take only `deadline` and `critical`; policies belong to the calls inside"),
        ],
    };
    let sequence: &[(&str, &str)] = &[
        ("max_concurrency", "it says how many branches of a `parallel` block run at a time"),
        ("on_failure", "it says what a failing branch does to a `parallel` block"),
    ];
    let more = if kind == "sequence" { sequence } else { &[] };
    for (key, reason) in wrong.iter().chain(more) {
        if let Some(entry) = fields.get(key) {
            let message = format!("a `{kind}` step takes no `{key}`");
            context.report(
                Diagnostic::error(KEY_OF_ANOTHER_STEP, message, entry.key.span, "")
                    .label(keyword.key.span, "this kind of step")
                    .help(*reason),
            );
        }
    }
}

/// A condition: `${...}`, `true` or `false`.
fn when(context: &mut Context, entry: &Entry, flow: bool) -> Option<Node> {
    let node = &entry.value;
    match &node.kind {
        Kind::Bool(_) | Kind::Broken => return Some(node.clone()),
        Kind::String(scalar) => match conductor_cel::template::parse(&scalar.text) {
            (Template::Whole(_), _) => return Some(node.clone()),
            (Template::Literal(_), errors) if errors.is_empty() => not_wrapped(context, scalar, flow),
            // An expression that does not close is reported by whoever checks expressions.
            (Template::Literal(_), _) => return Some(node.clone()),
            (Template::Interpolated(_), _) => {
                let message = "a condition is one expression, this is a text with expressions in it";
                context.report(
                    Diagnostic::error(NOT_AN_EXPRESSION, message, scalar.span, "")
                        .help("put the whole condition into one `${...}`"),
                );
            }
        },
        _ => value::wrong_kind(context, node, visible(node.span, entry.key.span), "a condition in `${...}`"),
    }
    None
}

fn not_wrapped(context: &mut Context, scalar: &Scalar, flow: bool) {
    let text = scalar.text.trim();
    let wrapped = format!("${{{text}}}");
    let quoted = match context.syntax {
        Syntax::Yaml => in_yaml(wrapped, flow),
        // Inside `${}` nothing is escaped.
        Syntax::Hcl => format!("\"{wrapped}\""),
    };
    let edit = Edit { span: scalar.span, text: quoted };
    let mut diagnostic = Diagnostic::error(
        NOT_AN_EXPRESSION,
        "a condition must be an expression in `${...}`",
        scalar.span,
        "this is a text",
    );
    if !text.is_empty() && !text.contains('\n') {
        diagnostic = diagnostic.fix("wrap it", Safety::Safe, vec![edit]);
    }
    context.report(diagnostic);
}

/// An expression in quotes, where YAML would not read it as one value without them.
fn in_yaml(wrapped: String, flow: bool) -> String {
    let needs_quotes = flow || [": ", " #", "\n", "\\"].iter().any(|mark| wrapped.contains(mark));
    let double = wrapped.contains('\'') && !wrapped.contains(['"', '\\']);
    match (needs_quotes, double) {
        (false, _) => wrapped,
        (true, true) => format!("\"{wrapped}\""),
        (true, false) => format!("'{}'", wrapped.replace('\'', "''")),
    }
}
