//! Finds the server: each host of the URL in turn, until one takes the connection and can be written to.
//!
//! It knows no table. The driver's own way to connect does the same, but binds the connection to a runtime.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::net::sockopt;
use tokio_postgres::config::Host;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::line::{Line, Socket, Stream};
use super::trouble::{STANDBY, UNREACHABLE};

/// No time at all would be an error.
const LEAST: Duration = Duration::from_millis(1);

/// Where one host of the URL may be reached.
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// Connects to the first host that can be written to. The error is that of the last one.
pub(super) fn connect(
    config: &Config,
    tls: Option<&MakeRustlsConnect>,
    until: Instant,
) -> Result<(Client, Line), String> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = hosts.len().max(addresses.len());
    let all_or = |given: usize, most: usize| given <= most || given == count;
    if !(all_or(hosts.len(), 0) && all_or(addresses.len(), 0) && all_or(ports.len(), 1)) {
        return Err("name as many ports and addresses as hosts".to_owned());
    }
    let mut failed = unreachable(&io::ErrorKind::AddrNotAvailable.into());
    for index in 0..count {
        let (name, found) = places(config, index, until);
        let found = found.unwrap_or_else(|error| {
            failed = unreachable(&error);
            Vec::new()
        });
        for place in found {
            let socket = dial(config, &place, until).map_err(|error| unreachable(&error));
            match socket.and_then(|socket| greet(config, tls, &name, socket, until)) {
                Err(error) => failed = error,
                connected => return connected,
            }
        }
    }
    Err(failed)
}

fn unreachable(error: &io::Error) -> String {
    format!("{UNREACHABLE} (error connecting to server: {error})")
}

/// The name that the server's certificate must have, and where the host may be.
fn places(config: &Config, index: usize, until: Instant) -> (String, io::Result<Vec<Place>>) {
    let ports = config.get_ports();
    let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
    let address = config.get_hostaddrs().get(index).map(|address| SocketAddr::new(*address, port));
    match (config.get_hosts().get(index), address) {
        (Some(Host::Unix(folder)), None) => {
            (String::new(), Ok(vec![Place::Unix(folder.join(format!(".s.PGSQL.{port}")))]))
        }
        (Some(Host::Tcp(name)), None) => {
            let found = resolved(name, port, until);
            (name.clone(), found.map(|found| found.into_iter().map(Place::Tcp).collect()))
        }
        (host, address) => {
            let name = host.and_then(|host| match host {
                Host::Tcp(name) => Some(name.clone()),
                Host::Unix(_) => None,
            });
            (name.unwrap_or_default(), Ok(address.into_iter().map(Place::Tcp).collect()))
        }
    }
}

/// The addresses of a name. Whoever resolves it cannot be told to stop: it is left behind where it takes too long.
fn resolved(name: &str, port: u16, until: Instant) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, waiting) = mpsc::channel();
    let asked = name.to_owned();
    std::thread::Builder::new().name("resolve".to_owned()).spawn(move || {
        // Whoever waited may have left.
        let _ = found.send((asked.as_str(), port).to_socket_addrs().map(Vec::from_iter));
    })?;
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no address of {name} was found in time"));
    waiting.recv_timeout(until.saturating_duration_since(Instant::now())).map_err(late)?
}

fn dial(config: &Config, place: &Place, until: Instant) -> io::Result<Socket> {
    match place {
        Place::Tcp(address) => {
            let left = until.saturating_duration_since(Instant::now()).max(LEAST);
            let timeout = config.get_connect_timeout().map_or(left, |timeout| left.min(*timeout));
            let stream = TcpStream::connect_timeout(address, timeout)?;
            stream.set_nodelay(true)?;
            #[cfg(target_os = "linux")]
            if let Some(timeout) = config.get_tcp_user_timeout() {
                let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX);
                sockopt::set_tcp_user_timeout(&stream, millis)?;
            }
            if config.get_keepalives() {
                sockopt::set_socket_keepalive(&stream, true)?;
                sockopt::set_tcp_keepidle(&stream, config.get_keepalives_idle())?;
                if let Some(interval) = config.get_keepalives_interval() {
                    sockopt::set_tcp_keepintvl(&stream, interval)?;
                }
                if let Some(retries) = config.get_keepalives_retries() {
                    sockopt::set_tcp_keepcnt(&stream, retries)?;
                }
            }
            stream.set_nonblocking(true)?;
            Ok(Socket::Tcp(stream))
        }
        Place::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_nonblocking(true)?;
            Ok(Socket::Unix(stream))
        }
    }
}

fn greet(
    config: &Config,
    tls: Option<&MakeRustlsConnect>,
    name: &str,
    socket: Socket,
    until: Instant,
) -> Result<(Client, Line), String> {
    let (mut line, stream) = Line::new(socket);
    let client = match tls {
        Some(tls) => {
            let tls = MakeTlsConnect::<Stream>::make_tls_connect(&mut tls.clone(), name);
            let tls = tls.map_err(|error| format!("the certificate of {name}: {error}"))?;
            shake(config, tls, &mut line, stream, until)?
        }
        None => shake(config, NoTls, &mut line, stream, until)?,
    };
    let answers = line.asked(client.simple_query("SHOW transaction_read_only"), until)?;
    let is_standby = answers
        .iter()
        .any(|answer| matches!(answer, SimpleQueryMessage::Row(row) if row.get(0) == Some("on")));
    if is_standby { Err(STANDBY.to_owned()) } else { Ok((client, line)) }
}

/// Encrypts the connection if need be, and says who wants what of the server.
fn shake<T>(
    config: &Config,
    tls: T,
    line: &mut Line,
    stream: Stream,
    until: Instant,
) -> Result<Client, String>
where
    T: TlsConnect<Stream>,
    T::Stream: Send + 'static,
{
    let (client, traffic) = line.asked(config.connect_raw(stream, tls), until)?;
    line.open(Box::pin(traffic));
    Ok(client)
}
