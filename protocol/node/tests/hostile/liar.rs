//! A relay in memory that does whatever a test tells it to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{Checkpoint, Frontier, LogSigner, NodeHash, Policy, Posting, Receipt, SlotNumber, TileId};
use pursuance_wire::{BlockRange, Cell, RelayAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What it holds, what it says, and how it lies.
pub struct Liar {
    pub signer: LogSigner,
    pub cells: Vec<Cell>,
    /// The slot it signs for; `None`: the time.
    pub slot: Option<u64>,
    /// How many of its cells it admits to.
    pub shown: Option<usize>,
    /// How many cells it had in every slot before it was started, if it says so.
    pub had: Option<usize>,
    /// Blocks before this one are gone.
    pub kept_from_block: u64,
    /// What it says instead of the truth, by path.
    pub instead: Vec<(&'static str, Bytes)>,
    /// Signs for cells and forgets them.
    pub forgets: bool,
    /// Signs for a slot so far ahead.
    pub promise_ahead: u64,
    /// Signs for other cells than those posted.
    pub signs_for_others: bool,
    /// Requests that came.
    pub asked: Vec<String>,
    /// By the time: the slot published last, and the cells in it.
    pub published: (u64, usize),
}

pub type Shared = Arc<Mutex<Liar>>;

pub fn cell(byte: u8) -> Cell {
    Cell::from_bytes([byte; CELL_BYTES])
}

pub fn cells(count: usize) -> Vec<Cell> {
    (0..count)
        .map(|n| {
            let mut bytes = [0; CELL_BYTES];
            bytes[..8].copy_from_slice(&(n as u64).to_be_bytes());
            Cell::from_bytes(bytes)
        })
        .collect()
}

/// The address of all relays here; they differ in what they do.
pub fn address() -> RelayAddress {
    RelayAddress::new(
        *LogSigner::from_seed(&[1; 32]).key().as_bytes(),
        *LogSigner::from_seed(&[2; 32]).key().as_bytes(),
    )
    .unwrap()
}

impl Liar {
    pub fn honest(count: usize) -> Self {
        Self {
            signer: LogSigner::from_seed(&[2; 32]),
            cells: cells(count),
            slot: None,
            shown: None,
            had: Some(count),
            kept_from_block: 0,
            instead: Vec::new(),
            forgets: false,
            promise_ahead: 0,
            signs_for_others: false,
            asked: Vec::new(),
            published: (0, 0),
        }
    }

    /// Opens a loopback door for it.
    pub async fn serve(self) -> (Shared, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(self));
        let serving = shared.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = serving.clone();
                tokio::spawn(async move {
                    let answer = service_fn(move |request| {
                        let shared = shared.clone();
                        async move { Ok::<_, Infallible>(answer(&shared, request).await) }
                    });
                    let _ =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        (shared, at)
    }

    fn shown(&self) -> &[Cell] {
        let published = if self.slot.is_some() { self.cells.len() } else { self.published.1 };
        &self.cells[..self.shown.unwrap_or(published)]
    }

    /// The slot that it signs for now. By the time, a slot shows what was there when it was first asked about.
    pub fn slot(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        if now > self.published.0 {
            self.published = (now, self.cells.len());
        }
        self.slot.unwrap_or(now)
    }

    pub fn checkpoint(&mut self) -> Checkpoint {
        let slot = SlotNumber(self.slot());
        let mut frontier = Frontier::new();
        self.shown().iter().for_each(|cell| frontier.append(cell.leaf_hash()));
        Checkpoint::sign(&self.signer, slot, frontier.size(), frontier.root())
    }

    fn tile(&self, id: TileId) -> Option<Bytes> {
        let mut level: Vec<NodeHash> = self.shown().iter().map(|cell| NodeHash(cell.leaf_hash().0)).collect();
        for _ in 0..id.level() {
            level = level.chunks_exact(256).map(|chunk| complete_root(chunk).expect("a full tile")).collect();
        }
        let start = usize::try_from(id.index() * 256).ok()?;
        let hashes = level.get(start..start + usize::from(id.width()))?;
        Some(hashes.iter().flat_map(|hash| hash.0).collect())
    }

    fn blocks(&self, range: BlockRange) -> Result<Bytes, StatusCode> {
        if range.first() < self.kept_from_block {
            return Err(StatusCode::GONE);
        }
        let wanted = range.cells(self.shown().len() as u64);
        let cells = &self.shown()[wanted.start as usize..wanted.end as usize];
        Ok(cells.iter().flat_map(|cell| *cell.as_bytes()).collect())
    }

    fn read(&mut self, path: &str) -> Result<Bytes, StatusCode> {
        if let Some((_, lie)) = self.instead.iter().find(|(at, _)| path.starts_with(at)) {
            return Ok(lie.clone());
        }
        if path == "/policy" {
            let policy = Policy { slot_seconds: 1, retention_days: 30, posting: Posting::Open };
            return Ok(Bytes::copy_from_slice(policy.sign(&self.signer).unwrap().as_bytes()));
        }
        if path == "/checkpoint" {
            return Ok(Bytes::copy_from_slice(self.checkpoint().note().as_bytes()));
        }
        if let Some(slot) = path.strip_prefix("/checkpoint/") {
            let had = self.had.ok_or(StatusCode::NOT_FOUND)?;
            let mut frontier = Frontier::new();
            self.cells[..had].iter().for_each(|cell| frontier.append(cell.leaf_hash()));
            let slot = SlotNumber(slot.parse().unwrap());
            let signed = Checkpoint::sign(&self.signer, slot, frontier.size(), frontier.root());
            return Ok(Bytes::copy_from_slice(signed.note().as_bytes()));
        }
        if let Some(rest) = path.strip_prefix("/blocks/") {
            return self.blocks(BlockRange::parse(rest).unwrap());
        }
        let tile = path.strip_prefix("/tile/").and_then(|rest| self.tile(TileId::parse(rest).ok()?));
        tile.ok_or(StatusCode::NOT_FOUND)
    }

    fn post(&mut self, body: &[u8]) -> Bytes {
        let posted = Cell::split(body, 4).unwrap();
        let mut leaves: Vec<_> = posted.iter().map(Cell::leaf_hash).collect();
        if self.signs_for_others {
            leaves[0] = cell(99).leaf_hash();
        }
        if !self.forgets {
            self.cells.extend(posted);
        }
        let slot = SlotNumber(self.slot() + 1 + self.promise_ahead);
        Bytes::copy_from_slice(Receipt::sign(&self.signer, slot, &leaves).unwrap().note().as_bytes())
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(shared: &Shared, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut liar = shared.lock().unwrap();
    liar.asked.push(path.clone());
    if path == "/post" {
        return Response::new(Full::new(liar.post(&body)).boxed());
    }
    if path == "/stream" {
        liar.slot();
        let from = (shared.clone(), liar.published);
        return Response::new(StreamBody::new(futures::stream::unfold(from, frame)).boxed());
    }
    match liar.read(&path) {
        Ok(bytes) => Response::new(Full::new(bytes).boxed()),
        Err(status) => Response::builder().status(status).body(Full::default().boxed()).unwrap(),
    }
}

/// The next slot's frame; none while it lies about something else.
async fn frame(from: (Shared, (u64, usize))) -> Option<(Result<Frame<Bytes>, Infallible>, (Shared, (u64, usize)))> {
    let (shared, (slot, size)) = from;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut liar = shared.lock().unwrap();
        if !liar.instead.is_empty() {
            return None;
        }
        let note = liar.checkpoint().note().as_bytes().to_vec();
        if liar.published.0 > slot {
            let published = liar.published;
            let bytes = pursuance_wire::Frame::encode(&note, &liar.cells[size..published.1]).unwrap();
            drop(liar);
            return Some((Ok(Frame::data(bytes.into())), (shared, published)));
        }
    }
}

/// Something that is no relay at all: takes connections, says these bytes to whatever comes, and stays.
pub async fn not_a_relay(bytes: &'static [u8], then_closes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(bytes).await;
                if !then_closes {
                    tokio::time::sleep(std::time::Duration::from_secs(120)).await;
                }
            });
        }
    });
    at
}
