//! Blocks into the lists and mappings that they stand for, so that both syntaxes give one tree.
//!
//! It knows which blocks hold steps and which of their labels is an id, not which keys are allowed.

use conductor_source::{Diagnostic, Edit, Safety, Span};

use super::body::{Block, Body, Item};
use super::value::Entries;
use crate::tree::{Entry, Key, Kind, Node, Scalar};

/// Blocks of the manifest, and the sections whose entries they are.
pub(crate) const SECTIONS: &[(&str, &str)] = &[
    ("target", "targets"),
    ("task", "tasks"),
    ("policy", "policies"),
    ("resource", "resources"),
    ("workflow", "workflows"),
];
/// Blocks beside the steps that are none.
pub(crate) const OPTIONS: &[&str] = &["input", "output", "with", "policy", "concurrency", "schedule"];
/// Steps that name what they call.
pub(crate) const CALLS: &[&str] = &["task", "workflow"];
/// Steps whose value is no mapping of theirs: their options stand beside it. The second word is the attribute that holds
/// the value.
pub(crate) const VALUES: &[(&str, &str)] = &[("sleep", "duration"), ("return", "value")];
/// Steps that are a mapping of keys that this crate need not know.
pub(crate) const RECORDS: &[&str] = &["wait_for", "emit", "fail", "set"];
/// Options that every step may have. In a `set`, whose other keys are names, they stand beside the mapping.
pub(crate) const STEP_OPTIONS: &[&str] = &["id", "when", "with", "policy", "critical"];
/// Steps that are a list of steps, their options beside it.
pub(crate) const LISTS: &[&str] = &["sequence", "parallel", "graph", "race", "try"];
/// Steps that are a mapping with `steps` in it.
pub(crate) const MAPPINGS: &[&str] = &["map", "loop", "hold"];

/// The tree of a manifest, which stands in `span`.
pub(super) fn manifest(body: Body, span: Span) -> (Node, Vec<Diagnostic>) {
    let mut shaper = Shaper { diagnostics: Vec::new() };
    let mut sections = Entries::default();
    for item in body.items {
        match item {
            Item::Attribute(entry) => {
                shaper.attribute(&mut sections, entry, SECTIONS.iter().map(|pair| pair.1))
            }
            Item::Block(block) => match SECTIONS.iter().find(|(kind, _)| *kind == block.kind.text) {
                Some((_, section)) => {
                    let key = Key { text: (*section).to_owned(), span: block.kind.span };
                    let node = shaper.section_entry(block);
                    push(&mut sections, key, node);
                }
                None => shaper.mapping(&mut sections, block),
            },
            Item::Broken(span) => {
                push(&mut sections, Key { text: "tasks".to_owned(), span }, Node { span, kind: Kind::Broken })
            }
        }
    }
    (Node { span, kind: Kind::Map(sections.list) }, shaper.diagnostics)
}

struct Shaper {
    diagnostics: Vec<Diagnostic>,
}

impl Shaper {
    fn section_entry(&mut self, block: Block) -> Node {
        let label = if block.kind.text == "target" { "language" } else { "id" };
        let mut entries = Entries::default();
        self.labels(&mut entries, &block, &[label]);
        let has_id = block
            .body
            .items
            .iter()
            .any(|item| matches!(item, Item::Attribute(entry) if entry.key.text == label));
        if block.labels.is_empty() && !has_id {
            self.no_label(&mut entries, &block, label, if label == "id" { "its id" } else { "its language" });
        }
        if block.kind.text == "workflow" {
            let steps = self.container(block.body, &mut entries);
            self.steps(&mut entries, steps);
        } else {
            self.plain(block.body, &mut entries);
        }
        map(block.span, entries)
    }

    /// The labels of a block as entries of those keys; more are refused.
    fn labels(&mut self, entries: &mut Entries, block: &Block, keys: &[&str]) {
        for (label, key) in block.labels.iter().zip(keys) {
            // The block's word stands for the key, so that both are shown together.
            let key = Key { text: (*key).to_owned(), span: block.kind.span };
            entries.add(Entry { key, value: string(label) });
        }
        let Some(extra) = block.labels.get(keys.len()) else { return };
        let message = match keys.len() {
            0 => format!("`{}` takes no label here", block.kind.text),
            1 => format!("`{}` takes one label", block.kind.text),
            _ => format!("`{}` takes two labels", block.kind.text),
        };
        let finding = Diagnostic::error(super::LABELS, message, extra.span, "one label too many");
        self.diagnostics.push(match keys {
            [] if OPTIONS.contains(&block.kind.text.as_str()) => {
                finding.help("what a label would name is a key of its own: `NAME = ...`")
            }
            _ => finding,
        });
    }

    /// Reports that the label is missing that stands for `key`.
    fn no_label(&mut self, entries: &mut Entries, block: &Block, key: &str, what: &str) {
        let kind = block.kind.text.as_str();
        let (label, span) = (if key == "language" { "python" } else { "ID" }, block.kind.span);
        self.diagnostics.push(
            Diagnostic::error(super::LABELS, format!("a `{kind}` names {what} in a label"), span, "no label")
                .help(format!("write `{kind} \"{label}\" {{ ... }}`")),
        );
        let key = Key { text: key.to_owned(), span };
        entries.add(Entry { key, value: Node { span: block.span, kind: Kind::Broken } });
    }

    /// A body that holds no steps; a block in it is a mapping.
    fn plain(&mut self, body: Body, entries: &mut Entries) {
        for item in body.items {
            match item {
                Item::Attribute(entry) => self.attribute(entries, entry, []),
                Item::Block(block) => self.mapping(entries, block),
                Item::Broken(_) => entries.is_broken = true,
            }
        }
    }

    /// A body whose blocks are steps, in the order of the text; everything else goes to `entries`.
    fn container(&mut self, body: Body, entries: &mut Entries) -> Vec<Node> {
        let mut steps = Vec::new();
        for item in body.items {
            match item {
                Item::Attribute(entry) if is_step(&entry.key.text) || entry.key.text == "steps" => {
                    steps.push(Node { span: entry.key.span, kind: Kind::Broken });
                    self.misplaced_attribute(&entry);
                }
                Item::Attribute(entry) => self.attribute(entries, entry, []),
                Item::Block(block) if OPTIONS.contains(&block.kind.text.as_str()) => {
                    self.mapping(entries, block);
                }
                Item::Block(block) => match block.kind.text.as_str() {
                    "steps" => {
                        self.out_of_place(
                            "a body holds its steps directly, without a `steps` block",
                            block.kind.span,
                            "put its blocks in its place",
                        );
                        steps.extend(self.container(block.body, entries));
                    }
                    "catch" => {
                        let mut inner = Entries::default();
                        self.labels(&mut inner, &block, &[]);
                        let handler = self.container(block.body, &mut inner);
                        self.steps(&mut inner, handler);
                        push(entries, block.kind, map(block.span, inner));
                    }
                    "finally" => {
                        self.labels(&mut Entries::default(), &block, &[]);
                        let last = self.container(block.body, entries);
                        let value = Node { span: block.span, kind: Kind::List(last) };
                        self.diagnostics.extend(entries.add(Entry { key: block.kind, value }));
                    }
                    _ => steps.push(self.step(block)),
                },
                Item::Broken(span) => steps.push(Node { span, kind: Kind::Broken }),
            }
        }
        steps
    }

    fn step(&mut self, block: Block) -> Node {
        let kind = block.kind.text.as_str();
        if CALLS.contains(&kind) {
            return self.call(block);
        }
        if LISTS.contains(&kind) {
            let key = block.kind.clone();
            let mut beside = Entries::default();
            self.labels(&mut beside, &block, &["id"]);
            let steps = self.container(block.body, &mut beside);
            let value = Node { span: block.span, kind: Kind::List(steps) };
            return self.step_of(key, value, block.span, beside);
        }
        if let Some((_, name)) = VALUES.iter().find(|(step, _)| *step == kind) {
            return self.valued(block, name);
        }
        if kind == "switch" {
            return self.switch(block);
        }
        if kind == "set" {
            return self.set(block);
        }
        let mut inside = Entries::default();
        self.labels(&mut inside, &block, &["id"]);
        let (key, span) = (block.kind.clone(), block.span);
        if MAPPINGS.contains(&kind) {
            let steps = self.container(block.body, &mut inside);
            self.steps(&mut inside, steps);
        } else {
            self.plain(block.body, &mut inside);
        }
        self.step_of(key, map(span, inside), span, Entries::default())
    }

    /// `task "x" { ... }` or `task "x" "id" { ... }`.
    fn call(&mut self, block: Block) -> Node {
        let mut entries = Entries::default();
        let kind = block.kind.text.clone();
        self.labels(&mut entries, &block, &[&kind, "id"]);
        if block.labels.is_empty() {
            self.no_label(&mut entries, &block, &kind, "what it calls");
        }
        for item in block.body.items {
            match item {
                Item::Block(inner) if is_step(&inner.kind.text) => self.out_of_place(
                    "a call holds no steps",
                    inner.kind.span,
                    "steps stand in a workflow, a `sequence` or a `parallel`",
                ),
                Item::Block(inner) => self.mapping(&mut entries, inner),
                Item::Attribute(entry) => self.attribute(&mut entries, entry, []),
                Item::Broken(_) => entries.is_broken = true,
            }
        }
        map(block.span, entries)
    }

    /// `sleep { duration = "5m" }`, or `sleep "5m" {}`; `return { value = ... }`.
    fn valued(&mut self, block: Block, name: &str) -> Node {
        let mut beside = Entries::default();
        let given = |item: &Item| match item {
            Item::Attribute(entry) => entry.key.text == name,
            Item::Block(inner) => inner.kind.text == name,
            Item::Broken(_) => false,
        };
        let is_value = |label: &Scalar| label.text.starts_with(|first: char| first.is_ascii_digit());
        let mut value = None;
        if block.body.items.iter().any(given) || block.labels.is_empty() {
            self.labels(&mut beside, &block, &["id"]);
        } else if block.kind.text == "sleep" && block.labels.first().is_some_and(is_value) {
            value = block.labels.first().map(string);
            self.labels(&mut beside, &Block { labels: block.labels[1..].to_vec(), ..head(&block) }, &["id"]);
        } else {
            value = Some(Node { span: block.span, kind: Kind::Broken });
            self.label_for_value(&block, name);
        }
        for item in block.body.items {
            match item {
                Item::Attribute(entry) if entry.key.text == name && value.is_none() => {
                    value = Some(entry.value)
                }
                // An object may be written as a block.
                Item::Block(inner) if inner.kind.text == name && value.is_none() => {
                    let mut entries = Entries::default();
                    self.labels(&mut entries, &inner, &[]);
                    self.plain(inner.body, &mut entries);
                    value = Some(map(inner.span, entries));
                }
                Item::Attribute(entry) => self.attribute(&mut beside, entry, []),
                Item::Block(inner) => self.mapping(&mut beside, inner),
                Item::Broken(_) => beside.is_broken = true,
            }
        }
        let nothing = Node { span: block.kind.span, kind: Kind::Null };
        self.step_of(block.kind, value.unwrap_or(nothing), block.span, beside)
    }

    /// The label says what the attribute `name` should say.
    fn label_for_value(&mut self, block: &Block, name: &str) {
        let Some(label) = block.labels.first() else { return };
        let kind = &block.kind.text;
        let message = format!("the label of a `{kind}` is its id, and its `{name}` is missing");
        let finding = Diagnostic::error(super::LABELS, message, label.span, "");
        let text = label.text.replace('\\', "\\\\").replace('"', "\\\"");
        self.diagnostics.push(finding.help(format!("write `{kind} {{ {name} = \"{text}\" }}`")));
    }

    /// A step with its options beside its value.
    fn step_of(&mut self, key: Key, value: Node, span: Span, beside: Entries) -> Node {
        let mut entries = Entries::default();
        entries.is_broken = beside.is_broken;
        entries.add(Entry { key, value });
        beside.list.into_iter().for_each(|entry| self.diagnostics.extend(entries.add(entry)));
        map(span, entries)
    }

    /// The keys of a `set` are names; those of every step's options are options here too.
    fn set(&mut self, block: Block) -> Node {
        let (mut all, mut names) = (Entries::default(), Entries::default());
        let mut beside = Entries::default();
        self.labels(&mut all, &block, &["id"]);
        self.plain(block.body, &mut all);
        names.is_broken = all.is_broken;
        for entry in all.list {
            let option = STEP_OPTIONS.contains(&entry.key.text.as_str());
            if option { &mut beside } else { &mut names }.add(entry);
        }
        let value = map(block.span, names);
        self.step_of(block.kind, value, block.span, beside)
    }

    fn switch(&mut self, block: Block) -> Node {
        let (mut beside, mut cases) = (Entries::default(), Vec::new());
        self.labels(&mut beside, &block, &["id"]);
        for item in block.body.items {
            let span = item.span();
            match item {
                Item::Block(inner) if matches!(inner.kind.text.as_str(), "case" | "default") => {
                    let mut entries = Entries::default();
                    self.labels(&mut entries, &inner, &[]);
                    let steps = self.container(inner.body, &mut entries);
                    let text = if inner.kind.text == "case" { "steps" } else { "default" };
                    let key = Key { text: text.to_owned(), span: inner.kind.span };
                    entries.add(Entry { key, value: Node { span, kind: Kind::List(steps) } });
                    cases.push(map(span, entries));
                }
                Item::Attribute(entry) if !is_step(&entry.key.text) => self.attribute(&mut beside, entry, []),
                Item::Block(inner) if OPTIONS.contains(&inner.kind.text.as_str()) => {
                    self.mapping(&mut beside, inner);
                }
                Item::Broken(span) => cases.push(Node { span, kind: Kind::Broken }),
                Item::Block(Block { kind: key, .. }) | Item::Attribute(Entry { key, .. }) => {
                    self.out_of_place(
                        "the steps of a `switch` stand in `case` and `default` blocks",
                        key.span,
                        "put it into one of them",
                    );
                }
            }
        }
        let value = Node { span: block.span, kind: Kind::List(cases) };
        self.step_of(block.kind, value, block.span, beside)
    }

    fn steps(&mut self, entries: &mut Entries, steps: Vec<Node>) {
        let (Some(first), Some(last)) = (steps.first(), steps.last()) else { return };
        let span = first.span.to(last.span);
        let key = Key { text: "steps".to_owned(), span: first.span };
        self.diagnostics.extend(entries.add(Entry { key, value: Node { span, kind: Kind::List(steps) } }));
    }

    /// An unlabelled block says the same as an attribute with an object.
    fn mapping(&mut self, entries: &mut Entries, block: Block) {
        let mut inner = Entries::default();
        // A label on a block that nobody knows is the least of its mistakes.
        if OPTIONS.contains(&block.kind.text.as_str()) {
            self.labels(&mut inner, &block, &[]);
        }
        self.plain(block.body, &mut inner);
        self.diagnostics.extend(entries.add(Entry { key: block.kind, value: map(block.span, inner) }));
    }

    /// `blocks` are keys that YAML has and HCL writes as blocks.
    fn attribute<'k>(
        &mut self,
        entries: &mut Entries,
        entry: Entry,
        blocks: impl IntoIterator<Item = &'k str>,
    ) {
        if !blocks.into_iter().any(|key| key == entry.key.text && key != "targets") {
            return self.diagnostics.extend(entries.add(entry));
        }
        self.misplaced_attribute(&entry);
        push(entries, entry.key.clone(), Node { span: entry.key.span, kind: Kind::Broken });
    }

    fn misplaced_attribute(&mut self, entry: &Entry) {
        let key = entry.key.text.as_str();
        let block = SECTIONS.iter().find(|(_, section)| *section == key).map_or(key, |(block, _)| *block);
        let message =
            format!("`{key}` is written as {} in HCL", if key == "steps" { "blocks" } else { "a block" });
        let mut finding =
            Diagnostic::error(super::OUT_OF_PLACE, message, entry.key.span, "this is an attribute");
        match &entry.value.kind {
            Kind::String(scalar) if CALLS.contains(&key) && !scalar.text.contains(['"', '\\']) => {
                let span = entry.key.span.to(entry.value.span);
                let text = format!("{key} \"{}\" {{}}", scalar.text);
                finding = finding.fix("make it a block", Safety::Safe, vec![Edit { span, text }]);
            }
            _ if VALUES.iter().any(|(step, _)| *step == key) => {
                let name = VALUES.iter().find(|(step, _)| *step == key).map_or("", |(_, name)| name);
                let before = Span { end: entry.value.span.start, ..entry.key.span };
                let after = Span { start: entry.value.span.end, ..entry.value.span };
                let edits = vec![
                    Edit { span: before, text: format!("{key} {{ {name} = ") },
                    Edit { span: after, text: " }".to_owned() },
                ];
                finding = finding.fix("make it a block", Safety::Safe, edits);
            }
            _ if key == "steps" => finding = finding.help("each step is a block: `task \"fetch_user\" {}`"),
            _ if is_step(key) => finding = finding.help(format!("write `{key} {{ ... }}`")),
            _ => finding = finding.help(format!("write `{block} \"ID\" {{ ... }}` for each")),
        }
        self.diagnostics.push(finding);
    }

    fn out_of_place(&mut self, message: &str, span: Span, help: &str) {
        self.diagnostics.push(Diagnostic::error(super::OUT_OF_PLACE, message, span, "").help(help));
    }
}

/// Whether the block of that name is a step that is known.
pub(crate) fn is_step(key: &str) -> bool {
    let valued = VALUES.iter().any(|(step, _)| *step == key);
    valued || key == "switch" || [CALLS, LISTS, MAPPINGS, RECORDS].iter().any(|kinds| kinds.contains(&key))
}

/// Whether the list under the key is gathered from blocks, none of which is the list.
pub(crate) fn is_gathered(key: &str) -> bool {
    matches!(key, "steps" | "catch") || SECTIONS.iter().any(|(_, section)| *section == key)
}

/// A block without its body.
fn head(block: &Block) -> Block {
    let body = Body { items: Vec::new() };
    Block { kind: block.kind.clone(), labels: block.labels.clone(), body, span: block.span }
}

/// Adds `node` to the list under `key`, which it makes where it is not there yet.
fn push(entries: &mut Entries, key: Key, node: Node) {
    let span = node.span;
    if let Some(entry) = entries.get_mut(&key.text) {
        if let Kind::List(items) = &mut entry.value.kind {
            items.push(node);
            entry.value.span = entry.value.span.to(span);
        }
        return;
    }
    entries.add(Entry { key, value: Node { span, kind: Kind::List(vec![node]) } });
}

fn map(span: Span, entries: Entries) -> Node {
    let kind = if entries.is_broken { Kind::Broken } else { Kind::Map(entries.list) };
    Node { span, kind }
}

fn string(label: &Scalar) -> Node {
    Node { span: label.span, kind: Kind::String(label.clone()) }
}
