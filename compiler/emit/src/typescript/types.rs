//! What follows from the types of all Plans: names of records and of types that services or other languages describe.
//!
//! It knows types only; how a module spells them is decided by `file`, their codecs are written by `codecs`.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Language, Plan};
use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};

use super::names::pascal;
use super::operations::Operations;
use crate::served::Served;

/// Everything the Plans say about types.
#[derive(Debug, Default)]
pub struct Types {
    pub table: TypeTable,
    /// Name of the interface for each structural record, by workflow: two workflows never share one.
    records: BTreeMap<(String, Type), String>,
    /// Names of the types that the generated code itself defines.
    described: BTreeMap<TypeName, String>,
    /// Parts of codecs' names that two types would have.
    ambiguous: BTreeSet<String>,
}

/// Names that no generated type may take: globals, and what modules import beside them.
const SHARED: [&str; 47] = [
    "Array",
    "Boolean",
    "Date",
    "Error",
    "Map",
    "Number",
    "Object",
    "Promise",
    "Record",
    "Set",
    "String",
    "Symbol",
    "Uint8Array",
    "Partial",
    "Readonly",
    "AbortSignal",
    "Function",
    "BigInt",
    "JSON",
    "Math",
    "TypeError",
    "RangeError",
    "Run",
    "LocalRun",
    "RunOptions",
    "ServeOptions",
    "Recorded",
    "Workflow",
    "Task",
    "Pool",
    "Breaker",
    "Cache",
    "Custom",
    "Http",
    "StepFailed",
    "WorkflowError",
    "WorkflowCancelled",
    "RunPaused",
    "RunRefused",
    "RecordedError",
    "OutcomeUnknown",
    "SidecarUnavailable",
    "HttpError",
    "CircuitOpen",
    "CurrentStep",
    "SignalRefused",
    "GrpcError",
];

impl Types {
    /// `is_own`: whether a module is one of the user's in TypeScript.
    pub fn of(
        plans: &[Plan],
        table: TypeTable,
        is_own: impl Fn(&str) -> bool,
        served: &Served<'_>,
        operations: &Operations,
    ) -> Types {
        let mut types = Types { table, ..Types::default() };
        for plan in plans {
            types.name_records(plan);
        }
        for (name, found) in served.of_language(Language::Typescript) {
            let hint = pascal(name);
            types.name_record("", &found.function.returns, &format!("{hint}Result"));
            for parameter in &found.parameters {
                let argument = parameter.argument;
                types.name_record("", &argument.ty, &format!("{hint}{}", pascal(&argument.parameter)));
            }
        }
        for operation in operations.all() {
            let hint = pascal(&operation.name);
            types.name_record("", operation.callable.returns(), &format!("{hint}Result"));
            for given in &operation.arguments {
                types.name_record("", &given.ty, &format!("{hint}{}", pascal(&given.field)));
            }
        }
        types.name_described(&is_own);
        let mut seen = BTreeSet::new();
        for name in types.table.keys() {
            let slug = types.own_slug(name);
            if !seen.insert(slug.clone()) {
                types.ambiguous.insert(slug);
            }
        }
        types
    }

    fn name_described(&mut self, is_own: &impl Fn(&str) -> bool) {
        let described: Vec<TypeName> =
            self.table.keys().filter(|name| !is_own(&name.module)).cloned().collect();
        let mut taken = self.taken();
        for name in described {
            let mut wanted = type_name(&name.name);
            if taken.contains(&wanted) {
                wanted = type_name(&format!("{} {}", name.module, name.name));
            }
            while taken.contains(&wanted) {
                wanted.push('_');
            }
            taken.insert(wanted.clone());
            self.described.insert(name, wanted);
        }
    }

    fn taken(&self) -> BTreeSet<String> {
        SHARED.iter().map(|name| (*name).to_owned()).chain(self.records.values().cloned()).collect()
    }

    /// The types that the generated code defines, and their names.
    pub fn described(&self) -> impl Iterator<Item = (&TypeName, &str)> {
        self.described.iter().map(|(name, ours)| (name, ours.as_str()))
    }

    pub fn described_name(&self, name: &TypeName) -> Option<&str> {
        self.described.get(name).map(String::as_str)
    }

    fn own_slug(&self, name: &TypeName) -> String {
        pascal(self.described_name(name).unwrap_or(&name.name))
    }

    fn name_records(&mut self, plan: &Plan) {
        let workflow = pascal(&plan.workflow);
        self.name_record(&plan.workflow, &plan.output.ty, &format!("{workflow}Output"));
        for input in &plan.inputs {
            self.name_record(&plan.workflow, &input.ty, &format!("{workflow}{}", pascal(&input.name)));
        }
        for step in plan.all_steps() {
            self.name_record(&plan.workflow, &step.ty, &format!("{workflow}{}", pascal(&step.id)));
        }
    }

    /// A served task's records belong to no workflow.
    fn name_record(&mut self, of: &str, ty: &Type, hint: &str) {
        match ty {
            Type::Record(fields) => {
                let key = (of.to_owned(), ty.clone());
                if !self.records.contains_key(&key) {
                    let mut name = hint.to_owned();
                    // The interface of a workflow's inputs has a name of this sort.
                    while name.ends_with("Input") || self.records.values().any(|taken| *taken == name) {
                        name.push('_');
                    }
                    self.records.insert(key, name);
                }
                for (field, ty) in fields {
                    self.name_record(of, ty, &format!("{hint}{}", pascal(field)));
                }
            }
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => self.name_record(of, inner, hint),
            Type::Union(members) => members.iter().for_each(|member| self.name_record(of, member, hint)),
            _ => {}
        }
    }

    /// The structural records: their workflow, name and fields.
    pub fn records(&self) -> impl Iterator<Item = (&str, &str, &BTreeMap<String, Type>)> {
        self.records.iter().filter_map(|((workflow, ty), name)| match ty {
            Type::Record(fields) => Some((workflow.as_str(), name.as_str(), fields)),
            _ => None,
        })
    }

    /// Name of a record's interface; one inside an expression has none.
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

    /// Whether nobody can change a value of the type, so that all may share it. A `Date` and bytes can be changed here.
    pub fn is_immutable(&self, ty: &Type) -> bool {
        match ty {
            Type::Timestamp | Type::Bytes => false,
            Type::Optional(inner) => self.is_immutable(inner),
            Type::Union(members) => members.iter().all(|member| self.is_immutable(member)),
            other => crate::flow::is_immutable(&self.table, other),
        }
    }

    /// A part of a function's name that says the type: `ListOfUser`, `StringOrNull`.
    pub fn slug(&self, workflow: &str, ty: &Type) -> String {
        match ty {
            Type::Null => "Null".to_owned(),
            Type::Bool => "Bool".to_owned(),
            Type::Int => "Int".to_owned(),
            Type::Float => "Float".to_owned(),
            Type::Decimal => "Decimal".to_owned(),
            Type::String => "String".to_owned(),
            Type::Bytes => "Bytes".to_owned(),
            Type::Timestamp => "Timestamp".to_owned(),
            Type::Date => "Date".to_owned(),
            Type::Duration => "Duration".to_owned(),
            Type::Uuid => "Uuid".to_owned(),
            Type::Any => "Any".to_owned(),
            Type::List(item) => format!("ListOf{}", self.item_slug(workflow, item)),
            Type::Map(item) => format!("MapOf{}", self.item_slug(workflow, item)),
            Type::Optional(inner) => format!("{}OrNull", self.slug(workflow, inner)),
            Type::Union(members) => {
                members.iter().map(|member| self.slug(workflow, member)).collect::<Vec<_>>().join("Or")
            }
            // As it is: an underscore at its end keeps two apart.
            Type::Record(_) => self.record(workflow, ty).unwrap_or("Record").to_owned(),
            Type::Named(name) if self.ambiguous.contains(&self.own_slug(name)) => {
                match self.described_name(name) {
                    Some(ours) => format!("Described{}", pascal(ours)),
                    None => pascal(&format!("{} {}", name.module, name.name)),
                }
            }
            Type::Named(name) => self.own_slug(name),
        }
    }

    /// The name of what a list or a map has: "or" would read as if it were said of the whole.
    fn item_slug(&self, workflow: &str, item: &Type) -> String {
        match item {
            Type::Optional(inner) => format!("Nullable{}", self.item_slug(workflow, inner)),
            Type::Union(_) => format!("Either{}", self.slug(workflow, item)),
            _ => self.slug(workflow, item),
        }
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

/// A name for a type: `order-item` as `OrderItem`, `Outer.Inner` as `OuterInner`.
fn type_name(name: &str) -> String {
    let ascii: String =
        name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { ' ' }).collect();
    let name = pascal(&ascii);
    match name.strip_prefix('_') {
        Some(rest) => format!("Type{rest}"),
        None => name,
    }
}
