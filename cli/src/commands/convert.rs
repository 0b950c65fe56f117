//! `conductor convert`: the manifest in the other syntax, with its comments.

use std::path::{Path, PathBuf};

use conductor_driver::Syntax;
use serde_json::json;

use crate::commands::fmt::{self, Language};
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::{ManifestArgs, Project, working_folder};
use crate::{disk, signals};

/// Write a manifest in the other syntax, with its comments
#[derive(Debug, clap::Args)]
#[command(after_help = "Without `-o` and `--write` the result goes to standard output.")]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The syntax to write [default: the other one]
    #[arg(long, value_enum, value_name = "yaml|hcl", hide_possible_values = true)]
    to: Option<Language>,
    /// Write to this file; the manifest stays
    #[arg(short, long, value_name = "FILE", conflicts_with = "write")]
    output: Option<PathBuf>,
    /// Put the result in place of the manifest, under the name that its syntax asks for
    #[arg(long)]
    write: bool,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let project = args.manifest.find()?;
    let from = Syntax::of(&project.manifest);
    let to = match args.to {
        Some(Language::Yaml) => Syntax::Yaml,
        Some(Language::Hcl) => Syntax::Hcl,
        None if from == Syntax::Yaml => Syntax::Hcl,
        None => Syntax::Yaml,
    };
    if from == to {
        let message = format!("{} is {} already", project.manifest, to.name());
        return Err(Failure::usage(message).help("`conductor fmt` lays it out"));
    }
    let target = target(args, &project, to)?;
    let bytes = fmt::read(&project)?;
    let converted = conductor_driver::convert(&project.manifest, &bytes, to);
    let text = match fmt::written(converted, args.format) {
        Ok(text) => text,
        Err(exit) => return Ok(exit),
    };
    let removed = args.write.then(|| project.manifest_path());
    if let Some(target) = &target {
        write(target, removed.as_deref(), &text)?;
    }
    report(args, &project, target.as_deref(), &text);
    Ok(Exit::Fine)
}

/// Where the result goes; `None` for standard output.
fn target(args: &Args, project: &Project, to: Syntax) -> Result<Option<PathBuf>, Failure> {
    let target = match &args.output {
        Some(output) => working_folder()?.join(output),
        None if args.write => {
            project.manifest_path().with_extension(if to == Syntax::Hcl { "hcl" } else { "yaml" })
        }
        None => return Ok(None),
    };
    if target.exists() {
        let message = format!("{} is there already", target.display());
        return Err(Failure::usage(message).help("remove it first, or name another file: `-o FILE`"));
    }
    Ok(Some(target))
}

fn write(target: &Path, removed: Option<&Path>, text: &str) -> Result<(), Failure> {
    let _whole = signals::writing();
    disk::replace_file(target, text.as_bytes())?;
    // Only now: whatever happens, one of the two is there.
    if let Some(manifest) = removed {
        std::fs::remove_file(manifest).map_err(|error| Failure::io("remove", manifest, &error))?;
    }
    Ok(())
}

fn report(args: &Args, project: &Project, target: Option<&Path>, text: &str) {
    let shown = target.map(|target| target.display().to_string());
    match (args.format, shown) {
        (Format::Json, shown) => {
            let mut document = json!({"files": shown.iter().collect::<Vec<_>>(), "diagnostics": []});
            if shown.is_none() {
                document["text"] = json!(text);
            }
            output::print_json(&document);
        }
        (Format::Text, None) => output::print_document(text),
        (Format::Text, Some(shown)) => {
            let removed =
                if args.write { format!(" in place of {}", project.manifest) } else { String::new() };
            output::print(&output::inert(&format!("wrote {shown}{removed}\n")));
        }
    }
}
