//! `conductor init`: a first manifest from the code, or more tasks for one that is there.
//!
//! It knows the disk and what is shown; what a manifest says of a tree is the driver's.

mod ignored;
mod observability;
mod report;
pub mod walk;
mod work;

use std::path::{Path, PathBuf};

use conductor_protocol::plan::Language;
use conductor_source::render;
use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{self, Format, inert};
use crate::project::{MANIFESTS, Project, working_folder};
use crate::{disk, signals};
use work::Work;

/// Write a first manifest from the code: annotated functions, and what else is found
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A comment above a function makes it a task: `# conductor: task fetch_user effect=read`."
)]
pub struct Args {
    /// The folder of the project; with --update the manifest, or its folder [default: this one]
    #[arg(value_name = "PATH")]
    path: Option<PathBuf>,
    /// Write concurrency.hcl instead of concurrency.yaml
    #[arg(long)]
    hcl: bool,
    /// Add tasks to the manifest that is there, for functions annotated since
    #[arg(long, conflicts_with_all = ["hcl", "language"])]
    update: bool,
    /// Write a compose file with Prometheus, Grafana and Jaeger for the manifest that is there, or for a first one
    #[arg(long, conflicts_with_all = ["update", "dry_run"])]
    observability: bool,
    /// Print the manifest and write nothing
    #[arg(long)]
    dry_run: bool,
    /// The language of the example, where the folder holds no code
    #[arg(long, value_enum, value_name = "python", hide_possible_values = true)]
    language: Option<ExampleLanguage>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

/// The languages that there is an example in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ExampleLanguage {
    Python,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let folder = working_folder()?.join(args.path.as_deref().unwrap_or(Path::new(".")));
    let is_there = || MANIFESTS.into_iter().any(|name| folder.join(name).exists());
    if args.observability && is_there() {
        return observability::write(&Project::find(Some(&folder))?);
    }
    let work = if args.update { updated(args)? } else { created(args)? };
    if !args.dry_run {
        write(args, &work)?;
    }
    let exit = tell(args, &work);
    if args.observability && exit == Exit::Fine {
        return observability::write(&work.project);
    }
    Ok(exit)
}

/// A manifest for a folder that has none.
fn created(args: &Args) -> Result<Work, Failure> {
    let folder = working_folder()?.join(args.path.as_deref().unwrap_or(Path::new(".")));
    let root = std::fs::canonicalize(&folder).map_err(|error| Failure::io("find", &folder, &error))?;
    if !root.is_dir() {
        return Err(Failure::usage(format!("{} is not a folder", folder.display()))
            .help("name the folder of the project, or `--update` with its manifest"));
    }
    refuse_existing(&root)?;
    let name = if args.hcl { MANIFESTS[1] } else { MANIFESTS[0] };
    let project = Project { root, manifest: name.to_owned() };
    let walked = walk::walk(&project.root);
    let above = project.root.parent().map(Project::upward).transpose()?.flatten();
    let mut work = if walked.sources == 0 && walked.tree.others.is_empty() {
        let language = match args.language.unwrap_or(ExampleLanguage::Python) {
            ExampleLanguage::Python => Language::Python,
        };
        work::of_example(project, language)?
    } else {
        work::of_tree(project, &walked)
    };
    work.rows.splice(0..0, walked.rows);
    work.said.extend(above.map(|other| {
        format!("{} stands above: commands in this folder use the new one", other.manifest_path().display())
    }));
    if let Some(text) = ignored::wanted(&work.project.root)? {
        work.files.push((".gitignore".to_owned(), text));
    }
    Ok(work)
}

fn refuse_existing(root: &Path) -> Result<(), Failure> {
    let there = MANIFESTS.into_iter().find(|name| root.join(name).symlink_metadata().is_ok());
    match there {
        Some(name) => Err(Failure::usage(format!("{} is there already", root.join(name).display())).help(
            "`conductor init --update` adds tasks for functions annotated since; else remove it first",
        )),
        None => Ok(()),
    }
}

/// The manifest that is there, with tasks for what was annotated since.
fn updated(args: &Args) -> Result<Work, Failure> {
    let mut project = Project::find(args.path.as_deref())?;
    project.root =
        std::fs::canonicalize(&project.root).map_err(|error| Failure::io("find", &project.root, &error))?;
    let walked = walk::walk(&project.root);
    let mut work = work::of_update(project, &walked)?;
    work.rows.splice(0..0, walked.rows);
    Ok(work)
}

fn write(args: &Args, work: &Work) -> Result<(), Failure> {
    let _whole = signals::writing();
    let root = &work.project.root;
    if !args.update {
        // Looking at the tree has taken a while.
        refuse_existing(root)?;
    }
    for (path, bytes) in &work.files {
        let path = root.join(path);
        disk::sweep(&path);
        disk::replace_file(&path, bytes)?;
    }
    Ok(())
}

fn tell(args: &Args, work: &Work) -> Exit {
    match args.format {
        Format::Json => output::print_json(&document(args, work)),
        Format::Text if args.dry_run => {
            output::print_document(&work.manifest);
            output::note(summary(args, work).trim_end());
        }
        Format::Text => output::print(&summary(args, work)),
    }
    if work.has_failed() { Exit::Finding } else { Exit::Fine }
}

fn document(args: &Args, work: &Work) -> serde_json::Value {
    let found = render::json(&work.outcome.diagnostics, &work.outcome.sources);
    let mut document: serde_json::Value = serde_json::from_str(&found).unwrap_or_default();
    document["manifest"] = json!(work.project.manifest);
    document["files"] = if args.dry_run { json!([]) } else { json!(work.paths()) };
    document["found"] = report::json(&work.rows);
    document["by_hand"] = json!(work.left);
    if args.dry_run {
        document["text"] = json!(work.manifest);
    }
    document
}

/// The table of what was found, what was written, what the compiler says of it, and what to do now.
fn summary(args: &Args, work: &Work) -> String {
    let mut text = report::text(&work.rows);
    let mut line = |words: &str| text.push_str(&format!("{}\n", inert(words)));
    work.said.iter().for_each(|said| line(said));
    match (args.dry_run, work.files.is_empty()) {
        (true, _) => line("nothing was written: this was a dry run"),
        (false, true) => {
            line(&format!("{} has every annotated function: nothing was written", work.project.manifest))
        }
        (false, false) => line(&format!("wrote {}", work.paths().join(", "))),
    }
    if !work.left.is_empty() {
        line(&format!(
            "no place was found in {} for these: add them by hand\n{}",
            work.project.manifest, work.left
        ));
    }
    text.push_str(&work.findings());
    if !work.has_failed() && !args.dry_run {
        work.next.iter().for_each(|next| text.push_str(&format!("next: {}\n", inert(next))));
    }
    text
}
