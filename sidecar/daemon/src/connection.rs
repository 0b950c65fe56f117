//! One connection: bytes into lines, each line to its handler, then one commit for all that came together.
//!
//! It knows the order of messages and their limit, not what a method does.

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use conductor_journal::Refusal;
use conductor_protocol::message::{RunRefused, code, method};
use serde_json::value::RawValue;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::again::{Again, may_pass};
use crate::gate::Guest;
use crate::handlers::{self, Client};
use crate::invocations;
use crate::outbox::Outbox;
use crate::rpc::{self, Fault, Message};
use crate::salvage;
use crate::sidecar::Sidecar;
use crate::wire::Wire;

/// How much is read at a time.
const CHUNK: usize = 64 << 10;

/// Requests of one connection that may wait for their answers at a time.
const IN_FLIGHT: usize = 16 << 10;

/// Serves JSON-RPC lines until either side ends the connection. `first` was read already.
pub(crate) async fn serve(sidecar: Arc<Sidecar>, stream: Wire, first: Vec<u8>, guest: Guest) {
    let stream = Arc::new(stream);
    let outbox = Arc::new(Outbox::new(Arc::clone(&stream)));
    let writer = Arc::clone(&outbox);
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { writer.drain().await });
    if guest.shown.is_some() {
        let (gate, guest, outbox) = (Arc::clone(&sidecar.gate), guest.clone(), Arc::clone(&outbox));
        tasks.spawn(async move {
            gate.closed_to(&guest).await;
            outbox.close();
        });
    }
    let again = sidecar.journal.shared().map(|_| Arc::default());
    let mut connection = Connection {
        sidecar,
        guest,
        client: None,
        outbox,
        tasks,
        again,
        buffer: first,
        scanned: 0,
        lingers: None,
        is_urgent: false,
    };
    connection.run(&stream).await;
    connection.flush();
    connection.outbox.flushed(Duration::from_millis(500)).await;
    connection.outbox.close();
    if let Some(client) = &connection.client {
        handlers::leave(&connection.sidecar, client, &connection.outbox);
    }
}

struct Connection {
    sidecar: Arc<Sidecar>,
    guest: Guest,
    client: Option<Client>,
    outbox: Arc<Outbox>,
    /// The writer, and requests whose answer waits for something. They end with the connection.
    tasks: JoinSet<()>,
    again: Option<Arc<Again>>,
    buffer: Vec<u8>,
    /// How far the buffer holds no line's end.
    scanned: usize,
    /// When what waits for company is committed without it.
    lingers: Option<Instant>,
    /// Whether one of the lines that came together is to be committed at once.
    is_urgent: bool,
}

impl Connection {
    async fn run(&mut self, stream: &Wire) {
        loop {
            self.sidecar.safe().await;
            self.once_more();
            if !self.lines() {
                return;
            }
            while self.tasks.try_join_next().is_some() {
                if self.tasks.is_empty() {
                    return;
                }
            }
            tokio::select! {
                ready = stream.readable() => if ready.is_err() { return },
                () = self.outbox.ended() => return,
                () = self.sidecar.closed() => return,
                () = due(self.again.as_ref()) => continue,
                () = alone(self.lingers) => {
                    self.lingers = None;
                    let sidecar = Arc::clone(&self.sidecar);
                    // Nobody waits for it, nor should what comes meanwhile.
                    tokio::spawn(async move { sidecar.flush() });
                    continue;
                }
            }
            self.buffer.reserve(CHUNK);
            match stream.try_read(&mut self.buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    /// Handles what the store had refused for the moment.
    fn once_more(&mut self) {
        let lines = self.again.as_ref().map(|again| again.take()).unwrap_or_default();
        if lines.is_empty() {
            return;
        }
        let mut answers = Vec::new();
        lines.iter().for_each(|line| self.line(line, &mut answers));
        self.outbox.send(&answers);
        self.flush();
    }

    fn flush(&mut self) {
        self.lingers = None;
        self.sidecar.flush();
    }

    /// Handles every whole line in the buffer. False when the connection must end.
    fn lines(&mut self) -> bool {
        let mut answers = Vec::new();
        let mut done = 0;
        self.is_urgent = false;
        let buffer = std::mem::take(&mut self.buffer);
        while let Some(length) = buffer[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let end = self.scanned + length;
            if self.is_over_limit(end - done) {
                break;
            }
            self.line(&buffer[done..end], &mut answers);
            done = end + 1;
            self.scanned = done;
        }
        self.buffer = buffer;
        self.scanned = self.buffer.len() - done;
        self.buffer.drain(..done);
        if self.buffer.is_empty() && self.buffer.capacity() > 4 * CHUNK {
            self.buffer = Vec::new();
        }
        // What is left is one line that is not whole, or one that is too long.
        let fits = !self.is_over_limit(self.buffer.len());
        if !fits {
            let (size, limit) = (self.buffer.len() as u64, self.sidecar.journal.limits().message_bytes);
            let refusal = Refusal::TooLarge { what: "a line".to_owned(), size, limit };
            rpc::fault(&mut answers, None, &refusal.into());
        }
        // Answers first: what needs no disk does not wait for it.
        self.outbox.send(&answers);
        if self.is_urgent {
            self.flush();
        }
        fits
    }

    fn is_over_limit(&self, length: usize) -> bool {
        length as u64 > self.sidecar.journal.limits().message_bytes
    }

    fn line(&mut self, line: &[u8], answers: &mut Vec<u8>) {
        let was_urgent = std::mem::replace(&mut self.is_urgent, true);
        let message = match rpc::parse(line) {
            Ok(message) => message,
            Err(fault) => return self.not_understood(line, None, &fault, answers),
        };
        if let Some(client) = &self.client {
            client.pulse.beat();
        }
        let incoming = match message {
            Message::Incoming(incoming) => incoming,
            Message::Answered(answered) => {
                // One from somebody who was never asked is nobody's.
                let client = self.client.iter();
                return client.for_each(|client| invocations::answered(&self.sidecar, client, &answered));
            }
        };
        if self.tasks.len() > IN_FLIGHT && incoming.id.is_some() {
            let fault = Fault::new(code::INVALID_REQUEST, "too many requests of this connection wait");
            return rpc::fault(answers, incoming.id, &fault);
        }
        let mut call = handlers::Call {
            sidecar: &self.sidecar,
            outbox: &self.outbox,
            guest: &self.guest,
            tasks: &mut self.tasks,
            answers,
            id: incoming.id,
            line,
            again: self.again.as_ref(),
            lingers: None,
        };
        let handled = handlers::handle(&mut call, &mut self.client, &incoming);
        if let Some(patience) = call.lingers {
            self.is_urgent = was_urgent;
            let until = Instant::now() + patience;
            self.lingers = Some(self.lingers.map_or(until, |at| at.min(until)));
        }
        if let Err(fault) = handled {
            if let Some(again) = self.again.as_ref().filter(|_| incoming.id.is_some() && may_pass(&fault)) {
                return again.push(line.into());
            }
            self.not_understood(line, incoming.id, &fault, answers);
        }
    }

    /// A fault is answered with `id: null` where there is no id: a client in error should hear of it. Somebody waits
    /// for a record, and hears which one was refused.
    fn not_understood(&self, line: &[u8], id: Option<&RawValue>, fault: &Fault, answers: &mut Vec<u8>) {
        let greeted = self.client.is_some() && id.is_none();
        let Some(record) = greeted.then(|| salvage::numbers(line)).flatten() else {
            return rpc::fault(answers, id, fault);
        };
        self.sidecar.metrics.refused("invalid");
        let refused = RunRefused {
            run: record.run,
            epoch: record.epoch,
            seq: record.seq,
            code: code::INVALID_PARAMS,
            message: fault.message.clone(),
        };
        rpc::notice(answers, method::RUN_REFUSED, refused);
    }
}

async fn alone(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn due(again: Option<&Arc<Again>>) {
    match again {
        Some(again) => again.due().await,
        None => std::future::pending().await,
    }
}
