//! Steps and blocks of steps.
//!
//! It does not know which ids a step can see.

mod condition;
pub(crate) mod form;
pub(crate) mod kind;

use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node, Scalar, yaml};

use super::fields::{Fields, Shape};
use super::{
    Context, EMPTY_BLOCK, KEY_OF_ANOTHER_STEP, MAX_BLOCKS, STEP_KIND, WRONG_KIND, duration, ids, policy,
    value, words,
};
use crate::manifest::Id;
use crate::step::{Step, StepKind};
use form::{FORMS, Form, Options};

/// The words of the steps, in the order of the documentation.
pub(crate) fn words() -> impl Iterator<Item = &'static str> {
    FORMS.iter().map(|form| form.word)
}

/// The steps under a key, such as `steps` or `sequence`. `None` is reported.
pub(super) fn list(context: &mut Context, entry: &Entry) -> Option<Vec<Step>> {
    let empty = match &entry.value.kind {
        Kind::List(nodes) if !nodes.is_empty() => {
            return inside(context, entry, |context| {
                let steps = nodes.iter().map(|node| read(context, node).unwrap_or_else(|| broken(node.span)));
                steps.collect()
            });
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

/// Reads one level of blocks further down, or reports that it is one too many.
fn inside<T>(context: &mut Context, entry: &Entry, read: impl FnOnce(&mut Context) -> T) -> Option<T> {
    // The steps of the workflow itself are in no block.
    if context.blocks > MAX_BLOCKS {
        let message = format!("blocks are nested deeper than {MAX_BLOCKS} levels");
        context.report(
            Diagnostic::error(yaml::TOO_DEEP, message, entry.key.span, "one level too deep")
                .help("steps that belong together can be a workflow of their own"),
        );
        return None;
    }
    context.blocks += 1;
    let read = read(context);
    context.blocks -= 1;
    Some(read)
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
        needs: Vec::new(),
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
    let (keyword, form) = keyword(context, node, entries)?;
    let options = options(context, node, keyword, form)?;
    let kind = kind::read(context, &options, keyword);
    Some(Step {
        id: options.get("id").and_then(|entry| value::new_id(context, entry)),
        when: options.get("when").and_then(|entry| condition::condition(context, entry, options.flow)),
        with: value::arguments(context, options.get("with")),
        policy: policy::used(context, options.get("policy")),
        critical: options.get("critical").and_then(|entry| value::boolean(context, entry)),
        deadline: duration::field(context, &options, "deadline", 1),
        needs: needs(context, options.get("needs")),
        kind,
        keyword: keyword.key.span,
        span: node.span,
    })
}

/// The keys of the step, with those that belong to another kind, or to another place, reported.
fn options<'a>(
    context: &mut Context,
    node: &'a Node,
    keyword: &'a Entry,
    form: &'static Form,
) -> Option<Fields<'a>> {
    let beside = match form.options {
        Options::Beside => form.keys,
        Options::Inside => std::slice::from_ref(&form.word),
    };
    let shape = Shape { noun: form.noun, keys: beside, elsewhere: form::is_known };
    let fields = Fields::read(context, node, &shape)?;
    misplaced(context, &fields, &shape, keyword, form);
    if form.options == Options::Beside {
        return Some(fields);
    }
    if !matches!(keyword.value.kind, Kind::Map(_)) {
        no_mapping(context, keyword, form);
        return None;
    }
    let inside = Shape { keys: form.keys, ..shape };
    let mut within = Fields::read(context, &keyword.value, &inside)?;
    misplaced(context, &within, &inside, keyword, form);
    // What stands beside the mapping is meant to stand in it.
    for entry in fields.elsewhere(&Shape { keys: beside, ..inside }) {
        within.means(form.keys, entry);
    }
    Some(within)
}

/// `hold: desk` where `hold: {resource: desk, ...}` is meant.
fn no_mapping(context: &mut Context, keyword: &Entry, form: &Form) {
    let what = format!("the options of `{}`, a mapping", form.word);
    let (Some(main), Kind::String(scalar)) = (form::main_key(form.word), &keyword.value.kind) else {
        return value::wrong_kind(context, &keyword.value, keyword.key.span, &what);
    };
    let message = format!("expected {what}, found a string");
    let is_bare = scalar.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let given = if is_bare && scalar.text.len() < 40 { scalar.text.as_str() } else { "..." };
    let more = if form.keys.contains(&"steps") { ", steps: [...]" } else { "" };
    context.report(
        Diagnostic::error(WRONG_KIND, message, scalar.span, "this is a string")
            .help(format!("write `{}: {{{main}: {given}{more}}}`: all its options stand inside", form.word)),
    );
}

/// Keys of a step that belong to steps of another kind, or inside the mapping of this one.
fn misplaced(context: &mut Context, fields: &Fields, shape: &Shape, keyword: &Entry, form: &Form) {
    for entry in fields.elsewhere(shape) {
        let key = entry.key.text.as_str();
        let (message, help) = if form.keys.contains(&key) {
            let message = format!("`{key}` of {} stands inside `{}`", form.noun, form.word);
            (message, format!("move it into the mapping under `{}`", form.word))
        } else {
            (format!("{} takes no `{key}`", form.noun), form::reason(form, key))
        };
        context.report(
            Diagnostic::error(KEY_OF_ANOTHER_STEP, message, entry.key.span, "")
                .label(keyword.key.span, "this kind of step")
                .help(help),
        );
    }
}

/// The ids under `needs`.
fn needs(context: &mut Context, entry: Option<&Entry>) -> Vec<Id> {
    let Some(entry) = entry else { return Vec::new() };
    value::names(context, entry, "the id of a step, or a list of them")
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
fn keyword<'a>(
    context: &mut Context,
    node: &Node,
    entries: &'a [Entry],
) -> Option<(&'a Entry, &'static Form)> {
    let mut kinds = entries.iter().filter_map(|entry| Some((entry, form::find(&entry.key.text)?)));
    let (first, second) = (kinds.next(), kinds.next());
    if let (Some((first, _)), Some((second, _))) = (first, second) {
        let message =
            format!("a step is one thing: this one has `{}` and `{}`", first.key.text, second.key.text);
        context.report(
            Diagnostic::error(STEP_KIND, message, second.key.span, "a second kind")
                .label(first.key.span, "the first")
                .help("make two steps of it, or put one inside the other"),
        );
        return None;
    }
    if first.is_none() {
        no_kind(context, node, entries);
    }
    first
}

/// What says here what other languages say with the word.
fn habit(word: &str) -> Option<&'static str> {
    Some(match word {
        "if" | "choice" | "case" | "condition" => {
            "`switch` chooses between steps; `when` on a step says whether it runs"
        }
        "for" | "foreach" | "for_each" | "each" | "with_items" => "`map` does steps for each item of a list",
        "while" | "until" | "repeat" | "do_while" => {
            "`loop` repeats steps `while` or `until` something holds"
        }
        "fork" | "all" | "concurrent" => "`parallel` runs its branches at once",
        "any" | "first" => "`race` takes the first of its branches that succeeds",
        "dag" => "`graph` runs its steps in the order of their needs",
        "call" | "run" | "function" | "step" => "`task` calls a function, `workflow` another workflow",
        "steps" | "do" | "block" => "`sequence` makes one step of several",
        "raise" | "throw" | "error" => "`fail` fails with an error of its own",
        "wait" | "delay" | "pause" => "`sleep` waits for a time, `wait_for` for a signal",
        "signal" | "event" | "send" => "`emit` sends a signal, `wait_for` waits for one",
        "lock" | "mutex" | "with_lock" => "`hold` keeps a permit of a resource over its steps",
        _ => return None,
    })
}

fn no_kind(context: &mut Context, node: &Node, entries: &[Entry]) {
    let unknown = entries.iter().find(|entry| !form::is_known(&entry.key.text));
    let all = words().collect::<Vec<_>>().join("`, `");
    let span = entries.first().map_or(node.span, |entry| entry.key.span);
    let mut diagnostic = Diagnostic::error(STEP_KIND, "this step does nothing", span, "")
        .note(format!("a step has one of the keys `{all}`"));
    if let Some(entry) = unknown {
        let key = &entry.key.text;
        diagnostic =
            Diagnostic::error(STEP_KIND, format!("there is no kind of step `{key}`"), entry.key.span, "")
                .note(format!("a step has one of the keys `{all}`"));
        if let Some(help) = habit(key) {
            diagnostic = diagnostic.help(help);
        } else if let Some(near) = words::nearest(key, words()) {
            let edit = Edit { span: entry.key.span, text: near.to_owned() };
            diagnostic = diagnostic.fix(format!("did you mean `{near}`?"), Safety::Safe, vec![edit]);
        }
    }
    context.report(diagnostic);
}
