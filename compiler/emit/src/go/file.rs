//! One file of Go while it is being decided: its imports, and how it spells types.
//!
//! It knows no workflow; what a file contains is decided by its callers.

use std::collections::BTreeSet;

use conductor_protocol::types::Type;

use super::codecs::Way;
use super::package::Package;
use super::spelling::Spelling;
use super::tree::{Decl, Go, Import, Source};

pub struct File<'a> {
    pub package: &'a Package<'a>,
    imports: BTreeSet<Import>,
    /// What records that are met here are called after.
    pub hint: String,
}

impl<'a> File<'a> {
    pub fn new(package: &'a Package<'a>, hint: &str) -> File<'a> {
        File { package, imports: BTreeSet::new(), hint: hint.to_owned() }
    }

    /// A package of the standard library.
    pub fn std(&mut self, path: &str) -> String {
        self.imports.insert(Import { is_foreign: false, path: path.to_owned(), alias: None });
        path.rsplit('/').next().unwrap_or(path).to_owned()
    }

    /// A package of the runtime: such as `cel`.
    pub fn own(&mut self, name: &str) -> String {
        self.package.runtime.borrow_mut().insert(name.to_owned());
        let path = format!("{}/internal/{name}", self.package.path);
        self.imports.insert(Import { is_foreign: true, path, alias: None });
        name.to_owned()
    }

    pub fn runtime(&mut self, name: &str) -> String {
        format!("{}.{name}", self.own("runtime"))
    }

    pub fn cel(&mut self, name: &str) -> String {
        format!("{}.{name}", self.own("cel"))
    }

    pub fn call_runtime(&mut self, name: &str, args: Vec<Go>) -> Go {
        Go::call(self.runtime(name), args)
    }

    pub fn call_cel(&mut self, name: &str, args: Vec<Go>) -> Go {
        Go::call(self.cel(name), args)
    }

    /// The name of one of the user's packages here.
    pub fn module(&mut self, module: &str) -> String {
        if is_standard(module) {
            return self.std(module);
        }
        let (alias, is_said) = self.package.alias(module);
        self.imports.insert(Import {
            is_foreign: true,
            path: module.to_owned(),
            alias: is_said.then(|| alias.clone()),
        });
        alias
    }

    pub fn spell(&mut self, spelling: &Spelling) -> String {
        match spelling {
            Spelling::Basic(name) | Spelling::Own(name) => name.clone(),
            Spelling::Cel(name) => self.cel(name),
            Spelling::Named { name, .. } => {
                let module = self.module(&name.module);
                format!("{module}.{}", self.instance(&name.name))
            }
            Spelling::Pointer(to) => format!("*{}", self.spell(to)),
            Spelling::Slice(of) => format!("[]{}", self.spell(of)),
            Spelling::Array(length, of) => format!("[{length}]{}", self.spell(of)),
            Spelling::Map(key, value) => format!("map[{}]{}", self.spell(key), self.spell(value)),
        }
    }

    /// `Page[example.com/shop.User]` with the name that the package goes by here.
    fn instance(&mut self, name: &str) -> String {
        let Some((base, rest)) = name.split_once('[') else { return name.to_owned() };
        let Some(arguments) = rest.strip_suffix(']') else { return name.to_owned() };
        let (mut depth, mut start) = (0_u32, 0);
        let mut parts = Vec::new();
        for (at, letter) in arguments.char_indices() {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    parts.push(&arguments[start..at]);
                    start = at + 1;
                }
                _ => {}
            }
        }
        parts.push(&arguments[start..]);
        let spelled: Vec<String> = parts
            .into_iter()
            .map(|part| match Spelling::read(part.trim()) {
                Some(spelling) => self.spell(&spelling),
                None => part.to_owned(),
            })
            .collect();
        format!("{base}[{}]", spelled.join(", "))
    }

    pub fn spelling(&self, ty: &Type) -> Spelling {
        self.package.spelling(ty, &self.hint)
    }

    /// The type as Go writes it here.
    pub fn ty(&mut self, ty: &Type) -> String {
        let spelling = self.spelling(ty);
        self.spell(&spelling)
    }

    pub fn zero(&mut self, ty: &Type) -> Go {
        let spelled = self.ty(ty);
        Go::atom(self.package.zero(ty, &spelled))
    }

    /// A function that brings a value of the type in another form.
    pub fn codec(&mut self, way: Way, ty: &Type) -> Go {
        super::codecs::function(self, way, ty)
    }

    pub fn into_imports(self) -> BTreeSet<Import> {
        self.imports
    }

    pub fn import_all(&mut self, imports: BTreeSet<Import>) {
        self.imports.extend(imports);
    }

    pub fn source(self, doc: Vec<String>, decls: Vec<Decl>) -> Source {
        Source {
            header: self.package.header.clone(),
            doc,
            package: self.package.name.clone(),
            imports: self.imports.into_iter().collect(),
            decls,
        }
    }
}

/// Whether the path is one of the standard library: only those have no dot in their first part.
pub fn is_standard(module: &str) -> bool {
    const KNOWN: [&str; 17] = [
        "bufio",
        "context",
        "database/sql",
        "encoding/json",
        "errors",
        "io",
        "io/fs",
        "math",
        "math/big",
        "net",
        "net/http",
        "net/netip",
        "net/url",
        "os",
        "strconv",
        "time",
        "sync",
    ];
    KNOWN.contains(&module)
}
