//! A sentence as a row of marks, numbers, times and phrases; a phrase is what may name a task or a value.
//!
//! It knows which words belong together, not what they say.

use std::ops::Range;

use crate::names::Names;
use crate::wording::{ended, failing, joined, lone_verbs, sign_item, straightened};
use crate::words::{
    Lexicon, Mark, Stems, Token, TokenKind, WORDS, duration_unit, is_russian, number, plain, single, time,
    tokens,
};

/// A run of words between marks, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    pub words: Vec<PhraseWord>,
    /// Small words inside of it (`of`, `with`, `to`), each with the number of words before it.
    pub glue: Vec<(usize, Vec<Mark>)>,
    /// Verbs beside it that say little (`start`, `run`), where the name of a task has them.
    pub aside: Vec<PhraseWord>,
    pub at: Range<usize>,
}

impl Phrase {
    /// With a word before all others.
    pub fn led_by(&self, text: String, at: Range<usize>) -> Phrase {
        let mut whole = self.clone();
        whole.at.start = at.start;
        whole.glue.iter_mut().for_each(|(before, _)| *before += 1);
        let stem = WORDS.stems.of(&text);
        whole.words.insert(0, PhraseWord::new(text, stem, at));
        whole
    }

    /// Its first word as it is written; nothing where the name of a task is but small words.
    pub fn begin(&self) -> &str {
        self.words.first().map_or("", |word| word.text.as_str())
    }

    /// Its first words, and the others.
    pub fn split(&self, at: usize) -> (Phrase, Phrase) {
        let (head, tail) = self.words.split_at(at.min(self.words.len()));
        let part = |words: &[PhraseWord], glue: Vec<(usize, Vec<Mark>)>| {
            let start = words.first().map_or(self.at.start, |word| word.at.start);
            let end = words.last().map_or(self.at.end, |word| word.at.end);
            Phrase { words: words.to_vec(), glue, aside: Vec::new(), at: start..end }
        };
        let (before, after): (Vec<_>, Vec<_>) = self.glue.iter().cloned().partition(|(place, _)| *place < at);
        let moved =
            after.into_iter().filter(|(place, _)| *place > at).map(|(place, marks)| (place - at, marks));
        let head = Phrase { aside: self.aside.clone(), ..part(head, before) };
        (head, part(tail, moved.collect()))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhraseWord {
    /// In lower case, as written.
    pub text: String,
    /// Mended where it was misspelt.
    pub stem: String,
    /// The small word before it (`of`, `to`, `у`), where there is one.
    pub preposition: String,
    /// Whether it is written as a name is: `users from Germany`.
    pub is_proper: bool,
    pub at: Range<usize>,
}

impl PhraseWord {
    /// A word in lower case at its place.
    pub fn new(text: String, stem: String, at: Range<usize>) -> PhraseWord {
        PhraseWord { text, stem, preposition: String::new(), is_proper: false, at }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    Marks(Vec<Mark>, Range<usize>),
    Number(String, Range<usize>),
    /// Milliseconds.
    Time(u64, Range<usize>),
    Quoted(String, Range<usize>),
    Phrase(Phrase),
    Comma(Range<usize>),
    Stop(Range<usize>),
    Colon(Range<usize>),
}

impl Item {
    pub fn at(&self) -> &Range<usize> {
        match self {
            Item::Marks(_, at)
            | Item::Number(_, at)
            | Item::Time(_, at)
            | Item::Quoted(_, at)
            | Item::Comma(at)
            | Item::Stop(at)
            | Item::Colon(at) => at,
            Item::Phrase(phrase) => &phrase.at,
        }
    }

    pub fn is(&self, mark: Mark) -> bool {
        matches!(self, Item::Marks(marks, _) if marks.contains(&mark))
    }

    pub fn is_any(&self, marks: &[Mark]) -> bool {
        marks.iter().any(|mark| self.is(*mark))
    }

    /// A whole number.
    pub fn whole(&self) -> Option<u64> {
        if let Item::Number(text, _) = self { text.parse().ok() } else { None }
    }
}

/// Reads a text. Words that are misspelt are read as what they were meant to be.
pub(crate) struct Reader<'a> {
    pub stems: &'a Stems,
    pub lexicon: &'a Lexicon,
    pub names: &'a Names<'a>,
}

impl Reader<'_> {
    pub fn items(&self, text: &str) -> Vec<Item> {
        let tokens = self.compounds(plain(tokens(text)));
        let stems: Vec<String> = tokens.iter().map(|token| self.stem_of(token)).collect();
        let mut items = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let (used, item) = self.next(&tokens, &stems, at);
            if let Some(item) = item {
                items.push(item);
            }
            at += used;
        }
        straightened(
            ended(failing(self.flanked(joined(items, text), text), self.names), self.names),
            self.names,
            text,
        )
    }

    /// `пин-код` is two words where nothing is called so.
    fn parts(&self, token: Token) -> Vec<Token> {
        let TokenKind::Word(word) = &token.kind else { return vec![token] };
        let stem = self.stems.of(word);
        let is_name = word.ends_with("'s") || word.matches('-').count() > 1;
        let is_field = word.contains('.') && !is_name;
        if !word.contains('-') && !is_field
            || is_name
            || self.names.is_word(&stem)
            || self.lexicon.knows(&stem)
        {
            return vec![token];
        }
        let part = |part: &str| Token { at: token.at.clone(), kind: TokenKind::Word(part.to_owned()) };
        word.split(['-', '.']).map(part).collect()
    }

    /// The name of a workflow that names no task is the workflow: `the renewal`.
    fn titled(&self, token: Token) -> Token {
        match &token.kind {
            TokenKind::Word(word) if self.names.is_workflow(word) => {
                Token { kind: TokenKind::Word("workflow".to_owned()), ..token }
            }
            _ => token,
        }
    }

    /// `check out` is one word where a task is called so.
    fn compounds(&self, tokens: Vec<Token>) -> Vec<Token> {
        let mut found: Vec<Token> = Vec::new();
        let tokens = single(tokens, |particle| self.names.owns(particle));
        for token in tokens.into_iter().flat_map(|token| self.parts(self.titled(token))) {
            // `run, please, A`
            let is_polite = |token: &Token| matches!(&token.kind, TokenKind::Word(word) if ["please", "пожалуйста", "kindly"].contains(&word.as_str()));
            if let ([.., Token { kind: TokenKind::Comma, .. }, polite], TokenKind::Comma) =
                (found.as_slice(), &token.kind)
                && is_polite(polite)
            {
                found.truncate(found.len() - 2);
                continue;
            }
            if let (Some(Token { kind: TokenKind::Word(one), at }), TokenKind::Word(other)) =
                (found.last_mut(), &token.kind)
            {
                let whole = format!("{one}{other}");
                let stem = self.stems.of(&whole);
                let is_name = self.names.begins(&stem)
                    || self.names.owns(&stem) && !self.names.owns(&self.stems.of(other));
                if is_name && one != other {
                    *one = whole;
                    at.end = token.at.end;
                    continue;
                }
            }
            found.push(token);
        }
        found
    }

    fn next(&self, tokens: &[Token], stems: &[String], at: usize) -> (usize, Option<Item>) {
        let token = &tokens[at];
        let place = token.at.clone();
        let item = match &token.kind {
            TokenKind::Comma => Item::Comma(place),
            TokenKind::Stop => Item::Stop(place),
            TokenKind::Colon => Item::Colon(place),
            TokenKind::Quoted(text) => Item::Quoted(text.clone(), place),
            TokenKind::Number(_) | TokenKind::Word(_) if time(tokens, at).is_some() => {
                let (used, ms) = time(tokens, at).unwrap_or((1, 0));
                return (used, Some(Item::Time(ms, place.start..tokens[at + used - 1].at.end)));
            }
            TokenKind::Number(text) => Item::Number(text.clone(), place),
            TokenKind::Sign(sign) => return (1, sign_item(sign, place)),
            TokenKind::Word(word) => return self.word(word, tokens, stems, at),
        };
        (1, Some(item))
    }

    fn word(&self, word: &str, tokens: &[Token], stems: &[String], at: usize) -> (usize, Option<Item>) {
        let place = tokens[at].at.clone();
        if let Some(used) = self.names.exact(&stems[at..]) {
            let is_said = |at: &usize| !is_article(&stems[*at]);
            let words = (at..at + used)
                .filter(is_said)
                .filter_map(|at| self.phrase_word(&tokens[at], &stems[at]))
                .collect();
            let at = place.start..tokens[at + used - 1].at.end;
            return (used, Some(phrase(words, at)));
        }
        // `boarding pass` passes nothing, and neither does `the pass`.
        let is_thing = at > 0
            && is_article(&stems[at - 1])
            && is_outcome(&self.lexicon.at(&[&stems[at]]))
            && self.names.owns(&stems[at]);
        if is_thing || at > 0 && self.names.has_pair(&stems[at - 1], &stems[at]) {
            return (1, Some(phrase(self.phrase_word(&tokens[at], &stems[at]).into_iter().collect(), place)));
        }
        // `is successfully charged`, and not `is charged successfully`
        if word == "successfully"
            && tokens.get(at + 1).is_some_and(|next| matches!(next.kind, TokenKind::Word(_)))
        {
            return (1, Some(Item::Marks(vec![Mark::Filler], place)));
        }
        // `деньги за курс`
        let is_noun = |token: &Token| matches!(&token.kind, TokenKind::Word(next) if number(next).is_none() && duration_unit(next).is_none() && !["раз", "полчаса", "один"].contains(&next.as_str()));
        if word == "за" && tokens.get(at + 1).is_some_and(is_noun) && at > 0 {
            return (1, Some(Item::Marks(vec![Mark::Of], place)));
        }
        let rest: Vec<&str> = stems[at..].iter().map(String::as_str).take(12).collect();
        // `the flight is safe` says nothing of how it is done.
        let is_said_of = at > 0
            && matches!(&tokens[at - 1].kind, TokenKind::Word(be) if BE.contains(&be.as_str()))
            && self.names.is_property(&stems[at]);
        let says_little = |(used, marks): (usize, Vec<Mark>)| {
            used == 1 && (marks == [Mark::Filler] || marks == [Mark::Approval])
        };
        if is_said_of && self.lexicon.at(&rest).is_some_and(says_little) {
            return (1, Some(phrase(self.phrase_word(&tokens[at], &stems[at]).into_iter().collect(), place)));
        }
        // `is fragile` is no remark where a result says whether it is.
        let says_aside = |(used, marks): &(usize, Vec<Mark>)| {
            *used > 1
                && marks.iter().all(|mark| matches!(mark, Mark::Remark | Mark::MayFail | Mark::Critical))
                && self.names.is_property(&stems[at + used - 1])
        };
        let rest = match self.lexicon.at(&rest).filter(says_aside) {
            Some((used, _)) => rest[..used - 1].to_vec(),
            None => rest,
        };
        // `give that 2 seconds` is not `given that`.
        let is_given = word == "give" && self.lexicon.at(&rest).is_some_and(|(_, marks)| marks == [Mark::If]);
        let rest = if is_given { rest[..1].to_vec() } else { rest };
        if let Some((used, marks)) = self.lexicon.at(&rest)
            && let Some(found) = self.marked((used, marks), tokens, stems, at)
        {
            return found;
        }
        if let Some(number) = number(word).filter(|_| word != "a") {
            return (1, Some(Item::Number(number.to_string(), place)));
        }
        let words = self.phrase_word(&tokens[at], &stems[at]).into_iter().collect();
        (1, Some(phrase(words, place)))
    }

    /// What a phrase of the tables says where it stands; nothing where its word is rather a verb of a task.
    fn marked(
        &self,
        (used, marks): (usize, Vec<Mark>),
        tokens: &[Token],
        stems: &[String],
        at: usize,
    ) -> Option<(usize, Option<Item>)> {
        let TokenKind::Word(word) = &tokens[at].kind else { return None };
        let word = word.as_str();
        let place = tokens[at].at.clone();
        let rest: Vec<&str> = stems[at + used..].iter().map(String::as_str).take(12).collect();
        let at_end = place.start..tokens[at + used - 1].at.end;
        if marks.contains(&Mark::Undo)
            && let Some(stem) = self.own(&tokens[at..at + used])
        {
            let word = PhraseWord::new(stem.clone(), stem, at_end.clone());
            return Some((used, Some(phrase(vec![word], at_end))));
        }
        // `вызови пожарных` is no means.
        if is_order(word) && marks.contains(&Mark::ByMeans) && marks.contains(&Mark::Filler) {
            return Some((used, Some(Item::Marks(vec![Mark::Filler], at_end))));
        }
        // `get the user` is no waiting, `get an approval` is.
        let is_reflexive = word.ends_with("ся") || word.ends_with("сь");
        let is_waiting = matches!(word, "wait" | "waiting" | "hold");
        let is_plain_verb = (used == 1 || used == 2 && marks == [Mark::WaitFor] && !is_waiting)
            && marks.contains(&Mark::WaitFor)
            && !marks.contains(&Mark::Wait)
            && !is_reflexive
            && !self.approval_follows(&rest);
        // `попроси оценить водителя`
        let is_silent = is_plain_verb && !self.names.knows(&stems[at]) && tokens.len() > at + 1;
        if is_silent {
            return Some((1, Some(Item::Marks(vec![Mark::Filler], at_end))));
        }
        // `найди` has the stem of `найден`.
        let is_find = used == 1 && marks.contains(&Mark::Exists) && word != "есть" && is_order(word);
        // `заверши поездку` is no end where a task is called so.
        let is_own = used == 1
            && marks
                .iter()
                .all(|mark| matches!(mark, Mark::Then | Mark::Done | Mark::Fails | Mark::Succeeds))
            && is_order(word)
            && self.phrase_word(&tokens[at], &stems[at]).is_some_and(|word| self.names.has_verb(&word));
        let is_check = is_check(word, &marks, at.checked_sub(1).map(|at| &tokens[at]));
        let is_rather_verb = is_plain_verb
            && (used == 1
                || matches!(tokens.get(at + used).map(|next| &next.kind), Some(TokenKind::Word(_))));
        // `ask for feedback`
        if is_rather_verb && used > 1 {
            let words = self.phrase_word(&tokens[at], &stems[at]).into_iter().collect();
            return Some((used, Some(phrase(words, at_end))));
        }
        // `начать, закончить, оценить`: an end that says of nothing what it is is a step.
        let is_step = marks.contains(&Mark::Then)
            && used == 1
            && is_order(word)
            && ENDS.iter().any(|end| word.starts_with(end))
            && !matches!(tokens.get(at + 1).map(|next| &next.kind), Some(TokenKind::Word(_)));
        // `убери каждый номер` removes no step where a task does it.
        let is_done_to_each = used == 1
            && marks.contains(&Mark::Remove)
            && self.lexicon.at(&rest).is_some_and(|(_, marks)| marks.contains(&Mark::Each))
            && self.names.leads(&stems[at]);
        let is_mark = !is_rather_verb && !is_find && !is_own && !is_check && !is_step && !is_done_to_each;
        is_mark.then_some((used, Some(Item::Marks(marks, at_end))))
    }

    /// Fillers go; those that a task's name has stay beside their phrase: `start the pump` is not `stop the pump`.
    fn flanked(&self, mut items: Vec<Item>, text: &str) -> Vec<Item> {
        lone_verbs(&mut items, self.names, text);
        let is_filler = |item: &Item| matches!(item, Item::Marks(marks, _) if *marks == [Mark::Filler]);
        for at in 0..items.len() {
            let before = items[..at].iter().rev().take_while(|item| is_filler(item));
            let after = items[at + 1..].iter().take_while(|item| is_filler(item));
            let words = before.chain(after).filter_map(|item| {
                let text = text[item.at().clone()].to_lowercase();
                let word = PhraseWord::new(text.clone(), self.stems.of(&text), item.at().clone());
                self.names.has_verb(&word).then_some(word)
            });
            let words = words.collect();
            if let Item::Phrase(phrase) = &mut items[at] {
                phrase.aside = words;
            }
        }
        items.retain(|item| !is_filler(item));
        items
    }

    /// `roll back`, where a task is called so.
    fn own(&self, tokens: &[Token]) -> Option<String> {
        let words = tokens.iter().map(|token| match &token.kind {
            TokenKind::Word(word) => word.as_str(),
            _ => "",
        });
        let stem = self.stems.of(&words.collect::<String>());
        self.names.begins(&stem).then_some(stem)
    }

    fn approval_follows(&self, rest: &[&str]) -> bool {
        (0..rest.len().min(3))
            .any(|at| self.lexicon.at(&rest[at..]).is_some_and(|(_, marks)| marks.contains(&Mark::Approval)))
    }

    fn phrase_word(&self, token: &Token, stem: &str) -> Option<PhraseWord> {
        let TokenKind::Word(text) = &token.kind else { return None };
        Some(PhraseWord::new(text.clone(), stem.to_owned(), token.at.clone()))
    }

    fn stem_of(&self, token: &Token) -> String {
        let TokenKind::Word(word) = &token.kind else { return String::new() };
        let stem = self.stems.of(word);
        let is_number = number(word).is_some() || duration_unit(word).is_some();
        if self.names.is_word(&stem) || self.lexicon.knows(&stem) || word.contains('_') || is_number {
            return stem;
        }
        if is_russian(word) && self.names.has_kin(word, &stem) {
            return stem;
        }
        self.names.mended(word).or_else(|| self.lexicon.mended(word)).map_or(stem, str::to_owned)
    }
}

/// Whether a word of the tables is rather what something is, or a step: `allowed`, `and confirmed the permissions`.
fn is_check(word: &str, marks: &[Mark], before: Option<&Token>) -> bool {
    const BEGINS: [&str; 6] = ["and", "then", "to", "we", "have", "first"];
    // Who does it is the workflow.
    let begins = match before.map(|before| &before.kind) {
        Some(TokenKind::Word(before)) => BEGINS.contains(&before.as_str()),
        _ => true,
    };
    let is_state = marks == [Mark::Give] && word.ends_with("ed");
    is_state || marks == [Mark::Approval] && begins && ["confirm", "confirmed"].contains(&word)
}

/// What stands before what something is.
const BE: [&str; 7] = ["is", "are", "was", "were", "be", "been", "not"];

/// Verbs of ends, which say with their object what comes last.
const ENDS: [&str; 2] = ["законч", "заверш"];

/// Whether a word says how a step ended.
fn is_outcome(found: &Option<(usize, Vec<Mark>)>) -> bool {
    let is_end = |mark: &Mark| matches!(mark, Mark::Succeeds | Mark::Fails | Mark::Done | Mark::Critical);
    found.as_ref().is_some_and(|(_, marks)| marks.iter().all(is_end))
}

/// Whether the word looks like a Russian imperative.
pub(crate) fn is_order(word: &str) -> bool {
    is_russian(word) && word.ends_with(['и', 'ь'])
}

/// What may stand between the words of an id.
pub(crate) fn is_article(stem: &str) -> bool {
    matches!(stem, "the" | "a" | "an")
}

/// A phrase of one word.
pub(crate) fn alone(text: String, at: Range<usize>) -> Phrase {
    let stem = WORDS.stems.of(&text);
    let words = vec![PhraseWord::new(text, stem, at.clone())];
    Phrase { words, glue: Vec::new(), aside: Vec::new(), at }
}

fn phrase(words: Vec<PhraseWord>, at: Range<usize>) -> Item {
    Item::Phrase(Phrase { words, glue: Vec::new(), aside: Vec::new(), at })
}
