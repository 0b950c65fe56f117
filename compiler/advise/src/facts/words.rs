//! What the words of a name or a docstring suggest.
//!
//! It knows English verbs and nouns, no code.

use super::{Facts, set};

const MONEY: &[&str] =
    &["charge", "pay", "payment", "payments", "refund", "debit", "capture", "payout", "purchase", "withdraw"];
const MONEY_MODULES: &[&str] = &["stripe", "paypal", "braintree", "adyen", "payment_provider"];
const NOTICE: &[&str] = &[
    "notify",
    "notification",
    "notifications",
    "email",
    "mail",
    "sms",
    "remind",
    "reminder",
    "receipt",
    "newsletter",
    "slack",
    "welcome",
    "analytics",
    "telemetry",
    "announce",
    "tweet",
];
const NOTICE_MODULES: &[&str] =
    &["mail", "mailer", "notifications", "notification_service", "mailing", "analytics"];
const READ: &[&str] = &[
    "get", "fetch", "load", "read", "list", "find", "search", "lookup", "query", "describe", "count", "is",
    "has", "select", "peek",
];
const GUARD: &[&str] = &[
    "check",
    "validate",
    "verify",
    "permission",
    "permissions",
    "ensure",
    "authorise",
    "authorised",
    "authorized",
    "screen",
];
const WRITE: &[&str] = &[
    "create",
    "insert",
    "update",
    "delete",
    "remove",
    "save",
    "store",
    "write",
    "post",
    "send",
    "charge",
    "pay",
    "reserve",
    "book",
    "publish",
    "upload",
    "enqueue",
    "refund",
    "cancel",
    "archive",
    "activate",
    "debit",
    "credit",
    "transfer",
    "provision",
    "drop",
    "truncate",
    "purge",
    "register",
    "record",
    "push",
    "emit",
    "notify",
    "release",
];
const BILLED: &[&str] =
    &["llm", "openai", "gpt", "anthropic", "claude", "gemini", "mistral", "completion", "twilio"];
const VOLATILE: &[&str] = &[
    "permission",
    "permissions",
    "balance",
    "stock",
    "inventory",
    "availability",
    "quota",
    "entitlement",
    "session",
    "token",
];

/// The words of a name in lower case: `getUserById` and `get_user_by_id` are the same.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut before_is_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        before_is_lower = letter.is_lowercase() || letter.is_numeric();
        if letter.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// What the name of a task or a function says.
pub(super) fn named(facts: &mut Facts, evidence: &str, name: &str) {
    let words = words(name);
    let has = |list: &[&str]| words.iter().any(|word| list.contains(&word.as_str()));
    let verb = words.first().map_or("", String::as_str);
    let reads = READ.contains(&verb);
    let guards = GUARD.contains(&verb) || has(&["permission", "permissions"]);
    let note = |fact: &mut Option<String>, holds: bool| {
        if holds {
            set(fact, || evidence.to_owned());
        }
    };
    note(&mut facts.guard, guards);
    note(&mut facts.read, reads);
    note(&mut facts.write, WRITE.contains(&verb) && !guards);
    note(&mut facts.money, has(MONEY) && !reads && !guards);
    note(&mut facts.notice, has(NOTICE) && !reads && !guards && !has(MONEY));
    note(&mut facts.billed, has(BILLED));
    note(&mut facts.volatile, has(VOLATILE) && (reads || guards));
}

/// What the module of a ref says.
pub(super) fn placed(facts: &mut Facts, reference: &str) {
    let path = reference.rsplit_once(['.', '/']).map_or("", |(path, _)| path);
    let parts: Vec<&str> = path.split(['.', '/', ':']).collect();
    let has = |list: &[&str]| parts.iter().any(|part| list.contains(part));
    let evidence = || format!("its ref is `{reference}`");
    if has(NOTICE_MODULES) && facts.read.is_none() && facts.money.is_none() && facts.guard.is_none() {
        set(&mut facts.notice, evidence);
    }
    if has(MONEY_MODULES) && facts.read.is_none() && facts.guard.is_none() {
        set(&mut facts.money, evidence);
    }
    if has(BILLED) {
        set(&mut facts.billed, evidence);
    }
}

/// What the first sentence of a docstring says.
pub(super) fn told(facts: &mut Facts, doc: &str) {
    let sentence = doc.split(['.', '\n']).map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let words = words(sentence);
    // `Fetches` and `fetch` are the same verb.
    let verb = words.first().map_or("", String::as_str);
    let is = |list: &[&str]| {
        list.iter().any(|known| {
            verb == *known
                || verb.strip_suffix('s').is_some_and(|stem| stem == *known)
                || verb.strip_suffix("es").is_some_and(|stem| stem == *known)
        })
    };
    let evidence = || format!("its docstring begins \"{}\"", shortened(sentence));
    if is(READ) && facts.write.is_none() {
        set(&mut facts.read, evidence);
    }
    if is(WRITE) && facts.guard.is_none() && facts.read.is_none() {
        set(&mut facts.write, evidence);
    }
    if is(&["charge", "refund", "debit"]) {
        set(&mut facts.money, evidence);
    }
    let letters = ["email", "mail", "sms", "newsletter", "receipt"];
    let sends = is(&["send", "mail", "email", "notify"]);
    if sends && words.iter().any(|word| letters.contains(&word.as_str())) && facts.money.is_none() {
        set(&mut facts.notice, evidence);
    }
}

fn shortened(sentence: &str) -> String {
    match sentence.char_indices().nth(60) {
        Some((at, _)) => format!("{}...", &sentence[..at]),
        None => sentence.to_owned(),
    }
}
