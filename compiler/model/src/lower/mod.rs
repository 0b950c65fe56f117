//! The span tree into the nouns of the manifest, with every mistake of structure reported once.
//!
//! It knows which keys stand where and what form their values have, not whether names lead anywhere.

mod duration;
mod fields;
mod ids;
mod number;
mod policy;
mod step;
mod task;
mod type_expr;
mod value;
mod words;
mod workflow;

use conductor_source::{Code, Diagnostic, Span};
use conductor_syntax::{Kind, Node};

use crate::manifest::{Manifest, Target};
use fields::{Fields, Shape};

pub const UNKNOWN_KEY: Code = Code("E050");
pub const NOT_SUPPORTED: Code = Code("E051");
pub const WRONG_KIND: Code = Code("E052");
pub const MISSING_KEY: Code = Code("E053");
pub const BAD_ID: Code = Code("E054");
pub const RESERVED_ID: Code = Code("E055");
pub const UNKNOWN_WORD: Code = Code("E056");
pub const BAD_DURATION: Code = Code("E057");
pub const GIVEN_TWICE: Code = Code("E058");
pub const OUT_OF_RANGE: Code = Code("E059");
pub const STEP_KIND: Code = Code("E060");
pub const EMPTY_BLOCK: Code = Code("E061");
pub const NOT_AN_EXPRESSION: Code = Code("E062");
pub const BAD_TYPE: Code = Code("E063");
pub const BAD_VERSION: Code = Code("E064");
pub const KEY_OF_ANOTHER_STEP: Code = Code("E065");

/// The version of the manifest's language that this build reads.
const VERSION: &str = "1.0";

/// How many mistakes are reported at a time; nobody reads more, and showing them costs time.
const MAX_FINDINGS: usize = 200;

/// Where findings gather while a manifest is lowered.
pub(crate) struct Context {
    diagnostics: Vec<Diagnostic>,
    /// Something was left out of the manifest because it could not be understood.
    incomplete: bool,
}

impl Context {
    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_FINDINGS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Notes that something that may define a name is left out, because of a mistake that is reported.
    fn lose(&mut self) {
        self.incomplete = true;
    }
}

const ROOT: Shape = Shape {
    noun: "the manifest",
    keys: &["version", "targets", "tasks", "policies", "workflows"],
    later: &["resources"],
    defines: true,
};

const TARGET: Shape =
    Shape { noun: "a target", keys: &["language", "root", "out"], later: &[], defines: false };

/// Lowers a manifest. What could not be understood was reported and is left out; then `incomplete` is set, and a name
/// that seems to be missing may stand in that part.
#[must_use]
pub fn lower(tree: &Node) -> (Manifest, Vec<Diagnostic>) {
    let mut context = Context { diagnostics: Vec::new(), incomplete: false };
    let mut manifest = Manifest {
        file: tree.span.file,
        targets: Vec::new(),
        tasks: Vec::new(),
        policies: Vec::new(),
        workflows: Vec::new(),
        policies_span: None,
        incomplete: false,
    };
    if let Some(fields) = Fields::read(&mut context, tree, &ROOT) {
        sections(&mut context, &fields, &mut manifest);
    }
    manifest.incomplete = context.incomplete;
    context.diagnostics.sort_by_key(|diagnostic| (diagnostic.span().start, diagnostic.code));
    (manifest, context.diagnostics)
}

fn sections(context: &mut Context, fields: &Fields, manifest: &mut Manifest) {
    version(context, fields);
    manifest.targets = items(context, fields, "targets", "targets", target);
    manifest.tasks = items(context, fields, "tasks", "tasks", task::task);
    manifest.policies = items(context, fields, "policies", "policies", policy::definition);
    manifest.policies_span = fields.get("policies").map(|entry| entry.value.span);
    manifest.workflows = items(context, fields, "workflows", "workflows", workflow::workflow);
}

fn version(context: &mut Context, fields: &Fields) {
    let Some(entry) = fields.get("version") else { return };
    let (text, span) = match &entry.value.kind {
        Kind::String(scalar) => (scalar.text.clone(), scalar.span),
        Kind::Float { text, .. } => (text.clone(), entry.value.span),
        Kind::Int(number) => (number.to_string(), entry.value.span),
        _ => return value::wrong_kind(context, &entry.value, entry.key.span, "a version, such as \"1.0\""),
    };
    if text != VERSION && text != "1" {
        let message = format!("this build reads manifests of version {VERSION}, this one says {text}");
        context.report(
            Diagnostic::error(BAD_VERSION, message, span, "").help("a newer `conductor` may read it"),
        );
    }
}

/// The items of a section that is a list; those that cannot be understood are left out.
fn items<T>(
    context: &mut Context,
    fields: &Fields,
    key: &str,
    what: &str,
    mut lower: impl FnMut(&mut Context, &Node) -> Option<T>,
) -> Vec<T> {
    let Some(entry) = fields.get(key) else { return Vec::new() };
    match &entry.value.kind {
        Kind::List(nodes) => {
            let read: Vec<T> = nodes.iter().filter_map(|node| lower(context, node)).collect();
            if read.len() < nodes.len() {
                context.lose();
            }
            read
        }
        // An empty section says the same as none: a manifest often begins so.
        Kind::Null => Vec::new(),
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, &format!("a list of {what}"));
            context.lose();
            Vec::new()
        }
    }
}

fn target(context: &mut Context, node: &Node) -> Option<Target> {
    let fields = Fields::read(context, node, &TARGET)?;
    let root = fields.get("root").and_then(|entry| value::string(context, entry));
    let out = fields.get("out").and_then(|entry| value::string(context, entry));
    let language = fields.require(context, "language")?;
    let language = words::language(context, language)?;
    Some(Target { language, root, out })
}

/// Widens a place that has no width, such as that of a missing value, to the key before it.
fn visible(value: Span, key: Span) -> Span {
    if value.start == value.end { key } else { value }
}
