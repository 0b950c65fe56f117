//! Values with their comments as YAML, in block style where they were not written in one line.
//!
//! It knows YAML, not the manifest.

use super::noted::{Item, Line, Value};
use super::strings;
use crate::hcl::SECTIONS;

const STEP: usize = 2;

pub(super) fn write(root: &Item) -> String {
    let mut writer = Writer { out: String::new() };
    writer.lines(&root.lead, 0);
    match &root.value {
        Value::Map(entries) if !entries.is_empty() => writer.entries(entries, 0, &[]),
        _ => writer.out.push_str("{}\n"),
    }
    writer.lines(&root.foot, 0);
    writer.out
}

struct Writer {
    out: String,
}

impl Writer {
    fn indent(&mut self, indent: usize) {
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn lines(&mut self, lines: &[Line], indent: usize) {
        for line in lines {
            if let Line::Comment(comment) = line {
                self.indent(indent);
                self.out.push_str(comment);
            }
            self.out.push('\n');
        }
    }

    /// Entries in block style. `beside` are comments for the first line, which has begun where there are any.
    fn entries(&mut self, entries: &[Item], indent: usize, beside: &[String]) {
        for (index, entry) in entries.iter().enumerate() {
            let is_section = SECTIONS.iter().any(|(_, section)| entry.is_key(section));
            if indent == 0 && is_section && index > 0 && entry.lead.first() != Some(&Line::Blank) {
                self.out.push('\n');
            }
            self.lines(&entry.lead, indent);
            self.indent(indent);
            self.entry(entry, indent, if index == 0 { beside } else { &[] });
        }
    }

    fn entry(&mut self, entry: &Item, indent: usize, beside: &[String]) {
        let key = entry.key.as_deref().unwrap_or_default();
        self.out.push_str(&strings::yaml_key(key));
        self.out.push(':');
        let trail: Vec<&String> = beside.iter().chain(&entry.trail).collect();
        self.value(entry, indent, &trail);
    }

    /// The value after a `:` or a `-` in the column `indent`, with the comments beside it.
    fn value(&mut self, item: &Item, indent: usize, trail: &[&String]) {
        let nested = match &item.value {
            Value::List(items) => !items.is_empty() && !item.is_inline(),
            Value::Map(entries) => !entries.is_empty() && !item.is_inline(),
            _ => false,
        };
        if nested {
            self.end(trail, indent);
            self.nested(item, indent + STEP);
        } else if let Some((header, lines)) = literal(item).filter(|_| trail.len() <= 1) {
            self.out.push(' ');
            self.out.push_str(header);
            self.end(trail, indent);
            for line in lines {
                if !line.is_empty() {
                    self.indent(indent + STEP);
                    self.out.push_str(line);
                }
                self.out.push('\n');
            }
        } else {
            self.out.push(' ');
            inline(&item.value, false, &mut self.out);
            self.end(trail, indent);
        }
        if !nested {
            self.lines(&item.foot, indent + STEP);
        }
    }

    fn nested(&mut self, item: &Item, indent: usize) {
        match &item.value {
            Value::List(items) => items.iter().for_each(|item| self.item(item, indent)),
            Value::Map(entries) => self.entries(entries, indent, &[]),
            _ => {}
        }
        self.lines(&item.foot, indent);
    }

    fn item(&mut self, item: &Item, indent: usize) {
        self.lines(&item.lead, indent);
        self.indent(indent);
        self.out.push('-');
        match &item.value {
            // The first entry stands beside the dash, and so do the comments.
            Value::Map(entries) if !item.is_inline() && !entries.is_empty() && entries[0].lead.is_empty() => {
                self.out.push(' ');
                self.entry(&entries[0], indent + STEP, &item.trail);
                self.entries(&entries[1..], indent + STEP, &[]);
                self.lines(&item.foot, indent + STEP);
            }
            _ => self.value(item, indent, &item.trail.iter().collect::<Vec<_>>()),
        }
    }

    /// The end of a line; of several comments each further one gets a line of its own.
    fn end(&mut self, trail: &[&String], indent: usize) {
        for (index, comment) in trail.iter().enumerate() {
            if index > 0 {
                self.out.push('\n');
                self.indent(indent + STEP);
            } else {
                self.out.push(' ');
            }
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }
}

fn literal(item: &Item) -> Option<(&'static str, Vec<&str>)> {
    if let Value::Text(text) = &item.value { strings::literal(text) } else { None }
}

/// A value in one line.
fn inline(value: &Value, flow: bool, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(value) => out.push_str(&value.to_string()),
        Value::Float(text) => out.push_str(text),
        Value::Text(text) => out.push_str(&strings::yaml(text, flow)),
        Value::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                inline(&item.value, true, out);
            }
            out.push(']');
        }
        Value::Map(entries) => {
            out.push('{');
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ", " } else { "" });
                out.push_str(&strings::yaml_key(entry.key.as_deref().unwrap_or_default()));
                out.push_str(": ");
                inline(&entry.value, true, out);
            }
            out.push('}');
        }
    }
}
