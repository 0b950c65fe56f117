//! Where the API is, as its document says.
//!
//! It does not know what the manifest says.

use super::documents::{Documents, is_url};
use crate::document::Node;

/// The first server's address, or only its path where it has none and the document is a file: `/api/v3`.
pub fn address(documents: &Documents, main: &str) -> Option<String> {
    let root = documents.root(main).ok()?;
    let first = root.node.list_at("servers").first();
    let written = first.map_or_else(|| "/".to_owned(), filled);
    let written = written.trim_end_matches('/');
    if is_url(written) || !is_url(main) {
        return (!written.is_empty()).then(|| written.to_owned());
    }
    // Where the document itself is read from a variable nobody can say where the API is when it runs.
    if main.contains("${") {
        return None;
    }
    let (scheme, rest) = main.split_once("://")?;
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let host = format!("{scheme}://{host}");
    match written.strip_prefix('/') {
        Some(absolute) => Some(format!("{host}/{absolute}")),
        None if written.is_empty() => Some(host),
        None => {
            let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("/{folder}"));
            Some(format!("{host}{folder}/{}", written.trim_start_matches("./")))
        }
    }
}

/// With the defaults of its variables.
fn filled(server: &Node) -> String {
    let mut url = server.text_at("url").unwrap_or("/").to_owned();
    for variable in server.entries_at("variables") {
        if let Some(default) = variable.value.get("default").and_then(Node::spelling) {
            url = url.replace(&format!("{{{}}}", variable.key), default);
        }
    }
    url
}
