//! A command on a terminal of its own.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crate::support::{Project, eventually};

const TERMINAL: &str = include_str!("terminal.py");

pub struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    shown: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Terminal {
    /// Runs `conductor` on a terminal of so many rows and columns.
    pub fn open(project: &Project, (rows, columns): (u16, u16), arguments: &[&str]) -> Terminal {
        let command = project.command(arguments);
        let mut terminal = Command::new("python3");
        terminal.args(["-c", TERMINAL, &rows.to_string(), &columns.to_string()]);
        terminal.arg(command.get_program()).args(command.get_args()).current_dir(project.path());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        let mut child = terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keys = child.stdin.take();
        let mut screen = child.stdout.take().unwrap();
        let shown = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 65536];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..count]));
            }
        });
        Terminal { child, keys, shown, reader: Some(reader) }
    }

    /// Everything that was written so far, without colours.
    pub fn shown(&self) -> String {
        uncoloured(&self.shown.lock().unwrap())
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.as_mut().unwrap().write_all(keys.as_bytes()).unwrap();
    }

    pub fn resize(&mut self, rows: u16, columns: u16) {
        self.press(&format!("\x1b[8;{rows};{columns}t"));
    }

    /// The exit code, and everything that was written, without colours.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let mut code = None;
        eventually("the end of the command", || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        self.reader.take().unwrap().join().unwrap();
        let shown = self.shown();
        (code.and_then(|status| status.code()), shown)
    }
}

fn uncoloured(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.trim_start_matches(|character: char| character.is_ascii_digit() || character == ';');
        match rest.strip_prefix('m') {
            Some(rest) => out.push_str(rest),
            None => out.extend(["\x1b[", part]),
        }
    }
    out
}
