//! `conductor fix`: applies the fixes that findings carry, until none is left.

use std::collections::{BTreeMap, BTreeSet};

use conductor_source::{Fix, Safety, fix as splice};
use serde_json::json;

use crate::commands::pin::Pinned;
use crate::commands::{check, pin};
use crate::compile::{self, Compilation, Overlay, compile};
use crate::exit::{Exit, Failure};
use crate::findings::Format;
use crate::output::{self, GREEN, RESET};
use crate::project::{ManifestArgs, Project};
use crate::{disk, signals};

/// A fix may bring new findings to light, with fixes of their own; so many times they are followed.
const MOST_ROUNDS: usize = 50;

/// Apply the fixes of findings to the manifest, keeping everything else in its place
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Apply fixes too that may change what runs today
    #[arg(long = "unsafe")]
    all: bool,
    /// Write out what was bound without being written, as `input` and `with`
    #[arg(long)]
    pin_bindings: bool,
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "text, json, sarif or github"
    )]
    pub format: Format,
}

/// Which fixes are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Safe,
    All,
}

/// What was done, and what is left.
pub struct Fixed {
    /// Titles, in the order of application.
    pub titles: Vec<String>,
    /// Paths of the files that were changed, relative to the manifest's folder.
    pub files: Vec<String>,
    /// The findings that remain.
    pub left: Compilation,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let fixed = fix(&project, if args.all { Which::All } else { Which::Safe })?;
    let pinned =
        (args.pin_bindings && fixed.left.errors() == 0).then(|| pin::pin_bindings(&project)).transpose()?;
    let mut document = fixed.left.document(&project);
    document.more.insert("fixed".to_owned(), json!(fixed.titles));
    document.more.insert("files".to_owned(), json!(files(&fixed, pinned.as_ref())));
    if let Some(pinned) = &pinned {
        document.more.insert("pinned".to_owned(), json!(pinned.written));
        document.more.insert("unpinned".to_owned(), json!(pinned.left));
    }
    document.print(args.format, || {
        let pinned = pinned.iter().map(Pinned::report).collect::<String>();
        let left = check::report(&project, &fixed.left, compile::Which::Errors);
        fixed.report() + &pinned + &left + &further(&fixed.left, args.all)
    });
    Ok(if fixed.left.errors() == 0 { Exit::Fine } else { Exit::Finding })
}

/// Every file that was changed, once.
fn files<'a>(fixed: &'a Fixed, pinned: Option<&'a Pinned>) -> BTreeSet<&'a str> {
    let pinned = pinned.into_iter().flat_map(|pinned| &pinned.files);
    fixed.files.iter().chain(pinned).map(String::as_str).collect()
}

/// Applies fixes in rounds, and replaces each file that changed as a whole.
pub fn fix(project: &Project, which: Which) -> Result<Fixed, Failure> {
    let mut overlay = Overlay::new();
    let mut titles = Vec::new();
    let mut left = compile(project, &overlay)?;
    for _ in 0..MOST_ROUNDS {
        let wanted: Vec<&Fix> = fixes(&left, which).collect();
        let applied = splice::apply(&left.outcome.sources, wanted.iter().copied());
        let changed: BTreeMap<String, String> = applied
            .files
            .into_iter()
            .map(|(file, text)| (left.outcome.sources.path(file).to_owned(), text))
            .collect();
        if changed.is_empty() {
            break;
        }
        for fix in wanted {
            // What overlapped is left for the next round, under the same title.
            if !applied.left.contains(&fix.title) && !titles.contains(&fix.title) {
                titles.push(fix.title.clone());
            }
        }
        overlay.extend(changed);
        left = compile(project, &overlay)?;
    }
    write(project, &overlay)?;
    Ok(Fixed { titles, files: overlay.into_keys().collect(), left })
}

fn write(project: &Project, overlay: &Overlay) -> Result<(), Failure> {
    let _whole = signals::writing();
    disk::sweep(&project.manifest_path());
    for (path, text) in overlay {
        disk::replace_file(&project.root.join(path), text.as_bytes())?;
    }
    Ok(())
}

/// The first fix of each finding that may be applied: further ones are alternatives to it.
fn fixes(compiled: &Compilation, which: Which) -> impl Iterator<Item = &Fix> {
    let wanted = move |fix: &&Fix| which == Which::All || fix.safety == Safety::Safe;
    compiled.outcome.diagnostics.iter().filter_map(move |finding| finding.fixes.iter().find(wanted))
}

/// What of the rest would be mended by a fix that was not wanted.
fn further(left: &Compilation, all: bool) -> String {
    match fixes(left, Which::All).count() {
        0 => String::new(),
        _ if all => String::new(),
        1 => "`conductor fix --unsafe` mends one of them, and may change what runs today\n".to_owned(),
        count => format!("`conductor fix --unsafe` mends {count} of them, and may change what runs today\n"),
    }
}

/// How many findings a safe fix mends.
#[must_use]
pub fn safe_fixes(compiled: &Compilation) -> usize {
    fixes(compiled, Which::Safe).count()
}

impl Fixed {
    /// One line for each fix.
    #[must_use]
    pub fn report(&self) -> String {
        let (green, reset) = if output::coloured() { (GREEN, RESET) } else { ("", "") };
        let lines =
            self.titles.iter().map(|title| format!("{green}fixed{reset}: {}\n", output::inert(title)));
        let text: String = lines.collect();
        if text.is_empty() { "nothing to fix\n".to_owned() } else { text }
    }
}
