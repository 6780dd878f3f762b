//! The rules of the house (ARCHITECTURE.md): which room may name what. Each check is fed a bad example first, so that
//! it is seen to fail.

#[path = "house/crates.rs"]
mod crates;
#[path = "house/sources.rs"]
mod sources;

use std::path::{Path, PathBuf};

/// The top of the repository.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate stands in the repository").to_path_buf()
}

/// Fails with all complaints at once.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
