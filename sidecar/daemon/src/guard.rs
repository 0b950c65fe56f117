//! What a request over HTTP has to pass before anything of it is done: whose page sent it, who asks, and whether he may.
//!
//! It knows no route's work, only which act each is.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::gate::{Access, Act, Digest, Gate, Seat, Shown};
use crate::http::refuse;

/// What the API says to everybody: that it is there.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Where a connection came in, and what is known of it before its first request.
pub(crate) struct Door {
    pub(crate) way: Way,
    /// Who is there without a token.
    pub(crate) known: Option<Access>,
    pub(crate) shown: Shown,
    /// Until the first request that is let in.
    pub(crate) seat: Mutex<Option<Seat>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its folder and the peer check keep others out.
    Unix,
    /// Any page in a browser on this machine can send requests here.
    Loopback,
    /// From anywhere, with a token or a certificate.
    Remote,
}

impl Door {
    pub(crate) fn unix(access: Access) -> Door {
        Door { way: Way::Unix, known: Some(access), shown: Shown::default(), seat: Mutex::default() }
    }
}

/// Lets a request through, with who asks among its extensions.
pub(crate) async fn pass(
    State((gate, door)): State<(Arc<Gate>, Arc<Door>)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(message) = stranger(door.way, request.headers()) {
        return refuse(StatusCode::FORBIDDEN, message);
    }
    let path = request.uri().path();
    // The pages say nothing of any run: what they show they ask for.
    if OPEN.contains(&path) || path == "/" || path.starts_with("/ui/") {
        return next.run(request).await;
    }
    let access = match caller(&gate, &door, request.headers()) {
        Ok(access) => access,
        Err(message) => return unauthenticated(&message),
    };
    door.seat.lock().unwrap_or_else(PoisonError::into_inner).take();
    let act = Act::of(request.method().as_str(), path);
    if !access.may(act) {
        return refuse(StatusCode::FORBIDDEN, access.denied(act));
    }
    request.extensions_mut().insert(access);
    next.run(request).await
}

fn caller(gate: &Gate, door: &Door, headers: &HeaderMap) -> Result<Access, String> {
    if door.way == Way::Unix {
        return door.known.clone().ok_or_else(|| "nobody is known here".to_owned());
    }
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        let by_certificate = door.shown.chain.is_some().then(|| gate.admit(&door.shown)).flatten();
        return door.known.clone().or(by_certificate).ok_or_else(|| {
            if gate.has_tokens() {
                "this needs a token: `Authorization: Bearer TOKEN`".to_owned()
            } else {
                "this is for the user of the sidecar alone; others need a token, which `--tokens FILE` of the sidecar names"
                    .to_owned()
            }
        });
    };
    // A token that is wrong lets nobody in, whoever he is besides.
    let token = bearer(given).ok_or("the header is `Authorization: Bearer TOKEN`")?;
    let shown = Shown { token: Some(Digest::of(token)), chain: door.shown.chain.clone() };
    gate.admit(&shown).ok_or_else(|| "the token is not valid".to_owned())
}

fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn unauthenticated(message: &str) -> Response {
    let told = [(header::WWW_AUTHENTICATE, "Bearer"), (header::CONNECTION, "close")];
    (told, refuse(StatusCode::UNAUTHORIZED, message)).into_response()
}

/// A name that resolves to this machine may be anybody's (DNS rebinding): only its own names are served, and a
/// browser's page only if it came from here.
fn stranger(way: Way, headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).map(|value: &HeaderValue| value.to_str().unwrap_or(""));
    let host = text(header::HOST).unwrap_or("");
    if way == Way::Loopback && !is_local(host) {
        return Some(format!("host {host:?} is not this machine's loopback"));
    }
    let ours = |origin: &str| {
        let from = origin.split_once("://").map(|(_, host)| host);
        match way {
            Way::Unix => true,
            Way::Loopback => from.is_some_and(is_local),
            Way::Remote => from.is_some_and(|from| from.eq_ignore_ascii_case(host)),
        }
    };
    if let Some(origin) = text(header::ORIGIN)
        && !ours(origin)
    {
        return Some(match way {
            Way::Remote => format!("origin {origin:?} is not {host:?}"),
            _ => format!("origin {origin:?} is not this machine's loopback"),
        });
    }
    let site = headers.get("sec-fetch-site").filter(|_| way != Way::Unix);
    let foreign = site.is_some_and(|site| site == "cross-site");
    foreign.then(|| "another site's page asks".to_owned())
}

fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost") || matches!(name, "127.0.0.1" | "[::1]")
}
