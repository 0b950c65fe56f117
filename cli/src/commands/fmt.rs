//! `conductor fmt`: the manifest in the canonical layout, replaced as a whole.

use std::io::Read as _;
use std::path::Path;

use conductor_driver::{Rewritten, Unwritten};
use conductor_source::render;
use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{self, Format};
use crate::project::{ManifestArgs, Project};
use crate::{compile, disk, signals};

/// Lay out a manifest: indentation, blanks and blank lines
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With `-` as PATH the manifest is read from standard input and written to standard output."
)]
pub struct Args {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// Write nothing; name the manifest if its layout would change
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    diff: bool,
    /// The syntax of standard input
    #[arg(long, value_enum, default_value_t, value_name = "yaml|hcl", hide_possible_values = true)]
    syntax: Language,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

/// A syntax of manifests, as arguments name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Language {
    #[default]
    Yaml,
    Hcl,
}

impl Language {
    /// The name of a manifest in this syntax.
    #[must_use]
    pub fn manifest(self) -> &'static str {
        match self {
            Language::Yaml => "concurrency.yaml",
            Language::Hcl => "concurrency.hcl",
        }
    }
}

/// A manifest with its layout.
struct Formatted {
    /// As it is shown.
    name: String,
    before: String,
    after: String,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let piped =
        [&args.manifest.path, &args.manifest.file].into_iter().flatten().any(|path| path == Path::new("-"));
    if piped {
        return standard_input(args);
    }
    let project = args.manifest.find()?;
    let path = project.manifest_path();
    let bytes = read(&project)?;
    let formatted = match formatted(&project.manifest, &bytes, args.format) {
        Ok(formatted) => formatted,
        Err(exit) => return Ok(exit),
    };
    if formatted.changes() && !args.check && !args.diff {
        let _whole = signals::writing();
        disk::replace_file(&path, formatted.after.as_bytes())?;
    }
    formatted.report(args);
    Ok(if args.check && formatted.changes() { Exit::Finding } else { Exit::Fine })
}

/// The bytes of the manifest; of one that is too large no more than the compiler needs to refuse it.
pub fn read(project: &Project) -> Result<Vec<u8>, Failure> {
    let path = project.manifest_path();
    disk::read_prefix(&path, compile::MANIFEST_PREFIX).map_err(|error| Failure::io("read", &path, &error))
}

fn standard_input(args: &Args) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .take(compile::MANIFEST_PREFIX)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io("read", Path::new("standard input"), &error))?;
    let formatted = match formatted(args.syntax.manifest(), &bytes, args.format) {
        Ok(formatted) => formatted,
        Err(exit) => return Ok(exit),
    };
    if args.check || args.diff || args.format == Format::Json {
        formatted.report(args);
    } else {
        output::print_document(&formatted.after);
    }
    Ok(if args.check && formatted.changes() { Exit::Finding } else { Exit::Fine })
}

/// The manifest with its layout, or the exit code after its mistakes were shown.
fn formatted(name: &str, bytes: &[u8], format: Format) -> Result<Formatted, Exit> {
    let after = written(conductor_driver::format(name, bytes), format)?;
    Ok(Formatted { name: name.to_owned(), before: String::from_utf8_lossy(bytes).into_owned(), after })
}

/// The text that a manifest became, or the exit code after the reason why there is none was shown.
pub fn written(rewritten: Rewritten, format: Format) -> Result<String, Exit> {
    match rewritten.text {
        Ok(text) => Ok(text),
        Err(Unwritten::Findings(findings)) => {
            match format {
                Format::Json => {
                    let text = render::json(&findings, &rewritten.sources);
                    let mut document: Value = serde_json::from_str(&text).unwrap_or_default();
                    document["files"] = json!([]);
                    output::print_json(&document);
                }
                Format::Text => {
                    let show = |found| render::text(found, &rewritten.sources, output::coloured()) + "\n";
                    output::print(&findings.iter().map(show).collect::<String>());
                    output::note("nothing was written: mend these first");
                }
            }
            Err(Exit::Finding)
        }
        // Nothing was written and nothing is lost: that a user may rely on, whatever we did wrong.
        Err(Unwritten::Bug(what)) => unreachable!("{what}; nothing was written"),
    }
}

impl Formatted {
    fn changes(&self) -> bool {
        self.before != self.after
    }

    fn report(&self, args: &Args) {
        let changed = self.changes();
        if args.format == Format::Json {
            let files = if changed { vec![self.name.as_str()] } else { Vec::new() };
            let mut document = json!({"files": files, "diagnostics": []});
            if args.diff {
                document["diff"] = json!(self.diff());
            }
            return output::print_json(&document);
        }
        if args.diff {
            output::print_document(&self.diff());
        } else if changed {
            output::print(&format!("{}\n", output::inert(&self.name)));
        }
    }

    /// In the unified format; nothing where nothing changes.
    fn diff(&self) -> String {
        output::difference(&self.name, &self.before, &self.after)
    }
}
