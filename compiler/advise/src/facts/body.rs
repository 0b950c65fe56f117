//! What the body of a function does, as far as its text shows: calls of known libraries, SQL, HTTP verbs.
//!
//! It reads text, not syntax trees: what stands in a comment is not counted, what stands in a string is.

use conductor_model::Function;
use conductor_protocol::plan::Language;
use conductor_source::{Sources, Span};

use super::{Facts, set};

/// A longer body is read up to here.
const MOST: usize = 20_000;

const MONEY: &[&str] = &["stripe.", "paypal", "braintree.", "adyen."];
const NOTICE: &[&str] = &[
    "smtplib",
    "sendmail(",
    "send_mail(",
    "nodemailer",
    "sendgrid",
    "mailgun",
    "postmark",
    "ses.send_email",
    "smtp.",
    "slack_sdk",
    "chat_postmessage(",
];
const BILLED: &[&str] = &["openai.", "anthropic.", ".chat.completions", ".messages.create", "twilio"];
const WRITES: &[&str] = &[
    "insert into ",
    "delete from ",
    "requests.post(",
    "requests.put(",
    "requests.delete(",
    "requests.patch(",
    "httpx.post(",
    "httpx.put(",
    "httpx.delete(",
    "axios.post(",
    "axios.put(",
    "axios.delete(",
    "http.post(",
    "method: \"post\"",
    "method: 'post'",
    "method: \"put\"",
    "method: \"delete\"",
    ".commit(",
    "http.methodpost",
    "truncate table",
    "drop table",
];
const READS: &[&str] = &["requests.get(", "httpx.get(", "axios.get(", "http.get("];
const NETWORK: &[&str] = &[
    "requests.",
    "httpx.",
    "aiohttp.",
    "urllib.request",
    "axios.",
    "fetch(",
    "http.get(",
    "http.post(",
    "smtplib",
    "boto3.",
    "stripe.",
    "openai.",
    "anthropic.",
    "socket.",
    "http.defaultclient",
];
const BLOCKING: &[&str] = &[
    "time.sleep(",
    "requests.get(",
    "requests.post(",
    "requests.put(",
    "requests.delete(",
    "subprocess.run(",
    "urllib.request.urlopen(",
];

pub(super) fn read(facts: &mut Facts, function: &Function, name: Span, sources: &Sources) {
    let text = sources.text(name.file);
    let Some(body) = body(text, name, function.language) else { return };
    let body = stripped(body, function.language);
    let place = || {
        let (line, _) = sources.position(name.file, name.start());
        format!("{}:{line}", sources.path(name.file))
    };
    let first = |marks: &[&str]| marks.iter().find(|mark| occurs(&body, mark)).map(|mark| (*mark).to_owned());
    let note = |fact: &mut Option<String>, marks: &[&str]| {
        if let Some(mark) = first(marks) {
            set(fact, || {
                format!("`{}` in {} has `{}`", function.name, place(), mark.trim_end_matches(['(', '.', ' ']))
            });
        }
    };
    note(&mut facts.money, MONEY);
    if facts.money.is_none() {
        note(&mut facts.notice, NOTICE);
    }
    note(&mut facts.billed, BILLED);
    note(&mut facts.network, NETWORK);
    let updates = body.contains("update ") && body.contains(" set ");
    if updates {
        set(&mut facts.writes_in_code, || format!("`{}` in {} has `update ... set`", function.name, place()));
    }
    note(&mut facts.writes_in_code, WRITES);
    if first(WRITES).is_none() && !updates {
        note(&mut facts.read, READS);
        // `select f(x)` may do anything.
        if body.split("select ").skip(1).any(|rest| rest.contains(" from ")) {
            set(&mut facts.read, || format!("`{}` in {} has `select ... from`", function.name, place()));
        }
    }
    if function.is_async && function.language == Language::Python {
        note(&mut facts.blocks, BLOCKING);
    }
}

/// Whether the mark stands there and is not the end of a longer name.
fn occurs(body: &str, mark: &str) -> bool {
    if mark.len() > body.len() {
        return false;
    }
    let starts_name = mark.starts_with(|letter: char| letter.is_alphanumeric());
    body.match_indices(mark).any(|(at, _)| {
        let before = body[..at].chars().next_back();
        !starts_name
            || !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '.')
    })
}

fn body(text: &str, name: Span, language: Language) -> Option<&str> {
    let rest = text.get(name.end()..)?;
    let mut end = rest.len().min(MOST);
    while !rest.is_char_boundary(end) {
        end -= 1;
    }
    let rest = &rest[..end];
    match language {
        Language::Python => {
            let line = text[..name.start()].rfind('\n').map_or(0, |at| at + 1);
            let own = indent(&text[line..]);
            Some(indented(rest, own))
        }
        Language::Typescript | Language::Go | Language::Rust => braced(rest),
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

/// After the line that ends the signature, up to the first line that is not further in.
fn indented(rest: &str, own: usize) -> &str {
    let mut depth = 0_i32;
    let mut colon = None;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ':' if depth == 0 => {
                colon = Some(at + 1);
                break;
            }
            _ => {}
        }
    }
    let body = colon.map_or("", |at| &rest[at..]);
    let mut end = 0;
    for (number, line) in body.split_inclusive('\n').enumerate() {
        if number > 0 && !line.trim().is_empty() && indent(line) <= own {
            break;
        }
        end += line.len();
    }
    &body[..end]
}

/// From the first brace after the parameters to the one that closes it.
fn braced(rest: &str) -> Option<&str> {
    let mut depth = 0_i32;
    let mut start = None;
    for (at, letter) in rest.char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if start.is_none() && depth == 0 => {
                start = Some(at);
                depth += 1;
            }
            '{' => depth += 1,
            '}' => {
                depth -= 1;
                if let Some(start) = start.filter(|_| depth == 0) {
                    return rest.get(start..at);
                }
            }
            ';' if start.is_none() && depth == 0 => return None,
            _ => {}
        }
    }
    start.and_then(|start| rest.get(start..))
}

/// In lower case, on one line, without comments and the docstring.
fn stripped(body: &str, language: Language) -> String {
    let mut body = body.trim_start();
    if language == Language::Python {
        for quote in ["\"\"\"", "'''"] {
            if let Some(inside) = body.strip_prefix(quote) {
                body = inside.find(quote).map_or("", |end| &inside[end + quote.len()..]);
            }
        }
    }
    let comment = if language == Language::Python { "#" } else { "//" };
    let mut text = String::with_capacity(body.len());
    for line in body.lines() {
        let line = line.trim();
        if line.starts_with(comment) {
            continue;
        }
        let code = line.split_once(&format!(" {comment}")).map_or(line, |(code, _)| code);
        text.push_str(&code.to_lowercase());
        text.push(' ');
    }
    text
}
