//! A function or method of Rust to a signature, or why it cannot be a task.
//!
//! It does not know how a `ref` led there.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{
    Annotation, Callee, Constructor, Function as Found, Lookup, Parameter, ParameterKind, Receiver, Signature,
};
use conductor_protocol::plan::Language;
use conductor_protocol::types::Type;

use super::external::{is_cancellation, is_result};
use super::names::{Entity, Wanted};
use super::store::Home;
use super::syntax::{Body, Function, Impl, TypeDecl, TypeExpr, TypeKind, TypeParam};
use super::types::{Argument, Reader, Scope};
use crate::annotation;

/// Longer chains of aliases are not followed.
const MAX_HOPS: usize = 60;

impl<'w> Reader<'w> {
    pub fn function(&mut self, home: &Home<'w>, function: &'w Function) -> Lookup {
        let scope = Scope::new(home);
        if let Some(refused) = self.refused(&scope, function) {
            return refused;
        }
        match self.with_type_params(&scope, &[&function.type_params], function) {
            Ok(scope) => self.call(&scope, function, home.full(), function.name.clone(), None),
            Err(why) => self.not_callable(&scope, why, function),
        }
    }

    fn not_callable(&self, scope: &Scope<'w>, what: String, function: &Function) -> Lookup {
        Lookup::NotCallable { what, span: self.span(scope.home.path, &function.name_at) }
    }

    /// What is wrong with a function whatever its types are.
    fn refused(&self, scope: &Scope<'w>, function: &Function) -> Option<Lookup> {
        let home = &scope.home;
        if let Some(problem) = &function.broken {
            let text = format!("its definition in `{}` has a syntax error: {}", home.path, problem.message);
            return Some(Lookup::Unreadable {
                problem: text,
                span: Some(self.span(home.path, &problem.range)),
            });
        }
        home.package.is_program.then(|| {
            let what =
                format!("a function of the program `{}`, which no other crate can use", home.package.name);
            self.not_callable(scope, what, function)
        })
    }

    pub fn private(&self, home: &Home<'w>, function: &Function) -> Lookup {
        self.not_callable(&Scope::new(home), "a private function (write `pub fn`)".to_owned(), function)
    }

    /// A function of an `impl`: one that takes `self` is called on an object.
    pub fn associated(
        &mut self,
        home: &Home<'w>,
        decl: &'w TypeDecl,
        found: &(Home<'w>, &'w Impl, &'w Function),
    ) -> Lookup {
        let (place, of, function) = found;
        let scope = Scope::new(place);
        if let Some(refused) = self.refused(&scope, function) {
            return refused;
        }
        if of.of_trait.is_none() && !function.is_public {
            return self.private(place, function);
        }
        let scope = self.of_impl(&scope, home, decl, of);
        // Those of the type are given by the object, where there is one.
        let of_type = if function.takes_self { &[][..] } else { &of.type_params[..] };
        let scope = match self.with_type_params(&scope, &[of_type, &function.type_params], function) {
            Ok(scope) => scope,
            Err(why) => return self.not_callable(&scope, why, function),
        };
        let receiver = function.takes_self.then(|| self.receiver(home, decl));
        self.call(&scope, function, home.full(), format!("{}.{}", decl.name, function.name), receiver)
    }

    /// The scope inside an `impl`, where `Self` is the type and its parameters stand for anything.
    fn of_impl(&mut self, scope: &Scope<'w>, home: &Home<'w>, decl: &'w TypeDecl, of: &'w Impl) -> Scope<'w> {
        let mut env = BTreeMap::new();
        for param in &of.type_params {
            env.insert(param.name.clone(), Argument { ty: Type::Any, text: param.name.clone() });
        }
        let open = scope.with(env.clone());
        let arguments = match &of.ty.kind {
            TypeKind::Path(_, arguments) => arguments.iter().map(|one| self.argument(&open, one)).collect(),
            _ => Vec::new(),
        };
        let ty = self.declared(home, decl, arguments);
        env.insert("Self".to_owned(), Argument { ty, text: decl.name.clone() });
        scope.with(env)
    }

    fn receiver(&mut self, home: &Home<'w>, decl: &'w TypeDecl) -> Receiver {
        match self.constructor(home, decl) {
            Ok(made) => Receiver::Constructed(made),
            Err(why) => Receiver::Unmade(why),
        }
    }

    /// The functions of a type by a name, its own before those of traits: in the module of the type, else anywhere in
    /// its crate.
    pub fn associated_functions(
        &self,
        home: &Home<'w>,
        decl: &'w TypeDecl,
        name: &str,
    ) -> Vec<(Home<'w>, &'w Impl, &'w Function)> {
        let mut found = self.functions_in(home, home, decl, name);
        if found.is_empty() {
            let modules = self.store.modules(&home.package);
            found = modules.iter().flat_map(|module| self.functions_in(module, home, decl, name)).collect();
        }
        if found.iter().any(|(_, one, _)| one.of_trait.is_none()) {
            found.retain(|(_, one, _)| one.of_trait.is_none());
        }
        found
    }

    fn functions_in(
        &self,
        module: &Home<'w>,
        home: &Home<'w>,
        decl: &'w TypeDecl,
        name: &str,
    ) -> Vec<(Home<'w>, &'w Impl, &'w Function)> {
        let is_of = |one: &&'w Impl| match &one.ty.kind {
            TypeKind::Path(names, _) if names.last() == Some(&decl.name) => {
                module.names == home.names
                    || matches!(self.store.resolve(module, names, Wanted::Type), Entity::Type(_, found) if std::ptr::eq(found, decl))
            }
            _ => false,
        };
        let impls = module.items.impls.iter().filter(is_of);
        let functions = impls.flat_map(|one| one.functions.iter().map(move |function| (one, function)));
        let named = functions.filter(|(_, function)| function.name == name);
        named.map(|(one, function)| (module.clone(), one, function)).collect()
    }

    /// `T::new`, else `T::default`, else a literal of public fields.
    fn constructor(&mut self, home: &Home<'w>, decl: &'w TypeDecl) -> Result<Constructor, String> {
        let name = &decl.name;
        if !decl.type_params.is_empty() {
            return Err(format!("a method of the generic type `{name}`, whose type arguments nothing gives"));
        }
        let new = self.associated_functions(home, decl, "new");
        if let Some((place, of, function)) =
            new.into_iter().find(|(.., function)| function.is_public && !function.takes_self)
        {
            let scope = Scope::new(&place);
            let scope = self.of_impl(&scope, home, decl, of);
            let scope = self.with_type_params(&scope, &[&function.type_params], function)?;
            let parameters = self.parameters(&scope, function);
            let span = self.span(place.path, &function.name_at);
            return Ok(Constructor { name: format!("{name}::new"), parameters, span, returns_error: false });
        }
        let span = self.span(home.path, &decl.name_at);
        if decl.serde.derives_default || super::definition::implements(home, name, "Default") {
            return Ok(Constructor {
                name: format!("{name}::default"),
                parameters: Vec::new(),
                span,
                returns_error: false,
            });
        }
        let scope = Scope::new(home);
        let mut parameters = Vec::new();
        match &decl.body {
            Body::Struct(fields) => {
                for field in fields {
                    if !field.is_public {
                        let field = &field.name;
                        return Err(format!(
                            "a method of `{name}`, whose field `{field}` only a function `{name}::new` could set"
                        ));
                    }
                    parameters.push(Parameter {
                        name: field.name.clone(),
                        kind: ParameterKind::KeywordOnly,
                        ty: self.ty(&scope, &field.ty),
                        annotated: true,
                        default: None,
                        span: self.span(home.path, &field.name_at),
                        native: None,
                    });
                }
            }
            Body::Tuple(types) if types.is_empty() => {}
            _ => return Err(format!("a method of `{name}`, which no function `{name}::new` makes")),
        }
        Ok(Constructor { name: name.clone(), parameters, span, returns_error: false })
    }

    fn call(
        &mut self,
        scope: &Scope<'w>,
        function: &'w Function,
        module: String,
        name: String,
        receiver: Option<Receiver>,
    ) -> Lookup {
        let (returns, returns_error, is_future) = self.returned(scope, function.returns.as_ref());
        let home = &scope.home;
        let written = function.returns.as_ref().map_or(&function.name_at, |returns| &returns.range);
        Lookup::Found(Box::new(Signature {
            callee: Callee::Function(Found {
                language: Language::Rust,
                module,
                name,
                is_async: function.is_async || is_future,
                returns_error,
                receiver,
                native_returns: None,
                package: None,
            }),
            parameters: self.parameters(scope, function),
            returns,
            returns_span: Some(self.span(home.path, written)),
            doc: function.doc.clone(),
            effect: None,
            idempotent: None,
            annotation: self.annotation(home, function),
            span: self.span(home.path, &function.name_at),
        }))
    }

    /// What the comment above a function, or between its attributes and itself, says of it as a task.
    fn annotation(&mut self, home: &Home<'w>, function: &Function) -> Option<Annotation> {
        let comments = &home.source.file().ok()?.comments;
        let text = &home.source.text;
        let file = self.span(home.path, &(0..0)).file;
        let line = text.get(..function.name_at.start)?.rfind('\n').map_or(0, |end| end + 1);
        let found = [function.start, line]
            .into_iter()
            .find_map(|place| annotation::above(text, file, comments, place))?;
        self.warnings.extend(found.diagnostics);
        Some(found.annotation)
    }

    fn parameters(&mut self, scope: &Scope<'w>, function: &'w Function) -> Vec<Parameter> {
        let mut found = Vec::new();
        for (index, param) in function.parameters.iter().enumerate() {
            let is_cancellation = self.is_cancellation(scope, &param.ty);
            found.push(Parameter {
                name: param.name.clone().unwrap_or_else(|| format!("arg{index}")),
                kind: if is_cancellation {
                    ParameterKind::Cancellation
                } else {
                    ParameterKind::PositionalOnly
                },
                ty: if is_cancellation { Type::Any } else { self.ty(scope, &param.ty) },
                annotated: true,
                default: None,
                span: self.span(scope.home.path, &param.range),
                native: None,
            });
        }
        found
    }

    fn is_cancellation(&self, scope: &Scope<'w>, ty: &'w TypeExpr) -> bool {
        let ty = match &ty.kind {
            TypeKind::Reference(inner) => inner,
            _ => ty,
        };
        let TypeKind::Path(names, _) = &ty.kind else { return false };
        match self.store.resolve(&scope.home, names, Wanted::Type) {
            Entity::External(path) => is_cancellation(&path),
            _ => false,
        }
    }

    /// What a function gives, whether an error may come instead, and whether it must be awaited.
    fn returned(&mut self, scope: &Scope<'w>, written: Option<&'w TypeExpr>) -> (Type, bool, bool) {
        let Some(written) = written else { return (Type::Null, false, false) };
        let (awaited, is_future) = match future_output(written, 0) {
            Some(inner) => (inner, true),
            None => (written, false),
        };
        let (mut scope, mut here) = (scope.clone(), awaited);
        for _ in 0..MAX_HOPS {
            let TypeKind::Path(names, arguments) = &here.kind else { break };
            match self.store.resolve(&scope.home, names, Wanted::Type) {
                Entity::External(path) if is_result(&path) => {
                    let ty = arguments.first().map_or(Type::Null, |value| self.ty(&scope, value));
                    return (ty, true, is_future);
                }
                Entity::Type(home, TypeDecl { body: Body::Alias(of), type_params, .. }) => {
                    let mut env = BTreeMap::new();
                    for (param, argument) in type_params.iter().zip(arguments) {
                        env.insert(param.name.clone(), self.argument(&scope, argument));
                    }
                    scope = Scope::new(&home).with(env);
                    here = of;
                }
                _ => break,
            }
        }
        (self.ty(&scope, here), false, is_future)
    }

    /// The scope of a function's head, in which its type parameters stand for what their bounds say.
    fn with_type_params(
        &mut self,
        scope: &Scope<'w>,
        params: &[&'w [TypeParam]],
        function: &'w Function,
    ) -> Result<Scope<'w>, String> {
        let params: Vec<&'w TypeParam> = params.iter().copied().flatten().collect();
        if params.is_empty() {
            return Ok(scope.clone());
        }
        let mut mentioned = BTreeSet::new();
        function.parameters.iter().for_each(|param| mentions(&param.ty, &mut mentioned, 0));
        if let Some(lost) = params.iter().find(|param| !mentioned.contains(param.name.as_str())) {
            let name = &lost.name;
            return Err(format!(
                "a generic function whose type argument `{name}` cannot be inferred from its parameters"
            ));
        }
        let mut env = (*scope.env).clone();
        for param in &params {
            env.insert(param.name.clone(), Argument { ty: Type::Any, text: param.name.clone() });
        }
        let open = scope.with(env.clone());
        for param in &params {
            let ty = self.bounded(&open, &param.bounds);
            env.insert(param.name.clone(), Argument { ty, text: param.name.clone() });
        }
        Ok(scope.with(env))
    }
}

/// `T` of `impl Future<Output = T>`, also pinned and boxed, and of `BoxFuture<T>`.
fn future_output(expr: &TypeExpr, depth: usize) -> Option<&TypeExpr> {
    if depth > 5 {
        return None;
    }
    match &expr.kind {
        TypeKind::Impl(bounds) | TypeKind::Dyn(bounds) => {
            bounds.iter().find_map(|bound| future_output(bound, depth + 1))
        }
        TypeKind::Path(names, arguments) => match (names.last()?.as_str(), arguments.first()) {
            ("Pin" | "Box", Some(inner)) => future_output(inner, depth + 1),
            ("BoxFuture" | "LocalBoxFuture", Some(inner)) => Some(inner),
            ("Future", Some(TypeExpr { kind: TypeKind::Binding(name, output), .. })) if name == "Output" => {
                Some(output)
            }
            _ => None,
        },
        _ => None,
    }
}

fn mentions<'t>(expr: &'t TypeExpr, found: &mut BTreeSet<&'t str>, depth: usize) {
    if depth > 60 {
        return;
    }
    let mut all = |types: &'t [TypeExpr]| types.iter().for_each(|one| mentions(one, found, depth + 1));
    match &expr.kind {
        TypeKind::Path(names, arguments) => {
            all(arguments);
            found.extend(names.first().map(String::as_str));
        }
        TypeKind::Tuple(members) | TypeKind::Impl(members) | TypeKind::Dyn(members) => all(members),
        TypeKind::Reference(inner)
        | TypeKind::Slice(inner)
        | TypeKind::Array(inner)
        | TypeKind::Binding(_, inner) => {
            mentions(inner, found, depth + 1);
        }
        TypeKind::Never | TypeKind::Other => {}
    }
}
