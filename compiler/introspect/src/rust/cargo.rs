//! `Cargo.toml`: the name of a package, where its library lies, and the packages it leads to.
//!
//! It knows no versions: a crate outside the project is not looked for.

use toml::{Table, Value};

/// More members and dependencies than this are not followed.
const MAX_FOLDERS: usize = 200;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// As code writes it, with underscores. `None` for a workspace alone.
    pub name: Option<String>,
    /// The library's root file, where it is not `src/lib.rs`.
    pub lib: Option<String>,
    /// Folders of members and of dependencies by path, relative; the last part may hold `*`.
    pub folders: Vec<String>,
}

pub fn manifest(text: &str) -> Option<Manifest> {
    let root: Table = text.parse().ok()?;
    let table = |name: &str| root.get(name).and_then(Value::as_table);
    let text = |table: Option<&Table>, key: &str| Some(table?.get(key)?.as_str()?.to_owned());
    let name = text(table("lib"), "name").or_else(|| text(table("package"), "name"));
    let mut folders = Vec::new();
    let members = table("workspace").and_then(|workspace| workspace.get("members")).and_then(Value::as_array);
    folders.extend(members.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    let shared =
        table("workspace").and_then(|workspace| workspace.get("dependencies")).and_then(Value::as_table);
    for dependencies in [table("dependencies"), shared].into_iter().flatten() {
        let paths = dependencies.values().filter_map(|one| one.get("path")?.as_str());
        folders.extend(paths.map(str::to_owned));
    }
    folders.truncate(MAX_FOLDERS);
    Some(Manifest { name: name.map(|name| name.replace('-', "_")), lib: text(table("lib"), "path"), folders })
}

#[cfg(test)]
mod tests {
    use super::{Manifest, manifest};

    #[test]
    fn packages_and_workspaces_are_read() {
        let text = "[package]\nname = \"my-shop\"\n[lib]\npath = \"lib/all.rs\"\n[workspace]\nmembers = [\"crates/*\", 3]\n\
            [dependencies]\nserde = \"1\"\nledger = { path = \"../ledger\" }\n";
        let folders = ["crates/*", "../ledger"].map(str::to_owned).to_vec();
        let wanted =
            Manifest { name: Some("my_shop".to_owned()), lib: Some("lib/all.rs".to_owned()), folders };
        assert_eq!(manifest(text), Some(wanted));
        assert_eq!(manifest("[package"), None);
        assert_eq!(manifest("package = 3\nworkspace = []"), Some(Manifest::default()));
        assert_eq!(manifest(&format!("a = {}", "[".repeat(100_000))), None);
    }
}
