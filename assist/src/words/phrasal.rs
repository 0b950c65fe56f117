//! English verbs of two words, as one word that means the same: `send the goods back` is `return the goods`.
//!
//! It knows verbs and their particles, not which tasks there are.

use super::{Token, TokenKind, WORDS};

/// The verb, its particle, and the verb that stands for both; that itself where the particle adds nothing.
const VERBS: [(&str, &str, &str); 92] = [
    ("take", "out", "remove"),
    ("cut", "out", "remove"),
    ("throw", "out", "remove"),
    ("leave", "out", "remove"),
    ("roll", "back", "rollback"),
    ("look", "for", "search"),
    ("spin", "up", "create"),
    ("stand", "up", "create"),
    ("send", "back", "return"),
    ("give", "back", "return"),
    ("ship", "back", "return"),
    ("hand", "back", "return"),
    ("put", "back", "return"),
    ("take", "back", "return"),
    ("bring", "back", "return"),
    ("pay", "back", "refund"),
    ("give", "out", "issue"),
    ("hand", "out", "issue"),
    ("hand", "over", "deliver"),
    ("drop", "off", "deliver"),
    ("send", "out", "send"),
    ("send", "off", "send"),
    ("send", "over", "send"),
    ("send", "along", "send"),
    ("mail", "out", "mail"),
    ("mail", "off", "mail"),
    ("pay", "out", "pay"),
    ("ship", "out", "ship"),
    ("ship", "off", "ship"),
    ("print", "out", "print"),
    ("print", "off", "print"),
    ("call", "up", "call"),
    ("ring", "up", "call"),
    ("call", "off", "cancel"),
    ("turn", "on", "start"),
    ("switch", "on", "start"),
    ("power", "up", "start"),
    ("fire", "up", "start"),
    ("turn", "off", "stop"),
    ("switch", "off", "stop"),
    ("shut", "off", "close"),
    ("shut", "down", "stop"),
    ("power", "down", "stop"),
    ("open", "up", "open"),
    ("close", "up", "close"),
    ("lock", "down", "lock"),
    ("lock", "up", "lock"),
    ("look", "up", "fetch"),
    ("look", "at", "review"),
    ("look", "over", "review"),
    ("look", "through", "review"),
    ("read", "through", "review"),
    ("read", "in", "read"),
    ("check", "over", "check"),
    ("check", "on", "check"),
    ("figure", "out", "compute"),
    ("add", "up", "sum"),
    ("put", "together", "build"),
    ("draw", "up", "create"),
    ("write", "up", "write"),
    ("write", "down", "record"),
    ("note", "down", "record"),
    ("jot", "down", "record"),
    ("take", "down", "remove"),
    ("pull", "down", "remove"),
    ("tear", "down", "delete"),
    ("throw", "away", "delete"),
    ("wipe", "out", "delete"),
    ("clean", "up", "clean"),
    ("tidy", "up", "clean"),
    ("pick", "up", "collect"),
    ("take", "in", "accept"),
    ("let", "in", "admit"),
    ("set", "aside", "reserve"),
    ("put", "aside", "reserve"),
    ("put", "away", "store"),
    ("pack", "up", "pack"),
    ("box", "up", "pack"),
    ("load", "up", "load"),
    ("back", "up", "backup"),
    ("reach", "out", "contact"),
    ("roll", "out", "deploy"),
    ("push", "out", "publish"),
    ("put", "out", "publish"),
    ("split", "up", "split"),
    ("sum", "up", "summarize"),
    ("turn", "down", "reject"),
    ("line", "up", "schedule"),
    ("patch", "up", "repair"),
    ("fix", "up", "repair"),
    ("zip", "up", "compress"),
    ("pull", "in", "fetch"),
];
/// What may follow a particle behind its object.
const SMALL: [&str; 19] = [
    "of",
    "to",
    "and",
    "then",
    "if",
    "when",
    "from",
    "for",
    "with",
    "by",
    "after",
    "before",
    "once",
    "unless",
    "while",
    "until",
    "or",
    "but",
    "otherwise",
];
/// In words: what stands between a verb and its particle is short.
const FARTHEST: usize = 4;

/// The tokens with each such verb as one word, but for particles that a task is called by.
pub(crate) fn single(mut tokens: Vec<Token>, is_named: impl Fn(&str) -> bool) -> Vec<Token> {
    let mut at = 0;
    while at < tokens.len() {
        let TokenKind::Word(verb) = &tokens[at].kind else {
            at += 1;
            continue;
        };
        let stem = WORDS.stems.of(verb);
        let is_noun = at > 0
            && matches!(&tokens[at - 1].kind, TokenKind::Word(word) if ["the", "a", "an"].contains(&word.as_str()));
        // `hand the keys over`, where a task is called `hand_over_keys`
        let named =
            VERBS.iter().filter(|(verb, particle, _)| !is_noun && *verb == stem && is_named(particle));
        if let Some(place) = named.filter_map(|(_, particle, _)| particle_at(&tokens, at, particle)).min() {
            let particle = tokens.remove(place);
            tokens.insert(at + 1, particle);
            at += 2;
            continue;
        }
        let pairs =
            VERBS.iter().filter(|(verb, particle, _)| !is_noun && *verb == stem && !is_named(particle));
        let found = pairs
            .filter_map(|(verb, particle, whole)| Some((particle_at(&tokens, at, particle)?, *verb, *whole)));
        if let Some((particle, verb, whole)) = found.min_by_key(|(place, ..)| *place) {
            if verb != whole {
                tokens[at].kind = TokenKind::Word(whole.to_owned());
            }
            tokens.remove(particle);
        }
        at += 1;
    }
    tokens
}

/// Where the particle of the verb stands: beside it, or behind a short object at the end of a clause or before a small word.
fn particle_at(tokens: &[Token], verb: usize, particle: &str) -> Option<usize> {
    let word = |at: usize| match tokens.get(at).map(|token| &token.kind) {
        Some(TokenKind::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    let reach = (verb + 1..=verb + FARTHEST).take_while(|at| word(*at).is_some());
    let place = reach.into_iter().find(|at| word(*at) == Some(particle))?;
    let ends = word(place + 1).is_none_or(|next| SMALL.contains(&next));
    // `sending the letter turns out well`: the particle is another verb's.
    let is_verb = |word: &str| VERBS.iter().any(|(verb, ..)| *verb == WORDS.stems.of(word));
    let ends = ends && !word(place - 1).is_some_and(is_verb);
    (place == verb + 1 || ends && particle != "in" && particle != "on").then_some(place)
}
