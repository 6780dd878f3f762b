//! A byte stream through Tor, and which streams may share a circuit (docs/protocol, chapter "How bytes travel").

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arti_client::{DataStream, IsolationToken, StreamPrefs};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tor_cell::relaycell::msg::EndReason;

/// A purpose: streams opened under one `Isolation` may share a circuit, streams under two never do.
///
/// Cloning keeps the purpose; [`new`](Self::new) makes another.
#[derive(Clone, Debug)]
pub struct Isolation(IsolationToken);

impl Isolation {
    /// A purpose that no earlier stream has had.
    #[allow(clippy::new_without_default)] // a default that is different every time would mislead
    pub fn new() -> Isolation {
        Isolation(IsolationToken::new())
    }

    pub(crate) fn prefs(&self) -> StreamPrefs {
        let mut prefs = StreamPrefs::new();
        prefs.set_isolation(self.0);
        prefs
    }
}

/// An open stream between a device and an onion service, encrypted end to end.
///
/// Writes are gathered into Tor's cells: nothing is sent for certain before a flush or a shutdown.
/// Dropping it closes it. It lives no longer than the [`Tor`](crate::Tor) it came from.
///
/// Tor has no half-open streams: a shutdown ends both directions, so read the answer first. The other
/// side reads what was sent, then the end. That end is not authenticated beyond the circuit: what is
/// said over a stream carries its own lengths.
pub struct OnionStream {
    data: DataStream,
    /// The number of the circuit and the mark that keeps it open, for accepted streams.
    accepted_on: Option<(u64, Arc<()>)>,
}

impl OnionStream {
    pub(crate) fn opened(data: DataStream) -> OnionStream {
        OnionStream { data, accepted_on: None }
    }

    pub(crate) fn accepted(data: DataStream, circuit: u64, in_use: Arc<()>) -> OnionStream {
        OnionStream { data, accepted_on: Some((circuit, in_use)) }
    }

    /// For a stream that a service accepted: which of its circuits it came on, counted from 0 since the service began.
    ///
    /// A circuit belongs to one visitor, but a visitor can have many: this tells load apart, not people.
    pub fn circuit(&self) -> Option<u64> {
        self.accepted_on.as_ref().map(|(circuit, _)| *circuit)
    }
}

impl AsyncRead for OnionStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match AsyncRead::poll_read(Pin::new(&mut self.data), cx, buf) {
            Poll::Ready(Err(error)) if is_ordinary_end(&error) => Poll::Ready(Ok(())),
            outcome => outcome,
        }
    }
}

/// arti closes every stream with the reason "misc", and takes only "done" for an end when it reads.
fn is_ordinary_end(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<tor_proto::Error>());
    matches!(inner, Some(tor_proto::Error::EndReceived(EndReason::MISC)))
}

impl AsyncWrite for OnionStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.data), cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.data), cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        AsyncWrite::poll_shutdown(Pin::new(&mut self.data), cx)
    }
}
