//! Where seeds come from: the fields of the committed vectors, and the files in `corpus` where there are no vectors.

use std::path::PathBuf;
use std::sync::LazyLock;

use serde_json::Value;

use crate::formats::vectors::{committed, folder};

static VECTORS: LazyLock<Vec<Value>> = LazyLock::new(|| committed(&folder()).into_values().collect());

/// All vectors.
pub fn vectors() -> &'static [Value] {
    &VECTORS
}

/// What is given in all vectors of a kind.
pub fn given(kind: &str) -> impl Iterator<Item = &'static Value> {
    VECTORS.iter().filter(move |vector| vector["kind"] == kind).map(|vector| &vector["given"])
}

/// One field of all vectors of a kind, as bytes; each text of a list counts by itself.
pub fn field(kind: &str, field: &str) -> Vec<Vec<u8>> {
    let values = given(kind).map(|given| &given[field]);
    let texts = values.flat_map(|value| match value {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        other => Vec::from_iter(other.as_str()),
    });
    let found: Vec<Vec<u8>> = texts.map(bytes).collect();
    assert!(!found.is_empty(), "no {field} in vectors of {kind}");
    found
}

/// The bytes of a text in a vector: most are in hexadecimal.
pub fn bytes(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap_or_else(|_| text.into())
}

/// The files of one folder of the corpus, by name; of a file that ends in `.lines` each line is a seed.
pub fn corpus(of: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus")).join(of);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    let files = paths.into_iter().map(|path| (std::fs::read(&path).expect("readable"), path));
    files
        .flat_map(|(file, path)| match path.extension().is_some_and(|extension| extension == "lines") {
            true => file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Vec::from).collect(),
            false => vec![file],
        })
        .collect()
}
