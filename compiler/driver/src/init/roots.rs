//! The folder where imports of a language begin, guessed from packages and project files.
//!
//! It knows paths, not what is in the files.

use std::collections::{BTreeMap, BTreeSet};

/// Folders that say something about where imports begin; `.` is the folder of the manifest.
#[derive(Debug, Default)]
pub struct Marks {
    /// With an `__init__.py`.
    pub packages: BTreeSet<String>,
    /// With a `pyproject.toml`, `setup.py` or `setup.cfg`.
    pub projects: BTreeSet<String>,
}

impl Marks {
    /// Takes the path of a file that is in the tree.
    pub fn note(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
        match name {
            "__init__.py" => self.packages.insert(folder.to_owned()),
            "pyproject.toml" | "setup.py" | "setup.cfg" => self.projects.insert(folder.to_owned()),
            _ => false,
        };
    }

    /// Where imports of a Python file begin: above its outermost package, else where its project stands.
    pub(super) fn python_root(&self, path: &str) -> String {
        let folder = parent(path);
        let mut top = folder;
        while top != "." && self.packages.contains(top) {
            top = parent(top);
        }
        if top != folder {
            return top.to_owned();
        }
        let mut base = folder;
        while base != "." && !self.projects.contains(base) {
            base = parent(base);
        }
        let source = if base == "." { "src".to_owned() } else { format!("{base}/src") };
        let below = path.strip_prefix(&source).is_some_and(|rest| rest.starts_with('/'));
        if below { source } else { base.to_owned() }
    }

    /// The root that most of the files have, the shortest where several do.
    pub(super) fn common_root<'a>(&self, paths: impl Iterator<Item = &'a str>) -> String {
        let mut votes: BTreeMap<String, usize> = BTreeMap::new();
        paths.for_each(|path| *votes.entry(self.python_root(path)).or_default() += 1);
        let best = votes.into_iter().max_by_key(|(root, count)| (*count, std::cmp::Reverse(root.len())));
        best.map_or_else(|| ".".to_owned(), |(root, _)| root)
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or(".", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn imports_begin_above_packages_and_in_src() {
        let mut marks = Marks::default();
        for path in
            ["src/shop/__init__.py", "src/shop/db/__init__.py", "api/pyproject.toml", "flat/__init__.py"]
        {
            marks.note(path);
        }
        for (path, root) in [
            ("src/shop/db/users.py", "src"),
            ("src/loose.py", "src"),
            ("api/users.py", "api"),
            ("api/src/users/get.py", "api/src"),
            ("flat/a.py", "."),
            ("services/users.py", "."),
            ("a.py", "."),
        ] {
            assert_eq!(marks.python_root(path), root, "{path}");
        }
        let paths = ["a.py", "src/loose.py", "src/shop/x.py"];
        assert_eq!(marks.common_root(paths.into_iter()), "src");
        assert_eq!(marks.common_root(std::iter::empty()), ".");
    }
}
