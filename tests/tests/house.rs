//! The rules of the house: who may depend on whom, what may be named where, what may not stand in any file
//! (ARCHITECTURE.md, "Rules"). Each rule is a function of text or of cargo's own account, and is shown a breach of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec().expect("cargo describes the workspace")
}

/// Files that git keeps, with these endings, relative to the root, with their text.
fn sources(endings: &[&str]) -> Vec<(String, String)> {
    let listed = Command::new("git").arg("ls-files").current_dir(root()).output().expect("git lists the files");
    let listed = String::from_utf8(listed.stdout).expect("names are text");
    let wanted = |name: &&str| endings.iter().any(|ending| name.ends_with(ending));
    let texts = listed.lines().filter(wanted).filter_map(|name| {
        let text = std::fs::read_to_string(root().join(name)).ok()?;
        Some((name.to_owned(), text))
    });
    texts.collect()
}

/// The part of a Rust file that is built into programs: nothing of a test file, and nothing after the first test item, which
/// stands at a file's foot.
fn product_part<'t>(name: &str, text: &'t str) -> &'t str {
    let product = (name.starts_with("protocol/") && name.contains("/src/")) || name.starts_with("src-tauri/src/");
    let test_file = name.ends_with("/tests.rs") || name.ends_with("/world.rs") || name.contains("/src/store/tests");
    if !product || test_file {
        return "";
    }
    text.split("\n#[cfg(test)]\n").next().unwrap_or("")
}

fn rust_findings(rule: impl Fn(&str, &str) -> Vec<String>) -> Vec<String> {
    let files = sources(&[".rs"]);
    assert!(files.len() > 80, "the sources were found");
    files.iter().flat_map(|(name, text)| rule(name, product_part(name, text))).collect()
}

fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

// --- Who depends on whom ---

/// Which rooms a room may name.
fn may_depend(room: &str) -> &'static [&'static str] {
    match room {
        "pursuance-core" => &["pursuance-wire"],
        "pursuance-node" => &["pursuance-core", "pursuance-onion", "pursuance-wire"],
        "pursuance-relay" => &["pursuance-onion", "pursuance-wire"],
        "pursuance" => &["pursuance-node"],
        _ => &[],
    }
}

fn wrong_dependencies(room: &str, dependencies: &[&str]) -> Vec<String> {
    let ours = |name: &&&str| **name == "pursuance" || name.starts_with("pursuance-");
    let rooms = dependencies.iter().filter(ours).filter(|name| !may_depend(room).contains(name));
    let desktop = dependencies.iter().filter(|name| name.starts_with("tauri") && room != "pursuance");
    rooms.chain(desktop).map(|name| format!("{room} must not depend on {name}")).collect()
}

#[test]
fn rooms_depend_only_where_doors_are() {
    assert_eq!(wrong_dependencies("pursuance-relay", &["pursuance-core", "hyper"]).len(), 1);
    assert_eq!(wrong_dependencies("pursuance-node", &["tauri"]).len(), 1);
    let metadata = metadata();
    let mut seen = 0;
    let mut findings = Vec::new();
    for package in metadata.workspace_packages() {
        if package.name.as_str() == "pursuance-tests" {
            continue;
        }
        seen += 1;
        let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        let names: Vec<&str> = normal.map(|dependency| dependency.name.as_str()).collect();
        findings.extend(wrong_dependencies(package.name.as_str(), &names));
    }
    assert_eq!(seen, 6);
    assert_none(&findings);
}

#[test]
fn there_is_one_sqlite() {
    let count = metadata().packages.iter().filter(|package| package.name.as_str() == "libsqlite3-sys").count();
    assert_eq!(count, 1);
}

// --- What licences ---

const PERMISSIVE: [&str; 15] = [
    "MIT",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "CC0-1.0",
    "Unlicense",
    "Unicode-3.0",
    "BSL-1.0",
    "MIT-0",
    "CDLA-Permissive-2.0",
    "BlueOak-1.0.0",
];
/// Licences that bind the files they are on and nothing else: fine for a dependency that is not changed.
const BY_FILE: [&str; 1] = ["MPL-2.0"];

/// Whether an SPDX expression can be met with the licences above. Parentheses are taken level by level.
fn is_fine(expression: &str) -> bool {
    let flat = expression.replace('/', " OR ");
    let flat = flat.trim();
    let (mut depth, mut ors, mut ands) = (0_i32, Vec::new(), Vec::new());
    for (at, c) in flat.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ' ' if depth == 0 && flat[at..].starts_with(" OR ") => ors.push(at),
            ' ' if depth == 0 && flat[at..].starts_with(" AND ") => ands.push(at),
            _ => {}
        }
    }
    let split = |at: usize, len: usize| (&flat[..at], &flat[at + len..]);
    if let Some(&at) = ands.first().filter(|_| ors.is_empty()) {
        let (left, right) = split(at, 5);
        return is_fine(left) && is_fine(right);
    }
    if let Some(&at) = ors.first() {
        let (left, right) = split(at, 4);
        return is_fine(left) || is_fine(right);
    }
    if let Some(inner) = flat.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        return is_fine(inner);
    }
    let licence = flat.split(" WITH ").next().unwrap_or(flat);
    PERMISSIVE.contains(&licence) || BY_FILE.contains(&licence)
}

#[test]
fn licences_are_permissive() {
    for fine in ["MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"] {
        assert!(is_fine(fine), "{fine}");
    }
    for not in ["GPL-3.0-only", "LGPL-3.0", "MIT AND GPL-2.0", "(GPL-2.0 OR LGPL-3.0)", ""] {
        assert!(!is_fine(not), "{not}");
    }
    let metadata = metadata();
    assert!(metadata.packages.len() > 300);
    let refused = metadata.packages.iter().filter(|package| !is_fine(package.license.as_deref().unwrap_or("")));
    let findings: Vec<String> = refused.map(|package| format!("{}: {:?}", package.name, package.license)).collect();
    assert_none(&findings);
}

// --- What may be named where ---

/// Crates that only these files may name.
const CONFINED: [(&str, &[&str]); 7] = [
    ("chacha20poly1305", &["protocol/core/src/crypto/"]),
    ("hpke", &["protocol/core/src/crypto/"]),
    ("x25519_dalek", &["protocol/core/src/crypto/"]),
    ("curve25519_dalek", &["protocol/core/src/crypto/"]),
    ("ed25519_zebra", &["protocol/core/src/crypto/", "protocol/wire/src/log/"]),
    ("argon2", &["protocol/node/src/vault.rs"]),
    ("arti_client", &["protocol/onion/src/"]),
];

fn named_elsewhere(name: &str, text: &str) -> Vec<String> {
    let confined = CONFINED.iter().filter(|(_, places)| !places.iter().any(|place| name.starts_with(place)));
    let named = confined.filter(|(what, _)| text.contains(&format!("{what}::")));
    named.map(|(what, _)| format!("{name} names {what}")).collect()
}

#[test]
fn cryptography_is_named_in_one_place() {
    assert_eq!(named_elsewhere("protocol/node/src/engine.rs", "use hpke::Kem;").len(), 1);
    assert!(named_elsewhere("protocol/core/src/crypto/kem.rs", "use hpke::Kem;").is_empty());
    assert_none(&rust_findings(named_elsewhere));
}

fn impure(name: &str, text: &str) -> Vec<String> {
    let pure = name.starts_with("protocol/core/src/") || name.starts_with("protocol/wire/src/");
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let found = lines.filter(|line| pure && (line.contains("std::") || line.contains("extern crate std")));
    found.map(|line| format!("{name}: {}", line.trim())).collect()
}

#[test]
fn the_pure_rooms_have_no_world() {
    assert_eq!(impure("protocol/core/src/x.rs", "let now = std::time::Instant::now();").len(), 1);
    assert_none(&rust_findings(impure));
    for room in ["core", "wire"] {
        let text = std::fs::read_to_string(root().join(format!("protocol/{room}/src/lib.rs"))).expect("a room");
        assert!(text.contains("no_std)]"), "{room} must say no_std");
    }
}

fn unwraps(name: &str, text: &str) -> Vec<String> {
    let found =
        text.lines().enumerate().filter(|(_, line)| line.contains(".unwrap()") && !line.trim_start().starts_with("//"));
    found.map(|(at, line)| format!("{name}:{}: {}", at + 1, line.trim())).collect()
}

#[test]
fn nothing_is_unwrapped_without_a_reason() {
    assert_eq!(unwraps("x.rs", "a.b().unwrap();").len(), 1);
    assert_none(&rust_findings(unwraps));
}

#[test]
fn every_room_takes_the_lints() {
    let manifests = sources(&["Cargo.toml"]);
    let rooms: Vec<_> = manifests.iter().filter(|(_, text)| text.contains("[package]")).collect();
    assert_eq!(rooms.len(), 7);
    for (name, text) in rooms {
        assert!(text.contains("[lints]\nworkspace = true"), "{name}");
    }
}

// --- What may not stand anywhere ---

/// Words that would tie the project to the machines it was written on. Put together here, so that this file is free of them.
fn forbidden() -> Vec<String> {
    let pairs = [
        ("/wo", "rk/main"),
        ("/wo", "rk/shared"),
        ("/tmp/", "t/"),
        ("crates", ".io"),
        ("npm", "js."),
        ("index.", "crates"),
        ("arti", "factory"),
        ("Iss", "ue #"),
    ];
    pairs.iter().map(|(a, b)| [*a, *b].concat()).collect()
}

fn ties(name: &str, text: &str, words: &[String]) -> Vec<String> {
    words.iter().filter(|word| text.contains(*word)).map(|word| format!("{name} says {word:?}")).collect()
}

#[test]
fn files_speak_of_the_project_alone() {
    let words = forbidden();
    assert_eq!(ties("x.md", &format!("see {}", words[0]), &words).len(), 1);
    let all = sources(&[".rs", ".md", ".ts", ".svelte", ".toml", ".json", ".mjs", ".html", ".css", ".sql", "x", "run"]);
    let findings: Vec<String> = all.iter().flat_map(|(name, text)| ties(name, text, &words)).collect();
    assert_none(&findings);
}

/// `docs/....md` named in a source.
fn chapters(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("docs/").map(|(at, _)| &text[at..]);
    let named = starts.filter_map(|rest| rest.find(".md").map(|end| &rest[..end + 3]));
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '.' | '_'));
    named.filter(plain).map(str::to_owned).collect()
}

#[test]
fn chapters_that_are_cited_exist() {
    assert_eq!(chapters("(docs/a-b.md, \"Entry\") and docs/c d.md").len(), 1);
    let mut missing: BTreeMap<String, String> = BTreeMap::new();
    for (name, text) in sources(&[".rs", ".md"]) {
        for chapter in chapters(&text) {
            if !root().join(&chapter).is_file() && name != "tests/tests/house.rs" {
                missing.insert(chapter, name.clone());
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
