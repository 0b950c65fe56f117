//! `GET /v1/events`: server-sent events that say which runs have changed, for pages that show them live.
//!
//! It knows names and states of runs, not what has changed in them: whoever wants to know asks for the run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use conductor_protocol::state::RunState;
use serde_json::{Value, json};
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use crate::sidecar::Sidecar;

/// Changes that are kept for a listener that is behind; one that misses some is told so, and asks for everything anew.
const KEPT: usize = 4096;

/// Changes come together for so long before they are told, each run once.
pub(crate) const GATHER: Duration = Duration::from_millis(100);

/// A line is sent at least so often, so that both sides see a connection that is lost.
pub(crate) const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

/// Messages on their way to one listener.
const WINDOW: usize = 4;

/// A run is not on disk as it was before.
#[derive(Debug, Clone)]
pub(crate) struct Changed {
    pub(crate) run: Arc<str>,
    pub(crate) workflow: Arc<str>,
    pub(crate) state: RunState,
}

/// Where changes are told and heard.
pub(crate) struct News(broadcast::Sender<Changed>);

impl Default for News {
    fn default() -> News {
        News(broadcast::Sender::new(KEPT))
    }
}

impl News {
    /// What changes from now on.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Changed> {
        self.0.subscribe()
    }

    /// Tells everybody who listens; costs next to nothing where nobody does.
    pub(crate) fn tell(&self, changed: Changed) {
        if self.0.receiver_count() > 0 {
            // The last one may have gone this moment.
            let _ = self.0.send(changed);
        }
    }
}

pub(crate) async fn events(State(sidecar): State<Arc<Sidecar>>) -> Response {
    let heard = sidecar.news.listen();
    streamed(move |to| async move {
        tokio::select! {
            () = sidecar.closed() => {}
            _gone = follow(heard, &to) => {}
        }
    })
}

/// An answer that goes on as long as `work` does, and somebody listens.
pub(crate) fn streamed<F>(work: impl FnOnce(To) -> F) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    let (to, from) = mpsc::channel(WINDOW);
    tokio::spawn(work(to));
    let kind = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (kind, Body::from_stream(ReceiverStream::new(from))).into_response()
}

pub(crate) type To = mpsc::Sender<Result<Bytes, std::convert::Infallible>>;

/// Ends when nobody listens any more.
async fn follow(mut heard: broadcast::Receiver<Changed>, to: &To) -> Option<()> {
    // Whoever comes, or comes back, asks for what there is: from here on nothing is missed without a word.
    say(to, "retry: 1000\nevent: hello\ndata: {}\n\n".to_owned()).await?;
    loop {
        let first = match tokio::time::timeout(SIGN_OF_LIFE, heard.recv()).await {
            Err(_quiet) => {
                say(to, ": still here\n\n".to_owned()).await?;
                continue;
            }
            Ok(Err(RecvError::Closed)) => return None,
            Ok(first) => first,
        };
        tokio::time::sleep(GATHER).await;
        let (runs, missed) = gathered(first.ok(), &mut heard);
        if missed {
            say(to, "event: missed\ndata: {}\n\n".to_owned()).await?;
        } else {
            say(to, format!("event: runs\ndata: {}\n\n", json!({ "runs": runs }))).await?;
        }
    }
}

/// What has come since, the last of each run; true where the listener was too far behind.
fn gathered(first: Option<Changed>, heard: &mut broadcast::Receiver<Changed>) -> (Vec<Value>, bool) {
    let mut missed = first.is_none();
    let mut runs: BTreeMap<Arc<str>, Changed> = BTreeMap::new();
    runs.extend(first.map(|changed| (Arc::clone(&changed.run), changed)));
    // As many as are kept: more may come as fast as they are taken.
    for _ in 0..KEPT {
        match heard.try_recv() {
            Ok(changed) => {
                runs.insert(Arc::clone(&changed.run), changed);
            }
            Err(TryRecvError::Lagged(_)) => missed = true,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    let view = |one: &Changed| json!({"id": &*one.run, "workflow": &*one.workflow, "state": one.state});
    (runs.values().map(view).collect(), missed)
}

pub(crate) async fn say(to: &To, text: String) -> Option<()> {
    to.send(Ok(Bytes::from(text))).await.ok()
}
