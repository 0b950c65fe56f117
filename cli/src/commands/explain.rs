//! `conductor explain`: the page of a diagnostic, or the list of all codes.

use serde_json::{Value, json};

use crate::exit::{Exit, Failure};
use crate::output::{self, BOLD, Format};
use crate::pages::{self, Page};

/// Titles that hold the words asked for; more are no help.
const MOST_TITLES: usize = 5;

/// Explain a diagnostic's code, or list all codes
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Such as E101 [default: all, with their titles]
    code: Option<String>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let Some(code) = &args.code else {
        list(args.format);
        return Ok(Exit::Fine);
    };
    let wanted = code.trim().to_uppercase();
    let page = pages::all().find(|page| page.code == wanted).ok_or_else(|| unknown(code, &wanted))?;
    match args.format {
        Format::Json => {
            let mut document = described(page);
            document["page"] = json!(page.text);
            output::print_json(&document);
        }
        Format::Text => output::print(page.text),
    }
    Ok(Exit::Fine)
}

fn list(format: Format) {
    match format {
        Format::Json => output::print_json(&json!({"codes": pages::all().map(described).collect::<Value>()})),
        Format::Text => {
            let rows: Vec<_> = pages::all()
                .map(|page| [(page.code.to_owned(), BOLD), (page.title().to_owned(), "")])
                .collect();
            output::print(&output::table(["CODE", "TITLE"], &rows));
            output::print("\n`conductor explain CODE` shows the page of one.\n");
        }
    }
}

fn described(page: Page) -> Value {
    json!({
        "code": page.code,
        "title": page.title(),
        "severity": page.severity().as_str(),
        "summary": page.summary(),
    })
}

fn unknown(asked: &str, wanted: &str) -> Failure {
    let words = asked.trim().to_lowercase();
    let titled: Vec<Page> =
        pages::all().filter(|page| page.title().to_lowercase().contains(&words)).collect();
    let help = match titled.as_slice() {
        [] => pages::all()
            .min_by_key(|page| (strsim::damerau_levenshtein(page.code, wanted), distance(page.code, wanted)))
            .map(|page| format!("the nearest is {}; `conductor explain` lists all codes", named(page)))
            .unwrap_or_default(),
        found => {
            let shown: Vec<String> = found.iter().take(MOST_TITLES).map(|page| named(*page)).collect();
            format!("did you mean {}?", shown.join(", "))
        }
    };
    Failure::usage(format!("there is no code {asked}")).help(help)
}

fn named(page: Page) -> String {
    format!("{} ({})", page.code, page.title())
}

/// How far the numbers of two codes are apart.
fn distance(code: &str, other: &str) -> u64 {
    let number = |code: &str| code.trim_start_matches(|digit: char| !digit.is_ascii_digit()).parse::<u64>();
    match (number(code), number(other)) {
        (Ok(one), Ok(other)) => one.abs_diff(other),
        _ => u64::MAX,
    }
}
