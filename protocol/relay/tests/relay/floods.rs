//! Floods: far more visitors than there are places, none of whom behaves. Memory stays within a named limit, others are
//! served, and nothing receipted is lost (rules L13, L14, L17).

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pursuance_relay::limits::{
    MAX_CONNECTION_REQUESTS, MAX_STREAM_LAG_SLOTS, MAX_STREAMS, STREAM_PIECE_BYTES, TURN_SECONDS,
};
use pursuance_wire::FrameDecoder;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::MAX_SLOT_CELLS;
use pursuance_wire::log::{ReceiptState, RelayHistory};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::program::{Process, command};
use crate::rig::{Client, Rig, cell};

const CONNECTIONS: usize = 2_000;
/// File handles that the test needs.
const HANDLES: u64 = 3 * CONNECTIONS as u64;
/// What a flood may add to the resident memory of the relay.
const MAX_FLOOD_BYTES: u64 = 64 << 20;
/// What one endless body may push into a relay that does not want it, buffers of the system included.
const MAX_ENDLESS_BYTES: usize = 16 << 20;
const CELLS: u64 = 1_024;
const PATIENCE: Duration = Duration::from_secs(90);
const INSIDE_VARIABLE: &str = "PURSUANCE_MORE_HANDLES";

fn resident_bytes(process: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.child.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("proc(5)");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

async fn connect(port: u16) -> Option<Client<TcpStream>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    Some(Client { stream, host: "x".to_owned() })
}

/// An answer, or nothing from a relay that has closed.
async fn get(client: &mut Client<TcpStream>, path: &str) -> Option<u16> {
    client.stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.ok()?;
    Some(client.answer().await?.status)
}

#[test]
fn floods_are_held_off_while_others_are_served() {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("proc(5)");
    let soft = limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("proc(5)");
    let soft = soft.split_whitespace().next().expect("a limit").parse().unwrap_or(u64::MAX);
    if soft < HANDLES && std::env::var_os(INSIDE_VARIABLE).is_none() {
        let program = std::env::current_exe().expect("a running program has a path");
        let more = format!("ulimit -n {HANDLES} && exec \"$0\" \"$@\"");
        let status = Command::new("sh")
            .args(["-c", &more])
            .arg(program)
            .args(["--exact", "floods::floods_are_held_off_while_others_are_served", "--nocapture"])
            .env(INSIDE_VARIABLE, "1")
            .status();
        assert!(status.expect("sh is there").success());
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("starts").block_on(floods());
}

async fn floods() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let process = Process::of(command(dir.path()).args(["--listen", "127.0.0.1:0"]));
    let mut receipts = Vec::new();
    let mut resident = process.connect().await;
    for n in (0..CELLS).step_by(4) {
        receipts.push(resident.post_cells(&[n, n + 1, n + 2, n + 3].map(cell), &process.address).await);
    }
    let due = receipts.last().expect("many").slot();
    let until = Instant::now() + PATIENCE;
    while resident.get(&format!("/checkpoint/{due}")).await.status != 200 {
        assert!(Instant::now() < until, "no checkpoint of slot {due}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let base = resident_bytes(&process);
    let mut next = CELLS;
    let mut most = 0;
    let floods: [(&str, &[Visitor]); 3] = [
        (
            "all kinds at once",
            &[Visitor::SlowHead, Visitor::SlowBody, Visitor::Deaf, Visitor::Stream, Visitor::Endless],
        ),
        ("streams", &[Visitor::Stream]),
        ("visitors who take nothing", &[Visitor::Deaf]),
    ];
    for (name, kinds) in floods {
        let mut resident = settle(process.port).await;
        let mut flood = JoinSet::new();
        for at in 0..CONNECTIONS {
            flood.spawn(kinds[at % kinds.len()].clone().visit(process.port));
        }
        // Who was there before goes on, and who comes now gets a place after a while.
        let began = Instant::now();
        let newcomer = tokio::spawn(arrive(process.port));
        let mut served = 0;
        while served < 10 || !newcomer.is_finished() {
            assert!(began.elapsed() < PATIENCE, "{name}: {served} answers, and no newcomer had one");
            receipts.push(resident.post_cells(&[cell(next)], &process.address).await);
            next += 1;
            assert_eq!(resident.get("/blocks/0/1").await.status, 200, "{name}");
            served += 1;
            most = most.max(resident_bytes(&process).saturating_sub(base));
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        println!(
            "{name}: {served} answers and a newcomer after {} refusals and {:.1} s; at most {} KiB more",
            newcomer.await.expect("no panic"),
            began.elapsed().as_secs_f32(),
            most >> 10
        );
        flood.shutdown().await;
        assert!(most < MAX_FLOOD_BYTES, "{name}: {most} bytes more");
    }
    // Requests without end on one connection: it takes its share, is told 429, and is closed.
    let mut endless = process.connect().await;
    let (mut answers, mut refusal) = (0, None);
    while let Some(status) = get(&mut endless, "/checkpoint").await {
        answers += u64::from(status == 200);
        refusal = Some(status);
    }
    assert_eq!((answers, refusal), (MAX_CONNECTION_REQUESTS, Some(429)));
    // The same without waiting for answers, and without taking them.
    let mut pushing = process.connect().await;
    let request = b"GET /policy HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    let mut pushed = 0;
    while let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(2), pushing.stream.write_all(&request)).await {
        pushed += request.len();
        assert!(pushed < MAX_ENDLESS_BYTES, "a relay that does not stop listening");
    }
    assert!(resident_bytes(&process).saturating_sub(base) < MAX_FLOOD_BYTES);

    let mut history = RelayHistory::new(process.address.log_key());
    let until = Instant::now() + PATIENCE;
    loop {
        let (checkpoint, span, cells) = process.connect().await.visit(&mut history, 0).await;
        if receipts.iter().all(|receipt| matches!(receipt.judge(&checkpoint, &span), ReceiptState::Kept(_))) {
            assert_eq!(cells, (0..next).map(cell).collect::<Vec<_>>(), "what was receipted, and nothing else");
            break;
        }
        assert!(Instant::now() < until, "a receipt is not kept");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    process.signal("-TERM");
    let (success, _, said) = process.ended();
    assert!(success && !said.contains("127.0.0.1"), "{said}");
}

/// Posts that come at once where a slot is to be filled.
const POSTERS: u64 = 32;
/// Streams from which nothing is taken, and what they may add to the resident memory: of the frame, which they share, a few copies.
const DEAF_STREAMS: usize = 16;
const MAX_DEAF_BYTES: u64 = 48 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_slot_is_in_memory_once_however_many_streams_stand_still() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut start = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"));
    start.args(["serve", "--slot-seconds", "30", "--listen", "127.0.0.1:0", "--data"]).arg(dir.path());
    let process = Process::of(start.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    let mut visitor = process.connect().await;
    let mut streams = Vec::new();
    for _ in 0..=DEAF_STREAMS {
        let mut client = process.connect().await;
        client.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
        client.head().await.expect("answered");
        streams.push(client);
    }
    let mut posts = JoinSet::new();
    let each = MAX_SLOT_CELLS as u64 / POSTERS;
    for poster in 0..POSTERS {
        let (mut client, address) = (process.connect().await, process.address);
        posts.spawn(async move {
            for n in (poster * each..(poster + 1) * each).step_by(4) {
                client.post_cells(&[n, n + 1, n + 2, n + 3].map(cell), &address).await;
            }
        });
    }
    posts.join_all().await;
    let base = resident_bytes(&process);
    let until = Instant::now() + PATIENCE;
    while visitor.get("/blocks/255/1").await.status != 200 {
        assert!(Instant::now() < until, "no checkpoint");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // One of them reads on, in pieces, and has all of it.
    let mut reader = streams.pop().expect("one more");
    let (mut decoder, mut cells, mut longest) = (FrameDecoder::new(), 0, 0);
    while cells < MAX_SLOT_CELLS {
        let piece = reader.chunk().await;
        longest = piece.len().max(longest);
        cells += decoder.push(&piece).expect("frames").iter().map(|frame| frame.cells.len()).sum::<usize>();
    }
    let more = resident_bytes(&process).saturating_sub(base);
    println!("{DEAF_STREAMS} streams stand still: {} KiB more", more >> 10);
    assert!(more < MAX_DEAF_BYTES, "{more} bytes more");
    assert_eq!(longest, STREAM_PIECE_BYTES);
    process.signal("-TERM");
    drop(streams);
    assert!(process.ended().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_stands_still_within_a_frame_is_cut() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rig = Rig::start(dir.path()).await;
    // The system holds less of it than a frame has.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(STREAM_PIECE_BYTES as u32).expect("set");
    let stream = socket.connect(([127, 0, 0, 1], rig.port).into()).await.expect("listens");
    let mut reader = Client { stream, host: "x".to_owned() };
    reader.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
    reader.head().await.expect("answered");
    let mut poster = rig.connect().await;
    for n in (0..MAX_SLOT_CELLS as u64).step_by(4) {
        poster.post_cells(&[n, n + 1, n + 2, n + 3].map(cell), &rig.address).await;
    }
    for _ in 0..=MAX_STREAM_LAG_SLOTS {
        rig.end_slot().await;
    }
    let mut given = 0;
    while given < MAX_SLOT_CELLS * CELL_BYTES
        && let Some(piece) = reader.chunk_or_end().await
    {
        given += piece.len();
    }
    assert!(given < MAX_SLOT_CELLS * CELL_BYTES, "{given} bytes"); // L14
    rig.stop().await;
}

/// Comes again until served; returns how often that failed.
async fn arrive(port: u16) -> u64 {
    let mut refused = 0;
    loop {
        if let Some(mut client) = connect(port).await {
            match get(&mut client, "/checkpoint").await {
                Some(200) => return refused,
                None | Some(503) => refused += 1,
                Some(other) => panic!("{other}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Comes again until served, and stays.
async fn settle(port: u16) -> Client<TcpStream> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(mut client) = connect(port).await
            && get(&mut client, "/policy").await == Some(200)
        {
            return client;
        }
        assert!(Instant::now() < until, "the last flood has not ended");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How somebody misbehaves, until told to stop.
#[derive(Clone)]
enum Visitor {
    /// Sends the head of a request byte by byte.
    SlowHead,
    /// Sends the body of a post byte by byte.
    SlowBody,
    /// Asks for a megabyte and takes none of it.
    Deaf,
    /// Takes a stream, and nothing from it.
    Stream,
    /// Sends a body without end, announced or not.
    Endless,
}

impl Visitor {
    async fn visit(self, port: u16) {
        loop {
            let Some(mut client) = connect(port).await else { return };
            let stream = &mut client.stream;
            match &self {
                Self::SlowHead => drip(stream, b"GET /policy HTTP/1.1\r\n").await,
                Self::SlowBody => drip(stream, b"POST /post HTTP/1.1\r\ncontent-length: 8192\r\n\r\n").await,
                Self::Deaf => hold(stream, b"GET /blocks/0/64 HTTP/1.1\r\n\r\n").await,
                Self::Stream => hold(stream, b"GET /stream HTTP/1.1\r\n\r\n").await,
                Self::Endless => {
                    pour(stream, b"POST /post HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n").await;
                    let Some(mut client) = connect(port).await else { return };
                    pour(&mut client.stream, b"POST /post HTTP/1.1\r\ncontent-length: 1000000000000\r\n\r\n").await;
                }
            }
            // Thrown out: it comes back, though not at once.
            tokio::time::sleep(Duration::from_secs(4)).await;
        }
    }
}

async fn drip(stream: &mut TcpStream, head: &[u8]) {
    if stream.write_all(head).await.is_err() {
        return;
    }
    while stream.write_all(b"a").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hold(stream: &mut TcpStream, request: &[u8]) {
    if stream.write_all(request).await.is_err() {
        return;
    }
    // Only looks whether the relay has closed: what is there stays there.
    let mut first = [0; 1];
    while stream.peek(&mut first).await.is_ok_and(|bytes| bytes > 0) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if stream.write_all(b"\r\n").await.is_err() {
            return;
        }
    }
}

async fn pour(stream: &mut TcpStream, head: &[u8]) {
    if stream.write_all(head).await.is_err() {
        return;
    }
    let piece = [b"4000\r\n".as_slice(), &[b'a'; 0x4000], b"\r\n"].concat();
    let mut poured = 0;
    while stream.write_all(&piece).await.is_ok() {
        poured += piece.len();
        assert!(poured < MAX_ENDLESS_BYTES, "a relay that takes a body without end");
    }
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut rest)).await;
}

#[test]
fn the_test_outlasts_the_shortest_turn() {
    assert!(Duration::from_secs(TURN_SECONDS) * 3 < PATIENCE && MAX_STREAMS < CONNECTIONS);
}
