//! Annotations in comments above Python functions.

use crate::support::{files, run};
use conductor_introspect::Introspector;
use conductor_introspect::annotation::in_file;
use conductor_model::Lookup;
use conductor_protocol::plan::Language;
use conductor_source::FileId;

/// What the comment above `a.f` says, and the warnings.
fn annotated(text: &str) -> String {
    let files = files(&format!("\n== a.py\n{text}"));
    let (findings, sources, _) = run(Introspector::new(Language::Python, ".", ["a.f"], []), &files);
    let Some(Lookup::Found(found)) = findings.lookups.get("a.f") else { panic!("{:?}", findings.lookups) };
    let mut shown = match &found.annotation {
        None => "none".to_owned(),
        Some(all) => {
            let name = all.name.as_ref().map_or("-", |name| name.value.as_str());
            let effect = all.effect.as_ref().map(|effect| effect.value);
            format!("{name} {effect:?} `{}`", sources.slice(all.span))
        }
    };
    for warning in &findings.diagnostics {
        shown += &format!("; {} `{}`", warning.message, sources.slice(warning.span()));
    }
    shown
}

#[test]
fn above_the_function_or_its_decorators() {
    let plain = "find Some(Read) `task find effect=read`";
    for text in [
        "# conductor: task find effect=read\ndef f(): ...",
        "import os\n\n# Finds it.\n# conductor: task find effect=read\n# It is quick.\nasync def f(): ...",
        "# conductor: task find effect=read\n@cached\n@other(1)\ndef f(): ...",
        "@cached\n# conductor: task find effect=read\ndef f(): ...",
        "if True:\n    # conductor: task find effect=read\n    def f(): ...",
        "# conductor: task find effect=read\nf = lambda x: x",
        "\u{feff}# conductor: task find effect=read\ndef f(): ...",
        "# conductor: task find effect=read\r\ndef f(): ...",
    ] {
        assert_eq!(annotated(text), plain, "{text}");
    }
}

#[test]
fn not_above_it() {
    for text in [
        "# conductor: task find effect=read\n\ndef f(): ...",
        "x = 1  # conductor: task find effect=read\ndef f(): ...",
        "def f(): ...  # conductor: task find effect=read",
        "def f():\n    # conductor: task find effect=read\n    pass",
        "x = '''\n# conductor: task find effect=read\n'''\ndef f(): ...",
        "# conductor: task find effect=read\ndef g(): ...\ndef f(): ...",
    ] {
        assert_eq!(annotated(text), "none", "{text}");
    }
}

#[test]
fn mistakes_are_told_where_they_stand() {
    assert_eq!(
        annotated("# conductor: task efect=read\n#   uses=db, cache\ndef f(): ..."),
        "- None `task efect=read\n#   uses=db, cache`; an annotation has no key `efect` `efect`; \
         an annotation has no key `cache` `cache`"
    );
}

#[test]
fn every_annotated_function_of_a_file() {
    let text = "import os\n# conductor: task one\ndef one(): ...\nclass A:\n    class B:\n        # conductor: task two effect=read\n        @staticmethod\n        def two(): ...\n    # conductor: tsak no\n    def no(self): ...\n";
    let found = in_file(Language::Python, text.as_bytes().to_vec(), FileId(0)).map(|(_, found)| found);
    let names: Vec<String> = found.unwrap_or_default().into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["one", "A.B.two"]);
    for nothing in ["def f(): ...", "x = 'conductor: task f'", "# conductor: task f\n((((", "\u{0}"] {
        assert_eq!(in_file(Language::Python, nothing.as_bytes().to_vec(), FileId(0)), None, "{nothing}");
    }
}
