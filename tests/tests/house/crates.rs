//! What may depend on what, and under which licences, by `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::{none, top};

/// Room, and the rooms it may name.
const ROOMS: [(&str, &[&str]); 6] = [
    ("pursuance-wire", &[]),
    ("pursuance-core", &["pursuance-wire"]),
    ("pursuance-onion", &[]),
    ("pursuance-node", &["pursuance-core", "pursuance-onion", "pursuance-wire"]),
    ("pursuance-relay", &["pursuance-onion", "pursuance-wire"]),
    ("pursuance", &["pursuance-node"]),
];

/// Crate (a trailing `*` stands for more), and the only rooms that may name it. Tests may name all.
const ONLY_IN: [(&str, &[&str]); 19] = [
    ("tauri*", &["pursuance"]),
    ("webkit2gtk", &["pursuance"]),
    ("wry", &["pursuance"]),
    ("arti*", &["pursuance-onion"]),
    ("tor-*", &["pursuance-onion"]),
    ("rustls", &["pursuance-onion"]),
    ("chacha20poly1305", &["pursuance-core"]),
    ("hpke", &["pursuance-core"]),
    ("x25519-dalek", &["pursuance-core"]),
    ("argon2", &["pursuance-node"]),
    ("scrypt", &["pursuance-node"]),
    ("hkdf", &["pursuance-node"]),
    ("sha2", &["pursuance-wire", "pursuance-node"]),
    ("ed25519-zebra", &["pursuance-wire", "pursuance-core"]),
    ("rusqlite", &["pursuance-node", "pursuance-relay"]),
    ("hyper*", &["pursuance-node", "pursuance-relay"]),
    ("tokio", &["pursuance-node", "pursuance-relay", "pursuance-onion", "pursuance"]),
    ("getrandom", &["pursuance-node", "pursuance-relay", "pursuance-onion"]),
    ("rand", &["pursuance-node"]),
];

/// Crates that must be there once and once only.
const SINGLE: [&str; 4] = ["libsqlite3-sys", "openssl-sys", "tokio", "rustls"];

/// A crate of ours with what it names outside of its tests.
type Named = BTreeMap<String, BTreeSet<String>>;

fn metadata() -> Metadata {
    // The lock file decides, and nothing is asked of the network; only this kind of computer counts.
    let version = std::process::Command::new("rustc").arg("-vV").output().expect("rustc is there, it built this");
    let version = String::from_utf8(version.stdout).expect("rustc writes text");
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("rustc names its host");
    MetadataCommand::new()
        .manifest_path(top().join("Cargo.toml"))
        .other_options(["--offline".to_owned(), format!("--filter-platform={host}")])
        .exec()
        .expect("cargo knows its own workspace")
}

fn named(metadata: &Metadata) -> Named {
    let ours = metadata.workspace_packages().into_iter();
    ours.map(|package| {
        let lasting = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        (package.name.to_string(), lasting.map(|dependency| dependency.name.clone()).collect())
    })
    .collect()
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(name == pattern, |start| name.starts_with(start))
}

fn room_complaints(named: &Named) -> Vec<String> {
    let mut complaints = Vec::new();
    for (room, crates) in named.iter().filter(|(room, _)| *room != "pursuance-tests") {
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| name == room) else {
            complaints.push(format!("{room} is a room that nobody planned"));
            continue;
        };
        for name in crates {
            if name.starts_with("pursuance") && !may.contains(&name.as_str()) {
                complaints.push(format!("{room} must not name {name}"));
            }
            for (_, only) in ONLY_IN.iter().filter(|(pattern, only)| matches(pattern, name) && !only.contains(&&**room))
            {
                complaints.push(format!("{room} must not name {name}, only {} may", only.join(", ")));
            }
        }
    }
    complaints
}

/// Whether a licence expression (SPDX, and the older `/` for OR) can be met with what is allowed.
fn is_met(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any_of(&words, &mut at, allowed) && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = all_of(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= all_of(words, at, allowed);
    }
    met
}

fn all_of(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> bool {
    let Some(&word) = words.get(*at) else {
        // Cut off: no count of words fits any more.
        *at = usize::MAX;
        return false;
    };
    *at += 1;
    if word == "(" {
        let met = any_of(words, at, allowed);
        let closed = words.get(*at) == Some(&")");
        *at += 1;
        return met && closed;
    }
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        *at += 2;
        return allowed.contains(&format!("{word} WITH {exception}"));
    }
    allowed.contains(word)
}

/// The table in `deny.toml`.
struct Table {
    allowed: BTreeSet<String>,
    exceptions: BTreeMap<String, BTreeSet<String>>,
    denied: Vec<String>,
}

impl Table {
    fn read() -> Self {
        let text = std::fs::read_to_string(top().join("deny.toml")).expect("the licence table is committed");
        let table: toml::Table = text.parse().expect("the licence table is TOML");
        let texts = |value: &toml::Value| -> Vec<String> {
            let list = value.as_array().expect("a list");
            list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let rows = |value: &toml::Value| value.as_array().expect("a list").clone();
        let exception = |row: &toml::Value| {
            (row["crate"].as_str().expect("a name").to_owned(), texts(&row["allow"]).into_iter().collect())
        };
        Self {
            allowed: texts(&table["licenses"]["allow"]).into_iter().collect(),
            exceptions: rows(&table["licenses"]["exceptions"]).iter().map(exception).collect(),
            denied: rows(&table["bans"]["deny"])
                .iter()
                .map(|row| row["crate"].as_str().expect("a name").into())
                .collect(),
        }
    }

    fn complaints<'a>(&self, crates: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Vec<String> {
        let mut complaints = Vec::new();
        for (name, licence) in crates {
            let mut allowed = self.allowed.clone();
            allowed.extend(self.exceptions.get(name).into_iter().flatten().cloned());
            if !licence.is_some_and(|licence| is_met(licence, &allowed)) {
                complaints.push(format!("{name} comes under {}", licence.unwrap_or("no licence")));
            }
            if self.denied.iter().any(|denied| denied == name) {
                complaints.push(format!("{name} is banned by deny.toml"));
            }
        }
        complaints
    }
}

#[test]
fn rooms_name_only_what_they_may() {
    let bad = |room: &str, name: &str| Named::from([(room.to_owned(), BTreeSet::from([name.to_owned()]))]);
    for (room, name) in [
        ("pursuance-wire", "pursuance-core"),
        ("pursuance-relay", "pursuance-core"),
        ("pursuance-relay", "pursuance-node"),
        ("pursuance", "pursuance-core"),
        ("pursuance-node", "tauri"),
        ("pursuance-node", "tauri-plugin-dialog"),
        ("pursuance-core", "tokio"),
        ("pursuance-wire", "getrandom"),
        ("pursuance-node", "hpke"),
        ("pursuance-relay", "arti-client"),
        ("pursuance-cloud", "serde"),
    ] {
        assert_ne!(room_complaints(&bad(room, name)), [""; 0], "{room} with {name}");
    }
    assert_eq!(room_complaints(&bad("pursuance-relay", "pursuance-wire")), [""; 0]);

    let named = named(&metadata());
    assert_eq!(named.len(), ROOMS.len() + 1, "{:?}", named.keys());
    none(&room_complaints(&named));
}

#[test]
fn the_relay_cannot_name_a_task() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata was asked for dependencies");
    let start = metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == "pursuance-relay");
    let mut reached = BTreeSet::from([start.expect("there is a relay").id.clone()]);
    let mut waiting: Vec<_> = reached.iter().cloned().collect();
    while let Some(id) = waiting.pop() {
        let node = resolve.nodes.iter().find(|node| node.id == id).expect("every crate is resolved");
        for dependency in &node.deps {
            let lasting = dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development);
            if lasting && reached.insert(dependency.pkg.clone()) {
                waiting.push(dependency.pkg.clone());
            }
        }
    }
    let names: BTreeSet<&str> = reached.iter().map(|id| metadata[id].name.as_str()).collect();
    assert!(names.contains("pursuance-wire") && names.contains("tokio"), "the walk reaches what it must");
    for name in ["pursuance-core", "pursuance-node", "pursuance", "tauri"] {
        assert!(!names.contains(name), "the relay reaches {name}");
    }
}

#[test]
fn licences_are_permissive() {
    let table = Table::read();
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".into(), "Apache-2.0 WITH LLVM-exception".into()]);
    for met in
        ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "(GPL-3.0 OR MIT) AND ISC", "Apache-2.0 WITH LLVM-exception OR X"]
    {
        assert!(is_met(met, &allowed), "{met}");
    }
    for not_met in
        ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR MIT) AND X", "Apache-2.0", "MIT OR", "", "MIT ISC", "(MIT"]
    {
        assert!(!is_met(not_met, &allowed), "{not_met}");
    }
    let bad =
        [("some-crate", Some("LGPL-3.0-or-later")), ("other", None), ("reqwest", Some("MIT")), ("x", Some("MPL-2.0"))];
    assert_eq!(table.complaints(bad.into_iter()).len(), bad.len());

    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata was asked for dependencies");
    let used = resolve.nodes.iter().map(|node| &metadata[&node.id]);
    none(&table.complaints(used.map(|package| (package.name.as_str(), package.license.as_deref()))));
    // An exception that nobody needs any more goes.
    for name in table.exceptions.keys() {
        assert!(
            metadata.packages.iter().any(|package| package.name.as_str() == name),
            "deny.toml excepts {name}, which is gone"
        );
    }
}

#[test]
fn one_of_each() {
    let metadata = metadata();
    let resolve = metadata.resolve.as_ref().expect("metadata was asked for dependencies");
    let count = |name: &str| resolve.nodes.iter().filter(|node| metadata[&node.id].name.as_str() == name).count();
    assert!(count("rand_core") > 1, "the count can tell several from one");
    for name in SINGLE {
        assert_eq!(count(name), 1, "{name}");
    }
    let sources = metadata.packages.iter().filter_map(|package| package.source.as_ref());
    for source in sources {
        assert!(source.is_crates_io(), "{source} is no package registry");
    }
}

/// Versions stand in one place: members take them from the workspace.
#[test]
fn versions_stand_in_the_workspace() {
    let complaints = |manifest: &str| -> Vec<String> {
        let table: toml::Table = manifest.parse().expect("a manifest is TOML");
        let platforms = table.get("target").and_then(toml::Value::as_table).into_iter().flatten();
        let tables = platforms.filter_map(|(_, platform)| platform.as_table()).chain([&table]);
        let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
        let lists = tables.flat_map(|table| kinds.iter().filter_map(|kind| table.get(*kind)?.as_table()));
        let own = lists.flatten().filter(|(_, value)| value.get("workspace").is_none());
        own.map(|(name, _)| format!("{name} has a version of its own")).collect()
    };
    assert_eq!(
        complaints("[dependencies]\na = \"1\"\nb.workspace = true\n[target.'cfg(unix)'.dependencies]\nc = \"1\"").len(),
        2
    );
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).expect("cargo just read it");
        none(
            &complaints(&manifest).iter().map(|complaint| format!("{}: {complaint}", package.name)).collect::<Vec<_>>(),
        );
    }
}
