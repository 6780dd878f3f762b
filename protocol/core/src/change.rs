//! What one member does alone where the rules let him, or some decide together (docs/protocol/05-tasks.md, "Commands").

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::entry::GrantRef;
use crate::id::{AuthorId, EntryId, MemberId, RoleId};
use crate::op::Op;
use crate::rule::{Role, Rule};

/// A change of who is who, and of what the rules say.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[cfg_attr(feature = "bindings", ts(export_to = "bindings.ts"))]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Change {
    /// Another name of the pursuance.
    Rename {
        /// Not empty.
        name: String,
    },
    /// One more role.
    DefineRole {
        /// Not empty.
        name: String,
        /// 0 is the highest.
        rank: u8,
        /// Whether those who come to read it read only what is written after that.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<bool>", optional))]
        since_joining: bool,
    },
    /// Ends a role.
    RetireRole {
        /// Which.
        role: RoleId,
    },
    /// Puts a line into the rules, or takes it out.
    SetRule {
        /// The whole line.
        rule: Rule,
        /// Whether it stands there from now on.
        present: bool,
    },
    /// Gives a member a role.
    Grant {
        /// To whom.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// Which role; never *everyone*.
        role: RoleId,
    },
    /// Takes back what a grant gave.
    RevokeGrant {
        /// Which grant.
        grant: GrantRef,
    },
    /// Removes a member.
    Remove {
        /// Who.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        member: MemberId,
        /// From which roles; none: from all, and the pursuance.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<RoleId>>", optional))]
        roles: Vec<RoleId>,
        /// Decided together only: what stays of what they did, these entries and what these know; none: all that is known here.
        #[serde(default)]
        #[cfg_attr(feature = "bindings", ts(type = "Array<string>", optional))]
        pins: Vec<EntryId>,
    },
    /// Stops a device that shows two histories.
    SuspendDevice {
        /// Which.
        #[cfg_attr(feature = "bindings", ts(type = "string"))]
        author: AuthorId,
    },
    /// Decided together only: settles what has happened; what is not known here has no effect any more.
    Checkpoint,
    /// Which relays carry this pursuance, in their text form; at most `MAX_RELAYS`.
    SetRelays {
        /// `<onion>.onion/<log key>` each.
        relays: Vec<String>,
    },
    /// Closes an invite.
    RevokeInvite {
        /// Which.
        invite: GrantRef,
    },
}

impl Change {
    /// What an op says; `None` where it is nothing that can be proposed.
    #[must_use]
    pub fn of(op: &Op) -> Option<Self> {
        Some(match op {
            Op::SetName(name) => Self::Rename { name: name.clone() },
            Op::DefineRole(role) => {
                let Role { name, rank, since_joining, .. } = role;
                Self::DefineRole { name: name.clone(), rank: *rank, since_joining: *since_joining }
            }
            Op::RetireRole(role) => Self::RetireRole { role: *role },
            Op::SetRule(set) => Self::SetRule { rule: set.rule, present: set.present },
            Op::Grant(grant) => Self::Grant { member: grant.member, role: grant.role },
            Op::RevokeGrant(grant) => Self::RevokeGrant { grant: *grant },
            Op::Remove(remove) => {
                Self::Remove { member: remove.member, roles: remove.roles.clone(), pins: remove.pins.clone() }
            }
            Op::SuspendDevice(author) => Self::SuspendDevice { author: *author },
            Op::Checkpoint => Self::Checkpoint,
            Op::SetRelays(relays) => Self::SetRelays { relays: relays.iter().map(ToString::to_string).collect() },
            Op::RevokeInvite(invite) => Self::RevokeInvite { invite: *invite },
            _ => return None,
        })
    }
}
