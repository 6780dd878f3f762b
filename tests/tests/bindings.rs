//! The types of the window's door in TypeScript are those that Rust has (docs/protocol/08-node.md, section 9).
//!
//! `PURSUANCE_WRITE_BINDINGS=1` writes the file instead of comparing it.

use std::path::Path;

use pursuance_node::api::{Query, Reply, Request, Trouble, View};
use ts_rs::{Config, TS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ui/src/host/bindings.ts");
const HEADING: &str =
    "// The types of the window's door, generated from Rust by `./x bindings`; do not edit by hand.\n";

#[test]
fn typescript_types_are_those_of_rust() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let settings = Config::new().with_out_dir(dir.path());
    Request::export_all(&settings).expect("requests export");
    Reply::export_all(&settings).expect("replies export");
    Query::export_all(&settings).expect("queries export");
    View::export_all(&settings).expect("views export");
    Trouble::export_all(&settings).expect("troubles export");
    let files: Vec<_> =
        std::fs::read_dir(dir.path()).expect("written above").map(|file| file.expect("readable").file_name()).collect();
    assert_eq!(files, ["bindings.ts"], "each exported type says `export_to = \"bindings.ts\"`");

    let generated = std::fs::read_to_string(dir.path().join("bindings.ts")).expect("written above");
    let mut types: Vec<&str> = generated.split("\n\n").filter(|part| part.contains("export type")).collect();
    types.sort_by_key(|part| part.split("export type").nth(1).map(str::to_owned));
    let text = format!("{HEADING}\n{}\n", types.join("\n\n").trim_end());
    if std::env::var_os("PURSUANCE_WRITE_BINDINGS").is_some() {
        std::fs::write(FILE, text).expect("the folder of the committed file is there");
        return;
    }
    let committed = std::fs::read_to_string(Path::new(FILE)).expect("the committed file");
    assert!(text == committed, "ui/src/host/bindings.ts is not what Rust generates: run `./x bindings`");
}
