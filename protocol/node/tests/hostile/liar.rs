//! A relay in memory that does whatever a test tells it to.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::log::tree::complete_root;
use pursuance_wire::log::{
    Checkpoint, Frontier, LogSigner, NodeHash, Policy, Posting, Receipt, SlotNumber, TileId, node_hash,
};
use pursuance_wire::{BlockRange, Cell, RelayAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::lies::Lie;

/// Pause between two bytes of a slow answer.
const SLOW: Duration = Duration::from_millis(200);
/// One piece of an answer without end.
const PIECE: Bytes = Bytes::from_static(&[b'.'; 4_096]);

/// What it holds, what it says, and how it lies.
pub struct Liar {
    pub signer: LogSigner,
    pub cells: Vec<Cell>,
    /// So many cells, all alike, come before those: a log that is too long to be held in memory. A multiple of 256.
    pub alike: u64,
    /// What it answers instead of anything else, by path.
    pub status: Option<(&'static str, StatusCode)>,
    /// The slot it signs for; `None`: the time.
    pub slot: Option<u64>,
    /// How far its clock is ahead of the time, in slots.
    pub ahead: u64,
    /// How many of its cells it admits to.
    pub shown: Option<usize>,
    /// How many cells it had in every slot before it was started, if it says so.
    pub had: Option<usize>,
    /// Blocks before this one are gone.
    pub kept_from_block: u64,
    /// The lines that others add to its checkpoints.
    pub adds: Option<Adds>,
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
    /// Of them, those before the last post: fixed with the slot, or it would be two trees.
    pub published_before_last: usize,
    /// How it lies by now, and what slot and how many cells it had when it began to.
    pub lies: Vec<Lie>,
    pub began: (u64, usize),
    /// Posts that came, and cells before the last of them.
    pub posts: usize,
    pub before_last: usize,
}

pub type Shared = Arc<Mutex<Liar>>;
pub type Adds = Box<dyn Fn(&Checkpoint) -> String + Send>;

/// What cells that are alike consist of.
const ALIKE: u8 = 201;

/// The root of a complete tree of `2^height` cells that are alike.
fn alike_root(height: u32) -> NodeHash {
    let leaf = NodeHash(cell(ALIKE).leaf_hash().0);
    (0..height).fold(leaf, |below, _| node_hash(&below, &below))
}

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
            alike: 0,
            status: None,
            slot: None,
            ahead: 0,
            shown: None,
            had: Some(count),
            kept_from_block: 0,
            adds: None,
            instead: Vec::new(),
            forgets: false,
            promise_ahead: 0,
            signs_for_others: false,
            asked: Vec::new(),
            published: (0, 0),
            published_before_last: 0,
            lies: Vec::new(),
            began: (0, 0),
            posts: 0,
            before_last: 0,
        }
    }

    /// Lies from now on.
    pub fn begin(&mut self, lies: &[Lie]) {
        self.slot();
        self.began = self.published;
        self.before_last = self.cells.len();
        self.published_before_last = self.published.1;
        self.lies = lies.to_vec();
        if self.lies(Lie::TwoTrees) {
            self.cells[3] = cell(77);
        }
    }

    fn lies(&self, how: Lie) -> bool {
        self.lies.contains(&how)
    }

    /// Opens a loopback door for it.
    pub async fn serve(self) -> (Shared, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(self));
        let serving = shared.clone();
        tokio::spawn(async move {
            for number in 0_usize.. {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = serving.clone();
                tokio::spawn(async move {
                    let answer = service_fn(move |request| {
                        let shared = shared.clone();
                        async move { Ok::<_, Infallible>(answer(&shared, number % 2 == 1, request).await) }
                    });
                    let _ =
                        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        (shared, at)
    }

    /// The slot and the cells that it shows. Some of its lies are for every second connection.
    fn shows(&mut self, second: bool) -> (u64, Vec<Cell>) {
        let slot = self.slot();
        let published = if self.slot.is_some() { self.cells.len() } else { self.published.1 };
        let all = self.shown.unwrap_or(published);
        let (began, then) = self.began;
        if self.lies(Lie::Yesterdays) {
            return (began.saturating_sub(86_400), self.cells[..then].to_vec());
        }
        if self.lies(Lie::NoSlots) || (self.lies(Lie::OldToOneCircuit) && second) {
            return (began, self.cells[..then].to_vec());
        }
        let all = if self.lies(Lie::WithholdsNewest) { all.min(self.published_before_last) } else { all };
        let mut cells = self.cells[..all].to_vec();
        if self.lies(Lie::PrivateTip) && second {
            cells.push(cell(200));
        }
        (slot, cells)
    }

    /// The slot that it signs for now. By the time, a slot shows what was there when it was first asked about.
    pub fn slot(&mut self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + self.ahead;
        if now > self.published.0 {
            self.published = (now, self.cells.len());
            self.published_before_last = self.before_last;
        }
        self.slot.unwrap_or(now)
    }

    pub fn checkpoint(&mut self, second: bool) -> Checkpoint {
        let (slot, cells) = self.shows(second);
        let peaks = (0..64).rev().filter(|bit| self.alike >> bit & 1 == 1).map(alike_root);
        let mut frontier = Frontier::from_parts(self.alike, peaks.collect()).expect("a peak for each bit");
        cells.iter().for_each(|cell| frontier.append(cell.leaf_hash()));
        Checkpoint::sign(&self.signer, SlotNumber(slot), frontier.size(), frontier.root())
    }

    /// A checkpoint as it hands it out.
    fn note(&self, checkpoint: &Checkpoint) -> Vec<u8> {
        let added = self.adds.as_ref().map(|adds| adds(checkpoint)).unwrap_or_default();
        [checkpoint.note().as_bytes(), added.as_bytes()].concat()
    }

    fn tile(&mut self, id: TileId, second: bool) -> Option<Bytes> {
        let cells = self.shows(second).1;
        let mut level: Vec<NodeHash> = cells.iter().map(|cell| NodeHash(cell.leaf_hash().0)).collect();
        // Of what is alike, no more hashes than complete the next level's first.
        let mut alike = self.alike;
        for at in 0..id.level() {
            let rest = usize::try_from(alike % 256).expect("less than 256");
            level.splice(..0, vec![alike_root(u32::from(at) * 8); rest]);
            level = level.chunks_exact(256).map(|chunk| complete_root(chunk).expect("a full tile")).collect();
            alike /= 256;
        }
        let same = alike_root(u32::from(id.level()) * 8);
        let hash = |index: u64| match index.checked_sub(alike) {
            None => Some(same),
            Some(index) => level.get(usize::try_from(index).ok()?).copied(),
        };
        let hashes: Option<Vec<NodeHash>> = (0..u64::from(id.width())).map(|at| hash(id.index() * 256 + at)).collect();
        Some(hashes?.iter().flat_map(|hash| hash.0).collect())
    }

    fn blocks(&mut self, range: BlockRange, second: bool) -> Result<Bytes, StatusCode> {
        if range.first() < self.kept_from_block || self.lies(Lie::WithholdsBodies) {
            return Err(StatusCode::GONE);
        }
        let shown = self.shows(second).1;
        let wanted = range.cells(self.alike + shown.len() as u64);
        let one =
            |index: u64| index.checked_sub(self.alike).map_or_else(|| cell(ALIKE), |at| shown[at as usize].clone());
        let mut cells: Vec<Cell> = wanted.map(one).collect();
        if self.lies(Lie::Reorders) {
            cells.reverse();
        }
        if self.lies(Lie::OfAnotherLog) {
            cells = (0..cells.len()).map(|n| cell(u8::try_from(n % 100).unwrap() + 100)).collect();
        }
        let bytes: Bytes = cells.iter().flat_map(|cell| *cell.as_bytes()).collect();
        Ok(if self.lies(Lie::WrongSizes) { bytes.slice(..bytes.len() - 1) } else { bytes })
    }

    fn read(&mut self, path: &str, second: bool) -> Result<Bytes, StatusCode> {
        if let Some((_, lie)) = self.instead.iter().find(|(at, _)| path.starts_with(at)) {
            return Ok(lie.clone());
        }
        if path == "/policy" {
            let policy = Policy { slot_seconds: 1, retention_days: 30, posting: Posting::Open };
            return Ok(Bytes::copy_from_slice(policy.sign(&self.signer).unwrap().as_bytes()));
        }
        if path == "/checkpoint" {
            let newest = self.checkpoint(second);
            return Ok(self.note(&newest).into());
        }
        if let Some(slot) = path.strip_prefix("/checkpoint/") {
            let had = self.had.ok_or(StatusCode::NOT_FOUND)?;
            let mut frontier = Frontier::new();
            self.cells[..had].iter().for_each(|cell| frontier.append(cell.leaf_hash()));
            let slot = SlotNumber(slot.parse().unwrap());
            let signed = Checkpoint::sign(&self.signer, slot, frontier.size(), frontier.root());
            return Ok(self.note(&signed).into());
        }
        if let Some(rest) = path.strip_prefix("/blocks/") {
            return self.blocks(BlockRange::parse(rest).unwrap(), second);
        }
        let tile = path.strip_prefix("/tile/").and_then(|rest| self.tile(TileId::parse(rest).ok()?, second));
        tile.ok_or(StatusCode::NOT_FOUND)
    }

    fn post(&mut self, body: &[u8]) -> Bytes {
        let posted = Cell::split(body, 4).unwrap();
        let mut leaves: Vec<_> = posted.iter().map(Cell::leaf_hash).collect();
        if self.signs_for_others {
            leaves[0] = cell(99).leaf_hash();
        }
        self.posts += 1;
        self.before_last = self.cells.len();
        let drops = self.lies(Lie::Drops) || (self.lies(Lie::DropsSome) && self.posts.is_multiple_of(2));
        if !self.forgets && !drops {
            self.cells.extend(posted);
        }
        let slot = SlotNumber(self.slot() + 1 + self.promise_ahead);
        Bytes::copy_from_slice(Receipt::sign(&self.signer, slot, &leaves).unwrap().note().as_bytes())
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(shared: &Shared, second: bool, request: Request<Incoming>) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let mut liar = shared.lock().unwrap();
    liar.asked.push(path.clone());
    if liar.lies(Lie::TooMany) {
        return Response::builder().status(StatusCode::TOO_MANY_REQUESTS).body(Full::default().boxed()).unwrap();
    }
    if let Some((_, status)) = liar.status.filter(|(at, _)| path.starts_with(at)) {
        return Response::builder().status(status).body(Full::default().boxed()).unwrap();
    }
    if path == "/post" {
        return Response::new(Full::new(liar.post(&body)).boxed());
    }
    if liar.lies(Lie::WithoutEnd) {
        return streamed(stream::repeat_with(|| Ok(Frame::data(PIECE))));
    }
    if path == "/stream" {
        liar.slot();
        let from = (shared.clone(), liar.published);
        return streamed(stream::unfold(from, frame));
    }
    match liar.read(&path, second) {
        Ok(bytes) if liar.lies(Lie::Slow) => streamed(stream::iter(bytes).then(|byte| async move {
            tokio::time::sleep(SLOW).await;
            Ok(Frame::data(Bytes::copy_from_slice(&[byte])))
        })),
        Ok(bytes) => Response::new(Full::new(bytes).boxed()),
        Err(status) => Response::builder().status(status).body(Full::default().boxed()).unwrap(),
    }
}

fn streamed(pieces: impl Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + Sync + 'static) -> Response<Body> {
    Response::new(BodyExt::boxed(StreamBody::new(pieces)))
}

/// The next slot's frame; none while it lies about something else.
async fn frame(from: (Shared, (u64, usize))) -> Option<(Result<Frame<Bytes>, Infallible>, (Shared, (u64, usize)))> {
    let (shared, (slot, size)) = from;
    loop {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut liar = shared.lock().unwrap();
        if !liar.instead.is_empty() || !liar.lies.is_empty() {
            return None;
        }
        let newest = liar.checkpoint(false);
        let note = liar.note(&newest);
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
