//! The genesis: roles, rules and relays to begin with (docs/protocol/04-authority.md, "Genesis").

use alloc::string::String;
use alloc::vec::Vec;

use pursuance_wire::RelayAddress;

use crate::codec::{DecodeError, Reader, Writer};
use crate::id::RoleId;
use crate::limits::{MAX_MEMBER_NAME_BYTES, MAX_MISSION_BYTES, MAX_NAME_BYTES, MAX_RELAYS, MAX_ROLES, MAX_RULES};
use crate::rule::{Role, Rule, RuleTable, read_history, read_role_values};

/// See [`super::Op::Genesis`].
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

pub(super) fn write_genesis(w: &mut Writer, genesis: &Genesis) {
    w.array(7).text(&genesis.name).text(&genesis.mission).text(&genesis.founder_name);
    w.array(genesis.table.roles.len());
    for role in &genesis.table.roles {
        w.array(role.values(2)).text(&role.name).uint(role.rank.into());
        role.write_history(w);
    }
    w.array(genesis.table.rules.len());
    for rule in &genesis.table.rules {
        rule.write(w);
    }
    write_relays(w, &genesis.relays);
    w.bytes(&genesis.nonce);
}

pub(super) fn read_genesis(r: &mut Reader<'_>) -> Result<Genesis, DecodeError> {
    r.array(7)?;
    let name = r.text(MAX_NAME_BYTES)?;
    let mission = r.text(MAX_MISSION_BYTES)?;
    let founder_name = r.text(MAX_MEMBER_NAME_BYTES)?;
    let mut roles = Vec::new();
    for index in 0..r.list(MAX_ROLES)? {
        let values = read_role_values(r, 2)?;
        let id = RoleId(u16::try_from(index + 1).expect("at most MAX_ROLES"));
        let (name, rank) = (r.text(MAX_NAME_BYTES)?, r.small()?);
        roles.push(Role { id, name, rank, since_joining: read_history(r, values, 2)? });
    }
    if name.is_empty() || founder_name.is_empty() || roles.is_empty() {
        return Err(DecodeError::Structure);
    }
    let known = |role: RoleId| usize::from(role.0) <= roles.len();
    let mut rules = Vec::new();
    for _ in 0..r.list(MAX_RULES)? {
        let rule = Rule::read(r)?;
        if !rule.roles().all(known) {
            return Err(DecodeError::UnknownNumber);
        }
        rules.push(rule);
    }
    let relays = read_relays(r)?;
    let nonce = r.exact()?;
    Ok(Genesis { name, mission, founder_name, table: RuleTable { roles, rules }, relays, nonce })
}

pub(super) fn write_relays(w: &mut Writer, relays: &[RelayAddress]) {
    w.array(relays.len());
    for relay in relays {
        w.array(2).bytes(relay.onion()).bytes(relay.log_key().as_bytes());
    }
}

pub(super) fn read_relays(r: &mut Reader<'_>) -> Result<Vec<RelayAddress>, DecodeError> {
    let mut relays = Vec::new();
    for _ in 0..r.list(MAX_RELAYS)? {
        r.array(2)?;
        relays.push(RelayAddress::new(r.exact()?, r.exact()?).map_err(|_| DecodeError::NotARelay)?);
    }
    Ok(relays)
}
