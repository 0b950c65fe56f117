//! How an expression is laid out: where its lines may break, as prettier's defaults have it.
//!
//! It knows the tree; which breaks are taken is decided by `doc`.

use super::doc::{
    Doc, align, break_parent, concat, group, hardline, if_break, indent, indent_if_break, join, line,
    named_group, softline, text,
};
use super::layout_rules::{
    binding, erased, inlines, is_else, is_long_call, is_plain_literal, keys_need_quotes,
    needs_parens_after_sign, needs_parens_in_binary, needs_parens_in_unary, poorly_breakable,
};
use super::layout_types::{member_name, ty, type_arguments};
use super::tree::{Body, Property, Stmt, Ts};

/// What stands around an expression, as far as its own layout depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// A value that stands for itself: an argument, an item.
    Value,
    /// After `return` or `throw`.
    Returned,
    /// Between the parentheses of `if` or `while`.
    Test,
    /// The value of a property.
    Assigned,
    /// The body of an arrow function.
    Body,
    /// After `!` or `await`.
    Operand,
    /// An operand of a logical operator, or of another.
    Joined { logical: bool },
    /// An argument of a call.
    Argument,
    /// The test or a side of a choice.
    Choice,
    /// The test or a side of a choice that is an argument or is returned.
    LooseChoice,
    /// What a member of is taken or what is called.
    Object,
    /// A member of which a member is taken.
    Member,
    /// What is made by `new`.
    Made,
    /// The value of a declaration or an assignment.
    Declared,
    /// A statement of its own.
    Statement,
}

/// Lays out expressions and statements of one module.
pub struct Layout {
    /// Whether types are left out: JavaScript.
    pub javascript: bool,
    ids: u32,
}

impl Layout {
    pub fn new(javascript: bool) -> Layout {
        Layout { javascript, ids: 0 }
    }

    pub fn id(&mut self) -> u32 {
        self.ids += 1;
        self.ids
    }

    pub fn expr(&mut self, value: &Ts, around: Around) -> Doc {
        match value {
            Ts::Name(name) | Ts::Literal(name) => text(name.clone()),
            Ts::String(value) => text(super::literal::string(value)),
            Ts::Member(of, name) => self.member(of, name, around),
            Ts::MemberIfAny(of, name) => concat(vec![self.object(of), text(format!("?.{name}"))]),
            Ts::Index(of, index) => {
                let object = self.member_object(of, around);
                concat(vec![object, self.index(index)])
            }
            Ts::Call { .. } => self.call(value, around),
            Ts::Array(items) => self.array(items),
            Ts::Object(properties) => self.record(properties),
            Ts::Arrow(arrow) => {
                let body = self.body(&arrow.body);
                self.arrow(arrow, &body, false)
            }
            Ts::Await(inner) => {
                let inner = self.parenthesized(inner, Around::Operand, needs_parens_in_unary(inner));
                let awaited = concat(vec![text("await "), inner]);
                if around == Around::Object {
                    group(concat(vec![indent(concat(vec![softline(), awaited])), softline()]))
                } else {
                    awaited
                }
            }
            Ts::Not(inner) => self.unary("!", inner),
            Ts::Negate(inner) => self.unary("-", inner),
            Ts::Binary { .. } => self.binary(value, around),
            Ts::Conditional { .. } => self.choice(value, around),
            Ts::As(inner, _) if self.javascript => self.expr(inner, around),
            Ts::As(inner, to) => {
                let needs = binding(inner) < binding(value);
                let inner = self.parenthesized(inner, Around::Operand, needs);
                let cast = concat(vec![inner, text(" as "), ty(to)]);
                if around == Around::Object {
                    group(concat(vec![indent(concat(vec![softline(), cast])), softline()]))
                } else {
                    cast
                }
            }
        }
    }

    pub fn parenthesized(&mut self, value: &Ts, around: Around, needs: bool) -> Doc {
        let doc = self.expr(value, around);
        if needs && !self.is_erased(value) { concat(vec![text("("), doc, text(")")]) } else { doc }
    }

    /// A cast whose inside needs no parentheses once its type is left out.
    fn is_erased(&self, value: &Ts) -> bool {
        self.javascript && matches!(value, Ts::As(inner, _) if binding(inner) >= 19)
    }

    /// What a member is taken of, or what is called.
    pub fn object(&mut self, of: &Ts) -> Doc {
        self.parenthesized(of, Around::Object, binding(of) < 19)
    }

    fn member_object(&mut self, of: &Ts, around: Around) -> Doc {
        let inner = if around == Around::Made { Around::Made } else { Around::Member };
        if matches!(of, Ts::Member(..) | Ts::Index(..)) { self.expr(of, inner) } else { self.object(of) }
    }

    fn member(&mut self, of: &Ts, name: &str, around: Around) -> Doc {
        let object = self.member_object(of, around);
        let lookup = text(format!(".{name}"));
        let inline = around == Around::Made
            || (matches!(of, Ts::Name(_)) && around != Around::Member)
            || (around == Around::Declared && is_long_call(of));
        concat(vec![object, if inline { lookup } else { group(indent(concat(vec![softline(), lookup]))) }])
    }

    pub fn index(&mut self, index: &Ts) -> Doc {
        let inner = self.expr(index, Around::Value);
        if matches!(index, Ts::Literal(_)) {
            return concat(vec![text("["), inner, text("]")]);
        }
        group(concat(vec![text("["), indent(concat(vec![softline(), inner])), softline(), text("]")]))
    }

    fn unary(&mut self, sign: &str, inner: &Ts) -> Doc {
        let needs = needs_parens_after_sign(inner);
        let is_binary = matches!(erased(inner, self.javascript), Ts::Binary { .. });
        let around = if is_binary { Around::Object } else { Around::Operand };
        concat(vec![text(sign), self.parenthesized(inner, around, needs)])
    }

    fn array(&mut self, items: &[Ts]) -> Doc {
        if items.is_empty() {
            return text("[]");
        }
        let is_number = |item: &Ts| match item {
            Ts::Literal(text) => text.starts_with(|first: char| first.is_ascii_digit()),
            Ts::Negate(inner) => matches!(**inner, Ts::Literal(_)),
            _ => false,
        };
        let nested = |item: &Ts| match item {
            Ts::Array(inner) => inner.len() > 1,
            Ts::Object(inner) => inner.len() > 1,
            _ => false,
        };
        let concise = items.len() > 1 && items.iter().all(is_number);
        let should_break = items.len() > 1
            && items.iter().all(nested)
            && items
                .windows(2)
                .all(|pair| std::mem::discriminant(&pair[0]) == std::mem::discriminant(&pair[1]));
        let printed: Vec<Doc> = items.iter().map(|item| group(self.expr(item, Around::Value))).collect();
        let inner = if concise { filled(printed) } else { join(&concat(vec![text(","), line()]), printed) };
        let mut parts =
            vec![text("["), indent(concat(vec![softline(), inner, if_break(text(","), text(""))]))];
        parts.extend([softline(), text("]")]);
        if should_break {
            parts.push(break_parent());
        }
        group(concat(parts))
    }

    fn record(&mut self, properties: &[Property]) -> Doc {
        if properties.is_empty() {
            return text("{}");
        }
        let quoted = keys_need_quotes(properties);
        let printed: Vec<Doc> = properties
            .iter()
            .map(|property| match property {
                Property::Value(name, Ts::Name(value)) if name == value => text(name.clone()),
                Property::Value(name, value) => {
                    let key = text(member_name(name, quoted));
                    let is_short = key.flat().chars().count() < 5;
                    group(self.assignment(key, ":", value, is_short))
                }
                Property::Spread(value) => {
                    let needs = matches!(value, Ts::Conditional { .. } | Ts::Binary { .. } | Ts::Await(_));
                    concat(vec![text("..."), self.parenthesized(value, Around::Value, needs)])
                }
            })
            .collect();
        let inner = join(&concat(vec![text(","), line()]), printed);
        group(concat(vec![
            text("{"),
            indent(concat(vec![line(), inner])),
            if_break(text(","), text("")),
            line(),
            text("}"),
        ]))
    }

    /// `left = value`.
    pub fn assignment(&mut self, left: Doc, operator: &str, value: &Ts, short_key: bool) -> Doc {
        let around = if operator == ":" { Around::Assigned } else { Around::Declared };
        let operator = text(operator);
        let right = self.expr(value, around);
        let value = erased(value, self.javascript);
        let right = match value {
            Ts::Conditional { .. } | Ts::Binary { .. } => group(right),
            _ => right,
        };
        if self.breaks_after_operator(value, short_key) {
            return group(concat(vec![group(left), operator, group(indent(concat(vec![line(), right])))]));
        }
        let never = !left.can_break() && (short_key || is_plain_literal(value));
        if never {
            return group(concat(vec![group(left), operator, text(" "), right]));
        }
        let id = self.id();
        group(concat(vec![
            group(left),
            operator,
            named_group(indent(line()), id),
            indent_if_break(right, id),
        ]))
    }

    fn breaks_after_operator(&self, value: &Ts, short_key: bool) -> bool {
        match value {
            Ts::Binary { .. } if !inlines(value) => return true,
            Ts::Conditional { test, .. } => {
                return matches!(**test, Ts::Binary { .. }) && !inlines(test);
            }
            _ => {}
        }
        if short_key {
            return false;
        }
        let mut inner = value;
        while let Ts::Await(next) | Ts::Not(next) | Ts::Negate(next) = inner {
            inner = next;
        }
        matches!(inner, Ts::String(_)) || poorly_breakable(inner, false)
    }

    /// The operands of a chain of one operator, each with the operator after it.
    fn operands(&mut self, value: &Ts, around: Around, parts: &mut Vec<Doc>) {
        let Ts::Binary { op, left, right } = value else { return };
        let joined = Around::Joined { logical: op.is_logical() };
        if matches!(&**left, Ts::Binary { op: other, .. } if op.joins(*other)) {
            let inside = if around == Around::Test { around } else { joined };
            self.operands(left, inside, parts);
        } else {
            let needs = needs_parens_in_binary(left, *op, false);
            parts.push(group(self.parenthesized(left, joined, needs)));
        }
        let needs = needs_parens_in_binary(right, *op, true);
        let right_doc = self.parenthesized(right, joined, needs);
        let alike = |inner: &Ts| matches!(inner, Ts::Binary { op: other, .. } if other.is_logical() == op.is_logical());
        let is_single =
            !(around == joined || alike(left) || alike(right) || around == Around::Test && op.is_logical());
        parts.push(text(" "));
        let rest = if inlines(value) {
            concat(vec![text(op.text()), text(" "), right_doc])
        } else {
            concat(vec![text(op.text()), line(), right_doc])
        };
        parts.push(if is_single { group(rest) } else { rest });
    }

    fn binary(&mut self, value: &Ts, around: Around) -> Doc {
        let mut parts = Vec::new();
        self.operands(value, around, &mut parts);
        let chained = matches!(value, Ts::Binary { op, left, .. } if matches!(**left, Ts::Binary { op: inner, .. } if op.joins(inner)));
        match around {
            Around::Test => concat(parts),
            Around::Object => {
                group(concat(vec![indent(concat(vec![softline(), concat(parts)])), softline()]))
            }
            Around::Returned | Around::Body | Around::Choice => group(concat(parts)),
            Around::Assigned | Around::Declared if !inlines(value) => group(concat(parts)),
            _ if inlines(value) && !chained => group(concat(parts)),
            _ => {
                let rest = parts.split_off(1);
                parts.push(indent(concat(rest)));
                group(concat(parts))
            }
        }
    }

    fn choice(&mut self, value: &Ts, around: Around) -> Doc {
        let inside = match around {
            Around::Argument | Around::Returned | Around::LooseChoice => Around::LooseChoice,
            _ => Around::Choice,
        };
        let doc = self.choice_parts(value, false, inside);
        match around {
            Around::Choice | Around::LooseChoice => doc,
            Around::Object => group(concat(vec![indent(concat(vec![softline(), doc])), softline()])),
            _ => group(doc),
        }
    }

    /// A whole chain of choices is broken where one of them is.
    fn choice_parts(&mut self, value: &Ts, nested: bool, around: Around) -> Doc {
        let Ts::Conditional { test, then, otherwise } = value else {
            return self.parenthesized(value, around, is_else(value));
        };
        let tested = match &**test {
            Ts::Conditional { .. } => {
                let test = group(self.choice_parts(test, false, Around::Choice));
                let test = group(concat(vec![indent(concat(vec![softline(), test])), softline()]));
                concat(vec![text("("), test, text(")")])
            }
            _ => self.parenthesized(
                test,
                around,
                matches!(**test, Ts::Arrow(_) | Ts::Await(_)) || is_else(test),
            ),
        };
        let nested_then = matches!(**then, Ts::Conditional { .. });
        let inner = |side: &Ts| if matches!(side, Ts::Conditional { .. }) { Around::Choice } else { around };
        let then = align(2, self.choice_parts(then, nested_then, inner(then)));
        let then = if nested_then {
            concat(vec![if_break(text(""), text("(")), then, if_break(text(""), text(")"))])
        } else {
            then
        };
        let chained = matches!(**otherwise, Ts::Conditional { .. });
        let otherwise = align(2, self.choice_parts(otherwise, chained, inner(otherwise)));
        let sides = concat(vec![line(), text("? "), then, line(), text(": "), otherwise]);
        concat(vec![tested, if nested { sides } else { indent(sides) }])
    }

    pub fn body(&mut self, body: &Body) -> Doc {
        match body {
            Body::Value(value) => {
                // An object in place of a block needs parentheses.
                let needs = matches!(erased(value, self.javascript), Ts::Object(_));
                self.parenthesized(value, Around::Body, needs)
            }
            Body::Block(statements) => self.block(statements),
        }
    }

    pub fn block(&mut self, statements: &[Stmt]) -> Doc {
        if statements.is_empty() {
            return text("{}");
        }
        let statements = self.statements(statements);
        concat(vec![text("{"), indent(concat(vec![hardline(), statements])), hardline(), text("}")])
    }

    pub fn statements(&mut self, statements: &[Stmt]) -> Doc {
        let printed = statements.iter().map(|statement| self.statement(statement)).collect();
        join(&hardline(), printed)
    }

    pub fn types(&self, types: &[super::tree::Ty]) -> Doc {
        if self.javascript || types.is_empty() { text("") } else { type_arguments(types) }
    }
}

/// Numbers in as many columns as there is room for.
fn filled(items: Vec<Doc>) -> Doc {
    let mut parts = Vec::new();
    let last = items.len().saturating_sub(1);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            parts.push(group(concat(vec![line(), item, text(if at < last { "," } else { "" })])));
        } else {
            parts.push(concat(vec![item, text(if at < last { "," } else { "" })]));
        }
    }
    concat(parts)
}
