//! Writing to the terminal and to pipes: formats, colour, and making foreign text harmless.
//!
//! It does not know what is written.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write as _};

use conductor_source::{Severity, render};
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::findings;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

pub const BOLD: &str = "\x1b[1m";
pub const DIM: &str = "\x1b[2m";
pub const RED: &str = "\x1b[31m";
pub const GREEN: &str = "\x1b[32m";
pub const YELLOW: &str = "\x1b[33m";
pub const CYAN: &str = "\x1b[36m";
pub const RESET: &str = "\x1b[0m";

/// Whether standard output shall be coloured: a terminal, and neither `NO_COLOR` nor `TERM=dumb`.
#[must_use]
pub fn coloured() -> bool {
    !matches!(anstream::AutoStream::choice(&std::io::stdout()), anstream::ColorChoice::Never)
}

/// Whether somebody watches standard error.
#[must_use]
pub fn watched() -> bool {
    std::io::stderr().is_terminal()
}

/// Writes to standard output. A reader that has gone away is not an error: nobody is left to tell.
pub fn print(text: &str) {
    let _gone = print_to_reader(text);
}

/// Writes to standard output, and says whether somebody reads it still.
pub fn print_to_reader(text: &str) -> bool {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// Writes a document byte for byte, unless a terminal would obey what is in it.
pub fn print_document(text: &str) {
    let mut out = std::io::stdout().lock();
    let shown = if out.is_terminal() { std::borrow::Cow::Owned(inert(text)) } else { text.into() };
    let _gone = out.write_all(shown.as_bytes()).and_then(|()| out.flush());
}

/// What becomes of a text, in the unified format; nothing where it stays as it is.
#[must_use]
pub fn difference(name: &str, before: &str, after: &str) -> String {
    let (old, new) = (format!("a/{name}"), format!("b/{name}"));
    similar::TextDiff::from_lines(before, after)
        .unified_diff()
        .context_radius(CONTEXT)
        .header(&old, &new)
        .to_string()
}

/// Writes a line to standard error, at once.
pub fn note(text: &str) {
    let mut out = anstream::stderr().lock();
    let _gone = writeln!(out, "{text}");
}

/// Overwrites the line of standard error that the cursor is on; with an empty text, clears it.
pub fn redraw(text: &str) {
    let mut out = anstream::stderr().lock();
    let _gone = write!(out, "\r\x1b[2K{text}").and_then(|()| out.flush());
}

/// Writes one JSON document to standard output.
pub fn print_json(value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    print(&format!("{}\n", inert_json(&text)));
}

/// Writes one JSON document to standard output, as a line, and says whether somebody reads it still.
pub fn print_json_line(value: &Value) -> bool {
    print_to_reader(&format!("{}\n", inert_json(&value.to_string())))
}

/// Says why a command could not do its work, in the format that was asked for.
pub fn report(failure: &Failure, format: findings::Format) {
    report_to_program(failure.exit, &failure.message, failure.help.as_deref(), format);
    note(&format!("{RED}{BOLD}error{RESET}{BOLD}: {}{RESET}", inert(&failure.message)));
    if let Some(help) = &failure.help {
        note(&format!("  {CYAN}{BOLD}help{RESET}: {}", inert(help)));
    }
}

/// Tells a program that the command was interrupted.
pub fn report_interrupt(format: findings::Format) {
    report_to_program(Exit::Interrupted, "interrupted", None, format);
}

fn report_to_program(exit: Exit, message: &str, help: Option<&str>, format: findings::Format) {
    match format {
        findings::Format::Text => {}
        // A line: what stands before it may be lines, too.
        findings::Format::Json => {
            let what = json!({"kind": exit.as_str(), "exit": exit.code(), "message": message, "help": help});
            print_json_line(&json!({"error": what}));
        }
        findings::Format::Sarif => {
            print_json(&crate::pages::sarif(|tool| render::sarif_failure(tool, exit.code(), message)));
        }
        findings::Format::Github => {
            print(&render::github_command(Severity::Error, &[("title", "conductor")], &inert(message)));
        }
    }
}

/// `text` with everything escaped that could move the cursor, colour the screen or reorder the line. Newlines stay.
#[must_use]
pub fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => out.push('\n'),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            harmful if is_harmful(harmful) => {
                let _infallible = write!(out, "\\u{{{:x}}}", harmful as u32);
            }
            other => out.push(other),
        }
    }
    out
}

/// [`inert`] on one line, cut to `width` columns.
#[must_use]
pub fn inert_line(text: &str, width: usize) -> String {
    let line = inert(text).replace('\n', "\\n");
    if line.chars().count() <= width {
        return line;
    }
    let mut cut: String = line.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// JSON text in which such characters, which can only stand inside strings, are written as escapes.
fn inert_json(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\n' && is_harmful(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                let _infallible = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Control characters, and format characters that reorder or hide text.
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A cell of a table: its text, which must be inert, and its colour or nothing.
pub type Cell = (String, &'static str);

/// Rows under a header, each column as wide as its widest cell.
#[must_use]
pub fn table<const N: usize>(header: [&str; N], rows: &[[Cell; N]]) -> String {
    let coloured = coloured();
    let mut widths = header.map(str::len);
    for row in rows {
        for (width, (text, _)) in widths.iter_mut().zip(row) {
            *width = text.chars().count().max(*width);
        }
    }
    let header = header.map(|title| (title.to_owned(), BOLD));
    let mut out = String::new();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for ((text, colour), width) in row.iter().zip(widths) {
            let padding = " ".repeat(width - text.chars().count() + 2);
            if coloured && !colour.is_empty() {
                let _infallible = write!(line, "{colour}{text}{RESET}{padding}");
            } else {
                let _infallible = write!(line, "{text}{padding}");
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// Columns of the terminal, 100 where there is none.
#[must_use]
pub fn width() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout()).map_or(100, |size| match size.ws_col {
        0 => 100,
        columns => usize::from(columns),
    })
}

/// `1.5 s`, `90 ms`, `2 min 5 s`.
#[must_use]
pub fn duration(milliseconds: i64) -> String {
    match milliseconds.max(0) {
        ms @ 0..1_000 => format!("{ms} ms"),
        ms @ 1_000..60_000 => format!("{}.{:02} s", ms / 1000, ms % 1000 / 10),
        ms @ 60_000..3_600_000 => format!("{} min {} s", ms / 60_000, ms % 60_000 / 1000),
        ms => format!("{} h {} min", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use super::{duration, inert, inert_json, inert_line};

    #[test]
    fn foreign_text_cannot_reach_the_terminal_s_controls() {
        assert_eq!(
            inert("a\x1b[31mred\u{202e}x\u{7}\rz\u{9b}1m"),
            "a\\e[31mred\\u{202e}x\\u{7}\\rz\\u{9b}1m"
        );
        assert_eq!(inert_line("one\ntwo", 20), "one\\ntwo");
        assert_eq!(inert_line("abcdef", 4), "abc…");
        assert_eq!(inert_json("\"\u{202e}\u{e0001}\""), "\"\\u202e\\udb40\\udc01\"");
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(90), "90 ms");
        assert_eq!(duration(1_250), "1.25 s");
        assert_eq!(duration(125_000), "2 min 5 s");
    }
}
