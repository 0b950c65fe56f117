//! A connection over TCP up to the moment in which it is known who is there: TLS, then a token or a certificate.
//!
//! It knows nothing of what is said afterwards.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conductor_protocol::access::{Authenticate, Authenticated};
use conductor_protocol::message::{code, method};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::connection;
use crate::gate::{Act, Digest, Guest, Shown};
use crate::guard::{Door, Way};
use crate::idle::Use;
use crate::listen::{Rewound, serve_http};
use crate::rpc::{self, Fault, Message};
use crate::sidecar::Sidecar;
use crate::wire::{Tls, Wire};

/// How long somebody may take until it is known who he is.
const PATIENCE: Duration = Duration::from_secs(10);

/// A line that says who somebody is has less.
const INTRODUCTION: usize = 4 << 10;

/// So much of what somebody says who is sent away is listened to.
const LEFTOVER: u64 = 256 << 10;

/// How long what was said last may take to arrive.
const FAREWELL: Duration = Duration::from_secs(1);

enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the first bytes were.
enum Said {
    /// A request over HTTP, of which these bytes are the beginning.
    Http(Vec<u8>),
    /// Who is there, and what came after that.
    Session(Guest, Vec<u8>),
    Nothing,
}

/// Serves one connection from anywhere.
pub(crate) async fn serve(sidecar: Arc<Sidecar>, socket: TcpStream, from: IpAddr) {
    let _use = Use::begin(&sidecar);
    // Small answers are what it is about.
    let _as_it_is = socket.set_nodelay(true);
    let (seat, told) = sidecar.gate.waiting.enter();
    let met = tokio::select! {
        () = sidecar.closed() => return,
        () = told.notified() => return sidecar.gate.sent_away(from, "too many wait to be let in"),
        met = tokio::time::timeout(PATIENCE, meet(&sidecar, socket, from)) => met,
    };
    let (stream, chain, said) = match met {
        Ok(Ok(met)) => met,
        Ok(Err(error)) => return sidecar.gate.sent_away(from, &error.to_string()),
        Err(_) => return sidecar.gate.sent_away(from, "it did not say who it is in time"),
    };
    match said {
        Said::Http(first) => {
            let shown = Shown { token: None, chain };
            let seat = Mutex::new(Some(seat));
            let door = Arc::new(Door { way: Way::Remote, known: None, shown, seen: None, seat });
            tokio::select! {
                () = told.notified() => {}
                () = http(&sidecar, stream, first, door) => {}
            }
        }
        Said::Session(guest, mut first) => {
            drop(seat);
            let wire = match stream {
                Stream::Plain(socket) => Wire::Tcp(socket),
                Stream::Tls(stream) => {
                    let (socket, state) = stream.into_inner();
                    match Tls::new(socket, state, &mut first) {
                        Ok(tls) => Wire::Tls(Box::new(tls)),
                        Err(_) => return,
                    }
                }
            };
            connection::serve(sidecar, wire, first, guest).await;
        }
        Said::Nothing => {}
    }
}

async fn http(sidecar: &Arc<Sidecar>, stream: Stream, first: Vec<u8>, door: Arc<Door>) {
    let sidecar = Arc::clone(sidecar);
    match stream {
        Stream::Plain(socket) => serve_http(sidecar, Rewound::new(first, socket), door).await,
        Stream::Tls(stream) => serve_http(sidecar, Rewound::new(first, stream), door).await,
    }
}

type Chain = Option<crate::gate::Chain>;

async fn meet(sidecar: &Sidecar, socket: TcpStream, from: IpAddr) -> io::Result<(Stream, Chain, Said)> {
    let Some(config) = sidecar.gate.tls() else {
        let mut socket = socket;
        let said = introduce(sidecar, &mut socket, None, from).await?;
        return Ok((Stream::Plain(socket), None, said));
    };
    let mut stream = Box::new(TlsAcceptor::from(config).accept(socket).await?);
    let chain: Chain = stream.get_ref().1.peer_certificates().map(Into::into);
    let said = introduce(sidecar, &mut *stream, chain.clone(), from).await?;
    Ok((Stream::Tls(stream), chain, said))
}

/// Reads until it is clear who is there, and no further than a line.
async fn introduce<S: AsyncRead + AsyncWrite + Unpin>(
    sidecar: &Sidecar,
    stream: &mut S,
    chain: Chain,
    from: IpAddr,
) -> io::Result<Said> {
    let mut first = Vec::with_capacity(INTRODUCTION);
    let end = loop {
        if stream.read_buf(&mut first).await? == 0 {
            return Ok(Said::Nothing);
        }
        if matches!(first.first(), Some(b'A'..=b'Z')) {
            return Ok(Said::Http(first));
        }
        let end = first.iter().position(|byte| *byte == b'\n');
        if end.is_some() || first.len() >= INTRODUCTION {
            break end;
        }
    };
    let line = end.map_or(&[][..], |end| &first[..end]);
    let mut answer = Vec::new();
    match greeted(sidecar, line, chain, from, &mut answer) {
        Ok((guest, is_word)) => {
            if is_word {
                first.drain(..=end.unwrap_or(0));
                stream.write_all(&answer).await?;
                stream.flush().await?;
            }
            Ok(Said::Session(guest, first))
        }
        Err(why) => {
            // He should hear of it; who does not listen is let go.
            let said = async {
                stream.write_all(&answer).await?;
                stream.shutdown().await?;
                // What is on its way would reset the connection, and with it what was said.
                let mut rest = stream.take(LEFTOVER);
                tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
            };
            let _gone = tokio::time::timeout(FAREWELL, said).await;
            Err(io::Error::other(why))
        }
    }
}

/// Who says the first line, and whether that was all it said. The answer is for him; the error is for the log.
fn greeted(
    sidecar: &Sidecar,
    line: &[u8],
    chain: Chain,
    from: IpAddr,
    answer: &mut Vec<u8>,
) -> Result<(Guest, bool), String> {
    let parsed = rpc::parse(line);
    let word = match &parsed {
        Ok(Message::Incoming(incoming)) if incoming.method == method::AUTHENTICATE => Some(incoming),
        _ => None,
    };
    let id = word.and_then(|word| word.id);
    let mut refuse = |code: i32, message: String| {
        rpc::fault(answer, id, &Fault::new(code, message.clone()));
        message
    };
    let token = match word.map(rpc::params::<Authenticate>) {
        Some(Ok(Authenticate { token })) => Some(Digest::of(&token)),
        // Its own words might quote the token.
        Some(Err(_)) => {
            return Err(refuse(code::INVALID_PARAMS, "authenticate takes {\"token\": \"...\"}".to_owned()));
        }
        None => None,
    };
    let shown = Shown { token, chain };
    let Some(access) = sidecar.gate.admit(&shown) else {
        let why = if word.is_some() {
            "the token is not valid"
        } else {
            "no token: set CONDUCTOR_TOKEN, or give a certificate that the sidecar knows"
        };
        return Err(refuse(code::UNAUTHENTICATED, why.to_owned()));
    };
    if !access.may(Act::Greet) {
        return Err(refuse(code::FORBIDDEN, access.denied(Act::Greet)));
    }
    if id.is_some() {
        rpc::answer(answer, id, Authenticated { name: access.name.to_string() });
    }
    Ok((Guest { access, shown: Some(shown), from: Some(from) }, word.is_some()))
}
