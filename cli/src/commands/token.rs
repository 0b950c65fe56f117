//! `conductor token`: a new token for the file of a sidecar that listens on TCP.
//!
//! It does not keep the token: it is shown once, and only its digest is written down.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use conductor_daemon::{Role, token_digest};
use serde_json::json;

use crate::durations;
use crate::exit::{Exit, Failure};
use crate::output::{self, Format};

/// Make a token for `conductor sidecar --tokens FILE`: it is printed once, and only its digest goes into the file
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose it is, as the audit trail says; two tokens may have one name, so that one can take the other's place
    #[arg(value_name = "NAME", value_parser = parse_name)]
    name: String,
    /// app, operator or read-only; more than one with commas between
    #[arg(long, required = true, value_parser = parse_role, value_delimiter = ',', value_name = "ROLE")]
    role: Vec<Role>,
    /// How long it opens anything (90d)
    #[arg(long, value_parser = durations::parse, value_name = "TIME")]
    expires: Option<Duration>,
    /// The file to which its line is added; without it the line is printed
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t, hide_possible_values = true, help = "text or json")]
    pub format: Format,
}

fn parse_name(given: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&given.len())
        && given.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
    if fits { Ok(given.to_owned()) } else { Err("a name is 1 to 64 letters, digits, and - _ . @".to_owned()) }
}

fn parse_role(given: &str) -> Result<Role, String> {
    Role::parse(given).ok_or_else(|| "a role is app, operator or read-only".to_owned())
}

pub fn run(args: &Args) -> Result<Exit, Failure> {
    let token = fresh()?;
    let roles: Vec<&str> = args.role.iter().map(|role| role.as_str()).collect();
    let mut line = format!("{} {} {}", args.name, roles.join(","), token_digest(&token));
    if let Some(expires) = args.expires {
        let expires = jiff::SignedDuration::try_from(expires)
            .ok()
            .and_then(|expires| jiff::Timestamp::now().checked_add(expires).ok())
            .ok_or_else(|| Failure::usage("--expires is further away than time goes"))?;
        line.push_str(&format!(" until={}", expires.strftime("%Y-%m-%dT%H:%M:%SZ")));
    }
    if let Some(path) = &args.tokens {
        append(path, &line).map_err(|error| Failure::io("write", path, &error))?;
    }
    match args.format {
        Format::Json => output::print_json(&json!({"token": token, "line": line})),
        Format::Text => {
            output::print(&format!("{token}\n"));
            match &args.tokens {
                Some(path) => output::note(&format!("its digest is in {}", path.display())),
                None => output::note(&format!("its line for the file of tokens:\n{line}")),
            }
        }
    }
    Ok(Exit::Fine)
}

/// 256 bits that nobody can guess, in letters that go everywhere.
fn fresh() -> Result<String, Failure> {
    let mut bytes = [0; 32];
    let provider = rustls::crypto::ring::default_provider();
    provider
        .secure_random
        .fill(&mut bytes)
        .map_err(|_| Failure::environment("the system has no random numbers"))?;
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let hex: String = digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect();
    Ok(format!("cdt_{hex}"))
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{line}\n").as_bytes())?;
    file.sync_all()
}
