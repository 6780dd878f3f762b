//! What a node reads from its window, its disk and its relays (docs/protocol/08-node.md).

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use pursuance_core::command::Command;
use pursuance_node::api::{ImportField, Query, Request};
use pursuance_node::backup;
use pursuance_node::http::{Http, Patience};
use pursuance_node::import::{self, MAX_IMPORT_TASKS};
use pursuance_node::vault::{self, VaultCost};
use pursuance_wire::limits::MAX_NOTE_BYTES;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

use super::{Target, seeds, text};

/// What a row takes in memory, however short its texts are: twice, while a list of them grows.
const ROW_BYTES: usize = 2 << 10;

#[test]
fn csv() {
    let read: fn(&[u8]) -> bool = |bytes| {
        let given = text(bytes);
        let chosen = [Some(ImportField::Title), None, Some(ImportField::Parent), Some(ImportField::Id)];
        // The columns by their names, and by what a person says that they are.
        let lists = [None, Some(&chosen[..])].map(|chosen| import::read("tasks.csv", &given, chosen));
        for list in &lists {
            for (at, task) in list.tasks.iter().enumerate() {
                assert!(
                    task.parent.is_none_or(|parent| parent != at && parent < list.tasks.len())
                        && !task.title.is_empty()
                );
            }
            let _ = list.preview();
        }
        lists.iter().any(|list| list.problems.is_empty())
    };
    let target = Target::new("csv", seeds::corpus("csv"), read);
    Target { base_bytes: 2 * MAX_IMPORT_TASKS * ROW_BYTES, micros: 5_000, ..target }.run();
}

/// A JSON file of this kind: what is read can be written and read again.
fn exchange(name: &'static str) {
    let read: fn(&[u8]) -> bool = |bytes| {
        let given = text(bytes);
        let list = import::read("tasks.json", &given, None);
        let of = list.tasks.len();
        for (at, task) in list.tasks.iter().enumerate() {
            let others = task.parent.into_iter().chain(task.relations.iter().map(|(_, other)| *other));
            assert!(others.into_iter().all(|other| other < of && other != at) && !task.title.is_empty());
            assert!(task.instance_of.is_none_or(|(of, _)| of < at));
        }
        let _ = list.preview();
        list.problems.is_empty()
    };
    let target = Target::new(name, seeds::corpus(name), read);
    Target { base_bytes: 2 * MAX_IMPORT_TASKS * ROW_BYTES, copies: 64, micros: 5_000, ..target }.run();
}

#[test]
fn list_of_tasks() {
    exchange("list-of-tasks");
}

#[test]
fn trello() {
    exchange("trello");
}

#[test]
fn taskwarrior() {
    exchange("taskwarrior");
}

/// The passphrase of the vault in the corpus.
const PASSPHRASE: &str = "a passphrase for mutations";

fn opens(file: &[u8]) -> bool {
    // Guessing at what a file may ask for takes seconds and a gigabyte: it is done where it is cheap.
    let affordable = vault::cost(file).is_ok_and(|cost| cost == VaultCost::TRIAL);
    affordable && vault::unseal(file, PASSPHRASE).is_ok()
}

fn vault_target(name: &'static str, seeds: Vec<Vec<u8>>, read: fn(&[u8]) -> bool) -> Target {
    // The memory of one guess.
    Target { base_bytes: 128 << 10, micros: 2_000, ..Target::new(name, seeds, read) }
}

#[test]
fn vault_file() {
    vault_target("vault", seeds::corpus("vault"), opens).run();
}

#[test]
fn vault_with_its_checksum() {
    const CHECKSUM_BYTES: usize = 32;
    let mut seeds = seeds::corpus("vault");
    seeds.iter_mut().for_each(|file| file.truncate(file.len() - CHECKSUM_BYTES));
    let read: fn(&[u8]) -> bool = |body| opens(&[body, blake3::hash(body).as_bytes()].concat());
    vault_target("vault with its checksum", seeds, read).run();
}

/// The most work of a guess that is done here, as the power of two that a backup names.
const CHEAP_WORK: u32 = 4;

#[test]
fn backup() {
    let read: fn(&[u8]) -> bool = |bytes| {
        // As with vaults: a guess is made where it is cheap, or where the file is refused before.
        let asks = bytes.split(|byte| *byte == b'\n').nth(1).and_then(|line| line.rsplit(|byte| *byte == b' ').next());
        let work: Option<u32> = asks.and_then(|text| std::str::from_utf8(text).ok()?.parse().ok());
        if work.is_some_and(|work| (CHEAP_WORK + 1..=20).contains(&work)) {
            return false;
        }
        let mut database = Vec::with_capacity(bytes.len());
        let opened = backup::unseal(bytes, PASSPHRASE, &mut database);
        assert!(database.len() <= bytes.len());
        opened.is_ok()
    };
    // A chunk as it came and opened, and the memory of a guess.
    let target = Target::new("backup", seeds::corpus("backup"), read);
    Target { base_bytes: 512 << 10, micros: 2_000, ..target }.run();
}

/// The names of all variants of a type from the window, as the type itself tells them when it is asked for another.
fn variants<T: DeserializeOwned>() -> BTreeSet<String> {
    let error = serde_json::from_str::<T>(r#"{"kind":"-"}"#).err().expect("no such variant").to_string();
    let (_, list) = error.split_once("expected").expect("the others are named");
    list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// What the window sends: one line of JSON for each variant at least.
fn window_target<T: DeserializeOwned>(name: &'static str, read: fn(&[u8]) -> bool) -> Target {
    let seeds = seeds::corpus(name);
    let kinds = seeds.iter().filter_map(|seed| {
        serde_json::from_slice::<T>(seed).map_err(|error| panic!("{}: {error}", text(seed))).ok()?;
        serde_json::from_slice::<serde_json::Value>(seed).ok()?["kind"].as_str().map(str::to_owned)
    });
    assert_eq!(kinds.collect::<BTreeSet<_>>(), variants::<T>(), "a line for each in tests/fuzz/corpus/{name}");
    Target { base_bytes: 16 << 10, copies: 32, ..Target::new(name, seeds, read) }
}

#[test]
fn request() {
    window_target::<Request>("request", |bytes| serde_json::from_slice::<Request>(bytes).is_ok()).run();
}

#[test]
fn query() {
    window_target::<Query>("query", |bytes| serde_json::from_slice::<Query>(bytes).is_ok()).run();
}

#[test]
fn command() {
    window_target::<Command>("command", |bytes| serde_json::from_slice::<Command>(bytes).is_ok()).run();
}

/// Long enough that only an answer that does not end would be waited for, and none here does not end.
const PATIENCE: Patience =
    Patience { head: Duration::from_secs(60), idle: Duration::from_secs(60), answer: Duration::from_secs(60) };

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

/// A relay that reads a request, answers with these bytes and closes.
async fn says(mut stream: DuplexStream, bytes: &[u8]) {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        match stream.read_buf(&mut request).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let _ = stream.write_all(bytes).await;
}

async fn fetched(bytes: &[u8]) -> Option<Bytes> {
    let (ours, theirs) = tokio::io::duplex(4 << 10);
    let ask =
        async { Http::open(ours, "x.onion", PATIENCE).await.ok()?.fetch("/checkpoint", MAX_NOTE_BYTES).await.ok() };
    tokio::join!(ask, says(theirs, bytes)).0
}

async fn followed(bytes: &[u8]) -> usize {
    let (ours, theirs) = tokio::io::duplex(4 << 10);
    let follow = async {
        let Ok(http) = Http::open(ours, "x.onion", PATIENCE).await else { return 0 };
        let Ok(mut following) = http.follow("/stream").await else { return 0 };
        let mut found = 0;
        while let Ok(Some(piece)) = following.piece(PATIENCE.idle).await {
            found += piece.len();
        }
        found
    };
    tokio::join!(follow, says(theirs, bytes)).0
}

#[test]
fn http_answer() {
    let read: fn(&[u8]) -> bool = |bytes| {
        RUNTIME.with(|runtime| {
            runtime.block_on(async {
                let body = fetched(bytes).await;
                assert!(body.as_ref().is_none_or(|body| body.len() <= MAX_NOTE_BYTES.min(bytes.len())));
                assert!(followed(bytes).await <= bytes.len());
                body.is_some()
            })
        })
    };
    let target = Target::new("http answer", seeds::corpus("http-answer"), read);
    Target { base_bytes: 128 << 10, copies: 16, micros: 5_000, ..target }.run();
}
