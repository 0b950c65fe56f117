//! What Russian verbs of one root share: `выпиши` and `выписывает`, `размести` and `размещение`, `напечатай` and `печатает`.
//!
//! It cuts where most verbs have their seams; a root that it gets wrong is a word that is not understood.

const ENDINGS: [&str; 16] =
    ["ыт", "ач", "ет", "ут", "ыва", "ива", "ова", "ева", "ение", "ени", "ен", "ов", "ев", "ыв", "ив", "ан"];
const PREFIXES: [&str; 17] = [
    "пере", "пред", "раз", "рас", "при", "про", "под", "вы", "на", "за", "от", "до", "по", "об", "с", "у",
    "о",
];
const VOWELS: [char; 11] = ['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'ь', 'й'];
/// In letters; shorter ones are common to too many words.
const SHORTEST: usize = 3;

/// The root of a stem, and the root without its prefix where it has one.
type Root = (String, Option<String>);

fn roots(stem: &str) -> Root {
    let root = root(stem);
    let long = |rest: &&str| rest.chars().count() >= SHORTEST;
    let inner = PREFIXES.iter().find_map(|prefix| root.strip_prefix(prefix).filter(long).map(str::to_owned));
    (root, inner)
}

/// With its prefix.
pub(crate) fn root(stem: &str) -> String {
    // `выдавай`, `выдаёт`
    let plain = stem.strip_suffix("ава").filter(|rest| rest.chars().count() >= SHORTEST);
    let mut root = bare(plain.unwrap_or(stem));
    root = without_endings(root);
    // `проверка`, `звонок`, `блокировка`
    for ending in ["ок", "к"] {
        if let Some(rest) = root.strip_suffix(ending).filter(|rest| rest.chars().count() >= SHORTEST) {
            root = without_endings(bare(rest));
            break;
        }
    }
    // `забери`, `забирает`
    if let Some(rest) = root.strip_suffix("ир") {
        root = format!("{rest}ер");
    }
    // `забрать`, `вызвать`
    for (short, long) in [("бр", "бер"), ("зв", "з")] {
        if let Some(rest) = root.strip_suffix(short).filter(|rest| !rest.is_empty()) {
            root = format!("{rest}{long}");
        }
    }
    changed(root)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kin {
    Near,
    /// One of them has a prefix that the other has not: `убери` and `берёт`, `напечатай` and `печатает`.
    Far,
}

/// The root without the sound that some of its forms have at the end.
fn changed(root: String) -> String {
    const CHANGES: [(&str, &str); 10] = [
        ("щ", "с"),
        ("ст", "с"),
        ("ч", "т"),
        ("ш", "с"),
        ("ж", "з"),
        ("г", "з"),
        ("вл", "в"),
        ("пл", "п"),
        ("бл", "б"),
        ("мл", "м"),
    ];
    let found =
        CHANGES.iter().find_map(|(change, origin)| Some(format!("{}{origin}", root.strip_suffix(change)?)));
    found.unwrap_or(root)
}

/// Without what a verb's own forms and nouns have behind the root.
fn without_endings(mut root: String) -> String {
    for ending in ENDINGS.iter().chain(&ENDINGS) {
        if let Some(rest) = root.strip_suffix(ending).filter(|rest| rest.chars().count() >= SHORTEST) {
            root = bare(rest);
        }
    }
    root
}

/// Whether two words, each with its stem, have one root; a prefix counts where both have it.
pub(crate) fn are_kin(one: (&str, &str), other: (&str, &str)) -> Option<Kin> {
    let all = |(stem, word): (&str, &str)| {
        // `печать` is no infinitive and `лимит` no verb, though they look like it.
        let noun = word.strip_suffix('ь').unwrap_or(word).to_owned();
        let stems: Vec<String> = vec![stem.to_owned(), noun];
        let repeated = stems.iter().filter_map(|stem| repeated(stem));
        // `встреть`
        let order = word.strip_suffix('ь').map(|root| (changed(root.to_owned()), None));
        stems.iter().cloned().chain(repeated).map(|stem| roots(&stem)).chain(order).collect::<Vec<_>>()
    };
    let (one, other) = (all(one), all(other));
    let pairs = || one.iter().flat_map(|one| other.iter().map(move |other| (one, other)));
    if pairs().any(|(one, other)| one.0.chars().count() >= SHORTEST && one.0 == other.0) {
        return Some(Kin::Near);
    }
    let is_bare = |one: &Root, other: &Root| one.1.as_ref() == Some(&other.0);
    pairs().any(|(one, other)| is_bare(one, other) || is_bare(other, one)).then_some(Kin::Far)
}

/// `осматривает` is `осмотрит`: what is done again and again has another vowel.
fn repeated(stem: &str) -> Option<String> {
    let root = bare(stem);
    let root = ["ыв", "ив"].iter().find_map(|ending| root.strip_suffix(ending))?;
    let at = root.rfind(VOWELS)?;
    root[at..].starts_with('а').then(|| format!("{}о{}", &root[..at], &root[at + 'а'.len_utf8()..]))
}

fn bare(word: &str) -> String {
    word.trim_end_matches(VOWELS).to_owned()
}

#[cfg(test)]
mod tests {
    use super::are_kin;
    use crate::words::Stems;

    #[test]
    fn forms_of_a_verb_are_kin_and_other_verbs_are_not() {
        let stems = Stems::new();
        let kin =
            |one: &str, other: &str| are_kin((&stems.of(one), one), (&stems.of(other), other)).is_some();
        for (said, told) in [
            ("выпиши", "выписывает"),
            ("размести", "размещает"),
            ("размещение", "размещает"),
            ("напечатай", "печатает"),
            ("печать", "печатает"),
            ("вызови", "вызывает"),
            ("отправь", "отправляет"),
            ("поставь", "ставит"),
            ("проверка", "проверяет"),
            ("оценка", "оценивает"),
            ("звонок", "звонит"),
            ("забери", "забирает"),
            ("забрать", "забирает"),
            ("вызвать", "вызывает"),
            ("взвешивание", "взвешивает"),
            ("посчитай", "считает"),
            ("осмотри", "осматривает"),
            ("разрежь", "режет"),
            ("резка", "режет"),
            ("выдача", "выдаёт"),
            ("выпусти", "выпускает"),
            ("блокировка", "блокирует"),
            ("лимита", "лимит"),
            ("встреть", "встречает"),
        ] {
            assert!(kin(said, told), "{said}, {told}");
        }
        for (said, other) in [
            ("выпиши", "записывает"),
            ("размести", "размечает"),
            ("вызови", "выдаёт"),
            ("отправь", "поправляет"),
        ] {
            assert!(!kin(said, other), "{said}, {other}");
        }
    }
}
