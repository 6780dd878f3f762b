//! The command line (docs/user-guide.md, "Starting it").

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use pursuance_node::{Clock, NodeConfig, TorChoice};

/// Coordinate work with people, trusting no computer in between.
#[derive(Parser)]
#[command(name = "pursuance", version)]
pub struct Options {
    /// Folder for everything this Pursuance keeps; made if missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Reach this relay at a port of this very computer, for trying things out: <relay address>=127.0.0.1:PORT
    #[arg(long, value_name = "RELAY=ADDR", value_parser = loopback)]
    loopback: Vec<Loopback>,
    /// Tor settings in arti's TOML, such as bridges or a test network
    #[arg(long, value_name = "FILE", conflicts_with = "no_tor")]
    tor_config: Option<PathBuf>,
    /// Do not start Tor
    #[arg(long)]
    no_tor: bool,
    /// Read the passphrase from the first line of standard input instead of asking for it in the window
    #[arg(long)]
    passphrase_stdin: bool,
    /// An invite to open
    #[arg(value_name = "INVITE LINK")]
    invite: Option<String>,
}

/// One line of what a hosts file would say, for relays.
#[derive(Clone)]
struct Loopback {
    relay: String,
    at: SocketAddr,
}

/// Why the options cannot be used.
#[derive(Debug)]
pub enum OptionsError {
    /// There is no home to put a data folder in.
    NoHome,
    /// The file of Tor settings cannot be read.
    TorConfig(PathBuf, std::io::Error),
    /// What stands before the `=` is no relay address.
    NotARelay(String),
}

impl fmt::Display for OptionsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHome => write!(f, "there is no home folder; say where to keep things with --data DIR"),
            Self::TorConfig(path, error) => write!(f, "{} cannot be read: {error}", path.display()),
            Self::NotARelay(text) => write!(f, "{text} is not a relay address (<56 characters>.onion/<52 characters>)"),
        }
    }
}

impl Options {
    /// What the node is to be started with.
    ///
    /// # Errors
    /// One of [`OptionsError`], before anything was written.
    pub fn node_config(&self) -> Result<NodeConfig, OptionsError> {
        let tor = match &self.tor_config {
            _ if self.no_tor => TorChoice::Off,
            None => TorChoice::On { toml: None },
            Some(path) => TorChoice::On {
                toml: Some(
                    std::fs::read_to_string(path).map_err(|error| OptionsError::TorConfig(path.clone(), error))?,
                ),
            },
        };
        let mut config = NodeConfig { data_dir: self.data_dir()?, loopback: Vec::new(), tor, clock: Clock::System };
        for Loopback { relay, at } in &self.loopback {
            let address = relay.parse().map_err(|_| OptionsError::NotARelay(relay.clone()))?;
            config.loopback.push((address, *at));
        }
        Ok(config)
    }

    /// Whether the passphrase stands in the first line of standard input: never among the options, where every program sees it.
    pub fn passphrase_stdin(&self) -> bool {
        self.passphrase_stdin
    }

    /// The invite given at the start, as it was given.
    pub fn invite(&self) -> Option<&str> {
        self.invite.as_deref()
    }

    fn data_dir(&self) -> Result<PathBuf, OptionsError> {
        if let Some(dir) = &self.data {
            return std::path::absolute(dir).map_err(|_| OptionsError::NoHome);
        }
        // The XDG base directory specification: a relative path there is to be ignored.
        let shared = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
        let shared = shared.or_else(|| Some(std::env::home_dir()?.join(".local/share")));
        Ok(shared.ok_or(OptionsError::NoHome)?.join("pursuance"))
    }
}

fn loopback(text: &str) -> Result<Loopback, String> {
    let (relay, at) = text.split_once('=').ok_or("write it as <relay address>=127.0.0.1:PORT")?;
    let at: SocketAddr = at.parse().map_err(|_| "after the = comes 127.0.0.1:PORT")?;
    if !at.ip().is_loopback() {
        return Err("only addresses of this very computer may stand in for a relay".into());
    }
    Ok(Loopback { relay: relay.into(), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(args: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from([&["pursuance"], args].concat())
    }

    #[test]
    fn only_this_computer_stands_in_for_a_relay() {
        assert!(options(&["--loopback", "x.onion/y=127.0.0.1:4000"]).is_ok());
        for wrong in ["x.onion/y", "x.onion/y=", "x.onion/y=10.0.0.1:4000", "x.onion/y=example.org:80"] {
            assert!(options(&["--loopback", wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_relay_address_is_refused_before_the_start() {
        let options = options(&["--data", "/nowhere", "--no-tor", "--loopback", "example.org=127.0.0.1:4000"]).unwrap();
        assert!(matches!(options.node_config(), Err(OptionsError::NotARelay(text)) if text == "example.org"));
    }

    #[test]
    fn tor_is_on_unless_told_otherwise() {
        let on = options(&["--data", "/nowhere"]).unwrap().node_config().unwrap();
        assert!(matches!(on.tor, TorChoice::On { toml: None }));
        let off = options(&["--data", "/nowhere", "--no-tor"]).unwrap().node_config().unwrap();
        assert!(matches!(off.tor, TorChoice::Off));
        let missing = options(&["--data", "/nowhere", "--tor-config", "/nowhere/tor.toml"]).unwrap();
        assert!(matches!(missing.node_config(), Err(OptionsError::TorConfig(..))));
    }
}
