//! Browsers that a code lets in: as whom, until when, and from which pages.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use conductor_daemon::Options;
use serde_json::{Value, json};

use crate::neighbours::{OTHER, told};
use crate::support::{Daemon, PATIENCE};
use crate::tls::{Lenient, Site, line};

/// An answer with its headers.
struct Answer {
    status: u16,
    head: String,
}

impl Answer {
    fn of(text: &str) -> Answer {
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Answer { status, head: text.split("\r\n\r\n").next().unwrap_or("").to_owned() }
    }

    /// The cookie as a browser sends it back, and what was said of it.
    fn cookie(&self) -> (String, String) {
        let said = self.head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
        let (cookie, about) = said.split_once("; ").unwrap();
        (cookie.to_owned(), about.to_owned())
    }
}

fn said(method: &str, path: &str, host: &str, headers: &[(&str, &str)], body: &str) -> String {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Asks as a browser would.
fn ask(site: &Site, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut stream = Lenient(site.connect(None));
    // What is refused by its head is answered, and the connection closed, before all of it has arrived.
    let _refused = stream.write_all(said(method, path, "localhost:7", headers, body).as_bytes());
    let mut text = Vec::new();
    stream.read_to_end(&mut text).unwrap();
    Answer::of(&String::from_utf8_lossy(&text))
}

const OWN: (&str, &str) = ("Origin", "https://localhost:7");

fn code(answer: (u16, Value)) -> String {
    assert_eq!(answer.0, 200, "{}", answer.1);
    json!({"code": answer.1["code"]}).to_string()
}

fn enter(site: &Site, token: &str) -> String {
    let code = code(site.http(token, "POST", "/v1/ui/codes", ""));
    let (cookie, about) = ask(site, "POST", "/v1/ui/login", &[OWN], &code).cookie();
    assert_eq!(about, "Path=/; HttpOnly; SameSite=Strict; Max-Age=43200; Secure");
    cookie
}

#[test]
fn a_code_is_exchanged_once_by_the_sidecars_own_page() {
    let site = Site::new();
    site.tokens(&[&line("ada", "operator", "t1")]);
    assert_eq!(site.http("x", "POST", "/v1/ui/codes", "").0, 401);
    let code = code(site.http("t1", "POST", "/v1/ui/codes", ""));
    let login =
        |headers: &[(&str, &str)], code: &str| ask(&site, "POST", "/v1/ui/login", headers, code).status;
    // Not another site's page, nor a program that is no browser.
    assert_eq!(login(&[("Origin", "https://evil.example")], &code), 403);
    assert_eq!(login(&[("Origin", "https://localhost:8")], &code), 403);
    assert_eq!(login(&[OWN, ("Sec-Fetch-Site", "same-site")], &code), 403);
    assert_eq!(login(&[], &code), 403);
    assert_eq!(login(&[OWN], &json!({"code": "guess"}).to_string()), 401);
    assert_eq!(login(&[OWN], "{}"), 400);
    assert_eq!(login(&[OWN], &json!({"code": "x".repeat(1 << 20)}).to_string()), 400);
    assert_eq!(login(&[OWN, ("Sec-Fetch-Site", "same-origin")], &code), 204);
    assert_eq!(login(&[OWN], &code), 401, "twice");
}

#[test]
fn a_browser_may_what_its_asker_may_and_only_its_own_page_may_use_it() {
    let site = Site::new();
    let reader = line("board", "read-only", "t2");
    site.tokens(&[&line("ada", "operator", "t1"), &reader]);
    let (ada, board) = (enter(&site, "t1"), enter(&site, "t2"));
    let open = r#"{"state": "open"}"#;
    let put = |headers: &[(&str, &str)]| ask(&site, "PUT", "/v1/breakers/charge", headers, open).status;
    assert_eq!(put(&[OWN, ("Cookie", &board)]), 403);
    assert_eq!(put(&[("Cookie", &ada)]), 403);
    assert_eq!(put(&[("Cookie", &ada), ("Origin", "https://evil.example")]), 403);
    assert_eq!(put(&[OWN, ("Cookie", &ada), ("Sec-Fetch-Site", "same-site")]), 403);
    assert_eq!(put(&[OWN]), 401);
    assert_eq!(put(&[OWN, ("Cookie", &format!("a=b; {ada}"))]), 200);
    let (_, breaker) = site.http("t1", "GET", "/v1/breakers/charge", "");
    assert_eq!((&breaker["by"], breaker["history"].as_array().map(Vec::len)), (&json!("token ada"), Some(1)));
    // It does not make itself another one that lasts longer.
    assert_eq!(ask(&site, "POST", "/v1/ui/codes", &[OWN, ("Cookie", &ada)], "").status, 403);
    let sees = |cookie: &str| ask(&site, "GET", "/v1/runs", &[("Cookie", cookie)], "").status;
    assert_eq!((sees(&ada), sees(&board), sees(&ada.replace('=', "=0"))), (200, 200, 401));
    assert_eq!(
        ask(&site, "DELETE", "/v1/ui/login", &[OWN, ("Cookie", &board)], "").cookie().0,
        "conductor-7="
    );
    assert_eq!(sees(&board), 401);
    // The token is taken back, and with it what it let in.
    site.tokens(&[&reader]);
    let deadline = Instant::now() + PATIENCE;
    while sees(&ada) != 401 {
        assert!(Instant::now() < deadline, "the browser is still let in");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A cookie goes to every port of its host: another user who listens on one must not get in with it.
#[test]
fn on_this_machine_a_login_is_its_users() {
    let temp = tempfile::tempdir().unwrap();
    let http = Some("127.0.0.1:0".parse().unwrap());
    let daemon = Daemon::with(Options { http, ..Options::in_folder(&temp.path().join("c")) });
    let place = daemon.address().to_string();
    let (status, given) = daemon.http("POST", "/v1/ui/codes", "");
    assert_eq!(given["http"], place);
    let origin = format!("http://{place}");
    let body = code((status, given));
    let login = said("POST", "/v1/ui/login", &place, &[("Origin", &origin)], &body);
    let (cookie, about) = Answer::of(&told(OTHER, &place, &login)).cookie();
    assert_eq!(about, "Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
    let look = said("GET", "/v1/runs", &place, &[("Cookie", &cookie)], "");
    let sees = |uid: u32| Answer::of(&told(uid, &place, &look)).status;
    assert_eq!((sees(OTHER), sees(OTHER - 1)), (200, 401));
}
