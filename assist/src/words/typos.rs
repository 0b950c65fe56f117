//! Slips of the finger: whether a word is another one with a letter too many, missing, wrong or swapped.

/// Short words are too near to each other to be mended; long ones may have two slips.
fn allowed(word: &str) -> usize {
    match word.chars().count() {
        0..=4 => 0,
        5..=8 => 1,
        _ => 2,
    }
}

/// Both in lower case. A word is not its own typo.
pub(crate) fn is_typo_of(word: &str, wanted: &str) -> bool {
    slips(word, wanted).is_some()
}

/// How many slips make one word of the other, where they are few.
pub(crate) fn slips(word: &str, wanted: &str) -> Option<usize> {
    let bound = allowed(wanted).min(allowed(word));
    let (one, other): (Vec<char>, Vec<char>) = (word.chars().collect(), wanted.chars().collect());
    // The first letter is seldom the wrong one, and telling words by it avoids most false friends.
    let is_near =
        bound > 0 && one != other && one.first() == other.first() && one.len().abs_diff(other.len()) <= bound;
    let slips = || if single(&one) == single(&other) { 1 } else { distance(&one, &other) };
    is_near.then(slips).filter(|slips| *slips <= bound)
}

/// Each letter that is doubled once.
fn single(word: &[char]) -> Vec<char> {
    let mut word = word.to_vec();
    word.dedup();
    word
}

/// Whether one letter of `wanted` was left out, not its first.
pub(crate) fn lacks_one(word: &str, wanted: &str) -> bool {
    wanted.chars().next() == word.chars().next()
        && wanted
            .char_indices()
            .any(|(at, letter)| format!("{}{}", &wanted[..at], &wanted[at + letter.len_utf8()..]) == word)
}

/// Whether two neighbours changed places, neither of them the first letter.
pub(crate) fn are_swapped(word: &str, wanted: &str) -> bool {
    let (mut one, mut other): (Vec<char>, Vec<char>) = (word.chars().collect(), wanted.chars().collect());
    if one.len() != other.len() || one.first() != other.first() || distance(&one, &other) != 1 {
        return false;
    }
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// Edits between two words, a swap of neighbours being one (optimal string alignment, Damerau 1964).
fn distance(one: &[char], other: &[char]) -> usize {
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let mut least =
                (rows[i][j] + usize::from(letter != wanted)).min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    use super::is_typo_of;

    #[test]
    fn slips_are_mended_and_short_or_different_words_are_not() {
        for (word, wanted) in
            [("paralel", "parallel"), ("reciept", "receipt"), ("paymnet", "payment"), ("procces", "process")]
        {
            assert!(is_typo_of(word, wanted), "{word}");
        }
        for (word, wanted) in
            [("then", "when"), ("user", "used"), ("payment", "payment"), ("refund", "reserve")]
        {
            assert!(!is_typo_of(word, wanted), "{word}");
        }
    }
}
