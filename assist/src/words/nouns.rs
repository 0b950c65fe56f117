//! English nouns of verbs whose end changes: `conversion` and `convert`, `production` and `produce`;
//! and words that are spelled in two ways: `analyse` and `analyze`.
//!
//! It compares stems; what a common stem tells already it need not know.

/// The end of the noun's stem, and that of the verb's; or those of two spellings.
const ENDS: [(&str, &str); 26] = [
    ("vers", "vert"),
    ("miss", "mit"),
    ("ens", "end"),
    ("lus", "lud"),
    ("cis", "cid"),
    ("script", "scrib"),
    ("duct", "duc"),
    ("olut", "olv"),
    ("cept", "ceiv"),
    ("if", "ifi"),
    ("osur", "ose"),
    ("eri", ""),
    ("ysi", "yz"),
    ("lic", "lish"),
    ("plic", "pli"),
    ("umpt", "um"),
    ("empt", "eem"),
    ("tr", "t"),
    ("ten", "tain"),
    ("etit", "eat"),
    ("ans", "and"),
    ("vis", "vid"),
    ("plan", "plain"),
    ("quisit", "quir"),
    // British and American
    ("our", "or"),
    ("ogu", "og"),
];

/// Whether one stem is the noun of the other.
pub(crate) fn is_noun_of(noun: &str, verb: &str) -> bool {
    ENDS.iter().any(|(one, other)| match (noun.strip_suffix(one), verb.strip_suffix(other)) {
        (Some(noun), Some(verb)) => noun == verb && noun.len() >= 2,
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::is_noun_of;
    use crate::words::Stems;

    #[test]
    fn nouns_are_told_by_their_verbs_and_other_words_are_not() {
        let stems = Stems::new();
        let is_noun = |noun: &str, verb: &str| is_noun_of(&stems.of(noun), &stems.of(verb));
        for (noun, verb) in [
            ("conversion", "convert"),
            ("transmission", "transmit"),
            ("suspension", "suspend"),
            ("production", "produce"),
            ("resolution", "resolve"),
            ("reception", "receive"),
            ("notification", "notify"),
            ("closure", "close"),
            ("delivery", "deliver"),
            ("analysis", "analyze"),
            ("subscription", "subscribe"),
            ("publication", "publish"),
            ("application", "apply"),
            ("consumption", "consume"),
            ("redemption", "redeem"),
            ("registration", "register"),
            ("maintenance", "maintain"),
            ("repetition", "repeat"),
            ("expansion", "expand"),
            ("division", "divide"),
            ("explanation", "explain"),
            ("acquisition", "acquire"),
            ("analysis", "analyse"),
            ("colour", "color"),
            ("catalogue", "catalog"),
        ] {
            assert!(is_noun(noun, verb), "{noun}, {verb}");
        }
        for (noun, other) in [("version", "vert"), ("mission", "mit"), ("conversion", "converge")] {
            assert!(!is_noun(noun, other), "{noun}, {other}");
        }
    }
}
