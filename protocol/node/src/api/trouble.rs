//! Why something is not done.

use pursuance_core::refusal::Refusal;
use serde::Serialize;

/// Why a request or query was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "code", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Trouble {
    /// The rules, or the state, refuse it.
    #[error("refused: {refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// The passphrase does not open this vault.
    #[error("the passphrase does not open this vault")]
    WrongPassphrase,
    /// The passphrase is shorter than it may be.
    #[error("the passphrase is shorter than {min_chars} characters")]
    PassphraseTooShort {
        /// The limit.
        min_chars: u32,
    },
    /// There is a vault in this folder already.
    #[error("there is a vault already")]
    VaultExists,
    /// There is no vault in this folder.
    #[error("there is no vault")]
    NoVault,
    /// The vault is locked.
    #[error("the vault is locked")]
    Locked,
    /// The vault's file is damaged.
    #[error("the file is damaged")]
    Damaged,
    /// The vault's file was written by a newer Pursuance.
    #[error("the file is of version {found}, this Pursuance reads up to {known}")]
    NewerFile {
        /// Its version.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// Another Pursuance has the folder open.
    #[error("another Pursuance has this folder open")]
    InUse,
    /// The disk refused in a way that has no name of its own.
    #[error("the disk refused to write")]
    Disk,
    /// The disk is full.
    #[error("the disk is full")]
    DiskFull,
    /// The disk or the folder cannot be written to.
    #[error("the folder cannot be written to")]
    ReadOnly,
    /// The link is not whole.
    #[error("the link is not whole")]
    LinkTruncated,
    /// The link is not an invite.
    #[error("this is not an invite link")]
    NotAnInvite,
    /// The link is for a newer Pursuance.
    #[error("the link needs a newer Pursuance")]
    LinkNewer,
    /// The words are no recovery phrase.
    #[error("this is no recovery phrase")]
    NotARecoveryPhrase {
        /// The first word that stands in no list, from 1; none where all do, and they do not belong together.
        word: Option<u32>,
    },
    /// The phrase is not the one that was shown.
    #[error("not the phrase that was shown")]
    NotThePhraseShown,
    /// The text is no code for one more computer.
    #[error("this is no code for one more computer")]
    NotACode,
    /// I am in this pursuance already.
    #[error("already a member")]
    AlreadyMember,
    /// There is no such pursuance here.
    #[error("no such pursuance")]
    NoSuchPursuance,
    /// Nothing can be undone.
    #[error("nothing to undo")]
    NothingToUndo,
    /// The list cannot be imported as it is.
    #[error("the list has {problems} rows that cannot be taken")]
    ImportProblems {
        /// How many.
        problems: u32,
    },
    /// The import was stopped before anything of it was saved.
    #[error("the import was cancelled")]
    ImportCancelled,
    /// An import is on its way in this pursuance; or another import is, anywhere.
    #[error("an import is on its way")]
    ImportRunning,
    /// The file is no backup, or it is damaged.
    #[error("this is no backup, or a damaged one")]
    NotABackup,
    /// A backup is being written.
    #[error("a backup is being written")]
    BackupRunning,
    /// There is no such file.
    #[error("there is no such file")]
    NoSuchFile,
    /// There is a file of this name.
    #[error("there is such a file already")]
    FileExists,
    /// There is no such folder, or it is the data folder, or the path is not absolute.
    #[error("there is no such folder for files")]
    NoSuchFolder,
    /// The file is no bundle, or not whole, or nothing in it can be opened here.
    #[error("this is no bundle, or not whole")]
    NotABundle,
    /// A bundle may not be so long.
    #[error("a bundle may not be so long")]
    BundleTooLong,
    /// Nothing of the pursuance can be sealed yet: whoever just joined waits for its keys.
    #[error("nothing can be sealed for the others yet")]
    NothingToBundle,
    /// A line that describes no bridge.
    #[error("line {line} describes no bridge")]
    NotABridge {
        /// Which, from 1 on.
        line: u32,
    },
    /// A bridge that is spoken to in a way that is not spoken here.
    #[error("the bridge of line {line} needs a transport that is not spoken")]
    BridgeTransport {
        /// Which, from 1 on.
        line: u32,
    },
    /// The text is no witness's name and key.
    #[error("this is no witness's key")]
    NotAWitness,
    /// It is a key, and not of the kind by which witnesses sign here.
    #[error("a key of this kind signs nothing that is read here")]
    WitnessOfAnotherKind,
    /// Name and key do not belong together: something of the text was changed.
    #[error("the witness's name and key do not belong together")]
    WitnessChanged,
    /// This witness was named already.
    #[error("this witness is there already")]
    WitnessThere,
    /// No more witnesses can be named.
    #[error("no more than {most} witnesses can be named")]
    TooManyWitnesses {
        /// The limit.
        most: u32,
    },
    /// There is no proof against this relay.
    #[error("there is no proof against this relay")]
    NoEvidence,
    /// The request itself was malformed.
    #[error("malformed request")]
    Malformed,
}
