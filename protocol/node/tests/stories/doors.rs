//! A door before a relay: whatever passes is somebody's to count, or to hold up.

use std::net::SocketAddr;

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Which way something passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToRelay,
    FromRelay,
}

/// Opens a door; each connection through it is passed on, both ways at once, until it ends.
pub async fn door<F>(
    relay: SocketAddr,
    pass: impl Fn(OwnedReadHalf, OwnedWriteHalf, Way) -> F + Clone + Send + Sync + 'static,
) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (near, _) = listener.accept().await.unwrap();
            let pass = pass.clone();
            tokio::spawn(async move {
                // A relay that is gone is gone behind its door too.
                let Ok(far) = TcpStream::connect(relay).await else { return };
                let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                tokio::join!(pass(from_near, to_far, Way::ToRelay), pass(from_far, to_near, Way::FromRelay));
            });
        }
    });
    at
}
