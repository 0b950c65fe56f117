//! Hands the files of the web UI to browsers: compressed where they take it, not at all where they have them.
//!
//! It knows no page: what the files are is `conductor-ui`'s.

use axum::extract::Path;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use conductor_ui::{Asset, CONTENT_SECURITY_POLICY, find};

use crate::http::refuse;

/// What every file is sent with: it is what it says, and nobody shows it in a frame or learns where its reader goes.
const GUARDS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // Asked for each time, and answered by 304 as long as the binary is the same.
    (header::CACHE_CONTROL, "no-cache"),
];

pub(crate) async fn page(headers: HeaderMap) -> Response {
    file("index.html", &headers)
}

pub(crate) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(&name, &headers)
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    let Some(asset) = find(name) else { return refuse(StatusCode::NOT_FOUND, "there is no such file") };
    let has = |name, wanted: &str| {
        let given = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        given.split(',').any(|one| {
            let (value, weight) = one.split_once(';').unwrap_or((one, ""));
            value.trim().trim_start_matches("W/") == wanted && !is_nothing(weight.trim())
        })
    };
    let mut response = if has(header::IF_NONE_MATCH, &asset.etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        whole(asset, has(header::ACCEPT_ENCODING, "gzip"))
    };
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    }
    if let Ok(etag) = asset.etag.parse() {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// Whether the weight says that it is not wanted: `q=0`, `q=0.000`.
fn is_nothing(weight: &str) -> bool {
    weight.strip_prefix("q=0").is_some_and(|rest| rest.chars().all(|one| matches!(one, '.' | '0')))
}

fn whole(asset: &'static Asset, compressed: bool) -> Response {
    let kind = [(header::CONTENT_TYPE, asset.content_type), (header::VARY, "accept-encoding")];
    if compressed {
        (kind, [(header::CONTENT_ENCODING, "gzip")], asset.gzip.as_slice()).into_response()
    } else {
        (kind, asset.bytes).into_response()
    }
}
