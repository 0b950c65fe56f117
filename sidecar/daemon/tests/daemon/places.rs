//! Where a sidecar may live: folders, locks, sockets, ports, stores.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use conductor_daemon::{Options, StoreUrl};

use crate::support::{Daemon, runtime};

fn refusal(options: Options) -> String {
    match runtime().block_on(conductor_daemon::start(options)) {
        Ok(_) => panic!("it started"),
        Err(error) => error.to_string(),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_folder_is_private_and_the_socket_goes_with_the_sidecar() {
    let mut daemon = Daemon::new();
    let socket = daemon.socket();
    assert_eq!(mode(&daemon.folder), 0o700);
    assert!(socket.exists());
    daemon.stop();
    assert!(!socket.exists(), "the socket was left behind");
}

#[test]
fn two_sidecars_on_one_folder_are_one_too_many() {
    let daemon = Daemon::new();
    let message = refusal(Options::in_folder(&daemon.folder));
    assert!(message.contains(&format!("pid {}", std::process::id())), "{message}");
    let (status, _) = daemon.http("GET", "/healthz", "");
    assert_eq!(status, 200, "the second took the first one's socket");
}

#[test]
fn a_socket_in_use_by_another_folder_is_left_alone_and_a_stale_one_replaced() {
    let daemon = Daemon::new();
    let temp = tempfile::tempdir().unwrap();
    let options = Options { socket: daemon.socket(), ..Options::in_folder(&temp.path().join("d")) };
    let message = refusal(options);
    assert!(message.contains(&format!("process {} listens on", std::process::id())), "{message}");
    assert_eq!(daemon.http("GET", "/healthz", "").0, 200);
    // A socket that nobody listens on any more.
    let folder = temp.path().join("e");
    std::fs::DirBuilder::new().create(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.join("sidecar.sock")).unwrap());
    assert_eq!(Daemon::on(&folder).http("GET", "/healthz", "").0, 200);
    // What is no socket is not removed.
    let folder = temp.path().join("f");
    drop(Daemon::on(&folder));
    fs::write(folder.join("sidecar.sock"), "mine").unwrap();
    assert!(refusal(Options::in_folder(&folder)).contains("not a socket"));
    assert_eq!(fs::read_to_string(folder.join("sidecar.sock")).unwrap(), "mine");
}

#[test]
fn a_folder_that_others_can_enter_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let message = refusal(Options::in_folder(&folder));
    assert!(message.contains("chmod 700"), "{message}");
}

#[test]
fn a_socket_path_that_is_too_long_says_how_long_it_is() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("x".repeat(120));
    let message = refusal(Options::in_folder(&folder));
    let length = folder.join("sidecar.sock").as_os_str().len();
    assert!(message.contains(&format!("{length} bytes")) && message.contains("107"), "{message}");
}

#[test]
fn a_port_in_use_and_an_address_of_others_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let http = Some(taken.local_addr().unwrap());
    let message = refusal(Options { http, ..Options::in_folder(&temp.path().join("a")) });
    assert!(message.contains("in use") && message.contains("--http"), "{message}");
    let http = Some("0.0.0.0:0".parse().unwrap());
    let message = refusal(Options { http, ..Options::in_folder(&temp.path().join("b")) });
    assert!(message.contains("loopback"), "{message}");
    assert!(!temp.path().join("a/sidecar.sock").exists());
}

/// Root may write everything, so the check runs as nobody, in a folder that nobody can enter although the checkout may be
/// root's alone.
#[test]
fn a_read_only_store_is_refused_by_name() {
    let temp = tempfile::tempdir().unwrap();
    fs::set_permissions(temp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = temp.path().join("daemon");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut child = std::process::Command::new(&program);
    child.current_dir(temp.path());
    child.args(["--exact", "--ignored", "places::a_read_only_store_as_nobody"]);
    if fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0) {
        child.uid(65534).gid(65534);
    }
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[ignore = "run by a_read_only_store_is_refused_by_name"]
fn a_read_only_store_as_nobody() {
    let temp = tempfile::tempdir().unwrap();
    let folder = temp.path().join("c");
    drop(Daemon::on(&folder));
    let journal = folder.join("journal.db");
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o444)).unwrap();
    let message = refusal(Options::in_folder(&folder));
    assert!(message.contains("journal.db is read-only"), "{message}");
    let elsewhere = StoreUrl::Sqlite("/proc/journal.db".into());
    let message = refusal(Options { store: elsewhere, ..Options::in_folder(&folder) });
    assert!(message.contains("/proc/journal.db"), "{message}");
}
