//! A drawing that has the terminal to itself while it lasts: what stood there comes back after it, with the last drawing below.
//!
//! It does not know what is drawn: the text is inert already, but for its colours.

use std::io::{IsTerminal, Write as _};

/// The terminal's second screen: no drawing scrolls on it, nor is laid out anew where the terminal becomes narrower.
const OPEN: &str = "\x1b[?1049h";
const CLOSE: &str = "\x1b[?1049l";
/// Lines that are longer than the terminal is wide end at its edge, so that a line is a row.
const CUT: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR: &str = "\x1b[H\x1b[J";

/// A drawing, the rows of which are those of the terminal at most. However the command ends, the terminal is as it was.
#[derive(Debug, Default)]
pub struct Screen {
    last: Option<String>,
}

/// Whether standard output is a terminal on which a cursor moves.
#[must_use]
pub fn is_there() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|name| name != "dumb")
}

/// Rows that a drawing may have.
#[must_use]
pub fn rows() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_row);
    if size == 0 { 24 } else { usize::from(size) }
}

impl Screen {
    /// Draws in place of what was drawn last; what does not fit below is left out.
    pub fn draw(&mut self, text: String) {
        let open = if self.last.is_none() { OPEN } else { "" };
        let lines: Vec<&str> = text.lines().take(rows()).collect();
        write(&format!("{open}{CUT}{CLEAR}{}{WRAP}", lines.join("\n")));
        self.last = Some(text);
    }

    /// Leaves the text in place of what was drawn last, and draws nothing more.
    pub fn leave(mut self, text: String) {
        if self.last.is_none() {
            write(&text);
        } else {
            self.last = Some(text);
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if let Some(last) = &self.last {
            write(&format!("{CLOSE}{last}"));
        }
    }
}

/// A reader that has gone away is not an error: nobody is left to tell.
fn write(frame: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(frame.as_bytes()).and_then(|()| out.flush());
}
