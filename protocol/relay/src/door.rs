//! Where connections come in: loopback or an onion service; what follows is the same for both
//! (`docs/protocol/06-relay.md`, section 4).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pursuance_onion::{OnionService, OnionStream};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::answer::{Kind, Shared, last};
use crate::limits::{
    MAX_CONNECTION_REQUESTS, MAX_HEAD_BYTES, MAX_HEADERS, MAX_REFUSED_CONNECTIONS, REFUSAL_SECONDS, STOP_SECONDS,
    TURN_SECONDS,
};
use crate::patient::Patient;
use crate::turns::{Turn, Turns};

/// Pause after the system refused to hand over a connection, for example for want of file handles.
const ACCEPT_RETRY_MILLIS: u64 = 100;

const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n";

/// Something that connections come from.
pub trait Door: Send {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// The next connection; `None` when there will be none any more. Must be cancel safe.
    fn accept(&mut self) -> impl Future<Output = Option<Self::Stream>> + Send;
}

impl Door for TcpListener {
    type Stream = TcpStream;

    async fn accept(&mut self) -> Option<TcpStream> {
        loop {
            match TcpListener::accept(self).await {
                Ok((stream, _)) => {
                    // Without this, small answers wait for acknowledgements.
                    let _ = stream.set_nodelay(true);
                    return Some(stream);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(Duration::from_millis(ACCEPT_RETRY_MILLIS)).await;
                }
            }
        }
    }
}

impl Door for OnionService {
    type Stream = OnionStream;

    fn accept(&mut self) -> impl Future<Output = Option<OnionStream>> + Send {
        OnionService::accept(self)
    }
}

/// Serves what comes in until told to stop, the door closes or the writer has ended; then lets open answers finish.
pub(crate) async fn serve<D: Door>(mut door: D, shared: Arc<Shared>, max_connections: usize) {
    let places = Arc::new(Semaphore::new(max_connections));
    let refusals = Arc::new(Semaphore::new(MAX_REFUSED_CONNECTIONS));
    let turns = Arc::new(Turns::default());
    let mut stop = shared.stop.subscribe();
    let mut connections = JoinSet::new();
    loop {
        let stream = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            // A relay that takes nothing and publishes nothing had better be started anew.
            () = shared.sequencer.ended() => break,
            Some(_) = connections.join_next() => continue,
            stream = door.accept() => stream,
        };
        let Some(stream) = stream else { break };
        if let Ok(place) = places.clone().try_acquire_owned() {
            let (shared, turn) = (shared.clone(), turns.join());
            connections.spawn(async move {
                converse(stream, shared, turn).await;
                drop(place);
            });
        } else if turns.end_first(Duration::from_secs(TURN_SECONDS)) {
            let (shared, places, turns) = (shared.clone(), places.clone(), turns.clone());
            connections.spawn(async move {
                // The place is free in a moment, but somebody else may come first. // L17
                let freed = timeout(Duration::from_secs(REFUSAL_SECONDS), places.acquire_owned()).await;
                match freed {
                    Ok(Ok(_place)) => converse(stream, shared, turns.join()).await,
                    _ => refuse(stream).await,
                }
            });
        } else if let Ok(place) = refusals.clone().try_acquire_owned() {
            connections.spawn(async move {
                refuse(stream).await; // L14
                drop(place);
            });
        }
    }
    drop(door);
    let finish = async { while connections.join_next().await.is_some() {} };
    if timeout(Duration::from_secs(STOP_SECONDS), finish).await.is_err() {
        connections.shutdown().await;
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, shared: Arc<Shared>, turn: Turn) {
    let mut stop = shared.stop.subscribe();
    let requests = Arc::new(AtomicU64::new(0));
    let patience = shared.patience;
    let turn = Arc::new(turn);
    let asked = turn.clone();
    let service = service_fn(move |request| {
        let (shared, turn) = (shared.clone(), asked.clone());
        let number = requests.fetch_add(1, Ordering::Relaxed);
        async move {
            if number >= MAX_CONNECTION_REQUESTS {
                return Ok::<_, std::convert::Infallible>(last(StatusCode::TOO_MANY_REQUESTS)); // L14
            }
            turn.renew();
            let (answer, kind) = shared.answer(request).await;
            if kind == Kind::Stream {
                turn.leave();
            }
            Ok(answer)
        }
    });
    let stream = TokioIo::new(Patient::new(stream, patience.write));
    let mut talk = std::pin::pin!(
        http1::Builder::new()
            .auto_date_header(false) // L2
            .timer(TokioTimer::new())
            .header_read_timeout(patience.head) // L13
            .max_buf_size(MAX_HEAD_BYTES)
            .max_headers(MAX_HEADERS)
            .serve_connection(stream, service)
    );
    // How a conversation ends, cut off or not, is nobody's business: nothing about it is logged. // L15
    tokio::select! {
        _ = talk.as_mut() => return,
        () = turn.over() => return, // L17
        _ = stop.wait_for(|stop| *stop) => {}
    }
    talk.as_mut().graceful_shutdown();
    let _ = talk.await;
}

async fn refuse<S: AsyncWrite + Unpin>(mut stream: S) {
    let told = async {
        stream.write_all(TOO_MANY).await?;
        stream.flush().await?;
        stream.shutdown().await
    };
    // An Err, or no time left, means that the visitor does not wait for it.
    let _ = timeout(Duration::from_secs(REFUSAL_SECONDS), told).await;
}
