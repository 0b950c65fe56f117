//! YAML into the tree: aliases and merge keys are written out, keys are texts, tags say nothing but `!!str`.
//!
//! It mends nothing: the first mistake ends it.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{Entry, Kind, MAX_DEPTH, MAX_VALUES, Map, Node, Place, Problem};

const MERGE: &str = "<<";

pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    let options = granit_parser::options! {
        emit_comments: false,
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder { text, frames: Vec::new(), anchors: BTreeMap::new(), root: None, values: 0 };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|error| {
            let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
            Problem::at(format!("it is no YAML: {}", error.info()), Place::new(at, at))
        })?;
        if matches!(event, Event::DocumentStart(..)) && builder.root.is_some() {
            break;
        }
        builder.event(event, span.byte_range().unwrap_or(0..0))?;
    }
    builder.root.ok_or_else(|| Problem::new("it is empty"))
}

struct Builder<'a> {
    text: &'a str,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, Weighed>,
    root: Option<Node>,
    /// With those that aliases repeat.
    values: usize,
}

/// A value with how many it holds and how deep they nest.
#[derive(Clone)]
struct Weighed {
    node: Node,
    weight: usize,
    height: usize,
}

struct Frame {
    start: usize,
    anchor: usize,
    weight: usize,
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Vec<Entry>, Option<(String, Place)>),
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, range: std::ops::Range<usize>) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let kind = self.scalar(&text, style, tag.as_deref(), &range);
                let node = Node { place: Place::new(range.start, range.end), kind };
                self.value(Weighed { node, weight: 1, height: 1 }, anchor, 1)
            }
            Event::SequenceStart(_, anchor, _) => self.open(anchor, range.start, Content::List(Vec::new())),
            Event::MappingStart(_, anchor, _) => {
                self.open(anchor, range.start, Content::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(range.end),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some(value) if self.frames.len() + value.height > MAX_DEPTH => Err(too_deep(range.start)),
                Some(value) => {
                    let weight = value.weight;
                    self.value(value, 0, weight)
                }
                None => Err(Problem::at(
                    "an alias stands inside the value that it names",
                    Place::new(range.start, range.end),
                )),
            },
            Event::UnresolvedAlias(name) => Err(Problem::at(
                format!("no value above is named `&{name}`"),
                Place::new(range.start, range.end),
            )),
            _ => Ok(()),
        }
    }

    /// By the core schema where nothing says that it is a text.
    fn scalar(
        &self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        range: &std::ops::Range<usize>,
    ) -> Kind {
        let is_text = tag.is_some_and(|tag| tag.suffix() == "str");
        if style != ScalarStyle::Plain || is_text {
            return Kind::Text(text.to_owned());
        }
        // An empty scalar arrives as `~` with no source.
        let written = self.text.get(range.clone()).unwrap_or("");
        match written {
            "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
            "true" | "True" | "TRUE" => Kind::Bool(true),
            "false" | "False" | "FALSE" => Kind::Bool(false),
            _ if is_number(text) => Kind::Number(text.to_owned()),
            _ => Kind::Text(text.to_owned()),
        }
    }

    fn open(&mut self, anchor: usize, start: usize, content: Content) -> Result<(), Problem> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(too_deep(start));
        }
        self.frames.push(Frame { start, anchor, weight: 1, height: 1, content });
        Ok(())
    }

    fn close(&mut self, end: usize) -> Result<(), Problem> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let mut weight = frame.weight;
        let (kind, last) = match frame.content {
            Content::List(items) => {
                let last = items.last().map(|item| item.place.end);
                (Kind::List(items), last)
            }
            Content::Map(entries, _) => {
                let last = entries.last().map(|entry| entry.value.place.end.max(entry.place.end));
                let merges = entries.iter().any(|entry| entry.key == MERGE);
                let kind = Kind::Map(mapping(entries)?);
                if merges {
                    // What stands in several of the merged mappings is there once.
                    weight = Node { place: Place::default(), kind: kind.clone() }.weight();
                }
                (kind, last)
            }
        };
        // The end of a block stands before the next token: what is between are blanks and comments.
        let mut place = Place::new(frame.start, end);
        let flow = self.text.get(frame.start..).is_some_and(|text| text.starts_with(['{', '[']));
        if !flow {
            place.end = last.unwrap_or(place.start).max(place.start);
        }
        let node = Node { place, kind };
        self.value(Weighed { node, weight, height: frame.height }, frame.anchor, 1)
    }

    /// A finished value: a key, a value or an item of the innermost collection, or the root. `new` is how many values
    /// it adds to those counted.
    fn value(&mut self, value: Weighed, anchor: usize, new: usize) -> Result<(), Problem> {
        let kept = if anchor == 0 { 0 } else { value.weight };
        self.values = self.values.saturating_add(new).saturating_add(kept);
        if self.values > MAX_VALUES {
            return Err(Problem::new(format!("it has more than {MAX_VALUES} values")));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(value.node);
            return Ok(());
        };
        frame.weight = frame.weight.saturating_add(value.weight);
        frame.height = frame.height.max(value.height + 1);
        match &mut frame.content {
            Content::List(items) => items.push(value.node),
            Content::Map(entries, key) => match key.take() {
                Some((key, place)) => entries.push(Entry { key, place, value: value.node }),
                None => *key = Some(self::key(value.node)?),
            },
        }
        Ok(())
    }
}

fn too_deep(at: usize) -> Problem {
    Problem::at(format!("it is nested deeper than {MAX_DEPTH} levels"), Place::new(at, at))
}

fn key(node: Node) -> Result<(String, Place), Problem> {
    match node.kind {
        Kind::Text(text) | Kind::Number(text) => Ok((text, node.place)),
        Kind::Bool(value) => Ok((value.to_string(), node.place)),
        Kind::Null => Ok(("null".to_owned(), node.place)),
        Kind::List(_) | Kind::Map(_) => Err(Problem::at("a key must be a text", node.place)),
    }
}

/// With what its merge keys (`<<`) bring: own entries come first, then those of the mappings in their order.
fn mapping(entries: Vec<Entry>) -> Result<Map, Problem> {
    let twice = |(key, place)| Problem::at(format!("the key `{key}` stands twice"), place);
    let (merged, own): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(|entry| entry.key == MERGE);
    let mut map = Map::new(own).map_err(twice)?;
    for entry in &merged {
        let sources = match &entry.value.kind {
            Kind::Map(_) => std::slice::from_ref(&entry.value),
            Kind::List(items) => items.as_slice(),
            _ => return Err(Problem::at("`<<` merges mappings only", entry.place)),
        };
        for source in sources {
            let more = source.map().ok_or_else(|| Problem::at("`<<` merges mappings only", source.place))?;
            map = map.merged(more);
        }
    }
    Ok(map)
}

/// A number of the core schema that is one of JSON, too; others stay texts.
fn is_number(text: &str) -> bool {
    text.starts_with(|first: char| first == '-' || first.is_ascii_digit())
        && serde_json::from_str::<serde_json::Number>(text).is_ok()
}
