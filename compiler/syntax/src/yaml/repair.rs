//! List items that stand where a mapping's key must stand: the key that is missing is found and put above them.
//!
//! This is the one place of the crate that knows manifest keys, and only those that hold steps.

use conductor_source::{Diagnostic, Edit, Safety, Span};

use super::failure::{DROPPED_KEY, Repair};
use super::patched::{Patch, Patched};

/// Keys whose value is a list of steps.
const STEP_LISTS: &[&str] = &["steps", "sequence", "parallel", "graph", "race", "try", "finally", "default"];
/// Keys whose value is a mapping, or a list of mappings, with `steps` inside.
const STEP_HOLDERS: &[&str] = &["workflows", "map", "loop", "hold", "switch", "catch"];
/// Keys that say what kind a step is.
const STEP_KINDS: &[&str] = &[
    "task", "workflow", "sequence", "parallel", "graph", "race", "map", "switch", "loop", "try", "hold",
    "sleep", "wait_for", "emit", "set", "return", "fail",
];

/// The repair where the line of `at` starts a list item in the column of a mapping's keys, or deeper below a key that
/// has its value already.
pub(super) fn list_items(source: &Patched, at: usize) -> Option<Repair> {
    let lines = Outline::new(&source.text);
    let item = lines.at(at)?;
    if !lines.lines[item].is_item() {
        return None;
    }
    let owner = lines.owner(item)?;
    let mapping = lines.mapping(owner);
    let missing = mapping.missing_key();
    let column = lines.lines[owner].key_column;
    let insertion = source.original_offset(lines.lines[lines.first_comment_above(item)].start);
    let key = missing.unwrap_or(DROPPED_KEY);
    let line_break = if lines.lines[item].text.ends_with('\r') { "\r\n" } else { "\n" };
    let text = format!("{}{key}:{line_break}", " ".repeat(column));
    let diagnostic = report(source, &lines, item, &mapping, &text, insertion);
    Some(Repair { diagnostic, patches: vec![Patch::Insert { at: insertion, text }] })
}

fn report(
    source: &Patched,
    lines: &Outline,
    item: usize,
    mapping: &Mapping,
    text: &str,
    insertion: usize,
) -> Diagnostic {
    let place = |line: &Line| {
        let (start, end) = line.content();
        source.span(start, end)
    };
    let noun = mapping.noun();
    let message = "list items stand where a key must stand";
    let label = format!("this item belongs to no key of the {noun}");
    let mut diagnostic = Diagnostic::error(super::LIST_ITEM, message, place(&lines.lines[item]), label)
        .label(place(&lines.lines[mapping.head]), format!("in this {noun}"));
    match mapping.missing_key() {
        Some(key) if !mapping.keys.contains(&key) => {
            let edit = Edit { span: Span::new(source.file, insertion, insertion), text: text.to_owned() };
            diagnostic = diagnostic.note(format!("steps inside a {noun} stand under its key `{key}`")).fix(
                format!("put the items under `{key}:`"),
                Safety::Safe,
                vec![edit],
            );
        }
        Some(key) => {
            diagnostic = diagnostic.help(format!("the {noun} has `{key}` already: move these items there"))
        }
        None => diagnostic = diagnostic.help("put the items under the key that they belong to"),
    }
    diagnostic
}

/// The lines of a text with the columns that matter for block structure.
struct Outline<'a> {
    lines: Vec<Line<'a>>,
}

struct Line<'a> {
    start: usize,
    text: &'a str,
    /// Blank, or a comment only.
    silent: bool,
    /// Spaces before the first character.
    indentation: usize,
    /// Column of what follows the dashes.
    key_column: usize,
    /// The key, where the line has one.
    key: Option<&'a str>,
    /// Whether something follows the key.
    has_value: bool,
}

impl<'a> Line<'a> {
    fn new(start: usize, text: &'a str) -> Line<'a> {
        let indentation = text.len() - text.trim_start_matches(' ').len();
        let mut rest = &text[indentation..];
        while let Some(after) = rest.strip_prefix("- ") {
            rest = after.trim_start_matches(' ');
        }
        let key_column = text.len() - rest.len();
        let bare = rest.trim_end();
        let (key, value) = match bare.split_once(": ") {
            Some((key, value)) => (Some(key), value.trim_start()),
            None => (bare.strip_suffix(':'), ""),
        };
        let key = key.map(|key| key.trim().trim_matches(['"', '\'']));
        let silent = text.trim().is_empty() || text.trim_start().starts_with('#');
        let has_value = !value.is_empty() && !value.starts_with('#');
        Line { start, text, silent, indentation, key_column, key, has_value }
    }

    fn is_item(&self) -> bool {
        let content = self.text.trim();
        content == "-" || content.starts_with("- ")
    }

    /// Its content without indentation, dashes of an entry's head included, and without a comment.
    fn content(&self) -> (usize, usize) {
        let bare = self.text.split(" #").next().unwrap_or("").trim_end();
        (self.start + self.indentation, self.start + bare.len().max(self.indentation))
    }
}

struct Mapping<'a> {
    /// Its first line.
    head: usize,
    keys: Vec<&'a str>,
    /// The key whose value the mapping, or the list that it stands in, is.
    parent: Option<&'a str>,
    /// Whether it is an item of a list.
    in_list: bool,
}

impl Mapping<'_> {
    /// The key under which list items of this mapping stand, where only one is possible.
    fn missing_key(&self) -> Option<&'static str> {
        let parent = self.parent?;
        if STEP_HOLDERS.contains(&parent) {
            return Some("steps");
        }
        let has_kind = self.keys.iter().any(|key| STEP_KINDS.contains(key) && *key != "sequence");
        (self.in_list && STEP_LISTS.contains(&parent) && !has_kind).then_some("sequence")
    }

    fn noun(&self) -> &'static str {
        match self.parent {
            Some("workflows") => "workflow",
            Some("map" | "loop" | "hold") => "block",
            Some("switch") => "case",
            Some(parent) if STEP_LISTS.contains(&parent) => "step",
            _ => "mapping",
        }
    }
}

impl<'a> Outline<'a> {
    fn new(text: &'a str) -> Outline<'a> {
        let mut start = 0;
        let mut lines = Vec::new();
        for line in text.split('\n') {
            lines.push(Line::new(start, line));
            start += line.len() + 1;
        }
        Outline { lines }
    }

    fn at(&self, offset: usize) -> Option<usize> {
        self.lines.partition_point(|line| line.start <= offset).checked_sub(1)
    }

    /// The nearest key line above whose column the item stands in, or right above and left of the item with a value.
    fn owner(&self, item: usize) -> Option<usize> {
        let column = self.lines[item].indentation;
        let mut nearest = true;
        for (index, line) in self.lines[..item].iter().enumerate().rev().filter(|(_, line)| !line.silent) {
            if line.key.is_some() && line.key_column == column {
                return (!self.has_items(index)).then_some(index);
            }
            if line.indentation < column {
                let value_above = nearest && line.key.is_some() && line.has_value && line.key_column < column;
                return value_above.then_some(index);
            }
            nearest = false;
        }
        None
    }

    /// Whether the key of the line has a list in its own column: that is valid.
    fn has_items(&self, index: usize) -> bool {
        let line = &self.lines[index];
        let next = self.lines[index + 1..].iter().find(|line| !line.silent);
        !line.has_value && next.is_some_and(|next| next.is_item() && next.indentation == line.key_column)
    }

    /// The mapping in which the line is a key.
    fn mapping(&self, owner: usize) -> Mapping<'a> {
        let column = self.lines[owner].key_column;
        let mut keys: Vec<&str> = self.lines[owner].key.into_iter().collect();
        let mut head = owner;
        while self.lines[head].indentation == column
            && let Some(above) = self.above(head, |line| line.indentation <= column)
        {
            let line = &self.lines[above];
            let item_of_a_key = line.is_item() && line.indentation == column;
            if line.key_column != column && !item_of_a_key {
                break;
            }
            head = above;
            keys.extend(line.key.filter(|_| !item_of_a_key));
        }
        keys.extend(self.keys_below(owner, column));
        let in_list = self.lines[head].indentation < column;
        let left = if in_list { self.lines[head].indentation } else { column.saturating_sub(1) };
        let parent = (column > 0).then(|| self.parent(head, left, in_list)).flatten();
        Mapping { head, keys, parent, in_list }
    }

    /// Keys of the mapping that stand after `owner`.
    fn keys_below(&self, owner: usize, column: usize) -> impl Iterator<Item = &'a str> {
        let below = self.lines[owner + 1..].iter().filter(|line| !line.silent);
        below
            .take_while(move |line| line.indentation >= column)
            .filter(move |line| line.indentation == column && line.key_column == column)
            .filter_map(|line| line.key)
    }

    /// The key above whose value begins left of the mapping: in the column of the list's dashes or further left.
    fn parent(&self, head: usize, left: usize, in_list: bool) -> Option<&'a str> {
        let above = self.above(head, |line| line.key.is_some() && line.key_column <= left && !line.has_value);
        let line = &self.lines[above?];
        let reaches = if in_list { line.key_column <= left } else { true };
        reaches.then_some(line.key).flatten()
    }

    fn above(&self, from: usize, fits: impl Fn(&Line) -> bool) -> Option<usize> {
        (0..from).rev().find(|index| !self.lines[*index].silent && fits(&self.lines[*index]))
    }

    /// The first of the comment lines that stand directly above a line; the line itself where there are none.
    fn first_comment_above(&self, line: usize) -> usize {
        let comments =
            self.lines[..line].iter().rev().take_while(|line| line.text.trim_start().starts_with('#'));
        line - comments.count()
    }
}
