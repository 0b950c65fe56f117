//! Methods of classes: how they are called, and how the object is made.
//!
//! It does not know how the class was found.

use conductor_model::{Constructor, Lookup, Receiver};

use super::names::{Entity, Home, Space};
use super::signature::{Target, alike, void};
use super::syntax::{Class, Function, Init, Member, MemberKind, TypeKind};
use super::types::{Reader, Scope};

/// Deeper inheritance is not followed.
const MAX_BASES: usize = 30;

impl<'w> Reader<'w> {
    pub fn method(
        &mut self,
        home: &Home<'w>,
        called: &str,
        found: &Home<'w>,
        class: &'w Class,
        name: &str,
    ) -> Lookup {
        let scope = Scope::new(found.clone());
        let Some((owner, members)) = self.members(&scope, class, name) else { return void() };
        let first = members[0];
        if let Some(what) = refusal(first) {
            return Lookup::NotCallable {
                what: what.to_owned(),
                span: self.span(owner.home.path, &first.range),
            };
        }
        let functions: Vec<&Function> = members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Method(method) => Some(&**method),
                MemberKind::Field { init: Some(Init::Function(function)), annotation: None, .. } => {
                    Some(&**function)
                }
                _ => None,
            })
            .collect();
        if let MemberKind::Broken(error) = &first.kind {
            let problem =
                format!("its definition in `{}` has a syntax error: {}", owner.home.path, error.message);
            return Lookup::Unreadable { problem, span: Some(self.span(owner.home.path, &error.range)) };
        }
        let annotated = match &first.kind {
            MemberKind::Field { annotation: Some(ty), .. } => self.callable(&owner, ty),
            _ => None,
        };
        let another = match &first.kind {
            MemberKind::Field { annotation: None, init: Some(Init::Name(path)), .. } => {
                self.store.resolve(&owner.home, path, Space::Value)
            }
            _ => Entity::Unknown,
        };
        if functions.is_empty() && annotated.is_none() && !matches!(another, Entity::Function(..)) {
            let span = self.span(owner.home.path, &first.range);
            return Lookup::NotCallable { what: "a property, not a method".to_owned(), span };
        }
        let receiver = match first.is_static {
            true => None,
            false => match self.receiver(&scope, called, class) {
                Ok(receiver) => Some(receiver),
                Err(ambiguous) => return ambiguous,
            },
        };
        let name = format!("{called}.{name}");
        if let Entity::Function(found, functions) = another {
            return self.function(home, &Scope::new(found), &Target { name, functions, receiver });
        }
        if let Some((scope, mut calls)) = annotated {
            calls.iter_mut().for_each(|call| call.name = first.range.clone());
            let target = Target { name, functions: calls.iter().collect(), receiver };
            return self.function_in(home, &owner.home.clone(), &scope, &target);
        }
        let named: Vec<Function> = functions
            .iter()
            .zip(&members)
            .map(|(function, member)| Function { name: member.range.clone(), ..(*function).clone() })
            .collect();
        self.function(home, &owner, &Target { name, functions: named.iter().collect(), receiver })
    }

    /// The members of a name in a class or the nearest of its bases that has it, with the scope they stand in.
    fn members(
        &mut self,
        scope: &Scope<'w>,
        class: &'w Class,
        name: &str,
    ) -> Option<(Scope<'w>, Vec<&'w Member>)> {
        let (mut scope, mut class) = (scope.clone(), class);
        self.bind(&mut scope, &class.type_params, &[]);
        for _ in 0..MAX_BASES {
            let found: Vec<&Member> = class.members.iter().filter(|member| member.name == name).collect();
            if !found.is_empty() {
                return Some((scope, found));
            }
            (scope, class) = self.base(&scope, class)?;
        }
        None
    }

    fn base(&mut self, scope: &Scope<'w>, class: &Class) -> Option<(Scope<'w>, &'w Class)> {
        let TypeKind::Name { path, args, .. } = &class.extends.as_ref()?.kind else {
            return None;
        };
        let Entity::Class(home, _, base) = self.store.resolve(&scope.home, path, Space::Value) else {
            return None;
        };
        let given: Vec<_> = args.iter().map(|arg| self.read(scope, arg)).collect();
        let mut inner = Scope::new(home);
        self.bind(&mut inner, &base.type_params, &given);
        Some((inner, base))
    }

    /// How an object of the class is made, if the runtime can make one; an error where overloads disagree.
    fn receiver(&mut self, scope: &Scope<'w>, name: &str, class: &'w Class) -> Result<Receiver, Lookup> {
        let span = self.span(scope.home.path, &class.name);
        let unmade = |why: &str| Ok(Receiver::Unmade(format!("a method of {why}")));
        if class.is_abstract {
            return unmade("an abstract class, of which nothing makes an object");
        }
        let mut constructor =
            Constructor { name: name.to_owned(), parameters: Vec::new(), span, returns_error: false };
        let Some((scope, members)) = self.members(scope, class, "constructor") else {
            return Ok(Receiver::Constructed(constructor));
        };
        if members.iter().any(|member| member.is_hidden) {
            return unmade("a class whose constructor is not public");
        }
        let all: Vec<&Function> = members
            .iter()
            .filter_map(|member| match &member.kind {
                MemberKind::Method(method) => Some(&**method),
                _ => None,
            })
            .collect();
        let mut seen: Vec<&Function> = all.iter().copied().filter(|function| !function.has_body).collect();
        if seen.is_empty() {
            seen = all;
        }
        let Some(first) = seen.first() else { return Ok(Receiver::Constructed(constructor)) };
        constructor.parameters = self.parameters(&scope, &first.params);
        for other in &seen[1..] {
            let parameters = self.parameters(&scope, &other.params);
            if !alike(&parameters, &constructor.parameters) {
                return Err(self.several(&scope.home, first, &seen));
            }
        }
        Ok(Receiver::Constructed(constructor))
    }
}

/// Why a member cannot be called from outside.
fn refusal(member: &Member) -> Option<&'static str> {
    match member {
        Member { is_static: false, name, .. } if name == "constructor" => Some("a constructor"),
        Member { is_hidden: true, .. } => Some("a private or protected method"),
        Member { is_abstract: true, .. } => Some("an abstract method"),
        _ => None,
    }
}
