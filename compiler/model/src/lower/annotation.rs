//! The words of an annotation in a comment, read as the keys of a task in the manifest are.
//!
//! It does not know where words begin and end in a comment, nor what the manifest says of the same task.

use conductor_source::{Code, Diagnostic, Severity, Span};
use conductor_syntax::{Entry, Key, Kind, Node, Scalar, Syntax};

use super::fields::{Fields, Shape};
use super::{Context, duration, ids, number, value, words};
use crate::Spanned;
use crate::annotation::{Annotation, AnnotationWord};
use crate::manifest::{Id, Lost};
use crate::policy::{PolicyFields, PolicyUse};

/// A part of an annotation in a comment was passed over.
pub const ANNOTATION: Code = Code("W121");

/// The keys of a task that a comment may say, and two of an inline policy.
const KEYS: Shape = Shape::of(
    "an annotation",
    &[
        "effect",
        "idempotent",
        "in_doubt",
        "policy",
        "retries",
        "timeout",
        "timeout_ms",
        "uses",
        "compensate",
        "critical",
        "description",
    ],
);

/// Keys that are true where they stand alone.
const FLAGS: [&str; 2] = ["idempotent", "critical"];

impl Annotation {
    /// Whether a word of a comment is one of the keys.
    #[must_use]
    pub fn has_key(word: &str) -> bool {
        KEYS.keys.contains(&word)
    }

    /// Reads an annotation's words. What could not be understood is left out, with a warning.
    #[must_use]
    pub fn lower(name: Option<Id>, written: &[AnnotationWord], span: Span) -> (Annotation, Vec<Diagnostic>) {
        let mut context =
            Context { syntax: Syntax::Yaml, diagnostics: Vec::new(), lost: Lost::default(), blocks: 0 };
        let name = name.filter(|id| {
            ids::check(&mut context, id);
            context.diagnostics.is_empty()
        });
        let (known, unknown) = entries(&mut context, written)
            .into_iter()
            .partition(|entry| Annotation::has_key(&entry.key.text));
        // A misspelt key is not taken for the one that is meant: a warning hinders nobody from running the code.
        Fields::read(&mut context, &Node { span, kind: Kind::Map(unknown) }, &KEYS);
        let tree = Node { span, kind: Kind::Map(known) };
        let mut annotation = Annotation {
            name,
            effect: None,
            idempotent: None,
            in_doubt: None,
            policy: None,
            compensate: None,
            uses: Vec::new(),
            critical: None,
            description: None,
            span,
        };
        if let Some(fields) = Fields::read(&mut context, &tree, &KEYS) {
            fill(&mut context, &fields, &mut annotation);
        }
        context.diagnostics.sort_by_key(|finding| finding.span().start);
        (annotation, context.diagnostics.into_iter().map(warning).collect())
    }
}

fn fill(context: &mut Context, fields: &Fields, annotation: &mut Annotation) {
    let known = |key: &str| fields.get(key);
    annotation.effect = known("effect").and_then(|entry| words::choice(context, entry, words::EFFECTS));
    annotation.idempotent = known("idempotent").and_then(|entry| value::boolean(context, entry));
    annotation.in_doubt = known("in_doubt").and_then(|entry| words::choice(context, entry, words::IN_DOUBT));
    annotation.policy = policy(context, fields);
    let compensate = fields.get("compensate");
    annotation.compensate = compensate.and_then(|entry| value::name(context, entry, "the id of a task"));
    if let Some(entry) = fields.get("uses") {
        annotation.uses = value::names(context, entry, "the id of a resource");
    }
    annotation.critical = fields.get("critical").and_then(|entry| value::boolean(context, entry));
    annotation.description = fields.get("description").and_then(|entry| value::string(context, entry));
}

fn policy(context: &mut Context, fields: &Fields) -> Option<PolicyUse> {
    let named = fields.get("policy").and_then(|entry| value::name(context, entry, "the id of a policy"));
    let retries = fields.get("retries").and_then(|entry| number::retries(context, entry));
    let timeout = duration::field(context, fields, "timeout", 1);
    let part = retries.as_ref().map(|one| one.span).or(timeout.as_ref().map(|one| one.span));
    match (named, part) {
        (Some(named), None) => Some(PolicyUse::Named(named)),
        (Some(named), Some(part)) => {
            let message = "`retries` and `timeout` do not add to a named `policy`";
            context.report(
                Diagnostic::error(ANNOTATION, message, part, "not read")
                    .label(named.span, "the policy has its own")
                    .help("write them into the policy, or leave out its name"),
            );
            Some(PolicyUse::Named(named))
        }
        (None, Some(part)) => {
            let fields = PolicyFields { retries, timeout, ..PolicyFields::default() };
            Some(PolicyUse::Inline(Box::new(fields), part))
        }
        (None, None) => None,
    }
}

/// The words as entries of a mapping, each key once.
fn entries(context: &mut Context, written: &[AnnotationWord]) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for word in written {
        let (text, span) = (&word.key.value, word.key.span);
        if let Some(first) = entries.iter().find(|entry| entry.key.text == *text) {
            context.report(
                Diagnostic::error(
                    ANNOTATION,
                    format!("`{text}` stands twice in an annotation"),
                    span,
                    "here again",
                )
                .label(first.key.span, "first here"),
            );
            continue;
        }
        let value = match &word.value {
            Some(value) => node(value, word.quoted, text == "uses"),
            None if FLAGS.contains(&text.as_str()) => Node { span, kind: Kind::Bool(true) },
            None if KEYS.keys.contains(&text.as_str()) => {
                let message = format!("`{text}` needs a value");
                context.report(Diagnostic::error(ANNOTATION, message, span, format!("`{text}=...`")));
                continue;
            }
            None => Node { span, kind: Kind::Broken },
        };
        entries.push(Entry { key: Key { text: text.clone(), span }, value });
    }
    entries
}

fn node(value: &Spanned<String>, quoted: bool, is_list: bool) -> Node {
    let span = value.span;
    let string = |text: &str, span: Span| {
        let scalar = Scalar { text: text.to_owned(), span, map: Vec::new() };
        Node { span, kind: Kind::String(scalar) }
    };
    if quoted {
        return string(&value.value, span);
    }
    if is_list {
        let mut start = span.start();
        let mut items = Vec::new();
        for part in value.value.split(',') {
            if !part.is_empty() {
                items.push(string(part, Span::new(span.file, start, start + part.len())));
            }
            start += part.len() + 1;
        }
        return Node { span, kind: Kind::List(items) };
    }
    match value.value.as_str() {
        "true" => Node { span, kind: Kind::Bool(true) },
        "false" => Node { span, kind: Kind::Bool(false) },
        text => match text.parse::<i64>() {
            Ok(number) => Node { span, kind: Kind::Int(number) },
            Err(_) => string(text, span),
        },
    }
}

/// A mistake in a comment hinders nothing, and no fix of ours edits the user's source.
fn warning(mut finding: Diagnostic) -> Diagnostic {
    finding.code = ANNOTATION;
    finding.severity = Severity::Warning;
    let titles: Vec<String> = finding.fixes.drain(..).map(|fix| fix.title).collect();
    if !titles.is_empty() {
        finding.help = Some(titles.join(", or "));
    }
    finding
}
