//! The tools of the checks and the servers of the tests, pinned: in `target/venv`, `target/node`, `target/postgres`,
//! `target/go-tools`, `target/otel-collector`, `target/grafana-check` and `target/prometheus`, and a browser.
//!
//! It knows how to install them, not what they are run on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::root;

/// Interpreters tried, the user's own choice first.
const CANDIDATES: [&str; 5] = ["python3", "python3.11", "python3.12", "python3.13", "python3.14"];
const OLDEST: (u32, u32) = (3, 11);

/// Makes all environments where they are missing or stale and returns the Python interpreter.
pub fn run() -> Result<PathBuf> {
    node()?;
    postgres(&root().join("target/postgres"), &root().join("tests/postgres"))?;
    debian("chromium", "/usr/bin/chromium")?;
    debian("strace", "/usr/bin/strace")?;
    go_tools(&root().join("target/go-tools"), &root().join("tests/go-tools.txt"))?;
    go_program("otel-collector", "collector", &root().join("tests/collector"))?;
    go_program("grafana-check", "grafana-check", &root().join("tests/grafana"))?;
    prometheus(&root().join("target/prometheus"))?;
    python()
}

/// What counts instructions.
pub fn valgrind() -> Result<()> {
    debian("valgrind", "/usr/bin/valgrind")
}

/// A package of Debian's that is no package of any language, where its program is missing.
fn debian(package: &str, program: &str) -> Result<()> {
    if Path::new(program).exists() {
        return Ok(());
    }
    eprintln!("setup: {package}");
    let hint = format!("on Debian, `apt-get install {package}` as root");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        succeed(&mut command, &hint)
    };
    apt(&["update", "--quiet=2"])?;
    apt(&["install", "--yes", "--quiet=2", "--no-install-recommends", package])
}

/// The commands that the file pins, one a line, installed into `folder` where they are missing or stale.
fn go_tools(folder: &Path, pins_file: &Path) -> Result<()> {
    let pins =
        fs::read_to_string(pins_file).with_context(|| format!("failed to read {}", pins_file.display()))?;
    let stamp = folder.join("conductor-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == pins) {
        return Ok(());
    }
    eprintln!("setup: {}", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    for pin in pins.lines().filter(|line| !line.starts_with('#')) {
        let mut install = Command::new("go");
        install.args(["install", pin]).env("GOBIN", folder);
        succeed(&mut install, "install Go 1.26 or newer")?;
    }
    fs::write(&stamp, pins).with_context(|| format!("failed to write {}", stamp.display()))
}

/// A program of the tests with dependencies of its own, built into a folder of `target` where it is missing or stale.
fn go_program(folder: &str, name: &str, source: &Path) -> Result<()> {
    let folder = &root().join("target").join(folder);
    let read = |name: &str| {
        fs::read_to_string(source.join(name)).with_context(|| format!("no {name} in {}", source.display()))
    };
    let wanted = read("main.go")? + &read("go.mod")? + &read("go.sum")?;
    let stamp = folder.join("conductor-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    eprintln!("setup: {}", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let mut build = Command::new("go");
    build.args(["build", "-ldflags=-s -w", "-o"]).arg(folder.join(name)).arg(".").current_dir(source);
    succeed(&mut build, "install Go 1.26 or newer")?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))
}

/// Prometheus and promtool of the system's package, unpacked into `folder` where they are missing: nothing is installed, and
/// no service started.
fn prometheus(folder: &Path) -> Result<()> {
    if folder.join("usr/bin/promtool").exists() {
        return Ok(());
    }
    eprintln!("setup: {}", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let hint = "Debian or Ubuntu is needed for Prometheus, or its programs in target/prometheus/usr/bin";
    let download = || {
        let mut command = Command::new("apt-get");
        command.args(["download", "-qq", "prometheus"]).current_dir(folder);
        command
    };
    if succeed(&mut download(), hint).is_err() {
        // A new machine has no lists of packages yet.
        succeed(Command::new("apt-get").args(["update", "-qq"]), hint)?;
        succeed(&mut download(), hint)?;
    }
    let packages = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    for package in packages.filter(|path| path.extension().is_some_and(|end| end == "deb")) {
        succeed(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder), hint)?;
        fs::remove_file(&package)?;
    }
    Ok(())
}

fn node() -> Result<()> {
    node_modules(&root().join("target/node"), &root().join("tests/node-tools/package.json"))
}

/// The versions of PostgreSQL that a store is tested with. Their lock file has a digest of each package, and npm installs nothing
/// else.
fn postgres(folder: &Path, source: &Path) -> Result<()> {
    let read = |name: &str| {
        fs::read_to_string(source.join(name)).with_context(|| format!("no {name} in {}", source.display()))
    };
    let (pins, lock) = (read("package.json")?, read("package-lock.json")?);
    let stamp = folder.join("conductor-stamp");
    let wanted = pins.clone() + &lock;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    eprintln!("setup: {}", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    fs::write(folder.join("package.json"), &pins)?;
    fs::write(folder.join("package-lock.json"), &lock)?;
    let install = ["ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"];
    succeed(Command::new("npm").args(install).current_dir(folder), "install Node 20.10 or newer with npm")?;
    for package in fs::read_dir(folder.join("node_modules"))?.flatten().map(|entry| entry.path()) {
        // A package cannot hold the links between the libraries: it has a script that makes them. No other is run.
        let script = package.join("scripts/hydrate-symlinks.js");
        if script.exists() {
            let mut links = Command::new("node");
            links.arg(&script).current_dir(&package);
            succeed(&mut links, "PostgreSQL for the tests needs Linux on x64")?;
        }
    }
    fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))
}

/// The packages that the file pins, installed into `folder` where they are missing or stale.
pub fn node_modules(folder: &Path, pins_file: &Path) -> Result<()> {
    let pins =
        fs::read_to_string(pins_file).with_context(|| format!("failed to read {}", pins_file.display()))?;
    let stamp = folder.join("conductor-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == pins) {
        return Ok(());
    }
    eprintln!("setup: {}", folder.display());
    fs::create_dir_all(folder).with_context(|| format!("failed to make {}", folder.display()))?;
    fs::write(folder.join("package.json"), &pins)?;
    let install = ["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
    succeed(Command::new("npm").args(install).current_dir(folder), "install Node 20.10 or newer with npm")?;
    fs::write(&stamp, pins).with_context(|| format!("failed to write {}", stamp.display()))
}

fn python() -> Result<PathBuf> {
    environment(&root().join("target/venv"), &root().join("tests/python-tools.txt"))
}

/// A virtual environment in `folder` with what the file pins, made where it is missing or stale; its interpreter.
pub fn environment(folder: &Path, pins_file: &Path) -> Result<PathBuf> {
    let interpreter = folder.join("bin/python");
    let pins =
        fs::read_to_string(pins_file).with_context(|| format!("failed to read {}", pins_file.display()))?;
    let python = find_python()?;
    // Written last, so that an interrupted set-up is done again from the start.
    let stamp = folder.join("conductor-stamp");
    let wanted = format!("{}\n{pins}", version_text(&python)?);
    if interpreter.exists() && fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(interpreter);
    }
    eprintln!("setup: {} with {}", folder.display(), python.display());
    let hint = "on Debian and Ubuntu, `apt install python3-venv` may be missing";
    succeed(Command::new(&python).args(["-m", "venv", "--clear"]).arg(folder), hint)?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    succeed(Command::new(&interpreter).args(install).arg(pins_file), hint)?;
    fs::write(&stamp, wanted).with_context(|| format!("failed to write {}", stamp.display()))?;
    Ok(interpreter)
}

fn find_python() -> Result<PathBuf> {
    let mut seen = Vec::new();
    for candidate in CANDIDATES {
        let path = PathBuf::from(candidate);
        let Ok(text) = version_text(&path) else { continue };
        if version(&text).is_some_and(|found| found >= OLDEST) {
            return Ok(path);
        }
        seen.push(format!("{candidate} is {text}"));
    }
    let found = if seen.is_empty() { "none was found".to_owned() } else { seen.join(", ") };
    bail!("Python {}.{} or newer is needed ({found}): install it with its venv module", OLDEST.0, OLDEST.1)
}

fn version_text(python: &Path) -> Result<String> {
    let output = Command::new(python).arg("--version").output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Runs a command; `hint` says what may be missing where it fails.
fn succeed(command: &mut Command, hint: &str) -> Result<()> {
    let status = command.status().with_context(|| format!("failed to start {command:?}: {hint}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}: {hint}")
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{OLDEST, version};

    #[test]
    fn an_older_python_is_seen() {
        assert_eq!(version("Python 3.11.7"), Some((3, 11)));
        assert!(version("Python 3.9.2").is_some_and(|found| found < OLDEST));
        assert_eq!(version("pypy"), None);
    }
}
