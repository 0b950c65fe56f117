//! How the types of a Plan are spelled in Python, and what follows from a type: names, immutability, wire form.
//!
//! It knows types only; the functions that encode them are written by `codecs`.

use std::collections::{BTreeMap, BTreeSet};

use conductor_protocol::plan::{Plan, Step, StepKind};
use conductor_protocol::types::{Type, TypeDef, TypeName, TypeTable};

use super::names::{pascal, snake};

/// Everything the Plans of one package say about types.
#[derive(Debug, Default)]
pub struct Types {
    pub table: TypeTable,
    /// Name of the `TypedDict` for each structural record, by workflow: two workflows never share one.
    records: BTreeMap<(String, Type), String>,
    /// Classes that share a name with another module's.
    ambiguous: BTreeSet<String>,
}

impl Types {
    pub fn of(plans: &[Plan]) -> Types {
        let mut types = Types::default();
        for plan in plans {
            types.table.extend(plan.types.iter().map(|(name, def)| (name.clone(), def.clone())));
            types.name_records(plan);
        }
        let mut seen = BTreeSet::new();
        for name in types.table.keys() {
            if !seen.insert(snake(&name.name)) {
                types.ambiguous.insert(snake(&name.name));
            }
        }
        types
    }

    fn name_records(&mut self, plan: &Plan) {
        let workflow = pascal(&plan.workflow);
        self.name_record(plan, &plan.output.ty, &format!("{workflow}Output"));
        for input in &plan.inputs {
            self.name_record(plan, &input.ty, &format!("{workflow}{}", pascal(&input.name)));
        }
        for step in flattened(&plan.steps) {
            self.name_record(plan, &step.ty, &format!("{workflow}{}", pascal(&step.id)));
        }
    }

    fn name_record(&mut self, plan: &Plan, ty: &Type, hint: &str) {
        match ty {
            Type::Record(fields) => {
                let key = (plan.workflow.clone(), ty.clone());
                if !self.records.contains_key(&key) {
                    let mut name = hint.to_owned();
                    while self.records.values().any(|taken| *taken == name) {
                        name.push('_');
                    }
                    self.records.insert(key, name);
                }
                for (field, ty) in fields {
                    self.name_record(plan, ty, &format!("{hint}{}", pascal(field)));
                }
            }
            Type::List(inner) | Type::Map(inner) | Type::Optional(inner) => {
                self.name_record(plan, inner, hint)
            }
            Type::Union(members) => members.iter().for_each(|member| self.name_record(plan, member, hint)),
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
        matches!(ty.non_null(), Type::Named(name) if matches!(self.def(name), Some(TypeDef::Enum { .. })))
    }

    /// Whether nobody can change a value of the type, so that all may share it.
    pub fn is_immutable(&self, ty: &Type) -> bool {
        match ty {
            Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Any => false,
            Type::Named(_) => self.is_enum(ty),
            Type::Optional(inner) => self.is_immutable(inner),
            Type::Union(members) => members.iter().all(|member| self.is_immutable(member)),
            _ => true,
        }
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
            Type::List(item) => format!("list_of_{}", self.slug(workflow, item)),
            Type::Map(item) => format!("map_of_{}", self.slug(workflow, item)),
            Type::Optional(inner) => format!("{}_or_none", self.slug(workflow, inner)),
            Type::Union(members) => {
                members.iter().map(|member| self.slug(workflow, member)).collect::<Vec<_>>().join("_or_")
            }
            Type::Record(_) => snake(self.record(workflow, ty).unwrap_or("record")),
            Type::Named(name) if self.ambiguous.contains(&snake(&name.name)) => {
                format!("{}_{}", snake(&name.module), snake(&name.name))
            }
            Type::Named(name) => snake(&name.name),
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

/// The steps and all inside them, in order.
/// The steps directly inside a block that this generator writes.
pub fn inside(step: &Step) -> &[Step] {
    match &step.kind {
        StepKind::Sequence { steps } => steps,
        StepKind::Parallel { branches, .. } => branches,
        _ => &[],
    }
}

pub fn flattened(steps: &[Step]) -> Vec<&Step> {
    let mut all = Vec::new();
    for step in steps {
        all.push(step);
        all.extend(flattened(inside(step)));
    }
    all
}
