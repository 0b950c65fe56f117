//! One piece of work at a time, for `cargo xtask counts` to count its instructions: `counts NAME`; without a name, the names.
//!
//! It knows no clock, and nothing of what is made of the counts. What is counted is in `counted` and what that calls.

#![expect(clippy::unwrap_used, reason = "what cannot be counted fails by panicking")]

mod compiling;
mod keeping;

use std::process::ExitCode;

/// A piece of work: its preparation, which is not counted, then a call of `counted`.
type Work = fn();

const ALL: &[(&str, Work)] = &[
    ("check", compiling::check),
    ("emit-python", compiling::emit_python),
    ("emit-typescript", compiling::emit_typescript),
    ("emit-go", compiling::emit_go),
    ("journal-append", keeping::append),
    ("journal-replay", keeping::replay),
    ("codec", keeping::codec),
];

/// Where the counting begins and ends.
#[inline(never)]
fn counted<T>(work: impl FnOnce() -> T) -> T {
    std::hint::black_box(work())
}

fn main() -> ExitCode {
    let name = std::env::args().nth(1);
    let Some(name) = name else {
        ALL.iter().for_each(|(name, _)| println!("{name}"));
        return ExitCode::SUCCESS;
    };
    match ALL.iter().find(|(known, _)| *known == name) {
        Some((_, work)) => {
            work();
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("there is no `{name}`");
            ExitCode::from(2)
        }
    }
}
