//! What may be written where, by reading the sources.

use std::fs;
use std::path::Path;

use crate::{none, top};

/// Words, and the only files in which the rooms may use them outside of tests. Labels and keys stay in one place each.
const WORDS_ONLY_IN: [(&str, &[&str]); 16] = [
    ("chacha20poly1305", &["protocol/core/src/crypto/"]),
    ("hpke::", &["protocol/core/src/crypto/"]),
    ("x25519_dalek", &["protocol/core/src/crypto/"]),
    ("curve25519_dalek", &["protocol/core/src/crypto/"]),
    ("blake3::", &["protocol/core/src/crypto/", "protocol/node/src/vault.rs"]),
    ("argon2::", &["protocol/node/src/vault.rs"]),
    ("sha2::", &["protocol/wire/src/log/", "protocol/node/src/backup/age.rs"]),
    ("scrypt::", &["protocol/node/src/backup/age.rs"]),
    ("hkdf::", &["protocol/node/src/backup/age.rs"]),
    ("sha3::", &["protocol/wire/src/address.rs"]),
    ("ed25519_zebra", &["protocol/core/src/crypto/sign.rs", "protocol/wire/src/log/note.rs"]),
    // The one predicate for signed log bytes, and the one for notes.
    ("VerificationKey", &["protocol/core/src/crypto/sign.rs", "protocol/wire/src/log/note.rs"]),
    ("verify_strict", &[]),
    // Nothing else opens a connection, so nothing else can open one to the wrong place.
    ("TcpStream::connect", &["protocol/node/src/transport.rs"]),
    ("UdpSocket", &[]),
    ("ToSocketAddrs", &[]),
];

/// What no room writes outside of tests.
const NEVER: [&str; 7] =
    [".unwrap()", "todo!(", "unimplemented!(", "dbg!(", "unsafe {", "fn get_", "allow(unsafe_code"];

/// Ends of names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["Manager", "Helper", "Util", "Utils"];

/// What stands nowhere in the repository: where somebody's machine keeps things, and where its packages come from.
/// Put together here, so that this file does not hold them itself.
const FORBIDDEN: [&str; 10] = [
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/wo", "rk/brief"),
    concat!("/tmp", "/t/"),
    concat!("/ro", "ot/"),
    concat!("cra", "tes.io"),
    concat!("npm", "js."),
    concat!("proxy.gol", "ang"),
    concat!("arti", "factory"),
    concat!("Iss", "ue #"),
];

/// Lock files name the registry they were made with, as their format asks.
const MAY_NAME_REGISTRIES: [&str; 4] =
    ["Cargo.lock", "tests/peers/Cargo.lock", "tests/peers/champion/Cargo.lock", "ui/package-lock.json"];
/// Outside of the workspace, whose lints it cannot take.
const COMPARISON: &str = "tests/peers/";
const SKIPPED_FOLDERS: [&str; 8] = [".git", "target", "node_modules", "dist", "out", "gen", ".svelte-kit", "shots"];
const MAX_TEXT_BYTES: u64 = 2_000_000;

struct File {
    /// From the top of the repository, with `/`.
    path: String,
    text: String,
}

fn all_files() -> Vec<File> {
    fn walk(folder: &Path, top: &Path, files: &mut Vec<File>) {
        for entry in fs::read_dir(folder).expect("the repository can be read").flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let Ok(kind) = entry.metadata() else { continue };
            if kind.is_dir() {
                if !SKIPPED_FOLDERS.contains(&name.as_str()) {
                    walk(&path, top, files);
                }
            } else if kind.len() <= MAX_TEXT_BYTES
                && let Ok(text) = fs::read_to_string(&path)
            {
                let path = path.strip_prefix(top).expect("it was found below").to_string_lossy().into_owned();
                files.push(File { path, text });
            }
        }
    }
    let mut files = Vec::new();
    walk(&top(), &top(), &mut files);
    files
}

/// The sources of the rooms, without their tests.
fn room_sources() -> Vec<File> {
    let is_room = |path: &str| path.starts_with("protocol/") || path.starts_with("src-tauri/");
    let tests = ["/tests.rs", "/world.rs", "/growth.rs", "/figures.rs", "/drawer.rs"];
    let is_test = |path: &str| tests.iter().any(|end| path.ends_with(end));
    let is_source = |path: &str| path.contains("/src/") && path.ends_with(".rs") && !is_test(path);
    let rooms = all_files()
        .into_iter()
        .filter(|file| is_room(&file.path) && is_source(&file.path) && !file.path.contains("/tests/"));
    rooms.map(|file| File { text: without_tests(&file.text), path: file.path }).collect()
}

/// The code of a file: everything before its tests, which stand at its foot, without comments.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let opens_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].contains("mod ") && pair[1].ends_with('{');
    let end = lines.windows(2).position(opens_tests).unwrap_or(lines.len());
    let code = lines[..end].iter().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    code.collect::<Vec<_>>().join("\n")
}

fn word_complaints(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            let place = format!("{}:{}", file.path, number + 1);
            for (word, only) in WORDS_ONLY_IN {
                if line.contains(word) && !only.iter().any(|start| file.path.starts_with(start)) {
                    complaints.push(format!(
                        "{place}: {word} belongs in {}",
                        if only.is_empty() { "no file" } else { only[0] }
                    ));
                }
            }
            for never in NEVER.iter().filter(|never| line.contains(**never)) {
                complaints.push(format!("{place}: {never}"));
            }
            for kind in ["struct ", "enum ", "trait "] {
                let name = line.split_once(kind).map(|(_, after)| after.split(|c: char| !c.is_alphanumeric()).next());
                if name.flatten().is_some_and(|name| EMPTY_NAMES.iter().any(|empty| name.ends_with(empty))) {
                    complaints.push(format!("{place}: a name that says nothing"));
                }
            }
        }
    }
    complaints
}

fn heading_complaints(files: &[File]) -> Vec<String> {
    let headless = files.iter().filter(|file| !file.text.starts_with("//! "));
    headless.map(|file| format!("{}: a file begins with what it is for", file.path)).collect()
}

fn text_complaints(files: &[File]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files.iter().filter(|file| !MAY_NAME_REGISTRIES.contains(&file.path.as_str())) {
        for (number, line) in file.text.lines().enumerate() {
            for forbidden in FORBIDDEN.iter().filter(|forbidden| line.contains(**forbidden)) {
                complaints.push(format!("{}:{}: {forbidden}", file.path, number + 1));
            }
        }
    }
    complaints
}

fn file(path: &str, text: &str) -> File {
    File { path: path.into(), text: text.into() }
}

#[test]
fn words_stay_in_their_place() {
    for (path, text) in [
        ("protocol/node/src/engine.rs", "use chacha20poly1305::XChaCha20Poly1305;"),
        ("protocol/core/src/entry.rs", "let key = ed25519_zebra::VerificationKey::try_from(bytes);"),
        ("protocol/core/src/crypto/aead.rs", "key.verify_strict(message)"),
        ("protocol/onion/src/tor.rs", "TcpStream::connect(address)"),
        ("protocol/relay/src/store.rs", "row.unwrap();"),
        ("protocol/node/src/store.rs", "pub struct StoreManager;"),
        ("protocol/node/src/store.rs", "    fn get_row(&self) {}"),
        ("src-tauri/src/main.rs", "unsafe { set() }"),
    ] {
        assert_ne!(word_complaints(&[file(path, text)]), [""; 0], "{path}: {text}");
    }
    assert_eq!(word_complaints(&[file("protocol/core/src/crypto/aead.rs", "use chacha20poly1305::Key;")]), [""; 0]);
    let tested = "#[cfg(test)]\nmod tests;\n// b.unwrap()\n#[cfg(test)]\nmod more {\na.unwrap()\n}";
    assert_eq!(word_complaints(&[file("protocol/node/src/a.rs", &without_tests(tested))]), [""; 0]);
    let untested = "#[cfg(test)]\nmod tests;\na.unwrap()";
    assert_ne!(word_complaints(&[file("protocol/node/src/a.rs", &without_tests(untested))]), [""; 0]);

    let files = room_sources();
    assert!(files.len() > 50, "only {} sources were found", files.len());
    none(&word_complaints(&files));
}

/// Chapters of the documentation that a text names.
fn chapters(text: &str) -> Vec<&str> {
    let starts = text.match_indices("docs/").map(|(at, _)| &text[at..]);
    let named = starts.filter_map(|rest| Some(&rest[..rest.find(".md")? + 3]));
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-._".contains(c);
    named.filter(|name| name.chars().all(plain)).collect()
}

#[test]
fn chapters_that_are_cited_exist() {
    assert_eq!(chapters("(docs/a-b.md, \"Entry\") and docs/c d.md"), ["docs/a-b.md"]);
    let cites =
        |file: &File| [".rs", ".md"].iter().any(|end| file.path.ends_with(end)) && !file.path.contains("/house/");
    let files: Vec<File> = all_files().into_iter().filter(cites).collect();
    assert!(files.iter().any(|file| !chapters(&file.text).is_empty()), "chapters are cited");
    let mut complaints = Vec::new();
    for file in &files {
        for chapter in chapters(&file.text).into_iter().filter(|chapter| !top().join(chapter).is_file()) {
            complaints.push(format!("{}: {chapter} does not exist", file.path));
        }
    }
    none(&complaints);
}

#[test]
fn every_room_takes_the_lints() {
    let takes = |text: &str| text.contains("[lints]\nworkspace = true");
    assert!(!takes("[package]\n[lints.rust]\n"));
    let in_workspace = |file: &File| !file.path.starts_with(COMPARISON) && file.text.contains("[package]");
    let manifests = all_files().into_iter().filter(|file| file.path.ends_with("Cargo.toml") && in_workspace(file));
    let manifests: Vec<File> = manifests.collect();
    assert_eq!(manifests.len(), 7);
    let without = manifests.iter().filter(|file| !takes(&file.text));
    none(&without.map(|file| format!("{} goes without the lints", file.path)).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is_for() {
    assert_ne!(heading_complaints(&[file("a.rs", "use std::fmt;\n")]), [""; 0]);
    let rust = |file: &File| file.path.ends_with(".rs");
    let files: Vec<File> = all_files().into_iter().filter(rust).collect();
    none(&heading_complaints(&files));
}

#[test]
fn nothing_tells_of_the_machine_it_was_written_on() {
    for forbidden in FORBIDDEN {
        assert_ne!(text_complaints(&[file("docs/a.md", &format!("see {forbidden}x"))]), [""; 0], "{forbidden}");
    }
    let files = all_files();
    for expected in ["Cargo.toml", "x", "docs/glossary.md", "ui/package.json", "src-tauri/tauri.conf.json"] {
        assert!(files.iter().any(|file| file.path == expected), "{expected} was not read");
    }
    none(&text_complaints(&files));
}

/// The compiler then forbids clock, socket, disk, randomness and printing in these two rooms.
#[test]
fn the_pure_rooms_are_without_std() {
    let is_pure = |text: &str| {
        let attribute = text.lines().find(|line| line.starts_with("#![") && line.contains("no_std"));
        // Unit tests may use std, and the export of the window's types needs it; nothing else may.
        attribute.is_some_and(|line| {
            [
                "#![no_std]",
                "#![cfg_attr(not(test), no_std)]",
                "#![cfg_attr(not(any(test, feature = \"bindings\")), no_std)]",
            ]
            .contains(&line)
        })
    };
    assert!(!is_pure("//! A room.\nextern crate alloc;"));
    assert!(!is_pure("#![cfg_attr(not(feature = \"std\"), no_std)]"));
    let names_std = |file: &File| file.text.contains("std::") || file.text.contains("extern crate std");
    let pure_room = |file: &File| ["protocol/wire/", "protocol/core/"].iter().any(|room| file.path.starts_with(room));
    assert!(names_std(&file("protocol/core/src/a.rs", "let now = std::time::Instant::now();")));
    let impure: Vec<String> =
        room_sources().into_iter().filter(|file| pure_room(file) && names_std(file)).map(|file| file.path).collect();
    none(&impure);
    for room in ["wire", "core"] {
        let text = fs::read_to_string(top().join(format!("protocol/{room}/src/lib.rs"))).expect("the room is there");
        assert!(is_pure(&text), "{room}");
    }
}

#[test]
fn the_window_may_call_three_commands() {
    let read = |path: &str| -> serde_json::Value {
        let text = fs::read_to_string(top().join(path)).expect("it is committed");
        serde_json::from_str(&text).expect("it is JSON")
    };
    let capability = read("src-tauri/capabilities/main.json");
    assert_eq!(capability["permissions"], serde_json::json!(["allow-request", "allow-view", "allow-watch"]));
    assert_eq!(capability["windows"], serde_json::json!(["main"]));
    assert!(capability.get("remote").is_none());
    assert_eq!(fs::read_dir(top().join("src-tauri/capabilities")).expect("it is there").count(), 1);
    let app = &read("src-tauri/tauri.conf.json")["app"];
    assert_eq!(app["security"]["freezePrototype"], true);
    assert_eq!(app["withGlobalTauri"], false);
    let policy = app["security"]["csp"].as_object().expect("there is a policy");
    assert_eq!(policy["default-src"], "'none'");
    for (directive, value) in policy {
        let value = value.as_str().expect("a text");
        assert!(["'none'", "'self'", "ipc:"].contains(&value), "{directive} {value}");
    }
}
