//! `conductor graph`: workflows as drawings.
//!
//! It reads arguments; where boxes stand is decided by `conductor_drawing`.

use std::path::PathBuf;

use conductor_drawing::{Drawing, dot, draw, mermaid, svg};
use conductor_protocol::plan::Plan;

use crate::compile::{Overlay, Which, compile};
use crate::exit::{Exit, Failure};
use crate::project::Project;
use crate::{disk, findings, output, signals};

/// Draw workflows as SVG, Mermaid or Graphviz
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workflows [default: all]
    #[arg(value_name = "WORKFLOW")]
    workflows: Vec<String>,
    /// The manifest, or its folder [default: sought in this folder and upward]
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    file: Option<PathBuf>,
    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[arg(
        long,
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help = "svg, mermaid, dot or json"
    )]
    pub format: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Form {
    #[default]
    Svg,
    Mermaid,
    Dot,
    /// Boxes and arrows with their places
    Json,
}

impl Form {
    /// How failures are told to whoever asked for a drawing.
    #[must_use]
    pub fn of_failures(self) -> findings::Format {
        if self == Form::Json { findings::Format::Json } else { findings::Format::Text }
    }
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let project = Project::find(args.file.as_deref())?;
    let mut checked = compile(&project, &Overlay::new())?;
    let Some(compiled) = checked.outcome.compiled.take() else {
        // A manifest with errors has no meaning to draw.
        let text = || checked.findings(Which::Errors, output::coloured());
        checked.document(&project).print(args.format.of_failures(), text);
        return Ok(Exit::Finding);
    };
    let drawings: Vec<Drawing> = chosen(&args.workflows, &compiled.plans)?.into_iter().map(draw).collect();
    let text = match args.format {
        Form::Svg => svg(&drawings),
        Form::Mermaid => mermaid(&drawings),
        Form::Dot => dot(&drawings),
        Form::Json => serde_json::to_string_pretty(&drawings).unwrap_or_default() + "\n",
    };
    let Some(path) = &args.output else {
        output::print_document(&text);
        return Ok(Exit::Fine);
    };
    let _whole = signals::writing();
    disk::sweep(path);
    disk::replace_file(path, text.as_bytes())?;
    Ok(Exit::Fine)
}

fn chosen<'a>(named: &[String], plans: &'a [Plan]) -> Result<Vec<&'a Plan>, Failure> {
    if named.is_empty() {
        return Ok(plans.iter().collect());
    }
    let find = |name: &String| {
        plans.iter().find(|plan| plan.workflow == *name).ok_or_else(|| {
            let names: Vec<&str> = plans.iter().map(|plan| plan.workflow.as_str()).collect();
            Failure::usage(format!("there is no workflow `{name}`"))
                .help(format!("there are: {}", names.join(", ")))
        })
    };
    named.iter().map(find).collect()
}
