//! Writes a tree as text, laid out exactly as `ruff format` leaves it.
//!
//! It knows layout and nothing of what the code means. Where a line would be too long, the outermost bracket is opened
//! with one item a line and a trailing comma, which the formatter then keeps.

mod expressions;

use super::flat::{first_line, flat, has_bracket, within};
use super::tree::{Enumeration, Function, Import, Item, Module, Param, Py, Record, Stmt};
use expressions::needs_parentheses;

const WIDTH: usize = 88;
const INDENT: usize = 4;

pub fn module(module: &Module) -> String {
    let mut writer = Writer { out: String::new(), indent: 0 };
    writer.line(&module.header);
    writer.docstring(&module.doc);
    writer.imports(&module.imports);
    writer.all(&module.all, !module.imports.is_empty());
    for (index, item) in module.items.iter().enumerate() {
        let previous = index.checked_sub(1).and_then(|at| module.items.get(at));
        writer.separate(previous, item);
        writer.item(item);
    }
    writer.out
}

struct Writer {
    out: String,
    indent: usize,
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.begin();
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn begin(&mut self) {
        self.out.extend(std::iter::repeat_n(' ', self.indent));
    }

    fn blank(&mut self, count: usize) {
        self.out.extend(std::iter::repeat_n('\n', count));
    }

    /// Width of the line that is being written.
    fn column(&self) -> usize {
        let start = self.out.rfind('\n').map_or(0, |at| at + 1);
        width(&self.out[start..])
    }

    fn docstring(&mut self, lines: &[String]) {
        let Some((first, rest)) = lines.split_first() else { return };
        self.begin();
        self.out.push_str("\"\"\"");
        self.out.push_str(&doc_text(first));
        for line in rest {
            self.out.push('\n');
            if !line.is_empty() {
                self.begin();
                self.out.push_str(&doc_text(line));
            }
        }
        if !rest.is_empty() {
            self.out.push('\n');
            self.begin();
        }
        self.out.push_str("\"\"\"\n");
    }

    /// Sorted and grouped as isort does it: what has an alias is a statement of its own.
    fn imports(&mut self, imports: &[Import]) {
        let mut last = None;
        for statement in super::imports::statements(imports) {
            if last != Some(statement.section) {
                self.blank(1);
                last = Some(statement.section);
            }
            self.import(&statement.head, &statement.names);
        }
    }

    fn import(&mut self, head: &str, names: &[String]) {
        let flat = format!("{head}{}", names.join(", "));
        if self.indent + width(&flat) <= WIDTH || names.is_empty() {
            return self.line(&flat);
        }
        self.line(&format!("{head}("));
        self.indent += INDENT;
        for name in names {
            self.line(&format!("{name},"));
        }
        self.indent -= INDENT;
        self.line(")");
    }

    fn all(&mut self, names: &[String], after_imports: bool) {
        if names.is_empty() {
            return;
        }
        self.blank(if after_imports { 1 } else { 0 });
        let mut names: Vec<&String> = names.iter().collect();
        names.sort_by_key(|name| super::imports::member(name));
        let value = Py::List(names.into_iter().map(|name| Py::string(name)).collect());
        self.statement(&Stmt::Assign { target: "__all__".to_owned(), annotation: None, value });
    }

    fn separate(&mut self, previous: Option<&Item>, item: &Item) {
        let both_statements =
            matches!(previous, Some(Item::Statement(_)) | None) && matches!(item, Item::Statement(_));
        self.blank(if both_statements { 1 } else { 2 });
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Function(function) => self.function(function),
            Item::Record(record) => self.record(record),
            Item::Enumeration(enumeration) => self.enumeration(enumeration),
            Item::Statement(statement) => self.statement(statement),
        }
    }

    fn record(&mut self, record: &Record) {
        self.line(&format!("class {}(TypedDict):", record.name));
        self.indent += INDENT;
        self.docstring(std::slice::from_ref(&record.doc));
        if !record.fields.is_empty() {
            self.blank(1);
        }
        for (name, annotation) in &record.fields {
            self.line(&format!("{name}: {annotation}"));
        }
        self.indent -= INDENT;
    }

    fn enumeration(&mut self, enumeration: &Enumeration) {
        self.line(&format!("class {}({}):", enumeration.name, enumeration.base));
        self.indent += INDENT;
        self.docstring(std::slice::from_ref(&enumeration.doc));
        self.blank(1);
        for (name, value) in &enumeration.members {
            self.line(&format!("{name} = {}", flat(value)));
        }
        self.indent -= INDENT;
    }

    fn function(&mut self, function: &Function) {
        self.signature(function);
        self.indent += INDENT;
        self.docstring(&function.doc);
        // A docstring is a statement.
        if function.doc.is_empty() || function.body != [Stmt::Pass] {
            self.body(&function.body);
        }
        self.indent -= INDENT;
    }

    fn signature(&mut self, function: &Function) {
        let head = format!("{}def {}(", if function.is_async { "async " } else { "" }, function.name);
        let tail = format!(") -> {}:", function.returns);
        let mut params: Vec<String> = function.params.iter().map(param).collect();
        if function.keyword_only && !params.is_empty() {
            params.insert(0, "*".to_owned());
        }
        let flat = format!("{head}{}{tail}", params.join(", "));
        if self.indent + width(&flat) <= WIDTH {
            return self.line(&flat);
        }
        if params.is_empty() {
            return self.annotated(&format!("{head}) -> "), &function.returns, ":");
        }
        self.line(&head);
        self.indent += INDENT;
        for text in params {
            match text.split_once(": ") {
                Some((name, ty)) => self.annotated(&format!("{name}: "), ty, ","),
                None => self.line(&format!("{text},")),
            }
        }
        self.indent -= INDENT;
        self.annotated(") -> ", &function.returns, ":");
    }

    fn body(&mut self, statements: &[Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
    }

    fn nested(&mut self, statements: &[Stmt]) {
        self.indent += INDENT;
        self.body(statements);
        self.indent -= INDENT;
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(value) => self.simple("", value, ""),
            Stmt::Assign { target, annotation, value } => {
                let annotation = annotation.as_ref().map_or_else(String::new, |ty| format!(": {ty}"));
                self.simple(&format!("{target}{annotation} = "), value, "");
            }
            Stmt::Add { target, value } => self.simple(&format!("{target} += "), value, ""),
            Stmt::Declare { target, annotation } => self.annotated(&format!("{target}: "), annotation, ""),
            Stmt::Return(None) => self.line("return"),
            Stmt::Break => self.line("break"),
            Stmt::Pass => self.line("pass"),
            Stmt::Reraise => self.line("raise"),
            Stmt::Finally { body, last } => self.finally(body, last),
            Stmt::Return(Some(value)) => self.simple("return ", value, ""),
            Stmt::Raise { error, cause } => {
                let cause = cause.as_ref().map_or_else(String::new, |name| format!(" from {name}"));
                self.simple("raise ", error, &cause);
            }
            Stmt::If { test, body, otherwise } => self.branches("if ", test, body, otherwise),
            Stmt::While { test, body } => {
                self.simple("while ", test, ":");
                self.nested(body);
            }
            Stmt::Try { body, errors, name, handler, otherwise } => {
                self.line("try:");
                self.nested(body);
                let bound = if name.is_empty() { String::new() } else { format!(" as {name}") };
                self.line(&format!("except {errors}{bound}:"));
                self.nested(handler);
                self.otherwise(otherwise);
            }
            Stmt::With { body, .. } => self.with("async with ", statement, body),
            Stmt::BlockingWith { body, .. } => self.with("with ", statement, body),
            Stmt::Function(function) => {
                self.blank(1);
                self.function(function);
                self.blank(1);
            }
        }
    }

    /// Contexts directly inside of each other stand in one statement.
    fn with(&mut self, head: &str, statement: &Stmt, body: &[Stmt]) {
        let (mut body, mut contexts) = (body, vec![entered(statement)]);
        while let [inner @ (Stmt::With { body: next, .. } | Stmt::BlockingWith { body: next, .. })] = body
            && std::mem::discriminant(inner) == std::mem::discriminant(statement)
        {
            contexts.push(entered(inner));
            body = next;
        }
        let contexts: Vec<(&Py, String)> = contexts.into_iter().flatten().collect();
        let line: Vec<String> = contexts.iter().map(|(context, name)| flat(context) + name).collect();
        let line = format!("{head}{}:", line.join(", "));
        match contexts.as_slice() {
            [(context, name)] => self.simple(head, context, &format!("{name}:")),
            _ if self.indent + width(&line) <= WIDTH => self.line(&line),
            _ => {
                self.line(&format!("{head}("));
                self.indent += INDENT;
                for (context, name) in contexts {
                    self.simple("", context, &format!("{name},"));
                }
                self.indent -= INDENT;
                self.line("):");
            }
        }
        self.nested(body);
    }

    fn branches(&mut self, word: &str, test: &Py, body: &[Stmt], otherwise: &[Stmt]) {
        self.simple(word, test, ":");
        self.nested(body);
        match otherwise {
            [Stmt::If { test, body, otherwise }] => self.branches("elif ", test, body, otherwise),
            _ => self.otherwise(otherwise),
        }
    }

    /// What handles an error stands in the same statement.
    fn finally(&mut self, body: &[Stmt], last: &[Stmt]) {
        if let [tried @ Stmt::Try { .. }] = body {
            self.statement(tried);
        } else {
            self.line("try:");
            self.nested(body);
        }
        self.line("finally:");
        self.nested(last);
    }

    /// A line that ends with a type: one that does not fit is opened at its bracket.
    fn annotated(&mut self, prefix: &str, annotation: &str, suffix: &str) {
        let whole = format!("{prefix}{annotation}{suffix}");
        match annotation.split_once('[') {
            Some((head, inner)) if self.indent + width(&whole) > WIDTH && inner.ends_with(']') => {
                self.line(&format!("{prefix}{head}["));
                self.indent += INDENT;
                self.line(&inner[..inner.len() - 1]);
                self.indent -= INDENT;
                self.line(&format!("]{suffix}"));
            }
            _ => self.line(&whole),
        }
    }

    fn otherwise(&mut self, statements: &[Stmt]) {
        if !statements.is_empty() {
            self.line("else:");
            self.nested(statements);
        }
    }

    /// A logical line around one expression.
    fn simple(&mut self, prefix: &str, value: &Py, suffix: &str) {
        self.begin();
        self.out.push_str(prefix);
        let text = flat(value);
        let fits = self.column() + width(&text) + width(suffix) <= WIDTH;
        if fits {
            self.out.push_str(&text);
        } else if let Some((head, tail)) = opens_at_its_end(value)
            && self.column() + width(&head) + width(&first_line(tail)) <= WIDTH
        {
            self.out.push_str(&head);
            self.expression(tail, width(suffix));
        } else if needs_parentheses(value) {
            self.parenthesized(value);
        } else {
            self.expression(value, width(suffix));
        }
        self.out.push_str(suffix);
        self.out.push('\n');
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Text inside a docstring.
fn doc_text(line: &str) -> String {
    line.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"")
}

fn param(param: &Param) -> String {
    match &param.default {
        Some(default) => format!("{}: {} = {default}", param.name, param.annotation),
        None => format!("{}: {}", param.name, param.annotation),
    }
}

/// A single operator whose right side has a bracket to open stays on its line: the text up to that side, and the side.
fn opens_at_its_end(value: &Py) -> Option<(String, &Py)> {
    let Py::Binary { op, left, right } = value else { return None };
    let chained = matches!(&**left, Py::Binary { op: inner, .. } if inner.binding() == op.binding());
    if chained || right.binding() < op.binding() + 1 || !has_bracket(right) {
        return None;
    }
    let left_binding = op.binding() + u8::from(op.is_comparison());
    Some((format!("{} {} ", within(left, left_binding), op.text()), right))
}

/// The context of a `with`, and the name that it has in the body.
fn entered(statement: &Stmt) -> Option<(&Py, String)> {
    match statement {
        Stmt::With { context, name, .. } | Stmt::BlockingWith { context, name, .. } => {
            let name = name.as_ref().map_or_else(String::new, |name| format!(" as {name}"));
            Some((context, name))
        }
        _ => None,
    }
}
