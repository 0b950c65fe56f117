//! Clauses that are written otherwise than the tables have them: `после того, как`, `should that fail`.
//!
//! It knows words and where a clause begins, not what they say.

use super::{Token, TokenKind};

/// Conjunctions with a comma inside: the word before it, and the one behind.
const BEFORE: [&str; 9] =
    ["тогда", "того", "тем", "случае", "условии", "прежде", "раньше", "потому", "provided"];
const BEHIND: [&str; 6] = ["как", "если", "что", "чем", "когда", "that"];
/// What `should` stands before where it begins no condition.
const VERBS: [&str; 5] = ["be", "not", "have", "i", "we"];

/// What it stands before where it says what must be done.
const OTHERS: [&str; 6] = ["never", "only", "always", "fail", "run", "still"];

/// What a wish begins with: `as a buyer I want ...`.
const WISHES: [[&str; 2]; 6] =
    [["i", "want"], ["i", "need"], ["we", "want"], ["we", "need"], ["i", "would"], ["we", "would"]];
/// In words: a longer beginning is more than who wishes something.
const LONGEST_ROLE: usize = 8;

/// Where a wish begins behind who wishes it.
fn role(tokens: &[Token]) -> Option<usize> {
    let is = |at: usize, words: &[&str]| matches!(tokens.get(at).map(|token| &token.kind), Some(TokenKind::Word(word)) if words.contains(&word.as_str()));
    if !is(0, &["as"]) || !is(1, &["a", "an", "the"]) {
        return None;
    }
    (2..LONGEST_ROLE).find(|at| WISHES.iter().any(|[who, verb]| is(*at, &[who]) && is(at + 1, &[verb])))
}

/// The tokens as the tables have them.
pub(crate) fn plain(mut tokens: Vec<Token>) -> Vec<Token> {
    if let Some(at) = role(&tokens) {
        tokens.drain(..at);
    }
    let word = |token: Option<&Token>| match token.map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => Some(word.clone()),
        _ => None,
    };
    let has = |words: &[&str], token: Option<&Token>| {
        word(token).is_some_and(|word| words.contains(&word.as_str()))
    };
    let mut found: Vec<Token> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let next = tokens.get(at + 1);
        if token.kind == TokenKind::Comma && has(&BEFORE, found.last()) && has(&BEHIND, next) {
            continue;
        }
        let begins = match found.last().map(|token| &token.kind) {
            None | Some(TokenKind::Comma | TokenKind::Stop | TokenKind::Colon) => true,
            Some(TokenKind::Word(word)) => matches!(word.as_str(), "and" | "but" | "then"),
            _ => false,
        };
        let mut token = token.clone();
        // `the account's been created`
        if has(&["been"], next)
            && let TokenKind::Word(word) = &mut token.kind
            && let Some(owner) = word.strip_suffix("'s")
        {
            *word = owner.to_owned();
            let has = Token { at: token.at.clone(), kind: TokenKind::Word("has".to_owned()) };
            found.extend([token, has]);
            continue;
        }
        // `B should A fail`
        let clause =
            tokens[at..].iter().take_while(|token| !matches!(token.kind, TokenKind::Comma | TokenKind::Stop));
        let is_inner = at > 0 && clause.clone().count() > 3 && has(&["fail"], clause.last());
        let begins = begins || is_inner && !has(&OTHERS, next);
        if begins && has(&["should"], Some(&token)) && word(next).is_some() && !has(&VERBS, next) {
            token.kind = TokenKind::Word("if".to_owned());
        }
        found.push(token);
    }
    found
}
