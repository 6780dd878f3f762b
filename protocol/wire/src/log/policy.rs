//! The policy: what a relay says about itself, signed (`docs/protocol/01-wire.md`, section 3).
//!
//! ```text
//! pursuance.relay/<log key> policy
//! slot_seconds 60
//! max_post_cells 4
//! block_cells 16
//! retention_days 30
//! posting open
//! ```

use alloc::format;

use crate::limits::{BLOCK_CELLS, MAX_POST_CELLS, MAX_RETENTION_DAYS, MAX_SLOT_SECONDS, MIN_SLOT_SECONDS};
use crate::log::note::{LogKey, LogSigner, Note, NoteError, UnverifiedNote};
use crate::text::decimal;

/// A verified policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Length of a slot, 1 to 300 seconds.
    pub slot_seconds: u32,
    /// Days after which a cell's body may be gone; its hash stays.
    pub retention_days: u32,
    /// Who may post.
    pub posting: Posting,
}

/// Who may post to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posting {
    /// Everybody who reaches it.
    Open,
}

/// Why bytes are not a policy of the expected relay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not a note of the relay's key.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line is not that of a policy of this log.
    #[error("the policy is of another log, or is no policy")]
    WrongOrigin,
    /// A line is missing, malformed or out of its limits.
    #[error("the line {name} of the policy is missing or out of its limits")]
    Line {
        /// Name of the line.
        name: &'static str,
    },
    /// Lines after the last one that this version knows.
    #[error("the policy has lines that this version does not know")]
    UnknownLines,
}

impl Policy {
    /// Signs a policy.
    ///
    /// # Errors
    /// [`PolicyError::Line`] if a value is out of its limits.
    pub fn sign(&self, signer: &LogSigner) -> Result<Note, PolicyError> {
        self.check()?;
        let Posting::Open = self.posting;
        let text = format!(
            "{} policy\nslot_seconds {}\nmax_post_cells {MAX_POST_CELLS}\nblock_cells {BLOCK_CELLS}\n\
             retention_days {}\nposting open\n",
            signer.key().origin(),
            self.slot_seconds,
            self.retention_days,
        );
        Ok(signer.sign(&text)?)
    }

    /// Reads and verifies a policy of the relay whose log key is `key`. // W16
    ///
    /// # Errors
    /// Not a note, another first line, not signed by the key, or lines out of form, order or limits.
    pub fn verify(bytes: &[u8], key: &LogKey) -> Result<Self, PolicyError> {
        let note = UnverifiedNote::parse(bytes)?;
        if note.text().lines().next() != Some(&*format!("{} policy", key.origin())) {
            return Err(PolicyError::WrongOrigin);
        }
        let note = note.verify(key)?;
        let mut lines = note.text().lines().skip(1);
        let mut number = |name: &'static str| {
            let line = lines.next().and_then(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(decimal).and_then(|value| u32::try_from(value).ok()).ok_or(PolicyError::Line { name })
        };
        let slot_seconds = number("slot_seconds")?;
        if number("max_post_cells")? as usize != MAX_POST_CELLS {
            return Err(PolicyError::Line { name: "max_post_cells" });
        }
        if u64::from(number("block_cells")?) != BLOCK_CELLS {
            return Err(PolicyError::Line { name: "block_cells" });
        }
        let retention_days = number("retention_days")?;
        if lines.next() != Some("posting open") {
            return Err(PolicyError::Line { name: "posting" });
        }
        if lines.next().is_some() {
            return Err(PolicyError::UnknownLines);
        }
        let policy = Self { slot_seconds, retention_days, posting: Posting::Open };
        policy.check()?;
        Ok(policy)
    }

    fn check(&self) -> Result<(), PolicyError> {
        if !(MIN_SLOT_SECONDS..=MAX_SLOT_SECONDS).contains(&self.slot_seconds) {
            return Err(PolicyError::Line { name: "slot_seconds" });
        }
        if self.retention_days == 0 || self.retention_days > MAX_RETENTION_DAYS {
            return Err(PolicyError::Line { name: "retention_days" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::borrow::ToOwned;

    fn signer() -> LogSigner {
        LogSigner::from_seed(&[3; 32])
    }

    #[test]
    fn what_is_signed_is_read_back_and_every_line_is_checked() {
        let policy = Policy { slot_seconds: 60, retention_days: 30, posting: Posting::Open };
        let note = policy.sign(&signer()).unwrap();
        assert_eq!(Policy::verify(note.as_bytes(), &signer().key()), Ok(policy.clone()));
        let cases = [
            ("slot_seconds 60", "slot_seconds 0", PolicyError::Line { name: "slot_seconds" }),
            ("slot_seconds 60", "slot_seconds 301", PolicyError::Line { name: "slot_seconds" }),
            ("slot_seconds 60", "slot_second 60", PolicyError::Line { name: "slot_seconds" }),
            ("cells 4", "cells 5", PolicyError::Line { name: "max_post_cells" }),
            ("cells 16", "cells 17", PolicyError::Line { name: "block_cells" }),
            ("days 30", "days 0", PolicyError::Line { name: "retention_days" }),
            ("open", "closed", PolicyError::Line { name: "posting" }),
            ("open\n", "open\nmore\n", PolicyError::UnknownLines),
            (" policy", " receipt", PolicyError::WrongOrigin),
        ];
        for (from, to, error) in cases {
            let text = note.text().to_owned().replace(from, to);
            let bent = signer().sign(&text).unwrap();
            assert_eq!(Policy::verify(bent.as_bytes(), &signer().key()), Err(error), "{to}");
        }
        let bad = Policy { slot_seconds: 0, ..policy };
        assert_eq!(bad.sign(&signer()), Err(PolicyError::Line { name: "slot_seconds" }));
    }
}
