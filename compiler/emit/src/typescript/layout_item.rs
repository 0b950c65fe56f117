//! How statements and whole modules are laid out, as prettier's defaults have it.
//!
//! It knows the tree; which breaks are taken is decided by `doc`.

use super::doc::{Doc, concat, empty, group, hardline, if_break, indent, join, line, softline, text};
use super::layout::{Around, Layout};
use super::layout_types::{member, parameters, ty};
use super::tree::{Function, Import, Imported, Item, Member, Module, Pattern, Stmt, Ts, Ty};

/// The text of the module as TypeScript, or as JavaScript.
pub fn module(module: &Module, javascript: bool) -> String {
    let mut layout = Layout::new(javascript);
    let mut parts = vec![text(module.header.clone())];
    let imports: Vec<Doc> = imports(&module.imports, javascript);
    if !imports.is_empty() {
        parts.push(join(&hardline(), imports));
    }
    let mut exports = Vec::new();
    for item in &module.items {
        if let Item::Export { types, names, module } = item {
            if !(javascript && *types) {
                exports.push(export(*types, names, module));
            }
            continue;
        }
        if !exports.is_empty() {
            parts.push(join(&hardline(), std::mem::take(&mut exports)));
        }
        parts.extend(layout.item(item));
    }
    if !exports.is_empty() {
        parts.push(join(&hardline(), exports));
    }
    join(&concat(vec![hardline(), hardline()]), parts).print()
}

/// What the module's users see of it: the text of its `.d.ts` file.
pub fn declarations(module: &Module) -> String {
    let mut parts = vec![text(module.header.clone())];
    let imports: Vec<Doc> = imports(&module.imports, false);
    if !imports.is_empty() {
        parts.push(join(&hardline(), imports));
    }
    let mut layout = Layout::new(false);
    let mut exports = Vec::new();
    for item in &module.items {
        match item {
            Item::Export { types, names, module } => exports.push(export(*types, names, module)),
            Item::Function(function) if function.exported => parts.push(layout.declared(function)),
            Item::Const { exported: true, name, ty: Some(of), doc, .. } => {
                parts.push(documented(
                    doc,
                    concat(vec![text(format!("export declare const {name}: ")), ty(of), text(";")]),
                ));
            }
            Item::Interface { .. } | Item::Alias { .. } => parts.extend(layout.item(item)),
            Item::Function(_) | Item::Const { .. } => {}
        }
    }
    if !exports.is_empty() {
        parts.push(join(&hardline(), exports));
    }
    if parts.len() == 1 {
        parts.push(text("export {};"));
    }
    join(&concat(vec![hardline(), hardline()]), parts).print()
}

/// One statement for each module, or two where all of it and names of it are imported; sorted by module.
fn imports(imports: &[Import], javascript: bool) -> Vec<Doc> {
    let mut sorted: Vec<&Import> = imports.iter().filter(|import| !(javascript && import.types)).collect();
    sorted.sort_by_key(|import| (order(&import.module), &import.module, &import.what, import.types));
    sorted.dedup();
    let mut printed = Vec::new();
    let mut at = 0;
    while let Some(first) = sorted.get(at) {
        let Imported::One { .. } = &first.what else {
            let keyword = if first.types { "import type " } else { "import " };
            let module = super::literal::string(&first.module);
            printed.push(text(format!("{keyword}* as {} from {module};", name_of(first))));
            at += 1;
            continue;
        };
        let alike = |one: &&&Import| one.module == first.module && matches!(one.what, Imported::One { .. });
        let names = &sorted[at..at + sorted[at..].iter().take_while(alike).count()];
        at += names.len();
        let all_types = names.iter().all(|import| import.types);
        let keyword = if all_types { "import type " } else { "import " };
        let mark = |import: &Import| if import.types && !all_types { "type " } else { "" };
        let names = names.iter().map(|one| text(format!("{}{}", mark(one), name_of(one)))).collect();
        printed.push(names_from(keyword, names, &first.module));
    }
    printed
}

/// The user's modules stand before the generated ones.
fn order(module: &str) -> u8 {
    u8::from(module.starts_with("./"))
}

fn name_of(import: &Import) -> String {
    match &import.what {
        Imported::One { name, alias } if name != alias => format!("{name} as {alias}"),
        Imported::One { name, .. } | Imported::All(name) => name.clone(),
    }
}

fn export(types: bool, names: &[(String, String)], module: &str) -> Doc {
    let printed = names
        .iter()
        .map(|(name, other)| text(if name == other { name.clone() } else { format!("{name} as {other}") }))
        .collect();
    names_from(if types { "export type " } else { "export " }, printed, module)
}

fn names_from(keyword: &str, names: Vec<Doc>, module: &str) -> Doc {
    let from = text(format!(" from {};", super::literal::string(module)));
    if names.len() == 1 {
        return concat(vec![text(keyword), text("{ "), concat(names), text(" }"), from]);
    }
    let names = concat(vec![
        text("{"),
        indent(concat(vec![line(), join(&concat(vec![text(","), line()]), names)])),
        if_break(text(","), text("")),
        line(),
        text("}"),
    ]);
    concat(vec![text(keyword), group(names), from])
}

fn documented(doc: &str, item: Doc) -> Doc {
    if doc.is_empty() {
        return item;
    }
    let doc = doc.replace("*/", "* /");
    concat(vec![text(format!("/** {doc} */")), hardline(), item])
}

impl Layout {
    fn item(&mut self, item: &Item) -> Option<Doc> {
        Some(match item {
            Item::Function(function) => {
                let head = self.head(function, "");
                let body = self.block(&function.body);
                documented(&function.doc, concat(vec![head, text(" "), body]))
            }
            Item::Const { exported, name, ty: of, value, doc } => {
                let keyword = if *exported { "export const " } else { "const " };
                let left = text(name.clone());
                let left = concat(vec![left, self.annotation(of.as_ref())]);
                let assigned = self.assignment(left, " =", value, false);
                documented(doc, concat(vec![text(keyword), assigned, text(";")]))
            }
            Item::Interface { .. } | Item::Alias { .. } if self.javascript => return None,
            Item::Interface { name, doc, members } => {
                documented(doc, concat(vec![text(format!("export interface {name} ")), fields(members)]))
            }
            Item::Alias { name, doc, ty: of } => {
                let value = group(concat(vec![text(format!("export type {name} =")), alias(of), text(";")]));
                documented(doc, value)
            }
            Item::Export { .. } => return None,
        })
    }

    fn declared(&mut self, function: &Function) -> Doc {
        let mut function = function.clone();
        function.is_async = false;
        for param in &mut function.params {
            if param.default.take().is_some() {
                param.name.push('?');
            }
        }
        let head = self.head(&function, "declare ");
        documented(&function.doc, concat(vec![head, text(";")]))
    }

    fn head(&mut self, function: &Function, declare: &str) -> Doc {
        let export = if function.exported { "export " } else { "" };
        let is_async = if function.is_async { "async " } else { "" };
        let params = parameters(self, &function.params, Some(&function.returns), false);
        concat(vec![text(format!("{export}{declare}{is_async}function {}", function.name)), group(params)])
    }

    fn annotation(&self, of: Option<&Ty>) -> Doc {
        match of {
            Some(of) if !self.javascript => concat(vec![text(": "), ty(of)]),
            _ => empty(),
        }
    }

    pub fn statement(&mut self, statement: &Stmt) -> Doc {
        match statement {
            Stmt::Expr(value) => concat(vec![self.expr(value, Around::Statement), text(";")]),
            Stmt::Const { pattern, ty: of, value } => {
                let left = concat(vec![bound(pattern), self.annotation(of.as_ref())]);
                let is_complex = matches!(pattern, Pattern::Object(pairs) if pairs.len() > 2 && pairs.iter().any(|(key, name)| key != name));
                let typed = of.as_ref().is_some_and(|of| !self.javascript && is_complex_type(of));
                let breaks_left = is_complex || typed || (matches!(value, Ts::Arrow(_)) && left.can_break());
                let assigned = if breaks_left {
                    let right = self.expr(value, Around::Assigned);
                    group(concat(vec![left, text(" = "), group(right)]))
                } else {
                    self.assignment(left, " =", value, false)
                };
                concat(vec![text("const "), assigned, text(";")])
            }
            Stmt::Let { name, ty: of, value } => {
                let left = concat(vec![text(name.clone()), self.annotation(of.as_ref())]);
                let assigned = match value {
                    Some(value) => self.assignment(left, " =", value, false),
                    None => left,
                };
                concat(vec![text("let "), assigned, text(";")])
            }
            Stmt::Assign { target, value } => {
                let left = self.expr(target, Around::Value);
                concat(vec![self.assignment(left, " =", value, false), text(";")])
            }
            Stmt::Return(None) => text("return;"),
            Stmt::Return(Some(value)) => self.returned("return ", value),
            Stmt::Throw(value) => self.returned("throw ", value),
            Stmt::If { test, body, otherwise } => self.branch(test, body, otherwise),
            Stmt::While { test, body } => {
                let test = self.tested("while (", test);
                concat(vec![test, self.block(body)])
            }
            Stmt::Count { name, from, test, body } => self.counted(name, *from, test.as_ref(), body),
            Stmt::Try { body, handler, finally } => self.tried(body, handler.as_ref(), finally),
        }
    }

    fn returned(&mut self, keyword: &str, value: &Ts) -> Doc {
        let doc = self.expr(value, Around::Returned);
        let doc = if matches!(value, Ts::Binary { .. }) {
            group(concat(vec![
                if_break(text("("), text("")),
                indent(concat(vec![softline(), doc])),
                softline(),
                if_break(text(")"), text("")),
            ]))
        } else {
            doc
        };
        concat(vec![text(keyword), doc, text(";")])
    }

    fn tested(&mut self, keyword: &str, test: &Ts) -> Doc {
        let hugs = matches!(test, Ts::Not(inner) if matches!(**inner, Ts::Binary { .. }));
        let test = self.expr(test, Around::Test);
        if hugs {
            return concat(vec![text(keyword), test, text(") ")]);
        }
        group(concat(vec![
            text(keyword),
            group(concat(vec![indent(concat(vec![softline(), test])), softline()])),
            text(") "),
        ]))
    }

    fn branch(&mut self, test: &Ts, body: &[Stmt], otherwise: &[Stmt]) -> Doc {
        let mut parts = vec![self.tested("if (", test), self.block(body)];
        match otherwise {
            [] => {}
            [Stmt::If { test, body, otherwise }] => {
                parts.push(text(" else "));
                parts.push(self.branch(test, body, otherwise));
            }
            statements => {
                parts.push(text(" else "));
                parts.push(self.block(statements));
            }
        }
        concat(parts)
    }

    fn counted(&mut self, name: &str, from: u32, test: Option<&Ts>, body: &[Stmt]) -> Doc {
        let test = test.map_or_else(empty, |test| self.expr(test, Around::Test));
        let head = group(concat(vec![
            text("for ("),
            indent(concat(vec![
                softline(),
                text(format!("let {name} = {from};")),
                line(),
                test,
                text(";"),
                line(),
                text(format!("{name} += 1")),
            ])),
            softline(),
            text(") "),
        ]));
        concat(vec![head, self.block(body)])
    }

    fn tried(&mut self, body: &[Stmt], handler: Option<&(String, Vec<Stmt>)>, finally: &[Stmt]) -> Doc {
        let mut parts = vec![text("try "), self.block(body)];
        if let Some((name, statements)) = handler {
            let head = if name.is_empty() { " catch ".to_owned() } else { format!(" catch ({name}) ") };
            parts.extend([text(head), self.block(statements)]);
        }
        if !finally.is_empty() {
            parts.extend([text(" finally "), self.block(finally)]);
        }
        concat(parts)
    }
}

/// Several type arguments of which one has its own.
fn is_complex_type(of: &Ty) -> bool {
    matches!(of, Ty::Generic(_, args) if args.len() > 1 && args.iter().any(|arg| matches!(arg, Ty::Generic(..))))
}

fn bound(pattern: &Pattern) -> Doc {
    let separator = concat(vec![text(","), line()]);
    match pattern {
        Pattern::Name(name) => text(name.clone()),
        Pattern::Object(pairs) => {
            let printed = pairs
                .iter()
                .map(|(key, name)| text(if key == name { key.clone() } else { format!("{key}: {name}") }))
                .collect();
            concat(vec![
                text("{"),
                indent(concat(vec![line(), join(&separator, printed)])),
                if_break(text(","), text("")),
                line(),
                text("}"),
            ])
        }
        Pattern::Array(names) => {
            let printed = names.iter().map(|name| text(name.clone().unwrap_or_default())).collect();
            group(concat(vec![
                text("["),
                indent(concat(vec![softline(), join(&separator, printed)])),
                if_break(text(","), text("")),
                softline(),
                text("]"),
            ]))
        }
    }
}

/// Each on a line of its own: a formatter leaves what is open.
fn fields(members: &[Member]) -> Doc {
    if members.is_empty() {
        return text("{}");
    }
    let quoted = members.iter().any(|member| !super::names::is_identifier(&member.name));
    let printed = members
        .iter()
        .map(|one| {
            let doc = one.doc.clone().unwrap_or_default();
            documented(&doc, concat(vec![member(one, quoted), text(";")]))
        })
        .collect();
    concat(vec![
        text("{"),
        indent(concat(vec![hardline(), join(&hardline(), printed)])),
        hardline(),
        text("}"),
    ])
}

/// The right side of a type's name: the members of a union each on a line where one line is too short.
fn alias(of: &Ty) -> Doc {
    let Ty::Union(members) = of else { return concat(vec![text(" "), ty(of)]) };
    let printed = members.iter().map(ty).collect();
    group(indent(concat(vec![
        if_break(concat(vec![line(), text("| ")]), text(" ")),
        join(&concat(vec![line(), text("| ")]), printed),
    ])))
}
