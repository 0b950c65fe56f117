//! Child processes with a bound on everything: each in a group of its own that dies with its handle.
//!
//! It knows no Conductor.

use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group, test_kill_process_group};

use crate::{PATIENCE, eventually};

/// A running child and what it has printed so far.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    pid: Pid,
    stdout: Stream,
    stderr: Stream,
}

/// A process that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    /// Whether another process of its group was alive when it was gone.
    pub left_behind: bool,
}

/// Text read from a pipe by a thread of its own, so that a child never blocks on printing.
#[derive(Debug)]
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts `command` in a new process group, its output gathered.
    ///
    /// # Errors
    /// When the program cannot be started.
    pub fn spawn(name: &str, mut command: Command) -> Result<Process> {
        command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("failed to start {name}"))?;
        let pid = Pid::from_child(&child);
        let stdout = Stream::gather(child.stdout.take());
        let stderr = Stream::gather(child.stderr.take());
        Ok(Process { name: name.to_owned(), child, pid, stdout, stderr })
    }

    /// Standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Whether it has not ended yet.
    ///
    /// # Errors
    /// When the kernel does not say.
    pub fn is_alive(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Waits until a line of standard output is `line`.
    ///
    /// # Errors
    /// When the process ends before, or [`PATIENCE`] does.
    pub fn wait_for_line(&mut self, line: &str) -> Result<()> {
        let start = Instant::now();
        loop {
            let alive = self.is_alive()?;
            if self.stdout().lines().any(|found| found == line) {
                return Ok(());
            }
            if !alive || start.elapsed() > PATIENCE {
                bail!("{} never printed `{line}`\n{}{}", self.name, self.stdout(), self.stderr());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Sends a signal to the process alone.
    ///
    /// # Errors
    /// When it is gone, or ignores an interrupt or a quit.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.must_hear(signal)?;
        kill_process(self.pid, signal).with_context(|| format!("failed to signal {}", self.name))
    }

    /// Whoever is started by one that ignores an interrupt or a quit ignores it, too.
    fn must_hear(&self, signal: Signal) -> Result<()> {
        if ![Signal::INT, Signal::QUIT].contains(&signal) {
            return Ok(());
        }
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let status = fs::read_to_string(path).with_context(|| format!("{} is gone", self.name))?;
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
        let ignored = u64::from_str_radix(ignored.trim(), 16).context("a mask of signals")?;
        if ignored & (1 << (signal.as_raw() - 1)) != 0 {
            bail!(
                "{} ignores {signal:?}, as all does that a script starts with `&`: start the tests without it",
                self.name
            );
        }
        Ok(())
    }

    /// Stops it, and waits until each of its threads stands: until then another one may go on.
    ///
    /// # Errors
    /// When it is gone.
    pub fn stop(&self) -> Result<()> {
        self.signal(Signal::STOP)?;
        let threads = format!("/proc/{}/task", self.pid.as_raw_nonzero());
        eventually(&format!("{} stands", self.name), || {
            for thread in fs::read_dir(&threads)? {
                // Empty for one that has ended meanwhile.
                let status = fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
                if !status.contains("\nState:\tT") {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }

    /// Sends a signal to the whole group, as a terminal does on Ctrl-C.
    ///
    /// # Errors
    /// When the group is gone, or its leader ignores an interrupt or a quit.
    pub fn signal_group(&self, signal: Signal) -> Result<()> {
        self.must_hear(signal)?;
        kill_process_group(self.pid, signal).with_context(|| format!("failed to signal {}", self.name))
    }

    /// SIGKILL to the whole group, and waits until the process is gone.
    ///
    /// # Errors
    /// When it cannot be awaited.
    pub fn kill(mut self) -> Result<()> {
        self.end()
    }

    /// As [`Self::kill`], its children first, whatever their groups: none of them is left to act upon the end of another.
    ///
    /// # Errors
    /// When it is gone, or cannot be awaited.
    pub fn kill_with_children(self) -> Result<()> {
        self.stop()?;
        let pid = self.pid.as_raw_nonzero();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        for child in children.split_whitespace() {
            let child = Pid::from_raw(child.parse()?).context("a child's pid")?;
            // One that has ended by itself stands there until its stopped parent awaits it.
            kill_process(child, Signal::KILL)
                .with_context(|| format!("failed to kill a child of {}", self.name))?;
        }
        self.kill()
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// When it does not end within [`PATIENCE`].
    pub fn wait(self) -> Result<Finished> {
        self.wait_at_most(PATIENCE)
    }

    /// Waits for the end.
    ///
    /// # Errors
    /// When it does not end within `patience`.
    pub fn wait_at_most(mut self, patience: Duration) -> Result<Finished> {
        let start = Instant::now();
        while self.is_alive()? {
            if start.elapsed() > patience {
                bail!("{} did not end within {patience:?}\n{}{}", self.name, self.stdout(), self.stderr());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let status = self.child.wait()?;
        let left_behind = test_kill_process_group(self.pid).is_ok();
        // A grandchild may hold the pipes open: what it prints is not this process's.
        self.stdout.finish(Duration::from_secs(1));
        self.stderr.finish(Duration::from_secs(1));
        Ok(Finished {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout(),
            stderr: self.stderr(),
            left_behind,
        })
    }

    fn end(&mut self) -> Result<()> {
        // The group may be gone already; what matters is that nothing of it stays.
        let _ = kill_process_group(self.pid, Signal::KILL);
        self.child.wait().with_context(|| format!("failed to await {}", self.name))?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // A destructor cannot report; a process that cannot be awaited is gone.
        let _ = self.end();
    }
}

impl Finished {
    /// The end of a process that exited with `code`.
    ///
    /// # Errors
    /// When it ended otherwise; the message carries what it printed.
    pub fn expect_code(self, code: i32) -> Result<Finished> {
        if self.code != Some(code) {
            bail!(
                "ended with {:?} (signal {:?}), not {code}\nstdout: {}\nstderr: {}",
                self.code,
                self.signal,
                self.stdout,
                self.stderr
            );
        }
        Ok(self)
    }
}

impl Stream {
    fn gather(pipe: Option<impl Read + Send + 'static>) -> Stream {
        let text = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&text);
        let reader = pipe.map(|mut pipe| {
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(read @ 1..) = pipe.read(&mut chunk) {
                    shared.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&chunk[..read]);
                }
            })
        });
        Stream { text, reader }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits until the pipe is read to its end.
    fn finish(&mut self, patience: Duration) {
        let start = Instant::now();
        while self.reader.as_ref().is_some_and(|reader| !reader.is_finished()) && start.elapsed() < patience {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
