//! A relay with a clock that the test sets, and a small raw client.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pursuance_relay::{Relay, RelayConfig};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::{Checkpoint, HashTile, Receipt, RelayHistory, Span, Standing, TileId, tiles_for_span};
use pursuance_wire::{BlockRange, Cell, RelayAddress};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Where the tests' clock starts: a slot boundary.
pub const START_MILLIS: u64 = 1_800_000_000_000;
pub const SLOT_SECONDS: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Rig {
    pub relay: Relay,
    pub address: RelayAddress,
    pub port: u16,
    clock: Arc<AtomicU64>,
    serving: JoinHandle<()>,
}

pub fn config(data: &Path) -> RelayConfig {
    RelayConfig { slot_seconds: Some(SLOT_SECONDS), ..RelayConfig::new(data) }
}

impl Rig {
    pub async fn start(data: &Path) -> Self {
        Self::start_with(&config(data), START_MILLIS).await
    }

    pub async fn start_with(config: &RelayConfig, now_millis: u64) -> Self {
        let clock = Arc::new(AtomicU64::new(now_millis));
        let read = clock.clone();
        let relay = Relay::open_with_clock(config, Arc::new(move || read.load(Ordering::SeqCst))).expect("opens");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let port = listener.local_addr().expect("bound").port();
        let serving = tokio::spawn(relay.serve(listener));
        Self { address: relay.address(), relay, port, clock, serving }
    }

    pub async fn connect(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("the relay listens");
        Client { stream, host: self.address.onion_host() }
    }

    pub fn now_slot(&self) -> u64 {
        self.clock.load(Ordering::SeqCst) / 1_000 / u64::from(SLOT_SECONDS)
    }

    pub fn set_clock(&self, millis: u64) {
        self.clock.store(millis, Ordering::SeqCst);
    }

    /// Lets the current slot end, and waits for its checkpoint.
    pub async fn end_slot(&self) -> Checkpoint {
        self.end_slot_or(async || false).await.expect("nothing ends the waiting")
    }

    /// The same; `None` if no checkpoint comes and `given_up` says so.
    pub async fn end_slot_or(&self, given_up: impl AsyncFn() -> bool) -> Option<Checkpoint> {
        let ended = self.now_slot();
        self.set_clock((ended + 1) * u64::from(SLOT_SECONDS) * 1_000);
        let until = Instant::now() + PATIENCE;
        loop {
            let gives_up = given_up().await;
            let newest = self.newest().await;
            if newest.slot().0 == ended {
                return Some(newest);
            }
            if gives_up {
                return None;
            }
            assert!(Instant::now() < until, "no checkpoint of slot {ended}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn newest(&self) -> Checkpoint {
        let answer = self.connect().await.get("/checkpoint").await;
        assert_eq!(answer.status, 200);
        Checkpoint::verify(&answer.body, &self.address.log_key()).expect("signed by the relay")
    }

    pub async fn stop(self) {
        self.relay.stop();
        self.serving.await.expect("serves to the end");
        let relay = self.relay;
        tokio::task::spawn_blocking(move || relay.close()).await.expect("closes");
    }
}

pub struct Client<S> {
    pub stream: S,
    pub host: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Status line and headers, exactly as received.
    pub head: String,
    pub body: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.host);
        self.send(request.as_bytes()).await;
        self.answer().await.unwrap_or_else(|| panic!("no answer to {path}"))
    }

    pub async fn post(&mut self, body: &[u8]) -> Answer {
        let head = format!("POST /post HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n", self.host, body.len());
        self.send(&[head.as_bytes(), body].concat()).await;
        self.answer().await.expect("an answer to a post")
    }

    pub async fn post_cells(&mut self, cells: &[Cell], address: &RelayAddress) -> Receipt {
        let body: Vec<u8> = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        let answer = self.post(&body).await;
        assert_eq!(answer.status, 200, "{}", answer.head);
        let receipt = Receipt::verify(&answer.body, &address.log_key()).expect("signed by the relay");
        receipt.check_leaves(&cells.iter().map(Cell::leaf_hash).collect::<Vec<_>>()).expect("for these cells");
        receipt
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the relay takes it");
        self.stream.flush().await.expect("the relay takes it");
    }

    /// Status line and headers; `None` if the relay closed instead.
    pub async fn head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.ok()?);
            assert!(head.len() < 4_096, "an endless head");
        }
        Some(String::from_utf8(head).expect("a head is text"))
    }

    pub async fn answer(&mut self) -> Option<Answer> {
        let head = self.head().await?;
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        let mut body = vec![0; length.parse().expect("a number")];
        self.stream.read_exact(&mut body).await.ok()?;
        Some(Answer { status, head, body })
    }

    /// The data of the next chunk of a chunked body; empty at its end.
    pub async fn chunk(&mut self) -> Vec<u8> {
        self.chunk_or_end().await.expect("the stream goes on")
    }

    /// The data of the next chunk; `None` if the relay has gone.
    pub async fn chunk_or_end(&mut self) -> Option<Vec<u8>> {
        let mut size = String::new();
        while !size.ends_with("\r\n") {
            size.push(self.stream.read_u8().await.ok()? as char);
        }
        let mut data = vec![0; usize::from_str_radix(size.trim(), 16).expect("a size") + 2];
        self.stream.read_exact(&mut data).await.ok()?;
        data.truncate(data.len() - 2);
        Some(data)
    }

    /// Makes an ordinary visit from cell `first`; returns the span and the bodies `first..size`.
    pub async fn visit(&mut self, history: &mut RelayHistory, first: u64) -> (Checkpoint, Span, Vec<Cell>) {
        let note = self.get("/checkpoint").await.body;
        let checkpoint = match history.examine(&note).expect("an honest relay") {
            Standing::Newer(checkpoint) | Standing::Known(checkpoint) => checkpoint,
        };
        let mut tiles = Vec::new();
        for id in tiles_for_span(first, checkpoint.size()).expect("within the limits") {
            tiles.push(self.tile(id).await);
        }
        let span = history.accept(&checkpoint, first, &tiles).expect("an honest relay");
        let mut cells = Vec::new();
        for range in BlockRange::covering(first..checkpoint.size()) {
            let answer = self.get(&range.path()).await;
            assert_eq!(answer.status, 200);
            let got = Cell::split(&answer.body, 1_024).expect("whole cells");
            span.check_cells(range.cells(checkpoint.size()), &got).expect("the log's cells");
            cells.extend(got);
        }
        cells.truncate((checkpoint.size() - first) as usize);
        (checkpoint, span, cells)
    }

    pub async fn tile(&mut self, id: TileId) -> HashTile {
        let answer = self.get(&id.path()).await;
        assert_eq!(answer.status, 200, "{}", id.path());
        HashTile::decode(id, &answer.body).expect("as wide as named")
    }

    /// Has the relay closed the connection, with nothing more to read?
    pub async fn is_closed(&mut self) -> bool {
        tokio::time::timeout(PATIENCE, self.stream.read_u8()).await.expect("closed in time").is_err()
    }
}

/// A number from the environment.
pub fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|value| value.parse().expect("a number"))
}

/// Chance, from a seed.
pub struct Chance(u64);

impl Chance {
    /// From the seed in a variable, or a new one; either is printed.
    pub fn printed(variable: &str) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
        let seed = number(variable).unwrap_or(since.as_nanos() as u64) | 1;
        println!("{variable}={seed}");
        Self(seed)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A cell that looks like any other, told apart by `n`.
pub fn cell(n: u64) -> Cell {
    let mut state = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    Cell::from_bytes(std::array::from_fn::<u8, CELL_BYTES, _>(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    }))
}
