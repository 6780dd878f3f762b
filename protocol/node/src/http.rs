//! HTTP/1.1 to one relay over one stream: fixed headers out, bounded answers in (docs/protocol/08-node.md, section 4).

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{HOST, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// Bytes of an answer's status line and headers.
pub const MAX_HEAD_BYTES: usize = 8_192;

/// Headers of an answer.
pub const MAX_HEADERS: usize = 16;

/// The slowest that an answer may come once the time has passed that it has by itself: half of what a line of 20 kbit/s brings.
pub const LEAST_BYTES_PER_SECOND: u32 = 1_250;

/// How long a relay may take, so that a bad one holds nobody up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// From the request to the head of the answer.
    pub head: Duration,
    /// Between two pieces of an answer's body.
    pub idle: Duration,
    /// From the request to the end of the answer, besides what its length takes at [`LEAST_BYTES_PER_SECOND`].
    pub answer: Duration,
}

impl Patience {
    /// For Tor on a slow day: a minute there and a minute back.
    pub const DEFAULT: Self =
        Self { head: Duration::from_secs(180), idle: Duration::from_secs(120), answer: Duration::from_secs(300) };
}

/// Why a request has no usable answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The stream ended before an answer was whole.
    #[error("the relay ended the connection without an answer")]
    Nothing,
    /// The relay took longer than [`Patience`] has; or 408: the request did so on its way.
    #[error("the relay took too long")]
    Slow,
    /// What came is not HTTP/1.1, or has more head than allowed.
    #[error("the relay's answer is not HTTP")]
    Garbage,
    /// The body is longer than what was asked for can be.
    #[error("the relay's answer is longer than {max_bytes} bytes")]
    TooLong {
        /// The limit.
        max_bytes: usize,
    },
    /// 404: the relay has no such thing.
    #[error("the relay does not have it")]
    NotFound,
    /// 410: the relay had it and keeps it no longer.
    #[error("the relay does not have it any more")]
    Gone,
    /// 429 or 503: later, please.
    #[error("the relay is overloaded")]
    Busy,
    /// Any other status.
    #[error("the relay refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
}

/// A connection for one purpose; requests go one after the other.
pub struct Http {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    patience: Patience,
    driver: JoinHandle<()>,
}

impl Drop for Http {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Http {
    /// Begins to speak HTTP over an open stream; `host` is the relay's onion name, whatever the stream goes through.
    ///
    /// # Errors
    /// [`HttpError::Nothing`] if the stream is dead already.
    pub async fn open<S>(stream: S, host: &str, patience: Patience) -> Result<Self, HttpError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let host = HeaderValue::from_str(host).map_err(|_| HttpError::Nothing)?;
        let (sender, connection) = Builder::new()
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| HttpError::Nothing)?;
        let driver = tokio::spawn(async move {
            // Its error reaches the request that is under way.
            let _ = connection.await;
        });
        Ok(Self { sender, host, patience, driver })
    }

    /// Fetches `path`; the body is at most `max_bytes` long.
    ///
    /// # Errors
    /// [`HttpError`]; after any but `NotFound` and `Gone` the connection should be given up.
    pub async fn fetch(&mut self, path: &str, max_bytes: usize) -> Result<Bytes, HttpError> {
        self.ask(Method::GET, path, Bytes::new(), max_bytes).await
    }

    /// Posts `body` to `path`; the answer's body is at most `max_bytes` long.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn post(&mut self, path: &str, body: Bytes, max_bytes: usize) -> Result<Bytes, HttpError> {
        self.ask(Method::POST, path, body, max_bytes).await
    }

    /// Fetches `path`, whose body does not end by itself.
    ///
    /// # Errors
    /// [`HttpError`].
    pub async fn follow(mut self, path: &str) -> Result<Following, HttpError> {
        let answer = timeout(self.patience.head, self.head(Method::GET, path, Bytes::new()))
            .await
            .map_err(|_| HttpError::Slow)??;
        Ok(Following { body: answer.into_body(), _http: self })
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes, max_bytes: usize) -> Result<Bytes, HttpError> {
        let (patience, asked) = (self.patience, Instant::now());
        let head = patience.head.min(patience.answer);
        let answer = timeout(head, self.head(method, path, body)).await.map_err(|_| HttpError::Slow)??;
        whole(answer.into_body(), max_bytes, patience, asked).await
    }

    async fn head(&mut self, method: Method, path: &str, body: Bytes) -> Result<Response<Incoming>, HttpError> {
        self.sender.ready().await.map_err(|_| HttpError::Nothing)?;
        // Nothing but `host` and, by hyper, a post's `content-length`: all clients send the same bytes.
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host)
            .body(Full::new(body))
            .expect("a path of ours and a checked host make a request");
        let answer = self.sender.send_request(request).await.map_err(|error| blame(&error))?;
        match answer.status() {
            StatusCode::OK => Ok(answer),
            StatusCode::NOT_FOUND => Err(HttpError::NotFound),
            StatusCode::GONE => Err(HttpError::Gone),
            // What was sent came too slowly: nobody's fault.
            StatusCode::REQUEST_TIMEOUT => Err(HttpError::Slow),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Err(HttpError::Busy),
            status => Err(HttpError::Refused { status: status.as_u16() }),
        }
    }
}

/// An answer that does not end by itself.
pub struct Following {
    body: Incoming,
    _http: Http,
}

impl Following {
    /// The next piece of the body; `None` when the relay ended it.
    ///
    /// # Errors
    /// [`HttpError::Slow`] when nothing came for `idle`.
    pub async fn piece(&mut self, idle: Duration) -> Result<Option<Bytes>, HttpError> {
        piece(&mut self.body, idle).await
    }
}

async fn whole(mut body: Incoming, max_bytes: usize, patience: Patience, asked: Instant) -> Result<Bytes, HttpError> {
    let mut bytes = BytesMut::new();
    loop {
        // What has come earns more time; a drip earns none.
        let earned = Duration::from_secs_f64(bytes.len() as f64 / f64::from(LEAST_BYTES_PER_SECOND));
        let left = (patience.answer + earned).saturating_sub(asked.elapsed());
        let Some(piece) = piece(&mut body, patience.idle.min(left)).await? else { break };
        if bytes.len() + piece.len() > max_bytes {
            return Err(HttpError::TooLong { max_bytes });
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

async fn piece(body: &mut Incoming, idle: Duration) -> Result<Option<Bytes>, HttpError> {
    loop {
        match timeout(idle, body.frame()).await.map_err(|_| HttpError::Slow)? {
            None => return Ok(None),
            Some(Err(error)) => return Err(blame(&error)),
            // Trailers say nothing to us.
            Some(Ok(frame)) => {
                if let Ok(piece) = frame.into_data() {
                    return Ok(Some(piece));
                }
            }
        }
    }
}

fn blame(error: &hyper::Error) -> HttpError {
    let chunked_nonsense =
        std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>()).is_some_and(
            |source| matches!(source.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData),
        );
    if error.is_parse() || error.is_parse_status() || error.is_user() || chunked_nonsense {
        HttpError::Garbage
    } else {
        HttpError::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    const SHORT: Patience = Patience {
        head: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        answer: Duration::from_millis(600),
    };

    /// A relay that reads one request and then does whatever the test wants; hands the request back.
    fn relay<F, R>(what: F) -> (DuplexStream, JoinHandle<String>)
    where
        F: FnOnce(DuplexStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send,
    {
        let (ours, mut theirs) = duplex(64 * 1024);
        let task = tokio::spawn(async move {
            let mut request = Vec::new();
            while !request.windows(4).any(|four| four == b"\r\n\r\n") {
                let mut piece = [0; 1024];
                match theirs.read(&mut piece).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => request.extend_from_slice(&piece[..read]),
                }
            }
            what(theirs).await;
            String::from_utf8(request).unwrap()
        });
        (ours, task)
    }

    async fn fetch_from(bytes: &'static [u8]) -> Result<Bytes, HttpError> {
        let (stream, _task) = relay(move |mut stream| async move {
            let _ = stream.write_all(bytes).await;
            // Held open: only what was sent decides.
            tokio::time::sleep(Duration::from_secs(5)).await;
        });
        Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/checkpoint", 10).await
    }

    #[tokio::test]
    async fn a_request_is_these_bytes_and_no_others() {
        let (stream, task) = relay(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        });
        let mut http = Http::open(stream, "x.onion", SHORT).await.unwrap();
        assert_eq!(http.fetch("/checkpoint", 10).await.as_deref(), Ok(&b"ok"[..]));
        assert_eq!(task.await.unwrap(), "GET /checkpoint HTTP/1.1\r\nhost: x.onion\r\n\r\n");

        let (stream, task) = relay(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        });
        let mut http = Http::open(stream, "x.onion", SHORT).await.unwrap();
        assert_eq!(http.post("/post", Bytes::from_static(b"body"), 10).await.as_deref(), Ok(&b"ok"[..]));
        assert!(task.await.unwrap().starts_with("POST /post HTTP/1.1\r\nhost: x.onion\r\ncontent-length: 4\r\n\r\n"));
    }

    #[tokio::test]
    async fn garbage_has_its_error() {
        for garbage in [
            &b"220 smtp.example ESMTP\r\n\r\n"[..],
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            assert_eq!(fetch_from(garbage).await, Err(HttpError::Garbage), "{}", String::from_utf8_lossy(garbage));
        }
    }

    #[tokio::test]
    async fn an_endless_head_is_cut_off() {
        let (stream, _task) = relay(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while stream.write_all(b"x-more: and more and more and more and more\r\n").await.is_ok() {}
        });
        let got = Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/", 10).await;
        assert_eq!(got, Err(HttpError::Garbage));
    }

    #[tokio::test]
    async fn statuses_have_their_errors() {
        for (status, error) in [
            ("404 Not Found", HttpError::NotFound),
            ("410 Gone", HttpError::Gone),
            ("408 Request Timeout", HttpError::Slow),
            ("429 Too Many Requests", HttpError::Busy),
            ("503 Service Unavailable", HttpError::Busy),
            ("302 Found", HttpError::Refused { status: 302 }),
            ("204 No Content", HttpError::Refused { status: 204 }),
        ] {
            let answer: &'static str = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").leak();
            assert_eq!(fetch_from(answer.as_bytes()).await, Err(error));
        }
    }

    #[tokio::test]
    async fn nothing_is_an_answer_that_ends_early() {
        for half in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"] {
            let (stream, _task) = relay(move |mut stream| async move {
                let _ = stream.write_all(half).await;
            });
            let got = Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/", 10).await;
            assert_eq!(got, Err(HttpError::Nothing), "{}", String::from_utf8_lossy(half));
        }
    }

    #[tokio::test]
    async fn too_long_is_cut_off_before_it_is_taken() {
        let eleven = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890";
        assert_eq!(fetch_from(eleven).await, Err(HttpError::TooLong { max_bytes: 10 }));
        let (stream, _task) = relay(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {}
        });
        let got = Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/", 1_000).await;
        assert_eq!(got, Err(HttpError::TooLong { max_bytes: 1_000 }));
    }

    #[tokio::test]
    async fn slow_is_cut_off_at_every_stage() {
        assert_eq!(fetch_from(b"").await, Err(HttpError::Slow));
        assert_eq!(fetch_from(b"HTTP/1.1 200 OK\r\n").await, Err(HttpError::Slow));
        assert_eq!(fetch_from(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await, Err(HttpError::Slow));
        // A drip that never pauses for long is ended by the limit on the whole.
        let (stream, _task) = relay(|mut stream| async move {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            while stream.write_all(b"1\r\nx\r\n").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
        let got = Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/", 1_000).await;
        assert_eq!(got, Err(HttpError::Slow));
    }

    #[tokio::test]
    async fn what_comes_steadily_may_take_as_long_as_it_is() {
        const PIECES: usize = 40;
        let (stream, _task) = relay(|mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", PIECES * 100);
            let _ = stream.write_all(head.as_bytes()).await;
            for _ in 0..PIECES {
                tokio::time::sleep(Duration::from_millis(40)).await;
                let _ = stream.write_all(&[b'x'; 100]).await;
            }
        });
        let began = Instant::now();
        let got = Http::open(stream, "x.onion", SHORT).await.unwrap().fetch("/", 10_000).await;
        assert_eq!(got.map(|bytes| bytes.len()), Ok(PIECES * 100));
        assert!(began.elapsed() > 2 * SHORT.answer, "it took longer than an answer has by itself");
    }

    #[tokio::test]
    async fn an_answer_without_end_is_followed() {
        let (stream, _task) = relay(|mut stream| async move {
            stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n").await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
            stream.write_all(b"5\r\nthere\r\n0\r\n\r\n").await.unwrap();
        });
        let mut following = Http::open(stream, "x.onion", SHORT).await.unwrap().follow("/stream").await.unwrap();
        assert_eq!(following.piece(SHORT.idle).await, Ok(Some(Bytes::from_static(b"hello"))));
        assert_eq!(following.piece(SHORT.idle).await, Ok(Some(Bytes::from_static(b"there"))));
        assert_eq!(following.piece(SHORT.idle).await, Ok(None));
    }
}
