//! Answers of several places to one question.
//!
//! It does not know which places they are.

use conductor_model::{Findings, Lookup};

/// The one function or operation that a ref leads to. More than one is an error, as none is, which says where all was
/// searched.
pub(super) fn one_of(candidates: Vec<Lookup>) -> Lookup {
    let (mut found, others): (Vec<Lookup>, Vec<Lookup>) =
        candidates.into_iter().partition(|lookup| matches!(lookup, Lookup::Found(_)));
    match found.len() {
        0 => others.into_iter().reduce(clearer).unwrap_or_else(nothing),
        1 => found.remove(0),
        _ => Lookup::Ambiguous(found.iter().filter_map(candidate).collect()),
    }
}

fn nothing() -> Lookup {
    Lookup::NotFound { searched: Vec::new(), similar: Vec::new() }
}

fn candidate(lookup: &Lookup) -> Option<(String, conductor_source::Span)> {
    match lookup {
        Lookup::Found(signature) => Some((signature.explicit_ref(), signature.span)),
        _ => None,
    }
}

/// Of two answers that are none, the one that says more.
fn clearer(one: Lookup, other: Lookup) -> Lookup {
    match (one, other) {
        (
            Lookup::NotFound { mut searched, mut similar },
            Lookup::NotFound { searched: also, similar: near },
        ) => {
            searched.extend(also);
            similar.extend(near);
            Lookup::NotFound { searched, similar }
        }
        (one, other) if weight(&one) < weight(&other) => other,
        (one, _) => one,
    }
}

fn weight(lookup: &Lookup) -> u8 {
    match lookup {
        Lookup::NotFound { .. } => 0,
        Lookup::NotCallable { .. } => 1,
        Lookup::Unreadable { .. } => 2,
        Lookup::Ambiguous(_) => 3,
        Lookup::Found(_) | Lookup::Reported => 4,
    }
}

/// Adds the types and diagnostics of `more`, whose lookups are taken elsewhere. Of two types of one name in the
/// manifest's spelling the first language's is meant.
pub(super) fn types(all: &mut Findings, more: Findings) {
    all.types.extend(more.types);
    all.languages.extend(more.languages);
    all.type_spans.extend(more.type_spans);
    all.diagnostics.extend(more.diagnostics);
    for (name, found) in more.named {
        all.named.entry(name).or_insert(found);
    }
}

#[cfg(test)]
mod tests {
    use conductor_model::Lookup;

    use super::one_of;

    fn not_found(searched: &str) -> Lookup {
        Lookup::NotFound { searched: vec![searched.to_owned()], similar: Vec::new() }
    }

    #[test]
    fn what_is_found_nowhere_was_searched_everywhere() {
        let Lookup::NotFound { searched, .. } = one_of(vec![not_found("a.py"), not_found("a.ts")]) else {
            panic!("found");
        };
        assert_eq!(searched, ["a.py", "a.ts"]);
    }

    #[test]
    fn a_place_that_cannot_be_read_says_more_than_one_that_lacks_it() {
        let unreadable = Lookup::Unreadable { problem: "broken".to_owned(), span: None };
        assert_eq!(one_of(vec![not_found("a.py"), unreadable.clone()]), unreadable);
        assert_eq!(one_of(vec![unreadable.clone(), not_found("a.py")]), unreadable);
    }
}
