//! YAML text into the tree of what is written, led by the parser's events.
//!
//! The parser knows the structure; this finds indicators, anchors and comments in the text between its scalars.

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::yaml_tree::{BlockScalar, Child, Collection, Document, Form, Key, Line, Value};
use crate::bytes::MAX_DEPTH;

/// The text is no single document of YAML that a manifest may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unreadable;

type Read<T> = Result<T, Unreadable>;
type Range = std::ops::Range<usize>;

/// Reads a text whose line breaks are `\n`.
pub(crate) fn read(text: &str) -> Read<Document<'_>> {
    let mut reader = Reader::new(text)?;
    let mut document = Document::default();
    let explicit = loop {
        match reader.next()? {
            (Event::DocumentStart(explicit, _), _) => break explicit,
            (Event::StreamStart, _) => {}
            _ => return Err(Unreadable),
        }
    };
    if explicit {
        reader.skip();
        reader.eat("---")?;
        document.head = reader.take_lines();
        document.marker = Some(reader.comment_beside());
    }
    let event = reader.next()?;
    document.root = reader.value(event, Holder { column: None, flow: false, bare: false })?;
    reader.skip();
    while reader.rest().starts_with("...") {
        reader.eat("...")?;
        reader.skip();
    }
    document.foot = reader.take_lines();
    let over =
        matches!(reader.next()?, (Event::DocumentEnd, _)) && matches!(reader.next()?, (Event::StreamEnd, _));
    document.comments = reader.comments;
    if over && reader.at == text.len() { Ok(document) } else { Err(Unreadable) }
}

/// A line that was skipped, with the column of its comment.
#[derive(Clone, Copy)]
struct Skipped<'a> {
    line: Line<'a>,
    column: usize,
}

/// What a value stands in.
#[derive(Clone, Copy)]
struct Holder {
    /// The column of the collection around; none at the root.
    column: Option<usize>,
    flow: bool,
    /// A pair without braces, whose comma is that of the list around.
    bare: bool,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    events: std::vec::IntoIter<(Event<'a>, Range)>,
    pending: Vec<Skipped<'a>>,
    comments: Vec<&'a str>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Read<Reader<'a>> {
        let options = granit_parser::options! {
            emit_comments: false,
            emit_unresolved_aliases: true,
            disallow_directives: true,
            flow_nesting_limit: MAX_DEPTH,
            block_nesting_limit: MAX_DEPTH,
        };
        let mut events = Vec::new();
        for event in Parser::new_from_str_with_options(text, options) {
            let (event, span) = event.map_err(|_| Unreadable)?;
            events.push((event, span.byte_range().ok_or(Unreadable)?));
        }
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let events = events.into_iter();
        Ok(Reader { text, at, events, pending: Vec::new(), comments: Vec::new(), depth: 0 })
    }

    fn next(&mut self) -> Read<(Event<'a>, Range)> {
        self.events.next().ok_or(Unreadable)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn eat(&mut self, wanted: &str) -> Read<()> {
        if !self.rest().starts_with(wanted) {
            return Err(Unreadable);
        }
        self.at += wanted.len();
        Ok(())
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start_matches([' ', '\t']).len();
    }

    /// Moves over blanks, line ends and comments, which are kept in `pending`.
    fn skip(&mut self) {
        let mut line_starts = self.at == 0 || self.text[..self.at].ends_with(['\n', '\u{feff}']);
        loop {
            let start = self.at;
            self.blanks();
            match self.rest().as_bytes().first() {
                Some(b'#') => {
                    let column = self.at - start;
                    // Beside something on its line it has no column of its own.
                    let column = if line_starts { column } else { self.column(self.at) };
                    let comment = self.comment();
                    self.pending.push(Skipped { line: Line::Comment(comment), column });
                }
                Some(b'\n') => {
                    if line_starts {
                        self.pending.push(Skipped { line: Line::Blank, column: 0 });
                    }
                    self.at += 1;
                    line_starts = true;
                    continue;
                }
                _ => return,
            }
            // After a comment its line ends without being blank.
            if self.rest().starts_with('\n') {
                self.at += 1;
                line_starts = true;
            }
        }
    }

    /// The comment at this place.
    fn comment(&mut self) -> &'a str {
        let line = self.rest().split('\n').next().unwrap_or("");
        self.at += line.len();
        let comment = line.trim_end();
        self.comments.push(comment);
        comment
    }

    /// The comment that follows on this line.
    fn comment_beside(&mut self) -> Option<&'a str> {
        let start = self.at;
        self.blanks();
        if self.rest().starts_with('#') && self.at > start {
            return Some(self.comment());
        }
        self.at = start;
        None
    }

    fn column(&self, at: usize) -> usize {
        let line = self.text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        at - line
    }

    fn take_lines(&mut self) -> Vec<Line<'a>> {
        std::mem::take(&mut self.pending).into_iter().map(|skipped| skipped.line).collect()
    }

    /// `&name`, where the node has an anchor.
    fn anchor(&mut self, id: usize) -> Read<&'a str> {
        if id == 0 {
            return Ok("");
        }
        self.skip();
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n', ',', '[', ']', '{', '}']).unwrap_or(rest.len());
        if !rest.starts_with('&') {
            return Err(Unreadable);
        }
        self.at += end;
        Ok(&rest[..end])
    }

    fn value(&mut self, (event, range): (Event<'a>, Range), holder: Holder) -> Read<Value<'a>> {
        let start = self.at;
        let mut value = Value::default();
        let (anchor, empty) = match &event {
            Event::Scalar(_, style, anchor, None) => {
                (*anchor, *style == ScalarStyle::Plain && range.is_empty())
            }
            Event::SequenceStart(_, anchor, None) | Event::MappingStart(_, anchor, None) => (*anchor, false),
            Event::Alias(_) => (0, false),
            _ => return Err(Unreadable),
        };
        let in_collection = holder.flow || holder.column.is_some();
        if in_collection && (!empty || anchor != 0) {
            value.heads.extend(self.comment_beside());
        }
        value.anchor = self.anchor(anchor)?;
        if !empty && anchor != 0 {
            value.heads.extend(self.comment_beside());
        }
        let block = matches!(
            event,
            Event::SequenceStart(StructureStyle::Block, ..) | Event::MappingStart(StructureStyle::Block, ..)
        );
        if !empty && !block {
            self.skip();
            value.below = self.text[start..self.at].contains('\n');
            value.between = self.take_lines();
        }
        value.kind = self.form(event, range, empty, holder)?;
        if let Form::Collection(collection) = &mut value.kind
            && collection.children.is_empty()
        {
            // Comments between its brackets have no place of their own.
            value.between.append(&mut collection.foot);
        }
        Ok(value)
    }

    fn form(&mut self, event: Event<'a>, range: Range, empty: bool, holder: Holder) -> Read<Form<'a>> {
        match event {
            Event::Scalar(..) if empty => Ok(Form::Empty),
            Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) => {
                self.block_scalar(&range).map(Form::Block)
            }
            Event::Scalar(..) | Event::Alias(_) => {
                if self.at != range.start {
                    return Err(Unreadable);
                }
                self.at = range.end;
                self.text.get(range).map(Form::Scalar).ok_or(Unreadable)
            }
            Event::SequenceStart(style, ..) => self.collection(false, style, holder),
            Event::MappingStart(style, ..) => self.collection(true, style, holder),
            _ => Err(Unreadable),
        }
    }

    /// From its header on; `range` begins with the content.
    fn block_scalar(&mut self, range: &Range) -> Read<BlockScalar<'a>> {
        let rest = self.rest();
        let end = rest.find([' ', '\t', '\n']).unwrap_or(rest.len());
        let header = &rest[..end];
        if !header.starts_with(['|', '>']) {
            return Err(Unreadable);
        }
        self.at += end;
        let comment = self.comment_beside();
        self.blanks();
        if self.eat("\n").is_err() {
            return Ok(BlockScalar { header, comment, lines: Vec::new() });
        }
        let indentation =
            if range.start > self.at || !range.is_empty() { self.column(range.start) } else { 0 };
        let mut lines = Vec::new();
        for line in self.rest().split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            let spaces = bare.len() - bare.trim_start_matches(' ').len();
            if spaces < bare.len() && (spaces < indentation || range.is_empty()) {
                break;
            }
            lines.push(line);
        }
        if !header.contains('+') {
            let blank = |line: &&str| {
                line.trim_matches([' ', '\n']).is_empty() && line.trim_end_matches('\n').len() <= indentation
            };
            while lines.last().is_some_and(blank) {
                lines.pop();
            }
        }
        self.at += lines.iter().map(|line| line.len()).sum::<usize>();
        if header.contains('+') {
            self.blank_lines();
        }
        let inner = |line: &'a str| line.trim_end_matches('\n').get(indentation..).unwrap_or("");
        let lines = lines.into_iter().map(inner).collect();
        Ok(BlockScalar { header, comment, lines })
    }

    /// Behind a scalar that keeps its last lines, lines of tabs are none of it: written as empty lines they would be.
    fn blank_lines(&mut self) {
        while let Some((line, _)) =
            self.rest().split_once('\n').filter(|(line, _)| line.trim_matches([' ', '\t']).is_empty())
        {
            self.at += line.len() + 1;
        }
    }

    fn collection(&mut self, is_map: bool, style: StructureStyle, holder: Holder) -> Read<Form<'a>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Unreadable);
        }
        let flow = style == StructureStyle::Flow;
        let bare = flow && !self.rest().starts_with(if is_map { '{' } else { '[' });
        let mut collection = Collection { is_map, flow, bare, children: Vec::new(), foot: Vec::new() };
        if flow {
            self.flow(&mut collection)?;
        } else {
            self.block(&mut collection, holder)?;
        }
        self.depth -= 1;
        Ok(Form::Collection(collection))
    }

    fn flow(&mut self, collection: &mut Collection<'a>) -> Read<()> {
        if !collection.bare {
            self.eat(if collection.is_map { "{" } else { "[" })?;
        }
        loop {
            let event = self.next()?;
            if matches!(event.0, Event::SequenceEnd | Event::MappingEnd) {
                break;
            }
            let holder = Holder { column: None, flow: true, bare: collection.bare };
            let child = self.child(event, collection.is_map, holder)?;
            collection.children.push(child);
        }
        if !collection.bare {
            self.skip();
            collection.foot = self.take_lines();
            self.eat(if collection.is_map { "}" } else { "]" })?;
        }
        Ok(())
    }

    fn block(&mut self, collection: &mut Collection<'a>, around: Holder) -> Read<()> {
        let mut column = None;
        loop {
            let event = self.next()?;
            if matches!(event.0, Event::SequenceEnd | Event::MappingEnd) {
                break;
            }
            self.skip();
            let column = *column.get_or_insert(self.column(self.at));
            let child = self.child(
                event,
                collection.is_map,
                Holder { column: Some(column), flow: false, bare: false },
            )?;
            collection.children.push(child);
        }
        self.skip();
        let column = column.ok_or(Unreadable)?;
        // A list may stand in the column of the key that it belongs to: comments there are the key's neighbours.
        let least = if around.column == Some(column) { column + 1 } else { column };
        collection.foot = self.lines_from(least);
        Ok(())
    }

    /// The lines that were skipped up to the last comment that stands at `least` or further right, and further right
    /// than what follows.
    fn lines_from(&mut self, least: usize) -> Vec<Line<'a>> {
        let ended = self.rest().is_empty() || self.rest().starts_with("...");
        let least = if ended { least } else { least.max(self.column(self.at) + 1) };
        let mut taken = 0;
        for (index, skipped) in self.pending.iter().enumerate() {
            match skipped.line {
                Line::Blank => {}
                Line::Comment(_) if skipped.column >= least => taken = index + 1,
                Line::Comment(_) => break,
            }
        }
        self.pending.drain(..taken).map(|skipped| skipped.line).collect()
    }

    fn child(&mut self, event: (Event<'a>, Range), is_map: bool, holder: Holder) -> Read<Child<'a>> {
        self.skip();
        let mut child = Child { lead: self.take_lines(), ..Child::default() };
        let event = match is_map {
            true => {
                child.key = Some(self.key(event)?);
                self.next()?
            }
            false => {
                if !holder.flow {
                    self.eat("-")?;
                }
                event
            }
        };
        child.value = self.value(event, holder)?;
        if holder.flow && !holder.bare {
            // What stands between the value and its comma goes with what follows.
            self.skip_to(',');
            if self.pending.is_empty() {
                child.trail = self.comment_beside();
            }
        } else if !holder.flow && !child.value.ends_its_line() {
            child.trail = self.comment_beside();
            if matches!(child.value.kind, Form::Empty) {
                child.below = self.lines_below(holder.column);
            }
        }
        Ok(child)
    }

    /// Comments below an empty value that stand further right than its key.
    fn lines_below(&mut self, column: Option<usize>) -> Vec<Line<'a>> {
        self.skip();
        self.lines_from(column.map_or(0, |column| column + 1))
    }

    fn key(&mut self, (event, range): (Event<'a>, Range)) -> Read<Key<'a>> {
        // `? key`, where the key does not begin with a question mark itself.
        if self.rest().starts_with('?') && self.at != range.start {
            self.at += 1;
            self.skip();
        }
        let anchor = match &event {
            Event::Scalar(_, _, anchor, None) => self.anchor(*anchor)?,
            Event::Alias(_) => "",
            _ => return Err(Unreadable),
        };
        self.skip();
        if let Event::Scalar(_, ScalarStyle::Literal | ScalarStyle::Folded, ..) = &event {
            let block = Some(self.block_scalar(&range)?);
            return Ok(Key { anchor, text: "", block, colon: self.skip_to(':') });
        }
        if self.at != range.start || range.is_empty() {
            return Err(Unreadable);
        }
        self.at = range.end;
        let text = self.text.get(range).ok_or(Unreadable)?;
        Ok(Key { anchor, text, block: None, colon: self.skip_to(':') })
    }

    /// Moves over the indicator, where it comes next; else stays.
    fn skip_to(&mut self, indicator: char) -> bool {
        let (at, pending, comments) = (self.at, self.pending.len(), self.comments.len());
        self.skip();
        let found = self.rest().starts_with(indicator);
        if found {
            self.at += 1;
        } else {
            self.at = at;
            self.pending.truncate(pending);
            self.comments.truncate(comments);
        }
        found
    }
}
