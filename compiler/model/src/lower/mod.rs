//! The span tree into the nouns of the manifest, with every mistake of structure reported once.
//!
//! It knows which keys stand where and what form their values have, not whether names lead anywhere.

mod annotation;
pub(crate) mod cron;
pub(crate) mod duration;
pub(crate) mod fields;
pub(crate) mod ids;
pub(crate) mod number;
pub(crate) mod policy;
pub(crate) mod rate;
pub(crate) mod resource;
pub(crate) mod step;
pub(crate) mod task;
pub(crate) mod type_expr;
mod value;
pub(crate) mod words;
pub(crate) mod workflow;

use conductor_source::{Code, Diagnostic, Span};
use conductor_syntax::{Kind, Node, Syntax};

use crate::manifest::{Lost, LostNames, Manifest, Target};
pub use annotation::ANNOTATION;
use fields::{Fields, Shape};

pub const UNKNOWN_KEY: Code = Code("E050");
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
pub const BAD_RATE: Code = Code("E066");
pub const BAD_SCHEDULE: Code = Code("E067");
pub const KEY_OF_ANOTHER_KIND: Code = Code("E068");
pub const BAD_REQUEST: Code = Code("E069");

/// How deep blocks of steps may be nested: what comes after, down to the compilers of generated code, counts on it.
const MAX_BLOCKS: usize = 128;

/// The version of the manifest's language that this build reads.
pub(crate) const VERSION: &str = "1.0";

/// How many mistakes are reported at a time; nobody reads more, and showing them costs time.
const MAX_FINDINGS: usize = 200;

/// So many items are lowered in the time in which a workflow is bound.
const ITEMS_OF_A_WORKFLOW: usize = 4;
/// So many items of a section share what gathers while they are lowered.
const TOGETHER: usize = 16;

/// Where findings gather while a manifest is lowered.
pub(crate) struct Context {
    syntax: Syntax,
    diagnostics: Vec<Diagnostic>,
    lost: Lost,
    /// How many lists of steps are being read, each inside the one before.
    blocks: usize,
}

impl Context {
    fn new(syntax: Syntax) -> Context {
        Context { syntax, diagnostics: Vec::new(), lost: Lost::default(), blocks: 0 }
    }

    /// Takes what has gathered while a part was lowered by itself.
    fn add(&mut self, part: Context) {
        part.diagnostics.into_iter().for_each(|diagnostic| self.report(diagnostic));
        let (lost, more) = (&mut self.lost, part.lost);
        lost.tasks.add(more.tasks);
        lost.policies.add(more.policies);
        lost.resources.add(more.resources);
        lost.workflows.add(more.workflows);
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.diagnostics.len() < MAX_FINDINGS {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Notes that a part is left out, because of a mistake that is reported, and that nobody knows what it defines.
    fn lose_all(&mut self) {
        let lost = &mut self.lost;
        for section in [&mut lost.tasks, &mut lost.policies, &mut lost.resources, &mut lost.workflows] {
            section.any = true;
        }
    }
}

pub(crate) const ROOT: Shape =
    Shape::of("the manifest", &["version", "targets", "tasks", "policies", "resources", "workflows"]);

pub(crate) const TARGET: Shape = Shape::of("a target", &["language", "root", "out"]);

/// Lowers a manifest that is written in `syntax`. What could not be understood was reported and is left out; `lost`
/// says which names it may define.
#[must_use]
pub fn lower(tree: &Node, syntax: Syntax) -> (Manifest, Vec<Diagnostic>) {
    let mut context = Context::new(syntax);
    let mut manifest = Manifest {
        file: tree.span.file,
        syntax,
        targets: Vec::new(),
        tasks: Vec::new(),
        policies: Vec::new(),
        resources: Vec::new(),
        workflows: Vec::new(),
        policies_span: None,
        lost: Lost::default(),
    };
    if let Some(fields) = Fields::read(&mut context, tree, &ROOT) {
        sections(&mut context, &fields, &mut manifest);
        if fields.puzzling {
            context.lose_all();
        }
    }
    manifest.lost = context.lost;
    context.diagnostics.sort_by_key(|diagnostic| (diagnostic.span().start, diagnostic.code));
    (manifest, context.diagnostics)
}

fn sections(context: &mut Context, fields: &Fields, manifest: &mut Manifest) {
    version(context, fields);
    manifest.targets = items(context, fields, "targets", target).0;
    let (tasks, lost_tasks) = items(context, fields, "tasks", task::task);
    let (policies, lost_policies) = items(context, fields, "policies", policy::definition);
    manifest.policies_span = fields.get("policies").map(|entry| entry.value.span);
    let (resources, lost_resources) = items(context, fields, "resources", resource::resource);
    let (workflows, lost_workflows) = items(context, fields, "workflows", workflow::workflow);
    (manifest.tasks, manifest.policies, manifest.workflows) = (tasks, policies, workflows);
    context.lost.tasks.add(lost_tasks);
    manifest.resources = resources;
    context.lost.policies.add(lost_policies);
    context.lost.resources.add(lost_resources);
    context.lost.workflows.add(lost_workflows);
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

/// The items of a section that is a list, and the names of those that cannot be understood and are left out.
fn items<T: Send>(
    context: &mut Context,
    fields: &Fields,
    key: &str,
    lower: impl Fn(&mut Context, &Node) -> Option<T> + Sync,
) -> (Vec<T>, LostNames) {
    let (mut read, mut lost) = (Vec::new(), LostNames::default());
    let Some(entry) = fields.get(key) else { return (read, lost) };
    match &entry.value.kind {
        Kind::List(nodes) => {
            let syntax = context.syntax;
            let some: Vec<&[Node]> = nodes.chunks(TOGETHER).collect();
            let lowered = conductor_parallel::map(nodes.len() / ITEMS_OF_A_WORKFLOW, &some, |some| {
                let mut part = Context::new(syntax);
                let items: Vec<Option<T>> = some.iter().map(|node| lower(&mut part, node)).collect();
                (items, part)
            });
            read.reserve(nodes.len());
            for (some, (items, part)) in some.iter().zip(lowered) {
                context.add(part);
                for (node, item) in some.iter().zip(items) {
                    match (item, id_of(node)) {
                        (Some(item), _) => read.push(item),
                        (None, Some(id)) => lost.ids.push(id.to_owned()),
                        (None, None) => lost.any = true,
                    }
                }
            }
        }
        // An empty section says the same as none: a manifest often begins so.
        Kind::Null => {}
        _ => {
            value::wrong_kind(context, &entry.value, entry.key.span, &format!("a list of {key}"));
            lost.any = true;
        }
    }
    (read, lost)
}

/// The id of an item that could not be read as a whole.
fn id_of(node: &Node) -> Option<&str> {
    let Kind::Map(entries) = &node.kind else { return None };
    let entry = entries.iter().find(|entry| entry.key.text == "id")?;
    if let Kind::String(scalar) = &entry.value.kind { Some(&scalar.text) } else { None }
}

fn target(context: &mut Context, node: &Node) -> Option<Target> {
    let fields = Fields::read(context, node, &TARGET)?;
    let root = fields.get("root").and_then(|entry| value::string(context, entry));
    let out = fields.get("out").and_then(|entry| value::string(context, entry));
    let language = fields.require(context, "language")?;
    let language = words::choice(context, language, words::LANGUAGES)?;
    Some(Target { language, root, out })
}

/// Widens a place that has no width, such as that of a missing value, to the key before it.
fn visible(value: Span, key: Span) -> Span {
    if value.start == value.end { key } else { value }
}
