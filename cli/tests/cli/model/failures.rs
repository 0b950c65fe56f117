use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::json;

use super::server::{Reply, Server, ok};
use super::{KEY, SENTENCE, draft};
use crate::support::{Project, eventually, finish, signal};

#[test]
fn an_endpoint_that_refuses_is_told_about() {
    let project = Project::shop();
    let before = project.files();
    let error = |message: &str| json!({"error": {"message": message, "type": "x"}}).to_string();
    let choice = |choice: serde_json::Value| ok(&json!({"choices": [choice]}));
    for (reply, words) in [
        (
            Reply::Http("401 Unauthorized", error(&format!("wrong key {KEY}\u{1b}[2J"))),
            &["does not accept the key (401): wrong key (the key)", "CONDUCTOR_MODEL_KEY"][..],
        ),
        (Reply::Http("404 Not Found", error("no model tiny")), &["no such model (404): no model tiny"]),
        (
            Reply::Http("429 Too Many Requests\r\nretry-after: 20", error("slow down")),
            &["takes no more requests for now (429): slow down", "says to wait: 20"],
        ),
        (Reply::Http("503 Service Unavailable", "<html>".to_owned()), &["has failed (503)"]),
        (
            Reply::Http("400 Bad Request", error("no schema")),
            &["does not take the question (400): no schema"],
        ),
        (
            Reply::Http("302 Found\r\nlocation: http://127.0.0.1:9/", String::new()),
            &["leads to somewhere else (302)"],
        ),
        (Reply::Http("200 OK", "<html>hello</html>".to_owned()), &["answered with what is no JSON"]),
        (ok(&json!({"hello": 1})), &["JSON that is not of its format"]),
        (
            choice(json!({"message": {"content": null, "refusal": "I cannot."}, "finish_reason": "stop"})),
            &["refuses: I cannot."],
        ),
        (
            choice(json!({"message": {"content": "{\"question\":"}, "finish_reason": "length"})),
            &["did not come to the end of its answer"],
        ),
        (choice(json!({"message": {"content": ""}, "finish_reason": "content_filter"})), &["its filter"]),
    ] {
        let server = Server::of(vec![reply]);
        let finished = draft(&project, &server.url, &["--write", SENTENCE]);
        finished.says(3, words);
        assert!(!finished.stderr.contains("\u{1b}[2J"), "{finished:?}");
        assert_eq!(server.requests().len(), 1, "nothing is tried again");
    }
    assert_eq!(project.files(), before);
}

#[test]
fn an_endpoint_that_is_none_costs_its_time_out_at_most() {
    let project = Project::shop();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    draft(&project, &closed, &[SENTENCE]).says(3, &["cannot be reached: nothing listens there"]);
    draft(&project, "http://no-such-host.invalid", &[SENTENCE]).says(3, &["cannot be "]);
    for beginning in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"choices\""] {
        let server = Server::of(vec![Reply::Stall(beginning)]);
        draft(&project, &server.url, &["--timeout", "500ms", SENTENCE])
            .says(3, &["did not answer within 0.5 s"]);
    }
    let server = Server::of(vec![Reply::Endless]);
    draft(&project, &server.url, &[SENTENCE]).says(3, &["an answer larger than 1 MiB"]);
}

#[test]
fn an_interrupt_ends_the_wait_for_an_answer() {
    let project = Project::shop();
    let server = Server::of(vec![Reply::Stall("")]);
    let child = project.spawn(&["draft", "--model", "tiny", "--endpoint", &server.url, "--write", SENTENCE]);
    eventually("the question is sent", || !server.requests().is_empty());
    signal(&child, Signal::INT);
    assert_eq!(finish(child).code, Some(130));
}

#[test]
fn a_model_that_cannot_be_asked_is_wrong_usage() {
    let project = Project::shop();
    let usage = |arguments: &[&str], words: &[&str]| project.conductor(arguments).says(2, words);
    usage(&["draft", SENTENCE, "--model"], &["CONDUCTOR_MODEL"]);
    usage(&["draft", "--model", "llama", SENTENCE], &["--endpoint"]);
    usage(&["draft", "--model", "x", "--endpoint", "localhost", SENTENCE], &["is no endpoint"]);
    usage(&["draft", "--endpoint", "http://127.0.0.1:9", SENTENCE], &["--model"]);
    usage(&["draft", "--dry-run", SENTENCE], &["--model"]);
}
