//! The moments at which something of a node becomes durable, and crashes just before and just after each
//! (docs/protocol/08-node.md, "The engine").

use super::Stop;

/// A transaction of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// Own entries.
    Entry,
    /// The first entry of a newcomer.
    Join,
    /// Sealed cells, and where they are to be posted.
    Cells,
    /// A relay that is posted to from now on, with all own cells.
    Relay,
    /// A receipt.
    Receipt,
    /// A relay's newer tree.
    Checkpoint,
    /// Entries read, parts of such, and how far the relay was read.
    Reading,
    /// Secrets that came with them; entries that were of no use.
    Secrets,
    /// That a relay is to be read again with a new secret.
    ReadAgain,
    /// That the device is in.
    Member,
    /// Which promises were kept and which broken.
    Promises,
    /// The proof of a fork.
    Proof,
}

impl Boundary {
    /// Every one.
    pub const ALL: [Self; 12] = [
        Self::Entry,
        Self::Join,
        Self::Cells,
        Self::Relay,
        Self::Receipt,
        Self::Checkpoint,
        Self::Reading,
        Self::Secrets,
        Self::ReadAgain,
        Self::Member,
        Self::Promises,
        Self::Proof,
    ];
}

/// On which side of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Nothing of it is on the disk.
    Before,
    /// All of it is.
    After,
}

/// How many boundaries a node still passes before it crashes.
#[derive(Debug, Default)]
pub struct Fuse {
    left: Option<u32>,
    burnt: Option<(Boundary, Side)>,
}

impl Fuse {
    /// Lit: so many are passed, and at the next it crashes.
    pub const fn light(&mut self, boundaries: u32) {
        self.left = Some(boundaries);
    }

    /// Puts it out; where it had burnt down before.
    pub const fn put_out(&mut self) -> Option<(Boundary, Side)> {
        self.left = None;
        self.burnt.take()
    }

    /// Passes one side of a transaction.
    ///
    /// # Errors
    /// [`Stop::Crashed`].
    pub(super) fn pass(&mut self, boundary: Boundary, side: Side) -> Result<(), Stop> {
        match &mut self.left {
            Some(0) => {
                self.burnt.get_or_insert((boundary, side));
                Err(Stop::Crashed)
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }
}
