//! Types in the comments of JavaScript: `@param {string} name`, `@returns`, `@typedef`, `@template`, `@type`.

use std::ops::Range;

use super::super::syntax::{
    Alias, Decl, Doc, Export, FieldType, Function, Import, Interface, ObjectType, Param, Pattern, Scope,
    TypeExpr, TypeKind, TypeParam,
};
use super::{Source, comment_type};

/// A tag of a comment: `@param {type} name rest`.
struct Tag<'a> {
    word: &'a str,
    ty: Option<&'a str>,
    /// What follows the type.
    rest: &'a str,
}

/// A name as `@param` gives it: `name`, `[name]`, `[name=default]`.
struct Named<'a> {
    name: &'a str,
    is_optional: bool,
    default: Option<&'a str>,
}

/// A comment's text without its stars.
pub fn clean(inner: &str) -> String {
    let lines = inner.lines().map(|line| {
        let line = line.trim_start();
        line.strip_prefix('*').map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest)).trim_end()
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Gives a function the types that its comment tells and its own text does not.
pub fn annotate(_source: &Source<'_>, doc: &Doc, function: &mut Function) {
    let mut position = 0;
    let tags = tags(&doc.text);
    for tag in &tags {
        match tag.word {
            "param" | "arg" | "argument" => {
                let Some(named) = name(tag.rest) else { continue };
                match named.name.split_once('.') {
                    Some((outer, inner)) => {
                        nested(function, outer, inner.trim_start_matches("[]."), tag, &named, &doc.range)
                    }
                    None => {
                        let by_name = function.params.iter().position(|param| is_named(param, named.name));
                        let at = by_name.unwrap_or(position);
                        position += 1;
                        if let Some(param) =
                            function.params.get_mut(at).filter(|param| by_name.is_some() || !is_plain(param))
                        {
                            told(param, tag, &named, &doc.range);
                        }
                    }
                }
            }
            "returns" | "return" if function.returns.is_none() => {
                function.returns = tag.ty.and_then(|text| ty(text, &doc.range)).map(|(found, _)| found);
            }
            "template" => {
                let constraint = tag.ty.and_then(|text| ty(text, &doc.range)).map(|(found, _)| found);
                for name in tag
                    .rest
                    .split_whitespace()
                    .next()
                    .unwrap_or("")
                    .split(',')
                    .filter(|name| !name.is_empty())
                {
                    let name = name.to_owned();
                    function.type_params.push(TypeParam {
                        name,
                        constraint: constraint.clone(),
                        default: None,
                    });
                }
            }
            _ => {}
        }
    }
    if let Some(TypeKind::Function(signature)) =
        tags.iter().find(|tag| tag.word == "type").and_then(|tag| Some(ty(tag.ty?, &doc.range)?.0.kind))
    {
        for (param, known) in function.params.iter_mut().zip(signature.params) {
            param.annotation = param.annotation.take().or(known.annotation);
            param.is_optional |= known.is_optional;
        }
        function.returns = function.returns.take().or(signature.returns);
    }
}

fn is_named(param: &Param, name: &str) -> bool {
    matches!(&param.pattern, Pattern::Name(known) if known == name)
}

fn is_plain(param: &Param) -> bool {
    matches!(param.pattern, Pattern::Name(_))
}

fn told(param: &mut Param, tag: &Tag<'_>, named: &Named<'_>, range: &Range<usize>) {
    let (found, mark) =
        tag.ty.and_then(|text| ty(text, range)).map_or((None, ""), |(ty, mark)| (Some(ty), mark));
    if param.annotation.is_none() {
        param.annotation = match found {
            Some(ty) if param.is_rest => Some(array(ty)),
            found => found,
        };
    }
    param.is_optional |= named.is_optional || mark == "=";
    if param.default.is_none() {
        param.default = named.default.map(str::to_owned);
    }
}

fn array(ty: TypeExpr) -> TypeExpr {
    let range = ty.range.clone();
    TypeExpr { kind: TypeKind::Array(Box::new(ty)), range }
}

/// `@param {string} options.name` is a field of the parameter before it.
fn nested(
    function: &mut Function,
    outer: &str,
    field: &str,
    tag: &Tag<'_>,
    named: &Named<'_>,
    range: &Range<usize>,
) {
    if field.contains('.') {
        return;
    }
    let found = function.params.iter_mut().find(|param| is_named(param, outer) || !is_plain(param));
    let Some(param) = found else { return };
    let is_object = matches!(&param.annotation, Some(TypeExpr { kind: TypeKind::Object(_), .. }));
    if !is_object {
        let untyped = match &param.annotation {
            None => true,
            Some(TypeExpr { kind: TypeKind::Name { path, .. }, .. }) => {
                path[..] == ["Object"] || path[..] == ["object"]
            }
            Some(other) => matches!(other.kind, TypeKind::Other),
        };
        if !untyped {
            return;
        }
        param.annotation = Some(TypeExpr { kind: TypeKind::Object(Box::default()), range: range.clone() });
    }
    if let Some(TypeExpr { kind: TypeKind::Object(body), .. }) = &mut param.annotation {
        body.fields.push(field_of(field, tag, named, range));
    }
}

fn field_of(name: &str, tag: &Tag<'_>, named: &Named<'_>, range: &Range<usize>) -> FieldType {
    let (found, mark) =
        tag.ty.and_then(|text| ty(text, range)).map_or((None, ""), |(ty, mark)| (Some(ty), mark));
    FieldType { name: name.to_owned(), is_optional: named.is_optional || mark == "=", ty: found }
}

/// The type of a constant that its comment tells.
pub fn of_value(_source: &Source<'_>, doc: &Doc) -> Option<TypeExpr> {
    let tags = tags(&doc.text);
    let tag = tags.iter().find(|tag| tag.word == "type")?;
    Some(ty(tag.ty?, &doc.range)?.0)
}

/// Types that comments define, wherever they stand; they are exported.
pub fn typedefs(source: &Source<'_>, scope: &mut Scope) {
    let mut at = 0;
    while let Some(start) = source.text[at..].find("/**").map(|found| at + found) {
        let Some(end) = source.text[start..].find("*/").map(|found| start + found + 2) else { return };
        at = end;
        let comment = source.text.get(start + 3..end - 2).unwrap_or("");
        if ["@typedef", "@callback", "@import"].iter().any(|word| comment.contains(word)) {
            let text = clean(comment);
            definitions(&tags(&text), &(start..end), source.text, scope);
        }
    }
}

fn definitions(tags: &[Tag<'_>], range: &Range<usize>, text: &str, scope: &mut Scope) {
    for (index, tag) in tags.iter().enumerate() {
        if tag.word == "import" {
            import(tag.rest, range, scope);
        }
        if !matches!(tag.word, "typedef" | "callback") {
            continue;
        }
        let Some(name) = tag.rest.split_whitespace().next().map(str::to_owned) else { continue };
        let place = text[range.clone()].find(&name).map_or(range.start, |at| range.start + at);
        let place = place..place + name.len();
        let below = tags[index + 1..].iter().take_while(|tag| !matches!(tag.word, "typedef" | "callback"));
        let properties = below.filter(|tag| matches!(tag.word, "property" | "prop"));
        let fields: Vec<FieldType> = properties
            .filter_map(|tag| name_of_property(tag).map(|named| field_of(named.name, tag, &named, range)))
            .collect();
        let value = tag.ty.and_then(|text| ty(text, range)).map(|(found, _)| found);
        let decl = match (tag.word, value) {
            ("callback", _) => continue,
            (_, Some(TypeExpr { kind: TypeKind::Object(body), .. })) if fields.is_empty() => {
                interface(place, *body)
            }
            (_, Some(value)) if fields.is_empty() => {
                Decl::Alias(Box::new(Alias { name: place, type_params: Vec::new(), value }))
            }
            _ => interface(place, ObjectType { fields, ..ObjectType::default() }),
        };
        scope.declare(name.clone(), decl);
        scope.export(name.clone(), Export::Local(name));
    }
}

fn interface(name: Range<usize>, body: ObjectType) -> Decl {
    Decl::Interface(Box::new(Interface { name, type_params: Vec::new(), extends: Vec::new(), body }))
}

fn name_of_property<'a>(tag: &Tag<'a>) -> Option<Named<'a>> {
    name(tag.rest).filter(|named| !named.name.contains('.'))
}

/// `@import { A, B as C } from "./x"`
fn import(rest: &str, range: &Range<usize>, scope: &mut Scope) {
    let Some((names, module)) = rest.rsplit_once(" from ") else { return };
    let module = module.trim().trim_matches(|letter| matches!(letter, '"' | '\'' | ';'));
    let names = names.trim().trim_start_matches('{').trim_end_matches('}');
    for one in names.split(',').map(str::trim).filter(|one| !one.is_empty()) {
        let (name, local) = one.split_once(" as ").unwrap_or((one, one));
        let import =
            Import { module: module.to_owned(), name: Some(name.trim().to_owned()), range: range.clone() };
        scope.declare(local.trim().to_owned(), Decl::Import(import));
    }
}

/// The tags of a comment, each at the beginning of a line.
fn tags(text: &str) -> Vec<Tag<'_>> {
    let mut starts: Vec<usize> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_start().starts_with('@') {
            starts.push(at + (line.len() - line.trim_start().len()));
        }
        at += line.len();
    }
    starts.push(text.len());
    starts.windows(2).filter_map(|pair| tag(&text[pair[0] + 1..pair[1]])).collect()
}

fn tag(text: &str) -> Option<Tag<'_>> {
    let end = text.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let rest = rest.trim();
    if word.is_empty() {
        return None;
    }
    if word == "import" || !rest.starts_with('{') {
        return Some(Tag { word, ty: None, rest });
    }
    let mut depth = 0usize;
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(Tag { word, ty: Some(rest[1..at].trim()), rest: rest[at + 1..].trim() });
        }
    }
    None
}

fn name(rest: &str) -> Option<Named<'_>> {
    if let Some(inner) = rest.strip_prefix('[') {
        let mut depth = 1usize;
        let close = inner.char_indices().find(|(_, letter)| {
            depth = match letter {
                '[' => depth + 1,
                ']' => depth - 1,
                _ => depth,
            };
            depth == 0
        });
        let inner = &inner[..close?.0];
        let (name, default) = match inner.split_once('=') {
            Some((name, default)) => (name.trim(), Some(default.trim())),
            None => (inner.trim(), None),
        };
        return Some(Named { name, is_optional: true, default });
    }
    let name = rest.split_whitespace().next()?.trim_end_matches([',', ':']);
    Some(Named { name, is_optional: false, default: None })
}

/// A type in the language of comments, and `=` where it is optional.
fn ty<'a>(text: &'a str, range: &Range<usize>) -> Option<(TypeExpr, &'a str)> {
    let mut text = text.trim().trim_start_matches("...").trim_start_matches('!');
    let mut mark = "";
    if let Some(inner) = text.strip_suffix('=') {
        (text, mark) = (inner.trim_end(), "=");
    }
    let (bare, nullable) = match (text.strip_prefix('?'), text.strip_suffix('?')) {
        (Some(inner), _) | (None, Some(inner)) => (inner.trim(), true),
        (None, None) => (text, false),
    };
    let bare = bare.trim_start_matches('!');
    if bare == "*" || bare.is_empty() {
        return Some((TypeExpr { kind: TypeKind::Other, range: range.clone() }, mark));
    }
    let plain = bare.replace(".<", "<").replace("Object<", "Record<").replace("<!", "<");
    let found = comment_type(&plain, range.clone())?;
    if !nullable {
        return Some((found, mark));
    }
    let null = TypeExpr { kind: TypeKind::Null, range: range.clone() };
    Some((TypeExpr { kind: TypeKind::Union(vec![found, null]), range: range.clone() }, mark))
}
