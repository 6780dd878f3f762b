//! What the common acts cost on the wire: the table in docs/benchmarks.md is this one.

use std::path::Path;

use pursuance_core::cell::seal_entries;
use pursuance_core::crypto::Seed;
use pursuance_core::entry::Entry;
use pursuance_core::plan::{Circumstances, ImportTask};

use super::make::{Cast, at};

/// A line of the table: what it is, bytes of its entries, cells if it travels alone.
fn row(what: &str, cast: &Cast, entries: &[Entry]) -> String {
    let bytes: usize = entries.iter().map(|entry| entry.bytes().len()).sum();
    let list = entries.iter().map(|entry| (entry.id(), entry.bytes()));
    let cells = seal_entries(&cast.epoch.cell_key(), list, &mut Seed::new([1; 32])).len();
    format!("| {what} | {} | {bytes} | {cells} | {} |", entries.len(), cells * 2_048)
}

fn table() -> Vec<String> {
    let cast = Cast::new();
    let one = |of: usize| &cast.entries[of..=of];
    let rows: Vec<ImportTask> = (0..150)
        .map(|index| ImportTask {
            title: format!("Task number {index} of a list that a group has kept so far"),
            owner: Some("w01".into()),
            started: Some("2017-05-28".into()),
            ..ImportTask::default()
        })
        .collect();
    let mut seed = Seed::new([2; 32]);
    let mut with = Circumstances { now_seconds: 1_790_000_000, seed: &mut seed, since: Vec::new() };
    let import = cast.maya.import(&rows, &mut with).expect("good rows").entries;
    vec![
        row("start a pursuance: genesis (24 rules, 1 relay)", &cast, one(at::GENESIS)),
        row("its first epoch, with the founder's key package", &cast, one(at::EPOCH)),
        row("invite", &cast, one(at::INVITE)),
        row("join", &cast, one(at::JOIN)),
        row("welcome", &cast, one(at::WELCOME)),
        row("create a task, title of 22 letters", &cast, one(at::TASK)),
        row("claim it, with one head", &cast, one(at::CLAIM)),
        row("comment of 9 letters, with one head", &cast, one(at::COMMENT)),
        row("create, claim and comment in one go", &cast, &[one(at::TASK), one(at::CLAIM), one(at::COMMENT)].concat()),
        row("import 150 tasks", &cast, &import),
    ]
}

#[test]
fn the_table_of_sizes_is_true() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/benchmarks.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let table = table();
    let untrue: Vec<&String> = table.iter().filter(|row| !page.contains(row.as_str())).collect();
    assert!(untrue.is_empty(), "docs/benchmarks.md does not say so any more; the table is now\n{}", table.join("\n"));
}
