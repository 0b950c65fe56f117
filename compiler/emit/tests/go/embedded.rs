//! Whether the runtime that is written beside generated Go is the whole of the one in this repository.

use std::collections::BTreeSet;

use crate::clients::{all, handed};
use crate::project::{HEADER, root, target};

#[test]
fn every_file_of_the_runtime_is_embedded() {
    // One that needs every package of it.
    let rows = ("Rows", handed("db", "database/sql", "DB"));
    let plan = all(&[rows, ("Connected", handed("users", "google.golang.org/grpc", "ClientConn"))]);
    let written = conductor_emit::emit(&[plan], &target(), &HEADER).unwrap();
    let embedded: BTreeSet<String> =
        written.keys().filter_map(|path| path.strip_prefix("internal/")).map(str::to_owned).collect();
    let mut found = BTreeSet::new();
    for package in std::fs::read_dir(root().join("runtimes/go/internal")).unwrap() {
        let package = package.unwrap();
        for file in std::fs::read_dir(package.path()).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".go") && !name.ends_with("_test.go") {
                found.insert(format!("{}/{name}", package.file_name().into_string().unwrap()));
            }
        }
    }
    assert_eq!(embedded, found, "FILES of src/go/runtime.rs and runtimes/go/internal differ");
}
