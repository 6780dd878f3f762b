//! What can go wrong between us and Tor, as one closed list (docs/protocol, chapter "How bytes travel").

use std::path::PathBuf;

use arti_client::config::ConfigBuildError;
use arti_client::{ErrorKind, HasKind};

/// Why a call into this room failed.
///
/// No variant carries an onion address or a key, so an error may be logged.
#[derive(Debug, thiserror::Error)]
pub enum OnionError {
    /// The system gives no threads to run Tor on.
    #[error("no threads for Tor")]
    NoThreads(#[source] std::io::Error),
    /// The given settings are not TOML, or a known setting has a value of the wrong type.
    #[error("the Tor settings cannot be read")]
    UnreadableSettings(#[source] toml::de::Error),
    /// The given settings can be read but contradict each other or what is compiled in.
    #[error("the Tor settings cannot be used")]
    UnusableSettings(#[source] ConfigBuildError),
    /// A directory could not be made, locked or cleaned.
    #[error("the Tor directory {} cannot be used", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another running [`Tor`](crate::Tor), here or in another process, has this directory.
    #[error("the Tor directory {} is in use by another program", path.display())]
    DirectoryInUse {
        /// The directory.
        path: PathBuf,
    },
    /// Other users of this computer can write to one of the directories, or to one above it.
    #[error("other users can change the Tor directories")]
    DirectoryOpenToOthers,
    /// An expanded secret whose public key would be the neutral point.
    #[error("not a usable onion key")]
    BadKey,
    /// The 32 bytes are not the public key of any onion service.
    #[error("not an onion address")]
    BadAddress,
    /// This [`Tor`](crate::Tor) already serves this key.
    #[error("this onion key is being served already")]
    AlreadyServed,
    /// Tor has no usable directory of relays yet; see [`Tor::progress`](crate::Tor::progress).
    #[error("Tor is not ready")]
    NotReady,
    /// The network no longer accepts this version of the software.
    #[error("this version is too old for the Tor network")]
    Outdated,
    /// No descriptor is published: never started, stopped for hours, or started seconds ago.
    #[error("the onion service is not known to the network")]
    NotFound,
    /// A descriptor is published but the service cannot be reached through it.
    #[error("the onion service cannot be reached")]
    Unreachable,
    /// The service was reached and turned the stream down.
    #[error("the onion service refused the stream")]
    Refused,
    /// The service, or the way to it, did not answer in time.
    #[error("the onion service did not answer in time")]
    TimedOut,
    /// The circuit could not be built or was closed: by our connection, by a relay on the path, or by the service,
    /// as services do with visitors that ask for a port which is not served.
    #[error("the path through Tor failed")]
    PathFailed,
    /// The [`Tor`](crate::Tor) has been stopped.
    #[error("Tor has been stopped")]
    Stopped,
    /// arti failed in a way that is neither the caller's nor the network's doing.
    #[error("Tor failed by itself: {kind}")]
    Fault {
        /// arti's own classification.
        kind: ErrorKind,
    },
}

/// Blames a failed connection on the service, on the way to it, or on us.
pub(crate) fn connect_error(error: &arti_client::Error) -> OnionError {
    match error.kind() {
        ErrorKind::BootstrapRequired | ErrorKind::DirectoryExpired | ErrorKind::TorDirectoryUnusable => OnionError::NotReady,
        ErrorKind::SoftwareDeprecated => OnionError::Outdated,
        ErrorKind::OnionServiceAddressInvalid | ErrorKind::InvalidStreamTarget => OnionError::BadAddress,
        ErrorKind::OnionServiceNotFound => OnionError::NotFound,
        ErrorKind::OnionServiceNotRunning
        | ErrorKind::OnionServiceConnectionFailed
        | ErrorKind::OnionServiceProtocolViolation
        | ErrorKind::OnionServiceMissingClientAuth
        | ErrorKind::OnionServiceWrongClientAuth => OnionError::Unreachable,
        ErrorKind::RemoteStreamClosed
        | ErrorKind::RemoteStreamReset
        | ErrorKind::RemoteStreamError
        | ErrorKind::RemoteConnectionRefused
        | ErrorKind::ExitPolicyRejected
        | ErrorKind::RemoteNetworkFailed
        | ErrorKind::RemoteProtocolViolation => OnionError::Refused,
        ErrorKind::TorNetworkTimeout | ErrorKind::RemoteNetworkTimeout | ErrorKind::ExitTimeout => OnionError::TimedOut,
        ErrorKind::TorAccessFailed
        | ErrorKind::TorDirectoryError
        | ErrorKind::TorProtocolViolation
        | ErrorKind::LocalNetworkError
        | ErrorKind::RelayIdMismatch
        | ErrorKind::RelayTooBusy
        | ErrorKind::CircuitCollapse
        | ErrorKind::CircuitRefused
        | ErrorKind::NoPath
        | ErrorKind::TransientFailure
        | ErrorKind::TorDocumentRejected
        // This is how arti reports a circuit that was closed while the stream was being opened.
        | ErrorKind::BadApiUsage => OnionError::PathFailed,
        ErrorKind::ArtiShuttingDown | ErrorKind::ReactorShuttingDown => OnionError::Stopped,
        kind => OnionError::Fault { kind },
    }
}

/// Blames a failed start on the directories, the settings, or arti.
pub(crate) fn start_error(error: &arti_client::Error, state_dir: &std::path::Path) -> OnionError {
    match error.kind() {
        ErrorKind::FsPermissions => OnionError::DirectoryOpenToOthers,
        ErrorKind::LocalResourceAlreadyInUse => OnionError::DirectoryInUse { path: state_dir.to_owned() },
        ErrorKind::SoftwareDeprecated => OnionError::Outdated,
        ErrorKind::ArtiShuttingDown | ErrorKind::ReactorShuttingDown => OnionError::Stopped,
        kind => OnionError::Fault { kind },
    }
}
