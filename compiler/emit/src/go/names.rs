//! Names of Go: `process_order` is `ProcessOrder` outside and `processOrder` inside, `user_id` is `UserID`.
//!
//! It knows how Go spells names and not what they stand for.

use std::collections::BTreeSet;

const KEYWORDS: [&str; 25] = [
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];

/// Predeclared names, and those that the bodies of generated functions use.
const USED: [&str; 80] = [
    "any",
    "append",
    "bool",
    "byte",
    "cap",
    "clear",
    "close",
    "comparable",
    "complex",
    "complex128",
    "complex64",
    "copy",
    "delete",
    "error",
    "false",
    "float32",
    "float64",
    "imag",
    "init",
    "int",
    "int16",
    "int32",
    "int64",
    "int8",
    "iota",
    "len",
    "main",
    "make",
    "max",
    "min",
    "new",
    "nil",
    "panic",
    "print",
    "println",
    "real",
    "recover",
    "rune",
    "string",
    "true",
    "uint",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "uintptr",
    "_",
    "w",
    "d",
    "e",
    "v",
    "ctx",
    "err",
    "step",
    "result",
    "output",
    "value",
    "input",
    "inputs",
    "options",
    "run",
    "args",
    "failures",
    "branches",
    "graph",
    "race",
    "winner",
    "failure",
    "holds",
    "object",
    "ok",
    "index",
    "item",
    "items",
    "key",
    "cel",
    "runtime",
    "database",
    "rpc",
    "turn",
];

/// What Go's linters write in capitals.
const INITIALISMS: [&str; 38] = [
    "acl", "api", "ascii", "cpu", "css", "dns", "eof", "guid", "html", "http", "https", "id", "ip", "json",
    "qps", "ram", "rpc", "sla", "smtp", "sql", "ssh", "tcp", "tls", "ttl", "udp", "ui", "gid", "uid", "uuid",
    "uri", "url", "utf8", "vm", "xml", "xmpp", "xsrf", "xss", "sip",
];

pub fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

/// The words of a name in any spelling: `userID`, `user-id` and `user_id` are `user`, `id`.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let letters: Vec<char> = name.chars().collect();
    for (at, letter) in letters.iter().enumerate() {
        if !letter.is_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let after = letters.get(at + 1);
        let starts = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capital(word: &str) -> String {
    if INITIALISMS.contains(&word) {
        return word.to_uppercase();
    }
    let mut letters = word.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A name that other packages see.
pub fn exported(name: &str) -> String {
    let text: String = words(name).iter().map(|word| capital(word)).collect();
    // Letters without case, and digits, are not capitals.
    if text.chars().next().is_some_and(char::is_uppercase) { text } else { format!("X{text}") }
}

/// A name that only the package sees; never a keyword, but perhaps taken.
pub fn unexported(name: &str) -> String {
    let words = words(name);
    let text: String = words
        .iter()
        .enumerate()
        .map(|(at, word)| if at == 0 { word.clone() } else { capital(word) })
        .collect();
    if text.chars().next().is_none_or(|first| !first.is_alphabetic()) {
        return format!("x{text}");
    }
    if is_keyword(&text) { format!("{text}_") } else { text }
}

/// Names of one scope.
#[derive(Debug, Clone, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// A scope in which nothing may hide what generated functions use.
    pub fn of_functions() -> Names {
        Names { taken: USED.iter().map(|name| (*name).to_owned()).collect() }
    }

    pub fn reserve(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    pub fn is_taken(&self, name: &str) -> bool {
        self.taken.contains(name)
    }

    /// The name, with a number behind it where it is taken.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2_u32;
        while is_keyword(&name) || !self.taken.insert(name.clone()) {
            // A digit at the end would run into the number.
            let gap = if wanted.ends_with(|last: char| last.is_ascii_digit()) { "x" } else { "" };
            name = format!("{wanted}{gap}{number}");
            number += 1;
        }
        name
    }

    pub fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }
}

/// Endings of file names that mean something to Go.
const SYSTEMS: [&str; 46] = [
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
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
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
    "test",
    "unix",
    "gc",
    "cgo",
];

/// The file of a workflow: built everywhere, whatever its name ends with.
pub fn file(workflow: &str) -> String {
    let last = workflow.rsplit('_').next().unwrap_or(workflow);
    if SYSTEMS.contains(&last) { format!("{workflow}_workflow.go") } else { format!("{workflow}.go") }
}

#[cfg(test)]
mod tests {
    use super::{Names, exported, file, unexported};

    #[test]
    fn names_are_spelled_as_go_does() {
        assert_eq!(exported("process_order_workflow"), "ProcessOrderWorkflow");
        assert_eq!(exported("user_id"), "UserID");
        assert_eq!(exported("userId"), "UserID");
        assert_eq!(exported("HTTPServer2url"), "HTTPServer2url");
        assert_eq!(exported("1st"), "X1st");
        assert_eq!(exported("größe"), "Größe");
        assert_eq!(exported("数量"), "X数量");
        assert_eq!(unexported("id_of_user"), "idOfUser");
        assert_eq!(unexported("func"), "func_");
        assert_eq!(unexported("2x"), "x2x");
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut names = Names::of_functions();
        assert_eq!(names.fresh("user"), "user");
        assert_eq!(names.fresh("user"), "user2");
        assert_eq!(names.fresh("err"), "err2");
        assert_eq!(names.fresh("select"), "select2");
        assert_eq!(names.fresh("v2"), "v2");
        assert_eq!(names.fresh("v2"), "v2x2");
    }

    #[test]
    fn no_file_is_left_out_of_a_build() {
        assert_eq!(file("deploy_linux"), "deploy_linux_workflow.go");
        assert_eq!(file("load_test"), "load_test_workflow.go");
        assert_eq!(file("linuxes"), "linuxes.go");
    }
}
