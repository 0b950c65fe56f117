//! What a request over HTTP has to pass before anything of it is done: whose page sent it, who asks, and whether he may.
//!
//! It knows no route's work, only which act each is.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::gate::{Access, Act, Caller, Digest, Gate, Seat, Seen, Shown};
use crate::http::refuse;

/// What the API says to everybody: that it is there.
const OPEN: [&str; 2] = ["/healthz", "/readyz"];

/// Where a browser exchanges its code: who does that is known by the code.
const LOGIN: &str = "/v1/ui/login";

/// Where a connection came in, and what is known of it before its first request.
pub(crate) struct Door {
    pub(crate) way: Way,
    /// Who is there without a token.
    pub(crate) known: Option<Access>,
    pub(crate) shown: Shown,
    /// The user of this machine who connected, whoever he is.
    pub(crate) seen: Seen,
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
        Door {
            way: Way::Unix,
            known: Some(access),
            shown: Shown::default(),
            seen: None,
            seat: Mutex::default(),
        }
    }
}

/// Lets a request through, with who asks among its extensions.
pub(crate) async fn pass(
    State((gate, door, limit)): State<(Arc<Gate>, Arc<Door>, usize)>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(message) = stranger(door.way, request.headers()) {
        return refuse(StatusCode::FORBIDDEN, message);
    }
    // What is announced is not waited for.
    if announced(request.headers()).is_some_and(|length| length > limit as u64) {
        let message = format!("a body has at most {limit} bytes");
        return ([(header::CONNECTION, "close")], refuse(StatusCode::PAYLOAD_TOO_LARGE, message))
            .into_response();
    }
    let path = request.uri().path();
    // The pages say nothing of any run: what they show they ask for.
    if OPEN.contains(&path) || path == "/" || path.starts_with("/ui/") {
        return next.run(request).await;
    }
    if path == LOGIN {
        if !is_own_page(request.headers()) {
            return refuse(StatusCode::FORBIDDEN, "a browser is let in by this sidecar's own page");
        }
        request.extensions_mut().insert(door);
        return next.run(request).await;
    }
    let caller = match caller(&gate, &door, request.headers()) {
        Ok(caller) => caller,
        Err(message) => return unauthenticated(&message),
    };
    door.seat.lock().unwrap_or_else(PoisonError::into_inner).take();
    let act = Act::of(request.method().as_str(), path);
    if !caller.access.may(act) {
        return refuse(StatusCode::FORBIDDEN, caller.access.denied(act));
    }
    // A browser adds its cookie to what any page asks for.
    let reads = act == Act::See && matches!(request.method().as_str(), "GET" | "HEAD");
    if caller.by_cookie && !reads && !is_own_page(request.headers()) {
        return refuse(StatusCode::FORBIDDEN, "another page asks with this browser's cookie");
    }
    request.extensions_mut().insert(caller.access.clone());
    request.extensions_mut().insert(caller);
    next.run(request).await
}

fn caller(gate: &Gate, door: &Door, headers: &HeaderMap) -> Result<Caller, String> {
    let known = door.known.clone().map(|access| Caller { access, shown: None, by_cookie: false });
    if door.way == Way::Unix {
        return known.ok_or_else(|| "nobody is known here".to_owned());
    }
    let of = |shown: &Shown| {
        Some(Caller { access: gate.admit(shown)?, shown: Some(shown.clone()), by_cookie: false })
    };
    let Some(given) = headers.get(header::AUTHORIZATION) else {
        let by_cookie = || cookie(headers).and_then(|login| gate.browser(&login, door.seen));
        let by_certificate = || door.shown.chain.as_ref().and_then(|_| of(&door.shown));
        return known.or_else(by_cookie).or_else(by_certificate).ok_or_else(|| {
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
    of(&shown).ok_or_else(|| "the token is not valid".to_owned())
}

/// What a browser that was let in shows.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<String> {
    let name = cookie_name(headers);
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(given, _)| *given == name).map(|(_, login)| login.to_owned())
}

/// Sidecars on several ports of a host have one cookie each.
pub(crate) fn cookie_name(headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let port: String = port.chars().filter(char::is_ascii_digit).collect();
    format!("conductor-{port}")
}

/// Whether a page of exactly this address asks, as browsers say of what changes something.
fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, from)| from);
    let from_here =
        origin.zip(text(header::HOST)).is_some_and(|(from, host)| from.eq_ignore_ascii_case(host));
    let site = headers.get("sec-fetch-site");
    from_here && site.is_none_or(|site| site == "same-origin")
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
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
            // Other ports of this machine have other people's pages.
            Way::Loopback | Way::Remote => from.is_some_and(|from| from.eq_ignore_ascii_case(host)),
        }
    };
    if let Some(origin) = text(header::ORIGIN)
        && !ours(origin)
    {
        return Some(format!("origin {origin:?} is not {host:?}"));
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
