//! Plans that are large in one direction: depth, branches, items, odd names, many runs.

use conductor_protocol::expr::{Expr, Node};
use conductor_protocol::plan::{LoopTest, Plan, Step};
use conductor_protocol::types::Type;

use crate::steps::{
    act, acting, attempt, graph, map, race, record_of, repeat, sequence, set, switch, tolerated, truth,
    variable, when,
};
use crate::structure::TASKS;
use crate::support::*;

/// Runs `body` in an event loop, after `prelude`.
fn run(project: &Project, name: &str, body: &str) -> String {
    project.write("script.json", "{}");
    let script = format!(
        "import asyncio\nimport logging\n\nfrom conductor_gen import {name}\nfrom peer import Peer\n\n\
         logging.disable()\npeer = Peer()\n\n\nasync def main() -> None:\n    \
         asyncio.get_running_loop().slow_callback_duration = 60\n{body}\n\n\nasyncio.run(main())\n"
    );
    project.python_with_peer(&script)
}

/// Every kind of block, again and again, around one step.
fn deep(durable: bool) -> Plan {
    let mut inner = act("inmost");
    for depth in 0..100 {
        let id = format!("block_{depth}");
        let beside = || act(&format!("beside_{depth}"));
        inner = match depth % 9 {
            0 => sequence(&id, vec![beside(), inner]),
            1 => parallel(&id, vec![inner, beside()]),
            2 => switch(&id, vec![(Some(truth(true)), vec![inner]), (None, vec![beside()])]),
            3 => attempt(&id, vec![inner], vec![(&[], vec![beside()])], vec![act(&format!("last_{depth}"))]),
            4 => repeat(&id, LoopTest::Until, truth(true), None, vec![inner]),
            5 => when(sequence(&id, vec![inner]), truth(true)),
            6 => map(&id, list_of(&[1]), &format!("item_{depth}"), Some(1), vec![inner]),
            7 => graph(&id, vec![(inner, &[]), (beside(), &[])]),
            _ => race(&id, vec![tolerated(inner)]),
        };
    }
    let output = result("block_99", inner.ty.clone());
    plan("deep", durable, vec![], vec![inner], output)
}

fn list_of(values: &[i64]) -> Expr {
    crate::steps::ints(values)
}

#[test]
fn a_hundred_blocks_inside_each_other_are_done() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[deep(durable)]);
        project.check();
        let printed = run(&project, "deep", "    print(str(await deep(run_id='r')).count('beside_97'))");
        assert_eq!(printed, "1\n", "{printed}");
    }
}

fn wide(durable: bool) -> Plan {
    let branches: Vec<Step> = (0..500).map(|at| act(&format!("branch_{at}"))).collect();
    let block = parallel("all", branches);
    let output = result("all", block.ty.clone());
    plan("wide", durable, vec![], vec![block], output)
}

#[test]
fn five_hundred_branches_are_one_block() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[wide(durable)]);
        let printed = run(&project, "wide", "    print(len(await wide(run_id='r')))");
        assert_eq!(printed, "500\n");
    }
}

fn long(durable: bool) -> Plan {
    let list = Type::List(Box::new(Type::Int));
    let steps = vec![acting("one", variable("n", Type::Int))];
    let over = expr(list.clone(), Node::Input("items".to_owned()));
    let each = map("each", over, "n", Some(16), steps);
    plan("long", durable, vec![given("items", list.clone())], vec![each], result("each", list))
}

#[test]
fn ten_thousand_items_go_sixteen_at_a_time() {
    for durable in [true, false] {
        let tasks = TASKS.replace("async def act(", "running, most = 0, 0\n\n\nasync def act(").replace(
            "    run, _, key = idempotency_key.partition(\"/\")\n",
            "    global running, most\n    running += 1\n    most = max(most, running)\n    await asyncio.sleep(0)\n    \
             running -= 1\n    return given\n    run, _, key = idempotency_key.partition(\"/\")\n",
        );
        let project = Project::new(&[("tasks.py", &tasks)], &[long(durable)]);
        let body = "    import tasks\n    items = list(range(10_000))\n    \
                    print(await long(items=items, run_id='r') == items, tasks.most)";
        assert_eq!(run(&project, "long", body), "True 16\n");
    }
}

/// Ids and variables that are keywords, builtins or names of the generated code.
fn hostile(durable: bool) -> Plan {
    let each = map(
        "map",
        list_of(&[1]),
        "lambda",
        None,
        vec![
            set("set_1", vec![("at", variable("lambda", Type::Int))]),
            acting("index", result("at", Type::Int)),
        ],
    );
    let looping = repeat(
        "while",
        LoopTest::Until,
        truth(true),
        None,
        vec![acting("caught", result("class", Type::Int))],
    );
    let block = attempt("try", vec![act("finally")], vec![(&[], vec![act("except")])], vec![act("raise")]);
    let racing = race("race", vec![act("lost"), act("branches")]);
    let steps = vec![
        act("class"),
        each,
        looping,
        block,
        racing,
        graph("each", vec![(act("lambda_"), &[]), (act("item"), &["lambda_"])]),
    ];
    let names = ["class", "while", "try", "race"];
    let output = record_of(names.iter().map(|name| (*name, result(name, Type::Int))).collect());
    plan("async", durable, vec![], steps, output)
}

#[test]
fn odd_names_of_blocks_are_kept_apart() {
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", TASKS)], &[hostile(durable)]);
        project.check();
        let printed = run(&project, "async_", "    print(sorted(await async_(run_id='r')))");
        assert_eq!(printed, "['class', 'race', 'try', 'while']\n");
    }
}

/// Blocks of every kind, in a workflow that is called over and over.
fn small(durable: bool) -> Plan {
    let both = parallel("both", vec![act("a"), act("b")]);
    let failing = attempt(
        "block",
        vec![crate::steps::fail("no", "Broken", string("no"))],
        vec![(&[], vec![act("c")])],
        vec![act("d")],
    );
    let steps = vec![
        both,
        race("first", vec![act("e"), act("f")]),
        failing,
        map("each", list_of(&[1, 2]), "n", None, vec![act("g")]),
    ];
    plan("small", durable, vec![], steps, result("first", Type::Int))
}

/// How often a workflow runs in the measured part: 100,000 runs when `CONDUCTOR_MANY_RUNS` says so.
fn many() -> usize {
    std::env::var("CONDUCTOR_MANY_RUNS").ok().and_then(|count| count.parse().ok()).unwrap_or(300)
}

#[test]
fn many_runs_leave_nothing_behind() {
    let tasks = TASKS.replace("    milliseconds, *outcome", "    return 1\n    milliseconds, *outcome");
    for durable in [true, false] {
        let project = Project::new(&[("tasks.py", &tasks)], &[small(durable)]);
        let body = format!(
            "    import gc, os, resource, threading, tracemalloc\n
    async def some(count):
        for at in range(count):
            await small(run_id=f'r{{at}}')
            peer.records.clear()
            peer.runs.clear()

    def left():
        gc.collect()
        return len(gc.get_objects()), threading.active_count(), len(os.listdir('/proc/self/fd')), len(asyncio.all_tasks())

    await some(100)
    before = left()
    await some({})
    after = left()
    print(after[1:] == before[1:], after[0] - before[0] < 200, after[0] - before[0] if after[0] - before[0] >= 200 else '')",
            many()
        );
        assert_eq!(run(&project, "small", &body), "True True \n", "durable: {durable}");
    }
}
