//! A mapping read by its shape: keys that do not belong there are reported, the others can be asked for.
//!
//! It knows nothing of values.

use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node};

use super::{Context, MISSING_KEY, NOT_SUPPORTED, UNKNOWN_KEY, value, words};

/// Which keys a mapping may have.
pub(super) struct Shape {
    /// With its article: "a task".
    pub noun: &'static str,
    pub keys: &'static [&'static str],
    /// Keys of the language that this version does not carry out.
    pub later: &'static [&'static str],
    /// Whether names may be defined under its keys, so that an unknown key may hide some.
    pub defines: bool,
}

pub(super) struct Fields<'a> {
    entries: &'a [Entry],
    noun: &'static str,
    /// The mapping, or its first key where it is a block.
    pub span: Span,
    /// Written with braces.
    pub flow: bool,
}

impl<'a> Fields<'a> {
    /// `None` where the node is no mapping, which is reported.
    pub fn read(context: &mut Context, node: &'a Node, shape: &Shape) -> Option<Fields<'a>> {
        let Kind::Map(entries) = &node.kind else {
            value::wrong_kind(context, node, node.span, &format!("{}, which is a mapping", shape.noun));
            return None;
        };
        for entry in entries {
            check_key(context, entry, entries, shape);
        }
        let flow = entries.first().is_none_or(|entry| node.span.start < entry.key.span.start);
        Some(Fields { entries, noun: shape.noun, span: node.span, flow })
    }

    pub fn get(&self, key: &str) -> Option<&'a Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// The entry of a key that must be there; reported where it is not.
    pub fn require(&self, context: &mut Context, key: &str) -> Option<&'a Entry> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} needs `{key}`", self.noun);
            context.report(Diagnostic::error(
                MISSING_KEY,
                message,
                self.head(),
                format!("`{key}` is missing"),
            ));
        }
        found
    }

    /// What stands for the whole mapping in a message: its first entry.
    pub fn head(&self) -> Span {
        self.entries.first().map_or(self.span, |entry| match entry.value.kind {
            Kind::List(_) | Kind::Map(_) => entry.key.span,
            _ => entry.key.span.to(entry.value.span),
        })
    }
}

fn check_key(context: &mut Context, entry: &Entry, entries: &[Entry], shape: &Shape) {
    let key = entry.key.text.as_str();
    if shape.keys.contains(&key) {
        return;
    }
    if shape.defines {
        context.lose();
    }
    if shape.later.contains(&key) {
        return context.report(not_supported(key, entry.key.span));
    }
    let message = format!("{} has no key `{key}`", shape.noun);
    let mut diagnostic = Diagnostic::error(UNKNOWN_KEY, message, entry.key.span, "unknown key");
    let free = |candidate: &&&str| entries.iter().all(|entry| entry.key.text != **candidate);
    match words::nearest(key, shape.keys.iter().filter(free).copied()) {
        Some(near) => {
            let edit = Edit { span: entry.key.span, text: near.to_owned() };
            diagnostic = diagnostic.fix(format!("did you mean `{near}`?"), Safety::Safe, vec![edit]);
        }
        None => diagnostic = diagnostic.note(format!("allowed here: {}", shape.keys.join(", "))),
    }
    context.report(diagnostic);
}

pub(super) fn not_supported(key: &str, span: Span) -> Diagnostic {
    let message = format!("`{key}` is part of the language but not supported by this version");
    Diagnostic::error(NOT_SUPPORTED, message, span, "not supported yet")
}
