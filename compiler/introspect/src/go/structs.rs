//! The fields of a struct as `encoding/json` writes them: tags, embedded structs, and which of two wins.
//!
//! It does not know the values of a type with methods of its own for JSON (see `methods`).

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::types::{Field, Type, TypeDef};

use super::names::{Entity, Scope, Under};
use super::package::is_exported;
use super::syntax::{self, TypeExpr, TypeKind};
use super::types::{Reader, bound};

/// Deeper embedding is not followed.
const MAX_LEVELS: usize = 12;
/// Wider or deeper structs than people write are cut off.
const MAX_FIELDS: usize = 2000;

/// A field that may be shadowed.
struct Candidate {
    level: usize,
    is_tagged: bool,
    /// The indices that lead to it, for the order.
    at: Vec<usize>,
    field: Field,
}

/// A struct to be looked at, with how it is reached.
struct Embedded<'w> {
    scope: Scope<'w>,
    expr: &'w TypeExpr,
    at: Vec<usize>,
    /// Through a pointer that may be nil.
    may_be_absent: bool,
}

/// What a tag says of JSON.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tag {
    pub name: Option<String>,
    pub is_skipped: bool,
    pub omits: bool,
    pub as_string: bool,
}

impl<'w> Reader<'w> {
    pub fn struct_definition(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> TypeDef {
        let (fields, hidden) = self.json_fields(scope, expr);
        // What it holds is in fields that JSON does not see.
        if fields.is_empty() && hidden { TypeDef::Opaque } else { TypeDef::Class { fields } }
    }

    pub fn anonymous(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Type {
        let (fields, _) = self.json_fields(scope, expr);
        let typed = |field: Field| {
            let ty = if field.required { field.ty } else { Type::optional(field.ty) };
            (field.name, ty)
        };
        Type::Record(fields.into_iter().map(typed).collect())
    }

    /// The fields, and whether others are hidden from JSON.
    fn json_fields(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> (Vec<Field>, bool) {
        let mut found: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        let mut hidden = false;
        let mut level = vec![Embedded { scope: scope.clone(), expr, at: Vec::new(), may_be_absent: false }];
        let mut seen: BTreeSet<(&str, usize)> = BTreeSet::new();
        let mut left = MAX_FIELDS;
        for depth in 0..MAX_LEVELS {
            let mut next = Vec::new();
            let here: Vec<_> = level.iter().map(|one| place(&one.scope, one.expr)).collect();
            for embedded in std::mem::take(&mut level) {
                if seen.contains(&place(&embedded.scope, embedded.expr)) {
                    continue;
                }
                let TypeKind::Struct(fields) = &embedded.expr.kind else { continue };
                for (index, field) in fields.iter().enumerate() {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                    match self.json_field(&embedded, field, index, depth, &mut next) {
                        Some(candidate) => {
                            found.entry(candidate.field.name.clone()).or_default().push(candidate);
                        }
                        None => hidden |= field.name.as_ref().is_some_and(|(name, _)| !is_exported(name)),
                    }
                }
            }
            seen.extend(here);
            level = next;
        }
        let mut fields: Vec<Candidate> = found.into_values().filter_map(dominant).collect();
        fields.sort_by(|one, other| one.at.cmp(&other.at));
        (fields.into_iter().map(|candidate| candidate.field).collect(), hidden)
    }

    fn json_field(
        &mut self,
        embedded: &Embedded<'w>,
        field: &'w syntax::Field,
        index: usize,
        level: usize,
        next: &mut Vec<Embedded<'w>>,
    ) -> Option<Candidate> {
        let scope = &embedded.scope;
        let tag = tag(field.tag.as_deref().unwrap_or(""));
        let at: Vec<usize> = embedded.at.iter().copied().chain([index]).collect();
        if tag.is_skipped {
            return None;
        }
        let attribute = match &field.name {
            Some((name, _)) => name.clone(),
            None => {
                let (inner, is_pointer) = match &field.ty.kind {
                    TypeKind::Pointer(inner) => (&**inner, true),
                    _ => (&field.ty, false),
                };
                let below = self.struct_below(scope, inner);
                if let Some((scope, expr)) = below
                    && tag.name.is_none()
                {
                    let may_be_absent = embedded.may_be_absent || is_pointer;
                    next.push(Embedded { scope, expr, at, may_be_absent });
                    return None;
                }
                type_name(inner)?.to_owned()
            }
        };
        if !is_exported(&attribute) {
            return None;
        }
        let ty = match tag.as_string && self.is_quotable(scope, &field.ty) {
            true if matches!(field.ty.kind, TypeKind::Pointer(_)) => Type::optional(Type::String),
            true => Type::String,
            false => self.ty(scope, &field.ty),
        };
        let native = self.native(scope, &field.ty, &ty);
        let name = tag.name.clone().unwrap_or_else(|| attribute.clone());
        let required = !tag.omits && !embedded.may_be_absent;
        let attribute = (name != attribute).then_some(attribute);
        let field = Field { name, attribute, keyword: None, ty, required, init: true, native };
        Some(Candidate { level, is_tagged: tag.name.is_some(), at, field })
    }

    /// The struct that an embedded type is, unless it writes its own JSON.
    fn struct_below(&mut self, scope: &Scope<'w>, expr: &'w TypeExpr) -> Option<(Scope<'w>, &'w TypeExpr)> {
        let (package, name, arguments) = match &expr.kind {
            TypeKind::Name { package, name } => (package.as_deref(), name, &[][..]),
            TypeKind::Generic { package, name, arguments } => (package.as_deref(), name, &arguments[..]),
            _ => return None,
        };
        let Entity::Type(package, decl, found) = self.store.type_entity(scope, package, name) else {
            return None;
        };
        let Under::Literal(inner, literal) = self.store.underlying(scope, expr) else { return None };
        if !matches!(literal.kind, TypeKind::Struct(_)) {
            return None;
        }
        if matches!(found.ty.kind, TypeKind::Struct(_)) {
            let arguments = arguments.iter().map(|argument| self.argument(scope, argument)).collect();
            let scope = Scope::new(&package, decl).with(bound(&found.type_params, arguments));
            return Some((scope, literal));
        }
        Some((inner, literal))
    }

    /// Whether `,string` has an effect: on strings, numbers and booleans.
    fn is_quotable(&self, scope: &Scope<'w>, expr: &'w TypeExpr) -> bool {
        let expr = match &expr.kind {
            TypeKind::Pointer(inner) => inner,
            _ => expr,
        };
        let basic = self.basic(scope, expr);
        basic.is_some_and(|basic| {
            !matches!(basic, "any" | "error" | "comparable" | "complex64" | "complex128")
        })
    }
}

/// Where a struct is written, to know it again.
fn place<'w>(scope: &Scope<'w>, expr: &TypeExpr) -> (&'w str, usize) {
    (scope.path, expr.range.start)
}

/// The name that an embedded field goes by.
pub fn type_name(expr: &TypeExpr) -> Option<&str> {
    match &expr.kind {
        TypeKind::Name { name, .. } | TypeKind::Generic { name, .. } => Some(name),
        TypeKind::Pointer(inner) => type_name(inner),
        _ => None,
    }
}

/// The rule of `encoding/json`: the shallowest wins, among those a tagged one, and two equal ones are none.
fn dominant(mut candidates: Vec<Candidate>) -> Option<Candidate> {
    candidates.sort_by_key(|one| (one.level, !one.is_tagged));
    let rank = |one: &Candidate| (one.level, one.is_tagged);
    let tie = candidates.get(1).is_some_and(|second| rank(second) == rank(&candidates[0]));
    if tie { None } else { candidates.into_iter().next() }
}

/// The `json` key of a struct tag.
pub fn tag(text: &str) -> Tag {
    let Some(value) = tag_value(text, "json") else { return Tag::default() };
    let mut parts = value.split(',');
    let name = parts.next().unwrap_or("");
    let mut tag = Tag { is_skipped: value == "-", ..Tag::default() };
    let is_valid = |letter: char| letter.is_alphanumeric() || "!#$%&()*+-./:;<=>?@[]^_{|}~ ".contains(letter);
    tag.name = Some(name).filter(|name| !name.is_empty() && name.chars().all(is_valid)).map(str::to_owned);
    for option in parts {
        match option {
            "omitempty" | "omitzero" => tag.omits = true,
            "string" => tag.as_string = true,
            _ => {}
        }
    }
    tag
}

/// `key:"value"` pairs by spaces, as `reflect.StructTag` reads them.
fn tag_value(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text.trim_start();
    while let Some((key, after)) = rest.split_once(":\"") {
        let mut end = None;
        let mut escaped = false;
        for (at, letter) in after.char_indices() {
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some(at);
                    break;
                }
                _ => {}
            }
        }
        let value = after.get(..end?)?;
        if key.trim_start() == wanted {
            return Some(super::parse::unquoted(&format!("\"{value}\"")));
        }
        rest = after.get(end? + 1..)?.trim_start();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Tag, tag};

    #[test]
    fn tags_are_read_as_encoding_json_does() {
        let named = |name: &str| Tag { name: Some(name.to_owned()), ..Tag::default() };
        assert_eq!(tag(r#"db:"x" json:"name""#), named("name"));
        assert_eq!(
            tag(r#"json:"name,omitempty,string""#),
            Tag { omits: true, as_string: true, ..named("name") }
        );
        assert_eq!(tag(r#"json:",omitzero""#), Tag { omits: true, ..Tag::default() });
        assert_eq!(tag(r#"json:"-""#), Tag { is_skipped: true, ..named("-") });
        assert_eq!(tag(r#"json:"-,""#), named("-"));
        assert_eq!(tag(r#"json:"a\"b""#), Tag::default());
        for odd in ["json", "json:", r#"json:"x"#, r#"x:"json:"a""#, "", ":\"\""] {
            assert_eq!(tag(odd), Tag::default(), "{odd}");
        }
    }
}
