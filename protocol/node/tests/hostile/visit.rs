//! One visit or post at a time, held against a relay in memory.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use pursuance_node::api::Fault;
use pursuance_node::http::{HttpError, Patience};
use pursuance_node::transport::Transport;
use pursuance_node::visit::{Visit, VisitError, WINDOW_SECONDS, block_ranges, last_plausible_slot, post};
use pursuance_wire::limits::MAX_SPAN_CELLS;
use pursuance_wire::log::{
    CellsError, Checkpoint, HistoryError, LogSigner, NodeHash, ReceiptError, RelayHistory, SlotNumber,
};

use crate::liar::{Liar, Shared, address, cell, cells, not_a_relay};

const SHORT: Patience =
    Patience { head: Duration::from_millis(500), idle: Duration::from_millis(500), answer: Duration::from_secs(5) };

/// For a relay with so many cells that it needs a while itself.
const PATIENT: Patience =
    Patience { head: Duration::from_secs(20), idle: Duration::from_secs(20), answer: Duration::from_secs(20) };

fn way(at: SocketAddr) -> Transport {
    Transport::new([(address(), at)], None)
}

/// Of all relays here.
const SLOT_SECONDS: u32 = 1;

/// A whole visit: the places and cells that came.
async fn visit(at: SocketAddr, history: &mut RelayHistory, from: u64) -> Result<Vec<(u64, usize)>, VisitError> {
    visit_earlier(at, SHORT, history, from, 0).await
}

/// The same, so many windows earlier.
async fn visit_earlier(
    at: SocketAddr,
    patience: Patience,
    history: &mut RelayHistory,
    from: u64,
    earlier: u64,
) -> Result<Vec<(u64, usize)>, VisitError> {
    let transport = way(at);
    let mut visit = Visit::begin(&transport, &address(), patience).await?;
    visit.policy().await?;
    let look = visit.look(history, from, earlier, SLOT_SECONDS).await?;
    let mut got = Vec::new();
    let Some(span) = look.span else { return Ok(got) };
    for range in block_ranges(&span, look.begin) {
        got.extend(visit.cells(&span, range, u64::MAX).await?.into_iter().map(|(start, cells)| (start, cells.len())));
    }
    Ok(got)
}

fn fresh() -> RelayHistory {
    RelayHistory::new(address().log_key())
}

fn change(shared: &Shared, how: impl FnOnce(&mut Liar)) {
    how(&mut shared.lock().unwrap());
}

#[tokio::test]
async fn a_visit_reads_whole_blocks_from_the_window_and_goes_on_where_it_was() {
    let (shared, at) = Liar { slot: Some(5), had: None, ..Liar::honest(2_000) }.serve().await;
    let mut history = fresh();
    assert_eq!(visit(at, &mut history, 0).await.unwrap(), [(0, 1_024), (1_024, 976)]);
    // The same slot again, everything read: nothing but the checkpoint is asked for.
    change(&shared, |liar| liar.asked.clear());
    assert_eq!(visit(at, &mut history, 2_000).await.unwrap(), []);
    assert_eq!(shared.lock().unwrap().asked, ["/policy", "/checkpoint"]);
    change(&shared, |liar| {
        liar.slot = Some(6);
        liar.cells.extend(cells(2_010).split_off(2_000));
    });
    assert_eq!(visit(at, &mut history, 2_000).await.unwrap(), [(1_792, 218)]);
    assert_eq!(history.newest().map(|newest| newest.size()), Some(2_010));
}

/// A slot of a window and its first, and the last of the window before.
const SLOT_OF_WINDOW: u64 = 80_000 * WINDOW_SECONDS + 1_234;
const BEFORE_WINDOW: u64 = 80_000 * WINDOW_SECONDS - 1;

#[tokio::test]
async fn a_window_begins_with_a_quarter_of_a_day() {
    for (had, earlier, got) in [
        // In whole blocks of 16, from what the log had when the window began.
        (Some(1_905), 0, (1_904, 106)),
        (Some(1_905), 2, (1_904, 106)),
        // Cut at 256 cells.
        (Some(1_000), 0, (1_792, 218)),
        (Some(1_000), 1, (1_536, 474)),
        (None, 0, (1_792, 218)),
        // Whatever the relay says, nothing new is passed over.
        (Some(2_010), 0, (2_000, 10)),
    ] {
        let (shared, at) = Liar { slot: Some(SLOT_OF_WINDOW), ..Liar::honest(2_000) }.serve().await;
        let mut history = fresh();
        visit(at, &mut history, 0).await.unwrap();
        change(&shared, |liar| {
            liar.slot = Some(SLOT_OF_WINDOW + 1);
            liar.had = had;
            liar.cells.extend(cells(2_010).split_off(2_000));
            liar.asked.clear();
        });
        assert_eq!(
            visit_earlier(at, SHORT, &mut history, 2_000, earlier).await.unwrap(),
            [got],
            "{had:?}, {earlier} earlier"
        );
        let asked = format!("/checkpoint/{}", BEFORE_WINDOW - earlier * WINDOW_SECONDS);
        assert!(shared.lock().unwrap().asked.contains(&asked), "everybody asks for the same");
    }
    // What another signed, or what is of another slot, says nothing.
    for (seed, slot) in [(9, BEFORE_WINDOW), (2, BEFORE_WINDOW - 1)] {
        let (shared, at) = Liar { slot: Some(SLOT_OF_WINDOW), ..Liar::honest(2_000) }.serve().await;
        let mut history = fresh();
        visit(at, &mut history, 0).await.unwrap();
        change(&shared, |liar| {
            liar.slot = Some(SLOT_OF_WINDOW + 1);
            liar.cells.extend(cells(2_010).split_off(2_000));
            let signer = LogSigner::from_seed(&[seed; 32]);
            let other = Checkpoint::sign(&signer, SlotNumber(slot), 2_000, NodeHash([0; 32]));
            liar.instead.push(("/checkpoint/", Bytes::copy_from_slice(other.note().as_bytes())));
        });
        assert_eq!(visit(at, &mut history, 2_000).await.unwrap(), [(1_792, 218)]);
    }
}

#[tokio::test]
async fn cells_that_are_gone_leave_a_hole() {
    let (_shared, at) = Liar { kept_from_block: 3, ..Liar::honest(200) }.serve().await;
    // Blocks of 16: three of them are gone, and the rest comes.
    let got = visit(at, &mut fresh(), 0).await.unwrap();
    assert_eq!(got.first().map(|(start, _)| *start), Some(48));
    assert_eq!(got.iter().map(|(_, count)| count).sum::<usize>(), 200 - 48);
    assert!(got.windows(2).all(|pair| pair[0].0 + pair[0].1 as u64 == pair[1].0), "in order: {got:?}");
}

#[tokio::test]
async fn a_block_with_a_cell_that_cannot_have_expired_is_withheld_if_it_is_gone() {
    // Blocks of 16 up to the fifth are gone, and the sixth, which is not full.
    for (gone, fresh_from, withheld_from) in [
        (6, 81, Some(80)),
        (6, 83, Some(80)),
        (6, 84, None),
        (5, 80, None),
        (5, 79, Some(64)),
        (5, 65, Some(64)),
        (2, 81, None),
    ] {
        let (_shared, at) = Liar { kept_from_block: gone, ..Liar::honest(84) }.serve().await;
        let transport = way(at);
        let mut visit = Visit::begin(&transport, &address(), SHORT).await.unwrap();
        let span = visit.look(&mut fresh(), 0, 0, SLOT_SECONDS).await.unwrap().span.unwrap();
        let mut got = Ok(());
        for range in block_ranges(&span, 0) {
            got = got.and(visit.cells(&span, range, fresh_from).await.map(|_| ()));
        }
        let expected = withheld_from.map_or(Ok(()), |from| Err(VisitError::Withheld { from }));
        assert_eq!(got, expected, "{gone} blocks are gone, cells from {fresh_from} on are young");
    }
}

#[tokio::test]
async fn what_was_signed_for_and_is_not_there_is_withheld() {
    for path in ["/blocks/", "/tile/0/", "/tile/1/"] {
        let (_shared, at) = Liar { status: Some((path, StatusCode::NOT_FOUND)), ..Liar::honest(300) }.serve().await;
        let error = visit(at, &mut fresh(), 0).await.unwrap_err();
        assert_eq!(error.fault(), Some(Fault::Withholds), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn a_post_that_was_long_on_its_way_is_no_fault() {
    let slow = Liar { status: Some(("/post", StatusCode::REQUEST_TIMEOUT)), ..Liar::honest(0) };
    let (_shared, at) = slow.serve().await;
    let error = post(&way(at), &address(), SHORT, &cells(1), SlotNumber(5), SlotNumber(9)).await.unwrap_err();
    assert_eq!((error.fault(), &error), (None, &VisitError::Http(HttpError::Slow)));
}

#[tokio::test]
async fn what_is_gone_costs_a_few_requests_however_much_it_is() {
    let count = |shared: &Shared| {
        let mut liar = shared.lock().unwrap();
        std::mem::take(&mut liar.asked).iter().filter(|path| path.starts_with("/blocks/")).count()
    };
    // Two requests' worth of blocks, of which none, some, or all but the last are gone.
    for (gone, most) in [(0, 2), (1, 10), (40, 10), (63, 10), (64, 3), (65, 11), (127, 11), (128, 4)] {
        let (shared, at) = Liar { kept_from_block: gone, ..Liar::honest(2_048) }.serve().await;
        let got = visit_earlier(at, PATIENT, &mut fresh(), 0, 0).await.unwrap();
        assert_eq!(
            got.iter().map(|(_, count)| *count as u64).sum::<u64>(),
            2_048 - gone * 16,
            "{gone} blocks are gone"
        );
        assert!(got.first().is_none_or(|(start, _)| *start == gone * 16), "{gone}: {got:?}");
        let asked = count(&shared);
        assert!(asked <= most, "{asked} requests where {gone} blocks are gone");
    }
}

/// More cells than one visit takes, and where it begins then.
const TOO_MANY: u64 = MAX_SPAN_CELLS + 5_120;
const LATEST: u64 = 5_120 + 256;

#[tokio::test]
async fn of_a_log_too_long_for_one_visit_the_newest_part_is_read() {
    for (held, from) in [(None, 0), (Some(5_120), 0), (Some(5_120), 5_120), (Some(512), 512), (Some(LATEST), 300)] {
        let (shared, at) = Liar { slot: Some(5), alike: TOO_MANY, ..Liar::honest(10) }.serve().await;
        let mut history = fresh();
        if let Some(held) = held {
            change(&shared, |liar| (liar.alike, liar.shown) = (held, Some(0)));
            assert!(visit_earlier(at, PATIENT, &mut history, held, 0).await.is_ok());
            change(&shared, |liar| (liar.alike, liar.shown, liar.slot) = (TOO_MANY, None, Some(6)));
        }
        let transport = way(at);
        let mut visit = Visit::begin(&transport, &address(), PATIENT).await.unwrap();
        let look = visit.look(&mut history, from, 1, SLOT_SECONDS).await.unwrap();
        let span = look.span.unwrap();
        assert_eq!((span.first(), look.begin), (LATEST, LATEST), "{held:?}, {from}");
        assert_eq!(history.newest().map(|newest| newest.size()), Some(TOO_MANY + 10));
        let last = block_ranges(&span, look.begin).last().unwrap();
        let got = visit.cells(&span, last, u64::MAX).await.unwrap();
        assert_eq!(got.map(|(start, cells)| start + cells.len() as u64), Some(TOO_MANY + 10));
    }
}

#[tokio::test]
async fn a_log_too_long_for_one_visit_is_held_to_what_was_seen() {
    // What was seen had other cells.
    let (shared, at) = Liar { slot: Some(5), ..Liar::honest(300) }.serve().await;
    let mut history = fresh();
    visit(at, &mut history, 0).await.unwrap();
    let before = history.clone();
    change(&shared, |liar| (liar.alike, liar.slot) = (TOO_MANY, Some(6)));
    let error = visit_earlier(at, PATIENT, &mut history, 300, 0).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Garbage), "{error:?}");
    assert_eq!(history, before, "what was held stays");
}

#[tokio::test]
async fn one_slot_with_two_trees_is_a_proof() {
    let (shared, at) = Liar { slot: Some(5), ..Liar::honest(20) }.serve().await;
    let mut history = fresh();
    visit(at, &mut history, 0).await.unwrap();
    change(&shared, |liar| liar.cells[3] = cell(77));
    let error = visit(at, &mut history, 20).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Forked));
    error.evidence().expect("a proof").verify(&address().log_key()).expect("that holds before a stranger");
    assert_eq!(history.newest().map(|newest| newest.slot()), Some(SlotNumber(5)), "what was held stays");
}

#[tokio::test]
async fn another_past_is_a_proof() {
    let (shared, at) = Liar { slot: Some(5), ..Liar::honest(20) }.serve().await;
    let mut history = fresh();
    visit(at, &mut history, 0).await.unwrap();
    change(&shared, |liar| {
        liar.slot = Some(6);
        liar.cells[3] = cell(77);
        liar.cells.push(cell(78));
    });
    let error = visit(at, &mut history, 20).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::Forked));
    error.evidence().expect("a proof").verify(&address().log_key()).expect("that holds before a stranger");
}

#[tokio::test]
async fn going_back_is_noticed() {
    let (shared, at) = Liar { slot: Some(5), ..Liar::honest(20) }.serve().await;
    let mut history = fresh();
    visit(at, &mut history, 0).await.unwrap();
    change(&shared, |liar| (liar.slot, liar.shown) = (Some(4), Some(10)));
    let error = visit(at, &mut history, 20).await.unwrap_err();
    assert!(matches!(error, VisitError::History(HistoryError::Stale { .. })), "{error:?}");
    assert_eq!(error.fault(), Some(Fault::RolledBack));
    change(&shared, |liar| liar.slot = Some(6));
    assert_eq!(visit(at, &mut history, 20).await.unwrap_err().fault(), Some(Fault::Forked), "smaller later is a proof");
}

#[tokio::test]
async fn another_relay_is_not_this_one() {
    let (_shared, at) = Liar { signer: LogSigner::from_seed(&[9; 32]), ..Liar::honest(20) }.serve().await;
    let error = visit(at, &mut fresh(), 0).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::WrongOrigin), "{error:?}");
    // Its policy may be copied, its checkpoints cannot be.
    let policy = Liar::honest(0);
    let (shared, at) = policy.serve().await;
    change(&shared, |liar| {
        let mut other = Liar { signer: LogSigner::from_seed(&[9; 32]), ..Liar::honest(20) };
        liar.instead.push(("/checkpoint", Bytes::copy_from_slice(other.checkpoint(false).note().as_bytes())));
    });
    assert_eq!(visit(at, &mut fresh(), 0).await.unwrap_err().fault(), Some(Fault::WrongOrigin));
}

#[tokio::test]
async fn bodies_and_tiles_that_are_not_the_logs_are_refused() {
    let lies: [(&'static str, usize); 5] =
        [("/blocks/", 2_048 * 20), ("/blocks/", 2_047), ("/blocks/", 0), ("/tile/", 32), ("/tile/", 640)];
    for (path, bytes) in lies {
        let (shared, at) = Liar::honest(20).serve().await;
        change(&shared, |liar| liar.instead.push((path, vec![7; bytes].into())));
        let mut history = fresh();
        let error = visit(at, &mut history, 0).await.unwrap_err();
        assert_eq!(error.fault(), Some(Fault::Garbage), "{path} of {bytes} bytes: {error:?}");
    }
    let (shared, at) = Liar::honest(20).serve().await;
    change(&shared, |liar| {
        let mut bodies: Vec<u8> = liar.cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        bodies[2_048 * 7] ^= 1;
        liar.instead.push(("/blocks/", bodies.into()));
    });
    let error = visit(at, &mut fresh(), 0).await.unwrap_err();
    assert_eq!(error, VisitError::Cells(CellsError::Mismatch { index: 7 }));
}

#[tokio::test]
async fn nonsense_silence_and_floods_have_their_errors() {
    let answer = async |bytes: &'static [u8], closes| {
        let at = not_a_relay(bytes, closes).await;
        visit(at, &mut fresh(), 0).await.unwrap_err()
    };
    assert_eq!(answer(b"220 hello, this is a mail server\r\n\r\n", false).await, HttpError::Garbage.into());
    assert_eq!(answer(b"", false).await, HttpError::Slow.into());
    assert_eq!(answer(b"", true).await, HttpError::Nothing.into());
    let flood = "HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n".to_owned() + &"x".repeat(20_000);
    let error = answer(flood.leak().as_bytes(), false).await;
    assert!(matches!(error, VisitError::Http(HttpError::TooLong { .. })), "{error:?}");
    assert_eq!(error.fault(), Some(Fault::Garbage));
    let error = answer(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false).await;
    assert_eq!(error.fault(), Some(Fault::Garbage), "{error:?}");
    // Nobody there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    drop(listener);
    let error = visit(at, &mut fresh(), 0).await.unwrap_err();
    assert_eq!((error.fault(), matches!(error, VisitError::Connect(_))), (None, true));
}

#[tokio::test]
async fn a_receipt_is_for_these_cells_and_soon() {
    let posted = async |mut liar: Liar| {
        let slot = liar.slot();
        let (_shared, at) = liar.serve().await;
        let ahead = last_plausible_slot(SlotNumber(slot), Some(Duration::ZERO), slot, 1);
        post(&way(at), &address(), SHORT, &cells(3), SlotNumber(slot), ahead).await
    };
    assert_eq!(posted(Liar::honest(0)).await.unwrap().leaves().len(), 3);
    let others = posted(Liar { signs_for_others: true, ..Liar::honest(0) }).await;
    assert_eq!(others, Err(VisitError::Receipt(ReceiptError::OtherCells)));
    let never = posted(Liar { promise_ahead: 1 << 40, ..Liar::honest(0) }).await.unwrap_err();
    assert!(matches!(never, VisitError::ReceiptSlot { .. }), "{never:?}");
    assert_eq!(never.fault(), Some(Fault::Garbage));
    // A relay that is heard now cannot put off a post by a day.
    let late = posted(Liar { promise_ahead: 86_400, ..Liar::honest(0) }).await.unwrap_err();
    assert!(matches!(late, VisitError::ReceiptSlot { .. }), "{late:?}");
    let stranger = posted(Liar { signer: LogSigner::from_seed(&[9; 32]), ..Liar::honest(0) }).await.unwrap_err();
    assert_eq!(stranger.fault(), Some(Fault::WrongOrigin));
}
