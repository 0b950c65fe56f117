//! Graphs: steps in the order of their needs, which are written or follow from the data.
//!
//! It knows which step waits for which, not when one ends.

use std::collections::{BTreeMap, BTreeSet};

use conductor_model::{Step, StepKind};
use conductor_source::{Diagnostic, Edit, Safety};
use conductor_syntax::{Kind, Node};

use super::{Binder, Inner, blocks};
use crate::codes;
use crate::graph as bound;
use crate::scope::Value;
use conductor_model::names::{nearest, snake_case};

impl<'a> Binder<'_, 'a> {
    pub(super) fn graph(&mut self, steps: &'a [Step], here: usize) -> Inner {
        let ids = self.ids;
        let positions = &ids.place(here).children;
        let needs: Vec<BTreeSet<usize>> =
            steps.iter().enumerate().map(|(at, step)| self.needs(step, at, positions)).collect();
        let order = self.order(steps, positions, &needs);
        let mut owners: BTreeMap<String, usize> = BTreeMap::new();
        let mut bound_steps: BTreeMap<usize, bound::Step> = BTreeMap::new();
        for at in order {
            let before = self.scope.mark();
            let bound_step = self.step(&steps[at], positions[at]);
            owners.extend(self.scope.since(before).map(|name| (name.to_owned(), at)));
            let Some(mut bound_step) = bound_step else { continue };
            // What binding found by name or by type is waited for, too.
            let read = bound_step.reads().into_iter().filter_map(|name| owners.get(&name).copied());
            let all: BTreeSet<usize> =
                needs[at].iter().copied().chain(read).filter(|other| *other != at).collect();
            bound_step.needs = all.into_iter().map(|other| ids.place(positions[other]).id.clone()).collect();
            bound_step.needs.sort();
            bound_steps.insert(at, bound_step);
        }
        let bound_steps: Vec<bound::Step> = bound_steps.into_values().collect();
        let ty = blocks::record(&bound_steps);
        Inner::new(bound::StepKind::Graph(bound_steps), ty, self.broken)
    }

    /// The siblings that a step names, in `needs`, in an expression or as a parameter.
    fn needs(&mut self, step: &Step, at: usize, positions: &[usize]) -> BTreeSet<usize> {
        let mut needs = BTreeSet::new();
        for id in &step.needs {
            let is_it = |position: &usize| {
                let place = self.ids.place(*position);
                !place.anonymous && place.id == id.value
            };
            match positions.iter().position(is_it) {
                Some(sibling) => {
                    needs.insert(sibling);
                }
                None => self.unknown_need(id, positions),
            }
        }
        let mut names = BTreeSet::new();
        self.wants(step, &mut names);
        let owner = |name: &String| {
            let ancestor = self.ids.ancestor_among(self.ids.find(name)?, positions)?;
            positions.iter().position(|position| *position == ancestor)
        };
        needs.extend(names.iter().filter_map(owner).filter(|other| *other != at));
        needs
    }

    fn unknown_need(&mut self, id: &conductor_model::Id, positions: &[usize]) {
        if self.ids.has_broken() {
            return;
        }
        let siblings: Vec<&str> = positions
            .iter()
            .map(|position| self.ids.place(*position))
            .filter(|place| !place.anonymous)
            .map(|place| place.id.as_str())
            .collect();
        let message = format!("no step of this graph is called `{}`", id.value);
        let finding = Diagnostic::error(codes::NEEDS, message, id.span, "needed here");
        self.broken = true;
        let finding = match nearest(&id.value, siblings.iter().copied()) {
            Some(near) => finding.help(format!("did you mean `{near}`?")).fix(
                format!("replace it by `{near}`"),
                Safety::Unsafe,
                vec![Edit { span: id.span, text: self.shared.manifest.syntax.word(near) }],
            ),
            None => match self.ids.find(&id.value) {
                Some(elsewhere) => finding
                    .label(self.ids.place(elsewhere).span, "this one stands elsewhere")
                    .help("a step waits for the steps beside it in its graph; what stands before the graph has ended"),
                None => finding.help("name a step that stands in the same `graph`"),
            },
        };
        self.found.diagnostics.push(finding);
    }

    /// The steps so that each comes after those it needs, else in the order of the text. A cycle is reported.
    fn order(&mut self, steps: &[Step], positions: &[usize], needs: &[BTreeSet<usize>]) -> Vec<usize> {
        let mut order = Vec::new();
        let mut left: BTreeSet<usize> = (0..steps.len()).collect();
        let mut waiting: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
        for (at, needed) in needs.iter().enumerate() {
            needed.iter().for_each(|other| dependents[*other].push(at));
        }
        let mut ready: BTreeSet<usize> = left.iter().copied().filter(|at| waiting[*at] == 0).collect();
        while let Some(at) = ready.pop_first() {
            left.remove(&at);
            order.push(at);
            for dependent in &dependents[at] {
                waiting[*dependent] -= 1;
                if waiting[*dependent] == 0 {
                    ready.insert(*dependent);
                }
            }
        }
        if !left.is_empty() {
            let finding = self.cycle(positions, needs, &left);
            self.found.diagnostics.push(finding);
            self.broken = true;
            // That some of them are not there yet for the others follows from the cycle.
            for place in left.iter().map(|at| self.ids.place(positions[*at])).filter(|place| !place.anonymous)
            {
                self.scope.add_step(&place.id, Value::reported(place.span));
            }
            order.extend(left);
        }
        order
    }

    fn cycle(&self, positions: &[usize], needs: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Diagnostic {
        let mut path: Vec<usize> = left.iter().copied().take(1).collect();
        let ring = loop {
            let next = path.last().and_then(|last| needs[*last].iter().find(|other| left.contains(other)));
            let Some(next) = next.copied() else { break path };
            if let Some(begin) = path.iter().position(|at| *at == next) {
                break path.split_off(begin);
            }
            path.push(next);
        };
        let place = |at: usize| self.ids.place(positions[at]);
        let mut names: Vec<&str> = ring.iter().map(|at| place(*at).id.as_str()).collect();
        names.extend(names.first().copied());
        let message = format!("steps of this graph wait for each other: {}", names.join(" -> "));
        let first = ring.first().map_or(0, |at| *at);
        let mut finding = Diagnostic::error(
            codes::GRAPH_CYCLE,
            message,
            place(first).span,
            format!("waits for `{}`", names[1]),
        );
        for (index, at) in ring.iter().enumerate().skip(1) {
            finding = finding.label(place(*at).span, format!("waits for `{}`", names[index + 1]));
        }
        finding.note("none of them would ever start").help("remove one of the dependencies")
    }

    /// The names that a step may read: those in its expressions, and its parameters.
    pub(super) fn wants(&self, step: &Step, names: &mut BTreeSet<String>) {
        let mut pending = vec![step];
        while let Some(step) = pending.pop() {
            step.when.iter().for_each(|node| names_in(node, names));
            step.with.iter().for_each(|(_, node)| names_in(node, names));
            self.parameters(step, names);
            match &step.kind {
                StepKind::Map(map) => names_in(&map.over, names),
                StepKind::Switch(cases) => {
                    cases.iter().flat_map(|case| &case.when).for_each(|node| names_in(node, names));
                }
                StepKind::Loop(repeat) => names_in(&repeat.condition, names),
                StepKind::Sleep(conductor_model::Sleep::Computed(node)) | StepKind::Return(node) => {
                    names_in(node, names);
                }
                StepKind::Emit(emit) => {
                    emit.data.iter().chain(&emit.run).for_each(|node| names_in(node, names));
                }
                StepKind::Set(values) => values.iter().for_each(|(_, node)| names_in(node, names)),
                StepKind::Fail(fail) => fail.message.iter().for_each(|node| names_in(node, names)),
                _ => {}
            }
            pending.extend(step.children());
        }
    }

    /// What a call would bind by name.
    fn parameters(&self, step: &Step, names: &mut BTreeSet<String>) {
        let sections = self.shared.sections;
        let of_task: &[(conductor_model::Id, Node)] = match &step.kind {
            StepKind::Task(id) => sections
                .tasks
                .get(id.value.as_str())
                .map_or(&[], |at| self.shared.manifest.tasks[*at].with.as_slice()),
            _ => &[],
        };
        of_task.iter().for_each(|(_, node)| names_in(node, names));
        let given = |name: &str| step.with.iter().chain(of_task).any(|(id, _)| snake_case(&id.value) == name);
        let mut add = |name: &str| {
            let name = snake_case(name);
            if !given(&name) {
                names.insert(name);
            }
        };
        match &step.kind {
            StepKind::Task(id) => {
                let task = sections.tasks.get(id.value.as_str()).map(|at| &self.shared.tasks[*at]);
                let signature = task.and_then(|task| task.signature.as_ref());
                signature
                    .iter()
                    .flat_map(|signature| signature.all_parameters())
                    .for_each(|one| add(&one.name));
            }
            StepKind::Workflow { callee, .. } => {
                let position = sections.workflows.get(callee.value.as_str());
                let callee = position.and_then(|at| self.shared.finished.get(at));
                callee.iter().flat_map(|callee| &callee.inputs).for_each(|input| add(&input.name));
            }
            _ => {}
        }
    }
}

/// The roots of the names in every expression of a value.
pub(super) fn names_in(node: &Node, names: &mut BTreeSet<String>) {
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| names_in(item, names)),
        Kind::Map(entries) => entries.iter().for_each(|entry| names_in(&entry.value, names)),
        Kind::String(_) => {
            names.extend(crate::value::mentioned(node).into_iter().filter_map(|name| match name {
                crate::graph::ValueName::Step(name) => Some(name),
                _ => None,
            }));
        }
        _ => {}
    }
}
