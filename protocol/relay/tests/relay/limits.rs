//! Everything that a visitor could do too much of.

use std::future::Future;
use std::time::Duration;

use pursuance_relay::limits::{
    MAX_CONNECTION_REQUESTS, MAX_HEAD_BYTES, MAX_REFUSED_CONNECTIONS, MAX_STREAMS, MIN_DISK_BYTES, Patience,
    TURN_SECONDS,
};
use pursuance_relay::{Door, Relay, RelayConfig, RelayError};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::MAX_SLOT_CELLS;
use tokio::io::{AsyncReadExt, DuplexStream, duplex};
use tokio::sync::mpsc;

use crate::rig::{Client, Rig, START_MILLIS, cell, config};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_of_another_size_are_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    for (bytes, status) in [
        (0, 400),
        (1, 400),
        (CELL_BYTES - 1, 400),
        (CELL_BYTES + 1, 400),
        (4 * CELL_BYTES - 1, 400),
        (4 * CELL_BYTES + 1, 413),
        (5 * CELL_BYTES, 413),
    ] {
        let answer = rig.connect().await.post(&vec![7; bytes]).await;
        assert_eq!((answer.status, answer.body.len()), (status, 0), "{bytes} bytes"); // L4
    }
    let mut client = rig.connect().await;
    client.send(b"POST /post HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000000000000000\r\n\r\n").await;
    assert_eq!(client.answer().await.map(|answer| answer.status), Some(413));
    let mut client = rig.connect().await;
    client.send(b"POST /post HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").await;
    assert_eq!(client.answer().await.map(|answer| answer.status), Some(411));
    assert_eq!(rig.end_slot().await.size(), 0);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_and_garbage_are_bounded() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(2 * MAX_HEAD_BYTES));
    let many = format!("GET /policy HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(33));
    for (bytes, statuses) in [
        (long.as_bytes(), [414, 431]),
        (many.as_bytes(), [431, 431]),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", [400, 400]),
    ] {
        let mut client = rig.connect().await;
        client.send(bytes).await;
        let head = client.head().await.expect("told why");
        let status: u16 = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        assert!(statuses.contains(&status), "{head}");
        assert!(!head.contains("date:") && !head.contains("server:"), "{head}");
    }
    assert_eq!(rig.connect().await.get("/policy").await.status, 200);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_has_a_limit_of_requests() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    let mut client = rig.connect().await;
    for _ in 0..MAX_CONNECTION_REQUESTS {
        assert_eq!(client.get("/policy").await.status, 200);
    }
    assert_eq!(client.get("/policy").await.status, 429); // L14
    assert!(client.is_closed().await);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_and_streams_have_limits() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let places = MAX_STREAMS + 2;
    let rig = Rig::start_with(&RelayConfig { max_connections: places, ..config(dir.path()) }, START_MILLIS).await;
    let mut streams = Vec::new();
    for _ in 0..MAX_STREAMS {
        let mut client = rig.connect().await;
        client.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
        assert!(client.head().await.expect("answered").starts_with("HTTP/1.1 200 "));
        streams.push(client);
    }
    let mut one = rig.connect().await;
    assert_eq!(one.get("/stream").await.status, 503); // L14
    assert_eq!(one.get("/policy").await.status, 200);
    let mut two = rig.connect().await;
    assert_eq!(two.get("/policy").await.status, 200);
    let mut refused = rig.connect().await;
    let head = refused.head().await.expect("told why");
    assert_eq!(head, "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"); // L14
    assert!(refused.is_closed().await);
    let mut crowd = Vec::new();
    for _ in 0..2 * MAX_REFUSED_CONNECTIONS {
        crowd.push(rig.connect().await);
    }
    for mut client in crowd {
        assert!(client.head().await.is_none_or(|head| head.contains(" 503 ")));
    }
    // Places become free again.
    drop((one, streams));
    loop {
        let mut client = rig.connect().await;
        client.send(b"GET /policy HTTP/1.1\r\nhost: x\r\n\r\n").await;
        if client.answer().await.is_some_and(|answer| answer.status == 200) {
            break;
        }
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_longest_ago_makes_room_and_streams_stay() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start_with(&RelayConfig { max_connections: 3, ..config(dir.path()) }, START_MILLIS).await;
    let mut stream = rig.connect().await;
    stream.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    stream.head().await.expect("answered");
    let (mut idle, mut asking) = (rig.connect().await, rig.connect().await);
    assert_eq!(idle.get("/policy").await.status, 200);
    assert_eq!(asking.get("/policy").await.status, 200);
    assert!(rig.connect().await.head().await.is_some_and(|head| head.contains(" 503 ")), "nobody had their time yet");
    tokio::time::sleep(Duration::from_secs(TURN_SECONDS)).await;
    assert_eq!(asking.get("/policy").await.status, 200);
    let mut newcomer = rig.connect().await;
    assert_eq!(newcomer.get("/policy").await.status, 200); // L17
    assert!(idle.is_closed().await);
    assert_eq!(asking.get("/policy").await.status, 200);
    rig.set_clock(START_MILLIS + 20_000);
    assert!(!stream.chunk().await.is_empty());
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_and_the_disk_have_limits_and_nothing_receipted_is_lost() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    // This quota holds more than one slot of cells and fewer than two.
    let small = RelayConfig { max_disk_bytes: 16 * MIN_DISK_BYTES, ..config(dir.path()) };
    let rig = Rig::start_with(&small, START_MILLIS).await;
    let mut client = rig.connect().await;
    let mut accepted = 0;
    let mut next = 0;
    let mut fill = async |client: &mut Client<_>, accepted: &mut u64| loop {
        let body: Vec<u8> = (next..next + 4).flat_map(|n| *cell(n).as_bytes()).collect();
        next += 4;
        match client.post(&body).await.status {
            200 => *accepted += 4,
            503 => break,
            429 => panic!("the client must reconnect"),
            other => panic!("{other}"),
        }
        if accepted.is_multiple_of(2_048) {
            *client = rig.connect().await;
        }
    };
    fill(&mut client, &mut accepted).await;
    assert_eq!(accepted, MAX_SLOT_CELLS as u64, "the slot is full first"); // L14
    assert_eq!(rig.end_slot().await.size(), accepted);
    client = rig.connect().await;
    fill(&mut client, &mut accepted).await;
    assert!(accepted > MAX_SLOT_CELLS as u64 && accepted < 2 * MAX_SLOT_CELLS as u64, "then the disk: {accepted}");
    let used = std::fs::metadata(dir.path().join("relay.sqlite")).expect("there").len();
    assert!(used <= 16 * MIN_DISK_BYTES, "{used}");
    // Reading goes on, slots go on, and all that was receipted is there.
    assert_eq!(rig.end_slot().await.size(), accepted);
    assert_eq!(rig.connect().await.get("/blocks/0/64").await.body.len(), 1_024 * CELL_BYTES);
    rig.stop().await;
}

/// A door of which the test holds the other side: nothing between both buffers more than the test says.
struct Hatch(mpsc::Receiver<DuplexStream>);

impl Door for Hatch {
    type Stream = DuplexStream;

    fn accept(&mut self) -> impl Future<Output = Option<DuplexStream>> + Send {
        self.0.recv()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sends_slowly_or_takes_nothing_is_dropped() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let second = Duration::from_secs(1);
    let patience = Patience { head: second, body: second, write: second };
    let relay = Relay::open(&RelayConfig { patience, ..config(dir.path()) }).expect("opens");
    let (hatch, door) = mpsc::channel(8);
    let serving = tokio::spawn(relay.serve(Hatch(door)));
    let knock = async || {
        let (near, far) = duplex(64);
        hatch.send(far).await.expect("served");
        Client { stream: near, host: "x".to_owned() }
    };
    // Half a head, half a body, nothing at all, nothing more after an answer, and an answer not taken.
    let mut half = knock().await;
    half.send(b"GET /policy HTTP/1.1\r\nhost:").await;
    assert!(half.is_closed().await); // L13
    let mut half = knock().await;
    half.send(b"POST /post HTTP/1.1\r\nhost: x\r\ncontent-length: 2048\r\n\r\nabc").await;
    assert_eq!(half.answer().await.map(|answer| answer.status), Some(408));
    assert!(half.is_closed().await);
    assert!(knock().await.is_closed().await);
    let mut idle = knock().await;
    assert_eq!(idle.get("/policy").await.status, 200);
    assert!(idle.is_closed().await);
    let mut deaf = knock().await;
    deaf.send(b"GET /policy HTTP/1.1\r\nhost: x\r\n\r\n").await;
    tokio::time::sleep(4 * second).await;
    let mut rest = Vec::new();
    deaf.stream.read_to_end(&mut rest).await.expect("closed");
    assert_eq!(rest.len(), 64, "what was on its way, and no more");
    relay.stop();
    serving.await.expect("ends");
    tokio::task::spawn_blocking(move || relay.close()).await.expect("closes");
}

#[test]
fn settings_out_of_their_limits_are_named() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let good = config(dir.path());
    for (bad, name) in [
        (RelayConfig { slot_seconds: Some(0), ..good.clone() }, "slot-seconds"),
        (RelayConfig { slot_seconds: Some(301), ..good.clone() }, "slot-seconds"),
        (RelayConfig { retention_days: 0, ..good.clone() }, "retention-days"),
        (RelayConfig { max_disk_bytes: 1, ..good.clone() }, "max-disk"),
        (RelayConfig { max_connections: 0, ..good.clone() }, "max-connections"),
    ] {
        let Err(RelayError::Setting { name: named, .. }) = Relay::open(&bad) else { panic!("{name} was accepted") };
        assert_eq!(named, name);
    }
}
