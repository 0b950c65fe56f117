//! What fits across languages, and what is said where it does not.
//!
//! They know types only, and no source.

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
    let told =
        ": `note` may be missing in `A` of TypeScript, and `Strict` of Python needs it: give it a default";
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
    assert_eq!(code.says(&object(Type::Bool), &class), "count: the object has `bool`, Python wants `int`");
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
