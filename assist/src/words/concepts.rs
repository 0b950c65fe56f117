//! Which words mean the same.
//!
//! The tables are large and an instruction is short: a word is stemmed when one that begins like it is asked for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::OnceLock;

use super::cognates::are_cognate;
use super::nouns::is_noun_of;
use super::roots::root;
use super::typos::slips;
use super::{Stems, is_russian};

/// Words that most workflows have: they may stand beside the name of a task and say nothing new.
const COMMON: &str = include_str!("concepts/common.txt");
const TRADES: [&str; 3] = [
    include_str!("concepts/verbs.txt"),
    include_str!("concepts/things.txt"),
    include_str!("concepts/states.txt"),
];

/// Of infinitives and of nouns of action.
const ENDINGS: [&str; 4] = ["ть", "ти", "чь", "ние"];

/// What Russian adjectives of things have behind the thing's stem.
const ADJECTIVES: [&str; 4] = ["н", "ов", "ев", "ск"];

/// In letters; shorter roots are common to too many words.
const SHORTEST_ROOT: usize = 4;

/// The first two letters of a word, which its stem has, too.
type Beginning = (char, Option<char>);

/// The numbers of the concepts that a word belongs to: few, so that a list is compared faster than a set.
type Numbers = Vec<usize>;

/// Stems with the concepts that they belong to.
pub(crate) struct Concepts {
    stems: Stems,
    /// How many concepts are common.
    common: usize,
    groups: HashMap<Beginning, Group>,
}

/// The words of the tables that begin alike.
#[derive(Default)]
struct Group {
    words: Vec<(&'static str, usize)>,
    forms: OnceLock<Forms>,
}

#[derive(Default)]
struct Forms {
    by_stem: BTreeMap<String, Numbers>,
    /// Of Russian verbs and their nouns.
    by_root: BTreeMap<String, Numbers>,
}

impl Forms {
    fn new(words: &[(&str, usize)], stems: &Stems) -> Forms {
        let mut forms = Forms::default();
        let mut verbs = Vec::new();
        for (word, number) in words {
            let stem = stems.of(word);
            forms.by_stem.entry(stem.clone()).or_default().push(*number);
            let is_verb = ENDINGS.iter().any(|ending| word.ends_with(ending));
            let root = is_verb.then(|| root(&stem)).filter(|root| root.chars().count() >= SHORTEST_ROOT);
            if let Some(root) = root {
                forms.by_root.entry(root.clone()).or_default().push(*number);
                verbs.push((stem, root));
            }
        }
        // What one form of a verb means, all mean.
        for (stem, root) in verbs {
            forms.by_stem.entry(stem).or_default().extend(&forms.by_root[&root]);
        }
        for numbers in forms.by_stem.values_mut() {
            numbers.sort_unstable();
            numbers.dedup();
        }
        forms
    }

    /// Words that the tables do not have are told by their root: `оплачивается` by `оплатить`, `кредитный` by `кредит`.
    fn of(&self, stem: &str, stems: &Stems) -> Option<&Numbers> {
        if let Some(numbers) = self.by_stem.get(stem) {
            return Some(numbers);
        }
        if !is_russian(stem) {
            return None;
        }
        let long = |noun: &&str| noun.chars().count() >= SHORTEST_ROOT;
        let mut nouns = ADJECTIVES.iter().filter_map(|ending| stem.strip_suffix(ending)).filter(long);
        let thing = || nouns.find_map(|noun| self.by_stem.get(&stems.of(noun)));
        self.by_root.get(&root(stem)).or_else(thing)
    }
}

impl Concepts {
    pub fn new() -> Concepts {
        let stems = Stems::new();
        let mut groups = HashMap::<Beginning, Group>::new();
        let lines = |table: &'static str| table.lines().filter(|line| !line.starts_with('#'));
        let common = lines(COMMON).count();
        for (number, line) in lines(COMMON).chain(TRADES.into_iter().flat_map(lines)).enumerate() {
            for word in line.split(' ') {
                if let Some(beginning) = beginning(stems.regular(word)) {
                    groups.entry(beginning).or_default().words.push((word, number));
                }
            }
        }
        Concepts { stems, common, groups }
    }

    fn forms(&self, stem: &str) -> Option<&Forms> {
        Some(self.forms_of(self.groups.get(&beginning(stem)?)?))
    }

    fn forms_of<'a>(&self, group: &'a Group) -> &'a Forms {
        group.forms.get_or_init(|| Forms::new(&group.words, &self.stems))
    }

    fn of(&self, stem: &str) -> Option<&Numbers> {
        self.forms(stem)?.of(stem, &self.stems)
    }

    /// Whether two stems are one word, or two words for one thing.
    pub fn are_same(&self, one: &str, other: &str) -> bool {
        one == other
            || is_noun_of(one, other)
            || is_noun_of(other, one)
            || match (self.of(one), self.of(other)) {
                (Some(one), Some(other)) => share(one, other),
                // What the tables have they know better.
                (None, _) if is_russian(one) => !is_russian(other) && are_cognate(one, other),
                (_, None) if is_russian(other) => !is_russian(one) && are_cognate(other, one),
                _ => false,
            }
    }

    /// The stem that a misspelt word is nearest to; nothing where it is as near to one that means something else.
    pub fn near(&self, word: &str) -> Option<&str> {
        let first = word.chars().next()?;
        let groups = self.groups.iter().filter(|((letter, _), _)| *letter == first);
        let stems = groups.flat_map(|(_, group)| &self.forms_of(group).by_stem);
        let near = stems.filter_map(|(stem, numbers)| Some((slips(word, stem)?, stem, numbers)));
        let near: BTreeSet<_> = near.collect();
        let (least, stem, numbers) = near.first()?;
        let mut others = near.iter().take_while(|(slips, ..)| slips == least);
        others.all(|(_, _, others)| share(others, numbers)).then_some(stem.as_str())
    }

    pub fn knows(&self, stem: &str) -> bool {
        self.of(stem).is_some()
    }

    pub fn is_common(&self, stem: &str) -> bool {
        let numbers = self.forms(stem).and_then(|forms| forms.by_stem.get(stem));
        numbers.is_some_and(|numbers| numbers.iter().any(|number| *number < self.common))
    }
}

fn share(one: &[usize], other: &[usize]) -> bool {
    one.iter().any(|number| other.contains(number))
}

fn beginning(word: &str) -> Option<Beginning> {
    let mut letters = word.chars().map(|letter| if letter == 'ё' { 'е' } else { letter });
    Some((letters.next()?, letters.next()))
}
#[cfg(test)]
mod tests {
    use super::Concepts;
    use crate::words::Stems;

    #[test]
    fn words_mean_the_same_in_both_languages_and_in_every_form() {
        let (stems, concepts) = (Stems::new(), Concepts::new());
        let are_same = |one: &str, other: &str| concepts.are_same(&stems.of(one), &stems.of(other));
        for (said, meant) in [
            ("деплоем", "deploy"),
            ("уведомления", "notify"),
            ("транскодированием", "transcode"),
            ("анализа", "analyse"),
            ("рентген", "xray"),
            ("x-ray", "xray"),
            ("застраховано", "insured"),
            ("срочный", "urgent"),
            ("оплачена", "paid"),
            ("платежа", "payment"),
            ("оплачивается", "pay"),
            ("оцениваем", "grade"),
            ("кредитный", "loan"),
            ("perms", "permissions"),
            ("subs", "subtitles"),
        ] {
            assert!(are_same(said, meant), "{said}, {meant}");
        }
        for (said, other) in
            [("завтра", "breakfast"), ("билет", "bill"), ("номер", "order"), ("заказ", "book")]
        {
            assert!(!are_same(said, other), "{said}, {other}");
        }
    }

    /// What does the contrary must never be taken for what was said.
    #[test]
    fn contraries_do_not_mean_the_same() {
        let (stems, concepts) = (Stems::new(), Concepts::new());
        let pairs = [
            ("approve утверди одобри согласование", "reject decline отклони откажи отказ"),
            ("accept прими", "refuse deny отклони откажи"),
            ("open открой", "close закрой"),
            ("lock запри", "unlock отопри"),
            ("block заблокируй блокировка", "unblock разблокируй разблокировка"),
            ("freeze заморозь", "unfreeze разморозь"),
            ("start запусти начни", "stop останови"),
            ("pause приостанови", "resume возобнови"),
            ("enable включи", "disable отключи выключи"),
            ("activate активируй", "deactivate деактивируй"),
            ("charge спиши", "refund верни возмести"),
            ("buy купи", "sell продай"),
            ("hire найми", "fire уволь"),
            ("encrypt зашифруй", "decrypt расшифруй"),
            ("compress сожми", "decompress распакуй"),
            ("publish опубликуй", "unpublish скрой"),
            ("assign назначь", "unassign"),
            ("deposit внеси", "withdraw"),
            ("increase увеличь повысь", "decrease уменьши снизь"),
            ("load погрузи", "unload разгрузи"),
            ("upload выложи залей", "download скачай"),
            ("subscribe подпиши", "unsubscribe отпиши"),
            ("create создай", "delete remove удали"),
            ("add добавь", "remove удали убери"),
            ("import импортируй", "export экспортируй"),
            ("send отправь", "receive получи"),
            ("attach прикрепи", "detach открепи"),
            ("deploy разверни задеплой", "rollback откати"),
            ("heat нагрей", "cool охлади"),
            ("upgrade обнови", "downgrade понизь"),
            ("check-in засели", "check-out высели"),
            ("arrive прибытие", "depart отъезд"),
            ("valid", "invalid"),
            ("active", "inactive"),
        ];
        let mut alike = Vec::new();
        for (one, other) in pairs {
            let others = || other.split(' ');
            let both = one.split(' ').flat_map(|one| others().map(move |other| (one, other)));
            alike.extend(both.filter(|(one, other)| concepts.are_same(&stems.of(one), &stems.of(other))));
        }
        assert_eq!(alike, Vec::<(&str, &str)>::new());
    }

    #[test]
    fn every_word_is_found_by_its_own_stem() {
        let concepts = Concepts::new();
        let lost = |words: &[(&'static str, usize)]| {
            words.iter().map(|(word, _)| *word).find(|word| !concepts.knows(&concepts.stems.of(word)))
        };
        assert_eq!(concepts.groups.values().find_map(|group| lost(&group.words)), None);
    }
}
