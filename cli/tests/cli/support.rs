//! A project in a temporary folder, and the binary run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub const MANIFEST: &str = "\
tasks:
  - id: greet
    ref: greetings.greet
workflows:
  - id: hello
    steps:
      - task: greet
";
pub const CODE: &str = "def greet(name: str) -> str:\n    return f'hello {name}'\n";

pub struct Project {
    folder: TempDir,
}

#[derive(Debug)]
pub struct Finished {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    pub fn empty() -> Project {
        Project { folder: tempfile::Builder::new().prefix("ccli").tempdir().unwrap() }
    }

    /// One workflow with one task.
    pub fn hello() -> Project {
        let project = Project::empty();
        project.write("concurrency.yaml", MANIFEST);
        project.write("greetings.py", CODE);
        project
    }

    /// The shop with the manifest as its author wrote it.
    pub fn seed() -> Project {
        Project::of_shop("concurrency.seed.yaml")
    }

    /// The shop with its manifest mended.
    pub fn shop() -> Project {
        Project::of_shop("concurrency.yaml")
    }

    fn of_shop(manifest: &str) -> Project {
        let project = Project::empty();
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/shop");
        for entry in fs::read_dir(&shop).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "py") {
                fs::copy(&path, project.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        fs::copy(shop.join(manifest), project.path().join("concurrency.yaml")).unwrap();
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conductor"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for name in ["CONDUCTOR_SOCKET", "NO_COLOR", "CLICOLOR_FORCE"] {
            command.env_remove(name);
        }
        // By this, processes that outlive a command are found.
        command.env("CONDUCTOR_TEST", self.path());
        command
    }

    pub fn conductor(&self, arguments: &[&str]) -> Finished {
        finish(self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
    }

    /// The exit code, and the one JSON document on standard output.
    pub fn json(&self, arguments: &[&str]) -> (Option<i32>, Value) {
        let finished = self.conductor(&[arguments, &["--format", "json"]].concat());
        let document = serde_json::from_str(&finished.stdout);
        (finished.code, document.unwrap_or_else(|error| panic!("{error}: {finished:?}")))
    }

    pub fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Every file below, with its content; without what Python leaves.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut pending = vec![self.path().to_path_buf()];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let content = fs::read(&path).unwrap_or_default();
                    found.insert(path.strip_prefix(self.path()).unwrap().to_path_buf(), content);
                }
            }
        }
        found
    }

    /// Command lines of the processes that a command of this project has left behind.
    pub fn processes(&self) -> Vec<String> {
        let marker = format!("CONDUCTOR_TEST={}", self.path().display());
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Ok(environment) = fs::read(entry.path().join("environ")) else { continue };
            if environment.split(|byte| *byte == 0).any(|variable| variable == marker.as_bytes()) {
                let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
                found.push(String::from_utf8_lossy(&line).replace('\0', " "));
            }
        }
        found
    }
}

pub fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
}

/// Waits for the end, and kills what does not end.
pub fn finish(mut child: Child) -> Finished {
    let begun = Instant::now();
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Finished { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn drain(pipe: Option<impl std::io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut bytes).unwrap();
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits until `holds`.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never came: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Finished {
    /// The exit code was `code` and what was said holds `words`.
    pub fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.stdout.contains(word) || self.stderr.contains(word), "no {word:?} in {self:?}");
        }
    }
}
