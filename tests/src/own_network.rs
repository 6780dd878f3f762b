//! A network that is only a test's own, with one way out that leads nowhere and counts who takes it
//! (docs/threat-model.md, "Connections").
//!
//! ```text
//! test --unshare--> the same test once more: loopback up, everything else routed to `out0`, no IPv6
//! ```
//!
//! A namespace with loopback alone would prove nothing: without a route a packet is refused before anybody counts it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::apart::{Run, Surroundings};

/// Says in the second run that it is the second.
const INSIDE_VARIABLE: &str = "PURSUANCE_OWN_NETWORK";
/// The way out. Its other end, where it has one, is `end0`.
const OUT: &str = "out0";
/// Kinds of interface that pass packets on to nobody, by what `ip link add` calls them; not every kernel has both.
const KINDS: [&str; 2] = ["type dummy", "type veth peer name end0"];
/// Sockets by which the system's resolvers are asked past any namespace.
const RESOLVERS: [&str; 3] = ["/run/systemd/resolve", "/run/nscd", "/var/run/nscd"];
/// Where hidden screens are reached.
const SCREENS: &str = "/tmp/.X11-unix";
/// How long a deliberate packet may take to be counted.
const CONTROL_SECONDS: u64 = 10;

/// Who took the way out.
pub struct Counter(());

/// What was counted since the network was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Packets handed to the way out, sent or dropped.
    pub packets: u64,
    /// UDP datagrams sent anywhere, loopback included: questions to a resolver are such.
    pub datagrams: u64,
}

/// Runs the test of this name (as `cargo test` lists it) a second time in a network of its own.
///
/// # Panics
/// As [`Surroundings::enter`].
#[must_use]
pub fn enter(test: &str) -> Run<Counter> {
    let surroundings = Surroundings { variable: INSIDE_VARIABLE, apart: &["--net", "--mount"], script: made_by() };
    surroundings.enter(test, Counter::start)
}

/// What makes the network, in words for the shell.
fn made_by() -> String {
    let [first, second] = KINDS;
    let mut script = format!(
        "set -e
        ip link set lo up
        for which in all default; do
          if [ -e /proc/sys/net/ipv6 ]; then echo 1 > /proc/sys/net/ipv6/conf/$which/disable_ipv6; fi
        done
        ip link add {OUT} {first} 2> /dev/null || ip link add {OUT} {second}
        if [ -e /sys/class/net/end0 ] || ip link show end0 > /dev/null 2>&1; then ip link set end0 up; fi
        ip link set {OUT} arp off
        ip addr add 198.51.100.1/24 dev {OUT}
        ip link set {OUT} up
        ip route add default dev {OUT}\n"
    );
    // A screen made in here would take the place of one outside: their names are in the file system, their locks are not.
    script.push_str(&format!("mkdir -p {SCREENS}\nmount -t tmpfs -o mode=1777 none {SCREENS}\n"));
    for dir in RESOLVERS.iter().filter(|dir| Path::new(dir).is_dir()) {
        script.push_str(&format!("mount -t tmpfs none {dir}\n"));
    }
    script.push_str("exec \"$@\"");
    script
}

impl Counter {
    fn start() -> Self {
        let counter = Self(());
        assert_eq!(counter.counted(), Counted { packets: 0, datagrams: 0 }, "nothing was sent yet");
        counter
    }

    /// What was counted so far.
    ///
    /// # Panics
    /// When the kernel does not say.
    #[must_use]
    pub fn counted(&self) -> Counted {
        let devices = fs::read_to_string("/proc/self/net/dev").expect("proc(5) is there");
        let line = devices.lines().find_map(|line| line.trim_start().strip_prefix(&format!("{OUT}:")));
        let fields: Vec<u64> =
            line.expect("it was made").split_whitespace().map(|field| field.parse().expect("a number")).collect();
        // Eight numbers of what came, then of what went: bytes, packets, errors, dropped.
        let packets = fields[9] + fields[10] + fields[11];
        Counted { packets, datagrams: datagrams() }
    }

    /// One deliberate packet and one deliberate question to a resolver, so that one knows that they would have been seen.
    ///
    /// # Panics
    /// When the counter does not see them.
    pub fn control(&self) {
        let before = self.counted();
        run("echo x > /dev/udp/192.0.2.1/9");
        let packet = self.counted();
        assert!(packet.packets > before.packets, "a packet is not counted: {before:?}, {packet:?}");
        let mut question = Command::new("getent")
            .args(["ahosts", "nobody.example.org"])
            .stdout(Stdio::null())
            .spawn()
            .expect("getent comes with the C library");
        let limit = Instant::now() + Duration::from_secs(CONTROL_SECONDS);
        while self.counted().datagrams == packet.datagrams {
            assert!(Instant::now() < limit, "a question to a resolver is not counted");
            std::thread::sleep(Duration::from_millis(20));
        }
        question.kill().ok();
        question.wait().expect("it has ended");
    }
}

fn run(script: &str) {
    let status = Command::new("bash").args(["-c", script]).status().expect("there is a bash");
    assert!(status.success(), "{script}");
}

/// `OutDatagrams` of this network, from the two lines `Udp:` of proc(5)'s snmp.
fn datagrams() -> u64 {
    let snmp = fs::read_to_string("/proc/self/net/snmp").expect("proc(5) is there");
    let mut lines = snmp.lines().filter_map(|line| line.strip_prefix("Udp:"));
    let (names, values) = (lines.next().expect("names"), lines.next().expect("values"));
    let place = names.split_whitespace().position(|name| name == "OutDatagrams").expect("it is counted");
    values.split_whitespace().nth(place).expect("as many values as names").parse().expect("a number")
}
