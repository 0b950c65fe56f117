//! A sidecar that listens on TCP, and clients that come over TLS.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use conductor_daemon::{Options, TlsFiles, token_digest};
use conductor_tests::certificates::{Authority, Issued, put};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use crate::support::{Daemon, LEASE, PATIENCE, Process, request};

pub type Tls = StreamOwned<ClientConnection, TcpStream>;

/// A sidecar for other machines, with what it was made from.
pub struct Site {
    pub daemon: Daemon,
    pub authority: Authority,
    pub folder: tempfile::TempDir,
}

impl Site {
    /// One that wants tokens.
    pub fn new() -> Site {
        Site::with(false)
    }

    /// One that wants certificates of its clients besides.
    pub fn mutual() -> Site {
        Site::with(true)
    }

    fn with(is_mutual: bool) -> Site {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let authority = Authority::new("the sidecar's").unwrap();
        let own = authority.issue(&["localhost", "127.0.0.1"], 1, 2090).unwrap();
        let tls = TlsFiles {
            cert: put(&at("cert.pem"), &own.cert).unwrap(),
            key: put(&at("key.pem"), &own.key).unwrap(),
            client_ca: is_mutual.then(|| put(&at("ca.pem"), authority.pem()).unwrap()),
            crl: is_mutual.then(|| put(&at("crl.pem"), &authority.revoked(&[]).unwrap()).unwrap()),
        };
        let options = Options {
            lease: LEASE,
            listen: Some("127.0.0.1:0".parse().unwrap()),
            tokens: Some(put(&at("tokens"), "").unwrap()),
            tls: Some(tls),
            ..Options::in_folder(&at("c"))
        };
        Site { daemon: Daemon::with(options), authority, folder }
    }

    pub fn address(&self) -> SocketAddr {
        self.daemon.listen()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the file of tokens and waits until it is in force: `name roles token` a line, or a whole line of the file.
    pub fn tokens(&self, lines: &[&str]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        put(&self.file("tokens"), &text).unwrap();
        // Longer than the sidecar looks away.
        std::thread::sleep(std::time::Duration::from_millis(1200));
    }

    pub fn connect(&self, own: Option<&Issued>) -> Tls {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.authority.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(own.cert.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        let socket = TcpStream::connect(self.address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = "localhost".try_into().unwrap();
        StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), socket)
    }

    pub fn client(&self, token: &str) -> Remote {
        let mut client = Remote::new(self.connect(None));
        client.send("authenticate", json!({"token": token}));
        client
    }

    /// One request over HTTP: status and body.
    pub fn http(&self, token: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
        let header = format!("Authorization: Bearer {token}\r\n");
        let stream = Lenient(self.connect(None));
        let (status, text) = request(stream, method, path, "localhost", &header, body);
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

/// A line of the file of tokens.
pub fn line(name: &str, roles: &str, token: &str) -> String {
    format!("{name} {roles} {}", token_digest(token))
}

/// Takes a connection's end for one, with a farewell or without, and reads what came even where nothing can be written any more.
pub struct Lenient(pub Tls);

impl Read for Lenient {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let (connection, socket) = (&mut self.0.conn, &mut self.0.sock);
        loop {
            match connection.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            while connection.wants_write() && connection.write_tls(socket).is_ok() {}
            match connection.read_tls(socket) {
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(0),
                read => read?,
            };
            connection.process_new_packets().map_err(std::io::Error::other)?;
        }
    }
}

impl Write for Lenient {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// A client that speaks lines over TLS, one after the other.
pub struct Remote {
    reader: BufReader<Lenient>,
    id: u64,
}

impl Remote {
    pub fn new(stream: Tls) -> Remote {
        Remote { reader: BufReader::new(Lenient(stream)), id: 0 }
    }

    pub fn stream(&mut self) -> &mut Lenient {
        self.reader.get_mut()
    }

    pub fn send(&mut self, method: &str, params: Value) -> u64 {
        self.id += 1;
        let line = json!({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params});
        // Who was sent away cannot write any more; what was said to him tells why.
        let _gone = self.stream().write_all(format!("{line}\n").as_bytes());
        let _gone = self.stream().flush();
        self.id
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        let line = json!({"jsonrpc": "2.0", "method": method, "params": params});
        self.stream().write_all(format!("{line}\n").as_bytes()).unwrap();
        self.stream().flush().unwrap();
    }

    /// The next line; `None` at the end.
    pub fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(1..) => Some(serde_json::from_str(&line).unwrap()),
            Ok(0) => None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing came"),
            // An alert: the handshake was refused.
            Err(_) => None,
        }
    }

    pub fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the connection ended"));
            if wanted(&line) {
                return line;
            }
        }
    }

    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params);
        self.wait_for(|line| line["id"] == id)
    }

    pub fn hello(&mut self, session: &str, owned: Value) -> Value {
        let own = Process::own();
        let greeting = json!({
            "protocol": {"min": 1, "max": 1}, "session": session,
            "client": {"name": "test", "version": "0", "language": "python"},
            "pid": own.pid, "process_start": own.start, "serve": 0,
            "plans": [{"workflow": "w", "digest": "p"}], "owned": owned,
        });
        self.call("hello", greeting)
    }

    /// The error of the connection's first answer, after which it ends.
    pub fn refusal(&mut self) -> Option<i64> {
        let said = self.line()?;
        assert!(self.line().is_none(), "it goes on after {said}");
        said["error"]["code"].as_i64()
    }
}
