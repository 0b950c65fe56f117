//! Formatting and conversion: what they make of manifests, and that they change and lose nothing.

#![expect(clippy::panic, reason = "a failing helper is a failing test")]
#![expect(clippy::too_many_lines, reason = "tables of layouts")]

mod converted;
mod hcl;
mod hostile;
mod random;
mod texts;
mod there_and_back;
mod written;
mod yaml;

use conductor_source::FileId;
use conductor_syntax::Syntax;
use conductor_syntax::convert::convert;
use conductor_syntax::format::{Unwritten, format};
use expect_test::Expect;

/// The formatted text, which formatting again does not change; or why there is none.
pub fn formatted(syntax: Syntax, text: &str) -> String {
    match format(syntax, FileId(0), text) {
        Ok(once) => {
            match format(syntax, FileId(0), &once) {
                Ok(twice) => assert_eq!(once, twice, "formatted again it changes"),
                Err(error) => panic!("{error:?} in the formatted\n{once}"),
            }
            once
        }
        Err(Unwritten::Findings(findings)) => {
            findings.iter().map(|found| format!("{}: {}\n", found.code, found.message)).collect()
        }
        Err(Unwritten::Bug(what)) => panic!("{what}\n{text}"),
    }
}

pub fn check(syntax: Syntax, text: &str, expected: Expect) {
    expected.assert_eq(&formatted(syntax, text));
}

/// The text in the other syntax, or what cannot be written there.
pub fn other(syntax: Syntax, text: &str) -> String {
    match convert(syntax, opposite(syntax), FileId(0), text) {
        Ok(converted) => converted,
        Err(Unwritten::Findings(findings)) => findings
            .iter()
            .map(|found| {
                format!(
                    "{}: {}: {:?}\n",
                    found.code,
                    found.message,
                    &text[found.span().start()..found.span().end()]
                )
            })
            .collect(),
        Err(Unwritten::Bug(what)) => panic!("{what} in\n{text}"),
    }
}

pub fn opposite(syntax: Syntax) -> Syntax {
    match syntax {
        Syntax::Yaml => Syntax::Hcl,
        Syntax::Hcl => Syntax::Yaml,
    }
}
