//! One Python module while it is being decided: its names, its imports, and how it spells types.
//!
//! It knows no workflow; what a module contains is decided by its callers.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::{Type, TypeName};

use super::names::Names;
use super::package::Package;
use super::tree::Import;

pub struct File<'a> {
    pub package: &'a Package<'a>,
    /// The workflow whose records the module names; empty in shared modules.
    pub workflow: String,
    pub names: Names,
    pub imports: BTreeSet<Import>,
    /// Alias of each of the user's modules.
    modules: BTreeMap<String, String>,
    /// Whether the user's modules get a name that no field of a class can have.
    private_modules: bool,
    /// Whether this is the module of the codecs.
    pub holds_codecs: bool,
    /// Whether this is the module of the records.
    pub holds_records: bool,
}

impl<'a> File<'a> {
    pub fn new(package: &'a Package<'a>, workflow: &str, names: Names) -> File<'a> {
        let imports = BTreeSet::from([Import::from("__future__", "annotations")]);
        let private_modules = workflow.is_empty();
        let workflow = workflow.to_owned();
        File {
            package,
            workflow,
            names,
            imports,
            modules: BTreeMap::new(),
            private_modules,
            holds_codecs: false,
            holds_records: false,
        }
    }

    pub fn import_from(&mut self, module: &str, name: &str) -> String {
        self.imports.insert(Import::from(module, name));
        name.to_owned()
    }

    pub fn import_as(&mut self, module: &str, name: &str, alias: &str) -> String {
        let alias_field = (name != alias).then(|| alias.to_owned());
        self.imports.insert(Import {
            module: module.to_owned(),
            name: Some(name.to_owned()),
            alias: alias_field,
        });
        alias.to_owned()
    }

    pub fn import(&mut self, module: &str) -> String {
        self.imports.insert(Import { module: module.to_owned(), name: None, alias: None });
        module.to_owned()
    }

    /// The name under which one of the user's modules is known here. Modules are imported, not their names: that
    /// works while they are still being executed, and leaves functions replaceable in tests.
    pub fn user_module(&mut self, module: &str) -> String {
        if let Some(alias) = self.modules.get(module) {
            return alias.clone();
        }
        let (parent, last) = module.rsplit_once('.').unwrap_or(("", module));
        let wanted = if self.private_modules { format!("_{last}") } else { last.to_owned() };
        let alias = self.names.fresh(&wanted);
        let renamed = (alias != last).then(|| alias.clone());
        self.imports.insert(if parent.is_empty() {
            Import { module: last.to_owned(), name: None, alias: renamed }
        } else {
            Import { module: parent.to_owned(), name: Some(last.to_owned()), alias: renamed }
        });
        self.modules.insert(module.to_owned(), alias.clone());
        alias
    }

    pub fn class(&mut self, name: &TypeName) -> String {
        if let Some(class) = self.package.types.schema(name) {
            let class = class.to_owned();
            return if self.holds_records { class } else { self.import_from("._types", &class) };
        }
        format!("{}.{}", self.user_module(&name.module), name.name)
    }

    /// The type as an annotation.
    pub fn annotation(&mut self, ty: &Type) -> String {
        match ty {
            Type::Null => "None".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Int => "int".to_owned(),
            Type::Float => "float".to_owned(),
            Type::String => "str".to_owned(),
            Type::Bytes => "bytes".to_owned(),
            Type::Decimal => self.import_from("decimal", "Decimal"),
            Type::Uuid => self.import_from("uuid", "UUID"),
            Type::Any => self.import_from("typing", "Any"),
            Type::Timestamp => self.datetime("datetime"),
            Type::Date => self.datetime("date"),
            Type::Duration => self.datetime("timedelta"),
            Type::List(item) => format!("list[{}]", self.annotation(item)),
            Type::Map(item) => format!("dict[str, {}]", self.annotation(item)),
            Type::Optional(inner) => format!("{} | None", self.annotation(inner)),
            Type::Union(members) => {
                members.iter().map(|member| self.annotation(member)).collect::<Vec<_>>().join(" | ")
            }
            // A set or tuple, whose elements are not known: strict type checkers refuse the bare name.
            Type::Named(name) if name.module == "builtins" => self.annotation(&Type::Any),
            Type::Named(name) => self.class(name),
            Type::Record(_) => match self.package.types.record(&self.workflow, ty) {
                Some(name) => {
                    let name = name.to_owned();
                    if self.holds_records { name } else { self.import_from("._types", &name) }
                }
                None => "dict[str, object]".to_owned(),
            },
        }
    }

    /// The module `datetime` has an alias, because its classes are lower-case as ids are.
    pub fn datetime(&mut self, class: &str) -> String {
        let alias = Some("_dt".to_owned());
        self.imports.insert(Import { module: "datetime".to_owned(), name: None, alias });
        format!("_dt.{class}")
    }

    /// A function that encodes or decodes the type, as an expression.
    pub fn codec(&mut self, way: super::codecs::Way, ty: &Type) -> String {
        let name = format!("{}_{}", way.verb(), self.package.types.slug(&self.workflow, ty));
        if super::types::is_scalar(ty) {
            self.import_as("._conductor", "scalars", "_scalars");
            format!("_scalars.{name}")
        } else {
            self.package.want(way, &self.workflow, ty);
            if self.holds_codecs {
                return name;
            }
            self.import_from(".", "_codecs");
            format!("_codecs.{name}")
        }
    }
}
