//! What the introspector finds in Go sources.

mod broken;
mod native;
mod refs;
mod types;

use conductor_protocol::plan::Language;

use crate::support::{Files, files, show_in};

fn show(text: &str, refs: &str) -> String {
    show_files(&files(text), refs)
}

fn show_files(files: &Files, refs: &str) -> String {
    show_in(Language::Go, files, refs, &[])
}
