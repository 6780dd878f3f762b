//! A real Tor network on loopback, made of Debian's `tor`, for tests (docs/protocol, chapter "How bytes travel").
//!
//! One directory authority, which is a relay too, and three more relays: fewer do not make paths.
//! Nothing leaves the computer. The processes end with the test program, however that ends: each
//! has one end of a socket pair whose other end only the test program holds.

use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pursuance_onion::TorConfig;

/// The authority is the first.
const NODES: [&str; 4] = ["authority", "relay1", "relay2", "relay3"];

/// Time from start to the first consensus, one per attempt: on a busy computer relays that are
/// not up in time are missing from it, and the next comes only after a whole voting interval.
const FIRST_CONSENSUS_SECONDS: [u64; 3] = [10, 20, 40];

/// How long after it is due a consensus may take to appear.
const CONSENSUS_GRACE_SECONDS: u64 = 10;

/// The shortest interval in which relays reliably follow; also the greatest age of a usable consensus, three times over.
const VOTING_SECONDS: u64 = 300;

/// Keys are made anew after this long: tor's medium-term keys hold for 30 days.
const MAX_KEY_AGE_DAYS: u64 = 14;

/// Where keys are kept and networks run, instead of the directory of the test program.
const DIR_VARIABLE: &str = "PURSUANCE_TORNET_DIR";

/// Time from a bridge's start until it is part of the network.
const BRIDGE_SECONDS: u64 = 60;

/// Lines of each log that a failure shows.
const LOG_TAIL_LINES: usize = 12;

static RUNS: AtomicU32 = AtomicU32::new(0);

/// A running network; it ends, and its files go, when this is dropped.
pub struct TorNet {
    dir: PathBuf,
    nodes: Vec<Node>,
    toml: String,
    /// Settings of every node.
    common: String,
}

/// A way into the network that its directory does not list.
pub struct BridgeNode {
    node: Node,
    /// For who speaks to it as Tor does, and for who speaks obfs4.
    pub lines: [String; 2],
}

impl Drop for BridgeNode {
    fn drop(&mut self) {
        let _ = self.node.process.kill();
        let _ = self.node.process.wait();
    }
}

struct Node {
    process: Child,
    /// tor exits when this end closes, which it does even if we are killed.
    _owner: UnixStream,
}

impl TorNet {
    /// Starts a network and waits for its first consensus: 12 seconds, and up to 30 more where no keys are cached.
    ///
    /// # Panics
    /// With the tail of every log, when tor is not installed or no consensus with all relays comes in three attempts.
    pub fn start() -> TorNet {
        let root = root();
        remove_stale_runs(&root);
        let keys = cached_keys(&root);
        let mut failures = String::new();
        for wait_seconds in FIRST_CONSENSUS_SECONDS {
            let run = format!("run-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed));
            match Self::attempt(&keys, root.join(run), wait_seconds) {
                Ok(net) => return net,
                Err(failure) => failures.push_str(&failure),
            }
        }
        panic!("no private Tor network came up:\n{failures}");
    }

    /// The network that all tests of one program share, started by the first that asks.
    pub fn shared() -> &'static TorNet {
        static SHARED: OnceLock<TorNet> = OnceLock::new();
        SHARED.get_or_init(TorNet::start)
    }

    /// arti's settings for this network, to be given as [`TorConfig::toml`].
    pub fn arti_toml(&self) -> String {
        self.toml.clone()
    }

    /// The configuration of a [`Tor`](pursuance_onion::Tor) on this network with its own directories below `dir`.
    pub fn tor_config(&self, dir: &Path) -> TorConfig {
        TorConfig {
            state_dir: dir.join("state"),
            cache_dir: dir.join("cache"),
            toml: Some(self.arti_toml()),
            bridges: Vec::new(),
        }
    }

    fn attempt(keys: &Path, dir: PathBuf, wait_seconds: u64) -> Result<TorNet, String> {
        let ports = free_ports::<{ NODES.len() + 1 }>();
        let dir_port = ports[NODES.len()];
        for name in NODES {
            copy_tree(&keys.join(name), &dir.join(name));
        }
        let due_seconds = unix_seconds() + wait_seconds;
        seed_shared_randomness(&dir.join(NODES[0]), due_seconds);
        let common = common_settings(&dir, &ports, dir_port);
        fs::write(dir.join("empty"), "").expect("our own directory is writable");
        let mut net = TorNet { toml: arti_settings(&dir, &ports), dir, nodes: Vec::new(), common };
        for (name, or_port) in NODES.iter().zip(ports) {
            net.launch(name, or_port, dir_port, due_seconds);
        }
        net.wait_for_consensus(dir_port, due_seconds + CONSENSUS_GRACE_SECONDS)?;
        Ok(net)
    }

    /// Starts a bridge and waits until it is part of the network.
    ///
    /// # Panics
    /// With its log when that takes too long, or Debian's packages `tor` and `obfs4proxy` are not installed.
    pub fn start_bridge(&self, name: &str) -> BridgeNode {
        let data = self.dir.join(name);
        make_private(&data).expect("our own directory is writable");
        let [or_port, obfs4_port] = free_ports();
        let settings = format!(
            "BridgeRelay 1\n\
             PublishServerDescriptor 0\n\
             ExtORPort auto\n\
             ServerTransportPlugin obfs4 exec /usr/bin/obfs4proxy\n\
             ServerTransportListenAddr obfs4 127.0.0.1:{obfs4_port}\n"
        );
        let node = self.start_node(name, or_port, &settings);
        let line_file = data.join("pt_state").join("obfs4_bridgeline.txt");
        let until = Instant::now() + Duration::from_secs(BRIDGE_SECONDS);
        loop {
            let log = fs::read_to_string(data.join("log")).unwrap_or_default();
            if log.contains("Bootstrapped 100%") && line_file.exists() {
                break;
            }
            assert!(Instant::now() < until, "no bridge in time:\n{log}");
            sleep(Duration::from_millis(200));
        }
        let fingerprint = second_word(&data.join("fingerprint"));
        let pattern = fs::read_to_string(&line_file).expect("looked for a moment ago");
        let obfs4 = pattern.lines().find(|line| line.starts_with("Bridge obfs4")).expect("a pattern of a line");
        let obfs4 = obfs4
            .replace("<IP ADDRESS>", "127.0.0.1")
            .replace("<PORT>", &obfs4_port.to_string())
            .replace("<FINGERPRINT>", &fingerprint);
        BridgeNode { node, lines: [format!("127.0.0.1:{or_port} {fingerprint}"), obfs4] }
    }

    fn launch(&mut self, name: &str, or_port: u16, dir_port: u16, due_seconds: u64) {
        let settings = if name == NODES[0] { authority_settings(dir_port, due_seconds) } else { String::new() };
        let node = self.start_node(name, or_port, &settings);
        self.nodes.push(node);
    }

    fn start_node(&self, name: &str, or_port: u16, settings: &str) -> Node {
        let data = self.dir.join(name);
        let torrc = format!(
            "{}Nickname {name}\nORPort 127.0.0.1:{or_port}\nDataDirectory \"{}\"\n{settings}",
            self.common,
            data.display()
        );
        let torrc_path = self.dir.join(format!("{name}.torrc"));
        fs::write(&torrc_path, torrc).expect("our own directory is writable");
        let (owner, owned) = UnixStream::pair().expect("sockets are to be had");
        let process = Command::new("tor")
            .arg("-f")
            .arg(&torrc_path)
            .arg("--defaults-torrc")
            .arg(self.dir.join("empty"))
            .stdin(Stdio::from(OwnedFd::from(owned)))
            .stdout(File::create(data.join("log")).expect("our own directory is writable"))
            .stderr(Stdio::null())
            .spawn()
            .expect("Debian's package `tor` is installed");
        Node { process, _owner: owner }
    }

    fn wait_for_consensus(&mut self, dir_port: u16, until_seconds: u64) -> Result<(), String> {
        let mut running = 0;
        while unix_seconds() <= until_seconds {
            for (name, node) in NODES.iter().zip(&mut self.nodes) {
                if let Ok(Some(status)) = node.process.try_wait() {
                    return Err(format!("{name} ended early with {status}\n{}", self.log_tails()));
                }
            }
            running = fetch_consensus(dir_port).map_or(0, |consensus| count_running(&consensus));
            if running == NODES.len() {
                return Ok(());
            }
            sleep(Duration::from_millis(200));
        }
        Err(format!("{running} of {} relays in the consensus in time\n{}", NODES.len(), self.log_tails()))
    }

    fn log_tails(&self) -> String {
        let mut tails = String::new();
        for name in NODES {
            writeln!(tails, "--- {name}").expect("a String takes all");
            let log = fs::read_to_string(self.dir.join(name).join("log")).unwrap_or_default();
            let lines: Vec<_> = log.lines().collect();
            for line in &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..] {
                writeln!(tails, "{line}").expect("a String takes all");
            }
        }
        tails
    }
}

impl Drop for TorNet {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.process.kill();
        }
        for node in &mut self.nodes {
            let _ = node.process.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Beside the test program, so that `cargo clean` clears it; a private directory, as arti and tor demand.
fn root() -> PathBuf {
    let root = match std::env::var_os(DIR_VARIABLE) {
        Some(dir) => PathBuf::from(dir),
        None => {
            let program = std::env::current_exe().expect("a running program has a path");
            program.ancestors().nth(2).expect("cargo puts test programs two levels deep").join("tornet")
        }
    };
    make_private(&root)
        .unwrap_or_else(|error| panic!("{} cannot be made ({error}); set {DIR_VARIABLE}", root.display()));
    root
}

/// Removes what killed test programs left behind.
fn remove_stale_runs(root: &Path) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("run-")?.split('-').next());
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The directory of the keys of all nodes; made, all at once, where there are none or only old ones.
fn cached_keys(root: &Path) -> PathBuf {
    let keys = root.join("keys");
    let age = fs::metadata(&keys).and_then(|known| known.modified()).ok().and_then(|made| made.elapsed().ok());
    if age.is_some_and(|age| age < Duration::from_secs(MAX_KEY_AGE_DAYS * 24 * 3600)) {
        return keys;
    }
    let making = root.join(format!("making-{}-{}", std::process::id(), RUNS.fetch_add(1, Ordering::Relaxed)));
    let mut makers: Vec<_> = NODES.iter().map(|name| ("tor", make_relay_keys(&making, name))).collect();
    makers.push(("tor-gencert", make_authority_keys(&making.join(NODES[0]).join("keys"))));
    for (program, mut maker) in makers {
        let status = maker.wait().expect("a child can be waited for");
        assert!(status.success(), "{program} could not make keys in {}: {status}", making.display());
    }
    let _ = fs::remove_dir_all(&keys);
    // Another test program may have been faster; then its keys serve as well.
    if fs::rename(&making, &keys).is_err() {
        let _ = fs::remove_dir_all(&making);
    }
    assert!(keys.join(NODES[0]).join("fingerprint").exists(), "no keys in {}", keys.display());
    keys
}

fn make_relay_keys(making: &Path, name: &str) -> Child {
    let data = making.join(name);
    make_private(&data.join("keys")).expect("our own directory is writable");
    let empty = making.join("empty");
    fs::write(&empty, "").expect("our own directory is writable");
    Command::new("tor")
        .args(["--list-fingerprint", "--ORPort", "1", "--Nickname", name, "--DataDirectory"])
        .arg(&data)
        .arg("-f")
        .arg(&empty)
        .arg("--defaults-torrc")
        .arg(&empty)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("Debian's package `tor` is installed")
}

fn make_authority_keys(keys: &Path) -> Child {
    make_private(keys).expect("our own directory is writable");
    let mut maker = Command::new("tor-gencert")
        .args(["--create-identity-key", "-m", "12", "--passphrase-fd", "0"])
        .current_dir(keys)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("tor-gencert comes with Debian's package `tor`");
    let mut passphrase = maker.stdin.take().expect("piped");
    passphrase.write_all(b"for tests only\n").expect("tor-gencert reads its passphrase");
    maker
}

/// Settings of every node.
fn common_settings(dir: &Path, ports: &[u16], dir_port: u16) -> String {
    let authority = dir.join(NODES[0]);
    let v3ident = v3ident(&authority);
    let fingerprint = second_word(&authority.join("fingerprint"));
    format!(
        "TestingTorNetwork 1\n\
         DirAuthority {} orport={} no-v2 v3ident={v3ident} 127.0.0.1:{dir_port} {fingerprint}\n\
         Address 127.0.0.1\n\
         AssumeReachable 1\n\
         PathsNeededToBuildCircuits 0.67\n\
         ShutdownWaitLength 0\n\
         SocksPort 0\n\
         RunAsDaemon 0\n\
         __OwningControllerFD 0\n",
        NODES[0], ports[0],
    )
}

/// Settings of the authority alone. Every flag goes to every relay: uptimes of seconds earn none. Circuits are given up
/// after five seconds, where a client that has measured nothing yet would wait for sixty.
fn authority_settings(dir_port: u16, due_seconds: u64) -> String {
    format!(
        "AuthoritativeDirectory 1\n\
         V3AuthoritativeDirectory 1\n\
         ContactInfo tests\n\
         DirPort 127.0.0.1:{dir_port}\n\
         V3AuthVotingInterval {VOTING_SECONDS}\n\
         V3AuthVoteDelay 2\n\
         V3AuthDistDelay 2\n\
         TestingV3AuthInitialVotingInterval {VOTING_SECONDS}\n\
         TestingV3AuthInitialVoteDelay 2\n\
         TestingV3AuthInitialDistDelay 2\n\
         TestingV3AuthVotingStartOffset {}\n\
         TestingDirAuthVoteExit *\n\
         TestingDirAuthVoteGuard *\n\
         TestingDirAuthVoteHSDir *\n\
         TestingMinExitFlagThreshold 0\n\
         AuthDirVoteStableGuaranteeMinUptime 0\n\
         AuthDirVoteStableGuaranteeMTBF 0\n\
         TestingAuthDirTimeToLearnReachability 0\n\
         MinUptimeHidServDirectoryV2 0\n\
         ConsensusParams hsdir_interval=120 cbtmintimeout=5000 cbtinitialtimeout=5000\n",
        due_seconds % VOTING_SECONDS,
    )
}

/// Gives the authority two shared random values from the start, without which services wait for hours to be content.
fn seed_shared_randomness(authority: &Path, due_seconds: u64) {
    let state = format!(
        "Version 1\n\
         TorVersion Tor\n\
         ValidAfter {}\n\
         ValidUntil {}\n\
         SharedRandPreviousValue 1 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
         SharedRandCurrentValue 1 AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n",
        utc(due_seconds - VOTING_SECONDS),
        utc(due_seconds + 24 * 3600),
    );
    fs::write(authority.join("sr-state"), state).expect("our own directory is writable");
}

/// What arti must know: whose consensus to believe, where to get it, that all relays share one subnet, and that there
/// are no exits to prepare circuits for.
fn arti_settings(dir: &Path, ports: &[u16]) -> String {
    let mut settings = format!(
        "path_rules = {{ ipv4_subnet_family_prefix = 33, ipv6_subnet_family_prefix = 129 }}\n\
         download_schedule.retry_bootstrap.initial_delay = \"100 msec\"\n\
         preemptive_circuits.initial_predicted_ports = []\n\
         tor_network.authorities.v3idents = [\"{}\"]\n",
        v3ident(&dir.join(NODES[0])),
    );
    for (name, port) in NODES.iter().zip(ports) {
        let data = dir.join(name);
        write!(
            settings,
            "[[tor_network.fallback_caches]]\nrsa_identity = \"{}\"\ned_identity = \"{}\"\norports = [\"127.0.0.1:{port}\"]\n",
            second_word(&data.join("fingerprint")),
            second_word(&data.join("fingerprint-ed25519")),
        )
        .expect("a String takes all");
    }
    settings
}

/// The authority's identity, from its certificate's line `fingerprint <40 hex digits>`.
fn v3ident(authority: &Path) -> String {
    let path = authority.join("keys").join("authority_certificate");
    let certificate = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let ident = certificate.lines().find_map(|line| line.strip_prefix("fingerprint "));
    ident.expect("a certificate names its identity").to_owned()
}

/// tor writes fingerprints as `<nickname> <fingerprint>`.
fn second_word(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split_whitespace().nth(1).expect("a fingerprint after the nickname").to_owned()
}

fn fetch_consensus(dir_port: u16) -> Option<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, dir_port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
    stream.write_all(b"GET /tor/status-vote/current/consensus-microdesc HTTP/1.0\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    String::from_utf8(answer).ok()
}

fn count_running(consensus: &str) -> usize {
    consensus.lines().filter(|line| line.starts_with("s ") && line.split(' ').any(|flag| flag == "Running")).count()
}

/// Ports that were free a moment ago; all are held until the last is found, so that they differ.
fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] =
        std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports"));
    held.map(|listener| listener.local_addr().expect("a bound socket has an address").port())
}

/// tor insists on directories that nobody else can enter.
fn make_private(dir: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn copy_tree(from: &Path, to: &Path) {
    make_private(to).expect("our own directory is writable");
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.expect("our own directory is readable");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).expect("our own directory is writable");
        }
    }
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs()
}

/// `YYYY-MM-DD HH:MM:SS` in the proleptic Gregorian calendar.
fn utc(unix_seconds: u64) -> String {
    let (mut days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let mut year = 1970;
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    while days >= 365 + u64::from(leap(year)) {
        days -= 365 + u64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    format!(
        "{year:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        month + 1,
        days + 1,
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Waits until `deadline` for something that succeeds sooner or later, with a short pause after each failure.
///
/// # Errors
/// The last failure, when the deadline has passed.
pub async fn until<T, E, F: Future<Output = Result<T, E>>>(
    deadline: Instant,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    loop {
        match attempt().await {
            Err(_) if Instant::now() < deadline => tokio::time::sleep(Duration::from_millis(300)).await,
            outcome => return outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_tor_reads_them() {
        assert_eq!(utc(0), "1970-01-01 00:00:00");
        assert_eq!(utc(951_827_696), "2000-02-29 12:34:56");
        assert_eq!(utc(1_767_225_599), "2025-12-31 23:59:59");
    }

    #[test]
    fn running_relays_are_counted() {
        assert_eq!(count_running("r a\ns Fast Running\nr b\ns Fast\nr c\ns Running\nshared Running\n"), 2);
    }

    #[test]
    fn free_ports_differ() {
        let mut ports = free_ports::<5>();
        ports.sort_unstable();
        assert!(ports.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
