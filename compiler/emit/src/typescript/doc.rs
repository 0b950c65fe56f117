//! Documents that say where a line may break, and the printer that decides where it does: the algorithm of Wadler's
//! "A prettier printer" with the groups that try several forms in turn, as the formatter of that name has them.
//!
//! It knows no TypeScript.

use std::collections::BTreeMap;
use std::rc::Rc;

const WIDTH: usize = 80;

/// A document. Parts are shared, so that several forms of a whole can hold them.
#[derive(Debug, Clone)]
pub struct Doc(Rc<Node>);

#[derive(Debug)]
struct Node {
    kind: Kind,
    /// Whether the group around it must be broken.
    breaks: bool,
    /// Whether there is a line in it that must be broken, wherever.
    will_break: bool,
}

#[derive(Debug)]
enum Kind {
    Text(String),
    Concat(Vec<Doc>),
    Line {
        flat: &'static str,
        hard: bool,
    },
    Indent(Doc),
    Align(usize, Doc),
    Group {
        doc: Doc,
        id: Option<u32>,
    },
    /// The first form that fits, the last where none does.
    Forms(Vec<Doc>),
    IfBreak {
        broken: Doc,
        flat: Doc,
        id: Option<u32>,
    },
    IndentIfBreak {
        doc: Doc,
        id: u32,
    },
    BreakParent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Flat,
    Break,
}

fn made(kind: Kind, breaks: bool, will_break: bool) -> Doc {
    Doc(Rc::new(Node { kind, breaks, will_break }))
}

pub fn text(text: impl Into<String>) -> Doc {
    made(Kind::Text(text.into()), false, false)
}

pub fn concat(parts: Vec<Doc>) -> Doc {
    let breaks = parts.iter().any(|part| part.0.breaks);
    let will_break = parts.iter().any(Doc::will_break);
    made(Kind::Concat(parts), breaks, will_break)
}

pub fn empty() -> Doc {
    concat(Vec::new())
}

pub fn line() -> Doc {
    made(Kind::Line { flat: " ", hard: false }, false, false)
}

pub fn softline() -> Doc {
    made(Kind::Line { flat: "", hard: false }, false, false)
}

pub fn hardline() -> Doc {
    made(Kind::Line { flat: "", hard: true }, true, true)
}

pub fn break_parent() -> Doc {
    made(Kind::BreakParent, true, true)
}

pub fn indent(doc: Doc) -> Doc {
    let (breaks, will_break) = (doc.0.breaks, doc.will_break());
    made(Kind::Indent(doc), breaks, will_break)
}

pub fn align(by: usize, doc: Doc) -> Doc {
    let (breaks, will_break) = (doc.0.breaks, doc.will_break());
    made(Kind::Align(by, doc), breaks, will_break)
}

pub fn group(doc: Doc) -> Doc {
    let (breaks, will_break) = (doc.0.breaks, doc.will_break());
    made(Kind::Group { doc, id: None }, breaks, breaks || will_break)
}

pub fn named_group(doc: Doc, id: u32) -> Doc {
    let (breaks, will_break) = (doc.0.breaks, doc.will_break());
    made(Kind::Group { doc, id: Some(id) }, breaks, breaks || will_break)
}

/// A group that is broken in any case.
pub fn broken_group(doc: Doc) -> Doc {
    made(Kind::Group { doc, id: None }, true, true)
}

/// Lines inside that must break do not break what is around it.
pub fn forms(forms: Vec<Doc>) -> Doc {
    let will_break = forms.first().is_some_and(Doc::will_break);
    made(Kind::Forms(forms), false, will_break)
}

pub fn if_break(broken: Doc, flat: Doc) -> Doc {
    made(Kind::IfBreak { broken, flat, id: None }, false, false)
}

pub fn indent_if_break(doc: Doc, id: u32) -> Doc {
    let (breaks, will_break) = (doc.0.breaks, doc.will_break());
    made(Kind::IndentIfBreak { doc, id }, breaks, will_break)
}

pub fn join(separator: &Doc, parts: Vec<Doc>) -> Doc {
    let mut joined = Vec::new();
    for (at, part) in parts.into_iter().enumerate() {
        if at > 0 {
            joined.push(separator.clone());
        }
        joined.push(part);
    }
    concat(joined)
}

#[derive(Clone, Copy)]
struct Command<'d> {
    indent: usize,
    mode: Mode,
    doc: &'d Doc,
}

impl Doc {
    pub fn will_break(&self) -> bool {
        self.0.will_break
    }

    /// Whether the whole could stand on several lines.
    pub fn can_break(&self) -> bool {
        match &self.0.kind {
            Kind::Text(_) | Kind::BreakParent => false,
            Kind::Line { .. } => true,
            Kind::Concat(parts) | Kind::Forms(parts) => parts.iter().any(Doc::can_break),
            Kind::Indent(doc)
            | Kind::Align(_, doc)
            | Kind::Group { doc, .. }
            | Kind::IndentIfBreak { doc, .. } => doc.can_break(),
            Kind::IfBreak { broken, flat, .. } => broken.can_break() || flat.can_break(),
        }
    }

    /// The text, with a line end after it.
    pub fn print(&self) -> String {
        let mut printer = Printer { out: String::new(), column: 0, modes: BTreeMap::new(), remeasure: false };
        printer.print(self, WIDTH);
        printer.out.push('\n');
        printer.out
    }

    /// The text on one line, however long.
    pub fn flat(&self) -> String {
        let mut printer = Printer { out: String::new(), column: 0, modes: BTreeMap::new(), remeasure: false };
        printer.print(self, usize::MAX / 2);
        printer.out
    }
}

struct Printer {
    out: String,
    column: usize,
    modes: BTreeMap<u32, Mode>,
    remeasure: bool,
}

/// Columns of a text as a terminal shows it: wide letters of East Asian scripts take two, combining ones none.
fn columns(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char_columns).sum() }
}

fn char_columns(letter: char) -> usize {
    match u32::from(letter) {
        0x300..=0x36f | 0x200b..=0x200d | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0x303e
        | 0x3041..=0xa4cf
        | 0xa960..=0xa97c
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe10..=0xfe19
        | 0xfe30..=0xfe6f
        | 0xff01..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

impl Printer {
    fn print(&mut self, doc: &Doc, width: usize) {
        let mut commands = vec![Command { indent: 0, mode: Mode::Break, doc }];
        while let Some(command) = commands.pop() {
            self.step(command, &mut commands, width);
        }
    }

    fn step<'d>(&mut self, command: Command<'d>, commands: &mut Vec<Command<'d>>, width: usize) {
        let Command { indent, mode, doc } = command;
        match &doc.0.kind {
            Kind::Text(text) => {
                self.out.push_str(text);
                self.column += columns(text);
            }
            Kind::Concat(parts) => {
                commands.extend(parts.iter().rev().map(|doc| Command { indent, mode, doc }));
            }
            Kind::Indent(doc) => commands.push(Command { indent: indent + 2, mode, doc }),
            Kind::Align(by, doc) => commands.push(Command { indent: indent + by, mode, doc }),
            Kind::Group { doc: inner, id } => {
                let chosen = self.grouped(command, inner, commands, width);
                commands.push(Command { indent, mode: chosen, doc: inner });
                if let Some(id) = id {
                    self.modes.insert(*id, chosen);
                }
            }
            Kind::Forms(forms) => commands.extend(self.form(command, forms, commands, width)),
            Kind::IfBreak { broken, flat, id } => {
                let mode_of = id.map_or(mode, |id| self.mode_of(id));
                commands.push(Command {
                    indent,
                    mode,
                    doc: if mode_of == Mode::Break { broken } else { flat },
                });
            }
            Kind::IndentIfBreak { doc, id } => {
                let by = if self.mode_of(*id) == Mode::Break { 2 } else { 0 };
                commands.push(Command { indent: indent + by, mode, doc });
            }
            Kind::Line { flat, hard } => {
                if mode == Mode::Flat && !hard {
                    self.out.push_str(flat);
                    self.column += flat.len();
                    return;
                }
                self.remeasure |= mode == Mode::Flat;
                self.newline(indent);
            }
            Kind::BreakParent => {}
        }
    }

    fn newline(&mut self, indent: usize) {
        let kept = self.out.trim_end_matches([' ', '\t']).len();
        self.out.truncate(kept);
        self.out.push('\n');
        self.out.push_str(&" ".repeat(indent));
        self.column = indent;
    }

    fn mode_of(&self, id: u32) -> Mode {
        self.modes.get(&id).copied().unwrap_or(Mode::Flat)
    }

    fn grouped<'d>(
        &mut self,
        command: Command<'d>,
        inner: &'d Doc,
        rest: &[Command<'d>],
        width: usize,
    ) -> Mode {
        if command.doc.0.breaks {
            self.remeasure &= command.mode == Mode::Flat;
            return Mode::Break;
        }
        if command.mode == Mode::Flat && !self.remeasure {
            return Mode::Flat;
        }
        self.remeasure = false;
        let flat = Command { indent: command.indent, mode: Mode::Flat, doc: inner };
        if self.fits(flat, rest, width) { Mode::Flat } else { Mode::Break }
    }

    fn form<'d>(
        &mut self,
        command: Command<'d>,
        forms: &'d [Doc],
        rest: &[Command<'d>],
        width: usize,
    ) -> Option<Command<'d>> {
        let first = Command { mode: Mode::Flat, doc: forms.first()?, ..command };
        if command.mode == Mode::Flat && !self.remeasure {
            return Some(first);
        }
        self.remeasure = false;
        let fitting = forms
            .iter()
            .map(|doc| Command { mode: Mode::Flat, doc, ..command })
            .find(|state| self.fits(*state, rest, width));
        fitting.or_else(|| Some(Command { mode: Mode::Break, doc: forms.last()?, ..command }))
    }

    /// Whether what comes up to the next possible line break has room on this line.
    fn fits<'d>(&self, next: Command<'d>, rest: &[Command<'d>], width: usize) -> bool {
        let Some(mut left) = width.checked_sub(self.column) else { return false };
        let mut pending = vec![next];
        let mut rest = rest.iter().rev();
        loop {
            let Some(command) = pending.pop().or_else(|| rest.next().copied()) else { return true };
            let Command { indent, mode, doc } = command;
            match &doc.0.kind {
                Kind::Text(text) => match left.checked_sub(columns(text)) {
                    Some(room) => left = room,
                    None => return false,
                },
                Kind::Concat(parts) => {
                    pending.extend(parts.iter().rev().map(|doc| Command { indent, mode, doc }));
                }
                Kind::Indent(doc) | Kind::Align(_, doc) | Kind::IndentIfBreak { doc, .. } => {
                    pending.push(Command { indent, mode, doc });
                }
                Kind::Group { doc: inner, .. } => {
                    let mode = if doc.0.breaks { Mode::Break } else { mode };
                    pending.push(Command { indent, mode, doc: inner });
                }
                Kind::Forms(forms) => {
                    let form = if mode == Mode::Break { forms.last() } else { forms.first() };
                    pending.extend(form.map(|doc| Command { indent, mode, doc }));
                }
                Kind::IfBreak { broken, flat, id } => {
                    let mode_of = id.map_or(mode, |id| self.mode_of(id));
                    let doc = if mode_of == Mode::Break { broken } else { flat };
                    pending.push(Command { indent, mode, doc });
                }
                Kind::Line { flat, hard } => {
                    if mode == Mode::Break || *hard {
                        return true;
                    }
                    match left.checked_sub(flat.len()) {
                        Some(room) => left = room,
                        None => return false,
                    }
                }
                Kind::BreakParent => {}
            }
        }
    }
}
