//! Bytes through the onion room: there and back, isolated, with typed errors, leaving no key on disk.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use data_encoding::{BASE32_NOPAD, BASE64, BASE64_NOPAD, HEXLOWER};
use pursuance_onion::{Isolation, OnionError, OnionKey, OnionService, OnionStream, Tor};
use pursuance_tests::tornet::{TorNet, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PORT: u16 = 80;
const DEADLINE_SECONDS: u64 = 180;
const ECHO_BYTES: usize = 64 * 1024;

const SEED: [u8; 32] = *b"\x8f\x1e\xd0\x4b\x77\xc2\x39\xaa\x05\xe1\x9c\x6d\x52\xb8\xf3\x2c\xd4\x60\x1b\xee\x83\x97\x4f\x28\xbd\x16\x73\xca\x0e\xf5\x9a\x41";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_go_there_and_back_and_leave_no_key_behind() {
    let net = tokio::task::spawn_blocking(TorNet::shared).await;
    let net = net.unwrap_or_else(|failed| std::panic::resume_unwind(failed.into_panic()));
    let limit = Duration::from_secs(DEADLINE_SECONDS);
    tokio::time::timeout(limit, there_and_back(net, Instant::now() + limit)).await.expect("done within the deadline");
}

async fn there_and_back(net: &TorNet, deadline: Instant) {
    let began = Instant::now();
    let at = |what: &str| println!("{:5.1} s  {what}", began.elapsed().as_secs_f32());
    let dir = tempfile::tempdir().expect("a temporary directory");
    let home = Tor::start(net.tor_config(&dir.path().join("service"))).expect("starts");
    let away = Tor::start(net.tor_config(&dir.path().join("visitor"))).expect("starts");
    assert!(matches!(Tor::start(net.tor_config(&dir.path().join("visitor"))), Err(OnionError::DirectoryInUse { .. })));

    let key = OnionKey::from_seed(&SEED);
    let onion = key.public();
    let service = home.serve(&key, PORT).await.expect("serves");
    assert_eq!(service.onion(), onion);
    assert!(matches!(home.serve(&key, PORT).await, Err(OnionError::AlreadyServed)));
    let serving = tokio::spawn(echo(service));

    away.ready().await.expect("bootstraps");
    at("visitor bootstrapped");
    assert!(away.progress().borrow().ready && away.progress().borrow().percent == 100);

    let one = Isolation::new();
    let mut first = until(deadline, || away.connect(&onion, PORT, &one)).await.expect("connects");
    at("first stream");
    let circuit = first.read_u64().await.expect("the service says which circuit");
    let sent: Vec<u8> = (0..ECHO_BYTES).map(|i| (i * 31 % 251) as u8).collect();
    assert_eq!(exchange(first, &sent).await, sent);
    at("64 KiB there and back");

    let (same, two) = (one.clone(), Isolation::new());
    let mut again = until(deadline, || away.connect(&onion, PORT, &same)).await.expect("connects");
    assert_eq!(again.read_u64().await.expect("circuit"), circuit, "one isolation shares its circuit");
    let mut other = until(deadline, || away.connect(&onion, PORT, &two)).await.expect("connects");
    assert_ne!(other.read_u64().await.expect("circuit"), circuit, "two isolations share nothing");
    at("isolation seen");

    let mut whole = Vec::new();
    let mut closing = until(deadline, || away.connect(&onion, PORT, &same)).await.expect("connects");
    closing.write_all(b"bye").await.expect("the stream holds");
    closing.flush().await.expect("the stream holds");
    closing.read_to_end(&mut whole).await.expect("what was sent before the end arrives, and the end is no error");
    assert_eq!(whole, [&circuit.to_be_bytes()[..], b"bye"].concat());

    assert!(
        matches!(away.connect(&[2; 32], PORT, &one).await, Err(OnionError::BadAddress)),
        "not a point of the curve"
    );
    let nobody = OnionKey::from_seed(&[9; 32]).public();
    let missing = away.connect(&nobody, PORT, &Isolation::new()).await.err();
    assert!(matches!(missing, Some(OnionError::NotFound)), "{missing:?}");
    at("unknown address turned down");
    let refused = away.connect(&onion, PORT + 1, &Isolation::new()).await.err();
    assert!(matches!(refused, Some(OnionError::PathFailed)), "the service closes the circuit: {refused:?}");
    at("unknown port turned down");

    // What arti saves while it runs, and what is left when it has ended.
    let forms = forms_of(&key);
    assert_nothing_on_disk(dir.path(), &forms);
    drop((again, other));
    serving.abort();
    let _ = serving.await;
    home.stop().await;
    assert_nothing_on_disk(dir.path(), &forms);
    let gone = away.connect(&onion, PORT, &Isolation::new()).await.err();
    at("stopped service turned down");
    assert!(matches!(gone, Some(OnionError::Unreachable | OnionError::TimedOut)), "{gone:?}");

    let home = Tor::start(net.tor_config(&dir.path().join("service"))).expect("the directories are free again");
    let again = tokio::spawn(echo(home.serve(&key, PORT).await.expect("serves again")));
    let late = Isolation::new();
    let mut found = until(deadline, || away.connect(&onion, PORT, &late)).await.expect("found again");
    assert_eq!(found.read_u64().await.expect("circuit"), 0, "circuits are counted from the start of the service");
    at("restarted service found");
    assert_nothing_on_disk(dir.path(), &forms);
    again.abort();
}

/// Answers each stream with the number of its circuit, then with what it receives, up to "bye".
async fn echo(mut service: OnionService) {
    while let Some(stream) = service.accept().await {
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: OnionStream) -> std::io::Result<()> {
    stream.write_u64(stream.circuit().expect("accepted streams have one")).await?;
    stream.flush().await?;
    let mut part = [0; 4096];
    loop {
        let length = stream.read(&mut part).await?;
        stream.write_all(&part[..length]).await?;
        if length == 0 || &part[..length] == b"bye" {
            return stream.shutdown().await;
        }
        stream.flush().await?;
    }
}

async fn exchange(stream: OnionStream, sent: &[u8]) -> Vec<u8> {
    let (mut from, mut to) = tokio::io::split(stream);
    let mut received = vec![0; sent.len()];
    let send = async {
        to.write_all(sent).await?;
        to.flush().await
    };
    tokio::try_join!(send, from.read_exact(&mut received)).expect("the stream holds");
    received
}

/// Every byte sequence that would give the key or the address away, each with what it is.
fn forms_of(key: &OnionKey) -> Vec<(&'static str, Vec<u8>)> {
    let secret = key.secret();
    let public = key.public();
    let parts: [(&str, &[u8]); 4] =
        [("seed", &SEED), ("secret scalar", &secret[..32]), ("secret prefix", &secret[32..]), ("public key", &public)];
    let mut forms = Vec::new();
    for (what, bytes) in parts {
        // The last character or two of these texts depends on what follows the bytes.
        let base64 = BASE64_NOPAD.encode(bytes);
        let base32 = BASE32_NOPAD.encode(bytes);
        let hex = HEXLOWER.encode(bytes);
        forms.push((what, bytes.to_vec()));
        forms.push((what, base64.as_bytes()[..42].to_vec()));
        forms.push((what, base32.as_bytes()[..51].to_vec()));
        forms.push((what, base32.to_lowercase().as_bytes()[..51].to_vec()));
        forms.push((what, hex.to_uppercase().into_bytes()));
        forms.push((what, hex.into_bytes()));
    }
    forms
}

fn assert_nothing_on_disk(dir: &Path, forms: &[(&'static str, Vec<u8>)]) {
    let found = found_on_disk(dir, forms);
    assert!(found.is_empty(), "{found:#?}");
}

/// Looks into all names and contents below a directory, and fails if there is nothing to look into.
fn found_on_disk(dir: &Path, forms: &[(&'static str, Vec<u8>)]) -> Vec<String> {
    let mut found = Vec::new();
    let mut files = 0;
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir).expect("our own directory") {
            let path = entry.expect("our own directory").path();
            let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
            if path.is_dir() {
                todo.push(path.clone());
            } else if let Ok(content) = fs::read(&path) {
                files += 1;
                bytes.push(0);
                bytes.extend(unarmoured(&content));
                bytes.push(0);
                bytes.extend(content);
            }
            for (what, form) in forms {
                if bytes.windows(form.len()).any(|window| window == form) {
                    found.push(format!("{what} in {}", path.display()));
                }
            }
        }
    }
    assert!(files > 0, "nothing was saved, so nothing was looked at");
    found
}

/// What a file of base64 between `-----` lines holds, which is how arti would write a key; nothing for other files.
fn unarmoured(content: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(content);
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64.decode(body.as_bytes()).unwrap_or_default()
}

#[test]
fn a_key_on_disk_would_be_found() {
    let key = OnionKey::from_seed(&SEED);
    let forms = forms_of(&key);
    let dir = tempfile::tempdir().expect("a temporary directory");
    fs::write(dir.path().join("harmless"), [0; 100]).expect("writable");
    assert!(found_on_disk(dir.path(), &forms).is_empty());
    fs::create_dir(dir.path().join(BASE32_NOPAD.encode(&key.public()).to_lowercase())).expect("writable");
    let scalar = [&[7; 5], &key.secret()[..32], &[7; 5]].concat();
    let prefix = BASE64.encode(&[&[7; 7], &key.secret()[32..], &[7; 6]].concat());
    fs::write(dir.path().join("raw"), scalar).expect("writable");
    fs::write(dir.path().join("pem"), format!("-----BEGIN\n{}\n{}\n-----END\n", &prefix[..30], &prefix[30..]))
        .expect("writable");
    fs::write(dir.path().join("seed"), format!("seed = {}", BASE64_NOPAD.encode(&SEED))).expect("writable");
    let mut found = found_on_disk(dir.path(), &forms);
    found.iter_mut().for_each(|line| line.truncate(line.find(" in ").expect("a path follows")));
    found.sort();
    assert_eq!(found, ["public key", "secret prefix", "secret scalar", "seed"]);
}
