//! The schema in an editor: yaml-language-server completes, explains and underlines manifests with it.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::support::Project;

/// A language server, spoken to as editors do.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// What came while something else was awaited.
    waiting: VecDeque<Value>,
    folder: String,
    asked: u64,
}

impl Editor {
    /// Starts the server in a project that has the schema.
    fn open(project: &Project) -> Editor {
        let program = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../target/node/node_modules/yaml-language-server/bin/yaml-language-server");
        assert!(program.exists(), "{} is missing: run `cargo xtask setup`", program.display());
        let mut server = Command::new("node")
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = server.stdin.take().unwrap();
        let output = BufReader::new(server.stdout.take().unwrap());
        let folder = format!("file://{}", project.path().display());
        let mut editor = Editor { server, input, output, waiting: VecDeque::new(), folder, asked: 0 };
        let capabilities = json!({"textDocument": {
            "completion": {"completionItem": {"snippetSupport": true, "documentationFormat": ["markdown"]}},
            "hover": {"contentFormat": ["markdown"]},
        }});
        editor.ask(
            "initialize",
            &json!({"processId": null, "rootUri": editor.folder, "capabilities": capabilities}),
        );
        editor.tell("initialized", &json!({}));
        // Without the network: the catalogue of schemas is elsewhere.
        let settings = json!({"yaml": {
            "schemaStore": {"enable": false}, "completion": true, "hover": true, "validate": true,
        }});
        editor.tell("workspace/didChangeConfiguration", &json!({"settings": settings}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.receive(|message| message["id"] == id && message.get("method").is_none())["result"].clone()
    }

    /// The next message that `fits`. Requests of the server are answered with nothing.
    fn receive(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.waiting.iter().position(&fits) {
            return self.waiting.remove(at).unwrap();
        }
        loop {
            let message = self.read();
            if fits(&message) {
                return message;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                self.send(&json!({"jsonrpc": "2.0", "id": message["id"], "result": null}));
            } else {
                self.waiting.push_back(message);
            }
        }
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert_ne!(self.output.read_line(&mut line).unwrap(), 0, "the server has ended");
            if line == "\r\n" {
                break;
            }
            if let Some(number) = line.trim_end().strip_prefix("Content-Length: ") {
                length = number.parse().unwrap();
            }
        }
        let mut bytes = vec![0; length];
        self.output.read_exact(&mut bytes).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    /// Opens a manifest in which `|` marks the cursor; returns what names the cursor in a request.
    fn type_in(&mut self, name: &str, text: &str) -> Value {
        let text = format!("# yaml-language-server: $schema=schema.json\n{text}");
        let (before, after) = text.split_once('|').unwrap();
        let line = before.matches('\n').count();
        let character = before.rsplit('\n').next().unwrap().len();
        let uri = format!("{}/{name}", self.folder);
        let document =
            json!({"uri": uri, "languageId": "yaml", "version": 1, "text": format!("{before}{after}")});
        self.tell("textDocument/didOpen", &json!({"textDocument": document}));
        json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
    }

    /// The labels that are offered at the cursor.
    fn completions(&mut self, name: &str, text: &str) -> Vec<String> {
        let cursor = self.type_in(name, text);
        let answer = self.ask("textDocument/completion", &cursor);
        let items = answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
    }

    fn hover(&mut self, name: &str, text: &str) -> String {
        let cursor = self.type_in(name, text);
        self.ask("textDocument/hover", &cursor)["contents"].to_string()
    }

    /// The messages under a manifest, once it has been judged.
    fn findings(&mut self, name: &str, text: &str) -> Vec<String> {
        let cursor = self.type_in(name, text);
        let uri = &cursor["textDocument"]["uri"];
        let published = self.receive(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == *uri
        });
        let found = published["params"]["diagnostics"].as_array().cloned().unwrap_or_default();
        found.iter().filter_map(|finding| finding["message"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ended = self.server.kill();
        let _reaped = self.server.wait();
    }
}

fn project() -> Project {
    let project = Project::empty();
    project.conductor(&["export", "schema", "-o", "schema.json"]).says(0, &[]);
    project
}

const STEPS: &str = "workflows:\n  - id: w\n    steps:\n";

#[test]
fn steps_keys_and_words_are_completed() {
    let project = project();
    let mut editor = Editor::open(&project);
    let offered = editor.completions("a.yaml", &format!("{STEPS}      - |\n"));
    for word in ["task", "parallel", "switch", "wait_for", "try", "fail"] {
        assert!(offered.iter().any(|label| label == word), "{word}: {offered:?}");
    }
    let offered =
        editor.completions("b.yaml", &format!("{STEPS}      - parallel:\n          - task: a\n        |\n"));
    assert!(offered.contains(&"on_failure".to_owned()), "{offered:?}");
    assert!(!offered.contains(&"max_iterations".to_owned()), "{offered:?}");
    let offered = editor.completions("c.yaml", "policies:\n  - id: p\n    strategy: |\n");
    assert_eq!(offered, ["constant", "linear", "exponential_backoff"]);
    let offered = editor.completions("d.yaml", "|\n");
    assert!(offered.contains(&"workflows".to_owned()), "{offered:?}");
}

#[test]
fn keys_are_explained() {
    let project = project();
    let mut editor = Editor::open(&project);
    let shown = editor.hover("a.yaml", "policies:\n  - id: p\n    ret|ries: 3\n");
    assert!(shown.contains("How many attempts follow the first"), "{shown}");
    let shown = editor.hover("b.yaml", &format!("{STEPS}      - parall|el:\n          - task: a\n"));
    assert!(shown.contains("Runs all branches at once"), "{shown}");
}

#[test]
fn a_mistake_is_underlined_with_a_short_message() {
    let project = project();
    let mut editor = Editor::open(&project);
    assert_eq!(editor.findings("a.yaml", &format!("{STEPS}      - task: a|\n")), Vec::<String>::new());
    let found = editor.findings("b.yaml", &format!("{STEPS}      - task: a\n        wehn: true|\n"));
    assert!(found.len() == 1 && found[0].contains("wehn"), "{found:?}");
    let found = editor.findings("c.yaml", "tasks:\n  - id: a\n    effect: read|\n");
    assert!(found.len() == 1 && found[0].contains("ref"), "{found:?}");
}
