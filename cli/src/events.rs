//! A stream of server-sent events from a sidecar.
//!
//! It does not know what the events mean.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use tokio::time::Instant;

use crate::client::Driver;

/// A sidecar says something every ten seconds; one that is silent for so long is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// An event larger than this is not the sidecar's.
const EVENT_LIMIT: usize = 256 << 20;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub data: String,
}

pub struct Events {
    body: Incoming,
    unread: Vec<u8>,
    heard: Instant,
    _driven: Driver,
}

impl Events {
    #[must_use]
    pub fn new(body: Incoming, driven: Driver) -> Events {
        Events { body, unread: Vec::new(), heard: Instant::now(), _driven: driven }
    }

    /// The next event; none where the stream has ended or was cut off. Nothing is lost where it is not waited for to the end.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = first(&mut self.unread) {
                return Some(event);
            }
            let body = &mut self.body;
            let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context));
            let frame = tokio::time::timeout_at(self.heard + SILENCE, frame).await.ok()??;
            self.heard = Instant::now();
            self.unread.extend_from_slice(&frame.ok()?.into_data().unwrap_or_default());
            if self.unread.len() > EVENT_LIMIT {
                return None;
            }
        }
    }
}

/// Takes the first whole event. What is no event, a comment or a word on when to try again, is left out.
fn first(unread: &mut Vec<u8>) -> Option<Event> {
    loop {
        let end = unread.windows(2).position(|pair| pair == b"\n\n")?;
        let block: Vec<u8> = unread.drain(..end + 2).collect();
        let mut event = Event::default();
        for line in String::from_utf8_lossy(&block).lines() {
            if let Some(name) = line.strip_prefix("event: ") {
                name.clone_into(&mut event.name);
            } else if let Some(data) = line.strip_prefix("data: ") {
                event.data.push_str(data);
            }
        }
        if !event.name.is_empty() {
            return Some(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first;

    #[test]
    fn events_are_taken_whole_and_comments_left_out() {
        let mut unread = b": still here\n\nretry: 1000\nevent: run\ndata: {\"a\":1}\n\nevent: en".to_vec();
        let event = first(&mut unread).unwrap();
        assert_eq!((event.name.as_str(), event.data.as_str()), ("run", "{\"a\":1}"));
        assert_eq!(first(&mut unread), None);
        unread.extend_from_slice(b"d\ndata: {}\n\n");
        assert_eq!(first(&mut unread).unwrap().name, "end");
        assert!(unread.is_empty());
    }
}
