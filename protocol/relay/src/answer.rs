//! Requests and answers (`docs/protocol/06-relay.md`, section 1).
//!
//! Every answer has one header line, `content-length`, and nothing else; `/stream` has
//! `transfer-encoding: chunked` instead. An answer depends on the request's method, path and body and on
//! the published log, never on who asks. // L2

use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Body as _, Frame as BodyFrame, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use pursuance_wire::cell::CELL_BYTES;
use pursuance_wire::limits::{MAX_POST_CELLS, TILE_HASHES};
use pursuance_wire::log::{BundleId, SlotNumber, TileId, encode_bundle};
use pursuance_wire::{BlockRange, Cell};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};

use crate::error::PostRefusal;
use crate::limits::{Patience, READ_CELLS, STREAM_PIECE_BYTES};
use crate::readers::{Readers, Unreadable};
use crate::sequencer::{Published, Sequencer};
use crate::store::{self, OfSlot};

/// An answer's body, whole or as it is read.
pub(crate) type Body = UnsyncBoxBody<Bytes, Cut>;

/// An answer had to be cut off: the database failed, cells expired meanwhile, or a stream lagged behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer was cut off")]
pub(crate) struct Cut;

/// How an answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// By itself.
    Whole,
    /// Not by itself.
    Stream,
}

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) policy: Bytes,
    pub(crate) sequencer: Sequencer,
    pub(crate) readers: Arc<Readers>,
    pub(crate) streams: Arc<Semaphore>,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) patience: Patience,
}

/// How cells are written into a body.
#[derive(Clone, Copy)]
enum Form {
    /// One after another: blocks.
    Plain,
    /// Each after its length: C2SP entry bundles.
    Bundle,
}

impl Form {
    fn cell_bytes(self) -> u64 {
        match self {
            Self::Plain => CELL_BYTES as u64,
            Self::Bundle => 2 + CELL_BYTES as u64,
        }
    }

    fn encode(self, cells: &[Cell]) -> Bytes {
        match self {
            Self::Plain => cells.iter().map(|cell| cell.as_bytes().as_slice()).collect::<Vec<_>>().concat().into(),
            Self::Bundle => encode_bundle(cells).into(),
        }
    }
}

impl Shared {
    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> (Response<Body>, Kind) {
        if request.uri().query().is_some() {
            return (status(StatusCode::NOT_FOUND), Kind::Whole);
        }
        let path = request.uri().path().to_owned();
        if path == "/stream" && request.method() == Method::GET {
            return match self.stream() {
                Ok(answer) => (answer, Kind::Stream),
                Err(code) => (status(code), Kind::Whole),
            };
        }
        let post = path == "/post";
        let answer = match (request.method(), post) {
            (&Method::POST, true) => self.post(request.into_body()).await,
            (&Method::GET, false) => self.read(&path).await.unwrap_or_else(status),
            _ => status(StatusCode::METHOD_NOT_ALLOWED),
        };
        (answer, Kind::Whole)
    }

    async fn read(&self, path: &str) -> Result<Response<Body>, StatusCode> {
        match path {
            "/policy" => Ok(whole(self.policy.clone())),
            "/checkpoint" => {
                let newest = self.sequencer.newest().ok_or(StatusCode::NOT_FOUND)?;
                Ok(whole(newest.note.clone()))
            }
            _ => {
                if let Some(slot) = path.strip_prefix("/checkpoint/") {
                    return self.old_checkpoint(slot).await;
                }
                if let Some(range) = path.strip_prefix("/blocks/") {
                    let range = BlockRange::parse(range).map_err(|_| StatusCode::NOT_FOUND)?;
                    let size = self.sequencer.newest().map_or(0, |newest| newest.size); // L3
                    let cells = range.cells(size);
                    if cells.is_empty() {
                        return Err(StatusCode::NOT_FOUND);
                    }
                    return self.cells(cells.start, cells.end, Form::Plain).await;
                }
                if let Some(bundle) = path.strip_prefix("/tile/entries/") {
                    let id = BundleId::parse(bundle).map_err(|_| StatusCode::NOT_FOUND)?;
                    if !self.readers.read(move |db| store::is_published_bundle(db, id)).await.map_err(failed)? {
                        return Err(StatusCode::NOT_FOUND);
                    }
                    let start = id.index() * TILE_HASHES;
                    return self.cells(start, start + u64::from(id.width()), Form::Bundle).await;
                }
                let tile = path.strip_prefix("/tile/").ok_or(StatusCode::NOT_FOUND)?;
                let id = TileId::parse(tile).map_err(|_| StatusCode::NOT_FOUND)?;
                let tile = self.readers.read(move |db| store::read_tile(db, id)).await.map_err(failed)?;
                tile.map(|bytes| whole(bytes.into())).ok_or(StatusCode::NOT_FOUND)
            }
        }
    }

    async fn old_checkpoint(&self, slot: &str) -> Result<Response<Body>, StatusCode> {
        let number: u64 = slot.parse().map_err(|_| StatusCode::NOT_FOUND)?;
        if number.to_string() != slot {
            return Err(StatusCode::NOT_FOUND);
        }
        let found =
            self.readers.read(move |db| store::read_checkpoint(db, SlotNumber(number))).await.map_err(failed)?;
        match found {
            OfSlot::Checkpoint(note) => Ok(whole(note.into())),
            OfSlot::Dropped => Err(StatusCode::GONE), // L12
            OfSlot::Nothing => Err(StatusCode::NOT_FOUND),
        }
    }

    /// Cells `start..end`, all published, read piece by piece so that no answer is held whole in memory.
    async fn cells(&self, start: u64, end: u64, form: Form) -> Result<Response<Body>, StatusCode> {
        let readers = self.readers.clone();
        let first = piece(&readers, start, end).await.map_err(failed)?;
        let first = first.ok_or(StatusCode::GONE)?; // L12
        let rest = stream::try_unfold((start, Some(first)), move |(at, ready)| {
            let readers = readers.clone();
            async move {
                if at >= end {
                    return Ok(None);
                }
                let cells = match ready {
                    Some(cells) => cells,
                    None => piece(&readers, at, end).await.map_err(|_| Cut)?.ok_or(Cut)?,
                };
                let next = at + cells.len() as u64;
                Ok(Some((BodyFrame::data(form.encode(&cells)), (next, None))))
            }
        });
        let mut response = Response::new(StreamBody::new(rest).boxed_unsync());
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from((end - start) * form.cell_bytes()));
        Ok(response)
    }

    fn stream(&self) -> Result<Response<Body>, StatusCode> {
        let permit = self.streams.clone().try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let (slots, stop) = (self.sequencer.slots(), self.stop.subscribe());
        let pieces = stream::try_unfold(Streaming { slots, stop, given: None, _place: permit }, next_piece);
        Ok(Response::new(StreamBody::new(pieces).boxed_unsync()))
    }

    async fn post(&self, body: Incoming) -> Response<Body> {
        let Some(length) = body.size_hint().exact() else { return status(StatusCode::LENGTH_REQUIRED) };
        let limit_bytes = MAX_POST_CELLS * CELL_BYTES;
        if length > limit_bytes as u64 {
            return status(StatusCode::PAYLOAD_TOO_LARGE); // L4
        }
        let reading = Limited::new(body, limit_bytes).collect();
        let bytes = match tokio::time::timeout(self.patience.body, reading).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(_)) => return status(StatusCode::BAD_REQUEST),
            Err(_) => return last(StatusCode::REQUEST_TIMEOUT),
        };
        let cells = match Cell::split(&bytes, MAX_POST_CELLS) {
            Ok(cells) if !cells.is_empty() => cells,
            _ => return status(StatusCode::BAD_REQUEST), // L4
        };
        match self.sequencer.post(cells).await {
            Ok(receipt) => whole(receipt),
            Err(
                PostRefusal::Busy
                | PostRefusal::SlotFull
                | PostRefusal::DiskFull
                | PostRefusal::Failed
                | PostRefusal::Stopping,
            ) => status(StatusCode::SERVICE_UNAVAILABLE),
        }
    }
}

/// An answer after which the connection is closed.
pub(crate) fn last(code: StatusCode) -> Response<Body> {
    let mut response = status(code);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// Up to [`READ_CELLS`] cells from `at` on, not beyond `end`; `None` if one is not held any more.
async fn piece(readers: &Arc<Readers>, at: u64, end: u64) -> Result<Option<Vec<Cell>>, Unreadable> {
    let end = end.min(at + READ_CELLS);
    readers.read(move |db| store::read_cells(db, at, end)).await
}

/// What a stream goes on with.
struct Streaming {
    slots: broadcast::Receiver<Arc<Published>>,
    stop: watch::Receiver<bool>,
    /// The frame that is being given, and how many bytes of it were. The sequencer keeps the frames of the last slots, so that a visitor
    /// who stands still keeps none.
    given: Option<(Weak<Published>, usize)>,
    _place: OwnedSemaphorePermit,
}

/// The next piece of a stream: a whole frame would be copied for each visitor, and kept for as long as they stay.
async fn next_piece(mut state: Streaming) -> Result<Option<(BodyFrame<Bytes>, Streaming)>, Cut> {
    let (published, from) = match state.given.take() {
        Some((published, from)) => (published.upgrade().ok_or(Cut)?, from), // L14
        None => tokio::select! {
            published = state.slots.recv() => (published.map_err(|_| Cut)?, 0),
            _ = state.stop.wait_for(|stop| *stop) => return Ok(None),
        },
    };
    let end = published.frame.len().min(from + STREAM_PIECE_BYTES);
    if end < published.frame.len() {
        state.given = Some((Arc::downgrade(&published), end));
    }
    Ok(Some((BodyFrame::data(published.frame.slice(from..end)), state)))
}

fn whole(bytes: Bytes) -> Response<Body> {
    let length = bytes.len();
    let mut response = Response::new(Full::new(bytes).map_err(|never| match never {}).boxed_unsync());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

fn status(code: StatusCode) -> Response<Body> {
    let mut response = whole(Bytes::new());
    *response.status_mut() = code;
    response
}

fn failed(_: Unreadable) -> StatusCode {
    StatusCode::SERVICE_UNAVAILABLE
}
