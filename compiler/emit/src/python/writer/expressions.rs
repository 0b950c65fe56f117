//! Writes an expression that does not fit in its line, opened at its brackets and operators as `ruff format` does it.
//!
//! It knows the layout of values and nothing of the statements around them.

use super::super::flat::{flat, inside, lambda_head};
use super::super::tree::{Arg, Comprehension, Py, Unary};
use super::{INDENT, WIDTH, Writer, width};

impl Writer {
    pub(super) fn parenthesized(&mut self, value: &Py) {
        self.out.push_str("(\n");
        self.indent += INDENT;
        self.begin();
        self.expression(value, 0);
        self.out.push('\n');
        self.indent -= INDENT;
        self.begin();
        self.out.push(')');
    }

    /// The expression at the current column, broken where it does not fit with `trailing` more columns.
    pub(super) fn expression(&mut self, value: &Py, trailing: usize) {
        let text = flat(value);
        if self.column() + width(&text) + trailing <= WIDTH {
            return self.out.push_str(&text);
        }
        match value {
            Py::Atom(_) | Py::Index(..) | Py::Unary(Unary::Negate, _) => self.out.push_str(&text),
            Py::Await(inner) => {
                self.out.push_str("await ");
                self.expression(inner, trailing);
            }
            Py::Lambda { params, body } => {
                self.out.push_str(&lambda_head(params));
                if needs_parentheses(body) {
                    self.parenthesized(body)
                } else {
                    self.expression(body, trailing)
                }
            }
            Py::Unary(Unary::Not, inner) => {
                self.out.push_str("not ");
                if inner.binding() < 4 { self.parenthesized(inner) } else { self.expression(inner, trailing) }
            }
            Py::Attr(of, name) => {
                self.expression(of, trailing);
                self.out.push('.');
                self.out.push_str(name);
            }
            Py::Call { callee, args } => self.call(callee, args, trailing),
            Py::List(items) => self.bracketed("[", items, "]"),
            Py::Tuple(items) => self.bracketed("(", items, ")"),
            Py::Dict(items) => self.dict(items),
            Py::Comprehension(made) => self.comprehension(made),
            Py::Binary { .. } => self.operands(value),
            Py::Conditional { test, then, otherwise } => self.conditional(test, then, otherwise),
        }
    }

    fn call(&mut self, callee: &Py, args: &[Arg], trailing: usize) {
        if args.is_empty() {
            self.expression(callee, trailing + 2);
            self.out.push_str("()");
            return;
        }
        self.out.push_str(&flat(callee));
        self.out.push('(');
        if let [Arg { name: None, value: Py::Comprehension(made) }] = args
            && made.bare
        {
            self.comprehension(made);
            return self.out.push(')');
        }
        self.out.push('\n');
        self.indent += INDENT;
        for arg in args {
            self.begin();
            if let Some(name) = &arg.name {
                self.out.push_str(name);
                if name != "**" {
                    self.out.push('=');
                }
            }
            self.expression(&arg.value, 1);
            self.out.push_str(",\n");
        }
        self.indent -= INDENT;
        self.begin();
        self.out.push(')');
    }

    fn bracketed(&mut self, open: &str, items: &[Py], close: &str) {
        self.out.push_str(open);
        self.out.push('\n');
        self.indent += INDENT;
        for item in items {
            self.begin();
            self.expression(item, 1);
            self.out.push_str(",\n");
        }
        self.indent -= INDENT;
        self.begin();
        self.out.push_str(close);
    }

    fn dict(&mut self, items: &[(Py, Py)]) {
        self.out.push_str("{\n");
        self.indent += INDENT;
        for (key, value) in items {
            self.begin();
            self.out.push_str(&flat(key));
            self.out.push_str(": ");
            let fits = self.column() + width(&flat(value)) < WIDTH;
            if !fits && needs_parentheses(value) && !matches!(value, Py::Atom(_)) {
                self.parenthesized(value);
            } else {
                self.expression(value, 1);
            }
            self.out.push_str(",\n");
        }
        self.indent -= INDENT;
        self.begin();
        self.out.push('}');
    }

    fn comprehension(&mut self, made: &Comprehension) {
        let (open, close) = made.brackets();
        self.out.push_str(open);
        self.out.push('\n');
        self.indent += INDENT;
        self.begin();
        let inside = inside(made);
        if self.column() + width(&inside) <= WIDTH {
            self.out.push_str(&inside);
        } else {
            if let Some(key) = &made.key {
                self.out.push_str(&flat(key));
                self.out.push_str(": ");
            }
            self.expression(&made.item, 0);
            self.out.push('\n');
            self.begin();
            self.out.push_str(&format!("for {} in ", made.names));
            self.operand(&made.source, 2);
            if let Some(filter) = &made.filter {
                self.out.push('\n');
                self.begin();
                self.out.push_str("if ");
                self.operand(filter, 2);
            }
        }
        self.out.push('\n');
        self.indent -= INDENT;
        self.begin();
        self.out.push_str(close);
    }

    /// One operand a line, all operators of the same binding flattened.
    fn operands(&mut self, value: &Py) {
        let Py::Binary { op, left, right } = value else { return self.expression(value, 0) };
        let same = |side: &Py| match side {
            Py::Binary { op: inner, .. } => inner.binding() == op.binding() && !op.is_comparison(),
            _ => false,
        };
        if same(left) {
            self.operands(left);
        } else {
            self.operand(left, op.binding() + u8::from(op.is_comparison()));
        }
        self.out.push('\n');
        self.begin();
        self.out.push_str(op.text());
        self.out.push(' ');
        self.operand(right, op.binding() + 1);
    }

    fn operand(&mut self, value: &Py, binding: u8) {
        if value.binding() >= binding {
            return self.expression(value, 0);
        }
        let text = format!("({})", flat(value));
        if self.column() + width(&text) <= WIDTH {
            self.out.push_str(&text);
        } else {
            self.parenthesized(value);
        }
    }

    fn conditional(&mut self, test: &Py, then: &Py, otherwise: &Py) {
        self.operand(then, 2);
        for (word, part) in [("if ", test), ("else ", otherwise)] {
            self.out.push('\n');
            self.begin();
            self.out.push_str(word);
            self.operand(part, if word == "if " { 2 } else { 1 });
        }
    }
}

/// Whether a line that does not fit is wrapped in parentheses rather than opened at a bracket of its own.
pub(super) fn needs_parentheses(value: &Py) -> bool {
    match value {
        Py::Binary { .. } | Py::Conditional { .. } | Py::Atom(_) | Py::Index(..) => true,
        Py::Attr(of, _) | Py::Await(of) => needs_parentheses(of),
        Py::Call { callee, args } => args.is_empty() && needs_parentheses(callee),
        _ => false,
    }
}
