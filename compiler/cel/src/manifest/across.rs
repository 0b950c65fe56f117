//! Whether a value of one language's class can stand where a class of another language is asked for: by what both are as
//! JSON.
//!
//! It does not know how the languages write their classes.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::Language;
use conductor_protocol::types::{EnumBase, Field, Type, TypeDef, TypeName, TypeTable};

/// The language that defines each class of the code.
pub type Languages = BTreeMap<TypeName, Language>;

/// Pairs of types that are looked at; whatever needs more is taken for different.
const MAX_PAIRS: usize = 20_000;

/// Unions within unions that are gone into: each member is compared with each.
const MAX_UNIONS: usize = 8;

/// How two classes differ: `field` is where, empty for the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    pub field: String,
    pub why: String,
}

impl Misfit {
    /// As a line of help.
    #[must_use]
    pub fn help(&self) -> String {
        let Misfit { field, why } = self;
        let whole = "classes of two languages are one where their fields are, by name and type in JSON";
        if field.is_empty() { format!("{why}; {whole}") } else { format!("at `{field}`: {why}; {whole}") }
    }
}

/// `None` where no class of another language is asked for, so that this does not decide; else whether the value fits.
#[must_use]
pub fn across(
    given: &Type,
    wanted: &Type,
    types: &TypeTable,
    languages: &Languages,
) -> Option<Result<(), Misfit>> {
    let (from, to) = crossing(given, wanted, types, languages)?;
    let pairs = vec![Pair { given, wanted, of: None }];
    let mut comparison =
        Comparison { types, from, to, pairs, seen: BTreeSet::new(), budget: MAX_PAIRS, unions: 0 };
    Some(comparison.run())
}

/// Whether both are classes, or lists, maps and optionals of classes, of two languages; which these are. An object that
/// has no name is of no language.
fn crossing(
    given: &Type,
    wanted: &Type,
    types: &TypeTable,
    languages: &Languages,
) -> Option<(Option<Language>, Option<Language>)> {
    let (mut given, mut wanted) = (given, wanted);
    loop {
        if matches!(given, Type::Optional(_)) && !wanted.is_nullable() {
            return None;
        }
        let language = |name: &TypeName| languages.get(name).copied();
        let of_object = |name: &TypeName| types.get(name).and_then(fields).and(language(name));
        (given, wanted) = match (given.non_null(), wanted.non_null()) {
            (Type::List(one), Type::List(other)) | (Type::Map(one), Type::Map(other)) => (one, other),
            (Type::Named(one), Type::Named(other)) => {
                let (from, to) = (language(one)?, language(other)?);
                return (from != to).then_some((Some(from), Some(to)));
            }
            (Type::Record(_), Type::Named(class)) => return Some((None, Some(of_object(class)?))),
            (Type::Named(class), Type::Record(_)) => return Some((Some(of_object(class)?), None)),
            _ => return None,
        };
    }
}

#[derive(Clone)]
struct Pair<'t> {
    given: &'t Type,
    wanted: &'t Type,
    /// The pair in whose field it stands, and the field's name.
    of: Option<(usize, String)>,
}

/// Every pair must fit, so that they are gone through in a row: no stack grows with chained classes, and two classes
/// that lead back to themselves fit where nothing else speaks against it.
struct Comparison<'t> {
    types: &'t TypeTable,
    from: Option<Language>,
    to: Option<Language>,
    pairs: Vec<Pair<'t>>,
    seen: BTreeSet<(&'t TypeName, &'t TypeName)>,
    budget: usize,
    unions: usize,
}

/// What an object is made of: its name, and the type of each field with whether it is always there.
struct Object<'t> {
    name: String,
    fields: BTreeMap<&'t str, Part<'t>>,
}

#[derive(Clone, Copy)]
struct Part<'t> {
    ty: &'t Type,
    /// Whether every such object has it in JSON.
    is_written: bool,
    /// Whether none can be made without it.
    is_needed: bool,
    /// Whether null is read as if it were not there.
    takes_null: bool,
}

impl<'t> Comparison<'t> {
    fn run(&mut self) -> Result<(), Misfit> {
        let mut next = 0;
        while next < self.pairs.len() {
            let Some(left) = self.budget.checked_sub(1) else {
                return Err(Misfit {
                    field: String::new(),
                    why: "the classes are too large to compare".into(),
                });
            };
            self.budget = left;
            let (given, wanted) = (self.pairs[next].given, self.pairs[next].wanted);
            self.pair(next, given, wanted).map_err(|why| Misfit { field: self.path(next), why })?;
            next += 1;
        }
        Ok(())
    }

    fn pair(&mut self, at: usize, given: &'t Type, wanted: &'t Type) -> Result<(), String> {
        if given.fits(wanted) && !matches!((given, wanted), (Type::Record(_), _)) {
            return Ok(());
        }
        match (given, wanted) {
            (Type::Optional(_), wanted) if !wanted.is_nullable() => Err(self.differ(given, wanted)),
            (Type::Optional(given), _) => {
                self.inside(at, given, wanted.non_null(), "");
                Ok(())
            }
            (_, Type::Optional(wanted)) => {
                self.inside(at, given, wanted, "");
                Ok(())
            }
            (Type::Union(members), _) => {
                members.iter().for_each(|member| self.inside(at, member, wanted, ""));
                Ok(())
            }
            (_, Type::Union(members)) => {
                let fits = members.iter().any(|member| self.would_fit(given, member));
                if fits { Ok(()) } else { Err(self.differ(given, wanted)) }
            }
            (Type::List(one), Type::List(other)) | (Type::Map(one), Type::Map(other)) => {
                self.inside(at, one, other, "[]");
                Ok(())
            }
            (Type::Named(one), Type::Named(other)) => self.named(at, one, other),
            (Type::Record(_), Type::Named(_) | Type::Record(_)) | (Type::Named(_), Type::Record(_)) => {
                let (Some(one), Some(other)) = (self.object(given, self.from), self.object(wanted, self.to))
                else {
                    return Err(self.differ(given, wanted));
                };
                self.fields(at, &one, &other)
            }
            _ if self.reads(given, wanted) => Ok(()),
            _ => Err(self.differ(given, wanted)),
        }
    }

    /// Whether JSON of the one type is read as the other. What a language has no type for is only known when a value
    /// arrives: it is checked there.
    fn reads(&self, given: &Type, wanted: &Type) -> bool {
        let written_as_text = !matches!(self.from, Some(Language::Python | Language::Rust));
        match (given, wanted) {
            // JSON has one kind of number.
            (Type::Int, Type::Float) => true,
            // A `number` cannot say that it is whole.
            (Type::Float, Type::Int) => matches!(self.from, None | Some(Language::Typescript)),
            (Type::Decimal | Type::Uuid | Type::Date, Type::String) => true,
            (Type::Duration, Type::String) => matches!(self.to, None | Some(Language::Typescript)),
            (Type::String, Type::Decimal | Type::Uuid | Type::Date) => written_as_text,
            (Type::String, Type::Duration) => matches!(self.from, None | Some(Language::Typescript)),
            (Type::Named(name), Type::String) => self.enum_base(name) == Some(EnumBase::String),
            (Type::Named(name), Type::Int | Type::Float) => self.enum_base(name) == Some(EnumBase::Int),
            (Type::String, Type::Named(name)) => self.enum_base(name) == Some(EnumBase::String),
            (Type::Int, Type::Named(name)) => self.enum_base(name) == Some(EnumBase::Int),
            _ => false,
        }
    }

    fn enum_base(&self, name: &TypeName) -> Option<EnumBase> {
        match self.types.get(name) {
            Some(TypeDef::Enum { base, .. }) => Some(*base),
            _ => None,
        }
    }

    fn inside(&mut self, of: usize, given: &'t Type, wanted: &'t Type, name: &str) {
        self.pairs.push(Pair { given, wanted, of: Some((of, name.to_owned())) });
    }

    /// Whether a member of a union is what is given, without a word about it.
    fn would_fit(&mut self, given: &'t Type, wanted: &'t Type) -> bool {
        if self.unions >= MAX_UNIONS {
            return false;
        }
        let mut inner = Comparison {
            types: self.types,
            from: self.from,
            to: self.to,
            pairs: vec![Pair { given, wanted, of: None }],
            seen: self.seen.clone(),
            budget: self.budget,
            unions: self.unions + 1,
        };
        let fits = inner.run().is_ok();
        self.budget = inner.budget;
        fits
    }

    fn named(&mut self, at: usize, one: &'t TypeName, other: &'t TypeName) -> Result<(), String> {
        if !self.seen.insert((one, other)) {
            return Ok(());
        }
        match (self.types.get(one), self.types.get(other)) {
            (Some(TypeDef::Enum { members: given, .. }), Some(TypeDef::Enum { members: wanted, .. })) => {
                let lacks = |value: &serde_json::Value| wanted.iter().all(|member| member.value != *value);
                match given.iter().find(|member| lacks(&member.value)) {
                    Some(member) => {
                        Err(format!("{} has no value `{}`", told(&other.name, self.to), member.value))
                    }
                    None => Ok(()),
                }
            }
            _ => {
                let (given, wanted) = (Type::Named(one.clone()), Type::Named(other.clone()));
                let objects = (self.class(one, self.from), self.class(other, self.to));
                let (Some(one), Some(other)) = objects else { return Err(self.differ(&given, &wanted)) };
                self.fields(at, &one, &other)
            }
        }
    }

    fn object(&self, ty: &'t Type, language: Option<Language>) -> Option<Object<'t>> {
        match ty {
            Type::Named(name) => self.class(name, language),
            Type::Record(fields) => {
                let part = |ty: &'t Type| Part { ty, is_written: true, is_needed: true, takes_null: false };
                let fields = fields.iter().map(|(name, ty)| (name.as_str(), part(ty))).collect();
                Some(Object { name: "the object".to_owned(), fields })
            }
            _ => None,
        }
    }

    fn class(&self, name: &'t TypeName, language: Option<Language>) -> Option<Object<'t>> {
        let def = self.types.get(name)?;
        // What has a default in a class of Python is always written.
        let is_whole = language == Some(Language::Python) && matches!(def, TypeDef::Class { .. });
        // To Go, what is not there is nil.
        let takes_absent = language == Some(Language::Go);
        let part = |field: &'t Field| Part {
            ty: &field.ty,
            is_written: field.required || is_whole,
            is_needed: field.required && field.init && !(takes_absent && field.ty.is_nullable()),
            takes_null: !field.required && language == Some(Language::Typescript),
        };
        let fields = fields(def)?.iter().map(|field| (field.name.as_str(), part(field))).collect();
        Some(Object { name: told(&name.name, language), fields })
    }

    fn fields(&mut self, at: usize, given: &Object<'t>, wanted: &Object<'t>) -> Result<(), String> {
        let mut shared = false;
        for (name, part) in &wanted.fields {
            match given.fields.get(name) {
                Some(own) if part.is_needed && !own.is_written => {
                    let (one, other) = (&given.name, &wanted.name);
                    return Err(format!(
                        "`{name}` may be missing in {one}, and {other} needs it: give it a default"
                    ));
                }
                Some(own) => {
                    shared = true;
                    let own = if part.takes_null { own.ty.non_null() } else { own.ty };
                    self.inside(at, own, part.ty, name);
                }
                None if part.is_needed => {
                    let nearest = crate::error::nearest(name, given.fields.keys().copied());
                    let near = nearest.map_or_else(String::new, |near| format!(", but `{near}`"));
                    return Err(format!(
                        "{} has no `{name}`{near}, and {} needs it",
                        given.name, wanted.name
                    ));
                }
                None => {}
            }
        }
        if !shared && !given.fields.is_empty() && !wanted.fields.is_empty() {
            return Err(format!("{} and {} have no field in common", given.name, wanted.name));
        }
        Ok(())
    }

    /// `address.lines[]`.
    fn path(&self, mut at: usize) -> String {
        let mut parts = Vec::new();
        while let Some((of, name)) = &self.pairs[at].of {
            parts.push(name.as_str());
            at = *of;
        }
        let mut path = String::new();
        // A path of thousands of fields says no more than its beginning.
        for part in parts.into_iter().rev().filter(|part| !part.is_empty()).take(16) {
            if !path.is_empty() && part != "[]" {
                path.push('.');
            }
            path.push_str(part);
        }
        path
    }

    fn differ(&self, given: &Type, wanted: &Type) -> String {
        let (one, other) = given.told_apart(wanted);
        let side = |language: Option<Language>| language.map_or("the object", spoken);
        format!("{} has `{one}`, {} wants `{other}`", side(self.from), side(self.to))
    }
}

fn told(name: &str, language: Option<Language>) -> String {
    language.map_or_else(|| format!("`{name}`"), |language| format!("`{name}` of {}", spoken(language)))
}

fn spoken(language: Language) -> &'static str {
    match language {
        Language::Python => "Python",
        Language::Typescript => "TypeScript",
        Language::Go => "Go",
        Language::Rust => "Rust",
    }
}

fn fields(def: &TypeDef) -> Option<&[Field]> {
    match def {
        TypeDef::Class { fields } | TypeDef::TypedDict { fields } => Some(fields),
        TypeDef::Enum { .. } | TypeDef::Opaque => None,
    }
}

#[cfg(test)]
mod tests;
