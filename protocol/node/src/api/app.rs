//! The frame around everything, and the sentence at its foot.

use pursuance_core::id::PursuanceId;
use pursuance_core::journal::LogRow;
use serde::{Deserialize, Serialize};

use crate::api::ImportState;
use crate::bridges::BridgesView;
use crate::sending::Sending;
use crate::witnesses::{CosignedView, WitnessView};

/// A page of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct LogView {
    /// Entries in the order in which they came here, newest first.
    pub rows: Vec<LogRow>,
    /// Where the next page begins; `None` at the end.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub older: Option<u64>,
    /// Entries in the log.
    pub entries: u32,
    /// Of those: entries that do not count, as a whole or in part.
    pub troubles: u32,
    /// Entries that others name and that have not arrived.
    pub announced: u32,
}

/// The frame around everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct AppView {
    /// Grows by one with every change of anything shown.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub seq: u64,
    /// Where the vault stands.
    pub stage: Stage,
    /// The data folder, as shown to the person.
    pub data_folder: String,
    /// Pursuances and open invites, by name.
    pub pursuances: Vec<PursuanceRow>,
    /// Whether the person chose to stay offline.
    pub offline: bool,
    /// A relay is wanted that is reached by Tor, and the person did not say yet whether Tor may be used ([`Request::SetOffline`]).
    pub asks_tor: bool,
    /// Whether relays are substituted by loopback addresses (demo and tests).
    pub loopback: bool,
    /// This computer's clock differs from what relays' slots say, by this many seconds (positive: it is ahead).
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub clock_off_seconds: Option<i64>,
    /// The import that is on its way.
    pub import: Option<ImportState>,
    /// The folder proposed for files that a person wants written; it may not exist.
    pub save_folder: String,
    /// What is wrong with the disk or the database while it is open.
    pub storage: Option<StorageTrouble>,
    /// Keys that this person chose.
    pub keys: Vec<ChosenKey>,
    /// After how many minutes without a key or a pointer the window locks; `null`: never.
    pub lock_after: Option<u16>,
    /// When posts leave this computer.
    pub sending: Sending,
    /// The bridges by which Tor is reached; empty while locked.
    pub bridges: BridgesView,
    /// The witnesses that this person named; empty while locked.
    pub witnesses: Vec<WitnessView>,
}

/// A key that a person chose for something, instead of the one that there is. What it means is the window's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct ChosenKey {
    /// What it does.
    pub action: String,
    /// The key.
    pub key: String,
}

/// What is wrong with the disk or the database while it is open. What was said to be kept is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum StorageTrouble {
    /// The last write failed: the disk is full.
    Full,
    /// The last write failed: the disk cannot be written to.
    ReadOnly,
    /// The last write failed for another reason.
    Failing,
    /// A page of the database is not what was written.
    Damaged,
}

/// Where the vault stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// There is no vault in the data folder yet.
    Fresh,
    /// There is one, and it is closed.
    Locked,
    /// It is open.
    Open,
}

/// One pursuance in the left rail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct PursuanceRow {
    /// Which.
    #[cfg_attr(feature = "bindings", ts(type = "string"))]
    pub pursuance: PursuanceId,
    /// Its name; empty while an invite's preview has not arrived.
    pub name: String,
    /// How I stand in it.
    pub standing: Standing,
    /// The one status sentence.
    pub status: StatusLine,
    /// The last change can be undone.
    pub can_undo: bool,
    /// It is there to look around in, and nothing of it ever leaves this computer.
    pub sample: bool,
}

/// How I stand in a pursuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Standing {
    /// An invite is open, not accepted.
    Invited,
    /// I joined; nobody's app has welcomed mine yet.
    Waiting,
    /// I am in.
    Member,
}

/// The status sentence, as a code with its numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StatusLine {
    /// No relay is set.
    NoRelay {
        /// Own changes not handed over.
        kept: u32,
    },
    /// The person chose to stay offline.
    Offline {
        /// Own changes not handed over.
        kept: u32,
    },
    /// The person did not say yet whether Tor may be used.
    TorUnasked {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Tor is starting.
    TorStarting {
        /// 0 to 100.
        percent: u8,
        /// Own changes not handed over.
        kept: u32,
    },
    /// Tor cannot be reached at all.
    TorUnreachable {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Nothing was reached yet, the first try is under way.
    Connecting {
        /// Own changes not handed over.
        kept: u32,
    },
    /// Reading, and more is known to come.
    Reading {
        /// Cells read of those known.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        read: u64,
        /// Cells known.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        of: u64,
    },
    /// Nothing newer known.
    Fine {
        /// Relays reached.
        reached: u16,
        /// Relays there are.
        of: u16,
        /// Seconds since 1970 of the last visit.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        at_seconds: u64,
        /// Own changes not handed over.
        kept: u32,
    },
    /// No relay could be reached.
    Unreachable {
        /// Seconds since 1970 since when.
        #[cfg_attr(feature = "bindings", ts(type = "number"))]
        since_seconds: u64,
        /// Own changes not handed over.
        kept: u32,
        /// Seconds until the next try.
        retry_seconds: u32,
    },
    /// The relay gave something that breaks its word.
    RelayFault {
        /// What.
        fault: Fault,
    },
    /// Entries are announced and have not arrived.
    Gap {
        /// How many.
        entries: u32,
        /// The author's name, where it is one author only.
        by: Option<String>,
    },
    /// This device's own log goes on elsewhere: a copy of its folder is in use, so this one signs nothing more.
    Overtaken,
    /// I am no longer a member; what is here stays readable, and nothing is posted any more, but that I go.
    Removed {
        /// Own changes that still have to be handed over, so that the others know that I went.
        kept: u32,
    },
    /// This device was taken out by another one of mine, or stopped; likewise.
    DeviceRemoved,
    /// A device shows two histories.
    TwoHistories {
        /// Its owner's name.
        by: String,
    },
    /// Entries need a newer Pursuance.
    NeedsNewer {
        /// How many.
        entries: u32,
    },
}

/// In what way a relay broke its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// It showed two logs.
    Forked,
    /// It forgot what it had.
    RolledBack,
    /// It signed for something and does not have it.
    BrokenReceipt,
    /// Its answers make no sense.
    Garbage,
    /// It is not the relay it should be.
    WrongOrigin,
    /// It stopped making checkpoints.
    Stale,
    /// It hands out nothing of what came lately, and says that it was kept long enough.
    Withholds,
}

/// A relay of a pursuance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(rename_all = "camelCase")]
pub struct RelayView {
    /// Its address.
    pub address: String,
    /// Seconds since 1970 when it was last reached.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub reached_seconds: Option<u64>,
    /// Cells it holds, as far as known.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub cells: u64,
    /// Cells of it read here.
    #[cfg_attr(feature = "bindings", ts(type = "number"))]
    pub read: u64,
    /// Posts it signed for.
    pub handed: u32,
    /// Posts waiting for it.
    pub waiting: u32,
    /// Entries of this pursuance that came by another relay and not by this one, as far as that is known.
    pub lacks: u32,
    /// How it broke its word.
    pub fault: Option<Fault>,
    /// The last try came to nothing.
    pub failing: bool,
    /// Seconds since 1970 at the end of the newest slot for which another computer is known to have been shown the same log.
    #[cfg_attr(feature = "bindings", ts(type = "number | null"))]
    pub agreed_seconds: Option<u64>,
    /// Witnesses that signed a checkpoint of it too, each with the newest one of which this is known; the newest first.
    pub cosigned: Vec<CosignedView>,
    /// There is a proof of that, for anybody.
    pub has_proof: bool,
    /// The pursuance posts to it. One that was left is still read: whoever was away may have posted there.
    pub used: bool,
}
