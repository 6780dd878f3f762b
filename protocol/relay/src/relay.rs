//! A relay from its data directory to its end (`docs/protocol/06-relay.md`, sections 3 and 5).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use pursuance_onion::OnionKey;
use pursuance_wire::RelayAddress;
use pursuance_wire::limits::{MAX_RETENTION_DAYS, MAX_SLOT_SECONDS, MIN_SLOT_SECONDS};
use pursuance_wire::log::{LogSigner, Policy, Posting};
use tokio::sync::{Semaphore, watch};
use zeroize::Zeroizing;

use crate::answer::Shared;
use crate::data_dir::{DataDir, Opened, open_reader};
use crate::door::{self, Door};
use crate::error::{Damage, RelayError};
use crate::limits::{
    DEFAULT_MAX_CONNECTIONS, DEFAULT_MAX_DISK_BYTES, DEFAULT_RETENTION_DAYS, DEFAULT_SLOT_SECONDS, MAX_STREAMS,
    MIN_DISK_BYTES, Patience,
};
use crate::readers::Readers;
use crate::record::Record;
use crate::sequencer::{Clock, Sequencer, Settings};
use crate::store::{self, Identity};

/// How a relay is to be run.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The data directory; made, private, if it does not exist.
    pub data: PathBuf,
    /// Length of a slot, fixed by the first start; `None` takes what is fixed, or 60 seconds.
    pub slot_seconds: Option<u32>,
    /// Days after which bodies are dropped.
    pub retention_days: u32,
    /// Size of the database beyond which posts are refused.
    pub max_disk_bytes: u64,
    /// Connections served at once.
    pub max_connections: usize,
    /// How long visitors are waited for.
    pub patience: Patience,
}

impl RelayConfig {
    /// The usual settings with this data directory.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            slot_seconds: None,
            retention_days: DEFAULT_RETENTION_DAYS,
            max_disk_bytes: DEFAULT_MAX_DISK_BYTES,
            max_connections: DEFAULT_MAX_CONNECTIONS,
            patience: Patience::default(),
        }
    }

    fn check(&self) -> Result<(), RelayError> {
        let slot_seconds = self.slot_seconds.map(|seconds| {
            ("slot-seconds", u64::from(seconds), u64::from(MIN_SLOT_SECONDS), u64::from(MAX_SLOT_SECONDS))
        });
        let settings = [
            ("retention-days", u64::from(self.retention_days), 1, u64::from(MAX_RETENTION_DAYS)),
            ("max-disk", self.max_disk_bytes, MIN_DISK_BYTES, i64::MAX as u64),
            ("max-connections", self.max_connections as u64, 1, Semaphore::MAX_PERMITS as u64),
        ];
        for (name, value, least, most) in settings.into_iter().chain(slot_seconds) {
            if !(least..=most).contains(&value) {
                return Err(RelayError::Setting { name, least, most });
            }
        }
        Ok(())
    }
}

/// A relay whose log is open: its writer runs, and doors can be served.
pub struct Relay {
    shared: Arc<Shared>,
    address: RelayAddress,
    onion_key: OnionKey,
    writer: JoinHandle<()>,
    max_connections: usize,
    /// Held until the writer has ended.
    _data: DataDir,
}

impl Relay {
    /// Opens the relay in a data directory, with new keys at the first start. Its newest checkpoint is
    /// published when this returns.
    ///
    /// # Errors
    /// Settings out of their limits, a directory in use, a database that is damaged or of a newer version.
    pub fn open(config: &RelayConfig) -> Result<Self, RelayError> {
        Self::open_with_clock(config, Arc::new(system_millis))
    }

    /// As [`Relay::open`], with another clock: for tests of what a wrong clock does.
    ///
    /// # Errors
    /// As [`Relay::open`].
    pub fn open_with_clock(config: &RelayConfig, clock: Clock) -> Result<Self, RelayError> {
        config.check()?;
        let data = DataDir::take(&config.data)?;
        let Opened { db, format } = data.open_writer()?;
        let identity = match store::read_identity(&db)? {
            Some(identity) => identity,
            None => {
                let identity = new_identity(config.slot_seconds.unwrap_or(DEFAULT_SLOT_SECONDS))?;
                store::write_identity(&db, &identity)?;
                identity
            }
        };
        if let Some(asked) = config.slot_seconds
            && asked != identity.slot_seconds
        {
            return Err(RelayError::SlotSeconds { kept: identity.slot_seconds, asked });
        }
        let (address, onion_key, signer) = keys(&identity)?;
        let policy = Policy {
            slot_seconds: identity.slot_seconds,
            retention_days: config.retention_days,
            posting: Posting::Open,
        };
        let policy = policy.sign(&signer).map_err(|_| RelayError::Damaged { what: Damage::Form })?;
        let mut held = store::read_held(&db, &signer.key())?;
        let record = Record::of(data.path());
        record.settle(&db, format, &signer.key(), &mut held)?;
        let settings = Settings {
            signer,
            slot_seconds: identity.slot_seconds,
            retention_days: config.retention_days,
            max_disk_bytes: config.max_disk_bytes,
            clock,
            record,
        };
        let (sequencer, writer) = Sequencer::start(db, held, settings)?;
        let shared = Arc::new(Shared {
            policy: Bytes::copy_from_slice(policy.as_bytes()),
            sequencer,
            readers: Readers::new(data.path().to_owned()),
            streams: Arc::new(Semaphore::new(MAX_STREAMS)),
            stop: watch::channel(false).0,
            patience: config.patience,
        });
        Ok(Self { shared, address, onion_key, writer, max_connections: config.max_connections, _data: data })
    }

    /// What people enter to use this relay.
    pub fn address(&self) -> RelayAddress {
        self.address
    }

    /// The key of its onion service.
    pub fn onion_key(&self) -> &OnionKey {
        &self.onion_key
    }

    /// Serves a door until [`Relay::stop`], or until the door closes or the writer fails, and lets open
    /// answers finish.
    pub fn serve<D: Door>(&self, door: D) -> impl Future<Output = ()> + use<D> {
        door::serve(door, self.shared.clone(), self.max_connections)
    }

    /// Tells everything that serves to stop taking connections and to end streams.
    pub fn stop(&self) {
        self.shared.stop.send_replace(true);
    }

    /// Stops, finishes the posts that wait, and closes the database. Blocks; the doors should be done.
    pub fn close(self) {
        self.stop();
        self.shared.readers.close();
        self.shared.sequencer.close();
        if self.writer.join().is_err() {
            tracing::error!("the writer ended by a fault of its own");
        }
    }
}

/// The address of the relay in a data directory, which may be running.
///
/// # Errors
/// There is no relay, or its database cannot be read.
pub fn read_address(data: &Path) -> Result<RelayAddress, RelayError> {
    let db = open_reader(data)?;
    let identity = store::read_identity(&db)?.ok_or_else(|| RelayError::NoRelay { path: data.to_owned() })?;
    Ok(keys(&identity)?.0)
}

/// The address of an identity and what signs for it.
pub(crate) fn keys(identity: &Identity) -> Result<(RelayAddress, OnionKey, LogSigner), RelayError> {
    let onion_key = OnionKey::from_seed(&identity.onion_seed);
    let signer = LogSigner::from_seed(&identity.log_seed);
    let address = RelayAddress::new(onion_key.public(), *signer.key().as_bytes())
        .map_err(|_| RelayError::Damaged { what: Damage::Keys })?;
    Ok((address, onion_key, signer))
}

/// New keys.
pub(crate) fn new_identity(slot_seconds: u32) -> Result<Identity, RelayError> {
    let mut identity =
        Identity { onion_seed: Zeroizing::new([0; 32]), log_seed: Zeroizing::new([0; 32]), slot_seconds };
    getrandom::fill(identity.onion_seed.as_mut_slice()).map_err(|_| RelayError::NoRandomness)?;
    getrandom::fill(identity.log_seed.as_mut_slice()).map_err(|_| RelayError::NoRandomness)?;
    Ok(identity)
}

/// Milliseconds since 1970 by the system's clock; 0 if it stands before.
fn system_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
