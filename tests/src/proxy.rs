//! A proxy before a sidecar that holds acknowledgements back, to count how often a client really waits for the disk.
//!
//! A client that goes on without an acknowledgement does not wait for it. So each is kept until the client has fallen
//! silent; then all that came are handed over at once, and that was one wait.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// Longer than any step of the lab and any commit takes, even on a busy machine.
const SILENCE: Duration = Duration::from_millis(250);

/// A proxy for one client, which lives until the client goes.
#[derive(Debug, Clone)]
pub struct Proxy {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    /// When the client last said something.
    last: Instant,
    held: Vec<u8>,
    waits: usize,
    over: bool,
}

impl Proxy {
    /// Listens on `socket` for one client of the sidecar on `target`.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn listen(socket: &Path, target: &Path) -> Result<Proxy> {
        let listener =
            UnixListener::bind(socket).with_context(|| format!("failed to bind {}", socket.display()))?;
        let state = State { last: Instant::now(), held: Vec::new(), waits: 0, over: false };
        let proxy = Proxy { state: Arc::new(Mutex::new(state)) };
        let (own, target) = (proxy.clone(), target.to_path_buf());
        std::thread::spawn(move || {
            // A client that is not served fails its own test.
            let _ =
                listener.accept().and_then(|(client, _)| own.serve(&client, &UnixStream::connect(target)?));
        });
        Ok(proxy)
    }

    /// How often the client waited so far.
    #[must_use]
    pub fn waits(&self) -> usize {
        self.state().waits
    }

    fn serve(&self, client: &UnixStream, sidecar: &UnixStream) -> std::io::Result<()> {
        let (own, from, to) = (self.clone(), client.try_clone()?, sidecar.try_clone()?);
        std::thread::spawn(move || own.forward(&from, &to));
        let (own, to) = (self.clone(), client.try_clone()?);
        std::thread::spawn(move || own.release(&to));
        for line in BufReader::new(sidecar).split(b'\n') {
            let mut line = line?;
            line.push(b'\n');
            if line.windows(9).any(|part| part == b"\"run.ack\"") {
                self.state().held.append(&mut line);
            } else {
                (&*client).write_all(&line)?;
            }
        }
        Ok(())
    }

    /// From the client to the sidecar.
    fn forward(&self, mut from: &UnixStream, mut to: &UnixStream) {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            self.state().last = Instant::now();
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        self.state().over = true;
        // The other side may be gone already.
        let _ = to.shutdown(Shutdown::Both);
    }

    /// Hands held acknowledgements over when the client has fallen silent.
    fn release(&self, mut to: &UnixStream) {
        loop {
            std::thread::sleep(Duration::from_millis(5));
            let mut state = self.state();
            if state.over {
                return;
            }
            if !state.held.is_empty() && state.last.elapsed() >= SILENCE {
                state.waits += 1;
                if to.write_all(&std::mem::take(&mut state.held)).is_err() {
                    return;
                }
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
