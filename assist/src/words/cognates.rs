//! Russian words that are English ones in other letters: `депозит` is a deposit, `пастеризация` pasteurizes.
//!
//! It compares the sounds of stems; words with few consonants are too much alike.

/// What Russian has made verbs and nouns of action of, behind what it has taken over.
const MADE: [&str; 12] =
    ["изирова", "ировани", "ирован", "изаци", "ирова", "изац", "ируй", "изуй", "изу", "иру", "аци", "ац"];
/// Of what both words have, in consonants.
const SHORTEST: usize = 4;
/// Words that look alike in both languages and are none.
const FALSE_FRIENDS: [&str; 8] =
    ["магазин", "артикул", "препарат", "кабинет", "конкурс", "трансформатор", "аудиенц", "проспект"];

/// Whether the Russian stem is the English one.
pub(crate) fn are_cognate(russian: &str, english: &str) -> bool {
    if FALSE_FRIENDS.contains(&russian) {
        return false;
    }
    let taken = MADE.iter().find_map(|made| russian.strip_suffix(made)).unwrap_or(russian);
    let (one, other) = (of_russian(taken), of_english(english));
    one == other && one.len() >= SHORTEST && sound_alike(&vowels(taken), &vowels(english))
}

/// Whether one is the other, or its beginning: stems are cut at their ends.
fn sound_alike(one: &str, other: &str) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// The first of each row of vowels.
fn vowels(stem: &str) -> String {
    let mut found = String::new();
    let mut is_row = false;
    for letter in stem.chars() {
        let said = match letter {
            'а' | 'я' | 'a' => 'a',
            'е' | 'э' | 'e' => 'e',
            'и' | 'ы' | 'й' | 'i' | 'y' => 'i',
            'о' | 'o' => 'o',
            'у' | 'ю' | 'u' => 'u',
            _ => {
                is_row = false;
                continue;
            }
        };
        if !is_row {
            found.push(said);
        }
        is_row = true;
    }
    found
}

fn of_russian(stem: &str) -> String {
    let mut found = String::new();
    for letter in stem.chars() {
        let said = match letter {
            'б' => 'b',
            'в' => 'v',
            'г' => 'g',
            'д' => 'd',
            'ж' => 'j',
            'з' | 'с' | 'ш' | 'щ' => 's',
            'к' => 'k',
            'л' => 'l',
            'м' => 'm',
            'н' => 'n',
            'п' => 'p',
            'р' => 'r',
            'т' => 't',
            'ф' => 'f',
            'х' => 'h',
            'ц' if found.is_empty() => 's',
            'ц' => 't',
            'ч' => 'c',
            _ => continue,
        };
        push(&mut found, said);
    }
    found
}

fn of_english(stem: &str) -> String {
    let mut found = String::new();
    let letters: Vec<char> = stem.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        let next = letters.get(at + 1);
        let said = match letter {
            'c' if next.is_some_and(|next| ['e', 'i', 'y'].contains(next)) => 's',
            'c' if next == Some(&'h') => 'c',
            'c' | 'q' => 'k',
            'z' => 's',
            // `photo`, `that`
            'p' if next == Some(&'h') => 'f',
            'h' if at > 0 && ['c', 'p', 't', 's', 'g'].contains(&letters[at - 1]) => continue,
            'x' => {
                push(&mut found, 'k');
                's'
            }
            'w' => 'v',
            'a' | 'e' | 'i' | 'o' | 'u' | 'y' => continue,
            letter => *letter,
        };
        push(&mut found, said);
    }
    found
}

/// A doubled consonant is one: `компрессия`.
fn push(found: &mut String, letter: char) {
    if !found.ends_with(letter) {
        found.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::are_cognate;
    use crate::words::Stems;

    #[test]
    fn words_in_other_letters_are_one() {
        let stems = Stems::new();
        let are = |one: &str, other: &str| are_cognate(&stems.of(one), &stems.of(other));
        for (russian, english) in [
            ("депозита", "deposit"),
            ("пастеризации", "pasteurize"),
            ("инспектора", "inspector"),
            ("компрессия", "compress"),
            ("экспорта", "export"),
            ("резервация", "reserve"),
            ("манускрипт", "manuscript"),
        ] {
            assert!(are(russian, english), "{russian}, {english}");
        }
        for (russian, english) in [
            ("магазин", "magazine"),
            ("контроль", "contract"),
            ("препарат", "prepare"),
            ("интервал", "interview"),
            ("полис", "police"),
            ("клиент", "collect"),
        ] {
            assert!(!are(russian, english), "{russian}, {english}");
        }
    }
}
