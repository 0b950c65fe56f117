//! How types, parameters and fields are laid out, as prettier's defaults have it.
//!
//! It knows the tree; which breaks are taken is decided by `doc`.

use super::doc::{Doc, concat, empty, group, if_break, indent, join, line, softline, text};
use super::layout::{Around, Layout};
use super::tree::{Member, Param, Ts, Ty};

pub fn ty(of: &Ty) -> Doc {
    match of {
        Ty::Name(name) => text(name.clone()),
        Ty::Generic(name, args) => concat(vec![text(name.clone()), type_arguments(args)]),
        Ty::Array(item) => {
            let item_doc = ty(item);
            match **item {
                Ty::Union(_) => concat(vec![text("("), item_doc, text(")[]")]),
                _ => concat(vec![item_doc, text("[]")]),
            }
        }
        Ty::Union(members) if hugs(of) => join(&text(" | "), members.iter().map(ty).collect()),
        Ty::Union(members) => {
            let printed = members.iter().map(ty).collect();
            group(indent(concat(vec![
                if_break(concat(vec![softline(), text("| ")]), text("")),
                join(&concat(vec![line(), text("| ")]), printed),
            ])))
        }
        Ty::Object(members) => object(members),
        Ty::Tuple(items) => {
            let printed = items.iter().map(ty).collect();
            group(concat(vec![
                text("["),
                indent(concat(vec![softline(), join(&concat(vec![text(","), line()]), printed)])),
                if_break(text(","), text("")),
                softline(),
                text("]"),
            ]))
        }
    }
}

/// A union of one type that has a name and null.
fn hugs(of: &Ty) -> bool {
    const KEYWORDS: [&str; 6] = ["string", "number", "bigint", "boolean", "unknown", "never"];
    let named = |of: &Ty| match of {
        Ty::Name(name) => !KEYWORDS.contains(&name.as_str()) && !name.starts_with(['"', '\'']),
        Ty::Generic(..) | Ty::Object(_) => true,
        _ => false,
    };
    matches!(of, Ty::Union(members) if matches!(members.as_slice(), [one, Ty::Name(null)] if null == "null" && named(one)))
}

fn object(members: &[Member]) -> Doc {
    let quoted = members.iter().any(|member| !super::names::is_identifier(&member.name));
    let printed = members.iter().map(|one| member(one, quoted)).collect();
    group(concat(vec![
        text("{"),
        indent(concat(vec![line(), join(&concat(vec![text(";"), line()]), printed)])),
        if_break(text(";"), text("")),
        line(),
        text("}"),
    ]))
}

pub fn member(of: &Member, quoted: bool) -> Doc {
    let mark = if of.optional { "?: " } else { ": " };
    concat(vec![text(member_name(&of.name, quoted)), text(mark), ty(&of.ty)])
}

/// The name of a property: in quotes where it or, for uniformity, one beside it needs them.
pub fn member_name(name: &str, quoted: bool) -> String {
    if quoted && !super::names::is_identifier(name) { super::literal::string(name) } else { name.to_owned() }
}

pub fn type_arguments(args: &[Ty]) -> Doc {
    let printed: Vec<Doc> = args.iter().map(ty).collect();
    if matches!(args, [Ty::Name(_) | Ty::Object(_)]) || matches!(args, [one] if hugs(one)) {
        return concat(vec![text("<"), join(&text(", "), printed), text(">")]);
    }
    group(concat(vec![
        text("<"),
        indent(concat(vec![softline(), join(&concat(vec![text(","), line()]), printed)])),
        softline(),
        text(">"),
    ]))
}

/// The parameters and what is returned; `flat` where only what follows them may be opened.
pub fn parameters(layout: &mut Layout, params: &[Param], returns: Option<&Ty>, flat: bool) -> Doc {
    let returns = match returns {
        Some(returns) if !layout.javascript => concat(vec![text(": "), ty(returns)]),
        _ => empty(),
    };
    if params.is_empty() {
        return concat(vec![text("()"), returns]);
    }
    let printed: Vec<Doc> = params.iter().map(|param| parameter(layout, param)).collect();
    if flat {
        return concat(vec![text("("), join(&text(", "), printed), text(")"), returns]);
    }
    concat(vec![
        text("("),
        indent(concat(vec![softline(), join(&concat(vec![text(","), line()]), printed)])),
        if_break(text(","), text("")),
        softline(),
        text(")"),
        returns,
    ])
}

fn parameter(layout: &mut Layout, param: &Param) -> Doc {
    // Nobody reads it: a default that is written counts as an assignment to linters.
    let is_left_out = param.default == Some(Ts::name("undefined"));
    let mark = if is_left_out && !layout.javascript { "?" } else { "" };
    let mut parts = vec![text(format!("{}{mark}", param.name))];
    if let Some(of) = &param.ty
        && !layout.javascript
    {
        parts.extend([text(": "), ty(of)]);
    }
    if let Some(default) = param.default.as_ref().filter(|_| !is_left_out) {
        let default = layout.expr(default, Around::Value);
        parts.extend([text(" = "), default]);
    }
    concat(parts)
}
