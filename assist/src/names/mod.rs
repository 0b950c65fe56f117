//! Tasks by the words of their ids, functions and docstrings, and which of them a phrase means.
//!
//! It decides nothing where two tasks fit equally well.

mod additions;
#[cfg(test)]
mod distinct;
mod ids;
mod mending;

use std::collections::BTreeSet;

use crate::items::{Phrase, PhraseWord, is_article};
use crate::vocabulary::{Task, Vocabulary};
use crate::words::{Concepts, Kin, Stems, WORDS, are_kin, is_russian, words_of};

/// The words of a task by how much they say.
struct Profile {
    id: String,
    /// The function's name as it is spelled, in lower case, where it has several words.
    called: String,
    /// Of the id, in order.
    own: Vec<String>,
    function: Vec<String>,
    /// Of docstring and parameters.
    about: BTreeSet<String>,
    /// Of the docstring: stems, and the words as they are written.
    told: Vec<(String, String)>,
}

pub(crate) struct Names<'a> {
    profiles: Vec<Profile>,
    /// Every stem of the vocabulary, with the words that have it.
    known: BTreeSet<String>,
    /// Ids of workflows of one word.
    workflows: BTreeSet<String>,
    words: Vec<(String, String)>,
    /// Words of docstrings, with their stems.
    told: Vec<(String, String)>,
    /// Stems of what is true or false of a thing.
    properties: BTreeSet<String>,
    concepts: &'a Concepts,
}

/// What a phrase may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Meant {
    Task(String),
    /// They fit equally well.
    Several(Vec<String>),
    Nothing,
}

/// In words: what is longer names no task.
pub(crate) const LONGEST: usize = 24;

/// Stems of verbs that undo what was done to a thing.
const UNDOES: [&str; 10] =
    ["refund", "cancel", "releas", "revers", "return", "delet", "remov", "reject", "revok", "restor"];

/// Verbs of tasks that only look at something.
const LOOKS: [&str; 24] = [
    "fetch",
    "get",
    "load",
    "retrieve",
    "read",
    "lookup",
    "find",
    "query",
    "pull",
    "obtain",
    "download",
    "grab",
    "look",
    "check",
    "scan",
    "verify",
    "validate",
    "inspect",
    "ensure",
    "confirm",
    "authorize",
    "examine",
    "test",
    "search",
];

/// A phrase says so much of a task: words of the id count thrice those of its docstring.
const OWN: u32 = 6;
const FUNCTION: u32 = 5;
const ABOUT: u32 = 2;

impl<'a> Names<'a> {
    pub fn new(vocabulary: &Vocabulary, stems: &Stems, concepts: &'a Concepts) -> Names<'a> {
        let mut names = Names {
            profiles: Vec::new(),
            known: BTreeSet::new(),
            workflows: vocabulary.workflows.iter().map(|workflow| workflow.id.clone()).collect(),
            words: Vec::new(),
            told: Vec::new(),
            properties: BTreeSet::new(),
            concepts,
        };
        for task in &vocabulary.tasks {
            names.add(task, stems);
        }
        let inputs = vocabulary.workflows.iter().flat_map(|workflow| &workflow.inputs);
        for word in inputs.flat_map(|input| words_of(&input.name)) {
            names.know(&word, stems);
        }
        for id in vocabulary.workflows.iter().map(|workflow| &workflow.id) {
            words_of(id).iter().for_each(|word| names.know(word, stems));
        }
        names
    }

    fn add(&mut self, task: &Task, stems: &Stems) {
        let stemmed = |text: &str| words_of(text).iter().map(|word| stems.of(word)).collect::<Vec<_>>();
        let parameters = task.parameters.iter().map(|parameter| parameter.name.as_str());
        let fields = task.result.iter().map(|field| field.name.as_str());
        for word in
            [task.id.as_str(), &task.function].into_iter().chain(parameters).chain(fields).flat_map(words_of)
        {
            self.know(&word, stems);
        }
        let flags = task.parameters.iter().chain(&task.result).filter(|field| field.kind.starts_with("bool"));
        self.properties.extend(flags.flat_map(|field| words_of(&field.name)).map(|word| stems.of(&word)));
        let types = task.parameters.iter().flat_map(|parameter| words_of(&parameter.kind));
        let taken = task.parameters.iter().flat_map(|parameter| words_of(&parameter.name)).chain(types);
        let about = words_of(&task.about).into_iter().chain(taken).map(|word| stems.of(&word)).collect();
        let told: BTreeSet<String> =
            words_of(&task.about).iter().map(|word| word.replace('ё', "е")).collect();
        self.known.extend(told.iter().map(|word| stems.of(word)));
        self.told.extend(told.iter().map(|word| (word.clone(), stems.of(word))));
        let told = told.into_iter().map(|word| (stems.of(&word), word)).collect();
        let own = stemmed(&task.id);
        let called = if task.function.contains('_') { task.function.to_lowercase() } else { String::new() };
        self.profiles.push(Profile {
            id: task.id.clone(),
            called,
            own,
            function: stemmed(&task.function),
            about,
            told,
        });
    }

    fn know(&mut self, word: &str, stems: &Stems) {
        let stem = stems.of(word);
        if self.known.insert(stem.clone()) {
            self.words.push((word.to_owned(), stem));
        }
    }

    /// Whether a word of the manifest or one that most workflows have has this stem.
    pub fn knows(&self, stem: &str) -> bool {
        self.known.contains(stem) || self.concepts.is_common(stem)
    }

    /// Whether it is the stem of a word at all, and not of one that is misspelt.
    pub fn is_word(&self, stem: &str) -> bool {
        self.known.contains(stem) || self.concepts.knows(stem)
    }

    /// Whether a workflow and nothing else is called so.
    pub fn is_workflow(&self, word: &str) -> bool {
        let stem = WORDS.stems.of(word);
        self.workflows.contains(word)
            && !self
                .profiles
                .iter()
                .any(|profile| profile.own.iter().any(|own| self.concepts.are_same(own, &stem)))
    }

    /// Whether a task says by its first word that it only looks at something.
    pub fn reads(&self, id: &str) -> bool {
        let first =
            self.profiles.iter().find(|profile| profile.id == id).and_then(|profile| profile.own.first());
        first.is_some_and(|own| LOOKS.iter().any(|verb| WORDS.stems.of(verb) == *own))
    }

    /// Whether a word is the verb of a task, or one that means the same.
    pub fn is_led_by(&self, id: &str, word: &PhraseWord) -> bool {
        let verbs = |profile: &Profile| {
            profile.own.iter().take(1).chain(profile.function.iter().take(1)).cloned().collect::<Vec<_>>()
        };
        let of = self.profiles.iter().filter(|profile| profile.id == id);
        of.flat_map(verbs).any(|verb| self.concepts.are_same(&verb, &word.stem))
    }

    /// Whether the words name a task without its verb.
    pub fn is_noun_of(&self, id: &str, words: &[PhraseWord]) -> bool {
        let Some(profile) = self.profiles.iter().find(|profile| profile.id == id) else { return false };
        let Some((verb, nouns)) = profile.own.split_first() else { return false };
        words.iter().all(|word| nouns.contains(&word.stem) && word.stem != *verb)
    }

    /// Whether two words follow each other in an id, its verb aside, or are its object and its verb: `noise removal`.
    pub fn has_pair(&self, one: &str, other: &str) -> bool {
        let is_inner = |own: &[String]| own.windows(2).skip(1).any(|pair| pair[0] == one && pair[1] == other);
        let is_turned = |own: &[String]| matches!(own, [verb, .., object] if verb == other && object == one);
        self.profiles.iter().any(|profile| is_inner(&profile.own) || is_turned(&profile.own))
    }

    /// Whether a word of a task's id has the stem.
    pub fn owns(&self, stem: &str) -> bool {
        self.profiles.iter().any(|profile| profile.own.iter().any(|own| own == stem))
    }

    /// Whether the word says what is true or false of a thing.
    pub fn is_property(&self, stem: &str) -> bool {
        self.properties.contains(stem)
    }

    /// Whether the id of a task begins with the word.
    pub fn begins(&self, stem: &str) -> bool {
        self.profiles.iter().any(|profile| profile.own.first().is_some_and(|own| own == stem))
    }

    /// Whether the id of a task begins with the word, or with one that means the same.
    pub fn leads(&self, stem: &str) -> bool {
        let begins = |own: &String| self.concepts.are_same(own, stem);
        self.profiles.iter().any(|profile| profile.own.first().is_some_and(begins))
    }

    /// Whether the name or the docstring of a task has the verb.
    pub fn has_verb(&self, word: &PhraseWord) -> bool {
        let has = |profile: &Profile| profile.own.contains(&word.stem) || self.tells(profile, word);
        self.profiles.iter().any(has)
    }

    /// How many of the words at the beginning are exactly the id of a task.
    pub fn exact(&self, stems: &[String]) -> Option<usize> {
        let lengths = self.profiles.iter().filter_map(|profile| {
            if stems.first().is_some_and(|stem| *stem == profile.id || *stem == profile.called) {
                return Some(1);
            }
            if profile.own.len() < 2 {
                return None;
            }
            let mut at = 0;
            for (number, own) in profile.own.iter().enumerate() {
                at += usize::from(number > 0 && stems.get(at).is_some_and(|stem| is_article(stem)));
                stems.get(at).filter(|stem| *stem == own)?;
                at += 1;
            }
            Some(at)
        });
        lengths.max()
    }

    /// The task that a phrase names, with the verbs beside it where it alone may be several.
    pub fn meant_by(&self, phrase: &Phrase, verbs: &[PhraseWord]) -> Meant {
        if phrase.aside.is_empty() {
            return self.meant(&phrase.words, verbs);
        }
        // Its own verb, however little it says, comes before one that it shares with others.
        let words: Vec<PhraseWord> = phrase.aside.iter().chain(&phrase.words).cloned().collect();
        let of_its_own = [self.meant(&phrase.words, &[]), self.meant(&words, verbs)];
        let task = of_its_own.into_iter().find(|meant| matches!(meant, Meant::Task(_)));
        task.unwrap_or_else(|| self.meant(&phrase.words, verbs))
    }

    /// The one of these tasks that the words fit.
    pub fn meant_among(&self, tasks: &[String], words: &[PhraseWord]) -> Option<String> {
        if words.len() > LONGEST {
            return None;
        }
        let mut fits = self
            .profiles
            .iter()
            .filter(|profile| tasks.contains(&profile.id) && self.fit(profile, words).is_some());
        fits.next().filter(|_| fits.next().is_none()).map(|profile| profile.id.clone())
    }

    /// The task that words name. `verbs` are words that it may leave out: `fetch the user and the product`.
    pub fn meant(&self, phrase: &[PhraseWord], verbs: &[PhraseWord]) -> Meant {
        if phrase.is_empty() || phrase.len() > LONGEST {
            return Meant::Nothing;
        }
        if let Some(named) = self.called_by_id(phrase, verbs) {
            return named;
        }
        let light = self.without_light(phrase);
        // `let the subscribers know by email`
        let tells = |word: &PhraseWord| self.concepts.are_same(&word.stem, "notifi");
        let by = light.iter().any(|word| word.preposition == "by" && !tells(word));
        let light: Vec<PhraseWord> = if by {
            light.into_iter().filter(|word| !tells(word) || word.preposition == "by").collect()
        } else {
            light
        };
        let phrase = light.as_slice();
        let mut fits: Vec<(u32, &Profile)> =
            self.profiles.iter().filter_map(|profile| Some((self.fit(profile, phrase)?, profile))).collect();
        let best = fits.iter().map(|(score, _)| *score).max().unwrap_or_default();
        // `the payment` is what `charge_card` does, and only what `refund_payment` is done to.
        let does = |profile: &Profile| {
            profile
                .own
                .first()
                .is_some_and(|own| phrase.iter().any(|word| self.concepts.are_same(own, &word.stem)))
        };
        let is_object = |&(score, profile): &(u32, &Profile)| {
            score == best
                && phrase.len() == 1
                && !does(profile)
                && profile.own.first().is_some_and(|own| UNDOES.contains(&own.as_str()))
        };
        if fits.iter().any(is_object) && fits.iter().any(|(_, profile)| does(profile)) {
            fits.retain(|(score, profile)| *score == best || does(profile));
        } else {
            fits.retain(|(score, _)| *score == best);
        }
        if fits.len() > 1 && !verbs.is_empty() {
            let with_verb: Vec<_> =
                fits.iter().filter(|(_, profile)| self.starts_with(profile, verbs)).copied().collect();
            if !with_verb.is_empty() {
                fits = with_verb;
            }
        }
        // `boarding` is done, and a boarding pass is not.
        if let ([word], true) = (phrase, fits.len() > 1)
            && word.text.ends_with("ing")
            && fits.iter().filter(|(_, profile)| profile.own.first() == Some(&word.stem)).count() == 1
        {
            fits.retain(|(_, profile)| profile.own.first() == Some(&word.stem));
        }
        // What the docstring itself says comes before what means the same.
        if fits.len() > 1 {
            let close =
                |profile: &Profile| -> u32 { phrase.iter().map(|word| closeness(profile, word)).sum() };
            let most = fits.iter().map(|(_, profile)| close(profile)).max().unwrap_or_default();
            fits.retain(|(_, profile)| close(profile) == most);
        }
        match fits.as_slice() {
            [] => Meant::Nothing,
            [(_, profile)] => Meant::Task(profile.id.clone()),
            several => Meant::Several(several.iter().map(|(_, profile)| profile.id.clone()).collect()),
        }
    }

    /// `send a notification` is `notify`: which one is meant, the verb does not say.
    fn without_light(&self, phrase: &[PhraseWord]) -> Vec<PhraseWord> {
        let is_light = |word: &PhraseWord| self.concepts.are_same(&word.stem, "send");
        let tells = |word: &PhraseWord| !is_light(word) && self.concepts.are_same(&word.stem, "notifi");
        let drops = phrase.iter().any(tells);
        phrase.iter().filter(|word| !(drops && is_light(word))).cloned().collect()
    }

    fn starts_with(&self, profile: &Profile, verbs: &[PhraseWord]) -> bool {
        verbs
            .iter()
            .any(|verb| profile.own.first().is_some_and(|own| self.concepts.are_same(own, &verb.stem)))
    }

    /// How well a phrase fits; `None` where it says something that the task does not.
    fn fit(&self, profile: &Profile, phrase: &[PhraseWord]) -> Option<u32> {
        let same = |one: &str, other: &str| self.concepts.are_same(one, other);
        let mut score = 0;
        let (mut strange, mut unknown, mut is_told) = (Vec::new(), 0, true);
        for (at, word) in phrase.iter().enumerate() {
            let worth = if profile.own.contains(&word.stem) {
                OWN + 1
            } else if profile.own.iter().any(|own| same(own, &word.stem)) {
                OWN
            } else if profile.function.iter().any(|own| same(own, &word.stem)) {
                FUNCTION
            } else if profile.about.iter().any(|own| same(own, &word.stem)) || self.tells(profile, word) {
                is_told &= self.tells(profile, word);
                ABOUT
            } else {
                // `the permissions get checked`
                let helps = at > 0 && matches!(word.text.as_str(), "get" | "gets" | "got");
                strange.extend((!helps).then_some(at));
                unknown += usize::from(!helps && !self.concepts.is_common(&word.stem));
                0
            };
            score += worth;
        }
        // What the task does not say is an addition only where all of its name is said, and nobody else's name has it.
        // A docstring names its task where it has every word.
        let is_long = phrase.len() > 1 || phrase.iter().all(|word| is_russian(&word.text));
        let is_named = score >= FUNCTION || strange.is_empty() && is_told && is_long && score > 0;
        let fits = is_named && (strange.is_empty() || self.adds(profile, phrase, &strange, unknown));
        fits.then(|| score + if !profile.own.is_empty() && self.covers(phrase, &profile.own) { 2 } else { 0 })
    }

    /// Whether the id of the task has the word, or one that means the same.
    pub fn is_part(&self, id: &str, word: &PhraseWord) -> bool {
        let has = |profile: &Profile| profile.own.iter().any(|own| self.concepts.are_same(own, &word.stem));
        self.profiles.iter().any(|profile| profile.id == id && has(profile))
    }

    /// Whether the task is one that others begin with: `receive`, `accept`, `принимает`.
    pub fn takes_in(&self, id: &str) -> bool {
        const TAKES: [&str; 8] =
            ["receiv", "accept", "ingest", "import", "regist", "admit", "collect", "принима"];
        let is_it = |profile: &&Profile| profile.id == id;
        let begins = |stem: &str| TAKES.contains(&stem);
        let first = |profile: &Profile| {
            profile.own.first().is_some_and(|stem| begins(stem))
                || profile.told.iter().any(|(stem, _)| begins(stem))
        };
        self.profiles.iter().find(is_it).is_some_and(first)
    }

    /// The only one of the tasks that another one undoes: both are about the same thing.
    pub fn undone_by<'t>(&self, by: &str, tasks: impl Iterator<Item = &'t String>) -> Option<String> {
        let profile = |id: &str| self.profiles.iter().find(|profile| profile.id == id);
        let (verb, thing) = profile(by)?.own.split_first()?;
        const MORE: [&str; 8] =
            ["recal", "withdraw", "close", "stop", "unlock", "undo", "rollback", "reopen"];
        const TOLD: [&str; 7] = ["возвраща", "отменя", "снима", "освобожда", "отзыва", "откатыва", "закрыва"];
        let tells =
            || profile(by).is_some_and(|by| by.told.iter().any(|(stem, _)| TOLD.contains(&stem.as_str())));
        let undoes = UNDOES.contains(&verb.as_str())
            || MORE.contains(&verb.as_str())
            || verb.starts_with("un")
            || tells();
        let is_same = |id: &&String| {
            let of = profile(id).and_then(|profile| profile.own.split_first());
            // `rollback_deploy` undoes `deploy_service`
            let is_done = |verb: &String| thing == std::slice::from_ref(verb);
            **id != by && of.is_some_and(|(verb, of)| !of.is_empty() && of == thing || is_done(verb))
        };
        let found: BTreeSet<&String> = tasks.filter(is_same).collect();
        let mut found = found.into_iter();
        found.next().filter(|_| undoes && found.next().is_none()).cloned()
    }

    /// Whether the id of the task has the word as it is written.
    pub fn is_word_of(&self, id: &str, word: &str) -> bool {
        words_of(id).iter().skip(1).any(|own| own == word)
            && self.profiles.iter().any(|profile| profile.id == id)
    }

    /// Whether the docstring of a task has the word, in whatever form.
    pub fn is_told(&self, id: &str, word: &PhraseWord) -> bool {
        self.profiles.iter().any(|profile| profile.id == id && self.tells(profile, word))
    }

    /// Whether the docstring has the word, in whatever form.
    fn tells(&self, profile: &Profile, word: &PhraseWord) -> bool {
        profile.told.iter().any(|told| self.is_same_verb(told, word))
    }

    /// Whether a word is the one of a docstring, in whatever form.
    fn is_same_verb(&self, (stem, told): &(String, String), word: &PhraseWord) -> bool {
        let text = word.text.replace('ё', "е");
        let is_kin =
            || is_russian(&text) && is_russian(told) && are_kin((&word.stem, &text), (stem, told)).is_some();
        self.concepts.are_same(stem, &word.stem) || is_kin()
    }

    /// Whether each of the words is said, by a word of its own.
    fn covers(&self, phrase: &[PhraseWord], words: &[String]) -> bool {
        let mut used = vec![false; phrase.len()];
        words.iter().all(|own| {
            let free = |at: &usize| !used[*at] && self.concepts.are_same(own, &phrase[*at].stem);
            let found = (0..phrase.len()).find(free);
            if let Some(at) = found {
                used[at] = true;
            }
            found.is_some()
        })
    }

    /// Whether another task's id has the word.
    fn distinguishes(&self, stem: &str, id: &str) -> bool {
        let others = self.profiles.iter().filter(|profile| profile.id != id);
        others.into_iter().any(|other| other.own.iter().any(|own| self.concepts.are_same(own, stem)))
    }

    pub fn are_same(&self, one: &str, other: &str) -> bool {
        self.concepts.are_same(one, other)
    }
}

/// How near the docstring comes to a Russian word: nearer where it has the root with the same prefix.
fn closeness(profile: &Profile, word: &PhraseWord) -> u32 {
    let text = word.text.replace('ё', "е");
    let told = profile.told.iter().filter(|(_, told)| is_russian(told) && is_russian(&text));
    let kin = told.filter_map(|(stem, told)| are_kin((&word.stem, &text), (stem, told)));
    kin.map(|kin| if kin == Kin::Near { 2 } else { 1 }).max().unwrap_or_default()
}

/// An id in any convention of writing.
fn is_spelled(id: &str, word: &str) -> bool {
    id == word || id.replace('_', "") == word.replace(['_', '-'], "").replace('.', "")
}
