//! The committed vectors are what the makers make, they pass, and a bent one fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pursuance_tests::vectors::{Reason, kinds, outcome, run_folder};
use serde_json::Value;

use super::make;

/// Set to any value, the vectors are written anew instead of compared.
const WRITE: &str = "PURSUANCE_WRITE_VECTORS";

/// The folder of all vectors.
pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/vectors"))
}

/// Every committed vector by its path.
pub fn committed(folder: &Path) -> BTreeMap<PathBuf, Value> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the vectors are there") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let vector = serde_json::from_slice(&fs::read(&path).expect("readable")).expect("JSON");
                found.insert(path, vector);
            }
        }
    }
    found
}

#[test]
fn the_core_vectors_are_what_the_makers_make() {
    compare(&folder().join("core"), make::all());
}

#[test]
fn the_golden_logs_are_what_the_maker_makes() {
    compare(&folder().join("core/authority"), make::golden_logs());
}

#[test]
fn the_crypto_vectors_that_nobody_published_are_what_the_maker_makes() {
    let published = committed(&folder().join("crypto/published"));
    compare(&folder().join("crypto/made"), make::standards::all(&published));
}

/// Compares what is committed in a folder with what is made, or writes it.
fn compare(folder: &Path, made: make::Vectors) {
    let made: BTreeMap<PathBuf, Value> =
        made.into_iter().map(|(path, vector)| (folder.join(format!("{path}.json")), vector)).collect();
    if std::env::var_os(WRITE).is_some() {
        let _ = fs::remove_dir_all(folder);
        for (path, vector) in &made {
            fs::create_dir_all(path.parent().expect("in a folder")).expect("writable");
            let text = serde_json::to_string_pretty(vector).expect("JSON");
            fs::write(path, text + "\n").expect("writable");
        }
    }
    let committed = committed(folder);
    let names = |of: &BTreeMap<PathBuf, Value>| of.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&made), "a vector is missing, or left over: write them with {WRITE}=1");
    for (path, vector) in &made {
        assert!(committed[path] == *vector, "{} is not what is made now", path.display());
    }
}

#[test]
fn every_vector_passes() {
    let summary = run_folder(&folder());
    for failure in &summary.failures {
        println!("{}: {}", failure.path.display(), failure.reason);
    }
    assert_eq!(summary.failures.len(), 0);
    assert!(summary.passed > 1_300, "{} vectors", summary.passed);
}

#[test]
fn every_kind_has_accepted_and_refused_cases() {
    let mut of_kind: BTreeMap<String, (usize, usize)> =
        kinds().keys().map(|kind| ((*kind).to_owned(), (0, 0))).collect();
    for (path, vector) in committed(&folder()) {
        let counts = of_kind.get_mut(vector["kind"].as_str().expect("a kind")).expect("a known kind");
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        assert!(name.starts_with("ok-") || name.starts_with("bad-"), "{name}");
        counts.0 += usize::from(name.starts_with("ok-"));
        counts.1 += usize::from(name.starts_with("bad-"));
    }
    // What only computes refuses nothing.
    let computes = ["blake3", "derivation", "ed25519-signing"];
    for (kind, (ok, bad)) in of_kind {
        assert!(ok > 0 && (bad > 0 || computes.contains(&&kind[..])), "{kind}: {ok} ok, {bad} bad");
    }
}

#[test]
fn a_vector_that_expects_something_else_fails() {
    let scratch = tempfile::tempdir().expect("a folder");
    let all = committed(&folder());
    for (index, vector) in all.values().enumerate() {
        let mut bent = vector.clone();
        bent["expect"] = serde_json::json!({"ok": "something else"});
        fs::write(scratch.path().join(format!("{index}.json")), bent.to_string()).expect("writable");
    }
    let summary = run_folder(scratch.path());
    assert_eq!((summary.passed, summary.failures.len()), (0, all.len()));
    assert!(summary.failures.iter().all(|failure| matches!(failure.reason, Reason::Differs { .. })));
}

#[test]
fn vectors_with_fields_bent_or_missing_crash_nothing() {
    let kinds = kinds();
    let wrong =
        [Value::Null, Value::from(-1), Value::from(u64::MAX), "zz".into(), "00".into(), serde_json::json!([[1], {}])];
    let mut seen = BTreeMap::<String, usize>::new();
    for vector in committed(&folder()).into_values() {
        // A few of each kind are enough: the same fields are bent.
        let count = seen.entry(vector["kind"].to_string()).or_default();
        *count += 1;
        if *count > 3 {
            continue;
        }
        let fields: Vec<String> = vector["given"].as_object().expect("an object").keys().cloned().collect();
        for field in fields {
            for value in &wrong {
                let mut bent = vector.clone();
                bent["given"][&field] = value.clone();
                assert!(!matches!(outcome(&bent, &kinds), Err(Reason::Panicked)), "{bent}");
            }
            let mut without = vector.clone();
            without["given"].as_object_mut().expect("an object").remove(&field);
            assert!(!matches!(outcome(&without, &kinds), Err(Reason::Panicked)), "{without}");
        }
    }
}
