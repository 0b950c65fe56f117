//! Branches that make the same call: one function for all of them, which is told whose call it is.
//!
//! Engines make one function fast sooner than many, and so do readers. It knows what the function of a bare call looks
//! like; every other one stays that of its step.

use conductor_protocol::plan::{Step, StepKind};

use super::mentions;
use super::names::camel;
use super::tree::{Function, Item, Param, Stmt, Ts, Ty};
use super::workflow::Workflow;

/// The function of one branch: it makes a call, and names the step where that fails.
struct Single<'f> {
    function: &'f Function,
    call: &'f Ts,
    is_read: bool,
}

impl Workflow<'_> {
    /// Gives branches that make the same call one function; `calls` are those of the branches' own.
    pub fn share(&mut self, block: &Step, branches: &[Step], calls: &mut [Ts]) {
        let mut rest: Vec<usize> = (0..calls.len()).collect();
        while let Some(first) = rest.first().copied() {
            let same = self.same_as(first, &rest, calls);
            rest.retain(|index| *index != first && !same.contains(index));
            if same.len() > 1 {
                self.share_among(block, &same, branches, calls);
            }
        }
    }

    /// Which branches, this one included, make the same call.
    fn same_as(&self, first: usize, rest: &[usize], calls: &[Ts]) -> Vec<usize> {
        let Some(own) = self.single(&calls[first]) else { return Vec::new() };
        let is_same = |index: &usize| {
            self.single(&calls[*index])
                .is_some_and(|other| other.call == own.call && other.function.params == own.function.params)
        };
        rest.iter().copied().filter(is_same).collect()
    }

    fn share_among(&mut self, block: &Step, same: &[usize], branches: &[Step], calls: &mut [Ts]) {
        let StepKind::Task(task) = &branches[same[0]].kind else { return };
        let singles: Vec<Single<'_>> = same.iter().filter_map(|index| self.single(&calls[*index])).collect();
        // What nobody reads of one may be read of another.
        let Some(model) = singles.iter().find(|single| single.is_read).or(singles.first()) else { return };
        let mut function = model.function.clone();
        let names: Vec<String> = singles.iter().map(|single| single.function.name.clone()).collect();
        let is_own = |item: &Item| matches!(item, Item::Function(one) if names.contains(&one.name));
        let Some(place) = self.functions.iter().position(is_own) else { return };
        self.functions.retain(|item| !is_own(item));

        let mut id = "id".to_owned();
        while function.params.iter().any(|param| param.name == id)
            || mentions::in_statements(&function.body, &id)
        {
            id.push('_');
        }
        name_step(&mut function.body, &id);
        // Behind the run.
        function.params.insert(1, Param::typed(id, Ty::name("string")));
        function.name = self.file.names.fresh(&format!("{}As", camel(&task.task)));
        if let Some((_, what)) = function.doc.split_once(':') {
            function.doc = format!("A step of `{}`:{what}", block.id);
        }
        for index in same {
            let Ts::Call { callee, args, .. } = &mut calls[*index] else { continue };
            **callee = Ts::name(function.name.clone());
            args.insert(1, Ts::string(&branches[*index].id));
        }
        self.functions.insert(place, Item::Function(function));
    }

    /// The function that is called, where it is that of a bare call.
    fn single(&self, call: &Ts) -> Option<Single<'_>> {
        let function = self.callee_of(call)?;
        let [Stmt::Try { body, handler: Some((_, handler)), finally }] = function.body.as_slice() else {
            return None;
        };
        let names_the_step = matches!(handler.as_slice(), [Stmt::Throw(Ts::Call { callee, args, .. })]
            if **callee == Ts::path("run.failed") && matches!(args.first(), Some(Ts::String(_))));
        let takes_run = function.params.first().is_some_and(|param| param.name == "run");
        if !finally.is_empty() || !names_the_step || !takes_run {
            return None;
        }
        match body.as_slice() {
            [Stmt::Return(Some(call))] => Some(Single { function, call, is_read: true }),
            [Stmt::Expr(call)] => Some(Single { function, call, is_read: false }),
            _ => None,
        }
    }
}

/// The step that fails is the one that the function is told.
fn name_step(body: &mut [Stmt], id: &str) {
    let [Stmt::Try { handler: Some((_, handler)), .. }] = body else { return };
    let [Stmt::Throw(Ts::Call { args, .. })] = handler.as_mut_slice() else { return };
    if let Some(step) = args.first_mut() {
        *step = Ts::name(id);
    }
}
