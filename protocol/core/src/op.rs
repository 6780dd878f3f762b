//! Ops of the public layer: what every member reads and judges (docs/protocol/04-authority.md, "Ops").

use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::codec::{DecodeError, Reader, Writer};
use crate::crypto::{KeySuite, SignatureBytes};
use crate::id::{AuthorId, EpochId, RoleId};
use crate::limits::{
    MAX_INVITE_USES, MAX_MEMBER_NAME_BYTES, MAX_MISSION_BYTES, MAX_NAME_BYTES, MAX_NOTE_BYTES, MAX_OP_BYTES,
    MAX_READERS, MAX_RELAYS, MAX_ROLES, MAX_RULES,
};
use crate::rule::{Condition, Object, Role, Rule, RuleTable, Verb};

/// Numbers of ops, reserved for ever; those without a type here are kept as *needs a newer Pursuance*.
pub mod number {
    /// [`super::Op::Genesis`]
    pub const GENESIS: u16 = 0;
    // 1 SetName, 2 DefineRole, 3 RetireRole, 4 SetRule, 5 Grant, 6 RevokeGrant, 7 Remove, 8 Leave
    /// [`super::Op::AddDevice`]
    pub const ADD_DEVICE: u16 = 9;
    // 10 RemoveDevice, 11 SuspendDevice, 12 Propose, 13 Approve, 14 WithdrawApproval, 15 Ratify, 16 Checkpoint
    /// [`super::Op::SetRelays`]
    pub const SET_RELAYS: u16 = 17;
    /// [`super::Op::Invite`]
    pub const INVITE: u16 = 18;
    // 19 RevokeInvite
    /// [`super::Op::Join`]
    pub const JOIN: u16 = 20;
    // 21 Admit, 22 Vouch
    /// [`super::Op::KeyPackage`]
    pub const KEY_PACKAGE: u16 = 23;
    /// [`super::Op::RoleEpoch`]
    pub const ROLE_EPOCH: u16 = 24;
    /// [`super::Op::Welcome`]
    pub const WELCOME: u16 = 25;
    // 26 Link, 27 Dissolve, 28.. charters, releases, claims of outside identity
}

/// What a public entry does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// Founds the pursuance; only ever the first op of the first entry.
    Genesis(Genesis),
    /// Names the relays; concurrent writes stay side by side, the senior one is used.
    SetRelays(Vec<RelayAddress>),
    /// Offers a role to whoever holds the link.
    Invite(Invite),
    /// Takes an invite; only ever the first op of an author's first entry.
    Join(Join),
    /// One more device of the author's member.
    AddDevice(AddDevice),
    /// The device's sealing key.
    KeyPackage(KeyPackage),
    /// A new epoch of a role.
    RoleEpoch(RoleEpoch),
    /// Hands an epoch to a reader who lacks it.
    Welcome(Welcome),
    /// An op of a newer version, kept as it came.
    Unknown {
        /// Its number.
        number: u16,
        /// Its arguments.
        arguments: Vec<u8>,
    },
}

/// See [`Op::Genesis`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// The pursuance's name.
    pub name: String,
    /// What it is for.
    pub mission: String,
    /// The founder's pseudonym.
    pub founder_name: String,
    /// Roles and rules; the founder holds the first role.
    pub table: RuleTable,
    /// Relays to begin with.
    pub relays: Vec<RelayAddress>,
    /// 16 random bytes: two pursuances of one text differ.
    pub nonce: [u8; 16],
}

/// See [`Op::Invite`].
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
}

/// Where a pursuance begins at a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since {
    /// The relay's log key.
    pub relay: [u8; 32],
    /// No cell of the pursuance stands before this index.
    pub index: u64,
}

/// See [`Op::Join`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Join {
    /// The joiner's pseudonym.
    pub name: String,
    /// The joiner's sealing key.
    pub package: KeyPackage,
    /// By the invite key, over pursuance, author, name and key package: whoever saw it cannot use it for another key.
    pub signature: SignatureBytes,
}

/// See [`Op::AddDevice`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddDevice {
    /// The new device.
    pub author: AuthorId,
    /// Its sealing key.
    pub package: KeyPackage,
    /// By the new device, over pursuance, member and key package: nobody makes it a device of somebody else.
    pub signature: SignatureBytes,
}

/// See [`Op::KeyPackage`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPackage {
    /// Which key encapsulation.
    pub suite: KeySuite,
    /// Its public key.
    pub public: Vec<u8>,
}

/// See [`Op::RoleEpoch`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleEpoch {
    /// Whose epoch.
    pub role: RoleId,
    /// Commitment to its secret.
    pub epoch: EpochId,
    /// Epochs it follows.
    pub parents: Vec<EpochId>,
    /// Hash over the readers' package ids, sorted: no list is sent.
    pub readers: [u8; 32],
    /// One seal a reader, in the order of the package ids.
    pub seals: Vec<Seal>,
}

/// One seal of an epoch secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// First bytes of the package id, so that a reader finds its own.
    pub tag: [u8; 8],
    /// HPKE encapsulation and ciphertext.
    pub sealed: Vec<u8>,
}

/// See [`Op::Welcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Welcome {
    /// Whose epoch.
    pub role: RoleId,
    /// Which.
    pub epoch: EpochId,
    /// The device that is to read.
    pub to: AuthorId,
    /// HPKE encapsulation and ciphertext.
    pub sealed: Vec<u8>,
}

/// Most bytes of a seal that any suite makes.
const MAX_SEAL_BYTES: usize = 2_048;
/// Most bytes of a public key of any suite.
const MAX_PUBLIC_KEY_BYTES: usize = 2_048;

impl Op {
    /// Its number on the wire.
    #[must_use]
    pub const fn number(&self) -> u16 {
        match self {
            Self::Genesis(_) => number::GENESIS,
            Self::SetRelays(_) => number::SET_RELAYS,
            Self::Invite(_) => number::INVITE,
            Self::Join(_) => number::JOIN,
            Self::AddDevice(_) => number::ADD_DEVICE,
            Self::KeyPackage(_) => number::KEY_PACKAGE,
            Self::RoleEpoch(_) => number::ROLE_EPOCH,
            Self::Welcome(_) => number::WELCOME,
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
            number::GENESIS => Self::Genesis(read_genesis(&mut a)?),
            number::SET_RELAYS => Self::SetRelays(read_relays(&mut a)?),
            number::INVITE => Self::Invite(read_invite(&mut a)?),
            number::JOIN => Self::Join(read_join(&mut a)?),
            number::ADD_DEVICE => Self::AddDevice(read_add_device(&mut a)?),
            number::KEY_PACKAGE => Self::KeyPackage(KeyPackage::read(&mut a)?),
            number::ROLE_EPOCH => Self::RoleEpoch(read_role_epoch(&mut a)?),
            number::WELCOME => Self::Welcome(read_welcome(&mut a)?),
            _ => return Err(DecodeError::UnknownNumber),
        };
        a.end()?;
        Ok(op)
    }

    fn arguments(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Genesis(genesis) => write_genesis(&mut w, genesis),
            Self::SetRelays(relays) => write_relays(&mut w, relays),
            Self::Invite(invite) => write_invite(&mut w, invite),
            Self::Join(join) => {
                w.array(3).text(&join.name);
                join.package.write(&mut w);
                w.bytes(&join.signature);
            }
            Self::AddDevice(added) => {
                w.array(3).bytes(&added.author.0);
                added.package.write(&mut w);
                w.bytes(&added.signature);
            }
            Self::KeyPackage(package) => package.write(&mut w),
            Self::RoleEpoch(epoch) => write_role_epoch(&mut w, epoch),
            Self::Welcome(welcome) => {
                w.array(4)
                    .uint(welcome.role.0.into())
                    .bytes(&welcome.epoch.0)
                    .bytes(&welcome.to.0)
                    .bytes(&welcome.sealed);
            }
            Self::Unknown { arguments, .. } => return arguments.clone(),
        }
        w.finish()
    }
}

impl KeyPackage {
    /// Its id, which seals and reader lists use.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        crate::crypto::hash(crate::crypto::label::PACKAGE_ID, &[&[self.suite as u8], &self.public])
    }

    pub(crate) fn write(&self, w: &mut Writer) {
        w.array(2).uint(self.suite as u64).bytes(&self.public);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.array(2)?;
        let suite = KeySuite::from_number(r.small()?).ok_or(DecodeError::UnknownNumber)?;
        let public = r.bytes(MAX_PUBLIC_KEY_BYTES)?;
        if public.len() != suite.public_bytes() {
            return Err(DecodeError::Structure);
        }
        Ok(Self { suite, public: public.into() })
    }
}

fn write_genesis(w: &mut Writer, genesis: &Genesis) {
    w.array(7).text(&genesis.name).text(&genesis.mission).text(&genesis.founder_name);
    w.array(genesis.table.roles.len());
    for role in &genesis.table.roles {
        w.array(2).text(&role.name).uint(role.rank.into());
    }
    w.array(genesis.table.rules.len());
    for rule in &genesis.table.rules {
        let (kind, over) = match rule.object {
            Object::Role(role) => (0, role.0),
            Object::Relays => (1, 0),
        };
        w.array(5).uint(rule.role.0.into()).uint(rule.verb as u64).uint(kind).uint(over.into());
        w.uint(match rule.condition {
            Condition::Always => 0,
            Condition::Own => 1,
        });
    }
    write_relays(w, &genesis.relays);
    w.bytes(&genesis.nonce);
}

fn read_genesis(r: &mut Reader<'_>) -> Result<Genesis, DecodeError> {
    r.array(7)?;
    let name = r.text(MAX_NAME_BYTES)?;
    let mission = r.text(MAX_MISSION_BYTES)?;
    let founder_name = r.text(MAX_MEMBER_NAME_BYTES)?;
    let mut roles = Vec::new();
    for index in 0..r.list(MAX_ROLES)? {
        r.array(2)?;
        let id = RoleId(u16::try_from(index + 1).expect("at most MAX_ROLES"));
        roles.push(Role { id, name: r.text(MAX_NAME_BYTES)?, rank: r.small()? });
    }
    if name.is_empty() || founder_name.is_empty() || roles.is_empty() {
        return Err(DecodeError::Structure);
    }
    let known =
        |role: RoleId| if usize::from(role.0) <= roles.len() { Ok(role) } else { Err(DecodeError::UnknownNumber) };
    let mut rules = Vec::new();
    for _ in 0..r.list(MAX_RULES)? {
        r.array(5)?;
        let role = known(RoleId(r.small()?))?;
        let verb = Verb::from_number(r.small()?).ok_or(DecodeError::UnknownNumber)?;
        let object = match (r.uint()?, r.small()?) {
            (0, over) => Object::Role(known(RoleId(over))?),
            (1, 0) => Object::Relays,
            _ => return Err(DecodeError::UnknownNumber),
        };
        let condition = match r.uint()? {
            0 => Condition::Always,
            1 => Condition::Own,
            _ => return Err(DecodeError::UnknownNumber),
        };
        rules.push(Rule { role, verb, object, condition });
    }
    let relays = read_relays(r)?;
    let nonce = r.exact()?;
    Ok(Genesis { name, mission, founder_name, table: RuleTable { roles, rules }, relays, nonce })
}

fn write_relays(w: &mut Writer, relays: &[RelayAddress]) {
    w.array(relays.len());
    for relay in relays {
        w.array(2).bytes(relay.onion()).bytes(relay.log_key().as_bytes());
    }
}

fn read_relays(r: &mut Reader<'_>) -> Result<Vec<RelayAddress>, DecodeError> {
    let mut relays = Vec::new();
    for _ in 0..r.list(MAX_RELAYS)? {
        r.array(2)?;
        relays.push(RelayAddress::new(r.exact()?, r.exact()?).map_err(|_| DecodeError::NotARelay)?);
    }
    Ok(relays)
}

fn write_invite(w: &mut Writer, invite: &Invite) {
    w.array(6).uint(invite.role.0.into()).uint(invite.uses.into()).bytes(&invite.key).bytes(&invite.cell_secret);
    w.text(&invite.note).array(invite.since.len());
    for since in &invite.since {
        w.array(2).bytes(&since.relay).uint(since.index);
    }
}

fn read_invite(r: &mut Reader<'_>) -> Result<Invite, DecodeError> {
    r.array(6)?;
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
    Ok(Invite { role, uses, key, cell_secret, note, since })
}

fn read_join(r: &mut Reader<'_>) -> Result<Join, DecodeError> {
    r.array(3)?;
    let name = r.text(MAX_MEMBER_NAME_BYTES)?;
    if name.is_empty() {
        return Err(DecodeError::Structure);
    }
    Ok(Join { name, package: KeyPackage::read(r)?, signature: r.exact()? })
}

fn read_add_device(r: &mut Reader<'_>) -> Result<AddDevice, DecodeError> {
    r.array(3)?;
    Ok(AddDevice { author: AuthorId(r.exact()?), package: KeyPackage::read(r)?, signature: r.exact()? })
}

fn write_role_epoch(w: &mut Writer, epoch: &RoleEpoch) {
    w.array(6).uint(epoch.role.0.into()).bytes(&epoch.epoch.0).array(epoch.parents.len());
    for parent in &epoch.parents {
        w.bytes(&parent.0);
    }
    w.bytes(&epoch.readers).array(epoch.seals.len());
    for seal in &epoch.seals {
        w.array(2).bytes(&seal.tag).bytes(&seal.sealed);
    }
    // Backlinks (parents' secrets sealed under this one) come with roles that have *full* history.
    w.array(0);
}

fn read_role_epoch(r: &mut Reader<'_>) -> Result<RoleEpoch, DecodeError> {
    r.array(6)?;
    let role = RoleId(r.small()?);
    let epoch = EpochId(r.exact()?);
    let mut parents = Vec::new();
    for _ in 0..r.list(MAX_READERS)? {
        parents.push(EpochId(r.exact()?));
    }
    if !parents.is_sorted_by(|a, b| a < b) {
        return Err(DecodeError::NotSorted);
    }
    let readers = r.exact()?;
    let mut seals = Vec::new();
    for _ in 0..r.list(MAX_READERS)? {
        r.array(2)?;
        seals.push(Seal { tag: r.exact()?, sealed: r.bytes(MAX_SEAL_BYTES)?.into() });
    }
    r.array(0)?;
    Ok(RoleEpoch { role, epoch, parents, readers, seals })
}

fn read_welcome(r: &mut Reader<'_>) -> Result<Welcome, DecodeError> {
    r.array(4)?;
    Ok(Welcome {
        role: RoleId(r.small()?),
        epoch: EpochId(r.exact()?),
        to: AuthorId(r.exact()?),
        sealed: r.bytes(MAX_SEAL_BYTES)?.into(),
    })
}
