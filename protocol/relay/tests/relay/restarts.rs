//! What must survive an end, an orderly one or not, and a clock that is wrong.

use pursuance_relay::{Damage, Relay, RelayConfig, RelayError, check};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::{ReceiptState, RelayHistory, Standing};
use pursuance_wire::{Cell, FrameDecoder};

use crate::rig::{Rig, SLOT_SECONDS, START_MILLIS, cell, config};

const SLOT_MILLIS: u64 = SLOT_SECONDS as u64 * 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_relay_is_the_same_relay_with_the_same_log() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let address = rig.address;
    let mut client = rig.connect().await;
    for n in (0..300).step_by(4) {
        client.post_cells(&[n, n + 1, n + 2, n + 3].map(cell), &address).await;
    }
    rig.end_slot().await;
    let mut history = RelayHistory::new(address.log_key());
    client.visit(&mut history, 0).await;
    // Receipted, but in no checkpoint when the relay ends.
    let receipt = client.post_cells(&[cell(999)], &address).await;
    let now = rig.now_slot() * SLOT_MILLIS + 1;
    rig.stop().await;
    assert!(!dir.path().join("relay.sqlite-wal").exists(), "the journal is put away");

    let rig = Rig::start_with(&config(dir.path()), now).await;
    assert_eq!(rig.address, address);
    let mut client = rig.connect().await;
    let note = client.get("/checkpoint").await.body;
    assert!(matches!(history.examine(&note), Ok(Standing::Known(_))), "no second checkpoint for a slot"); // L9
    client.post_cells(&[cell(1_000)], &address).await;
    let mut stream = rig.connect().await;
    stream.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    stream.head().await.expect("answered");
    rig.end_slot().await;
    // The frame has the cells from before the end too: it leads on from what was seen then.
    let frames = FrameDecoder::new().push(&stream.chunk().await).expect("a frame");
    assert_eq!(history.clone().accept_frame(&frames[0]), Ok(Some(300)));
    let (checkpoint, span, bodies) = client.visit(&mut history, 256).await;
    assert_eq!(receipt.judge(&checkpoint, &span), ReceiptState::Kept(vec![300]));
    assert_eq!(bodies.len(), 302 - 256);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_goes_back_makes_no_checkpoint_until_it_has_caught_up() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    client.post_cells(&[cell(1)], &rig.address).await;
    let held = rig.end_slot().await;
    let ahead = rig.now_slot();
    // Back by a day while running, then across a restart.
    rig.set_clock(START_MILLIS - 86_400_000);
    let receipt = client.post_cells(&[cell(2)], &rig.address).await;
    assert!(receipt.slot() > held.slot(), "a receipt names a slot that is still to come");
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(rig.newest().await, held);
    rig.stop().await;
    let rig = Rig::start_with(&config(dir.path()), START_MILLIS - 86_400_000).await;
    assert_eq!(rig.newest().await, held); // L9
    // Caught up, but not past the last slot: still nothing.
    rig.set_clock(ahead * SLOT_MILLIS + 1);
    tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    assert_eq!(rig.newest().await, held);
    let next = rig.end_slot().await;
    assert_eq!((next.slot().0, next.size()), (ahead, 2));
    assert!(next.slot() >= receipt.slot());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_nobody_was_awake_for_are_missing_and_nothing_else() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    let receipt = client.post_cells(&[cell(1)], &rig.address).await;
    let before = rig.now_slot();
    rig.set_clock((before + 5) * SLOT_MILLIS);
    let next = loop {
        let newest = rig.newest().await;
        if newest.size() == 1 {
            break newest;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(next.slot().0, before + 4);
    assert!(next.slot() >= receipt.slot());
    assert_eq!(client.get(&format!("/checkpoint/{}", before + 2)).await.status, 404);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_expire_hashes_stay_and_an_expired_cell_may_come_again() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let brief = RelayConfig { retention_days: 1, ..config(dir.path()) };
    let rig = Rig::start_with(&brief, START_MILLIS).await;
    let mut client = rig.connect().await;
    for n in 0..20 {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
    rig.end_slot().await;
    rig.set_clock(START_MILLIS + 43_200_000);
    let young: Vec<Cell> = (100..104).map(cell).collect();
    client.post_cells(&young, &rig.address).await;
    rig.end_slot().await;
    rig.set_clock(START_MILLIS + 86_400_000 + 5 * SLOT_MILLIS);
    rig.end_slot().await;
    // Bodies are dropped just after the checkpoint is published.
    while client.get("/blocks/0/1").await.status == 200 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(client.get("/blocks/0/1").await.status, 410); // L12
    assert_eq!(client.get("/tile/entries/000.p/24").await.status, 410);
    assert_eq!(client.get("/tile/0/000.p/24").await.status, 200);
    assert_eq!(client.get("/blocks/1/1").await.body.len(), 8 * CELL_BYTES, "a block with young cells in it is whole");
    client.post_cells(&[cell(3), cell(19), young[0].clone()], &rig.address).await;
    assert_eq!(rig.end_slot().await.size(), 25, "the dropped one is new again, those that are kept are not");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_to_a_quiet_relay_after_all_else_has_expired_can_be_read() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let brief = RelayConfig { retention_days: 1, ..config(dir.path()) };
    let rig = Rig::start_with(&brief, START_MILLIS).await;
    let mut client = rig.connect().await;
    for n in 0..20 {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
    rig.end_slot().await;
    rig.set_clock(START_MILLIS + 86_400_000 + 5 * SLOT_MILLIS);
    rig.end_slot().await;
    client.post_cells(&[cell(20)], &rig.address).await;
    assert_eq!(rig.end_slot().await.size(), 21);
    assert_eq!(client.get("/blocks/0/1").await.status, 410);
    let answer = client.get("/blocks/1/1").await;
    assert_eq!(answer.status, 200); // L12
    assert_eq!(Cell::split(&answer.body, 16).expect("whole cells"), (16..21).map(cell).collect::<Vec<_>>());
    // The block is whole after a restart too, and goes when all of it is over its time.
    let now = rig.now_slot() * SLOT_MILLIS;
    rig.stop().await;
    let rig = Rig::start_with(&brief, now).await;
    let mut client = rig.connect().await;
    for n in 21..33 {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
    rig.end_slot().await;
    rig.set_clock(now + 86_400_000 + 5 * SLOT_MILLIS);
    rig.end_slot().await;
    rig.end_slot().await;
    assert_eq!(client.get("/blocks/1/1").await.status, 410);
    assert_eq!(client.get("/blocks/2/1").await.body.len(), CELL_BYTES);
    rig.stop().await;
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.held, checked.findings), (33, 1, Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_block_of_which_an_older_version_dropped_a_part_is_gone_and_the_next_one_whole() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let brief = RelayConfig { retention_days: 1, ..config(dir.path()) };
    let rig = Rig::start_with(&brief, START_MILLIS).await;
    let mut client = rig.connect().await;
    for n in 0..40 {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
    rig.end_slot().await;
    let now = rig.now_slot() * SLOT_MILLIS;
    rig.stop().await;
    let db = rusqlite::Connection::open(dir.path().join("relay.sqlite")).expect("opens");
    db.execute_batch("DELETE FROM cells WHERE position < 20").expect("changes");
    drop(db);
    assert_eq!(check(dir.path()).expect("readable").findings, []);
    let rig = Rig::start_with(&brief, now).await;
    let mut client = rig.connect().await;
    assert_eq!(client.get("/blocks/1/1").await.status, 410); // L12
    assert_eq!(client.get("/blocks/2/1").await.body.len(), 8 * CELL_BYTES);
    rig.set_clock(now + 86_400_000 + 5 * SLOT_MILLIS);
    rig.end_slot().await;
    rig.end_slot().await;
    assert_eq!(client.get("/blocks/2/1").await.body.len(), 8 * CELL_BYTES);
    rig.stop().await;
    let checked = check(dir.path()).expect("readable");
    assert_eq!((checked.cells, checked.held, checked.findings), (40, 8, Vec::new()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_comes_into_a_block_of_which_an_older_version_dropped_a_part() {
    for dropped in [18, 20] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let rig = Rig::start(dir.path()).await;
        let mut client = rig.connect().await;
        for n in 0..20 {
            client.post_cells(&[cell(n)], &rig.address).await;
        }
        rig.end_slot().await;
        let now = rig.now_slot() * SLOT_MILLIS;
        rig.stop().await;
        let db = rusqlite::Connection::open(dir.path().join("relay.sqlite")).expect("opens");
        db.execute("DELETE FROM cells WHERE position < ?1", [dropped as i64]).expect("changes");
        drop(db);
        for start in 0..2 {
            let rig = Rig::start_with(&config(dir.path()), now + start * SLOT_MILLIS).await;
            let mut client = rig.connect().await;
            client.post_cells(&[cell(20 + start)], &rig.address).await;
            assert_eq!(rig.end_slot().await.size(), 33 + start, "filled up once");
            assert_eq!(client.get("/blocks/1/1").await.status, 410);
            assert_eq!(client.get("/blocks/2/1").await.body.len(), (1 + start as usize) * CELL_BYTES); // L12
            rig.stop().await;
        }
        let checked = check(dir.path()).expect("readable");
        assert_eq!((checked.cells, checked.held, checked.findings), (34, 34 - dropped, Vec::new()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_does_not_fit_together_is_not_served() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    for n in 0..5 {
        client.post_cells(&[cell(n)], &rig.address).await;
    }
    rig.end_slot().await;
    client.post_cells(&[cell(9)], &rig.address).await;
    rig.stop().await;
    let file = dir.path().join("relay.sqlite");
    let good = std::fs::read(&file).expect("there");
    for (sql, damage) in [
        ("UPDATE hashes SET hash = zeroblob(32) WHERE position = 4", Damage::Checkpoint),
        ("DELETE FROM hashes WHERE position > 2", Damage::Checkpoint),
        ("DELETE FROM hashes WHERE position = 1", Damage::Hashes),
        ("UPDATE checkpoints SET note = zeroblob(9)", Damage::Checkpoint),
        ("DELETE FROM cells WHERE position = 5", Damage::Cells),
        // In no root yet: at the end of the slot this would be signed.
        ("UPDATE hashes SET hash = zeroblob(32) WHERE position = 5", Damage::Cells),
        ("UPDATE cells SET cell = zeroblob(2048) WHERE position = 5", Damage::Cells),
    ] {
        let db = rusqlite::Connection::open(&file).expect("opens");
        db.execute_batch(sql).expect("changes");
        drop(db);
        let Err(RelayError::Damaged { what }) = Relay::open(&config(dir.path())) else { panic!("served after: {sql}") };
        assert_eq!(what, damage, "{sql}"); // L8
        for file in ["relay.sqlite-wal", "relay.sqlite-shm"] {
            let _ = std::fs::remove_file(dir.path().join(file));
        }
        std::fs::write(&file, &good).expect("put back");
    }
    let other = RelayConfig { slot_seconds: Some(SLOT_SECONDS + 1), ..config(dir.path()) };
    assert!(matches!(Relay::open(&other), Err(RelayError::SlotSeconds { kept: 10, asked: 11 })));
    Relay::open(&config(dir.path())).expect("as good as before").close();
}
