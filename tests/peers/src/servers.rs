//! The servers that posts go to, each a process of its own: the relay's program, Redis, nostr-rs-relay, and a bare group commit into
//! SQLite, which is the bound.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::posts::CELL_BYTES;

/// A server that listens; killed when this is dropped.
pub struct Server {
    /// Its process.
    pub process: Child,
    /// Where it listens, on this computer.
    pub port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The relay, with slots of a second: it takes 4,096 cells in each.
pub fn relay(program: &Path, dir: &Path) -> Server {
    let mut command = Command::new(program);
    command.args(["serve", "--slot-seconds", "1", "--listen", "127.0.0.1:0", "--data"]).arg(dir);
    let mut process = command.stdout(Stdio::piped()).spawn().expect("the relay's program");
    let out = BufReader::new(process.stdout.take().expect("piped"));
    let says =
        |line: std::io::Result<String>| line.expect("text").strip_prefix("listening 127.0.0.1:").map(str::to_owned);
    let port = out.lines().find_map(says).expect("where it listens").parse().expect("a port");
    Server { process, port }
}

/// This program as the bound.
pub fn bare(dir: &Path) -> Server {
    fs::create_dir_all(dir).expect("a folder");
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    let mut process = command.arg("bare").arg(dir).stdout(Stdio::piped()).spawn().expect("this program");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("text");
    Server { process, port: line.trim_end().parse().expect("a port") }
}

/// Redis, every answer after an fsync; `None` if it is not installed.
pub fn redis(dir: &Path) -> Option<Server> {
    fs::create_dir_all(dir).expect("a folder");
    let port = free_port();
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "yes"])
        .args(["--appendfsync", "always", "--auto-aof-rewrite-percentage", "0", "--dir"])
        .arg(dir);
    listening(&mut command, port)
}

/// nostr-rs-relay as it comes, but for where it listens; `None` if it is not installed.
pub fn nostr(dir: &Path) -> Option<Server> {
    fs::create_dir_all(dir).expect("a folder");
    let port = free_port();
    let settings = dir.join("config.toml");
    let text = format!("[network]\naddress = \"127.0.0.1\"\nport = {port}\n");
    fs::write(&settings, text).expect("a file of our own");
    listening(Command::new("nostr-rs-relay").arg("--config").arg(settings).arg("--db").arg(dir), port)
}

fn listening(command: &mut Command, port: u16) -> Option<Server> {
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
    let server = Server { process, port };
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < until, "it does not listen");
        thread::sleep(Duration::from_millis(50));
    }
    Some(server)
}

/// Free a moment ago, for programs that do not take 0 for any.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|any| any.local_addr()).expect("a port").port()
}

type Waiting = (Vec<u8>, Sender<()>);

/// The bound itself: what waits goes into one durable transaction, and rows are read one after the other; no hashes, no
/// receipts, no HTTP. A line with a length posts what follows; a line `first count` reads cells.
pub fn serve_bare(dir: &Path) {
    let file = dir.join("bare.sqlite");
    let db = Connection::open(&file).expect("opens");
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
        let (stream, sender, file) = (stream.expect("a connection"), sender.clone(), file.clone());
        thread::spawn(move || answer(stream, &sender, &file));
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

fn answer(mut stream: TcpStream, sender: &Sender<Waiting>, file: &Path) {
    stream.set_nodelay(true).expect("a setting");
    let mut reader = BufReader::with_capacity(16 << 10, stream.try_clone().expect("a handle"));
    let (done, committed) = channel();
    let mut db = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let numbers: Vec<usize> = line.split_whitespace().map(|text| text.parse().expect("a number")).collect();
        if let [first, count] = numbers[..] {
            let db = db.get_or_insert_with(|| Connection::open(file).expect("opens"));
            stream.write_all(&cells(db, first, count)).expect("it waits");
            continue;
        }
        let mut bytes = vec![0; numbers[0]];
        reader.read_exact(&mut bytes).expect("a whole post");
        sender.send((bytes, done.clone())).expect("the writer runs");
        committed.recv().expect("the writer runs");
        stream.write_all(b"+").expect("it waits");
    }
}

fn cells(db: &Connection, first: usize, count: usize) -> Vec<u8> {
    let mut select =
        db.prepare_cached("SELECT bytes FROM cell WHERE number > ?1 AND number <= ?2").expect("a statement");
    let mut rows = select.query(params![first as i64, (first + count) as i64]).expect("read");
    let mut all = Vec::with_capacity(count * CELL_BYTES);
    while let Some(row) = rows.next().expect("read") {
        all.extend_from_slice(row.get_ref(0).and_then(|cell| Ok(cell.as_blob()?)).expect("a cell"));
    }
    all
}
