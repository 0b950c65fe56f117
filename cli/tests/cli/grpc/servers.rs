//! gRPC servers for the tests: one in Go, one in Python, both of any schema, started and ended here.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use super::super::support::Project;

pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The Python of the test tools, which `cargo xtask setup` makes.
pub fn python() -> PathBuf {
    repository("target/venv/bin/python")
}

pub struct Server {
    child: Child,
    pub address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

impl Server {
    /// The server in Go, with `arguments`, for the schema `name` of the project.
    pub fn go(project: &Project, name: &str, arguments: &[&str]) -> Server {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        let binary = BUILT.get_or_init(|| {
            let out = repository("target/test-servers/go-grpc");
            let built = Command::new("go")
                .args(["build", "-o"])
                .arg(&out)
                .arg(".")
                .current_dir(repository("tests/servers/go-grpc"))
                .status()
                .expect("Go 1.26 or newer is needed for this test");
            assert!(built.success(), "the server in Go does not compile");
            out
        });
        let mut command = Command::new(binary);
        command.arg("-proto").arg(project.path().join(name)).args(arguments);
        Server::started(command)
    }

    pub fn python(project: &Project, name: &str, arguments: &[&str]) -> Server {
        let mut command = Command::new(python());
        command
            .arg(repository("tests/servers/python_grpc.py"))
            .arg(project.path().join(name))
            .args(arguments);
        Server::started(command)
    }

    fn started(mut command: Command) -> Server {
        let mut child =
            command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server says where it listens");
        let address = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it said {line:?}"));
        Server { address: address.to_owned(), child }
    }
}

/// The address of something that takes connections and does `serve` with each.
pub fn listening(serve: impl Fn(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    address
}

/// The address of something that takes connections and says nothing.
pub fn silent() -> String {
    listening(|connection| {
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(60));
            drop(connection);
        });
    })
}
