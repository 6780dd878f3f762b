//! Name, roles, rules, and who holds which role (docs/protocol/04-authority.md, "Ops").

use alloc::string::String;
use alloc::vec::Vec;

use crate::codec::{DecodeError, Reader, Writer, read_ascending};
use crate::id::{EntryId, MemberId, RoleId};
use crate::limits::{MAX_NAME_BYTES, MAX_PINS, MAX_ROLES};
use crate::rule::{Role, Rule, read_history, read_role_values};

/// See [`super::Op::SetRule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetRule {
    /// The whole line; lines that differ in anything are different rules.
    pub rule: Rule,
    /// Whether it stands in the table from now on.
    pub present: bool,
}

/// See [`super::Op::Grant`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// To whom.
    pub member: MemberId,
    /// Which role; never *everyone*.
    pub role: RoleId,
}

/// See [`super::Op::Remove`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remove {
    /// Who.
    pub member: MemberId,
    /// From which roles, ascending, at most `MAX_ROLES`; none means all, and the pursuance.
    pub roles: Vec<RoleId>,
    /// What of the member's entries stays: these and what they have in their past. Ascending, at most `MAX_PINS`; none means
    /// whatever stands in the past of the removal.
    pub pins: Vec<EntryId>,
}

pub(super) fn read_set_name(r: &mut Reader<'_>) -> Result<String, DecodeError> {
    r.array(1)?;
    read_name(r)
}

pub(super) fn write_define_role(w: &mut Writer, role: &Role) {
    w.array(role.values(3)).uint(role.id.0.into()).text(&role.name).uint(role.rank.into());
    role.write_history(w);
}

pub(super) fn read_define_role(r: &mut Reader<'_>) -> Result<Role, DecodeError> {
    let values = read_role_values(r, 3)?;
    let (id, name, rank) = (read_own_role(r)?, read_name(r)?, r.small()?);
    Ok(Role { id, name, rank, since_joining: read_history(r, values, 3)? })
}

pub(super) fn read_retire_role(r: &mut Reader<'_>) -> Result<RoleId, DecodeError> {
    r.array(1)?;
    Ok(RoleId(r.small()?))
}

pub(super) fn write_set_rule(w: &mut Writer, set: &SetRule) {
    w.array(2);
    set.rule.write(w);
    w.uint(set.present.into());
}

pub(super) fn read_set_rule(r: &mut Reader<'_>) -> Result<SetRule, DecodeError> {
    r.array(2)?;
    let rule = Rule::read(r)?;
    let present = match r.uint()? {
        0 => false,
        1 => true,
        _ => return Err(DecodeError::UnknownNumber),
    };
    Ok(SetRule { rule, present })
}

pub(super) fn read_grant(r: &mut Reader<'_>) -> Result<Grant, DecodeError> {
    r.array(2)?;
    Ok(Grant { member: MemberId(r.exact()?), role: read_own_role(r)? })
}

pub(super) fn write_remove(w: &mut Writer, remove: &Remove) {
    w.array(3).bytes(&remove.member.0).array(remove.roles.len());
    for role in &remove.roles {
        w.uint(role.0.into());
    }
    w.array(remove.pins.len());
    for pin in &remove.pins {
        w.bytes(&pin.0);
    }
}

pub(super) fn read_remove(r: &mut Reader<'_>) -> Result<Remove, DecodeError> {
    r.array(3)?;
    let member = MemberId(r.exact()?);
    let roles = read_ascending(r, MAX_ROLES, |r| Ok(RoleId(r.small()?)))?;
    let pins = read_ascending(r, MAX_PINS, |r| Ok(EntryId(r.exact()?)))?;
    Ok(Remove { member, roles, pins })
}

/// A role that can be defined and granted: *everyone* is built in, and everybody's.
fn read_own_role(r: &mut Reader<'_>) -> Result<RoleId, DecodeError> {
    match RoleId(r.small()?) {
        RoleId::EVERYONE | RoleId::DEVICES => Err(DecodeError::Structure),
        role => Ok(role),
    }
}

fn read_name(r: &mut Reader<'_>) -> Result<String, DecodeError> {
    let name = r.text(MAX_NAME_BYTES)?;
    if name.is_empty() { Err(DecodeError::Structure) } else { Ok(name) }
}
