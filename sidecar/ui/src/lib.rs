//! The web UI as files: what a browser is given for each path, plain and compressed, with its digest.
//!
//! It knows no server and no run: the pages ask the HTTP API of whoever serves them.

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;

/// What the pages may do: load and ask what comes from where they come from, and nothing else.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the UI.
#[derive(Debug)]
pub struct Asset {
    /// Below `/ui/`; the page itself is `index.html`.
    pub name: &'static str,
    pub content_type: &'static str,
    pub bytes: &'static [u8],
    pub gzip: Vec<u8>,
    /// With its quotation marks, as the header has it.
    pub etag: String,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../assets/", $name)).as_slice())),*]
    };
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    files![
        "index.html",
        "style.css",
        "icon.svg",
        "main.js",
        "dom.js",
        "api.js",
        "format.js",
        "value.js",
        "rows.js",
        "dialog.js",
        "actions.js",
        "overview.js",
        "runs.js",
        "run.js",
        "timeline.js",
        "graph.js",
        "manifest.js",
        "operate.js",
        "metrics.js",
    ]
    .into_iter()
    .map(|(name, bytes)| asset(name, bytes))
    .collect()
});

fn asset(name: &'static str, bytes: &'static [u8]) -> Asset {
    let content_type = match name.rsplit_once('.') {
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    let digest = blake3::hash(bytes).to_hex();
    Asset { name, content_type, bytes, gzip: gzip(bytes), etag: format!("\"{}\"", &digest[..32]) }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _infallible = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

/// Every file.
#[must_use]
pub fn assets() -> &'static [Asset] {
    &ASSETS
}

/// The file of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

#[cfg(test)]
mod tests {
    use super::{assets, find};

    /// What a browser loads, compressed.
    const BYTES: usize = 60_000;

    #[test]
    fn the_whole_stays_small() {
        let bytes: usize = assets().iter().map(|asset| asset.gzip.len()).sum();
        assert!(bytes < BYTES, "{bytes} bytes compressed");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in assets() {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for word in ["http://", "https://", "//cdn", "@import", "url(", "innerHTML", "outerHTML", "eval("]
            {
                assert!(!text.contains(word), "{} has {word:?}", asset.name);
            }
        }
    }

    #[test]
    fn every_module_that_is_imported_is_there() {
        for asset in assets().iter().filter(|asset| asset.name.ends_with(".js")) {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let name = line.rsplit_once("\"./").and_then(|(_, rest)| rest.split('"').next());
                assert!(name.is_some_and(|name| find(name).is_some()), "{}: {line}", asset.name);
            }
        }
    }

    #[test]
    fn the_page_has_neither_scripts_nor_styles_of_its_own() {
        let page = std::str::from_utf8(find("index.html").unwrap().bytes).unwrap();
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onclick="));
        assert_eq!(page.matches("<script").count(), page.matches("<script type=\"module\" src=").count());
    }
}
