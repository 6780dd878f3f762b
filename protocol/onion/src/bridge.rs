//! Bridges: ways into Tor that are not in its public list, by lines that are handed out (docs/protocol, chapter "How bytes travel").

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use arti_client::config::BridgeConfigBuilder;
use arti_client::config::pt::TransportConfigBuilder;

use crate::settings::literal;

/// The one transport that is spoken besides Tor's own. Others talk to third parties on their way.
const OBFS4: &str = "obfs4";

/// Programs that speak it, in the order in which they are looked for.
const PROGRAMS: [&str; 2] = ["lyrebird", "obfs4proxy"];

/// Where they are looked for besides the search path, which a desktop may leave short.
const PLACES: [&str; 2] = ["/usr/bin", "/usr/local/bin"];

/// One bridge.
#[derive(Clone, Debug)]
pub struct Bridge {
    pub(crate) settings: BridgeConfigBuilder,
    needs_program: bool,
}

/// Why a line is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BridgeError {
    /// It does not describe a bridge.
    #[error("this line describes no bridge")]
    Unreadable,
    /// Its transport is not spoken here.
    #[error("this transport is not spoken")]
    Transport,
}

/// As it is handed out: `[Bridge] [obfs4] ADDRESS:PORT FINGERPRINT [KEY=VALUE ...]`.
impl FromStr for Bridge {
    type Err = BridgeError;

    fn from_str(line: &str) -> Result<Self, BridgeError> {
        let mut words = line.split_whitespace().peekable();
        words.next_if(|word| word.eq_ignore_ascii_case("bridge"));
        // An address has a colon, the name of a transport has none.
        let transport = words.next_if(|word| !word.contains(':'));
        if transport.is_some_and(|name| name != OBFS4) {
            return Err(BridgeError::Transport);
        }
        // A name would be looked up, by the program that speaks obfs4, with whatever resolver this computer has.
        if words.next().is_none_or(|address| address.parse::<SocketAddr>().is_err()) {
            return Err(BridgeError::Unreadable);
        }
        let settings: BridgeConfigBuilder = line.trim().parse().map_err(|_| BridgeError::Unreadable)?;
        settings.build().map_err(|_| BridgeError::Unreadable)?;
        Ok(Self { settings, needs_program: transport.is_some() })
    }
}

impl Bridge {
    /// Whether another program has to speak to it.
    #[must_use]
    pub const fn needs_program(&self) -> bool {
        self.needs_program
    }
}

/// The program that speaks to bridges which need one, if there is one on this computer.
#[must_use]
pub fn bridge_program() -> Option<PathBuf> {
    let searched = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&searched).chain(PLACES.map(PathBuf::from)).collect();
    PROGRAMS.iter().find_map(|name| {
        // Nothing is started that lies wherever the program happens to have been started.
        let there = places.iter().filter(|place| place.is_absolute()).map(|place| place.join(name));
        there.into_iter().find(|path| path.is_file())
    })
}

pub(crate) fn transport(program: &Path) -> TransportConfigBuilder {
    let mut transport = TransportConfigBuilder::default();
    let name = OBFS4.parse().expect("a name");
    transport.protocols(vec![name]).path(literal(program)).run_on_startup(false);
    transport
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINGERPRINT: &str = "A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122";
    const CERT: &str = "cert=ssH+9rP8dG2NLDN2XuFw63hIO/9MNNinLmxQDpVa+7kTOa9/m+tGWT1SmSYpQ9uTBGa6Hw iat-mode=0";

    #[test]
    fn lines_as_they_are_handed_out() {
        for (line, needs_program) in [
            (format!("192.0.2.7:443 {FINGERPRINT}"), false),
            (format!("  Bridge 192.0.2.7:443 {FINGERPRINT}\n"), false),
            (format!("[2001:db8::7]:443 {FINGERPRINT}"), false),
            (format!("obfs4 192.0.2.7:443 {FINGERPRINT} {CERT}"), true),
            (format!("Bridge obfs4 192.0.2.7:443 {FINGERPRINT} {CERT}"), true),
        ] {
            assert_eq!(line.parse::<Bridge>().map(|bridge| bridge.needs_program()), Ok(needs_program), "{line}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        // Good in every other way.
        let named = format!("obfs4 bridge.example.org:443 {FINGERPRINT} {CERT}");
        for (line, why) in [
            ("", BridgeError::Unreadable),
            ("192.0.2.7:443", BridgeError::Unreadable),
            ("192.0.2.7 443", BridgeError::Transport),
            ("http://192.0.2.7:443", BridgeError::Unreadable),
            ("192.0.2.7:443 not-a-fingerprint", BridgeError::Unreadable),
            (named.as_str(), BridgeError::Unreadable),
            ("snowflake 192.0.2.3:80 A0F5B1C2D3E4F5061728394A5B6C7D8E9F001122", BridgeError::Transport),
            ("Bridge meek_lite 192.0.2.3:80", BridgeError::Transport),
        ] {
            assert_eq!(line.parse::<Bridge>().map(|_| ()), Err(why), "{line}");
        }
    }
}
