//! The files of the web UI as a browser gets them: what they may do, that they are what they say, and not twice.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use crate::support::{Daemon, PATIENCE};

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

fn ask(daemon: &Daemon, path: &str, headers: &str) -> Answer {
    let mut stream = UnixStream::connect(daemon.socket()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let pairs = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        headers: pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
        body: bytes[end + 4..].to_vec(),
    }
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// Every path that the page leads to, as a browser finds them.
fn paths(daemon: &Daemon) -> BTreeSet<String> {
    let (mut found, mut pending) = (BTreeSet::new(), vec!["/".to_owned()]);
    while let Some(path) = pending.pop() {
        let text = String::from_utf8(ask(daemon, &path, "").body).unwrap();
        let quoted = text.split('"').skip(1).step_by(2);
        let named: Vec<String> = if path == "/" {
            quoted.filter(|name| name.starts_with("/ui/")).map(str::to_owned).collect()
        } else {
            let imports = text.lines().filter(|line| line.starts_with("import "));
            imports
                .filter_map(|line| Some(format!("/ui/{}", line.rsplit_once("\"./")?.1.split('"').next()?)))
                .collect()
        };
        if found.insert(path) {
            pending.extend(named);
        }
    }
    found
}

#[test]
fn every_file_is_what_it_says_and_may_load_only_its_like() {
    let daemon = Daemon::new();
    let paths = paths(&daemon);
    assert!(paths.len() > 10, "{paths:?}");
    for path in paths {
        let answer = ask(&daemon, &path, "");
        let kind = match path.rsplit_once('.') {
            None => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            Some((_, "js")) => "text/javascript; charset=utf-8",
            Some(_) => "image/svg+xml",
        };
        assert_eq!((answer.status, answer.header("content-type")), (200, kind), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        let policy: BTreeMap<&str, &str> = answer
            .header("content-security-policy")
            .split(';')
            .filter_map(|directive| directive.trim().split_once(' '))
            .collect();
        for name in ["default-src", "base-uri", "form-action", "frame-ancestors"] {
            assert_eq!(policy.get(name), Some(&"'none'"), "{path}: {policy:?}");
        }
        // Nothing else is opened for more than what comes from here.
        assert!(policy.values().all(|sources| ["'none'", "'self'"].contains(sources)), "{path}: {policy:?}");
        assert_eq!(policy.get("script-src"), Some(&"'self'"), "{path}");
    }
}

#[test]
fn what_a_browser_has_is_not_sent_again() {
    let daemon = Daemon::new();
    for path in ["/", "/ui/main.js"] {
        let first = ask(&daemon, path, "");
        let etag = first.header("etag").to_owned();
        assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 30, "{path}: {etag}");
        // Asked for each time: a page of another build than its modules would be of no use.
        assert_eq!(first.header("cache-control"), "no-cache");
        for known in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}")] {
            let again = ask(&daemon, path, &format!("If-None-Match: {known}\r\n"));
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}: {known}");
            assert_eq!((again.header("etag"), again.header("x-content-type-options")), (&*etag, "nosniff"));
            assert_eq!(again.header("content-security-policy"), first.header("content-security-policy"));
        }
        let other = ask(&daemon, path, "If-None-Match: \"other\"\r\n");
        assert_eq!((other.status, &other.body), (200, &first.body), "{path}");
    }
    let etags: BTreeSet<String> =
        paths(&daemon).iter().map(|path| ask(&daemon, path, "").header("etag").to_owned()).collect();
    assert_eq!(etags.len(), paths(&daemon).len(), "each file has one of its own");
}

#[test]
fn a_file_is_compressed_for_who_takes_it_and_there_are_no_others() {
    let daemon = Daemon::new();
    let plain = ask(&daemon, "/ui/main.js", "");
    for (accepted, is_compressed) in [
        ("gzip", true),
        ("br, gzip;q=0.5", true),
        ("", false),
        ("br", false),
        ("gzip;q=0", false),
        ("br, gzip; q=0.000", false),
    ] {
        let answer = ask(&daemon, "/ui/main.js", &format!("Accept-Encoding: {accepted}\r\n"));
        assert_eq!((answer.status, answer.header("vary")), (200, "accept-encoding"), "{accepted}");
        let is_so = (answer.header("content-encoding") == "gzip", answer.body.starts_with(&[0x1f, 0x8b]));
        assert_eq!(is_so, (is_compressed, is_compressed), "{accepted}");
        assert_eq!(answer.body == plain.body, !is_compressed, "{accepted}");
    }
    for path in ["/ui/nothing.js", "/ui/", "/ui/..%2f..%2fCargo.toml", "/ui/../Cargo.toml", "/ui/main.js%00"]
    {
        let answer = ask(&daemon, path, "");
        assert_eq!(answer.status, 404, "{path}");
    }
}
