//! A draft in the text of the manifest: what it does not change keeps its lines and its comments.
//!
//! It knows texts and spans. What it has written it reads again: a text that does not say the draft is not given out.

use std::ops::Range;

use conductor_assist::{Data, Draft};
use conductor_source::{Edit, FileId, Sources, Span};
use conductor_syntax::{Kind, Node, Syntax, convert, format};

use super::printing::{dashed, flow, item, pair};
use super::vocabulary::{data, entry, get, items};
use crate::init::{Entry, Written};

/// The text with the draft in it.
pub(super) fn written(
    syntax: Syntax,
    file: FileId,
    text: &str,
    tree: &Node,
    draft: &Draft,
) -> Option<String> {
    let steps = draft.steps.as_ref()?;
    let place = Written { syntax, text, tree };
    let mut edits = Vec::new();
    let there = items(tree, "workflows").iter().filter_map(entry).find(|(id, _)| *id == draft.workflow);
    let mut workflows = draft.workflows.clone();
    match there {
        Some((_, node)) if get(node, "steps").is_some() => {
            edits.extend(changed(syntax, text, node, (steps, &draft.workflows))?);
            for (key, value) in &draft.options {
                edits.push(with_key(syntax, text, node, "id", key, value)?);
            }
        }
        Some(_) => return None,
        None => workflows.insert(0, new_workflow(tree, draft, steps)),
    }
    for (section, entries) in [("policies", &draft.policies), ("workflows", &workflows)] {
        let entries: Vec<Entry> = entries.iter().map(|data| Entry::of_lines(section, item(data))).collect();
        if !entries.is_empty() {
            edits.extend(place.added(&entries.iter().collect::<Vec<_>>(), None)?);
        }
    }
    for (task, key, value) in &draft.tasks {
        let (_, node) = items(tree, "tasks").iter().filter_map(entry).find(|(id, _)| id == task)?;
        edits.push(with_key(syntax, text, node, "ref", key, value)?);
    }
    let new = spliced(text, edits)?;
    let new = if is_formatted(syntax, text) { formatted(syntax, &new)? } else { new };
    says(syntax, file, &new, draft).then_some(new)
}

/// A first workflow is what the application calls.
fn new_workflow(tree: &Node, draft: &Draft, steps: &[Data]) -> Data {
    let mut pairs = vec![("id".to_owned(), Data::text(&draft.workflow))];
    if items(tree, "workflows").is_empty() {
        pairs.push(("entrypoint".to_owned(), Data::Bool(true)));
    }
    pairs.extend(draft.options.iter().cloned());
    pairs.push(("steps".to_owned(), Data::List(steps.to_vec())));
    Data::Map(pairs)
}

/// Edits in order of their places; those at one place in the order in which they were made.
fn spliced(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|edit| (edit.span.start(), edit.span.end()));
    let mut new = String::with_capacity(text.len());
    let mut at = 0;
    for edit in &edits {
        new.push_str(text.get(at..edit.span.start())?);
        new.push_str(&edit.text);
        at = edit.span.end();
    }
    new.push_str(text.get(at..)?);
    if !new.ends_with('\n') {
        new.push('\n');
    }
    Some(new)
}

fn is_formatted(syntax: Syntax, text: &str) -> bool {
    formatted(syntax, text).is_some_and(|formatted| formatted == text)
}

fn formatted(syntax: Syntax, text: &str) -> Option<String> {
    format::read(syntax, &mut Sources::default(), "", text.as_bytes()).ok()
}

/// Whether the text has the draft's steps.
fn says(syntax: Syntax, file: FileId, text: &str, draft: &Draft) -> bool {
    let (tree, findings) = syntax.parse(file, text);
    let steps = items(&tree, "workflows").iter().filter_map(entry).find(|(id, _)| *id == draft.workflow);
    let found = steps.and_then(|(_, node)| get(node, "steps")).map(data);
    findings.is_empty() && found == draft.steps.clone().map(Data::List)
}

/// Steps whose value is a list of steps.
const BLOCKS: [&str; 5] = ["parallel", "sequence", "race", "graph", "try"];

/// Lines of a step that is there, with the comments above it.
struct Old {
    data: Data,
    lines: Range<usize>,
    /// White space before the dash or the block.
    indent: usize,
}

/// The edit that makes the workflow's steps the new ones; none where they are that already.
fn changed(
    syntax: Syntax,
    text: &str,
    workflow: &Node,
    (steps, started): (&[Data], &[Data]),
) -> Option<Vec<Edit>> {
    let list = get(workflow, "steps")?;
    let Kind::List(nodes) = &list.kind else { return None };
    if data(list) == Data::List(steps.to_vec()) {
        return Some(Vec::new());
    }
    let mut old = Vec::new();
    nodes.iter().for_each(|node| collect(syntax, text, node, &mut old));
    let first = nodes.first()?;
    let written = text.get(list.span.start()..list.span.end())?;
    if written.starts_with('[') && !written.contains('\n') {
        return Some(vec![Edit { span: list.span, text: flow(&Data::List(steps.to_vec())) }]);
    }
    let (start, indent) = line_of(text, first.span.start())?;
    let end = nodes.iter().map(|node| line_end(text, end_of(text, node))).max()?;
    let start = comments_above(text, start);
    let gone = gone(&old, start, steps, started);
    let mut printer = Printer { syntax, text, old, started };
    let lines: Vec<String> = steps.iter().flat_map(|step| printer.step(step, indent)).collect();
    let blank = lines.iter().take_while(|line| line.is_empty()).count();
    let lines = with_comments(text.get(start..end)?, &lines[blank..], &gone);
    Some(vec![Edit { span: Span::new(first.span.file, start, end), text: lines.join("\n") }])
}

/// The places, counted from `start`, of steps whose task nobody calls any more.
fn gone(old: &[Old], start: usize, steps: &[Data], started: &[Data]) -> Vec<Range<usize>> {
    let mut calls = conductor_assist::calls(steps);
    calls.extend(started.iter().flat_map(tasks_of));
    let is_gone = |old: &&Old| {
        let task = old.data.get("task").and_then(Data::as_text);
        task.is_some_and(|task| !calls.iter().any(|called| called == task))
    };
    let place = |old: &Old| old.lines.start.saturating_sub(start)..old.lines.end.saturating_sub(start);
    old.iter().filter(is_gone).map(place).collect()
}

/// The tasks that a workflow's steps call.
fn tasks_of(workflow: &Data) -> Vec<String> {
    match workflow.get("steps") {
        Some(Data::List(steps)) => conductor_assist::calls(steps),
        _ => Vec::new(),
    }
}

/// The new lines with every comment of the old ones: what stood above, or beside, a line that is gone stands above the
/// next one that is left. What was said of a step that is gone goes with it.
fn with_comments(old: &str, new: &[String], gone: &[Range<usize>]) -> Vec<String> {
    let mut lines = new.to_vec();
    let mut pending: Vec<&str> = Vec::new();
    let (mut from, mut place) = (0, 0);
    let has = |lines: &[String], comment: &str| lines.iter().any(|line| line.contains(comment));
    for line in old.split_inclusive('\n') {
        let start = place;
        place += line.len();
        if gone.iter().any(|gone| gone.contains(&start)) {
            continue;
        }
        let (code, comment) = parts(line);
        pending.extend(comment.filter(|comment| !has(&lines, comment)));
        if code.is_empty() {
            continue;
        }
        if let Some(at) = lines[from..].iter().position(|line| parts(line).0 == code) {
            let at = from + at;
            let indent: String = lines[at].chars().take_while(|letter| *letter == ' ').collect();
            let count = pending.len();
            lines.splice(at..at, pending.drain(..).map(|comment| format!("{indent}{comment}")));
            from = at + count;
        }
    }
    let indent: String =
        lines.first().into_iter().flat_map(|line| line.chars().take_while(|letter| *letter == ' ')).collect();
    lines.extend(pending.into_iter().map(|comment| format!("{indent}{comment}")));
    lines
}

/// What a line says, and its comment.
fn parts(line: &str) -> (&str, Option<&str>) {
    let trimmed = line.trim();
    if trimmed.starts_with('#') {
        return ("", Some(trimmed));
    }
    match trimmed.find(" #") {
        Some(at) => (trimmed[..at].trim_end(), Some(trimmed[at..].trim())),
        None => (trimmed, None),
    }
}

/// Every step on lines of its own, those in blocks too.
fn collect(syntax: Syntax, text: &str, node: &Node, old: &mut Vec<Old>) {
    if let Some((line, indent)) = line_of(text, node.span.start()) {
        let lines = lines_above(text, line)..line_end(text, end_of(text, node));
        old.push(Old { data: data(node), lines, indent });
    }
    if let Kind::Map(entries) = &node.kind {
        for entry in entries {
            inner(syntax, text, &entry.value, old);
        }
    }
}

fn inner(syntax: Syntax, text: &str, node: &Node, old: &mut Vec<Old>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| collect(syntax, text, item, old)),
        Kind::Map(entries) => entries.iter().for_each(|entry| inner(syntax, text, &entry.value, old)),
        _ => {}
    }
}

/// Where the line begins that the value begins in, and its indentation, where nothing but a dash stands before it.
fn line_of(text: &str, at: usize) -> Option<(usize, usize)> {
    let line = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let before = text.get(line..at)?;
    let indent = before.len() - before.trim_start().len();
    before.trim().trim_start_matches('-').trim().is_empty().then_some((line, indent))
}

fn line_end(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |newline| at + newline)
}

/// The end of what is written, without what is blank after it.
fn end_of(text: &str, node: &Node) -> usize {
    text.get(..node.span.end()).map_or(node.span.end(), |before| before.trim_end().len())
}

/// Where the comments and blank lines begin that stand right above a line.
fn lines_above(text: &str, mut line: usize) -> usize {
    while line > 0 {
        let before = text[..line - 1].rfind('\n').map_or(0, |newline| newline + 1);
        let above = text[before..line - 1].trim_start();
        if !above.is_empty() && !above.starts_with('#') {
            break;
        }
        line = before;
    }
    line
}

/// As [`lines_above`], without the blank lines at the beginning.
fn comments_above(text: &str, line: usize) -> usize {
    let above = lines_above(text, line);
    let lines = text[above..line].split_inclusive('\n');
    above + lines.take_while(|line| line.trim().is_empty()).map(str::len).sum::<usize>()
}

/// Whether a step is what another one has become: a call of the same, be it by a workflow that is started for it, or a
/// block of the same kind.
fn is_kin(old: &Data, new: &Data, started: &[Data]) -> bool {
    let task = old.get("task").and_then(Data::as_text);
    let own =
        started.iter().find(|workflow| new.get("workflow").is_some_and(|id| workflow.get("id") == Some(id)));
    if let (Some(task), Some(own)) = (task, own) {
        return tasks_of(own) == [task];
    }
    let called = |step: &Data| step.get("task").or_else(|| step.get("workflow")).cloned();
    let kind = |step: &Data| BLOCKS.into_iter().find(|key| step.get(key).is_some());
    match (called(old), called(new)) {
        (Some(old), Some(new)) => old == new,
        (None, None) => kind(old).is_some() && kind(old) == kind(new),
        _ => false,
    }
}

struct Printer<'a> {
    syntax: Syntax,
    text: &'a str,
    /// Each is used once.
    old: Vec<Old>,
    /// Workflows that are new.
    started: &'a [Data],
}

impl Printer<'_> {
    /// The lines of a step: its old ones where it is what it was, else new ones below the comments that it had.
    fn step(&mut self, step: &Data, indent: usize) -> Vec<String> {
        if let Some(at) = self.old.iter().position(|old| old.data == *step) {
            let old = self.old.remove(at);
            return self.moved(&old, indent);
        }
        let mut lines = Vec::new();
        let mut beside = None;
        if let Some(at) = self.old.iter().position(|old| is_kin(&old.data, step, self.started)) {
            let old = self.old.remove(at);
            let is_above = |line: &String| line.is_empty() || line.trim_start().starts_with('#');
            let moved = self.moved(&old, indent);
            beside =
                moved.iter().find(|line| !is_above(line)).and_then(|line| parts(line).1.map(str::to_owned));
            lines.extend(moved.into_iter().take_while(is_above));
        }
        let pad = " ".repeat(indent);
        let first = lines.len();
        match self.block(step, indent) {
            Some(block) => lines.extend(block),
            None => lines.extend(self.fresh(step).into_iter().map(|line| format!("{pad}{line}"))),
        }
        if let (Some(beside), Some(line)) = (beside, lines.get_mut(first)) {
            *line = format!("{line} {beside}");
        }
        lines
    }

    fn moved(&self, old: &Old, indent: usize) -> Vec<String> {
        let pad = |line: &str| {
            let rest = line.get(old.indent..).filter(|_| line.len() - line.trim_start().len() >= old.indent);
            format!("{}{}", " ".repeat(indent), rest.unwrap_or(line.trim_start())).trim_end().to_owned()
        };
        self.text[old.lines.clone()].lines().map(pad).collect()
    }

    /// A block whose steps may be old ones: `parallel` and the like in YAML.
    fn block(&mut self, step: &Data, indent: usize) -> Option<Vec<String>> {
        let Data::Map(pairs) = step else { return None };
        let (key, steps) = pairs.iter().find_map(|(key, value)| match value {
            Data::List(steps) if BLOCKS.contains(&key.as_str()) => Some((key, steps)),
            _ => None,
        })?;
        let pad = " ".repeat(indent);
        let mut lines = Vec::new();
        match self.syntax {
            Syntax::Yaml => {
                for (name, value) in pairs {
                    if name == key {
                        lines.push(format!("{pad}  {key}:"));
                        steps.iter().for_each(|step| lines.extend(self.step(step, indent + 4)));
                    } else {
                        lines.extend(pair(name, value).into_iter().map(|line| format!("{pad}  {line}")));
                    }
                }
                let first = lines.first_mut()?;
                first.replace_range(indent..=indent, "-");
            }
            Syntax::Hcl if key == "try" || pairs.len() > 1 => return None,
            Syntax::Hcl => {
                lines.push(format!("{pad}{key} {{"));
                steps.iter().for_each(|step| lines.extend(self.step(step, indent + 2)));
                lines.push(format!("{pad}}}"));
            }
        }
        Some(lines)
    }

    /// A new step, in lines without indentation.
    fn fresh(&self, step: &Data) -> Vec<String> {
        let lines = dashed(step);
        match self.syntax {
            Syntax::Yaml => lines,
            Syntax::Hcl => {
                let body: String = lines.iter().map(|line| format!("      {line}\n")).collect();
                let yaml = format!("workflows:\n  - id: drafted\n    steps:\n{body}");
                let blocks =
                    convert::convert(Syntax::Yaml, Syntax::Hcl, FileId(0), &yaml).unwrap_or_default();
                let inner = blocks.lines().skip(1).filter(|line| *line != "}" && !line.is_empty());
                inner.map(|line| line.strip_prefix("  ").unwrap_or(line).to_owned()).collect()
            }
        }
    }
}

/// The edit that gives an entry a key, in the line below that of another one, or the key's value where it is there.
fn with_key(syntax: Syntax, text: &str, entry: &Node, below: &str, key: &str, value: &Data) -> Option<Edit> {
    let value = value.as_text()?;
    if let Some(old) = get(entry, key) {
        return Some(Edit { span: old.span, text: syntax.word(value) });
    }
    if syntax == Syntax::Hcl && below == "id" {
        // The id is the block's label.
        let at = line_end(text, get(entry, "id")?.span.end());
        return Some(Edit {
            span: Span::new(entry.span.file, at, at),
            text: format!("\n  {}", syntax.pair(key, value)),
        });
    }
    let above = get(entry, below)?;
    let pair = syntax.pair(key, value);
    if text.get(entry.span.start()..)?.starts_with('{') {
        let at = above.span.end();
        return Some(Edit { span: Span::new(entry.span.file, at, at), text: format!(", {pair}") });
    }
    let (_, indent) = key_line(text, above.span.start())?;
    let at = line_end(text, above.span.end());
    Some(Edit { span: Span::new(entry.span.file, at, at), text: format!("\n{}{pair}", " ".repeat(indent)) })
}

/// The line of a value and the column of its key, a dash before it not counted.
fn key_line(text: &str, at: usize) -> Option<(usize, usize)> {
    let line = text.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let before = text.get(line..at)?;
    let key = before.trim_start_matches([' ', '-']);
    (!key.contains(['{', ','])).then_some((line, before.len() - key.len()))
}
