//! One TypeScript module while it is being decided: its names, its imports, and how it spells types.
//!
//! It knows no workflow; what a module contains is decided by its callers.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::{Type, TypeName};

use super::codecs::Way;
use super::mentions;
use super::names::{Names, camel};
use super::package::Package;
use super::tree::{Import, Imported, Item, Module, Ts, Ty};
use super::types::is_scalar;

pub struct File<'a> {
    pub package: &'a Package<'a>,
    /// The workflow whose records the module names; empty in shared modules.
    pub workflow: String,
    pub names: Names,
    imports: BTreeSet<Import>,
    /// Name of each of the user's modules, and whether more than its types is used.
    modules: BTreeMap<String, (String, bool)>,
    /// Whether this is the module of the codecs.
    pub holds_codecs: bool,
    /// Whether this is the module of the types.
    pub holds_types: bool,
}

impl<'a> File<'a> {
    pub fn new(package: &'a Package<'a>, workflow: &str, names: Names) -> File<'a> {
        File {
            package,
            workflow: workflow.to_owned(),
            names,
            imports: BTreeSet::new(),
            modules: BTreeMap::new(),
            holds_codecs: false,
            holds_types: false,
        }
    }

    /// A name of another generated module.
    pub fn import(&mut self, module: &str, name: &str) -> Ts {
        self.import_as(module, name, name);
        Ts::name(name)
    }

    pub fn import_as(&mut self, module: &str, name: &str, alias: &str) {
        let what = Imported::One { name: name.to_owned(), alias: alias.to_owned() };
        self.imports.insert(Import { module: format!("./{module}.js"), types: false, what });
    }

    pub fn import_type(&mut self, module: &str, name: &str) -> Ty {
        let what = Imported::One { name: name.to_owned(), alias: name.to_owned() };
        self.imports.insert(Import { module: format!("./{module}.js"), types: true, what });
        Ty::name(name)
    }

    /// A whole generated module under a name that is reserved for it.
    pub fn import_all(&mut self, module: &str, alias: &str) {
        let what = Imported::All(alias.to_owned());
        self.imports.insert(Import { module: format!("./{module}.js"), types: false, what });
    }

    /// A whole package of the user's own under a name that is reserved for it.
    pub fn import_package(&mut self, package: &str, alias: &str) {
        let what = Imported::All(alias.to_owned());
        self.imports.insert(Import { module: package.to_owned(), types: false, what });
    }

    /// A function of the runtime's module `part`.
    pub fn runtime(&mut self, part: &str, name: &str) -> Ts {
        self.import(&format!("_conductor/{part}"), name)
    }

    /// A type of the runtime's module `part`.
    pub fn runtime_type(&mut self, part: &str, name: &str) -> Ty {
        self.import_type(&format!("_conductor/{part}"), name)
    }

    /// The name under which one of the user's modules is known here, for what it exports by `name`.
    pub fn user(&mut self, module: &str, name: &str) -> Ts {
        let alias = self.user_module(module, true);
        name.split('.').fold(Ts::name(alias), |of, part| of.member(part))
    }

    fn user_module(&mut self, module: &str, is_value: bool) -> String {
        if let Some((alias, used)) = self.modules.get_mut(module) {
            *used |= is_value;
            return alias.clone();
        }
        let last = module.rsplit('/').next().unwrap_or(module);
        let last = last.strip_suffix(".mjs").or_else(|| last.strip_suffix(".cjs")).unwrap_or(last);
        let alias = self.names.fresh(&camel(last));
        self.modules.insert(module.to_owned(), (alias.clone(), is_value));
        alias
    }

    /// The module with these items, and with the imports that they use.
    pub fn module(&self, items: Vec<Item>) -> Module {
        let used = mentions::names(&items);
        let mut imports = self.imports();
        imports.retain(|import| match &import.what {
            Imported::All(name) | Imported::One { alias: name, .. } => used.contains(name),
        });
        Module { header: self.package.header.clone(), imports, items }
    }

    fn imports(&self) -> Vec<Import> {
        let users = self.modules.iter().map(|(module, (alias, is_value))| Import {
            module: self.package.specifier(module),
            types: !is_value,
            what: Imported::All(alias.clone()),
        });
        // What is imported as a value can be named as a type, too.
        let is_value = |import: &Import| {
            !import.types || !self.imports.contains(&Import { types: false, ..import.clone() })
        };
        users.chain(self.imports.iter().filter(|import| is_value(import)).cloned()).collect()
    }

    pub fn class(&mut self, name: &TypeName) -> Ty {
        match self.package.types.described_name(name) {
            Some(ours) => self.generated(ours),
            None => Ty::name(format!("{}.{}", self.user_module(&name.module, false), name.name)),
        }
    }

    /// A type of `_types.ts`.
    pub fn generated(&mut self, name: &str) -> Ty {
        if self.holds_types { Ty::name(name) } else { self.import_type("_types", name) }
    }

    /// How the type is spelled.
    pub fn ty(&mut self, ty: &Type) -> Ty {
        match ty {
            Type::Null => Ty::name("null"),
            Type::Bool => Ty::name("boolean"),
            Type::Int | Type::Float => Ty::name("number"),
            Type::Decimal | Type::String | Type::Date | Type::Duration | Type::Uuid => Ty::name("string"),
            Type::Bytes => Ty::name("Uint8Array"),
            Type::Timestamp => Ty::name("Date"),
            Type::Any => Ty::name("unknown"),
            Type::List(item) => Ty::Array(Box::new(self.ty(item))),
            Type::Map(item) => Ty::Generic("Record".to_owned(), vec![Ty::name("string"), self.ty(item)]),
            Type::Optional(inner) => self.ty(inner).nullable(),
            Type::Union(members) => {
                Ty::union(members.iter().map(|member| self.ty(member)).collect::<Vec<_>>())
            }
            Type::Named(name) if name.module == "builtins" => Ty::name("unknown"),
            Type::Named(name) => self.class(name),
            Type::Record(fields) => match self.package.types.record(&self.workflow, ty) {
                Some(name) => self.generated(name),
                None => Ty::Object(
                    fields
                        .iter()
                        .map(|(name, ty)| super::tree::Member {
                            name: name.clone(),
                            optional: false,
                            ty: self.ty(ty),
                            doc: None,
                        })
                        .collect(),
                ),
            },
        }
    }

    /// The function that encodes or decodes the type.
    pub fn codec(&mut self, way: Way, ty: &Type) -> Ts {
        let name = format!("{}{}", way.verb(), self.package.types.slug(&self.workflow, ty));
        if is_scalar(ty) {
            return self.scalar(&name);
        }
        self.package.want(way, &self.workflow, ty);
        if self.holds_codecs {
            return Ts::name(name);
        }
        self.import_all("_codecs", "codecs");
        Ts::path(&format!("codecs.{name}"))
    }

    /// A function of the runtime's `scalars` module.
    pub fn scalar(&mut self, name: &str) -> Ts {
        self.import_all("_conductor/scalars", "scalars");
        Ts::path(&format!("scalars.{name}"))
    }

    /// The value encoded or decoded.
    pub fn coded(&mut self, way: Way, ty: &Type, of: Ts) -> Ts {
        if *ty == Type::Null {
            return Ts::null();
        }
        self.codec(way, ty).called(vec![of])
    }
}
