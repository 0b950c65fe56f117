//! `cargo xtask agreement`: signatures from introspection beside an independent reading of real code bases.
//!
//! It draws, asks both sides and prints the table; what a code base is and how it is fetched stands in the
//! module of its language, and what counts as agreement in `compare`.

mod compare;
mod go;
mod python;
mod typescript;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::root;
use crate::suite::cargo;
use compare::Verdict;

/// The share of a sample that must agree.
const WANTED: f64 = 99.0;
/// What is drawn unless told otherwise.
const SEED: u64 = 4;
const COUNT: usize = 200;

/// A code base nobody here wrote.
pub struct CodeBase {
    pub name: &'static str,
    /// As `signatures --language` takes it.
    pub language: &'static str,
    /// Fetches it below the folder, unless it is there, and reads it independently.
    pub read: fn(&CodeBase, &Path) -> Result<Reading>,
}

/// What the independent reading knows.
pub struct Reading {
    pub version: String,
    /// The folder in which refs are looked up.
    pub root: PathBuf,
    pub functions: Vec<Function>,
    /// Parts of the code base that the reading could not look at.
    pub left_out: usize,
    /// Says for each default written in the source whether it is the one that the reading knows. Without it
    /// the texts are compared.
    pub defaults: Option<Judge>,
}

/// Null where the default is right, else how it differs.
pub type Judge = Box<dyn Fn(&[Asked]) -> Result<Vec<Option<String>>>>;

/// The default of a parameter as the source writes it.
#[derive(Debug, serde::Serialize)]
pub struct Asked {
    #[serde(rename = "ref")]
    pub reference: String,
    pub parameter: String,
    pub text: String,
}

/// A function as either side describes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Function {
    #[serde(rename = "ref")]
    pub reference: String,
    #[serde(default)]
    pub name: String,
    /// `function`, `method` (of an object that is made for the call), `static or class method`.
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub is_async: bool,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// What makes the object of a method, empty where nothing does; compared where the independent reading says.
    #[serde(default)]
    pub receiver: Option<String>,
    /// The type of its result, compared where the independent reading says.
    #[serde(default)]
    pub returns: Option<String>,
    #[serde(default)]
    pub returns_error: bool,
    /// Why it cannot be a task: the independent reading says a word that our reason must hold.
    #[serde(default)]
    pub refused: Option<String>,
    /// What the independent reading knows of it that explains a difference.
    #[serde(default)]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Parameter {
    pub name: String,
    pub kind: String,
    pub has_default: bool,
    pub default: Option<String>,
    /// Compared where the independent reading says it.
    #[serde(default, rename = "type")]
    pub ty: Option<String>,
}

/// The command: false when a code base agrees less than it must.
pub fn run(arguments: &[String]) -> Result<bool> {
    let (mut seed, mut count, mut only) = (SEED, COUNT, None);
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("`{word}` needs a value"))?;
        match word.as_str() {
            "--seed" => seed = value.parse().context("--seed takes a whole number")?,
            "--count" => count = value.parse().context("--count takes a whole number")?,
            "--only" => only = Some(value.as_str()),
            _ => bail!("usage: cargo xtask agreement [--seed N] [--count N] [--only NAME]"),
        }
    }
    compare_all(seed, count, only)
}

/// The stage of `cargo xtask test`.
pub fn stage() -> Result<()> {
    ensure!(compare_all(SEED, COUNT, None)?, "a code base agrees on less than {WANTED} % of its sample");
    Ok(())
}

fn compare_all(seed: u64, count: usize, only: Option<&str>) -> Result<bool> {
    let bases: Vec<CodeBase> =
        python::code_bases().into_iter().chain(typescript::code_bases()).chain(go::code_bases()).collect();
    let names: Vec<&str> = bases.iter().map(|base| base.name).collect();
    let chosen = |base: &CodeBase| only.is_none_or(|only| only.eq_ignore_ascii_case(base.name));
    let chosen: Vec<&CodeBase> = bases.iter().filter(|base| chosen(base)).collect();
    ensure!(!chosen.is_empty(), "no such code base; there are {}", names.join(", "));
    let signatures = signatures()?;
    let folder = root().join("target/agreement");
    std::fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))?;
    let compared = |base: &CodeBase| -> Result<Verdict> {
        let reading = (base.read)(base, &folder).with_context(|| format!("failed to read {}", base.name))?;
        let sample = draw(&reading.functions, seed, count);
        let ours = ask(&signatures, base, &reading, &sample)?;
        compare::verdict(base, &reading, &sample, &ours)
    };
    // A language's own tools take one processor.
    let verdicts: Vec<Verdict> = thread::scope(|scope| {
        let languages = chosen.chunk_by(|one, other| one.language == other.language);
        let of_one =
            |bases: &[&CodeBase]| bases.iter().map(|base| compared(base)).collect::<Result<Vec<_>>>();
        let begun: Vec<_> = languages.map(|bases| scope.spawn(move || of_one(bases))).collect();
        let ended = begun.into_iter().map(|thread| match thread.join() {
            Ok(verdicts) => verdicts,
            Err(_) => bail!("a comparison panicked"),
        });
        ended.collect::<Result<Vec<_>>>().map(|verdicts| verdicts.into_iter().flatten().collect())
    })?;
    print!("{}", compare::table(seed, &verdicts));
    Ok(verdicts.iter().all(|verdict: &Verdict| verdict.percent() >= WANTED))
}

/// A random sample, the same for the same seed on every machine: the functions are shuffled from their order by ref.
fn draw(functions: &[Function], seed: u64, count: usize) -> Vec<Function> {
    let mut pool: Vec<Function> = functions.to_vec();
    pool.sort_by(|one, other| one.reference.cmp(&other.reference));
    pool.dedup_by(|one, other| one.reference == other.reference);
    let mut state = seed;
    let count = count.min(pool.len());
    for index in 0..count {
        let left = (pool.len() - index) as u64;
        let other = usize::try_from(next(&mut state) % left).unwrap_or(0);
        pool.swap(index, index + other);
    }
    pool.truncate(count);
    pool.sort_by(|one, other| one.reference.cmp(&other.reference));
    pool
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The example that asks our own introspection, built.
fn signatures() -> Result<PathBuf> {
    let build = ["build", "--quiet", "--workspace", "--example", "signatures"];
    let mut command = cargo(&build);
    let output = command.args(["--message-format", "json"]).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the build of the example `signatures` ended with {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let mut messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = messages.find_map(|message| message["executable"].as_str().map(PathBuf::from));
    executable.context("cargo named no executable")
}

fn ask(signatures: &Path, base: &CodeBase, reading: &Reading, sample: &[Function]) -> Result<Vec<Function>> {
    let refs: Vec<&str> = sample.iter().map(|function| function.reference.as_str()).collect();
    let mut command = Command::new(signatures);
    command.args(["--language", base.language, "--root"]).arg(&reading.root);
    let output = piped(command, &serde_json::to_vec(&refs)?)?;
    let found: Result<Vec<Function>, _> = output.lines().map(serde_json::from_str).collect();
    let found = found.context("failed to read what introspection printed")?;
    ensure!(found.len() == sample.len(), "{} answers for {} refs", found.len(), sample.len());
    Ok(found)
}

/// Runs a command with `input` on its standard input and gives what it printed.
fn piped(mut command: Command, input: &[u8]) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("failed to start `{name}`"))?;
    if let Some(mut pipe) = child.stdin.take() {
        // Both programs read all of their input before they print.
        pipe.write_all(input).with_context(|| format!("failed to write to `{name}`"))?;
    }
    let output = child.wait_with_output().with_context(|| format!("failed to await `{name}`"))?;
    ensure!(output.status.success(), "`{name}` ended with {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("`{name}` printed something else than UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::{Function, draw};

    #[test]
    fn a_sample_depends_on_its_seed_only() {
        let function = |number: usize| Function {
            reference: format!("f{number:03}"),
            name: String::new(),
            kind: String::new(),
            is_async: false,
            parameters: Vec::new(),
            receiver: None,
            returns: None,
            returns_error: false,
            refused: None,
            note: None,
        };
        let mut pool: Vec<Function> = (0..500).map(function).collect();
        let first = draw(&pool, 1, 20);
        pool.reverse();
        assert_eq!(draw(&pool, 1, 20), first);
        assert_ne!(draw(&pool, 2, 20), first);
        assert_eq!(draw(&pool, 1, 1000).len(), 500);
    }
}
