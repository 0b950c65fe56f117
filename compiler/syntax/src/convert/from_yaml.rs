//! A YAML document with its comments.
//!
//! It goes through the tree of values and the tree of what is written side by side.

use super::noted::{Item, Line, Value, scalar};
use crate::format::yaml_tree::{Child, Collection, Document, Form, Line as Written, Value as WrittenValue};
use crate::tree::{Entry, Kind, Node};

pub(super) fn noted(document: &Document, tree: &Node) -> Item {
    let mut root = value(None, &document.root, tree);
    let beside = document.marker.flatten();
    root.lead = lines(&document.head);
    root.lead.extend(beside.map(|comment| Line::Comment(comment.to_owned())));
    root.foot.extend(lines(&document.foot));
    root
}

fn value(key: Option<String>, written: &WrittenValue, node: &Node) -> Item {
    let mut item = match (&written.kind, &node.kind) {
        (Form::Collection(collection), Kind::List(nodes)) => {
            let items =
                collection.children.iter().zip(nodes).map(|(written, node)| child(None, written, node));
            collected(key, node, collection, Value::List(items.collect()))
        }
        (Form::Collection(collection), Kind::Map(entries)) => {
            let entry = |(written, entry): (&Child, &Entry)| {
                child(Some(entry.key.text.clone()), written, &entry.value)
            };
            let entries = collection.children.iter().zip(entries).map(entry);
            collected(key, node, collection, Value::Map(entries.collect()))
        }
        // An alias stands for what was written elsewhere, with its comments there.
        _ => Item::plain(key, node),
    };
    if let Some(value) = scalar(node) {
        item.value = value;
    }
    item.trail.extend(written.heads.iter().map(|comment| (*comment).to_owned()));
    if let Form::Block(block) = &written.kind {
        item.trail.extend(block.comment.map(str::to_owned));
    }
    item.lead.extend(lines(&written.between).into_iter().filter(|line| *line != Line::Blank));
    item
}

fn collected(key: Option<String>, node: &Node, written: &Collection, value: Value) -> Item {
    let foot = lines(&written.foot);
    Item { key, span: node.span, lead: Vec::new(), trail: Vec::new(), value, flow: written.flow, foot }
}

fn child(key: Option<String>, written: &Child, node: &Node) -> Item {
    let mut item = value(key, &written.value, node);
    let mut lead = lines(&written.lead);
    lead.append(&mut item.lead);
    item.lead = lead;
    if let Some(block) = written.key.as_ref().and_then(|key| key.block.as_ref()) {
        item.trail.extend(block.comment.map(str::to_owned));
    }
    item.trail.extend(written.trail.map(str::to_owned));
    item.foot.extend(lines(&written.below));
    item
}

fn lines(written: &[Written]) -> Vec<Line> {
    let line = |line: &Written| match line {
        Written::Blank => Line::Blank,
        Written::Comment(comment) => Line::Comment((*comment).to_owned()),
    };
    written.iter().map(line).collect()
}
