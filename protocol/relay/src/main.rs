//! `pursuance-relay`: runs a relay (`docs/operator-guide.md`).

use std::io::{self, IsTerminal, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use pursuance_onion::{OnionKey, OnionService, Tor, TorConfig, log_filter};
use pursuance_relay::limits::{DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_DISK_BYTES, DEFAULT_RETENTION_DAYS, Patience};
use pursuance_relay::{Checked, Relay, RelayConfig, RelayError, backup, check, read_address, restore};
use pursuance_wire::limits::{MAX_EVIDENCE_BYTES, MAX_RETENTION_DAYS, MAX_SLOT_SECONDS};
use pursuance_wire::log::{Evidence, EvidenceError};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

const ONION_PORT: u16 = 80;

/// A relay for Pursuance: keeps sealed messages of fixed size in order and hands them out to anybody
/// who asks. It cannot read them, and does not know whose they are.
#[derive(Parser)]
#[command(name = "pursuance-relay", version)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run the relay until it is told to stop (Ctrl-C or SIGTERM)
    ///
    /// The first start makes the data directory and the relay's keys. When the relay is ready, one line
    /// "address ..." is printed: this is what people enter in the app. Everything else goes to standard
    /// error, and holds nothing about visitors or contents.
    Serve(ServeArgs),
    /// Check a whole log without changing anything: a data directory, also while its relay runs, or a backup
    ///
    /// Prints one line with what was looked at, and one for each thing that is wrong. Ends with 0 if nothing is.
    Check {
        /// A data directory, a copy of one, or the file of a backup
        #[arg(value_name = "DIR|FILE")]
        path: PathBuf,
    },
    /// Write a backup of the log to a new file, also while the relay runs; the keys are not in it
    Backup {
        /// The data directory
        #[arg(value_name = "DIR")]
        data: PathBuf,
        /// The file to be made
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Make a new relay, with new keys and a new address, of a backup or of an old copy
    ///
    /// Never with the old keys: a relay that goes back to an older copy signs a second history, and its visitors hold
    /// the proof.
    Restore {
        /// A backup, a relay.sqlite, or a data directory that no relay runs on
        #[arg(value_name = "FILE|DIR")]
        from: PathBuf,
        /// The data directory of the new relay
        #[arg(value_name = "NEW-DIR")]
        data: PathBuf,
    },
    /// Check a proof of misconduct that somebody's app wrote; nothing but the file is needed
    ///
    /// Prints whom it convicts, by the second half of their relay address, and of what. Ends with 0 only if it does.
    VerifyEvidence {
        /// The file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Print the address of the relay in a data directory
    Address {
        /// Where the relay keeps its keys and its log
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
    },
}

#[derive(Args)]
struct ServeArgs {
    /// Where the relay keeps its keys and its log; made at the first start
    ///
    /// Whoever has this directory can pretend to be the relay. Never start a copy of it a second time,
    /// and never go back to an older copy: clients would notice and hold a proof against the relay.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Serve loopback connections instead of an onion service; for trying things out
    ///
    /// Only an address of this computer, such as 127.0.0.1:8080; port 0 takes any free port. A second line
    /// "listening ..." is printed.
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback)]
    listen: Option<SocketAddr>,

    /// How many seconds a slot takes: new messages become visible at its end [default at the first start: 60]
    ///
    /// Fixed by the first start.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SLOT_SECONDS)))]
    slot_seconds: Option<u32>,

    /// After how many days messages are dropped
    #[arg(long, value_name = "DAYS", default_value_t = DEFAULT_RETENTION_DAYS,
          value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_RETENTION_DAYS)))]
    retention_days: u32,

    /// How large the log may grow, for example 500M or 20G; beyond it posts are refused
    #[arg(long, value_name = "SIZE", default_value_t = Size(DEFAULT_MAX_DISK_BYTES), value_parser = size)]
    max_disk: Size,

    /// How many visitors are served at once
    #[arg(long, value_name = "COUNT", default_value_t = DEFAULT_MAX_CONNECTIONS)]
    max_connections: usize,

    /// Settings for Tor, in the TOML form of arti; for bridges, or for a Tor network of your own
    #[arg(long, value_name = "FILE", conflicts_with = "listen")]
    tor_config: Option<PathBuf>,
}

/// A number of bytes as operators write it.
#[derive(Clone, Copy)]
struct Size(u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            bytes if bytes % (1 << 30) == 0 => write!(f, "{}G", bytes >> 30),
            bytes if bytes % (1 << 20) == 0 => write!(f, "{}M", bytes >> 20),
            bytes => write!(f, "{bytes}"),
        }
    }
}

/// Why the program ends early.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Relay(#[from] RelayError),
    #[error("the Tor settings in {} cannot be read: {source}", path.display())]
    TorConfig { path: PathBuf, source: io::Error },
    #[error("{} cannot be read: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("this convicts nobody: {0}")]
    NoEvidence(#[from] EvidenceError),
    #[error("the log is not sound")]
    Unsound,
    #[error("the relay ended by itself: start it again")]
    Ended,
    #[error("the system refused what every program needs: {0}")]
    System(io::Error),
}

fn main() -> ExitCode {
    leave_no_memory();
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(log_filter("warn,pursuance_relay=info")))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .init();
    let outcome = match &cli.verb {
        Verb::Serve(args) => run(args),
        Verb::Check { path } => check(path).map_err(Failure::from).and_then(|checked| report("checked", &checked)),
        Verb::Backup { data, file } => {
            backup(data, file).map_err(Failure::from).and_then(|checked| report("backup", &checked))
        }
        Verb::Restore { from, data } => restore(from, data).map_err(Failure::from).and_then(|restored| {
            say("restored", format_args!("{} cells", restored.cells))?;
            say("address", restored.address)
        }),
        Verb::VerifyEvidence { file } => verify_evidence(file),
        Verb::Address { data } => read_address(data).map_err(Failure::from).and_then(|address| say("address", address)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pursuance-relay: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &ServeArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::System)?;
    let relay = Relay::open(&RelayConfig {
        data: args.data.clone(),
        slot_seconds: args.slot_seconds,
        retention_days: args.retention_days,
        max_disk_bytes: args.max_disk.0,
        max_connections: args.max_connections,
        patience: Patience::default(),
    })?;
    let outcome = runtime.block_on(serve(&relay, args));
    // Posts that were taken are finished even if serving failed.
    relay.close();
    outcome
}

async fn serve(relay: &Relay, args: &ServeArgs) -> Result<(), Failure> {
    let mut told = Told::new()?;
    match args.listen {
        Some(address) => {
            let listener = TcpListener::bind(address).await.map_err(RelayError::Listen)?;
            let bound = listener.local_addr().map_err(RelayError::Listen)?;
            say("address", relay.address())?;
            say("listening", bound)?;
            serve_until_told(relay, listener, &mut told).await
        }
        None => {
            let starting = start_onion(relay.onion_key(), args);
            let (tor, service) = tokio::select! {
                started = starting => started?,
                () = told.wait() => return Ok(()),
            };
            say("address", relay.address())?;
            let outcome = serve_until_told(relay, service, &mut told).await;
            tor.stop().await;
            outcome
        }
    }
}

async fn serve_until_told<D: pursuance_relay::Door>(relay: &Relay, door: D, told: &mut Told) -> Result<(), Failure> {
    let mut serving = std::pin::pin!(relay.serve(door));
    tokio::select! {
        () = &mut serving => return Err(Failure::Ended),
        () = told.wait() => {}
    }
    tracing::info!("stopping");
    relay.stop();
    serving.await;
    Ok(())
}

async fn start_onion(key: &OnionKey, args: &ServeArgs) -> Result<(Tor, OnionService), Failure> {
    let toml = match &args.tor_config {
        Some(path) => {
            Some(std::fs::read_to_string(path).map_err(|source| Failure::TorConfig { path: path.clone(), source })?)
        }
        None => None,
    };
    let home = absolute(&args.data)?.join("tor");
    let config = TorConfig { state_dir: home.join("state"), cache_dir: home.join("cache"), toml, bridges: Vec::new() };
    let tor = Tor::start(config).map_err(RelayError::from)?;
    tracing::info!("connecting to Tor");
    let mut progress = tor.progress();
    let reported = async {
        let mut percent = 0;
        while progress.changed().await.is_ok() {
            let now = progress.borrow_and_update().percent;
            if now > percent {
                tracing::info!("connecting to Tor: {now} %");
                percent = now;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        ready = tor.ready() => ready.map_err(RelayError::from)?,
        () = reported => {}
    }
    let service = tor.serve(key, ONION_PORT).await.map_err(RelayError::from)?;
    Ok((tor, service))
}

fn absolute(path: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(path).map_err(|source| Failure::Relay(RelayError::DataDir { path: path.to_owned(), source }))
}

/// The signals by which an operator, or the system, ends the relay.
struct Told {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

impl Told {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(Failure::System)?,
            terminate: signal(SignalKind::terminate()).map_err(Failure::System)?,
        })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Says whom a proof convicts, and of what.
fn verify_evidence(path: &Path) -> Result<(), Failure> {
    let cannot = |source| Failure::File { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than any has, so that a longer one is told from the longest.
    let limit = MAX_EVIDENCE_BYTES as u64 + 1;
    std::fs::File::open(path).map_err(cannot)?.take(limit).read_to_end(&mut bytes).map_err(cannot)?;
    let evidence = Evidence::decode(&bytes)?;
    let accused = evidence.accused()?;
    evidence.verify(&accused)?;
    say("convicts", accused.origin())?;
    let of = match evidence {
        Evidence::TwoTrees { .. } => "it signed two checkpoints that no honest log has both",
        Evidence::NotAPrefix { .. } => "it signed a log that is not the beginning of the log that it signed later",
        Evidence::BrokenReceipt { .. } => "it signed for something that is not in its log",
    };
    say("of", of)
}

/// Says what a check has looked at and found.
fn report(what: &str, checked: &Checked) -> Result<(), Failure> {
    let Checked { cells, held, checkpoints, levels, findings, more } = checked;
    say(what, format_args!("{cells} cells, {held} of them held, {levels} tile levels, {checkpoints} checkpoints"))?;
    if findings.is_empty() {
        return say("sound", "all of it belongs together");
    }
    for finding in findings {
        say("wrong", finding)?;
    }
    if *more {
        say("wrong", "and more")?;
    }
    Err(Failure::Unsound)
}

/// Keeps the keys out of what a crash may leave on the disk: no memory of this process goes into a core file.
fn leave_no_memory() {
    // The unit of systemd forbids core files altogether; this is for a start by hand. Where there is no such file the
    // system is not Linux.
    let _ = std::fs::write("/proc/self/coredump_filter", "0");
}

/// Writes one line for whoever started us, at once.
fn say(what: &str, value: impl std::fmt::Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    writeln!(out, "{what} {value}").and_then(|()| out.flush()).map_err(Failure::System)
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr =
        text.parse().map_err(|_| "write an address and a port, like 127.0.0.1:8080".to_owned())?;
    if !address.ip().is_loopback() {
        return Err("only an address of this computer; others reach a relay over Tor alone".to_owned());
    }
    Ok(address)
}

fn size(text: &str) -> Result<Size, String> {
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        Some(b'T') => (&text[..text.len() - 1], 40),
        _ => (text, 0),
    };
    let number: u64 = digits.parse().map_err(|_| "write a number with K, M, G or T, like 20G".to_owned())?;
    number.checked_mul(1 << shift).map(Size).ok_or_else(|| "that is more than any disk holds".to_owned())
}
