//! Beginning: the first two entries of a pursuance, and the rules it starts with (docs/protocol/04-authority.md, "Genesis").

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::authority::{package_tag, readers_hash};
use crate::crypto::Seed;
use crate::entry::{Body, Content, Entry, GrantRef};
use crate::id::{PursuanceId, RoleId};
use crate::keys::{DeviceKeys, EpochSecret};
use crate::limits::{MAX_MEMBER_NAME_BYTES, MAX_MISSION_BYTES, MAX_NAME_BYTES, MAX_RELAYS};
use crate::op::{Genesis, Op, RoleEpoch, Seal};
use crate::plan::{line, text};
use crate::refusal::Refusal;
use crate::rule::{Conditions, Object, Quorum, Role, Rule, RuleTable, Verb};

/// What a founder says.
pub struct Founding {
    /// The pursuance's name.
    pub name: String,
    /// What it is for; may be empty.
    pub mission: String,
    /// The founder's pseudonym.
    pub my_name: String,
    /// Relays to begin with.
    pub relays: Vec<RelayAddress>,
}

/// A pursuance that has just begun.
pub struct Founded {
    /// Its name for ever.
    pub pursuance: PursuanceId,
    /// Its first entries.
    pub entries: Vec<Entry>,
    /// The secret of its first epoch.
    pub epoch: EpochSecret,
}

/// The founder's role in [`starting_rules`].
pub const ORGANISER: RoleId = RoleId(1);
/// The role that invites offer in [`starting_rules`].
pub const MEMBER: RoleId = RoleId(2);

/// More than half of the organisers.
const MOST: Option<Quorum> = Some(Quorum { count: 0, of: ORGANISER });

/// The rules a pursuance starts with: members do, organisers also invite, assign and change what others wrote.
#[must_use]
pub fn starting_rules() -> RuleTable {
    let everyone = Object::Role(RoleId::EVERYONE);
    let rule = |role, verb, object, conditions| Rule { role, verb, object, conditions, quorum: None };
    RuleTable {
        roles: vec![
            Role { id: ORGANISER, name: "organiser".into(), rank: 0, since_joining: false },
            Role { id: MEMBER, name: "member".into(), rank: 1, since_joining: false },
        ],
        rules: vec![
            rule(RoleId::EVERYONE, Verb::See, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Create, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Claim, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Comment, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Finish, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Reopen, everyone, Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Edit, everyone, Conditions::OWN),
            rule(RoleId::EVERYONE, Verb::Label, everyone, Conditions::OWN),
            rule(ORGANISER, Verb::Edit, everyone, Conditions::ALWAYS),
            rule(ORGANISER, Verb::Label, everyone, Conditions::ALWAYS),
            rule(ORGANISER, Verb::Assign, everyone, Conditions::ALWAYS),
            rule(ORGANISER, Verb::Invite, Object::Role(MEMBER), Conditions::ALWAYS),
            rule(ORGANISER, Verb::Amend, Object::Relays, Conditions::ALWAYS),
            rule(ORGANISER, Verb::Amend, Object::Rules, Conditions::ALWAYS),
            // What is about organisers themselves, more than half of them decide.
            Rule { quorum: MOST, ..rule(ORGANISER, Verb::Amend, Object::Rules, Conditions::ALWAYS) },
            rule(ORGANISER, Verb::Admit, Object::Role(MEMBER), Conditions::ALWAYS),
            rule(ORGANISER, Verb::Grant, Object::Role(MEMBER), Conditions::ALWAYS),
            rule(ORGANISER, Verb::Grant, Object::Role(ORGANISER), Conditions::ALWAYS),
            rule(ORGANISER, Verb::Revoke, Object::Role(MEMBER), Conditions::ALWAYS),
            rule(ORGANISER, Verb::Remove, Object::Role(MEMBER), Conditions::ALWAYS),
            Rule { quorum: MOST, ..rule(ORGANISER, Verb::Remove, Object::Role(ORGANISER), Conditions::NOT_SELF) },
            Rule { quorum: MOST, ..rule(ORGANISER, Verb::Checkpoint, Object::Role(ORGANISER), Conditions::ALWAYS) },
            rule(RoleId::EVERYONE, Verb::Vouch, Object::Role(MEMBER), Conditions::ALWAYS),
            rule(RoleId::EVERYONE, Verb::Vouch, Object::Role(ORGANISER), Conditions::ALWAYS),
        ],
    }
}

/// Signs the genesis, with the rules that a pursuance starts with, and the first epoch.
///
/// # Errors
/// [`Refusal::Empty`], [`Refusal::TooLong`] for the texts given.
pub fn found(founding: &Founding, device: &DeviceKeys, now_seconds: u64, seed: &mut Seed) -> Result<Founded, Refusal> {
    found_with(founding, starting_rules(), device, now_seconds, seed)
}

/// The same with other rules, which name only roles that they define.
///
/// # Errors
/// [`Refusal::Empty`], [`Refusal::TooLong`] for the texts given.
pub fn found_with(
    founding: &Founding,
    table: RuleTable,
    device: &DeviceKeys,
    now_seconds: u64,
    seed: &mut Seed,
) -> Result<Founded, Refusal> {
    if founding.relays.len() > MAX_RELAYS {
        return Err(Refusal::TooMany { max: MAX_RELAYS as u32 });
    }
    let genesis = Genesis {
        name: line(&founding.name, MAX_NAME_BYTES)?,
        mission: text(&founding.mission, MAX_MISSION_BYTES)?,
        founder_name: line(&founding.my_name, MAX_MEMBER_NAME_BYTES)?,
        table,
        relays: founding.relays.clone(),
        nonce: seed.draw(),
    };
    let mut body = Body {
        author: device.author(),
        seq: 0,
        prev: None,
        heads: Vec::new(),
        by: None,
        claimed_seconds: now_seconds,
        checkpoints: Vec::new(),
        content: Content::Public(vec![Op::Genesis(genesis)]),
    };
    let first = Entry::sign(&device.signing, None, &body);
    let pursuance = PursuanceId(first.id().0);

    let epoch = EpochSecret::new(seed.draw());
    let package = device.key_package().clone();
    let seal = Seal {
        tag: package_tag(&package.id()),
        sealed: epoch.seal_to(pursuance, RoleId::EVERYONE, &package).expect("own package is a key"),
    };
    body.seq = 1;
    body.prev = Some(first.id());
    body.by = Some(GrantRef { entry: first.id(), op: 0 });
    body.content = Content::Public(vec![
        Op::RoleEpoch(RoleEpoch {
            role: RoleId::EVERYONE,
            epoch: epoch.id(),
            parents: Vec::new(),
            readers: readers_hash(&[package.id()]),
            seals: vec![seal],
            backlinks: Vec::new(),
        }),
        Op::KeyPackage(package),
    ]);
    let second = Entry::sign(&device.signing, Some(pursuance), &body);
    Ok(Founded { pursuance, entries: vec![first, second], epoch })
}
