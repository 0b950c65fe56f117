//! Methods of a type: its own, and those that embedded fields lend it.
//!
//! It does not know how the value is made that a method is called on.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use conductor_protocol::types::Type;

use super::names::{Entity, Scope, Under};
use super::package::{Decl, Package};
use super::structs::type_name;
use super::syntax::{Element, Func, Function, TypeDecl, TypeExpr, TypeKind};
use super::types::{Reader, bound};

/// Deeper embedding is not followed.
const MAX_LEVELS: usize = 12;
/// Types looked at for one method.
const MAX_TYPES: usize = 500;

/// A method with the place it is written at.
pub struct Method<'w> {
    pub scope: Scope<'w>,
    pub name_at: &'w Range<usize>,
    pub signature: &'w Func,
    /// `None` for one that an interface asks for.
    pub function: Option<&'w Function>,
}

/// A type whose methods are looked at.
struct Holder<'w> {
    package: Rc<Package>,
    found: &'w TypeDecl,
    scope: Scope<'w>,
}

pub enum Search<'w> {
    /// More than one is a mistake that Go refuses.
    Found(Vec<Method<'w>>),
    /// A field has that name.
    Field,
    /// The types outside the project that it may come from.
    None(Vec<String>),
}

impl<'w> Reader<'w> {
    pub fn method(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
        name: &str,
    ) -> Search<'w> {
        let scope = Scope::new(package, decl);
        let mut level = vec![Holder { package: Rc::clone(package), found, scope }];
        let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
        let mut outside = Vec::new();
        for _ in 0..MAX_LEVELS {
            let mut methods = Vec::new();
            let mut next = Vec::new();
            for holder in std::mem::take(&mut level) {
                let key = (holder.package.path.clone(), holder.found.name.clone());
                if seen.len() > MAX_TYPES || !seen.insert(key) {
                    continue;
                }
                self.own_methods(&holder, name, &mut methods);
                if !methods.is_empty() {
                    continue;
                }
                match self.store.underlying(&holder.scope, &holder.found.ty) {
                    Under::Literal(scope, expr) => {
                        let scope = if matches!(holder.found.ty.kind, TypeKind::Struct(_)) {
                            holder.scope.clone()
                        } else {
                            scope
                        };
                        if self.look_inside(&scope, expr, name, &mut methods, &mut next, &mut outside) {
                            return Search::Field;
                        }
                    }
                    Under::External(path, name) if holder.found.is_alias => {
                        outside.push(format!("{path}.{name}"))
                    }
                    _ => {}
                }
            }
            if !methods.is_empty() {
                return Search::Found(methods);
            }
            level = next;
        }
        Search::None(outside)
    }

    fn own_methods(&mut self, holder: &Holder<'w>, name: &str, methods: &mut Vec<Method<'w>>) {
        for (decl, function) in holder.package.methods(self.store, &holder.found.name, name) {
            let mut env = std::collections::BTreeMap::new();
            let names = function.receiver.iter().flat_map(|receiver| &receiver.type_params);
            for (name, param) in names.zip(&holder.found.type_params) {
                if let Some(argument) = holder.scope.env.get(&param.name) {
                    env.insert(name.clone(), argument.clone());
                }
            }
            methods.push(Method {
                scope: Scope::new(&holder.package, decl).with(env),
                name_at: &function.name_at,
                signature: &function.signature,
                function: Some(function),
            });
        }
    }

    /// Looks at the fields of a struct and the methods of an interface; whether a field has the name.
    fn look_inside(
        &mut self,
        scope: &Scope<'w>,
        expr: &'w TypeExpr,
        name: &str,
        methods: &mut Vec<Method<'w>>,
        next: &mut Vec<Holder<'w>>,
        outside: &mut Vec<String>,
    ) -> bool {
        let embedded: Vec<&'w TypeExpr> = match &expr.kind {
            TypeKind::Struct(fields) => {
                let own = |field: &super::syntax::Field| match &field.name {
                    Some((field, _)) => field == name,
                    None => type_name(&field.ty) == Some(name),
                };
                if fields.iter().any(own) {
                    return true;
                }
                fields.iter().filter(|field| field.name.is_none()).map(|field| &field.ty).collect()
            }
            TypeKind::Interface(elements) => {
                for element in elements {
                    if let Element::Method(method, name_at, signature) = element
                        && method == name
                    {
                        methods.push(Method { scope: scope.clone(), name_at, signature, function: None });
                    }
                }
                let embedded = |element: &'w Element| match element {
                    Element::Type(ty) => Some(ty),
                    Element::Method(..) => None,
                };
                elements.iter().filter_map(embedded).collect()
            }
            _ => Vec::new(),
        };
        for ty in embedded {
            self.embedded(scope, ty, name, next, outside);
        }
        false
    }

    fn embedded(
        &mut self,
        scope: &Scope<'w>,
        ty: &'w TypeExpr,
        wanted: &str,
        next: &mut Vec<Holder<'w>>,
        outside: &mut Vec<String>,
    ) {
        let ty = match &ty.kind {
            TypeKind::Pointer(inner) => inner,
            _ => ty,
        };
        let (package, name, arguments) = match &ty.kind {
            TypeKind::Name { package, name } => (package.as_deref(), name, &[][..]),
            TypeKind::Generic { package, name, arguments } => (package.as_deref(), name, &arguments[..]),
            _ => return,
        };
        match self.store.type_entity(scope, package, name) {
            Entity::Type(package, decl, found) => {
                let arguments = arguments.iter().map(|argument| self.argument(scope, argument)).collect();
                let scope = Scope::new(&package, decl).with(bound(&found.type_params, arguments));
                next.push(Holder { package, found, scope });
            }
            Entity::External(path, name) => outside.push(format!("{path}.{name}")),
            Entity::Basic("error") if wanted == "Error" => outside.push("error".to_owned()),
            _ => {}
        }
    }

    fn has_method(&mut self, package: &Rc<Package>, decl: Decl<'w>, found: &'w TypeDecl, name: &str) -> bool {
        match self.method(package, decl, found, name) {
            Search::Found(methods) => methods.iter().any(|method| method.function.is_some()),
            Search::None(outside) => {
                let lends = |path: &String| path == "time.Time";
                outside.iter().any(lends) && matches!(name, "MarshalJSON" | "UnmarshalJSON")
            }
            Search::Field => false,
        }
    }

    pub fn writes_text(&mut self, package: &Rc<Package>, decl: Decl<'w>, found: &'w TypeDecl) -> bool {
        self.has_method(package, decl, found, "MarshalText")
    }

    /// What a type with methods for JSON is: `any`, or nothing that can be told where it is written only.
    pub fn custom_json(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
    ) -> Option<Option<Type>> {
        for (write, read, ty) in
            [("MarshalJSON", "UnmarshalJSON", Type::Any), ("MarshalText", "UnmarshalText", Type::String)]
        {
            if self.has_method(package, decl, found, write) {
                return Some(self.has_method(package, decl, found, read).then_some(ty));
            }
        }
        None
    }
}
