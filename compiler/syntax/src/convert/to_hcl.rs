//! Values with their comments as HCL: sections and steps as blocks, their ids as labels.
//!
//! It is the way back of `hcl::shape`, which says what a block stands for.

use conductor_source::Span;

use super::noted::{Item, Line, Value};
use super::strings;
use crate::hcl::{CALLS, LISTS, MAPPINGS, OPTIONS, RECORDS, SECTIONS, STEP_OPTIONS, VALUES, is_step};

const STEP: usize = 2;

/// What has no words in HCL, and where it stands.
type Written = Result<(), (Span, String)>;

pub(super) fn write(root: &Item) -> Result<String, (Span, String)> {
    let mut writer = Writer { out: String::new() };
    writer.lines(&root.lead, 0);
    let Value::Map(entries) = &root.value else { return refuse(root, "a manifest that is no mapping") };
    for entry in entries {
        let section = SECTIONS.iter().find(|(_, section)| entry.is_key(section));
        match (section, &entry.value) {
            (Some((block, _)), Value::List(items)) => writer.section(block, entry, items)?,
            (Some(_), Value::Null) => writer.lines(&entry.comments_above(&entry.foot), 0),
            _ => writer.option(entry, 0, false)?,
        }
    }
    writer.lines(&root.foot, 0);
    Ok(writer.out)
}

fn refuse<T>(item: &Item, what: &str) -> Result<T, (Span, String)> {
    Err((item.span, what.to_owned()))
}

struct Writer {
    out: String,
}

/// The head of a block, and the comments that stand above it and beside it.
struct Head<'a> {
    kind: &'a str,
    labels: Vec<&'a str>,
    lead: Vec<Line>,
    trail: Vec<&'a String>,
}

impl<'a> Head<'a> {
    fn new(kind: &'a str, item: &'a Item) -> Head<'a> {
        Head { kind, labels: Vec::new(), lead: item.lead.clone(), trail: item.trail.iter().collect() }
    }

    /// Takes an entry that becomes a label, or the word of the block, with its comments.
    fn take(&mut self, entry: &'a Item) {
        self.lead.extend(entry.lead.iter().filter(|line| **line != Line::Blank).cloned());
        self.trail.extend(&entry.trail);
    }

    /// The entry that a label says, if it is a text that a label can say.
    fn label(&mut self, entries: &'a [Item], key: &str) -> Option<&'a Item> {
        let entry = entries.iter().find(|entry| entry.is_key(key))?;
        let Value::Text(text) = &entry.value else { return None };
        if text.contains("${") || text.contains("%{") {
            return None;
        }
        self.labels.push(text);
        self.take(entry);
        Some(entry)
    }
}

/// Some entries of a mapping but not all.
fn others<'a>(entries: &'a [Item], without: &[Option<&Item>]) -> Vec<&'a Item> {
    let left_out = |entry: &Item| without.iter().flatten().any(|other| std::ptr::eq(*other, entry));
    entries.iter().filter(|entry| !left_out(entry)).collect()
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

    /// The end of a line with the first of its comments; `above` are those that do not fit beside it.
    fn end(&mut self, trail: &[&String]) {
        if let Some(comment) = trail.first() {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }

    fn section(&mut self, block: &str, section: &Item, items: &[Item]) -> Written {
        let above = section.comments_above(&[]);
        if above.iter().any(|line| *line != Line::Blank) {
            self.lines(&above, 0);
        }
        for item in items {
            self.out.push('\n');
            let Some(entries) = item.entries() else { return refuse(item, "an entry that is no mapping") };
            let mut head = Head::new(block, item);
            let name = if block == "target" { "language" } else { "id" };
            if !entries.iter().any(|entry| entry.is_key(name)) {
                return refuse(item, &format!("a `{block}` without `{name}`"));
            }
            let label = head.label(entries, name);
            self.begin(&head, 0);
            let rest = others(entries, &[label]);
            let body = |writer: &mut Writer| match block {
                "workflow" => writer.container(&rest, &[], &item.foot, STEP),
                _ => writer.plain(&rest, &item.foot, STEP),
            };
            self.body(&head, 0, body)?;
        }
        self.lines(&section.foot, 0);
        Ok(())
    }

    /// The comments above a block, and its head up to the opening brace.
    fn begin(&mut self, head: &Head, indent: usize) {
        self.lines(&head.lead, indent);
        for further in head.trail.iter().skip(1) {
            self.lines(&[Line::Comment((*further).clone())], indent);
        }
        self.indent(indent);
        self.out.push_str(head.kind);
        for label in &head.labels {
            self.out.push(' ');
            self.out.push_str(&strings::hcl(label).unwrap_or_default());
        }
        self.out.push_str(" {");
    }

    /// The rest of a block whose brace was opened: `{}` where nothing is inside.
    fn body(&mut self, head: &Head, indent: usize, inside: impl FnOnce(&mut Writer) -> Written) -> Written {
        let mut inner = Writer { out: String::new() };
        inside(&mut inner)?;
        let first = head.trail.first().copied().into_iter().collect::<Vec<_>>();
        if inner.out.is_empty() {
            self.out.push('}');
            self.end(&first);
            return Ok(());
        }
        self.end(&first);
        self.out.push_str(&inner.out);
        self.indent(indent);
        self.out.push_str("}\n");
        Ok(())
    }

    /// Attributes and mappings of a body without steps.
    fn plain(&mut self, entries: &[&Item], foot: &[Line], indent: usize) -> Written {
        entries.iter().try_for_each(|entry| self.option(entry, indent, false))?;
        self.lines(foot, indent);
        Ok(())
    }

    /// The options of a body that holds steps, then the steps: those under `steps` and `more`.
    fn container(&mut self, entries: &[&Item], more: &[Item], foot: &[Line], indent: usize) -> Written {
        let is_block = |key: &str, entry: &Item| entry.is_key(key) && matches!(entry.value, Value::List(_));
        for entry in entries {
            if !["steps", "catch", "finally"].iter().any(|key| is_block(key, entry)) {
                self.option(entry, indent, true)?;
            }
        }
        for entry in entries.iter().filter(|entry| is_block("steps", entry)) {
            self.lines(&entry.comments_above(&[]), indent);
            entry.items().iter().try_for_each(|item| self.step(item, indent))?;
            self.lines(&entry.foot, indent);
        }
        more.iter().try_for_each(|item| self.step(item, indent))?;
        for entry in entries.iter().filter(|entry| is_block("catch", entry)) {
            self.handlers(entry, indent)?;
        }
        for entry in entries.iter().filter(|entry| is_block("finally", entry)) {
            self.finally(entry, indent)?;
        }
        self.lines(foot, indent);
        Ok(())
    }

    fn finally(&mut self, entry: &Item, indent: usize) -> Written {
        let head = Head::new("finally", entry);
        self.begin(&head, indent);
        self.body(&head, indent, |writer| writer.container(&[], entry.items(), &entry.foot, indent + STEP))
    }

    fn handlers(&mut self, entry: &Item, indent: usize) -> Written {
        self.lines(&entry.comments_above(&[]), indent);
        for item in entry.items() {
            let Some(entries) = item.entries() else { return refuse(item, "a handler that is no mapping") };
            let head = Head::new("catch", item);
            self.begin(&head, indent);
            let entries = others(entries, &[]);
            self.body(&head, indent, |writer| writer.container(&entries, &[], &item.foot, indent + STEP))?;
        }
        self.lines(&entry.foot, indent);
        Ok(())
    }

    fn step(&mut self, item: &Item, indent: usize) -> Written {
        let Some(entries) = item.entries() else { return refuse(item, "a step that is no mapping") };
        let Some(kind) = entries.iter().find(|entry| entry.key.as_deref().is_some_and(is_step)) else {
            return refuse(item, "a step of no known kind");
        };
        let name = kind.key.as_deref().unwrap_or_default();
        let mut head = Head::new(name, item);
        head.take(kind);
        if CALLS.contains(&name) {
            return self.call(head, item, entries, kind, indent);
        }
        if let Some((_, value)) = VALUES.iter().find(|(step, _)| *step == name) {
            return self.valued(head, item, entries, kind, value, indent);
        }
        if LISTS.contains(&name) || name == "switch" || name == "set" {
            return self.beside(head, item, entries, kind, indent);
        }
        let Some(inner) = kind.entries().filter(|_| entries.len() == 1) else {
            return refuse(kind, "an option beside a step whose options stand inside");
        };
        let id = head.label(inner, "id");
        self.begin(&head, indent);
        let rest = others(inner, &[id]);
        let foot: Vec<Line> = kind.foot.iter().chain(&item.foot).cloned().collect();
        let body = |writer: &mut Writer| match MAPPINGS.contains(&name) {
            true => writer.container(&rest, &[], &foot, indent + STEP),
            false => writer.plain(&rest, &foot, indent + STEP),
        };
        debug_assert!(MAPPINGS.contains(&name) || RECORDS.contains(&name));
        self.body(&head, indent, body)
    }

    fn call<'a>(
        &mut self,
        mut head: Head<'a>,
        item: &'a Item,
        entries: &'a [Item],
        kind: &'a Item,
        indent: usize,
    ) -> Written {
        let Value::Text(called) = &kind.value else {
            return refuse(kind, "the name of something that is no text");
        };
        head.labels.push(called);
        let id = head.label(entries, "id");
        self.begin(&head, indent);
        let rest = others(entries, &[Some(kind), id]);
        let foot: Vec<Line> = kind.foot.iter().chain(&item.foot).cloned().collect();
        self.body(&head, indent, |writer| {
            rest.iter().try_for_each(|entry| writer.option(entry, indent + STEP, false))?;
            writer.lines(&foot, indent + STEP);
            Ok(())
        })
    }

    /// A `sleep` or `return`, whose value is the attribute `name`.
    fn valued<'a>(
        &mut self,
        mut head: Head<'a>,
        item: &'a Item,
        entries: &'a [Item],
        kind: &'a Item,
        name: &str,
        indent: usize,
    ) -> Written {
        let mut value =
            Some(Item { key: Some(name.to_owned()), lead: Vec::new(), trail: Vec::new(), ..kind.clone() });
        match &kind.value {
            Value::Text(text)
                if head.kind == "sleep" && text.starts_with(|first: char| first.is_ascii_digit()) =>
            {
                head.labels.push(text);
                value = None;
            }
            Value::Null if entries.iter().all(|entry| !entry.is_key("id")) => value = None,
            _ => {}
        }
        let id = head.label(entries, "id");
        self.begin(&head, indent);
        let rest = others(entries, &[Some(kind), id]);
        self.body(&head, indent, |writer| {
            value.iter().try_for_each(|value| writer.option(value, indent + STEP, false))?;
            writer.plain(&rest, &item.foot, indent + STEP)
        })
    }

    /// A step whose options stand beside its value: a list of steps, a `switch`, or a `set`.
    fn beside<'a>(
        &mut self,
        mut head: Head<'a>,
        item: &'a Item,
        entries: &'a [Item],
        kind: &'a Item,
        indent: usize,
    ) -> Written {
        let inside = if head.kind == "set" { kind.entries().unwrap_or_default() } else { &[] };
        let id = head.label(entries, "id").or_else(|| head.label(inside, "id"));
        self.begin(&head, indent);
        let rest = others(entries, &[Some(kind), id]);
        let inner = indent + STEP;
        self.body(&head, indent, |writer| match &kind.value {
            Value::List(cases) if kind.is_key("switch") => {
                rest.iter().try_for_each(|entry| writer.option(entry, inner, true))?;
                cases.iter().try_for_each(|case| writer.case(case, inner))?;
                writer.lines(&kind.foot, inner);
                writer.lines(&item.foot, inner);
                Ok(())
            }
            Value::List(steps) if !kind.is_key("set") => {
                let after: Vec<Line> = kind.foot.iter().chain(&item.foot).cloned().collect();
                writer.container(&rest, steps, &after, inner)
            }
            Value::Map(_) if kind.is_key("set") => {
                let named = others(inside, &[id]);
                if let Some(option) = rest
                    .iter()
                    .find(|entry| !STEP_OPTIONS.contains(&entry.key.as_deref().unwrap_or_default()))
                {
                    return refuse(option, "an unknown option of a `set`");
                }
                writer.plain(&named, &kind.foot, inner)?;
                writer.plain(&rest, &item.foot, inner)
            }
            _ => refuse(kind, "a step that holds something else than it should"),
        })
    }

    fn case(&mut self, item: &Item, indent: usize) -> Written {
        let Some(entries) = item.entries() else { return refuse(item, "a case that is no mapping") };
        let fallback = entries.iter().find(|entry| entry.is_key("default"));
        let mut head = Head::new(if fallback.is_some() { "default" } else { "case" }, item);
        fallback.into_iter().for_each(|entry| head.take(entry));
        self.begin(&head, indent);
        let rest = others(entries, &[fallback]);
        let steps = match fallback.map(|entry| &entry.value) {
            None => &[][..],
            Some(Value::List(steps)) => steps,
            Some(_) => return refuse(item, "a default that is no list of steps"),
        };
        let foot: Vec<Line> =
            fallback.map_or(&[][..], |entry| &entry.foot).iter().chain(&item.foot).cloned().collect();
        self.body(&head, indent, |writer| writer.container(&rest, steps, &foot, indent + STEP))
    }

    /// An entry as an attribute, or as a block where its value is a mapping; among steps only some words may be one.
    fn option(&mut self, entry: &Item, indent: usize, among_steps: bool) -> Written {
        let key = entry.key.as_deref().unwrap_or_default();
        if !is_name(key) {
            return refuse(entry, &format!("the key `{key}` of a block"));
        }
        if let Value::Map(entries) = &entry.value {
            let allowed = OPTIONS.contains(&key)
                || !(among_steps || is_step(key) || SECTIONS.iter().any(|(block, _)| *block == key));
            let named = entries.iter().all(|entry| is_name(entry.key.as_deref().unwrap_or_default()));
            if allowed && named && !entry.flow {
                let head = Head::new(key, entry);
                self.begin(&head, indent);
                let entries = others(entries, &[]);
                return self.body(&head, indent, |writer| writer.plain(&entries, &entry.foot, indent + STEP));
            }
        }
        self.lines(&entry.lead, indent);
        for further in entry.trail.iter().skip(1) {
            self.lines(&[Line::Comment(further.clone())], indent);
        }
        self.indent(indent);
        self.out.push_str(key);
        self.out.push_str(" = ");
        self.value(entry, indent, false)?;
        self.end(&entry.trail.iter().take(1).collect::<Vec<_>>());
        if !matches!(entry.value, Value::List(_) | Value::Map(_)) {
            self.lines(&entry.foot, indent);
        }
        Ok(())
    }

    /// A value after its `=`, or in a list; `inside` a collection that is written in one line, or in a list.
    fn value(&mut self, item: &Item, indent: usize, inside: bool) -> Written {
        match &item.value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Value::Int(value) => self.out.push_str(&value.to_string()),
            Value::Float(text) => match strings::hcl_number(text) {
                Some(number) => self.out.push_str(&number),
                None => return refuse(item, &format!("the number `{text}`")),
            },
            Value::Text(text) => return self.text(item, text, indent, inside),
            Value::List(items) => return self.collection(item, items, ('[', ']'), indent),
            Value::Map(entries) => return self.collection(item, entries, ('{', '}'), indent),
        }
        Ok(())
    }

    fn text(&mut self, item: &Item, text: &str, indent: usize, inside: bool) -> Written {
        // A comment cannot stand beside a heredoc, nor a comma after it.
        let lines =
            if inside || !item.trail.is_empty() { None } else { strings::heredoc(text, indent + STEP) };
        match (lines, strings::hcl(text)) {
            (Some(lines), _) => self.out.push_str(&lines.join("\n")),
            (None, Some(quoted)) => self.out.push_str(&quoted),
            (None, None) => {
                return refuse(
                    item,
                    "an expression that does not end, or has backslashes before its quotes,",
                );
            }
        }
        Ok(())
    }

    fn collection(
        &mut self,
        item: &Item,
        items: &[Item],
        (open, close): (char, char),
        indent: usize,
    ) -> Written {
        self.out.push(open);
        if items.is_empty() && item.foot.iter().all(|line| *line == Line::Blank) {
            self.out.push(close);
            return Ok(());
        }
        let inline = item.is_inline()
            || items.iter().all(|item| matches!(item.value, Value::Int(_) | Value::Text(_)))
                && item.is_bare()
                && open == '[';
        for (index, item) in items.iter().enumerate() {
            if inline {
                self.out.push_str(if index > 0 { ", " } else { "" });
            } else {
                self.out.push('\n');
                self.lines(&item.lead, indent + STEP);
                for further in item.trail.iter().skip(1) {
                    self.lines(&[Line::Comment(further.clone())], indent + STEP);
                }
                self.indent(indent + STEP);
            }
            if open == '{' {
                let key = item.key.as_deref().unwrap_or_default();
                let quoted = strings::hcl(key)
                    .filter(|_| !is_name(key) || matches!(key, "for" | "null" | "true" | "false"));
                self.out.push_str(quoted.as_deref().unwrap_or(key));
                self.out.push_str(" = ");
            }
            self.value(item, indent + STEP, inline || open == '[')?;
            if !inline {
                self.out.push_str(if open == '[' { "," } else { "" });
                if let Some(comment) = item.trail.first() {
                    self.out.push(' ');
                    self.out.push_str(comment);
                }
                let scalar = !matches!(item.value, Value::List(_) | Value::Map(_));
                for line in item.foot.iter().filter(|_| scalar) {
                    self.out.push('\n');
                    if let Line::Comment(comment) = line {
                        self.indent(indent + STEP);
                        self.out.push_str(comment);
                    }
                }
            }
        }
        if !inline {
            self.out.push('\n');
            self.lines(&item.foot, indent + STEP);
            self.indent(indent);
        }
        self.out.push(close);
        Ok(())
    }
}

/// Whether HCL takes it for a name.
fn is_name(key: &str) -> bool {
    let first = key.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    first && key.chars().all(|next| next.is_alphanumeric() || next == '_' || next == '-')
}
