//! `init`: a manifest from annotated functions, from what is found, or from nothing; what it says; what it survives.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use serde_json::Value;

use crate::support::Project;

const SHOP: &str = "\
from dataclasses import dataclass


@dataclass
class User:
    id: str


@dataclass
class Charge:
    id: str


# conductor: task send_receipt uses=mailer
async def send(charge: Charge) -> None:
    pass


# conductor: task charge compensate=refund policy=patient
async def pay(user: User, amount: int, idempotency_key: str) -> Charge:
    return Charge(user.id)


# conductor: task refund idempotent
async def refund(result: Charge) -> None:
    pass


# conductor: task fetch_user effect=read
def get_user(user_id: str) -> User | None:
    return User(user_id)


# conductor: task check effect=read
def check(user: User) -> bool:
    return True


# conductor: task numbers
def numbers():
    yield 1
";

fn shop() -> Project {
    let project = Project::empty();
    project.write("src/shop/__init__.py", "");
    project.write("src/shop/work.py", SHOP);
    project
}

/// What became of the thing that stands there.
fn became<'a>(document: &'a Value, file: &str, found: &str) -> &'a Value {
    let rows = document["found"].as_array().unwrap();
    let row = rows.iter().find(|row| row["file"] == file && row["found"] == found);
    row.unwrap_or_else(|| panic!("no {file} {found} in {document:#}"))
}

#[test]
fn annotated_functions_become_tasks_in_an_order_that_works() {
    let project = shop();
    project
        .conductor(&["init"])
        .says(0, &["src/shop/work.py:30", "function get_user", "task fetch_user", "next:"]);
    let text = project.read("concurrency.yaml");
    for part in [
        "targets:\n  - language: python\n    root: src\n",
        "  - id: fetch_user\n    ref: shop.work.get_user\n    effect: read\n",
        "  - id: charge\n    ref: shop.work.pay\n    policy: patient\n    compensate: refund\n",
        "  - id: patient\n    retries: 3\n    strategy: exponential_backoff\n    timeout: 30s\n",
        "  - id: mailer\n    kind: semaphore\n",
        "      - task: fetch_user\n      - task: charge\n        when: ${fetch_user != null}\n      # `send_receipt` and \
         `check` take nothing of each other: could they stand in one `parallel`?\n      - task: send_receipt\n        \
         when: ${charge != null}\n      - task: check\n        when: ${fetch_user != null}\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(!text.contains("task: refund"), "what undoes another is no step: {text}");
    project.conductor(&["check"]).says(0, &[]);
    project.conductor(&["fmt", "--check"]).says(0, &[]);
}

#[test]
fn what_was_left_out_is_told_with_the_reason() {
    let project = shop();
    project.write("src/stray.py", "# conductor: task lost\n\nx = 1\n");
    project.write("src/not-a-module.py", "# conductor: task f\ndef f(): ...\n");
    project.write("tools/own.py", "# conductor: task own\ndef own(): ...\n");
    project.write("src/twice.py", "# conductor: task charge\ndef again() -> int: ...\n");
    let (code, document) = project.json(&["init", "--dry-run"]);
    assert_eq!(code, Some(0));
    assert!(!project.path().join("concurrency.yaml").exists());
    for (file, found, reason) in [
        ("src/shop/work.py", "function numbers", "it is a generator function"),
        ("src/stray.py", "annotation", "no function that can be a task stands right below it"),
        ("src/not-a-module.py", "function f", "no import leads to it: `not-a-module` is not a name"),
        ("tools/own.py", "function own", "its imports begin in `.`, those of most others in `src`"),
        (
            "src/twice.py",
            "function again",
            "src/shop/work.py:20 has the id `charge`: name another in the annotation",
        ),
    ] {
        let row = became(&document, file, found);
        assert_eq!((row["became"].as_str(), row["reason"].as_str()), (None, Some(reason)), "{row}");
    }
    assert_eq!(became(&document, "src/shop/work.py", "function pay")["became"], "task charge");
    assert!(document["text"].as_str().unwrap().contains("task: fetch_user"));
}

#[test]
fn hcl_says_the_same() {
    let project = shop();
    project.conductor(&["init", "--hcl"]).says(0, &["wrote concurrency.hcl"]);
    project.conductor(&["fmt", "--check"]).says(0, &[]);
    let (_, hcl) = project.json(&["plan"]);
    fs::remove_file(project.path().join("concurrency.hcl")).unwrap();
    project.conductor(&["init"]).says(0, &[]);
    let (_, yaml) = project.json(&["plan"]);
    assert_eq!(hcl["workflows"], yaml["workflows"]);
    assert_eq!(hcl["workflows"][0]["workflow"], "main");
}

#[test]
fn what_does_not_bind_is_taken_out_with_the_words_of_the_checker() {
    let project = Project::empty();
    // Nobody can write down an `A`, so it can be no input.
    project.write(
        "jobs.py",
        "class A: ...\n\n# conductor: task opaque\nasync def f(handle: A) -> int:\n    return 1\n\n\
         # conductor: task fine\nasync def g(n: int) -> int:\n    return n\n",
    );
    project
        .conductor(&["init"])
        .says(0, &["task fine", "task opaque: not in the workflow: the input `handle`"]);
    let text = project.read("concurrency.yaml");
    assert!(
        text.contains("id: opaque") && text.contains("# `opaque` is not called: the input `handle`"),
        "{text}"
    );
    project.conductor(&["check"]).says(0, &[]);
}

#[test]
fn services_of_the_tree_are_suggested() {
    let project = shop();
    project.write(
        "compose.yaml",
        "services:\n  db:\n    image: postgres:16\n  api:\n    ports: ['80:8080']\n  cron: {}\n",
    );
    project.write("protos/auth.proto", "service Auth {\n  rpc Check(Q) returns (A);\n}\n");
    project.write(
        "openapi.json",
        r#"{"openapi": "3.1.0", "info": {"title": "Users API"}, "paths": {"/u": {"get": {"operationId": "getUser"}}}}"#,
    );
    project.write(".env.example", "export POSTGRES_URL=postgres://localhost\n");
    project.write("src/store.py", "import psycopg\n\n# conductor: task load effect=read\nasync def load(db: psycopg.AsyncConnection, key: str) -> int:\n    return 1\n");
    let (_, document) = project.json(&["init"]);
    let text = project.read("concurrency.yaml");
    for part in [
        "  - id: db\n    kind: postgres\n    url: ${env.POSTGRES_URL}\n",
        "  # - id: api\n  #   kind: container\n  #   port: 8080\n",
        "  # - id: auth\n  #   kind: grpc\n  #   address: ${env.AUTH_ADDRESS}\n  #   proto: protos/auth.proto\n",
        "  # - id: users_api\n  #   kind: http\n  #   url: ${env.USERS_API_URL}\n  #   openapi: openapi.json\n",
        "  # - id: get_user\n  #   ref: users_api.getUser\n",
        // The id `check` is taken by a function.
        "  # - id: auth_check\n  #   ref: auth.Check\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(became(&document, "compose.yaml", "compose service cron")["reason"], "it publishes no port");
    project.conductor(&["check"]).says(0, &[]);
}

#[test]
fn nothing_annotated_gives_suggestions_and_a_manifest_that_holds() {
    let project = Project::empty();
    project.write("payment_service.py", "def charge(user: str, amount: int) -> str: ...\n\ndef _own(x: int) -> int: ...\n\ndef main() -> None: ...\n");
    project.write("tests/test_it.py", "def check_it(x: int) -> int: ...\n");
    project.write("util.py", "def pad(x): ...\n");
    for (arguments, name) in [(&["init"][..], "concurrency.yaml"), (&["init", "--hcl"], "concurrency.hcl")] {
        project.conductor(arguments).says(0, &["task charge, commented out", "no annotation"]);
        let text = project.read(name);
        assert!(
            text.contains("payment_service.py:1: public, typed, named after what it does (charge)"),
            "{text}"
        );
        assert!(!text.contains("check_it") && !text.contains("_own") && !text.contains("pad"), "{text}");
        project.conductor(&["check"]).says(0, &["no findings"]);
        project.conductor(&["fmt", "--check"]).says(0, &[]);
        fs::remove_file(project.path().join(name)).unwrap();
    }
    project.conductor(&["init"]).says(0, &[]);
    // What is uncommented is a task.
    let live: String = project.read("concurrency.yaml").lines().map(uncommented).collect();
    project.write("concurrency.yaml", live);
    project.conductor(&["check"]).says(0, &["1 piece of advice"]);
}

fn uncommented(line: &str) -> String {
    let code = ["# tasks:", "#   - ", "#     "].iter().any(|start| line.starts_with(start));
    format!("{}\n", if code { line[2..].to_owned() } else { line.to_owned() })
}

#[test]
fn an_empty_folder_gets_an_example_that_builds() {
    for hcl in [false, true] {
        let project = Project::empty();
        let arguments = if hcl { vec!["init", "--hcl"] } else { vec!["init"] };
        project
            .conductor(&arguments)
            .says(0, &["this is an example", "no findings", "next: conductor build"]);
        project.conductor(&["build"]).says(0, &["1 workflow"]);
        project.conductor(&["fmt", "--check"]).says(0, &[]);
        assert!(project.read("greetings.py").contains("def compose(name: str) -> Greeting:"));
    }
}

#[test]
fn a_manifest_that_is_there_is_not_touched() {
    let project = Project::hello();
    let before = project.files();
    project.conductor(&["init"]).says(2, &["is there already", "conductor init --update"]);
    project.conductor(&["init", "--hcl"]).says(2, &["is there already"]);
    assert_eq!(project.files(), before);
    let (code, document) = project.json(&["init"]);
    assert_eq!((code, document["error"]["kind"].as_str()), (Some(2), Some("usage")));
}

#[test]
fn the_state_is_kept_out_of_a_repository() {
    let project = shop();
    fs::create_dir(project.path().join(".git")).unwrap();
    project.write(".gitignore", "*.pyc");
    project.conductor(&["init"]).says(0, &["wrote concurrency.yaml, .gitignore"]);
    assert_eq!(project.read(".gitignore"), "*.pyc\n.conductor/\n");
    fs::remove_file(project.path().join("concurrency.yaml")).unwrap();
    project.conductor(&["init"]).says(0, &["wrote concurrency.yaml\n"]);
    assert_eq!(project.read(".gitignore"), "*.pyc\n.conductor/\n");
}

#[test]
fn a_hostile_tree_is_survived() {
    let project = shop();
    let root = project.path();
    std::os::unix::fs::symlink(root, root.join("src/loop")).unwrap();
    std::os::unix::fs::symlink("/", root.join("outside")).unwrap();
    let strange = std::ffi::OsStr::from_bytes(b"\xff\xfe.py");
    fs::write(root.join(strange), "# conductor: task strange\ndef f(): ...\n").unwrap();
    fs::write(root.join("src/bytes.py"), b"# conductor: task bytes\n\xff\ndef f(): ...\n").unwrap();
    fs::write(root.join("src/nul.py"), b"# conductor: task nul\n\0\0\0def f(): ...\n").unwrap();
    let made = std::process::Command::new("mkfifo").arg(root.join("src/pipe.py")).status().unwrap();
    assert!(made.success());
    project.write(
        "src/deep.py",
        format!("# conductor: task deep\nx = {}1{}\n", "(".repeat(90_000), ")".repeat(90_000)),
    );
    fs::write(root.join("src/large.py"), vec![b'#'; 5 << 20]).unwrap();
    for passed_over in ["node_modules/a", "target", ".venv/lib", "vendor/b", "conductor_gen", "env"] {
        project.write(&format!("{passed_over}/f.py"), "# conductor: task hidden\ndef hidden(): ...\n");
    }
    project.write("env/pyvenv.cfg", "");
    project.write("ignored/f.py", "# conductor: task hidden\ndef hidden(): ...\n");
    project.write(".gitignore", "/ignored/\n");
    let (code, document) = project.json(&["init"]);
    assert_eq!(code, Some(0));
    for (file, found, reason) in [
        (".", "1 names", "not UTF-8"),
        ("src/bytes.py", "file", "line 2 is not UTF-8"),
        ("src/deep.py", "file", "nests too deeply"),
        ("src/large.py", "file or folder", "larger than 4 MiB"),
    ] {
        let row = became(&document, file, found);
        assert!(row["reason"].as_str().unwrap().contains(reason), "{row}");
    }
    assert!(!project.read("concurrency.yaml").contains("hidden"));
    project.conductor(&["check"]).says(0, &[]);
}

#[test]
fn each_language_gets_a_workflow() {
    let project = Project::empty();
    project.write("shop.py", "# conductor: task note\nasync def note(text: str) -> str:\n    return text\n");
    project.write("go.mod", "module example.com/shop\n\ngo 1.24\n");
    project.write(
        "pay/pay.go",
        "package pay\n\nimport \"context\"\n\n//conductor:task charge\nfunc Charge(ctx context.Context, amount int) (string, error) { \
         return \"\", nil }\n",
    );
    project.write("package.json", "{\"name\": \"shop\"}\n");
    project.write(
        "users.ts",
        "/** @conductor task fetch effect=read */\nexport async function getUser(id: string): Promise<string> { return id; }\n",
    );
    project.conductor(&["init"]).says(0, &["task note", "task charge", "task fetch"]);
    let text = project.read("concurrency.yaml");
    for part in [
        "ref: shop.note",
        "ref: pay.Charge",
        "ref: users.getUser",
        "id: main\n",
        "id: main_go",
        "id: main_typescript",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    project.conductor(&["check"]).says(0, &[]);
}

#[test]
fn a_language_that_only_folders_show_is_named() {
    let project = Project::empty();
    let hive = "export async function loadHive(id: string): Promise<string> { return id; }\n";
    project.write("src/hive.ts", hive);
    project.conductor(&["init"]).says(0, &["task load_hive, commented out"]);
    let text = project.read("concurrency.yaml");
    assert!(text.contains("targets:\n  - language: typescript\n    root: \".\"\n"), "{text}");
    project.write("concurrency.yaml", text.replace("# tasks:", "tasks:").replace("#   ", "  "));
    project.conductor(&["check"]).says(0, &["no workflow calls it"]);
    project.write("package.json", "{}\n");
    fs::remove_file(project.path().join("concurrency.yaml")).unwrap();
    project.conductor(&["init"]).says(0, &["task load_hive, commented out"]);
    assert!(!project.read("concurrency.yaml").contains("targets"));
}

#[test]
fn where_no_function_looks_like_a_task_nothing_is_called_a_suggestion() {
    let project = Project::empty();
    project.write("farm.py", "def apples(count: int) -> int:\n    return count\n");
    let said = project.conductor(&["init"]);
    said.says(0, &["no annotation", "annotate functions", "no findings"]);
    assert!(!said.stdout.contains("take the `#` away"), "{}", said.stdout);
    let manifest = project.read("concurrency.yaml");
    assert!(manifest.contains("none looks like a task") && !manifest.contains("suggestion"), "{manifest}");
    project.conductor(&["fmt", "--check"]).says(0, &[]);
}
