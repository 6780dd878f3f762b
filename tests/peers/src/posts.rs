//! Goals R1 and R2: posts over loopback, each answered when it is durable, and cells fetched; processor time of the server's process.
//!
//! 32 connections, each with one post on its way, in bursts as long as a slot of the relay takes cells: it is told to end a slot
//! every second, and what ending it costs is counted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock::{median, most_resident_bytes, process_micros, written_bytes};
use crate::nostr;
use crate::servers::{self, Server};

/// Of a cell.
pub const CELL_BYTES: usize = 2_048;
const CONNECTIONS: usize = 32;
const ROUNDS: usize = 5;
/// Of a round.
const BURSTS: usize = 1;
/// Of a burst: a slot takes 4,096.
const BURST_CELLS: usize = 4_096;
/// Of the relay's answers: 64 blocks of 16 cells.
const FETCH_BLOCKS: usize = 64;
const BLOCK_CELLS: usize = 16;
const FETCHES: usize = 200;

/// Told apart by number, over all rounds: a relay keeps a cell once.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Clone, Copy, PartialEq)]
enum Protocol {
    Bare,
    Relay,
    Redis,
    Nostr,
}

struct Peer {
    name: &'static str,
    protocol: Protocol,
    server: Server,
}

/// Prints what a post and a fetched cell cost the server.
pub fn compare(relay: &Path) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| dir.path().join(name);
    let bare = Peer { name: "bare group commit", protocol: Protocol::Bare, server: servers::bare(&at("bare")) };
    let relay = Peer { name: "relay", protocol: Protocol::Relay, server: servers::relay(relay, &at("relay")) };
    let redis = servers::redis(&at("redis"));
    let redis = redis.map(|server| Peer { name: "Redis streams", protocol: Protocol::Redis, server });
    let nostr = servers::nostr(&at("nostr"));
    let nostr = nostr.map(|server| Peer { name: "nostr-rs-relay", protocol: Protocol::Nostr, server });
    for (there, name) in [(redis.is_some(), "redis-server"), (nostr.is_some(), "nostr-rs-relay")] {
        if !there {
            println!("{name} is not installed: not measured");
        }
    }
    let peers: Vec<Peer> = [bare, relay].into_iter().chain(redis).chain(nostr).collect();
    println!("{CONNECTIONS} connections, posts answered when they are durable, median of {ROUNDS} rounds in turns");
    for cells in [1, 4] {
        compare_posts(&peers, cells);
    }
    println!("cells fetched, {FETCHES} requests on one connection, median of {ROUNDS} rounds in turns");
    for blocks in [1, FETCH_BLOCKS] {
        compare_fetches(&peers[..2], blocks * BLOCK_CELLS);
    }
    println!(
        "the relay held {:.1} MiB of memory at most",
        most_resident_bytes(&peers[1].server.process) as f64 / 1_048_576.0
    );
}

fn compare_posts(peers: &[Peer], cells: usize) {
    let posts = BURST_CELLS / cells;
    let count = (BURSTS * posts) as f64;
    let mut micros: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
    let (mut rates, mut written) = (micros.clone(), micros.clone());
    for _ in 0..ROUNDS {
        for (n, peer) in peers.iter().enumerate() {
            let process = &peer.server.process;
            let (used, wrote) = (process_micros(process), written_bytes(process));
            let mut took = Duration::ZERO;
            for _ in 0..BURSTS {
                let all = (0..posts).map(|_| request(peer.protocol, cells * CELL_BYTES)).collect::<Vec<_>>();
                sleep_to_the_next_second();
                let began = Instant::now();
                post_all(peer, &all);
                took += began.elapsed();
            }
            // What is over must have been published.
            sleep_to_the_next_second();
            micros[n].push((process_micros(process) - used) / count);
            written[n].push((written_bytes(process) - wrote) as f64 / count);
            rates[n].push(count / took.as_secs_f64());
        }
    }
    println!(
        "{} bytes a post: the server's processor time, posts a second, what it writes for a post",
        cells * CELL_BYTES
    );
    let [micros, rates, written] =
        [micros, rates, written].map(|all| all.into_iter().map(median).collect::<Vec<f64>>());
    for (n, peer) in peers.iter().enumerate() {
        let (name, ratio) = (peer.name, micros[1] / micros[n]);
        println!(
            "    {name:18} {:7.1} us {:7.0} a second {:6.1} KiB   (relay / this: {ratio:.2} x the time, {:.2} x the posts)",
            micros[n],
            rates[n],
            written[n] / 1024.0,
            rates[1] / rates[n]
        );
    }
}

fn compare_fetches(peers: &[Peer], cells: usize) {
    let mut micros: Vec<Vec<f64>> = vec![Vec::new(); peers.len()];
    for _ in 0..ROUNDS {
        for (n, peer) in peers.iter().enumerate() {
            let before = process_micros(&peer.server.process);
            fetch(peer, cells);
            micros[n].push((process_micros(&peer.server.process) - before) / (FETCHES * cells) as f64);
        }
    }
    println!("{cells} cells a request");
    for (peer, micros) in peers.iter().zip(micros) {
        println!("    {:18} {:7.2} us of the server for each cell", peer.name, median(micros));
    }
}

fn sleep_to_the_next_second() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    thread::sleep(Duration::from_millis(1_100 - u64::from(now.subsec_millis())));
}

fn connect(peer: &Peer) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", peer.server.port)).expect("it listens");
    stream.set_nodelay(true).expect("a setting");
    if peer.protocol == Protocol::Nostr {
        nostr::greet(&mut stream);
    }
    stream
}

fn post_all(peer: &Peer, requests: &[Vec<u8>]) {
    thread::scope(|scope| {
        for some in requests.chunks(requests.len().div_ceil(CONNECTIONS)) {
            scope.spawn(move || {
                let mut stream = connect(peer);
                some.iter().for_each(|request| post(&mut stream, peer.protocol, request));
            });
        }
    });
}

/// A post of so many bytes.
fn request(protocol: Protocol, bytes: usize) -> Vec<u8> {
    let body = body(bytes);
    let (head, end): (String, &[u8]) = match protocol {
        Protocol::Bare => (format!("{bytes}\n"), b""),
        Protocol::Relay => (format!("POST /post HTTP/1.1\r\nhost: relay\r\ncontent-length: {bytes}\r\n\r\n"), b""),
        Protocol::Redis => (format!("*5\r\n$4\r\nXADD\r\n$1\r\nk\r\n$1\r\n*\r\n$1\r\nc\r\n${bytes}\r\n"), b"\r\n"),
        Protocol::Nostr => return nostr::event(&body),
    };
    [head.as_bytes(), &body, end].concat()
}

/// Sends one post and waits for its answer.
fn post(stream: &mut TcpStream, protocol: Protocol, request: &[u8]) {
    stream.write_all(request).expect("it takes it");
    let mut answer = [0; 2_048];
    let mut got = 0;
    loop {
        let more = stream.read(&mut answer[got..]).expect("it answers");
        assert!(more > 0, "it closed");
        got += more;
        let answer = &answer[..got];
        let good = match protocol {
            Protocol::Bare => Some(answer == b"+"),
            Protocol::Relay => is_whole(answer).then(|| answer.starts_with(b"HTTP/1.1 200 ")),
            Protocol::Redis => {
                let lines = answer.iter().filter(|byte| **byte == b'\n').count();
                (lines == 2).then(|| answer.starts_with(b"$"))
            }
            Protocol::Nostr => nostr::text(answer)
                .map(|text| text.starts_with(b"[\"OK\"") && String::from_utf8_lossy(text).contains(",true,")),
        };
        if let Some(good) = good {
            assert!(good, "{}", String::from_utf8_lossy(answer));
            return;
        }
    }
}

fn is_whole(answer: &[u8]) -> bool {
    let text = String::from_utf8_lossy(answer);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    body.len() >= length.parse::<usize>().expect("a number")
}

/// Fetches cells from all over the log, so many at a time.
fn fetch(peer: &Peer, cells: usize) {
    let mut stream = connect(peer);
    let mut bytes = vec![0; cells * CELL_BYTES];
    // All rounds of posts of a single cell are there.
    let held = BURST_CELLS * BURSTS * ROUNDS;
    for n in 0..FETCHES {
        let first = n * 7_919 * BLOCK_CELLS % (held - cells);
        let first = first / BLOCK_CELLS * BLOCK_CELLS;
        if peer.protocol == Protocol::Bare {
            stream.write_all(format!("{first} {cells}\n").as_bytes()).expect("it takes it");
        } else {
            let path = format!("/blocks/{}/{}", first / BLOCK_CELLS, cells / BLOCK_CELLS);
            stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: relay\r\n\r\n").as_bytes()).expect("it takes it");
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte).expect("it answers");
                head.push(byte[0]);
            }
            assert!(head.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&head));
        }
        stream.read_exact(&mut bytes).expect("all cells");
    }
}

/// Bytes as chance would have them.
fn body(bytes: usize) -> Vec<u8> {
    let mut state = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut body = Vec::with_capacity(bytes);
    while body.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        body.extend(state.to_le_bytes());
    }
    body
}
