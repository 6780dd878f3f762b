//! Ops of the public layer: what every member reads and judges (docs/protocol/04-authority.md, "Ops").

use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::codec::{DecodeError, Reader, Writer};
use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, RoleId};
use crate::limits::{MAX_OP_BYTES, MAX_SEEN_NOTE_BYTES};
use crate::rule::Role;

mod deciding;
mod devices;
mod founding;
mod joining;
mod keys;
mod roles;

pub use deciding::Propose;
pub use devices::{AddDevice, Recover, RecoveryKey, recover_message, recovery_key_message};
pub(crate) use devices::{read_add_device, write_add_device};
pub use founding::Genesis;
pub use joining::{Invite, Join, Since, Vouch};
pub use keys::{Backlink, KeyPackage, RoleEpoch, SEALED_SECRET_BYTES, Seal, Welcome};
pub use roles::{Grant, Remove, SetRule};

/// Numbers of ops, reserved for ever; those without a type here are kept as *needs a newer Pursuance*.
pub mod number {
    /// [`super::Op::Genesis`]
    pub const GENESIS: u16 = 0;
    /// [`super::Op::SetName`]
    pub const SET_NAME: u16 = 1;
    /// [`super::Op::DefineRole`]
    pub const DEFINE_ROLE: u16 = 2;
    /// [`super::Op::RetireRole`]
    pub const RETIRE_ROLE: u16 = 3;
    /// [`super::Op::SetRule`]
    pub const SET_RULE: u16 = 4;
    /// [`super::Op::Grant`]
    pub const GRANT: u16 = 5;
    /// [`super::Op::RevokeGrant`]
    pub const REVOKE_GRANT: u16 = 6;
    /// [`super::Op::Remove`]
    pub const REMOVE: u16 = 7;
    /// [`super::Op::Leave`]
    pub const LEAVE: u16 = 8;
    /// [`super::Op::AddDevice`]
    pub const ADD_DEVICE: u16 = 9;
    /// [`super::Op::RemoveDevice`]
    pub const REMOVE_DEVICE: u16 = 10;
    /// [`super::Op::SuspendDevice`]
    pub const SUSPEND_DEVICE: u16 = 11;
    /// [`super::Op::Propose`]
    pub const PROPOSE: u16 = 12;
    /// [`super::Op::Approve`]
    pub const APPROVE: u16 = 13;
    /// [`super::Op::WithdrawApproval`]
    pub const WITHDRAW_APPROVAL: u16 = 14;
    /// [`super::Op::Ratify`]
    pub const RATIFY: u16 = 15;
    /// [`super::Op::Checkpoint`]
    pub const CHECKPOINT: u16 = 16;
    /// [`super::Op::SetRelays`]
    pub const SET_RELAYS: u16 = 17;
    /// [`super::Op::Invite`]
    pub const INVITE: u16 = 18;
    /// [`super::Op::RevokeInvite`]
    pub const REVOKE_INVITE: u16 = 19;
    /// [`super::Op::Join`]
    pub const JOIN: u16 = 20;
    /// [`super::Op::Admit`]
    pub const ADMIT: u16 = 21;
    /// [`super::Op::Vouch`]
    pub const VOUCH: u16 = 22;
    /// [`super::Op::KeyPackage`]
    pub const KEY_PACKAGE: u16 = 23;
    /// [`super::Op::RoleEpoch`]
    pub const ROLE_EPOCH: u16 = 24;
    /// [`super::Op::Welcome`]
    pub const WELCOME: u16 = 25;
    // 26 Link, 27 Dissolve
    /// [`super::Op::RecoveryKey`]
    pub const RECOVERY_KEY: u16 = 28;
    /// [`super::Op::Recover`]
    pub const RECOVER: u16 = 29;
    /// [`super::Op::SawCheckpoint`]
    pub const SAW_CHECKPOINT: u16 = 30;
    // 31.. charters, releases, claims of outside identity
}

/// What a public entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Founds the pursuance; only ever the first op of the first entry.
    Genesis(Genesis),
    /// Names the pursuance anew; at most `MAX_NAME_BYTES`, not empty.
    SetName(String),
    /// Defines a role, or names it anew; never *everyone*, and the name is not empty.
    DefineRole(Role),
    /// Ends a role.
    RetireRole(RoleId),
    /// Puts a rule into the table, or takes it out.
    SetRule(SetRule),
    /// Gives a member a role.
    Grant(Grant),
    /// Takes back what a grant gave.
    RevokeGrant(GrantRef),
    /// Removes a member from roles.
    Remove(Remove),
    /// The author's member goes.
    Leave,
    /// One more device of the author's member.
    AddDevice(AddDevice),
    /// Takes a device from the author's own member.
    RemoveDevice(AuthorId),
    /// Stops a device of which two histories are known.
    SuspendDevice(AuthorId),
    /// Asks others to decide together.
    Propose(Propose),
    /// Agrees to the proposal of that entry.
    Approve(EntryId),
    /// Takes back one's agreement to the proposal of that entry.
    WithdrawApproval(EntryId),
    /// Gives effect again to entries that lost it: 1 to `MAX_RATIFIED`, ascending.
    Ratify(Vec<EntryId>),
    /// What is in its past stays, what is beside it does not; only ever proposed.
    Checkpoint,
    /// Names the relays; concurrent writes stay side by side, the senior one is used.
    SetRelays(Vec<RelayAddress>),
    /// Offers a role to whoever holds the link.
    Invite(Invite),
    /// Closes an invite.
    RevokeInvite(GrantRef),
    /// Takes an invite; only ever the first op of an author's first entry.
    Join(Join),
    /// Lets somebody in whose join, that entry, came by an invite with review.
    Admit(EntryId),
    /// Says that one knows a member.
    Vouch(Vouch),
    /// The device's sealing key.
    KeyPackage(KeyPackage),
    /// A new epoch of a role.
    RoleEpoch(RoleEpoch),
    /// Hands an epoch to a reader who lacks it.
    Welcome(Welcome),
    /// The key with which the author's member can come back without any device.
    RecoveryKey(RecoveryKey),
    /// Comes back with that key; only ever the only op of an author's first entry.
    Recover(Recover),
    /// What a relay signed, as the author holds it, so that others can compare: a note of at most `MAX_SEEN_NOTE_BYTES`. Nothing of it
    /// is judged; whoever reads that relay too looks whether both have the same log (docs/protocol/08-node.md, N50).
    SawCheckpoint(Vec<u8>),
    /// An op of a newer version, kept as it came.
    Unknown {
        /// Its number.
        number: u16,
        /// Its arguments.
        arguments: Vec<u8>,
    },
}

impl Op {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::Genesis(_) => number::GENESIS,
            Self::SetName(_) => number::SET_NAME,
            Self::DefineRole(_) => number::DEFINE_ROLE,
            Self::RetireRole(_) => number::RETIRE_ROLE,
            Self::SetRule(_) => number::SET_RULE,
            Self::Grant(_) => number::GRANT,
            Self::RevokeGrant(_) => number::REVOKE_GRANT,
            Self::Remove(_) => number::REMOVE,
            Self::Leave => number::LEAVE,
            Self::AddDevice(_) => number::ADD_DEVICE,
            Self::RemoveDevice(_) => number::REMOVE_DEVICE,
            Self::SuspendDevice(_) => number::SUSPEND_DEVICE,
            Self::Propose(_) => number::PROPOSE,
            Self::Approve(_) => number::APPROVE,
            Self::WithdrawApproval(_) => number::WITHDRAW_APPROVAL,
            Self::Ratify(_) => number::RATIFY,
            Self::Checkpoint => number::CHECKPOINT,
            Self::SetRelays(_) => number::SET_RELAYS,
            Self::Invite(_) => number::INVITE,
            Self::RevokeInvite(_) => number::REVOKE_INVITE,
            Self::Join(_) => number::JOIN,
            Self::Admit(_) => number::ADMIT,
            Self::Vouch(_) => number::VOUCH,
            Self::KeyPackage(_) => number::KEY_PACKAGE,
            Self::RoleEpoch(_) => number::ROLE_EPOCH,
            Self::Welcome(_) => number::WELCOME,
            Self::RecoveryKey(_) => number::RECOVERY_KEY,
            Self::Recover(_) => number::RECOVER,
            Self::SawCheckpoint(_) => number::SAW_CHECKPOINT,
            Self::Unknown { number, .. } => *number,
        }
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2).uint(self.number().into()).bytes(&self.arguments());
    }

    /// Reads `[number, arguments]`; an unknown number keeps its arguments as they came.
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array(2)?;
        let number = r.small()?;
        let arguments = r.bytes(MAX_OP_BYTES)?;
        match Self::read_known(number, arguments) {
            // A number in it that has no meaning yet will have one in a newer version.
            Err(DecodeError::UnknownNumber) => Ok(Self::Unknown { number, arguments: arguments.into() }),
            known => known,
        }
    }

    fn read_known(number: u16, arguments: &[u8]) -> Result<Self, DecodeError> {
        let mut a = Reader::new(arguments);
        let op = match number {
            number::GENESIS => Self::Genesis(founding::read_genesis(&mut a)?),
            number::SET_NAME => Self::SetName(roles::read_set_name(&mut a)?),
            number::DEFINE_ROLE => Self::DefineRole(roles::read_define_role(&mut a)?),
            number::RETIRE_ROLE => Self::RetireRole(roles::read_retire_role(&mut a)?),
            number::SET_RULE => Self::SetRule(roles::read_set_rule(&mut a)?),
            number::GRANT => Self::Grant(roles::read_grant(&mut a)?),
            number::REVOKE_GRANT => Self::RevokeGrant(read_grant_ref(&mut a)?),
            number::REMOVE => Self::Remove(roles::read_remove(&mut a)?),
            number::LEAVE => nothing(&mut a, Self::Leave)?,
            number::ADD_DEVICE => Self::AddDevice(devices::read_add_device(&mut a)?),
            number::REMOVE_DEVICE => Self::RemoveDevice(AuthorId(read_one_id(&mut a)?)),
            number::SUSPEND_DEVICE => Self::SuspendDevice(AuthorId(read_one_id(&mut a)?)),
            number::PROPOSE => Self::Propose(deciding::read_propose(&mut a)?),
            number::APPROVE => Self::Approve(EntryId(read_one_id(&mut a)?)),
            number::WITHDRAW_APPROVAL => Self::WithdrawApproval(EntryId(read_one_id(&mut a)?)),
            number::RATIFY => Self::Ratify(deciding::read_ratify(&mut a)?),
            number::CHECKPOINT => nothing(&mut a, Self::Checkpoint)?,
            number::SET_RELAYS => Self::SetRelays(founding::read_relays(&mut a)?),
            number::INVITE => Self::Invite(joining::read_invite(&mut a)?),
            number::REVOKE_INVITE => Self::RevokeInvite(read_grant_ref(&mut a)?),
            number::JOIN => Self::Join(joining::read_join(&mut a)?),
            number::ADMIT => Self::Admit(EntryId(read_one_id(&mut a)?)),
            number::VOUCH => Self::Vouch(joining::read_vouch(&mut a)?),
            number::KEY_PACKAGE => Self::KeyPackage(KeyPackage::read(&mut a)?),
            number::ROLE_EPOCH => Self::RoleEpoch(keys::read_role_epoch(&mut a)?),
            number::WELCOME => Self::Welcome(keys::read_welcome(&mut a)?),
            number::RECOVERY_KEY => Self::RecoveryKey(devices::read_recovery_key(&mut a)?),
            number::RECOVER => Self::Recover(devices::read_recover(&mut a)?),
            number::SAW_CHECKPOINT => {
                a.array(1)?;
                Self::SawCheckpoint(a.bytes(MAX_SEEN_NOTE_BYTES)?.into())
            }
            _ => return Err(DecodeError::UnknownNumber),
        };
        a.end()?;
        Ok(op)
    }

    fn arguments(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Genesis(genesis) => founding::write_genesis(&mut w, genesis),
            Self::SetName(name) => _ = w.array(1).text(name),
            Self::DefineRole(role) => roles::write_define_role(&mut w, role),
            Self::RetireRole(role) => _ = w.array(1).uint(role.0.into()),
            Self::SetRule(set) => roles::write_set_rule(&mut w, set),
            Self::Grant(grant) => _ = w.array(2).bytes(&grant.member.0).uint(grant.role.0.into()),
            Self::RevokeGrant(of) | Self::RevokeInvite(of) => _ = w.array(2).bytes(&of.entry.0).uint(of.op.into()),
            Self::Remove(remove) => roles::write_remove(&mut w, remove),
            Self::Leave | Self::Checkpoint => _ = w.array(0),
            Self::AddDevice(added) => devices::write_add_device(&mut w, added),
            Self::RemoveDevice(author) | Self::SuspendDevice(author) => _ = w.array(1).bytes(&author.0),
            Self::Propose(proposal) => deciding::write_propose(&mut w, proposal),
            Self::Approve(entry) | Self::WithdrawApproval(entry) | Self::Admit(entry) => _ = w.array(1).bytes(&entry.0),
            Self::Ratify(entries) => deciding::write_ratify(&mut w, entries),
            Self::SetRelays(relays) => founding::write_relays(&mut w, relays),
            Self::Invite(invite) => joining::write_invite(&mut w, invite),
            Self::Join(join) => joining::write_join(&mut w, join),
            Self::Vouch(vouch) => _ = w.array(2).bytes(&vouch.member.0).text(&vouch.note),
            Self::KeyPackage(package) => package.write(&mut w),
            Self::RoleEpoch(epoch) => keys::write_role_epoch(&mut w, epoch),
            Self::Welcome(welcome) => keys::write_welcome(&mut w, welcome),
            Self::RecoveryKey(key) => _ = w.array(2).bytes(&key.key).bytes(&key.signature),
            Self::Recover(recover) => devices::write_recover(&mut w, recover),
            Self::SawCheckpoint(note) => _ = w.array(1).bytes(note),
            Self::Unknown { arguments, .. } => return arguments.clone(),
        }
        w.finish()
    }
}

/// `[]`
fn nothing(r: &mut Reader<'_>, op: Op) -> Result<Op, DecodeError> {
    r.array(0)?;
    Ok(op)
}

/// `[bytes 32]`
fn read_one_id(r: &mut Reader<'_>) -> Result<[u8; 32], DecodeError> {
    r.array(1)?;
    r.exact()
}

/// `[bytes 32 entry, u16 op]`
fn read_grant_ref(r: &mut Reader<'_>) -> Result<GrantRef, DecodeError> {
    r.array(2)?;
    Ok(GrantRef { entry: EntryId(r.exact()?), op: r.small()? })
}

#[cfg(test)]
mod tests;
