//! Manifests that builds tell: kept by name, shown with their advice, and bounded.

use serde_json::{Value, json};

use crate::support::Daemon;

fn told(daemon: &Daemon) -> Vec<Value> {
    let (status, body) = daemon.http("GET", "/v1/manifests", "");
    assert_eq!(status, 200, "{body}");
    body["manifests"].as_array().unwrap().clone()
}

fn tell(daemon: &Daemon, name: &str, body: &Value) -> (u16, Value) {
    daemon.http("PUT", &format!("/v1/manifests/{name}"), &body.to_string())
}

#[test]
fn the_last_one_of_a_name_is_shown_with_its_advice() {
    let mut daemon = Daemon::new();
    assert_eq!(told(&daemon), Vec::<Value>::new());
    let advice = json!([{"code": "R001", "severity": "warning", "message": "it waits", "help": "do not", "file": null, "line": 2}]);
    assert_eq!(tell(&daemon, "shop%2Fconcurrency.yaml", &json!({"text": "old"})).0, 200);
    let body = json!({"text": "a: 1\nb: <b>\u{0}", "workflows": ["order"], "advice": advice, "by": "ada"});
    assert_eq!(tell(&daemon, "shop%2Fconcurrency.yaml", &body).0, 200);
    daemon.restart();
    let shown = told(&daemon);
    assert_eq!(shown.len(), 1);
    assert_eq!((&shown[0]["name"], &shown[0]["text"]), (&json!("shop/concurrency.yaml"), &body["text"]));
    assert_eq!((&shown[0]["advice"], &shown[0]["workflows"]), (&advice, &json!(["order"])));
    assert_eq!(shown[0]["by"], "ada");
    assert!(shown[0]["told_at"].is_string());
}

#[test]
fn what_is_too_much_is_refused_and_the_oldest_go() {
    let daemon = Daemon::new();
    let fine = json!({"code": "R001", "severity": "warning", "message": "m"});
    for (name, body, status) in [
        ("n", json!({"text": "x".repeat((1 << 20) + 1)}), 413),
        ("n", json!({"text": "", "advice": vec![fine.clone(); 1001]}), 413),
        (
            "n",
            json!({"text": "", "advice": [{"code": "R001", "severity": "warning", "message": "m".repeat(4001)}]}),
            413,
        ),
        ("n%00", json!({"text": ""}), 400),
        (&"n".repeat(256), json!({"text": ""}), 400),
        ("n", json!({"text": "", "secret": "s"}), 422),
        ("n", json!({}), 422),
    ] {
        let (found, answer) = tell(&daemon, name, &body);
        assert_eq!(found, status, "{answer}");
    }
    assert_eq!(told(&daemon), Vec::<Value>::new());
    for number in 0..21 {
        assert_eq!(tell(&daemon, &format!("m{number:02}"), &json!({"text": "", "advice": [fine]})).0, 200);
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let names: Vec<String> =
        told(&daemon).iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names, (1..21).map(|number| format!("m{number:02}")).collect::<Vec<_>>());
}
