//! The compiler's work: a manifest of 200 tasks is checked, and code is written for 20 workflows in each language.

use std::fmt::Write as _;

use conductor_driver::{Answer, DirEntry, Need, Outcome, Schemas, Wanted, compile_for};
use conductor_emit::{Header, Target, emit};
use conductor_protocol::plan::{Language, Plan};

use crate::counted;

const CHECKED: usize = 200;
const EMITTED: usize = 20;
const STEPS_OF_A_WORKFLOW: usize = 10;

pub fn check() {
    let (manifest, code) = (manifest(CHECKED, "app."), python(CHECKED));
    let outcome = counted(|| compiled(&manifest, "app.py", &code));
    assert_eq!(outcome.diagnostics, []);
}

pub fn emit_python() {
    let (manifest, code) = (manifest(EMITTED, "app."), python(EMITTED));
    written(&compiled(&manifest, "app.py", &code), &Target::new(Language::Python, "conductor_gen"));
}

pub fn emit_typescript() {
    let mut code = "export async function start(orderId: string): Promise<number> { return 1; }\n".to_owned();
    for n in 0..EMITTED {
        let _infallible = writeln!(
            code,
            "export async function work{n}(count: number, label: string): Promise<number> {{ return count; }}"
        );
    }
    let manifest = manifest(EMITTED, "ts:app.").replace("work_", "work");
    written(&compiled(&manifest, "app.ts", &code), &Target::new(Language::Typescript, "conductor_gen"));
}

pub fn emit_go() {
    let mut code = "package app\n\nimport \"context\"\n\n\
        func Start(ctx context.Context, orderID string) (int, error) { return 1, nil }\n"
        .to_owned();
    for n in 0..EMITTED {
        let _infallible = writeln!(
            code,
            "func Work{n}(ctx context.Context, count int, label string) (int, error) {{ return count, nil }}"
        );
    }
    let manifest =
        manifest(EMITTED, "go:shop/app.").replace("work_", "Work").replace("app.start", "app.Start");
    let target =
        Target { go_package: Some("shop/conductorgen"), ..Target::new(Language::Go, "conductorgen") };
    written(&compiled(&manifest, "app/app.go", &code), &target);
}

fn written(outcome: &Outcome, target: &Target<'_>) {
    let plans: &[Plan] = outcome.compiled.as_ref().map_or(&[], |compiled| &compiled.plans);
    assert!(!plans.is_empty(), "{:?}", outcome.diagnostics);
    let header = Header { manifest: "concurrency.yaml", version: "0" };
    let files = counted(|| emit(plans, target, &header)).unwrap();
    assert!(files.values().any(|text| text.contains("flow_1")));
}

/// Compiles with one file of code, and what a module of Go needs.
fn compiled(manifest: &str, path: &str, code: &str) -> Outcome {
    let files = [(path, code), ("go.mod", "module shop\n\ngo 1.26\n")];
    let entry = |(name, is_dir): (&str, bool)| DirEntry { name: name.to_owned(), is_dir };
    let mut fetch = |need: &Need| match need {
        Need::File(wanted) => match files.iter().find(|(known, _)| known == wanted) {
            Some((_, text)) => Answer::File(text.as_bytes().to_vec()),
            None => Answer::Missing,
        },
        Need::Directory(folder) if folder == "." => {
            let top =
                files.map(|(path, _)| path.split_once('/').map_or((path, false), |(top, _)| (top, true)));
            Answer::Directory(top.map(entry).to_vec())
        }
        Need::Directory(folder) => {
            let inside = files.iter().filter_map(|(path, _)| path.strip_prefix(folder)?.strip_prefix('/'));
            let entries: Vec<DirEntry> = inside.map(|name| entry((name, false))).collect();
            if entries.is_empty() { Answer::Missing } else { Answer::Directory(entries) }
        }
        _ => Answer::Missing,
    };
    let bytes = manifest.as_bytes();
    compile_for(Wanted::Findings, Schemas::Pinned, "concurrency.yaml", bytes, None, &mut fetch)
}

fn python(tasks: usize) -> String {
    let mut code = "async def start(order_id: str) -> int: ...\n".to_owned();
    for n in 0..tasks {
        let _infallible = writeln!(code, "async def work_{n}(count: int, label: str) -> int: ...");
    }
    code
}

/// Workflows of ten steps, as `bench/compile.py` makes them.
fn manifest(tasks: usize, module: &str) -> String {
    let mut text =
        format!("version: \"1.0\"\ntasks:\n  - {{id: start, ref: \"{module}start\", effect: read}}\n");
    for n in 0..tasks {
        let _infallible = writeln!(
            text,
            "  - {{id: task_{n}, ref: \"{module}work_{n}\", policy: careful, idempotent: true}}"
        );
    }
    text.push_str("policies:\n  - {id: careful, retries: 3, timeout: 2s}\nworkflows:\n");
    for first in (0..tasks).step_by(STEPS_OF_A_WORKFLOW) {
        let number = first / STEPS_OF_A_WORKFLOW;
        let _infallible = write!(
            text,
            "  - id: flow_{number}\n    input: {{order_id: string, items: list<int>}}\n    deadline: 10m\n    steps:\n      - task: start\n"
        );
        (first..first + STEPS_OF_A_WORKFLOW).for_each(|n| text.push_str(&step(n, n - first)));
    }
    text
}

fn step(n: usize, place: usize) -> String {
    let call =
        format!("task: task_{n}, with: {{count: \"${{start + {n}}}\", label: \"${{input.order_id}}-{n}\"}}");
    match place {
        3 => format!("      - parallel:\n          - {{{call}}}\n"),
        4 => format!("          - {{{call}}}\n"),
        6 => format!(
            "      - switch:\n          - {{when: '${{start > {n}}}', steps: [{{{call}}}]}}\n          - default: [{{sleep: 1s}}]\n"
        ),
        8 => format!("      - map: {{over: '${{input.items}}', as: item, steps: [{{{call}}}]}}\n"),
        _ => format!("      - {{{call}}}\n"),
    }
}
