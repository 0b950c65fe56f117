//! The table that holds the runtimes to one meaning of expressions has the values of `conductor eval`.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Deserializer, Value};

#[test]
fn the_table_of_calls_has_the_values_of_eval() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/expressions/calls.jsonl");
    let table: Vec<Value> = std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expressions: Vec<&str> = table.iter().map(|case| case["expr"].as_str().unwrap()).collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_conductor"))
        .args(["eval", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = format!("{}\n", expressions.join("\n"));
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers: Vec<Value> =
        Deserializer::from_slice(&output.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(answers.len(), table.len());
    for (case, answer) in table.iter().zip(&answers) {
        let fails = answer.get("errors").is_some();
        assert_eq!(case["error"] == true, fails, "{}: {answer}", case["expr"]);
        assert!(fails || case["value"] == answer["value"], "{}: {answer}", case["expr"]);
    }
}
