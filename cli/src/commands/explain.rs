//! `conductor explain CODE`: the page of a diagnostic, from docs/codes/.

use serde_json::json;

use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

// `PAGES: &[(&str, &str)]`, code and page, sorted; made by the build script.
include!(concat!(env!("OUT_DIR"), "/codes.rs"));

/// Explain a diagnostic's code
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as E101
    code: String,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let wanted = args.code.to_uppercase();
    let Some((code, page)) = PAGES.iter().find(|(code, _)| *code == wanted) else {
        let known: Vec<&str> = PAGES.iter().map(|(code, _)| *code).collect();
        return Err(Failure::usage(format!("there is no code {}", args.code))
            .help(format!("the codes are {}", known.join(", "))));
    };
    match args.format {
        Format::Json => output::print_json(&json!({"code": code, "page": page})),
        Format::Text => output::print(page),
    }
    Ok(Exit::Fine)
}
