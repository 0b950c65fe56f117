//! Embeds the pages of docs/codes/ and docs/rules/ as a table that `conductor explain` looks codes up in.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let docs = Path::new(&env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?).join("../docs");
    let mut pages: Vec<PathBuf> = Vec::new();
    for root in [docs.join("codes"), docs.join("rules")] {
        println!("cargo:rerun-if-changed={}", root.display());
        match fs::read_dir(&root) {
            Ok(entries) => {
                for entry in entries {
                    pages.push(entry?.path());
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort_by_key(|page| page.file_name().map(std::ffi::OsStr::to_owned));
    let mut table = String::from("const PAGES: &[(&str, &str)] = &[\n");
    for page in pages {
        let code = page.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let path = fs::canonicalize(&page)?;
        let _infallible = writeln!(table, "    ({code:?}, include_str!({path:?})),");
    }
    table.push_str("];\n");
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    fs::write(Path::new(&out).join("codes.rs"), table)
}
