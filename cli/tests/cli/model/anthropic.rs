use serde_json::{Value, json};

use super::server::{Reply, Server, ok};
use super::{KEY, SENTENCE, draft, drafted};
use crate::support::Project;

fn used(input: &Value) -> Reply {
    let content = json!([
        {"type": "text", "text": "Here it is."},
        {"type": "tool_use", "id": "toolu_1", "name": "answer", "input": input},
    ]);
    ok(&json!({"type": "message", "role": "assistant", "content": content, "stop_reason": "tool_use"}))
}

fn said(text: &str, stop: &str) -> Reply {
    ok(&json!({"type": "message", "content": [{"type": "text", "text": text}], "stop_reason": stop}))
}

#[test]
fn a_tool_takes_the_answer_and_gives_back_what_is_wrong() {
    let project = Project::shop();
    let bad = json!({"workflow": "checkout", "steps": [{"task": "fetch_user", "policy": "nowhere"}]});
    let steps = json!([{"task": "fetch_user"}, {"task": "process_payment"}]);
    let server = Server::of(vec![
        said("Which tool?", "end_turn"),
        used(&bad),
        used(&json!({"workflow": "checkout", "steps": steps})),
    ]);
    let url = format!("{}/v1/messages", server.url);
    let (code, mended) = drafted(&project, &url, &["--workflow", "checkout", SENTENCE]);
    assert_eq!(
        (code, &mended["steps"], &mended["model"]["answers"]),
        (Some(0), &steps, &json!(3)),
        "{mended}"
    );
    let requests = server.requests();
    let [first, _, last] = &requests[..] else { panic!("three requests were expected") };
    assert_eq!((first.path.as_str(), first.header("x-api-key")), ("/v1/messages", Some(KEY)));
    assert!(first.header("anthropic-version").is_some() && first.header("authorization").is_none());
    let asked = first.json();
    assert_eq!(asked["tool_choice"], json!({"type": "tool", "name": asked["tools"][0]["name"]}));
    assert_eq!(asked["tools"][0]["input_schema"]["type"], json!("object"));
    assert!(asked["system"].is_string() && asked["max_tokens"].is_u64(), "{asked}");
    let messages = &last.json()["messages"];
    assert_eq!(messages[1], json!({"role": "assistant", "content": "Which tool?"}));
    let (used, result) = (&messages[3]["content"][0], &messages[4]["content"][0]);
    assert_eq!((&used["type"], &used["input"]), (&json!("tool_use"), &bad));
    assert_eq!((&result["type"], &result["tool_use_id"]), (&json!("tool_result"), &used["id"]));
    assert!(result["content"].as_str().unwrap().contains("nowhere"), "{messages}");
}

#[test]
fn an_answer_without_the_tool_is_told_about() {
    let project = Project::shop();
    for (reply, words) in [
        (said("I will not.", "refusal"), "refuses: I will not."),
        (said("", "refusal"), "refuses"),
        (said("{\"steps\":", "max_tokens"), "did not come to the end of its answer"),
        (ok(&json!({"content": [], "stop_reason": "end_turn"})), "JSON that is not of its format"),
        (
            Reply::Http(
                "529 Overloaded",
                json!({"type": "error", "error": {"message": "Overloaded"}}).to_string(),
            ),
            "has failed (529): Overloaded",
        ),
    ] {
        let server = Server::of(vec![reply]);
        let url = format!("{}/v1/messages", server.url);
        draft(&project, &url, &["--write", SENTENCE]).says(3, &[words]);
    }
}
