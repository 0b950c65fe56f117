//! A daemon and its clients for tests: real sockets, real processes, no mocks.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use conductor_daemon::{Handle, Options};
use serde_json::{Value, json};

pub const PATIENCE: Duration = Duration::from_secs(30);

/// A lease short enough to wait for.
pub const LEASE: Duration = Duration::from_millis(400);

pub struct Daemon {
    pub folder: PathBuf,
    runtime: Option<tokio::runtime::Runtime>,
    handle: Option<Handle>,
    _temp: Option<tempfile::TempDir>,
}

impl Daemon {
    pub fn new() -> Daemon {
        Daemon::leasing(LEASE)
    }

    /// With a lease that nobody loses by being silent for a while.
    pub fn patient() -> Daemon {
        Daemon::leasing(Duration::from_secs(600))
    }

    fn leasing(lease: Duration) -> Daemon {
        let temp = tempfile::tempdir().unwrap();
        let mut daemon = Daemon::with(Options { lease, ..Options::in_folder(&temp.path().join("c")) });
        daemon._temp = Some(temp);
        daemon
    }

    pub fn on(folder: &Path) -> Daemon {
        Daemon::with(Options { lease: LEASE, ..Options::in_folder(folder) })
    }

    pub fn with(options: Options) -> Daemon {
        let folder = options.data_dir.clone();
        let runtime = runtime();
        let handle = runtime.block_on(conductor_daemon::start(options)).unwrap();
        Daemon { folder, runtime: Some(runtime), handle: Some(handle), _temp: None }
    }

    pub fn socket(&self) -> PathBuf {
        self.handle.as_ref().unwrap().socket().to_owned()
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.handle.as_ref().unwrap().http().unwrap()
    }

    /// Where it listens for other machines.
    pub fn listen(&self) -> std::net::SocketAddr {
        self.handle.as_ref().unwrap().listen().unwrap()
    }

    /// Ends gracefully, then starts anew on the same folder.
    pub fn restart(&mut self) {
        self.stop();
        let options = Options { lease: LEASE, ..Options::in_folder(&self.folder) };
        let runtime = runtime();
        self.handle = Some(runtime.block_on(conductor_daemon::start(options)).unwrap());
        self.runtime = Some(runtime);
    }

    pub fn stop(&mut self) {
        if let (Some(runtime), Some(handle)) = (self.runtime.take(), self.handle.take()) {
            runtime.block_on(handle.stop());
        }
    }

    /// Ends as a killed one does, and starts anew on the same folder: nothing is committed any more, and no connection is ended in order.
    pub fn crash(&mut self) {
        if let (Some(runtime), Some(handle)) = (self.runtime.take(), self.handle.take()) {
            runtime.shutdown_background();
            drop(handle);
        }
        self.restart();
    }

    pub fn client(&self, session: &str) -> Client {
        Client::connect(&self.socket(), session)
    }

    /// One HTTP request over the Unix socket: status and body.
    pub fn http(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let stream = UnixStream::connect(self.socket()).unwrap();
        let (status, text) = request(stream, method, path, "x", "", body);
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// A run as the API shows it, once `wanted` holds.
    #[track_caller]
    pub fn run_when(&self, run: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (_, view) =
            self.asked_until(&format!("/v1/runs/{run}"), |status, view| status == 200 && wanted(view));
        view
    }

    /// Waits until the metrics have `sample`: what was recorded is acknowledged before it is counted.
    #[track_caller]
    pub fn counts(&self, sample: &str) {
        self.asked_until("/metrics", |_, metrics| metrics.as_str().unwrap().contains(sample));
    }

    #[track_caller]
    fn asked_until(&self, path: &str, wanted: impl Fn(u16, &Value) -> bool) -> (u16, Value) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (status, body) = self.http("GET", path, "");
            if wanted(status, &body) {
                return (status, body);
            }
            assert!(Instant::now() < deadline, "{path} is still {status} {body}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub fn request<S: Read + Write>(
    mut stream: S,
    method: &str,
    path: &str,
    host: &str,
    headers: &str,
    body: &str,
) -> (u16, String) {
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let status = text.split(' ').nth(1).unwrap().parse().unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    (status, body.to_owned())
}

/// Who a client says it is.
pub struct Process {
    pub pid: u32,
    pub start: u64,
}

impl Process {
    pub fn own() -> Process {
        Process::of(std::process::id())
    }

    pub fn of(pid: u32) -> Process {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let start = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse().unwrap();
        Process { pid, start }
    }
}

/// A process that can be killed in a client's stead.
pub struct Stand(Child);

impl Stand {
    pub fn new() -> Stand {
        Stand(Command::new("sleep").arg("600").spawn().unwrap())
    }

    pub fn process(&self) -> Process {
        Process::of(self.0.id())
    }

    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // The heartbeat holds the socket too.
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A client that speaks lines and waits for what it expects; notifications that come meanwhile are kept.
pub struct Client {
    pub stream: UnixStream,
    reader: BufReader<UnixStream>,
    session: String,
    id: u64,
    kept: Vec<Value>,
}

impl Client {
    pub fn connect(socket: &Path, session: &str) -> Client {
        let stream = UnixStream::connect(socket).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let reader = BufReader::new(stream.try_clone().unwrap());
        Client { stream, reader, session: session.to_owned(), id: 0, kept: Vec::new() }
    }

    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.raw(format!("{}\n", json!({"jsonrpc": "2.0", "method": method, "params": params})).as_bytes());
    }

    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        self.id += 1;
        let line = json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params});
        self.raw(format!("{line}\n").as_bytes());
        self.id
    }

    /// The next line, or `None` at the connection's end.
    pub fn line(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.text()?).unwrap())
    }

    /// The same as it was said, whatever it is.
    pub fn text(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    pub fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(found) = self.kept.iter().position(&wanted) {
            return self.kept.remove(found);
        }
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the connection ended; kept: {:?}", self.kept));
            if wanted(&line) {
                return line;
            }
            self.kept.push(line);
        }
    }

    pub fn answer(&mut self, id: u64) -> Value {
        // A call that the sidecar asks for has an id of its own.
        self.wait_for(|line| line["id"] == id && line.get("method").is_none())
    }

    /// Whether a request was answered by the time in which a later one is.
    pub fn has_answer(&mut self, id: u64) -> bool {
        self.call("ping", json!({}));
        self.kept.iter().any(|line| line["id"] == id)
    }

    /// Asks and gives the result; an error fails the test.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Asks and gives the code of the error.
    pub fn fails(&mut self, method: &str, params: Value) -> i64 {
        let id = self.send(method, params);
        let answer = self.answer(id);
        answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("{method}: {answer}"))
    }

    /// The parameters of the next notification of that method.
    pub fn notice(&mut self, method: &str) -> Value {
        self.wait_for(|line| line["method"] == method)["params"].clone()
    }

    /// How many notifications of that method came while something else was waited for.
    pub fn noticed(&self, method: &str) -> usize {
        self.kept.iter().filter(|line| line["method"] == method).count()
    }

    /// Waits until everything up to `seq` is acknowledged.
    pub fn acked(&mut self, run: &str, seq: u64) {
        self.wait_for(|line| {
            line["method"] == "run.ack"
                && line["params"]["run"] == run
                && line["params"]["seq"].as_u64() >= Some(seq)
        });
    }

    /// Whether the connection ends, whatever comes before.
    pub fn call_ends(&mut self) -> bool {
        while self.line().is_some() {}
        true
    }

    pub fn greeting(&self, serve: u32, process: &Process, owned: Value) -> Value {
        json!({
            "protocol": {"min": 1, "max": 1},
            "session": self.session,
            "client": {"name": "test", "version": "0", "language": "python"},
            "pid": process.pid,
            "process_start": process.start,
            "serve": serve,
            "plans": [{"workflow": "w", "digest": "p"}],
            "owned": owned,
        })
    }

    pub fn hello(&mut self, serve: u32) -> Value {
        self.hello_as(serve, &Process::own(), json!([]))
    }

    pub fn hello_as(&mut self, serve: u32, process: &Process, owned: Value) -> Value {
        let greeting = self.greeting(serve, process, owned);
        let result = self.call("hello", greeting);
        if serve > 0 {
            self.beat();
        }
        result
    }

    /// Who waits for a dispatch keeps its own lease, as every runtime does.
    pub fn beat(&self) {
        let mut stream = self.stream.try_clone().unwrap();
        std::thread::spawn(move || {
            let ping = b"{\"jsonrpc\":\"2.0\",\"method\":\"ping\",\"params\":{}}\n";
            while stream.write_all(ping).is_ok() {
                std::thread::sleep(LEASE / 4);
            }
        });
    }

    pub fn start(&mut self, run: &str) -> Value {
        self.call("run.start", start(run, json!({"n": 1})))
    }

    /// Sends a record with one entry.
    pub fn record(&mut self, run: &str, epoch: u64, seq: u64, entry: Value) {
        self.notify("step.record", json!({"run": run, "epoch": epoch, "seq": seq, "entries": [entry]}));
    }
}

pub fn start(run: &str, input: Value) -> Value {
    json!({"run": run, "workflow": "w", "plan": "p", "input": input, "at": 1_790_000_000_000_i64})
}

pub fn step_started(key: &str) -> Value {
    json!({"step_started": {"key": key, "task": key, "attempt": 1, "at": 1_790_000_000_100_i64}})
}

pub fn succeeded(output: &Value) -> Value {
    json!({"run_succeeded": {"output": output, "at": 1_790_000_000_900_i64}})
}
