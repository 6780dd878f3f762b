//! One window for a folder: a second start hands its invite to the program that is open, and ends
//! (docs/user-guide.md, "Starting it").
//!
//! ```text
//! second start --folder is in use--> window.socket: LINK or nothing, end --> first: comes to the front, shows the link
//!                                                            <-- one byte: taken
//! ```
//!
//! The socket lies in the folder, which is closed to everybody else on the computer. Whoever can write to it can as well
//! replace the folder; all that comes of a line is a text in the field for invites.

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{self, UnixStream};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use zeroize::Zeroizing;

/// The socket's name in the data folder.
const SOCKET: &str = "window.socket";
/// Longest text that is taken; a link is shorter, and what is longer is no link.
const MAX_LINE_BYTES: u64 = 1_024;
/// What the open program answers.
const TAKEN: [u8; 1] = [1];
/// How long either side waits for the other.
const WAIT: Duration = Duration::from_secs(2);

/// Asks the program that has this folder open to come to the front, and to show an invite if there is one.
///
/// # Errors
/// When no program answers there: it has no window, or is ending.
pub fn hand_over(data_dir: &Path, invite: Option<&str>) -> io::Result<()> {
    let mut stream = UnixStream::connect(data_dir.join(SOCKET))?;
    stream.set_read_timeout(Some(WAIT))?;
    stream.set_write_timeout(Some(WAIT))?;
    stream.write_all(invite.unwrap_or_default().as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = [0; TAKEN.len()];
    stream.read_exact(&mut answer)?;
    if answer == TAKEN { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Takes what second starts hand over, one at a time, until it is dropped. Call with the folder locked: whatever lies there
/// under the socket's name is of a program that has ended.
///
/// # Errors
/// When there can be no socket, such as in a folder whose path is too long for one.
pub fn listen<Take>(data_dir: &Path, mut take: Take) -> io::Result<impl Future<Output = ()> + use<Take>>
where
    Take: FnMut(Option<Zeroizing<String>>),
{
    let path = data_dir.join(SOCKET);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = net::UnixListener::bind(&path)?;
    listener.set_nonblocking(true)?;
    Ok(async move {
        // From here on there is a runtime around it.
        let listener = match UnixListener::from_std(listener) {
            Ok(listener) => listener,
            Err(error) => return tracing::warn!("a second start will not find this one: {error}"),
        };
        loop {
            let one = async {
                let (mut stream, _) = listener.accept().await?;
                let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE_BYTES as usize + 1));
                let mut some = (&mut stream).take(MAX_LINE_BYTES + 1);
                tokio::time::timeout(WAIT, some.read_to_end(&mut line)).await??;
                let text = std::str::from_utf8(&line).ok().filter(|_| line.len() as u64 <= MAX_LINE_BYTES);
                let text = text.ok_or(io::ErrorKind::InvalidData)?;
                take((!text.is_empty()).then(|| Zeroizing::new(text.to_owned())));
                stream.write_all(&TAKEN).await
            };
            if let Err(error) = one.await {
                tracing::warn!("a second start could not hand over: {error}");
                // Whatever is wrong with the socket is not tried again without a breath.
                tokio::time::sleep(WAIT).await;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    type Taken = Arc<Mutex<Vec<Option<String>>>>;

    fn listening(dir: &Path) -> (Taken, tokio::task::JoinHandle<()>) {
        let taken = Taken::default();
        let keep = taken.clone();
        let listening = listen(dir, move |invite| keep.lock().unwrap().push(invite.map(|link| link.to_string())));
        (taken, tokio::spawn(listening.unwrap()))
    }

    async fn hand(dir: &Path, invite: Option<&'static str>) -> io::Result<()> {
        let dir = dir.to_owned();
        tokio::task::spawn_blocking(move || hand_over(&dir, invite)).await.unwrap()
    }

    #[tokio::test]
    async fn a_second_start_is_heard_and_told_so() {
        let dir = tempfile::tempdir().unwrap();
        assert!(hand(dir.path(), None).await.is_err(), "nobody is there");
        let (taken, task) = listening(dir.path());
        hand(dir.path(), Some("pursuance:abc")).await.unwrap();
        hand(dir.path(), None).await.unwrap();
        assert_eq!(*taken.lock().unwrap(), [Some("pursuance:abc".into()), None]);
        // The next program takes the place of one that left its socket behind.
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
        assert!(dir.path().join(SOCKET).exists());
        assert!(hand(dir.path(), None).await.is_err());
        let (taken, _task) = listening(dir.path());
        hand(dir.path(), None).await.unwrap();
        assert_eq!(taken.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_is_no_line_is_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let (taken, _task) = listening(dir.path());
        let long = "x".repeat(MAX_LINE_BYTES as usize + 1);
        assert!(hand(dir.path(), Some(long.leak())).await.is_err());
        let path = dir.path().join(SOCKET);
        let answered = tokio::task::spawn_blocking(move || {
            let mut stream = UnixStream::connect(path)?;
            stream.write_all(&[0xff])?;
            stream.shutdown(Shutdown::Write)?;
            stream.read_exact(&mut [0])
        });
        assert!(answered.await.unwrap().is_err());
        assert!(taken.lock().unwrap().is_empty());
    }
}
