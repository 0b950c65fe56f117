//! Which files of a folder belong to the build for linux/amd64: names, `//go:build` lines, the package clause.
//!
//! It knows no declarations. The older `// +build` lines are not read, as Go itself reads them no more.

/// Of a file's head, read without a parser.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The name after `package`; empty where there is none.
    pub package: String,
    /// The `//go:build` line where it keeps the file out of the build.
    pub excluded: Option<String>,
}

const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

const MACHINES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// Deeper expressions keep a file out.
const MAX_DEPTH: usize = 50;

/// Whether a file's name makes it one of the package's sources, on any system.
pub fn is_source(name: &str) -> bool {
    name.ends_with(".go") && !name.ends_with("_test.go") && !name.starts_with(['_', '.'])
}

/// Whether a file's name, as `listen_windows_arm64.go`, keeps it out of the build for linux/amd64.
pub fn name_excludes(name: &str) -> bool {
    let stem = name.strip_suffix(".go").unwrap_or(name);
    let Some((_, suffixes)) = stem.split_once('_') else { return false };
    let parts: Vec<&str> = suffixes.split('_').collect();
    match parts[..] {
        [.., system, machine] if SYSTEMS.contains(&system) && MACHINES.contains(&machine) => {
            system != "linux" || machine != "amd64"
        }
        [.., last] if SYSTEMS.contains(&last) => last != "linux",
        [.., last] if MACHINES.contains(&last) => last != "amd64",
        _ => false,
    }
}

/// Reads the comments before the package clause, and the clause.
pub fn head(text: &str) -> Head {
    let mut head = Head::default();
    let mut rest = text.trim_start_matches('\u{feff}');
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            let (line, after) = comment.split_once('\n').unwrap_or((comment, ""));
            if let Some(constraint) = line.strip_prefix("go:build ")
                && !holds(constraint)
            {
                head.excluded = Some(format!("//{}", line.trim_end()));
            }
            rest = after;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
        } else {
            break;
        }
    }
    if let Some(clause) =
        rest.strip_prefix("package").filter(|clause| clause.starts_with(char::is_whitespace))
    {
        let clause = clause.trim_start();
        let end = clause.find(|letter: char| !(letter == '_' || letter.is_alphanumeric()));
        clause[..end.unwrap_or(clause.len())].clone_into(&mut head.package);
    }
    head
}

/// Whether a build constraint holds for linux/amd64 with cgo, in the newest release.
fn holds(constraint: &str) -> bool {
    let mut parser = Parser { rest: constraint.trim() };
    let value = parser.either(0);
    value == Some(true) && parser.rest.trim().is_empty()
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn either(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.both(depth)?;
        while self.take("||") {
            value |= self.both(depth)?;
        }
        Some(value)
    }

    fn both(&mut self, depth: usize) -> Option<bool> {
        let mut value = self.not(depth)?;
        while self.take("&&") {
            value &= self.not(depth)?;
        }
        Some(value)
    }

    fn not(&mut self, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.take("!") {
            return self.not(depth + 1).map(|value| !value);
        }
        if self.take("(") {
            let value = self.either(depth + 1)?;
            return self.take(")").then_some(value);
        }
        let end = self.rest.find(|letter: char| !(letter.is_alphanumeric() || "_.".contains(letter)));
        let (tag, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!tag.is_empty()).then(|| is_set(tag))
    }
}

fn is_set(tag: &str) -> bool {
    let release = tag.strip_prefix("go1.").is_some_and(|minor| minor.parse::<u32>().is_ok());
    release || matches!(tag, "linux" | "amd64" | "unix" | "gc" | "cgo")
}

#[cfg(test)]
mod tests {
    use super::{head, holds, is_source, name_excludes};

    #[test]
    fn constraints_are_those_of_linux_on_amd64() {
        for yes in
            ["linux", "unix && !windows", "(linux || darwin) && amd64", "!(arm64||wasm)", "go1.21", "cgo"]
        {
            assert!(holds(yes), "{yes}");
        }
        for no in [
            "ignore",
            "windows",
            "linux && !cgo",
            "!linux || arm64",
            "linux &&",
            "",
            "(linux",
            "linux)",
            "a b",
        ] {
            assert!(!holds(no), "{no}");
        }
        assert!(!holds(&format!("{}linux", "!".repeat(100_000))));
        assert!(!holds(&"(".repeat(100_000)));
    }

    #[test]
    fn names_keep_files_out() {
        for out in ["a_windows.go", "a_linux_arm64.go", "a_b_darwin.go", "x_arm64.go", "a_js_wasm.go"] {
            assert!(name_excludes(out), "{out}");
        }
        for inside in [
            "a.go",
            "windows.go",
            "a_linux.go",
            "a_amd64.go",
            "a_linux_amd64.go",
            "a_unix.go",
            "a_windows_x.go",
        ] {
            assert!(!name_excludes(inside), "{inside}");
        }
        assert!(is_source("a.go"));
        assert!(!is_source("a_test.go") && !is_source("_a.go") && !is_source(".a.go") && !is_source("a.txt"));
    }

    #[test]
    fn the_head_of_a_file_is_read_without_its_body() {
        let text = "\u{feff}// Copyright\n\n/* x\n*/\n//go:build windows\n\n// Package users is.\npackage users // import \"x\"\n";
        assert_eq!(head(text).package, "users");
        assert_eq!(head(text).excluded.as_deref(), Some("//go:build windows"));
        assert_eq!(head("package a;import \"b\"").package, "a");
        assert_eq!(head("packages").package, "");
        assert_eq!(head("package a\n//go:build windows\n").excluded, None);
    }
}
