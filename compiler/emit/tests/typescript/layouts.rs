//! Trees at random are laid out as the formatter leaves them.
//!
//! It knows no Plans.

use std::path::Path;
use std::process::Command;

use crate::typescript::layout_item::module;
use crate::typescript::tree::*;

/// A generator of numbers that is the same everywhere.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn name(&mut self) -> String {
        const NAMES: [&str; 10] = [
            "a",
            "run",
            "user",
            "amount",
            "fetchUser",
            "processPayment",
            "averyLongNameOfAStepThatSomebodyChose",
            "checkPermissions",
            "idempotencyKeyOfTheCall",
            "result",
        ];
        NAMES[self.below(NAMES.len())].to_owned()
    }

    fn path(&mut self) -> Ts {
        const PATHS: [&str; 6] = [
            "codecs.encodeUser",
            "cel.addInt",
            "scalars.decodeString",
            "paymentProvider.charge",
            "run.step",
            "isRetryable",
        ];
        Ts::path(PATHS[self.below(PATHS.len())])
    }

    fn exprs(&mut self, depth: usize) -> Vec<Ts> {
        let mut all: Vec<Ts> = (0..self.below(4)).map(|_| self.expr(depth)).collect();
        let last = all.len().saturating_sub(1);
        for value in &mut all[..last] {
            if matches!(value, Ts::Arrow(arrow) if matches!(arrow.body, Body::Block(_))) {
                *value = Ts::null();
            }
        }
        all
    }

    fn object(&mut self, depth: usize) -> Ts {
        let mut properties: Vec<Property> = Vec::new();
        for _ in 0..self.below(4) {
            let name = self.name();
            if !properties.iter().any(|known| matches!(known, Property::Value(other, _) if *other == name)) {
                properties.push(Property::Value(name, self.expr(depth)));
            }
        }
        Ts::Object(properties)
    }

    fn arrow(&mut self, depth: usize) -> Ts {
        let name = self.name();
        let params: Vec<&str> = if self.below(3) == 0 { Vec::new() } else { vec![&name] };
        if self.below(2) == 0 {
            let params = params.into_iter().map(Param::named).collect();
            let body = Body::Value(self.not_arrow(depth));
            Ts::Arrow(Box::new(Arrow { is_async: true, params, returns: None, body }))
        } else {
            Ts::function(&params, self.statements(depth))
        }
    }

    fn not_arrow(&mut self, depth: usize) -> Ts {
        loop {
            let value = self.expr(depth);
            if !matches!(value, Ts::Arrow(_)) {
                return value;
            }
        }
    }

    /// What could begin a statement.
    fn operand(&mut self, depth: usize) -> Ts {
        loop {
            let value = self.not_arrow(depth);
            if !matches!(value, Ts::Object(_) | Ts::Array(_)) {
                return value;
            }
        }
    }

    fn operator(&mut self) -> Operator {
        const ALL: [Operator; 7] = [
            Operator::Or,
            Operator::And,
            Operator::Equal,
            Operator::Less,
            Operator::GreaterOrEqual,
            Operator::Add,
            Operator::Else,
        ];
        ALL[self.below(ALL.len())]
    }

    fn expr(&mut self, depth: usize) -> Ts {
        if depth == 0 {
            return match self.below(5) {
                0 => Ts::string("some text"),
                1 => Ts::string("process_payment"),
                2 => Ts::number(self.below(1000)),
                3 => Ts::null(),
                _ => Ts::name(self.name()),
            };
        }
        let depth = depth - 1;
        match self.below(16) {
            0..=3 => {
                let path = self.path();
                path.called(self.exprs(depth))
            }
            4 => self.object(depth),
            5 => Ts::Array(self.exprs(depth)),
            6 | 7 => self.arrow(depth),
            8 => self.not_arrow(depth).awaited(),
            9 => Ts::Not(Box::new(self.not_arrow(depth))),
            10 | 11 => {
                let op = self.operator();
                let (left, right) = (self.operand(depth), self.operand(depth));
                // Nobody compares the result of a comparison by size.
                let compares =
                    |side: &Ts| matches!(side, Ts::Binary { op: other, .. } if other.binding() == 5);
                let op = if op.binding() == 5 && (compares(&left) || compares(&right)) {
                    Operator::And
                } else {
                    op
                };
                Ts::binary(op, left, right)
            }
            12 => Ts::conditional(self.operand(depth), self.not_arrow(depth), self.not_arrow(depth)),
            13 => {
                let name = Ts::name(self.name());
                let value = name.member("value").called(Vec::new());
                if self.below(2) == 0 { value.member(self.name()) } else { value }
            }
            14 => Ts::name(self.name()).member(self.name()).member(self.name()),
            _ => Ts::made("Recorded", vec![self.operand(depth), Ts::path("codecs.decodeCharge")]),
        }
    }

    fn statements(&mut self, depth: usize) -> Vec<Stmt> {
        (0..1 + self.below(3)).map(|_| self.statement(depth)).collect()
    }

    fn statement(&mut self, depth: usize) -> Stmt {
        match self.below(if depth == 0 { 4 } else { 9 }) {
            0 => Stmt::constant(self.name(), self.expr(depth)),
            1 => {
                let path = self.path();
                Stmt::Expr(path.called(self.exprs(depth)).awaited())
            }
            2 => Stmt::Return(Some(self.not_arrow(depth))),
            3 => Stmt::Throw(Ts::call("step.failed", vec![Ts::name("error")])),
            4 => Stmt::If {
                test: self.not_arrow(depth),
                body: self.statements(depth - 1),
                otherwise: if self.below(2) == 0 { Vec::new() } else { self.statements(depth - 1) },
            },
            5 => Stmt::While { test: self.not_arrow(depth), body: self.statements(depth - 1) },
            6 => Stmt::Try {
                body: self.statements(depth - 1),
                handler: Some(("error".to_owned(), self.statements(depth - 1))),
                finally: Vec::new(),
            },
            7 => {
                let pairs = (0..1 + self.below(4)).map(|_| (self.name(), self.name())).collect();
                let value = self.path().called(self.exprs(depth - 1)).awaited();
                Stmt::Const { pattern: Pattern::Object(pairs), ty: None, value }
            }
            _ => Stmt::Const {
                pattern: Pattern::Name(self.name()),
                ty: Some(self.ty(2)),
                value: self.not_arrow(depth),
            },
        }
    }

    fn ty(&mut self, depth: usize) -> Ty {
        match self.below(if depth == 0 { 2 } else { 6 }) {
            0 => Ty::name("string"),
            1 => Ty::name("paymentProvider.Charge"),
            2 => Ty::Array(Box::new(self.ty(depth - 1))),
            3 => self.ty(depth - 1).nullable(),
            4 => Ty::Generic("Recorded".to_owned(), vec![self.ty(depth - 1)]),
            _ => Ty::Generic("Record".to_owned(), vec![Ty::name("string"), self.ty(depth - 1)]),
        }
    }

    fn function(&mut self) -> Item {
        let params = (0..self.below(5)).map(|_| Param::typed(self.name(), self.ty(2))).collect();
        Item::Function(Function {
            exported: true,
            is_async: true,
            name: self.name(),
            params,
            returns: Ty::promise(self.ty(2)),
            doc: "Something.".to_owned(),
            body: self.statements(3),
        })
    }
}

#[test]
fn trees_at_random_are_as_the_formatter_leaves_them() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15 ^ seed);
    let dir = tempfile::tempdir().unwrap();
    for at in 0..60 {
        let items = (0..8).map(|_| dice.function()).collect();
        let made = Module { header: "// A header.".to_owned(), imports: Vec::new(), items };
        std::fs::write(dir.path().join(format!("m{at}.ts")), module(&made, false)).unwrap();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/node/node_modules/.bin/prettier");
    let mut output = Command::new(root);
    output.args(["--no-config", "--write", "."]).current_dir(dir.path());
    let before: Vec<String> = read(dir.path());
    let output = output.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let after = read(dir.path());
    let mut wrong = Vec::new();
    for (ours, theirs) in before.iter().zip(&after) {
        if ours != theirs {
            wrong.push(difference(ours, theirs));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), before.len(), wrong.concat());
}

fn read(folder: &Path) -> Vec<String> {
    (0..60).map(|at| std::fs::read_to_string(folder.join(format!("m{at}.ts"))).unwrap()).collect()
}

/// The first lines that differ.
fn difference(ours: &str, theirs: &str) -> String {
    let (ours, theirs): (Vec<&str>, Vec<&str>) = (ours.lines().collect(), theirs.lines().collect());
    let at = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count();
    let from = at.saturating_sub(3);
    let part = |lines: &[&str]| lines[from..lines.len().min(at + 6)].join("\n");
    format!("--- ours\n{}\n--- theirs\n{}\n\n", part(&ours), part(&theirs))
}
