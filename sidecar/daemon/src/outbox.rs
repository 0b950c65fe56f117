//! The bytes on their way to one client, bounded: who does not read is disconnected.
//!
//! It knows no message; lines come in whole.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::wire::Wire;

/// Bytes that may wait for a slow reader before the connection is given up.
const LIMIT: usize = 32 << 20;

/// Above this, large answers wait before they are made.
const FULL: usize = 1 << 20;

pub(crate) struct Outbox {
    stream: Arc<Wire>,
    buffer: Mutex<Buffer>,
    /// Something waits that the socket did not take at once, or the outbox was closed.
    waiting: Notify,
    /// Bytes have gone, or the outbox was closed.
    moved: Notify,
    /// Held by whoever makes a large answer.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    sent: usize,
    closed: bool,
    /// What others say while the answer that goes first is made.
    behind: Option<Vec<u8>>,
}

impl Buffer {
    fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }
}

impl Outbox {
    pub(crate) fn new(stream: Arc<Wire>) -> Outbox {
        Outbox {
            stream,
            buffer: Mutex::default(),
            waiting: Notify::new(),
            moved: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    fn hold(&self) -> MutexGuard<'_, Buffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines, at once where the socket takes them: that saves waking the writer, which costs more
    /// than the write.
    pub(crate) fn send(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let mut buffer = self.hold();
        if buffer.closed {
            return;
        }
        if let Some(behind) = &mut buffer.behind {
            if behind.len() + lines.len() > LIMIT {
                return self.shut(&mut buffer);
            }
            return behind.extend_from_slice(lines);
        }
        self.write(buffer, lines);
    }

    /// Lets everything that is sent from now on wait for [`Self::first`].
    pub(crate) fn hold_back(&self) {
        self.hold().behind.get_or_insert_default();
    }

    /// Sends lines, and after them what was held back.
    pub(crate) fn first(&self, mut lines: Vec<u8>) {
        let mut buffer = self.hold();
        lines.extend(buffer.behind.take().unwrap_or_default());
        if !buffer.closed {
            self.write(buffer, &lines);
        }
    }

    fn write(&self, mut buffer: MutexGuard<'_, Buffer>, lines: &[u8]) {
        let mut rest = lines;
        if buffer.len() == 0 {
            match self.stream.try_write(lines) {
                Ok(sent) => rest = &lines[sent..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return self.shut(&mut buffer),
            }
        }
        if rest.is_empty() && !self.stream.is_pending() {
            return;
        }
        if buffer.len() + rest.len() > LIMIT {
            return self.shut(&mut buffer);
        }
        buffer.bytes.extend_from_slice(rest);
        drop(buffer);
        self.waiting.notify_one();
    }

    /// Ends the connection; what waits is thrown away.
    pub(crate) fn close(&self) {
        self.shut(&mut self.hold());
    }

    fn shut(&self, buffer: &mut Buffer) {
        *buffer = Buffer { closed: true, ..Buffer::default() };
        self.waiting.notify_waiters();
        self.waiting.notify_one();
        self.moved.notify_waiters();
    }

    /// Writes what waits, for as long as the connection lives; returns when it is closed.
    pub(crate) async fn drain(&self) {
        loop {
            let (waits, closed) = {
                let buffer = self.hold();
                (buffer.len() > 0 || self.stream.is_pending(), buffer.closed)
            };
            if closed {
                return;
            }
            if !waits {
                self.waiting.notified().await;
                continue;
            }
            tokio::select! {
                ready = self.stream.writable() => if ready.is_err() { return self.close() },
                () = self.waiting.notified() => continue,
            }
            self.write_some();
        }
    }

    fn write_some(&self) {
        let mut buffer = self.hold();
        let written = match buffer.len() {
            0 => self.stream.flush().map(|()| 0),
            _ => self.stream.try_write(&buffer.bytes[buffer.sent..]),
        };
        match written {
            Ok(sent) => buffer.sent += sent,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(_) => return self.shut(&mut buffer),
        }
        if buffer.len() == 0 {
            *buffer = Buffer::default();
        } else if buffer.sent > FULL {
            let sent = std::mem::take(&mut buffer.sent);
            buffer.bytes.drain(..sent);
        }
        drop(buffer);
        self.moved.notify_waiters();
    }

    /// Whether a large answer could be made now.
    pub(crate) fn has_room(&self) -> bool {
        let buffer = self.hold();
        !buffer.closed && buffer.len() < FULL
    }

    /// Waits for the turn to make an answer that may be large.
    pub(crate) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Waits until there is room for a large answer. False when the connection is closed.
    pub(crate) async fn room(&self) -> bool {
        self.below(FULL).await
    }

    /// Gives a client that reads the time to get what waits for it.
    pub(crate) async fn flushed(&self, patience: Duration) {
        let _ = tokio::time::timeout(patience, self.below(1)).await;
    }

    /// Returns when the outbox is closed.
    pub(crate) async fn ended(&self) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.hold().closed {
                return;
            }
            moved.await;
        }
    }

    async fn below(&self, limit: usize) -> bool {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            {
                let buffer = self.hold();
                if buffer.closed {
                    return false;
                }
                // What TLS has taken and not sent is little, but it may be the last word.
                if buffer.len() + usize::from(self.stream.is_pending()) < limit {
                    return true;
                }
            }
            moved.await;
        }
    }
}
