//! Parser events into the tree, without recursion: depth, number of values and alias copies are bounded.
//!
//! It mends nothing: where the parser stops, it says so and `failure` explains.

use std::collections::BTreeMap;

use conductor_source::{Diagnostic, Safety, Span};
use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle, Tag};

use super::anchors::{Alias, Anchors, Weighed};
use super::core_schema;
use super::failure::{BROKEN_ALIAS, DROPPED_KEY, Failure};
use super::patched::Patched;
use super::{expression, scalar};
use crate::tree::{Entry, Key, Kind, Node, Scalar};

pub(super) struct Outcome {
    pub node: Node,
    pub diagnostics: Vec<Diagnostic>,
    pub failure: Option<Failure>,
}

pub(super) fn build(source: &Patched) -> Outcome {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        disallow_directives: true,
        flow_nesting_limit: super::MAX_DEPTH,
        block_nesting_limit: super::MAX_DEPTH,
    };
    let mut builder = Builder::new(source);
    for event in Parser::new_from_str_with_options(&source.text, options) {
        let result = match event {
            Ok((event, span)) => {
                let range = span.byte_range().unwrap_or(0..0);
                let tag = span.tag_span().and_then(|span| span.byte_range());
                builder.event(event, range, tag)
            }
            Err(error) => Err(builder.scan_failure(&error)),
        };
        if let Err(failure) = result {
            return Outcome {
                node: super::broken(source.file, 0),
                diagnostics: Vec::new(),
                failure: Some(failure),
            };
        }
    }
    builder.finish()
}

type Range = std::ops::Range<usize>;

struct Builder<'a> {
    source: &'a Patched<'a>,
    frames: Vec<Frame>,
    anchors: Anchors,
    root: Option<Node>,
    documents: usize,
    values: usize,
    diagnostics: Vec<Diagnostic>,
}

/// A collection that is open.
struct Frame {
    /// In the text.
    start: usize,
    flow: bool,
    anchor: usize,
    weight: usize,
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, seen: BTreeMap<String, usize>, key: PendingKey },
}

enum PendingKey {
    None,
    Some(Key),
    /// Its value is read and dropped; the key was reported, or a repair made it.
    Dropped,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Patched<'a>) -> Builder<'a> {
        Builder {
            source,
            frames: Vec::new(),
            anchors: Anchors::default(),
            root: None,
            documents: 0,
            values: 0,
            diagnostics: Vec::new(),
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range, tag: Option<Range>) -> Result<(), Failure> {
        match event {
            Event::DocumentStart(..) => self.document(&range),
            Event::Scalar(text, style, anchor, tagged) => {
                self.tag(tagged.as_deref(), tag);
                return self.scalar(&text, style, anchor, range);
            }
            Event::SequenceStart(style, anchor, tagged) => {
                self.tag(tagged.as_deref(), tag);
                return self.open(style, anchor, range, Content::List(Vec::new()));
            }
            Event::MappingStart(style, anchor, tagged) => {
                self.tag(tagged.as_deref(), tag);
                let content =
                    Content::Map { entries: Vec::new(), seen: BTreeMap::new(), key: PendingKey::None };
                return self.open(style, anchor, range, content);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.close(range),
            Event::Alias(id) => return self.alias(id, range),
            Event::UnresolvedAlias(name) => return self.unknown_alias(&name, range),
            _ => {}
        }
        Ok(())
    }

    fn document(&mut self, range: &Range) {
        self.documents += 1;
        if self.documents == 2 {
            let message = "the file holds several documents, a manifest is one";
            self.report(
                Diagnostic::error(
                    super::DOCUMENTS,
                    message,
                    self.span(range),
                    "the second document starts here",
                )
                .help("put its content under the sections of the first, or into a file of its own"),
            );
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, range: Option<Range>) {
        let (Some(tag), Some(range)) = (tag, range) else { return };
        let span = self.span(&range);
        let after =
            self.source.text[range.end..].len() - self.source.text[range.end..].trim_start_matches(' ').len();
        let edit = conductor_source::Edit {
            span: self.span(&(range.start..range.end + after)),
            text: String::new(),
        };
        let message = format!("tags such as `{}` have no meaning in a manifest", tag.original());
        self.report(
            Diagnostic::error(super::TAG, message, span, "")
                .note("values have the types of YAML's core schema; what is in quotes is a string")
                .fix("remove the tag", Safety::Unsafe, vec![edit]),
        );
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, anchor: usize, range: Range) -> Result<(), Failure> {
        let written = self.source.text.get(range.clone()).unwrap_or("");
        let plain = style == ScalarStyle::Plain;
        if plain && expression::is_cut_by_comment(&self.source.text, &range) {
            return Err(Failure::CutExpression { start: range.start });
        }
        let span = self.span(&range);
        // An empty plain scalar arrives as `~` with no source.
        let meaning = if plain { core_schema::resolve(written) } else { None };
        let kind = meaning.unwrap_or_else(|| {
            let map = scalar::map(text, written, range.start, style).into_iter().map(|(in_text, in_file)| {
                let clamp = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
                (clamp(in_text), clamp(self.source.original_offset(in_file)))
            });
            Kind::String(Scalar { text: text.to_owned(), span, map: map.collect() })
        });
        let weighed = Weighed { node: Node { span, kind }, weight: 1 + text.len() / 64, height: 1 };
        self.value(weighed, anchor, range.start)
    }

    fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        range: Range,
        content: Content,
    ) -> Result<(), Failure> {
        if self.frames.len() >= super::MAX_DEPTH {
            return Err(Failure::TooDeep { at: range.start });
        }
        let flow = style == StructureStyle::Flow;
        self.frames.push(Frame { start: range.start, flow, anchor, weight: 1, height: 1, content });
        Ok(())
    }

    fn close(&mut self, range: Range) -> Result<(), Failure> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let (kind, last) = match frame.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.span.end);
                (Kind::List(items), last)
            }
            Content::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key.span.end));
                (Kind::Map(entries), last)
            }
        };
        let mut span = self.span(&(frame.start..if frame.flow { range.end } else { frame.start }));
        if !frame.flow {
            // A block's end event stands before the next token: what is between are blanks and comments.
            span.end = last.unwrap_or(span.end).max(span.start);
        }
        let weighed = Weighed { node: Node { span, kind }, weight: frame.weight, height: frame.height };
        self.value(weighed, frame.anchor, frame.start)
    }

    fn alias(&mut self, id: usize, range: Range) -> Result<(), Failure> {
        let broken = Weighed { node: self.broken(&range), weight: 1, height: 1 };
        let value = match self.anchors.get(id) {
            Alias::Value(value) if self.frames.len() + value.height > super::MAX_DEPTH => {
                return Err(Failure::TooDeep { at: range.start });
            }
            Alias::Value(value) => value,
            Alias::Bomb => return Err(Failure::AliasBomb { start: range.start, end: range.end }),
            Alias::Unfinished => {
                let message = "an alias stands inside the value that it names";
                self.report(Diagnostic::error(
                    super::ALIAS,
                    message,
                    self.span(&range),
                    "it would contain itself",
                ));
                broken
            }
        };
        self.value(value, 0, range.start)
    }

    fn unknown_alias(&mut self, name: &str, range: Range) -> Result<(), Failure> {
        if !(name == BROKEN_ALIAS && self.source.is_inserted(range.start)) {
            let message = format!("no value above is named `&{name}`");
            self.report(
                Diagnostic::error(super::ALIAS, message, self.span(&range), "an alias of nothing").help(
                    "in YAML a leading `*` is an alias; put the text in quotes if it is meant literally",
                ),
            );
        }
        let broken = Weighed { node: self.broken(&range), weight: 1, height: 1 };
        self.value(broken, 0, range.start)
    }

    /// A finished value: a key, a value or an item of the innermost collection, or the root. `at` is its place in the
    /// text.
    fn value(&mut self, value: Weighed, anchor: usize, at: usize) -> Result<(), Failure> {
        self.values += 1;
        if self.values > super::MAX_VALUES {
            return Err(Failure::TooManyValues { at });
        }
        if !self.anchors.keep(anchor, &value) {
            return Err(Failure::AliasBomb { start: at, end: at });
        }
        let Some(mut frame) = self.frames.pop() else {
            if self.documents <= 1 {
                self.root = Some(value.node);
            }
            return Ok(());
        };
        frame.weight = frame.weight.saturating_add(value.weight);
        frame.height = frame.height.max(value.height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(value.node),
            Content::Map { entries, seen, key } => match std::mem::replace(key, PendingKey::None) {
                PendingKey::None if is_split(&value.node) => {
                    return Err(Failure::CutExpression { start: at });
                }
                PendingKey::None => *key = self.key(value.node, at),
                PendingKey::Dropped => {}
                PendingKey::Some(key) => self.entry(entries, seen, key, value.node),
            },
        }
        self.frames.push(frame);
        Ok(())
    }

    fn key(&mut self, node: Node, at: usize) -> PendingKey {
        let span = node.span;
        match node.kind {
            Kind::String(scalar) if scalar.text == DROPPED_KEY && self.source.is_inserted(at) => {
                PendingKey::Dropped
            }
            Kind::String(scalar) if scalar.text == "<<" && span.end - span.start == 2 => {
                let message = "merge keys (`<<`) are not part of YAML 1.2";
                self.report(
                    Diagnostic::error(super::MERGE_KEY, message, span, "")
                        .help("write the keys out; what several tasks share can be a policy of its own"),
                );
                PendingKey::Dropped
            }
            Kind::String(scalar) => PendingKey::Some(Key { text: scalar.text, span }),
            Kind::Broken => PendingKey::Dropped,
            _ => {
                self.bad_key(&node);
                PendingKey::Dropped
            }
        }
    }

    fn bad_key(&mut self, node: &Node) {
        let message = format!("a key must be a string, this is {}", node.describe());
        let mut diagnostic = Diagnostic::error(super::KEY, message, node.span, "");
        let written = self.source.original.get(node.span.start()..node.span.end()).unwrap_or("");
        if matches!(node.kind, Kind::Bool(_) | Kind::Int(_) | Kind::Float { .. }) {
            let edit = conductor_source::Edit { span: node.span, text: format!("\"{written}\"") };
            diagnostic = diagnostic.fix("put the key in quotes", Safety::Safe, vec![edit]);
        }
        self.report(diagnostic);
    }

    fn entry(&mut self, entries: &mut Vec<Entry>, seen: &mut BTreeMap<String, usize>, key: Key, value: Node) {
        let Some(first) = seen.get(&key.text).and_then(|index| entries.get_mut(*index)) else {
            seen.insert(key.text.clone(), entries.len());
            entries.push(Entry { key, value });
            return;
        };
        let made_by_repair = |key: &Key| key.span.start == key.span.end;
        if made_by_repair(&key) || made_by_repair(&first.key) {
            join(&mut first.value, value);
            return;
        }
        let message = format!("the key `{}` stands twice", key.text);
        let diagnostic = Diagnostic::error(super::DUPLICATE_KEY, message, key.span, "here again")
            .label(first.key.span, "first here")
            .help("keep one of the two");
        self.report(diagnostic);
    }

    fn scan_failure(&self, error: &granit_parser::ScanError) -> Failure {
        let length = self.source.text.len();
        let mut at = error.marker().byte_offset().unwrap_or(length).min(length);
        while !self.source.text.is_char_boundary(at) {
            at -= 1;
        }
        if *error.kind() == ErrorKind::RecursionLimitExceeded {
            return Failure::TooDeep { at };
        }
        let open = self.frames.iter().rev().find(|frame| frame.flow).map(|frame| frame.start);
        Failure::Scan { kind: error.kind().clone(), at, open }
    }

    fn finish(mut self) -> Outcome {
        let empty = self.root.as_ref().is_none_or(|root| matches!(root.kind, Kind::Null));
        let mut node = self.root.take().unwrap_or_else(|| super::broken(self.source.file, 0));
        if empty && self.diagnostics.is_empty() {
            self.diagnostics.push(crate::bytes::empty(self.source.file, "`tasks:` and `workflows:`"));
        }
        if empty {
            node.kind = Kind::Broken;
        }
        Outcome { node, diagnostics: self.diagnostics, failure: None }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() >= super::MAX_FINDINGS {
            return;
        }
        if self.documents <= 1 || diagnostic.code == super::DOCUMENTS {
            self.diagnostics.push(diagnostic);
        }
    }

    fn span(&self, range: &Range) -> Span {
        self.source.span(range.start, range.end)
    }

    fn broken(&self, range: &Range) -> Node {
        Node { span: self.span(range), kind: Kind::Broken }
    }
}

/// Whether a key is the first part of an expression: `${a ? b : c}` makes a mapping from `${a ? b` to `c}`.
fn is_split(key: &Node) -> bool {
    let plain = |scalar: &Scalar| scalar.text.len() == scalar.span.end() - scalar.span.start();
    matches!(&key.kind, Kind::String(scalar) if plain(scalar) && expression::is_open(&scalar.text))
}

/// The items of two lists that a repair found in one mapping; anything else stays as it was first.
fn join(first: &mut Node, second: Node) {
    match (&mut first.kind, second.kind) {
        (Kind::List(items), Kind::List(more)) => {
            items.extend(more);
            first.span = first.span.to(second.span);
        }
        (Kind::Null, more) => *first = Node { span: second.span, kind: more },
        _ => {}
    }
}
