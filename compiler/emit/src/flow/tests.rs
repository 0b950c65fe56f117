//! The analysis held to small Plans, construct by construct.

use conductor_protocol::expr::{Expr, Literal, Node};
use conductor_protocol::plan::{
    Case, Catch, Language, Loop, LoopTest, Map, OnExhausted, OnFailure, Plan, Step, StepKind, Try,
};
use conductor_protocol::types::{Type, TypeTable};

use super::{At, Flow, Region, Source, Var};

fn step(id: &str, ty: Type, kind: StepKind) -> Step {
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

/// A step with a result, and the expressions that it reads.
fn reading(id: &str, ty: Type, reads: Vec<Expr>) -> Step {
    let args = reads.into_iter().enumerate().map(|(at, value)| (format!("p{at}"), value)).collect();
    let call = conductor_protocol::plan::WorkflowCall {
        workflow: "child".to_owned(),
        durable: false,
        args,
        barrier: false,
        detach: false,
    };
    step(id, ty, StepKind::Workflow(call))
}

fn leaf(id: &str, ty: Type) -> Step {
    reading(id, ty, Vec::new())
}

fn result(id: &str, ty: Type) -> Expr {
    Expr { ty, node: Node::Step(id.to_owned()) }
}

fn truth() -> Expr {
    Expr { ty: Type::Bool, node: Node::Literal(Literal::Bool(true)) }
}

fn sequence(id: &str, steps: Vec<Step>) -> Step {
    let ty = steps.last().map_or(Type::Null, |last| last.ty.clone());
    step(id, ty, StepKind::Sequence { steps })
}

fn parallel(id: &str, branches: Vec<Step>) -> Step {
    let fields = branches.iter().map(|branch| (branch.id.clone(), branch.ty.clone()));
    let ty = Type::Record(fields.collect());
    step(id, ty, StepKind::Parallel { branches, max_concurrency: None, on_failure: OnFailure::Cancel })
}

fn switch(id: &str, ty: Type, cases: Vec<(bool, Vec<Step>)>) -> Step {
    let cases = cases.into_iter().map(|(tests, steps)| Case { when: tests.then(truth), steps });
    step(id, ty, StepKind::Switch { cases: cases.collect() })
}

fn fail(id: &str) -> Step {
    let message = Expr { ty: Type::String, node: Node::Literal(Literal::String(String::new())) };
    step(id, Type::Null, StepKind::Fail { error: "Broken".to_owned(), message })
}

fn plan(steps: Vec<Step>, output: Expr) -> Plan {
    Plan {
        format: conductor_protocol::FORMAT_VERSION,
        workflow: "flow".to_owned(),
        language: Language::Python,
        entrypoint: true,
        durable: true,
        deadline_ms: None,
        concurrency: None,
        schedule: None,
        resources: Vec::new(),
        inputs: Vec::new(),
        steps,
        output,
        types: TypeTable::new(),
    }
}

fn var(id: &str) -> Var {
    Var::Step(id.to_owned())
}

fn optional(ty: Type) -> Type {
    Type::optional(ty)
}

#[test]
fn steps_of_one_id_in_exclusive_branches_are_one_variable() {
    let cases = vec![
        (true, vec![leaf("found", Type::Int), reading("use", Type::Null, vec![result("found", Type::Int)])]),
        (false, vec![leaf("found", Type::String)]),
    ];
    let both = Type::union([Type::Int, Type::String]);
    let plan = plan(vec![switch("choice", both.clone(), cases)], result("found", both.clone()));
    let flow = Flow::new(&plan);
    let inside = plan.steps[0].kind.bodies()[0];
    assert_eq!(flow.ty(&var("found"), flow.at(&inside[1])), Type::Int);
    assert_eq!(flow.ty(&var("found"), At::End), both);
    assert_eq!(flow.whole_ty(&var("found")), both);
    assert_eq!(flow.leaves(Region::Step(&plan.steps[0])), [var("found")]);
    assert_eq!(flow.leaves(Region::Step(&inside[0])), [var("found")]);
    assert!(flow.reads(Region::Step(&plan.steps[0])).is_empty());
    assert!(flow.is_result_read(&plan.steps[0].kind.bodies()[1][0]));
    // Nobody reads the block itself.
    assert!(!flow.is_read(&var("choice")));
}

#[test]
fn what_not_every_case_leaves_may_be_null_unless_the_others_end_the_run() {
    let open = switch("open", optional(Type::Int), vec![(true, vec![leaf("a", Type::Int)])]);
    let failing = vec![(true, vec![leaf("b", Type::Int)]), (false, vec![fail("stop")])];
    let closed = switch("closed", Type::Int, failing);
    let plan = plan(vec![open, closed], result("closed", Type::Int));
    let flow = Flow::new(&plan);
    assert_eq!(flow.ty(&var("a"), At::End), optional(Type::Int));
    assert_eq!(flow.ty(&var("b"), At::End), Type::Int);
    // The result of a switch is that of the last step in each case.
    assert!(flow.is_result_read(&plan.steps[1].kind.bodies()[0][0]));
    assert!(!flow.is_result_read(&plan.steps[0].kind.bodies()[0][0]));
}

#[test]
fn what_was_tried_may_be_missing_where_its_failure_is_handled() {
    let handler = reading("told", Type::Int, vec![result("tried", optional(Type::Int))]);
    let catch = Catch { errors: Vec::new(), variable: "error".to_owned(), steps: vec![handler] };
    let block = Try {
        steps: vec![leaf("tried", Type::Int)],
        catches: vec![catch],
        finally: vec![leaf("last", Type::Bool)],
    };
    let plan =
        plan(vec![step("block", Type::Int, StepKind::Try(Box::new(block)))], result("block", Type::Int));
    let flow = Flow::new(&plan);
    let bodies = plan.steps[0].kind.bodies();
    let in_handler = flow.at(&bodies[1][0]);
    assert_eq!(flow.ty(&var("tried"), in_handler), optional(Type::Int));
    assert_eq!(flow.ty(&var("tried"), flow.at(&bodies[2][0])), optional(Type::Int));
    assert_eq!(flow.ty(&var("tried"), flow.at_end_of(&plan.steps[0], 0)), Type::Int);
    assert_eq!(flow.ty(&var("tried"), At::End), optional(Type::Int));
    assert_eq!(flow.ty(&var("last"), At::End), Type::Bool);
    let error = flow.variable("error", in_handler).unwrap_or(var(""));
    assert_eq!(Some(&error), flow.bound_by(&plan.steps[0], 0).as_ref());
    assert_eq!(flow.ty(&error, in_handler), super::caught());
    assert_eq!(flow.variable("error", At::End), None);
    assert_eq!(flow.reads(Region::Body(&plan.steps[0], 1)), [var("tried")]);
    assert_eq!(flow.leaves(Region::Body(&plan.steps[0], 0)), [var("tried")]);
}

#[test]
fn items_of_maps_are_variables_of_their_own_and_steps_inside_are_hidden() {
    let map = |id: &str, item: Type| {
        let read = Expr { ty: item.clone(), node: Node::Variable("item".to_owned()) };
        let over = Expr { ty: Type::List(Box::new(item.clone())), node: Node::List(Vec::new()) };
        let steps = vec![reading(&format!("{id}_inner"), Type::Int, vec![read])];
        let map = Map { over, variable: "item".to_owned(), item, max_concurrency: None, steps };
        step(id, Type::List(Box::new(Type::Int)), StepKind::Map(Box::new(map)))
    };
    let list = Type::List(Box::new(Type::Int));
    let plan = plan(vec![map("one", Type::Int), map("two", Type::String)], result("two", list));
    let flow = Flow::new(&plan);
    let names: Vec<String> = flow.variables().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["item", "one", "one_inner", "item", "two", "two_inner"]);
    let of = |index: usize| flow.variable("item", flow.at(&plan.steps[index].kind.bodies()[0][0]));
    assert_ne!(of(0), of(1));
    assert_eq!(of(1).map(|var| flow.ty(&var, At::End)), Some(Type::String));
    assert!(flow.is_repeated(&plan.steps[0].kind.bodies()[0][0]));
    assert!(!flow.is_repeated(&plan.steps[0]));
    assert_eq!(flow.reads(Region::Body(&plan.steps[1], 0)), of(1).into_iter().collect::<Vec<_>>());
    assert!(flow.reads(Region::Step(&plan.steps[1])).is_empty());
    assert!(flow.is_result_read(&plan.steps[1].kind.bodies()[0][0]));
    assert!(!flow.is_result_read(&plan.steps[0].kind.bodies()[0][0]));
}

#[test]
fn a_loop_inside_is_what_its_last_iteration_came_to() {
    let condition = result("poll", Type::Int);
    let body = vec![reading("ask", Type::Int, vec![result("poll", optional(Type::Int))])];
    let repeat = Loop {
        test: LoopTest::Until,
        condition,
        max_iterations: 3,
        every_ms: None,
        on_exhausted: OnExhausted::Fail,
        steps: body,
    };
    let plan =
        plan(vec![step("poll", Type::Int, StepKind::Loop(Box::new(repeat)))], result("poll", Type::Int));
    let flow = Flow::new(&plan);
    let ask = &plan.steps[0].kind.bodies()[0][0];
    let last = flow.last_of(&plan.steps[0]).unwrap_or(var(""));
    assert_eq!(flow.source("poll", flow.at(ask)), Source::Var(last.clone()));
    assert_eq!(flow.ty(&last, flow.at(ask)), optional(Type::Int));
    assert_eq!(flow.ty(&last, flow.at_end_of(&plan.steps[0], 0)), Type::Int);
    assert_eq!(flow.source("poll", At::End), Source::Var(var("poll")));
    assert_eq!(flow.reads(Region::Step(ask)), [last]);
    assert!(flow.reads(Region::Step(&plan.steps[0])).is_empty());
}

#[test]
fn plain_blocks_are_made_by_their_readers_and_guarded_ones_keep_their_result() {
    let plain = parallel("plain", vec![leaf("a", Type::Int), sequence("b", vec![leaf("c", Type::Int)])]);
    let mut guarded = parallel("guarded", vec![leaf("d", Type::Int)]);
    guarded.when = Some(truth());
    guarded.ty = optional(guarded.ty);
    let whole = result("plain", plain.ty.clone());
    let branch =
        Expr { ty: Type::Int, node: Node::Field { of: Box::new(whole.clone()), name: "b".to_owned() } };
    let kept = result("guarded", guarded.ty.clone());
    let plan = plan(
        vec![plain, reading("one", Type::Null, vec![branch]), guarded],
        Expr { ty: Type::Any, node: Node::List(vec![kept]) },
    );
    let flow = Flow::new(&plan);
    assert!(matches!(flow.source("plain", At::End), Source::Branches(branches) if branches.len() == 2));
    // Only the branch that is read.
    assert_eq!(flow.leaves(Region::Step(&plan.steps[0])), [var("c")]);
    assert_eq!(flow.source("guarded", At::End), Source::Var(var("guarded")));
    assert!(flow.is_kept(&plan.steps[2]) && !flow.is_kept(&plan.steps[0]));
    assert_eq!(flow.leaves(Region::Step(&plan.steps[2])), [var("guarded")]);
    assert_eq!(flow.leaves(Region::Step(&plan.steps[2].kind.bodies()[0][0])), [var("d")]);
    assert_eq!(flow.ty(&var("d"), At::End), optional(Type::Int));
    assert_eq!(flow.ty(&var("d"), flow.at_end_of(&plan.steps[2], 0)), Type::Int);
}

#[test]
fn a_race_reads_its_branches_and_hides_them() {
    let both = Type::union([Type::Int, Type::String]);
    let branches = vec![leaf("quick", Type::Int), sequence("slow", vec![leaf("inner", Type::String)])];
    let plan = plan(vec![step("race", both.clone(), StepKind::Race { branches })], result("race", both));
    let flow = Flow::new(&plan);
    let branches = plan.steps[0].kind.bodies()[0];
    assert_eq!(flow.leaves(Region::Step(&branches[0])), [var("quick")]);
    assert_eq!(flow.leaves(Region::Step(&branches[1])), [var("inner")]);
    assert_eq!(flow.leaves(Region::Step(&plan.steps[0])), [var("race")]);
}

#[test]
fn a_hundred_blocks_inside_each_other_are_no_trouble() {
    let nested = (0..100).fold(leaf("inmost", Type::Int), |inner, depth| {
        let id = format!("block_{depth}");
        match depth % 2 {
            0 => sequence(&id, vec![inner]),
            _ => switch(&id, Type::optional(inner.ty.clone()), vec![(true, vec![inner])]),
        }
    });
    let plan = plan(vec![nested], result("inmost", optional(Type::Int)));
    let flow = Flow::new(&plan);
    assert_eq!(flow.steps().count(), 101);
    assert_eq!(flow.ty(&var("inmost"), At::End), optional(Type::Int));
}
