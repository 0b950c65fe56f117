//! The formatter: what it makes of layouts, and that it changes nothing else.

#![expect(clippy::panic, reason = "a failing helper is a failing test")]
#![expect(clippy::too_many_lines, reason = "tables of layouts")]

mod hcl;
mod random;
mod written;
mod yaml;

use conductor_source::FileId;
use conductor_syntax::Syntax;
use conductor_syntax::format::{Unformatted, format};
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
        Err(Unformatted::Findings(findings)) => {
            findings.iter().map(|found| format!("{}: {}\n", found.code, found.message)).collect()
        }
        Err(Unformatted::Bug(what)) => panic!("{what}\n{text}"),
    }
}

pub fn check(syntax: Syntax, text: &str, expected: Expect) {
    expected.assert_eq(&formatted(syntax, text));
}
