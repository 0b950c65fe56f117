//! The stages that need Python: the runtime's own tests, and linters and type checkers on runtime and generated code.
//!
//! It knows where Python code lies, not what it does.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::binary::conductor;
use crate::suite::{Suite, watch};
use crate::{root, setup};

/// Adds the Python stages.
pub fn stages(suite: &mut Suite) {
    suite.stage("runtime tests", |counter| {
        let mut command = interpreter()?;
        command.args(["-m", "unittest", "discover", "-s", "tests", "-t", "."]);
        command.current_dir(root().join("runtimes/python"));
        watch(command, counter)
    });
    suite.stage("bench tests", |counter| {
        let mut command = interpreter()?;
        command.args(["-m", "unittest", "discover", "-s", "tests", "-t", "."]);
        command.current_dir(root().join("bench"));
        watch(command, counter)
    });
    suite.stage("build of the shop", |_| build_shop());
    for (name, tool) in TOOLS {
        suite.stage(name, |counter| {
            for place in places() {
                let mut command = interpreter()?;
                command.args(["-m"]).args(tool);
                if name == "pyright" {
                    // It would look for packages beside whatever `python` is first in the path.
                    command.arg("--pythonpath").arg(setup::run()?);
                }
                command.arg(place.target).current_dir(&place.folder);
                watch(command, counter)?;
            }
            Ok(())
        });
    }
}

/// Stage name and module with its options; the place follows as the last argument.
const TOOLS: [(&str, &[&str]); 4] = [
    ("ruff check", &["ruff", "check", "--quiet", "--no-cache"]),
    ("ruff format", &["ruff", "format", "--check", "--quiet", "--no-cache"]),
    ("mypy --strict", &["mypy", "--strict", "--no-error-summary", "--cache-dir", "/dev/null"]),
    ("pyright", &["pyright"]),
];

/// A package and the folder from which it is checked.
struct Place {
    folder: PathBuf,
    target: &'static str,
}

fn places() -> [Place; 2] {
    [
        Place { folder: root().join("runtimes/python"), target: "." },
        Place { folder: shop(), target: "conductor_gen" },
    ]
}

/// Where the example is copied to, so that the checkout stays as it is.
fn shop() -> PathBuf {
    root().join("target/xtask/shop")
}

/// Copies the example, mends its manifest with `conductor fix` and builds it.
fn build_shop() -> Result<()> {
    let folder = shop();
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
    }
    copy(&root().join("examples/shop"), &folder)?;
    let conductor = conductor(&[])?;
    for command in ["fix", "build"] {
        let status = Command::new(&conductor).arg(command).current_dir(&folder).status();
        let status = status.with_context(|| format!("failed to start {}", conductor.display()))?;
        ensure!(status.success(), "`conductor {command}` in {} ended with {status}", folder.display());
    }
    Ok(())
}

/// Copies a folder without what a run or a build leaves in it.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("failed to make {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("failed to list {}", from.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        if [".conductor", "__pycache__", "conductor_gen"].iter().any(|skipped| name == OsStr::new(skipped)) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to.join(&name))?;
        } else {
            fs::copy(entry.path(), to.join(&name))
                .with_context(|| format!("failed to copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}

/// The environment's interpreter, made on first use.
fn interpreter() -> Result<Command> {
    Ok(Command::new(setup::run()?))
}

/// An interpreter that has what generated Python is compared with, in an environment of its own.
fn rivals() -> Result<PathBuf> {
    setup::environment(&root().join("target/bench-venv"), &root().join("bench/python-rivals.txt"))
}

/// The parts of the measurements and their scripts; the comparison comes last and takes up what the others have kept.
const PARTS: [(&str, &str); 10] = [
    ("run", "first_light.py"),
    ("size", "sidecar_size.py"),
    ("speed", "sidecar_speed.py"),
    ("telemetry", "telemetry.py"),
    ("compile", "compile.py"),
    ("introspect", "introspect.py"),
    ("advice", "advice.py"),
    ("direct", "direct.py"),
    ("python", "direct_python.py"),
    ("rivals", "side_by_side.py"),
];

/// What `bench --quick` runs: all that has a target in the report.
const QUICK: [(&str, &str); 6] = [
    ("compile", "--rounds 9 --sizes 10000 100000"),
    ("introspect", "--rounds 3"),
    ("advice", "--rounds 3"),
    ("direct", "--rounds 63"),
    ("python", "--rounds 40"),
    ("rivals", "--quick"),
];

/// `cargo xtask bench`: release build, then the measurements, or the one that is named, with the arguments given.
pub fn bench(arguments: &[String]) -> Result<bool> {
    let runs: Vec<(&str, Vec<String>)> = match arguments.split_first() {
        None => PARTS.iter().map(|(part, _)| (*part, Vec::new())).collect(),
        Some((option, [])) if option == "--quick" => {
            QUICK.iter().map(|(part, given)| (*part, given.split(' ').map(str::to_owned).collect())).collect()
        }
        Some((part, given)) => vec![(part.as_str(), given.to_vec())],
    };
    let mut commands = Vec::new();
    for (part, given) in &runs {
        let script = PARTS.iter().find(|(name, _)| name == part).map(|(_, script)| *script);
        let script = script.with_context(|| format!("no part of the measurements is named {part}"))?;
        let mut command = if *part == "python" { Command::new(rivals()?) } else { interpreter()? };
        command.arg(root().join("bench").join(script)).args(given);
        commands.push(command);
    }
    let conductor = conductor(&["--release"])?;
    let mut all = true;
    for mut command in commands {
        all &= command.env("CONDUCTOR_BINARY", &conductor).status()?.success();
    }
    Ok(all)
}
