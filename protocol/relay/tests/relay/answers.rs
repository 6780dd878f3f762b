//! Every request and its answer, byte for byte.

use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::{BundleId, Policy, Posting, RelayHistory, decode_bundle};
use pursuance_wire::{Cell, FrameDecoder};

use crate::rig::{Rig, SLOT_SECONDS, cell};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_come_back_in_order_at_the_end_of_their_slot() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    let cells: Vec<Cell> = (0..11).map(cell).collect();
    let mut slot = rig.now_slot();
    let first = client.post_cells(&cells[..4], &rig.address).await;
    assert_eq!(first.slot().0, slot);
    assert_eq!(rig.newest().await.size(), 0, "nothing is seen before the slot ends"); // L3
    assert_eq!(client.get("/blocks/0/1").await.status, 404);
    assert_eq!(client.get("/tile/0/000.p/4").await.status, 404);
    assert_eq!(client.get("/tile/entries/000.p/4").await.status, 404);

    client.post_cells(&cells[4..5], &rig.address).await;
    rig.end_slot().await;
    slot += 1;
    let later = client.post_cells(&cells[5..8], &rig.address).await;
    assert_eq!(later.slot().0, slot);
    client.post_cells(&cells[8..], &rig.address).await;

    let mut history = RelayHistory::new(rig.address.log_key());
    let (checkpoint, span, bodies) = client.visit(&mut history, 0).await;
    assert_eq!((checkpoint.slot().0, checkpoint.size()), (slot - 1, 5));
    assert_eq!(bodies, cells[..5]);
    assert_eq!(first.judge(&checkpoint, &span), pursuance_wire::log::ReceiptState::Kept(vec![0, 1, 2, 3]));
    assert_eq!(later.judge(&checkpoint, &span), pursuance_wire::log::ReceiptState::NotDue);

    rig.end_slot().await;
    let (checkpoint, span, bodies) = client.visit(&mut history, 0).await;
    assert_eq!(bodies, cells);
    assert_eq!(later.judge(&checkpoint, &span), pursuance_wire::log::ReceiptState::Kept(vec![5, 6, 7]));

    // The partial tile of the checkpoint before is still there, one of a width never published is not.
    assert_eq!(client.get("/tile/0/000.p/5").await.status, 200);
    assert_eq!(client.get("/tile/0/000.p/6").await.status, 404); // L11
    let bundle = client.get("/tile/entries/000.p/11").await;
    assert_eq!(decode_bundle(BundleId::new(0, 11).expect("small"), &bundle.body), Ok(cells.clone()));
    // Checkpoints of old slots stay.
    let old = client.get(&format!("/checkpoint/{}", slot - 1)).await;
    assert_eq!(old.status, 200);
    assert_eq!(client.get(&format!("/checkpoint/{}", slot + 1)).await.status, 404);
    assert_eq!(client.get(&format!("/checkpoint/0{slot}")).await.status, 404);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_head_is_the_same_but_for_status_and_length() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    client.post_cells(&[cell(1), cell(2)], &rig.address).await;
    rig.end_slot().await;
    let slot = rig.now_slot() - 1;
    let found = [
        "/policy".to_owned(),
        "/checkpoint".to_owned(),
        format!("/checkpoint/{slot}"),
        "/tile/0/000.p/2".to_owned(),
        "/tile/entries/000.p/2".to_owned(),
        "/blocks/0/64".to_owned(),
    ];
    for path in &found {
        let answer = client.get(path).await;
        let expected = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.body.len());
        assert_eq!(answer.head, expected, "{path}"); // L2
        assert!(!answer.body.is_empty());
        // Another visitor, who sends more than a client of ours would, gets the same bytes.
        let mut other = rig.connect().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nuser-agent: y\r\naccept: */*\r\ncookie: a=b\r\n\r\n");
        other.send(request.as_bytes()).await;
        assert_eq!(other.answer().await.as_ref(), Some(&answer), "{path}");
    }
    let body: Vec<u8> = [cell(3), cell(4)].iter().flat_map(|cell| *cell.as_bytes()).collect();
    let receipt = client.post(&body).await;
    assert_eq!(receipt.head, format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", receipt.body.len()));

    let none = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    for path in [
        "/",
        "/index.html",
        "/policy?x",
        "/policy/",
        "/blocks/0/65",
        "/blocks/1/1",
        "/blocks/0",
        "/tile/0/1",
        "/tile/0/000",
        "/tile/9/000",
        "/tile/entries/000",
        "/tile/x",
        "/checkpoint/x",
        "/checkpoint/",
        "/checkpoint/18446744073709551615",
    ] {
        assert_eq!(client.get(path).await.head, none, "{path}");
    }
    for (request, head) in [
        ("DELETE /post", "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n"),
        ("GET /post", "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n"),
        ("POST /policy", "HTTP/1.1 405 Method Not Allowed\r\ncontent-length: 0\r\n\r\n"),
    ] {
        client.send(format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await;
        assert_eq!(client.answer().await.expect("an answer").head, head, "{request}");
    }
    let mut streaming = rig.connect().await;
    streaming.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(streaming.head().await.as_deref(), Some("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policy_is_signed_and_says_what_is_so() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let answer = rig.connect().await.get("/policy").await;
    let policy = Policy::verify(&answer.body, &rig.address.log_key());
    assert_eq!(policy, Ok(Policy { slot_seconds: SLOT_SECONDS, retention_days: 30, posting: Posting::Open }));
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_delivers_whole_slots_to_everybody_alike() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    client.post_cells(&[cell(0)], &rig.address).await;
    rig.end_slot().await;
    let mut history = RelayHistory::new(rig.address.log_key());
    client.visit(&mut history, 0).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = rig.connect().await;
        stream.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
        stream.head().await.expect("answered at once");
        streams.push(stream);
    }
    let mut seen = Vec::new();
    let mut decoder = FrameDecoder::new();
    for slot in 0..4u64 {
        for n in 0..slot {
            client.post_cells(&[cell(100 * slot + n)], &rig.address).await;
        }
        let checkpoint = rig.end_slot().await;
        let bytes = streams[0].chunk().await;
        assert_eq!(streams[1].chunk().await, bytes);
        let frames = decoder.push(&bytes).expect("a frame");
        assert_eq!(frames.len(), 1, "one slot, one frame, also when it is empty");
        let start = history.accept_frame(&frames[0]).expect("leads on");
        assert_eq!(start.map(|start| start + slot), Some(checkpoint.size()));
        assert_eq!(bytes.len(), 8 + frames[0].note.len() + slot as usize * CELL_BYTES);
        seen.extend(frames[0].cells.clone());
    }
    let expected: Vec<Cell> = (0..4u64).flat_map(|slot| (0..slot).map(move |n| cell(100 * slot + n))).collect();
    assert_eq!(seen, expected);
    rig.stop().await;
    for mut stream in streams {
        assert!(stream.chunk().await.is_empty(), "a stopped relay ends its streams properly");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_post_adds_nothing_and_looks_like_any_other() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    let receipt = client.post_cells(&[cell(1), cell(2)], &rig.address).await;
    let again = client.post_cells(&[cell(1), cell(2)], &rig.address).await;
    assert_eq!(again.note().as_bytes(), receipt.note().as_bytes());
    // Twice in one post, and partly new.
    client.post_cells(&[cell(3), cell(3), cell(1)], &rig.address).await;
    assert_eq!(rig.end_slot().await.size(), 3);
    let old = client.post_cells(&[cell(1)], &rig.address).await;
    let new = client.post_cells(&[cell(4)], &rig.address).await;
    assert_eq!(old.slot(), new.slot(), "a receipt does not tell what was there before"); // L10
    assert_eq!(rig.end_slot().await.size(), 4);
    rig.stop().await;
}
