//! Lays out the tree as gofmt leaves it.
//!
//! It knows layout only: where gofmt puts blanks depends on how deep an operator stands, and keys and fields that stand
//! under each other are aligned.

use super::tree::{Decl, Function, Go, Import, Source, Stmt, Struct};

/// A function literal that is longer stands on several lines.
const WIDTH: usize = 80;

/// A file of Go.
pub fn source(source: &Source) -> String {
    let mut out = format!("{}\n\n", source.header);
    comment(&mut out, 0, &source.doc);
    out.push_str(&format!("package {}\n", source.package));
    imports(&mut out, &source.imports);
    for decl in &source.decls {
        out.push('\n');
        declaration(&mut out, decl);
    }
    out
}

fn comment(out: &mut String, level: usize, lines: &[String]) {
    for line in lines {
        indent(out, level);
        out.push_str(if line.is_empty() { "//" } else { "// " });
        out.push_str(line);
        out.push('\n');
    }
}

fn indent(out: &mut String, level: usize) {
    (0..level).for_each(|_| out.push('\t'));
}

fn imports(out: &mut String, imports: &[Import]) {
    let line = |import: &Import| match &import.alias {
        Some(alias) => format!("{alias} \"{}\"", import.path),
        None => format!("\"{}\"", import.path),
    };
    match imports {
        [] => {}
        [only] => out.push_str(&format!("\nimport {}\n", line(only))),
        several => {
            out.push_str("\nimport (\n");
            let mut last_foreign = false;
            for (index, import) in several.iter().enumerate() {
                if index > 0 && import.is_foreign != last_foreign {
                    out.push('\n');
                }
                last_foreign = import.is_foreign;
                out.push_str(&format!("\t{}\n", line(import)));
            }
            out.push_str(")\n");
        }
    }
}

fn declaration(out: &mut String, decl: &Decl) {
    match decl {
        Decl::Function(of) => function(out, of),
        Decl::Struct(of) => structure(out, of),
        Decl::Var { doc, name, ty, value } => {
            comment(out, 0, doc);
            let ty = if ty.is_empty() { String::new() } else { format!(" {ty}") };
            out.push_str(&format!("var {name}{ty} = {}\n", expr(value, 0)));
        }
        Decl::Alias { doc, name, of } => {
            comment(out, 0, doc);
            out.push_str(&format!("type {name} = {of}\n"));
        }
        Decl::Defined { doc, name, of } => {
            comment(out, 0, doc);
            out.push_str(&format!("type {name} {of}\n"));
        }
        Decl::Constants { doc, ty, values } => {
            comment(out, 0, doc);
            out.push_str("const (\n");
            let width = values.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
            for (name, value) in values {
                let pad = " ".repeat(width - name.chars().count());
                out.push_str(&format!("\t{name}{pad} {ty} = {value}\n"));
            }
            out.push_str(")\n");
        }
    }
}

fn function(out: &mut String, function: &Function) {
    comment(out, 0, &function.doc);
    out.push_str("func ");
    if let Some((name, ty)) = &function.receiver {
        out.push_str(&format!("({name} {ty}) "));
    }
    out.push_str(&function.name);
    out.push_str(&head(&function.params, &function.results));
    if function.body.is_empty() {
        out.push_str(" {\n}\n");
        return;
    }
    out.push_str(" {\n");
    out.push_str(&block(&function.body, 1));
    out.push_str("}\n");
}

/// `(a, b int) error`: neighbours of one type share it.
fn head(params: &[(String, String)], results: &str) -> String {
    let mut text = String::from("(");
    for (index, (name, ty)) in params.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push_str(name);
        let shares = params.get(index + 1).is_some_and(|(_, next)| next == ty);
        if !shares && !ty.is_empty() {
            if !name.is_empty() {
                text.push(' ');
            }
            text.push_str(ty);
        }
    }
    text.push(')');
    if !results.is_empty() {
        text.push(' ');
        text.push_str(results);
    }
    text
}

fn structure(out: &mut String, of: &Struct) {
    comment(out, 0, &of.doc);
    if of.fields.is_empty() {
        out.push_str(&format!("type {} struct{{}}\n", of.name));
        return;
    }
    out.push_str(&format!("type {} struct {{\n", of.name));
    if let Some(tags) = tags(&of.wire) {
        let width = |texts: &mut dyn Iterator<Item = &String>| texts.map(|text| text.chars().count()).max();
        let names = width(&mut of.fields.iter().map(|(name, _)| name)).unwrap_or(0);
        let types = width(&mut of.fields.iter().map(|(_, ty)| ty)).unwrap_or(0);
        for ((name, ty), tag) in of.fields.iter().zip(tags) {
            out.push_str(&format!("\t{name:names$} {ty:types$} {tag}\n"));
        }
        out.push_str("}\n");
        return;
    }
    // An embedded field has no second column, so that those on its two sides are aligned apart.
    let mut rest = &of.fields[..];
    while !rest.is_empty() {
        let named = rest.iter().take_while(|(name, _)| !name.is_empty()).count();
        let width = rest[..named].iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        for (name, ty) in &rest[..named] {
            let pad = " ".repeat(width - name.chars().count());
            out.push_str(&format!("\t{name}{pad} {ty}\n"));
        }
        rest = &rest[named..];
        if let [(_, ty), after @ ..] = rest {
            out.push_str(&format!("\t{ty}\n"));
            rest = after;
        }
    }
    out.push_str("}\n");
}

/// `json:"name"` for each name; `None` where there are none, or one that a tag cannot hold.
fn tags(names: &[String]) -> Option<Vec<String>> {
    let can_hold = |letter: char| letter.is_alphanumeric() || "_-.!#$%&()*+/:;<=>?@[]^{|}~ ".contains(letter);
    if names.is_empty() || names.iter().any(|name| name.is_empty() || !name.chars().all(can_hold)) {
        return None;
    }
    // A hyphen alone would leave the field out.
    let tag = |name: &String| format!("`json:\"{name}{}\"`", if name == "-" { "," } else { "" });
    Some(names.iter().map(tag).collect())
}

fn block(body: &[Stmt], level: usize) -> String {
    let mut out = String::new();
    for stmt in body {
        indent(&mut out, level);
        out.push_str(&statement(stmt, level));
        out.push('\n');
    }
    out
}

fn braced(body: &[Stmt], level: usize) -> String {
    if body.is_empty() {
        return "{\n".to_owned() + &"\t".repeat(level) + "}";
    }
    format!("{{\n{}{}}}", block(body, level + 1), "\t".repeat(level))
}

fn statement(stmt: &Stmt, level: usize) -> String {
    match stmt {
        Stmt::Expr(value) => expr(value, level),
        Stmt::Defer(value) => format!("defer {}", expr(value, level)),
        Stmt::Define(names, value) => format!("{} := {}", names.join(", "), expr(value, level)),
        Stmt::Assign(targets, value) => {
            let targets: Vec<String> = targets.iter().map(|target| expr(target, level)).collect();
            format!("{} = {}", targets.join(", "), expr(value, level))
        }
        Stmt::Var(name, ty) => format!("var {name} {ty}"),
        Stmt::If { init, test, body, otherwise } => {
            let init = init.as_ref().map_or(String::new(), |init| format!("{}; ", statement(init, level)));
            let mut text = format!("if {init}{} {}", expr(test, level), braced(body, level));
            match &otherwise[..] {
                [] => {}
                [only @ Stmt::If { .. }] => {
                    text.push_str(" else ");
                    text.push_str(&statement(only, level));
                }
                several => {
                    text.push_str(" else ");
                    text.push_str(&braced(several, level));
                }
            }
            text
        }
        Stmt::While { test: None, body } => format!("for {}", braced(body, level)),
        Stmt::While { test: Some(test), body } => {
            format!("for {} {}", expr(test, level), braced(body, level))
        }
        Stmt::Count { name, start, test, body } => {
            let test = test.as_ref().map_or(" ".to_owned(), |test| format!(" {}", expr(test, level)));
            format!("for {name} := {start};{test}; {name}++ {}", braced(body, level))
        }
        Stmt::Switch { head, cases } => switch(head, cases, level),
        Stmt::Return(values) if values.is_empty() => "return".to_owned(),
        Stmt::Return(values) => {
            let values: Vec<String> = values.iter().map(|value| expr(value, level)).collect();
            format!("return {}", values.join(", "))
        }
    }
}

fn switch(head: &str, cases: &[(Vec<Go>, Vec<Stmt>)], level: usize) -> String {
    let mut text = String::from("switch ");
    if !head.is_empty() {
        text.push_str(head);
        text.push(' ');
    }
    text.push_str("{\n");
    for (tests, body) in cases {
        indent(&mut text, level);
        if tests.is_empty() {
            text.push_str("default:\n");
        } else {
            let tests: Vec<String> = tests.iter().map(|test| expr(test, level)).collect();
            text.push_str(&format!("case {}:\n", tests.join(", ")));
        }
        text.push_str(&block(body, level + 1));
    }
    indent(&mut text, level);
    text.push('}');
    text
}

pub fn expr(value: &Go, level: usize) -> String {
    Layout { level }.expr(value, 0, 1)
}

/// gofmt's own way with operators: `depth` is how deep an operator stands, and decides which have blanks.
struct Layout {
    level: usize,
}

impl Layout {
    fn expr(&self, value: &Go, least: u8, depth: usize) -> String {
        match value {
            Go::Atom(text) => text.clone(),
            Go::Unary(op, of) => {
                let inner = self.expr(of, 6, depth);
                // `- -x` and `& &x` would be read as one operator.
                let inner = if inner.starts_with(*op) && *op != '!' && *op != '*' {
                    format!("({inner})")
                } else {
                    inner
                };
                format!("{op}{inner}")
            }
            Go::Binary { op, .. } if op.precedence() < least => {
                format!("({})", self.expr(value, 0, depth.saturating_sub(1).max(1)))
            }
            Go::Binary { op, left, right } => {
                let precedence = op.precedence();
                let is_spaced = precedence < cutoff(value, depth);
                let below = match &**left {
                    Go::Binary { op: inner, .. } if inner.precedence() == precedence => depth,
                    _ => depth + 1,
                };
                let left = self.expr(left, precedence, below);
                let right = self.expr(right, precedence + 1, depth + 1);
                let blank = if is_spaced { " " } else { "" };
                format!("{left}{blank}{}{blank}{right}", op.text())
            }
            Go::Call { callee, args } => {
                let inner = if args.len() > 1 { depth + 1 } else { depth };
                let callee = self.expr(callee, 7, inner);
                let args: Vec<String> = args.iter().map(|arg| self.expr(arg, 0, inner)).collect();
                format!("{callee}({})", args.join(", "))
            }
            Go::Field { of, name } => format!("{}.{name}", self.unit(of, depth)),
            Go::Index { of, index } => {
                format!("{}[{}]", self.unit(of, 1), self.expr(index, 0, depth + 1))
            }
            Go::Assert { of, ty } => format!("{}.({ty})", self.unit(of, depth)),
            Go::Func { params, results, body } => self.func(params, results, body),
            Go::Struct { ty, fields, spread } => self.structure(ty, fields, *spread),
            Go::List { ty, items } => {
                let items: Vec<String> = items.iter().map(|item| self.expr(item, 0, 1)).collect();
                format!("{ty}{{{}}}", items.join(", "))
            }
        }
    }

    /// Something that a selector may follow.
    fn unit(&self, value: &Go, depth: usize) -> String {
        let text = self.expr(value, 7, depth);
        if matches!(value, Go::Unary(..)) { format!("({text})") } else { text }
    }

    fn func(&self, params: &[(String, String)], results: &str, body: &[Stmt]) -> String {
        let head = format!("func{}", head(params, results));
        if let [only @ (Stmt::Return(_) | Stmt::Expr(_))] = body {
            let text = statement(only, self.level + 1);
            if !text.contains('\n') && head.len() + text.len() < WIDTH {
                return format!("{head} {{ {text} }}");
            }
        }
        format!("{head} {}", braced(body, self.level))
    }

    fn structure(&self, ty: &str, fields: &[(String, Go)], spread: bool) -> String {
        if !spread || fields.is_empty() {
            let fields: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", self.expr(value, 0, 1))).collect();
            return format!("{ty}{{{}}}", fields.join(", "));
        }
        let inner = Layout { level: self.level + 1 };
        let written: Vec<(&str, String)> =
            fields.iter().map(|(key, value)| (key.as_str(), inner.expr(value, 0, 1))).collect();
        let mut text = format!("{ty}{{\n");
        let mut rest = &written[..];
        while !rest.is_empty() {
            let (section, after) = rest.split_at(aligned(rest));
            let width = section.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
            for (key, value) in section {
                let pad = " ".repeat(width - key.chars().count());
                indent(&mut text, self.level + 1);
                text.push_str(&format!("{key}:{pad} {value},\n"));
            }
            rest = after;
        }
        indent(&mut text, self.level);
        text.push('}');
        text
    }
}

/// How many of the pairs at the head of the list are aligned with each other: a value on several lines stands alone, and
/// so does a key whose length is far from that of those before.
fn aligned(pairs: &[(&str, String)]) -> usize {
    const SMALL: usize = 40;
    const RATIO: f64 = 2.5;
    let is_long = |at: usize| pairs.get(at).is_some_and(|(_, value)| value.contains('\n'));
    if is_long(0) {
        return 1;
    }
    let mut logarithms = 0.0;
    let mut count = 0_u32;
    let mut at = 0;
    while at < pairs.len() && !is_long(at) {
        let size = pairs[at].0.len().max(1);
        if at > 0 {
            let before = pairs[at - 1].0.len();
            if before > SMALL || size > SMALL {
                #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
                let ratio = size as f64 / f64::exp(logarithms / f64::from(count));
                if RATIO * ratio <= 1.0 || RATIO <= ratio {
                    return at;
                }
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "lengths of names")]
        let length = size as f64;
        logarithms += length.ln();
        count += 1;
        at += 1;
    }
    at
}

/// Operators that bind weaker than this have blanks around them.
fn cutoff(value: &Go, depth: usize) -> u8 {
    let (has_sum, has_product, problem) = walk(value);
    if problem > 0 {
        return problem + 1;
    }
    match (has_sum && has_product, depth) {
        (true, 1) => 5,
        (false, 1) => 6,
        _ => 4,
    }
}

/// Whether there are sums and products among operators that no parentheses keep apart, and what would be misread.
fn walk(value: &Go) -> (bool, bool, u8) {
    let Go::Binary { op, left, right } = value else { return (false, false, 0) };
    let precedence = op.precedence();
    let (mut has_sum, mut has_product, mut problem) = (precedence == 4, precedence == 5, 0);
    let mut add = |(sum, product, worst): (bool, bool, u8)| {
        has_sum |= sum;
        has_product |= product;
        problem = problem.max(worst);
    };
    if let Go::Binary { op: inner, .. } = &**left
        && inner.precedence() >= precedence
    {
        add(walk(left));
    }
    match &**right {
        Go::Binary { op: inner, .. } if inner.precedence() > precedence => add(walk(right)),
        _ => {}
    }
    (has_sum, has_product, problem)
}
