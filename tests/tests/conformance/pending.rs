//! What may still be missing or differ: languages whose generators do not write everything yet, and known differences.
//!
//! It only shrinks.

use conductor_protocol::plan::Language;

/// What their generators refuse is shown as missing and fails nothing.
const GROWING: &[Language] = &[Language::Python, Language::Typescript, Language::Go];

/// Cases that differ, by language, each with a reason.
const KNOWN: &[(Language, &str)] = &[
    // The attempt that the deadline cuts off is recorded as one that another follows.
    (Language::Python, "policy_deadline"),
    // What a tolerated block reached is null after it.
    (Language::Python, "sequence_tolerated"),
];

/// Cases whose generated code does not build; in a package with the others it would hide them all.
const UNBUILT: &[(Language, &str)] = &[
    // Clients of custom resources are opened with other arguments than the runtime takes.
    (Language::Go, "hold_connection"),
    (Language::Go, "resource_custom"),
    (Language::Typescript, "hold_connection"),
    (Language::Typescript, "resource_custom"),
];

pub fn does_not_build(language: Language, case: &str) -> bool {
    UNBUILT.contains(&(language, case))
}

pub fn is_growing(language: Language) -> bool {
    GROWING.contains(&language)
}

pub fn is_known(language: Language, case: &str) -> bool {
    KNOWN.contains(&(language, case))
}
