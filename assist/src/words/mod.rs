//! Text to words, and words to marks: what is said of order, time and failure, apart from what names a task.
//!
//! It knows English and Russian, not what a sentence means.

mod clauses;
mod cognates;
mod concepts;
mod lexicon;
mod nouns;
mod numbers;
mod patterns;
mod phrasal;
mod roots;
mod telling;
mod times;
mod typos;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

pub(crate) use clauses::plain;
pub(crate) use concepts::Concepts;
pub(crate) use lexicon::{Lexicon, Mark};
pub(crate) use numbers::{duration_unit, number};
pub(crate) use phrasal::single;
pub(crate) use roots::{Kin, are_kin};
pub(crate) use telling::{is_benign, is_small, is_telling};
pub(crate) use times::time;

use rust_stemmers::{Algorithm, Stemmer};

/// A word, a number or a punctuation mark, with the bytes it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub at: Range<usize>,
    pub kind: TokenKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// In lower case, as written.
    Word(String),
    /// With its digits as written: a decimal keeps them.
    Number(String),
    /// In quotes, without them.
    Quoted(String),
    Comma,
    /// The end of a sentence, an item of a list, or a line.
    Stop,
    Colon,
    /// Anything else: `>`, `=`, `-`.
    Sign(String),
}

/// Splits a text. Identifiers and names with apostrophes or hyphens stay whole.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    // `1) A 2) B 3) C`: the number of the next item.
    let mut item = is_list(text).then_some(1_u64);
    let mut rest = text.char_indices().peekable();
    while let Some((start, letter)) = rest.next() {
        let mut end = start + letter.len_utf8();
        let mut extend = |wanted: &dyn Fn(char, Option<char>) -> bool| {
            while let Some((at, next)) = rest.peek().copied() {
                let after = text[at + next.len_utf8()..].chars().next();
                if !wanted(next, after) {
                    break;
                }
                end = at + next.len_utf8();
                rest.next();
            }
        };
        if let Some(length) = silent(text, start) {
            while rest.next_if(|(at, _)| *at < start + length).is_some() {}
            continue;
        }
        let kind = if letter.is_numeric() || letter == '-' && is_negative(text, start) {
            extend(&|next, after| {
                next.is_ascii_digit()
                    || matches!(next, '.' | ',' | '_') && after.is_some_and(|after| after.is_ascii_digit())
            });
            let kind;
            (kind, end) = begun_by_digits(text, start..end, &mut item);
            while rest.next_if(|(at, _)| *at < end).is_some() {}
            kind
        } else if letter == 'w' && text[start..].starts_with("w/") {
            extend(&|next, after| next == '/' || next == 'o' && !after.is_some_and(char::is_alphanumeric));
            TokenKind::Word(if end - start > 2 { "without" } else { "with" }.to_owned())
        } else if letter.is_alphabetic() || letter == '_' {
            extend(&|next, after| {
                next.is_alphanumeric()
                    || next == '_'
                    || matches!(next, '\'' | '’' | '-' | '.') && after.is_some_and(char::is_alphabetic)
            });
            word(&text[start..end])
        } else if matches!(letter, '"' | '«' | '“' | '\'') {
            extend(&|next, _| !CLOSING.contains(&next) && next != '\n');
            let inner = text[start + letter.len_utf8()..end].to_owned();
            if rest.next_if(|(_, next)| CLOSING.contains(next)).is_some() {
                end += text[end..].chars().next().map_or(0, char::len_utf8);
            }
            TokenKind::Quoted(inner)
        } else {
            if matches!(letter, '-' | '>' | '=' | '<' | '→') {
                extend(&|next, _| matches!(next, '>' | '='));
            }
            match mark(letter, &text[start..end]) {
                Some(kind) => kind,
                None => continue,
            }
        };
        push(&mut found, start..end, kind);
    }
    found
}

/// What the digits at `span` begin, and its end: the next item of a list, a name such as `3d_print`, or a number.
fn begun_by_digits(text: &str, span: Range<usize>, item: &mut Option<u64>) -> (TokenKind, usize) {
    let (digits, after) = (&text[span.clone()], &text[span.end..]);
    let is_item = after.starts_with(')') || after.starts_with(". ");
    if is_item && item.is_some() && digits.parse().ok() == *item {
        *item = item.map(|number| number + 1);
        (TokenKind::Stop, span.end)
    } else if let Some(length) = numbered(&text[span.start..]) {
        let end = span.start + length;
        (TokenKind::Word(text[span.start..end].to_lowercase()), end)
    } else if let Some(number) = thousands(digits, after) {
        (TokenKind::Number(number), span.end + after.chars().next().map_or(0, char::len_utf8))
    } else {
        (TokenKind::Number(digits.replace(['_', ','], "")), span.end)
    }
}

fn is_list(text: &str) -> bool {
    let begins = |text: &str| ["1)", "1. "].iter().any(|begin| text.trim_start().starts_with(begin));
    begins(text) || text.split_once(':').is_some_and(|(_, list)| begins(list))
}

/// In lower case; `US` is no pronoun.
fn word(said: &str) -> TokenKind {
    let said = if said == "US" { "usa" } else { said };
    TokenKind::Word(said.to_lowercase().replace('’', "'"))
}

/// What a letter that is part of no word stands for; nothing where it says nothing.
fn mark(letter: char, said: &str) -> Option<TokenKind> {
    Some(match letter {
        ',' => TokenKind::Comma,
        ':' => TokenKind::Colon,
        '.' | ';' | '\n' | '!' | '?' => TokenKind::Stop,
        letter if letter.is_whitespace() || "`()*".contains(letter) => return None,
        _ => TokenKind::Sign(said.to_owned()),
    })
}

const CLOSING: [char; 4] = ['"', '»', '”', '\''];

/// The length of what says nothing at `start`.
fn silent(text: &str, start: usize) -> Option<usize> {
    if is_abbreviation(text, start) {
        return Some(1);
    }
    ticket(&text[start..]).filter(|_| !text[..start].ends_with(char::is_alphanumeric))
}

const ABBREVIATIONS: [&str; 8] = ["max", "min", "sec", "approx", "incl", "макс", "мин", "сек"];

/// Whether the dot at `start` ends no sentence: `max. 3 times`.
fn is_abbreviation(text: &str, start: usize) -> bool {
    let Some(rest) = text[start..].strip_prefix('.') else { return false };
    let word = text[..start].rsplit(|letter: char| !letter.is_alphanumeric()).next().unwrap_or_default();
    let word = word.to_lowercase();
    let next = rest.trim_start().chars().next();
    ABBREVIATIONS.contains(&word.as_str())
        && next.is_some_and(|next| next.is_ascii_digit() || next.is_lowercase() || next == ',')
}

/// The length of what a tracker calls its tickets, with what encloses it: `SHOP-1423:`, `[SHOP-1423]`.
fn ticket(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[').unwrap_or(text);
    let letters = inner.len() - inner.trim_start_matches(|letter: char| letter.is_ascii_uppercase()).len();
    let number = inner[letters..].strip_prefix('-').filter(|_| letters > 1)?;
    let rest = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let behind = rest.strip_prefix(']').unwrap_or(rest);
    let behind = behind.strip_prefix(':').unwrap_or(behind);
    (rest.len() < number.len()).then_some(text.len() - behind.len())
}

/// `10k`
fn thousands(digits: &str, behind: &str) -> Option<String> {
    let rest = behind.strip_prefix(['k', 'K', 'к', 'К'])?;
    let ends = !rest.starts_with(|next: char| next.is_alphanumeric());
    let whole: u64 = digits.parse().ok().filter(|_| ends)?;
    Some(whole.checked_mul(1000)?.to_string())
}

/// Whether the dash at `start` is the sign of a number.
fn is_negative(text: &str, start: usize) -> bool {
    text[start + 1..].starts_with(|next: char| next.is_ascii_digit())
        && (start == 0 || text[..start].ends_with(char::is_whitespace))
}

/// The length of a name that begins with a number: `720p`, `3d`; `5s`, `3x` and `2nd` are none.
fn numbered(text: &str) -> Option<usize> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let letters = text[digits..].chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_');
    let rest = &text[digits..digits + letters.map(char::len_utf8).sum::<usize>()];
    let is_unit = duration_unit(rest).is_some() || ["x", "х", "st", "nd", "rd", "th", "k"].contains(&rest);
    (digits > 0 && !rest.is_empty() && !is_unit).then_some(digits + rest.len())
}

/// Endings that are words of their own: `it's`, `they're`, `don't`.
const CONTRACTIONS: [(&str, &str); 6] =
    [("n't", "not"), ("'re", "are"), ("'ll", "will"), ("'ve", "have"), ("'m", "am"), ("'d", "would")];
/// As people write when they chat.
const SHORT: [(&str, &str); 9] = [
    ("u", "you"),
    ("n", "and"),
    ("ur", "your"),
    ("thru", "through"),
    ("bc", "because"),
    ("cuz", "because"),
    ("cos", "because"),
    ("wanna", "want"),
    ("aft", "after"),
];

/// Contractions without their apostrophe.
const PLAIN: [(&str, [&str; 2]); 11] = [
    ("cannot", ["can", "not"]),
    ("dont", ["do", "not"]),
    ("doesnt", ["does", "not"]),
    ("didnt", ["did", "not"]),
    ("cant", ["can", "not"]),
    ("wont", ["will", "not"]),
    ("isnt", ["is", "not"]),
    ("arent", ["are", "not"]),
    ("shouldnt", ["should", "not"]),
    ("mustnt", ["must", "not"]),
    ("wasnt", ["was", "not"]),
];

/// What an `'s` behind it says that it `is`.
const ARE: [&str; 12] =
    ["it", "that", "there", "he", "she", "what", "who", "everything", "all", "here", "this", "something"];

/// A contraction is its words, and so is a compound that is no word of ours.
fn push(found: &mut Vec<Token>, at: Range<usize>, kind: TokenKind) {
    let TokenKind::Word(word) = &kind else {
        found.push(Token { at, kind });
        return;
    };
    let mut words: Vec<&str> = vec![word];
    for (ending, meant) in CONTRACTIONS {
        if let Some(rest) = word.strip_suffix(ending) {
            words = vec![
                if word == "can't" {
                    "can"
                } else if word == "won't" {
                    "will"
                } else {
                    rest
                },
                meant,
            ];
        }
    }
    if let Some(rest) = word.strip_suffix("'s").filter(|rest| ARE.contains(rest)) {
        words = vec![rest, "is"];
    }
    if let Some((_, meant)) = SHORT.iter().find(|(short, _)| *short == word.as_str()) {
        words = vec![meant];
    }
    if let Some((_, both)) = PLAIN.iter().find(|(short, _)| *short == word.as_str()) {
        words = both.to_vec();
    }
    for word in words {
        found.push(Token { at: at.clone(), kind: TokenKind::Word(word.to_owned()) });
    }
}

/// The tables, read once.
pub(crate) static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let stems = Stems::new();
    Words { lexicon: Lexicon::new(&stems), concepts: Concepts::new(), stems }
});

pub(crate) struct Words {
    pub stems: Stems,
    pub lexicon: Lexicon,
    pub concepts: Concepts,
}

/// Forms that no ending tells from their verb.
const IRREGULAR: [(&str, &str); 97] = [
    ("перешли", "пересылает"),
    ("переслать", "пересылает"),
    ("пришли", "присылает"),
    ("прислать", "присылает"),
    ("сборка", "собирает"),
    ("сборки", "собирает"),
    ("сборку", "собирает"),
    ("сборке", "собирает"),
    ("сборкой", "собирает"),
    ("собрать", "собирает"),
    ("прием", "принимает"),
    ("приема", "принимает"),
    ("приему", "принимает"),
    ("приемом", "принимает"),
    ("приемка", "принимает"),
    ("приемки", "принимает"),
    ("приемку", "принимает"),
    ("приемке", "принимает"),
    ("приемкой", "принимает"),
    ("тяжелее", "потяжелее"),
    ("длиннее", "подлиннее"),
    ("горячее", "погорячее"),
    ("холоднее", "похолоднее"),
    ("начни", "начинай"),
    ("начать", "начинай"),
    ("found", "find"),
    ("laid", "lay"),
    ("денег", "деньги"),
    ("taken", "take"),
    ("took", "take"),
    ("written", "write"),
    ("wrote", "write"),
    ("built", "build"),
    ("made", "make"),
    ("kept", "keep"),
    ("held", "hold"),
    ("given", "give"),
    ("brought", "bring"),
    ("bought", "buy"),
    ("sold", "sell"),
    ("drawn", "draw"),
    ("chosen", "choose"),
    ("shown", "show"),
    ("withdrawn", "withdraw"),
    ("caught", "catch"),
    ("sought", "seek"),
    ("spoken", "speak"),
    ("driven", "drive"),
    ("thrown", "throw"),
    ("frozen", "freeze"),
    ("led", "lead"),
    ("fed", "feed"),
    ("bound", "bind"),
    ("sent", "send"),
    ("spent", "spend"),
    ("lent", "lend"),
    ("hidden", "hide"),
    ("grown", "grow"),
    ("seen", "see"),
    ("swept", "sweep"),
    ("hung", "hang"),
    ("stuck", "stick"),
    ("forgiven", "forgive"),
    ("gave", "give"),
    ("won", "win"),
    ("paid", "pay"),
    ("left", "leave"),
    ("went", "go"),
    ("gone", "go"),
    ("came", "come"),
    ("ran", "run"),
    ("told", "tell"),
    ("taught", "teach"),
    ("broken", "break"),
    ("broke", "break"),
    ("lost", "lose"),
    ("met", "meet"),
    ("rung", "ring"),
    ("dealt", "deal"),
    ("bred", "breed"),
    ("shot", "shoot"),
    ("worn", "wear"),
    ("rang", "ring"),
    ("threw", "throw"),
    ("fell", "fall"),
    ("fallen", "fall"),
    ("blew", "blow"),
    ("blown", "blow"),
    ("torn", "tear"),
    ("woken", "wake"),
    ("begun", "begin"),
    ("flown", "fly"),
    ("начало", "начинай"),
    ("начала", "начинай"),
    ("началом", "начинай"),
    ("позвать", "позови"),
    ("позван", "позови"),
];

/// What is the same in all forms of a word.
pub(crate) struct Stems {
    english: Stemmer,
    russian: Stemmer,
    irregular: HashMap<&'static str, &'static str>,
}

impl Stems {
    fn new() -> Stems {
        Stems {
            english: Stemmer::create(Algorithm::English),
            russian: Stemmer::create(Algorithm::Russian),
            irregular: IRREGULAR.into_iter().collect(),
        }
    }

    /// Of a word in lower case.
    pub fn of(&self, word: &str) -> String {
        let word = word.strip_suffix("'s").unwrap_or(word).replace('ё', "е");
        // The polite imperative: `проверьте` is `проверь`.
        let polite = word.strip_suffix("те").filter(|rest| rest.ends_with(['ь', 'и', 'й']));
        let word = polite.map_or(word.clone(), str::to_owned);
        let word = american(word);
        let word = self.regular(&word);
        if is_russian(word) {
            // Of `ней` nothing but `не` would be left, which says the contrary.
            let stem = self.russian.stem(word);
            if stem == "не" { word.to_owned() } else { stem.into_owned() }
        } else {
            self.english.stem(word).into_owned()
        }
    }

    /// A form that tells its verb by its ending.
    fn regular<'a>(&self, word: &'a str) -> &'a str {
        self.irregular.get(word).copied().unwrap_or(word)
    }
}

/// `organise` as `organize` and `analyse` as `analyze`, which the stemmer knows.
fn american(word: String) -> String {
    const ENDINGS: [&str; 6] = ["e", "ed", "es", "er", "ing", "ation"];
    let is_british = |stem: &str| stem.len() >= 6 && stem.ends_with("is") || stem.ends_with("alys");
    let mut stems = ENDINGS.iter().filter_map(|ending| Some((word.strip_suffix(ending)?, ending)));
    match stems.find(|(stem, _)| is_british(stem) && !stem.ends_with("wis")) {
        Some((stem, ending)) => format!("{}z{ending}", &stem[..stem.len() - 1]),
        None => word,
    }
}

pub(crate) fn is_russian(text: &str) -> bool {
    text.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'))
}

/// The words of an identifier in any convention, in lower case.
pub(crate) fn words_of(identifier: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for letter in identifier.chars() {
        let is_new = !letter.is_alphanumeric() || letter.is_uppercase() && !before.is_uppercase();
        if is_new {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(letter.to_lowercase());
        }
        before = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

pub(crate) use typos::{are_swapped, is_typo_of, lacks_one};

#[cfg(test)]
mod tests {
    use super::Stems;

    #[test]
    fn both_spellings_of_a_verb_have_one_stem() {
        let stems = Stems::new();
        for (british, american) in [
            ("organise", "organize"),
            ("organisation", "organization"),
            ("authorised", "authorized"),
            ("summarising", "summarizing"),
            ("analysed", "analyzed"),
        ] {
            assert_eq!(stems.of(british), stems.of(american), "{british}");
        }
        assert_eq!(stems.of("otherwise"), "otherwis");
    }
}
