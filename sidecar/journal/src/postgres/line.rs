//! A connection that is driven by the thread that waits for its answer: to wake another thread, and to be woken by it, takes
//! longer than what the server does.
//!
//! It knows sockets and futures, not what is said over them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::Error;

use super::trouble::explained;

/// A socket that does not block.
pub(super) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Socket::Tcp(stream) => stream.as_fd(),
            Socket::Unix(stream) => stream.as_fd(),
        }
    }
}

impl Read for &Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&*stream).read(buffer),
            Socket::Unix(stream) => (&*stream).read(buffer),
        }
    }
}

impl Write for &Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Socket::Tcp(stream) => (&*stream).write(buffer),
            Socket::Unix(stream) => (&*stream).write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The end of a socket that the driver of PostgreSQL reads and writes. Nobody is woken: [`Line`] looks again when there is something.
pub(super) struct Stream(Arc<Ready>);

struct Ready {
    socket: Socket,
    /// Whether something could not be written, because the socket is full.
    is_full: AtomicBool,
}

impl Ready {
    /// Returns when there is something to read, or room for what could not be written. False when that takes too long.
    fn wait(&self, until: Instant) -> bool {
        let room = if self.is_full.load(Ordering::Relaxed) { PollFlags::OUT } else { PollFlags::empty() };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let mut sockets = [PollFd::new(&self.socket, PollFlags::IN | room)];
            match poll(&mut sockets, Timespec::try_from(left).ok().as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                // Whoever reads or writes next hears what is wrong with it.
                Ok(_) | Err(_) => return true,
            }
        }
    }
}

fn pending<T>(result: io::Result<T>) -> Poll<io::Result<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        done => Poll::Ready(done),
    }
}

/// Once more where a signal came between.
fn whole<T>(mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match work() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut socket = &self.0.socket;
        let read = whole(|| socket.read(buffer.initialize_unfilled()));
        pending(read.map(|length| buffer.advance(length)))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut socket = &self.0.socket;
        let written = pending(whole(|| socket.write(buffer)));
        if written.is_pending() {
            self.0.is_full.store(true, Ordering::Relaxed);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The other side hears of it when the socket is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whether one of the futures that are driven has something to do, though nothing came.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What the driver does with the socket, for as long as it is of use.
pub(super) type Traffic = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A socket, and what is at work on it.
pub(super) struct Line {
    ready: Arc<Ready>,
    traffic: Option<Traffic>,
}

impl Line {
    /// The socket must not block.
    pub(super) fn new(socket: Socket) -> (Line, Stream) {
        let ready = Arc::new(Ready { socket, is_full: AtomicBool::new(false) });
        (Line { ready: Arc::clone(&ready), traffic: None }, Stream(ready))
    }

    /// The driver has greeted the server: it reads and writes for whoever asks it for something.
    pub(super) fn open(&mut self, traffic: Traffic) {
        self.traffic = Some(traffic);
    }

    /// Whether the server has not hung up.
    pub(super) fn is_open(&mut self) -> bool {
        self.turn(&mut Context::from_waker(Waker::noop()));
        self.traffic.is_some()
    }

    /// Lets the driver read and write what there is.
    fn turn(&mut self, context: &mut Context<'_>) {
        if self.traffic.as_mut().is_some_and(|traffic| traffic.as_mut().poll(context).is_ready()) {
            self.traffic = None;
        }
    }

    /// As [`Self::drive`] for what a connection begins with.
    pub(super) fn asked<T>(
        &mut self,
        work: impl Future<Output = Result<T, Error>>,
        until: Instant,
    ) -> Result<T, String> {
        match self.drive(work, until) {
            Some(done) => done.map_err(|error| explained(&error)),
            None => Err("the server did not answer in time".to_owned()),
        }
    }

    /// Blocks until the work is done, which waits for nothing but this line; nothing where that takes too long.
    pub(super) fn drive<T>(&mut self, work: impl Future<Output = T>, until: Instant) -> Option<T> {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        let mut work = pin!(work);
        loop {
            woken.0.store(false, Ordering::Relaxed);
            self.ready.is_full.store(false, Ordering::Relaxed);
            self.turn(&mut context);
            if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                // What it leaves to be said: that a transaction is given up.
                self.turn(&mut context);
                return Some(done);
            }
            if !woken.0.load(Ordering::Relaxed) && !self.ready.wait(until) {
                return None;
            }
        }
    }
}

impl Drop for Line {
    /// Whoever asked is gone, so that the driver takes its leave of the server.
    fn drop(&mut self) {
        self.turn(&mut Context::from_waker(Waker::noop()));
    }
}
