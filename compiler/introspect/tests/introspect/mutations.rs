//! Damaged sources never make the introspector panic, ask for a file twice, or point outside a file.

use crate::support::{Files, print, run};
use conductor_introspect::{Answer, Introspector};
use conductor_model::Lookup;
use conductor_protocol::plan::Language;
use conductor_source::{Sources, Span};
use proptest::prelude::*;

const SOURCES: [(&str, &str); 6] = [
    ("zoo/__init__.py", include_str!("fixture/zoo/__init__.py")),
    ("zoo/shapes.py", include_str!("fixture/zoo/shapes.py")),
    ("zoo/models.py", include_str!("fixture/zoo/models.py")),
    ("zoo/decorated.py", include_str!("fixture/zoo/decorated.py")),
    ("zoo/inner/__init__.py", include_str!("fixture/zoo/inner/__init__.py")),
    ("zoo/inner/deep.py", include_str!("fixture/zoo/inner/deep.py")),
];

const REFS: &str = "zoo.mixed_kinds zoo.multi_line zoo.strings zoo.square zoo.overloaded zoo.optional zoo.retried
    zoo.deepest zoo.alias zoo.inner.deep.available zoo.models.everything zoo.models.Order zoo.nothing_at_all zoo.Color";

#[derive(Debug, Clone)]
pub enum Damage {
    Truncate(prop::sample::Index),
    Delete(prop::sample::Index, usize),
    Duplicate(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
}

pub fn damage() -> impl Strategy<Value = Damage> {
    let at = any::<prop::sample::Index>;
    let token = prop::sample::select(vec![
        "(",
        ")",
        "[",
        "{",
        ":",
        "\"",
        "'''",
        "\\",
        "\n",
        "    ",
        "def ",
        "class ",
        "lambda ",
        "async ",
        "import ",
        "from . import *",
        "@",
        "*",
        ",",
        "=",
        "f'{",
        "`${",
        "/*",
        "<",
        "=> ",
        "export default ",
        "type ",
        "match ",
        "\0",
        "é",
        "\u{feff}",
        "# coding: latin-1\n",
    ]);
    prop_oneof![
        1 => at().prop_map(Damage::Truncate),
        3 => (at(), 1usize..40).prop_map(|(at, len)| Damage::Delete(at, len)),
        3 => (at(), 1usize..200).prop_map(|(at, len)| Damage::Duplicate(at, len)),
        3 => (at(), token).prop_map(|(at, token)| Damage::Insert(at, token.as_bytes().to_vec())),
        1 => (at(), prop::collection::vec(any::<u8>(), 1..4)).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

pub fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let place = |at: &prop::sample::Index, bytes: &[u8]| at.index(bytes.len() + 1);
    match damage {
        Damage::Truncate(at) => bytes.truncate(place(at, bytes)),
        Damage::Delete(at, len) => {
            let start = place(at, bytes);
            let end = (start + len).min(bytes.len());
            bytes.drain(start..end);
        }
        Damage::Duplicate(at, len) => {
            let start = place(at, bytes);
            let end = (start + len).min(bytes.len());
            let copy = bytes[start..end].to_vec();
            bytes.splice(end..end, copy);
        }
        Damage::Insert(at, inserted) => {
            let start = place(at, bytes);
            bytes.splice(start..start, inserted.iter().copied());
        }
    }
}

pub fn inside(sources: &Sources, span: Span) -> bool {
    sources.text(span.file).get(span.start()..span.end()).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_sources_are_survived(
        wounds in prop::collection::vec((0..SOURCES.len(), damage()), 1..6),
    ) {
        let mut contents: Vec<Vec<u8>> = SOURCES.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
        for (file, wound) in &wounds {
            apply(&mut contents[*file], wound);
        }
        let paths = SOURCES.iter().map(|(path, _)| (*path).to_owned());
        let files: Files = paths.zip(contents.into_iter().map(Answer::File)).collect();
        let names = ["Order", "zoo.models.Color", "Nothing"];
        let introspector = Introspector::new(Language::Python, ".", REFS.split_whitespace(), names);
        let (findings, sources, _) = run(introspector, &files);
        prop_assert_eq!(findings.lookups.len(), REFS.split_whitespace().count());
        for (name, span) in &findings.type_spans {
            prop_assert!(inside(&sources, *span), "{name}");
        }
        for diagnostic in &findings.diagnostics {
            prop_assert!(inside(&sources, diagnostic.span()), "{}", diagnostic.message);
        }
        for lookup in findings.lookups.values() {
            if let Lookup::Found(found) = lookup {
                prop_assert!(inside(&sources, found.span));
                prop_assert!(found.parameters.iter().all(|one| inside(&sources, one.span)));
            }
        }
        print(&findings, &sources);
    }
}
