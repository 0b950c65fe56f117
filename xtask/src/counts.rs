//! `cargo xtask counts`: how many instructions the work of `tests/examples/counts` takes, against the counts of record.
//!
//! It knows how instructions are counted and compared, not what any of them is for. Times differ from run to run; these do not.

mod profile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::suite::{self, cargo};
use crate::{root, setup};

const USAGE: &str = "usage: cargo xtask counts [--bless]";
/// By how much of the record a count may differ.
const TOLERANCE: f64 = 0.03;
/// A function is recorded with at least this share of the count, and named where it has changed by as much.
const WORTH: f64 = 0.002;
/// So many functions are named that have changed the most.
const NAMED: usize = 12;

/// The instructions of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Count {
    total: u64,
    /// Without what each calls.
    functions: BTreeMap<String, u64>,
}

type Counts = BTreeMap<String, Count>;

/// False where a count differs from the record.
pub fn run(arguments: &[String]) -> Result<bool> {
    let bless = match arguments {
        [] => false,
        [word] if word == "--bless" => true,
        _ => bail!("{USAGE}"),
    };
    setup::valgrind()?;
    suite::lint();
    let counted = counted()?;
    if bless {
        let kept = counted.into_iter().map(|(name, count)| (name, count.worth_keeping())).collect();
        return write(&kept).map(|()| true);
    }
    let wrong = differences(&read()?, &counted);
    wrong.iter().for_each(|text| println!("{text}"));
    Ok(wrong.is_empty())
}

fn counted() -> Result<Counts> {
    // As the suite has built it, clippy being the compiler: in the suite there is nothing left to build.
    let built = cargo(&["build", "--workspace", "--example", "counts", "--quiet"])
        .status()
        .context("failed to start cargo")?;
    ensure!(built.success(), "cargo ended with {built}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = target.join("debug/examples/counts");
    let listed =
        Command::new(&program).output().with_context(|| format!("failed to start {}", program.display()))?;
    let names = String::from_utf8(listed.stdout).context("names are text")?;
    let profile = target.join("tmp/counts.callgrind");
    std::fs::create_dir_all(target.join("tmp")).context("failed to make target/tmp")?;
    let count = |name: &str| {
        let count = of_one(&program, name, &profile)?;
        println!("{name:<18} {:>12} instructions", count.total);
        Ok((name.to_owned(), count))
    };
    names.lines().map(count).collect()
}

fn of_one(program: &Path, name: &str, profile: &Path) -> Result<Count> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--collect-atstart=no", "--toggle-collect=counts::counted*"]);
    command.args(["--compress-strings=no", "--compress-pos=no", "--dump-line=no", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", profile.display())).arg(program).arg(name);
    // Nothing of this machine but its processor is to be seen in the counts.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let ran = command.output().context("failed to start valgrind")?;
    ensure!(ran.status.success(), "{name}: {}", String::from_utf8_lossy(&ran.stderr));
    let text = std::fs::read(profile).with_context(|| format!("no {}", profile.display()))?;
    // The C library chooses by the processor how it copies.
    let functions = profile::functions(&String::from_utf8_lossy(&text), &program.to_string_lossy());
    let total = functions.values().sum();
    ensure!(total > 0, "{name}: nothing was counted: is `counted` still called?");
    Ok(Count { total, functions })
}

/// What is told of each piece of work whose count is not that of the record.
fn differences(record: &Counts, counted: &Counts) -> Vec<String> {
    let mut told = Vec::new();
    for (name, count) in counted {
        let Some(known) = record.get(name) else {
            told.push(format!("{name}: there is no count of record; {BLESS}"));
            continue;
        };
        let change = count.total as f64 / known.total as f64 - 1.0;
        if change.abs() > TOLERANCE {
            let changed = changed(known, count).join("\n");
            let (from, to) = (known.total, count.total);
            told.push(format!(
                "{name}: {from} -> {to} instructions, {:+.1} %\n{changed}\n  {BLESS}",
                100.0 * change
            ));
        }
    }
    let gone = record.keys().filter(|name| !counted.contains_key(*name));
    told.extend(gone.map(|name| format!("{name}: is not counted any more; {BLESS}")));
    told
}

const BLESS: &str = "where that is meant, `cargo xtask counts --bless` writes the record anew";

/// The functions that have changed the most.
fn changed(known: &Count, count: &Count) -> Vec<String> {
    let of = |count: &Count, name: &str| count.functions.get(name).copied().unwrap_or(0);
    let names = known.functions.keys().chain(count.functions.keys());
    let mut moved: Vec<(u64, &String)> =
        names.map(|name| (of(known, name).abs_diff(of(count, name)), name)).collect();
    moved.sort_by(|one, other| other.cmp(one));
    moved.dedup();
    let worth = WORTH * known.total as f64;
    let line =
        |(_, name): (u64, &String)| format!("  {:>12} -> {:>12}  {name}", of(known, name), of(count, name));
    moved.into_iter().filter(|(by, _)| *by as f64 >= worth).take(NAMED).map(line).collect()
}

impl Count {
    fn worth_keeping(mut self) -> Count {
        let worth = WORTH * self.total as f64;
        self.functions.retain(|_, count| *count as f64 >= worth);
        self
    }
}

/// The record of this architecture and compiler.
fn record() -> Result<PathBuf> {
    let told = Command::new("rustc")
        .arg("--version")
        .current_dir(root())
        .output()
        .context("failed to start rustc")?;
    let told = String::from_utf8(told.stdout).context("a version is text")?;
    let version = told.split(' ').nth(1).context("rustc does not say its version")?;
    Ok(root().join("bench/counts").join(format!("{}-{version}.json", std::env::consts::ARCH)))
}

fn read() -> Result<Counts> {
    let path = record()?;
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("no counts for this architecture and compiler in {}; {BLESS}", path.display())
    })?;
    serde_json::from_str(&text).with_context(|| format!("{} holds no counts", path.display()))
}

fn write(counts: &Counts) -> Result<()> {
    let path = record()?;
    let text = serde_json::to_string_pretty(counts)? + "\n";
    std::fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Count, Counts, differences};

    fn counts(functions: &[(&str, u64)]) -> Counts {
        let total = functions.iter().map(|(_, count)| count).sum();
        let functions = functions.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        Counts::from([("check".to_owned(), Count { total, functions })])
    }

    #[test]
    fn a_change_is_told_with_the_functions_that_make_it() {
        let record = counts(&[("parse", 600), ("bind", 400)]);
        assert_eq!(differences(&record, &counts(&[("parse", 610), ("bind", 419)])), Vec::<String>::new());
        for changed in [counts(&[("parse", 600), ("bind", 431)]), counts(&[("parse", 600), ("bind", 369)])] {
            let told = differences(&record, &changed);
            assert_eq!(told.len(), 1);
            assert!(told[0].contains("bind") && !told[0].contains("parse"), "{told:?}");
        }
    }

    #[test]
    fn what_is_on_one_side_only_is_told() {
        let nothing = Counts::new();
        assert!(differences(&nothing, &counts(&[("parse", 1)]))[0].contains("no count of record"));
        assert!(differences(&counts(&[("parse", 1)]), &nothing)[0].contains("not counted any more"));
    }
}
