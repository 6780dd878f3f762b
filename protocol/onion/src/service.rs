//! A running onion service: introductions in, streams out (docs/protocol, chapter "How bytes travel").
//!
//! ```text
//! introduction -> one task a circuit (rendezvous, then its stream requests) -> queue -> accept()
//! ```

use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tor_cell::relaycell::msg::Connected;
use tor_hsservice::{RendRequest, RunningOnionService, StreamRequest};
use tor_proto::stream::IncomingStreamRequest;

use crate::OnionStream;
use crate::tor::Served;

/// Circuits that visitors may have open at one service; further introductions wait in arti's own queue.
const MAX_CIRCUITS: usize = 1_024;

/// Streams that may be open on one circuit; arti closes a circuit that asks for more.
pub(crate) const MAX_STREAMS_PER_CIRCUIT: u32 = 64;

/// Accepted streams that wait for [`OnionService::accept`].
const MAX_WAITING_STREAMS: usize = 64;

/// How long meeting a visitor at its rendezvous point may take.
const RENDEZVOUS_SECONDS: u64 = 60;

/// After this long without a new request, a circuit with no open stream is closed.
const IDLE_CIRCUIT_SECONDS: u64 = 120;

/// An onion service of ours. Dropping it stops it; streams that were accepted stay open.
pub struct OnionService {
    served: Served,
    streams: mpsc::Receiver<OnionStream>,
    visits: JoinHandle<()>,
    /// arti withdraws its introduction points when this goes.
    _running: Arc<RunningOnionService>,
}

impl OnionService {
    pub(crate) fn new(
        served: Served,
        running: Arc<RunningOnionService>,
        introductions: impl Stream<Item = RendRequest> + Send + 'static,
        port: u16,
        runtime: &Handle,
    ) -> OnionService {
        let (queue, streams) = mpsc::channel(MAX_WAITING_STREAMS);
        let visits = runtime.spawn(receive(introductions, port, queue));
        OnionService { served, streams, visits, _running: running }
    }

    /// The public key under which it is reached.
    pub fn onion(&self) -> [u8; 32] {
        self.served.onion()
    }

    /// The next stream that a visitor opens, or `None` when arti has ended the service.
    ///
    /// Cancel safe. Who calls it decides how many streams are served at once: those that nobody
    /// takes wait, and visitors with them.
    pub async fn accept(&mut self) -> Option<OnionStream> {
        self.streams.recv().await
    }

    /// Takes the service off the network: no new visitor is accepted once this returns.
    ///
    /// The published descriptor lingers for hours, so visitors see [`Unreachable`](crate::OnionError::Unreachable)
    /// rather than [`NotFound`](crate::OnionError::NotFound) for a while.
    pub async fn stop(mut self) {
        self.visits.abort();
        // Err says that the task was cancelled, which is what we wait for.
        let _ = (&mut self.visits).await;
    }
}

impl Drop for OnionService {
    fn drop(&mut self) {
        self.visits.abort();
    }
}

/// Runs one task a circuit; ends when arti ends the service or nobody wants streams any more.
async fn receive(introductions: impl Stream<Item = RendRequest>, port: u16, queue: mpsc::Sender<OnionStream>) {
    let mut introductions = std::pin::pin!(introductions);
    let mut circuits = JoinSet::new();
    let mut number = 0;
    loop {
        tokio::select! {
            Some(_) = circuits.join_next() => {}
            introduction = introductions.next(), if circuits.len() < MAX_CIRCUITS => {
                let Some(introduction) = introduction else { break };
                circuits.spawn(visit(introduction, number, port, queue.clone()));
                number += 1;
            }
        }
    }
}

/// Meets one visitor and hands on the streams that it opens on this circuit.
async fn visit(introduction: RendRequest, circuit: u64, port: u16, queue: mpsc::Sender<OnionStream>) {
    let Ok(Ok(mut requests)) = timeout(Duration::from_secs(RENDEZVOUS_SECONDS), introduction.accept()).await else {
        tracing::debug!("a visitor was not met at its rendezvous point");
        return;
    };
    // Every open stream of this circuit holds a copy, so one copy left means no open stream.
    let in_use = Arc::new(());
    loop {
        match timeout(Duration::from_secs(IDLE_CIRCUIT_SECONDS), requests.next()).await {
            Ok(Some(request)) if asks_for(&request, port) => {
                let Ok(data) = request.accept(Connected::new_empty()).await else { continue };
                if queue.send(OnionStream::accepted(data, circuit, in_use.clone())).await.is_err() {
                    return;
                }
            }
            // As other onion services do for a port they do not serve, so that ours is not told apart by it.
            Ok(Some(request)) => {
                let _ = request.shutdown_circuit();
                return;
            }
            Ok(None) => return,
            Err(_) if Arc::strong_count(&in_use) == 1 => return,
            Err(_) => {}
        }
    }
}

fn asks_for(request: &StreamRequest, port: u16) -> bool {
    matches!(request.request(), IncomingStreamRequest::Begin(begin) if begin.port() == port)
}
