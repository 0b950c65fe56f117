//! Prints every annotated function of a tree of Python sources, for `bench/introspect.py`.
//!
//! It knows no manifest. `annotations DIR` prints `path: name` a line, then how many files it looked at.
#![expect(clippy::disallowed_methods, clippy::unwrap_used, reason = "an errand beside the pure crate")]

use std::path::Path;

use conductor_introspect::annotation;
use conductor_protocol::plan::Language;
use conductor_source::FileId;

fn main() {
    let root = std::env::args().nth(1).unwrap();
    let mut files = 0;
    look(Path::new(&root), &mut files);
    println!("{files} files");
}

fn look(folder: &Path, files: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            look(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "py") {
            *files += 1;
            let found = annotation::in_file(Language::Python, std::fs::read(&path).unwrap(), FileId(0));
            for one in found.into_iter().flat_map(|(_, found)| found) {
                println!("{}: {}", path.display(), one.name);
            }
        }
    }
}
