//! The order of import statements, as `ruff check` (isort) wants it.
//!
//! It knows names and modules; which of them are needed is decided elsewhere.

use std::collections::BTreeMap;

use super::tree::Import;

/// One import statement.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement {
    pub section: Section,
    /// All before the names: `import a`, `from a import `.
    pub head: String,
    pub names: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    Future,
    Standard,
    Users,
    Own,
}

/// Constants, then classes, then the rest, each without regard to case.
pub type Member = (u8, String, String);
/// Plain imports before `from` imports; then by module and first name.
type Place = (Section, bool, (bool, String), Member);

/// The statements in their order.
pub fn statements(imports: &[Import]) -> Vec<Statement> {
    let mut sorted: BTreeMap<Place, Statement> = BTreeMap::new();
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for import in imports {
        match (&import.name, &import.alias) {
            (Some(name), None) => groups.entry(&import.module).or_default().push(name),
            (name, alias) => {
                let statement = single(import, name.as_deref(), alias.as_deref());
                sorted.insert(place(import, name.as_deref().unwrap_or("")), statement);
            }
        }
    }
    for (module, mut names) in groups {
        names.sort_by_key(|name| member(name));
        names.dedup();
        let import = Import { module: module.to_owned(), name: Some(String::new()), alias: None };
        let statement = Statement {
            section: section(&import),
            head: format!("from {module} import "),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        sorted.insert(place(&import, names.first().copied().unwrap_or("")), statement);
    }
    sorted.into_values().collect()
}

fn single(import: &Import, name: Option<&str>, alias: Option<&str>) -> Statement {
    let aliased = |name: &str| alias.map_or_else(|| name.to_owned(), |alias| format!("{name} as {alias}"));
    match name {
        Some(name) => Statement {
            section: section(import),
            head: format!("from {} import ", import.module),
            names: vec![aliased(name)],
        },
        None => Statement {
            section: section(import),
            head: format!("import {}", aliased(&import.module)),
            names: Vec::new(),
        },
    }
}

fn place(import: &Import, first: &str) -> Place {
    let module = natural(&import.module.to_lowercase());
    // `from . import x` stands before `from .module import x`.
    let is_deeper = import.module != "." && import.module.starts_with('.');
    (section(import), import.name.is_some(), (is_deeper, module), member(first))
}

/// The place of a name among others, in an import and in `__all__`.
pub fn member(name: &str) -> Member {
    let is_constant =
        name.len() > 1 && name.chars().all(|c| !c.is_lowercase()) && name.chars().any(char::is_uppercase);
    let is_class = name.chars().next().is_some_and(char::is_uppercase);
    let kind = if is_constant {
        0
    } else if is_class {
        1
    } else {
        2
    };
    (kind, natural(&name.to_lowercase()), natural(name))
}

/// A key by which `step_10` stands after `step_9`: before its digits, a number says how many there are.
fn natural(name: &str) -> String {
    let mut key = String::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 {
            key.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        // With a zero at its head it is compared like the digits behind a point.
        let length = if first == '0' { 0 } else { u32::try_from(digits).unwrap_or(u32::MAX) };
        key.push('0');
        key.push(char::from_u32(length).unwrap_or(char::MAX));
        key.push_str(&rest[..digits]);
        rest = &rest[digits..];
    }
    key
}

fn section(import: &Import) -> Section {
    match import.module.as_str() {
        "__future__" => Section::Future,
        "asyncio" | "collections.abc" | "datetime" | "decimal" | "enum" | "functools" | "logging"
        | "typing" | "uuid" => Section::Standard,
        module if module.starts_with('.') => Section::Own,
        _ => Section::Users,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Import;
    use super::{natural, statements};

    #[test]
    fn numbers_in_names_are_numbers() {
        let mut names = ["b2", "b10", "b1_x", "b1", "b01", "b", "ba", "b_1"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["b", "b01", "b1", "b1_x", "b2", "b10", "b_1", "ba"]);
    }

    #[test]
    fn statements_are_in_the_order_of_isort() {
        let aliased = |module: &str, name: Option<&str>, alias: &str| Import {
            module: module.to_owned(),
            name: name.map(str::to_owned),
            alias: Some(alias.to_owned()),
        };
        let imports = [
            Import::from(".order", "order"),
            aliased(".order", Some("WORKFLOW"), "_ORDER"),
            Import::from("._conductor.run", "Run"),
            Import::from(".", "_codecs"),
            aliased("datetime", None, "_dt"),
            Import::from("typing", "Any"),
            Import::from("shop", "models"),
            Import::from("._conductor.recorded", "Recorded"),
            Import::from("._conductor.recorded", "NOTHING"),
        ];
        let text: Vec<String> =
            statements(&imports).iter().map(|one| format!("{}{}", one.head, one.names.join(", "))).collect();
        assert_eq!(
            text,
            [
                "import datetime as _dt",
                "from typing import Any",
                "from shop import models",
                "from . import _codecs",
                "from ._conductor.recorded import NOTHING, Recorded",
                "from ._conductor.run import Run",
                "from .order import WORKFLOW as _ORDER",
                "from .order import order",
            ]
        );
    }
}
