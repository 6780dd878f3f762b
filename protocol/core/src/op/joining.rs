//! Invites, joins, and what members say of who comes (docs/protocol/04-authority.md, "Ops", and 07-joining.md).

use alloc::string::String;
use alloc::vec::Vec;

use super::KeyPackage;
use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::SignatureBytes;
use crate::id::{MemberId, RoleId};
use crate::limits::{MAX_INVITE_USES, MAX_MEMBER_NAME_BYTES, MAX_NOTE_BYTES, MAX_RELAYS};

/// See [`super::Op::Invite`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// The role offered.
    pub role: RoleId,
    /// How many may come by it, 1 to `MAX_INVITE_USES`.
    pub uses: u16,
    /// Key that signs joins; its private half is in the link.
    pub key: [u8; 32],
    /// Secret of the cells that carry preview, joins and welcomes; members need it to read joins.
    pub cell_secret: [u8; 32],
    /// A line about it.
    pub note: String,
    /// Where on each relay the pursuance begins: a position before its first cell.
    pub since: Vec<Since>,
    /// Whether who comes by it is a member only once a member admits them.
    pub reviewed: bool,
}

/// Where a pursuance begins at a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The relay's log key.
    pub relay: [u8; 32],
    /// No cell of the pursuance stands before this index.
    pub index: u64,
}

/// See [`super::Op::Join`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The joiner's pseudonym.
    pub name: String,
    /// The joiner's sealing key.
    pub package: KeyPackage,
    /// By the invite key, over pursuance, author, name and key package: whoever saw it cannot use it for another key.
    pub signature: SignatureBytes,
}

/// See [`super::Op::Vouch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouch {
    /// Who is known.
    pub member: MemberId,
    /// A line about it, which may be empty.
    pub note: String,
}

pub(super) fn write_invite(w: &mut Writer, invite: &Invite) {
    w.array(if invite.reviewed { 7 } else { 6 });
    w.uint(invite.role.0.into()).uint(invite.uses.into()).bytes(&invite.key).bytes(&invite.cell_secret);
    w.text(&invite.note).array(invite.since.len());
    for since in &invite.since {
        w.array(2).bytes(&since.relay).uint(since.index);
    }
    if invite.reviewed {
        w.uint(1);
    }
}

pub(super) fn read_invite(r: &mut Reader<'_>) -> Result<Invite, DecodeError> {
    let fields = r.list(7)?;
    if fields < 6 {
        return Err(DecodeError::Structure);
    }
    let role = RoleId(r.small()?);
    let uses = r.small()?;
    if !(1..=MAX_INVITE_USES).contains(&uses) {
        return Err(DecodeError::UnknownNumber);
    }
    let (key, cell_secret, note) = (r.exact()?, r.exact()?, r.text(MAX_NOTE_BYTES)?);
    let mut since = Vec::new();
    for _ in 0..r.list(MAX_RELAYS)? {
        r.array(2)?;
        since.push(Since { relay: r.exact()?, index: r.uint()? });
    }
    let reviewed = fields == 7;
    match reviewed.then(|| r.uint()).transpose()? {
        None | Some(1) => Ok(Invite { role, uses, key, cell_secret, note, since, reviewed }),
        // That is written without it.
        Some(0) => Err(DecodeError::NotCanonical),
        Some(_) => Err(DecodeError::UnknownNumber),
    }
}

pub(super) fn read_join(r: &mut Reader<'_>) -> Result<Join, DecodeError> {
    r.array(3)?;
    let name = r.text(MAX_MEMBER_NAME_BYTES)?;
    if name.is_empty() {
        return Err(DecodeError::Structure);
    }
    Ok(Join { name, package: KeyPackage::read(r)?, signature: r.exact()? })
}

pub(super) fn write_join(w: &mut Writer, join: &Join) {
    w.array(3).text(&join.name);
    join.package.write(w);
    w.bytes(&join.signature);
}

pub(super) fn read_vouch(r: &mut Reader<'_>) -> Result<Vouch, DecodeError> {
    r.array(2)?;
    Ok(Vouch { member: MemberId(r.exact()?), note: r.text(MAX_NOTE_BYTES)? })
}
