//! How calls, chains of them and arrow functions are laid out, as prettier's defaults have it.
//!
//! It knows the tree; which breaks are taken is decided by `doc`.

use super::doc::{
    Doc, break_parent, broken_group, concat, forms, group, hardline, if_break, indent, join, line, softline,
    text,
};
use super::layout::{Around, Layout};
use super::layout_rules::{binding, erased};
use super::layout_types::parameters;
use super::tree::{Arrow, Body, Ts};

/// A link of a chain: what it is and how it is printed.
struct Link<'t> {
    value: &'t Ts,
    doc: Doc,
}

fn is_call(value: &Ts) -> bool {
    matches!(value, Ts::Call { is_new: false, .. })
}

fn is_member(value: &Ts) -> bool {
    matches!(value, Ts::Member(..) | Ts::Index(..))
}

/// The nodes of a chain from its first on.
fn chain(value: &Ts) -> Vec<&Ts> {
    let mut links = vec![value];
    let mut at = value;
    loop {
        at = match at {
            Ts::Call { callee, is_new: false, .. }
                if is_member(callee) || is_call(callee) || links.len() == 1 =>
            {
                callee
            }
            Ts::Member(of, _) | Ts::Index(of, _) => of,
            _ => break,
        };
        links.push(at);
        if !(is_member(at)
            || is_call(at) && matches!(at, Ts::Call { callee, .. } if is_member(callee) || is_call(callee)))
        {
            break;
        }
    }
    links.reverse();
    links
}

/// Where each group of the chain ends: the head, then members up to and with their calls.
fn groups(links: &[&Ts]) -> Vec<std::ops::Range<usize>> {
    let is_constant_index =
        |value: &Ts| matches!(value, Ts::Index(_, index) if matches!(**index, Ts::Literal(_)));
    let mut at = 1;
    while at < links.len() && (is_call(links[at]) || is_constant_index(links[at])) {
        at += 1;
    }
    if !is_call(links[0]) {
        while at + 1 < links.len() && is_member(links[at]) && is_member(links[at + 1]) {
            at += 1;
        }
    }
    let mut ranges = Vec::new();
    ranges.push(0..at);
    let mut from = at;
    let mut called = false;
    while at < links.len() {
        if called && is_member(links[at]) && !is_constant_index(links[at]) {
            ranges.push(from..at);
            from = at;
            called = false;
        }
        called |= is_call(links[at]);
        at += 1;
    }
    if from < links.len() {
        ranges.push(from..links.len());
    }
    ranges
}

fn is_factory(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        || (!name.is_empty() && name.chars().all(|letter| letter == '_' || letter == '$'))
}

/// Whether the first call stays beside what it is made on.
fn merges(links: &[&Ts], ranges: &[std::ops::Range<usize>], is_statement: bool) -> bool {
    let Some(second) = ranges.get(1) else { return false };
    let computed = matches!(links[second.start], Ts::Index(..));
    if ranges[0].len() == 1 {
        return matches!(links[0], Ts::Name(name) if is_factory(name) || (is_statement && name.len() <= 2) || computed);
    }
    match links[ranges[0].end - 1] {
        Ts::Member(_, name) => is_factory(name) || computed,
        _ => false,
    }
}

/// Whether a call is laid out as a chain with a line for each call.
pub fn is_member_chain(value: &Ts) -> bool {
    let Ts::Call { callee, .. } = value else { return false };
    if !is_member(callee) {
        return false;
    }
    let links = chain(value);
    let ranges = groups(&links);
    let cutoff = if merges(&links, &ranges, false) { 3 } else { 2 };
    ranges.len() > cutoff
}

/// Arguments that do not make a chain worth breaking.
fn is_simple_argument(value: &Ts, depth: u8) -> bool {
    match value {
        Ts::Name(_) | Ts::Literal(_) | Ts::String(_) => true,
        Ts::Object(properties) => properties.iter().all(|property| match property {
            super::tree::Property::Value(_, value) => is_simple_argument(value, depth),
            super::tree::Property::Spread(_) => false,
        }),
        Ts::Array(items) => items.iter().all(|item| is_simple_argument(item, depth)),
        Ts::Call { callee, args, .. } => {
            depth < 2
                && is_simple_callee(callee)
                && args.iter().all(|argument| is_simple_argument(argument, depth + 1))
        }
        Ts::Not(inner) | Ts::Negate(inner) => is_simple_argument(inner, depth),
        Ts::Member(..) | Ts::Index(..) => is_simple_callee(value),
        _ => false,
    }
}

fn is_simple_callee(value: &Ts) -> bool {
    match value {
        Ts::Name(_) => true,
        Ts::Member(of, _) => is_simple_callee(of),
        Ts::Index(of, index) => is_simple_callee(of) && matches!(**index, Ts::Name(_) | Ts::Literal(_)),
        _ => false,
    }
}

impl Layout {
    pub fn call(&mut self, value: &Ts, around: Around) -> Doc {
        let Ts::Call { callee, types, args, is_new } = value else { return text("") };
        if *is_new {
            let called = self.parenthesized(callee, Around::Made, binding(callee) < 19);
            let args = self.arguments(args);
            return concat(vec![text("new "), called, self.types(types), args]);
        }
        if is_member(erased(callee, self.javascript)) {
            return self.chained(value, around == Around::Statement);
        }
        let called = self.object(callee);
        let args = self.arguments(args);
        let contents = concat(vec![called, self.types(types), args]);
        if is_call(callee) { group(contents) } else { contents }
    }

    fn link<'t>(&mut self, value: &'t Ts, is_first: bool) -> Link<'t> {
        let doc = match value {
            _ if is_first => self.object(value),
            Ts::Call { types, args, .. } => {
                let args = self.arguments(args);
                concat(vec![self.types(types), args])
            }
            Ts::Member(_, name) => text(format!(".{name}")),
            Ts::Index(_, index) => self.index(index),
            other => self.expr(other, Around::Value),
        };
        Link { value, doc }
    }

    fn chained(&mut self, value: &Ts, is_statement: bool) -> Doc {
        let nodes = chain(value);
        let ranges = groups(&nodes);
        let merge = merges(&nodes, &ranges, is_statement);
        let links: Vec<Link<'_>> =
            nodes.iter().enumerate().map(|(at, node)| self.link(node, at == 0)).collect();
        let printed: Vec<Doc> = ranges
            .iter()
            .map(|range| concat(links[range.clone()].iter().map(|link| link.doc.clone()).collect()))
            .collect();
        let one_line = concat(printed.clone());
        let cutoff = if merge { 3 } else { 2 };
        if ranges.len() <= cutoff {
            return group(one_line);
        }
        let kept = if merge { 2 } else { 1 };
        let mut parts = printed[..kept].to_vec();
        parts.push(indent(concat(vec![hardline(), join(&hardline(), printed[kept..].to_vec())])));
        let expanded = concat(parts);
        let calls: Vec<&[Ts]> = links
            .iter()
            .filter_map(|link| match link.value {
                Ts::Call { args, is_new: false, .. } => Some(args.as_slice()),
                _ => None,
            })
            .collect();
        let complex = calls.len() > 2
            && calls.iter().any(|args| !args.iter().all(|argument| is_simple_argument(argument, 0)));
        let last = printed.len() - 1;
        let functions = printed[last].will_break()
            && calls[..calls.len() - 1].iter().any(|args| args.iter().any(|arg| matches!(arg, Ts::Arrow(_))));
        if complex || functions || printed[..last].iter().any(Doc::will_break) {
            return group(expanded);
        }
        let breaks = if one_line.will_break() { break_parent() } else { text("") };
        concat(vec![breaks, forms(vec![one_line, expanded])])
    }

    fn arguments(&mut self, args: &[Ts]) -> Doc {
        if args.is_empty() {
            return text("()");
        }
        let last = args.len() - 1;
        let mut hugged = None;
        let mut printed = Vec::new();
        for (at, argument) in args.iter().enumerate() {
            let doc = match erased(argument, self.javascript) {
                Ts::Arrow(arrow) if at == last => {
                    let body = self.body(&arrow.body);
                    hugged = Some(self.arrow(arrow, &body, true));
                    self.arrow(arrow, &body, false)
                }
                other => self.expr(other, Around::Argument),
            };
            printed.push(if at == last { doc } else { concat(vec![doc, text(","), line()]) });
        }
        let broken_out = broken_group(concat(vec![
            text("("),
            indent(concat(vec![line(), concat(printed.clone())])),
            text(","),
            line(),
            text(")"),
        ]));
        if composes(args) {
            return broken_out;
        }
        if self.expands_last(args) {
            let head = concat(printed[..last].to_vec());
            if head.will_break() {
                return broken_out;
            }
            let hugged = hugged.unwrap_or_else(|| printed[last].clone());
            let form = |last: Doc| concat(vec![text("("), head.clone(), last, text(")")]);
            let broken = form(broken_group(hugged.clone()));
            if hugged.will_break() {
                return concat(vec![break_parent(), forms(vec![broken, broken_out])]);
            }
            return forms(vec![form(hugged), broken, broken_out]);
        }
        let breaks = if printed.iter().any(Doc::will_break) { break_parent() } else { text("") };
        group(concat(vec![
            text("("),
            indent(concat(vec![softline(), concat(printed)])),
            if_break(text(","), text("")),
            softline(),
            text(")"),
            breaks,
        ]))
    }

    /// Whether the last argument may be opened where the others stay on the line of the call.
    fn expands_last(&self, args: &[Ts]) -> bool {
        let Some((last, before)) = args.split_last() else { return false };
        let last = erased(last, self.javascript);
        let alike = |one: &Ts| kind(erased(one, self.javascript)) == kind(last);
        could_expand(last, self.javascript)
            && !before.last().is_some_and(alike)
            && !(args.len() == 2 && matches!(args[0], Ts::Arrow(_)) && matches!(last, Ts::Array(_)))
            && !(args.len() > 1 && is_concise(last))
    }

    /// `expanded`: as the last argument, which alone is opened.
    pub fn arrow(&mut self, arrow: &Arrow, body: &Doc, expanded: bool) -> Doc {
        let mut signature = vec![text(if arrow.is_async { "async " } else { "" })];
        signature.push(group(parameters(self, &arrow.params, arrow.returns.as_ref(), expanded)));
        let value = match &arrow.body {
            Body::Value(value) => Some(erased(value, self.javascript)),
            Body::Block(_) => None,
        };
        let trailing =
            if expanded { concat(vec![if_break(text(","), text("")), softline()]) } else { text("") };
        let body = match value {
            None | Some(Ts::Array(_) | Ts::Object(_)) => concat(vec![text(" "), body.clone()]),
            Some(Ts::Conditional { .. }) => concat(vec![
                text(" "),
                group(concat(vec![
                    if_break(text(""), text("(")),
                    indent(concat(vec![softline(), body.clone()])),
                    if_break(text(""), text(")")),
                    trailing,
                ])),
            ]),
            Some(_) => concat(vec![indent(concat(vec![line(), body.clone()])), trailing]),
        };
        group(concat(vec![group(concat(signature)), text(" =>"), group(body)]))
    }
}

fn is_concise(value: &Ts) -> bool {
    let number = |item: &Ts| matches!(item, Ts::Literal(text) if text.starts_with(|first: char| first.is_ascii_digit()));
    matches!(value, Ts::Array(items) if items.len() > 1 && items.iter().all(number))
}

fn could_expand(value: &Ts, javascript: bool) -> bool {
    match value {
        Ts::Object(properties) => !properties.is_empty(),
        Ts::Array(items) => !items.is_empty(),
        Ts::As(inner, _) => could_expand(inner, javascript),
        Ts::Arrow(arrow) => match &arrow.body {
            Body::Block(_) => true,
            Body::Value(value) => matches!(
                erased(value, javascript),
                Ts::Object(_) | Ts::Array(_) | Ts::Conditional { .. } | Ts::Call { is_new: false, .. }
            ),
        },
        _ => false,
    }
}

/// Two functions among the arguments, one of which calls another, read better on lines of their own.
fn composes(args: &[Ts]) -> bool {
    if args.len() < 2 {
        return false;
    }
    let mut functions = 0;
    for argument in args {
        match argument {
            Ts::Arrow(_) => {
                functions += 1;
                if functions > 1 {
                    return true;
                }
            }
            Ts::Call { args, is_new: false, .. }
                if args.iter().any(|inner| matches!(inner, Ts::Arrow(_))) =>
            {
                return true;
            }
            _ => {}
        }
    }
    false
}

/// What sort of expression it is.
fn kind(value: &Ts) -> u8 {
    match value {
        Ts::Name(_) => 0,
        Ts::Literal(_) | Ts::String(_) => 1,
        Ts::Member(..) | Ts::MemberIfAny(..) | Ts::Index(..) => 3,
        Ts::Call { is_new: false, .. } => 4,
        Ts::Call { .. } => 5,
        Ts::Array(_) => 6,
        Ts::Object(_) => 7,
        Ts::Arrow(_) => 8,
        Ts::Await(_) => 9,
        Ts::Not(_) | Ts::Negate(_) => 10,
        Ts::Binary { op, .. } => 11 + u8::from(op.is_logical()),
        Ts::Conditional { .. } => 13,
        Ts::As(..) => 14,
    }
}
