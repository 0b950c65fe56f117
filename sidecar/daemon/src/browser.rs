//! `conductor ui`: the HTTP API with which a browser is let in, by a code that somebody has asked for who is known already.
//!
//! It knows no page: the one that has the code sends it here.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use crate::gate::{Caller, LOGIN_LIFE};
use crate::guard::{Door, Way, cookie, cookie_name};
use crate::http::refuse;
use crate::sidecar::Sidecar;

/// More than this is no code.
const BODY: usize = 1024;

/// `POST /v1/ui/codes`: for a browser that may do then what its asker may.
pub(crate) async fn code(
    State(sidecar): State<Arc<Sidecar>>,
    Extension(caller): Extension<Caller>,
) -> Response {
    if caller.by_cookie {
        return refuse(StatusCode::FORBIDDEN, "a browser opens no other one: run `conductor ui`");
    }
    match sidecar.gate.browsers.code(caller) {
        Some(code) => Json(json!({"code": code, "http": sidecar.http})).into_response(),
        None => refuse(StatusCode::SERVICE_UNAVAILABLE, "the system has no random numbers"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    code: String,
}

/// `POST /v1/ui/login`: from a page of this sidecar's alone, of somebody who is not known yet.
pub(crate) async fn login(
    State(sidecar): State<Arc<Sidecar>>,
    Extension(door): Extension<Arc<Door>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let given = match axum::body::to_bytes(body, BODY).await {
        Ok(bytes) => serde_json::from_slice::<Given>(&bytes).ok(),
        Err(_) => None,
    };
    let Some(Given { code }) = given else {
        return refuse(StatusCode::BAD_REQUEST, "the body is {\"code\": \"...\"}");
    };
    let Some(login) = sidecar.gate.browsers.enter(&code, door.seen) else {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "the code is not valid any more: it opens one browser, within two minutes; run `conductor ui` again",
        );
    };
    set(&sidecar, &headers, &door, &login, LOGIN_LIFE.as_secs())
}

/// `DELETE /v1/ui/login`: it is let in no longer.
pub(crate) async fn logout(
    State(sidecar): State<Arc<Sidecar>>,
    Extension(door): Extension<Arc<Door>>,
    headers: HeaderMap,
) -> Response {
    if let Some(login) = cookie(&headers) {
        sidecar.gate.browsers.leave(&login);
    }
    set(&sidecar, &headers, &door, "", 0)
}

fn set(sidecar: &Sidecar, headers: &HeaderMap, door: &Door, login: &str, seconds: u64) -> Response {
    // Without TLS a browser would not send it back.
    let has_tls = door.way == Way::Remote && sidecar.gate.tls().is_some();
    let secure = if has_tls { "; Secure" } else { "" };
    let name = cookie_name(headers);
    let text = format!("{name}={login}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    let told = [(header::SET_COOKIE, text), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::NO_CONTENT, told).into_response()
}
