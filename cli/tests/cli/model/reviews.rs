use serde_json::{Value, json};

use super::server::{Reply, Server};
use crate::support::{Finished, Project};

fn claims(claims: &Value) -> String {
    json!({"claims": claims}).to_string()
}

fn review(project: &Project, url: &str, arguments: &[&str]) -> Finished {
    project.conductor(&[&["review", "--model", "tiny", "--endpoint", url], arguments].concat())
}

/// The codes of the shop's review, and the review.
fn alone(project: &Project) -> (Vec<String>, String) {
    let plain = project.conductor(&["review"]).stdout;
    let codes = plain.lines().filter_map(|line| line.strip_prefix("### ").map(str::to_owned)).collect();
    (codes, plain)
}

#[test]
fn claims_open_the_review_and_link_to_what_they_rest_on() {
    let project = Project::shop();
    let (codes, plain) = alone(&project);
    let code = codes.first().expect("the shop's review has findings");
    let text = "Mend this first: <img src=x> it *matters*.";
    let server = Server::saying(&[&claims(&json!([{"text": text, "rests_on": [code]}]))]);
    let shown = review(&project, &server.url, &["--dry-run"]);
    assert_eq!((shown.code, server.requests().len()), (Some(0), 0), "{shown:?}");
    let reviewed = review(&project, &server.url, &[]);
    assert_eq!(reviewed.code, project.conductor(&["review"]).code);
    let (head, rest) = plain.split_once("\n## ").unwrap();
    let opening = format!(
        "{head}\n## In short\n\n- Mend this first: \\<img src=x\\> it \\*matters\\*. ([{code}](#{}))\n\n\
         Written by the model tiny from what stands below: each claim links to it.\n\n## {rest}",
        code.to_lowercase()
    );
    assert_eq!(reviewed.stdout, opening);
    let sent = &server.requests()[0];
    assert_eq!(shown.stdout.split_once("\n\n").unwrap().1.trim_end(), sent.body);
    for line in project.read("app.py").lines().map(str::trim).filter(|line| line.len() > 12) {
        assert!(!sent.body.contains(line), "code is sent: {line}");
    }
}

#[test]
fn claims_without_a_basis_are_sent_back_and_never_printed() {
    let project = Project::shop();
    let (codes, plain) = alone(&project);
    let code = &codes[0];
    for (text, rests_on, why) in [
        ("It is slow.", json!([]), "rests on nothing"),
        ("It is slow.", json!(["X999"]), "rests on `X999`"),
        ("It saves 98765 ms.", json!([code]), "the number 98765"),
        ("It is seven times too slow.", json!([code]), "the number seven"),
        ("Look at `no_such_task`.", json!([code]), "names `no_such_task`"),
        ("", json!([code]), "is empty"),
    ] {
        let bad = claims(&json!([{"text": text, "rests_on": rests_on}]));
        let server = Server::saying(&[&bad, &claims(&json!([{"text": "Mended.", "rests_on": [code]}]))]);
        let mended = review(&project, &server.url, &[]);
        assert!(mended.stdout.contains("- Mended. (["), "{mended:?}");
        let messages = server.requests()[1].json()["messages"].clone();
        assert!(messages[3]["content"].as_str().unwrap().contains(why), "{why}: {messages}");
        let server = Server::saying(&[&bad]);
        let never = review(&project, &server.url, &["--repairs", "1"]);
        assert_eq!((never.stdout.as_str(), server.requests().len()), (plain.as_str(), 2), "{never:?}");
        assert!(never.stderr.contains("without prose: ") && never.stderr.contains(why), "{never:?}");
    }
}

#[test]
fn a_review_is_whole_without_its_model() {
    let project = Project::shop();
    let (_, plain) = alone(&project);
    for reply in [Reply::Http("500 Internal Server Error", String::new()), Reply::Stall("")] {
        let server = Server::of(vec![reply]);
        let reviewed = review(&project, &server.url, &["--timeout", "500ms"]);
        assert_eq!((reviewed.code, reviewed.stdout.as_str()), (Some(0), plain.as_str()), "{reviewed:?}");
        assert!(reviewed.stderr.contains("without prose: the model at "), "{reviewed:?}");
    }
}
