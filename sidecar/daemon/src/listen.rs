//! Accepts connections and decides by the first byte which protocol each speaks.
//!
//! It knows neither protocol.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::gate::{Guest, Shown, uid_of};
use crate::guard::{Door, Way};
use crate::idle::Use;
use crate::sidecar::{Sidecar, blocking};
use crate::wire::Wire;
use crate::{connection, http, remote};

/// How long somebody may take until he says something.
const FIRST_WORD: Duration = Duration::from_secs(30);

/// Bytes of a request before its body, at most.
const HEADERS: usize = 64 << 10;

/// Accepts on the Unix socket until the sidecar closes, then waits for its connections.
pub(crate) async fn unix(sidecar: Arc<Sidecar>, listener: UnixListener) {
    let own = rustix::process::geteuid().as_raw();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = sidecar.closed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            // The folder keeps others out; this does so where its mode was changed behind our back.
            Ok((stream, _)) => match stream.peer_cred().map(|peer| peer.uid()) {
                Ok(uid) if uid == own || uid == 0 => {
                    connections.spawn(greet(Arc::clone(&sidecar), stream, Guest::of_user(uid)));
                }
                _ => {}
            },
            Err(error) => breathe(&error).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// What a port is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// The HTTP API for this machine.
    Local,
    /// Sessions and the HTTP API, from anywhere.
    Remote,
}

/// Accepts on a TCP port until the sidecar closes, then waits for its connections.
pub(crate) async fn tcp(sidecar: Arc<Sidecar>, listener: TcpListener, port: Port) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = sidecar.closed() => break,
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        match (accepted, port) {
            (Ok((stream, peer)), Port::Local) => {
                connections.spawn(local(Arc::clone(&sidecar), stream, peer));
            }
            (Ok((stream, peer)), Port::Remote) => {
                connections.spawn(remote::serve(Arc::clone(&sidecar), stream, peer.ip().to_canonical()));
            }
            (Err(error), _) => breathe(&error).await,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// HTTP from this machine: of the sidecar's own user, as the kernel says, or with a token.
async fn local(sidecar: Arc<Sidecar>, stream: TcpStream, peer: SocketAddr) {
    let Ok(own) = stream.local_addr() else { return };
    let seen = blocking(|| uid_of(peer, own));
    let known = seen.and_then(|uid| sidecar.gate.neighbour(uid));
    let door = Door { way: Way::Loopback, known, shown: Shown::default(), seen, seat: Mutex::default() };
    serve_http(sidecar, stream, Arc::new(door)).await;
}

/// Out of descriptors, most likely: accepting again at once would spin.
async fn breathe(error: &io::Error) {
    eprintln!("conductor sidecar: failed to accept a connection: {error}");
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn greet(sidecar: Arc<Sidecar>, mut stream: UnixStream, guest: Guest) {
    let _use = Use::begin(&sidecar);
    // Who connects and says nothing takes no memory for it, and is not kept for ever.
    tokio::select! {
        () = sidecar.closed() => return,
        () = tokio::time::sleep(FIRST_WORD) => return,
        ready = stream.readable() => if ready.is_err() { return },
    }
    let mut first = Vec::with_capacity(64 << 10);
    let read = tokio::select! {
        () = sidecar.closed() => return,
        read = stream.read_buf(&mut first) => read,
    };
    match (read, first.first()) {
        (Ok(1..), Some(b'A'..=b'Z')) => {
            let door = Arc::new(Door::unix(guest.access));
            serve_http(sidecar, Rewound::new(first, stream), door).await;
        }
        (Ok(1..), _) => connection::serve(sidecar, Wire::Unix(stream), first, guest).await,
        _ => {}
    }
}

pub(crate) async fn serve_http<S>(sidecar: Arc<Sidecar>, stream: S, door: Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let _use = Use::begin(&sidecar);
    let service = TowerToHyperService::new(http::router(Arc::clone(&sidecar), door));
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(30))
        .max_buf_size(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // A client that went away in the middle is no error of ours.
        _ = connection.as_mut() => {}
        () = sidecar.closed() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(Duration::from_secs(2), connection).await;
        }
    }
}

/// A stream whose first bytes were read already.
pub(crate) struct Rewound<S> {
    first: Vec<u8>,
    taken: usize,
    inner: S,
}

impl<S> Rewound<S> {
    pub(crate) fn new(first: Vec<u8>, inner: S) -> Rewound<S> {
        Rewound { first, taken: 0, inner }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let rest = &this.first[this.taken..];
        if rest.is_empty() {
            return Pin::new(&mut this.inner).poll_read(context, out);
        }
        let length = rest.len().min(out.remaining());
        out.put_slice(&rest[..length]);
        this.taken += length;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
