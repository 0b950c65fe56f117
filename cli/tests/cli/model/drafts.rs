use serde_json::{Value, json};

use super::server::Server;
use super::{KEY, SENTENCE, draft, drafted, steps};
use crate::support::Project;

const TWO: &str = "checkout";

fn both() -> Value {
    json!([{"task": "fetch_user"}, {"task": "process_payment"}])
}

#[test]
fn nothing_is_sent_unless_a_model_is_asked_for() {
    let project = Project::shop();
    let server = Server::saying(&[&steps(&both())]);
    let mut command = project.command(&["draft", "--workflow", TWO, SENTENCE]);
    command.env("CONDUCTOR_MODEL", "tiny").env("CONDUCTOR_MODEL_URL", &server.url);
    assert!(command.output().unwrap().status.success());
    let shown = draft(&project, &server.url, &["--dry-run", "--workflow", TWO, SENTENCE]);
    assert_eq!(shown.code, Some(0), "{shown:?}");
    assert_eq!(server.requests().len(), 0);
    let (head, body) = shown.stdout.split_once("\n\n").unwrap();
    assert!(head.contains("authorization: Bearer (the key in CONDUCTOR_MODEL_KEY)"), "{head}");
    let (code, _) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!(code, Some(0));
    let [sent] = &server.requests()[..] else { panic!("one request was expected") };
    assert_eq!(body.trim_end(), sent.body, "what was shown is what is sent");
    assert!(head.starts_with(&format!("POST {}{}\n", server.url, sent.path)), "{head}");
    assert_eq!(sent.path, "/v1/chat/completions");
    assert_eq!(sent.header("authorization"), Some(format!("Bearer {KEY}").as_str()));
    let other = project.conductor(&["draft", "--offline", "--model", "tiny", SENTENCE]);
    assert_eq!(other.code, Some(2), "{other:?}");
}

#[test]
fn ids_signatures_and_docstrings_are_sent_and_no_code() {
    let project = Project::shop();
    let code = project.read("app.py") + &project.read("concurrency.yaml");
    let shown = draft(&project, "http://127.0.0.1:9", &["--dry-run", SENTENCE]);
    let body: Value = serde_json::from_str(shown.stdout.split_once("\n\n").unwrap().1).unwrap();
    let told: Value = serde_json::from_str(body["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(told["instruction"], json!(SENTENCE));
    let task = told["tasks"].as_array().unwrap().iter().find(|task| task["id"] == "send_receipt").unwrap();
    assert!(task["signature"].as_str().unwrap().starts_with("send_email(user: User, amount: decimal) -> "));
    assert_eq!(task["about"], json!("Sends the customer a receipt."));
    assert_eq!(told["workflow"]["id"], json!("process_order_workflow"));
    let schema = &body["response_format"]["json_schema"]["schema"];
    let ids = json!(["fetch_user", "check_permissions", "process_payment", "send_receipt"]);
    assert_eq!(schema["definitions"]["task_step"]["properties"]["task"], json!({"enum": ids}));
    let is_said = |line: &&str| shown.stdout.contains(*line);
    let lines = code.lines().map(str::trim).filter(|line| line.len() > 12 && !line.contains("\"\"\""));
    let leaked: Vec<&str> = lines.filter(is_said).collect();
    assert_eq!(leaked, Vec::<&str>::new());
}

#[test]
fn a_good_answer_is_written_and_set_beside_the_words() {
    let project = Project::shop();
    let server = Server::saying(&[&steps(&both())]);
    let (code, same) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!((code, &same["steps"]), (Some(0), &both()), "{same}");
    assert_eq!((&same["model"]["reading"], &same["model"]["answers"]), (&json!("same"), &json!(1)), "{same}");
    assert!(!project.read("concurrency.yaml").contains(TWO), "nothing is written");
    let other = json!([{"task": "process_payment"}, {"task": "fetch_user"}]);
    let fenced = format!("```json\n{}\n```", steps(&other));
    let server = Server::saying(&[&fenced]);
    let written = draft(&project, &server.url, &["--write", "--workflow", TWO, SENTENCE]);
    written.says(
        0,
        &[
            "tiny: differs from the reading offline",
            "  model:\n    - task: process_payment\n    - task: fetch_user\n",
            "  offline:\n    - task: fetch_user\n    - task: process_payment\n",
        ],
    );
    let text = project.read("concurrency.yaml");
    assert!(text.contains("steps:\n      - task: process_payment\n      - task: fetch_user\n"), "{text}");
    assert_eq!(project.conductor(&["check"]).code, Some(0));
}

#[test]
fn steps_that_stay_keep_their_comments_and_their_order_of_keys() {
    let project = Project::shop();
    let (comment, step) = ("# the card first", "when: ${input.amount > 0}\n        task: process_payment");
    project.write(
        "concurrency.yaml",
        format!(
            "{}  - id: checkout\n    steps:\n      {comment}\n      - {step}\n",
            project.read("concurrency.yaml")
        ),
    );
    assert_eq!(project.conductor(&["check"]).code, Some(0));
    let answer =
        json!([{"task": "process_payment", "when": "${input.amount > 0}"}, {"task": "send_receipt"}]);
    let server = Server::saying(&[&steps(&answer)]);
    let instruction = "send the receipt after it";
    let written = draft(&project, &server.url, &["--write", "--workflow", TWO, instruction]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let text = project.read("concurrency.yaml");
    assert!(text.contains(&format!("{comment}\n      - {step}\n      - task: send_receipt\n")), "{text}");
}

#[test]
fn what_the_checker_refuses_goes_back_to_the_model() {
    let project = Project::shop();
    let before = project.read("concurrency.yaml");
    let bad = steps(&json!([{"task": "fetch_user", "policy": "nowhere"}]));
    let server = Server::saying(&["a workflow? gladly!", &bad, &steps(&both())]);
    let (code, mended) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!(
        (code, &mended["steps"], &mended["model"]["answers"]),
        (Some(0), &both(), &json!(3)),
        "{mended}"
    );
    assert_eq!(mended["diagnostics"], Value::Null, "{mended}");
    let requests = server.requests();
    let messages = requests[2].json()["messages"].clone();
    let roles: Vec<&str> =
        messages.as_array().unwrap().iter().map(|message| message["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant", "user"]);
    assert!(messages[3]["content"].as_str().unwrap().contains("no JSON of the schema"), "{messages}");
    assert_eq!(messages[4]["content"], json!(bad));
    assert!(messages[5]["content"].as_str().unwrap().contains("nowhere"), "{messages}");
    let server = Server::saying(&[&bad]);
    let (code, never) =
        drafted(&project, &server.url, &["--write", "--repairs", "1", "--workflow", TWO, SENTENCE]);
    assert_eq!((code, &never["steps"], server.requests().len()), (Some(1), &Value::Null, 2), "{never}");
    assert!(never["question"].as_str().unwrap().contains("nowhere"), "{never}");
    assert_eq!(project.read("concurrency.yaml"), before, "it was not written");
}

#[test]
fn answers_of_a_wrong_form_are_never_written() {
    let project = Project::shop();
    let before = project.read("concurrency.yaml");
    let long = steps(&json!([{"task": "fetch_user", "with": {"user_id": "a".repeat(70_000)}}]));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let other =
        json!({"question": null, "workflow": "process_order_workflow", "steps": both(), "policies": []});
    let taken = json!({"question": null, "workflow": TWO, "steps": both(), "policies": [{"id": "fast_fail", "retries": 9}]});
    for answer in [
        "[]",
        "{}",
        "null",
        deep.as_str(),
        long.as_str(),
        &steps(&json!([])),
        &steps(&json!(["fetch_user"])),
        &steps(&json!([{"task": "rm -rf"}])),
        &steps(&json!([{"task": "fetch_user", "shell": "rm"}])),
        r#"{"question": null, "workflow": "checkout", "steps": [{"task": "fetch_user"}], "tasks": []}"#,
        r#"{"question": null, "workflow": "a\n- id: b", "steps": [{"task": "fetch_user"}], "policies": []}"#,
        &other.to_string(),
        &taken.to_string(),
    ] {
        let server = Server::saying(&[answer]);
        let arguments = ["--write", "--repairs", "0", "--workflow", TWO, SENTENCE];
        let finished = draft(&project, &server.url, &arguments);
        assert_eq!(finished.code, Some(1), "{answer:.200}: {finished:?}");
        assert!(finished.stdout.contains("question: "), "{answer:.200}: {finished:?}");
        assert_eq!(project.read("concurrency.yaml"), before, "{answer:.200}");
    }
}

#[test]
fn an_answer_is_steps_or_a_question() {
    let project = Project::shop();
    let unsure =
        json!({"answer": {"question": "Is that all?", "workflow": TWO, "steps": both()}}).to_string();
    let sure = json!({"answer": {"workflow": TWO, "steps": both()}}).to_string();
    let server = Server::saying(&[&unsure, &sure]);
    let (code, drafted) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!((code, &drafted["steps"]), (Some(0), &both()), "{drafted}");
    let [first, second] = &server.requests()[..] else { panic!("two requests were expected") };
    let schema = &first.json()["response_format"]["json_schema"]["schema"];
    let [steps, question] = &schema["properties"]["answer"]["anyOf"].as_array().unwrap()[..] else {
        panic!("one of two: {schema}")
    };
    assert_eq!(
        (&steps["required"], &question["required"]),
        (&json!(["workflow", "steps"]), &json!(["question"]))
    );
    let told = second.json()["messages"][3]["content"].as_str().unwrap().to_owned();
    assert!(told.contains("give one of the two"), "{told}");
}

#[test]
fn a_model_can_undo_detach_and_set() {
    let project = Project::shop();
    let steps = json!([
        {"task": "fetch_user"},
        {"task": "process_payment", "policy": "patient"},
        {"workflow": "receipts", "detach": true},
    ]);
    let answer = json!({"answer": {
        "workflow": TWO,
        "steps": steps,
        "policies": [{"id": "patient", "retries": 4, "strategy": "linear", "timeout": "3s"}],
        "started": [{"id": "receipts", "steps": [{"task": "send_receipt"}]}],
        "undone": [{"task": "process_payment", "by": "check_permissions"}],
    }});
    let server = Server::saying(&[&answer.to_string()]);
    let written = draft(&project, &server.url, &["--write", "--workflow", TWO, SENTENCE]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let text = project.read("concurrency.yaml");
    for part in [
        "  - id: patient\n    retries: 4\n    strategy: linear\n    timeout: 3s\n",
        "      - workflow: receipts\n        detach: true\n",
        "  - id: receipts\n    steps:\n      - task: send_receipt\n",
        "compensate: check_permissions\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    for wrong in [
        json!({"started": [{"id": "process_order_workflow", "steps": [{"task": "send_receipt"}]}]}),
        json!({"started": [{"id": "empty", "steps": []}]}),
        json!({"undone": [{"task": "process_payment", "by": "magic"}]}),
        json!({"undone": [{"task": "process_payment"}]}),
    ] {
        let mut answer = json!({"answer": {"workflow": "third", "steps": both()}});
        answer["answer"].as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        let server = Server::saying(&[&answer.to_string()]);
        let refused = draft(&project, &server.url, &["--repairs", "0", "--workflow", "third", SENTENCE]);
        refused.says(1, &["question: the model gave no workflow"]);
    }
}

#[test]
fn what_an_answer_says_twice_is_said_once() {
    let project = Project::shop();
    let answer = json!({"answer": {
        "workflow": TWO,
        "steps": both(),
        "policies": [{"id": "fast_fail"}, {"id": "new", "retries": 1}],
        "started": [{"id": TWO, "steps": [{"task": "fetch_user"}]}],
    }});
    let server = Server::saying(&[&answer.to_string()]);
    let (code, drafted) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!((code, &drafted["steps"]), (Some(0), &both()), "{drafted}");
    assert_eq!(drafted["policies"], json!([{"id": "new", "retries": 1}]));
}

#[test]
fn a_long_refused_answer_goes_back_by_its_beginning() {
    let project = Project::shop();
    let long = steps(&json!([{"task": "fetch_user", "policy": "nowhere", "id": "a".repeat(50_000)}]));
    let server = Server::saying(&[&long, &steps(&both())]);
    let (code, mended) = drafted(&project, &server.url, &["--workflow", TWO, SENTENCE]);
    assert_eq!((code, &mended["steps"]), (Some(0), &both()), "{mended}");
    let requests = server.requests();
    let messages = requests[1].json()["messages"].clone();
    let back = messages[2]["content"].as_str().unwrap();
    assert!(back.len() < 10_000 && long.starts_with(&back[..1000]), "{} bytes went back", back.len());
    assert!(
        back.ends_with("more bytes]") && messages[3]["content"].as_str().unwrap().len() < 10_000,
        "{back:.100}"
    );
}

#[test]
fn a_question_of_the_model_is_one() {
    let project = Project::shop();
    let answer = json!({"question": "Which payment?\u{1b}[2J", "workflow": "", "steps": [], "policies": []});
    let server = Server::saying(&[&answer.to_string()]);
    let finished = draft(&project, &server.url, &["--write", SENTENCE]);
    finished.says(1, &["question: Which payment?", "tiny: no draft"]);
    assert!(!finished.stdout.contains('\u{1b}'), "{finished:?}");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn comments_are_drafted_by_the_model_over_each_other() {
    let project = Project::shop();
    let code = project.read("app.py");
    project.write(
        "app.py",
        format!("# Conductor: look the customer up\nNAME = 1\n# Conductor: and take the money\n{code}"),
    );
    let one = json!([{"task": "fetch_user"}]);
    let server = Server::saying(&[&steps(&one), &steps(&both())]);
    let shown = draft(&project, &server.url, &["--from-comments", "--dry-run", "--workflow", TWO]);
    assert_eq!((shown.code, shown.stdout.matches("POST ").count(), server.requests().len()), (Some(0), 2, 0));
    let written = draft(&project, &server.url, &["--from-comments", "--write", "--workflow", TWO]);
    written.says(0, &["app.py:1\n", "app.py:3\n", "tiny: differs from the reading offline"]);
    let text = project.read("concurrency.yaml");
    assert!(text.contains("steps:\n      - task: fetch_user\n      - task: process_payment\n"), "{text}");
    let second = server.requests()[1].json();
    let told: Value = serde_json::from_str(second["messages"][1]["content"].as_str().unwrap()).unwrap();
    assert_eq!(told["workflow"]["steps"], one, "the first one is there when the second is asked for");
}
