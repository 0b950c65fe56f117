//! Hand-made Plans and the Python tools that judge what is emitted for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conductor_emit::{EmitError, Header, Target};
use conductor_protocol::expr::{BinaryOp, Expr, Literal, Node};
use conductor_protocol::plan::{
    Argument, ArgumentValue, Callable, Effect, Function, InDoubt, Input, Jitter, Language, OnFailure,
    Passing, Plan, Policy, Step, StepKind, TaskCall,
};
use conductor_protocol::types::{EnumBase, EnumMember, Field, Type, TypeDef, TypeName, TypeTable};

pub const HEADER: Header<'_> = Header { manifest: "concurrency.yaml", version: "0.1.0" };

pub fn named(module: &str, name: &str) -> Type {
    Type::Named(TypeName { module: module.to_owned(), name: name.to_owned() })
}

pub fn class(module: &str, name: &str, fields: &[(&str, Type)]) -> (TypeName, TypeDef) {
    let fields = fields.iter().map(|(name, ty)| field(name, ty.clone(), true)).collect();
    (TypeName { module: module.to_owned(), name: name.to_owned() }, TypeDef::Class { fields })
}

pub fn field(name: &str, ty: Type, required: bool) -> Field {
    Field { name: name.to_owned(), attribute: None, keyword: None, ty, required, init: true, native: None }
}

pub fn enumeration(module: &str, name: &str, members: &[(&str, &str)]) -> (TypeName, TypeDef) {
    let members = members
        .iter()
        .map(|(name, value)| EnumMember { name: (*name).to_owned(), value: serde_json::Value::from(*value) })
        .collect();
    let name = TypeName { module: module.to_owned(), name: name.to_owned() };
    (name, TypeDef::Enum { base: EnumBase::String, members })
}

pub fn expr(ty: Type, node: Node) -> Expr {
    Expr { ty, node }
}

pub fn input(name: &str, ty: Type) -> Expr {
    expr(ty, Node::Input(name.to_owned()))
}

pub fn result(id: &str, ty: Type) -> Expr {
    expr(ty, Node::Step(id.to_owned()))
}

pub fn get(of: Expr, name: &str, ty: Type) -> Expr {
    expr(ty, Node::Field { of: Box::new(of), name: name.to_owned() })
}

pub fn int(value: i64) -> Expr {
    expr(Type::Int, Node::Literal(Literal::Int(value)))
}

pub fn string(value: &str) -> Expr {
    expr(Type::String, Node::Literal(Literal::String(value.to_owned())))
}

pub fn binary(ty: Type, op: BinaryOp, left: Expr, right: Expr) -> Expr {
    expr(ty, Node::Binary { op, left: Box::new(left), right: Box::new(right) })
}

pub fn null() -> Expr {
    expr(Type::Null, Node::Literal(Literal::Null))
}

pub fn unannotated(callable: Callable) -> Callable {
    match callable {
        Callable::Function(function) => Callable::Function(Function { annotated: false, ..function }),
        other => other,
    }
}

pub fn function(path: &str, is_async: bool, returns: Type) -> Callable {
    let (module, name) = path.rsplit_once('.').unwrap();
    Callable::Function(Function {
        language: Language::Python,
        module: module.to_owned(),
        name: name.to_owned(),
        is_async,
        annotated: true,
        returns,
        receiver: None,
        returns_error: false,
        native_returns: None,
        package: None,
    })
}

pub fn arg(name: &str, value: Expr) -> Argument {
    Argument {
        parameter: name.to_owned(),
        ty: value.ty.clone(),
        passing: Passing::Keyword,
        value: ArgumentValue::Expr(value),
        native: None,
    }
}

pub fn key() -> Argument {
    Argument {
        parameter: "idempotency_key".to_owned(),
        ty: Type::String,
        passing: Passing::Keyword,
        value: ArgumentValue::IdempotencyKey,
        native: None,
    }
}

pub fn call(task: &str, callable: Callable, args: Vec<Argument>, effect: Effect) -> TaskCall {
    TaskCall {
        task: task.to_owned(),
        callable,
        args,
        policy: Policy::default(),
        effect,
        idempotent: false,
        in_doubt: InDoubt::Retry,
        barrier: effect == Effect::Write,
        uses: Vec::new(),
        cache: None,
        fallback: None,
        compensate: None,
    }
}

pub fn step(id: &str, ty: Type, kind: StepKind) -> Step {
    Step {
        id: id.to_owned(),
        anonymous: false,
        when: None,
        critical: true,
        deadline_ms: None,
        needs: Vec::new(),
        ty,
        kind,
    }
}

pub fn task(id: &str, call: TaskCall) -> Step {
    step(id, call.callable.returns().clone(), StepKind::Task(Box::new(call)))
}

pub fn record(fields: &[(&str, Type)]) -> Type {
    Type::Record(fields.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
}

pub fn parallel(id: &str, branches: Vec<Step>) -> Step {
    let ty = Type::Record(branches.iter().map(|branch| (branch.id.clone(), branch.ty.clone())).collect());
    step(id, ty, StepKind::Parallel { branches, max_concurrency: None, on_failure: OnFailure::Cancel })
}

pub fn retries(retries: u32) -> Policy {
    Policy { retries: Some(retries), initial_ms: 10, jitter: Jitter::None, ..Policy::default() }
}

pub fn plan(workflow: &str, durable: bool, inputs: Vec<Input>, steps: Vec<Step>, output: Expr) -> Plan {
    Plan {
        format: conductor_protocol::FORMAT_VERSION,
        workflow: workflow.to_owned(),
        language: Language::Python,
        entrypoint: true,
        durable,
        deadline_ms: None,
        concurrency: None,
        schedule: None,
        resources: Vec::new(),
        inputs,
        steps,
        output,
        types: TypeTable::new(),
    }
}

pub fn given(name: &str, ty: Type) -> Input {
    Input { name: name.to_owned(), ty, default: None, secret: false }
}

/// A project in a folder of its own: the user's modules and the emitted package.
pub struct Project {
    pub dir: tempfile::TempDir,
}

impl Project {
    pub fn new(modules: &[(&str, &str)], plans: &[Plan]) -> Project {
        let dir = tempfile::tempdir().unwrap();
        let project = Project { dir };
        for (name, text) in modules {
            project.write(name, text);
        }
        for (name, text) in emitted(plans) {
            project.write(&format!("conductor_gen/{name}"), &text);
        }
        project
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// What the Python tools have to say about the package; nothing is what they should say.
    pub fn check(&self) {
        crate::strict::check(self.dir.path());
    }

    /// Runs `script` beside the package, with a peer that takes every record of a journal.
    pub fn python_with_peer(&self, script: &str) -> String {
        self.write("peer.py", include_str!("../../../../runtimes/python/tests/peer.py"));
        self.python(script)
    }

    /// Runs `script` beside the package, without a sidecar, and gives back what it printed.
    pub fn python(&self, script: &str) -> String {
        self.write("script.py", script);
        let output = Command::new(tool("python"))
            .args(["-X", "dev", "-W", "error", "script.py"])
            .current_dir(self.dir.path())
            .env_remove("CONDUCTOR_SOCKET")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", text_of(&output));
        // On a loaded machine asyncio's debug mode finds callbacks slow.
        let said = String::from_utf8_lossy(&output.stderr);
        let is_slow = |line: &str| line.starts_with("Executing <") && line.ends_with(" seconds");
        assert!(said.lines().all(is_slow), "{}", text_of(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

pub fn emitted(plans: &[Plan]) -> BTreeMap<String, String> {
    emit(plans).unwrap()
}

pub fn emit(plans: &[Plan]) -> Result<BTreeMap<String, String>, EmitError> {
    conductor_emit::emit(plans, &Target::new(Language::Python, "conductor_gen"), &HEADER)
}

pub fn text_of(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A Python tool of the pinned set.
pub fn tool(name: &str) -> PathBuf {
    let path = root().join("target/venv/bin").join(name);
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}
