//! What is decided together, and what is given effect again (docs/protocol/04-authority.md, "Ops").

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{Op, number};
use crate::codec::{DecodeError, Reader, Writer, read_ascending};
use crate::id::{EntryId, RoleId};
use crate::limits::{MAX_OP_BYTES, MAX_RATIFIED};

/// See [`super::Op::Propose`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Propose {
    /// The role whose holders decide.
    pub of: RoleId,
    /// What they decide: one of the ops that [`Op::is_proposable`] names.
    pub op: Box<Op>,
}

impl Op {
    /// Whether it can be in a proposal.
    #[must_use]
    pub const fn is_proposable(&self) -> bool {
        match self {
            Self::Unknown { .. } => false,
            known => is_proposable(known.number()),
        }
    }
}

/// Listed by number, so that nothing else is even decoded in there: a proposal holds no proposal.
const fn is_proposable(number: u16) -> bool {
    matches!(
        number,
        number::SET_NAME
            | number::DEFINE_ROLE
            | number::RETIRE_ROLE
            | number::SET_RULE
            | number::GRANT
            | number::REVOKE_GRANT
            | number::REMOVE
            | number::SUSPEND_DEVICE
            | number::CHECKPOINT
            | number::SET_RELAYS
            | number::REVOKE_INVITE
    )
}

pub(super) fn write_propose(w: &mut Writer, proposal: &Propose) {
    w.array(2).uint(proposal.of.0.into());
    proposal.op.write(w);
}

pub(super) fn read_propose(r: &mut Reader<'_>) -> Result<Propose, DecodeError> {
    r.array(2)?;
    let of = RoleId(r.small()?);
    r.array(2)?;
    let (number, arguments) = (r.small()?, r.bytes(MAX_OP_BYTES)?);
    if !is_proposable(number) {
        return Err(DecodeError::UnknownNumber);
    }
    // A number inside that has no meaning leaves the whole proposal unknown.
    Ok(Propose { of, op: Box::new(Op::read_known(number, arguments)?) })
}

pub(super) fn write_ratify(w: &mut Writer, entries: &[EntryId]) {
    w.array(1).array(entries.len());
    for entry in entries {
        w.bytes(&entry.0);
    }
}

pub(super) fn read_ratify(r: &mut Reader<'_>) -> Result<Vec<EntryId>, DecodeError> {
    r.array(1)?;
    let entries = read_ascending(r, MAX_RATIFIED, |r| Ok(EntryId(r.exact()?)))?;
    if entries.is_empty() { Err(DecodeError::Structure) } else { Ok(entries) }
}
