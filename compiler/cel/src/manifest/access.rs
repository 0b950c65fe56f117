//! Names, fields and elements: what an expression reaches from its scope.
//!
//! It does not know where a name is declared, so it cannot show that place.

use std::ops::Range;

use conductor_protocol::expr::{Expr, Literal, Node as Out};
use conductor_protocol::types::{Type, TypeDef};

use super::{Checked, Checker};
use crate::ast::{Kind, Name, Node};
use crate::error::{CelError, nearest};

/// What a type says about a field.
enum Member {
    Of(Type),
    /// Entries of a map, whose keys the type does not say.
    Entry(Type),
    Unknown(Vec<String>),
    /// The type has no fields, and why.
    None(Option<&'static str>),
}

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &str, absolute: bool, range: &Range<usize>) -> Checked {
        if absolute {
            let error = CelError::new(range.clone(), "a name of a manifest does not begin with a dot");
            return self.report(error.help(format!("write `{name}`")));
        }
        if let Some(ty) = self.local(name).or_else(|| self.scope.variables.get(name)) {
            let variable = Expr { ty: ty.clone(), node: Out::Variable(name.to_owned()) };
            return Some(self.narrowed(variable));
        }
        if let Some(ty) = self.scope.steps.get(name) {
            let step = Expr { ty: ty.clone(), node: Out::Step(name.to_owned()) };
            return Some(self.narrowed(step));
        }
        let error = CelError::new(range.clone(), format!("`{name}` is not known here"));
        let error = match name {
            "input" => {
                CelError::new(range.clone(), "`input` is no value of its own").help(self.inputs_help())
            }
            "run" => {
                CelError::new(range.clone(), "`run` is no value of its own").help("the run's id is `run.id`")
            }
            "env" if self.scope.env => CelError::new(range.clone(), "`env` is no value of its own")
                .help("name a variable of the environment: `env.NAME`"),
            "env" => CelError::new(range.clone(), "`env` cannot be used here")
                .help("only resources and policies read the environment; give the value as an input"),
            _ if self.scope.inputs.contains_key(name) => error.help(format!("did you mean `input.{name}`?")),
            _ => match nearest(name, self.visible().chain(["input", "run"])) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(self.steps_help()),
            },
        };
        self.report(error)
    }

    /// A variable of a comprehension or a bind.
    pub(super) fn local(&self, name: &str) -> Option<&Type> {
        self.locals.iter().rev().find(|(known, _)| known == name).map(|(_, ty)| ty)
    }

    /// The names that stand alone.
    fn visible(&self) -> impl Iterator<Item = &str> {
        let locals = self.locals.iter().map(|(name, _)| name).filter(|name| !name.starts_with('@'));
        locals.chain(self.scope.variables.keys()).chain(self.scope.steps.keys()).map(String::as_str)
    }

    fn inputs_help(&self) -> String {
        listed("name one of its fields", self.scope.inputs.keys())
            .unwrap_or("this workflow has no inputs".to_owned())
    }

    fn steps_help(&self) -> String {
        listed("visible steps", self.scope.steps.keys())
            .map_or("no step is visible here; inputs are `input.NAME`".to_owned(), |steps| {
                format!("{steps}; inputs are `input.NAME`")
            })
    }

    pub(super) fn select(&mut self, of: &Node, field: &Name, optional: bool) -> Checked {
        if let Some(result) = self.optional_select(of, field, optional) {
            return result;
        }
        if let Kind::Ident { name, absolute: false } = &of.kind {
            match name.as_str() {
                "input" => return self.input(field),
                "env" if self.scope.env => {
                    return Some(Expr { ty: Type::String, node: Out::Env(field.text.clone()) });
                }
                "run" if field.text == "id" => return Some(Expr { ty: Type::String, node: Out::RunId }),
                "run" => {
                    let error =
                        CelError::new(field.range.clone(), format!("`run` has no field `{}`", field.text));
                    return self.report(error.help("it has only `run.id`"));
                }
                _ => {}
            }
        }
        let owner = self.infer(of, None)?;
        if matches!(owner.ty, Type::Optional(_)) {
            return self.null_owner(&owner, field);
        }
        self.field(owner, field)
    }

    fn null_owner(&mut self, owner: &Expr, field: &Name) -> Checked {
        let path = super::facts::path(owner).unwrap_or_else(|| "it".to_owned());
        let name = &field.text;
        let error = CelError::new(
            field.range.clone(),
            format!("`{name}` is read of `{path}`, which may be null: its type is `{}`", owner.ty),
        )
        .null_of(owner);
        self.report(error.help(format!(
            "test it first: `{path} != null && ...` or `has({path}.{name}) ? {path}.{name} : ...`, or a `when` with `{path} != null`"
        )))
    }

    fn input(&mut self, field: &Name) -> Checked {
        if let Some(ty) = self.scope.inputs.get(&field.text) {
            let input = Expr { ty: ty.clone(), node: Out::Input(field.text.clone()) };
            return Some(self.narrowed(input));
        }
        let error = CelError::new(field.range.clone(), format!("the workflow has no input `{}`", field.text));
        self.report(match nearest(&field.text, self.scope.inputs.keys().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => {
                error.help(listed("its inputs", self.scope.inputs.keys()).unwrap_or("it has none".to_owned()))
            }
        })
    }

    /// `owner.field` where `owner` is not null.
    pub(super) fn field(&mut self, owner: Expr, field: &Name) -> Checked {
        let name = field.text.clone();
        match self.member(&owner.ty, &name) {
            Member::Of(ty) => {
                let access = Expr { ty, node: Out::Field { of: Box::new(owner), name } };
                Some(self.narrowed(access))
            }
            Member::Entry(ty) => {
                let index = Expr { ty: Type::String, node: Out::Literal(Literal::String(name)) };
                let entry = Expr { ty, node: Out::Index { of: Box::new(owner), index: Box::new(index) } };
                Some(self.narrowed(entry))
            }
            Member::Unknown(known) => {
                let message = format!("`{}` has no field `{name}`", owner.ty);
                let error = CelError::new(field.range.clone(), message);
                self.report(match nearest(&name, known.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error
                        .help(listed("its fields", known.iter()).unwrap_or("it has no fields".to_owned())),
                })
            }
            Member::None(why) => {
                let message = format!("a value of type `{}` has no fields, so no `{name}`", owner.ty);
                let error = CelError::new(field.range.clone(), message);
                self.report(match why {
                    Some(why) => error.help(why),
                    None => error,
                })
            }
        }
    }

    /// Whether `has` can be asked of this field; the type does not matter there.
    pub(super) fn has_member(&mut self, owner: &Expr, field: &Name) -> bool {
        let probe = Expr { ty: owner.ty.non_null().clone(), node: owner.node.clone() };
        self.field(probe, field).is_some()
    }

    fn member(&self, ty: &Type, name: &str) -> Member {
        match ty {
            Type::Any => Member::Of(Type::Any),
            Type::Map(item) => Member::Entry((**item).clone()),
            Type::Record(fields) => match fields.get(name) {
                Some(ty) => Member::Of(ty.clone()),
                None => Member::Unknown(fields.keys().cloned().collect()),
            },
            Type::Union(members) => self.member_of_union(members, name),
            Type::Named(class) => match self.scope.types.get(class) {
                Some(TypeDef::Class { fields }) => match fields.iter().find(|field| field.name == name) {
                    Some(field) => Member::Of(field.ty.clone()),
                    None => Member::Unknown(fields.iter().map(|field| field.name.clone()).collect()),
                },
                Some(TypeDef::TypedDict { fields }) => match fields.iter().find(|field| field.name == name) {
                    // A key that may be absent reads as null.
                    Some(field) if !field.required => Member::Of(Type::optional(field.ty.clone())),
                    Some(field) => Member::Of(field.ty.clone()),
                    None => Member::Unknown(fields.iter().map(|field| field.name.clone()).collect()),
                },
                Some(TypeDef::Enum { .. }) => {
                    Member::None(Some("it is an enum: compare it with one of its values"))
                }
                Some(TypeDef::Opaque) | None => {
                    Member::None(Some("the code does not say which fields it has"))
                }
            },
            _ => Member::None(None),
        }
    }

    /// A field that every member of a union has.
    fn member_of_union(&self, members: &[Type], name: &str) -> Member {
        let mut types = Vec::new();
        for member in members {
            match self.member(member, name) {
                Member::Of(ty) => types.push(ty),
                Member::Entry(_) => return Member::None(Some("it may be a map or a record")),
                missing => return missing,
            }
        }
        Member::Of(Type::union(types))
    }

    pub(super) fn index(&mut self, of: &Node, index: &Node, optional: bool, range: &Range<usize>) -> Checked {
        if let Some(result) = self.optional_index(of, index, optional, range) {
            return result;
        }
        let owner = self.infer(of, None);
        let at = self.infer(index, None);
        let (owner, at) = (owner?, at?);
        if matches!(owner.ty, Type::Optional(_)) {
            return self.may_be_null(&owner, &of.range);
        }
        let (wanted, ty) = match (&owner.ty, &at.node) {
            (Type::List(item), _) => (Type::Int, (**item).clone()),
            (Type::Map(item), _) => (Type::String, (**item).clone()),
            (Type::Any, _) => (Type::Any, Type::Any),
            // Of which field is known only when the step runs.
            (Type::Record(fields), index) if !matches!(index, Out::Literal(_)) && !fields.is_empty() => {
                (Type::String, Type::union(fields.values().cloned()))
            }
            (Type::Record(_) | Type::Named(_), Out::Literal(Literal::String(name))) => {
                let field = Name { text: name.clone(), range: index.range.clone() };
                return self.field(owner, &field);
            }
            _ => {
                let message = format!("a value of type `{}` has no elements", owner.ty);
                return self.report(CelError::new(range.clone(), message));
            }
        };
        let at = self.fit(at, &index.range, Some(&wanted))?;
        let element = Expr { ty, node: Out::Index { of: Box::new(owner), index: Box::new(at) } };
        Some(self.narrowed(element))
    }
}

/// `what: a, b, c`, the first ten; nothing if there are none.
fn listed<'n>(what: &str, names: impl ExactSizeIterator<Item = &'n String>) -> Option<String> {
    let count = names.len();
    let shown: Vec<String> = names.take(10).map(|name| format!("`{name}`")).collect();
    let more = if count > 10 { format!(" and {} more", count - 10) } else { String::new() };
    (count > 0).then(|| format!("{what}: {}{more}", shown.join(", ")))
}
