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
mod tests {
    use std::collections::BTreeMap;

    use conductor_protocol::plan::Language;
    use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};

    use super::{Languages, across};

    #[derive(Default)]
    struct Code {
        types: TypeTable,
        languages: Languages,
    }

    impl Code {
        fn define(&mut self, language: Language, name: &str, def: TypeDef) -> Type {
            let name = TypeName { module: language.as_str().to_owned(), name: name.to_owned() };
            self.types.insert(name.clone(), def);
            self.languages.insert(name.clone(), language);
            Type::Named(name)
        }

        /// `name` or `name?`, which may be absent.
        fn class(&mut self, language: Language, name: &str, fields: &[(&str, Type)]) -> Type {
            let field = |(name, ty): &(&str, Type)| Field {
                name: name.trim_end_matches('?').to_owned(),
                attribute: None,
                keyword: None,
                ty: ty.clone(),
                required: !name.ends_with('?'),
                init: true,
                native: None,
            };
            self.define(language, name, TypeDef::Class { fields: fields.iter().map(field).collect() })
        }

        fn size(&mut self, language: Language, values: &[&str]) -> Type {
            let member = |value: &&str| EnumMember { name: value.to_uppercase(), value: (*value).into() };
            let members = values.iter().map(member).collect();
            self.define(language, "Size", TypeDef::Enum { base: EnumBase::String, members })
        }

        fn says(&self, given: &Type, wanted: &Type) -> String {
            match across(given, wanted, &self.types, &self.languages) {
                None => "not asked".to_owned(),
                Some(Ok(())) => "fits".to_owned(),
                Some(Err(misfit)) => format!("{}: {}", misfit.field, misfit.why),
            }
        }
    }

    use Language::{Go, Python, Typescript};

    #[test]
    fn classes_fit_by_their_fields_and_only_across_languages() {
        let mut code = Code::default();
        let item = code.class(Python, "Item", &[("name", Type::String), ("weight?", Type::Float)]);
        let other = code.class(Python, "Other", &[("name", Type::String)]);
        let go = code.class(Go, "Item", &[("name", Type::String)]);
        assert_eq!(code.says(&item, &go), "fits");
        assert_eq!(code.says(&go, &item), "fits");
        assert_eq!(code.says(&item, &other), "not asked");
        assert_eq!(code.says(&Type::List(item.clone().into()), &Type::List(go.clone().into())), "fits");
        // Whether it may be null is for others to say.
        assert_eq!(code.says(&Type::optional(item), &go), "not asked");
    }

    #[test]
    fn a_difference_is_named_on_both_sides_however_deep() {
        let mut code = Code::default();
        let line = code.class(Python, "Line", &[("count", Type::String)]);
        let order = code.class(Python, "Order", &[("lines", Type::List(line.into()))]);
        let line = code.class(Go, "Line", &[("count", Type::Int)]);
        let wanted = code.class(Go, "Order", &[("lines", Type::List(line.into()))]);
        assert_eq!(code.says(&order, &wanted), "lines[].count: Python has `string`, Go wants `int`");
        let camel = code.class(Typescript, "User", &[("userId", Type::String)]);
        let snake = code.class(Python, "User", &[("user_id", Type::String)]);
        let told = ": `User` of TypeScript has no `user_id`, but `userId`, and `User` of Python needs it";
        assert_eq!(code.says(&camel, &snake), told);
    }

    #[test]
    fn what_may_be_absent_needs_a_default_where_it_arrives() {
        let mut code = Code::default();
        let typescript = code.class(Typescript, "A", &[("id", Type::Int), ("note?", Type::String)]);
        let strict = code.class(Python, "Strict", &[("id", Type::Int), ("note", Type::String)]);
        let told = ": `note` may be missing in `A` of TypeScript, and `Strict` of Python needs it: give it a default";
        assert_eq!(code.says(&typescript, &strict), told);
        let nullable = Type::optional(Type::String);
        let loose = code.class(Python, "Loose", &[("id", Type::Int), ("note?", nullable.clone())]);
        assert_eq!(code.says(&typescript, &loose), "fits");
        // To TypeScript null and undefined are one; to Go what is absent is nil.
        assert_eq!(code.says(&loose, &typescript), "fits");
        let go = code.class(Go, "A", &[("id", Type::Int), ("note", nullable)]);
        assert_eq!(code.says(&typescript, &go), "fits");
        let go = code.class(Go, "B", &[("id", Type::Int), ("note", Type::String)]);
        assert_eq!(code.says(&loose, &go), "note: Python has `string?`, Go wants `string`");
    }

    #[test]
    fn what_a_language_has_no_type_for_is_looked_at_when_it_arrives() {
        let mut code = Code::default();
        let numbers = |text: Type, count: Type| [("price", text), ("count", count)];
        let python = code.class(Python, "P", &numbers(Type::Decimal, Type::Int));
        let typescript = code.class(Typescript, "T", &numbers(Type::String, Type::Float));
        let go = code.class(Go, "G", &numbers(Type::String, Type::Int));
        for (one, other) in [(&python, &typescript), (&python, &go), (&typescript, &go)] {
            assert_eq!((code.says(one, other), code.says(other, one)), ("fits".into(), "fits".into()));
        }
        // Python and Go can say what is whole.
        let float = code.class(Go, "F", &numbers(Type::String, Type::Float));
        assert_eq!(code.says(&float, &python), "count: Go has `float`, Python wants `int`");
    }

    #[test]
    fn enums_fit_by_their_values_and_literals_are_texts() {
        let mut code = Code::default();
        let of = |ty: Type| [("size", ty)];
        let (small, both) = (code.size(Python, &["s"]), code.size(Go, &["s", "l"]));
        let python = code.class(Python, "P", &of(small));
        let go = code.class(Go, "G", &of(both));
        let typescript = code.class(Typescript, "T", &of(Type::String));
        assert_eq!(code.says(&python, &go), "fits");
        assert_eq!(code.says(&go, &python), "size: `Size` of Python has no value `\"l\"`");
        assert_eq!(code.says(&python, &typescript), "fits");
        assert_eq!(code.says(&typescript, &go), "fits");
    }

    #[test]
    fn objects_without_a_name_fit_classes() {
        let mut code = Code::default();
        let class = code.class(Python, "P", &[("id", Type::String), ("count", Type::Int)]);
        let object = |count: Type| {
            Type::Record(BTreeMap::from([("id".to_owned(), Type::String), ("count".to_owned(), count)]))
        };
        assert_eq!(code.says(&object(Type::Float), &class), "fits");
        assert_eq!(code.says(&class, &object(Type::Float)), "fits");
        assert_eq!(
            code.says(&object(Type::Bool), &class),
            "count: the object has `bool`, Python wants `int`"
        );
    }

    #[test]
    fn classes_that_lead_to_themselves_and_hostile_ones_end() {
        let mut code = Code::default();
        let named = |language: Language, name: String| {
            Type::Named(TypeName { module: language.as_str().to_owned(), name })
        };
        for language in [Python, Go] {
            for at in 0..30_000 {
                let next = Type::optional(named(language, format!("C{}", at + 1)));
                code.class(language, &format!("C{at}"), &[("next", next), ("id", Type::Int)]);
            }
            code.class(language, "Ring", &[("next", Type::optional(named(language, "Ring".to_owned())))]);
        }
        let ring = |language| named(language, "Ring".to_owned());
        assert_eq!(code.says(&ring(Python), &ring(Go)), "fits");
        let first = |language| named(language, "C0".to_owned());
        assert_eq!(code.says(&first(Python), &first(Go)), ": the classes are too large to compare");
    }
}
