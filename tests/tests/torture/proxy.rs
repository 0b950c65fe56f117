//! A proxy between applications and a sidecar that cuts connections, stalls them, and lets answers overtake each other.
//!
//! It changes no byte. What it reorders is only what the protocol leaves open: the order of answers to requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};

#[derive(Clone)]
pub struct Proxy {
    state: Arc<State>,
}

struct State {
    target: PathBuf,
    is_stalled: AtomicBool,
    is_reordering: AtomicBool,
    overtaken: AtomicU64,
    open: Mutex<Vec<UnixStream>>,
}

impl Proxy {
    pub fn listen(socket: &Path, target: &Path) -> Result<Proxy> {
        let listener =
            UnixListener::bind(socket).with_context(|| format!("failed to bind {}", socket.display()))?;
        let proxy = Proxy {
            state: Arc::new(State {
                target: target.to_path_buf(),
                is_stalled: AtomicBool::default(),
                is_reordering: AtomicBool::default(),
                overtaken: AtomicU64::default(),
                open: Mutex::default(),
            }),
        };
        let own = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client of a sidecar that is away is hung up on, as the kernel would.
                let _ = own.serve(client);
            }
        });
        Ok(proxy)
    }

    /// Ends every connection, wherever it stands in a message.
    pub fn cut(&self) {
        for stream in self.state.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // It may be gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn stall(&self, stalled: bool) {
        self.state.is_stalled.store(stalled, Ordering::SeqCst);
    }

    pub fn reorder(&self, reordering: bool) {
        self.state.is_reordering.store(reordering, Ordering::SeqCst);
    }

    /// Answers that were handed over after a later one.
    pub fn overtaken(&self) -> u64 {
        self.state.overtaken.load(Ordering::SeqCst)
    }

    fn serve(&self, client: UnixStream) -> std::io::Result<()> {
        let sidecar = UnixStream::connect(&self.state.target)?;
        let pair = [client.try_clone()?, sidecar.try_clone()?];
        self.state.open.lock().unwrap_or_else(PoisonError::into_inner).extend(pair);
        let (own, from, to) = (self.clone(), client.try_clone()?, sidecar.try_clone()?);
        std::thread::spawn(move || own.ask(from, to));
        let own = self.clone();
        std::thread::spawn(move || own.answer(sidecar, client));
        Ok(())
    }

    fn wait(&self) {
        while self.state.is_stalled.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn ask(&self, mut from: UnixStream, mut to: UnixStream) {
        let mut bytes = [0; 16 << 10];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            self.wait();
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
    }

    /// An answer may be kept until the next line; where that is an answer too, it goes first. The greeting's stays the first.
    fn answer(&self, from: UnixStream, mut to: UnixStream) {
        let mut reader = BufReader::new(from);
        let mut kept: Vec<u8> = Vec::new();
        let mut is_greeted = false;
        loop {
            let mut line = Vec::new();
            let is_over = !matches!(reader.read_until(b'\n', &mut line), Ok(1..));
            self.wait();
            let is_answer = !line.windows(8).any(|part| part == b"\"method\"");
            let is_swapped = !kept.is_empty() && is_answer && !is_over;
            let may_keep = is_greeted && is_answer && !is_over && kept.is_empty();
            if may_keep && self.state.is_reordering.load(Ordering::SeqCst) && !reader.buffer().is_empty() {
                kept = line;
                continue;
            }
            is_greeted = true;
            let parts = if is_swapped { [&line, &kept] } else { [&kept, &line] };
            self.state.overtaken.fetch_add(u64::from(is_swapped), Ordering::SeqCst);
            if parts.iter().any(|part| to.write_all(part).is_err()) || is_over {
                break;
            }
            kept.clear();
        }
        let _ = (to.shutdown(Shutdown::Both), reader.get_ref().shutdown(Shutdown::Both));
    }
}
