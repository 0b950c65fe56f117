//! How the types of a Plan are spelled in Python, and what follows from a type: names, immutability, wire form.
//!
//! It knows types only; the functions that encode them are written by `codecs`.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Plan, StepKind};
use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};

use super::elsewhere;
use super::names::{pascal, snake};
use super::operations::Operations;
use crate::flow::caught;
use crate::served;

/// Everything the Plans of one package say about types.
#[derive(Debug, Default)]
pub struct Types {
    pub table: TypeTable,
    /// Name of the `TypedDict` for each structural record, by workflow: two workflows never share one.
    records: BTreeMap<(String, Type), String>,
    /// Classes of other languages.
    foreign: BTreeSet<TypeName>,
    /// Name of the class for each type that a service's schema describes.
    schemas: BTreeMap<TypeName, String>,
    /// Parts of codecs' names that two types would have.
    ambiguous: BTreeSet<String>,
}

/// Records inside each other are named after the innermost from this many letters on.
const MAX_NAME: usize = 48;

/// Names in the package's modules that no class of a schema may take.
pub const SHARED_NAMES: [&str; 50] = [
    "Any",
    "Breaker",
    "Cache",
    "CircuitOpen",
    "Compensating",
    "Concurrency",
    "CurrentStep",
    "DeadlineExceeded",
    "Turns",
    "Undoable",
    "Undoing",
    "Branches",
    "Callable",
    "Deadline",
    "Decimal",
    "IntEnum",
    "Mapping",
    "NOTHING",
    "NotRequired",
    "Recorded",
    "Run",
    "Sequence",
    "StepFailed",
    "StrEnum",
    "TypedDict",
    "UUID",
    "Using",
    "Workflow",
    "_dt",
    "annotations",
    "Schema",
    "BaseException",
    "Exception",
    "Warning",
    "ValueError",
    "TypeError",
    "KeyError",
    "IndexError",
    "TimeoutError",
    "ConnectionError",
    "RuntimeError",
    "OutcomeUnknown",
    "RecordedError",
    "RunPaused",
    "RunRefused",
    "SidecarUnavailable",
    "WorkflowCancelled",
    "WorkflowError",
    "GrpcError",
    "HttpError",
];

impl Types {
    /// `serving`: Plans of other languages that call functions of this one.
    pub fn of(plans: &[Plan], serving: &[&Plan], operations: &Operations) -> Types {
        let mut types = Types::default();
        for plan in serving {
            types.table.extend(plan.types.iter().map(|(name, def)| (name.clone(), def.clone())));
        }
        for plan in plans {
            let clients = served::clients_elsewhere(plan);
            let known = || plan.types.iter().filter(|(name, _)| !clients.contains(name));
            types.foreign.extend(elsewhere::foreign(plan).into_iter().filter(|name| !clients.contains(name)));
            types.table.extend(known().map(|(name, def)| (name.clone(), def.clone())));
            types.name_records(plan);
        }
        for operation in operations.all() {
            let hint = pascal(&operation.name);
            types.name_record("", operation.callable.returns(), &format!("{hint}Reply"));
            for given in &operation.arguments {
                types.name_record("", &given.ty, &format!("{hint}{}", pascal(&given.parameter)));
            }
        }
        types.name_schemas();
        let mut seen = BTreeSet::new();
        for name in types.table.keys() {
            let slug = types.own_slug(name);
            if !seen.insert(slug.clone()) {
                types.ambiguous.insert(slug);
            }
        }
        types
    }

    /// The generated code itself defines these, each under a name of its own.
    fn name_schemas(&mut self) {
        let is_described = |name: &&TypeName| is_schema(name) || self.foreign.contains(name);
        let described: Vec<&TypeName> = self.table.keys().filter(is_described).collect();
        let mut taken: BTreeSet<String> = self.records.values().cloned().collect();
        taken.extend(SHARED_NAMES.iter().map(|name| (*name).to_owned()));
        for name in described {
            let mut class = class_name(&name.name);
            if taken.contains(&class) {
                class = class_name(&format!("{} {}", name.module.replace(':', " "), name.name));
            }
            while taken.contains(&class) || super::names::is_keyword(&class) {
                class.push('_');
            }
            taken.insert(class.clone());
            self.schemas.insert(name.clone(), class);
        }
    }

    /// The types that services describe, and their classes.
    pub fn schemas(&self) -> impl Iterator<Item = (&TypeName, &str)> {
        self.schemas.iter().map(|(name, class)| (name, class.as_str()))
    }

    /// The class of a type that a service describes.
    pub fn schema(&self, name: &TypeName) -> Option<&str> {
        self.schemas.get(name).map(String::as_str)
    }

    /// Whether a class of `_types.py` has this name.
    pub fn is_class(&self, name: &str) -> bool {
        let mut known = self.schemas.values().chain(self.records.values());
        known.any(|class| class == name)
    }

    fn own_slug(&self, name: &TypeName) -> String {
        snake(self.schema(name).unwrap_or(&name.name))
    }

    fn name_records(&mut self, plan: &Plan) {
        let workflow = pascal(&plan.workflow);
        self.name_record(&plan.workflow, &plan.output.ty, &format!("{workflow}Output"));
        for input in &plan.inputs {
            self.name_record(&plan.workflow, &input.ty, &format!("{workflow}{}", pascal(&input.name)));
        }
        for step in plan.all_steps() {
            if let StepKind::Try(block) = &step.kind
                && !block.catches.is_empty()
            {
                self.name_record(&plan.workflow, &caught(), &format!("{workflow}Error"));
            }
            self.name_record(&plan.workflow, &step.ty, &format!("{workflow}{}", pascal(&step.id)));
        }
    }

    /// An operation's records belong to no workflow.
    fn name_record(&mut self, of: &str, ty: &Type, hint: &str) {
        match ty {
            Type::Record(fields) => {
                let key = (of.to_owned(), ty.clone());
                if !self.records.contains_key(&key) {
                    let mut name = hint.to_owned();
                    while self.records.values().any(|taken| *taken == name) {
                        name.push('_');
                    }
                    self.records.insert(key, name);
                }
                for (field, ty) in fields {
                    let long = format!("{hint}{}", pascal(field));
                    let short = format!("{}{}", pascal(of), pascal(field));
                    self.name_record(of, ty, if long.len() > MAX_NAME { &short } else { &long });
                }
            }
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => self.name_record(of, inner, hint),
            Type::Union(members) => members.iter().for_each(|member| self.name_record(of, member, hint)),
            _ => {}
        }
    }

    /// The structural records and their names.
    pub fn records(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<String, Type>)> {
        self.records.iter().filter_map(|((workflow, ty), name)| match ty {
            Type::Record(fields) => Some((workflow.as_str(), name.as_str(), fields)),
            _ => None,
        })
    }

    /// Name of a record's `TypedDict`; an unnamed record (inside an expression) is a plain mapping.
    pub fn record(&self, workflow: &str, ty: &Type) -> Option<&str> {
        self.records.get(&(workflow.to_owned(), ty.clone())).map(String::as_str)
    }

    pub fn def(&self, name: &TypeName) -> Option<&TypeDef> {
        self.table.get(name)
    }

    /// Whether the type is an enum, or null beside one.
    pub fn is_enum(&self, ty: &Type) -> bool {
        crate::flow::is_enum(&self.table, ty)
    }

    /// Whether nobody can change a value of the type, so that all may share it.
    pub fn is_immutable(&self, ty: &Type) -> bool {
        crate::flow::is_immutable(&self.table, ty)
    }

    /// A part of a function's name that says the type: `list_of_user`, `str_or_none`.
    pub fn slug(&self, workflow: &str, ty: &Type) -> String {
        match ty {
            Type::Null => "none".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Int => "int".to_owned(),
            Type::Float => "float".to_owned(),
            Type::Decimal => "decimal".to_owned(),
            Type::String => "str".to_owned(),
            Type::Bytes => "bytes".to_owned(),
            Type::Timestamp => "datetime".to_owned(),
            Type::Date => "date".to_owned(),
            Type::Duration => "timedelta".to_owned(),
            Type::Uuid => "uuid".to_owned(),
            Type::Any => "any".to_owned(),
            Type::List(item) => format!("list_of_{}", self.item_slug(workflow, item)),
            Type::Map(item) => format!("map_of_{}", self.item_slug(workflow, item)),
            Type::Optional(inner) => format!("{}_or_none", self.slug(workflow, inner)),
            Type::Union(members) => {
                members.iter().map(|member| self.slug(workflow, member)).collect::<Vec<_>>().join("_or_")
            }
            Type::Record(_) => snake(self.record(workflow, ty).unwrap_or("record")),
            Type::Named(name) if self.ambiguous.contains(&self.own_slug(name)) => match self.schema(name) {
                Some(class) => format!("schema_{}", snake(class)),
                None => format!("{}_{}", snake(&name.module), snake(&name.name)),
            },
            Type::Named(name) => self.own_slug(name),
        }
    }

    /// `list<str?>` is not `list<str>?`, and is not called like it.
    fn item_slug(&self, workflow: &str, item: &Type) -> String {
        match item {
            Type::Optional(inner) => format!("optional_{}", self.item_slug(workflow, inner)),
            Type::Union(_) => format!("either_{}", self.slug(workflow, item)),
            _ => self.slug(workflow, item),
        }
    }
}

/// Whether a type is described by a service and not by code.
pub fn is_schema(name: &TypeName) -> bool {
    name.module.starts_with("grpc:") || name.module.starts_with("http:")
}

/// A name for a class: `order-item` as `OrderItem`, `Outer.Inner` as `OuterInner`.
fn class_name(name: &str) -> String {
    let ascii: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let class = pascal(&ascii);
    match class.chars().next() {
        None => "Unnamed".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("Type{class}"),
        Some(_) => class,
    }
}

/// Whether a structural record is part of the type, whose name depends on the workflow.
pub fn has_record(ty: &Type) -> bool {
    match ty {
        Type::Record(_) => true,
        Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => has_record(inner),
        Type::Union(members) => members.iter().any(has_record),
        _ => false,
    }
}

/// Whether the runtime itself has the codec.
pub fn is_scalar(ty: &Type) -> bool {
    !matches!(
        ty,
        Type::List(_) | Type::Map(_) | Type::Optional(_) | Type::Union(_) | Type::Record(_) | Type::Named(_)
    )
}
