//! Runs vectors: files that say what given bytes mean, or with which error they mean nothing (tests/vectors/README.md).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value;

use given::{Given, Malformed};

pub mod authority_logs;
pub mod core_kinds;
pub mod crypto_kinds;
pub mod given;
pub mod wire_kinds;

/// Bytes of one vector file; longer ones are not read.
pub const MAX_VECTOR_BYTES: u64 = 16 << 20;
/// Files of one folder, those below it included.
pub const MAX_VECTOR_FILES: usize = 100_000;
/// Folders within folders.
pub const MAX_FOLDER_DEPTH: usize = 16;

/// What one kind of vector does: from what is given to what came of it.
pub type Kind = fn(&Given<'_>) -> Result<Value, Malformed>;

/// What became of a folder of vectors.
#[derive(Debug, Default)]
pub struct Summary {
    /// Vectors whose outcome is the one expected.
    pub passed: usize,
    /// The others, in the order of their paths.
    pub failures: Vec<Failure>,
}

/// A vector that did not pass.
#[derive(Debug)]
pub struct Failure {
    /// The file, or the folder that could not be read.
    pub path: PathBuf,
    /// Why.
    pub reason: Reason,
}

/// Why a vector did not pass.
#[derive(Debug)]
pub enum Reason {
    /// The file or folder cannot be read.
    Unreadable(io::ErrorKind),
    /// The file is longer than [`MAX_VECTOR_BYTES`].
    TooLong,
    /// There are more files than [`MAX_VECTOR_FILES`], or folders deeper than [`MAX_FOLDER_DEPTH`].
    TooMany,
    /// Neither a file nor a folder: a link or a device.
    NotAFile,
    /// The file is not JSON.
    NotJson,
    /// The kind is none that is known here.
    UnknownKind(String),
    /// Something is missing in the vector, or has another form than its kind needs.
    Malformed(Malformed),
    /// The outcome is not the one expected.
    Differs {
        /// What the file says.
        expected: Value,
        /// What came.
        found: Value,
    },
    /// The code under test panicked.
    Panicked,
}

/// Runs every `.json` file of a folder and of the folders in it.
#[must_use]
pub fn run_folder(folder: &Path) -> Summary {
    let kinds = kinds();
    let mut summary = Summary::default();
    let mut files = Vec::new();
    collect(folder, 0, &mut files, &mut summary.failures);
    files.sort();
    for path in files {
        match run_file(&path, &kinds) {
            Ok(()) => summary.passed += 1,
            Err(reason) => summary.failures.push(Failure { path, reason }),
        }
    }
    summary
}

/// Every kind by its name.
#[must_use]
pub fn kinds() -> BTreeMap<&'static str, Kind> {
    let ours = core_kinds::KINDS.iter().chain(authority_logs::KINDS).chain(wire_kinds::KINDS);
    ours.chain(crypto_kinds::KINDS).copied().collect()
}

/// The outcome of one vector, whatever it expects.
///
/// # Errors
/// The kind is unknown, or the vector does not have its form, or the code under test panicked.
pub fn outcome(vector: &Value, kinds: &BTreeMap<&'static str, Kind>) -> Result<Value, Reason> {
    let name = vector.get("kind").and_then(Value::as_str).ok_or(Reason::Malformed(Malformed::missing("kind")))?;
    let kind = kinds.get(name).ok_or_else(|| Reason::UnknownKind(name.into()))?;
    let given = vector.get("given").ok_or(Reason::Malformed(Malformed::missing("given")))?;
    let run = || kind(&Given::new(given));
    // A panic is what the vectors look for, so it fails its own vector and no other.
    let found = catch_unwind(AssertUnwindSafe(run)).map_err(|_| Reason::Panicked)?;
    found.map_err(Reason::Malformed)
}

fn run_file(path: &Path, kinds: &BTreeMap<&'static str, Kind>) -> Result<(), Reason> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| Reason::Unreadable(error.kind()))?;
    file.take(MAX_VECTOR_BYTES + 1).read_to_end(&mut bytes).map_err(|error| Reason::Unreadable(error.kind()))?;
    if bytes.len() as u64 > MAX_VECTOR_BYTES {
        return Err(Reason::TooLong);
    }
    let vector: Value = serde_json::from_slice(&bytes).map_err(|_| Reason::NotJson)?;
    let expected = vector.get("expect").ok_or(Reason::Malformed(Malformed::missing("expect")))?;
    let found = outcome(&vector, kinds)?;
    if found == *expected { Ok(()) } else { Err(Reason::Differs { expected: expected.clone(), found }) }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>, failures: &mut Vec<Failure>) {
    let mut fail = |path: &Path, reason| failures.push(Failure { path: path.into(), reason });
    if depth > MAX_FOLDER_DEPTH {
        return fail(folder, Reason::TooMany);
    }
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return fail(folder, Reason::Unreadable(error.kind())),
    };
    let mut folders = Vec::new();
    for entry in entries {
        // Links are not followed, so that a folder cannot lead out of itself or round in circles.
        let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
            Ok(found) => found,
            Err(error) => return fail(folder, Reason::Unreadable(error.kind())),
        };
        let is_vector = path.extension().is_some_and(|extension| extension == "json");
        match (kind.is_dir(), kind.is_file()) {
            (true, _) => folders.push(path),
            (_, true) if is_vector && files.len() >= MAX_VECTOR_FILES => return fail(folder, Reason::TooMany),
            (_, true) if is_vector => files.push(path),
            (_, true) => {}
            _ if is_vector => fail(&path, Reason::NotAFile),
            _ => {}
        }
    }
    folders.sort();
    for folder in folders {
        collect(&folder, depth + 1, files, failures);
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
            Self::TooLong => write!(f, "longer than {MAX_VECTOR_BYTES} bytes"),
            Self::TooMany => f.write_str("too many files, or folders too deep"),
            Self::NotAFile => f.write_str("not an ordinary file"),
            Self::NotJson => f.write_str("not JSON"),
            Self::UnknownKind(kind) => write!(f, "unknown kind {kind:?}"),
            Self::Malformed(malformed) => write!(f, "not a vector of its kind: {malformed}"),
            Self::Differs { expected, found } => write!(f, "expected {expected}\n       found {found}"),
            Self::Panicked => f.write_str("the code under test panicked"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_one(text: &str) -> Reason {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("case.json"), text).expect("written");
        run_folder(folder.path()).failures.pop().expect("it fails").reason
    }

    #[test]
    fn what_a_stranger_may_give() {
        assert!(matches!(run_one("{"), Reason::NotJson));
        assert!(matches!(run_one(&"[".repeat(1 << 20)), Reason::NotJson));
        assert!(matches!(run_one("7"), Reason::Malformed(_)));
        assert!(matches!(run_one(r#"{"kind":"link","expect":1}"#), Reason::Malformed(_)));
        assert!(matches!(run_one(r#"{"kind":"link","given":{}}"#), Reason::Malformed(_)));
        assert!(matches!(run_one(r#"{"kind":"link","given":{"text":7},"expect":1}"#), Reason::Malformed(_)));
        assert!(matches!(run_one(r#"{"kind":"wishes","given":{},"expect":1}"#), Reason::UnknownKind(_)));
        assert!(matches!(run_one(r#"{"kind":"link","given":{"text":"x"},"expect":{}}"#), Reason::Differs { .. }));
        let missing = run_folder(Path::new("/nowhere/at/all"));
        assert!(matches!(missing.failures[0].reason, Reason::Unreadable(io::ErrorKind::NotFound)));
    }

    #[test]
    fn a_panic_fails_its_own_vector() {
        let kinds = BTreeMap::from([("bomb", (|_: &Given<'_>| panic!("on purpose")) as Kind)]);
        let vector = serde_json::json!({"kind": "bomb", "given": {}, "expect": {}});
        assert!(matches!(outcome(&vector, &kinds), Err(Reason::Panicked)));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("round")).expect("linked");
        std::os::unix::fs::symlink("/dev/zero", folder.path().join("zero.json")).expect("linked");
        let summary = run_folder(folder.path());
        assert!(matches!(summary.failures[..], [Failure { reason: Reason::NotAFile, .. }]));
    }
}
