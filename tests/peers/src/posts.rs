//! Posts over loopback, each answered when it is durable: the relay, Redis streams, and a bare group commit into SQLite.
//!
//! 32 connections, each with one post on its way; counted is the processor time of the server's process alone.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

const CONNECTIONS: usize = 32;
const CELL_BYTES: usize = 2_048;
const ROUNDS: usize = 3;
const POSTS: usize = 12_800;
/// A relay closes a connection after 1,024 requests.
const POSTS_A_CONNECTION: usize = 1_000;
/// Of the system's count of processor time.
const TICKS_A_SECOND: f64 = 100.0;

/// Told apart by number, over all rounds: a relay keeps a cell once.
static NEXT: AtomicU64 = AtomicU64::new(1);

#[derive(Clone)]
enum Peer {
    Relay { host: String },
    Redis,
    Bare,
}

/// Prints what a post costs the server.
pub fn compare(relay: &Path) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (relay, host, relay_port) = start_relay(relay, &dir.path().join("relay"));
    let (bare, bare_port) = start_bare(&dir.path().join("bare"));
    let (redis, redis_port) = start_redis(&dir.path().join("redis"));
    let peers = [
        ("bare group commit", Peer::Bare, &bare, bare_port),
        ("relay", Peer::Relay { host }, &relay, relay_port),
        ("Redis streams", Peer::Redis, &redis, redis_port),
    ];
    println!("{CONNECTIONS} connections, {POSTS} posts a round, median of {ROUNDS} rounds taken in turns");
    for cells in [1, 2, 4] {
        let mut micros: [Vec<f64>; 3] = Default::default();
        let mut rates: [Vec<f64>; 3] = Default::default();
        for _ in 0..ROUNDS {
            for (n, (_, peer, server, port)) in peers.iter().enumerate() {
                let (before, began) = (ticks(server), Instant::now());
                post_all(peer, *port, cells * CELL_BYTES);
                rates[n].push(POSTS as f64 / began.elapsed().as_secs_f64());
                micros[n].push((ticks(server) - before) as f64 / TICKS_A_SECOND * 1e6 / POSTS as f64);
            }
        }
        println!("{} bytes a post", cells * CELL_BYTES);
        for (n, (name, ..)) in peers.iter().enumerate() {
            println!(
                "    {name:18} {:6.1} us of the server, {:7.0} a second",
                median(&mut micros[n]),
                median(&mut rates[n])
            );
        }
    }
    for mut server in [relay, bare, redis] {
        server.kill().expect("it runs");
        server.wait().expect("ours");
    }
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn start_relay(program: &Path, dir: &Path) -> (Child, String, u16) {
    let mut child = Command::new(program)
        .args(["serve", "--slot-seconds", "60", "--listen", "127.0.0.1:0", "--data"])
        .arg(dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the relay's program");
    let mut out = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = |what: &str| {
        let mut line = String::new();
        out.read_line(&mut line).expect("text");
        line.trim_end().strip_prefix(what).unwrap_or_else(|| panic!("{what}: {line:?}")).to_owned()
    };
    line("address ");
    let port = line("listening 127.0.0.1:").parse().expect("a port");
    (child, "relay".into(), port)
}

fn start_bare(dir: &Path) -> (Child, u16) {
    fs::create_dir_all(dir).expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program).arg("bare").arg(dir).stdout(Stdio::piped()).spawn().expect("this program");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("text");
    (child, line.trim_end().parse().expect("a port"))
}

fn start_redis(dir: &Path) -> (Child, u16) {
    fs::create_dir_all(dir).expect("a folder");
    // Free a moment ago; Redis does not take 0 for any.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|any| any.local_addr()).expect("a port").port();
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--dir"])
        .arg(dir)
        .stdout(Stdio::null())
        .spawn()
        .expect("redis-server");
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "Redis does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    (child, port)
}

fn ticks(server: &Child) -> u64 {
    let text = fs::read_to_string(format!("/proc/{}/stat", server.id())).expect("proc(5)");
    let fields: Vec<&str> = text.rsplit(')').next().expect("after the name").split_whitespace().collect();
    fields[11].parse::<u64>().expect("utime") + fields[12].parse::<u64>().expect("stime")
}

fn post_all(peer: &Peer, port: u16, bytes: usize) {
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(move || {
                let mut left = POSTS / CONNECTIONS;
                while left > 0 {
                    let now = left.min(POSTS_A_CONNECTION);
                    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("listens");
                    stream.set_nodelay(true).expect("a setting");
                    for _ in 0..now {
                        post(&mut stream, peer, bytes);
                    }
                    left -= now;
                }
            });
        }
    });
}

/// Sends one post and waits for its answer.
fn post(stream: &mut TcpStream, peer: &Peer, bytes: usize) {
    let body = body(bytes);
    let (head, end): (String, &[u8]) = match peer {
        Peer::Relay { host } => {
            (format!("POST /post HTTP/1.1\r\nhost: {host}\r\ncontent-length: {bytes}\r\n\r\n"), b"")
        }
        Peer::Redis => (format!("*5\r\n$4\r\nXADD\r\n$1\r\nk\r\n$1\r\n*\r\n$1\r\nc\r\n${bytes}\r\n"), b"\r\n"),
        Peer::Bare => (format!("{bytes}\n"), b""),
    };
    stream.write_all(&[head.as_bytes(), &body, end].concat()).expect("it takes it");
    let mut answer = [0; 2_048];
    let mut got = 0;
    loop {
        let more = stream.read(&mut answer[got..]).expect("it answers");
        assert!(more > 0, "it closed");
        got += more;
        let answer = &answer[..got];
        let whole = match peer {
            Peer::Bare => true,
            Peer::Redis => answer.iter().filter(|byte| **byte == b'\n').count() == 2,
            Peer::Relay { .. } => is_whole(answer),
        };
        if whole {
            let good = match peer {
                Peer::Relay { .. } => answer.starts_with(b"HTTP/1.1 200 "),
                Peer::Redis => answer.starts_with(b"$"),
                Peer::Bare => answer == b"+",
            };
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

type Waiting = (Vec<u8>, Sender<()>);

/// The bare bound: what waits goes into one durable transaction; no hashes, no receipts, no HTTP.
pub fn serve_bare(dir: &Path) {
    let db = Connection::open(dir.join("bare.sqlite")).expect("opens");
    db.execute_batch(
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE cell (number INTEGER PRIMARY KEY, bytes BLOB NOT NULL)",
    )
    .expect("set");
    let (sender, receiver) = channel();
    thread::spawn(move || commit(&db, &receiver));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    println!("{}", listener.local_addr().expect("bound").port());
    for stream in listener.incoming() {
        let (stream, sender) = (stream.expect("a connection"), sender.clone());
        thread::spawn(move || answer(stream, &sender));
    }
}

fn commit(db: &Connection, posts: &Receiver<Waiting>) {
    while let Ok(first) = posts.recv() {
        let waiting: Vec<Waiting> = std::iter::once(first).chain(posts.try_iter()).collect();
        db.execute_batch("BEGIN IMMEDIATE").expect("begins");
        for (bytes, _) in &waiting {
            for cell in bytes.chunks(CELL_BYTES) {
                let mut insert = db.prepare_cached("INSERT INTO cell (bytes) VALUES (?1)").expect("a statement");
                insert.execute(params![cell]).expect("written");
            }
        }
        db.execute_batch("COMMIT").expect("durable");
        waiting.iter().for_each(|(_, done)| done.send(()).expect("it waits"));
    }
}

fn answer(mut stream: TcpStream, sender: &Sender<Waiting>) {
    stream.set_nodelay(true).expect("a setting");
    let mut reader = BufReader::with_capacity(16 << 10, stream.try_clone().expect("a handle"));
    let (done, committed) = channel();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut bytes = vec![0; line.trim_end().parse().expect("a length")];
        reader.read_exact(&mut bytes).expect("a whole post");
        sender.send((bytes, done.clone())).expect("the writer runs");
        committed.recv().expect("the writer runs");
        stream.write_all(b"+").expect("it waits");
    }
}
