//! A mapping read by its shape: keys that do not belong there are reported, the others can be asked for.
//!
//! It knows nothing of values.

use conductor_source::{Diagnostic, Edit, Safety, Span};
use conductor_syntax::{Entry, Kind, Node, Syntax};

use super::{Context, MISSING_KEY, UNKNOWN_KEY, policy, value, words};

/// Which keys a mapping may have.
pub(crate) struct Shape {
    /// With its article: "a task".
    pub noun: &'static str,
    pub keys: &'static [&'static str],
    /// Keys that belong somewhere else, which the caller reports.
    pub elsewhere: fn(&str) -> bool,
}

impl Shape {
    pub const fn of(noun: &'static str, keys: &'static [&'static str]) -> Shape {
        Shape { noun, keys, elsewhere: |_| false }
    }
}

pub(super) struct Fields<'a> {
    entries: &'a [Entry],
    /// Entries of misspelt keys, by the key that is meant: they are read as such, so that one mistake is one finding.
    meant: Vec<(&'static str, &'a Entry)>,
    /// A key is unknown and like no other.
    pub puzzling: bool,
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
        let flow = entries.first().is_none_or(|entry| node.span.start < entry.key.span.start);
        let (meant, puzzling) = (Vec::new(), false);
        let mut fields = Fields { entries, meant, puzzling, noun: shape.noun, span: node.span, flow };
        let is_unknown = |key: &str| !shape.keys.contains(&key) && !(shape.elsewhere)(key);
        for entry in entries.iter().filter(|entry| is_unknown(&entry.key.text)) {
            fields.unknown_key(context, entry, shape);
        }
        Some(fields)
    }

    /// The entries whose keys belong somewhere else.
    pub fn elsewhere(&self, shape: &Shape) -> impl Iterator<Item = &'a Entry> {
        let (keys, elsewhere) = (shape.keys, shape.elsewhere);
        self.entries.iter().filter(move |entry| {
            let key = entry.key.text.as_str();
            !keys.contains(&key) && elsewhere(key)
        })
    }

    pub fn get(&self, key: &str) -> Option<&'a Entry> {
        let meant = || self.meant.iter().find(|(meant, _)| *meant == key).map(|(_, entry)| *entry);
        self.entries.iter().find(|entry| entry.key.text == key).or_else(meant)
    }

    /// Takes an entry from elsewhere, which was reported, as one of this mapping if its key is among `keys`.
    pub fn means(&mut self, keys: &[&'static str], entry: &'a Entry) {
        if let Some(key) = keys.iter().find(|key| **key == entry.key.text) {
            self.meant.push((key, entry));
        }
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

    fn unknown_key(&mut self, context: &mut Context, entry: &'a Entry, shape: &Shape) {
        let key = entry.key.text.as_str();
        let syntax = context.syntax;
        let what = match syntax {
            Syntax::Yaml => "key",
            Syntax::Hcl => "block or attribute",
        };
        let message = format!("{} has no {what} `{key}`", shape.noun);
        let mut diagnostic =
            Diagnostic::error(UNKNOWN_KEY, message, entry.key.span, format!("unknown {what}"));
        // A section that is written as blocks may have one more.
        let free = |key: &&str| self.get(key).is_none() || syntax.spelled(key) != *key;
        let spelled = |key| syntax.spelled(key);
        let left: Vec<&'static str> = shape.keys.iter().copied().filter(free).map(spelled).collect();
        // What abbreviates two keys does not mean the one because the other is there already.
        let abbreviated = || words::abbreviated(key, shape.keys.iter().copied().map(spelled));
        let near = words::misspelt(key, left.iter().copied())
            .or_else(|| abbreviated().filter(|near| left.contains(near)));
        match near {
            Some(near) => {
                let edit = Edit { span: entry.key.span, text: near.to_owned() };
                diagnostic = diagnostic.fix(format!("did you mean `{near}`?"), Safety::Safe, vec![edit]);
                match shape.keys.contains(&near) {
                    true => self.meant.push((near, entry)),
                    false => self.puzzling = true,
                }
            }
            None => {
                let allowed: Vec<&str> = shape.keys.iter().map(|key| syntax.spelled(key)).collect();
                diagnostic = diagnostic.note(format!("allowed here: {}", allowed.join(", ")));
                if shape.keys.contains(&"policy") && policy::INLINE.keys.contains(&key) {
                    let policy = syntax.mapping("policy", key, "...");
                    diagnostic = diagnostic.help(format!("it belongs to a policy: `{policy}`"));
                }
                self.puzzling = true;
            }
        }
        context.report(diagnostic);
    }

    /// What stands for the whole mapping in a message: its first entry.
    pub fn head(&self) -> Span {
        self.entries.first().map_or(self.span, |entry| match entry.value.kind {
            Kind::List(_) | Kind::Map(_) => entry.key.span,
            _ => entry.key.span.to(entry.value.span),
        })
    }
}
