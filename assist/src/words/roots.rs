//! What Russian verbs of one root share: `выпиши` and `выписывает`, `размести` and `размещение`, `напечатай` and `печатает`.
//!
//! It cuts where most verbs have their seams; a root that it gets wrong is a word that is not understood.

const ENDINGS: [&str; 13] =
    ["ач", "ыва", "ива", "ова", "ева", "ение", "ени", "ен", "ов", "ев", "ыв", "ив", "ан"];
const PREFIXES: [&str; 16] =
    ["пере", "пред", "раз", "рас", "при", "про", "под", "вы", "на", "за", "от", "до", "по", "об", "с", "у"];
const VOWELS: [char; 11] = ['а', 'е', 'и', 'о', 'у', 'ы', 'э', 'ю', 'я', 'ь', 'й'];
/// In letters; shorter ones are common to too many words.
const SHORTEST: usize = 3;

/// The root of a stem, and the root without its prefix where it has one.
type Root = (String, Option<String>);

fn roots(stem: &str) -> Root {
    let mut root = bare(stem);
    for ending in ENDINGS.iter().chain(&ENDINGS) {
        if let Some(rest) = root.strip_suffix(ending).filter(|rest| rest.chars().count() >= SHORTEST) {
            root = bare(rest);
        }
    }
    // `забери`, `забирает`
    if let Some(rest) = root.strip_suffix("ир") {
        root = format!("{rest}ер");
    }
    // `проверка`, `звонок`
    for ending in ["ок", "к"] {
        if let Some(rest) = root.strip_suffix(ending).filter(|rest| rest.chars().count() > SHORTEST) {
            root = bare(rest);
            break;
        }
    }
    for (change, origin) in
        [("щ", "ст"), ("ш", "с"), ("ж", "з"), ("вл", "в"), ("пл", "п"), ("бл", "б"), ("мл", "м")]
    {
        if let Some(rest) = root.strip_suffix(change) {
            root = format!("{rest}{origin}");
            break;
        }
    }
    let long = |rest: &&str| rest.chars().count() >= SHORTEST;
    let inner = PREFIXES.iter().find_map(|prefix| root.strip_prefix(prefix).filter(long).map(str::to_owned));
    (root, inner)
}

/// Whether two words, each with its stem, have one root; a prefix counts where both have it.
pub(crate) fn are_kin(one: (&str, &str), other: (&str, &str)) -> bool {
    let all = |(stem, word): (&str, &str)| {
        // `печать` is no infinitive, though it looks like one.
        let noun = word.strip_suffix('ь').map(str::to_owned);
        std::iter::once(stem.to_owned()).chain(noun).map(|stem| roots(&stem)).collect::<Vec<_>>()
    };
    let (one, other) = (all(one), all(other));
    one.iter().any(|one| other.iter().any(|other| are_same(one, other)))
}

fn are_same(one: &Root, other: &Root) -> bool {
    one.0.chars().count() >= SHORTEST && one.0 == other.0
        || one.1.as_ref() == Some(&other.0)
        || other.1.as_ref() == Some(&one.0)
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
        let kin = |one: &str, other: &str| are_kin((&stems.of(one), one), (&stems.of(other), other));
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
            ("взвешивание", "взвешивает"),
            ("посчитай", "считает"),
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
