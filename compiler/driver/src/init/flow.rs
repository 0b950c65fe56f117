//! A first workflow of the tasks: their order, and what must be written for their parameters to find their values.
//!
//! It knows types and names only. What the functions really need of each other, the user decides.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::names::snake_case;
use conductor_model::{Parameter, ParameterKind, Signature};
use conductor_protocol::spell::qualified;
use conductor_protocol::types::{Type, TypeName};

/// A task that may be a step; in the order of files.
pub(super) struct Node<'a> {
    pub id: &'a str,
    pub signature: &'a Signature,
    /// Parameters that the clients of resources are handed to.
    pub handed: &'a BTreeSet<String>,
}

/// A step of the workflow.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Step {
    pub id: String,
    /// Where nothing would be bound, or the wrong thing.
    pub with: Vec<(String, String)>,
    /// Earlier results that must not be null.
    pub unless_null: Vec<String>,
    /// The earlier steps whose results it takes.
    pub needs: BTreeSet<String>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    pub steps: Vec<Step>,
    /// Inputs that must be declared, with their types.
    pub inputs: BTreeMap<String, String>,
}

/// The tasks, each after those whose results it takes, else as they are given.
pub(super) fn flow(nodes: &[Node<'_>]) -> Flow {
    let mut wiring = Wiring { nodes, flow: Flow::default(), visible: Vec::new(), inferred: BTreeMap::new() };
    for index in order(nodes) {
        wiring.step(index);
    }
    wiring.flow
}

/// Neighbours that take nothing of each other, as ranges of at least two steps.
pub(super) fn independent(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for index in 0..=steps.len() {
        let needs = |step: &Step| steps[start..index].iter().any(|earlier| step.needs.contains(&earlier.id));
        if steps.get(index).is_none_or(needs) {
            if index - start > 1 {
                found.push(start..index);
            }
            start = index;
        }
    }
    found
}

/// Of those that may come next always the first: ties keep their order, and a circle is entered at its first.
fn order(nodes: &[Node<'_>]) -> Vec<usize> {
    let before: Vec<BTreeSet<usize>> = (0..nodes.len()).map(|index| earlier(nodes, index)).collect();
    let mut left: BTreeSet<usize> = (0..nodes.len()).collect();
    let mut sorted = Vec::new();
    while let Some(first) = left.first().copied() {
        let ready = left.iter().copied().find(|index| before[*index].is_disjoint(&left));
        let next = ready.unwrap_or(first);
        left.remove(&next);
        sorted.push(next);
    }
    sorted
}

/// The tasks whose results a task may take.
fn earlier(nodes: &[Node<'_>], index: usize) -> BTreeSet<usize> {
    let own = &nodes[index];
    let mut found = BTreeSet::new();
    for parameter in values(own) {
        let name = snake_case(&parameter.name);
        for (other, node) in nodes.iter().enumerate().filter(|(other, _)| *other != index) {
            let by_name = node.id == name;
            let by_type = class(&parameter.ty).is_some_and(|wanted| {
                // What changes a value comes after what makes it, and among themselves they stand in their order.
                let gives = result(node) == Some(wanted);
                gives && (result(own) != Some(wanted) || !takes(node, wanted) || other < index)
            });
            if by_name || by_type {
                found.insert(other);
            }
        }
    }
    found
}

/// The parameters that want a value of the workflow.
fn values<'a>(node: &'a Node<'_>) -> impl Iterator<Item = &'a Parameter> {
    use ParameterKind::{Cancellation, VarKeyword, VarPositional};
    node.signature.all_parameters().filter(|parameter| {
        let name = snake_case(&parameter.name);
        let given = matches!(parameter.kind, Cancellation | VarKeyword | VarPositional);
        !given && name != "idempotency_key" && !node.handed.contains(&name)
    })
}

fn class(ty: &Type) -> Option<&TypeName> {
    match ty {
        Type::Named(class) => Some(class),
        _ => None,
    }
}

/// The class of the result, which may be null.
fn result<'a>(node: &Node<'a>) -> Option<&'a TypeName> {
    match &node.signature.returns {
        Type::Optional(inner) => class(inner),
        ty => class(ty),
    }
}

fn takes(node: &Node<'_>, wanted: &TypeName) -> bool {
    values(node).any(|parameter| class(&parameter.ty) == Some(wanted))
}

/// The result of an earlier step.
struct Visible<'a> {
    id: String,
    ty: &'a Type,
    may_be_null: bool,
    changes: bool,
}

struct Wiring<'a> {
    nodes: &'a [Node<'a>],
    flow: Flow,
    visible: Vec<Visible<'a>>,
    /// Inputs that the workflow gets because nothing else has a value.
    inferred: BTreeMap<String, Type>,
}

impl<'a> Wiring<'a> {
    fn step(&mut self, index: usize) {
        let node = &self.nodes[index];
        let mut step = Step { id: node.id.to_owned(), ..Step::default() };
        let wanted: Vec<&Parameter> = values(node).collect();
        for parameter in &wanted {
            let name = snake_case(&parameter.name);
            if let Some(position) = self.visible.iter().position(|value| value.id == name) {
                self.take(&mut step, position, &parameter.ty);
                continue;
            }
            match class(&parameter.ty) {
                Some(class) => {
                    let rivals = wanted.iter().filter(|other| other.ty == parameter.ty).count();
                    self.of_class(&mut step, parameter, class, rivals);
                }
                None => self.input(&mut step, parameter, &name),
            }
        }
        let changes = result(node).is_some_and(|class| takes(node, class));
        let may_be_null = matches!(node.signature.returns, Type::Optional(_)) || !step.unless_null.is_empty();
        self.visible.push(Visible { id: step.id.clone(), ty: &node.signature.returns, may_be_null, changes });
        self.flow.steps.push(step);
    }

    fn take(&self, step: &mut Step, position: usize, wanted: &Type) {
        let value = &self.visible[position];
        step.needs.insert(value.id.clone());
        let takes_null = matches!(wanted, Type::Optional(_) | Type::Any | Type::Null);
        if value.may_be_null && !takes_null && !step.unless_null.contains(&value.id) {
            step.unless_null.push(value.id.clone());
        }
    }

    /// Only a single value of the class binds by itself.
    fn of_class(&mut self, step: &mut Step, parameter: &Parameter, class: &TypeName, rivals: usize) {
        let name = snake_case(&parameter.name);
        let is_of = |value: &Visible<'_>| match value.ty {
            Type::Named(found) => found == class,
            Type::Optional(inner) => matches!(&**inner, Type::Named(found) if found == class),
            _ => false,
        };
        let found: Vec<usize> = (0..self.visible.len()).filter(|at| is_of(&self.visible[*at])).collect();
        match found[..] {
            [] => self.nothing(step, parameter, &name),
            [only] if rivals == 1 => self.take(step, only, &parameter.ty),
            _ => {
                let suffix = format!("_{name}");
                let named: Vec<usize> =
                    found.iter().copied().filter(|at| self.visible[*at].id.ends_with(&suffix)).collect();
                let latest = found.last().copied().filter(|at| rivals == 1 && self.visible[*at].changes);
                let chosen = if let [only] = named[..] { Some(only) } else { latest };
                match chosen {
                    Some(position) => {
                        let value = format!("${{{}}}", self.visible[position].id);
                        step.with.push((parameter.name.clone(), value));
                        self.take(step, position, &parameter.ty);
                    }
                    None => self.input(step, parameter, &name),
                }
            }
        }
    }

    /// A value whose type nobody knows could be what is wanted: then the input must be declared.
    fn nothing(&mut self, step: &mut Step, parameter: &Parameter, name: &str) {
        if parameter.default.is_some() {
            return;
        }
        let is_near = |value: &Visible<'_>| match value.ty {
            Type::Any => true,
            Type::Union(members) => members.contains(&parameter.ty),
            _ => false,
        };
        if self.visible.iter().any(is_near) {
            self.flow.inputs.insert(name.to_owned(), qualified(&parameter.ty));
        }
        self.input(step, parameter, name);
    }

    /// An input of the workflow, under a name of its own where the same name has another type already.
    fn input(&mut self, step: &mut Step, parameter: &Parameter, name: &str) {
        if parameter.default.is_some() {
            return;
        }
        match self.inferred.get(name) {
            Some(known) if *known != parameter.ty && *known != Type::Any && parameter.ty != Type::Any => {
                let own = format!("{}_{name}", step.id);
                self.flow.inputs.insert(own.clone(), qualified(&parameter.ty));
                step.with.push((parameter.name.clone(), format!("${{input.{own}}}")));
            }
            Some(known) if *known != Type::Any => {}
            _ => {
                self.inferred.insert(name.to_owned(), parameter.ty.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use conductor_model::{Callee, Function, Parameter, ParameterKind, Signature};
    use conductor_protocol::plan::Language;
    use conductor_protocol::types::{Type, TypeName};
    use conductor_source::{FileId, Span};

    use super::{Flow, Node, flow, independent};

    fn ty(text: &str) -> Type {
        if let Some(inner) = text.strip_suffix('?') {
            return Type::optional(ty(inner));
        }
        match text {
            "str" => Type::String,
            "int" => Type::Int,
            "any" => Type::Any,
            name => Type::Named(TypeName { module: "m".to_owned(), name: name.to_owned() }),
        }
    }

    /// `charge(user: User, n: int) -> Charge`
    fn signature(text: &str) -> (String, Signature) {
        let (name, rest) = text.split_once('(').expect("a name");
        let (parameters, returns) = rest.split_once(") -> ").expect("a result");
        let span = Span::new(FileId(0), 0, 0);
        let parameter = |text: &str| {
            let (name, of) = text.split_once(": ").expect("a type");
            Parameter {
                name: name.to_owned(),
                kind: ParameterKind::PositionalOrKeyword,
                ty: ty(of),
                annotated: true,
                default: None,
                span,
                native: None,
            }
        };
        let function = Function {
            language: Language::Python,
            module: "m".to_owned(),
            name: name.to_owned(),
            is_async: false,
            returns_error: false,
            receiver: None,
            native_returns: None,
            package: None,
        };
        let signature = Signature {
            callee: Callee::Function(function),
            parameters: parameters.split(", ").filter(|text| !text.is_empty()).map(parameter).collect(),
            returns: ty(returns),
            returns_span: None,
            doc: None,
            effect: None,
            idempotent: None,
            annotation: None,
            span,
        };
        (name.to_owned(), signature)
    }

    fn of(functions: &[&str]) -> Flow {
        let all: Vec<(String, Signature)> = functions.iter().map(|text| signature(text)).collect();
        let handed = BTreeSet::new();
        let nodes: Vec<Node<'_>> =
            all.iter().map(|(id, signature)| Node { id, signature, handed: &handed }).collect();
        flow(&nodes)
    }

    fn told(flow: &Flow) -> Vec<String> {
        let step = |step: &super::Step| {
            let with: String = step.with.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            let when: String = step.unless_null.iter().map(|id| format!(" when {id}")).collect();
            format!("{}{with}{when}", step.id)
        };
        flow.steps.iter().map(step).collect()
    }

    #[test]
    fn a_task_follows_what_it_takes() {
        let found = of(&[
            "send(charge: Charge, user: User) -> str",
            "pay(user: User, amount: int) -> Charge",
            "fetch(user_id: str) -> User",
            "stock(sku: str) -> int",
        ]);
        assert_eq!(told(&found), ["fetch", "pay", "send", "stock"]);
        assert_eq!(independent(&found.steps), std::slice::from_ref(&(2..4)));
    }

    #[test]
    fn what_may_be_null_is_asked_for() {
        let found =
            of(&["find(id: str) -> User?", "pay(user: User) -> Charge", "send(charge: Charge) -> str"]);
        assert_eq!(told(&found), ["find", "pay when find", "send when pay"]);
    }

    #[test]
    fn several_of_one_class_go_by_their_names() {
        let found = of(&[
            "pay(buyer: User, seller: User) -> str",
            "fetch_seller(id: str) -> User",
            "fetch_buyer(id: str) -> User",
        ]);
        assert_eq!(
            told(&found),
            ["fetch_seller", "fetch_buyer", "pay buyer=${fetch_buyer} seller=${fetch_seller}"]
        );
        let chain = of(&["check(user: User) -> User", "make(n: str) -> User", "use(user: User) -> str"]);
        assert_eq!(told(&chain), ["make", "check", "use user=${check}"]);
    }

    #[test]
    fn one_name_with_two_types_is_two_inputs() {
        let found = of(&["a(n: str) -> int", "b(n: int) -> int"]);
        assert_eq!(told(&found), ["a", "b n=${input.b_n}"]);
        assert_eq!(found.inputs.into_iter().collect::<Vec<_>>(), [("b_n".to_owned(), "int".to_owned())]);
        let unsure = of(&["a(n: str) -> any", "b(user: User) -> int"]);
        assert_eq!(unsure.inputs.into_iter().collect::<Vec<_>>(), [("user".to_owned(), "m.User".to_owned())]);
    }

    #[test]
    fn circles_end() {
        let found = of(&["a(x: X) -> Y", "b(y: Y) -> X", "c(c: C) -> C"]);
        assert_eq!(found.steps.len(), 3);
    }
}
