//! The bytes of one connection, whatever carries them: a Unix socket, TCP, or TLS over TCP.
//!
//! It knows no message, and not who is on the other side.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::ServerConnection;
use tokio::net::{TcpStream, UnixStream};

/// What a message of TLS holds at most, and so what is read at a time.
const RECORD: usize = 16 << 10;

/// A stream that reader and writer use at the same time, without waiting for each other.
pub(crate) enum Wire {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<Tls>),
}

pub(crate) struct Tls {
    socket: TcpStream,
    state: Mutex<ServerConnection>,
}

/// The socket as `rustls` wants it: it reads and writes what can be had at once.
struct AtOnce<'a>(&'a TcpStream);

impl Read for AtOnce<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(into)
    }
}

impl Write for AtOnce<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Tls {
    /// A connection after its handshake. What has arrived with it is put behind `first`.
    pub(crate) fn new(
        socket: TcpStream,
        mut state: ServerConnection,
        first: &mut Vec<u8>,
    ) -> io::Result<Tls> {
        plaintext(&mut state, first)?;
        Ok(Tls { socket, state: Mutex::new(state) })
    }

    fn hold(&self) -> MutexGuard<'_, ServerConnection> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what is encrypted, as far as the socket takes it. False where something is left.
    fn flush(&self, state: &mut ServerConnection) -> io::Result<bool> {
        while state.wants_write() {
            match state.write_tls(&mut AtOnce(&self.socket)) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.hold();
        let mut sent = 0;
        // What is encrypted and not gone is bounded by `rustls`: it takes no more then.
        while self.flush(&mut state)? && sent < bytes.len() {
            match state.writer().write(&bytes[sent..])? {
                0 => break,
                taken => sent += taken,
            }
        }
        if sent == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(sent) }
    }

    fn read(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        let mut state = self.hold();
        let read = state.read_tls(&mut AtOnce(&self.socket))?;
        let checked = state.process_new_packets();
        // An alert tells the other side what is wrong, a ticket how it comes back.
        let flushed = self.flush(&mut state);
        checked.map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
        flushed?;
        match plaintext(&mut state, into)? {
            0 if read > 0 => Err(ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        }
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        let mut state = self.hold();
        state.send_close_notify();
        // Who is gone needs no farewell.
        let _gone = self.flush(&mut state);
    }
}

/// All that was decrypted. 0 where nothing was, or where the other side has said that it is done.
fn plaintext(state: &mut ServerConnection, into: &mut Vec<u8>) -> io::Result<usize> {
    let before = into.len();
    let mut piece = [0; RECORD];
    loop {
        match state.reader().read(&mut piece) {
            Ok(0) => break,
            Ok(read) => into.extend_from_slice(&piece[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            // Cut off without a farewell: what came before is whole all the same, as lines say.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
    }
    Ok(into.len() - before)
}

impl Wire {
    /// Writes as much as can be had at once; `WouldBlock` where that is nothing.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Unix(socket) => socket.try_write(bytes),
            Wire::Tcp(socket) => socket.try_write(bytes),
            Wire::Tls(tls) => tls.write(bytes),
        }
    }

    /// Reads what has arrived, behind what is there; 0 at the end, `WouldBlock` where nothing has.
    pub(crate) fn try_read(&self, into: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Wire::Unix(socket) => socket.try_read_buf(into),
            Wire::Tcp(socket) => socket.try_read_buf(into),
            Wire::Tls(tls) => tls.read(into),
        }
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        match self {
            Wire::Unix(socket) => socket.readable().await,
            Wire::Tcp(socket) => socket.readable().await,
            Wire::Tls(tls) => tls.socket.readable().await,
        }
    }

    pub(crate) async fn writable(&self) -> io::Result<()> {
        match self {
            Wire::Unix(socket) => socket.writable().await,
            Wire::Tcp(socket) => socket.writable().await,
            Wire::Tls(tls) => tls.socket.writable().await,
        }
    }

    /// Whether bytes that were taken have not gone yet: [`Self::flush`] when it is writable.
    pub(crate) fn is_pending(&self) -> bool {
        matches!(self, Wire::Tls(tls) if tls.hold().wants_write())
    }

    pub(crate) fn flush(&self) -> io::Result<()> {
        match self {
            Wire::Tls(tls) => tls.flush(&mut tls.hold()).map(drop),
            Wire::Unix(_) | Wire::Tcp(_) => Ok(()),
        }
    }
}
