//! What makes the object that a method is called on: a function `New...` of its package, or a literal.
//!
//! It does not know the method.

use std::rc::Rc;

use conductor_model::{Constructor, Parameter, ParameterKind};

use super::external::{is_usable_as_zero, well_known};
use super::names::{Entity, Scope, Under};
use super::package::{Decl, Package, is_exported};
use super::syntax::{Func, Function, TypeDecl, TypeExpr, TypeKind};
use super::types::Reader;

impl<'w> Reader<'w> {
    /// `NewT`, else `New`, else the only function `New...` that returns a `T`; without one a literal of the
    /// struct's exported fields. Else why there is none.
    pub fn constructor(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
    ) -> Result<Constructor, String> {
        let name = &found.name;
        if !found.type_params.is_empty() {
            return Err(format!("a method of the generic type `{name}`, whose type arguments nothing gives"));
        }
        let makers: Vec<(Decl<'w>, &'w Function)> = package
            .functions(self.store)
            .into_iter()
            .filter(|(maker, function)| {
                let scope = Scope::new(package, *maker);
                let is_new = function.name.starts_with("New") && function.type_params.is_empty();
                is_new && self.makes(&scope, &function.signature, package, name)
            })
            .collect();
        let wanted = format!("New{name}");
        let by_name = |wanted: &str| makers.iter().find(|(_, function)| function.name == wanted);
        let chosen = match (by_name(&wanted).or_else(|| by_name("New")), &makers[..]) {
            (Some(found), _) | (None, [found]) => *found,
            (None, []) => return self.literal(package, decl, found),
            (None, several) => {
                let names: Vec<String> = several.iter().map(|(_, one)| format!("`{}`", one.name)).collect();
                let names = names.join(", ");
                return Err(format!("a method of `{name}`, which {names} make and no function `{wanted}`"));
            }
        };
        let (maker, function) = chosen;
        let scope = Scope::new(package, maker);
        let parameters = self.parameters(&scope, &function.signature);
        let returns_error = function.signature.results.len() == 2;
        let span = self.span(maker.path, &function.name_at);
        Ok(Constructor { name: function.name.clone(), parameters, span, returns_error })
    }

    /// Whether a function returns a `T` or `*T`, alone or with an error.
    fn makes(&self, scope: &Scope<'w>, func: &'w Func, package: &Rc<Package>, name: &str) -> bool {
        let first = match &func.results[..] {
            [only] => only,
            [first, error] if self.is_error(scope, &error.ty) => first,
            _ => return false,
        };
        let ty = match &first.ty.kind {
            TypeKind::Pointer(inner) => inner,
            _ => &first.ty,
        };
        let TypeKind::Name { package: alias, name: written } = &ty.kind else { return false };
        match self.store.type_entity(scope, alias.as_deref(), written) {
            Entity::Type(home, _, found) => home.folder == package.folder && found.name == name,
            _ => false,
        }
    }

    /// `T{Field: value}`: exported fields may be given, the others are the zero value.
    fn literal(
        &mut self,
        package: &Rc<Package>,
        decl: Decl<'w>,
        found: &'w TypeDecl,
    ) -> Result<Constructor, String> {
        let name = &found.name;
        let scope = Scope::new(package, decl);
        let (scope, fields) = match self.store.underlying(&scope, &found.ty) {
            Under::Literal(inner, TypeExpr { kind: TypeKind::Struct(fields), .. }) => (inner, fields),
            Under::Literal(_, TypeExpr { kind: TypeKind::Interface(_), .. }) => {
                return Err(format!(
                    "a method of the interface `{name}`, of which no function `New{name}` makes one"
                ));
            }
            _ => {
                return Err(format!(
                    "a method of `{name}`, which is no struct and no function `New{name}` makes"
                ));
            }
        };
        let mut parameters = Vec::new();
        for field in fields {
            let Some((field_name, at)) = &field.name else { continue };
            let zero = self.zero(&scope, &field.ty);
            let is_unset = zero == "nil" || self.may_be_nil(&scope, &field.ty);
            if is_exported(field_name) {
                let ty = self.ty(&scope, &field.ty);
                let native = self.native(&scope, &field.ty, &ty);
                parameters.push(Parameter {
                    name: field_name.clone(),
                    kind: ParameterKind::KeywordOnly,
                    ty,
                    annotated: true,
                    default: Some(zero),
                    span: self.span(scope.path, at),
                    native,
                });
            } else if is_unset {
                return Err(format!(
                    "a method of `{name}`, whose field `{field_name}` only a function `New{name}` could set"
                ));
            }
        }
        Ok(Constructor {
            name: name.clone(),
            parameters,
            span: self.span(decl.path, &found.name_at),
            returns_error: false,
        })
    }

    /// Whether a type outside the project may be an interface, for all that is known here.
    fn may_be_nil(&self, scope: &Scope<'w>, ty: &'w TypeExpr) -> bool {
        match self.store.underlying(scope, ty) {
            Under::External(path, name) => {
                well_known(&path, &name).is_none() && !is_usable_as_zero(&path, &name)
            }
            Under::Unknown => true,
            _ => false,
        }
    }

    /// The zero value of a type as Go writes it.
    fn zero(&self, scope: &Scope<'w>, ty: &'w TypeExpr) -> String {
        match self.store.underlying(scope, ty) {
            Under::Basic("string") => "\"\"".to_owned(),
            Under::Basic("bool") => "false".to_owned(),
            Under::Basic("any" | "error" | "comparable") => "nil".to_owned(),
            Under::Basic(_) => "0".to_owned(),
            Under::Literal(_, TypeExpr { kind: TypeKind::Struct(_) | TypeKind::Array(..), .. })
            | Under::External(..)
            | Under::Given(_)
            | Under::Unknown => format!("{}{{}}", self.text(scope, ty, 0)),
            Under::Literal(..) => "nil".to_owned(),
        }
    }
}
