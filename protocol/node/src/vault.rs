//! The vault file: from a passphrase to the key of the database, and nothing else (docs/protocol/08-node.md, section 2).
//!
//! ```text
//! | "pursuance vault\n" | version u32 | memory KiB u32 | passes u32 | lanes u32 | salt 32 |      header
//! | nonce 24 | database key, sealed under Argon2id(passphrase, header) 48 | checksum 32 |     numbers big-endian
//! ```
//!
//! The database key is random and sealed, so that a wrong passphrase (it does not open, the checksum is right) and a
//! damaged file (the checksum is wrong) are told apart. Every version keeps the magic, the version and the checksum.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use pursuance_core::crypto::aead::{SEALED_VAULT_KEY_BYTES, open_vault_key, seal_vault_key};
use zeroize::{Zeroize, Zeroizing};

use crate::chance::random;
use crate::folder;

/// Shortest passphrase a vault is made with.
pub const MIN_PASSPHRASE_CHARS: usize = 12;

/// Longest passphrase that is looked at.
pub const MAX_PASSPHRASE_BYTES: usize = 4_096;

/// Least memory a vault may be made with, outside tests.
pub const MIN_VAULT_MEMORY_KIB: u32 = 64 * 1024;

/// Most memory that a vault file may ask for.
pub const MAX_VAULT_MEMORY_KIB: u32 = 1024 * 1024;

/// Most passes that a vault file may ask for.
pub const MAX_VAULT_PASSES: u32 = 16;

/// Most lanes that a vault file may ask for.
pub const MAX_VAULT_LANES: u32 = 16;

const MAGIC: &[u8; 16] = b"pursuance vault\n";
const VERSION: u32 = 1;
const SALT_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
const CHECKSUM_BYTES: usize = 32;
const HEADER_BYTES: usize = MAGIC.len() + 4 * 4 + SALT_BYTES;
const FILE_BYTES: usize = HEADER_BYTES + NONCE_BYTES + SEALED_VAULT_KEY_BYTES + CHECKSUM_BYTES;
/// No version of the file will be longer than this.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// The raw key of the database. Kept in a box: what holds it can move without copying it.
pub type DatabaseKey = Zeroizing<[u8; 32]>;

/// What one guess of the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultCost {
    pub(crate) memory_kib: u32,
    pub(crate) passes: u32,
    pub(crate) lanes: u32,
}

impl VaultCost {
    /// What vaults are made with: 256 MiB, three passes, one lane.
    pub const DEFAULT: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 1 };

    /// For tests alone: below the floor of [`MIN_VAULT_MEMORY_KIB`].
    pub const TRIAL: Self = Self { memory_kib: 64, passes: 1, lanes: 1 };

    /// Another cost for a smaller or larger computer; `None` below the floor or beyond what a file may ask for.
    #[must_use]
    pub fn new(memory_kib: u32, passes: u32) -> Option<Self> {
        let cost = Self { memory_kib, passes, lanes: 1 };
        (memory_kib >= MIN_VAULT_MEMORY_KIB && cost.params().is_some()).then_some(cost)
    }

    fn params(self) -> Option<Params> {
        let within =
            self.memory_kib <= MAX_VAULT_MEMORY_KIB && self.passes <= MAX_VAULT_PASSES && self.lanes <= MAX_VAULT_LANES;
        if !within {
            return None;
        }
        Params::new(self.memory_kib, self.passes, self.lanes, Some(32)).ok()
    }
}

/// Why a vault was not made or opened.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The passphrase does not open it.
    #[error("the passphrase does not open the vault")]
    WrongPassphrase,
    /// The file is cut short, changed, or asks for what no vault asks for.
    #[error("the vault file is damaged")]
    Damaged,
    /// The file is of a version that is not known here.
    #[error("the vault file is of version {found}, known is {known}")]
    Newer {
        /// The file's.
        found: u32,
        /// The newest known here.
        known: u32,
    },
    /// The disk refused.
    #[error("the disk refused")]
    Disk(#[source] io::Error),
}

/// A random key for a new database.
#[must_use]
pub fn fresh_key() -> Box<DatabaseKey> {
    Box::new(Zeroizing::new(random::<32>()))
}

/// Makes the vault file at `path` around the database's key; a crash leaves either no file or a whole one.
///
/// Costs what `cost` says, so not on a thread that others wait for.
///
/// # Errors
/// [`VaultError::Disk`]; in particular when there is a file already.
pub fn create(path: &Path, passphrase: &str, cost: VaultCost, database_key: &DatabaseKey) -> Result<(), VaultError> {
    if path.exists() {
        return Err(VaultError::Disk(io::ErrorKind::AlreadyExists.into()));
    }
    replace(path, passphrase, cost, database_key)
}

/// Writes the vault file at `path` anew, under another passphrase and a fresh salt; a crash leaves the old one or the new one,
/// whole. A trouble of the disk may come after the new one is in its place.
///
/// Costs what `cost` says, so not on a thread that others wait for.
///
/// # Errors
/// [`VaultError::Disk`].
pub fn replace(path: &Path, passphrase: &str, cost: VaultCost, database_key: &DatabaseKey) -> Result<(), VaultError> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(MAGIC);
    for number in [VERSION, cost.memory_kib, cost.passes, cost.lanes] {
        header.extend_from_slice(&number.to_be_bytes());
    }
    header.extend_from_slice(&random::<SALT_BYTES>());
    let nonce = random::<NONCE_BYTES>();
    let passphrase_key = derive(passphrase.as_bytes(), cost, &header).ok_or(VaultError::Damaged)?;
    let sealed = seal_vault_key(&passphrase_key, &nonce, &header, database_key);

    let mut file = header;
    file.extend_from_slice(&nonce);
    file.extend_from_slice(&sealed);
    let checksum = blake3::hash(&file);
    file.extend_from_slice(checksum.as_bytes());
    write_whole(path, &file).map_err(VaultError::Disk)
}

/// Opens the vault file at `path`.
///
/// Costs what the file says, within the limits of this module.
///
/// # Errors
/// Each case of [`VaultError`]; the file is never touched.
pub fn open(path: &Path, passphrase: &str) -> Result<Box<DatabaseKey>, VaultError> {
    let mut file = Vec::new();
    File::open(path)
        .and_then(|opened| opened.take(MAX_FILE_BYTES + 1).read_to_end(&mut file))
        .map_err(VaultError::Disk)?;
    unseal(&file, passphrase)
}

/// What one guess at a vault file's passphrase costs, without making one.
///
/// # Errors
/// [`VaultError::Damaged`] and [`VaultError::Newer`].
pub fn cost(file: &[u8]) -> Result<VaultCost, VaultError> {
    Sealed::parse(file).map(|sealed| sealed.cost)
}

/// As [`open`], for the bytes of a vault file.
///
/// # Errors
/// Each case of [`VaultError`] but the disk's.
pub fn unseal(file: &[u8], passphrase: &str) -> Result<Box<DatabaseKey>, VaultError> {
    let sealed = Sealed::parse(file)?;
    let passphrase_key = derive(passphrase.as_bytes(), sealed.cost, sealed.header).ok_or(VaultError::Damaged)?;
    open_vault_key(&passphrase_key, sealed.nonce, sealed.header, sealed.key)
        .map(Box::new)
        .map_err(|_| VaultError::WrongPassphrase)
}

/// A file that is whole and of a known version.
struct Sealed<'a> {
    cost: VaultCost,
    header: &'a [u8],
    nonce: &'a [u8; NONCE_BYTES],
    key: &'a [u8; SEALED_VAULT_KEY_BYTES],
}

impl<'a> Sealed<'a> {
    fn parse(file: &'a [u8]) -> Result<Self, VaultError> {
        let (body, checksum) = file.split_last_chunk::<CHECKSUM_BYTES>().ok_or(VaultError::Damaged)?;
        let rest = body.strip_prefix(MAGIC).ok_or(VaultError::Damaged)?;
        if file.len() as u64 > MAX_FILE_BYTES || blake3::hash(body).as_bytes() != checksum {
            return Err(VaultError::Damaged);
        }
        let (version, rest) = number(rest)?;
        if version > VERSION {
            return Err(VaultError::Newer { found: version, known: VERSION });
        }
        if version < VERSION || file.len() != FILE_BYTES {
            return Err(VaultError::Damaged);
        }
        let (memory_kib, rest) = number(rest)?;
        let (passes, rest) = number(rest)?;
        let (lanes, _) = number(rest)?;
        let cost = VaultCost { memory_kib, passes, lanes };
        cost.params().ok_or(VaultError::Damaged)?;
        let (header, rest) = body.split_at(HEADER_BYTES);
        let (nonce, key) = rest.split_first_chunk().ok_or(VaultError::Damaged)?;
        Ok(Self { cost, header, nonce, key: key.try_into().map_err(|_| VaultError::Damaged)? })
    }
}

fn number(bytes: &[u8]) -> Result<(u32, &[u8]), VaultError> {
    let (number, rest) = bytes.split_first_chunk().ok_or(VaultError::Damaged)?;
    Ok((u32::from_be_bytes(*number), rest))
}

/// Argon2id (RFC 9106); for a vault with the whole header as salt, so that the parameters are bound too. `None`: impossible
/// parameters.
pub(crate) fn derive(password: &[u8], cost: VaultCost, salt: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let params = cost.params()?;
    let mut memory = vec![Block::new(); params.block_count()];
    let mut key = Zeroizing::new([0; 32]);
    let outcome = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password,
        salt,
        &mut *key,
        &mut memory,
    );
    memory.iter_mut().for_each(Zeroize::zeroize);
    outcome.ok().map(|()| key)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = path.with_extension("half");
    let mut file = folder::private_file(&half)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&half, path)?;
    folder::sync_parent(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSPHRASE: &str = "four words are enough";

    fn made() -> (tempfile::TempDir, std::path::PathBuf, Box<DatabaseKey>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("vault");
        let key = fresh_key();
        create(&path, PASSPHRASE, VaultCost::TRIAL, &key).unwrap();
        (dir, path, key)
    }

    /// Writes a changed body with a right checksum, as a bug or an attacker would.
    fn rewrite(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
        let mut file = std::fs::read(path).unwrap();
        file.truncate(file.len() - CHECKSUM_BYTES);
        change(&mut file);
        let checksum = blake3::hash(&file);
        file.extend_from_slice(checksum.as_bytes());
        std::fs::write(path, file).unwrap();
    }

    #[test]
    fn the_passphrase_gives_the_key_again() {
        let (_dir, path, key) = made();
        assert_eq!(std::fs::read(&path).unwrap().len(), FILE_BYTES);
        assert_eq!(**open(&path, PASSPHRASE).unwrap(), **key);
        assert_ne!(**key, [0; 32]);
    }

    #[test]
    fn two_vaults_have_nothing_in_common() {
        let (_a, path_a, key_a) = made();
        let (_b, path_b, key_b) = made();
        assert_ne!(**key_a, **key_b);
        let (a, b) = (std::fs::read(path_a).unwrap(), std::fs::read(path_b).unwrap());
        assert_ne!(a[32..], b[32..]);
    }

    #[test]
    fn a_wrong_passphrase_is_not_damage() {
        let (_dir, path, _) = made();
        for wrong in ["four words are enoughh", "", "Four words are enough"] {
            assert!(matches!(open(&path, wrong), Err(VaultError::WrongPassphrase)), "{wrong}");
        }
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        let (_dir, path, _) = made();
        let file = std::fs::read(&path).unwrap();
        for bit in 0..file.len() * 8 {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &flipped).unwrap();
            assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Damaged)), "bit {bit}");
        }
    }

    #[test]
    fn every_shorter_or_longer_file_is_damage() {
        let (_dir, path, _) = made();
        let file = std::fs::read(&path).unwrap();
        for bytes in 0..file.len() {
            std::fs::write(&path, &file[..bytes]).unwrap();
            assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Damaged)), "{bytes} bytes");
        }
        std::fs::write(&path, [&file[..], &[0]].concat()).unwrap();
        assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Damaged)));
        std::fs::write(&path, vec![0; 100_000]).unwrap();
        assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Damaged)));
    }

    #[test]
    fn a_newer_version_is_named() {
        let (_dir, path, _) = made();
        rewrite(&path, |file| {
            file[16..20].copy_from_slice(&7u32.to_be_bytes());
            file.extend_from_slice(b"what a later version adds");
        });
        assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Newer { found: 7, known: 1 })));
    }

    #[test]
    fn absurd_parameters_cost_nothing() {
        for (at, value) in [(20, u32::MAX), (20, 0), (24, 17), (24, 0), (28, 17), (28, 0)] {
            let (_dir, path, _) = made();
            rewrite(&path, |file| file[at..at + 4].copy_from_slice(&value.to_be_bytes()));
            assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::Damaged)), "{value} at {at}");
        }
    }

    #[test]
    fn the_floor_holds() {
        assert_eq!(VaultCost::new(MIN_VAULT_MEMORY_KIB - 1, 3), None);
        assert_eq!(VaultCost::new(MAX_VAULT_MEMORY_KIB + 1, 3), None);
        assert_eq!(VaultCost::new(256 * 1024, 3), Some(VaultCost::DEFAULT));
    }

    #[test]
    fn a_vault_is_never_overwritten() {
        let (_dir, path, key) = made();
        assert!(matches!(create(&path, "another passphrase", VaultCost::TRIAL, &key), Err(VaultError::Disk(_))));
        assert_eq!(**open(&path, PASSPHRASE).unwrap(), **key);
    }

    #[test]
    fn another_passphrase_opens_the_same_key_and_the_old_one_does_not() {
        let (_dir, path, key) = made();
        let before = std::fs::read(&path).unwrap();
        // Half of one that was never finished, longer than a whole one.
        std::fs::write(path.with_extension("half"), vec![7; 2 * FILE_BYTES]).unwrap();
        assert_eq!(**open(&path, PASSPHRASE).unwrap(), **key);
        replace(&path, "another passphrase", VaultCost::TRIAL, &key).unwrap();
        assert!(matches!(open(&path, PASSPHRASE), Err(VaultError::WrongPassphrase)));
        assert_eq!(**open(&path, "another passphrase").unwrap(), **key);
        let after = std::fs::read(&path).unwrap();
        assert_ne!(before[32..HEADER_BYTES], after[32..HEADER_BYTES], "the salt is fresh");
        assert!(!path.with_extension("half").exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let (_dir, path, _) = made();
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
