//! Sessions over TCP: who is let in, until when, and that a session is its opener's.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use conductor_daemon::Options;
use conductor_protocol::message::code;
use conductor_tests::certificates::{Authority, put};
use serde_json::json;

use crate::support::{Daemon, request, runtime, start, step_started, succeeded};
use crate::tls::{Remote, Site, line};

const UNAUTHENTICATED: i64 = code::UNAUTHENTICATED as i64;
const FORBIDDEN: i64 = code::FORBIDDEN as i64;

#[test]
fn a_run_is_executed_over_tls_and_its_session_comes_back() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1")]);
    let mut client = site.client("t1");
    assert_eq!(client.line().unwrap()["result"]["name"], "token shop");
    client.hello("a", json!([]));
    assert_eq!(client.call("run.start", start("r", json!({"n": 1})))["result"]["outcome"], "owned");
    client.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": [step_started("a")]}));
    client.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
    drop(client);
    // Its lease goes on: nobody else has the run meanwhile, and it claims it again.
    let mut client = site.client("t1");
    let back = client.hello("a", json!([{"run": "r", "epoch": 1}]));
    assert_eq!(client.id_of(&back), 2);
    assert_eq!(back["result"]["owned"][0]["next_seq"], 2, "{back}");
    // More than a record of TLS, and than the socket takes at once.
    let large = "x".repeat(3 << 20);
    let entries = json!([succeeded(&json!(large))]);
    client.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 2, "entries": entries}));
    client.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 2);
    let read = client.call("run.await", json!({"run": "r"}));
    assert_eq!(read["result"]["output"].as_str().map(str::len), Some(3 << 20));
    let (status, sessions) = site.http("t1", "GET", "/v1/sessions", "");
    assert_eq!((status, &sessions["sessions"][0]["by"]), (200, &json!("token shop")));
    assert_eq!(sessions["sessions"][0]["pid"], 0, "a pid of another machine says nothing here");
}

impl Remote {
    fn id_of(&self, answer: &serde_json::Value) -> u64 {
        answer["id"].as_u64().unwrap()
    }
}

#[test]
fn nobody_comes_in_without_a_token_that_is_valid() {
    let site = Site::new();
    let over = format!("{} until=2020-01-01T00:00:00Z", line("old", "app", "t2"));
    site.tokens(&[&line("shop", "app", "t1"), &over, &line("ada", "operator,read-only", "t3")]);
    let mut silent = Remote::new(site.connect(None));
    silent.send("hello", json!({}));
    assert_eq!(silent.refusal(), Some(UNAUTHENTICATED));
    for token in ["", "t2", "t11", "x", &conductor_daemon::token_digest("t1")] {
        assert_eq!(site.client(token).refusal(), Some(UNAUTHENTICATED), "{token:?}");
        assert_eq!(site.http(token, "GET", "/v1/runs", "").0, 401, "{token:?}");
    }
    // Who looks on, or decides, has no session.
    assert_eq!(site.client("t3").refusal(), Some(FORBIDDEN));
    let mut twice = Remote::new(site.connect(None));
    twice.send("authenticate", json!({"token": 1}));
    assert_eq!(twice.refusal(), Some(i64::from(code::INVALID_PARAMS)));
    let bare = request(crate::tls::Lenient(site.connect(None)), "GET", "/v1/runs", "localhost", "", "");
    assert_eq!(bare.0, 401);
    assert_eq!(site.http("x", "GET", "/healthz", "").0, 200, "whether it is there is no secret");
    // In the clear nothing is said at all.
    let mut plain = TcpStream::connect(site.address()).unwrap();
    std::io::Write::write_all(&mut plain, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut said = Vec::new();
    let _reset = std::io::Read::read_to_end(&mut plain, &mut said);
    assert!(!String::from_utf8_lossy(&said).contains("ok"), "{said:?}");
}

#[test]
fn a_token_is_rotated_and_taken_back_without_a_restart() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "old")]);
    let mut client = site.client("old");
    client.hello("a", json!([]));
    // Both are valid while applications change over.
    site.tokens(&[&line("shop", "app", "old"), &line("shop", "app", "new")]);
    client.call("ping", json!({}));
    let mut other = site.client("new");
    other.hello("b", json!([]));
    // What cannot be read changes nothing.
    site.tokens(&["shop app new"]);
    client.call("ping", json!({}));
    site.tokens(&[&line("shop", "app", "new")]);
    while client.line().is_some() {}
    assert_eq!(site.client("old").refusal(), Some(UNAUTHENTICATED));
    other.call("ping", json!({}));
    // One whose role was taken is as one that is gone.
    site.tokens(&[&line("shop", "read-only", "new")]);
    while other.line().is_some() {}
    assert_eq!(site.http("new", "GET", "/v1/runs", "").0, 200);
}

#[test]
fn a_session_is_not_taken_by_somebody_elses_token() {
    let site = Site::new();
    site.tokens(&[&line("shop", "app", "t1"), &line("other", "app", "t2")]);
    let mut owner = site.client("t1");
    owner.hello("a", json!([]));
    owner.call("run.start", start("r", json!({"n": 1})));
    let claims = json!([{"run": "r", "epoch": 1}]);
    // Same session, same pid, same start: only the token is another.
    let stolen = site.client("t2").hello("a", claims.clone());
    assert_eq!(stolen["error"]["code"], FORBIDDEN, "{stolen}");
    let mut local = site.daemon.client("a");
    let greeting = local.greeting(0, &crate::support::Process::own(), claims.clone());
    assert_eq!(local.fails("hello", greeting), FORBIDDEN);
    let mut thief = site.client("t2");
    assert_eq!(thief.hello("b", claims)["result"]["owned"], json!([]));
    thief.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": [step_started("a")]}));
    let refused = thief.wait_for(|line| line["method"] == "run.refused");
    assert_eq!(refused["params"]["code"], i64::from(code::STALE_EPOCH));
    owner.notify("step.record", json!({"run": "r", "epoch": 1, "seq": 1, "entries": [step_started("a")]}));
    owner.wait_for(|line| line["method"] == "run.ack" && line["params"]["seq"] == 1);
}

#[test]
fn with_mutual_tls_a_certificate_opens_and_a_wrong_or_revoked_one_does_not() {
    let site = Site::mutual();
    let named = "web-1 app dns:web-1.shop.internal";
    site.tokens(&[named, &line("shop", "app", "t1")]);
    let own = site.authority.issue(&["web-1.shop.internal"], 2, 2090).unwrap();
    let mut client = Remote::new(site.connect(Some(&own)));
    assert!(client.hello("a", json!([]))["result"].is_object());
    // One of another name needs a token besides.
    let unnamed = site.authority.issue(&["web-2.shop.internal"], 3, 2090).unwrap();
    let mut stranger = Remote::new(site.connect(Some(&unnamed)));
    stranger.send("hello", json!({}));
    assert_eq!(stranger.refusal(), Some(UNAUTHENTICATED));
    let mut stranger = Remote::new(site.connect(Some(&unnamed)));
    assert_eq!(stranger.call("authenticate", json!({"token": "t1"}))["result"]["name"], "token shop");
    // Without one, with one that is over, or with one that somebody else signed, a token does not help.
    let over = site.authority.issue(&["web-1.shop.internal"], 4, 2024).unwrap();
    let forged = Authority::new("the sidecar's").unwrap().issue(&["web-1.shop.internal"], 2, 2090).unwrap();
    for own in [None, Some(&over), Some(&forged)] {
        let mut client = Remote::new(site.connect(own));
        client.send("authenticate", json!({"token": "t1"}));
        assert!(client.line().is_none());
    }
    // Revoked while it is connected.
    put(&site.file("crl.pem"), &site.authority.revoked(&[2]).unwrap()).unwrap();
    while client.line().is_some() {}
    let mut client = Remote::new(site.connect(Some(&own)));
    client.send("hello", json!({}));
    assert!(client.line().is_none());
}

#[test]
fn what_would_leave_the_door_open_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let tokens = put(&temp.path().join("tokens"), &line("shop", "app", "t1")).unwrap();
    let refused = |change: &dyn Fn(&mut Options)| {
        let mut options = Options::in_folder(&temp.path().join("c"));
        options.listen = Some("127.0.0.1:0".parse().unwrap());
        options.tokens = Some(tokens.clone());
        change(&mut options);
        let runtime = runtime();
        match runtime.block_on(conductor_daemon::start(options)) {
            Ok(handle) => {
                runtime.block_on(handle.stop());
                String::new()
            }
            Err(error) => error.to_string(),
        }
    };
    assert_eq!(refused(&|_| {}), "");
    let all = "0.0.0.0:0".parse().unwrap();
    assert!(refused(&|options| options.listen = Some(all)).contains("--tls-cert"));
    assert!(refused(&|options| options.http = Some(all)).contains("loopback"));
    assert!(refused(&|options| options.tokens = None).contains("--tokens"));
    let mode = |mode| std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o640);
    assert!(refused(&|_| {}).contains("chmod 600"));
    mode(0o606);
    assert!(refused(&|_| {}).contains("chmod 600"));
    mode(0o600);
    std::fs::write(&tokens, "shop app hunter2\n").unwrap();
    let said = refused(&|_| {});
    assert!(said.contains("line 1") && !said.contains("hunter2"), "{said}");
}

#[test]
fn loopback_without_tls_still_needs_a_token() {
    let temp = tempfile::tempdir().unwrap();
    let tokens = put(&temp.path().join("tokens"), &line("shop", "app", "t1")).unwrap();
    let daemon = Daemon::with(Options {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        tokens: Some(tokens),
        ..Options::in_folder(&temp.path().join("c"))
    });
    let get = |headers: &str| {
        let stream = TcpStream::connect(daemon.listen()).unwrap();
        request(stream, "GET", "/v1/runs", "localhost", headers, "").0
    };
    assert_eq!(get(""), 401);
    assert_eq!(get("Authorization: Bearer t1\r\n"), 200);
    assert_eq!(get("Authorization: bearer t2\r\n"), 401);
    // A page of another site that a browser shows has no business here, whatever it knows.
    assert_eq!(get("Authorization: Bearer t1\r\nOrigin: https://evil.example\r\n"), 403);
    assert_eq!(get("Authorization: Bearer t1\r\nOrigin: http://localhost\r\n"), 200);
    assert_eq!(get("Authorization: Bearer t1\r\nSec-Fetch-Site: cross-site\r\n"), 403);
}
