//! Another user of this machine: what he is told on the loopback port, and that he is told nothing on the Unix socket.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use conductor_daemon::Options;
use conductor_tests::certificates::put;
use serde_json::json;

use crate::support::Daemon;
use crate::tls::line;

/// `nobody`.
pub const OTHER: u32 = 65534;

/// Says something to an address and prints all that comes back.
const SCRIPT: &str = "
import socket, sys
place, said = sys.argv[1:]
if place.startswith('/'):
    stream = socket.socket(socket.AF_UNIX)
    try:
        stream.connect(place)
    except PermissionError:
        sys.exit('denied')
else:
    host, port = place.rsplit(':', 1)
    stream = socket.create_connection((host, int(port)))
stream.settimeout(20)
try:
    stream.sendall(said.encode())
    while part := stream.recv(4096):
        sys.stdout.write(part.decode())
except (ConnectionResetError, BrokenPipeError):
    pass
";

/// What a process of that user is answered, or why it is not.
pub fn told(uid: u32, place: &str, said: &str) -> String {
    assert!(rustix::process::geteuid().is_root(), "only root can be another user");
    let mut command = Command::new("python3");
    command.args(["-c", SCRIPT, place, said]).uid(uid).gid(uid).current_dir("/");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { text(&output.stdout) } else { text(&output.stderr) }
}

fn http(method: &str, path: &str, header: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n")
}

#[test]
fn the_loopback_port_is_the_sidecars_own_users_and_others_need_a_token() {
    let temp = tempfile::tempdir().unwrap();
    let tokens = put(&temp.path().join("tokens"), &line("board", "read-only", "t1")).unwrap();
    let daemon = Daemon::with(Options {
        http: Some("127.0.0.1:0".parse().unwrap()),
        tokens: Some(tokens),
        ..Options::in_folder(&temp.path().join("c"))
    });
    let place = daemon.address().to_string();
    let status = |uid, method, path, header| {
        let said = told(uid, &place, &http(method, path, header));
        said.split(' ').nth(1).map(str::to_owned).ok_or(said)
    };
    for (method, path) in [
        ("GET", "/v1/runs"),
        ("GET", "/metrics"),
        ("GET", "/v1/events"),
        ("POST", "/v1/workflows/w/runs"),
        ("DELETE", "/v1/runs/r"),
        ("PUT", "/v1/breakers/b"),
    ] {
        assert_eq!(status(OTHER, method, path, ""), Ok("401".to_owned()), "{method} {path}");
        assert_ne!(status(0, "HEAD", path, ""), Ok("401".to_owned()), "{path}");
    }
    let token = "Authorization: Bearer t1\r\n";
    assert_eq!(status(OTHER, "GET", "/v1/runs", token), Ok("200".to_owned()));
    assert_eq!(status(OTHER, "DELETE", "/v1/runs/r", token), Ok("403".to_owned()));
    assert_eq!(status(OTHER, "GET", "/healthz", ""), Ok("200".to_owned()));
}

#[test]
fn nobody_else_is_heard_on_the_unix_socket_even_where_its_folder_was_opened() {
    let daemon = Daemon::new();
    let socket = daemon.socket();
    let place = socket.to_string_lossy().into_owned();
    let hello = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"}).to_string() + "\n";
    assert_eq!(told(OTHER, &place, &hello).trim(), "denied");
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).unwrap();
    open(&socket);
    socket.ancestors().skip(1).take_while(|folder| *folder != Path::new("/tmp")).for_each(|folder| {
        if folder.parent().is_some() {
            open(folder);
        }
    });
    assert_eq!(told(OTHER, &place, &hello), "");
    assert_eq!(told(OTHER, &place, &http("GET", "/v1/runs", "")), "");
    assert!(told(0, &place, &http("GET", "/v1/runs", "")).starts_with("HTTP/1.1 200"));
}
