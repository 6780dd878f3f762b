//! A disk that gives back something else than it was given: whatever the relay makes of it, it signs no second history.

use std::fs;
use std::path::Path;

use pursuance_relay::{Relay, RelayError, check};
use pursuance_wire::Cell;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::{Checkpoint, Frontier};

use crate::rig::{Chance, Rig, SLOT_SECONDS, cell, config};

const CELLS: u64 = 600;
/// Of these, in no checkpoint when the relay ends.
const UNCOVERED: u64 = 40;
const ROUNDS: u64 = 40;

/// What the relay is held against afterwards.
struct Before {
    cells: Vec<Cell>,
    newest: Checkpoint,
    now_millis: u64,
}

/// Posts, ends slots and lets `keep` take what lies on the disk at the end.
async fn filled(dir: &Path, keep: impl FnOnce()) -> Before {
    let rig = Rig::start(dir).await;
    let cells: Vec<Cell> = (0..CELLS).map(cell).collect();
    for (at, four) in cells.chunks(4).enumerate() {
        rig.connect().await.post_cells(four, &rig.address).await;
        if at % 45 == 44 || (at as u64 + 1) * 4 == CELLS - UNCOVERED {
            rig.end_slot().await;
        }
    }
    let newest = rig.newest().await;
    assert_eq!(newest.size(), CELLS - UNCOVERED);
    let now_millis = rig.now_slot() * u64::from(SLOT_SECONDS) * 1_000;
    keep();
    rig.stop().await;
    Before { cells, newest, now_millis }
}

/// Opens what is left. It is refused with a sentence; or it cannot be written to, and the relay shows no further checkpoint and
/// promises nothing; or all that it signs agrees with what was signed before, and a check names every cell that it would hand
/// out wrongly.
async fn look(dir: &Path, before: &Before, what: &str) -> &'static str {
    let sound = check(dir).is_ok_and(|checked| checked.findings.is_empty());
    let now = before.now_millis;
    match Relay::open_with_clock(&config(dir), std::sync::Arc::new(move || now)) {
        Ok(relay) => relay.close(),
        Err(error) => {
            let said = error.to_string();
            assert!(said.contains("the database") || said.contains("newest-checkpoint"), "{what}: {said}");
            assert!(!sound || matches!(error, RelayError::Damaged { .. }), "{what}: sound, and refused: {said}");
            return "refused";
        }
    }
    let rig = Rig::start_with(&config(dir), now).await;
    // What a post of nothing new is told: while checkpoints cannot be kept, receipts would be promises.
    let refuses = async || rig.connect().await.post(before.cells[0].as_bytes()).await.status == 503;
    let Some(signed) = rig.end_slot_or(refuses).await else {
        assert!(!sound, "{what}: nothing is signed any more, and the check found nothing");
        assert_eq!(rig.newest().await, before.newest, "{what}");
        rig.stop().await;
        return "served, and nothing more is signed";
    };
    assert!(signed.size() >= before.newest.size(), "{what}: a shorter log was signed");
    let mut frontier = Frontier::new();
    before.cells[..signed.size() as usize].iter().for_each(|cell| frontier.append(cell.leaf_hash()));
    assert_eq!(*signed.root(), frontier.root(), "{what}: a second history was signed");
    let mut wrong = 0;
    for block in 0..signed.size().div_ceil(16) {
        let answer = rig.connect().await.get(&format!("/blocks/{block}/1")).await;
        let right = &before.cells[block as usize * 16..(block as usize * 16 + 16).min(signed.size() as usize)];
        let got = answer.body.chunks(CELL_BYTES);
        wrong += u64::from(answer.status != 200 || !got.eq(right.iter().map(|cell| cell.as_bytes().as_slice())));
    }
    assert!(wrong == 0 || !sound, "{what}: {wrong} blocks are wrong and the check found nothing");
    rig.stop().await;
    if sound { "unharmed" } else { "served, and the check says what is wrong" }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flipped_bytes_of_the_database_or_its_journal_make_no_second_history() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let images = tempfile::tempdir().expect("a temporary directory");
    // As a crash leaves it: all in the journal.
    let crashed = images.path().join("crashed");
    fs::create_dir(&crashed).expect("ours");
    let copy = |from: &Path, to: &Path| {
        for name in ["relay.sqlite", "relay.sqlite-wal", "newest-checkpoint"] {
            let _ = fs::remove_file(to.join(name));
            // An Err means that there is no journal.
            let _ = fs::copy(from.join(name), to.join(name));
        }
        let _ = fs::remove_file(to.join("relay.sqlite-shm"));
    };
    let before = filled(dir.path(), || copy(dir.path(), &crashed)).await;
    let mut chance = Chance::printed("PURSUANCE_SEED");
    let mut outcomes = std::collections::BTreeMap::new();
    for round in 0..ROUNDS {
        let broken = images.path().join("broken");
        fs::create_dir_all(&broken).expect("ours");
        let (from, name) = [(dir.path(), "relay.sqlite"), (&*crashed, "relay.sqlite-wal")][round as usize % 2];
        copy(from, &broken);
        let mut bytes = fs::read(broken.join(name)).expect("there");
        let at = chance.below(bytes.len() as u64) as usize;
        let run = [1, 16, 4_096, 16_384][chance.below(4) as usize].min(bytes.len() - at);
        for byte in &mut bytes[at..at + run] {
            *byte ^= 1 + chance.below(255) as u8;
        }
        fs::write(broken.join(name), &bytes).expect("ours");
        let what = format!("round {round}, {run} bytes at {at} of {} of {name}", bytes.len());
        *outcomes.entry((name, look(&broken, &before, &what).await)).or_insert(0) += 1;
    }
    println!("{outcomes:?}");
    // Nothing flipped, nothing found.
    let broken = images.path().join("broken");
    copy(&crashed, &broken);
    assert_eq!(look(&broken, &before, "as the crash left it").await, "unharmed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_no_checkpoint_can_be_kept_nothing_is_promised() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    rig.connect().await.post_cells(&[cell(1)], &rig.address).await;
    let kept = rig.end_slot().await;
    let change = |sql: &str| {
        let db = rusqlite::Connection::open(dir.path().join("relay.sqlite")).expect("opens");
        db.execute_batch(sql).expect("changes");
    };
    change("CREATE TRIGGER refuse BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'as a damaged page'); END");
    let refuses = async || rig.connect().await.post(cell(2).as_bytes()).await.status == 503;
    assert_eq!(rig.end_slot_or(refuses).await, None, "a post was taken, or a checkpoint shown");
    assert_eq!(rig.newest().await, kept);
    assert!(refuses().await);

    change("DROP TRIGGER refuse");
    let slot = rig.connect().await.post_cells(&[cell(3)], &rig.address).await.slot();
    let checkpoint = rig.end_slot().await;
    assert!(checkpoint.slot() == slot && checkpoint.size() == 2, "{checkpoint:?}");
    rig.stop().await;
}
