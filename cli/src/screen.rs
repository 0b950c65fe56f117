//! A drawing on the terminal that the next one replaces.
//!
//! It does not know what is drawn: the text is inert already, but for its colours.

use std::io::{IsTerminal, Write as _};

/// Lines that are longer than the terminal is wide end at its edge, so that a line is a row.
const CUT: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR_BELOW: &str = "\x1b[J";

/// A drawing in place, the rows of which are those of the screen at most.
#[derive(Debug, Default)]
pub struct Screen {
    drawn: usize,
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
    // The cursor stands in the row below.
    if size < 2 { 23 } else { usize::from(size) - 1 }
}

impl Screen {
    /// Draws in place of what was drawn last; what does not fit below is left out.
    pub fn draw(&mut self, text: &str) {
        let lines: Vec<&str> = text.lines().take(rows()).collect();
        let frame = format!(
            "{CUT}{}{}{WRAP}",
            self.erased(),
            lines.iter().map(|line| format!("{line}\n")).collect::<String>()
        );
        self.drawn = lines.len();
        write(&frame);
    }

    /// Leaves the text in place of what was drawn, whole, and draws nothing more.
    pub fn leave(mut self, text: &str) {
        let frame = format!("{}{text}", self.erased());
        write(&frame);
    }

    /// What takes the cursor to where the drawing begins, and the drawing away.
    fn erased(&mut self) -> String {
        let up = if self.drawn > 0 { format!("\x1b[{}A", self.drawn) } else { String::new() };
        self.drawn = 0;
        format!("{up}\r{CLEAR_BELOW}")
    }
}

/// A reader that has gone away is not an error: nobody is left to tell.
fn write(frame: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(frame.as_bytes()).and_then(|()| out.flush());
}
