//! The program itself: what it prints, and how it ends.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use pursuance_relay::{Relay, RelayConfig};

use crate::program::{Process, command, refusal, run};
use crate::rig::cell;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_stop_it_ends_in_order_and_has_said_nothing_about_anybody() {
    for signal in ["-TERM", "-INT"] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let process = Process::start(dir.path());
        let (address, port) = (process.address, process.port);
        let mut client = process.connect().await;
        client.post_cells(&[cell(1)], &address).await;
        client.get("/blocks/0/1").await;
        client.send(b"GET /etc/passwd?secret HTTP/1.1\r\nhost: visitor\r\n\r\n").await;
        client.answer().await.expect("404");
        let mut streaming = process.connect().await;
        streaming.send(b"GET /stream HTTP/1.1\r\nhost: x\r\n\r\n").await;
        streaming.head().await.expect("answered");
        process.signal(signal);
        let (success, out, err) = process.ended();
        assert!(success, "{err}");
        assert_eq!(out, "", "two lines and no more");
        let leaf = data_encoding::HEXLOWER.encode(&cell(1).leaf_hash().as_bytes()[..6]);
        for word in ["passwd", "secret", "visitor", "blocks", "127.0.0.1", &leaf, &address.onion_host()[..20]] {
            assert!(!err.contains(word), "{word} in {err}"); // L15
        }
        assert!(!dir.path().join("relay.sqlite-wal").exists());
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
        let printed = Command::new(env!("CARGO_BIN_EXE_pursuance-relay"))
            .args(["address", "--data"])
            .arg(dir.path())
            .output()
            .expect("runs");
        assert_eq!(String::from_utf8_lossy(&printed.stdout), format!("address {address}\n"));
    }
}

#[test]
fn every_way_not_to_start_has_its_sentence() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let said = |command: &mut Command| {
        let output = command.output().expect("runs");
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        String::from_utf8(output.stderr).expect("text")
    };
    let process = Process::start(dir.path());
    let second = said(command(dir.path()).args(["--listen", "127.0.0.1:0"]));
    assert!(second.contains("another pursuance-relay is already running"), "{second}");
    process.signal("-TERM");
    assert!(process.ended().0);
    for (address, sentence) in
        [("0.0.0.0:80", "others reach a relay over Tor alone"), ("localhost", "write an address and a port")]
    {
        let refused = said(command(dir.path()).args(["--listen", address]));
        assert!(refused.contains(sentence), "{refused}");
    }
    let missing = said(command(dir.path()).args(["--tor-config", "/nonexistent"]));
    assert!(missing.contains("the Tor settings in /nonexistent cannot be read"), "{missing}");
    let both = said(command(dir.path()).args(["--tor-config", "x", "--listen", "127.0.0.1:0"]));
    assert!(both.contains("cannot be used with"), "{both}");
    let size = said(command(dir.path()).args(["--listen", "127.0.0.1:0", "--max-disk", "many"]));
    assert!(size.contains("write a number with K, M, G or T"), "{size}");
    let empty = tempfile::tempdir().expect("a temporary directory");
    let none = said(Command::new(env!("CARGO_BIN_EXE_pursuance-relay")).args(["address", "--data"]).arg(empty.path()));
    assert!(none.contains("there is no relay in"), "{none}");
}

#[test]
fn a_directory_of_something_else_is_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("ours");
    let source = dir.path().join("source");
    Relay::open(&RelayConfig::new(&source)).expect("a relay").close();
    let homes = dir.path().join("homes");
    fs::create_dir(&homes).expect("ours");
    fs::write(homes.join("letter"), "Dear Zoe").expect("ours");
    open(&homes);
    let (from, into) = (source.to_str().expect("text"), homes.to_str().expect("text"));
    let refused = Relay::open(&RelayConfig::new(&homes)).map(Relay::close);
    assert_eq!((refused.is_err(), mode(&homes)), (true, 0o755));
    for arguments in [vec!["serve", "--listen", "127.0.0.1:0", "--data", into], vec!["restore", from, into]] {
        let said = refusal(&run(arguments));
        assert!(said.contains("holds other files and no relay"), "{said}");
        assert_eq!(mode(&homes), 0o755);
        assert_eq!(fs::read_dir(&homes).expect("ours").count(), 1);
    }
    // One that is empty, or a disk of its own, or a relay's, is made private.
    let empty = dir.path().join("empty");
    let disk = dir.path().join("disk");
    fs::create_dir_all(disk.join("lost+found")).expect("ours");
    fs::create_dir(&empty).expect("ours");
    fs::write(source.join("letter"), "Dear Zoe").expect("ours");
    for ours in [&empty, &disk, &source] {
        open(ours);
        Relay::open(&RelayConfig::new(ours)).expect("a relay").close();
        assert_eq!(mode(ours), 0o700);
    }
}

/// What its keys look like, however written.
fn spelled(data: &std::path::Path) -> Vec<Vec<u8>> {
    let db = rusqlite::Connection::open(data.join("relay.sqlite")).expect("opens");
    let seeds: [Vec<u8>; 2] = db
        .query_row("SELECT onion_seed, log_seed FROM relay", [], |row| Ok([row.get(0)?, row.get(1)?]))
        .expect("there has been a first start");
    let spell = |seed: Vec<u8>| {
        let part = &seed[..15];
        let texts = [
            data_encoding::HEXLOWER.encode(part),
            data_encoding::HEXUPPER.encode(part),
            data_encoding::BASE32_NOPAD.encode(part).to_lowercase(),
            data_encoding::BASE64.encode(part),
            format!("{part:?}").trim_matches(['[', ']']).to_owned(),
        ];
        texts.into_iter().map(String::into_bytes).chain([seed]).collect::<Vec<_>>()
    };
    seeds.into_iter().flat_map(spell).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_keys_are_in_no_message_and_in_no_core_file() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let data = dir.path().join("data");
    // Where a core file would be written, if the system writes one at all.
    let mut start = Command::new("sh");
    start.current_dir(dir.path()).args(["-c", "ulimit -c unlimited; exec \"$0\" \"$@\""]);
    start.arg(env!("CARGO_BIN_EXE_pursuance-relay")).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&data);
    start.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "full");
    let process = Process::of(start.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()));
    process.connect().await.post_cells(&[cell(1)], &process.address).await;
    let filter = std::fs::read_to_string(format!("/proc/{}/coredump_filter", process.child.id())).expect("proc(5)");
    assert_eq!(u32::from_str_radix(filter.trim(), 16), Ok(0), "no memory goes into a core file");
    let secrets = spelled(&data);
    let check = |what: &str, bytes: &[u8]| {
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret), "a key is in {what}");
        }
    };
    process.signal("-ABRT");
    let (success, _, said) = process.ended();
    assert!(!success);
    check("the log", said.as_bytes());
    for file in std::fs::read_dir(dir.path()).expect("ours") {
        let file = file.expect("ours");
        if file.path() != data {
            println!("{:?}: {} bytes", file.file_name(), file.metadata().expect("ours").len());
            check("a core file", &std::fs::read(file.path()).expect("ours"));
        }
    }
    // Whatever goes wrong with the files.
    let (database, record) = (data.join("relay.sqlite"), data.join("newest-checkpoint"));
    let good = std::fs::read(&database).expect("there");
    let folder = data.to_str().expect("text");
    let verbs = [
        vec!["check", folder],
        vec!["address", "--data", folder],
        vec!["serve", "--data", folder, "--listen", "127.0.0.1:0"],
    ];
    for broken in [vec![0; 20_000], good[..good.len() / 2].to_vec(), [&good[..100], &[9; 30_000]].concat()] {
        std::fs::write(&database, broken).expect("ours");
        std::fs::write(&record, b"garbage").expect("ours");
        for arguments in &verbs {
            let output = run(arguments.iter().copied());
            assert!(output.status.code() == Some(1) || arguments[0] == "address", "{output:?}");
            check("a message", &[output.stdout, output.stderr].concat());
        }
    }
}
