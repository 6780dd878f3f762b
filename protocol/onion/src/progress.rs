//! How far the bootstrap is, and what holds it up (docs/protocol, chapter "How bytes travel").

use arti_client::status::{BlockageKind, BootstrapStatus};

/// How ready Tor is; it can become less so again, for example when the computer goes offline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// 0 to 100.
    pub percent: u8,
    /// A stream can be opened now.
    pub ready: bool,
    /// What seems to hold it up, if anything does. arti guesses: word it carefully to people.
    pub blocked: Option<Blocked>,
}

/// What seems to hold the bootstrap up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// No connection leaves this computer.
    Offline,
    /// Connections are made but Tor's handshake is not let through.
    Filtered,
    /// No relay can be reached, for some other reason.
    Unreachable,
    /// The clock is so wrong that certificates and directories do not hold.
    ClockWrong,
    /// Relays answer but the network's directory cannot be had.
    NoDirectory,
    /// The network no longer accepts this version of the software: nothing but an update helps.
    Outdated,
}

impl Progress {
    /// Never ready again: see [`Blocked::Outdated`].
    pub(crate) const OUTDATED: Progress = Progress { percent: 0, ready: false, blocked: Some(Blocked::Outdated) };

    pub(crate) fn from_arti(status: &BootstrapStatus) -> Progress {
        Progress {
            percent: (status.as_frac() * 100.0).clamp(0.0, 100.0) as u8,
            ready: status.ready_for_traffic(),
            blocked: status.blocked().map(|blockage| match blockage.kind() {
                BlockageKind::Offline => Blocked::Offline,
                BlockageKind::Filtering => Blocked::Filtered,
                BlockageKind::ClockSkewed => Blocked::ClockWrong,
                BlockageKind::CantBootstrap => Blocked::NoDirectory,
                // Disabled cannot happen (we always bootstrap); kinds that arti adds later mean no connection either.
                _ => Blocked::Unreachable,
            }),
        }
    }
}
